/* SPDX-License-Identifier: Apache-2.0 */
/* family - what the processes say to each other, and the run-time that every child shares.
 *
 * stoad starts itself again (fork and exec of its own file) once per role; a child finds its channel to the supervisor
 * at descriptor FAM_CHANNEL and learns everything else through it. Channels between siblings are made by the supervisor
 * and handed to both ends; when one end dies the other gets a fresh channel with FAM_PEER as soon as it is back.
 */
#ifndef STOA_GATEWAY_FAMILY_H
#define STOA_GATEWAY_FAMILY_H
#include "base/clock.h"
#include "base/ipc.h"
#include "gateway/generation.h"

#define FAM_CHANNEL 3
#define FAM_JOURNAL 4 /* of workers and the curator: their records in shared memory (journal.h) */
#define FAM_KEPT    5 /* of the curator: the file of what plugins keep (kept.h) */

#define FAM_ROLES(X)            \
    X(SUPERVISOR, "supervisor") \
    X(WORKER, "worker")         \
    X(KEYHOLDER, "keyholder")   \
    X(RECORDER, "recorder")     \
    X(CURATOR, "curator")       \
    X(EXTRACTOR, "extractor")
enum fam_role {
#define X(id, name) FAM_##id,
    FAM_ROLES(X)
#undef X
};
const char *fam_role_name(enum fam_role role);

/* Message types; the body's fields in order, as st_pack_* writes them. */
#define FAM_MESSAGES(X)                                                                                              \
    /* supervisor -> child */                                                                                        \
    X(PREPARE, "str generation directory; the child loads it beside the one in force and answers PREPARED")          \
    X(COMMIT, "u64 generation number; the prepared generation is in force from now on")                              \
    X(ABORT, "the prepared generation is dropped")                                                                   \
    X(LISTENER, "str address; a listening socket rides along (workers only)")                                        \
    X(PEER, "u8 role, u32 number; a channel to that sibling rides along and replaces an older one")                  \
    X(DRAIN, "u64 milliseconds to finish in; no new connections; the child exits when it is done")                   \
    X(TICKETS, "span key of session tickets, span the one before it (may be empty); workers only")                   \
    X(NOTICES, "u8 notices_use; that table of notices.h rides along; workers only")                                  \
    X(CLOCK, "u64 milliseconds to turn the clock forward (only with test_clock)")                                    \
    X(STATUS, "asks for STATUS_IS")                                                                                  \
    X(REQUEST, "span JSON: a control request for the recorder (consent, erase, read) or curator; answered by REPLY") \
    /* child -> supervisor */                                                                                        \
    X(PREPARED, "u8 ok, span diagnostics as text; answers PREPARE")                                                  \
    X(STARTED, "the role works; answers the first COMMIT")                                                           \
    X(STATUS_IS, "span JSON object of counters")                                                                     \
    X(REPLY, "u8 ok, span JSON")                                                                                     \
    /* worker <-> keyholder */                                                                                       \
    X(MINT, "str host name or address, span public key (SPKI DER)")                                                  \
    X(LEAF, "u8 ok, span certificate DER, span issuing certificate DER; the id is MINT's")                           \
    /* worker, curator, supervisor -> recorder; the id repeats the entry's counter */                                \
    X(RECORD, "span packed aud_entry")                                                                               \
    X(RECORDED, "u64 n, then n times u64 counter: these are committed")                                              \
    /* worker -> curator */                                                                                          \
    X(ITEM, "one page or post: str platform, str kind, str person, span url, title, author, lang, content type, "    \
            "text, u64 dwell, u64 length, u8 is_html, span resource id")                                             \
    /* worker <-> extractor */                                                                                       \
    X(EXTRACT, "a file to be read rides along")                                                                      \
    X(EXTRACT_END, "nobody waits for EXTRACT's answer any more; the id is its")                                      \
    X(EXTRACTED, "u8 flt_reason; a file of stoa-extract's records may ride along; the id is EXTRACT's")

