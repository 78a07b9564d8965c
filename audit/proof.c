/* SPDX-License-Identifier: Apache-2.0 */
/* proof - that a record is in the log, or that a log continues an older one, on a page of text. Each line ends with one
 * newline; hashes are in base64, of SHA-256 as told at the top of ledger.c.
 *
 * OF A RECORD (C2SP tlog-proof, which other tools read)
 *   line 1: c2sp.org/tlog-proof@v1      line 2: extra, space, the leaf hash      line 3: index, space, seq - 1
 *   then the inclusion proof of RFC 9162 §2.1.3, a hash a line, leaf first; an empty line; the checkpoint as signed
 * OF TWO CHECKPOINTS
 *   line 1: stoa/tlog-consistency@v1, then the consistency proof of RFC 9162 §2.1.4, a hash a line, in its order
 *   then an empty line and the older checkpoint as signed, and an empty line and the newer one
 *
 * The leaf hash is over a salted row, so that it can be shown to anybody; who has the row can make it from that.
 */
#include "audit/proof.h"
#include "audit/audit.h"
#include <inttypes.h>
#include <string.h>

#define RECORD_LINE "c2sp.org/tlog-proof@v1\n"
#define PAIR_LINE   "stoa/tlog-consistency@v1\n"
#define HASH_TEXT   44u /* bytes of base64 */

static void put_hash(struct st_buf *out, const uint8_t hash[ST_SHA256_LEN])
{
    char text[HASH_TEXT + 1];

    st_buf_put(out, text, st_base64(st_span(hash, ST_SHA256_LEN), text));
    st_buf_byte(out, '\n');
}

void proof_write(const struct proof *proof, struct st_buf *out)
{
    st_buf_str(out, proof->seq > 0 ? RECORD_LINE "extra " : PAIR_LINE);
    if (proof->seq > 0) {
        put_hash(out, proof->leaf);
        st_buf_fmt(out, "index %" PRIu64 "\n", proof->seq - 1);
    }
    for (size_t i = 0; i < proof->tree.n; i++)
        put_hash(out, proof->tree.path[i]);
    st_buf_byte(out, '\n');
    if (proof->seq == 0) {
        st_buf_span(out, proof->older);
        st_buf_byte(out, '\n');
    }
    st_buf_span(out, proof->note);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static enum st_rc no_proof(struct st_err *err)
{
    return st_fail(err, ST_E_SYNTAX, "audit.proof", "not a whole proof; `stoa audit prove` writes them", 0);
}

static bool take_prefix(struct st_span *rest, struct st_span prefix)
{
    if (!st_span_starts(*rest, prefix))
        return false;
    *rest = st_span_sub(*rest, prefix.n, rest->n);
    return true;
}

static bool take_line(struct st_span *rest, struct st_span *line)
{
    return st_span_chr(*rest, '\n') != ST_SPAN_NPOS && st_span_next(rest, '\n', line);
}

static bool take_hash(struct st_span *rest, uint8_t out[ST_SHA256_LEN])
{
    uint8_t bytes[ST_SHA256_LEN + 3];
    struct st_span line;
    size_t n = 0;

    if (!take_line(rest, &line) || line.n != HASH_TEXT || st_base64_decode(line, bytes, &n, NULL) != ST_OK ||
        n != ST_SHA256_LEN)
        return false;
    memcpy(out, bytes, ST_SHA256_LEN);
    return true;
}

/* The hashes and the empty line after them. */
static bool take_path(struct st_span *rest, struct tree_proof *out)
{
    while (!st_span_starts(*rest, ST_SPAN("\n")))
        if (out->n == ST_LEN(out->path) || !take_hash(rest, out->path[out->n++]))
            return false;
    return take_prefix(rest, ST_SPAN("\n"));
}

/* A note has one empty line in it, before its signatures. */
static bool take_note(struct st_span *rest, struct st_span *note)
{
    size_t text = st_span_find(*rest, ST_SPAN("\n\n")), end;

    if (text == ST_SPAN_NPOS)
        return false;
    end = st_span_find(st_span_sub(*rest, text + 2, rest->n), ST_SPAN("\n\n"));
    if (end == ST_SPAN_NPOS)
        return false;
    end += text + 3; /* behind the newline of the last signature */
    *note = st_span_sub(*rest, 0, end);
    *rest = st_span_sub(*rest, end + 1, rest->n);
    return true;
}

static bool take_index(struct st_span *rest, uint64_t *seq)
{
    struct st_span line;

    if (!take_prefix(rest, ST_SPAN("index ")) || !take_line(rest, &line) || !st_span_u64(line, seq) ||
        *seq >= INT64_MAX)
        return false;
    (*seq)++;
    return true;
}

static enum st_rc parse(struct st_span text, struct proof *out, struct st_err *err)
{
    struct st_span rest = text;
    bool is_whole;

    memset(out, 0, sizeof *out);
    if (take_prefix(&rest, ST_SPAN(RECORD_LINE)))
        is_whole = take_prefix(&rest, ST_SPAN("extra ")) && take_hash(&rest, out->leaf) &&
                   take_index(&rest, &out->seq) && take_path(&rest, &out->tree);
    else
        is_whole =
            take_prefix(&rest, ST_SPAN(PAIR_LINE)) && take_path(&rest, &out->tree) && take_note(&rest, &out->older);
    out->note = rest;
    return is_whole ? ST_OK : no_proof(err);
}

/* ---- checking -------------------------------------------------------------------------------------------------- */

enum st_rc proof_check(const struct proof *proof, const struct chk_key *key, struct aud_proven *out, struct st_err *err)
{
    struct chk older = { .size = 0 }, newer;
    enum st_rc rc;

    memset(out, 0, sizeof *out);
    if (chk_parse(proof->note, key, &newer, err) != ST_OK ||
        (proof->seq == 0 && chk_parse(proof->older, key, &older, err) != ST_OK))
        return ST_ERR;
    if (proof->seq > 0)
        rc = tree_inclusion_check(proof->seq - 1, newer.size, proof->leaf, &proof->tree, newer.root, err);
    else
        rc = tree_consistency_check(older.size, newer.size, older.root, newer.root, &proof->tree, err);
    if (rc != ST_OK)
        return ST_ERR;
    out->seq = proof->seq;
    out->since = older.size;
    out->size = newer.size;
    (void)snprintf(out->origin, sizeof out->origin, "%s", key->name);
    st_hex(st_span(newer.root, sizeof newer.root), out->root);
    if (proof->seq > 0)
        st_hex(st_span(proof->leaf, sizeof proof->leaf), out->leaf);
    return ST_OK;
}

enum st_rc aud_proof_check(struct st_span text, const char *key_path, struct aud_proven *out, struct st_err *err)
{
    struct proof proof;
    struct chk_key key;

    if (parse(text, &proof, err) != ST_OK || chk_key_read(key_path, &key, err) != ST_OK)
        return ST_ERR;
    return proof_check(&proof, &key, out, err);
}
