/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_parts - the inside of the HTTP/2 connections to origins: sessions.c (all of them), session.c (one),
 * back_streams.c (one stream as the origin of its exchange). Nobody else includes it.
 */
#ifndef STOA_GATEWAY_SESSIONS_PARTS_H
#define STOA_GATEWAY_SESSIONS_PARTS_H
#include "gateway/http2.h"
#include "gateway/later.h"
#include "gateway/sessions.h"
#include "gateway/worker.h"

#define SESSION_WINDOW 65535u /* of a stream, to begin with */

#define SESSION_STATES(X) \
    X(DIAL)               \
    X(OPEN)               \
    X(LEAVING)            \
    X(LOST)               \
    X(GONE)
enum session_state { /* LEAVING: takes no more streams; LOST: nothing comes or goes; both end with the last back */
#define X(id) SESSION_IS_##id,
                     SESSION_STATES(X)
#undef X
};

enum session_check {
    SESSION_IS_TRUSTED,
    SESSION_IS_ASKED, /* after a long silence: a PING is under way, and any byte will do */
};

struct back_stream;
struct session {
    unsigned magic;
    enum session_state state; /* written by enter of session.c only */
    struct sessions *sessions;
    struct session *next, **link;
    struct upstream_place place;
    struct upstream *upstream; /* owned */
    struct http2 *h2;          /* owned; from OPEN on */
    size_t n;                  /* backs */
    struct back_stream *ready; /* those with news */
    uint64_t opened, heard;    /* streams so far; pieces that came */
    uint64_t idle_since_ms;
    enum session_check check; /* written by check_enter only */
    bool is_late;
    bool insists;      /* the origin takes nothing else */
    bool has_settings; /* the origin's came: before, nobody knows how many streams it takes */
    size_t share;      /* of the worker's budget */
    struct st_timer timer;
    struct later_item again, gone;
};

struct sessions {
    unsigned magic;
    struct worker *worker;
    struct session *first;
    size_t n;
    struct session_wait *waits, **last_wait; /* longest first */
    size_t widened;                          /* bytes of windows beyond what every stream has */
};

/* sessions.c */
/* As many as there is room for; when that is not enough, the next one has another session opened. */
void sessions_wake(struct sessions *sessions, const struct upstream_place *place);
/* There will be no session for them; err NULL: since the place speaks HTTP/1. */
void sessions_disappoint(struct sessions *sessions, const struct upstream_place *place, const struct st_err *err);

/* session.c */
ST_MUST enum st_rc session_dial(struct sessions *sessions, const struct upstream_place *place, struct st_err *err);
/* Owns upstream, which is READY, also when it fails. */
ST_MUST enum st_rc session_adopt(struct sessions *sessions, struct upstream *upstream, struct st_err *err);
/* One more back on it; there is room. */
ST_MUST enum st_rc session_stream(struct session *session, struct link_owner owner, struct back **out,
                                  struct st_err *err);
void session_free(struct session *session);    /* its backs are closed */
void session_update(struct session *session);  /* something is to be sent, soon */
void session_lets_go(struct session *session); /* a back of it is closed */
void session_no_more(struct session *session); /* no new streams on it */

/* back_streams.c */
ST_MUST enum st_rc back_stream_open(struct session *session, struct link_owner owner, struct back **out,
                                    struct st_err *err);
void back_stream_take(struct back_stream *stream, const struct http2_event *event);
void back_stream_tell(struct back_stream *stream); /* takes it off session->ready and calls its owner */
#endif
