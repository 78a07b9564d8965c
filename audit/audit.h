/* SPDX-License-Identifier: Apache-2.0 */
/* audit - what is kept, and how anyone can check that it is what was written.
 *
 * A worker packs an aud_entry and hands it to the recorder; the recorder alone opens the database, turns identities
 * into pseudonyms, seals what is about a person under that person's own key, appends to the Merkle log, and answers
 * only after the commit is on disk. The record format is at the top of audit/ledger.c.
 */
#ifndef STOA_AUDIT_AUDIT_H
#define STOA_AUDIT_AUDIT_H
#include "base/buf.h"
#include "base/diag.h"
#include "base/hash.h"
#include <stdbool.h>

#define AUD_ID_LEN 24 /* writer instance (16 random bytes) and its counter (8): makes handing over repeatable */

/* What can be a record. */
#define AUD_KINDS(X)                                                                                \
    X(DECISION, "decision")     /* a verdict of note or higher */                                   \
    X(LEARNING, "learning")     /* an activity of a person who opted in */                          \
    X(RESOURCE, "resource")     /* something worth learning from, with its tags; no person in it */ \
    X(CONSENT, "consent")       /* a person opted in or out */                                      \
    X(ACCESS, "access")         /* someone looked at a person's records */                          \
    X(ERASURE, "erasure")       /* a person's key was destroyed */                                  \
    X(GENERATION, "generation") /* the configuration changed */                                     \
    X(SYSTEM, "system")         /* a process died, records waited … */
enum aud_kind {
#define X(id, name) AUD_##id,
    AUD_KINDS(X)
#undef X
};
const char *aud_kind_name(enum aud_kind kind);
enum aud_kind aud_kind_of(struct st_span name); /* SYSTEM for a name that is none */

/* A name/value pair of a record. Values are ids, numbers, URLs without query, titles of public resources: never typed
 * text, never a header, never a match (DESIGN §6.3); aud_entry_check refuses keys that are not in audit/fields.def. */
struct aud_entry { /* built by the sender; fixed size parts, details as packed pairs */
    uint8_t id[AUD_ID_LEN];
    enum aud_kind kind;
    int64_t wall_ms;
    char person[256];      /* identity in clear, only on the way to the recorder; "" for none */
    char subject[64];      /* what it is about: rule, generation …; an id */
    struct st_buf details; /* JSON object text with keys of audit/fields.def */
};
void aud_entry_init(struct aud_entry *entry, enum aud_kind kind); /* fini with aud_entry_fini */
void aud_entry_fini(struct aud_entry *entry);
void aud_entry_pack(const struct aud_entry *entry, struct st_buf *out);
ST_MUST enum st_rc aud_entry_unpack(struct st_span packed, struct aud_entry *out, struct st_err *err);
/* ST_E_PROTO for a key that audit/fields.def does not allow in this kind or a value of the wrong shape, ST_E_LIMIT for
 * a value that is too long; num is the place of the pair. aud_append asks it for every entry. */
ST_MUST enum st_rc aud_entry_check(const struct aud_entry *entry, struct st_err *err);
/* Every allowed detail, one line each: name, type, kinds, help. */
void aud_fields_describe(struct st_buf *out);

/* ---- the recorder's side --------------------------------------------------------------------------------------- */

struct aud_store;

struct aud_options {
    const char *dir;             /* state_dir/audit: database files, keys, checkpoints */
    const char *checkpoint_copy; /* NULL: none */
    const char *origin;          /* the log's name in checkpoints; NULL: "stoa/<host name>" */
    int64_t checkpoint_ms, checkpoint_records, retention_ms;
};
/* Opens or creates. A file that is not ours, or a newer schema, is ST_E_CONFIG with a diag line; nothing is changed. */
ST_MUST enum st_rc aud_open(const struct aud_options *options, struct aud_store **out, struct st_diag *diag,
                            struct st_err *err);
void aud_close(struct aud_store *store); /* writes a last checkpoint; NULL is fine */

/* Adds to the open batch (ST_E_LIMIT when it is full: commit). CONSENT and ERASURE are made by their own functions
 * below and refused here (ST_E_DENIED), so that no worker can say yes for a person. An id that is already there is
 * counted as done, not written twice. A LEARNING entry of a person who has not opted in is dropped without a trace (and
 * is done). */
ST_MUST enum st_rc aud_append(struct aud_store *store, const struct aud_entry *entry, struct st_err *err);
/* One transaction, synchronous=FULL; after ST_OK everything appended so far survives a power loss. On ST_ERR the batch
 * is kept and the next commit tries it again. */
ST_MUST enum st_rc aud_commit(struct aud_store *store, struct st_err *err);
/* Signs the tree when checkpoint_ms or checkpoint_records is due (or now). Call after commit and from a timer. That the
 * copies cannot be written is logged (CHECKPOINT_COPY_AWAY) and tried again, and is no failure. */
ST_MUST enum st_rc aud_checkpoint(struct aud_store *store, bool now, struct st_err *err);
/* Removes what is older than the retention; a record says so. */
ST_MUST enum st_rc aud_retain(struct aud_store *store, struct st_err *err);

