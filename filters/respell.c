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
#define WORDS_MIN 3u  /* of them in words */
#define CHUNK_MAX 16u /* capitals and digits that stand in one */
#define MARKS_MAX 12u /* signs of one address that are written out */
#define PIECE_MAX 40u /* characters of a part of an address */
#define QUOTE     ST_SPAN("\n> ")
#define QUOTE_MAX 16u /* bytes */

/* ---- digits in words --------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    uint8_t digit;
} digits[] = { { "zero", '0' },        { "one", '1' },    { "two", '2' },    { "three", '3' },       { "four", '4' },
               { "five", '5' },        { "six", '6' },    { "seven", '7' },  { "eight", '8' },       { "nine", '9' },
               { "null", '0' },        { "eins", '1' },   { "zwei", '2' },   { "drei", '3' },        { "vier", '4' },
               { "f\xC3\xBCnf", '5' }, { "sechs", '6' },  { "sieben", '7' }, { "acht", '8' },        { "neun", '9' },
               { "fuenf", '5' },       { "zwo", '2' },    { "oh", '0' },     { "z\xC3\xA9ro", '0' }, { "un", '1' },
               { "deux", '2' },        { "trois", '3' },  { "quatre", '4' }, { "cinq", '5' },        { "sept", '7' },
               { "huit", '8' },        { "neuf", '9' },   { "cero", '0' },   { "uno", '1' },         { "dos", '2' },
               { "tres", '3' },        { "cuatro", '4' }, { "cinco", '5' },  { "seis", '6' },        { "siete", '7' },
               { "ocho", '8' },        { "nueve", '9' },  { "due", '2' },    { "tre", '3' },         { "quattro", '4' },
               { "cinque", '5' },      { "sei", '6' },    { "sette", '7' },  { "otto", '8' },        { "nove", '9' } };

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
    for (size_t i = 0; i < ST_LEN(digits) && n > 1 && n <= 7; i++)
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

/* A digit in a word, which may be said to stand there twice, a letter or a digit that stands alone, or capitals beside
 * a word that is none: "D E double eight nine", "AKIA four". */
struct member {
    size_t n; /* bytes; 0: there is none */
    bool is_word;
    size_t len;
    uint8_t text[CHUNK_MAX + 1];
};

static bool is_low_word(struct st_span s, size_t at)
{
    uint8_t digit;

    return at < s.n && flt_is_lower(s.p[at]) && digit_word(s, at, &digit) > 1;
}

static struct member capitals_at(struct st_span s, size_t at)
{
    struct member m = { .n = word_at(s, at) };
    size_t next = at + m.n + between_words(s, at + m.n);

    if (m.n > CHUNK_MAX || (!is_low_word(s, next) && !(next < s.n && word_at(s, next) == 1)))
        return (struct member){ 0 };
    for (; m.len < m.n; m.len++) {
        m.text[m.len] = s.p[at + m.len];
        if (!flt_is_upper(m.text[m.len]) && !flt_is_digit(m.text[m.len]))
            return (struct member){ 0 };
    }
    return m;
}

static struct member member_at(struct st_span s, size_t at)
{
    struct member m = { .n = digit_word(s, at, &m.text[0]) };
    size_t word = word_at(s, at), gap = between_words(s, at + word);
    unsigned times = st_span_ieq(st_span_sub(s, at, word), ST_SPAN("double"))   ? 2
                     : st_span_ieq(st_span_sub(s, at, word), ST_SPAN("triple")) ? 3
                                                                                : 1;

    if (times > 1 && gap > 0 && (m.n = digit_word(s, at + word + gap, &m.text[0])) > 0) {
        m.n += word + gap;
        memset(m.text + 1, m.text[0], times - 1);
    }
    m.is_word = m.n > 1;
    m.len = m.n > 0 ? times : 0;
    if (m.n > 0 || word == 0)
        return m;
    if ((m.text[0] = flt_spelled_letter(st_span_sub(s, at, word))) != 0)
        return (struct member){ .n = word, .is_word = true, .len = 1, .text = { m.text[0] } };
    if (word > 1)
        return capitals_at(s, at);
    m.text[0] = s.p[at];
    m.n = m.len = flt_is_alpha(s.p[at]);
    return m;
}

/* Between two of a row; *sign is one that stands there between blanks, as a character of its own, where the row has
 * blanks alone between others. */
