/* SPDX-License-Identifier: Apache-2.0 */
/* validate_secret - credentials whose inside can be looked at: marks at fixed places, checksums, encodings.
 *
 * Azure writes a mark of four or more characters at a fixed place of its newer keys; NATS seeds end with a CRC-16; a
 * password hash tells its length by its scheme; a Kubernetes secret is base64 of text. What has no such inside but is
 * long and assigned to a telling name is measured (random_value). Vectors stand beside the functions.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

static bool only(struct st_span s, bool (*is)(uint8_t))
{
    for (size_t i = 0; i < s.n; i++)
        if (!is(s.p[i]))
            return false;
    return true;
}

static bool is_lower_hex(uint8_t c)
{
    return flt_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Is a signed storage address around, or only a parameter of that name? */
enum flt_valid val_azure_sas(const struct flt_token *token)
{
    size_t from = token->from > 400 ? token->from - 400 : 0;
    struct st_span around = st_span_sub(token->all, from, token->to + 400 - from), sig = token->text;
    size_t equals = st_span_chr(sig, '=');

    if (equals == 3)
        sig = st_span_sub(sig, 4, sig.n);
    if (flt_has_placeholder(sig) || flt_entropy(sig) < 3.8)
        return FLT_V_EXAMPLE;
    return st_span_find(around, ST_SPAN("sv=20")) != ST_SPAN_NPOS &&
                   st_span_find(around, ST_SPAN("se=")) != ST_SPAN_NPOS
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* Three characters, a digit, "Q~", the rest. */
enum flt_valid val_azure_client_secret(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n < 37 || s.n > 40 || !flt_is_digit(s.p[3]) || s.p[4] != 'Q' || s.p[5] != '~')
        return FLT_V_WRONG;
    return flt_has_placeholder(s) || flt_entropy(s) < 3.5 ? FLT_V_EXAMPLE : FLT_V_OK;
}

/* Where Microsoft's public table of identifiable keys places the mark, and how long the key is. */
enum flt_valid val_azure_marked(const struct flt_token *token)
{
    static const struct {
        const char *mark;
        size_t at, n;
    } keys[] = { { "JQQJ99", 52, 84 }, { "AZDO", 76, 84 }, { "AzFu", 44, 54 }, { "+ACR", 42, 52 } };
    struct st_span s = token->text;

    for (size_t i = 0; i < ST_LEN(keys); i++) {
        if (s.n < keys[i].n || !st_span_eq(st_span_sub(s, keys[i].at, strlen(keys[i].mark)), st_span_str(keys[i].mark)))
            continue;
        return flt_has_placeholder(s) || flt_entropy(s) < 4.0 ? FLT_V_EXAMPLE : FLT_V_OK;
    }
    return FLT_V_WRONG;
}

static enum flt_valid claim(const struct flt_token *token, const char *wanted)
{
    struct st_span rest = token->text, payload;
    uint8_t json[1024];
    int n;

    if (!st_span_next(&rest, '.', &payload) || !st_span_next(&rest, '.', &payload))
        return FLT_V_WRONG;
    n = flt_unbase64(payload, json, sizeof json);
    return n > 2 && flt_ifind(st_span(json, (size_t)n), wanted) ? FLT_V_OK : FLT_V_WRONG;
}

enum flt_valid val_jwt_service_role(const struct flt_token *token)
{
    return claim(token, "\"service_role\"");
}

enum flt_valid val_jwt_kubernetes(const struct flt_token *token)
{
    return claim(token, "kubernetes");
}

/* The last 36 characters are a UUID; not the nil one, not one of a manual. */
enum flt_valid val_uuid(const struct flt_token *token)
{
    struct st_span s = token->text.n > 36 ? st_span_sub(token->text, token->text.n - 36, 36) : token->text;

    if (s.n != 36 || s.p[8] != '-' || s.p[23] != '-')
        return FLT_V_WRONG;
    return flt_distinct(s) < 9 || flt_has_placeholder(s) ? FLT_V_EXAMPLE : FLT_V_OK;
}

/* Base64 of printable text. */
enum flt_valid val_base64_text(const struct flt_token *token)
{
    uint8_t raw[64];
    int n = flt_unbase64(token->text, raw, sizeof raw);