enum fam_message {
    FAM_NONE = 0,
#define X(id, body) FAM_MSG_##id,
    FAM_MESSAGES(X)
#undef X
};

/* ---- the run-time of a child (process.c) ----------------------------------------------------------------------- */

struct event_base;
struct fam_child; /* one per process */

struct fam_ops { /* what a role does; each is called from the process loop, one at a time */
    enum fam_role role;
    /* The first generation is in force; start working. */
    enum st_rc (*start)(void *self, struct fam_child *child, struct st_err *err);
    /* A new generation is in force; the child holds the reference for you until the next one: retain what you keep. */
    void (*generation)(void *self, struct generation *gen);
    void (*listener)(void *self, int fd, const char *address);              /* owns fd; NULL: not expected */
    void (*peer)(void *self, enum fam_role role, unsigned number, int fd);  /* owns fd */
    void (*tickets)(void *self, struct st_span key, struct st_span before); /* borrowed; NULL: not expected */
    void (*notices)(void *self, unsigned use, int fd);                      /* owns fd; NULL: not expected */
    void (*drain)(void *self, uint64_t within_ms);
    void (*status)(void *self, struct st_buf *json);
    /* A control request: writes the JSON answer; ok false makes the CLI exit with an error. NULL: none understood. */
    bool (*request)(void *self, struct st_span json, struct st_buf *answer);
    /* Looks at a generation before it is in force and may say no, with a diagnostic; NULL: nothing of its own to look
     * at. key_fd: the keyholder's CA key, opened by the supervisor (owned by prepare), else -1. A prepared generation
     * is either put in force (start, generation) or followed by another prepare. */
    enum st_rc (*prepare)(void *self, struct generation *gen, int key_fd, struct st_diag *diag, struct st_err *err);
};

/* Runs a role until it says fam_done; the exit code of the process. Sets no_new_privs, not dumpable, no core files, the
 * role's seccomp list, and reads the channel; everything a role hears comes through ops. */
int fam_child_main(const struct fam_ops *ops, void *self, unsigned number);
struct event_base *fam_base(struct fam_child *child);
struct st_timers *fam_timers(struct fam_child *child);      /* armed on st_clock; turned by CLOCK */
struct generation *fam_generation(struct fam_child *child); /* in force; borrowed */
unsigned fam_number(const struct fam_child *child);
int fam_journal(const struct fam_child *child); /* FAM_JOURNAL, or -1 when it was given none */
int fam_kept(const struct fam_child *child);    /* FAM_KEPT, or -1 when it was given none; owned by who asks */
void fam_done(struct fam_child *child);         /* the drain is finished: leave the loop */

/* A channel to a sibling inside the child's event loop: reads whole messages, queues what the socket does not take.
 * The queue has a ceiling; beyond it fam_link_send answers ST_E_LIMIT. */
struct fam_link;
typedef void fam_message_f(void *ctx, const struct ipc_msg *msg);
typedef void fam_closed_f(void *ctx);
ST_MUST struct fam_link *fam_link_new(struct fam_child *child, int fd, size_t queue_bytes, fam_message_f *on_message,
                                      fam_closed_f *on_closed, void *ctx); /* owns fd */
void fam_link_free(struct fam_link *link); /* NULL is fine; not from its own callbacks: they may only note the fact */
ST_MUST enum st_rc fam_link_send(struct fam_link *link, enum fam_message type, uint64_t id, struct st_span body,
                                 struct st_err *err);
bool fam_link_is_idle(const struct fam_link *link); /* nothing is queued in this process */

/* The roles, as stoad's main calls them. argv as given to main. */
int fam_supervisor_main(const char *config_path);
int fam_worker_main(unsigned number);
int fam_keyholder_main(unsigned number);
int fam_recorder_main(unsigned number);
int fam_curator_main(unsigned number);
int fam_extractor_main(unsigned number);
#endif
