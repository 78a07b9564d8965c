/* SPDX-License-Identifier: Apache-2.0 */
/* kin - the supervisor's children: started, wired to each other, watched, started again.
 *
 * A child is this same program, started anew (fresh address space layout, nothing inherited but its channel). It first
 * loads a generation, then starts its role and says so; now it runs, and gets a channel to each sibling that it talks
 * to; a sibling that comes back gets fresh ones, and the old ones end by themselves. Who dies is started at once; after
 * ROW_SLOW deaths without a quiet time between, after a pause; after KIN_ROW_GIVE_UP the daemon ends, since something
 * is really wrong.
 */
#include "base/file.h"
#include "base/log.h"
#include "gateway/kept.h"
#include "gateway/supervisor.h"
#include "gateway/tls_ca.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIN_QUEUE      (4u << 20)
#define ROW_SLOW       5
#define ROW_PAUSE_MS   1000
#define ROW_QUIET_MS   10000 /* a process that ran that long starts a new row */
#define LOAD_MS        60000
#define START_MS       10000
#define DRAIN_GRACE_MS 3000
#define STATUS_MAX     65536

const char *kin_state_name(enum kin_state state)
{
    static const char *const names[] = {
#define X(id, name) name,
        KIN_STATES(X)
#undef X
    };

    return (size_t)state < ST_LEN(names) ? names[state] : "unknown";
}

static void on_again(void *ctx)
{
    kin_start(ctx);
}

static void on_patience(void *ctx)
{
    struct kin *kin = ctx;

    if (kin->state == KIN_DRAINING)
        kin->sup->was_cut_short = true;
    kin_kill(kin);
}

void kin_add(struct supervisor *sup, enum fam_role role, unsigned number)
{
    struct kin *kin = &sup->kins[sup->n_kins++];

    *kin = (struct kin){ .sup = sup, .role = role, .number = number, .pid = -1, .journal = -1 };
    kin->again = (struct st_timer){ .fn = on_again, .ctx = kin };
    kin->patience = (struct st_timer){ .fn = on_patience, .ctx = kin };
    st_buf_init(&kin->status, STATUS_MAX);
}

struct kin *kin_of(struct supervisor *sup, enum fam_role role, unsigned number)
{
    for (size_t i = 0; i < sup->n_kins; i++)
        if (sup->kins[i].role == role && sup->kins[i].number == number)
            return &sup->kins[i];
    return NULL;
}

bool kins_all(const struct supervisor *sup, enum kin_state state)
{
    for (size_t i = 0; i < sup->n_kins; i++)
        if (sup->kins[i].state != state)
            return false;
    return true;
}

bool kin_is_up(const struct kin *kin)
{
    return kin->state == KIN_RUNNING || kin->state == KIN_PREPARING || kin->state == KIN_PREPARED;
}

void kin_kill(struct kin *kin)
{
    if (kin->pid > 0)
        kill(kin->pid, SIGKILL);
}

static void have_patience(struct kin *kin, uint64_t ms)
{
    struct st_err err = ST_ERR_INIT;

    if (st_timer_arm(fam_timers(kin->sup->child), &kin->patience, ms, &err) != ST_OK)
        ST_LOG(OOM, ST_ERRF(&err));
}

void kin_renew(struct kin *kin)
{
    kin->silent = 0;
    if (kin->state == KIN_LOADING || kin->state == KIN_PREPARING)
        have_patience(kin, LOAD_MS);
    else if (kin->state == KIN_STARTING)
        have_patience(kin, START_MS);
}

void kin_send(struct kin *kin, enum fam_message type, uint64_t id, const struct st_buf *body, int fd)
{
    struct st_err err = ST_ERR_INIT;
    struct st_span bytes = body != NULL ? st_buf_view(body) : ST_SPAN_NONE;

    if (kin->link == NULL || (body != NULL && st_buf_done(body, &err, "kin.send") != ST_OK))
        return;
    if (fam_link_pass(kin->link, type, id, bytes, fd, &err) == ST_ERR)
        kin_kill(kin); /* it does not read, or is gone: either way it is started again */
}

/* ---- messages
 * --------------------------------------------------------------------------------------------------------- */

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    sup_message(ctx, msg);
}

void kin_prepare(struct kin *kin, const struct set *set)
{
    struct st_buf body;
    int key_fd = -1;

    st_buf_init(&body, IPC_MAX);
    st_pack_str(&body, set->dir);
    if (kin->role == FAM_KEYHOLDER) /* which may run as a user that cannot open it; it says so when this fails */
        key_fd = tls_ca_open_key(set->gen->config->ca.key.s, NULL);
    kin_send(kin, FAM_MSG_PREPARE, set->number, &body, key_fd);
    if (key_fd >= 0)
        close(key_fd);
    st_buf_fini(&body);
    have_patience(kin, LOAD_MS);
}

