/* SPDX-License-Identifier: Apache-2.0 */
/* process - what only the process side of the room needs beyond family.h: the supervisor is a fam_child without a
 * channel, its links pass descriptors, and tests run a child over a socketpair of their own.
 */
#ifndef STOA_GATEWAY_PROCESS_H
#define STOA_GATEWAY_PROCESS_H
#include "gateway/family.h"

/* channel -1: none (the supervisor). Owns channel from the call on. NULL when memory is out. */
ST_MUST struct fam_child *fam_child_new(const struct fam_ops *ops, void *self, unsigned number, int channel);
/* Runs until fam_done; the exit code. */
int fam_child_loop(struct fam_child *child);
void fam_child_free(struct fam_child *child);  /* after everything that uses its base; NULL is fine */
uint8_t *fam_scratch(struct fam_child *child); /* IPC_SCRATCH bytes, for one ipc_recv at a time */

/* As fam_link_send, with a descriptor that rides along; it stays the caller's. */
ST_MUST enum st_rc fam_link_pass(struct fam_link *link, enum fam_message type, uint64_t id, struct st_span body, int fd,
                                 struct st_err *err);
/* Descriptors that arrive go to on_message, which owns them; without this call they are closed unseen. */
void fam_link_take_fds(struct fam_link *link);
void fam_link_pause(struct fam_link *link, bool is_paused); /* stops reading: the peer's queue and outbox fill */
bool fam_link_is_closed(const struct fam_link *link);       /* the peer is gone */
#endif
