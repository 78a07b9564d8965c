/* SPDX-License-Identifier: Apache-2.0 */
/* copies - pages and posts on their way to the curator, several in one message.
 *
 * Bounded, and dropped rather than waited for: curation never stands in the way.
 */
#ifndef STOA_GATEWAY_COPIES_H
#define STOA_GATEWAY_COPIES_H
#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

struct copies;
struct fam_child;
struct worker_counts;

#define COPY_TEXT_MAX (64u * 1024u) /* of a text; the rest is left out */
struct copy {                       /* all borrowed */
    const char *platform, *kind, *person;
    struct st_span url, title, author, lang, content_type, text, words, object_id; /* words: lp_item's */
    uint64_t dwell_ms, length_ms;
    bool is_html, is_gone; /* gone: the address answers no more, and there is no text */
};
/* Borrows both; NULL when memory is out. */
struct copies *copies_new(struct fam_child *child, struct worker_counts *counts);
void copies_free(struct copies *copies);         /* sends what waits, as far as the socket takes it; NULL is fine */
void copies_peer(struct copies *copies, int fd); /* a (new) channel to the curator; owns fd */
/* Sent within 20 ms; counted as dropped when the curator is away or behind, or the copy too long for a message. */
void copies_add(struct copies *copies, const struct copy *copy);
#endif
