/* SPDX-License-Identifier: Apache-2.0 */
/* tree - the Merkle tree of RFC 9162 §2.1 over SHA-256, grown one leaf at a time.
 *
 * Only the right edge is kept: the roots of the full subtrees that the leaves so far make, largest first; there are as
 * many as size has one bits. Proofs ask for leaf hashes through a callback, so that the caller decides where they live.
 */
#ifndef STOA_AUDIT_TREE_H
#define STOA_AUDIT_TREE_H
#include "base/hash.h"

#define TREE_DEPTH 63

struct tree {
    uint64_t size;
    uint8_t edge[TREE_DEPTH][ST_SHA256_LEN];
};
unsigned tree_edges(uint64_t size);
ST_MUST enum st_rc tree_leaf(struct st_span row, uint8_t out[ST_SHA256_LEN], struct st_err *err);
/* On ST_ERR the tree is as before. */
ST_MUST enum st_rc tree_append(struct tree *tree, const uint8_t leaf[ST_SHA256_LEN], struct st_err *err);
ST_MUST enum st_rc tree_root(const struct tree *tree, uint8_t out[ST_SHA256_LEN], struct st_err *err);

/* Leaf hash number index, from 0. Those of a range are asked for in order. */
typedef enum st_rc tree_leaf_f(void *ctx, uint64_t index, uint8_t out[ST_SHA256_LEN], struct st_err *err);
struct tree_leaves {
    tree_leaf_f *leaf;
    void *ctx;
    const struct tree *start; /* of the leaves before, which are not there any more; NULL: all are */
};
struct tree_proof {
    uint8_t path[2 * TREE_DEPTH][ST_SHA256_LEN];
    size_t n;
};
/* That leaf `index` is in the tree of `size` leaves. ST_E_LIMIT when it is not there, or not any more. */
ST_MUST enum st_rc tree_inclusion(uint64_t index, uint64_t size, const struct tree_leaves *leaves,
                                  struct tree_proof *out, struct st_err *err);
/* That the tree of `old` leaves is the beginning of the tree of `size` leaves; 0 < old <= size. ST_E_LIMIT as above;
 * the oldest that can be proven is that of `start`. */
ST_MUST enum st_rc tree_consistency(uint64_t old, uint64_t size, const struct tree_leaves *leaves,
                                    struct tree_proof *out, struct st_err *err);
/* ST_E_INTEGRITY when the proof does not hold. */
ST_MUST enum st_rc tree_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf[ST_SHA256_LEN],
                                        const struct tree_proof *proof, const uint8_t root[ST_SHA256_LEN],
                                        struct st_err *err);
ST_MUST enum st_rc tree_consistency_check(uint64_t old, uint64_t size, const uint8_t old_root[ST_SHA256_LEN],
                                          const uint8_t root[ST_SHA256_LEN], const struct tree_proof *proof,
                                          struct st_err *err);
#endif
