/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint - signs the tree, as a C2SP tlog-checkpoint in a signed note, and reads such notes back.
 *
 * The form is the one public witnesses and other logs' tools understand, so a checkpoint can be given to anyone.
 * Ed25519 is deterministic: signing the same tree twice gives the same bytes, hence a checkpoint is written without
 * asking whether it is there. The reader is strict: one origin, one signature of ours, nothing after it but other
 * witnesses' lines.
 */
#include "audit/checkpoint.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HASH_LEN    4
#define ED25519_ALG 0x01
#define DASH        "\xe2\x80\x94" /* U+2014 */

/* ---- the key --------------------------------------------------------------------------------------------------- */

static enum st_rc key_hash(const struct chk_key *key, uint8_t out[HASH_LEN], struct st_err *err)
{
    const struct st_span parts[] = { st_span_str(key->name), ST_SPAN("\n\x01"), { key->public_key, ST_ED25519_LEN } };
    uint8_t sum[ST_SHA256_LEN];

    if (st_sha256(parts, ST_LEN(parts), sum, err) != ST_OK)
        return ST_ERR;
    memcpy(out, sum, HASH_LEN);
    return ST_OK;
}

static enum st_rc bad(struct st_err *err, const char *what)
{
    return st_fail_at(err, ST_E_INTEGRITY, "audit.checkpoint", what, 0);
}

/* A note's key name has no space and no plus (C2SP signed-note). */
static bool is_origin(struct st_span name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == '+')
            return false;
    return name.n > 0 && name.n < CHK_NAME;
}

bool chk_key_eq(const struct chk_key *a, const struct chk_key *b)
{
    return strcmp(a->name, b->name) == 0 && memcmp(a->public_key, b->public_key, ST_ED25519_LEN) == 0;
}

static void put_base64(struct st_buf *out, struct st_span s)
{
    char *room = (char *)st_buf_room(out, st_base64_len(s.n));

    if (room != NULL)
        out->n += st_base64(s, room);
}

static enum st_rc key_write(const char *dir, const struct chk_key *key, struct st_err *err)
{
    uint8_t hash[HASH_LEN], typed[1 + ST_ED25519_LEN] = { ED25519_ALG };
    char hex[2 * HASH_LEN];
    struct st_buf text;
    enum st_rc rc;

    if (key_hash(key, hash, err) != ST_OK)
        return ST_ERR;
    st_hex(st_span(hash, sizeof hash), hex);
    memcpy(typed + 1, key->public_key, ST_ED25519_LEN);
    st_buf_init(&text, CHK_TEXT);
    st_buf_str(&text, key->name);
    st_buf_byte(&text, '+');
    st_buf_put(&text, hex, sizeof hex);
    st_buf_byte(&text, '+');
    put_base64(&text, st_span(typed, sizeof typed));
    st_buf_byte(&text, '\n');
    rc = st_buf_done(&text, err, "audit.checkpoint");
    if (rc == ST_OK)
        rc = fil_write(dir, "checkpoint.pub", st_buf_view(&text), 0644, err);
    st_buf_fini(&text);
    return rc;
}

static enum st_rc key_parse(struct st_span text, struct chk_key *out, struct st_err *err)
{
    struct st_span name, hex, rest = text;
    uint8_t typed[64], hash[HASH_LEN], told[64];
    size_t n = 0, told_n = 0;

    if (!st_span_ends(rest, ST_SPAN("\n")))
        return bad(err, "checkpoint.pub is not a key");
    rest.n--;
    if (!st_span_next(&rest, '+', &name) || !st_span_next(&rest, '+', &hex) || !is_origin(name) ||
        hex.n != 2 * (size_t)HASH_LEN || rest.n != st_base64_len(1 + ST_ED25519_LEN) ||
        st_base64_decode(rest, typed, &n, NULL) != ST_OK || n != 1 + ST_ED25519_LEN || typed[0] != ED25519_ALG ||
        st_hex_decode(hex, told, &told_n, NULL) != ST_OK)
        return bad(err, "checkpoint.pub is not a key");
    memcpy(out->name, name.p, name.n);
    out->name[name.n] = 0;
    memcpy(out->public_key, typed + 1, ST_ED25519_LEN);
    if (key_hash(out, hash, err) != ST_OK)
        return ST_ERR;
    return memcmp(hash, told, HASH_LEN) == 0 ? ST_OK : bad(err, "checkpoint.pub is not a key");
}

enum st_rc chk_key_read(const char *path, struct chk_key *out, struct st_err *err)
{
    struct st_buf text;
    enum st_rc rc;

