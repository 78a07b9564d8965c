/* SPDX-License-Identifier: Apache-2.0 */
/* proof - the text of a proof, written and read. Form: top of proof.c. */
#ifndef STOA_AUDIT_PROOF_H
#define STOA_AUDIT_PROOF_H
#include "audit/audit.h"
#include "audit/checkpoint.h"

struct proof {    /* spans borrowed */
    uint64_t seq; /* 0: between two checkpoints */
    uint8_t leaf[ST_SHA256_LEN];
    struct tree_proof tree;
    struct st_span older, note; /* signed checkpoints; older only when seq is 0 */
};
void proof_write(const struct proof *proof, struct st_buf *out);
/* Signatures and hashes. */
ST_MUST enum st_rc proof_check(const struct proof *proof, const struct chk_key *key, struct aud_proven *out,
                               struct st_err *err);
#endif
