/* SPDX-License-Identifier: Apache-2.0 */
/* validate_key - private keys, credentials in URLs and headers, passwords that someone assigned.
 *
 * A "BEGIN PRIVATE KEY" line alone is talk about keys; with base64 behind it that decodes to the start of a key it is
 * one. Passwords have no format, so what is checked is that the value is none of the things that code and manuals put
 * there: a placeholder, a variable, a call, a type, an ordinary word.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

#define PAIR_FAR 60u /* bytes between a user and its password */

/* The body of an armoured block: behind the first line, escapes like \n taken out. Answers the characters copied. */
static size_t armour(struct st_span s, char *out, size_t cap)
{
    size_t at = st_span_find(s, ST_SPAN("KEY-----")), n = 0;

    if (at == ST_SPAN_NPOS)
        at = st_span_find(s, ST_SPAN("BLOCK-----"));
    if (at == ST_SPAN_NPOS)
        return 0;
    at = st_span_find(st_span_sub(s, at, s.n), ST_SPAN("-----")) + at + 5;
    for (size_t i = at; i < s.n && n < cap && s.p[i] != '-'; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == 'n' || s.p[i + 1] == 'r'))
            i++;
        else if (flt_is_alnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '/' || s.p[i] == '=')
            out[n++] = (char)s.p[i];
        else if (s.p[i] == '.' || s.p[i] == '*' || s.p[i] == '<')
            break; /* "MIIE..." is a manual */
    }
    return n;
}

static bool is_der_key(const uint8_t *raw, int n)
{
    size_t at = 2;

    if (n < 12 || raw[0] != 0x30)
        return false;
    if ((raw[1] & 0x80) != 0)
        at += raw[1] & 0x7f;
    if (at + 3 > (size_t)n)
        return false;
    return (raw[at] == 0x02 && raw[at + 1] == 0x01 && raw[at + 2] <= 2) ||
           raw[at] == 0x30; /* version, or EncryptedInfo */
}

enum flt_valid val_pem_key(const struct flt_token *token)
{
    char text[64];
    uint8_t raw[48];
    size_t n = armour(token->text, text, sizeof text);
    int got;

    if (st_span_find(token->text, ST_SPAN("Proc-Type:")) != ST_SPAN_NPOS)
        return token->text.n > 300 ? FLT_V_OK : FLT_V_SHAPE;
    if (n < 40 || flt_has_placeholder(st_span(text, n)))
        return FLT_V_EXAMPLE;
    got = flt_unbase64(st_span(text, n), raw, sizeof raw);
    return is_der_key(raw, got) ? FLT_V_OK : FLT_V_SHAPE;
}

enum flt_valid val_openssh_key(const struct flt_token *token)
{
    char text[64];
    uint8_t raw[48];
    size_t n = armour(token->text, text, sizeof text);

    if (n < 40 || flt_has_placeholder(st_span(text, n)))
        return FLT_V_EXAMPLE;
    if (flt_unbase64(st_span(text, n), raw, sizeof raw) < 15)
        return FLT_V_SHAPE;
    return memcmp(raw, "openssh-key-v1", 15) == 0 ? FLT_V_OK : FLT_V_SHAPE;
}

/* Armor headers ("Version: …") end at an empty line; then a packet with tag 5 (secret key) or 7 (secret subkey). */
enum flt_valid val_pgp_block(const struct flt_token *token)
{
    size_t gap = st_span_find(token->text, ST_SPAN("\n\n"));
    struct st_span body;
    uint8_t raw[8];
    unsigned tag;
    int n;

    if (gap == ST_SPAN_NPOS)
        gap = st_span_find(token->text, ST_SPAN("\r\n\r\n"));
    if (gap == ST_SPAN_NPOS)
        return token->text.n > 200 ? FLT_V_SHAPE : FLT_V_EXAMPLE;
    body = st_span_sub(token->text, gap, 40);
    n = flt_unbase64(body, raw, sizeof raw);
    if (n < 2 || (raw[0] & 0x80) == 0)
        return FLT_V_EXAMPLE;
    tag = (raw[0] & 0x40) != 0 ? raw[0] & 0x3fu : (raw[0] & 0x3cu) >> 2;
    return tag == 5 || tag == 7 ? FLT_V_OK : FLT_V_SHAPE;
}

static bool is_common(struct st_span s)
{
    static const char *const words[] = {
        "password", "passwort",  "passwd",   "pass",      "pwd",        "secret",      "token",     "user",
        "username", "admin",     "root",     "test",      "guest",      "null",        "none",      "true",
        "false",    "undefined", "string",   "postgres",  "mysql",      "redis",       "mongo",     "pw",
        "required", "optional",  "default",  "hidden",    "p@ssw0rd",   "p4ssw0rd",    "password1", "password123",
        "pass123",  "hunter2",   "letmein",  "secret123", "admin123",   "test123",     "test1234",  "s3cret",
        "s3cr3t",   "passw0rd",  "pass1234", "apikey",    "mypassword", "my_password", "mypass",    "user:pass",
        "key",      "value",     "abc123",   "qwerty",    "123456",     "foo",         "bar",       "passphrase",
    };

    for (size_t i = 0; i < ST_LEN(words); i++)
        if (st_span_ieq(s, st_span_str(words[i])))
            return true;
    return false;
}

