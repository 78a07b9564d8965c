/* SPDX-License-Identifier: Apache-2.0 */
/* views - which other readings a text gets, and in what order.
 *
 * A text is read as it stands first. One pass over it then tells what another reading could see through, and most texts
 * end here. Escapes are taken off, then what separates the pieces of a token; each reading's long runs are decoded, and
 * what comes out is a text of its own, up to three deep. All readings of a field together make no more than four times
 * its bytes, so nobody can make one post cost a thousand.
 */
#include "filters/views.h"
#include "base/bytes.h"
#include "filters/map.h"
#include "filters/scanner.h"
#include <string.h>

#define BUDGET_TIMES  4u
#define BUDGET_GRACE  16384u
#define CUT_DIGITS    2u /* a text with fewer hides no number and hardly a token */
#define NUMBER_DIGITS 9u
#define PAIR_DIGITS   14u  /* in spaced hexadecimal */
#define UUID_MAX      45u  /* "urn:uuid:" before it */
#define LEAD          80u  /* bytes before an encoded run that may say what it is */
#define SEAM_SIDE     160u /* bytes on each side of a seam that are read */
#define SEAM_DIGITS   7u   /* of a number in two fields */
#define SEAM_PIECE    5u   /* characters of each half of a token */
#define SEAM_LONGEST  33u  /* a UUID is longer, and no half */
#define SEAM_TOKEN    16u  /* of both */

struct reader {
    struct flt_scanner *s;
    struct st_arena *arena;
    struct st_err *err;
    size_t budget;
};

/* ---- signs ------------------------------------------------------------------------------------------------------- */

/* Has mask so many bits in a row? */
static bool has_run_16(uint64_t m)
{
    m &= m >> 1;
    m &= m >> 2;
    m &= m >> 4;
    return (m & m >> 8) != 0;
}

/* Three groups (two in what may be a number) of like length, up to eight, with gaps of like width, up to three,
 * between? z: no letter or digit. */
static bool has_row(uint64_t z, bool is_number)
{
    uint64_t word = UINT64_MAX, whole;

    for (unsigned n = 1; n <= 8; n++) {
        word &= ~z >> n;
        whole = z & word & z >> (n + 1); /* a gap's last byte, n letters, a gap */
        for (unsigned period = n + 1; period <= n + 3; period++)
            if ((whole & whole >> period & (is_number && n > 2 ? UINT64_MAX : whole >> 2 * period)) != 0)
                return true;
    }
    return false;
}

/* Is there something in a text with digits that squeeze.c takes out? */
static bool is_cut(struct st_span s, bool is_number)
{
    uint8_t rest[ST_BYTES_STEP] = { 0 };
    uint64_t others = UINT64_MAX;

    for (size_t i = 0; i < s.n; i += ST_BYTES_STEP) {
        const uint8_t *p = s.p + i;

        if (s.n - i < ST_BYTES_STEP)
            p = memcpy(rest, p, s.n - i);
        if ((st_bytes_in(p, '"', '"') | st_bytes_in(p, '\'', '\'') | st_bytes_in(p, '*', '*') |
             st_bytes_in(p, '`', '`') | st_bytes_in(p, '~', '~') | st_bytes_in(p, '\n', '\r')) != 0)
            return true;
        others = others >> 16 |
                 (uint64_t)(~(st_bytes_in(p, '@', 'Z') | st_bytes_in(p, 'a', 'z') | st_bytes_in(p, '0', '9')) & 0xFFFF)
                     << 48;
        if (has_row(others, is_number))
            return true;
    }
    return false;
}

/* Five groups of two or of four letters and digits in a row, at one distance: bytes in hexadecimal. A UUID has four. */
static bool has_pairs(uint64_t words)
{
    uint64_t twos = words & words >> 1 & ~(words >> 2), fours = words & words >> 1 & words >> 2 & words >> 3;

    fours &= ~(words >> 4);
    for (unsigned period = 3; period <= 6; period++) {
        uint64_t ends = period < 5 ? twos : fours;

        if ((ends & ends >> period & ends >> 2 * period & ends >> 3 * period & ends >> 4 * period) != 0)
            return true;
    }
    return false;
}

