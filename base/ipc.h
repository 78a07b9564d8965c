/* SPDX-License-Identifier: Apache-2.0 */
/* ipc - small typed messages between the processes of the family, over Unix seqpacket sockets.
 *
 * One message is one packet: a 16-byte header (type, flags, id, length) and a payload of at most IPC_MAX bytes; a
 * descriptor may ride along. A packet arrives whole or not at all, so a killed sender leaves no half message.
 * Payloads are written with st_pack_* and read with st_unpack_*, fail-late: ask once at the end.
 */
#ifndef STOA_BASE_IPC_H
#define STOA_BASE_IPC_H
#include "base/buf.h"
#include <stdbool.h>

#define IPC_MAX (128u * 1024u)

struct ipc_msg {
    uint16_t type;
    uint64_t id;         /* chosen by the asker, repeated in the answer */
    struct st_span body; /* borrowed from the caller's receive buffer: dies at the next ipc_recv */
    int fd;              /* -1, or a descriptor that the receiver now owns */
};

/* Two connected, non-blocking, close-on-exec ends with room for several messages. */
ST_MUST enum st_rc ipc_pair(int fds[2], struct st_err *err);
/* ST_AGAIN when the socket is full; ST_E_CLOSED when the peer is gone; ST_E_LIMIT when body is too long.
 * pass_fd -1 sends none; a passed descriptor stays the caller's to close. */
ST_MUST enum st_rc ipc_send(int fd, uint16_t type, uint64_t id, struct st_span body, int pass_fd, struct st_err *err);
/* scratch holds IPC_MAX + 16 bytes. ST_AGAIN when nothing waits; ST_E_CLOSED at the end. */
ST_MUST enum st_rc ipc_recv(int fd, uint8_t *scratch, struct ipc_msg *msg, struct st_err *err);
#define IPC_SCRATCH (IPC_MAX + 16u)

void st_pack_u8(struct st_buf *buf, uint8_t v);
void st_pack_u32(struct st_buf *buf, uint32_t v); /* little endian, as all numbers here */
void st_pack_u64(struct st_buf *buf, uint64_t v);
void st_pack_span(struct st_buf *buf, struct st_span s); /* u32 length, bytes */
void st_pack_str(struct st_buf *buf, const char *s);     /* as a span; NULL packs an empty one */

struct st_unpack {
    struct st_span rest;
    bool bad; /* something was missing; everything read since then is zero */
};
struct st_unpack st_unpack(struct st_span body);
uint8_t st_unpack_u8(struct st_unpack *u);
uint32_t st_unpack_u32(struct st_unpack *u);
uint64_t st_unpack_u64(struct st_unpack *u);
struct st_span st_unpack_span(struct st_unpack *u); /* borrowed from body */
/* Copies into out, NUL-terminated; sets bad when it does not fit or holds a NUL. */
void st_unpack_str(struct st_unpack *u, char *out, size_t size);
/* True when nothing was missing and nothing is left over. */
ST_MUST bool st_unpack_done(const struct st_unpack *u);
#endif
