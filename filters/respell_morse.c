/* SPDX-License-Identifier: Apache-2.0 */
/* respell_morse - characters in dots and dashes (ITU-R M.1677-1), and letters by the words that people spell with on
 * the phone (ICAO, DIN 5009).
 *
 * A row in Morse is told by its digits: no other text has ".----" between two blanks (respell.c has the literals). The
 * words of an alphabet are names and drinks, so they count only in a row with digits in words.
 */
#include "filters/respell.h"
#include "filters/validate.h"
#include <string.h>

#define ROW_MIN  8u /* characters */
#define CODE_MAX 6u
#define GAP_MAX  3u /* " ", "   ", " / " */

/* ---- dots and dashes --------------------------------------------------------------------------------------------- */

static const char *const codes[] = { /* from A on, then from 0 on */
                                     ".-",    "-...",  "-.-.",  "-..",   ".",     "..-.",  "--.",   "....",  "..",
                                     ".---",  "-.-",   ".-..",  "--",    "-.",    "---",   ".--.",  "--.-",  ".-.",
                                     "...",   "-",     "..-",   "...-",  ".--",   "-..-",  "-.--",  "--..",  "-----",
                                     ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----."
};

static size_t code_at(struct st_span s, size_t at, uint8_t *c)
{
    size_t n = 0;

    while (at + n < s.n && n < CODE_MAX && (s.p[at + n] == '.' || s.p[at + n] == '-'))
        n++;
    for (size_t i = 0; i < ST_LEN(codes) && n > 0; i++)
        if (st_span_eq(st_span_sub(s, at, n), st_span_str(codes[i]))) {
            *c = (uint8_t)(i < 26 ? 'A' + i : '0' + i - 26);
            return n;
        }
    return 0;
}

static size_t gap_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < GAP_MAX && (s.p[at + n] == ' ' || s.p[at + n] == '/'))
        n++;
    return n;
}

/* Does a code, or a word with a dash, go on behind it? */
static bool is_inside(uint8_t c)
{
    return c == '.' || c == '-' || c >= 0x80 || flt_is_alnum(c);
}

size_t flt_respell_morse(struct flt_respelling *r, size_t at)
{
    size_t n, gap = 1, end = at, row = 0;
    uint8_t c;

    if (r->s.n - at < ROW_MIN || code_at(r->s, at, &c) == 0 || (at > 0 && is_inside(r->s.p[at - 1])))
        return at;
    for (size_t next = at; gap > 0 && (n = code_at(r->s, next, &c)) > 0; next = end + gap, row++) {
        end = next + n;
        gap = gap_at(r->s, end);
    }
    if (row < ROW_MIN || !flt_signals_in(r->s, at, end, FLT_SIGNAL_MORSE))
        return end; /* nothing else is in it */
    for (size_t next = at; row > 0; row--, next += n + gap) {
        n = code_at(r->s, next, &c);
        gap = row > 1 ? gap_at(r->s, next + n) : 0;
        flt_excerpt_put(&r->x, next, n + gap, &c, 1);
    }
    return end;
}

/* ---- spelling over the phone ------------------------------------------------------------------------------------- */

static const char *const spelled[] = {
    "alfa",   "alpha",     "bravo",    "charlie",      "delta",   "echo",    "foxtrot",   "golf",    "hotel",
    "india",  "juliett",   "juliet",   "kilo",         "lima",    "mike",    "november",  "oscar",   "papa",
    "quebec", "romeo",     "sierra",   "tango",        "uniform", "victor",  "whiskey",   "xray",    "yankee",
    "zulu",   "anton",     "berta",    "c\xC3\xA4sar", "dora",    "emil",    "friedrich", "gustav",  "heinrich",
    "ida",    "julius",    "kaufmann", "ludwig",       "martha",  "nordpol", "paula",     "quelle",  "richard",
    "samuel", "siegfried", "theodor",  "ulrich",       "viktor",  "wilhelm", "xanthippe", "ypsilon", "zacharias"
};

uint8_t flt_spelled_letter(struct st_span word)
{
    for (size_t i = 0; i < ST_LEN(spelled) && word.n > 2; i++)
        if (flt_to_lower(word.p[0]) == (uint8_t)spelled[i][0] && st_span_ieq(word, st_span_str(spelled[i])))
            return (uint8_t)(spelled[i][0] - 'a' + 'A');
    return 0;
}
