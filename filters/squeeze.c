/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze - a text without what somebody put between the pieces of a token.
 *
 * "A K I A …", "ghp_/AbC1/…", "4111;1111;…", "41" + "11", a key over two lines: people who send these know how to put
 * them together, and programs do. Three kinds of gaps go: the one of a row of groups of equal length, quotes with a
 * sign between, and the end of a line or a mark-up sign inside a token. What comes out is prose run together here and
 * there, so numbers in it count only with a word near them (keep.c).
 */
#include "base/bytes.h"
#include "filters/map.h"
#include "filters/validate.h"
#include "filters/views.h"
#include <string.h>

#define GROUP_MAX   10u  /* characters of a group */
#define PAYLOAD_MIN 9u   /* of a row */
#define AROUND      64u  /* bytes before and behind a digit */
#define BESIDE      192u /* bytes beside a gap that are read again */
#define NUMBER_MIN  5u   /* digits of two pieces */
#define TOKEN_MIN   9u   /* characters of two pieces */
#define HALF_MIN    4u   /* of each */
#define PIECE_MAX   40u  /* characters of a piece that are looked at */
#define INDENT_MAX  40u  /* blanks at the beginning of a line inside a token */

struct squeeze {
    struct st_span s;
    struct st_buf text;
    struct flt_build build;
    size_t kept; /* what lies before is in text, or dropped */
};

struct row {
    size_t group, gap; /* bytes */
    size_t payload;    /* bytes of all groups */
    size_t end;        /* behind the last */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_sign(uint8_t c)
{
    return c > ' ' && c < 0x7F && !flt_is_alnum(c);
}

/* The gap at `at`: a sign, with blanks around it or not, twice, or beyond ASCII; 0: none. */
static size_t gap_at(struct st_span s, size_t at)
{
    const uint8_t *p = s.p + at;
    size_t left = s.n - at;

    if (left < 2)
        return 0;
    if (p[0] >= 0xC2)
        return st_span_utf8(st_span_sub(s, at, 4));
    if (p[0] == ' ')
        return left > 3 && is_sign(p[1]) && p[2] == ' ' ? 3 : 1;
    if (!is_sign(p[0]))
        return 0;
    return p[1] == ' ' || (p[1] == p[0] && p[0] == '*') ? 2 : 1;
}

static bool is_token_char(uint8_t c)
{
    static const bool yes[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['-'] = true, ['_'] = true, ['+'] = true,
        ['/'] = true,         ['='] = true,         ['@'] = true,         ['.'] = true, [':'] = true
    };

    return yes[c];
}

static bool is_payload(struct st_span s, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (!is_token_char(s.p[i]))
            return false;
    return true;
}

/* Groups of `group` bytes from `at` on, with one gap between; the last may be shorter. */
static struct row row_of(struct st_span s, size_t at, size_t group)
{
    struct row row = { .group = group, .payload = group, .end = at + group };
    struct st_span gap;

    if (at + group >= s.n || !is_payload(s, at, group) || (row.gap = gap_at(s, row.end)) == 0)
        return (struct row){ 0 };
    gap = st_span_sub(s, row.end, row.gap);
    while (st_span_eq(st_span_sub(s, row.end, gap.n), gap)) {
        size_t from = row.end + gap.n, n = 0;

        while (n < group && from + n < s.n && is_payload(s, from + n, 1) &&
               (group == 1 || !st_span_starts(st_span_sub(s, from + n, gap.n), gap)))
            n++;
        if (n == 0)
            break;
        row.payload += n;
        row.end = from + n;
        if (n < group)
            break;
    }
    return row;
}

static bool is_worth_it(struct st_span s, size_t at, const struct row *row)
{
    size_t digits = 0;

    if (row->payload < PAYLOAD_MIN || row->payload < 3 * row->group - (row->group > 1))
        return false;
    for (size_t i = at; i < row->end; i++)
        digits += flt_is_digit(s.p[i]);
    return row->group == 1 || digits > 1;
}

static size_t count_words(struct st_span s, size_t at, const struct row *row)
{
    size_t n = 0;

    for (; at < row->end; at++)
        n += flt_is_alnum(s.p[at]);
    return n;
}

/* The row that takes in most letters and digits; of equal ones that of the smallest groups. */
static struct row best_row(struct st_span s, size_t at)
{
    struct row best = { 0 };
    size_t most = 0;

