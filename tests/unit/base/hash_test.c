/* SPDX-License-Identifier: Apache-2.0 */
/* hash - the published test vectors, and that a changed bit never passes. */
#include "t.h"

#include "base/clock.h"
#include "base/hash.h"

static struct st_span unhex(const char *hex, uint8_t *out)
{
    struct st_err err = ST_ERR_INIT;
    size_t n = 0;

    T_OK(st_hex_decode(st_span_str(hex), out, &n, &err), err);
    return st_span(out, n);
}

static void same(const char *what, const uint8_t *got, size_t n, const char *hex)
{
    char text[600];

    T_CHECK(2 * n < sizeof text, "%s: too long for the test", what);
    text[st_hex(st_span(got, n), text)] = '\0';
    T_CHECK(strcmp(text, hex) == 0, "%s: %s", what, text);
}

T_TEST(sha256_of_fips_180)
{
    struct st_err err = ST_ERR_INIT;
    uint8_t out[ST_SHA256_LEN];
    struct st_span parts[] = { ST_SPAN("abcdbcdecdefdefg"), ST_SPAN_NONE,
                               ST_SPAN("efghfghighijhijkijkljklmklmnlmnomnopnopq") };

    T_OK(st_sha256(NULL, 0, out, &err), err);
    same("empty", out, sizeof out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    T_OK(st_sha256(&ST_SPAN("abc"), 1, out, &err), err);
    same("abc", out, sizeof out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    T_OK(st_sha256(parts, ST_LEN(parts), out, &err), err);
    same("parts", out, sizeof out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

T_TEST(hmac_of_rfc_4231)
{
    struct st_err err = ST_ERR_INIT;
    uint8_t out[ST_SHA256_LEN], key[131];
    struct st_span parts[] = { ST_SPAN("what do ya want "), ST_SPAN("for nothing?") };

    memset(key, 0x0b, sizeof key);
    T_OK(st_hmac256(st_span(key, 20), &ST_SPAN("Hi There"), 1, out, &err), err);
    same("case 1", out, sizeof out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    T_OK(st_hmac256(ST_SPAN("Jefe"), parts, ST_LEN(parts), out, &err), err);
    same("case 2", out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    T_OK(
        st_hmac256(st_span(key, 131), &ST_SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), 1, out, &err),
        err);
    same("case 6", out, sizeof out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

T_TEST(ed25519_of_rfc_8032)
{
    static const struct {
        const char *seed, *key, *msg, *sig;
    } rows[] = {
        { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
          "be246"
          "55141438e7a100b" },
        { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb430"
          "2aeeb"
          "00d291612bb0c00" },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        uint8_t seed[32], key[32], made[32], msg[8], sig[64];
        struct st_err err = ST_ERR_INIT;
        struct st_span m = unhex(rows[i].msg, msg);

        (void)unhex(rows[i].seed, seed);
        (void)unhex(rows[i].key, key);
        T_OK(st_ed25519_public(seed, made, &err), err);
        same("public key", made, sizeof made, rows[i].key);
        T_OK(st_ed25519_sign(seed, m, sig, &err), err);
        same("signature", sig, sizeof sig, rows[i].sig);
        T_OK(st_ed25519_verify(key, m, sig, &err), err);
        for (size_t bit = 0; bit < 512; bit++) {
            sig[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            T_CHECK(st_ed25519_verify(key, m, sig, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "bit %zu flipped",
                    bit);
            sig[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        T_CHECK(st_ed25519_verify(key, ST_SPAN("other"), sig, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "message");
    }
}

T_TEST(seal_opens_only_what_was_sealed)
{
    uint8_t key[ST_SEAL_KEY_LEN] = { 1, 2, 3 }, sealed[100 + ST_SEAL_EXTRA], again[100 + ST_SEAL_EXTRA], open[100],
            plain[100];
    struct st_err err = ST_ERR_INIT;

    memset(plain, 0x5a, sizeof plain);
    for (size_t n = 0; n <= 100; n += 25) {
        struct st_span s = { sealed, n + ST_SEAL_EXTRA }, aad = n == 50 ? ST_SPAN_NONE : ST_SPAN("record 7");

        T_OK(st_seal(key, st_span(plain, n), aad, sealed, &err), err);
        T_OK(st_seal(key, st_span(plain, n), aad, again, &err), err);
        T_CHECK(memcmp(sealed, again, s.n) != 0, "the nonce repeats");
        T_OK(st_unseal(key, s, aad, open, &err), err);
        T_CHECK(memcmp(open, plain, n) == 0, "%zu bytes", n);
        for (size_t i = 0; i < s.n; i++) {
            sealed[i] ^= 0x40;
            memset(open, 1, sizeof open);
            T_CHECK(st_unseal(key, s, aad, open, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "byte %zu changed", i);
            for (size_t j = 0; j < n; j++)
                T_CHECK(open[j] == 0, "byte %zu changed: unverified text is left", i);
            sealed[i] ^= 0x40;
        }
        T_CHECK(st_unseal(key, s, ST_SPAN("record 8"), open, &err) == ST_ERR && err.code == ST_E_INTEGRITY,
                "other aad");
        for (size_t cut = 0; cut < s.n; cut++)
            T_CHECK(st_unseal(key, st_span(sealed, cut), aad, open, &err) == ST_ERR && err.code == ST_E_INTEGRITY,
                    "cut at %zu", cut);
        key[0] ^= 1;
        T_CHECK(st_unseal(key, s, aad, open, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "other key");
        key[0] ^= 1;
    }
}

/* NIST GCM test case 14: key and nonce of zeros, one block of zeros; the form of st_seal's output is nonce | text |
 * tag. */
T_TEST(unseal_reads_the_published_vector)
{
    uint8_t key[32] = { 0 }, sealed[44], open[16], zeros[16] = { 0 };
    struct st_err err = ST_ERR_INIT;
    struct st_span s =
        unhex("000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", sealed);

    T_OK(st_unseal(key, s, ST_SPAN_NONE, open, &err), err);
    T_CHECK(memcmp(open, zeros, sizeof open) == 0, "other text");
}

T_TEST(base64_of_rfc_4648)
{
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "Zg==" },
                                           { "fo", "Zm8=" },
                                           { "foo", "Zm9v" },
                                           { "foob", "Zm9vYg==" },
                                           { "fooba", "Zm9vYmE=" },
                                           { "foobar", "Zm9vYmFy" } };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_err err = ST_ERR_INIT;
        uint8_t back[16];
        char out[16];
        size_t n = st_base64(st_span_str(rows[i][0]), out), back_n = 99;

        T_CHECK(n == st_base64_len(strlen(rows[i][0])) && st_span_eq(st_span(out, n), st_span_str(rows[i][1])),
                "row %zu", i);
        T_OK(st_base64_decode(st_span(out, n), back, &back_n, &err), err);
        T_CHECK(st_span_eq(st_span(back, back_n), st_span_str(rows[i][0])), "row %zu back", i);
    }
}

T_TEST(decoders_are_strict)
{
    static const char *const base64[] = { "Z",        "Zg",     "Zg=",  "Zh==", "Zm9=", "Z===",    "====",
                                          "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_", "Z=g=", "Zm9vY===" };
    static const char *const hex[] = { "0", "0g", "AB", "0x", " 0", "é" };
    struct st_err err = ST_ERR_INIT;
    uint8_t out[32];
    size_t n;

    for (size_t i = 0; i < ST_LEN(base64); i++)
        T_CHECK(st_base64_decode(st_span_str(base64[i]), out, &n, &err) == ST_ERR && err.code == ST_E_SYNTAX, "%s",
                base64[i]);
    for (size_t i = 0; i < ST_LEN(hex); i++)
        T_CHECK(st_hex_decode(st_span_str(hex[i]), out, &n, &err) == ST_ERR && err.code == ST_E_SYNTAX, "%s", hex[i]);
}

T_TEST(random_bytes_survive_both_encodings)
{
    for (size_t len = 0; len < 300; len++) {
        uint8_t in[300], back[310];
        struct st_err err = ST_ERR_INIT;
        char out[610];
        size_t n = 0;

        T_OK(st_random(in, len, &err), err);
        T_OK(st_base64_decode(st_span(out, st_base64(st_span(in, len), out)), back, &n, &err), err);
        T_CHECK(n == len && memcmp(in, back, len) == 0, "base64 of %zu", len);
        T_OK(st_hex_decode(st_span(out, st_hex(st_span(in, len), out)), back, &n, &err), err);
        T_CHECK(n == len && memcmp(in, back, len) == 0, "hex of %zu", len);
    }
}

T_TEST(uuids_are_ordered_by_time_and_of_version_7)
{
    char before[37] = "", now[37];
    struct st_err err = ST_ERR_INIT;

    for (int i = 0; i < 50; i++) {
        T_OK(st_uuid7(now, &err), err);
        T_CHECK(strlen(now) == 36 && now[8] == '-' && now[13] == '-' && now[14] == '7' && now[18] == '-' &&
                    strchr("89ab", now[19]) != NULL && now[23] == '-',
                "%s", now);
        T_CHECK(strcmp(before, now) < 0, "%s is not behind %s", now, before);
        memcpy(before, now, sizeof before);
        st_clock_turn(1);
    }
}

T_TEST(small_ones)
{
    uint8_t a[8] = "abcdefg", b[8] = "abcdefg";

    T_CHECK(st_equal_ct(a, b, 8) && st_equal_ct(NULL, NULL, 0), "equal");
    b[7] = 1;
    T_CHECK(!st_equal_ct(a, b, 8) && st_equal_ct(a, b, 7), "not equal");
    st_wipe(a, 4);
    T_CHECK(memcmp(a, "\0\0\0\0efg", 8) == 0, "wiped");
    st_wipe(NULL, 0);
    T_CHECK(st_hash64(ST_SPAN("abc")) == st_hash64(ST_SPAN("abc")), "the same within a process");
}

/* Every low bit must be usable as a bucket: no byte of the key may be lost on the way. */
T_TEST(hash64_spreads)
{
    static unsigned buckets[256];
    uint8_t key[24] = { 0 };
    uint64_t zero = st_hash64(st_span(key, sizeof key));

    for (size_t bit = 0; bit < 8 * sizeof key; bit++) {
        key[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        T_CHECK(st_hash64(st_span(key, sizeof key)) != zero, "bit %zu does not matter", bit);
        key[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t n = 0; n < sizeof key; n++)
        T_CHECK(st_hash64(st_span(key, n)) != zero, "length %zu does not matter", n);
    for (int i = 0; i < 25600; i++)
        buckets[st_hash64(st_span(&i, sizeof i)) & 255]++;
    for (int i = 0; i < 256; i++)
        T_CHECK(buckets[i] > 40 && buckets[i] < 180, "bucket %d holds %u of 100", i, buckets[i]);
}
