/* SPDX-License-Identifier: Apache-2.0 */
/* recorder - the one writer of the database: collects records, commits them in groups, acknowledges what is on disk.
 *
 * Commits are grouped (a sync costs milliseconds): after GROUP_RECORDS, or GROUP_MS after the first. An acknowledgement
 * leaves only after the commit; when the commit fails, the records stay in the batch and are tried again by a timer,
 * and reading stops: what follows waits in the sockets and the senders' outboxes, under their ceilings. A dead
 * sibling's channel is read to its end before it is given up, since its last records are nowhere else. What the store
 * refuses for good (a malformed entry) is acknowledged and counted, since sending it again would not help. On a drain
 * everything that arrived is committed and the tree is signed once more.
 */
#include "base/diag.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/process.h"

#define PEERS_MAX     600 /* workers, curator, supervisor, and the channels of dead ones that are still read */
#define QUEUE_BYTES   (1u << 20)
#define GROUP_RECORDS 200
#define GROUP_MS      50
#define RETRY_MS      500
#define DRAIN_LOOK_MS 10
#define DAY_MS        86400000u
#define PATH_ROOM     4096
#define ANSWER_ROOM   (96u << 10) /* of one reading; more is asked for with from_seq */

struct recorder;
struct rec_peer {
    struct recorder *rec;
    struct fam_link *link; /* NULL: free */
    enum fam_role role;
    uint64_t serial; /* of the channel, so that an acknowledgement does not go to another one in its place */
};
struct due { /* a record in the open batch */
    size_t peer;
    uint64_t serial, counter;
};
struct recorder {
    struct fam_child *child;
    struct aud_store *store;
    char dir[PATH_ROOM];
    struct rec_peer peers[PEERS_MAX];
    uint64_t serial;
    struct due batch[GROUP_RECORDS];
    size_t n_batch;
    struct st_timer group, checkpoint, retain, look;
    struct st_buf stalled; /* one record that the store could not take yet; its sender is stalled_for */
    struct due stalled_for;
    bool is_failing; /* said so in the log; the next good commit ends it */
    bool is_paused;
    uint64_t records, refused, commits, failures;
};

static void arm(struct recorder *rec, struct st_timer *timer, uint64_t ms)
{
    struct st_err err = ST_ERR_INIT;

    if (st_timer_arm(fam_timers(rec->child), timer, ms, &err) != ST_OK)
        ST_LOG(RECORD_FAILED, ST_LIT("why", "timer"), ST_ERRF(&err));
}

/* ---- commit -------------------------------------------------------------------------------------------------------
 */

static void acknowledge_peer(struct recorder *rec, size_t peer)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    uint64_t n = 0;

    for (size_t i = 0; i < rec->n_batch; i++)
        n += rec->batch[i].peer == peer && rec->batch[i].serial == rec->peers[peer].serial;
    if (n == 0 || rec->peers[peer].link == NULL)
        return;
    st_buf_init(&body, IPC_MAX);
    st_pack_u64(&body, n);
    for (size_t i = 0; i < rec->n_batch; i++)
        if (rec->batch[i].peer == peer && rec->batch[i].serial == rec->peers[peer].serial)
            st_pack_u64(&body, rec->batch[i].counter);
    /* When this is lost the sender hands over again, and the id keeps the record single. */
    (void)!fam_link_send(rec->peers[peer].link, FAM_MSG_RECORDED, 0, st_buf_view(&body), &err);
    st_buf_fini(&body);
}

static void pause_reading(struct recorder *rec, bool is_paused)
{
    rec->is_paused = is_paused;
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (rec->peers[i].link != NULL)
            fam_link_pause(rec->peers[i].link, is_paused);
}

static void failed(struct recorder *rec, const struct st_err *err)
{
    rec->failures++;
    if (!rec->is_failing)
        ST_LOG(RECORD_FAILED, ST_NUM("records", rec->n_batch), ST_ERRF(err));
    rec->is_failing = true;
    arm(rec, &rec->group, RETRY_MS);
}

