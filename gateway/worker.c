/* SPDX-License-Identifier: Apache-2.0 */
/* worker - the role that carries the traffic: builds what its connections share and answers the supervisor.
 *
 * A new generation changes what the next exchanges use: rules and scanner, trust of origins, names, leaves; open
 * connections go on, and an exchange keeps the rules it began with. What can fail is made in prepare, so that a reload
 * is all or nothing; but for the resolver, which stays as it was when it cannot be made anew, and the log says so. A
 * drain closes the listeners, ends idle connections, waits for the others and for the recorder's last acknowledgement.
 * conn.c and txn.c do the work; nothing here reads a client's byte.
 */
#include "gateway/worker.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/conn.h"
#include "gateway/copies.h"
#include "gateway/files.h"
#include "gateway/joint.h"
#include "gateway/listen.h"
#include "gateway/sessions.h"
#include <event2/event.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTENERS_MAX 32
#define KEPT_MEMORY   (8 * 1024 * 1024)
#define SAY_AGAIN_MS  1000u

struct role;
struct way { /* a listener of this process */
    struct role *role;
    struct listener *listener;
    char address[128]; /* as in stoa.yaml */
};

struct role {
    struct worker worker;
    struct way ways[LISTENERS_MAX];
    size_t n_ways;
    struct { /* of the generation that is prepared; moved when it is in force */
        struct rules *rules;
        struct tls_trust *trust;
    } next;
    bool has_started;
    uint64_t refused_said_ms;
};

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static struct rules *rules_new(struct generation *gen, struct st_err *err)
{
    struct rules *rules = calloc(1, sizeof *rules);

    if (rules == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "worker.rules", "rules", sizeof *rules);
        return NULL;
    }
    rules->refs = 1;
    if (flt_scanner_new(pol_set_packs(gen->policies), &rules->scanner, err) != ST_OK) {
        free(rules);
        return NULL;
    }
    rules->gen = generation_retain(gen);
    return rules;
}

/* The certificates that stoa.yaml gives listeners. */
static enum st_rc load_door_leaves(struct rules *rules, struct st_diag *diag, struct st_err *err)
{
    const struct st_list *listen = &rules->gen->config->listen;

    if ((rules->door_leaves = calloc(listen->n, sizeof *rules->door_leaves)) == NULL)
        return st_fail(err, ST_E_NOMEM, "worker.rules", "listeners", listen->n);
    for (size_t i = 0; i < listen->n; i++) {
        const struct pol_listen *l = (const struct pol_listen *)listen->items + i;

        if (l->certificate.s == NULL || tls_leaf_load(l->certificate.s, l->key.s, &rules->door_leaves[i], err) == ST_OK)
            continue;
        if (err->code == ST_E_CONFIG)
            st_diag_add(diag, "stoa.yaml", l->certificate.pos.line, l->certificate.pos.col,
                        "listen: %s; both files have to be readable by the user that stoad runs as", err->what);
        return ST_ERR;
    }
    return ST_OK;
}

struct tls_leaf *rules_door_leaf(const struct rules *rules, const struct pol_listen *listen)
{
    return rules->door_leaves[listen - (const struct pol_listen *)rules->gen->config->listen.items];
}

struct rules *rules_retain(struct rules *rules)
{
    rules->refs++;
    return rules;
}

void rules_release(struct rules *rules)
{
    if (rules == NULL || --rules->refs > 0)
        return;
    flt_scanner_free(rules->scanner);
    for (size_t i = 0; rules->door_leaves != NULL && i < rules->gen->config->listen.n; i++)
        tls_leaf_release(rules->door_leaves[i]);
    free(rules->door_leaves);
    generation_release(rules->gen);
    free(rules);
}

