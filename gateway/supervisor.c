/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor - starts the family, keeps it alive, ends it in order; never sees a byte from the network.
 *
 * The start: read and check everything, open the listeners, then start the processes, let each load the same snapshot,
 * and only when all have said yes, let them work; until then any mistake is a line and exit code 3. When all work the
 * log says so and the control socket opens. The end: workers
 * finish their exchanges, then curator and keyholder go, and the recorder last, so that no record is left behind.
 * Signals arrive as events: HUP reloads, TERM and INT drain, a second one ends at once.
 */
#include "gateway/supervisor.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_CONFIG     3
#define HEIR_BYTES      (64u << 20) /* own records, and what processes that died have left */
#define OTHERS_MS       3000
#define RECORDER_MS     10000
#define PING_MS         5000
#define PING_SILENT_MAX 4 /* unanswered: the process is stuck */

static struct supervisor sup_storage;

/* ---- records about ourselves
 * ------------------------------------------------------------------------------------------------ */

static void record(struct supervisor *sup, enum aud_kind kind, const char *subject, const struct st_buf *details)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;

    if (sup->outbox == NULL)
        return;
    aud_entry_init(&entry, kind);
    entry.wall_ms = st_clock_wall_ms();
    snprintf(entry.subject, sizeof entry.subject, "%s", subject);
    st_buf_span(&entry.details, st_buf_view(details));
    if (outbox_add(sup->outbox, &entry, &err) != ST_OK)
        ST_LOG(RECORD_FAILED, ST_ERRF(&err));
    aud_entry_fini(&entry);
}

void sup_record_death(struct supervisor *sup, const struct kin *kin, int status)
{
    struct st_buf details;
    struct st_json w;

    st_buf_init(&details, 1024);
    st_json_init(&w, &details);
    st_json_object(&w, NULL);
    st_json_str(&w, "process", fam_role_name(kin->role));
    st_json_int(&w, "number", kin->number);
    if (WIFSIGNALED(status))
        st_json_int(&w, "signal", WTERMSIG(status));
    else
        st_json_int(&w, "code", WEXITSTATUS(status));
    st_json_end(&w);
    record(sup, AUD_SYSTEM, "process.died", &details);
    st_buf_fini(&details);
}

void sup_generation_in_force(struct supervisor *sup)
{
    struct st_buf details;
    struct st_json w;
    char subject[32];

    set_drop(&sup->current, false);
    sup->current = sup->next;
    sup->next = (struct set){ .number = 0 };
    ST_LOG(GENERATION_READY, ST_NUM("generation", sup->current.number));
    snprintf(subject, sizeof subject, "%llu", (unsigned long long)sup->current.number);
    st_buf_init(&details, 1024);
    st_json_init(&w, &details);
    st_json_object(&w, NULL);
    st_json_int(&w, "generation", (int64_t)sup->current.number);
    if (sup->current.gen->left.n > 0)
        st_json_int(&w, "left_out", (int64_t)sup->current.gen->left.n);
    st_json_end(&w);
    record(sup, AUD_GENERATION, subject, &details);
    st_buf_fini(&details);
}

/* ---- the end
 * ------------------------------------------------------------------------------------------------------------------ */

static bool all_ended(const struct supervisor *sup, bool (*is_one)(enum fam_role role))
{
    for (size_t i = 0; i < sup->n_kins; i++)
        if (is_one(sup->kins[i].role) && sup->kins[i].state != KIN_ENDED)
            return false;
    return true;
}

static void drain_all(struct supervisor *sup, bool (*is_one)(enum fam_role role), uint64_t within_ms)
{
    for (size_t i = 0; i < sup->n_kins; i++)
        if (is_one(sup->kins[i].role))
            kin_drain(&sup->kins[i], within_ms);
}

static bool is_worker(enum fam_role role)
{
    return role == FAM_WORKER;
}

static bool is_recorder(enum fam_role role)
{
    return role == FAM_RECORDER;
}