/* A person's switch; itself a record. scope: "learning". by: who did it (the person, an admin), as identity. */
ST_MUST enum st_rc aud_consent_set(struct aud_store *store, const char *person, const char *scope, bool granted,
                                   const char *by, struct st_err *err);
ST_MUST enum st_rc aud_consent_get(struct aud_store *store, const char *person, const char *scope, bool *granted,
                                   struct st_err *err);
/* Destroys the person's key: their sealed details are unreadable from now on, the log stays valid. */
ST_MUST enum st_rc aud_erase(struct aud_store *store, const char *person, struct st_err *err);

/* Drops the projections (learning, resources, consent) and makes them anew from the log: all of them, or after ST_ERR
 * none. It takes as long as the log is, so it is nothing for a process that is waited for. */
ST_MUST enum st_rc aud_rebuild(struct aud_store *store, struct st_err *err);
/* Where the log stands: records committed, records in the open batch, size of the last checkpoint. */
struct aud_status {
    uint64_t records, waiting, signed_records;
};
void aud_status(const struct aud_store *store, struct aud_status *out);

/* ---- readers (the CLI opens the same files read-only) -------------------------------------------------------------
 */

struct aud_record {
    uint64_t seq;
    int64_t wall_ms;
    enum aud_kind kind;
    const char *pseudonym; /* "p-k7f3…", "" for none */
    const char *subject;
    struct st_span details; /* JSON; empty when it is sealed and the reader holds no key, or the key was destroyed */
};
typedef bool aud_record_f(void *ctx, const struct aud_record *record); /* false stops */
struct aud_filter {
    uint64_t from_seq;     /* 0: from the first */
    uint64_t last;         /* only the last n; 0: all */
    int kind;              /* enum aud_kind or -1 */
    const char *pseudonym; /* NULL: any */
};
/* Read-only. Reading the details of a person is only possible through the recorder (control socket), which records it.
 */
ST_MUST enum st_rc aud_read(const char *dir, const struct aud_filter *filter, aud_record_f *fn, void *ctx,
                            struct st_diag *diag, struct st_err *err);

struct aud_look {
    const char *person; /* whose records, as identity */
    const char *by;     /* who looks, as identity */
    const char *reason; /* an id: "request-17" */
};
/* The records of one person with their details open. Writes an ACCESS record first and reads only when that is on disk.
 */
ST_MUST enum st_rc aud_read_person(struct aud_store *store, const struct aud_look *look, aud_record_f *fn, void *ctx,
                                   struct st_err *err);

struct aud_handover {
    const char *recipient; /* who gets it, an IRI: each knows a person by another name */
    const char *by;        /* who hands over, as identity */
    const char *reason;    /* an id: "export" */
    uint64_t from_seq;     /* 0: from the first */
};
/* The learning of everybody who is opted in now, with its details open; record->pseudonym is the person's for that
 * recipient alone: nobody finds it in the log, or at another recipient. Writes an ACCESS record first, as above. */
ST_MUST enum st_rc aud_read_learning(struct aud_store *store, const struct aud_handover *to, aud_record_f *fn,
                                     void *ctx, struct st_err *err);

struct aud_verdict {
    uint64_t records, checkpoints;
    uint64_t bad_seq;    /* the first record that is not what was written; 0: none */
    const char *problem; /* literal, NULL when all is well */
    char root[65];       /* hex */
};
/* Re-hashes every record, rebuilds the tree, checks every signed checkpoint (those in `dir` and in `checkpoints_dir`,
 * which may be NULL) and their consistency. ST_E_INTEGRITY with *out filled when something is wrong. */
ST_MUST enum st_rc aud_verify(const char *dir, const char *checkpoints_dir, struct aud_verdict *out,
                              struct st_diag *diag, struct st_err *err);

/* ---- proofs, for who has no log --------------------------------------------------------------------------------- */

/* A proof is text: hashes and signed checkpoints, and nothing of any record but its number and its leaf hash, which
 * tells nothing about it (it is salted). Its form is at the top of audit/proof.c. */
struct aud_claim {
    const char *record; /* its number, or its id in hex: that it is in the log; NULL: */
    uint64_t since;     /* that the log begins with that of the checkpoint of so many records */
    uint64_t size;      /* as of the checkpoint of so many records; 0: of the newest */
};
/* Appends to *out. ST_E_LIMIT when there is no such record or checkpoint, ST_E_INTEGRITY when the log is not what was
 * signed. */
ST_MUST enum st_rc aud_prove(const char *dir, const struct aud_claim *claim, struct st_buf *out, struct st_diag *diag,
                             struct st_err *err);
struct aud_proven {
    uint64_t seq;                         /* the record that is in the log; 0: it is about two checkpoints */
    uint64_t since;                       /* records of the older one, all of which are in the newer */
    uint64_t size;                        /* records signed */
    char origin[128], leaf[65], root[65]; /* hashes in hex; leaf "" without a record */
};
/* Holds the proof against the key alone. ST_E_INTEGRITY when it does not hold, ST_E_SYNTAX when it is none. */
ST_MUST enum st_rc aud_proof_check(struct st_span proof, const char *key_path, struct aud_proven *out,
                                   struct st_err *err);
#endif