    if (n < 6)
        return FLT_V_WRONG;
    for (int i = 0; i < n; i++)
        if (raw[i] < 0x20 && raw[i] != '\n' && raw[i] != '\t' && raw[i] != '\r')
            return FLT_V_SHAPE;
    return flt_has_placeholder(st_span(raw, (size_t)n)) ? FLT_V_EXAMPLE : FLT_V_OK;
}

enum flt_valid val_base64_32(const struct flt_token *token)
{
    uint8_t raw[48];

    if (flt_has_placeholder(token->text) || flt_entropy(token->text) < 4.0)
        return FLT_V_EXAMPLE;
    return flt_unbase64(token->text, raw, sizeof raw) == 32 ? FLT_V_OK : FLT_V_WRONG;
}

/* $id$…$hash: crypt(5) names the characters of the last field. */
enum flt_valid val_crypt_hash(const struct flt_token *token)
{
    static const struct {
        const char *id;
        size_t n;
    } schemes[] = { { "$6$", 86 }, { "$5$", 43 }, { "$y$", 43 }, { "$apr1$", 22 }, { "$2", 53 }, { "$argon2", 22 } };
    struct st_span rest = token->text, last = ST_SPAN_NONE;

    while (st_span_next(&rest, '$', &last))
        continue;
    if (flt_has_placeholder(last) || flt_distinct(last) < 12)
        return FLT_V_EXAMPLE;
    for (size_t i = 0; i < ST_LEN(schemes); i++)
        if (st_span_starts(token->text, st_span_str(schemes[i].id)))
            return last.n == schemes[i].n || (i == 5 && last.n >= 22) ? FLT_V_OK : FLT_V_WRONG;
    return FLT_V_WRONG;
}

/* LM hash of nothing, then the NT hash; 31d6cfe0… is that of the empty password. */
enum flt_valid val_ntlm_dump(const struct flt_token *token)
{
    struct st_span nt = st_span_sub(token->text, 33, 32);

    if (nt.n != 32 || !only(nt, is_lower_hex))
        return FLT_V_WRONG;
    return st_span_eq(nt, ST_SPAN("31d6cfe0d16ae931b73c59d7e0c089c0")) || flt_distinct(nt) < 8 ? FLT_V_EXAMPLE
                                                                                               : FLT_V_OK;
}

/* Base32 of prefix, 32 bytes of seed and their CRC-16 (XMODEM, little endian); "123456789" has the CRC 31c3. */
enum flt_valid val_nkey(const struct flt_token *token)
{
    uint8_t raw[36];
    size_t n = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    if (token->text.n != 58)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 58 && n < sizeof raw; i++) {
        uint8_t c = token->text.p[i];

        if (!flt_is_upper(c) && (c < '2' || c > '7'))
            return FLT_V_WRONG;
        bits = bits << 5 | (uint32_t)(flt_is_upper(c) ? c - 'A' : c - '2' + 26);
        have += 5;
        if (have >= 8) {
            have -= 8;
            raw[n++] = (uint8_t)(bits >> have);
        }
    }
    return n == 36 && flt_crc16(st_span(raw, 34)) == ((unsigned)raw[34] | (unsigned)raw[35] << 8) ? FLT_V_OK
                                                                                                  : FLT_V_WRONG;
}

/* DER: SEQUENCE { INTEGER 3, SEQUENCE { OID pkcs7-data … (RFC 7292 §4). */
enum flt_valid val_pkcs12(const struct flt_token *token)
{
    uint8_t raw[32];
    int n = flt_unbase64(token->text, raw, sizeof raw);

    if (n < 32 || raw[0] != 0x30 || raw[1] != 0x82)
        return FLT_V_WRONG;
    return memcmp(raw + 4, "\x02\x01\x03\x30", 4) == 0 ? FLT_V_OK : FLT_V_WRONG;
}

/* 0822455D0A16 is "cisco": two digits say where in the published key to begin, then bytes in hexadecimal. */
enum flt_valid val_cisco7(const struct flt_token *token)
{
    static const char key[] = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";
    static const char hex[] = "0123456789ABCDEF";
    struct st_span s = token->text;
    unsigned seed;

    if (s.n < 8 || s.n % 2 != 0 || !flt_is_digit(s.p[0]) || !flt_is_digit(s.p[1]))
        return FLT_V_WRONG;
    seed = flt_digits(s, 0, 2);
    for (size_t i = 2; i + 1 < s.n; i += 2) {
        const char *hi = memchr(hex, s.p[i], 16), *lo = memchr(hex, s.p[i + 1], 16);
        unsigned c;

        if (hi == NULL || lo == NULL)
            return FLT_V_WRONG;
        c = (unsigned)((hi - hex) << 4 | (lo - hex)) ^ (uint8_t)key[(seed + i / 2 - 1) % (sizeof key - 1)];
        if (c < 0x20 || c > 0x7e)
            return FLT_V_WRONG;
    }
    return seed < sizeof key - 1 ? FLT_V_OK : FLT_V_WRONG;
}

