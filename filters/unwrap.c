/* SPDX-License-Identifier: Apache-2.0 */
/* unwrap - texts that stand encoded inside a text: base64, hexadecimal, base32, ascii85, and gzip or zlib below them.
 *
 * Most long runs of letters and digits are hashes, keys and pictures, so a run is opened only when a few of its bytes,
 * at its front or in its middle, come out as text, as UTF-16 or as the head of a compressed stream. A run glued to what
 * stands before it is tried in each of the four phases of base64. What comes out stands for the run as a whole; how it
 * was encoded is kept (runs.h), so that rewrap.c can write it anew.
 */
#include "filters/decode.h"
#include "filters/excerpt.h"
#include "filters/look.h"
#include "filters/runs.h"
#include "filters/validate.h"
#include "filters/views.h"
#include <string.h>

#define RUN_MIN       16u /* characters */
#define LINE_MIN      16u /* of a line that goes on in the next one */
#define SAMPLE_MIN    11u /* bytes that must be readable */
#define SAMPLE_MAX    36u
#define PAIRS_MIN     10u /* of spaced hexadecimal */
#define PAIRS_SHOWN   5   /* digits in five of them: text is 2x to 7x */
#define PHASES        4u
#define INFLATE_TIMES 4u /* the text it stands in; more is cut */
#define INFLATE_GRACE 4096u

struct run {
    size_t from, to;      /* in the text, with gaps and padding */
    struct st_buf chars;  /* without gaps */
    enum flt_radix radix; /* the first to try; then the one that opened it */
    enum flt_look look;
    uint32_t phase; /* characters in front that are no part of it */
    bool is_pairs;
    bool is_cut; /* read only in part, or read with a loss */
};

/* ---- finding runs ------------------------------------------------------------------------------------------------ */

static bool is_run_char(uint8_t c)
{
    static const bool yes[256] = { ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['+'] = true,
                                   ['/'] = true,         ['-'] = true,         ['_'] = true };

    return yes[c];
}

static size_t run_length(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && is_run_char(s.p[at + n]))
        n++;
    return n;
}

/* The end of a line and what the next is quoted or indented with. */
static size_t fold_at(struct st_span s, size_t at)
{
    size_t n = 0;

    if (at < s.n && s.p[at] == '\r')
        n++;
    if (at + n >= s.n || s.p[at + n] != '\n')
        return 0;
    for (n++; at + n < s.n && n < 24 && strchr(" \t>", s.p[at + n]) != NULL && s.p[at + n] != 0;)
        n++;
    return n;
}

static void take_lines(struct st_span s, struct run *run)
{
    size_t at = run->from, n = run_length(s, at), gap;

    st_buf_put(&run->chars, s.p + at, n);
    at += n;
    while (n >= LINE_MIN && (gap = fold_at(s, at)) > 0 && (n = run_length(s, at + gap)) > 0) {
        st_buf_put(&run->chars, s.p + at + gap, n);
        at += gap + n;
    }
    while (at < s.n && s.p[at] == '=' && at - run->from < s.n)
        at++;
    run->to = at;
    run->radix = FLT_RADIX_HEX;
    run->is_pairs = false;
}

/* "34 31 31", "34:31", "0x34, 0x31": pairs with up to two signs between. */
static bool take_pairs(struct st_span s, struct run *run)
{
    size_t at = run->from, pairs = 0;

    for (;; pairs++) {
        if (at + 3 < s.n && s.p[at] == '0' && s.p[at + 1] == 'x')
            at += 2;
        if (at + 2 > s.n || st_hex_digit(s.p[at]) < 0 || st_hex_digit(s.p[at + 1]) < 0)
            break;
        st_buf_put(&run->chars, s.p + at, 2);
        at += 2;
        run->to = at;
        if (at < s.n && (flt_is_alnum(s.p[at]) || s.p[at] == '-'))
            break;
        for (int i = 0; i < 2 && at < s.n && strchr(" :,;\n", s.p[at]) != NULL && s.p[at] != 0; i++)
            at++;
    }
    run->radix = FLT_RADIX_HEX;
    run->is_pairs = true;
    return pairs >= PAIRS_MIN;
}

