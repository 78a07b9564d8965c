/* SPDX-License-Identifier: Apache-2.0 */
/* respell - a text with what is written in words or in codes written as it is meant: "four one one one", "anna at firma
 * dot de", String.fromCharCode(52, 49, …).
 *
 * Nothing of that is looked for in a text at large. Literals among the patterns of the packs (flt_signals) tell of
 * words and addresses, and the look at the digits of a text, which squeeze.c has anyway, of codes; a text without any
 * of them costs nothing here. A row of words has eight digits at least; of an address what comes out must end in a
 * domain that people have.
 */
#include "filters/respell.h"
#include "filters/excerpt.h"
#include "filters/look.h"
#include "filters/validate.h"
#include <string.h>

#define ROW_MIN   8u  /* digits in words, or characters in codes */
#define MARKS_MAX 12u /* signs of one address that are written out */
#define PIECE_MAX 40u /* characters of a part of an address */
#define JOINT_MAX 12u /* between two codes: ") & Chr(" */
#define CODES_MIN 6u  /* in 64 bytes */

struct respell {
    struct flt_excerpt x;
    struct st_span s;
};

/* ---- codes ------------------------------------------------------------------------------------------------------- */

static unsigned count(uint64_t bits)
{
    unsigned n = 0;

    for (; bits != 0; bits &= bits - 1)
        n++;
    return n;
}

bool flt_may_be_codes(const struct flt_block *block)
{
    uint64_t d = block->digits, ends = d & ~(d >> 1) & d << 1 & ~(d << 2 & d << 3); /* of two digits or three */

    return ends != 0 && count(ends) >= CODES_MIN;
}

/* The code of a printable character at `at`, which becomes *c; answers its digits, 0: it is none. */
static size_t code_at(struct st_span s, size_t at, uint8_t *c)
{
    unsigned value = 0;
    size_t n = 0;

    for (; at + n < s.n && n < 4 && flt_is_digit(s.p[at + n]); n++)
        value = 10 * value + (s.p[at + n] - '0');
    *c = (uint8_t)value;
    return (n == 2 || n == 3) && s.p[at] != '0' && value >= ' ' && value <= '~' ? n : 0;
}

/* What stands from `at` to the next digit, without blanks, in joint; answers how many bytes it takes. */
static size_t joint_at(struct st_span s, size_t at, char joint[JOINT_MAX + 1])
{
    size_t n = 0, kept = 0;

    memset(joint, 0, JOINT_MAX + 1);
    for (; at + n < s.n && n < 2 * JOINT_MAX && !flt_is_digit(s.p[at + n]); n++) {
        if (s.p[at + n] <= ' ')
            continue;
        if (kept == JOINT_MAX)
            return 0;
        joint[kept++] = (char)flt_to_lower(s.p[at + n]);
    }
    return at + n < s.n && flt_is_digit(s.p[at + n]) ? n : 0;
}

/* Signs alone, or with the name of what makes a character of a number: "k32, k33" are no codes. */
static bool is_joint(const char *joint)
{
    static const char *const makers[] = { "", "chr", "char", "chrw", "nchar", "unichr", "toenum" };
    char letters[JOINT_MAX + 1] = "";
    size_t n = 0;

    for (; *joint != '\0'; joint++)
        if (flt_is_alnum((uint8_t)*joint))
            letters[n++] = *joint;
    for (size_t i = 0; i < ST_LEN(makers); i++)
        if (strcmp(letters, makers[i]) == 0)
            return true;
    return false;
}

/* How many codes follow one another from `at` on, with one joint between. */
static size_t count_codes(struct st_span s, size_t at)
{
    char first[JOINT_MAX + 1], joint[JOINT_MAX + 1];
    size_t codes = 0, n, gap;
    uint8_t c;

    while ((n = code_at(s, at, &c)) > 0) {
        codes++;
        at += n;
        if ((gap = joint_at(s, at, codes == 1 ? first : joint)) == 0 ||
            (codes == 1 ? !is_joint(first) : strcmp(first, joint) != 0))
            break;
        at += gap;
    }
    return codes;
}

