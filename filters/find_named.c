/* SPDX-License-Identifier: Apache-2.0 */
/* find_named - the value of something whose name says that it is a secret.
 *
 * Hyperscan finds the stem of a word ("pass", "token"), naming.c says what the whole name means. Behind it must stand
 * one of the ways in which languages, configuration files and people give a name its value; the value is what goes to
 * the validator. A name or a way that leaves doubt weakens its candidate: where next to nothing but the value itself
 * says that it is one, it must be random beyond doubt.
 */
#include "filters/naming.h"
#include "filters/scanner.h"
#include "filters/validate.h"
#include <string.h>

#define VALUE_MIN 6u
#define FAR       64u /* bytes of blank between a name and its value */
#define ASIDE     32u /* bytes between a name and its sign: "password (default):" */

struct place { /* where a value begins */
    uint32_t at;
    bool needs_quote; /* for what stands there is a name or a word otherwise */
    unsigned marks;   /* of enum flt_mark: one of a list, as likely as an argument; a word that follows */
};

static uint8_t byte_at(struct st_span text, uint32_t at)
{
    return at < text.n ? text.p[at] : 0;
}

static bool is_of(uint8_t c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static uint32_t skip(struct st_span text, uint32_t at, const char *set, uint32_t max)
{
    uint32_t end = at + max;

    while (at < end && is_of(byte_at(text, at), set))
        at++;
    return at;
}

static bool starts(struct st_span text, uint32_t at, const char *word)
{
    return st_span_istarts(st_span_sub(text, at, text.n), st_span_str(word));
}

/* ---- the way to the value ------------------------------------------------------------------------------------ */

#define BLANKS   " \t"
#define SPACES   " \t\r\n"
#define QUOTES   "\"'`"
#define PREFIXES "bfruLN@$&" /* of a string: b"…", f'…', N'…', @"…" */

/* {abc}, {abc def}: the last of the words in the braces that begin before `at`. */
static uint32_t last_word(struct st_span text, uint32_t at)
{
    uint32_t word = at;

    for (uint32_t i = at; i - at < 200 && i < text.n && strchr("<>{}\r\n", text.p[i]) == NULL; i++)
        if (text.p[i] == ' ')
            word = i + 1;
    return word;
}

/* <password>…</password>, <Password><Value>…, <secret>{…}</secret>, <property name="db.password">…</property> */
static bool by_element(struct st_span text, const struct flt_name *name, struct place *place)
{
    if (name->from > 1 && is_of(text.p[name->from - 1], "\"'") && text.p[name->from - 2] == '=' &&
        byte_at(text, name->to) == text.p[name->from - 1] && byte_at(text, name->to + 1) == '>') {
        place->at = skip(text, name->to + 2, SPACES, FAR);
        return byte_at(text, place->at) != '<'; /* <item name="password"><value>… is a pair */
    }
    if (name->from == 0 || text.p[name->from - 1] != '<' || byte_at(text, name->to) != '>')
        return false;
    place->at = skip(text, name->to + 1, SPACES, FAR);
    if (byte_at(text, place->at) == '{')
        place->at = last_word(text, place->at + 1);
    else if (starts(text, place->at, "<value>"))
        place->at += 7;
    return true;
}

/* "name": "PASSWORD", "value": "…"; name="password" value="…"; variable "password" { default = "…" }. */
static bool by_pair(struct st_span text, uint32_t at, struct place *place)
{
    static const char *const words[] = { "value", "default", "content", "string" };
    uint32_t end;

    at = skip(text, at, SPACES ",{/<>\"'`\\", FAR);
    if (starts(text, at, "key>"))
        at = skip(text, at + 4, SPACES "<", FAR);
    for (size_t i = 0; i < ST_LEN(words); i++) {
        if (!starts(text, at, words[i]))
            continue;
        end = skip(text, at + (uint32_t)strlen(words[i]), BLANKS "\"'\\", 4);
        if (!is_of(byte_at(text, end), ":=>"))
            continue;
        place->at = skip(text, end, BLANKS ":=>", 6);
        return true;
    }
    return false;
}

/* `at`, or the = behind a declared type: "password: string = …", "password As String = …". */
static uint32_t behind_type(struct st_span text, uint32_t at)
{
    uint32_t end = at;

    if (byte_at(text, at) == ':')
        end = skip(text, at + 1, BLANKS, 2);
    else if (starts(text, at, "as "))
        end = at + 3;
    else
        return at;
    if (starts(text, end, "&'static "))
        end += 9;
    while (end - at < 40 && (flt_is_alpha(byte_at(text, end)) || is_of(byte_at(text, end), "&?<>.[]_| ")))
        end++;
    return end - at > 3 && byte_at(text, end) == '=' && is_of(byte_at(text, end + 1), BLANKS "\"'`") ? end : at;
}

/* "/etc/passwd: …", "@acme/design-tokens": …, but "ID/PW: …", "10.1.2.3/pw: …" */
static bool is_of_path(struct st_span text, uint32_t name)
{
    static const char *const pairs[] = { "id", "user", "username", "login", "account", "name", "e-mail", "email" };
    uint32_t slash = name - 1, from = slash;

    if (name == 0 || text.p[slash] != '/')
        return false;
    if (slash > 0 && flt_is_digit(text.p[slash - 1]))
        return false;
    while (from > 0 && slash - from < 10 && (flt_is_alpha(text.p[from - 1]) || text.p[from - 1] == '-'))
        from--;
    for (size_t i = 0; i < ST_LEN(pairs); i++)
        if (st_span_ieq(st_span_sub(text, from, slash - from), st_span_str(pairs[i])))
            return from > 0 && is_of(text.p[from - 1], "/.@"); /* /home/user/token */
    return true;
}

/* password = …, password: …, := => <- ==; the value may stand on the next line. */
static bool by_sign(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    static const char *const signs[] = { "===",  "!==", ":::=", "::=", ":=", "=>", "<-", "\342\206\222",
                                         "?\?=", "?=",  "+=",   ".=",  "==", "!=", ":",  "=" };
    uint32_t i = behind_type(text, skip(text, at, BLANKS, 16)), end;
    size_t n = 0;

    while (n < ST_LEN(signs) && !starts(text, i, signs[n]))
        n++;
    if (n == ST_LEN(signs) || is_of_path(text, name->from))
        return false;
    end = i + (uint32_t)strlen(signs[n]);
    place->needs_quote = is_of(byte_at(text, i), "=!") && byte_at(text, i + 1) == '=';
    end = skip(text, end, "*", 2); /* **Password:** */
    end = skip(text, end, BLANKS, 16);
    if (is_of(byte_at(text, end), "|>")) /* a block of YAML */
        end = skip(text, end + 1, BLANKS "+-", 3);
    else if (is_of(byte_at(text, end), "\\\r\n"))
        place->needs_quote = true;
    place->at = skip(text, end, SPACES "\\", is_of(byte_at(text, end), "\\\r\n") ? FAR : 0);
    return true;
}

/* "…", b"…", @"…" */
static bool opens_quote(struct st_span text, uint32_t at)
{
    return is_of(byte_at(text, at + is_of(byte_at(text, at), PREFIXES)), QUOTES "\\");
}

/* setProperty("db.password", "…"), define('DB_PASS', '…'), password("…"), the password "…"; but "to pass `x`". */
static bool by_call(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    uint32_t i = skip(text, at, BLANKS, 16), from = name->from > 0 ? name->from - 1 : 0;
    bool was_quoted = is_of(byte_at(text, name->to), "\"'`");
    uint8_t c = byte_at(text, i);

    if ((was_quoted && c == ',') || (!was_quoted && c == '('))
        i = skip(text, i + 1, BLANKS, 16);
    else if (i == at || was_quoted || name->to - name->from <= 4)
        return false;
    while (from > 0 && is_of(text.p[from - 1], BLANKS))
        from--;
    if (!opens_quote(text, i))
        return false;
    place->at = i;
    place->needs_quote = true;
    place->marks = c == ',' && (from == 0 || text.p[from - 1] != '(') ? FLT_IRREGULAR : 0;
    return true;
}

/* | password | … |, | Acme API token | … | */
static bool by_table(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    uint32_t before = name->from, i = skip(text, at, BLANKS, 16);

    while (before > 0 && name->from - before < 40 &&
           (is_of(text.p[before - 1], BLANKS "`*\"") || flt_is_name_byte(text, before - 1)))
        before--;
    if (byte_at(text, i) != '|' || before == 0 || text.p[before - 1] != '|' || is_of(byte_at(text, name->to), "\"'"))
        return false; /* "UserName"|"UserPassword"|… is a type */
    place->at = skip(text, i + 1, BLANKS, 16);
    return true;
}

static bool is_behind(struct st_span text, uint32_t at, const char *word)
{
    size_t n = strlen(word);

    return at >= n && st_span_ieq(st_span_sub(text, at - n, n), st_span_str(word));
}

/* Behind "is ", "ist ", "lautet: " at `at`, where a value may stand; `at` when none of them does. */
static uint32_t behind_verb(struct st_span text, uint32_t at)
{
    static const char *const verbs[] = { "is",       "ist",  "lautet",   "war",    "was",        "est",  "es",
                                         "\303\250", "jest", "\303\251", "set to", "changed to", "wird", "now" };
    static const char *const adverbs[] = { "now ", "still ", "jetzt ", "nun ", "weiterhin " };
    uint32_t end;

    for (size_t i = 0; i < ST_LEN(verbs); i++) {
        end = at + (uint32_t)strlen(verbs[i]);
        if (!starts(text, at, verbs[i]) || !is_of(byte_at(text, end), BLANKS ":"))
            continue;
        end = skip(text, end, BLANKS ":", 3);
        for (size_t k = 0; k < ST_LEN(adverbs); k++)
            if (starts(text, end, adverbs[k]))
                end = skip(text, end + (uint32_t)strlen(adverbs[k]), BLANKS, 2);
        return end;
    }
    return at;
}

/* "the password is …", "--token …", "ENV PASSWORD …" */
static bool by_word(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    uint32_t i = skip(text, at, BLANKS, 4);

    if (i == at)
        return false;
    place->at = i;
    if (i == name->to + 1 &&
        (text.p[name->from] == '-' || is_behind(text, name->from, "ENV ") || is_behind(text, name->from, "setx ")))
        return true;
    place->at = behind_verb(text, i);
    return place->at > i;
}

/* "the password for the printer is …", "Passwort vom WLAN: …": what it is of, in the same sentence. */
static bool by_phrase(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    static const char *const words[] = { "for ", "of ",  "to ",   "on ",   "f\303\274r ", "fuer ",
                                         "zum ", "zur ", "vom ",  "von ",  "beim ",       "im ",
                                         "del ", "de ",  "pour ", "para ", "per " };
    uint32_t from = skip(text, at, BLANKS, 2), i;
    size_t n = 0;

    while (n < ST_LEN(words) && !starts(text, from, words[n]))
        n++;
    if (from == at || n == ST_LEN(words) || name->to - name->from == 4) /* "to pass for …" */
        return false;
    for (i = from; i < text.n && i - from < FAR && strchr(",;!?()<>=\r\n", text.p[i]) == NULL; i++) {
        bool is_end = text.p[i] == ':' || text.p[i] == '.';

        if (is_end && is_of(byte_at(text, i + 1), SPACES)) {
            place->at = skip(text, i + 1, BLANKS, 2);
            return text.p[i] == ':';
        }
        if (text.p[i] == ' ' && (place->at = behind_verb(text, i + 1)) > i + 1)
            return true;
    }
    return false;
}

/* Of all kinds, and no words, assignments or calls: what may be told without a sign before it. */
static bool is_plainly_random(struct st_span text, uint32_t at)
{
    struct st_span value;
    uint32_t to = at;

    while (to < text.n && to - at < 200 && !flt_value_ends(text, to, 0))
        to++;
    value = st_span_sub(text, at, to - at);
    while (value.n > 0 && is_of(value.p[value.n - 1], "=.:"))
        value.n--;
    return flt_is_alnum(byte_at(text, at)) &&
           (flt_turns(value) > 5 || (flt_turns(value) > 1 && flt_wordiness(value) < 50)) && byte_at(text, to) != '(' &&
           st_span_chr(value, '=') == ST_SPAN_NPOS;
}

/* Behind "master/" at `at`: the user whose password follows. */
static uint32_t behind_user(struct st_span text, uint32_t at)
{
    uint32_t end = at;

    while (end - at < 20 && flt_is_alpha(byte_at(text, end)))
        end++;
    return end - at > 1 && byte_at(text, end) == '/' ? end + 1 : at;
}

/* token,…, and nothing else, as in a table without quotes; "you find a secret … in it"; but "to pass …". */
static bool by_place(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    if (at != name->to || !is_of(byte_at(text, at), " ,") || (name->to - name->from == 4 && byte_at(text, at) == ' '))
        return false;
    place->at = at + 1;
    if (name->to - name->from >= 6 && name->to - name->from <= 12 &&
        (name->from == 0 || is_of(text.p[name->from - 1], SPACES "\"'(")))
        place->at = behind_user(text, at + 1);
    if (!is_plainly_random(text, place->at))
        return false;
    place->marks = place->at > at + 1 ? FLT_ATTACHED : FLT_GLUED;
    return true;
}

/* Of capital and small letters and digits, or with a sign of passwords: no call of a program has such an argument. */
static bool is_mixed(struct st_span text, uint32_t at)
{
    struct flt_mix mix;
    uint32_t to = at;
    bool has_sign = false;

    for (; to < text.n && to - at < 64 && !flt_value_ends(text, to, 0); to++)
        has_sign |= is_of(text.p[to], "!#$%&*@?^~");
    mix = flt_mix(st_span_sub(text, at, to - at));
    return mix.digit > 0 && (has_sign ? mix.lower + mix.upper > 1 : mix.lower > 0 && mix.upper > 0);
}

/* Of all kinds, or random beyond doubt, and no words. */
static bool is_told(struct st_span text, uint32_t at)
{
    uint32_t to = at;

    while (to < text.n && to - at < 200 && !flt_value_ends(text, to, 0))
        to++;
    return is_plainly_random(text, at) && (is_mixed(text, at) || flt_is_surely_random(st_span_sub(text, at, to - at)));
}

/* What people write into brackets and behind them: "pw(…)", "(ID)max/(PW)…", "secret) …". */
static bool by_bracket(struct st_span text, const struct flt_name *name, uint32_t at, struct place *place)
{
    if (at != name->to || !is_of(byte_at(text, at), "()"))
        return false;
    place->at = skip(text, at + 1, BLANKS ":", 2);
    if (text.p[at] == ')')
        place->at = behind_user(text, place->at);
    place->marks = FLT_ATTACHED;
    return is_plainly_random(text, place->at) && is_mixed(text, place->at);
}

/* "password (default): …", "password,default:…", "the token below:\n…", "Ldap password ---- …": an aside before the
 * sign. What stands alone in the next line leaves no doubt. */
static bool by_aside(struct st_span text, uint32_t at, struct place *place)
{
    uint32_t i = at, blanks = skip(text, at, BLANKS, ASIDE), dashes;

    while (i - at < ASIDE && (flt_is_alnum(byte_at(text, i)) || is_of(byte_at(text, i), " \t(),_&")))
        i++;
    if (i == at)
        return false;
    dashes = skip(text, i, "-", 16);
    if (dashes > i && i > at && i == blanks)
        i = skip(text, dashes, ">", 1);
    else if (byte_at(text, i) == ':' || (byte_at(text, i) == '=' && is_of(text.p[i - 1], " \t)")))
        i = skip(text, i + 1, ")", 1);
    else
        return false;
    place->at = skip(text, i, SPACES, 8);
    place->marks = is_of(byte_at(text, skip(text, i, BLANKS, 4)), "\r\n") ? 0 : FLT_ATTACHED;
    return is_told(text, place->at);
}

/* "… is the password", "use … as password": the value stands before it. */
static bool by_end(struct st_span text, const struct flt_name *name, struct place *place)
{
    static const char *const links[] = { " is the ", " is my ",   " is our ",  " is your ",  " as ",     " as the ",
                                         " als ",    " ist das ", " ist der ", " ist mein ", " as your " };
    uint32_t from;

    for (size_t i = 0; i < ST_LEN(links); i++) {
        if (!is_behind(text, name->from, links[i]))
            continue;
        from = name->from - (uint32_t)strlen(links[i]);
        while (from > 0 && name->from - from < FAR && !flt_value_ends(text, from - 1, 0))
            from--;
        place->at = from;
        place->marks = FLT_ATTACHED;
        return is_plainly_random(text, from) && is_mixed(text, from);
    }
    return false;
}

/* "Figma key: …", "figma API token = …": where the words end that say what of the service it is. */
static uint32_t behind_kind(struct st_span text, uint32_t at)
{
    static const char *const kinds[] = { " access", " auth", " api", " secret", " key", " token", " secret" };

    for (size_t i = 0; i < ST_LEN(kinds); i++)
        if (starts(text, at, kinds[i]))
            at += (uint32_t)strlen(kinds[i]);
    return at;
}

/* The name of a service is a word of every text: what assigns gives it a value, or a word that says what it is. */
static bool find_place(struct st_span text, const struct flt_name *name, bool is_service, struct place *place)
{
    uint32_t end = is_service ? behind_kind(text, name->to) : name->to, at = skip(text, end, "\"'`\\]*", 4);

    if (by_element(text, name, place) || by_pair(text, at, place) || by_sign(text, name, at, place) ||
        by_table(text, name, at, place))
        return true;
    if (is_service)
        return by_call(text, name, at, place) ||
               (end > name->to && (place->at = behind_verb(text, skip(text, at, BLANKS, 4))) > at + 1);
    return by_word(text, name, at, place) || by_phrase(text, name, at, place) || by_call(text, name, at, place) ||
           by_place(text, name, at, place) || by_bracket(text, name, at, place) || by_aside(text, at, place) ||
           by_end(text, name, place);
}

/* ---- the value ----------------------------------------------------------------------------------------------- */

/* Answers where it ends; *from moves behind what opens it. */
static uint32_t value_end(struct st_span text, const struct place *place, size_t max, uint32_t *from)
{
    uint32_t at = place->at, to;
    uint8_t quote;

    if (is_of(byte_at(text, at), PREFIXES) && is_of(byte_at(text, at + 1), "\"'"))
        at++;
    if (byte_at(text, at) == '\\' && is_of(byte_at(text, at + 1), "\"'"))
        at++;
    quote = is_of(byte_at(text, at), "\"'`") ? text.p[at] : 0;
    if (quote == 0 && place->needs_quote)
        return *from = at;
    at += quote != 0;
    if (quote != 0 && byte_at(text, at) == quote && byte_at(text, at + 1) == quote)
        at += 2; /* """…""" */
    else if (quote != 0 && is_of(byte_at(text, at), "\\\"'") &&
             is_of(byte_at(text, at + (text.p[at] == '\\')), "\"'")) {
        at += text.p[at] == '\\'; /* '"…"', '\"…\"' */
        quote = text.p[at++];
    }
    for (to = at; to < text.n && to - at < max && !flt_value_ends(text, to, quote);)
        to++;
    while (quote == 0 && to > at && is_of(text.p[to - 1], ".:}]|"))
        to--;
    *from = at;
    return to;
}

/* 8-4-4-4-12: of a key that may be one of a table, its id. */
static bool is_uuid(struct st_span s)
{
    return s.n == 36 && s.p[8] == '-' && s.p[13] == '-' && s.p[18] == '-' && s.p[23] == '-';
}

/* A word of letters alone and not a part of base64: "secret", "api_key". */
static bool is_plain_word(struct st_span text, const struct flt_name *name)
{
    if (name->to - name->from < 5 || st_span_ieq(st_span(text.p + name->to - 2, 2), ST_SPAN("pw")) ||
        (name->from > 0 && !is_of(text.p[name->from - 1], SPACES "\"'`([{<*")))
        return false;
    for (uint32_t i = name->from; i < name->to; i++)
        if (flt_is_digit(text.p[i]))
            return false;
    return true;
}

/* What weakens the candidate: a name or a way that leaves doubt, unless the value itself leaves none; of two doubts
 * both stay. */
static unsigned doubts(struct st_span text, const struct flt_name *name, struct st_span value, enum flt_naming naming,
                       unsigned marks)
{
    bool is_doubtful = naming == FLT_NAMES_DOUBTFUL;

    if (flt_is_surely_random(value) &&
        (is_doubtful ? marks == 0 && !is_uuid(value) : marks == FLT_GLUED && is_plain_word(text, name)))
        return 0;
    return marks | (is_doubtful ? FLT_IRREGULAR : 0);
}

void flt_find_named(struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    struct flt_name name = flt_name_around(s->text, end);
    struct place place = { 0, false, 0 };
    bool is_service = d->extent == FLT_EXTENT_SERVICE;
    enum flt_naming naming;
    struct st_span value;
    uint32_t from, to;

    if (s->reading == FLT_READ_SQUEEZED || !find_place(s->text, &name, is_service, &place))
        return; /* squeezed, words and lines run into one another */
    to = value_end(s->text, &place, d->max, &from);
    if (to - from < VALUE_MIN)
        return;
    naming = is_service ? flt_naming_of_service(s->text, &name) : flt_naming(s->text, &name);
    if (naming == FLT_NAMES_NOTHING)
        return;
    value = st_span_sub(s->text, from, to - from);
    if (is_service)
        place.marks |= naming == FLT_NAMES_DOUBTFUL || !flt_is_surely_random(value) ? FLT_IRREGULAR : 0;
    else
        place.marks = doubts(s->text, &name, value, naming, place.marks);
    flt_offer(s, d, from, to, place.marks);
}