    for (size_t group = 1; group <= GROUP_MAX && at + group < s.n && is_token_char(s.p[at + group - 1]); group++) {
        struct row row;

        if (flt_is_alnum(s.p[at + group]))
            continue;
        row = row_of(s, at, group);
        if (row.payload == 0 || !is_worth_it(s, at, &row) || count_words(s, at, &row) <= most)
            continue;
        most = count_words(s, at, &row);
        best = row;
    }
    return best;
}

static void copy(struct squeeze *x, size_t from, size_t n)
{
    st_buf_span(&x->text, st_span_sub(x->s, from, n));
    flt_build_copy(&x->build, n);
}

/* What was passed goes over up to `at`, and of a long stretch its ends: the rest was read already. From `at` n bytes
 * go. */
static void drop(struct squeeze *x, size_t at, size_t n)
{
    size_t passed = at - x->kept, head = x->kept > 0 ? BESIDE : 0, tail = at < x->s.n ? BESIDE : 0;

    if (passed > head + tail + 1) {
        copy(x, x->kept, head);
        st_buf_byte(&x->text, '\n');
        flt_build_unit(&x->build, 1, passed - head - tail);
        copy(x, at - tail, tail);
    } else {
        copy(x, x->kept, passed);
    }
    flt_build_unit(&x->build, 0, n);
    x->kept = at + n;
}

static size_t take_row(struct squeeze *x, size_t at, const struct row *row)
{
    while (at < row->end) {
        at += row->group;
        if (at >= row->end)
            break;
        drop(x, at, row->gap);
        at += row->gap;
    }
    return row->end;
}

static size_t blanks_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < INDENT_MAX && is_blank(s.p[at + n]))
        n++;
    return n;
}

/* " + ", " . ", "," between two strings of a program: from the quote that closes to the one that opens. */
static size_t concat_at(struct st_span s, size_t at)
{
    uint8_t quote = s.p[at];
    size_t i = at + 1;

    i += blanks_at(s, i);
    if (i < s.n && strchr("+.,&|", s.p[i]) != NULL && s.p[i] != 0)
        i++;
    i += blanks_at(s, i);
    return i < s.n && i > at + 1 && s.p[i] == quote ? i + 1 - at : 0;
}

/* Does the piece that ends before, or begins at, `at` look like one of a token: a digit, a _ or @, a capital inside? */
static bool is_tokenish(struct st_span s, size_t at, int step)
{
    uint8_t last = 0;

    for (size_t i = step < 0 ? at - 1 : at, n = 0; i < s.n && n < PIECE_MAX && is_token_char(s.p[i]);
         i += (size_t)step, n++) {
        uint8_t c = s.p[i];

        if (flt_is_digit(c) || c == '_' || c == '@' || c == '=')
            return true;
        if (step < 0 ? flt_is_upper(last) && flt_is_lower(c) : flt_is_lower(last) && flt_is_upper(c))
            return true;
        last = c;
    }
    return false;
}

/* Of the piece that ends before `at`, or begins there. */
static size_t piece_length(struct st_span s, size_t at, int step)
{
    size_t n = 0;

    for (size_t i = step < 0 ? at - 1 : at; i < s.n && n < PIECE_MAX && is_token_char(s.p[i]); i += (size_t)step)
        n++;
    return n;
}

/* Do the pieces around the gap of n bytes at `at` make one token? A number goes on with a digit; of a token both pieces
 * are more than a word's end. */