static size_t take_codes(struct respell *r, size_t at)
{
    size_t codes = at > 0 && flt_is_digit(r->s.p[at - 1]) ? 0 : count_codes(r->s, at), n, gap;
    char joint[JOINT_MAX + 1];
    uint8_t c;

    if (codes < ROW_MIN)
        return at;
    for (; codes > 0; codes--, at += n + gap) {
        n = code_at(r->s, at, &c);
        gap = codes > 1 ? joint_at(r->s, at + n, joint) : 0;
        flt_excerpt_put(&r->x, at, n + gap, &c, 1);
    }
    return at;
}

/* ---- digits in words --------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    uint8_t digit;
} digits[] = { { "zero", '0' },        { "one", '1' },   { "two", '2' },    { "three", '3' }, { "four", '4' },
               { "five", '5' },        { "six", '6' },   { "seven", '7' },  { "eight", '8' }, { "nine", '9' },
               { "null", '0' },        { "eins", '1' },  { "zwei", '2' },   { "drei", '3' },  { "vier", '4' },
               { "f\xC3\xBCnf", '5' }, { "sechs", '6' }, { "sieben", '7' }, { "acht", '8' },  { "neun", '9' },
               { "fuenf", '5' },       { "zwo", '2' },   { "oh", '0' } };

static bool is_word_byte(uint8_t c)
{
    return flt_is_alnum(c) || c >= 0x80;
}

static size_t word_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < PIECE_MAX && is_word_byte(s.p[at + n]))
        n++;
    return n;
}

static bool begins_word(struct st_span s, size_t at)
{
    return is_word_byte(s.p[at]) && (at == 0 || !is_word_byte(s.p[at - 1]));
}

/* The digit that the word at `at` means; its bytes, 0: none. */
static size_t digit_word(struct st_span s, size_t at, uint8_t *digit)
{
    size_t n = word_at(s, at);

    if (n == 1 && flt_is_digit(s.p[at])) {
        *digit = s.p[at];
        return 1;
    }
    for (size_t i = 0; i < ST_LEN(digits) && n > 1 && n <= 6; i++)
        if (st_span_ieq(st_span_sub(s, at, n), st_span_str(digits[i].word))) {
            *digit = digits[i].digit;
            return n;
        }
    return 0;
}

/* What stands between two words of a row: blanks, a comma, a dash. */
static size_t between_words(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < 4 && memchr(" ,.-_/\n\t", s.p[at + n], 8) != NULL)
        n++;
    return n;
}

static size_t take_words(struct respell *r, size_t at)
{
    size_t words = 0, end = at, n, gap = 0;
    uint8_t digit;

    for (size_t next = at; (n = digit_word(r->s, next, &digit)) > 0; next = end + gap) {
        words++;
        end = next + n;
        if ((gap = between_words(r->s, end)) == 0)
            break;
    }
    if (words < ROW_MIN)
        return at;
    for (; words > 0; words--, at += n + gap) {
        n = digit_word(r->s, at, &digit);
        gap = words > 1 ? between_words(r->s, at + n) : 0;
        flt_excerpt_put(&r->x, at, n + gap, &digit, 1);
    }
    return end;
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

struct mark { /* an @ or a dot that is written out */
    size_t at, n;
    uint8_t sign;
};

struct address {
    struct mark marks[MARKS_MAX];
    size_t n, end;
    struct st_span last; /* label of the domain */
    size_t labels;
    bool is_told; /* its @ stands in brackets */
};

static size_t blanks_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < 3 && s.p[at + n] == ' ')
        n++;
    return n;
}

/* " at ", "(at)", " [ dot ] ", " punkt ": the bytes of the word with what is around it; 0: it is not there. */
static size_t written_out(struct st_span s, size_t at, const char *word, bool *is_bracketed)
{
    size_t before = blanks_at(s, at), i = at + before, close;
    const char *open = i < s.n && s.p[i] != 0 ? strchr("([{<", s.p[i]) : NULL;
    size_t n = strlen(word);

    *is_bracketed = open != NULL;
    if (open != NULL)
        i += 1 + blanks_at(s, i + 1);
    if (!st_span_istarts(st_span_sub(s, i, n), st_span_str(word)) || (open == NULL && before == 0))
        return 0;
    i += n;
    close = blanks_at(s, i);
    if (open == NULL)
        return close > 0 ? i + close - at : 0;
    i += close;
    if (i >= s.n || s.p[i] != (uint8_t) ")]}>"[open - "([{<"])
        return 0;
    i++;
    return i + blanks_at(s, i) - at;
}

