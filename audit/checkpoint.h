/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint - 32 bytes and a signature that hold the whole log to its word. Format: top of ledger.c. */
#ifndef STOA_AUDIT_CHECKPOINT_H
#define STOA_AUDIT_CHECKPOINT_H
#include "audit/files.h"
#include "audit/tree.h"

#define CHK_NAME   128 /* of origin, NUL included */
#define CHK_TEXT   1024
#define CHK_NOTE   (CHK_TEXT * 8) /* with lines of other witnesses */
#define CHK_DIGITS 20

struct chk_key { /* what a verifier needs */
    char name[CHK_NAME];
    uint8_t public_key[ST_ED25519_LEN];
};
struct chk {
    uint64_t size;
    uint8_t root[ST_SHA256_LEN];
};
struct chk_signer {
    struct chk_key key;
    uint8_t seed[ST_ED25519_LEN];
};

/* Loads or makes keys_dir/checkpoint.key and checkpoint.pub. A log keeps the origin it was born with. */
ST_MUST enum st_rc chk_signer_open(const char *keys_dir, const char *origin, bool may_make, struct chk_signer *out,
                                   struct st_diag *diag, struct st_err *err);
ST_MUST enum st_rc chk_key_read(const char *path, struct chk_key *out, struct st_err *err);
bool chk_key_eq(const struct chk_key *a, const struct chk_key *b);

/* Signs and writes dir/NNNNNNNNNNNNNNNNNNNN; the same tree gives the same file. */
ST_MUST enum st_rc chk_write(const struct chk_signer *signer, const struct tree *tree, const char *dir,
                             struct st_err *err);
/* Makes the folder `to` and copies checkpoint.pub and what it lacks of `from`: of one tree size, or of all (size 0).
 * What is there already is the older word and is never written over. */
ST_MUST enum st_rc chk_copy(const char *from, const char *to, const struct chk_key *key, uint64_t size,
                            struct st_err *err);
bool chk_is_name(const char *name);
/* The same without a file; lines of other witnesses may follow ours. */
ST_MUST enum st_rc chk_parse(struct st_span text, const struct chk_key *key, struct chk *out, struct st_err *err);
void chk_name(uint64_t size, char out[CHK_DIGITS + 1]); /* of the file */
/* ST_E_INTEGRITY when signature, form, name or file name are not right. */
ST_MUST enum st_rc chk_read(const char *path, const struct chk_key *key, struct chk *out, struct st_err *err);
#endif
