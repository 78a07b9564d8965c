/* SPDX-License-Identifier: Apache-2.0 */
/* The tree against a plain recursive reading of RFC 9162, and its proofs against every way to bend them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/tree.h"
#include "t.h"

#define LEAVES 70
#define KEPT   36

static uint8_t leaves[LEAVES][32];

static enum st_rc leaf_at(void *ctx, uint64_t index, uint8_t out[32], struct st_err *err)
{
    (void)ctx;
    (void)err;
    memcpy(out, leaves[index], 32);
    return ST_OK;
}

static const struct tree_leaves all = { .leaf = leaf_at };

static void fill(void)
{
    for (uint64_t i = 0; i < LEAVES; i++)
        T_CHECK(tree_leaf(st_span(&i, sizeof i), leaves[i], NULL) == ST_OK, "leaf");
}

static void plain_root(size_t from, size_t n, uint8_t out[32])
{
    uint8_t left[32], right[32];
    size_t k = 1;

    if (n == 0) {
        T_CHECK(st_sha256(NULL, 0, out, NULL) == ST_OK, "hash");
        return;
    }
    if (n == 1) {
        memcpy(out, leaves[from], 32);
        return;
    }
    while (2 * k < n)
        k *= 2;
    plain_root(from, k, left);
    plain_root(from + k, n - k, right);
    const struct st_span parts[] = { ST_SPAN("\x01"), { left, 32 }, { right, 32 } };
    T_CHECK(st_sha256(parts, 3, out, NULL) == ST_OK, "hash");
}

T_TEST(known_answers_of_certificate_transparency)
{
    /* From the test data of RFC 6962 implementations: leaves "", 00, 10, 2021, 3031, 40414243, 50..57, 60..6f. */
    static const struct {
        const char *bytes;
        size_t n;
    } data[] = { { "", 0 },
                 { "\x00", 1 },
                 { "\x10", 1 },
                 { "\x20\x21", 2 },
                 { "\x30\x31", 2 },
                 { "\x40\x41\x42\x43", 4 },
                 { "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
                 { "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 } };
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct tree tree = { .size = 0 };
    uint8_t root[32], leaf[32];
    char hex[65] = "";

    for (size_t i = 0;; i++) {
        T_CHECK(tree_root(&tree, root, NULL) == ST_OK, "root");
        st_hex(st_span(root, 32), hex);
        T_CHECK(strcmp(hex, roots[i]) == 0, "%zu leaves: %s", i, hex);
        if (i == ST_LEN(data))
            break;
        T_CHECK(tree_leaf(st_span(data[i].bytes, data[i].n), leaf, NULL) == ST_OK, "leaf");
        T_CHECK(tree_append(&tree, leaf, NULL) == ST_OK, "append");
    }
}

T_TEST(every_leaf_is_proven_in_every_tree)
{
    struct tree_proof proof;
    struct tree tree = { .size = 0 };
    uint8_t root[32], plain[32];

    fill();
    for (uint64_t size = 1; size <= LEAVES; size++) {
        T_CHECK(tree_append(&tree, leaves[size - 1], NULL) == ST_OK && tree_root(&tree, root, NULL) == ST_OK, "append");
        plain_root(0, size, plain);
        T_CHECK(memcmp(root, plain, 32) == 0, "root of %llu", (unsigned long long)size);
        for (uint64_t i = 0; i < size; i++) {
            T_CHECK(tree_inclusion(i, size, &all, &proof, NULL) == ST_OK, "proof");
            T_CHECK(tree_inclusion_check(i, size, leaves[i], &proof, root, NULL) == ST_OK, "%llu of %llu",
                    (unsigned long long)i, (unsigned long long)size);
            T_CHECK(size == 1 || tree_inclusion_check(i ^ 1, size, leaves[i], &proof, root, NULL) == ST_ERR,
                    "other place");
            T_CHECK(tree_inclusion_check(i, size, leaves[(i + 1) % LEAVES], &proof, root, NULL) == ST_ERR,
                    "other leaf");
            if (proof.n > 0) {
                proof.path[proof.n / 2][5] ^= 1;
                T_CHECK(tree_inclusion_check(i, size, leaves[i], &proof, root, NULL) == ST_ERR, "bent proof");
            }
        }
    }
}

T_TEST(every_tree_continues_every_older_one)
{
    static uint8_t roots[LEAVES + 1][32];
    struct tree_proof proof;

    fill();
    for (size_t n = 0; n <= LEAVES; n++)
        plain_root(0, n, roots[n]);
    for (uint64_t size = 1; size <= LEAVES; size++)
        for (uint64_t old = 1; old <= size; old++) {
            T_CHECK(tree_consistency(old, size, &all, &proof, NULL) == ST_OK, "proof");
            T_CHECK(tree_consistency_check(old, size, roots[old], roots[size], &proof, NULL) == ST_OK, "%llu to %llu",
                    (unsigned long long)old, (unsigned long long)size);
            T_CHECK(tree_consistency_check(old, size, roots[old - 1], roots[size], &proof, NULL) == ST_ERR,
                    "other old root");
            T_CHECK(tree_consistency_check(old, size, roots[old], roots[0], &proof, NULL) == ST_ERR, "other new root");
            proof.n++;
            T_CHECK(tree_consistency_check(old, size, roots[old], roots[size], &proof, NULL) == ST_ERR, "longer proof");
        }
    T_CHECK(tree_consistency(0, 5, &all, &proof, NULL) == ST_ERR, "from nothing");
    T_CHECK(tree_consistency(6, 5, &all, &proof, NULL) == ST_ERR, "backwards");
    T_CHECK(tree_inclusion(5, 5, &all, &proof, NULL) == ST_ERR, "beyond");
}

/* As retention leaves them: asking for a leaf before `start` is a bug. */
static enum st_rc kept_leaf(void *ctx, uint64_t index, uint8_t out[32], struct st_err *err)
{
    const struct tree *start = ctx;

    T_CHECK(index >= start->size, "leaf %llu is not there", (unsigned long long)index);
    return leaf_at(NULL, index, out, err);
}

T_TEST(what_is_kept_is_proven_without_what_is_not)
{
    struct tree_proof proof, want;
    struct tree start = { .size = 0 };
    const struct tree_leaves kept = { .leaf = kept_leaf, .ctx = &start, .start = &start };
    struct st_err err = ST_ERR_INIT;

    fill();
    do {
        for (uint64_t size = start.size > 0 ? start.size : 1; size <= KEPT; size++) {
            for (uint64_t i = 0; i < size; i++) {
                bool is_kept = i >= start.size;

                T_CHECK((tree_inclusion(i, size, &kept, &proof, &err) == ST_OK) == is_kept, "%llu of %llu",
                        (unsigned long long)i, (unsigned long long)size);
                T_CHECK(tree_inclusion(i, size, &all, &want, NULL) == ST_OK, "proof");
                T_CHECK(!is_kept || (proof.n == want.n && memcmp(proof.path, want.path, 32 * want.n) == 0), "the same");
                is_kept = i + 1 >= start.size;
                T_CHECK((tree_consistency(i + 1, size, &kept, &proof, &err) == ST_OK) == is_kept, "%llu to %llu",
                        (unsigned long long)i + 1, (unsigned long long)size);
                T_CHECK(tree_consistency(i + 1, size, &all, &want, NULL) == ST_OK, "proof");
                T_CHECK(!is_kept || (proof.n == want.n && memcmp(proof.path, want.path, 32 * want.n) == 0), "the same");
            }
        }
        T_CHECK(tree_append(&start, leaves[start.size], NULL) == ST_OK, "append");
    } while (start.size < KEPT);
}
