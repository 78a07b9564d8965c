/* SPDX-License-Identifier: Apache-2.0 */
/* text - posts and pages as people write them, of an exact size, the same for the same seed. */
#ifndef STOA_BENCH_TEXT_H
#define STOA_BENCH_TEXT_H
#include <stdbool.h>
#include <stddef.h>

#define TEXT_MIN 128 /* shorter ones are not made */

/* All answer len bytes in a block of len + 1 that ends in NUL; NULL when there is no memory. */
/* {"text":"..."}; with a valid IBAN in the middle when has_secret. */
char *text_json(size_t len, unsigned seed, bool has_secret);
char *text_html(size_t len, unsigned seed);
/* What a platform's own page sends: members with keys, numbers, URNs and UUIDs around some typed text, which holds
 * `cards` valid card numbers. From TEXT_POST_MIN bytes on. */
#define TEXT_POST_MIN 512
char *text_post(size_t len, unsigned seed, unsigned cards);
#endif
