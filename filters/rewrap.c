/* SPDX-License-Identifier: Apache-2.0 */
/* rewrap - masks inside of encoded runs: the run is opened, masked, and encoded as it was.
 *
 * A run keeps its alphabet, its case, its padding, the length of its lines and what separates its pairs; what it says
 * keeps its grammar (JSON and forms in it are quoted like those of a message). Before anything is masked the run is
 * encoded as it stands: if that does not give every character again, something in it was not understood, and it is
 * not written. A run in a run is written first.
 */
#include "base/json.h"
#include "filters/decode.h"
#include "filters/fit.h"
#include "filters/quote.h"
#include "filters/runs.h"
#include <string.h>

#define TEXT_MAX    (4u << 20) /* of a run, opened or not */
#define ARENA_TIMES 64u        /* to look for JSON and forms in a text */
#define ARENA_GRACE (1u << 20)

#define CANNOT(what, err) st_fail(err, ST_E_UNSUPPORTED, "filters.rewrap", what, 0)

bool flt_run_is(const struct flt_run *a, const struct flt_run *b)
{
    for (; a != b; a = a->up, b = b->up)
        if (a == NULL || b == NULL || a->from >= b->to || b->from >= a->to || !st_span_eq(a->text, b->text))
            return false;
    return true;
}

/* Signs at its front that are no part of it count against a reading. */
static long kept(const struct flt_run *run)
{
    long n = 0;

    for (; run != NULL; run = run->up)
        n += (long)run->chars.n - 8L * run->phase;
    return n;
}

const struct flt_run *flt_run_closer(const struct flt_run *a, const struct flt_run *b)
{
    return kept(b) > kept(a) ? b : a;
}

/* ---- how a run is written ---------------------------------------------------------------------------------------- */

static size_t line_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && flt_fold_at(s, at + n) == 0)
        n++;
    return n;
}

static bool has_any(struct st_span s, uint8_t from, uint8_t to)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= from && s.p[i] <= to)
            return true;
    return false;
}

/* What stands between <~ and ~>, or the whole. */
static struct st_span inside(const struct flt_run *run)
{
    return run->radix == FLT_RADIX_85 ? st_span_sub(run->chars, 2, run->chars.n - 4) : run->chars;
}

/* The characters without line ends, pairs without what separates them; padding stays. Answers how many; out may be
 * NULL. */
static size_t take_chars(const struct flt_run *run, struct st_buf *out)
{
    struct st_span s = inside(run);
    size_t taken = 0;

    for (size_t at = 0, n, skip; at < s.n; at += n + skip) {
        n = run->is_pairs ? st_hex_digit(s.p[at]) >= 0 : line_at(s, at);
        skip = n > 0 ? 0 : run->is_pairs ? 1 : flt_fold_at(s, at);
        if (run->is_pairs && at + 1 < s.n && s.p[at] == '0' && s.p[at + 1] == 'x') {
            n = 0;
            skip = 2;
        }
        if (out != NULL)
            st_buf_span(out, st_span_sub(s, at, n));
        taken += n;
    }
    return taken;
}

static enum st_rc decode_run(const struct flt_run *run, struct st_buf *bytes, struct st_err *err)
{
    struct st_buf chars;
    uint8_t *room;
    enum st_rc rc;

    st_buf_init(&chars, TEXT_MAX);
    (void)take_chars(run, &chars);
    if (run->radix >= FLT_RADIX_85)
        flt_decode_85(st_buf_view(&chars), run->radix, bytes);
    else if (chars.n > run->phase && (room = st_buf_room(bytes, chars.n)) != NULL)
        bytes->n += flt_decode_bits(st_span_sub(st_buf_view(&chars), run->phase, chars.n), run->radix, room);
    rc = st_buf_done(&chars, err, "filters.rewrap");
    st_buf_fini(&chars);
    return rc == ST_OK ? st_buf_done(bytes, err, "filters.rewrap") : rc;
}

