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
#include "filters/excerpt.h"
#include "filters/views.h"
#include <string.h>

#define PASSES_MAX 3
#define QP_LEAST   3 /* "=41" once or twice is an assignment */

struct peel {
    struct flt_excerpt out;
    const uint8_t *p, *end;
    bool is_quoted;          /* quoted-printable */
    bool is_form;            /* + may be a blank */
    const uint8_t *word_end; /* of the word that was asked last whether it is a form's */
    bool is_form_word;
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

static bool may_be_form(struct st_span s)
{
    return st_span_chr(s, '%') != ST_SPAN_NPOS && st_span_chr(s, '+') != ST_SPAN_NPOS;
}

/* Is the + at x->p in the coding of forms? Its own word tells, by a percent sign, and no other place of the text: what
 * is read must not depend on what comes much later. Words are asked in their order, each once. */
static bool is_form_blank(struct peel *x)
{
    const uint8_t *from = x->p, *to = x->p;

    if (x->p < x->word_end)
        return x->is_form_word;
    while (from > x->word_end && from[-1] > ' ')
        from--;
    while (to<x->end && * to> ' ')
        to++;
    x->word_end = to;
    x->is_form_word = memchr(from, '%', (size_t)(to - from)) != NULL;
    return x->is_form_word;
}

static void put(struct peel *x, const void *bytes, size_t n, size_t raw_n)
{
    flt_excerpt_put(&x->out, (size_t)(x->p - x->out.s.p), raw_n, bytes, n);
    x->p += raw_n;
}

/* The escape at x->p, if one is there. */
static bool take_escape(struct peel *x)
{
    uint8_t utf8[4];
    int32_t cp;
    size_t n;

    if (*x->p == '+' && x->is_form && is_form_blank(x)) {
        put(x, " ", 1, 1);
        return true;
    }
    if (*x->p == '=' && x->is_quoted && (n = quoted_printable(x->p, x->end)) > 0) {
        utf8[0] = n == 3 ? (uint8_t)(st_hex_digit(x->p[1]) << 4 | st_hex_digit(x->p[2])) : 0;
        put(x, utf8, is_upper_hex(x->p[1]) ? 1 : 0, n);
        return true;
    }
    if (!flt_escape_may_begin(*x->p) || (n = flt_escape_any(x->p, x->end, &cp)) == 0)
        return false;
    put(x, utf8, cp == FLT_ESCAPE_NOTHING ? 0 : st_utf8_put((uint32_t)cp, utf8), n);
    return true;
}

static bool may_begin(const struct peel *x, uint8_t c)
{
    return c == '%' || c == '\\' || c == '&' || (c == '=' && x->is_quoted) || (c == '+' && x->is_form);
}

/* The next byte at or after p that an escape may begin with. */
static const uint8_t *next_sign(const struct peel *x, const uint8_t *p)
{
    for (; x->end - p >= ST_BYTES_STEP; p += ST_BYTES_STEP) {
        unsigned signs = st_bytes_in(p, '%', '&') | st_bytes_in(p, '\\', '\\');

        signs |= x->is_quoted ? st_bytes_in(p, '=', '=') : 0;
        signs |= x->is_form ? st_bytes_in(p, '+', '+') : 0;
        if (signs != 0)
            return p + st_bytes_first(signs);
    }
    while (p < x->end && !may_begin(x, *p))
        p++;
    return p;
}

static bool has_escape(struct peel *x)
{
    const uint8_t *p = x->p;
    bool is_form = x->is_form, has = false;
    int32_t cp;

    x->is_form = false; /* a + alone is none */
    while (!has && (p = next_sign(x, p)) < x->end) {
        has = *p == '=' ? quoted_printable(p, x->end) > 0 : flt_escape_any(p, x->end, &cp) > 0;
        p++;
    }
    x->is_form = is_form;
    return has;
}

/* Most texts have none. Before a text is read once more; the survey tells of one that nobody has peeled. */
static bool has_sign(struct st_span s)
{
    const uint8_t *p = s.p, *end = s.p + s.n;

    for (; end - p >= ST_BYTES_STEP; p += ST_BYTES_STEP)
        if ((st_bytes_in(p, '%', '&') | st_bytes_in(p, '\\', '\\') | st_bytes_in(p, '=', '=')) != 0)
            return true;
    while (p < end && *p != '%' && *p != '&' && *p != '\\' && *p != '=')
        p++;
    return p < end;
}

/* One pass over `from`. */
static enum st_rc pass(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                       struct st_err *err)
{
    struct peel x = { .p = from->text.p, .end = from->text.p + from->text.n, .word_end = from->text.p };

    *any = false;
    if ((from->survey.lacks & FLT_LACKS_ESCAPES) != 0 || !has_sign(from->text))
        return ST_OK;
    x.is_quoted = is_quoted_printable(from->text);
    x.is_form = may_be_form(from->text);
    *any = has_escape(&x);
    if (!*any)
        return ST_OK;
    flt_excerpt_open(&x.out, arena, from);
    while ((x.p = next_sign(&x, x.p)) < x.end)
        if (!take_escape(&x))
            x.p++;
    return flt_excerpt_close(&x.out, from, out, err);
}

enum st_rc flt_peel(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                    struct st_err *err)
{
    struct flt_view before = *from;
    bool more = true;

    *out = *from;
    for (int i = 0; i < PASSES_MAX && more; i++) {
        if (pass(arena, &before, out, &more, err) != ST_OK)
            return ST_ERR;
        before = *out;
        before.is_whole = true; /* what the first pass changed is in no other reading */
        *any = *any || more;
    }
    return ST_OK;
}
