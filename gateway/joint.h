/* SPDX-License-Identifier: Apache-2.0 */
/* joint - two sockets joined inside the kernel: bytes both ways that this process never holds. */
#ifndef STOA_GATEWAY_JOINT_H
#define STOA_GATEWAY_JOINT_H
#include "gateway/link.h"

struct joint;
struct joint_pipes; /* of a worker: empty pipes that wait for the next bytes */
ST_MUST struct joint_pipes *joint_pipes_new(void);
void joint_pipes_free(struct joint_pipes *pipes); /* after every joint; NULL is fine */

/* Borrows both descriptors, which are nonblocking. The owner is told when bytes went on or an end came. NULL when
 * memory is out. */
ST_MUST struct joint *joint_new(struct link_loop *loop, struct joint_pipes *pipes, int a, int b,
                                struct link_owner owner);
/* The descriptors are the caller's again; its memory goes with the next zero-time event. NULL is fine. */
void joint_free(struct joint *joint);
/* ST_AGAIN: goes on; ST_OK: both sides have said their end; ST_ERR: one broke. */
enum st_rc joint_outcome(const struct joint *joint);
uint64_t joint_bytes(const struct joint *joint);
#endif