static bool is_other(enum fam_role role)
{
    return role != FAM_WORKER && role != FAM_RECORDER;
}

/* Goes on to the next phase as long as the present one is finished. */
static void advance(struct supervisor *sup)
{
    if (sup->phase == SUP_DRAIN_WORKERS && all_ended(sup, is_worker)) {
        sup->phase = SUP_DRAIN_OTHERS;
        drain_all(sup, is_other, OTHERS_MS);
    }
    if (sup->phase == SUP_DRAIN_OTHERS && all_ended(sup, is_other)) {
        sup->phase = SUP_DRAIN_RECORDER;
        drain_all(sup, is_recorder, RECORDER_MS);
    }
    if (sup->phase == SUP_DRAIN_RECORDER && all_ended(sup, is_recorder)) {
        sup->phase = SUP_ENDED;
        fam_done(sup->child);
    }
}

void sup_kin_ended(struct kin *kin)
{
    advance(kin->sup);
}

void sup_drain(struct supervisor *sup)
{
    const struct pol_config *config = sup->current.gen != NULL ? sup->current.gen->config : NULL;
    bool is_up = sup->phase != SUP_STARTING;

    if (sup->phase >= SUP_DRAIN_WORKERS)
        return;
    if (is_up)
        ST_LOG(DRAIN, ST_NUM("within_ms", config != NULL ? config->limit.drain_ms : 0));
    sup->phase = SUP_DRAIN_WORKERS;
    drain_all(sup, is_worker, is_up && config != NULL ? (uint64_t)config->limit.drain_ms : 0);
    advance(sup);
}

/* The second signal: exchanges are cut off; the recorder still writes what it has. */
static void hurry(struct supervisor *sup)
{
    sup->was_cut_short = true;
    for (size_t i = 0; i < sup->n_kins; i++)
        if (sup->kins[i].role != FAM_RECORDER)
            kin_kill(&sup->kins[i]);
}

void sup_give_up(struct supervisor *sup, int code)
{
    if (sup->exit_code == 0)
        sup->exit_code = code;
    sup_drain(sup);
}

/* ---- messages of the children
 * ---------------------------------------------------------------------------------------------- */

static void start_step(struct supervisor *sup);
static void start_finish(struct supervisor *sup);

static void on_prepared(struct kin *kin, const struct ipc_msg *msg)
{
    struct supervisor *sup = kin->sup;
    struct st_unpack u = st_unpack(msg->body);
    bool ok = st_unpack_u8(&u) != 0;
    struct st_span text = st_unpack_span(&u);

    if (kin->state != KIN_LOADING && kin->state != KIN_PREPARING)
        return;
    st_timer_disarm(fam_timers(sup->child), &kin->patience);
    ok &= st_unpack_done(&u);
    kin->state = kin->state == KIN_LOADING ? KIN_READY : KIN_PREPARED;
    if (sup->phase == SUP_STARTING || kin->state == KIN_PREPARED) {
        if (!ok)
            reload_problem(sup, text.n > 0 ? text : ST_SPAN("a process cannot load the configuration"));
        if (sup->phase == SUP_STARTING)
            start_step(sup);
        else
            reload_step(sup);
    } else if (ok) {
        kin_commit(kin);
    } else { /* what it could load before it cannot load any more; again after a pause */
        fwrite(text.p, 1, text.n, stderr);
        kin_kill(kin);
    }
}

static void on_started(struct kin *kin)
{
    struct supervisor *sup = kin->sup;

    if (kin->state != KIN_STARTING)
        return;
    st_timer_disarm(fam_timers(sup->child), &kin->patience);
    kin->state = KIN_STARTED;
    if (sup->phase == SUP_STARTING) {
        start_finish(sup);
        return;
    }
    kin_run(kin);
    reload_try(sup);
}

