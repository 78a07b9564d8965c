/* SPDX-License-Identifier: Apache-2.0 */
/* naming - what a name says of its value: a secret, something about one, or nothing.
 *
 * The whole name around a stem is read, in camelCase, snake_case, with hyphens or points. Its words say whether it
 * names a secret or only something about one (passwordLength, tokenUrl), or a token that nobody need hide (csrfToken).
 * A key is a secret when a word before it says what it opens, be it written apart, as people do ("the API key").
 */
#include "filters/naming.h"
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

#define NAME_BYTES 64u /* of a name that are looked at, before and behind the stem */

static uint8_t byte_at(struct st_span text, uint32_t at)
{
    return at < text.n ? text.p[at] : 0;
}

static bool is_letter(uint8_t c)
{
    return flt_is_alpha(c) || c >= 0x80;
}

bool flt_is_name_byte(struct st_span text, uint32_t at)
{
    uint8_t c = byte_at(text, at);

    return is_letter(c) || flt_is_digit(c) || c == '_' || c == '-' ||
           (c == '.' && at > 0 && is_letter(text.p[at - 1]) && is_letter(byte_at(text, at + 1)));
}

struct flt_name flt_name_around(struct st_span text, uint32_t stem)
{
    struct flt_name name = { stem - 1, stem, stem };

    while (name.from > 0 && stem - name.from < NAME_BYTES && flt_is_name_byte(text, name.from - 1))
        name.from--;
    while (name.to - stem < NAME_BYTES && flt_is_name_byte(text, name.to))
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
        "public",      "pub",    "csrf",         "xsrf",        "antiforgery", "forgery", "continuation", "pagination",
        "idempotency", "cursor", "cancellation", "publishable", "fake",        "dummy",   "authenticity", "recv",
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
        "api",         "secret",       "private",     "priv",          "access",   "auth",     "encryption", "encrypt",
        "decryption",  "master",       "signing",     "sign",          "shared",   "client",   "service",    "account",
        "storage",     "license",      "licence",     "admin",         "deploy",   "app",      "consumer",   "root",
        "application", "subscription", "webhook",     "session",       "crypto",   "cipher",   "aes",        "hmac",
        "jwt",         "server",       "integration", "write",         "stripe",   "security", "secure",     "rest",
        "sas",         "bot",          "user",        "cookie",        "zugriffs", "zugangs",  "lizenz",     "geheim",
        "geheimer",    "privater",     "sicherheits", "hauptzugriffs",
    };

    return is_listed(word, words, ST_LEN(words));
}

static bool is_of_table(struct st_span word)
{
    static const char *const words[] = {
        "primary", "foreign", "cache", "sort",   "partition", "unique", "row",    "trace",  "object", "routing",
        "map",     "index",   "hot",   "short",  "lookup",    "group",  "sub",    "parent", "child",  "config",
        "setting", "message", "label", "i18n",   "item",      "query",  "data",   "image",  "file",   "field",
        "sync",    "state",   "event", "search", "filter",    "metric", "column", "entity", "s3",     "registry",
        "answer",  "ssh",     "host",  "socket", "vapid",     "badge",
    };

    return is_listed(word, words, ST_LEN(words));
}

/* How many bytes of the head's end mean "key"; 0: none do. */
static size_t key_at_end(struct st_span head)
{
    static const char *const keys[] = { "key", "schl\303\274ssel", "schluessel" };

    for (size_t i = 0; i < ST_LEN(keys); i++) {
        size_t n = strlen(keys[i]);

        if (head.n >= n && st_span_ieq(st_span_sub(head, head.n - n, n), st_span_str(keys[i])))
            return n;
    }
    return 0;
}

/* Stems so short that they end many a word, and many a run of letters. */
static bool ends_short(struct st_span head)
{
    return (head.n >= 2 && st_span_ieq(st_span_sub(head, head.n - 2, 2), ST_SPAN("pw"))) ||
           (head.n >= 3 && st_span_ieq(st_span_sub(head, head.n - 3, 3), ST_SPAN("mdp")));
}

/* "pW": a part of base64. */
static bool is_askew(struct st_span head)
{
    return head.n == 2 && flt_is_lower(head.p[0]) && flt_is_upper(head.p[1]);
}

/* The word before a name, one blank away: "the API key". */
static struct st_span word_before(struct st_span text, uint32_t at)
{
    uint32_t from, to = at > 0 ? at - 1 : 0;

