/* SPDX-License-Identifier: Apache-2.0 */
/* json - a strict RFC 8259 scanner that keeps offsets.
 *
 * It builds no tree: every string (and every long number) becomes a field the moment it ends, with the path of where
 * it stands. A string without escapes is borrowed from the body; one with escapes is decoded once, with a point in its
 * map per escape. The caller guarantees valid UTF-8, so the inner loop looks for three kinds of bytes only, sixteen at
 * a time. Nesting is an explicit stack with a ceiling, never recursion; JSON inside a string comes back through
 * flt_dec_string, at most FLT_NEST_MAX times.
 */
#include "base/bytes.h"
#include "filters/decode.h"
#include <string.h>

struct level {
    bool is_object;
    size_t path; /* length before the segment of this level's value */
};

struct scanner {
    struct flt_dec *dec;
    const struct flt_piece *piece;
    const uint8_t *start, *p, *end;
    struct level stack[FLT_DEPTH_MAX];
    unsigned depth;
    enum flt_reason reason; /* why it stopped */
};

enum { CHAR_SPACE = 1, CHAR_DIGIT = 2, CHAR_STOP = 4, CHAR_ESCAPE = 8 };
static const uint8_t classes[256] = {
    [' '] = CHAR_SPACE,
    ['\t'] = CHAR_SPACE | CHAR_STOP,
    ['\n'] = CHAR_SPACE | CHAR_STOP,
    ['\r'] = CHAR_SPACE | CHAR_STOP,
    ['0' ... '9'] = CHAR_DIGIT,
    [0x00 ... 0x08] = CHAR_STOP,
    [0x0B ... 0x0C] = CHAR_STOP,
    [0x0E ... 0x1F] = CHAR_STOP,
    ['"'] = CHAR_STOP | CHAR_ESCAPE,
    ['\\'] = CHAR_STOP | CHAR_ESCAPE,
    ['/'] = CHAR_ESCAPE,
    ['b'] = CHAR_ESCAPE,
    ['f'] = CHAR_ESCAPE,
    ['n'] = CHAR_ESCAPE,
    ['r'] = CHAR_ESCAPE,
    ['t'] = CHAR_ESCAPE,
};

static bool fails(struct scanner *s, enum flt_reason reason)
{
    s->reason = reason;
    return false;
}

static inline void skip_space(struct scanner *s)
{
    while (s->p < s->end && (classes[*s->p] & CHAR_SPACE))
        s->p++;
}

/* Past the bytes that stand for themselves. */
static inline const uint8_t *plain_run(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= ST_BYTES_STEP; p += ST_BYTES_STEP) {
        unsigned stops = st_bytes_in(p, '"', '"') | st_bytes_in(p, '\\', '\\') | st_bytes_in(p, 0, 0x1F);

        if (stops != 0)
            return p + st_bytes_first(stops);
    }
    while (p < end && !(classes[*p] & CHAR_STOP))
        p++;
    return p;
}