static void commit(struct recorder *rec)
{
    struct st_err err = ST_ERR_INIT;

    if (rec->n_batch == 0)
        return;
    st_timer_disarm(fam_timers(rec->child), &rec->group);
    if (aud_commit(rec->store, &err) != ST_OK) {
        failed(rec, &err);
        return;
    }
    rec->is_failing = false;
    rec->commits++;
    for (size_t i = 0; i < PEERS_MAX; i++)
        acknowledge_peer(rec, i);
    rec->n_batch = 0;
    if (rec->is_paused)
        arm(rec, &rec->group, 1); /* goes on from the loop */
    if (aud_checkpoint(rec->store, false, &err) != ST_OK)
        ST_LOG(RECORD_FAILED, ST_LIT("why", "checkpoint"), ST_ERRF(&err));
}

static void on_checkpoint(void *ctx)
{
    struct recorder *rec = ctx;
    struct st_err err = ST_ERR_INIT;

    if (aud_checkpoint(rec->store, false, &err) != ST_OK)
        ST_LOG(RECORD_FAILED, ST_LIT("why", "checkpoint"), ST_ERRF(&err));
    arm(rec, &rec->checkpoint, (uint64_t)fam_generation(rec->child)->config->audit.checkpoint_ms);
}

static void on_retain(void *ctx)
{
    struct recorder *rec = ctx;
    struct st_err err = ST_ERR_INIT;

    commit(rec);
    if (aud_retain(rec->store, &err) != ST_OK)
        ST_LOG(RECORD_FAILED, ST_LIT("why", "retention"), ST_ERRF(&err));
    arm(rec, &rec->retain, DAY_MS);
}

/* ---- records in ---------------------------------------------------------------------------------------------------
 */

static void note_due(struct recorder *rec, const struct due *due)
{
    rec->batch[rec->n_batch++] = *due;
    if (rec->n_batch == 1)
        arm(rec, &rec->group, GROUP_MS);
    if (rec->n_batch == GROUP_RECORDS)
        commit(rec);
    if (rec->n_batch == GROUP_RECORDS)
        pause_reading(rec, true);
}

/* ST_AGAIN: the store cannot take it now. ST_OK: it is in the batch, or refused for good: malformed, or not a record
 * that others may write. A sound one is never given up, whatever is wrong with the store. */
static enum st_rc take(struct recorder *rec, struct st_span packed, struct st_err *err)
{
    struct aud_entry entry;
    bool is_sound;
    enum st_rc rc;

    aud_entry_init(&entry, AUD_SYSTEM);
    rc = aud_entry_unpack(packed, &entry, err);
    if (rc == ST_OK)
        rc = aud_entry_check(&entry, err);
    is_sound = rc == ST_OK;
    if (is_sound)
        rc = aud_append(rec->store, &entry, err);
    aud_entry_fini(&entry);
    if (rc == ST_OK) {
        rec->records++;
        return ST_OK;
    }
    if (err->code == ST_E_NOMEM || (is_sound && err->code != ST_E_DENIED))
        return ST_AGAIN;
    rec->refused++;
    ST_LOG(RECORD_FAILED, ST_LIT("why", "refused"), ST_ERRF(err));
    return ST_OK;
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct rec_peer *peer = ctx;
    struct recorder *rec = peer->rec;
    struct due due = { .peer = (size_t)(peer - rec->peers), .serial = peer->serial, .counter = msg->id };
    struct st_unpack u = st_unpack(msg->body);
    struct st_err err = ST_ERR_INIT;
    struct st_span packed;

    if (msg->type != FAM_MSG_RECORD)
        return;
    packed = st_unpack_span(&u);
    if (!st_unpack_done(&u))
        packed = ST_SPAN_NONE; /* refused, and acknowledged */
    if (take(rec, packed, &err) == ST_OK) {
        note_due(rec, &due);
        return;
    }
    st_buf_span(&rec->stalled, packed); /* fits: its memory was taken at the start */
    rec->stalled_for = due;
    pause_reading(rec, true);
    failed(rec, &err);
}