/* A name that ends in a UUID: by far the most frequent text with groups in it, and nothing hides in one. */
static bool is_uuid(struct st_span s)
{
    static const char SHAPE[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const uint8_t *p;

    if (s.n < sizeof SHAPE - 1 || s.n > UUID_MAX)
        return false;
    p = s.p + s.n - (sizeof SHAPE - 1);
    for (size_t i = 0; i < sizeof SHAPE - 1; i++)
        if (SHAPE[i] == '-' ? p[i] != '-' : st_hex_digit(p[i]) < 0)
            return false;
    return true;
}

struct signs {
    uint64_t words; /* the last 64 bytes, the latest on top: letters and digits */
    unsigned digits, found;
    bool has_pairs;
};

static void look_16(struct signs *x, const uint8_t *p)
{
    unsigned digits = st_bytes_in(p, '0', '9');
    unsigned letters = st_bytes_in(p, 'A', 'Z') | st_bytes_in(p, 'a', 'z');
    unsigned escapes = st_bytes_in(p, '%', '&') | st_bytes_in(p, '\\', '\\') | st_bytes_in(p, '=', '=');

    x->words = x->words >> 16 | (uint64_t)(letters | digits) << 48;
    x->digits += (unsigned)__builtin_popcount(digits);
    x->has_pairs = x->has_pairs || (x->digits > 0 && has_pairs(x->words));
    if (escapes != 0)
        x->found |= FLT_SIGN_ESCAPE;
    if (has_run_16(x->words) || st_bytes_in(p, '~', '~') != 0) /* <~ascii85~> */
        x->found |= FLT_SIGN_RUN;
}

unsigned flt_signs(struct st_span s)
{
    struct signs x = { 0 };
    uint8_t rest[ST_BYTES_STEP] = { 0 };
    size_t i = 0;

    if (is_uuid(s))
        return 0;
    for (; i + ST_BYTES_STEP <= s.n; i += ST_BYTES_STEP)
        look_16(&x, s.p + i);
    if (i < s.n) {
        memcpy(rest, s.p + i, s.n - i);
        look_16(&x, rest);
    }
    if (x.digits >= CUT_DIGITS && is_cut(s, x.digits >= NUMBER_DIGITS))
        x.found |= FLT_SIGN_CUT;
    if (x.digits >= PAIR_DIGITS && x.has_pairs)
        x.found |= FLT_SIGN_RUN;
    return x.found;
}

/* ---- readings ---------------------------------------------------------------------------------------------------- */

static enum st_rc more(struct reader *r, const struct flt_view *raw, unsigned done, unsigned depth);

/* Reads a view that costs something. */
static enum st_rc read_more(struct reader *r, const struct flt_view *view, unsigned done, unsigned depth)
{
    if (view->text.n > r->budget)
        return ST_OK;
    r->budget -= view->text.n;
    r->s->reading = depth > 0                               ? FLT_READ_UNWRAPPED
                    : (done & 1u << FLT_READ_SQUEEZED) != 0 ? FLT_READ_SQUEEZED
                                                            : FLT_READ_PEELED;
    if (flt_read(r->s, r->arena, view, r->err) != ST_OK)
        return ST_ERR;
    return more(r, view, done, depth);
}

static enum st_rc peel(struct reader *r, const struct flt_view *raw, struct st_span seen, unsigned done, unsigned depth)
{
    struct flt_view view;
    bool any = false;

    if (flt_peel(r->arena, raw, &view, &any, r->err) != ST_OK)
        return ST_ERR;
    if (!any || st_span_eq(view.text, seen))
        return ST_OK;
    return read_more(r, &view, done | 1u << FLT_READ_PEELED, depth);
}

static enum st_rc squeeze(struct reader *r, const struct flt_view *base, unsigned done, unsigned depth)
{
    struct flt_view view;
    bool any = false;

    if (flt_squeeze(r->arena, base, &view, &any, r->err) != ST_OK)
        return ST_ERR;
    return any ? read_more(r, &view, done | 1u << FLT_READ_SQUEEZED | 1u << FLT_READ_PEELED, depth) : ST_OK;
}

/* Words before a run say what is in it, as a field's name does. */
static struct st_span lead_of(const struct flt_view *base, const struct flt_view *view, struct st_span name)
{
    uint32_t run = view->map->base;

    return run > 0 ? st_span_sub(base->text, run > LEAD ? run - LEAD : 0, run > LEAD ? LEAD : run) : name;
}

static enum st_rc unwrap(struct reader *r, const struct flt_view *base, unsigned depth)
{
    const struct flt_field *field = r->s->field;
    struct flt_field inside = *field;
    struct flt_view view;
    enum st_rc rc = ST_OK;
    size_t at = 0;
    bool any = true;

    while (rc == ST_OK && any) {
        if ((rc = flt_unwrap(r->arena, base, &at, &view, &any, r->err)) != ST_OK || !any)
            break;
        inside.name = lead_of(base, &view, field->name);
        r->s->field = &inside;
        rc = read_more(r, &view, 0, depth + 1);
        r->s->field = field;
    }
    return rc;
}

/* The readings below one that was just made: done has a bit for each kind that it comes out of. */
static enum st_rc more(struct reader *r, const struct flt_view *raw, unsigned done, unsigned depth)
{
    struct flt_view base = r->s->view; /* the next reading makes it anew */
    unsigned signs = flt_signs(base.text);

    if (base.text.p != raw->text.p && (signs & FLT_SIGN_ESCAPE) == 0)
        signs |= flt_signs(raw->text) & FLT_SIGN_ESCAPE;
    if ((signs & FLT_SIGN_ESCAPE) != 0 && (done & 1u << FLT_READ_PEELED) == 0 &&
        peel(r, raw, base.text, done, depth) != ST_OK)
        return ST_ERR;
    if ((signs & FLT_SIGN_CUT) != 0 && (done & 1u << FLT_READ_SQUEEZED) == 0 && squeeze(r, &base, done, depth) != ST_OK)
        return ST_ERR;
    if ((signs & FLT_SIGN_RUN) != 0 && depth < FLT_UNWRAP_MAX)
        return unwrap(r, &base, depth);
    return ST_OK;
}

enum st_rc flt_read_field(struct flt_scanner *s, struct st_arena *arena, struct st_err *err)
{
    struct reader r = { s, arena, err, BUDGET_TIMES * s->field->text.n + BUDGET_GRACE };
    struct flt_view raw = { s->field->text, NULL };

    s->reading = FLT_READ_PLAIN;
    if (flt_read(s, arena, &raw, err) != ST_OK)
        return ST_ERR;
    return more(&r, &raw, 0, 0);
}

/* ---- seams ------------------------------------------------------------------------------------------------------- */

static bool is_piece(uint8_t c)
{
    return c > ' ' && c != 0x7F;
}

/* How long the piece is with which s ends, or begins; digits in it are counted. */
static size_t edge(struct st_span s, bool is_end, size_t *digits)
{
    size_t n = 0;

    for (; n < s.n && n < SEAM_SIDE; n++) {
        uint8_t c = is_end ? s.p[s.n - 1 - n] : s.p[n];

        if (!is_piece(c) || (c == ':' && n > 0))
            break;
        *digits += flt_is_digit(c);
    }
    return n;
}

static struct st_span parent(struct st_span path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/')
        path.n--;
    return path;
}

static bool may_go_on(const struct flt_field *a, const struct flt_field *b)
{
    size_t digits = 0, n, m;

    if (a->is_secret || b->is_secret || a->is_query != b->is_query || a->text.n == 0 || b->text.n == 0)
        return false;
    if (!is_piece(a->text.p[a->text.n - 1]) || !is_piece(b->text.p[0]))
        return false;
    if ((a->map != NULL && a->map->layer == FLT_LAYER_NUMBER) || (b->map != NULL && b->map->layer == FLT_LAYER_NUMBER))
        return false;
    n = edge(a->text, true, &digits);
    m = edge(b->text, false, &digits);
    if ((digits < SEAM_DIGITS || n > SEAM_LONGEST || m > SEAM_LONGEST) &&
        (digits < 2 || n < SEAM_PIECE || m < SEAM_PIECE || n > SEAM_LONGEST || m > SEAM_LONGEST || n + m < SEAM_TOKEN))
        return false;
    return st_span_eq(parent(a->path), parent(b->path));
}

enum st_rc flt_read_seam(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc, size_t second,
                         struct st_err *err)
{
    const struct flt_field *a = &doc->fields[second - 1], *b = &doc->fields[second];
    struct st_span tail, head;
    struct flt_view view = { 0 };
    uint8_t *text;

    if (!may_go_on(a, b))
        return ST_OK;
    tail = st_span_sub(a->text, a->text.n > SEAM_SIDE ? a->text.n - SEAM_SIDE : 0, SEAM_SIDE);
    head = st_span_sub(b->text, 0, SEAM_SIDE);
    if ((text = st_arena_alloc(arena, tail.n + head.n)) == NULL)
        return st_arena_fail(arena, err, "filters.seam");
    memcpy(text, tail.p, tail.n);
    memcpy(text + tail.n, head.p, head.n);
    view.text = st_span(text, tail.n + head.n);
    s->reading = FLT_READ_JOINED;
    s->field = a;
    s->field_index = (uint32_t)second - 1;
    s->seam = (struct flt_seam){ (uint32_t)tail.n, (uint32_t)(a->text.n - tail.n) };
    return flt_read(s, arena, &view, err);
}
