/* SPDX-License-Identifier: Apache-2.0 */
/* hash - digests, keyed digests, signatures, sealing and random bytes; a thin door to OpenSSL's EVP.
 *
 * Algorithms are fetched once per process (OpenSSL 3.0 pays for implicit fetches) and kept. Keys are raw bytes in the
 * caller's storage; the caller wipes them with st_wipe.
 */
#ifndef STOA_BASE_HASH_H
#define STOA_BASE_HASH_H
#include "base/err.h"
#include "base/span.h"
#include <stdbool.h>

#define ST_SHA256_LEN      32
#define ST_ED25519_LEN     32 /* private seed and public key */
#define ST_ED25519_SIG_LEN 64
#define ST_SEAL_KEY_LEN    32
#define ST_SEAL_EXTRA      28 /* nonce 12 + tag 16 around a sealed text */

/* FIPS 180-4, over the parts one after another. */
ST_MUST enum st_rc st_sha256(const struct st_span *parts, size_t n, uint8_t out[ST_SHA256_LEN], struct st_err *err);
/* RFC 2104. */
ST_MUST enum st_rc st_hmac256(struct st_span key, const struct st_span *parts, size_t n, uint8_t out[ST_SHA256_LEN],
                              struct st_err *err);
/* RFC 8032. */
ST_MUST enum st_rc st_ed25519_public(const uint8_t seed[ST_ED25519_LEN], uint8_t out[ST_ED25519_LEN],
                                     struct st_err *err);
ST_MUST enum st_rc st_ed25519_sign(const uint8_t seed[ST_ED25519_LEN], struct st_span msg,
                                   uint8_t sig[ST_ED25519_SIG_LEN], struct st_err *err);
/* ST_OK only for a good signature; ST_E_INTEGRITY for a bad one. */
ST_MUST enum st_rc st_ed25519_verify(const uint8_t key[ST_ED25519_LEN], struct st_span msg,
                                     const uint8_t sig[ST_ED25519_SIG_LEN], struct st_err *err);
/* AES-256-GCM with a random nonce: out = nonce | ciphertext | tag, plain.n + ST_SEAL_EXTRA bytes. aad is bound, not
 * stored. */
ST_MUST enum st_rc st_seal(const uint8_t key[ST_SEAL_KEY_LEN], struct st_span plain, struct st_span aad, uint8_t *out,
                           struct st_err *err);
/* out holds sealed.n - ST_SEAL_EXTRA bytes. ST_E_INTEGRITY when it was changed or the key is another. */
ST_MUST enum st_rc st_unseal(const uint8_t key[ST_SEAL_KEY_LEN], struct st_span sealed, struct st_span aad,
                             uint8_t *out, struct st_err *err);
ST_MUST enum st_rc st_random(void *out, size_t n, struct st_err *err);
void st_wipe(void *p, size_t n);                          /* not optimised away */
bool st_equal_ct(const void *a, const void *b, size_t n); /* constant time */

/* SipHash-like quality is not needed: keyed FNV-style 64-bit mix for in-memory tables, seeded per process. */
uint64_t st_hash64(struct st_span s);

/* RFC 4648. Each answers the length written; out has room for st_base64_len(n) (or 2n for hex) and is not terminated.
 */
size_t st_base64_len(size_t n);
size_t st_base64(struct st_span in, char *out);
size_t st_hex(struct st_span in, char *out);
/* Strict: canonical alphabet and padding. out has room for 3 * in.n / 4 + 3 bytes. */
ST_MUST enum st_rc st_base64_decode(struct st_span in, uint8_t *out, size_t *out_len, struct st_err *err);
ST_MUST enum st_rc st_hex_decode(struct st_span in, uint8_t *out, size_t *out_len, struct st_err *err);
/* RFC 9562 version 7: time-ordered, 74 random bits. out = 36 characters and a NUL. */
ST_MUST enum st_rc st_uuid7(char out[37], struct st_err *err);
#endif
