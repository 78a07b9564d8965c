/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor - the parts of the supervisor among themselves: kin.c (processes), reload.c (generations), listeners.c,
 * requests.c (the control socket), supervisor.c (start, signals, end).
 */
#ifndef STOA_GATEWAY_SUPERVISOR_H
#define STOA_GATEWAY_SUPERVISOR_H
#include "base/diag.h"

#include "gateway/control.h"
#include "gateway/notices.h"
#include "gateway/outbox.h"
#include "gateway/process.h"
#include "gateway/sandbox.h"
#include "gateway/tls.h"

#define SUP_WORKERS_MAX   256
#define SUP_KINS_MAX      (SUP_WORKERS_MAX + 3)
#define SUP_LISTENERS_MAX 32
#define SUP_PATH          4096
#define SUP_WAITING_MAX   32
#define KIN_ROW_GIVE_UP   20

#define KIN_STATES(X)                                                                     \
    X(DOWN, "down")         /* waits to be started */                                     \
    X(LOADING, "loading")   /* loads the generation in force, or the first one */         \
    X(READY, "ready")       /* has loaded the first generation */                         \
    X(STARTING, "starting") /* was told to work */                                        \
    X(STARTED, "started")   /* its role works; waits for the others of the first start */ \
    X(RUNNING, "running")                                                                 \
    X(PREPARING, "preparing") /* runs, and loads the next generation */                   \
    X(PREPARED, "prepared")   /* runs, and has loaded it */                               \
    X(DRAINING, "draining")                                                               \
    X(ENDED, "ended") /* and is not started again */
enum kin_state {
#define X(id, name) KIN_##id,
    KIN_STATES(X)
#undef X
};

struct supervisor;
struct kin { /* one process below the supervisor */
    struct supervisor *sup;
    enum fam_role role;
    unsigned number;
    enum kin_state state;
    pid_t pid;
    struct fam_link *link;
    int journal;              /* -1: it writes no records */
    uint64_t running_ms;      /* since when, on st_clock */
    unsigned restarts, row;   /* row: deaths without a quiet time between */
    struct st_timer again;    /* to start it after a pause */
    struct st_timer patience; /* to load, to drain */
    struct st_buf status;     /* its last answer */
    bool owes_status;
    unsigned silent; /* pings without an answer */
};

struct set { /* a generation on disk */
    uint64_t number;
    char dir[SUP_PATH];
    struct generation *gen; /* the config only */
};

#define SUP_PHASES(X)                   \
    X(STARTING, "starting")             \
    X(RUNNING, "running")               \
    X(RELOADING, "reloading")           \
    X(DRAIN_WORKERS, "drain-workers")   \
    X(DRAIN_OTHERS, "drain-others")     \
    X(DRAIN_RECORDER, "drain-recorder") \
    X(ENDED, "ended")
enum sup_phase {
#define X(id, name) SUP_##id,
    SUP_PHASES(X)
#undef X
};

struct listener {
    char address[128];
    int fd;
    bool is_tproxy; /* a right that only the start has */
};

struct supervisor {
    struct fam_child *child; /* loop and timers */
    const char *config_path;
    enum sup_phase phase;
    int exit_code;
    bool was_cut_short; /* a process did not end by itself while draining */
    uint64_t started_ms, turned_ms;
    struct sandbox_user user;
    int pid_fd;
    char pid_path[SUP_PATH];
    struct kin kins[SUP_KINS_MAX];
    size_t n_kins;
    struct listener listeners[SUP_LISTENERS_MAX];
    size_t n_listeners, n_old_listeners; /* beyond n_old: of the generation being prepared */
    struct set current, next;
    struct st_buf problems; /* lines about the generation being prepared */
    bool wants_reload;
    uint64_t reload_client; /* 0: nobody asked by the socket */
    struct control *control;
    struct outbox *outbox;
    uint64_t asking[SUP_WAITING_MAX];   /* clients whose request is with the recorder */
    uint64_t curious[SUP_WAITING_MAX];  /* clients that wait for a status */
    uint64_t settling[SUP_WAITING_MAX]; /* clients told so when every process has done what it was told */
    uint64_t status_id;                 /* of the question that is to be answered */
    uint64_t turn_ms;                   /* the clock is turned by that when every process has been round */
    struct st_timer status_due, settle, ping;
    int notices[NOTICES_USES_END]; /* the tables that workers share; -1 before they are made */
    struct {
        uint8_t key[TLS_TICKET_KEY_LEN], before[TLS_TICKET_KEY_LEN];
        bool has_before;
        struct st_timer turn;
    } tickets;
};