const struct pol_config *worker_config(const struct worker *worker)
{
    return worker->rules->gen->config;
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

/* Which entry of the generation in force a way in belongs to; what the entry says may have changed. */
static size_t entry_of(const struct way *way)
{
    const struct st_list *listen = &worker_config(&way->role->worker)->listen;
    size_t i = 0;

    while (i < listen->n && strcmp(((const struct pol_listen *)listen->items)[i].address.s, way->address) != 0)
        i++;
    return i;
}

static void on_connection(void *ctx, int fd, const struct sockaddr *from)
{
    struct way *way = ctx;
    struct role *role = way->role;
    struct worker *worker = &role->worker;
    size_t entry = entry_of(way);

    if (fd < 0) {
        worker->counts.accept_pauses++;
        conn_make_room(worker);
        upstream_pool_clear(worker->pool);
        return;
    }
    if (worker->n_conns < (size_t)worker_config(worker)->limit.connections && entry < worker_config(worker)->listen.n) {
        conn_start(worker, fd, from, entry);
        return;
    }
    close(fd);
    worker->counts.connections_refused++;
    if (st_clock_ms() - role->refused_said_ms < SAY_AGAIN_MS)
        return;
    role->refused_said_ms = st_clock_ms();
    ST_LOG(CONNECTION_REFUSED, ST_NUM("connections", worker->n_conns));
}

static void finish_drain(void *ctx)
{
    struct worker *worker = ctx;

    if (!worker->is_draining || worker->n_conns > 0 || worker->loop.finishing != NULL)
        return;
    if (outbox_pending(worker->outbox) == 0)
        fam_done(worker->child);
    else
        outbox_on_idle(worker->outbox, finish_drain, worker);
}

void worker_conn_gone(struct worker *worker)
{
    finish_drain(worker);
}

/* ---- what the supervisor says ----------------------------------------------------------------------------------- */

static void drop_next(struct role *role)
{
    rules_release(role->next.rules);
    tls_trust_free(role->next.trust);
    role->next.rules = NULL;
    role->next.trust = NULL;
}

static enum st_rc prepare(void *self, struct generation *gen, int key_fd, struct st_diag *diag, struct st_err *err)
{
    struct role *role = self;

    if (key_fd >= 0)
        close(key_fd);
    drop_next(role);
    if ((role->next.rules = rules_new(gen, err)) == NULL || load_door_leaves(role->next.rules, diag, err) != ST_OK)
        return ST_ERR;
    return tls_trust_new(gen->config, &role->next.trust, err);
}

/* Puts in force what was prepared. */
static void take_next(struct role *role)
{
    const struct pol_config *config = role->next.rules->gen->config;

    role->worker.budget.max = (size_t)config->limit.memory;
    role->worker.spool.max = (size_t)config->limit.spool;
    role->worker.drips.found = &role->worker.counts.drips;
    drips_limit(&role->worker.drips, (size_t)config->limit.drips, (uint64_t)config->limit.drip_window_ms);
    role->worker.loop.finish_ms = (uint64_t)config->limit.finish_ms;
    rules_release(role->worker.rules);
    role->worker.rules = role->next.rules;
    role->next.rules = NULL;
    tls_context_trust(role->worker.tls, role->next.trust);
    role->next.trust = NULL;
}

static struct leaf_limits leaf_limits(const struct pol_config *config)
{
    return (struct leaf_limits){ .leaves = (size_t)config->limit.leaves, .per_minute = config->limit.mints };
}

/* Whether one of our own connections may come back to us is a question of listeners for others'. */
static bool has_transparent(const struct pol_config *config)
{
    for (size_t i = 0; i < config->listen.n; i++)
        if (pol_is_transparent(((const struct pol_listen *)config->listen.items)[i].kind))
            return true;
    return false;
}

static enum st_rc start(void *self, struct fam_child *child, struct st_err *err)
{
    struct role *role = self;
    struct worker *worker = &role->worker;
    const struct pol_config *config = fam_generation(child)->config;
    const struct leaf_limits limits = leaf_limits(config);

    worker->child = child;
    worker->loop = (struct link_loop){ .base = fam_base(child),
                                       .timers = fam_timers(child),
                                       .budget = &worker->budget,
                                       .on_finished = finish_drain,
                                       .ctx = worker };
    worker->drips.timers = worker->loop.timers;
    worker->loop.watches_own = has_transparent(config);
    (void)snprintf(worker->spool_dir, sizeof worker->spool_dir, "%s/spool", config->state_dir.s);
    if (tls_context_new(&worker->tls, err) != ST_OK)
        return ST_ERR;
    take_next(role);
    if ((worker->loop.later = later_new(worker->loop.base)) == NULL)
        return st_fail(err, ST_E_NOMEM, "worker.start", "later", 0);
    if (resolver_new(&worker->loop, config, &worker->resolver, err) != ST_OK)
        return ST_ERR;
    worker->leaves = leaf_cache_new(child, &worker->loop, worker->tls, &limits);
    worker->pool = upstream_pool_new(&worker->loop, worker->resolver, worker->tls, config);
    worker->pipes = joint_pipes_new();
    worker->sessions = sessions_new(worker);
    worker->outbox = outbox_new(child, OUTBOX_BYTES);
    worker->copies = copies_new(child, &worker->counts);
    worker->files = files_new(worker);
    if (worker->pipes == NULL || worker->leaves == NULL || worker->pool == NULL || worker->sessions == NULL ||
        worker->outbox == NULL || worker->copies == NULL || worker->files == NULL)
        return st_fail(err, ST_E_NOMEM, "worker.start", "worker", 0);
    if (fam_journal(child) < 0) /* no verdict may depend on this process living on */
        return st_fail(err, ST_E_UNAVAILABLE, "worker.start", "no journal", 0);
    if (outbox_keep(worker->outbox, fam_journal(child), err) != ST_OK)
        return ST_ERR;
    role->has_started = true;
    return ST_OK;
}

static void renew_resolver(struct worker *worker, const struct pol_config *config)
{
    struct resolver *fresh = NULL;
    struct st_err err = ST_ERR_INIT;

    if (resolver_new(&worker->loop, config, &fresh, &err) != ST_OK) {
        ST_LOG(GENERATION_REJECTED, ST_LIT("part", "resolver"), ST_ERRF(&err));
        fresh = worker->resolver;
    }
    upstream_pool_configure(worker->pool, fresh, config);
    if (fresh != worker->resolver)
        resolver_retire(worker->resolver);
    worker->resolver = fresh;
}

static void generation(void *self, struct generation *gen)
{
    struct worker *worker = &((struct role *)self)->worker;
    const struct leaf_limits limits = leaf_limits(gen->config);

    take_next(self);
    worker->loop.watches_own = has_transparent(gen->config);
    upstream_pool_clear(worker->pool);
    sessions_clear(worker->sessions);
    leaf_forget(worker->leaves, &limits);
    renew_resolver(worker, gen->config);
}

static void listener(void *self, int fd, const char *address)
{
    struct role *role = self;
    struct way *way = &role->ways[role->n_ways];

    if (role->n_ways == LISTENERS_MAX || role->worker.is_draining) {
        close(fd);
        return;
    }
    way->role = role;
    (void)snprintf(way->address, sizeof way->address, "%s", address);
    way->listener = listener_new(&role->worker.loop, fd, on_connection, way);
    if (way->listener != NULL)
        role->n_ways++;
}

static void peer(void *self, enum fam_role who, unsigned number, int fd)
{
    struct worker *worker = &((struct role *)self)->worker;

    (void)number;
    switch (who) {
    case FAM_KEYHOLDER: leaf_peer(worker->leaves, fd); return;
    case FAM_RECORDER: outbox_peer(worker->outbox, fd); return;
    case FAM_CURATOR: copies_peer(worker->copies, fd); return;
    case FAM_EXTRACTOR: files_peer(worker->files, fd); return;
    case FAM_SUPERVISOR:
    case FAM_WORKER: break;
    }
    close(fd);
}

static void tickets(void *self, struct st_span key, struct st_span before)
{
    tls_context_tickets(((struct role *)self)->worker.tls, key, before);
}

static void notices(void *self, unsigned use, int fd)
{
    struct worker *worker = &((struct role *)self)->worker;
    struct st_err err = ST_ERR_INIT;

    if (use < NOTICES_USES_END && worker->notices[use] == NULL &&
        notices_open((enum notices_use)use, fd, &worker->notices[use], &err) == ST_OK)
        return;
    ST_LOG(OOM, ST_LIT("why", "notices"), ST_ERRF(&err)); /* messages in polls are refused as any request is */
    close(fd);
}

static void drain(void *self, uint64_t within_ms)
{
    struct role *role = self;

    role->worker.is_draining = true;
    role->worker.drain_by_ms = st_clock_ms() + within_ms; /* the run-time ends the process soon after */
    for (size_t i = 0; i < role->n_ways; i++)
        listener_free(role->ways[i].listener);
    role->n_ways = 0;
    conn_drain_all(&role->worker);
    finish_drain(&role->worker);
}

static void put_reasons(struct st_json *w, const char *name, const uint64_t counts[FLT_REASONS_END])
{
    st_json_object(w, name);
    for (size_t i = 0; i < FLT_REASONS_END; i++) {
        if (counts[i] > 0)
            st_json_int(w, flt_reason_name((enum flt_reason)i), (int64_t)counts[i]);
    }
    st_json_end(w);
}

static void status(void *self, struct st_buf *json)
{
    struct worker *worker = &((struct role *)self)->worker;
    struct st_json w;

    st_json_init(&w, json);
    st_json_object(&w, NULL);
    st_json_int(&w, "open", (int64_t)worker->n_conns);
#define X(name, help) st_json_int(&w, #name, (int64_t)worker->counts.name);
    WORKER_COUNTS(X)
#undef X
    st_json_int(&w, "memory", (int64_t)worker->budget.held);
    st_json_int(&w, "memory_peak", (int64_t)worker->budget.peak);
    st_json_int(&w, "spool", (int64_t)worker->spool.held);
    st_json_int(&w, "spool_peak", (int64_t)worker->spool.peak);
    st_json_int(&w, "spool_refused", (int64_t)worker->spool.refused);
    put_reasons(&w, "not_inspected_by", worker->not_inspected);
    put_reasons(&w, "files_by", worker->files_by);
    st_json_object(&w, "adapters");
    drift_status(&worker->drift, &w);
    st_json_end(&w);
    st_json_int(&w, "leaves", worker->leaves != NULL ? (int64_t)leaf_count(worker->leaves) : 0);
    st_json_int(&w, "mints_refused", worker->leaves != NULL ? (int64_t)leaf_refused(worker->leaves) : 0);
    st_json_int(&w, "origins_idle", worker->pool != NULL ? (int64_t)upstream_pool_idle(worker->pool) : 0);
    st_json_int(&w, "origins_http2", worker->sessions != NULL ? (int64_t)sessions_count(worker->sessions) : 0);
    st_json_int(&w, "records_waiting", worker->outbox != NULL ? (int64_t)outbox_pending(worker->outbox) : 0);
    st_json_end(&w);
}

static void role_fini(struct role *role)
{
    struct worker *worker = &role->worker;

    drop_next(role);
    if (!role->has_started)
        return; /* start failed half-way: the process ends and the kernel takes the rest */
    for (size_t i = 0; i < role->n_ways; i++)
        listener_free(role->ways[i].listener);
    conn_free_all(worker);
    link_free_finishing(&worker->loop);
    sessions_free(worker->sessions);
    upstream_pool_free(worker->pool);
    later_free(worker->loop.later); /* frees what was left for later: links, origins, connections */
    leaf_cache_free(worker->leaves);
    joint_pipes_free(worker->pipes);
    copies_free(worker->copies);
    files_free(worker->files);
    outbox_free(worker->outbox);
    drips_fini(&worker->drips);
    for (size_t i = 0; i < NOTICES_USES_END; i++)
        notices_close(worker->notices[i]);
    resolver_free(worker->resolver);
    tls_context_free(worker->tls);
    rules_release(worker->rules);
}

/* A body, its texts and their maps come and go by the megabyte. What libc gives back to the kernel costs a fault for
 * each page when the next one comes, a quarter of looking into it; so a worker keeps that much. */
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_MEMORY / 2);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
}

int fam_worker_main(unsigned number)
{
    static struct role role;
    static const struct fam_ops ops = { .role = FAM_WORKER,
                                        .start = start,
                                        .generation = generation,
                                        .listener = listener,
                                        .peer = peer,
                                        .tickets = tickets,
                                        .notices = notices,
                                        .drain = drain,
                                        .status = status,
                                        .prepare = prepare };
    int code;

    keep_memory();
    code = fam_child_main(&ops, &role, number);
    role_fini(&role);
    return code;
}
