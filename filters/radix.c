/* SPDX-License-Identifier: Apache-2.0 */
/* radix - characters of a run into bytes, and whether these are anything: text, UTF-16, a compressed stream.
 *
 * Most long runs of letters and digits are hashes, keys and pictures, so only a few characters are decoded, at the
 * front or in the middle; the rest follows where those come out as something. A run glued to what stands before it is
 * tried in each of the four phases of base64.
 */
#include "filters/decode.h"
#include "filters/runs.h"
#include "filters/validate.h"

#define SAMPLE_MIN 11u /* bytes that must be readable */
#define SAMPLE_MAX 36u
#define PHASES     4u

/* ---- digits ------------------------------------------------------------------------------------------------------ */

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
    return flt_is_alpha(c) ? flt_to_upper(c) - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
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

/* The high byte of most letters and signs in UTF-16 that are not Chinese: Latin to Arabic, and U+2000. */
static bool is_high_byte(uint8_t c)
{
    return c <= 0x07 || c == 0x20;
}

/* Could UTF-16, or something compressed begin with these bytes? */
static bool may_be_coded(struct st_span s)
{
    bool is_little = true, is_big = true;

    if (s.p[0] == 0x1F || s.p[0] == 0x78 || s.p[0] >= 0xFE)
        return true;
    for (size_t i = 0; i + 1 < s.n && (is_little || is_big); i += 2) {
        is_little = is_little && is_high_byte(s.p[i + 1]) && s.p[i] != 0;
        is_big = is_big && is_high_byte(s.p[i]) && s.p[i + 1] != 0;
    }
    return is_little || is_big;
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

bool flt_may_hold_text(struct st_span head)
{
    uint8_t bytes[FLT_RUN_MIN];

    if (flt_decode_bits(head, FLT_RADIX_32, bytes) == FLT_RUN_MIN * 5 / 8 &&
        (!flt_is_lower(head.p[0]) || may_be_text(st_span(bytes, FLT_RUN_MIN * 5 / 8))))
        return true;
    if (flt_decode_bits(head, FLT_RADIX_HEX, bytes) == FLT_RUN_MIN / 2 && may_be_text(st_span(bytes, FLT_RUN_MIN / 2)))
        return true;
    for (size_t phase = 0; phase < PHASES; phase++)
        if (may_be_text_64(head.p + phase))
            return true;
    return false;
}

/* ---- decoding ---------------------------------------------------------------------------------------------------- */

void flt_decode_85(struct st_span chars, enum flt_radix radix, struct st_buf *out)
{
    uint8_t group[5], bytes[4];
    size_t n = 0, made;

    for (size_t i = 0; i < chars.n; i++) {
        if (chars.p[i] <= ' ')
            continue;
        group[n++] = chars.p[i];
        if (n < 5)
            continue;
        if ((made = flt_group_85(st_span(group, n), 0, radix, bytes)) == 0)
            return;
        st_buf_put(out, bytes, made);
        n = 0;
    }
    if (n > 1 && (made = flt_group_85(st_span(group, n), 0, radix, bytes)) > 0)
        st_buf_put(out, bytes, made);
}

static void decode(struct st_span chars, enum flt_radix radix, struct st_buf *out)
{
    uint8_t *room;

    st_buf_reset(out);
    if (radix >= FLT_RADIX_85)
        flt_decode_85(chars, radix, out);
    else if ((room = st_buf_room(out, chars.n)) != NULL)
        out->n += flt_decode_bits(chars, radix, room);
}

static bool is_all(struct st_span chars, enum flt_radix radix)
{
    bool has_upper = false, has_lower = false;

    if (radix == FLT_RADIX_HEX && chars.n % 2 != 0)
        return false;
    for (size_t i = 0; i < chars.n && radix <= FLT_RADIX_32; i++) {
        if ((radix == FLT_RADIX_HEX ? st_hex_digit(chars.p[i]) : digit_32(chars.p[i])) < 0)
            return false;
        has_upper = has_upper || flt_is_upper(chars.p[i]);
        has_lower = has_lower || flt_is_lower(chars.p[i]);
    }
    return radix != FLT_RADIX_32 || !(has_upper && has_lower);
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

static bool is_wide(struct st_span s, size_t high)
{
    if (s.n < SAMPLE_MIN)
        return false;
    for (size_t i = 0; i + 1 < s.n; i += 2)
        if (!is_high_byte(s.p[i + high]) || s.p[i + 1 - high] == 0)
            return false;
    return true;
}

static enum flt_look look_at(struct st_span bytes)
{
    struct st_span s = st_span_sub(bytes, 0, SAMPLE_MAX);

    if (st_span_starts(s, ST_SPAN("\x1F\x8B\x08")))
        return FLT_LOOK_GZIP;
    if (is_readable(s)) /* before zlib: "x " and "x^" are heads of it, too */
        return FLT_LOOK_TEXT;
    if (s.n > SAMPLE_MIN && flt_is_zlib(s))
        return FLT_LOOK_ZLIB;
    if (is_wide(s, 1) || st_span_starts(s, ST_SPAN("\xFF\xFE")))
        return FLT_LOOK_UTF16LE;
    if (is_wide(s, 0) || st_span_starts(s, ST_SPAN("\xFE\xFF")))
        return FLT_LOOK_UTF16BE;
    return FLT_LOOK_NOTHING;
}

/* Could the first nine bytes of base64 be text, or coded? In a long run the text may stand in the middle. */
static bool may_be_64(struct st_span chars)
{
    return chars.n < 12 || chars.n >= FLT_RUN_LONG || may_be_text_64(chars.p);
}

/* A few characters from the front, and a few from the middle, where the front may be something else. */
static enum flt_look sample(struct st_span chars, enum flt_radix radix, struct st_buf *bytes)
{
    size_t middle = chars.n / 2 / 8 * 8;
    enum flt_look look;

    decode(st_span_sub(chars, 0, 2 * SAMPLE_MAX), radix, bytes);
    if ((look = look_at(st_buf_view(bytes))) != FLT_LOOK_NOTHING || chars.n < FLT_RUN_LONG)
        return look;
    decode(st_span_sub(chars, middle, 2 * SAMPLE_MAX), radix, bytes);
    return look_at(st_buf_view(bytes)) == FLT_LOOK_TEXT ? FLT_LOOK_TEXT : FLT_LOOK_NOTHING;
}

enum flt_look flt_open_chars(struct st_span chars, enum flt_radix *radix, uint32_t *phase, struct st_buf *bytes)
{
    enum flt_radix last = *radix >= FLT_RADIX_85 ? *radix : FLT_RADIX_64;

    for (enum flt_radix r = *radix; r <= last; r++) {
        if (!is_all(chars, r))
            continue;
        for (size_t k = 0; k < (r == FLT_RADIX_64 ? PHASES : 1); k++) {
            struct st_span from = st_span_sub(chars, k, chars.n);
            enum flt_look look = FLT_LOOK_NOTHING;

            if (r != FLT_RADIX_64 || may_be_64(from))
                look = sample(from, r, bytes);
            if (look == FLT_LOOK_NOTHING)
                continue;
            decode(from, r, bytes);
            *radix = r;
            *phase = (uint32_t)k;
            return look;
        }
    }
    return FLT_LOOK_NOTHING;
}
