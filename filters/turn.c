/* SPDX-License-Identifier: Apache-2.0 */
/* turn - a text read backwards, or with each letter thirteen further on in the alphabet (rot13).
 *
 * There is no end of ways to agree on, and no text is turned because it could be. These two are what people know and
 * programs have by name, and they give themselves away: the prefix of a token stands there turned ("_evil_ks", "NXVN"),
 * or the short words of every sentence do (" eht ", " gur "), or a word says how to read it. Such literals are among
 * the patterns of the packs; a text without any costs nothing here. What was read backwards is one unit in the map, so
 * a mask takes all of it; a letter of rot13 stands where it stood.
 */
#include "filters/turn.h"
#include "filters/excerpt.h"
#include "filters/respell.h"
#include "filters/validate.h"
#include <string.h>

#define PIECE_MIN 9u
#define PIECE_MAX 320u
#define LINE_MAX  2048u

struct turn {
    struct flt_excerpt x;
    struct st_span s;
    uint8_t scratch[LINE_MAX + 1];
};

static uint8_t thirteen_on(uint8_t c)
{
    if (flt_is_lower(c))
        return (uint8_t)('a' + (c - 'a' + 13) % 26);
    return flt_is_upper(c) ? (uint8_t)('A' + (c - 'A' + 13) % 26) : c;
}

/* The n bytes at `at` from the last to the first; one more makes them a unit. */
static void put_backwards(struct turn *t, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = t->s.p[at + n - 1 - i];

        t->scratch[i] = c < 0x80 ? c : '?';
    }
    t->scratch[n] = ' ';
    flt_excerpt_put(&t->x, at, n, t->scratch, n + 1);
}

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

/* What a token is made of; a blank is, too, between the groups of a number: "1111 1111". */
static bool goes_on(struct st_span s, size_t at)
{
    uint8_t c = s.p[at];

    if (flt_is_alnum(c) || (c != 0 && strchr("-_.:/@+=", c) != NULL))
        return true;
    return c == ' ' && at > 0 && at + 1 < s.n && (flt_is_digit(s.p[at - 1]) || flt_is_upper(s.p[at - 1])) &&
           (flt_is_digit(s.p[at + 1]) || flt_is_upper(s.p[at + 1]));
}

static bool is_worth_it(struct st_span piece)
{
    size_t digits = 0;

    for (size_t i = 0; i < piece.n; i++)
        digits += flt_is_digit(piece.p[i]) || piece.p[i] == '@' || piece.p[i] == '_';
    return piece.n >= PIECE_MIN && piece.n <= PIECE_MAX && digits > 0;
}

static void turn_pieces(struct turn *t)
{
    for (size_t at = 0, n; at < t->s.n; at += n + 1) {
        for (n = 0; at + n < t->s.n && goes_on(t->s, at + n);)
            n++;
        if (is_worth_it(st_span_sub(t->s, at, n)))
            put_backwards(t, at, n);
    }
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void turn_lines(struct turn *t, bool is_shifted)
{
    for (size_t at = 0, n; at < t->s.n; at += n) {
        struct st_span rest = st_span_sub(t->s, at, LINE_MAX);

        n = st_span_chr(rest, '\n');
        if (n == 0) {
            n = 1;
            continue;
        }
        n = n == ST_SPAN_NPOS ? rest.n : n;
        if (!is_shifted) {
            put_backwards(t, at, n);
            continue;
        }
        for (size_t i = 0; i < n; i++)
            t->scratch[i] = thirteen_on(t->s.p[at + i]);
        flt_excerpt_put(&t->x, at, n, t->scratch, n); /* as long: each byte where it stands */
    }
}

enum st_rc flt_turn(struct st_arena *arena, const struct flt_view *from, unsigned signals, struct flt_view *out,
                    bool *any, struct st_err *err)
{
    struct turn t = { .s = from->text };

    *out = *from;
    flt_excerpt_open(&t.x, arena, from);
    if ((signals & FLT_SIGNAL_SHIFTED) != 0)
        turn_lines(&t, true);
    else if ((signals & FLT_SIGNAL_MIRRORED) != 0)
        turn_lines(&t, false);
    else
        turn_pieces(&t);
    *any = t.x.any;
    return flt_excerpt_close(&t.x, from, out, err);
}

/* ---- what tells of it -------------------------------------------------------------------------------------------- */

bool flt_is_overridden(struct st_span text)
{
    return st_span_find(text, ST_SPAN("\xE2\x80\xAE")) != ST_SPAN_NPOS;
}

/* Prefixes of tokens, as they stand at the end of one that is turned. */
static const char *const backwards[] = { "_phg",     "_ohg",        "_shg",     "-talpg",    "AIKA", "_evil_ks",
                                         "_evil_kr", "-bxox",       "-pxox",    "azIA",      "_mpn", "-jorp-ks",
                                         "-tna-ks",  "//:sergtsop", "//:lqsym", "NIGEB-----" };
static const char *const said[] = {
    "backwards", "r\303\274ckw\303\244rts", "[::-1]", "reverse(", "strrev(", "reversed"
};
/* Words of every sentence, and those that say what a value is. */
static const char *const mirrored[] = { " eht ",  " dna ", "rebmun", "drowssap", "nekot",  "terces",
                                        " drac ", "NABI",  "tiderc", " dnu ",    "remmun", " ym " };
static const char *const shifted[] = { "tuc_", "tycng-",   "NXVN",    "fx_yvir_",  "ex_yvir_", "kbko-", "NVmn",
                                       "acz_", "fx-cebw-", "fx-nag-", "cbfgterf:", "zlfdy:",   "ORTVA " };
static const char *const shifted_words[] = { "rot13",    "rot-13", " gur ",  " naq ", "ahzore", " pneq ",
                                             "cnffjbeq", "gbxra",  "frperg", "VONA",  " haq ",  " zl " };

static void add(const char *const *literals, size_t count, enum flt_signal signal, bool is_caseless,
                struct scan_expr *exprs, size_t *n)
{
    for (size_t i = 0; i < count; i++)
        exprs[(*n)++] = (struct scan_expr){
            .pattern = literals[i], .id = FLT_SIGNAL_BASE + signal, .is_caseless = is_caseless, .is_literal = true
        };
}

void flt_turn_signals(struct scan_expr *exprs, size_t *n)
{
    add(backwards, ST_LEN(backwards), FLT_SIGNAL_BACKWARDS, false, exprs, n);
    add(said, ST_LEN(said), FLT_SIGNAL_BACKWARDS, true, exprs, n);
    add(mirrored, ST_LEN(mirrored), FLT_SIGNAL_MIRRORED, true, exprs, n);
    add(shifted, ST_LEN(shifted), FLT_SIGNAL_SHIFTED, false, exprs, n);
    add(shifted_words, ST_LEN(shifted_words), FLT_SIGNAL_SHIFTED, true, exprs, n);
}
