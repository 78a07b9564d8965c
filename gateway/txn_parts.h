/* SPDX-License-Identifier: Apache-2.0 */
/* txn_parts - the inside of an exchange, for the files that share its work: txn.c (the order), txn_plan.c (where it
 * goes), upload.c (the body), reach.c (the origin), exchange.c (bytes to and from it), handshake.c (a WebSocket's),
 * report.c (what may be kept or copied). Nobody else includes it.
 */
#ifndef STOA_GATEWAY_TXN_PARTS_H
#define STOA_GATEWAY_TXN_PARTS_H
#include "gateway/back.h"
#include "gateway/body.h"
#include "gateway/chain.h"
#include "gateway/files.h"
#include "gateway/notices.h"
#include "gateway/refuse.h"
#include "gateway/report.h"
#include "gateway/sessions.h"
#include "gateway/sift.h"
#include "gateway/socket.h"
#include "gateway/transfer.h"
#include "gateway/txn.h"

#define TXN_MAGIC 0x74786e20u

#define TXN_STATES(X) \
    X(READ_HEAD)      \
    X(PLAN)           \
    X(READ_BODY)      \
    X(INSPECT)        \
    X(OPEN_FILES)     \
    X(EXCHANGE)       \
    X(SOCKET)         \
    X(ANSWER)         \
    X(DONE)
enum txn_state {
#define X(id) TXN_##id,
    TXN_STATES(X)
#undef X
};

enum txn_wait { TXN_WAITS_FOR_ORIGIN, TXN_WAITS_FOR_CLIENT }; /* in EXCHANGE: whose deadline runs */

/* How the body goes on its way; written by upload.c. OPEN: its beginning has to tell. MEDIA: the beginning was judged,
 * the rest passes. PARTS: the same, but for what is no media in it. TEXT: goes as far as it was
 * looked into (upload_text.c). CALL: message by message (call.c). */
#define UPLOAD_WAYS(X) \
    X(HELD)            \
    X(OPEN)            \
    X(MEDIA)           \
    X(PARTS)           \
    X(TEXT)            \
    X(CALL)
enum upload_way {
#define X(id) UPLOAD_##id,
    UPLOAD_WAYS(X)
#undef X
};

/* How far the request went to the origin. */
enum txn_sending { TXN_SENT_NOTHING, TXN_SENT_HEAD, TXN_SENT_ALL };

/* When what was taken is told as learning. */
enum txn_telling { TXN_UNTOLD, TXN_TELLS_AT_END, TXN_TOLD };

/* How an answer to a long poll takes what its client is to be told; written by poll.c. */
#define POLL_STATES(X)                                                                \
    X(PASSING) /* the answer goes on as it comes */                                   \
    X(HOLDING) /* something waits to be told: the answer is held until it is whole */ \
    X(GIVING)  /* what is held goes on, with that in it */
enum poll_state {
#define X(id) POLL_##id,
    POLL_STATES(X)
#undef X
};
struct poll {
    enum poll_state state;
    bool has_session; /* the request polls one */
    struct notices_key key;
    struct http1_event head, end; /* HOLDING and later; in the arena */
    bool is_whole;                /* end is there */
    struct st_buf held;
    size_t given;
};

struct txn {
    unsigned magic;
    enum txn_state state; /* written by txn_enter only */
    enum txn_outcome outcome;
    struct txn_env *env;
    struct worker *worker;
    struct rules *rules; /* one reference; NULL once it is a socket */
    struct st_arena *arena;
    struct st_timer timer;
    bool is_late;               /* the timer fired */
    char id[REPORT_ID_LEN + 1]; /* "" until someone needs it */
    struct st_err err;

