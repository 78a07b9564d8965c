/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder - the role over its channels: leaves for workers, a CA that changes with the generation, nonsense. */
#include "t.h"

#include <event2/event.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "gateway/process.h"

#include "gateway/keyholder.c"

static const struct fam_ops ops = { .role = FAM_KEYHOLDER,
                                    .start = start,
                                    .generation = generation,
                                    .peer = peer,
                                    .drain = drain,
                                    .status = status,
                                    .prepare = prepare };
static uint8_t scratch[IPC_SCRATCH];
static int serial;

struct rig {
    struct keyholder kh;
    struct fam_child *child;
    int sup;
    char dir[256], text[4096]; /* of the last PREPARED */
};

static void turn(struct rig *r)
{
    for (int i = 0; i < 5; i++)
        event_base_loop(fam_base(r->child), EVLOOP_NONBLOCK);
}

static void tell(struct rig *r, enum fam_message type, uint64_t id, struct st_buf *body, int fd)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ipc_send(r->sup, (uint16_t)type, id, st_buf_view(body), fd, &err), err);
    st_buf_fini(body);
    turn(r);
}

static void make_dir(struct rig *r, bool with_ca)
{
    struct st_err err = ST_ERR_INIT;
    char path[300], cert[300], key[300];
    FILE *file;

    snprintf(r->dir, sizeof r->dir, "%s/kh%d", t_tmpdir(), ++serial);
    mkdir(r->dir, 0700);
    snprintf(path, sizeof path, "%s/stoa.yaml", r->dir);
    snprintf(cert, sizeof cert, "%s/c.crt", r->dir);
    snprintf(key, sizeof key, "%s/c.key", r->dir);
    file = fopen(path, "w");
    fputs(
        "version: 1\nlisten:\n  - address: 127.0.0.1:3128\nca: { certificate: c.crt, key: c.key, leaf_lifetime: 2d }\n",
        file);
    fclose(file);
    if (with_ca)
        T_OK(tls_ca_create("Stoa CA", cert, key, &err), err);
}

static bool load(struct rig *r, uint64_t number, int key_fd)
{
    struct st_err err = ST_ERR_INIT;
    struct st_unpack u;
    struct ipc_msg msg;
    struct st_buf body;
    bool ok;

    st_buf_init(&body, 4096);
    st_pack_str(&body, r->dir);
    tell(r, FAM_MSG_PREPARE, number, &body, key_fd);
    do
        T_OK(ipc_recv(r->sup, scratch, &msg, &err), err);
    while (msg.type == FAM_MSG_STARTED); /* of the generation before */
    u = st_unpack(msg.body);
    ok = st_unpack_u8(&u) != 0;
    st_unpack_str(&u, r->text, sizeof r->text);
    if (!ok)
        return false;
    st_buf_init(&body, 64);
    st_pack_u64(&body, number);
    tell(r, FAM_MSG_COMMIT, 0, &body, -1);
    return true;
}

static void open_rig(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    *r = (struct rig){ .sup = -1 };
    T_OK(ipc_pair(fds, &err), err);
    r->sup = fds[0];
    r->child = fam_child_new(&ops, &r->kh, 0, fds[1]);
    make_dir(r, true);
    T_CHECK(load(r, 1, -1), "%s", r->text);
}

static void close_rig(struct rig *r)
{
    keyholder_fini(&r->kh);
    fam_child_free(r->child);
    close(r->sup);
}

static int new_worker(struct rig *r, unsigned number)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    st_buf_init(&body, 64);
    st_pack_u8(&body, FAM_WORKER);
    st_pack_u32(&body, number);
    tell(r, FAM_MSG_PEER, 0, &body, fds[0]);
    close(fds[0]);
    return fds[1];
}

/* True when a leaf came back; *issuer is its issuing certificate, borrowed until the next receive. */
static bool ask(struct rig *r, int fd, uint64_t id, const char *host, struct st_span *issuer)
{
    struct st_err err = ST_ERR_INIT;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    struct st_span leaf;
    struct st_unpack u;
    struct ipc_msg msg;
    struct st_buf body;
    bool ok;

    st_buf_init(&body, 4096);
    st_pack_str(&body, host);
    st_pack_span(&body, st_span(der, (size_t)n));
    T_OK(ipc_send(fd, FAM_MSG_MINT, id, st_buf_view(&body), -1, &err), err);
    st_buf_fini(&body);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    turn(r);
    T_OK(ipc_recv(fd, scratch, &msg, &err), err);
    T_CHECK(msg.type == FAM_MSG_LEAF && msg.id == id, "type %u, id %llu", msg.type, (unsigned long long)msg.id);
    u = st_unpack(msg.body);
    ok = st_unpack_u8(&u) != 0;
    leaf = st_unpack_span(&u);
    *issuer = st_unpack_span(&u);
    T_CHECK(st_unpack_done(&u) && ok == (leaf.n > 0) && ok == (issuer->n > 0), "well-formed");
    return ok;
}

T_TEST(workers_get_leaves)
{
    struct st_span issuer;
    struct rig r;
    int a, b;

    open_rig(&r);
    a = new_worker(&r, 0);
    b = new_worker(&r, 1);
    T_CHECK(ask(&r, a, 1, "example.com", &issuer), "one");
    T_CHECK(ask(&r, b, 77, "192.0.2.1", &issuer), "another");
    T_CHECK(st_span_eq(issuer, tls_ca_cert(r.kh.ca)), "with its issuer");
    close(a);
    turn(&r);
    a = new_worker(&r, 0); /* a successor */
    T_CHECK(ask(&r, a, 2, "example.org", &issuer) && r.kh.minted == 3, "%llu", (unsigned long long)r.kh.minted);
    close(a);
    close(b);
    close_rig(&r);
}