/* After a pause: first the record that waited, then the sockets. */
static void go_on(struct recorder *rec)
{
    struct st_err err = ST_ERR_INIT;

    if (rec->stalled.n > 0) {
        if (rec->n_batch == GROUP_RECORDS)
            return;
        if (take(rec, st_buf_view(&rec->stalled), &err) != ST_OK) {
            failed(rec, &err);
            return;
        }
        rec->is_failing = false;
        st_buf_reset(&rec->stalled);
        note_due(rec, &rec->stalled_for);
    }
    if (rec->is_paused && rec->n_batch < GROUP_RECORDS)
        pause_reading(rec, false);
}

static void on_group(void *ctx)
{
    commit(ctx);
    go_on(ctx);
}

/* ---- requests ------------------------------------------------------------------------------------------------------
 */

static bool say_error(struct st_buf *out, const char *text)
{
    struct st_json w;

    st_buf_reset(out);
    st_json_init(&w, out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "ok", false);
    st_json_str(&w, "error", text);
    st_json_end(&w);
    return false;
}

static bool say_granted(struct st_buf *out, const char *person, bool granted)
{
    struct st_json w;

    st_json_init(&w, out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "ok", true);
    st_json_str(&w, "person", person);
    st_json_bool(&w, "granted", granted);
    st_json_end(&w);
    return true;
}

static const char *text(const json_t *request, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(request, key));

    return s != NULL && s[0] != '\0' && strlen(s) < 256 ? s : otherwise;
}

static bool do_consent(struct recorder *rec, const json_t *request, const char *person, struct st_buf *out)
{
    const json_t *granted = json_object_get(request, "granted");
    struct st_err err = ST_ERR_INIT;

    if (!json_is_boolean(granted))
        return say_error(out, "consent needs granted: true or false");
    if (aud_consent_set(rec->store, person, text(request, "scope", "learning"), json_is_true(granted),
                        text(request, "by", person), &err) != ST_OK ||
        aud_commit(rec->store, &err) != ST_OK)
        return say_error(out, err.what);
    return say_granted(out, person, json_is_true(granted));
}

static bool do_consent_get(struct recorder *rec, const json_t *request, const char *person, struct st_buf *out)
{
    struct st_err err = ST_ERR_INIT;
    bool granted = false;

    if (aud_consent_get(rec->store, person, text(request, "scope", "learning"), &granted, &err) != ST_OK)
        return say_error(out, err.what);
    return say_granted(out, person, granted);
}

static bool do_erase(struct recorder *rec, const json_t *request, const char *person, struct st_buf *out)
{
    struct st_err err = ST_ERR_INIT;

    (void)request;
    if (aud_erase(rec->store, person, &err) != ST_OK || aud_commit(rec->store, &err) != ST_OK)
        return say_error(out, err.what);
    st_buf_str(out, "{\"ok\":true}");
    return true;
}

struct reading {
    struct st_json w;
    struct st_buf *out;
    uint64_t from_seq, next_seq; /* next_seq 0: nothing is left */
};

static bool on_record(void *ctx, const struct aud_record *record)
{
    struct reading *r = ctx;

    if (record->seq < r->from_seq)
        return true;
    if (r->out->n + record->details.n > ANSWER_ROOM - 1024) {
        r->next_seq = record->seq;
        return false;
    }
    st_json_object(&r->w, NULL);
    st_json_int(&r->w, "seq", (int64_t)record->seq);
    st_json_int(&r->w, "wall_ms", record->wall_ms);
    st_json_str(&r->w, "kind", aud_kind_name(record->kind));
    st_json_str(&r->w, "pseudonym", record->pseudonym);
    st_json_str(&r->w, "subject", record->subject);
    if (record->details.n > 0)
        st_json_raw(&r->w, "details", record->details);
    st_json_end(&r->w);
    return true;
}

static void begin_records(struct reading *r, struct recorder *rec)
{
    commit(rec); /* what waits is part of the answer */
    st_json_init(&r->w, r->out);
    st_json_object(&r->w, NULL);
    st_json_bool(&r->w, "ok", true);
    st_json_array(&r->w, "records");
}

