/* SPDX-License-Identifier: Apache-2.0 */
/* hash - the one file that calls OpenSSL's EVP, and the small encodings that go with digests.
 *
 * Algorithms are fetched on first use and kept for the life of the process: an implicit fetch takes locks and costs
 * more than hashing a record. OpenSSL's error queue is emptied after every failure, so that nothing of ours confuses
 * the TLS code, which reads the same queue. The seed of st_hash64 is drawn once and survives fork.
 */
#include "base/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/clock.h"

#define NONCE 12u
#define TAG   16u

static enum st_rc openssl_failed(struct st_err *err, const char *where)
{
    unsigned long code = ERR_get_error();

    ERR_clear_error();
    return st_fail_at(err, ST_E_NOMEM, where, "OpenSSL failed", ERR_GET_REASON(code));
}

/* OpenSSL 3.0 fetches for every call that names no fetched object. */
static const EVP_MD *sha256(void)
{
    static EVP_MD *md = NULL;

    if (md == NULL)
        md = EVP_MD_fetch(NULL, "SHA256", NULL);
    return md;
}

static const EVP_CIPHER *aes256gcm(void)
{
    static EVP_CIPHER *cipher = NULL;

    if (cipher == NULL)
        cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    return cipher;
}

enum st_rc st_sha256(const struct st_span *parts, size_t n, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL || EVP_DigestInit_ex(ctx, sha256(), NULL) != 1) {
        rc = openssl_failed(err, "hash.sha256");
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1) {
            rc = openssl_failed(err, "hash.sha256");
            goto out;
        }
    }
    if (EVP_DigestFinal_ex(ctx, out, NULL) != 1) {
        rc = openssl_failed(err, "hash.sha256");
        goto out;
    }
    rc = ST_OK;
out:
    EVP_MD_CTX_free(ctx);
    return rc;
}

/* H(pad | parts) with one byte folded into the padded key: the two halves of RFC 2104. */
static bool hmac_half(const uint8_t key[64], uint8_t fold_in, const struct st_span *parts, size_t n, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t pad[64];
    bool ok;

    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = key[i] ^ fold_in;
    ok = ctx != NULL && EVP_DigestInit_ex(ctx, sha256(), NULL) == 1 && EVP_DigestUpdate(ctx, pad, sizeof pad) == 1;
    for (size_t i = 0; i < n && ok; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    st_wipe(pad, sizeof pad);
    return ok;
}

enum st_rc st_hmac256(struct st_span key, const struct st_span *parts, size_t n, uint8_t out[ST_SHA256_LEN],
                      struct st_err *err)
{
    uint8_t block[64] = { 0 }, inner[ST_SHA256_LEN];
    struct st_span second = { inner, sizeof inner };
    enum st_rc rc = ST_OK;

    if (key.n > sizeof block)
        rc = st_sha256(&key, 1, block, err);
    else if (key.n > 0)
        memcpy(block, key.p, key.n);
    if (rc == ST_OK && (!hmac_half(block, 0x36, parts, n, inner) || !hmac_half(block, 0x5c, &second, 1, out)))
        rc = openssl_failed(err, "hash.hmac256");
    st_wipe(block, sizeof block);
    st_wipe(inner, sizeof inner);
    return rc;
}

enum st_rc st_ed25519_public(const uint8_t seed[ST_ED25519_LEN], uint8_t out[ST_ED25519_LEN], struct st_err *err)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ST_ED25519_LEN);
    size_t n = ST_ED25519_LEN;
    enum st_rc rc = ST_OK;

    if (key == NULL || EVP_PKEY_get_raw_public_key(key, out, &n) != 1 || n != ST_ED25519_LEN)
        rc = openssl_failed(err, "hash.ed25519_public");
    EVP_PKEY_free(key);
    return rc;
}

enum st_rc st_ed25519_sign(const uint8_t seed[ST_ED25519_LEN], struct st_span msg, uint8_t sig[ST_ED25519_SIG_LEN],
                           struct st_err *err)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ST_ED25519_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = ST_ED25519_SIG_LEN;
    enum st_rc rc = ST_OK;

    if (key == NULL || ctx == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(ctx, sig, &n, msg.p, msg.n) != 1 || n != ST_ED25519_SIG_LEN)
        rc = openssl_failed(err, "hash.ed25519_sign");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return rc;
}