void kin_give_listener(struct kin *kin, const struct listener *listener)
{
    struct st_buf body;

    st_buf_init(&body, 1024);
    st_pack_str(&body, listener->address);
    kin_send(kin, FAM_MSG_LISTENER, 0, &body, listener->fd);
    st_buf_fini(&body);
}

void kin_drain(struct kin *kin, uint64_t within_ms)
{
    struct st_buf body;

    st_timer_disarm(fam_timers(kin->sup->child), &kin->again);
    if (kin->pid <= 0) {
        kin->state = KIN_ENDED;
        return;
    }
    kin->state = KIN_DRAINING;
    st_buf_init(&body, 64);
    st_pack_u64(&body, within_ms);
    kin_send(kin, FAM_MSG_DRAIN, 0, &body, -1);
    st_buf_fini(&body);
    have_patience(kin, within_ms + DRAIN_GRACE_MS);
}

/* ---- wiring
 * ------------------------------------------------------------------------------------------------------------- */

static const struct {
    enum fam_role a, b;
} pairs[] = { { FAM_WORKER, FAM_KEYHOLDER },
              { FAM_WORKER, FAM_RECORDER },
              { FAM_WORKER, FAM_CURATOR },
              { FAM_WORKER, FAM_EXTRACTOR },
              { FAM_CURATOR, FAM_RECORDER } };

static bool are_siblings(enum fam_role a, enum fam_role b)
{
    for (size_t i = 0; i < ST_LEN(pairs); i++)
        if ((pairs[i].a == a && pairs[i].b == b) || (pairs[i].a == b && pairs[i].b == a))
            return true;
    return false;
}

static void introduce(struct kin *to, enum fam_role role, unsigned number, int fd)
{
    struct st_buf body;

    st_buf_init(&body, 64);
    st_pack_u8(&body, (uint8_t)role);
    st_pack_u32(&body, number);
    kin_send(to, FAM_MSG_PEER, 0, &body, fd);
    st_buf_fini(&body);
}

static void connect_siblings(struct kin *a, struct kin *b)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    if (ipc_pair(fds, &err) != ST_OK) {
        ST_LOG(OOM, ST_LIT("why", "channel"), ST_ERRF(&err));
        kin_kill(a); /* without it it would wait for ever; it gets another try */
        return;
    }
    introduce(a, b->role, b->number, fds[0]);
    introduce(b, a->role, a->number, fds[1]);
    close(fds[0]);
    close(fds[1]);
}

static void connect_recorder(struct supervisor *sup, struct kin *recorder)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    if (ipc_pair(fds, &err) != ST_OK) {
        ST_LOG(OOM, ST_LIT("why", "channel"), ST_ERRF(&err));
        return;
    }
    introduce(recorder, FAM_SUPERVISOR, 0, fds[0]);
    close(fds[0]);
    outbox_peer(sup->outbox, fds[1]);
}

static void give_notices(struct kin *kin)
{
    for (unsigned use = 0; use < NOTICES_USES_END; use++) {
        struct st_buf body;

        st_buf_init(&body, 8);
        st_pack_u8(&body, (uint8_t)use);
        kin_send(kin, FAM_MSG_NOTICES, 0, &body, kin->sup->notices[use]);
        st_buf_fini(&body);
    }
}

/* Siblings first, listeners last: a worker takes no connection before it can mint and record, and resume. */
static void wire(struct kin *kin)
{
    struct supervisor *sup = kin->sup;

    for (size_t i = 0; i < sup->n_kins; i++)
        if (&sup->kins[i] != kin && (kin_is_up(&sup->kins[i]) || sup->kins[i].state == KIN_DRAINING) &&
            are_siblings(kin->role, sup->kins[i].role))
            connect_siblings(kin, &sup->kins[i]); /* a draining worker may still wait for its records */
    if (kin->role == FAM_RECORDER)
        connect_recorder(sup, kin);
    if (kin->role == FAM_WORKER) {
        tickets_give(kin);
        give_notices(kin);
    }
    for (size_t i = 0; kin->role == FAM_WORKER && i < sup->n_listeners; i++)
        kin_give_listener(kin, &sup->listeners[i]);
}

