/* SPDX-License-Identifier: Apache-2.0 */
/* validate_word - is a string a secret, or only written like one?
 *
 * Manuals, README files and questions in forums are full of keys that are none: "AKIA…EXAMPLE", "xxxx", "<your-token>",
 * "1234567890". These few functions recognise them, and measure how random a string is. Entropy: Shannon 1948, over the
 * bytes of the string itself, so a 20-byte string can reach log2(20) = 4.3 bits at most.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

size_t flt_sign_at(struct st_span text, size_t at)
{
    const uint8_t *p = text.p + at;
    size_t n = p[0] == 0xC2                                                        ? 2
               : p[0] == 0xE2 || (p[0] == 0xE3 && text.n - at > 1 && p[1] == 0x80) ? 3
               : p[0] == 0xF0                                                      ? 4
                                                                                   : 0;

    if (n > text.n - at || (n == 2 && memchr("\xAA\xB5\xBA", p[1], 3) != NULL)) /* ª µ º are letters */
        return 0;
    return n;
}

bool flt_ifind(struct st_span hay, const char *needle)
{
    size_t n = strlen(needle);

    for (size_t i = 0; i + n <= hay.n; i++) {
        size_t k = 0;

        while (k < n && flt_to_lower(hay.p[i + k]) == (uint8_t)needle[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

/* By the byte they begin with, in lower case. */
static const char *const placeholders[256][4] = {
    ['$'] = { "${" },
    ['%'] = { "%s" },
    ['*'] = { "****" },
    ['.'] = { "...." },
    ['1'] = { "12345678" },
    ['<'] = { "<" },
    ['_'] = { "____" },
    ['a'] = { "abcdefgh" },
    ['c'] = { "change_me", "changeme" },
    ['d'] = { "deadbeef", "dummy" },
    ['e'] = { "example" },
    ['f'] = { "fake", "foobar" },
    ['i'] = { "insert" },
    ['m'] = { "my_secret", "mysecret" },
    ['n'] = { "not_real", "notreal" },
    ['p'] = { "placeholder" },
    ['r'] = { "redacted", "replace" },
    ['s'] = { "sample", "secret_here" },
    ['t'] = { "todo" },
    ['x'] = { "xxxx" },
    ['y'] = { "your-", "your_", "yourkey", "yourtoken" },
    ['{'] = { "{{" },
};

static bool begins_placeholder(struct st_span s)
{
    const char *const *words = placeholders[flt_to_lower(s.p[0])];

    for (size_t i = 0; i < ST_LEN(placeholders[0]) && words[i] != NULL; i++) {
        size_t k = 1;

        while (k < s.n && words[i][k] != '\0' && flt_to_lower(s.p[k]) == (uint8_t)words[i][k])
            k++;
        if (words[i][k] == '\0')
            return true;
    }
    return false;
}

bool flt_has_placeholder(struct st_span s)
{
    for (; s.n > 0; s = st_span_sub(s, 1, s.n))
        if (begins_placeholder(s))
            return true;
    return false;
}

bool flt_is_sequence(struct st_span s)
{
    size_t same = 0, up = 0, down = 0;

    if (s.n < 6)
        return false;
    for (size_t i = 1; i < s.n; i++) {
        int step = (int)s.p[i] - (int)s.p[i - 1];

        same += step == 0;
        up += step == 1 || (s.p[i - 1] == '9' && s.p[i] == '0');
        down += step == -1 || (s.p[i - 1] == '0' && s.p[i] == '9');
    }
    /* one break is forgiven: a check digit, or 0123456789 after another */
    return same + 2 >= s.n || up + 2 >= s.n || down + 2 >= s.n;
}

/* Bit b of row a: the pair of letters ab is among those that make up nine tenths of English or of German text. */
static const uint32_t pairs[26] = { 0x01ebd4e, 0x0104911, 0x01a4d91, 0x014c119, 0x1bebfff, 0x0124933, 0x01e0111,
                                    0x01a6911, 0x02ef87f, 0x0040000, 0x0084051, 0x11c4919, 0x000d111, 0x21c657d,
                                    0x07ef84c, 0x01ecd11, 0x0100000, 0x35e715f, 0x11cc195, 0x31ec195, 0x00eb97e,
                                    0x0004111, 0x0004191, 0x0080000, 0x000a000, 0x0180010 };

unsigned flt_wordiness(struct st_span s)
{
    unsigned all = 0, common = 0;

    for (size_t i = 1; i < s.n; i++) {
        uint8_t a = s.p[i - 1], b = s.p[i];

        if (!flt_is_alpha(a) || !flt_is_alpha(b))
            continue;
        all++;
        if (!flt_is_lower(a) || !flt_is_upper(b)) /* where a word of camelCase begins there is no pair, but seldom */
            common += pairs[flt_to_lower(a) - 'a'] >> (flt_to_lower(b) - 'a') & 1;
    }
    return all < 4 ? 0 : 100 * common / all;
}

unsigned flt_turns(struct st_span s)
{
    unsigned turns = 0;

    for (size_t i = 1; i < s.n; i++)
        turns += flt_is_digit(s.p[i]) != flt_is_digit(s.p[i - 1]);
    return turns;
}

static unsigned count(struct st_span s, unsigned counts[256])
{
    unsigned distinct = 0;

    memset(counts, 0, 256 * sizeof counts[0]);
    for (size_t i = 0; i < s.n; i++)
        distinct += counts[s.p[i]]++ == 0;
    return distinct;
}

unsigned flt_distinct(struct st_span s)
{
    unsigned counts[256];

    return count(s, counts);
}

/* log2 without libm: the integer part by halving, 16 bits of fraction by squaring. v >= 1. */
static double lg(double v)
{
    double whole = 0, part = 0, bit = 0.5;

    for (; v >= 2; v /= 2)
        whole++;
    for (int i = 0; i < 16; i++, bit /= 2) {
        v *= v;
        if (v >= 2) {
            v /= 2;
            part += bit;
        }
    }
    return whole + part;
}

double flt_entropy(struct st_span s)
{
    unsigned counts[256];
    double sum = 0;

    if (s.n == 0)
        return 0;
    (void)count(s, counts);
    for (size_t i = 0; i < 256; i++)
        if (counts[i] > 1)
            sum += counts[i] * lg(counts[i]);
    return lg((double)s.n) - sum / (double)s.n;
}

struct flt_mix flt_mix(struct st_span s)
{
    struct flt_mix mix = { 0, 0, 0, 0 };

    for (size_t i = 0; i < s.n; i++) {
        mix.lower += flt_is_lower(s.p[i]);
        mix.upper += flt_is_upper(s.p[i]);
        mix.digit += flt_is_digit(s.p[i]);
        mix.other += !flt_is_alnum(s.p[i]);
    }
    return mix;
}

static bool is_hex_or_dash(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!flt_is_digit(s.p[i]) && (flt_to_lower(s.p[i]) < 'a' || flt_to_lower(s.p[i]) > 'f') && s.p[i] != '-')
            return false;
    return true;
}

/* A generator's letters rarely make words, nor do they keep to one case; a name of as many bytes turns to digits once
 * or twice. Hexadecimal letters look like words, and turn all the more. */
bool flt_is_surely_random(struct st_span s)
{
    struct flt_mix mix = flt_mix(s);
    unsigned turns = flt_turns(s), words = flt_wordiness(s);

    if (s.n < 20 || mix.digit == 0 || mix.lower + mix.upper < 4 || mix.other * 4 > s.n || flt_distinct(s) < 8 ||
        flt_is_sequence(s) || flt_has_placeholder(s))
        return false;
    if (is_hex_or_dash(s))
        return turns >= s.n / 5;
    if (turns < 4)
        return mix.lower >= 4 && mix.upper >= 4 && words < 45;
    return words < (turns > 8 || s.n >= 32 ? 65 : 50);
}

static int base64_value(uint8_t c)
{
    if (flt_is_upper(c))
        return c - 'A';
    if (flt_is_lower(c))
        return c - 'a' + 26;
    if (flt_is_digit(c))
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

int flt_unbase64(struct st_span in, uint8_t *out, size_t cap)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;

    for (size_t i = 0; i < in.n && n < cap; i++) {
        int v = base64_value(in.p[i]);

        if (in.p[i] == '=')
            break;
        if (in.p[i] == '\n' || in.p[i] == '\r' || in.p[i] == ' ' || in.p[i] == '\t')
            continue;
        if (v < 0)
            return -1;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    return (int)n;
}
