/* SPDX-License-Identifier: Apache-2.0 */
/* socket_parts - the inside of a WebSocket, for the files that share its work: socket.c (its life, and what the origin
 * says), socket_up.c (what the client says), socket_swap.c (a refusal in an answer's place). Nobody else includes it.
 */
#ifndef STOA_GATEWAY_SOCKET_PARTS_H
#define STOA_GATEWAY_SOCKET_PARTS_H
#include "gateway/report.h"
#include "gateway/socket_message.h"
#include "gateway/ws_track.h"

#define SOCKET_MAGIC 0x736f636bu
#define FLOW_MAX     (96u << 20) /* `up` holds a message of limit.body_memory in one frame, at most */
#define FLOW_FULL    65536u      /* a flow this full stops who fills it */

#define SOCKET_STATES(X) \
    X(OPEN)              \
    X(CLOSING)           \
    X(DONE)
enum socket_state {
#define X(id) SOCKET_##id,
    SOCKET_STATES(X)
#undef X
};

#define UP_STATES(X) \
    X(READ)          \
    X(SEND)          \
    X(STREAM)        \
    X(ENDED)
enum up_state { /* SEND: a judged message goes out; STREAM: it was let through unread, and its end is still to come;
                   ENDED: the client closed, and the origin was told */
#define X(id) UP_##id,
                UP_STATES(X)
#undef X
};

/* What the client still says. BROKEN: its frames can no longer be told apart; CLOSED: its close frame came. */
#define CLIENT_STATES(X) \
    X(TALKS)             \
    X(BROKEN)            \
    X(CLOSED)            \
    X(OVER)
enum client_state {
#define X(id) CLIENT_##id,
    CLIENT_STATES(X)
#undef X
};

/* CLOSED: the gateway's close frame went to the client, so what the origin says goes nowhere; OVER: it says no more. */
#define DOWN_STATES(X) \
    X(RELAYS)          \
    X(CLOSED)          \
    X(OVER)
enum down_state {
#define X(id) DOWN_##id,
    DOWN_STATES(X)
#undef X
};

struct flow { /* bytes that wait for room */
    struct st_buf bytes;
    size_t sent;
};

#define SWAPS_MAX 4u /* while so many wait, nothing of the client's is read */
struct swap {        /* a refusal that waits for the origin's answer to a question */
    char mark[REPORT_ID_LEN + 1];
    struct st_buf text;
    uint64_t due_ms;
};

struct socket {
    unsigned magic;
    enum socket_state state; /* written by socket_enter only */
    enum socket_outcome outcome;
    struct socket_open about;
    struct st_timer timer;
    bool is_late;
    uint64_t moved_ms; /* when a byte last went either way */
    struct st_err err;

    /* up: socket_up.c */
    enum up_state up_state;
    struct ws *reader;                            /* NULL: unread */
    struct ws_writer *writer;                     /* to the origin */
    struct flow rest;                             /* read, but not yet taken apart */
    bool has_more;                                /* the reader may have something to say without input */
    struct message *message;                      /* under way */
    struct chain_sight texts, others;             /* what the rules say of its kind */
    bool is_text, is_deflated, is_open, is_begun; /* of it: its end is still to come; its first frame went out */
    struct st_buf raw;                            /* its bytes as they came, compressed */
    bool is_raw, is_raw_sound;                    /* raw holds all of it; the origin's window is what the client's is */
    struct st_buf control;                        /* what stood in the last control frames */
    struct flow up;
    enum client_state client; /* written by client_enter only */

    /* down: socket.c */
    struct ws_track track;
    struct ws_writer *own_writer;
    struct flow own, close;     /* messages of the gateway's; its close frame */
    enum down_state down_state; /* written by down_enter only */

    /* socket_swap.c */
    struct swap swaps[SWAPS_MAX]; /* the oldest first */
    size_t n_swaps;
    struct st_buf held; /* a message of the origin's that may be an answer, as far as it came */
    struct flow down;   /* what became of it, in front of everything else */
};

void socket_enter(struct socket *s, enum socket_state next);
void socket_finish(struct socket *s, enum socket_outcome outcome);
void socket_moved(struct socket *s);
/* Both peers get a close frame, the client with a code and a reason; what comes from now on goes nowhere. */
void socket_shut(struct socket *s, unsigned code, const char *reason);

size_t flow_left(const struct flow *flow);
struct st_span flow_view(const struct flow *flow, size_t max); /* what is next, at most max bytes; dies with a change */
void flow_drop(struct flow *flow, size_t n);                   /* that much was taken */

/* socket_up.c */
ST_MUST bool up_open(struct socket *s); /* false: memory is out */
void up_fini(struct socket *s);
void up_shut(struct socket *s); /* what is under way goes nowhere; the origin gets a close frame */
/* Moves what the client says as far as it goes. ST_AGAIN: wait; ST_ERR: the client is gone, or the origin. */
ST_MUST enum st_rc up_pump(struct socket *s);
bool up_is_due(const struct socket *s); /* it would move now, without an event */

/* socket_swap.c */
void swap_init(struct socket *s);
void swap_fini(struct socket *s);
ST_MUST enum st_rc swap_ask(struct socket *s, struct st_span question, struct st_err *err); /* the origin gets it */
/* Not when it is full. text: for the client, in the place of the message that carries the mark. */
ST_MUST enum st_rc swap_add(struct socket *s, const char *mark, struct st_span text, struct st_err *err);
bool swap_is_full(const struct socket *s);
uint64_t swap_due(const struct socket *s); /* on st_clock; UINT64_MAX: nothing waits */
/* What has waited until now_ms is told without an answer. */
ST_MUST enum st_rc swap_expire(struct socket *s, uint64_t now_ms);
bool swap_is_looking(const struct socket *s); /* the origin's next bytes are for swap_take */
/* data: of one frame, at most ws_track_left. */
ST_MUST enum st_rc swap_take(struct socket *s, struct st_span data);
ST_MUST enum st_rc swap_end(struct socket *s); /* the origin says no more */
#endif
