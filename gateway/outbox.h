/* SPDX-License-Identifier: Apache-2.0 */
/* outbox - a process's records on their way to the recorder (outbox.c, on the process side of this room).
 *
 * A record is in the process's journal before the person gets the answer it is about, and kept here until the recorder
 * says that it is committed: what a killed worker leaves in its journal the supervisor hands over, a killed recorder
 * gets everything again.
 */
#ifndef STOA_GATEWAY_OUTBOX_H
#define STOA_GATEWAY_OUTBOX_H
#include "audit/audit.h"
#include "gateway/family.h"
#include "gateway/journal.h"
#include <stdbool.h>

#define OUTBOX_BYTES JOURNAL_BYTES /* what fits here fits into a journal */

struct outbox;
/* ceiling in bytes of packed records that wait; NULL when memory is out. */
ST_MUST struct outbox *outbox_new(struct fam_child *child, size_t ceiling);
void outbox_free(struct outbox *outbox); /* NULL is fine */
/* From now on every record is in this journal too (fd -1: in none); owns fd when it answers ST_OK. */
ST_MUST enum st_rc outbox_keep(struct outbox *outbox, int fd, struct st_err *err);
/* Hands over what a process that has died left in its journal; the ids in it keep every record single. */
ST_MUST enum st_rc outbox_inherit(struct outbox *outbox, int fd, struct st_err *err);
/* A (new) channel to the recorder; owns fd. Everything not yet acknowledged is sent again. */
void outbox_peer(struct outbox *outbox, int fd);
/* Gives the entry its id, keeps a packed copy here and in the journal, and sends it at once when the socket takes it
 * (the entry stays the caller's). On ST_OK a kill of this process does not lose it. ST_E_LIMIT when the ceiling is
 * reached or the journal cannot take it: nothing was kept, and the caller applies failure.recorder. */
ST_MUST enum st_rc outbox_add(struct outbox *outbox, struct aud_entry *entry, struct st_err *err);
size_t outbox_pending(const struct outbox *outbox); /* records not yet acknowledged */
/* Called once when pending has fallen to 0 (for a drain). */
typedef void outbox_idle_f(void *ctx);
void outbox_on_idle(struct outbox *outbox, outbox_idle_f *fn, void *ctx);
#endif