    if (at == 0 || text.p[to] != ' ')
        return ST_SPAN_NONE;
    for (from = to; from > 0 && to - from < NAME_BYTES && is_letter(text.p[from - 1]);)
        from--;
    return st_span(text.p + from, to - from);
}

/* "the Acme key", but not "the key", "a sort key": does the word before it say whose it is? */
static bool whose(struct st_span before)
{
    static const char *const others[] = {
        "the",     "this",  "that",     "which",   "same",  "each",      "any",   "every",   "new",
        "old",     "first", "last",     "next",    "right", "left",      "one",   "two",     "our",
        "your",    "his",   "her",      "their",   "its",   "what",      "whose", "no",      "only",
        "correct", "wrong", "matching", "public",  "given", "following", "der",   "dieser",  "den",
        "return",  "with",  "and",      "natural", "gpg",   "pgp",       "rsa",   "release", "host",
    };

    return before.n >= 3 && !is_of_table(before) && !is_public(before) && !is_listed(before, others, ST_LEN(others));
}

/* "theapi" of theapikey, "mysecret" of mysecretkey. */
static bool opens_at_end(struct st_span front)
{
    static const char *const words[] = { "api", "secret", "private", "access", "auth", "signing", "encryption" };

    for (size_t i = 0; i < ST_LEN(words); i++) {
        size_t n = strlen(words[i]);

        if (front.n > n && st_span_ieq(st_span_sub(front, front.n - n, n), st_span_str(words[i])))
            return true;
    }
    return false;
}

/* front: of the word itself, as in "apikey"; before: the one before it in the name. */
static enum flt_naming judge_key(struct st_span text, struct st_span front, struct st_span before)
{
    if (front.n == 0 && before.n == 0) {
        before = word_before(text, (uint32_t)(front.p - text.p));
        return opens(before) ? FLT_NAMES_SECRET : whose(before) ? FLT_NAMES_DOUBTFUL : FLT_NAMES_NOTHING;
    }
    if (front.n > 0)
        before = front;
    if (before.n >= 3 && st_span_ieq(st_span_sub(before, before.n - 3, 3), ST_SPAN("pub"))) /* pinnedpubkey */
        return FLT_NAMES_NOTHING;
    if (is_of_table(before) && !opens(before))
        return FLT_NAMES_NOTHING;
    return opens(before) || opens_at_end(front) ? FLT_NAMES_SECRET : FLT_NAMES_DOUBTFUL;
}

/* The word in which the stem stands: passwort, apikey, but not passive, monkeys or tokenizer. */
static enum flt_naming judge_word(struct st_span text, struct st_span word, struct st_span before, uint32_t stem)
{
    static const char *const tails[] = { "s",    "word", "words", "wort", "wd",        "phrase",
                                         "code", "e",    "key",   "wrd",  "\303\261a", "nha" };
    static const char *const others[] = { "compass", "bypass",  "trespass", "surpass",  "encompass", "overpass",
                                          "monkey",  "turkey",  "hockey",   "donkey",   "whiskey",   "jockey",
                                          "buypass", "enclave", "conclave", "autoclave" };
    static const char *const short_ones[] = { "pw", "mdp", "userpw", "dbpw", "rootpw", "adminpw", "bindpw", "mypw" };
    struct st_span head = st_span(word.p, (size_t)(text.p + stem - word.p));
    struct st_span tail = st_span(text.p + stem, word.n - head.n);
    size_t key;

    if ((tail.n > 0 && !is_listed(tail, tails, ST_LEN(tails))) || is_listed(word, others, ST_LEN(others)))
        return FLT_NAMES_NOTHING;
    if (ends_short(head) && (!is_listed(head, short_ones, ST_LEN(short_ones)) || is_askew(head)))
        return FLT_NAMES_NOTHING;
    if ((key = key_at_end(head)) > 0)
        return judge_key(text, st_span(head.p, head.n - key), before);
    if (st_span_ieq(before, ST_SPAN("page"))) /* pageToken; but page_access_token */
        return FLT_NAMES_NOTHING;
    return head.n >= 4 && st_span_ieq(st_span_sub(head, head.n - 4, 4), ST_SPAN("auth")) ? FLT_NAMES_DOUBTFUL
                                                                                         : FLT_NAMES_SECRET;
}