static size_t joint_of_words(struct st_span s, size_t at, bool is_blank, uint8_t *sign)
{
    size_t n = between_words(s, at);

    *sign = 0;
    if (is_blank && at + 2 < s.n && s.p[at] == ' ' && s.p[at + 2] == ' ' && strchr("-_.", s.p[at + 1]) != NULL &&
        s.p[at + 1] != 0)
        *sign = s.p[at + 1];
    return *sign != 0 ? 3 : n;
}

static size_t take_words(struct flt_respelling *r, size_t at)
{
    size_t members = 0, words = 0, end = at, gap = 0;
    bool is_blank = false;
    struct member m;
    uint8_t sign;

    if (at < r->no_words_to)
        return at;
    for (size_t next = at; next < r->s.n && (m = member_at(r->s, next)).n > 0; next = end + gap) {
        members += m.len;
        words += m.is_word;
        end = next + m.n;
        if ((gap = joint_of_words(r->s, end, is_blank, &sign)) == 0)
            break;
        is_blank = next == at ? gap == 1 && r->s.p[end] == ' ' : is_blank;
    }
    if (members < ROW_MIN || words < WORDS_MIN || !flt_signals_in(r->s, at, end, FLT_SIGNAL_WORDS)) {
        r->no_words_to = end; /* what is only the rest of the row is none, either */
        return at;
    }
    for (; at < end; at += m.n + gap) {
        m = member_at(r->s, at);
        gap = at + m.n < end ? joint_of_words(r->s, at + m.n, is_blank, &sign) : 0;
        if (gap > 0 && sign != 0)
            m.text[m.len++] = sign;
        flt_excerpt_put(&r->x, at, m.n + gap, m.text, m.len);
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

static size_t take_address(struct flt_respelling *r, size_t at)
{
    struct address a = { .n = 0 };
    size_t domain = read_local(r->s, at, &a);

    if (domain == 0 || (!a.is_told && is_pronoun(st_span_sub(r->s, at, word_at(r->s, at)))))
        return at;
    read_domain(r->s, domain, &a);
    if (a.labels < 2 || !is_top(a.last) || !flt_signals_in(r->s, at, a.end, FLT_SIGNAL_ADDRESS))
        return at;
    for (size_t i = 0; i < a.n; i++)
        flt_excerpt_put(&r->x, a.marks[i].at, a.marks[i].n, &a.marks[i].sign, 1);
    return a.end;
}

/* ---- lines of a reply -------------------------------------------------------------------------------------------- */

/* "> " at the beginning of a line, as often as it was quoted: keys of several lines stand on such ones, too. */
static size_t take_quote(struct flt_respelling *r, size_t at)
{
    size_t n = QUOTE.n;

    if (!st_span_starts(st_span_sub(r->s, at, n), QUOTE))
        return at;
    while (at + n + 1 < r->s.n && n < QUOTE_MAX && r->s.p[at + n] == '>' && r->s.p[at + n + 1] == ' ')
        n += 2;
    flt_excerpt_put(&r->x, at, n, "\n", 1);
    return at + n;
}

/* ---- the view ---------------------------------------------------------------------------------------------------- */

/* What is at `at` is taken, if it is anything; answers where to go on. */
static size_t take(struct flt_respelling *r, size_t at, unsigned signals)
{
    size_t to = at;

    if ((signals & (FLT_SIGNAL_CODES | FLT_SIGNAL_BITS)) != 0)
        to = flt_respell_number(r, at, signals);
    if (to == at && (signals & FLT_SIGNAL_WORDS) != 0 && begins_word(r->s, at))
        to = take_words(r, at);
    if (to == at && (signals & FLT_SIGNAL_ADDRESS) != 0 && begins_word(r->s, at))
        to = take_address(r, at);
    if (to == at && (signals & FLT_SIGNAL_MORSE) != 0)
        to = flt_respell_morse(r, at);
    if (to == at && (signals & FLT_SIGNAL_QUOTED) != 0)
        to = take_quote(r, at);
    return to > at ? to : at + 1;
}

/* Where something may begin at or after `at`, where that is easy to say. */
static size_t next_place(struct st_span s, size_t at, unsigned signals)
{
    size_t line;

    if (signals == FLT_SIGNAL_CODES)
        return flt_next_digit(s, (uint32_t)at);
    if (signals != FLT_SIGNAL_QUOTED)
        return at;
    line = st_span_chr(st_span_sub(s, at, s.n), '\n');
    return line == ST_SPAN_NPOS ? s.n : at + line;
}

enum st_rc flt_respell(struct st_arena *arena, const struct flt_view *from, unsigned signals, struct flt_view *out,
                       bool *any, struct st_err *err)
{
    struct flt_respelling r = { .s = from->text };

    *out = *from;
    flt_excerpt_open(&r.x, arena, from);
    for (size_t at = 0; at < r.s.n; at = take(&r, at, signals))
        if ((at = next_place(r.s, at, signals)) == r.s.n)
            break;
    *any = r.x.any;
    return flt_excerpt_close(&r.x, from, out, err);
}

/* ---- what tells of it -------------------------------------------------------------------------------------------- */

/* Of ten words some tell enough: of eight digits hardly a row has none of them. Each stands between others of the row.
 */
static const struct {
    enum flt_signal signal;
    const char *literals[64];
} told[] = {
    { FLT_SIGNAL_WORDS, { " zero ",   " zero,",   "-zero-",  " four ",  " four,",   "-four-",  " five ",   " five,",
                          "-five-",   " seven ",  " seven,", "-seven-", " eight ",  " eight,", "-eight-",  " nine ",
                          " nine,",   "-nine-",   " null ",  " null,",  "-null-",   " vier ",  " vier,",   "-vier-",
                          " sechs ",  " sechs,",  "-sechs-", " acht ",  " acht,",   "-acht-",  " sieben ", " sieben,",
                          "-sieben-", " neun ",   " neun,",  "-neun-",  " sept ",   " huit ",  " neuf ",   " quatre ",
                          " cinq ",   " siete ",  " ocho ",  " nueve ", " cuatro ", " cinco ", " sette ",  " otto ",
                          " nove ",   " quattro " } },
    { FLT_SIGNAL_MORSE, { " .---- ", " ..--- ", " ...-- ", " ....- ", " -.... ", " --... ", " ---.. ", " ----. " } },
    { FLT_SIGNAL_QUOTED, { "\n> " } },
    { FLT_SIGNAL_BITS, { " 0010", " 0011", " 0100", " 0101", " 0110", " 0111" } },
    { FLT_SIGNAL_ADDRESS,
      { "(at)",    "[at]",    "{at}",  "<at>",    "( at )",  "[ at ]",  "(dot)", "[dot]", "{dot}", "<dot>",
        "( dot )", "[ dot ]", " dot ", " punkt ", "(punkt)", "[punkt]", "[.]",   "(.)",   "[@]",   "(@)" } },
};

void flt_signals(struct scan_expr *exprs, size_t *n)
{
    for (size_t k = 0; k < ST_LEN(told); k++)
        for (size_t i = 0; i < ST_LEN(told[k].literals) && told[k].literals[i] != NULL; i++)
            exprs[(*n)++] = (struct scan_expr){ .pattern = told[k].literals[i],
                                                .id = FLT_SIGNAL_BASE + told[k].signal,
                                                .is_caseless = true,
                                                .is_literal = true };
}

unsigned flt_signal_at(struct st_span text, unsigned id, uint32_t end)
{
    unsigned signal = id - FLT_SIGNAL_BASE;

    if (signal == FLT_SIGNAL_WORDS && member_at(text, end + between_words(text, end)).n == 0)
        return 0; /* "eight apples" */
    if (signal == FLT_SIGNAL_BITS && !flt_is_bits(text, end - 4))
        return 0;
    return signal;
}

static bool stands_at(struct st_span text, size_t at, size_t to, size_t k)
{
    for (size_t i = 0; i < ST_LEN(told[k].literals) && told[k].literals[i] != NULL; i++) {
        size_t n = strlen(told[k].literals[i]);

        if (at + n <= to && st_span_istarts(st_span_sub(text, at, n), st_span_str(told[k].literals[i])) &&
            flt_signal_at(text, FLT_SIGNAL_BASE + told[k].signal, (uint32_t)(at + n)) != 0)
            return true;
    }
    return false;
}

bool flt_signals_in(struct st_span text, size_t from, size_t to, enum flt_signal signal)
{
    to = to < text.n ? to + 1 : text.n;
    for (size_t at = from > 0 ? from - 1 : 0; at < to; at++)
        for (size_t k = 0; k < ST_LEN(told); k++)
            if (told[k].signal == signal && stands_at(text, at, to, k))
                return true;
    return false;
}
