/* SPDX-License-Identifier: Apache-2.0 */
/* validate_crypto - addresses and keys of cryptocurrencies, age keys.
 *
 * Base58Check ends with the first four bytes of a double SHA-256 over the rest; bech32 (BIP-173) and bech32m (BIP-350)
 * end with six characters of a BCH code. Both never fit by chance, so a wrong one is refused. Vectors: the Bitcoin
 * wiki's WIF sample, BIP-32's first test vector, BIP-173's and BIP-350's lists.
 */
#include "base/err.h"
#include "base/hash.h"
#include "filters/validate.h"
#include <string.h>

#define BASE58_MAX 96u /* bytes of the longest value, an extended key, have 82 */

/* Answers the bytes, -1 on a stray character or when it is too long. */
static int unbase58(struct st_span s, uint8_t *out, size_t cap)
{
    static const char chars[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t number[BASE58_MAX] = { 0 }; /* little endian */
    size_t n = 0, zeros = 0;

    while (zeros < s.n && s.p[zeros] == '1')
        zeros++;
    for (size_t i = zeros; i < s.n; i++) {
        const char *at = s.p[i] == 0 ? NULL : memchr(chars, s.p[i], sizeof chars - 1);
        unsigned carry;

        if (at == NULL)
            return -1;
        carry = (unsigned)(at - chars);
        for (size_t k = 0; k < n; k++) {
            carry += number[k] * 58u;
            number[k] = (uint8_t)carry;
            carry >>= 8;
        }
        for (; carry > 0; carry >>= 8) {
            if (n == sizeof number)
                return -1;
            number[n++] = (uint8_t)carry;
        }
    }
    if (zeros + n > cap)
        return -1;
    memset(out, 0, zeros);
    for (size_t i = 0; i < n; i++)
        out[zeros + i] = number[n - 1 - i];
    return (int)(zeros + n);
}

/* The bytes without their check, -1 when it is wrong. */
static int base58check(struct st_span s, uint8_t *raw, size_t cap)
{
    uint8_t once[ST_SHA256_LEN], twice[ST_SHA256_LEN];
    struct st_err err = ST_ERR_INIT;
    struct st_span part;
    int n = unbase58(s, raw, cap);

    if (n < 5)
        return -1;
    part = st_span(raw, (size_t)n - 4);
    if (st_sha256(&part, 1, once, &err) != ST_OK)
        return -1;
    part = st_span(once, sizeof once);
    if (st_sha256(&part, 1, twice, &err) != ST_OK)
        return -1;
    return memcmp(twice, raw + n - 4, 4) == 0 ? n - 4 : -1;
}

/* The body of a private key: version 0x80, 32 bytes, 01 when the public key is compressed. */
enum flt_valid val_btc_wif(const struct flt_token *token)
{
    uint8_t raw[BASE58_MAX];
    int n = token->text.n == 51 || token->text.n == 52 ? base58check(token->text, raw, sizeof raw) : -1;

    return (n == 33 || (n == 34 && raw[33] == 1)) && raw[0] == 0x80 ? FLT_V_OK : FLT_V_WRONG;
}

/* rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh: Base58Check in an alphabet of its own, version 0 and 20 bytes. */
enum flt_valid val_xrp_address(const struct flt_token *token)
{
    static const char theirs[] = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
    static const char ours[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    struct st_span s = token->text;
    uint8_t turned[35], raw[BASE58_MAX];

    if (s.n < 25 || s.n > sizeof turned || s.p[0] != 'r')
        return FLT_V_WRONG;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = memchr(theirs, s.p[i], sizeof theirs - 1);

        if (at == NULL)
            return FLT_V_WRONG;
        turned[i] = (uint8_t)ours[at - theirs];
    }
    return base58check(st_span(turned, s.n), raw, sizeof raw) == 21 && raw[0] == 0 ? FLT_V_OK : FLT_V_WRONG;
}

/* 12, 15, 18, 21 or 24 words at the end of the text: BIP-39's list has none of the small words of sentences in it. */
enum flt_valid val_seed_words(const struct flt_token *token)
{
    static const char *const small[] = { "the",  "and", "for",  "with", "are", "not", "was",  "your", "has",
                                         "have", "but", "they", "from", "its", "our", "were", "will", "would" };
    struct st_span s = token->text;
    size_t words = 0, n;

    for (size_t from = 0; from < s.n && words<12; from += n> 0 ? n : 1) {
        for (n = 0; from + n < s.n && flt_is_alpha(s.p[from + n]);)
            n++;
        if (n > 0)
            words = n >= 3 && n <= 8 ? words + 1 : 0;
        for (size_t i = 0; i < ST_LEN(small); i++)
            if (st_span_ieq(st_span_sub(s, from, n), st_span_str(small[i])))
                words = 0;
    }
    return words >= 12 ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* Extended private keys: 78 bytes, a zero before the key. */
enum flt_valid val_bip32_xprv(const struct flt_token *token)
{
    uint8_t raw[BASE58_MAX];

    if (token->text.n < 107 || token->text.n > 112)
        return FLT_V_WRONG;
    return base58check(token->text, raw, sizeof raw) == 78 && raw[45] == 0 ? FLT_V_OK : FLT_V_WRONG;
}

static uint32_t polymod(uint32_t state, uint8_t value)
{
    static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
    uint32_t top = state >> 25;

    state = (state & 0x1ffffffu) << 5 ^ value;
    for (size_t i = 0; i < 5; i++)
        state ^= (top >> i & 1) != 0 ? generator[i] : 0;
    return state;
}

/* 1 for bech32, 0x2bc830a3 for bech32m, anything else is wrong. */
static uint32_t bech32(struct st_span s)
{
    static const char chars[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    size_t one = ST_SPAN_NPOS;
    uint32_t state = 1;

    for (size_t i = 0; i < s.n; i++)
        one = s.p[i] == '1' ? i : one;
    if (one == ST_SPAN_NPOS || one == 0 || one + 7 > s.n)
        return 0;
    for (size_t i = 0; i < one; i++)
        state = polymod(state, flt_to_lower(s.p[i]) >> 5);
    state = polymod(state, 0);
    for (size_t i = 0; i < one; i++)
        state = polymod(state, flt_to_lower(s.p[i]) & 31);
    for (size_t i = one + 1; i < s.n; i++) {
        const char *at = s.p[i] == 0 ? NULL : memchr(chars, flt_to_lower(s.p[i]), sizeof chars - 1);

        if (at == NULL)
            return 0;
        state = polymod(state, (uint8_t)(at - chars));
    }
    return state;
}

/* bc1, ltc1, tb1 … */
enum flt_valid val_bech32(const struct flt_token *token)
{
    uint32_t state = bech32(token->text);

    return state == 1 || state == 0x2bc830a3u ? FLT_V_OK : FLT_V_WRONG;
}

/* 0x and 40 digits; EIP-55's mixed case needs Keccak and is not checked. */
enum flt_valid val_eth_address(const struct flt_token *token)
{
    struct st_span s = st_span_sub(token->text, 2, 40);

    return s.n == 40 && token->text.n == 42 ? (flt_distinct(s) < 9 ? FLT_V_EXAMPLE : FLT_V_SHAPE) : FLT_V_WRONG;
}

/* 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa (the first block's): a version byte and 20 bytes of hash. */
enum flt_valid val_base58_address(const struct flt_token *token)
{
    static const uint8_t versions[] = { 0x00, 0x05, 0x30, 0x32, 0x41, 0x1e }; /* Bitcoin, Litecoin, Tron, Dogecoin */
    uint8_t raw[BASE58_MAX];

    if (token->text.n < 26 || token->text.n > 35 || strchr("13LMTD", token->text.p[0]) == NULL ||
        base58check(token->text, raw, sizeof raw) != 21)
        return FLT_V_WRONG;
    return memchr(versions, raw[0], sizeof versions) != NULL ? FLT_V_OK : FLT_V_WRONG;
}