void kin_commit(struct kin *kin)
{
    struct supervisor *sup = kin->sup;
    bool is_first = kin->state == KIN_READY;
    struct st_buf body;

    st_timer_disarm(fam_timers(sup->child), &kin->patience);
    st_buf_init(&body, 64);
    st_pack_u64(&body, is_first && sup->phase != SUP_STARTING ? sup->current.number : sup->next.number);
    kin_send(kin, FAM_MSG_COMMIT, 0, &body, -1);
    if (is_first && sup->turned_ms > 0) { /* the time of the family, which tests may have turned */
        st_buf_reset(&body);
        st_pack_u64(&body, sup->turned_ms);
        kin_send(kin, FAM_MSG_CLOCK, 0, &body, -1);
    }
    st_buf_fini(&body);
    kin->state = is_first ? KIN_STARTING : KIN_RUNNING;
    if (is_first)
        have_patience(kin, START_MS);
}

void kin_run(struct kin *kin)
{
    kin->state = KIN_RUNNING;
    kin->running_ms = st_clock_ms();
    kin->silent = 0;
    ST_LOG(PROCESS_START, ST_ID("role", st_id(fam_role_name(kin->role))), ST_NUM("number", kin->number),
           ST_NUM("child", kin->pid));
    wire(kin);
}

/* ---- birth and death
 * ------------------------------------------------------------------------------------------------------ */

/* After fork, before exec: async-signal-safe calls only. */
static void become(const struct kin *kin, int channel, int kept, char *const argv[])
{
    sigset_t none;
    int journal;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    journal = fcntl(kin->journal, F_DUPFD_CLOEXEC, FAM_KEPT + 1); /* out of the way of the next lines */
    kept = fcntl(kept, F_DUPFD_CLOEXEC, FAM_KEPT + 1);
    /* what a careless starter left open in us; what follows is exempt, since dup2 clears the mark */
    (void)close_range(FAM_CHANNEL + 1, ~0u, CLOSE_RANGE_CLOEXEC);
    if (channel == FAM_CHANNEL ? fcntl(channel, F_SETFD, 0) != 0 : dup2(channel, FAM_CHANNEL) != FAM_CHANNEL)
        _exit(127);
    if (kin->journal >= 0 && dup2(journal, FAM_JOURNAL) != FAM_JOURNAL)
        _exit(127);
    if (kept >= 0 && dup2(kept, FAM_KEPT) != FAM_KEPT)
        _exit(127);
    if (!sandbox_become(&kin->sup->user))
        _exit(126);
    execv("/proc/self/exe", argv);
    _exit(127);
}

/* The file of what plugins keep, for the curator; -1: for nobody else, and when it cannot be opened: then it works
 * without, and that is said. */
static int open_kept(const struct kin *kin)
{
    const struct set *set = kin->sup->phase == SUP_STARTING ? &kin->sup->next : &kin->sup->current;
    struct st_err err = ST_ERR_INIT;
    char path[SUP_PATH];
    int fd = -1;

    if (kin->role != FAM_CURATOR || set->gen == NULL)
        return -1;
    if (st_path_join(path, sizeof path, set->gen->config->state_dir.s, "plugins.kept", &err) != ST_OK ||
        kept_create(path, &fd, &err) != ST_OK)
        ST_LOG(STORE_FAILED, ST_ERRF(&err));
    return fd;
}

static pid_t spawn(struct kin *kin, int channel)
{
    char role[32], number[16];
    char name[] = "stoad", role_option[] = "--role", number_option[] = "--number";
    char *argv[] = { name, role_option, role, number_option, number, NULL };
    int kept = open_kept(kin);
    pid_t pid;

    snprintf(role, sizeof role, "%s", fam_role_name(kin->role));
    snprintf(number, sizeof number, "%u", kin->number);
    pid = fork();
    if (pid == 0)
        become(kin, channel, kept, argv);
    if (kept >= 0)
        close(kept);
    return pid;
}

static void start_later(struct kin *kin, uint64_t ms)
{
    struct st_err err = ST_ERR_INIT;

    kin->state = KIN_DOWN;
    if (kin->sup->phase == SUP_STARTING || /* what has not begun need not be kept alive */
        st_timer_arm(fam_timers(kin->sup->child), &kin->again, ms, &err) != ST_OK)
        sup_give_up(kin->sup, 1);
}

/* True when it needs none, or has one. */
static bool has_journal(struct kin *kin)
{
    struct st_err err = ST_ERR_INIT;

    if ((kin->role != FAM_WORKER && kin->role != FAM_CURATOR) || kin->journal >= 0 ||
        journal_create(&kin->journal, &err) == ST_OK)
        return true;
    ST_LOG(OOM, ST_LIT("why", "journal"), ST_ERRF(&err));
    return false;
}