    /* the request */
    struct http_head *head;
    enum http1_framing framing;
    uint64_t length;
    struct target target;
    struct lp_request req;
    struct flt_head_text *words; /* header fields that hold words of people; NULL: none */
    size_t n_words;
    const struct lp_facts *facts; /* what plugins noted of the head; NULL: nothing */
    bool is_unread;               /* never looked into: login endpoints, hosts that pass */
    bool is_on_opened_host;
    struct transfer transfer;
    bool expects_continue, request_is_read; /* its END was seen */
    bool is_socket;                         /* it asks for a WebSocket */
    struct body *body;
    uint64_t body_began_ms; /* st_clock_ms */
    struct evbuffer *tail;  /* body bytes read but not held: the ceiling was reached in the middle */
    struct http_field *trailers;
    size_t n_trailers;
    enum flt_reason not_held;
    enum upload_way way;
    struct upload *upload;    /* owned */
    struct upload_text *text; /* owned */
    struct call *call;        /* owned; NULL: by its head it is none */
    struct sift *sift;        /* owned; NULL: the body is looked into when it is whole */
    struct opening *opening;  /* owned; the documents in it, and what was found there: the doc borrows */

    /* the verdict */
    struct chain_out chain;
    struct st_span chain_body; /* what it ran over, until its verdict: of body or whole */
    struct st_buf whole;       /* a spooled body, read back: the doc borrows from it */
    bool is_redacted; /* what goes out of the body is in redacted: with masks, or what goes in its place (poll.c) */
    struct st_buf redacted, redacted_query;

    /* the origin's side (reach.c, exchange.c) */
    struct upstream_place place;
    struct upstream *origin;  /* owned; being reached */
    struct session_wait turn; /* or a session is waited for */
    bool needs_http1;         /* the origin said so */
    bool has_slot;            /* one of env->slots */
    struct back *back;        /* owned; once it is there */
    enum txn_sending sending; /* written by sending_enter only */
    bool answer_began;
    unsigned tries;    /* that the origin did not look at */
    unsigned interims; /* answers of status 1xx so far */
    uint64_t sent;     /* of the held or redacted body */
    struct http_head *response;
    enum http1_framing response_framing;
    bool client_closes;
    struct st_buf copy; /* of the answer's body, bounded */
    bool is_copied;
    enum txn_telling telling; /* written by answered.c only */
    enum txn_wait wait;
    struct poll poll;

    size_t share;          /* of the worker's budget */
    struct socket *socket; /* owned; what the exchange has become */
};

void txn_enter(struct txn *t, enum txn_state next);
/* Fails closed: the answer is the gateway's, or, when the origin's has begun, the connection is cut. Always ST_OK. */
enum st_rc txn_refuse(struct txn *t, enum refuse_cause cause);
const char *txn_id(struct txn *t);
struct report_case txn_case(struct txn *t); /* borrows from t */
void txn_arm(struct txn *t, int64_t ms);
/* The next event of the client's request, with at most max bytes; txn_took lets go of it. ST_AGAIN: more is needed. */
ST_MUST enum st_rc txn_read(struct txn *t, size_t max, struct http1_event *event);
void txn_took(struct txn *t);

enum st_rc txn_client_left(struct txn *t); /* nobody waits for an answer: DONE. Always ST_OK. */
bool txn_is_memory_full(const struct txn *t);
enum st_rc txn_refuse_busy(struct txn *t);   /* since it is; always ST_OK */
struct chain_in txn_chain_in(struct txn *t); /* all but the body; borrows from t */
void txn_say_continue(struct txn *t);        /* when the client waits for it */

/* txn_plan.c */
ST_MUST enum st_rc txn_plan(struct txn *t); /* PLAN; ST_AGAIN: an empty body's end, or the tunnel, is waited for */

/* upload.c */
ST_MUST enum st_rc upload_open(struct txn *t); /* PLAN: there will be a body */
ST_MUST enum st_rc upload_read(struct txn *t); /* READ_BODY; ST_ERR: the client broke off, or the rules */
uint64_t upload_held(const struct txn *t);     /* of t->body, what goes out from there */
/* What follows that when t->upload or t->text is there; at most max bytes, none at the end. ST_AGAIN: nothing is there,
 * or a refusal is under way. */
ST_MUST enum st_rc upload_next(struct txn *t, size_t max, struct st_span *piece);
size_t upload_memory(const struct txn *t); /* beside t->body */
bool upload_late(struct txn *t); /* READ_BODY, a deadline passed: true when it goes on without what is missing */
void upload_fini(struct txn *t);

