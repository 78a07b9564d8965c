/* SPDX-License-Identifier: Apache-2.0 */
/* validate_address - postal addresses, names beside their labels, IPv6 addresses.
 *
 * A street with its number is a shape; with a postcode behind it, it is an address. None of them has a checksum, so
 * what can be refused are the addresses that forms and manuals are filled in with. Vectors: "Lange Gasse 5a",
 * "12 Mill Road, Oxford OX1 4AB", 2a02:8108:8ac0::41 / "Musterstraße 1", 2001:db8::1 (RFC 3849).
 */
#include "base/err.h"
#include "filters/validate.h"
#include <arpa/inet.h>
#include <string.h>

#define TOWN_MAX 48u /* bytes behind a street in which its town may stand */

static bool has_any(struct st_span s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (flt_ifind(s, words[i]))
            return true;
    return false;
}

/* "OX1 4AB", "1015 CJ": a postcode that ends in two letters. */
static bool has_lettered_code(struct st_span s)
{
    for (size_t i = 1; i + 2 < s.n; i++) {
        bool ends = i + 3 == s.n || !flt_is_alnum(s.p[i + 3]);

        if (flt_is_digit(s.p[i]) && flt_is_upper(s.p[i + 1]) && flt_is_upper(s.p[i + 2]) && ends)
            return true;
    }
    return false;
}

/* The last run of digits is one of three and more, and is not the number of the house. */
static bool has_digits_code(struct st_span s)
{
    size_t runs = 0, longest = 0, run = 0;

    for (size_t i = 0; i < s.n; i++) {
        run = flt_is_digit(s.p[i]) ? run + 1 : 0;
        runs += run == 1;
        longest = run > 0 ? run : longest; /* of the last run */
    }
    return runs >= 2 && longest >= 3;
}

static bool is_nobodys(struct st_span s)
{
    static const char *const nobody[] = { "muster", "anytown", "example", "sample", "yourstreet", "fakestreet" };

    return has_any(s, nobody, ST_LEN(nobody));
}

/* A street may be a candidate of its own, with its town right behind. */
enum flt_valid val_address(const struct flt_token *token)
{
    struct st_span s = st_span_sub(token->all, token->from, token->to - token->from + TOWN_MAX);

    if (is_nobodys(s))
        return FLT_V_EXAMPLE;
    return has_digits_code(s) || has_lettered_code(s) ? FLT_V_OK : FLT_V_SHAPE;
}

/* What stands behind "Adresse:" has a number of a house and more letters than digits. */
enum flt_valid val_labelled_address(const struct flt_token *token)
{
    struct st_span s = token->text;
    struct flt_mix mix = flt_mix(s);

    if (mix.digit == 0 || mix.lower + mix.upper + mix.other < 2 * mix.digit || mix.lower + mix.other < 4)
        return FLT_V_WRONG;
    if (is_nobodys(s) || flt_has_placeholder(s))
        return FLT_V_EXAMPLE;
    return has_digits_code(s) || has_lettered_code(s) ? FLT_V_OK : FLT_V_SHAPE;
}

/* OX1 4AB: the last two letters are none of C, I, K, M, O and V. */
enum flt_valid val_uk_postcode(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n < 5 || s.n > 7 || !flt_is_digit(s.p[s.n - 3]))
        return FLT_V_WRONG;
    for (size_t i = s.n - 2; i < s.n; i++)
        if (!flt_is_upper(s.p[i]) || memchr("CIKMOV", s.p[i], 6) != NULL)
            return FLT_V_WRONG;
    return flt_is_upper(s.p[0]) && memchr("QVX", s.p[0], 3) == NULL ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* "Vorname: Jörg"; what forms and programs write there is no name. */
enum flt_valid val_labelled_name(const struct flt_token *token)
{
    static const char *const none[] = { "string",  "required", "optional", "varchar", "column", "field",
                                        "none",    "null",     "true",     "false",   "text",   "enter",
                                        "unknown", "muster",   "your",     "name" };
    struct st_span s = token->text;
    size_t at = s.n;

    while (at > 0 && s.p[at - 1] != ':' && s.p[at - 1] != '=')
        at--;
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '"'))
        at++;
    if (at == s.n || (!flt_is_upper(s.p[at]) && s.p[at] < 0x80))
        return FLT_V_WRONG;
    return has_any(st_span_sub(s, at, s.n), none, ST_LEN(none)) || flt_has_placeholder(st_span_sub(s, at, s.n))
               ? FLT_V_EXAMPLE
               : FLT_V_SHAPE;
}

/* "final warning to Mr. Tanner": the last word is written as names are. */
enum flt_valid val_ends_in_name(const struct flt_token *token)
{
    struct st_span s = token->text;
    size_t at = s.n;

    while (at > 0 && s.p[at - 1] != ' ')
        at--;
    return at < s.n && (flt_is_upper(s.p[at]) || s.p[at] >= 0x80) ? FLT_V_SHAPE : FLT_V_WRONG;
}

static bool ip6_parse(const struct flt_token *token, uint8_t address[16])
{
    struct st_span s = st_span_sub(token->all, token->from, token->to - token->from);
    char text[48];

    if (s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(AF_INET6, text, address) == 1;
}

/* What RFC 3849 keeps for manuals. */
static bool is_ip6_example(const uint8_t address[16])
{
    return memcmp(address, "\x20\x01\x0d\xb8", 4) == 0;
}

/* Any address but the unspecified one and one's own machine. */
enum flt_valid val_ip6(const struct flt_token *token)
{
    static const uint8_t none[15] = { 0 };
    uint8_t address[16];

    if (!ip6_parse(token, address) || memcmp(address, none, sizeof none) == 0)
        return FLT_V_WRONG;
    return is_ip6_example(address) ? FLT_V_EXAMPLE : FLT_V_OK;
}

/* Global unicast (RFC 4291), but what RFC 6890 keeps for tunnels and tests. */
enum flt_valid val_ip6_public(const struct flt_token *token)
{
    uint8_t address[16];

    if (!ip6_parse(token, address) || (address[0] & 0xe0) != 0x20)
        return FLT_V_WRONG;
    if (is_ip6_example(address) || memcmp(address, "\x20\x01\x00", 3) == 0 || memcmp(address, "\x20\x01\x01", 3) == 0)
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}