static void on_status_is(struct kin *kin, const struct ipc_msg *msg)
{
    struct st_unpack u = st_unpack(msg->body);
    struct st_span json = st_unpack_span(&u);

    if (!st_unpack_done(&u))
        return;
    kin->silent = 0;
    if (!kin->owes_status || msg->id != kin->sup->status_id)
        return; /* of a ping, or of an earlier question */
    st_buf_reset(&kin->status);
    st_buf_span(&kin->status, json);
    kin->owes_status = false;
    requests_status(kin->sup);
}

void sup_message(struct kin *kin, const struct ipc_msg *msg)
{
    struct st_unpack u = st_unpack(msg->body);

    if (msg->type == FAM_MSG_PREPARED) {
        on_prepared(kin, msg);
    } else if (msg->type == FAM_MSG_STARTED) {
        on_started(kin);
    } else if (msg->type == FAM_MSG_STATUS_IS) {
        on_status_is(kin, msg);
    } else if (msg->type == FAM_MSG_REPLY && kin->role == FAM_RECORDER) {
        (void)st_unpack_u8(&u);
        requests_reply(kin->sup, msg->id, st_unpack_span(&u));
    }
}

/* ---- signals and the watch
 * ----------------------------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t number, short what, void *ctx)
{
    struct supervisor *sup = ctx;

    (void)what;
    if (number == SIGCHLD)
        kins_reap(sup);
    else if (number == SIGHUP)
        reload_ask(sup, 0);
    else if (sup->phase >= SUP_DRAIN_WORKERS)
        hurry(sup);
    else
        sup_drain(sup);
}

static void on_ping(void *ctx)
{
    struct supervisor *sup = ctx;
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < sup->n_kins; i++) {
        struct kin *kin = &sup->kins[i];

        if (kin->state != KIN_RUNNING) {
            kin->silent = 0;
            continue;
        }
        if (kin->silent++ >= PING_SILENT_MAX)
            kin_kill(kin);
        else
            kin_send(kin, FAM_MSG_STATUS, 0, NULL, -1);
    }
    if (st_timer_arm(fam_timers(sup->child), &sup->ping, PING_MS, &err) != ST_OK)
        ST_LOG(OOM, ST_ERRF(&err));
}

/* ---- the start
 * -------------------------------------------------------------------------------------------------------------------
 */

static void open_control(struct supervisor *sup)
{
    struct st_err err = ST_ERR_INIT;
    char path[SUP_PATH];

    if (st_path_join(path, sizeof path, sup->current.gen->config->run_dir.s, "control.sock", &err) == ST_OK &&
        control_open(path, sup->child, on_control_request, sup, &sup->control, &err) == ST_OK)
        return;
    fprintf(stderr, "%s: control socket: %s (%s)\n", path, err.what, strerror((int)err.num));
    sup_give_up(sup, EXIT_CONFIG);
}

/* A process has loaded the first generation, or cannot. */
static void start_step(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->n_kins; i++)
        if (sup->kins[i].state == KIN_LOADING)
            return;
    if (sup->problems.n > 0) {
        fwrite(sup->problems.p, 1, sup->problems.n, stderr);
        sup_give_up(sup, EXIT_CONFIG);
        return;
    }
    for (size_t i = 0; i < sup->n_kins; i++)
        kin_commit(&sup->kins[i]);
}

/* A process works now. When all do, they are wired to each other, and only then the gateway is said to be up. */
static void start_finish(struct supervisor *sup)
{
    if (!kins_all(sup, KIN_STARTED))
        return;
    for (size_t i = 0; i < sup->n_kins; i++)
        kin_run(&sup->kins[i]);
    sup->n_old_listeners = sup->n_listeners;
    sup_generation_in_force(sup);
    sup->phase = SUP_RUNNING;
    sets_tidy(sup);
    open_control(sup);
    if (sup->phase == SUP_RUNNING)
        ST_LOG(START, ST_NUM("generation", sup->current.number), ST_NUM("listeners", sup->n_listeners),
               ST_NUM("processes", sup->n_kins));
}

