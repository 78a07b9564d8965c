/* SPDX-License-Identifier: Apache-2.0 */
/* pathmatch - an adapter's path pattern against a field's path.
 *
 * Segments are compared one by one, so there is no backtracking and no pattern that costs more than its own length:
 * '*' is any one segment, a trailing "**" is any rest, also none.
 */
#include "filters/filters.h"

static struct st_span take_segment(struct st_span *rest, bool *more)
{
    size_t n = st_span_chr(*rest, '/');
    struct st_span segment = st_span_sub(*rest, 0, n == ST_SPAN_NPOS ? rest->n : n);

    *more = n != ST_SPAN_NPOS;
    *rest = *more ? st_span_sub(*rest, n + 1, rest->n - n - 1) : ST_SPAN_NONE;
    return segment;
}

bool flt_path_match(struct st_span pattern, struct st_span path)
{
    bool more_pattern = true, more_path = true;

    while (more_pattern) {
        struct st_span want = take_segment(&pattern, &more_pattern), have;

        if (!more_pattern && st_span_eq(want, ST_SPAN("**")))
            return true;
        if (!more_path)
            return false;
        have = take_segment(&path, &more_path);
        if (!st_span_eq(want, ST_SPAN("*")) && !st_span_eq(want, have))
            return false;
    }
    return !more_path;
}