enum st_rc st_ed25519_verify(const uint8_t key[ST_ED25519_LEN], struct st_span msg,
                             const uint8_t sig[ST_ED25519_SIG_LEN], struct st_err *err)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ST_ED25519_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum st_rc rc = ST_OK;

    if (pkey == NULL || ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) != 1) {
        rc = openssl_failed(err, "hash.ed25519_verify");
    } else if (EVP_DigestVerify(ctx, sig, ST_ED25519_SIG_LEN, msg.p, msg.n) != 1) {
        ERR_clear_error();
        rc = st_fail(err, ST_E_INTEGRITY, "hash.ed25519_verify", "signature does not match", 0);
    }
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return rc;
}

enum st_rc st_seal(const uint8_t key[ST_SEAL_KEY_LEN], struct st_span plain, struct st_span aad, uint8_t *out,
                   struct st_err *err)
{
    EVP_CIPHER_CTX *ctx = NULL;
    enum st_rc rc = ST_ERR;
    int n = 0;

    if (plain.n > INT32_MAX || aad.n > INT32_MAX)
        return st_fail(err, ST_E_LIMIT, "hash.seal", "text is too long", plain.n);
    if (st_random(out, NONCE, err) != ST_OK)
        return ST_ERR;
    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || EVP_EncryptInit_ex(ctx, aes256gcm(), NULL, key, out) != 1 ||
        (aad.n > 0 && EVP_EncryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) != 1) ||
        (plain.n > 0 && EVP_EncryptUpdate(ctx, out + NONCE, &n, plain.p, (int)plain.n) != 1) ||
        EVP_EncryptFinal_ex(ctx, out + NONCE + plain.n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + NONCE + plain.n) != 1)
        rc = openssl_failed(err, "hash.seal");
    else
        rc = ST_OK;
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

enum st_rc st_unseal(const uint8_t key[ST_SEAL_KEY_LEN], struct st_span sealed, struct st_span aad, uint8_t *out,
                     struct st_err *err)
{
    EVP_CIPHER_CTX *ctx = NULL;
    enum st_rc rc = ST_ERR;
    uint8_t tag[TAG], none;
    size_t len;
    int n = 0;

    if (sealed.n < ST_SEAL_EXTRA || sealed.n > INT32_MAX || aad.n > INT32_MAX)
        return st_fail(err, ST_E_INTEGRITY, "hash.unseal", "sealed text has a wrong length", sealed.n);
    len = sealed.n - ST_SEAL_EXTRA;
    memcpy(tag, sealed.p + NONCE + len, TAG);
    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || EVP_DecryptInit_ex(ctx, aes256gcm(), NULL, key, sealed.p) != 1 ||
        (aad.n > 0 && EVP_DecryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) != 1) ||
        (len > 0 && EVP_DecryptUpdate(ctx, out, &n, sealed.p + NONCE, (int)len) != 1) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1) {
        rc = openssl_failed(err, "hash.unseal");
    } else if (EVP_DecryptFinal_ex(ctx, &none, &n) != 1) {
        ERR_clear_error();
        rc = st_fail(err, ST_E_INTEGRITY, "hash.unseal", "sealed text was changed or the key is another", 0);
    } else {
        rc = ST_OK;
    }
    if (rc != ST_OK)
        st_wipe(out, len); /* unverified text is not to be read */
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

enum st_rc st_random(void *out, size_t n, struct st_err *err)
{
    uint8_t *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return st_fail(err, ST_E_IO, "hash.random", "getrandom", errno);
        p += got;
        n -= (size_t)got;
    }
    return ST_OK;
}

void st_wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

bool st_equal_ct(const void *a, const void *b, size_t n)
{
    return n == 0 || CRYPTO_memcmp(a, b, n) == 0;
}

/* 64 x 64 -> 128 bits, folded: every bit of both factors reaches the result. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t st_hash64(struct st_span s)
{
    static uint64_t seed[2] = { 0, 0 };
    uint64_t h, word;
    size_t i = 0;

    if (seed[0] == 0) {
        if (st_random(seed, sizeof seed, NULL) != ST_OK)
            seed[1] = (uint64_t)(uintptr_t)seed ^ st_clock_us(); /* weaker, but never the same for two starts */
        seed[0] |= 1;
    }
    h = seed[0] ^ s.n;
    for (; s.n - i >= 8; i += 8) {
        memcpy(&word, s.p + i, 8);
        h = fold(h ^ word, seed[1] ^ 0x9e3779b97f4a7c15u);
    }
    word = 0;
    if (s.n > i)
        memcpy(&word, s.p + i, s.n - i);
    h = fold(h ^ word, seed[1] ^ 0x9e3779b97f4a7c15u);
    return fold(h ^ 0xd6e8feb86659fd93u, seed[0] ^ 0xa0761d6478bd642fu);
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_digits[] = "0123456789abcdef";