static bool take_85(struct st_span s, struct run *run)
{
    struct st_span inside = st_span_sub(s, run->from + 2, s.n);
    size_t close = st_span_find(st_span_sub(inside, 0, 1u << 16), ST_SPAN("~>"));

    if (close == ST_SPAN_NPOS)
        return false;
    st_buf_span(&run->chars, st_span_sub(inside, 0, close));
    run->to = run->from + close + 4;
    run->radix = FLT_RADIX_85;
    run->is_pairs = false;
    return true;
}

/* ---- a glance ---------------------------------------------------------------------------------------------------- */

/* Both alphabets of RFC 4648. */
static int digit_64(uint8_t c)
{
    static const int8_t from_plus['z' - '+' + 1] = {
        62, -1, 62, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,
        5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, 63, -1,
        26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
    };

    return c >= '+' && c <= 'z' ? from_plus[c - '+'] : -1;
}

static int digit_32(uint8_t c)
{
    return flt_is_upper(c) ? c - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

size_t flt_decode_bits(struct st_span chars, enum flt_radix radix, uint8_t *out)
{
    static int (*const digit_of[])(uint8_t) = { st_hex_digit, digit_32, digit_64 };
    static const unsigned width[] = { 4, 5, 6 };
    uint32_t value = 0;
    unsigned bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < chars.n; i++) {
        int digit = digit_of[radix](chars.p[i]);

        if (digit < 0)
            break;
        value = (value << width[radix] | (unsigned)digit) & 0xFFFF;
        bits += width[radix];
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(value >> bits);
        }
    }
    return n;
}

/* Could UTF-16, or something compressed begin with these bytes? */
static bool may_be_coded(struct st_span s)
{
    bool is_zero = s.p[0] == 0;

    if (s.p[0] == 0x1F || s.p[0] == 0x78 || s.p[0] >= 0xFE)
        return true;
    return (is_zero || s.p[1] == 0) && (s.p[2] == 0) == is_zero && (s.p[3] == 0) != is_zero;
}

/* Could a text begin with these bytes? */
static bool may_be_text(struct st_span s)
{
    if (may_be_coded(s))
        return true;
    for (size_t i = 0, n; i < s.n; i += n) {
        uint8_t c = s.p[i];

        n = c < 0x80 ? 1 : c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
        if (n == 0 || c < '\t' || c == 0x7F || (c > '\r' && c < ' '))
            return false;
        for (size_t k = 1; k < n && i + k < s.n; k++)
            if ((s.p[i + k] & 0xC0) != 0x80)
                return false;
    }
    return true;
}

/* Three bytes of each four characters; digits only. */
static bool may_be_text_64(const uint8_t *p)
{
    uint8_t bytes[9];

    for (size_t i = 0; i < 3; i++, p += 4) {
        int32_t value = digit_64(p[0]) << 18 | digit_64(p[1]) << 12 | digit_64(p[2]) << 6 | digit_64(p[3]);

        bytes[3 * i] = (uint8_t)(value >> 16);
        bytes[3 * i + 1] = (uint8_t)(value >> 8);
        bytes[3 * i + 2] = (uint8_t)value;
    }
    return may_be_text(st_span(bytes, sizeof bytes));
}

/* Most runs are names, numbers and keys: the first characters tell. A long run may hold a text in its middle. */
static bool may_open(struct st_span s, size_t at, size_t n)
{
    struct st_span head = st_span_sub(s, at, RUN_MIN);
    uint8_t bytes[RUN_MIN];

    if (n >= 4 * SAMPLE_MAX || fold_at(s, at + n) > 0 || flt_decode_bits(head, FLT_RADIX_32, bytes) == RUN_MIN * 5 / 8)
        return true;
    if (flt_decode_bits(head, FLT_RADIX_HEX, bytes) == RUN_MIN / 2 && may_be_text(st_span(bytes, RUN_MIN / 2)))
        return true;
    for (size_t phase = 0; phase < PHASES; phase++)
        if (may_be_text_64(head.p + phase))
            return true;
    return false;
}