    st_buf_init(&text, CHK_TEXT);
    rc = fil_read(path, &text, err);
    if (rc == ST_OK)
        rc = key_parse(st_buf_view(&text), out, err);
    st_buf_fini(&text);
    return rc;
}

enum st_rc chk_signer_open(const char *keys_dir, const char *origin, bool may_make, struct chk_signer *out,
                           struct st_diag *diag, struct st_err *err)
{
    char path[FIL_PATH];
    struct st_err why = ST_ERR_INIT;
    struct chk_key stored;

    memset(out, 0, sizeof *out);
    if (!is_origin(st_span_str(origin))) {
        st_diag_add(diag, keys_dir, 0, 0,
                    "the log's origin must be printable, without space or plus, and shorter than "
                    "%d bytes",
                    CHK_NAME);
        return st_fail(err, ST_E_CONFIG, "audit.checkpoint", "the log's origin is not a name", 0);
    }
    if (fil_join(path, keys_dir, "checkpoint.pub", err) != ST_OK ||
        fil_key(keys_dir, "checkpoint.key", may_make, out->seed, diag, err) != ST_OK ||
        st_ed25519_public(out->seed, out->key.public_key, err) != ST_OK)
        return ST_ERR;
    snprintf(out->key.name, sizeof out->key.name, "%s", origin);
    if (!fil_exists(path))
        return key_write(keys_dir, &out->key, err);
    if (chk_key_read(path, &stored, &why) != ST_OK && why.code == ST_E_NOMEM)
        return st_fail(err, ST_E_NOMEM, "audit.checkpoint", "key", 0);
    if (why.code != ST_E_NONE || memcmp(stored.public_key, out->key.public_key, ST_ED25519_LEN) != 0) {
        st_diag_add(diag, path, 0, 0, "does not belong to checkpoint.key beside it; restore both from one backup");
        return st_fail(err, ST_E_CONFIG, "audit.checkpoint", "the two halves of the checkpoint key differ", 0);
    }
    out->key = stored;
    return ST_OK;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void put_text(struct st_buf *out, const char *name, uint64_t size, const uint8_t root[ST_SHA256_LEN])
{
    st_buf_fmt(out, "%s\n%" PRIu64 "\n", name, size);
    put_base64(out, st_span(root, ST_SHA256_LEN));
    st_buf_byte(out, '\n');
}

static enum st_rc sign(const struct chk_signer *signer, const struct tree *tree, struct st_buf *out, struct st_err *err)
{
    uint8_t root[ST_SHA256_LEN], line[HASH_LEN + ST_ED25519_SIG_LEN];

    if (tree_root(tree, root, err) != ST_OK)
        return ST_ERR;
    put_text(out, signer->key.name, tree->size, root);
    if (st_buf_done(out, err, "audit.checkpoint") != ST_OK || key_hash(&signer->key, line, err) != ST_OK ||
        st_ed25519_sign(signer->seed, st_buf_view(out), line + HASH_LEN, err) != ST_OK)
        return ST_ERR;
    st_buf_fmt(out, "\n" DASH " %s ", signer->key.name);
    put_base64(out, st_span(line, sizeof line));
    st_buf_byte(out, '\n');
    return st_buf_done(out, err, "audit.checkpoint");
}

void chk_name(uint64_t size, char out[CHK_DIGITS + 1])
{
    snprintf(out, CHK_DIGITS + 1, "%020" PRIu64, size);
}

enum st_rc chk_write(const struct chk_signer *signer, const struct tree *tree, const char *dir, struct st_err *err)
{
    char name[CHK_DIGITS + 1];
    struct st_buf text;
    enum st_rc rc;

    chk_name(tree->size, name);
    st_buf_init(&text, CHK_TEXT);
    rc = sign(signer, tree, &text, err);
    if (rc == ST_OK)
        rc = fil_write(dir, name, st_buf_view(&text), 0644, err);
    st_buf_fini(&text);
    return rc;
}

bool chk_is_name(const char *name)
{
    return strlen(name) == CHK_DIGITS && strspn(name, "0123456789") == CHK_DIGITS;
}

struct copy {
    const char *from, *to;
};

static enum st_rc copy_one(void *ctx, const char *name, struct st_err *err)
{
    const struct copy *copy = ctx;
    char from[FIL_PATH], to[FIL_PATH];
    struct st_buf text;
    enum st_rc rc;