/* passphrase1, Test2 */
static bool is_common_numbered(struct st_span s)
{
    size_t n = s.n;

    while (n > 0 && s.n - n < 3 && flt_is_digit(s.p[n - 1]))
        n--;
    return is_common(s) || is_common(st_span_sub(s, 0, n));
}

static bool has_bracket(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != 0 && strchr("[]{}<>", s.p[i]) != NULL)
            return true;
    return false;
}

struct userinfo {
    struct st_span user, password, host; /* host without port and path */
};

/* scheme://user:password@host; the last @ counts, for passwords contain @ too. */
static bool split_userinfo(struct st_span url, struct userinfo *out)
{
    size_t at = st_span_find(url, ST_SPAN("://")), colon, end, n = 0;
    struct st_span s;

    if (at == ST_SPAN_NPOS)
        return false;
    s = st_span_sub(url, at + 3, url.n);
    end = s.n;
    for (size_t i = 0; i < s.n && s.p[i] != '/' && s.p[i] != '?'; i++)
        if (s.p[i] == '@')
            end = i;
    colon = st_span_chr(s, ':');
    if (end == s.n || colon == ST_SPAN_NPOS || colon + 1 >= end)
        return false;
    out->user = st_span_sub(s, 0, colon);
    out->password = st_span_sub(s, colon + 1, end - colon - 1);
    s = st_span_sub(s, end + 1, s.n);
    while (n < s.n && (flt_is_alnum(s.p[n]) || s.p[n] == '.' || s.p[n] == '-'))
        n++;
    out->host = st_span_sub(s, 0, n);
    return s.n > 0;
}

enum flt_valid val_userinfo(const struct flt_token *token)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1", "host", "example.com", "hostname", "db", "server" };
    struct userinfo u;

    if (!split_userinfo(token->text, &u) || u.password.n < 4)
        return FLT_V_WRONG;
    if (is_common(u.password) || flt_has_placeholder(u.password) || st_span_ieq(u.user, u.password) ||
        flt_is_sequence(u.password) || has_bracket(token->text) || memchr("$%:*", u.password.p[0], 4) != NULL)
        return FLT_V_EXAMPLE;
    for (size_t i = 0; i < ST_LEN(hosts); i++)
        if (st_span_ieq(u.host, st_span_str(hosts[i])))
            return FLT_V_SHAPE;
    return flt_mix(u.password).digit > 0 || flt_mix(u.password).other > 0 || u.password.n >= 12 ||
                   (u.password.n >= 8 && flt_wordiness(u.password) < 60)
               ? FLT_V_OK
               : FLT_V_SHAPE;
}

/* The value behind Password= of a connection string: the place says that it is one, so only samples are refused. */
enum flt_valid val_conn_password(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n < 4)
        return FLT_V_WRONG;
    return is_common(s) || flt_has_placeholder(s) || flt_is_sequence(s) || flt_distinct(s) < 4 || has_bracket(s) ||
                   s.p[0] == '$' || s.p[0] == '%'
               ? FLT_V_EXAMPLE
               : FLT_V_OK;
}

enum flt_valid val_http_basic(const struct flt_token *token)
{
    uint8_t raw[128];
    int n = flt_unbase64(token->text, raw, sizeof raw);
    struct st_span plain, password;
    size_t colon;