static unsigned worker_count(const struct pol_config *config)
{
    cpu_set_t cpus;
    int64_t n = config->workers;

    if (n == 0)
        n = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return n < 1 ? 1 : n > SUP_WORKERS_MAX ? SUP_WORKERS_MAX : (unsigned)n;
}

static void start_family(struct supervisor *sup)
{
    unsigned workers = worker_count(sup->next.gen->config);

    kin_add(sup, FAM_RECORDER, 0);
    kin_add(sup, FAM_KEYHOLDER, 0);
    kin_add(sup, FAM_CURATOR, 0);
    kin_add(sup, FAM_EXTRACTOR, 0);
    for (unsigned i = 0; i < workers; i++)
        kin_add(sup, FAM_WORKER, i);
    for (size_t i = 0; i < sup->n_kins && sup->phase == SUP_STARTING; i++)
        kin_start(&sup->kins[i]);
}

static enum st_rc lock_pid_file(struct supervisor *sup, const char *run_dir, struct st_diag *diag, struct st_err *err)
{
    mode_t mask = umask(0022); /* the folder and the pid are for the group of operators, all else for us alone */
    bool ok = st_mkdir_p(run_dir, 0750, err) == ST_OK &&
              st_path_join(sup->pid_path, sizeof sup->pid_path, run_dir, "stoad.pid", err) == ST_OK &&
              (sup->pid_fd = open(sup->pid_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)) >= 0;

    umask(mask);
    if (!ok) {
        st_diag_add(diag, run_dir, 0, 0, "run_dir cannot be used (%s); make it, or choose a folder that can be written",
                    strerror(errno));
        return st_fail(err, ST_E_CONFIG, "supervisor.start", "run_dir cannot be used", errno);
    }
    if (flock(sup->pid_fd, LOCK_EX | LOCK_NB) != 0) {
        st_diag_add(diag, sup->pid_path, 0, 0, "another stoad runs with this run_dir; stop it first");
        close(sup->pid_fd);
        sup->pid_fd = -1; /* the file is the other's */
        return st_fail(err, ST_E_CONFIG, "supervisor.start", "another one runs", 0);
    }
    if (ftruncate(sup->pid_fd, 0) != 0 || dprintf(sup->pid_fd, "%d\n", (int)getpid()) < 0)
        return st_fail(err, ST_E_IO, "supervisor.start", "pid file", errno);
    return ST_OK;
}

/* The parts of the config that come before everything else. */
static enum st_rc claim_folders(struct supervisor *sup, struct st_diag *diag, struct st_err *err)
{
    struct generation *gen = NULL;
    enum st_rc rc = ST_ERR;

    if (generation_load_config(sup->config_path, 0, &gen, diag, err) != ST_OK)
        return ST_ERR;
    if (sandbox_user(gen->config->user.s, &sup->user, err) != ST_OK)
        st_diag_add(diag, sup->config_path, gen->config->user.pos.line, gen->config->user.pos.col,
                    "expected a user of this machine, found \"%.64s\"; make it, or leave user out",
                    gen->config->user.s);
    else if (st_mkdir_p(gen->config->state_dir.s, 0700, err) != ST_OK)
        st_diag_add(diag, sup->config_path, gen->config->state_dir.pos.line, gen->config->state_dir.pos.col,
                    "state_dir %.200s cannot be made (%s)", gen->config->state_dir.s, strerror((int)err->num));
    else if (sup->user.is_set && chown(gen->config->state_dir.s, sup->user.uid, sup->user.gid) != 0)
        rc = st_fail(err, ST_E_IO, "supervisor.start", "state_dir cannot be given to the user", errno);
    else
        rc = lock_pid_file(sup, gen->config->run_dir.s, diag, err);
    generation_release(gen);
    return rc;
}