/* ---- the next run ------------------------------------------------------------------------------------------------ */

/* Has mask so many bits in a row? */
static bool has_run_16(uint64_t m)
{
    m &= m >> 1;
    m &= m >> 2;
    m &= m >> 4;
    return (m & m >> 8) != 0;
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

/* Has it so many digits? */
static bool has_digits(uint64_t digits)
{
    for (int i = 1; i < PAIRS_SHOWN && digits != 0; i++)
        digits &= digits - 1;
    return digits != 0;
}

/* May a run begin in these 64 bytes, so that it shows in them? */
static bool may_begin(const struct flt_block *block)
{
    return has_run_16(block->words | block->joints) || block->tildes != 0 ||
           (has_digits(block->digits) && has_pairs(block->words));
}

/* The 64 bytes that begin in the middle of the one and end in the middle of the other. */
static struct flt_block between(const struct flt_block *a, const struct flt_block *b)
{
    const unsigned half = ST_BYTES_BLOCK / 2;

    return (struct flt_block){ .digits = a->digits >> half | b->digits << half,
                               .words = a->words >> half | b->words << half,
                               .joints = a->joints >> half | b->joints << half,
                               .tildes = a->tildes >> half | b->tildes << half };
}

/* The next 64 bytes from `at` on that a run may begin in; the end of the text: none. Whatever begins in one half shows
 * before the end of the next. */
static size_t next_place(struct st_span s, size_t at)
{
    struct flt_block here, next, middle;

    flt_look(s, at, &here);
    for (; at + RUN_MIN <= s.n; at += ST_BYTES_BLOCK, here = next) {
        if (may_begin(&here))
            return at;
        flt_look(s, at + ST_BYTES_BLOCK, &next);
        middle = between(&here, &next);
        if (may_begin(&middle))
            return at + ST_BYTES_BLOCK / 2;
    }
    return s.n;
}

bool flt_may_unwrap(const struct flt_block *only, size_t n)
{
    const struct flt_block none = { .controls = UINT64_MAX }, middle = between(only, &none);

    return n >= RUN_MIN && (may_begin(only) || may_begin(&middle));
}

/* The first run at or after `at`; false: none. run->to moves on in any case. */
static bool next_run(struct st_span s, size_t at, struct run *run)
{
    size_t stop = at;

    run->to = s.n;
    for (; at < s.n; at = run->to) {
        size_t n;

        if (at >= stop) {
            if ((at = next_place(s, at)) == s.n)
                break;
            stop = at + ST_BYTES_BLOCK / 2;
        }
        n = run_length(s, at);
        run->from = at;
        run->to = at + (n > 0 ? n : 1);
        if (n != 2 && n != 4 && n < RUN_MIN && s.p[at] != '<')
            continue;
        if (n >= RUN_MIN && !may_open(s, at, n))
            continue;
        st_buf_reset(&run->chars);
        if (n >= RUN_MIN) {
            take_lines(s, run);
            return true;
        }
        if ((n == 2 || n == 4) && take_pairs(s, run))
            return true;
        if (s.p[at] == '<' && at + 1 < s.n && s.p[at + 1] == '~' && take_85(s, run))
            return true;
        run->to = at + (n > 0 ? n : 1);
    }
    return false;
}

/* ---- decoding ---------------------------------------------------------------------------------------------------- */

void flt_decode_85(struct st_span chars, struct st_buf *out)
{
    uint32_t value = 0;
    unsigned n = 0;

    for (size_t i = 0; i < chars.n; i++) {
        if (chars.p[i] <= ' ')
            continue;
        if (chars.p[i] < '!' || chars.p[i] > 'u')
            return;
        value = value * 85 + (uint32_t)(chars.p[i] - '!');
        if (++n < 5)
            continue;
        for (int shift = 24; shift >= 0; shift -= 8)
            st_buf_byte(out, (uint8_t)(value >> shift));
        value = n = 0;
    }
    for (unsigned k = n; n > 0 && k < 5; k++)
        value = value * 85 + 84;
    for (unsigned k = 1; k < n; k++)
        st_buf_byte(out, (uint8_t)(value >> (32 - 8 * k)));
}

static void decode(struct st_span chars, enum flt_radix radix, struct st_buf *out)
{
    uint8_t *room;

    st_buf_reset(out);
    if (radix == FLT_RADIX_85)
        flt_decode_85(chars, out);
    else if ((room = st_buf_room(out, chars.n)) != NULL)
        out->n += flt_decode_bits(chars, radix, room);
}

static bool is_all(struct st_span chars, enum flt_radix radix)
{
    if (radix == FLT_RADIX_HEX && chars.n % 2 != 0)
        return false;
    for (size_t i = 0; i < chars.n && radix <= FLT_RADIX_32; i++)
        if ((radix == FLT_RADIX_HEX ? st_hex_digit(chars.p[i]) : digit_32(chars.p[i])) < 0)
            return false;
    return true;
}

static bool is_readable(struct st_span s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = st_span_utf8(st_span_sub(s, i, 4));

        if (n == 0)
            return s.n - i < 4 && i > 0; /* a character cut at the end of the sample */
        if (n == 1 && (s.p[i] < '\t' || s.p[i] == 0x7F || (s.p[i] > '\r' && s.p[i] < ' ')))
            return false;
        i += n;
    }
    return s.n >= SAMPLE_MIN;
}

