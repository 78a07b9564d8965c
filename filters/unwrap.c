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

#define LINE_MIN      16u /* of a line that goes on in the next one */
#define PATH_LONGEST  4096u
#define FOLD_MAX      24u /* bytes between two lines of a run */
#define PAIRS_MIN     10u /* of spaced hexadecimal */
#define PAIRS_SHOWN   5   /* digits in five of them: text is 2x to 7x */
#define INFLATE_TIMES 4u  /* the text it stands in; more is cut */
#define INFLATE_GRACE 4096u
#define HALF          (ST_BYTES_BLOCK / 2u)

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

size_t flt_fold_at(struct st_span s, size_t at)
{
    size_t n = at < s.n && s.p[at] == '\r';

    if (at + n >= s.n || s.p[at + n] != '\n')
        return 0;
    for (n++; at + n < s.n && n < FOLD_MAX && (s.p[at + n] == ' ' || s.p[at + n] == '\t' || s.p[at + n] == '>');)
        n++;
    return n;
}

static void take_lines(struct st_span s, struct run *run)
{
    size_t at = run->from, n = run_length(s, at), gap;

    st_buf_put(&run->chars, s.p + at, n);
    at += n;
    while (n >= LINE_MIN && (gap = flt_fold_at(s, at)) > 0 && (n = run_length(s, at + gap)) > 0) {
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
    size_t close;

    if (!st_span_starts(st_span_sub(s, run->from, 2), ST_SPAN("<~")) ||
        (close = st_span_find(st_span_sub(inside, 0, 1u << 16), ST_SPAN("~>"))) == ST_SPAN_NPOS)
        return false;
    st_buf_span(&run->chars, st_span_sub(inside, 0, close));
    run->to = run->from + close + 4;
    run->radix = FLT_RADIX_85;
    run->is_pairs = false;
    return true;
}

static bool take_bare_85(struct st_span s, size_t at, struct run *run)
{
    size_t n = flt_bare_85(s, at, &run->radix);

    if (n == 0)
        return false;
    st_buf_reset(&run->chars);
    st_buf_span(&run->chars, st_span_sub(s, at, n));
    run->from = at;
    run->to = at + n;
    run->is_pairs = false;
    return true;
}

/* 0x3435…, as databases write bytes: the run begins behind the x. */
static bool is_hex_literal(struct st_span s, size_t at)
{
    return at + 2 + FLT_RUN_MIN <= s.n && s.p[at] == '0' && flt_to_lower(s.p[at + 1]) == 'x' &&
           run_length(s, at + 2) >= FLT_RUN_MIN && (at == 0 || !flt_is_alnum(s.p[at - 1]));
}

/* "n.example/6d79…/z": in the n characters of a run at `at`, hexadecimal digits alone between two signs, as segments of
 * a path are. */
static bool take_hex_part(struct st_span s, size_t at, size_t n, struct run *run)
{
    size_t end = at + n, k;

    if (n <= FLT_RUN_MIN || n > PATH_LONGEST || memchr(s.p + at, '/', n) == NULL)
        return false;
    for (; at + FLT_RUN_MIN <= end; at += k + 1) {
        for (k = 0; at + k < end && st_hex_digit(s.p[at + k]) >= 0;)
            k++;
        if (k >= FLT_RUN_MIN && k < n && (at + k == end || !flt_is_alnum(s.p[at + k])) &&
            flt_may_hold_text(st_span_sub(s, at, FLT_RUN_MIN))) {
            st_buf_reset(&run->chars);
            st_buf_put(&run->chars, s.p + at, k);
            run->from = at;
            run->to = at + k;
            run->radix = FLT_RADIX_HEX;
            run->is_pairs = false;
            return true;
        }
        while (at + k < end && flt_is_alnum(s.p[at + k]))
            k++;
    }
    return false;
}

/* A glance: most runs are names, numbers and keys, and the first characters tell. A long run may hold a text in its
 * middle. */
static bool may_open(struct st_span s, size_t at, size_t n)
{
    return n >= FLT_RUN_LONG || flt_fold_at(s, at + n) > 0 || flt_may_hold_text(st_span_sub(s, at, FLT_RUN_MIN));
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

/* Sixteen signs, letters and digits in a row, with a sign that words have none of. */
static bool may_be_85(const struct flt_block *block)
{
    return block->quotes != 0 && has_run_16(~(block->blanks | block->controls));
}

/* A run that begins in the first half shows before the end of the second. */
bool flt_may_begin_run(const struct flt_block *block)
{
    return has_run_16(block->words | block->joints) || block->tildes != 0 || may_be_85(block) ||
           (has_digits(block->digits) && has_pairs(block->words));
}

/* The next place from `at` on where a run may begin, as far as the survey knows; the end of the text: none. */
static size_t next_place(struct st_span s, const struct flt_survey *survey, size_t at)
{
    for (size_t half = at / HALF; at + FLT_RUN_MIN <= s.n; at = ++half * HALF)
        if ((flt_lacks(survey, half / 2) & (half % 2 == 0 ? FLT_LACKS_RUNS : FLT_LACKS_LATER_RUNS)) == 0)
            return at;
    return s.n;
}

/* MediaWiki's editors say so in front of what they have packed, which has no head of its own. */
static bool is_announced(struct st_span s, size_t at)
{
    return st_span_ends(st_span_sub(s, 0, at), ST_SPAN("rawdeflate,"));
}

/* The first run at or after `at`; false: none. run->to moves on in any case. */
static bool next_run(struct st_span s, const struct flt_survey *survey, size_t at, struct run *run)
{
    size_t stop = at;

    run->to = s.n;
    for (; at < s.n; at = run->to) {
        size_t n;

        if (at >= stop) {
            if ((at = next_place(s, survey, at)) == s.n)
                break;
            stop = (at / HALF + 1) * HALF;
        }
        if (take_bare_85(s, at, run))
            return true;
        at += is_hex_literal(s, at) ? 2 : 0;
        n = run_length(s, at);
        run->from = at;
        run->to = at + (n > 0 ? n : 1);
        if (n != 2 && n != 4 && n < FLT_RUN_MIN && s.p[at] != '<')
            continue;
        if (take_hex_part(s, at, n, run))
            return true;
        if (n >= FLT_RUN_MIN && !may_open(s, at, n) && !is_announced(s, at))
            continue;
        st_buf_reset(&run->chars);
        if (n >= FLT_RUN_MIN) {
            take_lines(s, run);
            return true;
        }
        if (n == 2 || n == 4 ? take_pairs(s, run) : take_85(s, run))
            return true;
        run->to = at + (n > 0 ? n : 1);
    }
    return false;
}

/* The whole run in bytes, when it is anything; FLT_LOOK_NOTHING otherwise. */
static enum flt_look open_run(struct run *run, struct st_buf *bytes)
{
    return flt_open_chars(st_buf_view(&run->chars), &run->radix, &run->phase, bytes);
}

/* Looks like nothing, as deflate without a head does; a word in front says that it is. */
static enum flt_look open_announced(struct run *run, struct st_buf *bytes)
{
    struct st_span chars = st_buf_view(&run->chars);
    uint8_t *room;

    run->radix = FLT_RADIX_64;
    run->phase = 0;
    st_buf_reset(bytes);
    if ((room = st_buf_room(bytes, chars.n)) != NULL)
        bytes->n += flt_decode_bits(chars, FLT_RADIX_64, room);
    return bytes->n > 0 ? FLT_LOOK_RAW : FLT_LOOK_NOTHING;
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
    if (run->look == FLT_LOOK_GZIP || run->look == FLT_LOOK_ZLIB || run->look == FLT_LOOK_RAW)
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

    *out = (struct flt_view){ .is_whole = false };
    *any = false;
    if ((~from->survey.lacks & (FLT_LACKS_RUNS | FLT_LACKS_LATER_RUNS)) == 0)
        return ST_OK;
    st_buf_init(&run.chars, from->text.n + 64);
    st_buf_init(&bytes, from->text.n + 64);
    st_buf_init(&text, INFLATE_TIMES * from->text.n + INFLATE_GRACE);
    for (; rc == ST_OK && out->text.n == 0 && next_run(from->text, &from->survey, *at, &run); *at = run.to) {
        run.look = open_run(&run, &bytes);
        if (run.look == FLT_LOOK_NOTHING && is_announced(from->text, run.from))
            run.look = open_announced(&run, &bytes);

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
