/* SPDX-License-Identifier: Apache-2.0 */
/* ipc - packets between the processes of the family.
 *
 *   u16 type | u16 flags (bit 0: a descriptor rides along) | u64 id | u32 body length | body
 *
 * Little endian. SOCK_SEQPACKET keeps the edges of a packet, so there is no framing to get wrong; the length is still
 * sent and compared, as a check on both ends having the same idea of the header. The descriptor flag tells a receiver
 * whose descriptor table was full that it lost one, which the kernel otherwise hides.
 */
#include "base/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER  16u
#define FLAG_FD 1u
#define FDS_MAX 2u /* what fits into the padding of a control message for one */
#define SNDBUF  (1024 * 1024)

static void put_le(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

enum st_rc ipc_pair(int fds[2], struct st_err *err)
{
    const int size = SNDBUF;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return st_fail(err, ST_E_IO, "ipc.pair", "socketpair", errno);
    for (size_t i = 0; i < 2;
         i++) /* FORCE goes beyond net.core.wmem_max, for root only; the other takes what it gets */
        if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
            (void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return ST_OK;
}

enum st_rc ipc_send(int fd, uint16_t type, uint64_t id, struct st_span body, int pass_fd, struct st_err *err)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { .space = { 0 } };
    uint8_t head[HEADER];
    struct iovec iov[2] = { { head, sizeof head }, { (void *)(uintptr_t)body.p, body.n } };
    struct msghdr mh = { .msg_iov = iov, .msg_iovlen = body.n > 0 ? 2 : 1 };
    ssize_t n;

    if (body.n > IPC_MAX)
        return st_fail(err, ST_E_LIMIT, "ipc.send", "message is too long", body.n);
    put_le(head, type, 2);
    put_le(head + 2, pass_fd >= 0 ? FLAG_FD : 0, 2);
    put_le(head + 4, id, 8);
    put_le(head + 12, body.n, 4);
    if (pass_fd >= 0) {
        struct cmsghdr *cm;

        mh.msg_control = control.space;
        mh.msg_controllen = sizeof control.space;
        cm = CMSG_FIRSTHDR(&mh);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(cm), &pass_fd, sizeof(int));
    }
    do
        n = sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return ST_OK;
    switch (errno) {
    case EAGAIN:
    case ETOOMANYREFS: /* too many descriptors in flight: the receiver will take some */ return ST_AGAIN;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN: return st_fail(err, ST_E_CLOSED, "ipc.send", "peer is gone", 0);
    case EMSGSIZE: return st_fail(err, ST_E_LIMIT, "ipc.send", "message is longer than the socket buffer", body.n);
    case ENOBUFS:
    case ENOMEM: return st_fail(err, ST_E_NOMEM, "ipc.send", "sendmsg", body.n);
    default: return st_fail(err, ST_E_IO, "ipc.send", "sendmsg", errno);
    }
}

/* Keeps the first descriptor that came along, closes any other. */
static int take_fd(struct msghdr *mh)
{
    int kept = -1;

    for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
        size_t n = cm->cmsg_len >= CMSG_LEN(0) ? (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

        if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n && i < FDS_MAX; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(cm) + i * sizeof fd, sizeof fd);
            if (kept < 0)
                kept = fd;
            else
                (void)close(fd);
        }
    }
    return kept;
}

static enum st_rc check(const uint8_t *head, size_t n, int flags, const struct ipc_msg *msg, struct st_err *err)
{
    bool flagged;

    if (n < HEADER || (flags & MSG_TRUNC) != 0 || get_le(head + 12, 4) != n - HEADER)
        return st_fail(err, ST_E_SYNTAX, "ipc.recv", "packet of a wrong length", n);
    flagged = (get_le(head + 2, 2) & FLAG_FD) != 0;
    if (flagged && msg->fd < 0)
        return st_fail(err, ST_E_IO, "ipc.recv", "descriptor table is full", EMFILE);
    if (flagged != (msg->fd >= 0))
        return st_fail(err, ST_E_PROTO, "ipc.recv", "descriptor that was not announced", 0);
    return ST_OK;
}

enum st_rc ipc_recv(int fd, uint8_t *scratch, struct ipc_msg *msg, struct st_err *err)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { .space = { 0 } };
    struct iovec iov = { scratch, IPC_SCRATCH };
    struct msghdr mh = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space
    };
    ssize_t n;

    *msg = (struct ipc_msg){ .fd = -1 };
    do
        n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return ST_AGAIN;
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return st_fail(err, ST_E_CLOSED, "ipc.recv", "peer is gone", 0);
    if (n < 0)
        return st_fail(err, ST_E_IO, "ipc.recv", "recvmsg", errno);
    msg->fd = take_fd(&mh);
    if (check(scratch, (size_t)n, mh.msg_flags, msg, err) != ST_OK) {
        if (msg->fd >= 0)
            (void)close(msg->fd);
        msg->fd = -1;
        return ST_ERR;
    }
    msg->type = (uint16_t)get_le(scratch, 2);
    msg->id = get_le(scratch + 4, 8);
    msg->body = st_span(scratch + HEADER, (size_t)n - HEADER);
    return ST_OK;
}

static void pack(struct st_buf *buf, uint64_t v, size_t n)
{
    uint8_t bytes[8];

    put_le(bytes, v, n);
    st_buf_put(buf, bytes, n);
}

void st_pack_u8(struct st_buf *buf, uint8_t v)
{
    pack(buf, v, 1);
}

void st_pack_u32(struct st_buf *buf, uint32_t v)
{
    pack(buf, v, 4);
}

void st_pack_u64(struct st_buf *buf, uint64_t v)
{
    pack(buf, v, 8);
}

void st_pack_span(struct st_buf *buf, struct st_span s)
{
    if (s.n > UINT32_MAX) {
        buf->failed = buf->failed == ST_E_NONE ? ST_E_LIMIT : buf->failed;
        return;
    }
    st_pack_u32(buf, (uint32_t)s.n);
    st_buf_span(buf, s);
}

void st_pack_str(struct st_buf *buf, const char *s)
{
    st_pack_span(buf, st_span_str(s));
}

struct st_unpack st_unpack(struct st_span body)
{
    return (struct st_unpack){ body, false };
}

static struct st_span unpack(struct st_unpack *u, size_t n)
{
    struct st_span taken;

    if (u->bad || u->rest.n < n) {
        u->bad = true;
        return ST_SPAN_NONE;
    }
    taken = st_span(u->rest.p, n);
    u->rest = st_span_sub(u->rest, n, u->rest.n);
    return taken;
}

static uint64_t unpack_le(struct st_unpack *u, size_t n)
{
    struct st_span s = unpack(u, n);

    return get_le(s.p, s.n);
}

uint8_t st_unpack_u8(struct st_unpack *u)
{
    return (uint8_t)unpack_le(u, 1);
}

uint32_t st_unpack_u32(struct st_unpack *u)
{
    return (uint32_t)unpack_le(u, 4);
}

uint64_t st_unpack_u64(struct st_unpack *u)
{
    return unpack_le(u, 8);
}

struct st_span st_unpack_span(struct st_unpack *u)
{
    return unpack(u, st_unpack_u32(u));
}

void st_unpack_str(struct st_unpack *u, char *out, size_t size)
{
    struct st_span s = st_unpack_span(u);

    assert(size > 0);
    out[0] = '\0';
    if (s.n >= size || st_span_chr(s, '\0') != ST_SPAN_NPOS) {
        u->bad = true;
        return;
    }
    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

bool st_unpack_done(const struct st_unpack *u)
{
    return !u->bad && u->rest.n == 0;
}