T_TEST(what_cannot_be_granted_is_answered)
{
    struct st_err err = ST_ERR_INIT;
    struct st_span issuer;
    struct ipc_msg msg;
    struct rig r;
    int fd;

    open_rig(&r);
    fd = new_worker(&r, 0);
    for (int i = 0; i < 3; i++)
        t_expect_log(ST_EV_LEAF_FAILED);
    T_CHECK(!ask(&r, fd, 1, "*.example.com", &issuer), "a wildcard");
    T_CHECK(!ask(&r, fd, 2, "", &issuer), "no name");
    T_OK(ipc_send(fd, FAM_MSG_MINT, 3, ST_SPAN("junk"), -1, &err), err);
    T_OK(ipc_send(fd, FAM_MSG_RECORD, 4, ST_SPAN("junk"), -1, &err), err);
    turn(&r);
    T_OK(ipc_recv(fd, scratch, &msg, &err), err);
    T_CHECK(msg.id == 3 && msg.body.p[0] == 0, "junk is refused");
    T_CHECK(ipc_recv(fd, scratch, &msg, &err) == ST_AGAIN, "what is not for us is passed over");
    T_CHECK(ask(&r, fd, 5, "example.com", &issuer), "and it goes on");
    close(fd);
    close_rig(&r);
}

T_TEST(who_asks_too_fast_is_refused_until_time_has_passed)
{
    struct st_span issuer;
    struct st_buf json;
    unsigned granted = 0;
    struct rig r;
    int a, b;

    open_rig(&r);
    a = new_worker(&r, 0);
    b = new_worker(&r, 1);
    t_expect_log(ST_EV_LEAF_FAILED);                /* once, however often it is refused */
    r.kh.peers[0].credit = 3000;                    /* as after a long row */
    r.kh.peers[0].since_ms = st_clock_ms() + 60000; /* the time that the test takes gives nothing back */
    for (int i = 0; i < 10; i++)
        granted += ask(&r, a, (uint64_t)i, "example.com", &issuer);
    T_CHECK(granted == 3 && r.kh.too_fast == 7, "%u", granted);
    T_CHECK(ask(&r, b, 1, "example.com", &issuer), "the other worker has a credit of its own");
    close(a);
    turn(&r);
    a = new_worker(&r, 0);
    T_CHECK(r.kh.peers[0].credit < 1000, "a successor begins where it ended");
    st_clock_turn(61000);
    for (int i = 0; i < 20; i++)
        T_CHECK(ask(&r, a, (uint64_t)i, "example.com", &issuer), "%d", i);
    st_clock_turn(1000000000);
    T_CHECK(ask(&r, a, 30, "example.com", &issuer) && r.kh.peers[0].credit == CREDIT_MAX - 1000, "there is a ceiling");
    st_buf_init(&json, 4096);
    status(&r.kh, &json);
    st_buf_byte(&json, 0);
    T_CHECK(strstr((char *)json.p, "\"too_fast\":") != NULL, "%s", (char *)json.p);
    st_buf_fini(&json);
    close(a);
    close(b);
    close_rig(&r);
}

T_TEST(a_generation_may_bring_another_CA)
{
    struct st_span issuer;
    uint8_t first[4096];
    size_t n;
    char path[300];
    struct rig r;
    int fd, key_fd;

    open_rig(&r);
    fd = new_worker(&r, 0);
    T_CHECK(ask(&r, fd, 1, "example.com", &issuer), "first");
    n = issuer.n;
    memcpy(first, issuer.p, n);
    make_dir(&r, false);
    T_CHECK(!load(&r, 2, -1) && strstr(r.text, "c.key") != NULL, "no key: %s", r.text);
    T_CHECK(ask(&r, fd, 2, "example.com", &issuer) && st_span_eq(issuer, st_span(first, n)), "the old one serves");
    make_dir(&r, true);
    snprintf(path, sizeof path, "%s/c.key", r.dir);
    key_fd = open(path, O_RDONLY | O_CLOEXEC);
    T_CHECK(unlink(path) == 0, "the file itself is out of reach");
    T_CHECK(load(&r, 3, key_fd), "the descriptor is enough: %s", r.text);
    close(key_fd);
    T_CHECK(ask(&r, fd, 3, "example.com", &issuer) && !st_span_eq(issuer, st_span(first, n)), "the new one");
    close(fd);
    close_rig(&r);
}

T_TEST(only_workers_are_heard)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    struct st_buf body;
    struct rig r;
    int fds[2];

    open_rig(&r);
    for (unsigned i = 0; i < 2; i++) {
        T_OK(ipc_pair(fds, &err), err);
        st_buf_init(&body, 64);
        st_pack_u8(&body, i == 0 ? FAM_CURATOR : FAM_WORKER);
        st_pack_u32(&body, i == 0 ? 0 : WORKERS_MAX);
        tell(&r, FAM_MSG_PEER, 0, &body, fds[0]);
        close(fds[0]);
        T_CHECK(ipc_recv(fds[1], scratch, &msg, &err) == ST_ERR && err.code == ST_E_CLOSED, "case %u: closed", i);
        close(fds[1]);
    }
    close_rig(&r);
}