/* trailers.c */
#define TRAILER_TEXTS 2 /* of each, at the end of t->words: its value and its name */
ST_MUST enum st_rc trailers_take(struct txn *t, const struct http1_event *event); /* of the request's end */
void trailers_redacted(struct txn *t); /* its body leaves another than it came */

/* call.c */
bool call_open(struct txn *t); /* PLAN: there will be a body; by its head it may be a call. false: memory is out */
void call_saw(struct txn *t, struct st_span data); /* more of the body, held meanwhile */
bool call_stays_open(const struct txn *t); /* nothing more is there now, and what is held has a message to go on with */
bool call_waits(const struct txn *t);      /* not even the first is there: perhaps the answer's head is waited for */
/* A message, or a piece of one, goes to the origin, when it may. ST_AGAIN: nothing is there, or a refusal is under
 * way. */
ST_MUST enum st_rc call_next(struct txn *t, size_t max);
bool call_goes_on(const struct txn *t); /* there may be more of it */
bool call_says_no(struct txn *t);       /* in the answer that has begun; false: it can only be broken off */
size_t call_memory(const struct txn *t);
void call_fini(struct txn *t);

/* upload_text.c */
bool upload_text_may_go(const struct txn *t); /* by its head */
/* What is held was looked into, and goes on its way; `next` is the piece that did not fit. false: it is held on. */
ST_MUST bool upload_text_begin(struct txn *t, struct st_span next);
uint64_t upload_text_before(const struct txn *t); /* as upload_held */
uint64_t upload_text_sent(const struct txn *t);   /* of the whole body; 0: nothing that way */
ST_MUST enum st_rc upload_text_next(struct txn *t, size_t max, struct st_span *piece); /* as upload_next */
size_t upload_text_memory(const struct txn *t);
void upload_text_fini(struct txn *t);

/* poll.c */
void poll_init(struct txn *t);
void poll_know(struct txn *t); /* the request was judged, its doc is there: which session does it poll? */
/* The blocked message of a long poll: true when the session goes on without it, and the exchange with it. */
ST_MUST bool poll_goes_on(struct txn *t);
/* poll_packets.c: what may leave of such a message is in t->redacted, and the client will be told of the rest; false:
 * nothing of it may. */
ST_MUST bool poll_keeps_others(struct txn *t);
/* The next event of the origin's answer, as back_ops.read, with what the client of this session is to be told. */
ST_MUST enum st_rc poll_read(struct txn *t, size_t max, struct http1_event *event);
void poll_took(struct txn *t);
void poll_fini(struct txn *t);

/* reach.c */
/* ST_OK: t->back is there. ST_AGAIN: the exchange is stepped when something changed. */
ST_MUST enum st_rc reach_origin(struct txn *t, bool is_repeatable);
void reach_leave(struct txn *t);

/* exchange.c */
ST_MUST enum st_rc exchange_step(struct txn *t);
enum st_rc exchange_late(struct txn *t); /* a deadline passed: the answer is no, or it breaks off. Always ST_OK. */
void exchange_wait(struct txn *t, enum txn_wait wait); /* its deadline begins */
/* A number as a field's value; in the arena. */
ST_MUST enum st_rc exchange_number(struct txn *t, uint64_t number, struct st_span *out);
void exchange_fini(struct txn *t);

/* handshake.c */
ST_MUST enum st_rc handshake_plan(struct txn *t); /* ST_ERR: it is no handshake */
/* The origin's 101 is there: the exchange becomes a socket, which has front and back from now on. */
ST_MUST enum st_rc handshake_switch(struct txn *t, const struct http_head *head);
ST_MUST enum st_rc handshake_step(struct txn *t);

/* answered.c */
ST_MUST bool answered_head(struct txn *t); /* the origin's head is there; true: a copy of the body is wanted */
void answered_end(struct txn *t);          /* the copy is whole, or failed */
void answered_cut(struct txn *t);          /* there will be no more of it; nothing to do when it ended */
#endif