/* *is_told: nobody would write it so who means something else. */
static size_t dot_at(struct st_span s, size_t at, bool *is_told)
{
    static const char *const words[] = { "dot", "punkt", "." };
    size_t n = 0;

    for (size_t i = 0; i < ST_LEN(words) && n == 0; i++)
        n = written_out(s, at, words[i], is_told);
    *is_told = n > 0;
    return n == 0 && at < s.n && s.p[at] == '.' ? 1 : n;
}

static bool is_part(uint8_t c, bool is_local)
{
    return is_word_byte(c) || c == '-' || (is_local && (c == '_' || c == '+' || c == '.'));
}

static size_t part_at(struct st_span s, size_t at, bool is_local)
{
    size_t n = 0;

    while (at + n < s.n && n < PIECE_MAX && is_part(s.p[at + n], is_local))
        n++;
    return n;
}

static void add_mark(struct address *a, size_t at, size_t n, uint8_t sign)
{
    if (a->n < MARKS_MAX)
        a->marks[a->n++] = (struct mark){ at, n, sign };
}

/* The part before the @, from `at` on; answers where that stands, 0: nowhere. */
static size_t read_local(struct st_span s, size_t at, struct address *a)
{
    for (;;) {
        size_t n = part_at(s, at, true), sign;
        bool is_told;

        if (n == 0 || a->n == MARKS_MAX)
            return 0;
        at += n;
        if ((sign = written_out(s, at, "at", &a->is_told)) > 0 || (sign = written_out(s, at, "@", &a->is_told)) > 0) {
            add_mark(a, at, sign, '@');
            return at + sign;
        }
        if ((sign = dot_at(s, at, &is_told)) == 0 || !is_told)
            return 0;
        add_mark(a, at, sign, '.');
        at += sign;
    }
}

static void read_domain(struct st_span s, size_t at, struct address *a)
{
    for (;;) {
        size_t n = part_at(s, at, false), sign;
        bool is_told;

        if (n == 0)
            return;
        a->last = st_span_sub(s, at, n);
        a->labels++;
        at += n;
        a->end = at;
        if ((sign = dot_at(s, at, &is_told)) == 0 || part_at(s, at + sign, false) == 0 || a->n == MARKS_MAX)
            return;
        if (is_told)
            add_mark(a, at, sign, '.');
        else if (!a->is_told)
            return; /* "at firma.de" is where somebody works */
        at += sign;
    }
}

/* A country's, or one of those that people have addresses in. */
static bool is_top(struct st_span label)
{
    static const char *const names[] = { "com",   "net",   "org",  "info",   "biz",   "edu",     "gov",    "mil",
                                         "int",   "eu",    "dev",  "app",    "io",    "online",  "shop",   "site",
                                         "email", "cloud", "tech", "berlin", "koeln", "hamburg", "bayern", "wien" };

    if (label.n == 2)
        return flt_is_alpha(label.p[0]) && flt_is_alpha(label.p[1]);
    for (size_t i = 0; i < ST_LEN(names); i++)
        if (st_span_ieq(label, st_span_str(names[i])))
            return true;
    return false;
}

/* "write to me at firma dot de": who, and where? */
static bool is_pronoun(struct st_span word)
{
    static const char *const words[] = { "me",    "us",      "him",       "her",  "them", "it",  "is",
                                         "are",   "be",      "look",      "meet", "here", "out", "work",
                                         "works", "working", "available", "live", "lives" };

    for (size_t i = 0; i < ST_LEN(words); i++)
        if (st_span_ieq(word, st_span_str(words[i])))
            return true;
    return false;
}

