/* SPDX-License-Identifier: Apache-2.0 */
/* disguise_letters - a value in other letters, in words, or as only an accomplice reads it, for evasion_test.c. */
#ifndef STOA_TESTS_UNIT_FILTERS_DISGUISE_LETTERS_H
#define STOA_TESTS_UNIT_FILTERS_DISGUISE_LETTERS_H
#include "disguise.h"

/* ---- other letters ----------------------------------------------------------------------------------------------- */

static void put_cp(struct st_buf *out, uint32_t cp)
{
    uint8_t utf8[4];

    st_buf_put(out, utf8, st_utf8_put(cp, utf8));
}

static void full_width(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        put_cp(out, s.p[i] > ' ' && s.p[i] < 0x7F ? s.p[i] - '!' + 0xFF01u : s.p[i]);
}

static void digits_from(struct st_span s, struct st_buf *out, uint32_t zero)
{
    for (size_t i = 0; i < s.n; i++)
        put_cp(out, isdigit(s.p[i]) ? zero + s.p[i] - '0' : s.p[i]);
}
static void arabic_digits(struct st_span s, struct st_buf *out)
{
    digits_from(s, out, 0x660);
}
static void bold_digits(struct st_span s, struct st_buf *out)
{
    digits_from(s, out, 0x1D7CE);
}

static void keycaps(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        st_buf_byte(out, s.p[i]);
        if (isdigit(s.p[i]))
            st_buf_str(out, "\ufe0f\u20e3");
    }
}

static void homoglyphs(struct st_span s, struct st_buf *out)
{
    static const char latin[] = "AEOPCTXaeopcx";
    static const uint16_t twin[] = { 0x410, 0x415, 0x41E, 0x420, 0x421, 0x422, 0x425,
                                     0x430, 0x435, 0x43E, 0x440, 0x441, 0x445 };

    for (size_t i = 0; i < s.n; i++) {
        const char *at = strchr(latin, s.p[i]);

        put_cp(out, at != NULL ? twin[at - latin] : s.p[i]);
    }
}

/* ---- what only an accomplice reads ------------------------------------------------------------------------------- */

static void reversed(struct st_span s, struct st_buf *out)
{
    for (size_t i = s.n; i > 0; i--)
        st_buf_byte(out, s.p[i - 1]);
}

static void rot13(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], low = c | 0x20;

        st_buf_byte(out, !isalpha(c) ? c : (uint8_t)(low < 'n' ? c + 13 : c - 13));
    }
}

static void spelled(struct st_span s, struct st_buf *out)
{
    static const char *const words[] = {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
    };

    for (size_t i = 0; i < s.n; i++) {
        if (isdigit(s.p[i]))
            st_buf_fmt(out, " %s ", words[s.p[i] - '0']);
        else
            st_buf_fmt(out, s.p[i] == '@' ? " at " : s.p[i] == '.' ? " dot " : "%c", s.p[i]);
    }
}

/* As people write addresses so that no program reads them. */
static void written_out(struct st_span s, struct st_buf *out, const char *at, const char *dot)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '@' || s.p[i] == '.')
            st_buf_str(out, s.p[i] == '@' ? at : dot);
        else
            st_buf_byte(out, s.p[i]);
    }
}
static void at_dot(struct st_span s, struct st_buf *out)
{
    written_out(s, out, " at ", " dot ");
}
static void at_brackets(struct st_span s, struct st_buf *out)
{
    written_out(s, out, " [at] ", ".");
}
static void at_german(struct st_span s, struct st_buf *out)
{
    written_out(s, out, "(AT)", " Punkt ");
}
static void negative_circles(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        put_cp(out, !isdigit(s.p[i]) ? s.p[i] : s.p[i] == '0' ? 0x24FF : 0x2775u + s.p[i] - '0');
}

static void in_brackets_of_their_own(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        put_cp(out, isdigit(s.p[i]) && s.p[i] != '0' ? 0x2473u + s.p[i] - '0' : s.p[i]);
}