/* Keys, identifiers and words of them: "my-secret-token-name-2". */
static bool is_told(struct st_span s)
{
    static const char *const words[] = { "secret", "token", "passw", "apikey", "api_key", "api-key", "credential" };

    for (size_t i = 0; i < ST_LEN(words); i++)
        if (flt_ifind(s, words[i]))
            return true;
    return false;
}

static bool is_hex_digit(uint8_t c)
{
    return flt_is_digit(c) || (flt_to_lower(c) >= 'a' && flt_to_lower(c) <= 'f') || c == '-';
}

static bool is_key_byte(uint8_t c)
{
    return flt_is_alnum(c) || (c != 0 && strchr("+/=_.~!@#$%^&*?-", c) != NULL);
}

/* A UUID is of this kind, and so is a number with a random part behind it. */
static enum flt_valid hexadecimal(struct st_span s, struct flt_mix mix)
{
    if (s.n < 16 || mix.digit < s.n / 5 || mix.lower + mix.upper < s.n / 8 || flt_distinct(s) < 8)
        return FLT_V_WRONG;
    return (mix.other == 0 && s.n >= 20) || (mix.other <= 4 && s.n >= 32) ? FLT_V_OK : FLT_V_SHAPE;
}

/* Long, of all classes, with signs in it: what a generator of passwords makes. */
static bool is_of_all(struct st_span s, struct flt_mix mix)
{
    return s.n >= 32 && (mix.other >= 4 || flt_turns(s) > 8) && mix.digit > 1 && mix.lower > 1 && mix.upper > 1 &&
           flt_wordiness(s) < 50 && memchr(s.p, ' ', s.n) == NULL && memchr(s.p, '\\', s.n) == NULL;
}

/* With signs that no key has: what a person or a manager of passwords made, and no pattern, call or path. */
static bool is_strong(struct st_span s, struct flt_mix mix)
{
    static const char *const others[] = { "a-z", "0-9", "()", "[]", "{}", "::", "->", "].", "\\", " " };

    for (size_t i = 0; i < ST_LEN(others); i++)
        if (flt_ifind(s, others[i]))
            return false;
    return mix.digit > 0 && mix.lower > 1 && mix.upper > 1 && mix.other > 1 && mix.other <= s.n / 2 &&
           flt_distinct(s) >= s.n * 2 / 3 && flt_wordiness(s) < 50;
}

/* Is it made of words, or of too little else? With many digits among them, a few letters may look like a word. */
static bool is_worded(struct st_span s, struct flt_mix mix)
{
    unsigned words = flt_wordiness(s), turns = flt_turns(s);

    if (words >= (turns >= 4 ? 80 : 60) || mix.lower + mix.upper < 4 || mix.other > s.n / 4)
        return true;
    if (mix.digit == 0)
        return s.n < 16 || mix.lower < 4 || mix.upper < 4 || words == 0 || words >= (s.n < 20 ? 40 : 50);
    return (turns < 3 && words >= 45) || (s.n < 16 && (mix.lower == 0 || mix.upper == 0));
}

static enum flt_valid by_length(struct st_span s, struct flt_mix mix)
{
    if (mix.digit == 0)
        return FLT_V_OK;
    if (s.n >= 20 || (s.n >= 16 && mix.lower > 2 && mix.upper > 2) || (flt_turns(s) > 4 && flt_wordiness(s) < 60))
        return flt_entropy(s) >= (s.n < 16 ? 3.0 : 3.4) ? FLT_V_OK : FLT_V_SHAPE;
    return s.n >= 16 || flt_turns(s) >= 4 ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* Without what is no part of it: base64:… of an APP_KEY; the number of an account, as in 123456:…, before its secret.
 */
static struct st_span random_part(struct st_span s)
{
    size_t colon = st_span_chr(s, ':');
    bool is_number = colon >= 5 && colon <= 16 && s.n - colon > 20;