/* The four digits after \u; negative when they are none. */
static int32_t hex4(const uint8_t *p, const uint8_t *end)
{
    int32_t value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = st_hex_digit(p[i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* s->p is behind the opening quote. On success *raw lies between the quotes and s->p behind the closing one. */
static bool take_string(struct scanner *s, struct st_span *raw, bool *has_escapes)
{
    const uint8_t *from = s->p;

    *has_escapes = false;
    for (;;) {
        s->p = plain_run(s->p, s->end);
        if (s->p == s->end || *s->p < 0x20)
            return fails(s, FLT_REASON_SYNTAX);
        if (*s->p == '"')
            break;
        *has_escapes = true;
        if (s->end - s->p < 2)
            return fails(s, FLT_REASON_SYNTAX);
        if (s->p[1] == 'u' ? hex4(s->p + 2, s->end) < 0 : !(classes[s->p[1]] & CHAR_ESCAPE))
            return fails(s, FLT_REASON_SYNTAX);
        s->p += s->p[1] == 'u' ? 6 : 2;
    }
    *raw = st_span(from, (size_t)(s->p - from));
    s->p++;
    return true;
}

/* One escape at p, already checked; half a surrogate pair becomes U+FFFD. */
static size_t take_escape(const uint8_t *p, const uint8_t *end, uint8_t *out, size_t *text_n)
{
    static const uint8_t letters[] = { ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
    int32_t high, low;

    if (p[1] != 'u') {
        out[0] = p[1] < sizeof letters && letters[p[1]] != 0 ? letters[p[1]] : p[1];
        *text_n = 1;
        return 2;
    }
    high = hex4(p + 2, end);
    if (high >= 0xD800 && high <= 0xDBFF && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        low = hex4(p + 8, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *text_n = st_utf8_put(0x10000u + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00), out);
            return 12;
        }
    }
    *text_n = st_utf8_put(high >= 0xD800 && high <= 0xDFFF ? 0xFFFDu : (uint32_t)high, out);
    return 6;
}

/* Decodes the n bytes of a string where they lie, since no escape is shorter than what it stands for; their map is in
 * dec->build then. Answers the new length. */
static size_t unescape(struct flt_dec *dec, uint8_t *text, size_t n)
{
    const uint8_t *p = text, *end = text + n;
    uint8_t *out = text;

    flt_build_reset(&dec->build);
    while (p < end) {
        const uint8_t *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = slash != NULL ? (size_t)(slash - p) : (size_t)(end - p), text_n, raw_n;

        memmove(out, p, plain);
        flt_build_copy(&dec->build, plain);
        out += plain;
        p += plain;
        if (p == end)
            break;
        raw_n = take_escape(p, end, out, &text_n);
        flt_build_unit(&dec->build, text_n, raw_n);
        out += text_n;
        p += raw_n;
    }
    return (size_t)(out - text);
}

/* The decoded string and its layer. */
static enum st_rc open_string(struct scanner *s, struct st_span raw, bool has_escapes, struct st_span *text,
                              const struct flt_map **map, struct st_err *err)
{
    struct flt_dec *dec = s->dec;
    uint32_t base = s->piece->base + (uint32_t)(raw.p - s->start);
    uint8_t *copy;

    *text = raw;
    if (!has_escapes)
        return flt_map_cut(dec->arena, s->piece->up, base, FLT_LAYER_JSON, map, err);
    if ((copy = st_arena_dup(dec->arena, raw.p, raw.n)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.json");
    *text = st_span(copy, unescape(dec, copy, raw.n));
    return flt_build_done(&dec->build, s->piece->up, base, FLT_LAYER_JSON, map, err);
}

static bool take_digits(struct scanner *s)
{
    const uint8_t *from = s->p;

    while (s->p < s->end && (classes[*s->p] & CHAR_DIGIT))
        s->p++;
    return s->p > from || fails(s, FLT_REASON_SYNTAX);
}

static bool at_byte(const struct scanner *s, char a, char b)
{
    return s->p < s->end && (*s->p == (uint8_t)a || *s->p == (uint8_t)b);
}

static bool take_number(struct scanner *s)
{
    if (at_byte(s, '-', '-'))
        s->p++;
    if (at_byte(s, '0', '0'))
        s->p++;
    else if (!take_digits(s))
        return false;
    if (at_byte(s, '.', '.')) {
        s->p++;
        if (!take_digits(s))
            return false;
    }
    if (at_byte(s, 'e', 'E')) {
        s->p++;
        if (at_byte(s, '+', '-'))
            s->p++;
        if (!take_digits(s))
            return false;
    }
    return true;
}

static bool take_literal(struct scanner *s)
{
    static const char *const literals[] = { "true", "false", "null" };

    for (size_t i = 0; i < ST_LEN(literals); i++) {
        size_t n = strlen(literals[i]);

        if ((size_t)(s->end - s->p) >= n && memcmp(s->p, literals[i], n) == 0) {
            s->p += n;
            return true;
        }
    }
    return fails(s, FLT_REASON_SYNTAX);
}

static enum st_rc string_value(struct scanner *s, struct st_err *err)
{
    const uint8_t *from = s->p++;
    const struct flt_map *map = NULL;
    struct st_span raw, text;
    bool has_escapes;

    if (!take_string(s, &raw, &has_escapes)) {
        s->p = from; /* the rest that is scanned as text begins here */
        return ST_OK;
    }
    if (open_string(s, raw, has_escapes, &text, &map, err) != ST_OK)
        return ST_ERR;
    return flt_dec_string(s->dec, text, map, err);
}

static enum st_rc number_value(struct scanner *s, struct st_err *err)
{
    const uint8_t *from = s->p;
    struct flt_piece number;

    if (!take_number(s)) {
        s->p = from;
        return ST_OK;
    }
    if (s->p - from < FLT_NUMBER_MIN)
        return ST_OK;
    number = flt_piece_sub(s->piece, (size_t)(from - s->start), (size_t)(s->p - from));
    return flt_dec_piece(s->dec, &number, FLT_LAYER_NUMBER, err);
}

static void open_level(struct scanner *s, bool is_object)
{
    if (s->depth == FLT_DEPTH_MAX) {
        s->reason = FLT_REASON_DEPTH;
        return;
    }
    s->stack[s->depth++] = (struct level){ is_object, s->dec->path.n };
    if (!is_object)
        (void)flt_dec_enter(s->dec, ST_SPAN("#"));
    s->p++;
}

/* The value of the innermost level is over: its path segment goes. */
static void close_level(struct scanner *s)
{
    s->depth--;
    flt_dec_leave(s->dec, s->stack[s->depth].path);
    s->p++;
}

/* "key": of an object; the path then names it. */
static enum st_rc member_key(struct scanner *s, struct st_err *err)
{
    const uint8_t *from = s->p;
    const struct flt_map *map = NULL;
    struct st_span raw, key;
    bool has_escapes;

    if (!at_byte(s, '"', '"')) {
        s->reason = FLT_REASON_SYNTAX;
        return ST_OK;
    }
    s->p++;
    if (!take_string(s, &raw, &has_escapes)) {
        s->p = from;
        return ST_OK;
    }
    key = raw;
    if (has_escapes) {
        st_buf_reset(&s->dec->text);
        st_buf_span(&s->dec->text, raw);
        if (st_buf_done(&s->dec->text, err, "filters.json") != ST_OK)
            return ST_ERR;
        key = st_span(s->dec->text.p, unescape(s->dec, s->dec->text.p, raw.n));
    }
    flt_dec_leave(s->dec, s->stack[s->depth - 1].path);
    (void)flt_dec_enter(s->dec, key);
    if (flt_key_is_data(key)) {
        if (open_string(s, raw, has_escapes, &key, &map, err) != ST_OK || flt_dec_key(s->dec, key, map, err) != ST_OK)
            return ST_ERR;
    }
    skip_space(s);
    if (!at_byte(s, ':', ':')) {
        s->reason = FLT_REASON_SYNTAX;
        return ST_OK;
    }
    s->p++;
    return ST_OK;
}

enum want { WANT_VALUE, WANT_FIRST, WANT_KEY, WANT_NEXT };

/* One value or the opening of one. */
static enum st_rc take_value(struct scanner *s, enum want *want, struct st_err *err)
{
    uint8_t c = *s->p;

    *want = WANT_NEXT;
    if (c == '"')
        return string_value(s, err);
    if (c == '{' || c == '[') {
        open_level(s, c == '{');
        *want = WANT_FIRST;
        return ST_OK;
    }
    if (c == '-' || (classes[c] & CHAR_DIGIT))
        return number_value(s, err);
    (void)take_literal(s);
    return ST_OK;
}

/* After an opening bracket: the closing one, a key or a value. */
static enum want after_open(struct scanner *s)
{
    bool is_object = s->stack[s->depth - 1].is_object;

    if (at_byte(s, is_object ? '}' : ']', is_object ? '}' : ']')) {
        close_level(s);
        return WANT_NEXT;
    }
    return is_object ? WANT_KEY : WANT_VALUE;
}

/* After a value inside a level: a comma or the closing bracket. */
static enum want after_value(struct scanner *s)
{
    bool is_object = s->stack[s->depth - 1].is_object;

    if (at_byte(s, ',', ',')) {
        s->p++;
        return is_object ? WANT_KEY : WANT_VALUE;
    }
    if (at_byte(s, is_object ? '}' : ']', is_object ? '}' : ']'))
        close_level(s);
    else
        s->reason = FLT_REASON_SYNTAX;
    return WANT_NEXT;
}

static enum st_rc step(struct scanner *s, enum want *want, struct st_err *err)
{
    enum st_rc rc = ST_OK;

    if (s->p == s->end) {
        s->reason = FLT_REASON_SYNTAX;
        return ST_OK;
    }
    switch (*want) {
    case WANT_VALUE: rc = take_value(s, want, err); break;
    case WANT_FIRST: *want = after_open(s); break;
    case WANT_KEY:
        rc = member_key(s, err);
        *want = WANT_VALUE;
        break;
    case WANT_NEXT: *want = after_value(s); break;
    }
    return rc;
}

enum st_rc flt_json(struct flt_dec *dec, const struct flt_piece *piece, struct flt_json_end *end, struct st_err *err)
{
    struct scanner s = { .dec = dec, .piece = piece };
    size_t path = dec->path.n;
    enum want want = WANT_VALUE;

    s.start = s.p = piece->s.n > 0 ? piece->s.p : (const uint8_t *)"";
    s.end = s.start + piece->s.n;
    do {
        skip_space(&s);
        if (step(&s, &want, err) != ST_OK)
            return ST_ERR;
    } while (s.reason == FLT_REASON_NONE && !flt_dec_is_full(dec) && (want != WANT_NEXT || s.depth > 0));
    flt_dec_leave(dec, path);
    end->reason = s.reason;
    end->has_value = s.reason == FLT_REASON_NONE && want == WANT_NEXT && s.depth == 0;
    if (end->has_value)
        skip_space(&s);
    end->at = (size_t)(s.p - s.start);
    if (end->has_value && s.p < s.end)
        end->reason = FLT_REASON_SYNTAX;
    return ST_OK;
}