static bool is_wide(struct st_span s, size_t zero)
{
    if (s.n < SAMPLE_MIN)
        return false;
    for (size_t i = 0; i + 1 < s.n; i += 2)
        if (s.p[i + zero] != 0 || s.p[i + 1 - zero] == 0)
            return false;
    return true;
}

static enum flt_look look_at(struct st_span bytes)
{
    struct st_span s = st_span_sub(bytes, 0, SAMPLE_MAX);

    if (st_span_starts(s, ST_SPAN("\x1F\x8B\x08")))
        return FLT_LOOK_GZIP;
    if (s.n > SAMPLE_MIN && s.p[0] == 0x78 && (s.p[0] << 8 | s.p[1]) % 31 == 0)
        return FLT_LOOK_ZLIB;
    if (is_wide(s, 1) || st_span_starts(s, ST_SPAN("\xFF\xFE")))
        return FLT_LOOK_UTF16LE;
    if (is_wide(s, 0) || st_span_starts(s, ST_SPAN("\xFE\xFF")))
        return FLT_LOOK_UTF16BE;
    return is_readable(s) ? FLT_LOOK_TEXT : FLT_LOOK_NOTHING;
}

/* Could the first nine bytes of base64 be text, or compressed? Text has no high bits, or few. */
static bool may_be_64(struct st_span chars)
{
    static const uint8_t high[] = { 0x20, 0x08, 0x02, 0 };
    unsigned seen = 0;

    if (chars.n < 12 || chars.p[0] == 'H' || chars.p[0] == 'e' || chars.n >= 4 * SAMPLE_MAX)
        return true;
    for (size_t i = 0; i < 12; i++)
        seen += (digit_64(chars.p[i]) & high[i % 4]) != 0;
    return seen <= 2;
}

/* A few characters from the front, and a few from the middle, where the front may be something else. */
static enum flt_look sample(struct st_span chars, enum flt_radix radix, struct st_buf *bytes)
{
    size_t middle = chars.n / 2 / 8 * 8;
    enum flt_look look;

    decode(st_span_sub(chars, 0, 2 * SAMPLE_MAX), radix, bytes);
    if ((look = look_at(st_buf_view(bytes))) != FLT_LOOK_NOTHING || chars.n < 4 * SAMPLE_MAX)
        return look;
    decode(st_span_sub(chars, middle, 2 * SAMPLE_MAX), radix, bytes);
    return look_at(st_buf_view(bytes)) == FLT_LOOK_TEXT ? FLT_LOOK_TEXT : FLT_LOOK_NOTHING;
}

