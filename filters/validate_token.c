/* SPDX-License-Identifier: Apache-2.0 */
/* validate_token - credentials of services.
 *
 * What a vendor documents about the inside of its token (groups, a checksum, an encoded id) is checked here. A checksum
 * only raises: of the GitHub-shaped tokens people paste, many are shortened or invented, and a person may still have
 * meant a real one. What is refused are placeholders. Vector for the checksum: crc62 of a body is the CRC-32 of it in
 * base 62 (0-9A-Za-z), six characters, left-padded with 0.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

static bool is_hex(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!flt_is_digit(s.p[i]) && (flt_to_lower(s.p[i]) < 'a' || flt_to_lower(s.p[i]) > 'f'))
            return false;
    return true;
}

/* Enough variety for something that a generator made: of 16 digits at most 4 bits come, of 64 characters more. */
static bool looks_random(struct st_span s)
{
    double floor = is_hex(s) ? 2.8 : s.n >= 32 ? 3.5 : s.n >= 20 ? 3.0 : 2.5;

    return flt_entropy(s) >= floor && !flt_is_sequence(s);
}

/* The part after the vendor's prefix: after the last '_' or '-' of the first dozen characters. */
static struct st_span body_of(struct st_span s)
{
    size_t cut = 0;

    for (size_t i = 0; i < s.n && i < 12; i++)
        if (s.p[i] == '_' || s.p[i] == '-' || s.p[i] == '.')
            cut = i + 1;
    return st_span_sub(s, cut, s.n);
}

enum flt_valid val_token(const struct flt_token *token)
{
    struct st_span body = body_of(token->text);

    if (flt_has_placeholder(token->text) || !looks_random(body))
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

/* For a prefix without a sign at its end, such as EAA, which also stands in the middle of base64: nothing before it. */
enum flt_valid val_token_alone(const struct flt_token *token)
{
    uint8_t before = token->from > 0 && token->from <= token->all.n ? token->all.p[token->from - 1] : ' ';

    return flt_is_alnum(before) || before == '+' || before == '_' || before == '-' ? FLT_V_WRONG : val_token(token);
}

/* For a prefix that is like a word, and so may begin a name: "secret-test-credentials-manager". */
enum flt_valid val_token_random(const struct flt_token *token)
{
    struct st_span s = token->text, part = ST_SPAN_NONE, longest = ST_SPAN_NONE;

    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && flt_is_alnum(s.p[i])) {
            part = st_span(part.n == 0 ? s.p + i : part.p, part.n + 1);
            continue;
        }
        longest = part.n > longest.n ? part : longest;
        part = ST_SPAN_NONE;
    }
    if (longest.n < 12 || flt_turns(longest) < 2 || (flt_turns(longest) < 5 && flt_wordiness(longest) >= 50))
        return FLT_V_WRONG;
    return val_token(token);
}

enum flt_valid val_token_alone_random(const struct flt_token *token)
{
    enum flt_valid valid = val_token_alone(token);

    return valid == FLT_V_OK ? val_token_random(token) : valid;
}

enum flt_valid val_hex(const struct flt_token *token)
{
    struct st_span s = body_of(token->text);

    if (flt_has_placeholder(token->text) || flt_distinct(s) < 8)
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

enum flt_valid val_crc62(const struct flt_token *token)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct st_span body = body_of(token->text);
    uint32_t crc;

    if (flt_has_placeholder(token->text) || body.n < 20 || !looks_random(body))
        return FLT_V_EXAMPLE;
    crc = flt_crc32(st_span(body.p, body.n - 6));
    for (size_t i = 0; i < 6; i++, crc /= 62)
        if (body.p[body.n - 1 - i] != (uint8_t)digits[crc % 62])
            return FLT_V_SHAPE;
    return FLT_V_OK;
}

enum flt_valid val_jwt(const struct flt_token *token)
{
    struct st_span rest = token->text, head, payload;
    uint8_t json[96];
    int n;

    if (!st_span_next(&rest, '.', &head) || !st_span_next(&rest, '.', &payload))
        return FLT_V_WRONG;
    n = flt_unbase64(head, json, sizeof json);
    if (n < 10 || json[0] != '{' || !flt_ifind(st_span(json, (size_t)n), "\"alg\""))
        return FLT_V_WRONG;
    n = flt_unbase64(payload, json, sizeof json);
    if (n < 2 || json[0] != '{')
        return FLT_V_WRONG;
    /* the sample of jwt.io, in every tutorial: {"sub":"1234567890","name":"John Doe"… */
    if (flt_ifind(st_span(json, (size_t)n), "1234567890") && flt_ifind(st_span(json, (size_t)n), "john doe"))
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

/* A serialised macaroon: version 2, field 1 (location), 8 bytes, "pypi.org". */
enum flt_valid val_pypi(const struct flt_token *token)
{
    uint8_t raw[18];
    int n = flt_unbase64(st_span_sub(token->text, 5, token->text.n), raw, sizeof raw);