/* ---- kin.c ---------------------------------------------------------------------------------------------------------
 */

const char *kin_state_name(enum kin_state state);
void kin_add(struct supervisor *sup, enum fam_role role, unsigned number);
/* Forks and lets it load the generation in force (while starting: the next one). */
void kin_start(struct kin *kin);
void kin_prepare(struct kin *kin, const struct set *set);
void kin_commit(struct kin *kin); /* of the generation it has prepared; with the first one its role starts */
void kin_run(struct kin *kin);    /* it has started: it is wired to its siblings and gets listeners */
void kin_send(struct kin *kin, enum fam_message type, uint64_t id, const struct st_buf *body, int fd);
void kin_drain(struct kin *kin, uint64_t within_ms);
void kin_renew(struct kin *kin); /* the clock was turned: its deadlines begin anew */
void kin_kill(struct kin *kin);  /* its end is noticed as any other */
void kin_give_listener(struct kin *kin, const struct listener *listener);
void kins_reap(struct supervisor *sup); /* on SIGCHLD */
void kins_fini(struct supervisor *sup);
bool kins_all(const struct supervisor *sup, enum kin_state state);
bool kin_is_up(const struct kin *kin); /* started and not draining */
struct kin *kin_of(struct supervisor *sup, enum fam_role role, unsigned number);

/* ---- tickets.c
 * ---------------------------------------------------------------------------------------------------------- */

/* Draws the first key and turns it every TICKETS_TURN_MS. */
ST_MUST enum st_rc tickets_begin(struct supervisor *sup, struct st_err *err);
void tickets_give(struct kin *worker);

/* ---- listeners.c
 * ------------------------------------------------------------------------------------------------------ */

/* Opens what config->listen names and is not open yet; the new ones lie beyond n_old_listeners. */
ST_MUST enum st_rc listeners_open(struct supervisor *sup, const struct pol_config *config, const char *file,
                                  struct st_diag *diag, struct st_err *err);
void listeners_forget_new(struct supervisor *sup);
void listeners_close(struct supervisor *sup);
/* Is every open listener still named? */
bool listeners_match(const struct supervisor *sup, const struct pol_config *config);

/* ---- reload.c
 * ---------------------------------------------------------------------------------------------------------- */

/* Snapshot and check into sup->next; what is wrong is in diag. */
ST_MUST enum st_rc set_make(struct supervisor *sup, struct st_diag *diag, struct st_err *err);
void set_drop(struct set *set, bool with_files);
void reload_ask(struct supervisor *sup, uint64_t client);
void reload_try(struct supervisor *sup);  /* begins when one is wanted and every process runs */
void reload_step(struct supervisor *sup); /* a process has answered PREPARE */
void reload_problem(struct supervisor *sup, struct st_span text);
void reload_kin_died(struct supervisor *sup);
void sets_tidy(struct supervisor *sup); /* removes snapshots that are not in force */

/* ---- requests.c
 * ---------------------------------------------------------------------------------------------------------- */

void requests_init(struct supervisor *sup);
/* The client, unless it is 0, is told when every process has done what it was told so far. */
void requests_settle(struct supervisor *sup, uint64_t client);
control_request_f on_control_request;
void requests_reply(struct supervisor *sup, uint64_t client, struct st_span json);
void requests_recorder_died(struct supervisor *sup);
void requests_status(struct supervisor *sup); /* a process has said its status: all there? */

/* ---- supervisor.c
 * -------------------------------------------------------------------------------------------------------- */

void sup_message(struct kin *kin, const struct ipc_msg *msg);
void sup_kin_ended(struct kin *kin); /* while draining */
void sup_give_up(struct supervisor *sup, int code);
void sup_drain(struct supervisor *sup);
void sup_generation_in_force(struct supervisor *sup);
void sup_record_death(struct supervisor *sup, const struct kin *kin, int status);
#endif