size_t st_base64_len(size_t n)
{
    return (n + 2) / 3 * 4;
}

size_t st_base64(struct st_span in, char *out)
{
    char *to = out;

    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)in.p[i] << 16 | (uint32_t)(left > 1 ? in.p[i + 1] : 0) << 8 |
                     (uint32_t)(left > 2 ? in.p[i + 2] : 0);

        *to++ = base64_digits[v >> 18];
        *to++ = base64_digits[v >> 12 & 63];
        *to++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
        *to++ = left > 2 ? base64_digits[v & 63] : '=';
    }
    return (size_t)(to - out);
}

size_t st_hex(struct st_span in, char *out)
{
    for (size_t i = 0; i < in.n; i++) {
        out[2 * i] = hex_digits[in.p[i] >> 4];
        out[2 * i + 1] = hex_digits[in.p[i] & 15];
    }
    return 2 * in.n;
}

/* The digit's value, or a number with bit 31 set. */
static uint32_t digit_of(const char *digits, size_t n, uint8_t c)
{
    const char *at = memchr(digits, c, n);

    return at == NULL ? UINT32_C(0x80000000) : (uint32_t)(at - digits);
}

enum st_rc st_base64_decode(struct st_span in, uint8_t *out, size_t *out_len, struct st_err *err)
{
    size_t n = 0, pad = 0;

    if (in.n % 4 != 0)
        return st_fail(err, ST_E_SYNTAX, "hash.base64", "length is not a multiple of four", in.n);
    if (in.n > 0)
        pad = in.p[in.n - 1] != '=' ? 0 : in.p[in.n - 2] != '=' ? 1 : 2;
    for (size_t i = 0; i < in.n; i += 4) {
        size_t skip = i + 4 == in.n ? pad : 0;
        uint32_t v = 0, bad = 0;

        for (size_t j = 0; j < 4; j++) {
            uint32_t d = j + skip >= 4 ? 0 : digit_of(base64_digits, 64, in.p[i + j]);
            bad |= d & UINT32_C(0x80000000);
            v = v << 6 | (d & 63);
        }
        if (bad != 0)
            return st_fail(err, ST_E_SYNTAX, "hash.base64", "not a base64 digit", i);
        if ((v & ((UINT32_C(1) << (8 * skip)) - 1)) != 0) /* two texts must not mean the same bytes */
            return st_fail(err, ST_E_SYNTAX, "hash.base64", "bits set behind the end", i);
        for (size_t j = 0; j + skip < 3; j++)
            out[n++] = (uint8_t)(v >> (16 - 8 * j));
    }
    *out_len = n;
    return ST_OK;
}

enum st_rc st_hex_decode(struct st_span in, uint8_t *out, size_t *out_len, struct st_err *err)
{
    if (in.n % 2 != 0)
        return st_fail(err, ST_E_SYNTAX, "hash.hex", "odd length", in.n);
    for (size_t i = 0; i < in.n; i += 2) {
        uint32_t high = digit_of(hex_digits, 16, in.p[i]), low = digit_of(hex_digits, 16, in.p[i + 1]);

        if (((high | low) & UINT32_C(0x80000000)) != 0)
            return st_fail(err, ST_E_SYNTAX, "hash.hex", "not a lower-case hex digit", i);
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out_len = in.n / 2;
    return ST_OK;
}

enum st_rc st_uuid7(char out[37], struct st_err *err)
{
    uint8_t b[16];
    uint64_t ms = (uint64_t)st_clock_wall_ms();
    char hex[32];
    size_t at = 0;

    if (st_random(b + 6, 10, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
    (void)st_hex(st_span(b, sizeof b), hex);
    for (size_t i = 0; i < sizeof hex; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            out[at++] = '-';
        out[at++] = hex[i];
    }
    out[at] = '\0';
    return ST_OK;
}