    if (flt_has_placeholder(token->text))
        return FLT_V_EXAMPLE;
    if (n >= 16 && memcmp(raw, "\x02\x01\x0dtest.pypi.org", 16) == 0)
        return FLT_V_OK;
    return n >= 11 && memcmp(raw, "\x02\x01\x08pypi.org", 11) == 0 ? FLT_V_OK : FLT_V_WRONG;
}

/* Base32 after the four-letter type, so 0, 1, 8 and 9 never occur; …EXAMPLE is what the manuals print. */
enum flt_valid val_aws_key_id(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (flt_has_placeholder(s) || flt_distinct(st_span_sub(s, 4, s.n)) < 6 || flt_is_sequence(st_span_sub(s, 4, s.n)))
        return FLT_V_EXAMPLE;
    for (size_t i = 4; i < s.n; i++)
        if (!flt_is_upper(s.p[i]) && (s.p[i] < '2' || s.p[i] > '7'))
            return FLT_V_SHAPE;
    return FLT_V_OK;
}

enum flt_valid val_aws_secret(const struct flt_token *token)
{
    struct st_span s = token->text;
    struct flt_mix mix = flt_mix(s);

    if (s.n != 40)
        return FLT_V_WRONG;
    if (flt_has_placeholder(s) || flt_entropy(s) < 4.0)
        return FLT_V_EXAMPLE;
    return mix.lower > 0 && mix.upper > 0 && mix.digit > 0 ? FLT_V_OK : FLT_V_WRONG;
}

enum flt_valid val_azure_key(const struct flt_token *token)
{
    uint8_t raw[80];

    if (flt_has_placeholder(token->text) || flt_entropy(token->text) < 4.0)
        return FLT_V_EXAMPLE;
    /* the key of the storage emulator is public */
    if (st_span_starts(token->text, ST_SPAN("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq")))
        return FLT_V_EXAMPLE;
    return flt_unbase64(token->text, raw, sizeof raw) == 64 ? FLT_V_OK : FLT_V_WRONG;
}

static bool all_of(struct st_span s, bool digits)
{
    for (size_t i = 0; i < s.n; i++)
        if (digits ? !flt_is_digit(s.p[i]) : !flt_is_alnum(s.p[i]))
            return false;
    return true;
}

/* xoxb-TEAM-BOT-secret: groups of digits, then letters and digits; xapp-1-A…-digits-hex64. */
enum flt_valid val_slack_token(const struct flt_token *token)
{
    struct st_span rest = token->text, group = ST_SPAN_NONE;
    size_t groups = 0, numeric = 0;

    if (flt_has_placeholder(token->text))
        return FLT_V_EXAMPLE;
    while (st_span_next(&rest, '-', &group)) {
        if (group.n == 0)
            return FLT_V_WRONG;
        numeric += group.n >= 8 && all_of(group, true);
        groups++;
    }
    if (groups < 3 || group.n < 20 || !all_of(group, false) || !looks_random(group))
        return FLT_V_EXAMPLE;
    return numeric >= 1 ? FLT_V_OK : FLT_V_SHAPE;
}

enum flt_valid val_slack_webhook(const struct flt_token *token)
{
    struct st_span rest = token->text, part = ST_SPAN_NONE;

    while (st_span_next(&rest, '/', &part))
        continue;
    if (flt_has_placeholder(token->text) || flt_distinct(part) < 8)
        return FLT_V_EXAMPLE;
    return part.n >= 20 ? FLT_V_OK : FLT_V_WRONG;
}

/* id in base64 . time . signature: the first part decodes to the decimal digits of the bot's id. */
enum flt_valid val_discord_bot(const struct flt_token *token)
{
    struct st_span rest = token->text, id;
    uint8_t raw[24];
    int n;

    if (!st_span_next(&rest, '.', &id))
        return FLT_V_WRONG;
    n = flt_unbase64(id, raw, sizeof raw);
    return n >= 17 && n <= 20 && all_of(st_span(raw, (size_t)n), true) ? FLT_V_OK : FLT_V_WRONG;
}

enum flt_valid val_telegram_bot(const struct flt_token *token)
{
    size_t colon = st_span_chr(token->text, ':');
    struct st_span secret = st_span_sub(token->text, colon + 1, token->text.n);

    size_t digits = 0;

    while (colon != ST_SPAN_NPOS && digits < colon && flt_is_digit(token->text.p[colon - 1 - digits]))
        digits++; /* in an address "bot" stands before it */
    if (digits < 8 || digits > 10 || secret.n != 35)
        return FLT_V_WRONG;
    return flt_has_placeholder(secret) || !looks_random(secret) ? FLT_V_EXAMPLE : FLT_V_OK;
}

/* 32 hexadecimal digits, then the data centre. */
enum flt_valid val_mailchimp(const struct flt_token *token)
{
    size_t dash = st_span_chr(token->text, '-');
    struct st_span key = st_span_sub(token->text, 0, dash);

    if (dash != 32)
        return FLT_V_WRONG;
    for (size_t i = 0; i < key.n; i++)
        if (!flt_is_digit(key.p[i]) && (key.p[i] < 'a' || key.p[i] > 'f'))
            return FLT_V_WRONG;
    return flt_distinct(key) < 8 ? FLT_V_EXAMPLE : FLT_V_OK;
}