    if (n < 5)
        return FLT_V_WRONG;
    plain = st_span(raw, (size_t)n);
    for (size_t i = 0; i < plain.n; i++)
        if (plain.p[i] < 0x20 || plain.p[i] == 0x7f)
            return FLT_V_WRONG;
    colon = st_span_chr(plain, ':');
    if (colon == ST_SPAN_NPOS || colon == 0)
        return FLT_V_WRONG;
    if (st_span_eq(st_span_sub(plain, 0, colon), ST_SPAN("s6BhdRkqt3"))) /* of RFC 6749 */
        return FLT_V_EXAMPLE;
    password = st_span_sub(plain, colon + 1, plain.n);
    /* RFC 7617's own example is Aladdin:open sesame */
    if (is_common(password) || password.n < 3 || st_span_starts(plain, ST_SPAN("Aladdin:")))
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

static bool is_quoted(const struct flt_token *token)
{
    uint8_t before = token->from > 0 ? token->all.p[token->from - 1] : ' ';

    return before == '"' || before == '\'' || before == '`';
}

/* "$NAME", "%s", "{{ name }}", "/a/path": one sign and then words; a random value may begin with a sign too. */
static bool is_reference(struct st_span s, bool quoted)
{
    struct flt_mix mix = flt_mix(s);

    if (memchr("$%/\\{[(<&@.,;:)=-_|*", s.p[0], 21) == NULL)
        return false;
    return !quoted || mix.digit == 0 || mix.lower == 0 || mix.upper == 0 || flt_wordiness(s) >= 60;
}

static bool is_member(struct st_span s, size_t at)
{
    return s.p[at] == '.' && at > 0 && flt_is_alnum(s.p[at - 1]) && flt_is_alpha(s.p[at + 1]);
}

/* Things of a programming language, not of a person: calls, members, variables, types, paths, markup. */
static bool is_code(struct st_span s, bool quoted)
{
    static const char *const starts[] = { "process.env", "os.",      "env.",    "env[",   "config",  "self.",
                                          "this.",       "req.",     "request", "getenv", "get_",    "var.",
                                          "settings",    "secrets.", "data.",   "params", "new ",    "str",
                                          "bool",        "int",      "char",    "std::",  "http://", "https://",
                                          "function",    "await",    "async",   "return", "input",   "hash",
                                          "crypt",       "vault:",   "ssm:",    "sha256", "arn:",    "file:" };
    unsigned words = flt_wordiness(s);
    bool wordy = words >= 60, random = words < 40 && s.n >= 10 && flt_turns(s) > 1;

    for (size_t i = 0; i < ST_LEN(starts); i++)
        if (st_span_istarts(s, st_span_str(starts[i])) &&
            (!quoted || wordy || s.p[st_span_str(starts[i]).n - 1] == ':'))
            return true;
    if (is_reference(s, quoted))
        return true;
    for (size_t i = 0; i + 1 < s.n && (!quoted || wordy); i++) /* f(x), a.b, a->b, a::b, a[0] */
        if (s.p[i] == '(' || s.p[i] == '[' || s.p[i] == '{' || (s.p[i] == '-' && s.p[i + 1] == '>') ||
            (s.p[i] == ':' && s.p[i + 1] == ':') || (is_member(s, i) && !random))
            return true;
    return false;
}

/* Words of some language: blanks inside, or letters beyond ASCII, as in translated labels of a form. */
static bool is_sentence(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ' ' || s.p[i] >= 0x80)
            return true;
    return false;
}

/* 0x8802 */
static bool is_hex_number(struct st_span s)
{
    if (!st_span_istarts(s, ST_SPAN("0x")))
        return false;
    for (size_t i = 2; i < s.n; i++)
        if (!flt_is_digit(s.p[i]) && (flt_to_lower(s.p[i]) < 'a' || flt_to_lower(s.p[i]) > 'f'))
            return false;
    return s.n <= 18;
}

