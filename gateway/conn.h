/* SPDX-License-Identifier: Apache-2.0 */
/* conn - one client connection, from its first byte to its last: what it is, whether it is opened, its exchanges. */
#ifndef STOA_GATEWAY_CONN_H
#define STOA_GATEWAY_CONN_H
#include "gateway/worker.h"
#include <sys/socket.h>

/* Owns fd; from is the client's address, listener the place of its way in among those of stoa.yaml. The connection
 * lives until it is done and frees itself. */
void conn_start(struct worker *worker, int fd, const struct sockaddr *from, size_t listener);
void conn_drain_all(struct worker *worker); /* idle ones end now, others after their exchange */
void conn_make_room(struct worker *worker); /* ends those that have been idle for a moment */
void conn_free_all(struct worker *worker);  /* at the end of the process */
#endif
