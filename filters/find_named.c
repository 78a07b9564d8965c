/* SPDX-License-Identifier: Apache-2.0 */
/* find_named - the value of something whose name says that it is a secret.
 *
 * Hyperscan finds the stem of a word ("pass", "token"). From there the whole name is read: its words say whether it
 * names a secret or only something about one (passwordLength, tokenUrl), or a token that nobody need hide (csrfToken).
 * Behind it must stand one of the ways in which languages, configuration files and people give a name its value; the
 * value is what goes to the validator. A name that leaves doubt weakens its candidate.
 */
#include "base/err.h"
#include "filters/scanner.h"
#include <string.h>

#define NAME_BYTES 64u /* of a name that are looked at, before and behind the stem */
#define VALUE_MIN  6u

struct name {
    uint32_t from, to;
    uint32_t stem; /* where the stem ends */
};

struct place { /* where a value begins */
    uint32_t at;
    bool needs_quote; /* for what stands there is a name or a word otherwise */
    bool is_doubtful; /* one of a list, as likely as an argument */
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

/* ---- the name ------------------------------------------------------------------------------------------------ */

static bool is_letter(uint8_t c)
{
    return flt_is_alpha(c) || c >= 0x80;
}

static bool is_name_byte(struct st_span text, uint32_t at)
{
    uint8_t c = byte_at(text, at);

    return is_letter(c) || flt_is_digit(c) || c == '_' || c == '-' ||
           (c == '.' && at > 0 && is_letter(text.p[at - 1]) && is_letter(byte_at(text, at + 1)));
}

static struct name name_around(struct st_span text, uint32_t stem)
{
    struct name name = { stem - 1, stem, stem };

    while (name.from > 0 && stem - name.from < NAME_BYTES && is_name_byte(text, name.from - 1))
        name.from--;
    while (name.to - stem < NAME_BYTES && is_name_byte(text, name.to))
        name.to++;
    return name;
}

/* The next word of a name in camelCase, snake_case, with hyphens or points; empty at its end. */
static struct st_span next_word(struct st_span text, uint32_t *at, uint32_t to)
{
    uint32_t from, i;

