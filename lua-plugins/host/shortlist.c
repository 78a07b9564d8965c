/* SPDX-License-Identifier: Apache-2.0 */
/* shortlist - which heads of a list a request may be, told by three of its bytes.
 *
 * Every request is held against every rule of some adapters, and nearly all of them fail at the first byte of the path,
 * at its last one, or at the method. So each list has, for each class of these bytes, the set of heads that it leaves:
 * three sets and an AND name the few that are worth a look, in their order. A set may hold too many, never too few: a
 * path with escapes, or one too short to have such bytes, is of a class that leaves all.
 */
#include "adapter.h"
#include <string.h>

#define CLASSES 33u
#define ANY     32u
#define BITS    64u

enum key { FIRST, LAST, METHOD, KEYS };

/* Letters of either case, a digit, others. */
static uint8_t class_of(uint8_t c)
{
    uint8_t letter = c | 0x20;

    if (letter >= 'a' && letter <= 'z')
        return (uint8_t)(letter - 'a');
    return c >= '0' && c <= '9' ? 26 : (uint8_t)(27 + c % 5);
}

static uint64_t *set_of(const struct lp_shortlist *list, enum key key, unsigned class)
{
    return &list->sets[(key * CLASSES + class) * list->words];
}

static void put(const struct lp_shortlist *list, enum key key, size_t i, uint8_t byte, bool is_any)
{
    for (unsigned class = 0; class < CLASSES; class ++) {
        if (is_any || class == ANY || class == class_of(byte))
            set_of(list, key, class)[i / BITS] |= (uint64_t)1 << i % BITS;
    }
}

static void put_head(const struct lp_shortlist *list, size_t i, const struct lp_head *h)
{
    for (size_t k = 0; h->paths != NULL && h->paths[k] != NULL; k++) {
        const char *pattern = h->paths[k];
        size_t n = strlen(pattern);
        char first = n > 1 ? pattern[1] : '*', last = n > 1 ? pattern[n - 1] : '*';

        put(list, FIRST, i, (uint8_t)first, first == '*');
        put(list, LAST, i, (uint8_t)last, last == '*' || last == '/');
    }
    for (size_t k = 0; h->methods != NULL && h->methods[k] != NULL; k++)
        put(list, METHOD, i, (uint8_t)h->methods[k][0], false);
    if (h->paths == NULL) {
        put(list, FIRST, i, 0, true);
        put(list, LAST, i, 0, true);
    }
    if (h->methods == NULL)
        put(list, METHOD, i, 0, true);
}

void lp_shortlist_make(struct lp_conf *c, struct lp_shortlist *list, const void *heads, size_t stride, size_t n)
{
    list->n = n;
    list->words = (n + BITS - 1) / BITS;
    list->sets = lp_conf_alloc(c, KEYS * CLASSES * list->words * sizeof *list->sets);
    for (size_t i = 0; i < n; i++)
        put_head(list, i, (const struct lp_head *)((const char *)heads + i * stride));
}

struct lp_glimpse lp_glimpse_of(const struct lp_request *req)
{
    struct lp_glimpse glimpse = { .method = req->method.n > 0 ? class_of(req->method.p[0]) : ANY,
                                  .is_plain = st_span_chr(req->path, '%') == ST_SPAN_NPOS,
                                  .first = ANY,
                                  .last = ANY };

    if (glimpse.is_plain && req->path.n > 1) {
        glimpse.first = class_of(req->path.p[1]);
        glimpse.last = class_of(req->path.p[req->path.n - 1 - (req->path.p[req->path.n - 1] == '/')]);
    }
    return glimpse;
}

size_t lp_shortlist_next(const struct lp_shortlist *list, struct lp_glimpse glimpse, size_t from)
{
    const uint64_t *first = set_of(list, FIRST, glimpse.first), *last = set_of(list, LAST, glimpse.last);
    const uint64_t *method = set_of(list, METHOD, glimpse.method);

    for (size_t w = from / BITS; w < list->words; w++, from = w * BITS) {
        uint64_t left = first[w] & last[w] & method[w] & (UINT64_MAX << from % BITS);

        if (left != 0)
            return w * BITS + (size_t)__builtin_ctzll(left);
    }
    return list->n;
}