/* "The public token is …": a separate word may say so of a token or a key, and of nothing else. */
static bool is_told_public(struct st_span text, const struct flt_name *name)
{
    struct st_span before = word_before(text, name->from),
                   called = st_span_sub(text, name->from, name->to - name->from);

    return (st_span_ieq(before, ST_SPAN("public")) || st_span_ieq(before, ST_SPAN("publishable"))) &&
           (flt_ifind(called, "token") || flt_ifind(called, "key"));
}

enum flt_naming flt_naming(struct st_span text, const struct flt_name *name)
{
    enum flt_naming standing = FLT_NAMES_NOTHING;
    struct st_span before = ST_SPAN_NONE, word;
    uint32_t at = name->from;

    if (is_told_public(text, name))
        return FLT_NAMES_NOTHING;
    while ((word = next_word(text, &at, name->to)).n > 0) {
        if (at < name->stem) {
            if (is_public(word))
                return FLT_NAMES_NOTHING;
            before = word;
        } else if (standing == FLT_NAMES_NOTHING) {
            standing = is_of_program(before) ? FLT_NAMES_NOTHING : judge_word(text, word, before, name->stem);
            if (standing == FLT_NAMES_NOTHING)
                return FLT_NAMES_NOTHING;
        } else if (is_about(word))
            return FLT_NAMES_NOTHING;
    }
    return standing;
}

/* Behind the name of a service: what it gives out that is no secret, though random. */
static bool is_of_service(struct st_span word)
{
    static const char *const words[] = {
        "release", "revision",  "commit", "sha",  "checksum", "build",  "tag",       "image",
        "project", "workspace", "team",   "site", "zone",     "region", "org",       "channel",
        "span",    "event",     "dsn",    "app",  "user",     "page",   "video",     "package",
        "module",  "plugin",    "font",   "hash", "js",       "css",    "signature",
    };

    return is_listed(word, words, ST_LEN(words));
}

/* Services whose pages, pictures and songs have random ids that everybody sees: "youtube: …" is a film. And those that
 * are called by a word of every day: "on monday: …" is a commit. */
static bool shows_ids(struct st_span text, uint32_t stem)
{
    static const char *const names[] = { "youtube",    "spotify",   "imgur",     "giphy",     "unsplash",  "figma",
                                         "trello",     "wistia",    "vimeo",     "pastebin",  "discogs",   "lastfm",
                                         "linkedin",   "dropbox",   "imgbb",     "deezer",    "flickr",    "facebook",
                                         "instagram",  "pinterest", "twitch",    "twitter",   "agora",     "airship",
                                         "amplitude",  "catalytic", "chatbot",   "cicero",    "cohere",    "confluent",
                                         "dandelion",  "debounce",  "delighted", "gemini",    "goodday",   "greenhouse",
                                         "gusto",      "happi",     "honeycomb", "intercom",  "iterable",  "kairos",
                                         "kraken",     "meetup",    "miro",      "monday",    "netcore",   "nightfall",
                                         "noticeable", "placid",    "plaid",     "plausible", "replicate", "roaring",
                                         "robinhood",  "ronin",     "sanity",    "slack",     "stripe",    "teamwork",
                                         "telegram",   "teletype",  "updown",    "vagrant",   "wasabi",    "workable" };

    for (size_t i = 0; i < ST_LEN(names); i++) {
        size_t n = strlen(names[i]);

        if (stem >= n && st_span_ieq(st_span(text.p + stem - n, n), st_span_str(names[i])))
            return true;
    }
    return false;
}

enum flt_naming flt_naming_of_service(struct st_span text, const struct flt_name *name)
{
    static const char *const clients[] = { "client", "api", "sdk", "connector" };
    uint32_t at = name->stem;
    bool is_client = false;
    struct st_span word;
    uint8_t behind = byte_at(text, at);

    if (flt_is_digit(behind) || (is_letter(behind) && !(flt_is_upper(behind) && flt_is_lower(text.p[at - 1]))))
        return FLT_NAMES_NOTHING;
    while ((word = next_word(text, &at, name->to)).n > 0) {
        if (is_about(word) || is_public(word) || is_of_service(word))
            return FLT_NAMES_NOTHING;
        is_client = is_listed(word, clients, ST_LEN(clients));
    }
    return shows_ids(text, name->stem) && !(is_client && byte_at(text, name->to) == '(') ? FLT_NAMES_DOUBTFUL
                                                                                         : FLT_NAMES_SECRET;
}