    while (*at < to && !is_letter(text.p[*at]))
        (*at)++;
    for (from = i = *at; i < to && is_letter(text.p[i]); i++)
        if (i > from && flt_is_upper(text.p[i]) &&
            (!flt_is_upper(text.p[i - 1]) || (i + 1 < to && flt_is_lower(text.p[i + 1]))))
            break;
    *at = i;
    return st_span(text.p + from, i - from);
}

static bool is_listed(struct st_span word, const char *const *list, size_t n)
{
    uint8_t first = word.n > 0 ? flt_to_lower(word.p[0]) : 0;

    for (size_t i = 0; i < n; i++)
        if ((uint8_t)list[i][0] == first && st_span_ieq(word, st_span_str(list[i])))
            return true;
    return false;
}

/* Behind the secret's word: the name of something else. */
static bool is_about(struct st_span word)
{
    static const char *const words[] = {
        "file",       "files",       "path",         "dir",         "folder",   "url",      "uri",      "link",
        "name",       "names",       "type",         "types",       "field",    "fields",   "label",    "hint",
        "length",     "len",         "min",          "max",         "count",    "size",     "policy",   "regex",
        "pattern",    "expires",     "expiry",       "expire",      "expired",  "ttl",      "hash",     "hashed",
        "digest",     "reset",       "page",         "input",       "prompt",   "message",  "error",    "errors",
        "class",      "column",      "provider",     "manager",     "handler",  "arn",      "ref",      "version",
        "format",     "algorithm",   "alg",          "encoding",    "header",   "prefix",   "address",  "endpoint",
        "host",       "port",        "index",        "created",     "updated",  "date",     "time",     "timestamp",
        "at",         "enabled",     "required",     "visible",     "status",   "store",    "group",    "list",
        "map",        "cache",       "icon",         "title",       "limit",    "offset",   "mode",     "kind",
        "id",         "ids",         "usage",        "budget",      "bucket",   "rotation", "strength", "scope",
        "scopes",     "parser",      "stream",       "literal",     "factory",  "issuer",   "audience", "owner",
        "selector",   "generator",   "service",      "encode",      "decode",   "encoded",  "lockout",  "encryption",
        "method",     "json",        "pem",          "yaml",        "txt",      "xml",      "html",     "placeholder",
        "expiration", "description", "confirmation", "fingerprint", "verifier", "contract", "symbol",
    };

    return is_listed(word, words, ST_LEN(words));
}

/* Anywhere before it: what is told to everybody, or belongs to one request. */
static bool is_public(struct st_span word)
{
    static const char *const words[] = {
        "public",     "pub",         "csrf",   "xsrf",         "antiforgery", "forgery", "continuation",
        "pagination", "idempotency", "cursor", "cancellation", "publishable", "fake",    "dummy",
    };

    return is_listed(word, words, ST_LEN(words));
}

/* The word right before it: a part of a program, as in showPassword; SYNC_DB_PASSWORD is one all the same. */
static bool is_of_program(struct st_span word)
{
    static const char *const words[] = {
        "next", "sync", "show",         "hide",  "forgot",  "no",    "is",    "has",
        "min",  "max",  "invalid",      "wrong", "missing", "skip",  "color", "design",
        "etag", "hash", "verification", "delta", "nonce",   "dedup", "nft",   "erc",
    };

    return is_listed(word, words, ST_LEN(words));
}

/* Keys that open something, and keys of tables. */
static bool opens(struct st_span word)
{
    static const char *const words[] = {
        "api",     "secret",   "private", "priv",   "access",   "auth",    "encryption",  "encrypt",      "decryption",
        "master",  "signing",  "sign",    "shared", "client",   "service", "account",     "storage",      "license",
        "licence", "admin",    "deploy",  "app",    "consumer", "root",    "application", "subscription", "webhook",
        "session", "crypto",   "cipher",  "aes",    "hmac",     "jwt",     "server",      "integration",  "write",
        "stripe",  "security", "secure",  "rest",   "sas",      "bot",     "user",        "cookie",
    };

    return is_listed(word, words, ST_LEN(words));
}

static bool is_of_table(struct st_span word)
{
    static const char *const words[] = {
        "primary", "foreign", "cache",   "sort",     "partition", "unique", "row",    "trace",  "object",
        "routing", "map",     "index",   "hot",      "short",     "lookup", "group",  "sub",    "parent",
        "child",   "config",  "setting", "message",  "label",     "i18n",   "item",   "query",  "data",
        "image",   "file",    "field",   "sync",     "state",     "event",  "search", "filter", "metric",
        "column",  "entity",  "s3",      "registry", "answer",    "ssh",    "host",
    };

    return is_listed(word, words, ST_LEN(words));
}

enum standing { NAME_NONE, NAME_WEAK, NAME_STRONG };

static enum standing judge_key(struct st_span before)
{
    if (before.n == 0 || (is_of_table(before) && !opens(before)))
        return NAME_NONE;
    return opens(before) ? NAME_STRONG : NAME_WEAK;
}

/* The word in which the stem stands: passwort, apikey, but not passive, monkeys or tokenizer. */
static enum standing judge_word(struct st_span text, struct st_span word, struct st_span before, uint32_t stem)
{
    static const char *const tails[] = { "s",    "word", "words", "wort", "wd",        "phrase",
                                         "code", "e",    "key",   "wrd",  "\303\261a", "nha" };
    static const char *const others[] = { "compass", "bypass", "trespass", "surpass", "encompass", "overpass",
                                          "monkey",  "turkey", "hockey",   "donkey",  "whiskey",   "jockey" };
    struct st_span head = st_span(word.p, (size_t)(text.p + stem - word.p));
    struct st_span tail = st_span(text.p + stem, word.n - head.n);