/* ---- in figures -------------------------------------------------------------------------------------------------- */

static void in_bits(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++)
            st_buf_byte(out, (uint8_t)('0' + (s.p[i] >> (7 - bit) & 1)));
        if (i + 1 < s.n)
            st_buf_byte(out, ' ');
    }
}
static void in_octal(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        st_buf_fmt(out, "%s%03o", i > 0 ? " " : "", s.p[i]);
}

/* ---- in words ---------------------------------------------------------------------------------------------------- */

static void in_words(struct st_span s, struct st_buf *out, const char *const words[10])
{
    for (size_t i = 0; i < s.n; i++) {
        if (i > 0)
            st_buf_byte(out, ' ');
        if (isdigit(s.p[i]))
            st_buf_str(out, words[s.p[i] - '0']);
        else
            st_buf_byte(out, s.p[i]);
    }
}
static void in_french(struct st_span s, struct st_buf *out)
{
    static const char *const words[] = { "z\303\251ro", "un",  "deux", "trois", "quatre",
                                         "cinq",        "six", "sept", "huit",  "neuf" };

    in_words(s, out, words);
}
static void in_spanish(struct st_span s, struct st_buf *out)
{
    static const char *const words[] = { "cero",  "uno",  "dos",   "tres", "cuatro",
                                         "cinco", "seis", "siete", "ocho", "nueve" };

    in_words(s, out, words);
}
static void in_doubles(struct st_span s, struct st_buf *out)
{
    static const char *const words[] = {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
    };

    for (size_t i = 0; i < s.n; i++) {
        bool is_double = isdigit(s.p[i]) && i + 1 < s.n && s.p[i + 1] == s.p[i];

        st_buf_str(out, i > 0 ? " " : "");
        if (isdigit(s.p[i]))
            st_buf_fmt(out, "%s%s", is_double ? "double " : "", words[s.p[i] - '0']);
        else
            st_buf_byte(out, s.p[i]);
        i += is_double;
    }
}
#endif

/* ---- on the air -------------------------------------------------------------------------------------------------- */

static void on_the_air(struct st_span s, struct st_buf *out, const char *const letters[26],
                       const char *const digits[10])
{
    for (size_t i = 0; i < s.n; i++) {
        st_buf_str(out, i > 0 ? " " : "");
        if (isdigit(s.p[i]))
            st_buf_str(out, digits[s.p[i] - '0']);
        else if (isalpha(s.p[i]))
            st_buf_str(out, letters[tolower(s.p[i]) - 'a']);
        else
            st_buf_byte(out, s.p[i]);
    }
}
static void in_morse(struct st_span s, struct st_buf *out)
{
    static const char *const letters[] = { ".-",   "-...", "-.-.", "-..",  ".",   "..-.", "--.",  "....", "..",
                                           ".---", "-.-",  ".-..", "--",   "-.",  "---",  ".--.", "--.-", ".-.",
                                           "...",  "-",    "..-",  "...-", ".--", "-..-", "-.--", "--.." };
    static const char *const digits[] = { "-----", ".----", "..---", "...--", "....-",
                                          ".....", "-....", "--...", "---..", "----." };

    on_the_air(s, out, letters, digits);
}
static void over_the_phone(struct st_span s, struct st_buf *out)
{
    static const char *const letters[] = { "Alfa",   "Bravo",   "Charlie", "Delta",  "Echo",   "Foxtrot", "Golf",
                                           "Hotel",  "India",   "Juliett", "Kilo",   "Lima",   "Mike",    "November",
                                           "Oscar",  "Papa",    "Quebec",  "Romeo",  "Sierra", "Tango",   "Uniform",
                                           "Victor", "Whiskey", "Xray",    "Yankee", "Zulu" };
    static const char *const digits[] = {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
    };

    on_the_air(s, out, letters, digits);
}
