/* SPDX-License-Identifier: Apache-2.0 */
/* ipc - packets whole or not at all, full sockets, dead peers, descriptors, and unpacking of every prefix. */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ipc.h"

static uint8_t scratch[IPC_SCRATCH];
static uint8_t body[IPC_MAX + 1];

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int count_open(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += is_open(fd);
    return n;
}

T_TEST(a_packet_arrives_as_it_was)
{
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 65536, IPC_MAX };
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    int fds[2];

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)t_rand();
    T_OK(ipc_pair(fds, &err), err);
    T_CHECK((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fds[1], F_GETFL) & O_NONBLOCK) != 0, "flags");
    T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_AGAIN, "nothing waits");
    for (size_t i = 0; i < ST_LEN(sizes); i++) {
        uint64_t id = t_rand();
        uint16_t type = (uint16_t)t_rand();

        T_OK(ipc_send(fds[i % 2], type, id, st_span(body, sizes[i]), -1, &err), err);
        T_OK(ipc_recv(fds[1 - i % 2], scratch, &msg, &err), err);
        T_CHECK(msg.type == type && msg.id == id && msg.fd == -1, "size %zu: header", sizes[i]);
        T_CHECK(st_span_eq(msg.body, st_span(body, sizes[i])), "size %zu: body", sizes[i]);
    }
    T_CHECK(ipc_send(fds[0], 1, 1, st_span(body, IPC_MAX + 1), -1, &err) == ST_ERR && err.code == ST_E_LIMIT,
            "too long");
    close(fds[0]);
    close(fds[1]);
}

T_TEST(a_full_socket_says_again_and_loses_nothing)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    uint64_t sent = 0, got = 0;
    enum st_rc rc;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    while ((rc = ipc_send(fds[0], 7, sent, st_span(body, IPC_MAX), -1, &err)) == ST_OK)
        sent++;
    T_CHECK(rc == ST_AGAIN, "%s", err.what);
    T_CHECK(sent >= 2, "only %llu big messages fit", (unsigned long long)sent);
    T_OK(ipc_recv(fds[1], scratch, &msg, &err), err);
    T_CHECK(msg.id == got++, "order");
    T_OK(ipc_send(fds[0], 7, sent++, st_span(body, IPC_MAX), -1, &err), err);
    while ((rc = ipc_recv(fds[1], scratch, &msg, &err)) == ST_OK)
        T_CHECK(msg.id == got++ && msg.body.n == IPC_MAX, "message %llu", (unsigned long long)got);
    T_CHECK(rc == ST_AGAIN && got == sent, "got %llu of %llu", (unsigned long long)got, (unsigned long long)sent);
    close(fds[0]);
    close(fds[1]);
}

T_TEST(a_dead_peer_is_closed_after_its_last_words)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    T_OK(ipc_send(fds[0], 1, 2, ST_SPAN("last"), -1, &err), err);
    close(fds[0]);
    T_CHECK(ipc_send(fds[1], 1, 2, ST_SPAN("x"), -1, &err) == ST_ERR && err.code == ST_E_CLOSED, "%s", err.what);
    T_OK(ipc_recv(fds[1], scratch, &msg, &err), err);
    T_CHECK(st_span_eq(msg.body, ST_SPAN("last")), "last words");
    T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_ERR && err.code == ST_E_CLOSED, "%s", err.what);
    close(fds[1]);
}

T_TEST(a_descriptor_rides_along)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    int fds[2], pipes[2];
    char c = 0;

    T_OK(ipc_pair(fds, &err), err);
    T_CHECK(pipe(pipes) == 0, "pipe");
    T_OK(ipc_send(fds[0], 1, 2, ST_SPAN_NONE, pipes[1], &err), err);
    T_CHECK(is_open(pipes[1]), "the sender's stays open");
    T_OK(ipc_recv(fds[1], scratch, &msg, &err), err);
    T_CHECK(msg.fd >= 0 && msg.fd != pipes[1] && (fcntl(msg.fd, F_GETFD) & FD_CLOEXEC) != 0, "descriptor %d", msg.fd);
    T_CHECK(write(msg.fd, "x", 1) == 1 && read(pipes[0], &c, 1) == 1 && c == 'x', "it is the same pipe");
    close(msg.fd);
    close(pipes[0]);
    close(pipes[1]);
    close(fds[0]);
    close(fds[1]);
}

T_TEST(a_lost_descriptor_is_noticed)
{
    struct st_err err = ST_ERR_INIT;
    struct rlimit old, none;
    struct ipc_msg msg;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    T_OK(ipc_send(fds[0], 1, 2, ST_SPAN("x"), fds[0], &err), err);
    T_CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0, "getrlimit");
    none = (struct rlimit){ 3, old.rlim_max };
    T_CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0, "setrlimit");
    T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_ERR, "a message without its descriptor was accepted");
    T_CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0, "setrlimit");
    T_CHECK(err.code == ST_E_IO && err.num == EMFILE && msg.fd == -1, "%s", err.what);
    close(fds[0]);
    close(fds[1]);
}

static void send_raw(int fd, const void *p, size_t n, const int *pass, size_t n_pass)
{
    union {
        char space[256];
        struct cmsghdr align;
    } control = { .space = { 0 } };
    struct iovec iov = { (void *)(uintptr_t)p, n };
    struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (n_pass > 0) {
        struct cmsghdr *cm;

        mh.msg_control = control.space;
        mh.msg_controllen = CMSG_SPACE(n_pass * sizeof(int));
        cm = CMSG_FIRSTHDR(&mh);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(n_pass * sizeof(int));
        memcpy(CMSG_DATA(cm), pass, n_pass * sizeof(int));
    }
    T_CHECK(sendmsg(fd, &mh, 0) == (ssize_t)n, "sendmsg");
}

