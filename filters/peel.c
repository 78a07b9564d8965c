/* SPDX-License-Identifier: Apache-2.0 */
/* peel - a text without its escapes, whichever they are, and those below them.
 *
 * normalise reads an escape only where nobody needs one, since a sign may carry meaning for a pattern. This reading is
 * for what that leaves: "%2534%2531", "ghp\x5f…", "=41=4B", "\u0040". It takes everything for an escape that could be
 * one, so it is read beside the plain one and never instead of it.
 */
#include "base/bytes.h"
#include "base/span.h"
#include "filters/escape.h"
#include "filters/map.h"
#include "filters/views.h"
#include <string.h>

#define PASSES_MAX 3
#define QP_LEAST   3 /* "=41" once or twice is an assignment */

struct peel {
    const uint8_t *p, *end;
    struct st_buf text;
    struct flt_build build;
    bool is_quoted; /* quoted-printable */
    bool is_form;   /* + is a blank */
    bool any;
};

static bool is_upper_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* The length of =41 or of a soft line break at p (RFC 2045 §6.7), 0 for neither. */
static size_t quoted_printable(const uint8_t *p, const uint8_t *end)
{
    if (end - p > 2 && is_upper_hex(p[1]) && is_upper_hex(p[2]))
        return 3;
    if (end - p > 1 && p[1] == '\n')
        return 2;
    return end - p > 2 && p[1] == '\r' && p[2] == '\n' ? 3 : 0;
}

static bool is_quoted_printable(struct st_span s)
{
    size_t seen = 0, at = 0;

    for (size_t next; (next = st_span_chr(st_span_sub(s, at, s.n), '=')) != ST_SPAN_NPOS; at++) {
        const uint8_t *p = s.p + at + next;
        size_t n = quoted_printable(p, s.p + s.n);

        if (n > 0 && (p[1] == '\r' || p[1] == '\n' || ++seen == QP_LEAST))
            return true;
        at += next;
    }
    return false;
}

/* A whole text in the coding of forms: percent signs and no blank. */
static bool is_form(struct st_span s)
{
    return st_span_chr(s, '%') != ST_SPAN_NPOS && st_span_chr(s, '+') != ST_SPAN_NPOS;
}

static void put(struct peel *x, const void *bytes, size_t n, size_t raw_n)
{
    st_buf_put(&x->text, bytes, n);
    flt_build_unit(&x->build, n, raw_n);
    x->p += raw_n;
    x->any = true;
}

/* The escape at x->p, if one is there. */
static bool take_escape(struct peel *x)
{
    uint8_t utf8[4];
    int32_t cp;
    size_t n;

    if (*x->p == '+' && x->is_form) {
        put(x, " ", 1, 1);
        return true;
    }
    if (*x->p == '=' && x->is_quoted && (n = quoted_printable(x->p, x->end)) > 0) {
        utf8[0] = n == 3 ? (uint8_t)(st_hex_digit(x->p[1]) << 4 | st_hex_digit(x->p[2])) : 0;
        put(x, utf8, is_upper_hex(x->p[1]) ? 1 : 0, n);
        return true;
    }
    if ((n = flt_escape_any(x->p, x->end, &cp)) == 0)
        return false;
    put(x, utf8, st_utf8_put((uint32_t)cp, utf8), n);
    return true;
}

static bool may_begin(const struct peel *x, uint8_t c)
{
    return c == '%' || c == '\\' || c == '&' || (c == '=' && x->is_quoted) || (c == '+' && x->is_form);
}

static bool has_escape(const struct peel *x, struct st_span from)
{
    const uint8_t *p = from.p, *end = p + from.n;
    int32_t cp;

    for (; p < end; p++) {
        for (unsigned none = 1; none != 0 && end - p >= ST_BYTES_STEP; p += none != 0 ? ST_BYTES_STEP : 0)
            none = (st_bytes_in(p, '%', '&') | st_bytes_in(p, '\\', '\\') | st_bytes_in(p, '=', '=')) == 0;
        if (p < end && may_begin(x, *p) && *p != '+' &&
            (*p == '=' ? quoted_printable(p, end) > 0 : flt_escape_any(p, end, &cp) > 0))
            return true;
    }
    return false;
}

/* One pass over `from`; x->text and x->build hold what came out. */
static void pass(struct peel *x, struct st_span from)
{
    x->p = from.p;
    x->end = from.p + from.n;
    x->is_quoted = is_quoted_printable(from);
    x->is_form = is_form(from);
    x->any = false;
    st_buf_reset(&x->text);
    flt_build_reset(&x->build);
    if (!has_escape(x, from))
        return;
    while (x->p < x->end) {
        const uint8_t *start = x->p;

        while (x->p < x->end && !may_begin(x, *x->p))
            x->p++;
        if (x->p < x->end && x->p == start && take_escape(x))
            continue;
        x->p += x->p == start;
        st_buf_put(&x->text, start, (size_t)(x->p - start));
        flt_build_copy(&x->build, (size_t)(x->p - start));
    }
}

enum st_rc flt_peel(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                    struct st_err *err)
{
    struct peel x = { .any = true };
    enum st_rc rc = ST_OK;

    *out = *from;
    st_buf_init(&x.text, from->text.n + 64); /* an escape is never shorter than what it stands for */
    flt_build_init(&x.build, arena, (from->text.n + 64) * sizeof(struct flt_map_pt));
    for (int i = 0; i < PASSES_MAX && x.any && rc == ST_OK; i++) {
        pass(&x, out->text);
        if (!x.any)
            break;
        rc = st_buf_done(&x.text, err, "filters.peel");
        if (rc == ST_OK)
            rc = flt_build_done(&x.build, out->map, 0, FLT_LAYER_RAW, &out->map, err);
        if (rc == ST_OK && (out->text.p = st_arena_dup(arena, x.text.p, x.text.n)) == NULL)
            rc = st_arena_fail(arena, err, "filters.peel");
        out->text.n = x.text.n;
        *any = true;
    }
    st_buf_fini(&x.text);
    flt_build_fini(&x.build);
    return rc;
}
