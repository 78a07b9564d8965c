/* SPDX-License-Identifier: Apache-2.0 */
/* listen - takes connections from a listening socket that the supervisor opened. */
#ifndef STOA_GATEWAY_LISTEN_H
#define STOA_GATEWAY_LISTEN_H
#include "gateway/link.h"

struct listener;
/* Owns fd. on_connection gets each accepted descriptor, nonblocking and close-on-exec, and owns it; -1: accepting
 * pauses for lack of descriptors or memory. */
typedef void listener_f(void *ctx, int fd, const struct sockaddr *from);
ST_MUST struct listener *listener_new(struct link_loop *loop, int fd, listener_f *on_connection, void *ctx);
void listener_free(struct listener *listener); /* NULL is fine */
#endif
