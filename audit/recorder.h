/* SPDX-License-Identifier: Apache-2.0 */
/* recorder - the inside of struct aud_store, for the files that share it: recorder.c, person.c, retention.c. */
#ifndef STOA_AUDIT_RECORDER_H
#define STOA_AUDIT_RECORDER_H
#include "audit/audit.h"
#include "audit/checkpoint.h"
#include "audit/learning.h"
#include "audit/ledger.h"
#include "audit/privacy.h"

#define AUD_MAGIC     0x61756473u
#define AUD_BATCH_MAX 16384 /* records that may wait for a commit; then the caller must wait */

enum aud_fate {            /* what becomes of an entry, decided at commit */
                AUD_WHOLE, /* written as it is, sealed where it is about a person */
                AUD_BARE,  /* about an erased person from before the erasure: written, but says nothing of the person */
                AUD_DROPPED, /* learning of a person who is not in: not written */
};

struct aud_pending {
    struct aud_entry entry;
    char pseudonym[PRIV_PSEUDONYM]; /* found at commit, or given by the recorder itself */
    enum aud_fate fate;
};

enum aud_copy {                   /* how the second folder of checkpoints stands */
                AUD_COPY_NONE,    /* none is configured */
                AUD_COPY_BEHIND,  /* it may lack some: it was not looked at since the start */
                AUD_COPY_IN_STEP, /* it has all of them */
                AUD_COPY_AWAY,    /* the last try failed and that was said */
};

struct aud_store {
    unsigned magic;
    char dir[FIL_PATH], keys_dir[FIL_PATH], checkpoints_dir[FIL_PATH], copy_dir[FIL_PATH];
    int64_t checkpoint_ms, checkpoint_records, retention_ms;
    int lock; /* descriptor */
    struct db *core;
    struct ledger *led;
    struct privacy *priv;
    struct chk_signer signer;
    struct aud_pending *batch; /* AUD_BATCH_MAX of them */
    size_t n;
    struct st_buf sealed;
    uint8_t instance[16]; /* of this opening, for the ids of our own records */
    uint64_t counter;
    uint64_t signed_size;                  /* of the last checkpoint */
    uint64_t signed_at_ms;                 /* monotonic */
    enum aud_copy copy;                    /* written by copy_enter only */
    uint64_t copy_tried_ms, copy_whole_ms; /* monotonic: the last try, the last comparison of all names */
};

void aud_own_entry(struct aud_store *store, struct aud_entry *entry, enum aud_kind kind); /* init, id, time */
/* As aud_append, for every kind; pseudonym (or NULL) stands in for the entry's person. */
ST_MUST enum st_rc aud_append_own(struct aud_store *store, const struct aud_entry *entry, const char *pseudonym,
                                  struct st_err *err);
#endif