/* ---- encoding ---------------------------------------------------------------------------------------------------- */

static void encode_85(struct st_span s, bool is_git, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i += 4) {
        size_t n = s.n - i < 4 ? s.n - i : 4;
        uint32_t value = 0;
        uint8_t digits[5];

        for (size_t k = 0; k < 4; k++)
            value = value << 8 | (k < n ? s.p[i + k] : 0u);
        for (size_t k = 5; k > 0; k--, value /= 85)
            digits[k - 1] = is_git ? (uint8_t)FLT_DIGITS_85_GIT[value % 85] : (uint8_t)('!' + value % 85);
        st_buf_put(out, digits, n + 1);
    }
}

static void encode_bits(struct st_span s, const char *digits, unsigned width, struct st_buf *out)
{
    uint32_t value = 0, mask = (1u << width) - 1;
    unsigned bits = 0;

    for (size_t i = 0; i < s.n; i++) {
        value = (value << 8 | s.p[i]) & 0xFFFF;
        for (bits += 8; bits >= width; bits -= width)
            st_buf_byte(out, (uint8_t)digits[value >> (bits - width) & mask]);
    }
    if (bits > 0)
        st_buf_byte(out, (uint8_t)digits[value << (width - bits) & mask]);
}

/* How the digits of a run are written, as far as it shows. */
struct alphabet {
    const char *digits;
    unsigned width;
    size_t group;   /* of characters, filled up with = */
    bool is_padded; /* is it? */
    bool is_sure;   /* the last two digits of base64 are known, too */
};

/* Base64 of web addresses is written without padding, any other with it; whole groups do not tell. */
static void alphabet_64(const struct flt_run *run, bool has_rest, struct alphabet *out)
{
    bool is_url = has_any(run->chars, '-', '-') || has_any(run->chars, '_', '_');
    bool is_plain = has_any(run->chars, '+', '+') || has_any(run->chars, '/', '/') || out->is_padded;

    is_url = is_url || (has_rest && !is_plain);
    out->digits = is_url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                         : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out->is_sure = is_url || is_plain;
    out->is_padded = out->is_padded || (!has_rest && !is_url);
}

static struct alphabet alphabet_of(const struct flt_run *run)
{
    struct alphabet out = { .is_padded = st_span_ends(run->chars, ST_SPAN("=")), .is_sure = true };
    size_t n = take_chars(run, NULL) - run->phase;

    if (run->radix == FLT_RADIX_HEX) {
        out.digits = has_any(run->chars, 'A', 'F') ? "0123456789ABCDEF" : "0123456789abcdef";
        out.width = 4;
        out.group = 1;
    } else if (run->radix == FLT_RADIX_32) {
        out.digits =
            has_any(run->chars, 'a', 'z') ? "abcdefghijklmnopqrstuvwxyz234567" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        out.width = 5;
        out.group = 8;
        out.is_padded = out.is_padded || n % 8 == 0;
    } else {
        out.width = 6;
        out.group = 4;
        alphabet_64(run, n % 4 != 0, &out);
    }
    return out;
}

static enum st_rc encode(const struct flt_run *run, struct st_span bytes, struct st_buf *out, struct st_err *err)
{
    struct alphabet alphabet;

    if (run->radix >= FLT_RADIX_85) {
        encode_85(bytes, run->radix == FLT_RADIX_85_GIT, out);
        return st_buf_done(out, err, "filters.rewrap");
    }
    alphabet = alphabet_of(run);
    st_buf_span(out, st_span_sub(run->chars, 0, run->phase));
    encode_bits(bytes, alphabet.digits, alphabet.width, out);
    if (!alphabet.is_sure && (has_any(st_buf_view(out), '+', '+') || has_any(st_buf_view(out), '/', '/')))
        return CANNOT("base64 of either kind", err);
    while (alphabet.is_padded && (out->n - run->phase) % alphabet.group != 0)
        st_buf_byte(out, '=');
    return st_buf_done(out, err, "filters.rewrap");
}