static bool is_inside(struct st_span s, size_t at, size_t n)
{
    size_t left = piece_length(s, at, -1), right = piece_length(s, at + n, 1);
    bool is_number = at + n < s.n && flt_is_digit(s.p[at - 1]) && flt_is_digit(s.p[at + n]);

    if (left + right < (is_number ? NUMBER_MIN : TOKEN_MIN) || (!is_number && (left < HALF_MIN || right < HALF_MIN)))
        return false;
    return at + n < s.n && is_token_char(s.p[at - 1]) && is_token_char(s.p[at + n]) &&
           (is_tokenish(s, at, -1) || is_tokenish(s, at + n, 1));
}

/* The end of a line, with what the next begins with. */
static size_t line_end_at(struct st_span s, size_t at)
{
    size_t n = blanks_at(s, at);

    return memchr(s.p + at, '\n', n) != NULL ? n : 0;
}

/* A gap inside a token that goes on behind it: bytes to drop. */
static size_t cut_at(struct st_span s, size_t at)
{
    uint8_t c = s.p[at];
    size_t n = 0;

    if (at == 0 || s.p[at - 1] <= ' ')
        return 0;
    if (c == '"' || c == '\'')
        n = concat_at(s, at);
    else if (c == '\n' || c == '\r' || (c == ' ' && at + 1 < s.n && s.p[at + 1] < ' '))
        n = line_end_at(s, at);
    else if (c == '`' || c == '*' || c == '~')
        n = at + 1 < s.n && s.p[at + 1] == c ? 2 : 1;
    return n > 0 && is_inside(s, at, n) ? n : 0;
}

static bool begins_piece(struct st_span s, size_t at)
{
    uint8_t before = at > 0 ? s.p[at - 1] : ' ';

    return !flt_is_alnum(before) && (is_blank(before) || (before != 0 && strchr("\"'(=:,;[>`", before) != NULL));
}

static size_t next_digit(struct st_span s, size_t at)
{
    for (; at + ST_BYTES_STEP <= s.n; at += ST_BYTES_STEP) {
        unsigned digits = st_bytes_in(s.p + at, '0', '9');

        if (digits != 0)
            return at + st_bytes_first(digits);
    }
    while (at < s.n && !flt_is_digit(s.p[at]))
        at++;
    return at;
}

/* Tokens and numbers have digits: only what lies around some is walked. */
static void walk(struct squeeze *x)
{
    size_t at = 0, to = 0;

    while (at < x->s.n) {
        struct row row = { 0 };
        size_t n;

        if (at >= to) {
            if ((n = next_digit(x->s, at)) == x->s.n)
                break;
            at = n - at > AROUND ? n - AROUND : at;
            to = n + AROUND;
        }
        if (begins_piece(x->s, at) && x->s.p[at] > ' ')
            row = best_row(x->s, at);
        if (row.payload > 0) {
            at = take_row(x, at, &row);
            to = at > to ? at : to;
        } else if ((n = cut_at(x->s, at)) > 0) {
            drop(x, at, n);
            at += n;
        } else {
            for (at++; at < x->s.n && flt_is_alnum(x->s.p[at]) && flt_is_alnum(x->s.p[at - 1]);)
                at++;
        }
    }
    if (x->kept > 0)
        drop(x, x->s.n, 0);
}

enum st_rc flt_squeeze(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                       struct st_err *err)
{
    struct squeeze x = { .s = from->text };
    enum st_rc rc = ST_OK;

    *out = *from;
    st_buf_init(&x.text, from->text.n + 64);
    flt_build_init(&x.build, arena, (2 * from->text.n + 64) * sizeof(struct flt_map_pt));
    walk(&x);
    if (x.kept > 0) {
        rc = st_buf_done(&x.text, err, "filters.squeeze");
        if (rc == ST_OK)
            rc = flt_build_done(&x.build, from->map, 0, FLT_LAYER_RAW, &out->map, err);
        if (rc == ST_OK && (out->text.p = st_arena_dup(arena, x.text.p, x.text.n)) == NULL)
            rc = st_arena_fail(arena, err, "filters.squeeze");
        out->text.n = x.text.n;
        *any = true;
    }
    st_buf_fini(&x.text);
    flt_build_fini(&x.build);
    return rc;
}