/* user_password2, input-2: the name of something, in words. */
static bool is_name(struct st_span s)
{
    struct flt_mix mix = flt_mix(s);

    for (size_t i = 0; i < s.n; i++)
        if (!flt_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
            return false;
    return flt_wordiness(s) >= 65 && mix.other > 0 && mix.digit <= 2 && (mix.upper == 0 || mix.lower == 0);
}

/* The string that ends in front of a password: user = "…", login: '…'. */
static struct st_span value_before(const struct flt_token *token)
{
    size_t to = token->from > 1 ? token->from - 1 : 0, floor = to > PAIR_FAR ? to - PAIR_FAR : 0, from;

    while (to > floor && token->all.p[to - 1] != '"' && token->all.p[to - 1] != '\'' &&
           memchr("{}()", token->all.p[to - 1], 4) == NULL)
        to--;
    if (to == floor || memchr("{}()", token->all.p[to - 1], 4) != NULL)
        return ST_SPAN_NONE;
    for (from = --to; from > floor && token->all.p[from - 1] != token->all.p[to]; from--)
        continue;
    return st_span_sub(token->all, from, to - from);
}

/* "user": "anna", "password": "…": beside its user a word is a password too, but no label, type or sample. */
static bool is_paired(const struct flt_token *token)
{
    static const char *const users[] = { "user", "login", "uid", "benutzer", "account", "konto" };
    static const char *const labels[] = { "kennwort", "contrase", "mot de",  "senha", "heslo", "has",      "wachtwoord",
                                          "parola",   "text",     "varchar", "field", "email", "salasana", "passw",
                                          "secret",   "token",    "change",  "enter", "login" };
    struct st_span s = token->text, user = value_before(token), name;
    struct flt_mix mix = flt_mix(s), of_user = flt_mix(user);
    size_t at;

    if (user.n < 3 || user.n > 64 || of_user.lower + of_user.upper < 2 || is_common(user) || st_span_ieq(user, s) ||
        s.n < 8 || mix.lower < 4 || (mix.upper == 1 && flt_is_upper(s.p[0])))
        return false;
    for (size_t i = 0; i < ST_LEN(labels); i++)
        if (flt_ifind(s, labels[i]))
            return false;
    at = (size_t)(user.p - token->all.p);
    name = at > 24 ? st_span_sub(token->all, at - 24, 24) : st_span_sub(token->all, 0, at);
    for (size_t i = 0; i < ST_LEN(users); i++)
        if (flt_ifind(name, users[i]))
            return true;
    return false;
}

/* Without a digit: letters that make no words, or with a sign that no sentence has inside a word. */
static enum flt_valid lettered(struct st_span s, struct flt_mix mix, bool quoted)
{
    bool random = flt_wordiness(s) < (quoted ? 60 : 50);

    if (mix.upper > 0 && mix.lower > 1 && random && s.n >= (quoted ? 8 : 10))
        return mix.upper > 1 && s.n >= 10 ? FLT_V_OK : quoted ? FLT_V_SHAPE : FLT_V_WRONG;
    if (quoted && random && s.n >= 12 && mix.other == 0)
        return FLT_V_SHAPE;
    for (size_t i = 1; quoted && mix.lower > 0 && mix.upper > 0 && i < s.n; i++)
        if (strchr("!@#$%^&*+?~", s.p[i]) != NULL)
            return FLT_V_SHAPE;
    return FLT_V_WRONG;
}

enum flt_valid val_password(const struct flt_token *token)
{
    struct st_span s = token->text;
    struct flt_mix mix = flt_mix(s);
    bool quoted = is_quoted(token);
    unsigned classes = (mix.lower > 0) + (mix.upper > 0) + (mix.digit > 0) + (mix.other > 0);

    if (s.n < 6 || s.n > 128)
        return FLT_V_WRONG;
    if (is_common_numbered(s) || flt_has_placeholder(s) || flt_is_sequence(s) || flt_distinct(s) < 4)
        return FLT_V_EXAMPLE;
    if (is_code(s, quoted) || is_sentence(s) || is_name(s) || is_hex_number(s))
        return FLT_V_WRONG;
    if (mix.digit == 0) {
        enum flt_valid valid = lettered(s, mix, quoted);

        return valid == FLT_V_WRONG && quoted && is_paired(token) ? FLT_V_SHAPE : valid;
    }
    if (mix.lower + mix.upper == 0)
        return FLT_V_WRONG;
    return classes >= 3 || s.n >= 12 || (flt_turns(s) >= 3 && flt_wordiness(s) < 60) ? FLT_V_OK : FLT_V_SHAPE;
}

/* -pPASSWORD, -p, PASSWORD */
enum flt_valid val_argument(const struct flt_token *token)
{
    struct flt_token value = *token;
    uint32_t glued = token->text.n > 2 && token->text.p[0] == '-' ? 2 : 0;

    value.text = st_span_sub(token->text, glued, token->text.n);
    value.from += glued;
    return val_password(&value);
}

/* echo -n 'PASSWORD' | sudo -S */
enum flt_valid val_piped(const struct flt_token *token)
{
    struct flt_token value = *token;
    struct st_span s = st_span_sub(token->text, 5, token->text.n);
    uint8_t quote;

    while (s.n > 3 && s.p[0] == '-' && s.p[2] == ' ')
        s = st_span_sub(s, 3, s.n);
    quote = s.n > 0 && (s.p[0] == '"' || s.p[0] == '\'') ? s.p[0] : 0;
    if (quote != 0)
        s = st_span_sub(s, 1, s.n);
    s = st_span_sub(s, 0, st_span_chr(s, quote != 0 ? quote : '|'));
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    value.text = s;
    value.from = token->from + (uint32_t)(s.p - token->text.p);
    return val_password(&value);
}

/* Words of a text stand between the same signs: "user: group/permission", "account: invoice/2026-11". */
enum flt_valid val_login_line(const struct flt_token *token)
{
    struct st_span s = token->text;
    struct flt_mix mix = flt_mix(s);
    bool mixed = mix.digit > 1 && mix.lower > 0 && (mix.upper > 0 || mix.other > 0) && flt_turns(s) > 1;

    if (!mixed || (flt_wordiness(s) >= 50 && (mix.upper == 0 || mix.other == 0)))
        return FLT_V_WRONG;
    return val_password(token);
}

/* The file names how many lines of private part follow; without them it is only talk, or a public part. */
enum flt_valid val_ppk(const struct flt_token *token)
{
    size_t at = st_span_find(token->text, ST_SPAN("Private-Lines:"));

    if (at == ST_SPAN_NPOS)
        return FLT_V_WRONG;
    return token->text.n - at > 40 ? FLT_V_OK : FLT_V_EXAMPLE;
}