/* Lines as long as those of the run, with its line ends between. */
static void put_lines(struct st_span like, struct st_span chars, struct st_buf *out)
{
    size_t first = line_at(like, 0), fold = flt_fold_at(like, first), second = line_at(like, first + fold);
    size_t width = first + fold + second < like.n ? second : first;

    if (fold == 0)
        first = chars.n;
    for (size_t at = 0, n = first; at < chars.n; at += n, n = width) {
        if (at > 0)
            st_buf_span(out, st_span_sub(like, first, fold));
        st_buf_span(out, st_span_sub(chars, at, n));
    }
}

/* What stands between a pair and the next, in the run; *at moves behind it. */
static struct st_span take_gap(struct st_span s, size_t *at)
{
    size_t from = *at;

    while (*at < s.n && (st_hex_digit(s.p[*at]) < 0 || (s.p[*at] == '0' && *at + 1 < s.n && s.p[*at + 1] == 'x')))
        *at += s.p[*at] == '0' ? 2 : 1;
    return st_span_sub(s, from, *at - from);
}

/* Pairs as they stand in the run; where it has no more, the last gaps go on by turns, as pairs of pairs have them. */
static void put_pairs(struct st_span like, struct st_span chars, struct st_buf *out)
{
    struct st_span gaps[2] = { ST_SPAN_NONE, ST_SPAN_NONE };
    size_t at = 0;

    st_buf_span(out, take_gap(like, &at));
    for (size_t i = 0; i < chars.n; i += 2) {
        size_t pair = i / 2;

        if (pair > 0 && at + 2 < like.n) {
            at += 2;
            gaps[pair % 2] = take_gap(like, &at);
            if (pair == 1)
                gaps[0] = gaps[1];
        }
        if (pair > 0)
            st_buf_span(out, gaps[pair % 2]);
        st_buf_span(out, st_span_sub(chars, i, 2));
    }
}

/* bytes as the run writes them. */
static enum st_rc write_run(const struct flt_run *run, struct st_span bytes, struct st_buf *out, struct st_err *err)
{
    struct st_buf chars;
    enum st_rc rc;

    st_buf_init(&chars, TEXT_MAX);
    rc = encode(run, bytes, &chars, err);
    if (run->radix == FLT_RADIX_85)
        st_buf_str(out, "<~");
    if (run->is_pairs)
        put_pairs(run->chars, st_buf_view(&chars), out);
    else
        put_lines(inside(run), st_buf_view(&chars), out);
    if (run->radix == FLT_RADIX_85)
        st_buf_str(out, "~>");
    st_buf_fini(&chars);
    return rc == ST_OK ? st_buf_done(out, err, "filters.rewrap") : rc;
}

/* Is the run written as it stands when nothing is masked? */
static enum st_rc check_whole(const struct flt_run *run, struct st_err *err)
{
    struct st_buf bytes, again;
    enum st_rc rc;

    if (run->is_cut)
        return CANNOT("an encoded run that was read only in part", err);
    st_buf_init(&bytes, TEXT_MAX);
    st_buf_init(&again, TEXT_MAX);
    rc = decode_run(run, &bytes, err);
    if (rc == ST_OK)
        rc = write_run(run, st_buf_view(&bytes), &again, err);
    if (rc == ST_OK && !st_span_eq(st_buf_view(&again), run->chars))
        rc = CANNOT("an encoded run that nobody would write so", err);
    st_buf_fini(&bytes);
    st_buf_fini(&again);
    return rc;
}

/* What stands between the head of zlib and its checksum. */
static enum st_rc pack_raw(struct st_span text, struct st_buf *out, struct st_err *err)
{
    struct st_buf zlib;
    enum st_rc rc;

