/* SPDX-License-Identifier: Apache-2.0 */
/* outbox - a process's records on their way to the recorder (outbox.c, on the process side of this room).
 *
 * A record is handed to the kernel before the person gets the answer it is about, and kept here until the recorder says
 * that it is committed: a killed worker leaves it in the recorder's socket, a killed recorder gets it again.
 */
#ifndef STOA_GATEWAY_OUTBOX_H
#define STOA_GATEWAY_OUTBOX_H
#include "audit/audit.h"
#include "gateway/family.h"

struct outbox;
/* ceiling in bytes of packed records that wait; NULL when memory is out. */
ST_MUST struct outbox *outbox_new(struct fam_child *child, size_t ceiling);
void outbox_free(struct outbox *outbox); /* NULL is fine */
/* A (new) channel to the recorder; owns fd. Everything not yet acknowledged is sent again. */
void outbox_peer(struct outbox *outbox, int fd);
/* Gives the entry its id, keeps a packed copy, and sends it at once when the socket takes it (the entry stays the
 * caller's). ST_E_LIMIT when the ceiling is reached: the caller applies failure.recorder. */
ST_MUST enum st_rc outbox_add(struct outbox *outbox, struct aud_entry *entry, struct st_err *err);
size_t outbox_pending(const struct outbox *outbox); /* records not yet acknowledged */
/* Called once when pending has fallen to 0 (for a drain). */
typedef void outbox_idle_f(void *ctx);
void outbox_on_idle(struct outbox *outbox, outbox_idle_f *fn, void *ctx);
#endif