    for (size_t i = 0; is_number && i < colon; i++)
        is_number = flt_is_digit(s.p[i]);
    return is_number || st_span_starts(s, ST_SPAN("base64:")) ? st_span_sub(s, colon + 1, s.n) : s;
}

/* The value of a name that says "key" or "token": random, as far as its length lets one say so. Words, names, paths and
 * what is only told of a secret are none; a short value is left in doubt. */
enum flt_valid val_random_value(const struct flt_token *token)
{
    struct st_span s = random_part(token->text);
    struct flt_mix mix = flt_mix(s);

    if (s.n < 12 || s.n > 200 || strchr("/.$", s.p[0]) != NULL)
        return FLT_V_WRONG;
    if (flt_has_placeholder(s) || flt_is_sequence(s) || is_told(s) || flt_distinct(s) < 7)
        return FLT_V_EXAMPLE;
    if (is_of_all(s, mix))
        return FLT_V_OK;
    if (only(s, is_hex_digit))
        return hexadecimal(s, mix);
    if (!only(s, is_key_byte))
        return is_strong(s, mix) ? val_password(token) : FLT_V_WRONG;
    return is_worded(s, mix) ? FLT_V_WRONG : by_length(s, mix);
}

/* https://host/…/TOKEN: who knows the address may post; its last part is random. */
enum flt_valid val_url_tail(const struct flt_token *token)
{
    struct st_span s = token->text;
    size_t from = s.n;

    while (from > 0 && (flt_is_alnum(s.p[from - 1]) || s.p[from - 1] == '-' || s.p[from - 1] == '_'))
        from--;
    s = st_span_sub(s, from, s.n - from);
    if (flt_has_placeholder(token->text) || flt_is_sequence(s) || flt_distinct(s) < 7)
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

/* https://TOKEN@host: the whole user is one. */
enum flt_valid val_url_token(const struct flt_token *token)
{
    return token->to < token->all.n && token->all.p[token->to] == '@' ? val_random_value(token) : FLT_V_WRONG;
}

/* otpauth://…secret=BASE32: manuals show one secret again and again, or call their account an example. */
enum flt_valid val_otpauth(const struct flt_token *token)
{
    size_t at = st_span_find(token->text, ST_SPAN("secret="));
    struct st_span secret = at == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(token->text, at + 7, token->text.n);

    secret = st_span_sub(secret, 0, st_span_chr(secret, '&'));
    return secret.n < 16 || flt_has_placeholder(secret) || flt_is_sequence(secret) ||
                   flt_ifind(secret, "jbswy3dpehpk3pxp") || flt_ifind(secret, "gezdgnbvgy3tqojq")
               ? FLT_V_EXAMPLE
               : FLT_V_OK;
}

/* …Key=BASE64 at the end of a connection string: 32 or 64 bytes; the emulator's key is public. */
enum flt_valid val_keyed_connstr(const struct flt_token *token)
{
    struct st_span s = token->text;
    size_t at = 0, next;
    uint8_t raw[80];
    int n;

    while ((next = st_span_find(st_span_sub(s, at, s.n), ST_SPAN("Key="))) != ST_SPAN_NPOS)
        at += next + 4;
    s = st_span_sub(s, at, s.n);
    s = st_span_sub(s, 0, st_span_chr(s, '='));
    if (at == 0)
        return FLT_V_WRONG;
    if (flt_has_placeholder(s) || flt_entropy(s) < 3.8 ||
        st_span_starts(s, ST_SPAN("C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHL")))
        return FLT_V_EXAMPLE;
    n = flt_unbase64(s, raw, sizeof raw);
    return n == 32 || n == 64 ? FLT_V_OK : FLT_V_SHAPE;
}

/* Endpoint=https://…;Id=…;Secret=BASE64: 32 or 64 bytes in one of its parts. */
enum flt_valid val_endpoint_connstr(const struct flt_token *token)
{
    struct st_span rest = token->text, part;
    uint8_t raw[80];

    while (st_span_next(&rest, ';', &part)) {
        size_t equals = st_span_chr(part, '=');
        struct st_span value = st_span_sub(part, equals + 1, part.n);
        int n;

        if (equals == ST_SPAN_NPOS || value.n < 44 || value.n > 92)
            continue;
        if (flt_has_placeholder(value) || flt_entropy(value) < 3.8)
            return FLT_V_EXAMPLE;
        n = flt_unbase64(value, raw, sizeof raw);
        if (n == 32 || n == 64)
            return FLT_V_OK;
    }
    return FLT_V_SHAPE;
}
