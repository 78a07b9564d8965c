/* SPDX-License-Identifier: Apache-2.0 */
/* splice - for what is passed: never opened, nothing kept but a count of bytes.
 *
 * Buffers move whole, so a byte is copied once from the kernel and once to it. A full output leaves the other side's
 * input where it is, and link.c stops reading there. An end is handed on as an end: half-closed connections are legal.
 */
#include "gateway/splice.h"
#include <event2/buffer.h>

static void move(struct splice *splice, struct link *from, struct link *to)
{
    size_t n = evbuffer_get_length(link_in(from));

    if (n > 0 && !link_is_full(to) && link_state(to) != LINK_CLOSED) {
        splice->bytes += n;
        (void)evbuffer_add_buffer(link_out(to), link_in(from));
    }
    if (link_state(from) == LINK_ENDED && evbuffer_get_length(link_in(from)) == 0)
        link_end(to);
}

static bool is_done(struct link *from, struct link *to)
{
    return link_state(from) == LINK_ENDED && evbuffer_get_length(link_in(from)) == 0 && link_unsent(to) == 0;
}

enum st_rc splice_step(struct splice *splice)
{
    move(splice, splice->a, splice->b);
    move(splice, splice->b, splice->a);
    link_update(splice->a);
    link_update(splice->b);
    if (link_state(splice->a) == LINK_CLOSED ||
        (link_state(splice->b) == LINK_CLOSED && evbuffer_get_length(link_in(splice->b)) == 0))
        return ST_ERR; /* what b had sent before it broke still goes to a */
    return is_done(splice->a, splice->b) && is_done(splice->b, splice->a) ? ST_OK : ST_AGAIN;
}