    st_buf_init(&zlib, text.n + 4096);
    if ((rc = flt_coding_pack(text, false, &zlib, err)) == ST_OK && zlib.n > 6)
        st_buf_span(out, st_span_sub(st_buf_view(&zlib), 2, zlib.n - 6));
    st_buf_fini(&zlib);
    return rc == ST_OK ? st_buf_done(out, err, "filters.rewrap") : rc;
}

/* text as the bytes that are encoded. */
static enum st_rc pack(const struct flt_run *run, struct st_span text, struct st_buf *out, struct st_err *err)
{
    bool is_done = true;

    switch (run->look) {
    case FLT_LOOK_NOTHING:
    case FLT_LOOK_TEXT: st_buf_span(out, text); break;
    case FLT_LOOK_UTF16LE: is_done = flt_charset_encode(FLT_LAYER_UTF16LE, text, out); break;
    case FLT_LOOK_UTF16BE: is_done = flt_charset_encode(FLT_LAYER_UTF16BE, text, out); break;
    case FLT_LOOK_GZIP: return flt_coding_pack(text, true, out, err);
    case FLT_LOOK_ZLIB: return flt_coding_pack(text, false, out, err);
    case FLT_LOOK_RAW: return pack_raw(text, out, err);
    }
    return is_done ? st_buf_done(out, err, "filters.rewrap") : CANNOT("a character without a place", err);
}

/* ---- what a run says --------------------------------------------------------------------------------------------- */

static enum st_rc decode_text(struct st_span text, struct st_arena *arena, struct flt_doc **doc, struct st_err *err)
{
    struct flt_input in = { .body = text, .content_type = ST_SPAN("text/plain"), .plain_limit = text.n + 1 };

    return flt_decode(arena, &in, doc, err);
}

/* The field in which the range of the text stands, and where that begins and ends there; NULL: it is in none alone. */
static const struct flt_field *field_of(const struct flt_doc *doc, const struct flt_edit *edit, uint32_t *from,
                                        uint32_t *to)
{
    for (size_t i = 0; i < doc->n; i++) {
        const struct flt_field *field = &doc->fields[i];

        *from = 0;
        *to = (uint32_t)field->text.n;
        flt_map_range(field->map, NULL, from, to);
        if (*from <= edit->from && edit->to <= *to)
            return field;
    }
    return NULL;
}

/* One edit of a text into the grammar that the text has. */
static enum st_rc place(struct flt_edits *out, const struct flt_doc *doc, const struct flt_edit *edit,
                        struct st_span bytes, struct st_err *err)
{
    struct flt_edit placed = *edit;
    struct st_buf text;
    uint32_t from, to;
    const struct flt_field *field = field_of(doc, edit, &from, &to);
    const struct flt_map *map = field != NULL ? field->map : NULL;
    enum st_rc rc;

    if (map != NULL && map->layer == FLT_LAYER_NUMBER) {
        if (edit->is_run && (from < edit->from || edit->to < to))
            return CANNOT("a part of a number", err);
        placed.from = from;
        placed.to = to;
    }
    st_buf_init(&text, TEXT_MAX);
    rc = flt_quote_edit(edit, bytes, doc->plain, map, &text, err);
    if (rc == ST_OK)
        rc = flt_quote_through(map, &text, err);
    if (rc == ST_OK)
        rc = flt_edits_add(out, &placed, st_buf_view(&text), err);
    st_buf_fini(&text);
    return rc;
}

/* The text with its edits; it has the same fields after them. */
static enum st_rc write_text(struct flt_edits *edits, struct st_arena *arena, const struct flt_doc *doc,
                             struct st_buf *out, struct st_err *err)
{
    struct flt_writer w = { .edits = edits, .from = doc->plain };
    struct flt_doc *again;

    if (flt_edits_sort(edits, err) != ST_OK || flt_write_up_to(&w, w.from.n, out, err) != ST_OK ||
        decode_text(st_buf_view(out), arena, &again, err) != ST_OK)
        return ST_ERR;
    if (again->n != doc->n || again->receipt.reason != doc->receipt.reason)
        return CANNOT("a mask that changes what the text is", err);
    return ST_OK;
}

