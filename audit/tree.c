/* SPDX-License-Identifier: Apache-2.0 */
/* tree - append-only Merkle tree: what makes a cut tail and a changed middle visible from 32 bytes kept elsewhere.
 *
 * Appending is like counting in binary: a new leaf is a subtree of one, and two subtrees of the same size at the end
 * become one of twice the size. The root folds the edge from the right. The proofs are those of RFC 9162 §2.1.3 and
 * §2.1.4; they hash whole ranges again, O(size), which is right for an auditor's rare question and needs no storage.
 */
#include "audit/tree.h"
#include <string.h>

static enum st_rc node(const uint8_t *left, const uint8_t *right, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    const struct st_span parts[] = { ST_SPAN("\x01"), { left, ST_SHA256_LEN }, { right, ST_SHA256_LEN } };

    return st_sha256(parts, ST_LEN(parts), out, err);
}

unsigned tree_edges(uint64_t size)
{
    return (unsigned)__builtin_popcountll(size);
}

enum st_rc tree_leaf(struct st_span row, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    const struct st_span parts[] = { ST_SPAN("\x00"), row };

    return st_sha256(parts, ST_LEN(parts), out, err);
}

enum st_rc tree_append(struct tree *tree, const uint8_t leaf[ST_SHA256_LEN], struct st_err *err)
{
    unsigned n = tree_edges(tree->size);
    uint8_t sum[ST_SHA256_LEN];

    memcpy(sum, leaf, sizeof sum);
    for (uint64_t bits = tree->size; (bits & 1) != 0; bits >>= 1)
        if (node(tree->edge[--n], sum, sum, err) != ST_OK)
            return ST_ERR;
    if (n == TREE_DEPTH)
        return st_fail(err, ST_E_LIMIT, "audit.tree", "the tree is full", n);
    memcpy(tree->edge[n], sum, sizeof sum);
    tree->size++;
    return ST_OK;
}

enum st_rc tree_root(const struct tree *tree, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    unsigned n = tree_edges(tree->size);

    if (n == 0)
        return st_sha256(NULL, 0, out, err);
    memcpy(out, tree->edge[--n], ST_SHA256_LEN);
    while (n > 0)
        if (node(tree->edge[--n], out, out, err) != ST_OK)
            return ST_ERR;
    return ST_OK;
}

/* ---- proofs ---------------------------------------------------------------------------------------------------- */

struct range {
    const struct tree_leaves *leaves;
    struct tree_proof *out;
};

/* The largest power of two below n; n > 1. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* What stands for the leaves of the range that are not there any more. A range of a proof begins at a multiple of its
 * size, rounded up to a power of two, and so do the subtrees of the edge: those from its beginning on are all in it, or
 * the first is more than it. */
static enum st_rc begin_range(const struct tree *start, uint64_t from, uint64_t n, struct tree *sub, struct st_err *err)
{
    uint64_t at = 0, k;

    if (start == NULL || from >= start->size)
        return ST_OK;
    for (unsigned i = 0; at < start->size && at < from + n; i++, at += k) {
        k = (uint64_t)1 << (63 - __builtin_clzll(start->size - at));
        if (at < from)
            continue;
        memcpy(sub->edge[tree_edges(sub->size)], start->edge[i], ST_SHA256_LEN);
        sub->size += k;
    }
    return sub->size == at - from && sub->size <= n
               ? ST_OK
               : st_fail(err, ST_E_LIMIT, "audit.proof", "leaves are not there any more", (int64_t)from);
}

static enum st_rc push_range(struct range *r, uint64_t from, uint64_t n, struct st_err *err)
{
    const struct tree_leaves *leaves = r->leaves;
    struct tree sub = { .size = 0 };
    uint8_t leaf[ST_SHA256_LEN];

    if (r->out->n == ST_LEN(r->out->path))
        return st_fail(err, ST_E_LIMIT, "audit.proof", "the proof is too long", r->out->n);
    if (begin_range(leaves->start, from, n, &sub, err) != ST_OK)
        return ST_ERR;
    while (sub.size < n)
        if (leaves->leaf(leaves->ctx, from + sub.size, leaf, err) != ST_OK || tree_append(&sub, leaf, err) != ST_OK)
            return ST_ERR;
    return tree_root(&sub, r->out->path[r->out->n++], err);
}

/* Turns the proof around: it was collected from the root down, and is told from the leaf up. */
static void reverse(struct tree_proof *proof)
{
    uint8_t swap[ST_SHA256_LEN];

    for (size_t i = 0, j = proof->n; i + 1 < j; i++) {
        j--;
        memcpy(swap, proof->path[i], sizeof swap);
        memcpy(proof->path[i], proof->path[j], sizeof swap);
        memcpy(proof->path[j], swap, sizeof swap);
    }
}