/* Everything that can be wrong without starting anything. */
static enum st_rc check(struct supervisor *sup)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = flt_platform_check(&err);

    if (rc == ST_OK)
        rc = claim_folders(sup, diag, &err);
    if (rc == ST_OK)
        rc = set_make(sup, diag, &err);
    st_diag_print(diag, stderr); /* also what was left out */
    if (rc != ST_OK) {
        if (st_diag_count(diag) == 0)
            fprintf(stderr, "%s: %s (%s%s%s)\n", sup->config_path, err.what, err.where, err.code == ST_E_IO ? ", " : "",
                    err.code == ST_E_IO ? strerror((int)err.num) : "");
    }
    st_diag_free(diag);
    return rc;
}

static void supervisor_fini(struct supervisor *sup)
{
    kins_fini(sup);
    control_free(sup->control);
    outbox_free(sup->outbox);
    listeners_close(sup);
    set_drop(&sup->next, sup->next.number != 0);
    set_drop(&sup->current, false);
    st_buf_fini(&sup->problems);
    st_wipe(&sup->tickets, sizeof sup->tickets);
    for (size_t i = 0; i < NOTICES_USES_END; i++)
        if (sup->notices[i] >= 0)
            close(sup->notices[i]);
    if (sup->pid_fd >= 0) {
        unlink(sup->pid_path);
        close(sup->pid_fd);
    }
}

static int run(struct supervisor *sup)
{
    static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
    struct event *events[ST_LEN(numbers)] = { NULL };
    struct st_err err = ST_ERR_INIT;
    int code = 1;

    for (size_t i = 0; i < ST_LEN(numbers); i++)
        if ((events[i] = evsignal_new(fam_base(sup->child), numbers[i], on_signal, sup)) == NULL ||
            event_add(events[i], NULL) != 0)
            goto out;
    if (tickets_begin(sup, &err) != ST_OK) {
        ST_LOG(OOM, ST_LIT("why", "tickets"), ST_ERRF(&err));
        goto out;
    }
    for (unsigned use = 0; use < NOTICES_USES_END; use++)
        if (notices_create((enum notices_use)use, &sup->notices[use], &err) != ST_OK) {
            ST_LOG(OOM, ST_LIT("why", "notices"), ST_ERRF(&err));
            goto out;
        }
    sup->ping = (struct st_timer){ .fn = on_ping, .ctx = sup };
    on_ping(sup);
    start_family(sup);
    code = fam_child_loop(sup->child);
    code = sup->exit_code != 0 ? sup->exit_code : code;
    if (sup->started_ms > 0 && sup->current.number > 0)
        ST_LOG(STOP, ST_NUM("drained", !sup->was_cut_short), ST_NUM("code", code));
out:
    for (size_t i = 0; i < ST_LEN(numbers); i++)
        if (events[i] != NULL)
            event_free(events[i]);
    return code;
}

int fam_supervisor_main(const char *config_path)
{
    static const struct fam_ops ops = { .role = FAM_SUPERVISOR };
    struct supervisor *sup = &sup_storage;
    struct st_err err = ST_ERR_INIT;
    int code = EXIT_CONFIG;

    *sup = (struct supervisor){
        .config_path = config_path, .pid_fd = -1, .notices = { -1, -1 }, .started_ms = st_clock_ms()
    };
    st_log_process("supervisor", 0);
    umask(0077);
    sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
    sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
    requests_init(sup);
    st_buf_init(&sup->problems, 256u << 10);
    if ((sup->child = fam_child_new(&ops, sup, 0, -1)) == NULL ||
        (sup->outbox = outbox_new(sup->child, HEIR_BYTES)) == NULL) {
        ST_LOG(OOM, ST_LIT("why", "start"));
        code = 1;
        goto out;
    }
    if (check(sup) != ST_OK)
        goto out;
    if (sandbox_enter(FAM_SUPERVISOR, &err) != ST_OK) {
        ST_LOG(PROCESS_DIED, ST_LIT("why", "sandbox"), ST_ERRF(&err));
        code = 1;
        goto out;
    }
    code = run(sup);
out:
    supervisor_fini(sup);
    fam_child_free(sup->child);
    return code;
}
