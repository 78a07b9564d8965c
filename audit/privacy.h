/* SPDX-License-Identifier: Apache-2.0 */
/* privacy - who a record is about, as far as the disk may know.
 *
 * An identity becomes a pseudonym by a keyed hash; what is about a person is sealed with that person's own key, which
 * is itself kept only wrapped. Destroying that key is the erasure.
 */
#ifndef STOA_AUDIT_PRIVACY_H
#define STOA_AUDIT_PRIVACY_H
#include "audit/store.h"
#include "base/buf.h"
#include "base/hash.h"

#define PRIV_PSEUDONYM 20 /* "p-", 16 letters, NUL, one spare */

struct privacy;
struct priv_person {
    char pseudonym[PRIV_PSEUDONYM];
    uint32_t epoch; /* of the newest key there ever was; 0: none yet */
    bool has_key;   /* that key is neither destroyed nor damaged */
    uint8_t key[ST_SEAL_KEY_LEN];
    int64_t erased_ms;   /* of the last erasure; 0: never */
    bool is_learning;    /* opted in */
    int64_t learning_ms; /* since then */
};

/* keys_dir holds pseudonym.key and master.key; made when may_make. Borrows core (NULL: only the keys are made or read).
 * ST_E_CONFIG with a diag line when they are not the keys that core's records were made with. */
ST_MUST enum st_rc priv_open(const char *keys_dir, bool may_make, struct db *core, struct privacy **out,
                             struct st_diag *diag, struct st_err *err);
void priv_close(struct privacy *priv); /* NULL is fine */
ST_MUST enum st_rc priv_pseudonym(struct privacy *priv, const char *identity, char out[PRIV_PSEUDONYM],
                                  struct st_err *err);
/* Borrowed until the next priv_find or priv_forget. Writes nothing. */
ST_MUST enum st_rc priv_find(struct privacy *priv, const char *identity, struct priv_person **out, struct st_err *err);
void priv_forget(struct privacy *priv); /* the cache: after anything about a person changed or was rolled back */
/* Gives the person a key if there is none; the caller's transaction on core. *made is set, never cleared. */
ST_MUST enum st_rc priv_need_key(struct privacy *priv, struct priv_person *person, bool *made, struct st_err *err);
ST_MUST enum st_rc priv_seal(const struct priv_person *person, uint64_t seq, const char *kind, struct st_span plain,
                             struct st_buf *out, struct st_err *err);
struct priv_sealed { /* what a row says about its details; borrowed */
    const char *pseudonym;
    uint32_t epoch;
    uint64_t seq;
    struct st_span kind, bytes;
};
/* ST_AGAIN when the key was destroyed or is damaged (logged). ST_E_INTEGRITY when the sealed bytes were changed. */
ST_MUST enum st_rc priv_unseal(struct privacy *priv, const struct priv_sealed *sealed, struct st_buf *out,
                               struct st_err *err);
/* Destroys every key of the person and what the projections hold; on disk when it answers, but for old pages in the
 * write-ahead file: db_flush core. */
ST_MUST enum st_rc priv_erase(struct privacy *priv, const char *pseudonym, int64_t wall_ms, struct st_err *err);
/* An erasure whose record is not in the log yet: its pseudonym, epoch and time. ST_AGAIN: none. */
ST_MUST enum st_rc priv_unlogged(struct privacy *priv, char pseudonym[PRIV_PSEUDONYM], int64_t *erased_ms,
                                 struct st_err *err);
ST_MUST enum st_rc priv_logged(struct privacy *priv, const char *pseudonym, struct st_err *err);
#endif