/* The whole run in bytes, when it is anything; FLT_LOOK_NOTHING otherwise. */
static enum flt_look open_run(struct run *run, struct st_buf *bytes)
{
    struct st_span chars = st_buf_view(&run->chars);

    for (enum flt_radix radix = run->radix;
         radix < FLT_RADICES && radix <= (run->radix == FLT_RADIX_85 ? FLT_RADIX_85 : FLT_RADIX_64); radix++) {
        if (!is_all(chars, radix))
            continue;
        for (size_t phase = 0; phase < (radix == FLT_RADIX_64 ? PHASES : 1); phase++) {
            struct st_span from = st_span_sub(chars, phase, chars.n);
            enum flt_look look = FLT_LOOK_NOTHING;

            if (radix != FLT_RADIX_64 || may_be_64(from))
                look = sample(from, radix, bytes);
            if (look == FLT_LOOK_NOTHING)
                continue;
            decode(from, radix, bytes);
            run->radix = radix;
            run->phase = (uint32_t)phase;
            return look;
        }
    }
    return FLT_LOOK_NOTHING;
}

/* ---- to text ----------------------------------------------------------------------------------------------------- */

/* The character at `at` of UTF-16; half of one that takes two is '?'. */
static uint32_t wide_at(struct st_span wide, size_t *at, bool is_big, bool *is_lossy)
{
    uint32_t units[2] = { 0 };

    for (size_t i = 0, k = *at; i < 2 && k + 1 < wide.n; i++, k += 2)
        units[i] = (uint32_t)(wide.p[is_big ? k : k + 1] << 8 | wide.p[is_big ? k + 1 : k]);
    *at += 2;
    if (units[0] < 0xD800 || units[0] > 0xDFFF)
        return units[0];
    if (units[0] < 0xDC00 && units[1] >= 0xDC00 && units[1] <= 0xDFFF) {
        *at += 2;
        return 0x10000 + ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00);
    }
    *is_lossy = true;
    return '?';
}

static void narrow(struct st_span wide, bool is_big, struct st_buf *out, bool *is_lossy)
{
    uint8_t utf8[4];

    *is_lossy = wide.n % 2 != 0;
    for (size_t at = 0; at + 1 < wide.n;) {
        uint32_t cp = wide_at(wide, &at, is_big, is_lossy);

        st_buf_put(out, utf8, st_utf8_put(cp, utf8));
    }
}

static enum st_rc inflate_into(const struct st_buf *bytes, struct run *run, size_t limit, struct st_buf *out,
                               struct st_err *err)
{
    struct flt_coded coded = { .reason = FLT_REASON_NONE };

    if (flt_coding(st_buf_view(bytes), run->look == FLT_LOOK_GZIP ? ST_SPAN("gzip") : ST_SPAN("deflate"), limit, &coded,
                   err) != ST_OK)
        return ST_ERR;
    if (coded.was_coded)
        st_buf_span(out, st_span_sub(st_buf_view(&coded.plain), 0, limit));
    run->is_cut = coded.reason != FLT_REASON_NONE || coded.plain.n > limit;
    st_buf_fini(&coded.plain);
    return ST_OK;
}

/* Does what an excerpt left out stand right beside the run? Then it may go on there. */
static bool is_beside_gap(struct st_span s, const struct run *run)
{
    return st_span_ends(st_span_sub(s, 0, run->from), FLT_LEFT_OUT) ||
           st_span_starts(st_span_sub(s, run->to, s.n), FLT_LEFT_OUT);
}

/* How the run can be encoded anew. */
static enum st_rc put_run(struct st_arena *arena, const struct flt_view *from, const struct run *run,
                          struct flt_run *out, struct st_err *err)
{
    const struct flt_map *below = flt_map_run(from->map);