static size_t take_address(struct respell *r, size_t at)
{
    struct address a = { .n = 0 };
    size_t domain = read_local(r->s, at, &a);

    if (domain == 0 || (!a.is_told && is_pronoun(st_span_sub(r->s, at, word_at(r->s, at)))))
        return at;
    read_domain(r->s, domain, &a);
    if (a.labels < 2 || !is_top(a.last))
        return at;
    for (size_t i = 0; i < a.n; i++)
        flt_excerpt_put(&r->x, a.marks[i].at, a.marks[i].n, &a.marks[i].sign, 1);
    return a.end;
}

/* ---- the view ---------------------------------------------------------------------------------------------------- */

/* What is at `at` is taken, if it is anything; answers where to go on. */
static size_t take(struct respell *r, size_t at, unsigned signals)
{
    size_t to = at;

    if ((signals & FLT_SIGNAL_CODES) != 0 && flt_is_digit(r->s.p[at]))
        to = take_codes(r, at);
    if (to == at && (signals & FLT_SIGNAL_WORDS) != 0 && begins_word(r->s, at))
        to = take_words(r, at);
    if (to == at && (signals & FLT_SIGNAL_ADDRESS) != 0 && begins_word(r->s, at))
        to = take_address(r, at);
    return to > at ? to : at + 1;
}

enum st_rc flt_respell(struct st_arena *arena, const struct flt_view *from, unsigned signals, struct flt_view *out,
                       bool *any, struct st_err *err)
{
    struct respell r = { .s = from->text };

    *out = *from;
    flt_excerpt_open(&r.x, arena, from);
    for (size_t at = 0; at < r.s.n; at = take(&r, at, signals))
        if (signals == FLT_SIGNAL_CODES && (at = flt_next_digit(r.s, (uint32_t)at)) == r.s.n)
            break;
    *any = r.x.any;
    return flt_excerpt_close(&r.x, from, out, err);
}

/* ---- what tells of it -------------------------------------------------------------------------------------------- */

/* Of ten words some tell enough: of eight digits hardly a row has none of them. Each stands between others of the row.
 */
static const char *const signals[] = {
    " zero ",  " zero,",  "-zero-",  " four ",   " four,",   "-four-",   " five ",  " five,",  "-five-",
    " seven ", " seven,", "-seven-", " eight ",  " eight,",  "-eight-",  " nine ",  " nine,",  "-nine-",
    " null ",  " null,",  "-null-",  " vier ",   " vier,",   "-vier-",   " sechs ", " sechs,", "-sechs-",
    " acht ",  " acht,",  "-acht-",  " sieben ", " sieben,", "-sieben-", " neun ",  " neun,",  "-neun-",
};
static const char *const addresses[] = { "(at)",    "[at]",    "{at}",  "<at>",    "( at )",  "[ at ]", "(dot)",
                                         "[dot]",   "{dot}",   "<dot>", "( dot )", "[ dot ]", " dot ",  " punkt ",
                                         "(punkt)", "[punkt]", "[.]",   "(.)",     "[@]",     "(@)" };

static void add(const char *literal, enum flt_signal signal, struct scan_expr *exprs, size_t *n)
{
    exprs[(*n)++] = (struct scan_expr){
        .pattern = literal, .id = FLT_SIGNAL_BASE + signal, .is_caseless = true, .is_literal = true
    };
}

void flt_signals(struct scan_expr *exprs, size_t *n)
{
    for (size_t i = 0; i < ST_LEN(addresses); i++)
        add(addresses[i], FLT_SIGNAL_ADDRESS, exprs, n);
    for (size_t i = 0; i < ST_LEN(signals); i++)
        add(signals[i], FLT_SIGNAL_WORDS, exprs, n);
}

unsigned flt_signal_at(struct st_span text, unsigned id, uint32_t end)
{
    unsigned signal = id - FLT_SIGNAL_BASE;
    uint8_t digit;

    if (signal == FLT_SIGNAL_WORDS && digit_word(text, end + between_words(text, end), &digit) == 0)
        return 0; /* "eight apples" */
    return signal;
}