/* Its successor gets a new one, since this one is read now. */
static void read_journal(struct kin *kin)
{
    struct st_err err = ST_ERR_INIT;

    if (kin->journal < 0)
        return;
    if (outbox_inherit(kin->sup->outbox, kin->journal, &err) != ST_OK)
        ST_LOG(RECORD_FAILED, ST_LIT("why", "journal"), ST_ERRF(&err));
    close(kin->journal);
    kin->journal = -1;
}

void kin_start(struct kin *kin)
{
    struct supervisor *sup = kin->sup;
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    if (!has_journal(kin) || ipc_pair(fds, &err) != ST_OK) {
        start_later(kin, ROW_PAUSE_MS);
        return;
    }
    kin->pid = spawn(kin, fds[1]);
    close(fds[1]);
    if (kin->pid < 0) {
        ST_LOG(OOM, ST_LIT("why", "fork"), ST_NUM("errno", errno));
        close(fds[0]);
        start_later(kin, ROW_PAUSE_MS);
        return;
    }
    kin->state = KIN_LOADING;
    kin->link = fam_link_new(sup->child, fds[0], KIN_QUEUE, on_message, NULL, kin);
    if (kin->link == NULL)
        kin_kill(kin);
    else
        kin_prepare(kin, sup->phase == SUP_STARTING ? &sup->next : &sup->current);
}

/* While the others drain, workers are not started again, and nobody is where nothing was ever in force. */
static bool is_needed(const struct kin *kin)
{
    const struct supervisor *sup = kin->sup;

    return sup->phase < SUP_DRAIN_WORKERS || (kin->role != FAM_WORKER && sup->current.gen != NULL);
}

static void bury(struct kin *kin, int status)
{
    struct supervisor *sup = kin->sup;
    bool ended_well = kin->state == KIN_DRAINING && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool was_quiet = kin_is_up(kin) && st_clock_ms() - kin->running_ms >= ROW_QUIET_MS;
    uint64_t pause;

    st_timer_disarm(fam_timers(sup->child), &kin->patience);
    fam_link_free(kin->link);
    kin->link = NULL;
    kin->owes_status = false;
    kin->row = was_quiet ? 1 : kin->row + 1;
    pause = kin->row > ROW_SLOW ? ROW_PAUSE_MS : 0;
    if (!ended_well) {
        ST_LOG(PROCESS_DIED, ST_ID("role", st_id(fam_role_name(kin->role))), ST_NUM("number", kin->number),
               ST_NUM("child", kin->pid), ST_NUM("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
               ST_NUM("code", WIFEXITED(status) ? WEXITSTATUS(status) : 0), ST_NUM("pause_ms", pause));
        sup_record_death(sup, kin, status);
    }
    kin->pid = -1;
    read_journal(kin);
    if (kin->role == FAM_RECORDER)
        requests_recorder_died(sup);
    if (kin->state == KIN_DRAINING || !is_needed(kin)) {
        if (!ended_well && !sup->was_cut_short)
            sup->exit_code = 1;
        kin->state = KIN_ENDED;
        sup_kin_ended(kin);
        return;
    }
    kin->state = KIN_DOWN;
    if (sup->phase == SUP_STARTING) {
        sup_give_up(sup, 1);
        return;
    }
    kin->restarts++;
    reload_kin_died(sup);
    if (kin->row >= KIN_ROW_GIVE_UP) {
        ST_LOG(PROCESS_GAVE_UP, ST_ID("role", st_id(fam_role_name(kin->role))), ST_NUM("deaths", kin->row));
        sup_give_up(sup, 1);
    } else if (pause > 0) {
        start_later(kin, pause);
    } else {
        kin_start(kin);
    }
}

void kins_reap(struct supervisor *sup)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < sup->n_kins; i++)
            if (sup->kins[i].pid == pid) {
                bury(&sup->kins[i], status);
                break;
            }
}

/* The last resort at the end: nobody is left behind. */
void kins_fini(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->n_kins; i++) {
        struct kin *kin = &sup->kins[i];

        kin_kill(kin);
        if (kin->pid > 0)
            (void)waitpid(kin->pid, NULL, 0);
        fam_link_free(kin->link);
        st_buf_fini(&kin->status);
        if (kin->journal >= 0)
            close(kin->journal);
    }
    sup->n_kins = 0;
}