T_TEST(strange_packets_are_refused_and_leave_no_descriptor)
{
    static uint8_t raw[IPC_SCRATCH + 100];
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    int fds[2], two[2], before;

    T_OK(ipc_pair(fds, &err), err);
    two[0] = dup(0);
    two[1] = dup(0);
    before = count_open();
    for (size_t n = 1; n < 40; n++) { /* shorter than a header, or a body that is not announced */
        memset(raw, 0, sizeof raw);
        raw[12] = n == 16 ? 1 : 0;
        send_raw(fds[0], raw, n, NULL, 0);
        T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_ERR && err.code == ST_E_SYNTAX, "%zu bytes", n);
    }
    send_raw(fds[0], raw, sizeof raw, NULL, 0);
    T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_ERR && err.code == ST_E_SYNTAX, "longer than any");
    memset(raw, 0, sizeof raw);
    send_raw(fds[0], raw, 16, two, 1);
    T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_ERR && err.code == ST_E_PROTO, "a descriptor not announced");
    raw[2] = 1;
    send_raw(fds[0], raw, 16, two, 2);
    T_OK(ipc_recv(fds[1], scratch, &msg, &err), err);
    close(msg.fd);
    T_CHECK(count_open() == before, "%d descriptors are open, %d were", count_open(), before);
    close(two[0]);
    close(two[1]);
    close(fds[0]);
    close(fds[1]);
}

T_TEST(packing_is_undone_by_unpacking)
{
    struct st_err err = ST_ERR_INIT;
    struct st_unpack u;
    struct st_buf buf;
    char s[8];

    st_buf_init(&buf, 1000);
    st_pack_u8(&buf, 0xfe);
    st_pack_u32(&buf, 0xdeadbeef);
    st_pack_u64(&buf, UINT64_MAX - 1);
    st_pack_span(&buf, ST_SPAN("a\0b"));
    st_pack_str(&buf, "1234567");
    st_pack_str(&buf, NULL);
    T_OK(st_buf_done(&buf, &err, "test"), err);
    for (size_t n = 0; n <= buf.n; n++) { /* cut after every byte: no read past the end, never "done" too early */
        uint8_t *exact = malloc(n > 0 ? n : 1);
        struct st_span span;

        memcpy(exact, buf.p, n);
        u = st_unpack(st_span(exact, n));
        T_CHECK(st_unpack_u8(&u) == (n >= 1 ? 0xfe : 0), "cut at %zu: u8", n);
        T_CHECK(st_unpack_u32(&u) == (n >= 5 ? 0xdeadbeef : 0), "cut at %zu: u32", n);
        T_CHECK(st_unpack_u64(&u) == (n >= 13 ? UINT64_MAX - 1 : 0), "cut at %zu: u64", n);
        span = st_unpack_span(&u);
        T_CHECK(st_span_eq(span, n >= 20 ? ST_SPAN("a\0b") : ST_SPAN_NONE), "cut at %zu: span", n);
        st_unpack_str(&u, s, sizeof s);
        T_CHECK(strcmp(s, n >= 31 ? "1234567" : "") == 0, "cut at %zu: \"%s\"", n, s);
        st_unpack_str(&u, s, sizeof s);
        T_CHECK(st_unpack_done(&u) == (n == buf.n) && u.bad == (n < buf.n), "cut at %zu: done", n);
        free(exact);
    }
    st_buf_byte(&buf, 0);
    u = st_unpack(st_buf_view(&buf));
    u.rest = st_span_sub(u.rest, buf.n - 1, 1);
    T_CHECK(!st_unpack_done(&u), "one byte is left over");
    st_buf_fini(&buf);
}

T_TEST(strings_that_do_not_fit_are_bad)
{
    static const struct {
        struct st_span s;
        bool ok;
    } rows[] = {
        { { (const uint8_t *)"", 0 }, true },          { { (const uint8_t *)"1234567", 7 }, true },
        { { (const uint8_t *)"12345678", 8 }, false }, { { (const uint8_t *)"a\0b", 3 }, false },
        { { (const uint8_t *)"ab\0", 3 }, false },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_unpack u;
        struct st_buf buf;
        char s[8] = "before";

        st_buf_init(&buf, 100);
        st_pack_span(&buf, rows[i].s);
        u = st_unpack(st_buf_view(&buf));
        st_unpack_str(&u, s, sizeof s);
        T_CHECK(st_unpack_done(&u) == rows[i].ok, "row %zu", i);
        T_CHECK(strlen(s) == (rows[i].ok ? rows[i].s.n : 0), "row %zu: \"%s\"", i, s);
        st_buf_fini(&buf);
    }
}

T_TEST(a_length_from_the_wire_cannot_lie)
{
    uint8_t lie[] = { 0xff, 0xff, 0xff, 0xff, 1, 2 };
    struct st_unpack u = st_unpack(st_span(lie, sizeof lie));

    T_CHECK(st_unpack_span(&u).n == 0 && u.bad, "a span longer than the packet");
    T_CHECK(st_unpack_u8(&u) == 0, "after a mistake all is zero");
}