static enum st_rc mask_text(const struct flt_run *run, const struct flt_masking *masking, struct st_buf *out,
                            struct st_err *err)
{
    struct st_arena *arena = st_arena_new(ARENA_TIMES * run->bytes.n + ARENA_GRACE);
    struct flt_edits *found = NULL, *placed = NULL;
    struct flt_doc *doc;
    enum st_rc rc = ST_ERR;

    if (arena == NULL) {
        st_fail(err, ST_E_NOMEM, "filters.rewrap", "arena", 0);
        goto out;
    }
    if (flt_edits_new(&found, err) != ST_OK || flt_edits_new(&placed, err) != ST_OK ||
        flt_masking_edits(masking, run, run->text, found, err) != ST_OK ||
        decode_text(run->bytes, arena, &doc, err) != ST_OK)
        goto out;
    for (size_t i = 0; i < flt_edits_count(found); i++) {
        const struct flt_edit *edit = flt_edits_at(found, i);

        if (edit->to > run->bytes.n) {
            CANNOT("a line's end that is not there", err);
            goto out;
        }
        if (place(placed, doc, edit, flt_edits_bytes(found, edit), err) != ST_OK)
            goto out;
    }
    rc = write_text(placed, arena, doc, out, err);
out:
    flt_edits_free(found);
    flt_edits_free(placed);
    st_arena_free(arena);
    return rc;
}

static enum st_rc rewrap(const struct flt_run *run, const struct flt_masking *masking, struct st_buf *out,
                         struct st_err *err)
{
    struct st_buf text, bytes;
    enum st_rc rc = check_whole(run, err);

    st_buf_init(&text, TEXT_MAX);
    st_buf_init(&bytes, TEXT_MAX);
    if (rc == ST_OK)
        rc = mask_text(run, masking, &text, err);
    if (rc == ST_OK)
        rc = pack(run, st_buf_view(&text), &bytes, err);
    if (rc == ST_OK)
        rc = write_run(run, st_buf_view(&bytes), out, err);
    st_buf_fini(&text);
    st_buf_fini(&bytes);
    return rc;
}

/* ---- what is masked ---------------------------------------------------------------------------------------------- */

/* The run right below `run` in which the finding stands; NULL: it stands in the text itself, or elsewhere. */
static const struct flt_run *below(const struct flt_run *run, const struct flt_finding *finding)
{
    for (const struct flt_run *r = finding->run; r != NULL; r = r->up)
        if (flt_run_is(r->up, run))
            return r;
    return NULL;
}

/* The best of those that are the same as the child of the i-th finding; NULL: one before it was one of them. */
static const struct flt_run *child_of(const struct flt_masking *masking, const struct flt_run *run, size_t i)
{
    const struct flt_run *child = below(run, &masking->items[i]), *best = child;

    for (size_t k = 0; k < masking->n; k++) {
        const struct flt_run *other = masking->mark[k] ? below(run, &masking->items[k]) : NULL;

        if (other == NULL || !flt_run_is(other, child))
            continue;
        if (k < i)
            return NULL;
        best = flt_run_closer(best, other);
    }
    return best;
}

/* A reading that took a run's padding for something else: behind other characters it would be wrong. */
static bool is_padding_left(const struct flt_run *run, struct st_span behind)
{
    if (run->radix == FLT_RADIX_HEX || run->radix >= FLT_RADIX_85 || st_span_ends(run->chars, ST_SPAN("=")))
        return false;
    return st_span_starts(behind, ST_SPAN("=")) || st_span_istarts(behind, ST_SPAN("%3d"));
}