    if (fil_join(from, copy->from, name, err) != ST_OK || fil_join(to, copy->to, name, err) != ST_OK)
        return ST_ERR;
    if (!chk_is_name(name) || fil_exists(to))
        return ST_OK;
    st_buf_init(&text, CHK_TEXT);
    rc = fil_read(from, &text, err);
    if (rc == ST_OK)
        rc = fil_write(copy->to, name, st_buf_view(&text), 0644, err);
    st_buf_fini(&text);
    return rc;
}

enum st_rc chk_copy(const char *from, const char *to, const struct chk_key *key, uint64_t size, struct st_err *err)
{
    struct copy copy = { from, to };
    char path[FIL_PATH], name[CHK_DIGITS + 1];

    if (fil_mkdir(to, err) != ST_OK || fil_join(path, to, "checkpoint.pub", err) != ST_OK)
        return ST_ERR;
    if (!fil_exists(path) && key_write(to, key, err) != ST_OK)
        return ST_ERR;
    if (size == 0)
        return fil_each(from, copy_one, &copy, err);
    chk_name(size, name);
    return copy_one(&copy, name, err);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool take_line(struct st_span *rest, struct st_span *line)
{
    size_t end = st_span_chr(*rest, '\n');

    if (end == ST_SPAN_NPOS)
        return false;
    *line = st_span_sub(*rest, 0, end);
    *rest = st_span_sub(*rest, end + 1, rest->n);
    return true;
}

/* The signature line that bears our name and key; other lines are other witnesses'. */
static bool find_signature(struct st_span rest, const struct chk_key *key, uint8_t sig[ST_ED25519_SIG_LEN])
{
    uint8_t hash[HASH_LEN], bytes[HASH_LEN + ST_ED25519_SIG_LEN + 3];
    struct st_span line, dash, name;
    size_t n;

    if (key_hash(key, hash, NULL) != ST_OK)
        return false;
    while (take_line(&rest, &line)) {
        n = 0;
        if (!st_span_next(&line, ' ', &dash) || !st_span_next(&line, ' ', &name) || !st_span_eq(dash, ST_SPAN(DASH)) ||
            !st_span_eq(name, st_span_str(key->name)) || line.n != st_base64_len(HASH_LEN + ST_ED25519_SIG_LEN) ||
            st_base64_decode(line, bytes, &n, NULL) != ST_OK || n != HASH_LEN + ST_ED25519_SIG_LEN ||
            memcmp(bytes, hash, HASH_LEN) != 0)
            continue;
        memcpy(sig, bytes + HASH_LEN, ST_ED25519_SIG_LEN);
        return true;
    }
    return false;
}

enum st_rc chk_parse(struct st_span text, const struct chk_key *key, struct chk *out, struct st_err *err)
{
    struct st_span rest = text, origin, size, root, empty;
    uint8_t sig[ST_ED25519_SIG_LEN], bytes[ST_SHA256_LEN + 3];
    size_t n = 0, signed_n;

    if (!take_line(&rest, &origin) || !take_line(&rest, &size) || !take_line(&rest, &root))
        return bad(err, "a checkpoint is damaged");
    signed_n = text.n - rest.n;
    if (!take_line(&rest, &empty) || empty.n != 0 || !st_span_eq(origin, st_span_str(key->name)) ||
        !st_span_u64(size, &out->size) || (size.n > 1 && size.p[0] == '0') || root.n != st_base64_len(ST_SHA256_LEN) ||
        st_base64_decode(root, bytes, &n, NULL) != ST_OK || n != ST_SHA256_LEN)
        return bad(err, "a checkpoint is damaged");
    memcpy(out->root, bytes, ST_SHA256_LEN);
    if (!find_signature(rest, key, sig))
        return bad(err, "a checkpoint has no signature of this log's key");
    return st_ed25519_verify(key->public_key, st_span_sub(text, 0, signed_n), sig, err);
}

enum st_rc chk_read(const char *path, const struct chk_key *key, struct chk *out, struct st_err *err)
{
    const char *name = strrchr(path, '/');
    uint64_t told = 0;
    struct st_buf text;
    enum st_rc rc;

    st_buf_init(&text, CHK_NOTE);
    rc = fil_read(path, &text, err);
    if (rc == ST_OK)
        rc = chk_parse(st_buf_view(&text), key, out, err);
    if (rc == ST_OK && (!st_span_u64(st_span_str(name != NULL ? name + 1 : path), &told) || told != out->size))
        rc = bad(err, "a checkpoint has the name of another");
    st_buf_fini(&text);
    return rc;
}