static bool end_records(struct reading *r)
{
    st_json_end(&r->w);
    if (r->next_seq > 0)
        st_json_int(&r->w, "next_seq", (int64_t)r->next_seq);
    st_json_end(&r->w);
    return true;
}

/* person: who it is handed over to. */
static bool do_learned(struct recorder *rec, const json_t *request, const char *person, struct st_buf *out)
{
    json_int_t from = json_integer_value(json_object_get(request, "from_seq"));
    const struct aud_handover to = { .recipient = person,
                                     .by = text(request, "by", "operator"),
                                     .reason = text(request, "reason", "export"),
                                     .from_seq = from > 0 ? (uint64_t)from : 0 };
    struct reading r = { .out = out };
    struct st_err err = ST_ERR_INIT;

    begin_records(&r, rec);
    if (aud_read_learning(rec->store, &to, on_record, &r, &err) != ST_OK)
        return say_error(out, err.what);
    return end_records(&r);
}

static bool do_read(struct recorder *rec, const json_t *request, const char *person, struct st_buf *out)
{
    const struct aud_look look = { .person = person,
                                   .by = text(request, "by", "operator"),
                                   .reason = text(request, "reason", "cli") };
    struct reading r = { .out = out };
    struct st_err err = ST_ERR_INIT;
    json_int_t from = json_integer_value(json_object_get(request, "from_seq"));

    r.from_seq = from > 0 ? (uint64_t)from : 0;
    begin_records(&r, rec);
    if (aud_read_person(rec->store, &look, on_record, &r, &err) != ST_OK)
        return say_error(out, err.what);
    return end_records(&r);
}

static bool request(void *self, struct st_span json, struct st_buf *answer)
{
    static const struct {
        const char *name;
        bool (*fn)(struct recorder *rec, const json_t *request, const char *person, struct st_buf *out);
    } known[] = { { "consent", do_consent },
                  { "consent_get", do_consent_get },
                  { "erase", do_erase },
                  { "read", do_read },
                  { "learned", do_learned } };
    struct recorder *rec = self;
    struct st_err err = ST_ERR_INIT;
    const char *what, *person;
    json_t *root = NULL;
    bool ok = false;

    if (st_json_read(json, "request", &root, NULL, &err) != ST_OK)
        return say_error(answer, "the request is no JSON object");
    what = text(root, "do", "");
    if ((person = text(root, "person", NULL)) == NULL) {
        ok = say_error(answer, "the request needs a person (1 to 255 bytes)");
        goto out;
    }
    for (size_t i = 0; i < ST_LEN(known); i++)
        if (strcmp(known[i].name, what) == 0) {
            ok = known[i].fn(rec, root, person, answer);
            goto out;
        }
    ok = say_error(answer, "the recorder does not know this request");
out:
    json_decref(root);
    return ok;
}

/* ---- the role ------------------------------------------------------------------------------------------------------
 */

static enum st_rc prepare(void *self, struct generation *gen, int key_fd, struct st_diag *diag, struct st_err *err)
{
    struct recorder *rec = self;
    struct aud_options options = { .dir = rec->dir,
                                   .checkpoint_copy = gen->config->audit.checkpoint_copy.s,
                                   .checkpoint_ms = gen->config->audit.checkpoint_ms,
                                   .checkpoint_records = gen->config->audit.checkpoint_records,
                                   .retention_ms = gen->config->audit.retention_ms };

    if (key_fd >= 0)
        close(key_fd);
    if (rec->store != NULL) /* open since the first; options of the store change with a restart */
        return ST_OK;
    if (st_path_join(rec->dir, sizeof rec->dir, gen->config->state_dir.s, "audit", err) != ST_OK ||
        st_mkdir_p(rec->dir, 0700, err) != ST_OK) {
        st_diag_add(diag, gen->config->state_dir.s, 0, 0, "the folder audit cannot be made here; check state_dir");
        return ST_ERR;
    }
    return aud_open(&options, &rec->store, diag, err);
}