static enum st_rc add_run(const struct flt_masking *masking, const struct flt_run *run, struct st_span text,
                          struct flt_edits *edits, struct st_err *err)
{
    struct flt_edit place = { .from = run->from, .to = run->to, .is_run = true, .was = run->chars };
    struct st_buf bytes;
    enum st_rc rc;

    if (is_padding_left(run, st_span_sub(text, run->to, 3)))
        return CANNOT("an encoded run without its end", err);
    st_buf_init(&bytes, TEXT_MAX);
    rc = rewrap(run, masking, &bytes, err);
    if (rc == ST_OK)
        rc = flt_edits_add(edits, &place, st_buf_view(&bytes), err);
    st_buf_fini(&bytes);
    return rc;
}

struct st_span flt_finding_value(const struct flt_doc *doc, const struct flt_finding *finding)
{
    struct st_span text;

    if (finding->run != NULL)
        return st_span_sub(finding->run->text, finding->in_from, finding->in_to - finding->in_from);
    if (finding->field >= doc->n)
        return ST_SPAN_NONE;
    text = doc->fields[finding->field].text;
    if (finding->from > finding->to || finding->to > text.n)
        return ST_SPAN_NONE;
    return st_span_sub(text, finding->from, finding->to - finding->from);
}

/* Where it stands in the text of `run`, if it does. */
static uint32_t from_in(const struct flt_finding *f, const struct flt_run *run)
{
    return run != NULL ? f->in_from : f->from;
}

/* The one that follows the i-th in the order of places; i = n: the first. Findings of a run come in none. */
static size_t next_of(const struct flt_masking *masking, const struct flt_run *run, size_t i)
{
    size_t next = masking->n;

    for (size_t k = 0; k < masking->n; k++) {
        uint32_t from = from_in(&masking->items[k], run), last = i < masking->n ? from_in(&masking->items[i], run) : 0;

        if (i < masking->n && (from < last || (from == last && k <= i)))
            continue;
        if (next == masking->n || from < from_in(&masking->items[next], run))
            next = k;
    }
    return next;
}

static enum st_rc add_mask(struct flt_edits *edits, struct flt_fit *fit, struct flt_edit *place, const char *mask,
                           struct st_err *err)
{
    if (fit->keep == FLT_KEEP_NOTHING)
        return flt_edits_add(edits, place, st_span_str(mask), err);
    if (fit->is_number) { /* it is written whole, as a string */
        place->from = 0;
        place->to = (uint32_t)fit->text.n;
    }
    return flt_fit_add(edits, fit, place, mask, err);
}

enum st_rc flt_masking_edits(const struct flt_masking *masking, const struct flt_run *run, struct st_span text,
                             struct flt_edits *edits, struct st_err *err)
{
    const struct flt_map *map = masking->field->map;
    struct flt_fit fit = { .keep = masking->field->keep,
                           .text = text,
                           .is_number = run == NULL && map != NULL && map->layer == FLT_LAYER_NUMBER };

    if (fit.keep != FLT_KEEP_NOTHING && run != NULL && flt_fit_run(run, &fit.keep, err) != ST_OK)
        return ST_ERR;
    for (size_t k = 0, i = masking->n; k < masking->n; k++) {
        const struct flt_finding *f = &masking->items[i = fit.keep != FLT_KEEP_NOTHING ? next_of(masking, run, i) : k];
        struct flt_edit place = { .from = run != NULL ? f->in_from : f->from,
                                  .to = run != NULL ? f->in_to : f->to,
                                  .is_changed = f->is_changed || (run != NULL && fit.keep != FLT_KEEP_NOTHING),
                                  .is_bare = f->is_bare };
        const struct flt_run *child;

        if (!masking->mark[i])
            continue;
        if (below(run, f) == NULL) {
            if (flt_run_is(f->run, run) && add_mask(edits, &fit, &place, f->rule->mask, err) != ST_OK)
                return ST_ERR;
            continue;
        }
        if ((child = child_of(masking, run, i)) != NULL && add_run(masking, child, text, edits, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}