    if ((tail.n > 0 && !is_listed(tail, tails, ST_LEN(tails))) || is_listed(word, others, ST_LEN(others)))
        return NAME_NONE;
    if (head.n >= 3 && st_span_ieq(st_span_sub(head, head.n - 3, 3), ST_SPAN("key")))
        return judge_key(head.n > 3 ? st_span(head.p, head.n - 3) : before);
    if (st_span_ieq(before, ST_SPAN("page"))) /* pageToken; but page_access_token */
        return NAME_NONE;
    return head.n >= 4 && st_span_ieq(st_span_sub(head, head.n - 4, 4), ST_SPAN("auth")) ? NAME_WEAK : NAME_STRONG;
}

static enum standing judge(struct st_span text, const struct name *name)
{
    enum standing standing = NAME_NONE;
    struct st_span before = ST_SPAN_NONE, word;
    uint32_t at = name->from;

    while ((word = next_word(text, &at, name->to)).n > 0) {
        if (at < name->stem) {
            if (is_public(word))
                return NAME_NONE;
            before = word;
        } else if (standing == NAME_NONE) {
            standing = is_of_program(before) ? NAME_NONE : judge_word(text, word, before, name->stem);
            if (standing == NAME_NONE)
                return NAME_NONE;
        } else if (is_about(word))
            return NAME_NONE;
    }
    return standing;
}

/* ---- the way to the value ------------------------------------------------------------------------------------ */

#define BLANKS " \t"
#define SPACES " \t\r\n"

/* <password>…</password>, <property name="db.password">…</property> */
static bool by_element(struct st_span text, const struct name *name, struct place *place)
{
    if (name->from > 1 && is_of(text.p[name->from - 1], "\"'") && text.p[name->from - 2] == '=' &&
        byte_at(text, name->to) == text.p[name->from - 1] && byte_at(text, name->to + 1) == '>') {
        place->at = skip(text, name->to + 2, SPACES, NAME_BYTES);
        return byte_at(text, place->at) != '<'; /* <item name="password"><value>… is a pair */
    }
    if (name->from == 0 || text.p[name->from - 1] != '<' || byte_at(text, name->to) != '>')
        return false;
    place->at = skip(text, name->to + 1, SPACES, NAME_BYTES);
    return true;
}

/* "name": "PASSWORD", "value": "…"; name="password" value="…"; variable "password" { default = "…" }. */
static bool by_pair(struct st_span text, uint32_t at, struct place *place)
{
    static const char *const words[] = { "value", "default", "content", "string" };
    uint32_t end;

    at = skip(text, at, SPACES ",{/<>\"'`\\", NAME_BYTES);
    if (starts(text, at, "key>"))
        at = skip(text, at + 4, SPACES "<", NAME_BYTES);
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

/* password = …, password: …, := => <- ==; the value may stand on the next line. */
static bool by_sign(struct st_span text, const struct name *name, uint32_t at, struct place *place)
{
    static const char *const signs[] = { "===", "!==", ":=", "=>", "<-", "?=", "+=", "==", "!=", ":", "=" };
    uint32_t i = behind_type(text, skip(text, at, BLANKS, 16)), end;
    size_t n = 0;

    while (n < ST_LEN(signs) && !starts(text, i, signs[n]))
        n++;
    if (n == ST_LEN(signs) || (name->from > 0 && text.p[name->from - 1] == '/'))
        return false; /* "/etc/passwd: …" */
    end = i + (uint32_t)strlen(signs[n]);
    place->needs_quote = is_of(byte_at(text, i), "=!") && byte_at(text, i + 1) == '=';
    end = skip(text, end, "*", 2); /* **Password:** */
    end = skip(text, end, BLANKS, 16);
    if (is_of(byte_at(text, end), "|>")) /* a block of YAML */
        end = skip(text, end + 1, BLANKS "+-", 3);
    else if (is_of(byte_at(text, end), "\\\r\n"))
        place->needs_quote = true;
    place->at = skip(text, end, SPACES "\\", is_of(byte_at(text, end), "\\\r\n") ? NAME_BYTES : 0);
    return true;
}

/* setProperty("db.password", "…"), define('DB_PASS', '…'), password("…"), the password "…"; but "to pass `x`". */
static bool by_call(struct st_span text, const struct name *name, uint32_t at, struct place *place)
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
    place->at = i;
    place->needs_quote = true;
    place->is_doubtful = c == ',' && (from == 0 || text.p[from - 1] != '(');
    return true;
}

/* | password | … | */
static bool by_table(struct st_span text, const struct name *name, uint32_t at, struct place *place)
{
    uint32_t before = name->from, i = skip(text, at, BLANKS, 16);

    while (before > 0 && is_of(text.p[before - 1], BLANKS "`*\""))
        before--;
    if (byte_at(text, i) != '|' || before == 0 || text.p[before - 1] != '|')
        return false;
    place->at = skip(text, i + 1, BLANKS, 16);
    return true;
}

static bool is_behind(struct st_span text, uint32_t at, const char *word)
{
    size_t n = strlen(word);

    return at >= n && st_span_ieq(st_span_sub(text, at - n, n), st_span_str(word));
}

/* "the password is …", "--token …", "ENV PASSWORD …" */
static bool by_word(struct st_span text, const struct name *name, uint32_t at, struct place *place)
{
    static const char *const words[] = { "is ",  "is: ", "ist ", "ist: ", "lautet ",   "lautet: ",
                                         "war ", "was ", "est ", "es ",   "\303\250 ", "jest " };
    uint32_t i = skip(text, at, BLANKS, 4);

    if (i == at)
        return false;
    place->at = i;
    if (i == name->to + 1 &&
        (text.p[name->from] == '-' || is_behind(text, name->from, "ENV ") || is_behind(text, name->from, "setx ")))
        return true;
    for (size_t k = 0; k < ST_LEN(words); k++)
        if (starts(text, i, words[k])) {
            place->at = skip(text, i + (uint32_t)strlen(words[k]), BLANKS, 2);
            return true;
        }
    return false;
}

static bool find_place(struct st_span text, const struct name *name, struct place *place)
{
    uint32_t at = skip(text, name->to, "\"'`\\]*", 4);

    return by_element(text, name, place) || by_pair(text, at, place) || by_sign(text, name, at, place) ||
           by_table(text, name, at, place) || by_word(text, name, at, place) || by_call(text, name, at, place);
}

/* ---- the value ----------------------------------------------------------------------------------------------- */

/* Answers where it ends; *from moves behind what opens it. */
static uint32_t value_end(struct st_span text, const struct place *place, size_t max, uint32_t *from)
{
    uint32_t at = place->at, to;
    uint8_t quote;

    if (is_of(byte_at(text, at), "bfruL@$&") && is_of(byte_at(text, at + 1), "\"'"))
        at++; /* b"…", f'…', @"…" */
    if (byte_at(text, at) == '\\' && is_of(byte_at(text, at + 1), "\"'"))
        at++;
    quote = is_of(byte_at(text, at), "\"'`") ? text.p[at] : 0;
    if (quote == 0 && place->needs_quote)
        return *from = at;
    at += quote != 0;
    if (quote != 0 && byte_at(text, at) == quote && byte_at(text, at + 1) == quote)
        at += 2; /* """…""" */
    for (to = at; to < text.n && to - at < max && !flt_value_ends(text, to, quote);)
        to++;
    while (quote == 0 && to > at && is_of(text.p[to - 1], ".:}]|"))
        to--;
    *from = at;
    return to;
}

void flt_find_named(struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    struct name name = name_around(s->text, end);
    struct place place = { 0, false, false };
    enum standing standing;
    uint32_t from, to;

    if (s->reading == FLT_READ_SQUEEZED || !find_place(s->text, &name, &place))
        return; /* squeezed, words and lines run into one another */
    to = value_end(s->text, &place, d->max, &from);
    if (to - from < VALUE_MIN || (standing = judge(s->text, &name)) == NAME_NONE)
        return;
    flt_offer(s, d, from, to, standing == NAME_WEAK || place.is_doubtful ? FLT_IRREGULAR : 0);
}