static enum st_rc start(void *self, struct fam_child *child, struct st_err *err)
{
    struct recorder *rec = self;

    rec->child = child;
    st_buf_init(&rec->stalled, IPC_MAX);
    if (st_buf_room(&rec->stalled, IPC_MAX) == NULL)
        return st_fail(err, ST_E_NOMEM, "recorder.start", "buffer", IPC_MAX);
    rec->group = (struct st_timer){ .fn = on_group, .ctx = rec };
    rec->checkpoint = (struct st_timer){ .fn = on_checkpoint, .ctx = rec };
    rec->retain = (struct st_timer){ .fn = on_retain, .ctx = rec };
    arm(rec, &rec->checkpoint, (uint64_t)fam_generation(child)->config->audit.checkpoint_ms);
    return st_timer_arm(fam_timers(child), &rec->retain, 1000, err); /* once after the start, then daily */
}

static void reap(struct recorder *rec)
{
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (rec->peers[i].link != NULL && fam_link_is_closed(rec->peers[i].link)) {
            fam_link_free(rec->peers[i].link);
            rec->peers[i].link = NULL;
        }
}

static void peer(void *self, enum fam_role role, unsigned number, int fd)
{
    struct recorder *rec = self;
    struct rec_peer *p = rec->peers;

    (void)number;
    reap(rec);
    while (p < rec->peers + PEERS_MAX && p->link != NULL)
        p++;
    if (p == rec->peers + PEERS_MAX) {
        close(fd);
        return;
    }
    *p = (struct rec_peer){ .rec = rec, .role = role, .serial = ++rec->serial };
    p->link = fam_link_new(rec->child, fd, QUEUE_BYTES, on_message, NULL, p);
    if (p->link != NULL && rec->is_paused)
        fam_link_pause(p->link, true);
}

/* The workers have ended before us: their channels are at their end when everything they sent was read. */
static void on_look(void *ctx)
{
    struct recorder *rec = ctx;
    bool is_quiet = rec->n_batch == 0 && rec->stalled.n == 0;

    reap(rec);
    for (size_t i = 0; i < PEERS_MAX; i++)
        is_quiet &= rec->peers[i].link == NULL || rec->peers[i].role == FAM_SUPERVISOR;
    if (is_quiet)
        fam_done(rec->child);
    else
        arm(rec, &rec->look, DRAIN_LOOK_MS);
}

static void drain(void *self, uint64_t within_ms)
{
    struct recorder *rec = self;

    (void)within_ms; /* after it the run-time ends us */
    rec->look = (struct st_timer){ .fn = on_look, .ctx = rec };
    arm(rec, &rec->look, DRAIN_LOOK_MS);
}

static void status(void *self, struct st_buf *json)
{
    struct recorder *rec = self;
    struct aud_status log;
    struct st_json w;

    aud_status(rec->store, &log);
    st_json_init(&w, json);
    st_json_object(&w, NULL);
    st_json_int(&w, "received", (int64_t)rec->records);
    st_json_int(&w, "refused", (int64_t)rec->refused);
    st_json_int(&w, "commits", (int64_t)rec->commits);
    st_json_int(&w, "failures", (int64_t)rec->failures);
    st_json_int(&w, "records", (int64_t)log.records);
    st_json_int(&w, "waiting", (int64_t)log.waiting);
    st_json_int(&w, "signed", (int64_t)log.signed_records);
    st_json_end(&w);
}

static void recorder_fini(struct recorder *rec)
{
    for (size_t i = 0; i < PEERS_MAX; i++)
        fam_link_free(rec->peers[i].link);
    st_buf_fini(&rec->stalled);
    aud_close(rec->store);
}

int fam_recorder_main(unsigned number)
{
    static struct recorder rec;
    static const struct fam_ops ops = { .role = FAM_RECORDER,
                                        .start = start,
                                        .peer = peer,
                                        .drain = drain,
                                        .status = status,
                                        .request = request,
                                        .prepare = prepare };
    int code = fam_child_main(&ops, &rec, number);

    recorder_fini(&rec);
    return code;
}