    out->up = below != NULL ? below->run : NULL;
    out->from = (uint32_t)run->from;
    out->to = (uint32_t)run->to;
    flt_map_range(from->map, below, &out->from, &out->to);
    out->chars = st_span_sub(from->text, run->from, run->to - run->from);
    out->radix = run->radix;
    out->phase = run->phase;
    out->is_pairs = run->is_pairs;
    out->is_cut = run->is_cut || is_beside_gap(from->text, run);
    if (flt_utf8_good(out->bytes) < out->bytes.n &&
        (out->bytes.p = st_arena_dup(arena, out->bytes.p, out->bytes.n)) == NULL)
        return st_arena_fail(arena, err, "filters.unwrap");
    return ST_OK;
}

/* What it says as a text that stands for the run. */
static enum st_rc put_view(struct st_arena *arena, const struct flt_view *from, const struct run *run,
                           const struct st_buf *text, struct flt_view *out, struct st_err *err)
{
    struct flt_build build;
    size_t n = text->n + (text->n == run->to - run->from); /* of another length: then the map takes it as a whole */
    uint8_t *copy = st_arena_alloc(arena, n);
    struct flt_run *kept = st_arena_alloc(arena, sizeof *kept);
    enum st_rc rc;

    if (copy == NULL || kept == NULL)
        return st_arena_fail(arena, err, "filters.unwrap");
    copy[n - 1] = '\n';
    memcpy(copy, text->p, text->n);
    kept->bytes = st_span(copy, text->n);
    kept->text = out->text = st_span(copy, n);
    kept->look = run->look;
    if (put_run(arena, from, run, kept, err) != ST_OK)
        return ST_ERR;
    flt_utf8_mend(copy, n);
    flt_build_init(&build, arena, 4 * sizeof(struct flt_map_pt));
    flt_build_unit(&build, n, run->to - run->from);
    build.run = kept;
    rc = flt_build_done(&build, from->map, (uint32_t)run->from, FLT_LAYER_FIXED, &out->map, err);
    flt_build_fini(&build);
    return rc;
}

/* What the bytes say, in UTF-8. */
static enum st_rc read_bytes(const struct st_buf *bytes, struct run *run, size_t limit, struct st_buf *text,
                             struct st_err *err)
{
    run->is_cut = false;
    if (run->look == FLT_LOOK_GZIP || run->look == FLT_LOOK_ZLIB)
        return inflate_into(bytes, run, limit, text, err);
    if (run->look == FLT_LOOK_UTF16LE || run->look == FLT_LOOK_UTF16BE)
        narrow(st_buf_view(bytes), run->look == FLT_LOOK_UTF16BE, text, &run->is_cut);
    else
        st_buf_span(text, st_buf_view(bytes));
    return ST_OK;
}

enum st_rc flt_unwrap(struct st_arena *arena, const struct flt_view *from, size_t *at, struct flt_view *out, bool *any,
                      struct st_err *err)
{
    struct run run = { 0 };
    struct st_buf bytes, text;
    enum st_rc rc = ST_OK;

    out->is_whole = false;
    st_buf_init(&run.chars, from->text.n + 64);
    st_buf_init(&bytes, from->text.n + 64);
    st_buf_init(&text, INFLATE_TIMES * from->text.n + INFLATE_GRACE);
    for (out->text.n = 0; rc == ST_OK && out->text.n == 0 && next_run(from->text, *at, &run); *at = run.to) {
        run.look = open_run(&run, &bytes);

        if (st_buf_done(&run.chars, err, "filters.unwrap") != ST_OK ||
            st_buf_done(&bytes, err, "filters.unwrap") != ST_OK)
            rc = ST_ERR;
        if (rc != ST_OK || run.look == FLT_LOOK_NOTHING)
            continue;
        st_buf_reset(&text);
        rc = read_bytes(&bytes, &run, INFLATE_TIMES * from->text.n, &text, err);
        if (rc == ST_OK)
            rc = st_buf_done(&text, err, "filters.unwrap");
        if (rc == ST_OK && text.n > 0)
            rc = put_view(arena, from, &run, &text, out, err);
    }
    *any = rc == ST_OK && out->text.n > 0;
    st_buf_fini(&run.chars);
    st_buf_fini(&bytes);
    st_buf_fini(&text);
    return rc;
}