enum st_rc tree_inclusion(uint64_t index, uint64_t size, const struct tree_leaves *leaves, struct tree_proof *out,
                          struct st_err *err)
{
    struct range r = { leaves, out };
    uint64_t from = 0, k;
    enum st_rc rc;

    out->n = 0;
    if (index >= size || (leaves->start != NULL && index < leaves->start->size))
        return st_fail(err, ST_E_LIMIT, "audit.proof", "no such leaf", (int64_t)index);
    while (size > 1) {
        k = split(size);
        if (index - from < k) {
            rc = push_range(&r, from + k, size - k, err);
            size = k;
        } else {
            rc = push_range(&r, from, k, err);
            from += k;
            size -= k;
        }
        if (rc != ST_OK)
            return ST_ERR;
    }
    reverse(out);
    return ST_OK;
}

enum st_rc tree_consistency(uint64_t old, uint64_t size, const struct tree_leaves *leaves, struct tree_proof *out,
                            struct st_err *err)
{
    struct range r = { leaves, out };
    uint64_t from = 0, k;
    bool is_whole = true; /* the old tree is still a subtree from leaf 0: its root is known to who asks */
    enum st_rc rc;

    out->n = 0;
    if (old == 0 || old > size || (leaves->start != NULL && old < leaves->start->size))
        return st_fail(err, ST_E_LIMIT, "audit.proof", "no such older tree", (int64_t)old);
    while (old != size) {
        k = split(size);
        if (old <= k) {
            rc = push_range(&r, from + k, size - k, err);
            size = k;
        } else {
            rc = push_range(&r, from, k, err);
            from += k;
            size -= k;
            old -= k;
            is_whole = false;
        }
        if (rc != ST_OK)
            return ST_ERR;
    }
    if (!is_whole && push_range(&r, from, size, err) != ST_OK)
        return ST_ERR;
    reverse(out);
    return ST_OK;
}

static enum st_rc wrong(struct st_err *err)
{
    return st_fail(err, ST_E_INTEGRITY, "audit.proof", "the proof does not hold", 0);
}

/* RFC 9162 §2.1.3.2 */
enum st_rc tree_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf[ST_SHA256_LEN],
                                const struct tree_proof *proof, const uint8_t root[ST_SHA256_LEN], struct st_err *err)
{
    uint64_t fn = index, sn = size - 1;
    uint8_t sum[ST_SHA256_LEN];
    enum st_rc rc;

    if (index >= size)
        return wrong(err);
    memcpy(sum, leaf, sizeof sum);
    for (size_t i = 0; i < proof->n; i++) {
        if (sn == 0)
            return wrong(err);
        if ((fn & 1) != 0 || fn == sn) {
            rc = node(proof->path[i], sum, sum, err);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            rc = node(sum, proof->path[i], sum, err);
        }
        if (rc != ST_OK)
            return ST_ERR;
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && st_equal_ct(sum, root, sizeof sum) ? ST_OK : wrong(err);
}

/* RFC 9162 §2.1.4.2 */
enum st_rc tree_consistency_check(uint64_t old, uint64_t size, const uint8_t old_root[ST_SHA256_LEN],
                                  const uint8_t root[ST_SHA256_LEN], const struct tree_proof *proof, struct st_err *err)
{
    uint64_t fn = old - 1, sn = size - 1;
    uint8_t fr[ST_SHA256_LEN], sr[ST_SHA256_LEN];
    size_t i = 0;

    if (old == 0 || old > size)
        return wrong(err);
    if (old == size)
        return proof->n == 0 && st_equal_ct(old_root, root, sizeof fr) ? ST_OK : wrong(err);
    if ((old & (old - 1)) != 0 && proof->n == 0)
        return wrong(err);
    memcpy(fr, (old & (old - 1)) == 0 ? old_root : proof->path[i++], sizeof fr);
    memcpy(sr, fr, sizeof sr);
    for (; (fn & 1) != 0; fn >>= 1)
        sn >>= 1;
    for (; i < proof->n; i++) {
        const uint8_t *c = proof->path[i];
        if (sn == 0)
            return wrong(err);
        if ((fn & 1) != 0 || fn == sn) {
            if (node(c, fr, fr, err) != ST_OK || node(c, sr, sr, err) != ST_OK)
                return ST_ERR;
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else if (node(sr, c, sr, err) != ST_OK) {
            return ST_ERR;
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && st_equal_ct(fr, old_root, sizeof fr) && st_equal_ct(sr, root, sizeof sr) ? ST_OK : wrong(err);
}
