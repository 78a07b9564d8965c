/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder - the only process with the CA's key: workers ask for a leaf, it mints one, nothing else.
 *
 * The key arrives as an open descriptor from the supervisor, is read into OpenSSL's locked heap, and never leaves; the
 * process has no sockets but its channels, starts nothing and writes no file (sandbox.c). A prepared generation brings
 * its own CA, checked before it is in force; the old one serves until then. A request that cannot be granted is
 * answered with ok = 0, so that the worker fails that connection at once instead of waiting; so is what comes faster
 * than an honest worker asks, since a broken-in one should not have a leaf of every bank in the world by the evening.
 */
#include "base/clock.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/family.h"
#include "gateway/tls_ca.h"
#include <unistd.h>

#define WORKERS_MAX  256
#define QUEUE_BYTES  (1u << 20)
#define LEAF_MAX     16384
#define MINTS_ROW    1024 /* at once: as many names as a worker has waiting at most (leaf.c) */
#define MINTS_SEC    200  /* and per second from then on */
#define SAY_AGAIN_MS 1000

struct keyholder;
struct kh_peer {
    struct keyholder *kh;
    struct fam_link *link;
    uint64_t credit;   /* of mints, in thousandths */
    uint64_t since_ms; /* when it was last reckoned; 0: there was no such worker yet */
};
struct keyholder {
    struct fam_child *child;
    struct tls_ca *ca, *prepared;
    struct kh_peer peers[WORKERS_MAX];
    uint64_t minted, refused, too_fast; /* refused: too_fast included */
    uint64_t said_ms;
};

static void answer(struct kh_peer *peer, uint64_t id, bool ok, struct st_span leaf)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;

    st_buf_init(&body, IPC_MAX);
    st_pack_u8(&body, ok);
    st_pack_span(&body, leaf);
    st_pack_span(&body, ok ? tls_ca_cert(peer->kh->ca) : ST_SPAN_NONE);
    /* A worker that does not read its answers has a deadline of its own; nothing to add here. */
    if (fam_link_send(peer->link, FAM_MSG_LEAF, id, st_buf_view(&body), &err) == ST_ERR && err.code != ST_E_CLOSED)
        ST_LOG(LEAF_FAILED, ST_LIT("why", "send"), ST_ERRF(&err));
    st_buf_fini(&body);
}

#define CREDIT_MAX ((uint64_t)MINTS_ROW * 1000)

/* Takes a mint from this worker's credit, which grows with time. */
static bool has_credit(struct kh_peer *peer)
{
    uint64_t now = st_clock_ms(), passed_ms = now > peer->since_ms ? now - peer->since_ms : 0;
    uint64_t grown = passed_ms * MINTS_SEC; /* in thousandths, as credit */

    peer->since_ms += passed_ms;
    peer->credit = grown < CREDIT_MAX - peer->credit ? peer->credit + grown : CREDIT_MAX;
    if (peer->credit < 1000)
        return false;
    peer->credit -= 1000;
    return true;
}

/* Whoever asks too fast must not fill the log either. */
static void complain(struct keyholder *kh, const struct st_err *err)
{
    if (err->code == ST_E_LIMIT) {
        if (st_clock_ms() - kh->said_ms < SAY_AGAIN_MS)
            return;
        kh->said_ms = st_clock_ms();
    }
    ST_LOG(LEAF_FAILED, ST_LIT("why", "mint"), ST_ERRF(err));
}

static enum st_rc mint(struct kh_peer *peer, struct st_span body, struct st_buf *leaf, struct st_err *err)
{
    struct keyholder *kh = peer->kh;
    struct st_unpack u = st_unpack(body);
    struct st_span spki;
    char host[256];

