/* SPDX-License-Identifier: Apache-2.0 */
/* excerpt - see excerpt.h.
 *
 * What is left out becomes FLT_LEFT_OUT in the text and one unit in its map. No other reading takes that out and joins
 * what stands beside it, as it would a line's end alone.
 */
#include "filters/excerpt.h"

#define BEFORE    128u   /* bytes before a change that are read again: words there say what it is */
#define BEHIND    80u    /* and behind it */
#define PIECE_MAX 16384u /* and on to the end of the piece that is cut there */

void flt_excerpt_open(struct flt_excerpt *x, struct st_arena *arena, const struct flt_view *from)
{
    size_t n = from->text.n;

    *x = (struct flt_excerpt){ .s = from->text, .leaves_out_nothing = from->is_whole };
    st_buf_init(&x->text, n + 64);
    flt_build_init(&x->build, arena, (2 * n + 64) * sizeof(struct flt_map_pt));
}

/* Where the stretch ends that goes on at the change before `at`. */
static size_t head_end(const struct flt_excerpt *x, size_t at)
{
    size_t end = x->kept + BEHIND, most = end + PIECE_MAX;

    if (!x->any)
        return 0;
    while (end < at && end < most && x->s.p[end - 1] > ' ')
        end++;
    return end < at ? end : at;
}

/* Where the stretch begins that goes up to the change at `at`. */
static size_t tail_begin(const struct flt_excerpt *x, size_t at)
{
    size_t begin = at > BEFORE ? at - BEFORE : 0, least = begin > PIECE_MAX ? begin - PIECE_MAX : 0;

    if (at == x->s.n)
        return at;
    while (begin > x->kept && begin > least && x->s.p[begin] > ' ')
        begin--;
    return begin > x->kept ? begin : x->kept;
}

static void copy(struct flt_excerpt *x, size_t from, size_t to)
{
    st_buf_span(&x->text, st_span_sub(x->s, from, to - from));
    flt_build_copy(&x->build, to - from);
}

static void pass(struct flt_excerpt *x, size_t at)
{
    size_t head = head_end(x, at), tail = tail_begin(x, at);

    if (!x->leaves_out_nothing &&
        head + FLT_LEFT_OUT.n < tail) { /* a unit of the same length would be read as a copy */
        copy(x, x->kept, head);
        st_buf_span(&x->text, FLT_LEFT_OUT);
        flt_build_unit(&x->build, FLT_LEFT_OUT.n, tail - (head > x->kept ? head : x->kept));
        copy(x, tail, at);
    } else {
        copy(x, x->kept, at);
    }
    x->kept = at;
}

void flt_excerpt_put(struct flt_excerpt *x, size_t at, size_t raw_n, const void *bytes, size_t n)
{
    pass(x, at);
    st_buf_put(&x->text, bytes, n);
    flt_build_unit(&x->build, n, raw_n);
    x->kept = at + raw_n;
    x->any = true;
}

enum st_rc flt_excerpt_close(struct flt_excerpt *x, const struct flt_view *from, struct flt_view *out,
                             struct st_err *err)
{
    struct st_arena *arena = x->build.arena;
    enum st_rc rc;

    out->is_whole = from->is_whole;
    if (!x->any) /* nothing was put, so nothing was taken */
        return ST_OK;
    out->survey = (struct flt_survey){ 0 };
    pass(x, x->s.n);
    rc = st_buf_done(&x->text, err, "filters.excerpt");
    if (rc == ST_OK)
        rc = flt_build_done(&x->build, from->map, 0, FLT_LAYER_RAW, &out->map, err);
    if (rc == ST_OK && (out->text.p = st_arena_dup(arena, x->text.p, x->text.n)) == NULL)
        rc = st_arena_fail(arena, err, "filters.excerpt");
    out->text.n = x->text.n;
    st_buf_fini(&x->text);
    flt_build_fini(&x->build);
    return rc;
}