    st_unpack_str(&u, host, sizeof host);
    spki = st_unpack_span(&u);
    if (!st_unpack_done(&u))
        return st_fail(err, ST_E_PROTO, "keyholder.mint", "malformed message", body.n);
    if (!has_credit(peer)) {
        kh->too_fast++;
        return st_fail(err, ST_E_LIMIT, "keyholder.mint", "this worker asks too fast", MINTS_SEC);
    }
    return tls_ca_mint(kh->ca, host, spki, fam_generation(kh->child)->config->ca.leaf_lifetime_ms, leaf, err);
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct kh_peer *peer = ctx;
    struct keyholder *kh = peer->kh;
    struct st_err err = ST_ERR_INIT;
    struct st_buf leaf;
    enum st_rc rc;

    if (msg->type != FAM_MSG_MINT)
        return;
    st_buf_init(&leaf, LEAF_MAX);
    rc = mint(peer, msg->body, &leaf, &err);
    if (rc == ST_OK) {
        kh->minted++;
    } else {
        kh->refused++;
        complain(kh, &err);
    }
    answer(peer, msg->id, rc == ST_OK, st_buf_view(&leaf));
    st_buf_fini(&leaf);
}

static enum st_rc prepare(void *self, struct generation *gen, int key_fd, struct st_diag *diag, struct st_err *err)
{
    struct keyholder *kh = self;

    tls_ca_free(kh->prepared);
    kh->prepared = NULL;
    if (key_fd < 0 && (key_fd = tls_ca_open_key(gen->config->ca.key.s, diag)) < 0)
        return st_fail(err, ST_E_CONFIG, "keyholder.prepare", "the CA key cannot be used", 0);
    return tls_ca_load(gen->config->ca.certificate.s, gen->config->ca.key.s, key_fd, &kh->prepared, diag, err);
}

static void generation(void *self, struct generation *gen)
{
    struct keyholder *kh = self;

    (void)gen;
    tls_ca_free(kh->ca);
    kh->ca = kh->prepared;
    kh->prepared = NULL;
}

static enum st_rc start(void *self, struct fam_child *child, struct st_err *err)
{
    struct keyholder *kh = self;

    (void)err;
    kh->child = child;
    generation(kh, fam_generation(child));
    return ST_OK;
}

static void peer(void *self, enum fam_role role, unsigned number, int fd)
{
    struct keyholder *kh = self;
    struct kh_peer *p = number < WORKERS_MAX ? &kh->peers[number] : NULL;

    if (role != FAM_WORKER || p == NULL) {
        close(fd);
        return;
    }
    fam_link_free(p->link);
    p->kh = kh;
    if (p->since_ms == 0) { /* its successor goes on with what is left, or a worker that dies would begin anew */
        p->since_ms = st_clock_ms();
        p->credit = CREDIT_MAX;
    }
    p->link = fam_link_new(kh->child, fd, QUEUE_BYTES, on_message, NULL, p);
}

static void drain(void *self, uint64_t within_ms)
{
    struct keyholder *kh = self;

    (void)within_ms;
    fam_done(kh->child);
}

static void status(void *self, struct st_buf *json)
{
    struct keyholder *kh = self;
    struct st_json w;

    st_json_init(&w, json);
    st_json_object(&w, NULL);
    st_json_int(&w, "minted", (int64_t)kh->minted);
    st_json_int(&w, "refused", (int64_t)kh->refused);
    st_json_int(&w, "too_fast", (int64_t)kh->too_fast);
    st_json_int(&w, "ca_expires_ms", kh->ca != NULL ? tls_ca_expires_ms(kh->ca) : 0);
    st_json_end(&w);
}

static void keyholder_fini(struct keyholder *kh)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        fam_link_free(kh->peers[i].link);
    tls_ca_free(kh->ca);
    tls_ca_free(kh->prepared);
}

int fam_keyholder_main(unsigned number)
{
    static struct keyholder kh;
    static const struct fam_ops ops = { .role = FAM_KEYHOLDER,
                                        .start = start,
                                        .generation = generation,
                                        .peer = peer,
                                        .drain = drain,
                                        .status = status,
                                        .prepare = prepare };
    int code;

    tls_ca_guard_memory();
    code = fam_child_main(&ops, &kh, number);
    keyholder_fini(&kh);
    return code;
}
