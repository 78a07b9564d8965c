/* SPDX-License-Identifier: Apache-2.0 */
/* worker - what the connections of one worker process share. conn.c, txn.c and their helpers borrow from it. */
#ifndef STOA_GATEWAY_WORKER_H
#define STOA_GATEWAY_WORKER_H
#include "gateway/breach.h"
#include "gateway/drift.h"
#include "gateway/family.h"
#include "gateway/leaf.h"
#include "gateway/link.h"
#include "gateway/notices.h"
#include "gateway/outbox.h"
#include "gateway/resolve.h"
#include "gateway/tls.h"
#include "gateway/upstream.h"

/* Every number of `stoa status`; a new one is one line here. */
#define WORKER_COUNTS(X)                                                                             \
    X(connections, "client connections taken")                                                       \
    X(explicit, "of those, by an explicit listener")                                                 \
    X(explicit_tls, "of those, by an explicit-tls listener")                                         \
    X(redirected, "of those, brought to a transparent listener")                                     \
    X(tproxied, "of those, brought to a tproxy listener")                                            \
    X(pac_served, "PAC files handed out")                                                            \
    X(loops, "connections at a listener for others that nobody brought there, or our own")           \
    X(proxy_refused, "connections whose PROXY header was missing, malformed or not to be trusted")   \
    X(unnamed_refused, "connections that were brought here, refused since they name no host")        \
    X(connections_refused, "client connections beyond limit.connections")                            \
    X(accept_pauses, "pauses in taking connections, for lack of descriptors or of limit.memory")     \
    X(idle_ended, "idle client connections ended in such a pause, to make room")                     \
    X(memory_refused, "requests answered 503 since limit.memory was reached")                        \
    X(heads_refused, "HTTP/1 requests with a head beyond limit.head_bytes or .fields")               \
    X(bodies_spooled, "bodies that went to a spool file")                                            \
    X(texts_streamed, "texts that left in pieces while they still came (hold_back.texts)")           \
    X(texts_pressed, "pauses in them, after which what had come was read")                           \
    X(texts_held, "of those texts, whose rest waited for the verdict over all")                      \
    X(texts_cut, "of those, broken off since a later piece must not leave")                          \
    X(slow_clients, "requests that did not arrive within limit.head, limit.body or its rate")        \
    X(slow_readers, "answers broken off since the client took nothing for limit.send")               \
    X(slow_origins, "exchanges with an origin that was silent for limit.answer")                     \
    X(client_broke_http1, "requests refused since a client broke HTTP/1")                            \
    X(client_broke_http2, "requests refused or connections ended since a client broke HTTP/2")       \
    X(client_broke_websocket, "WebSockets ended since a client broke their rules, or flooded")       \
    X(origin_broke_http1, "exchanges ended since an origin broke HTTP/1")                            \
    X(origin_broke_http2, "exchanges or sessions ended since an origin broke HTTP/2")                \
    X(origin_broke_websocket, "WebSockets that an origin opened in a wrong way")                     \
    X(passed, "connections passed through unread")                                                   \
    X(passed_joined, "of those, moved inside the kernel")                                            \
    X(passed_bytes, "bytes of those")                                                                \
    X(opened, "connections opened for inspection")                                                   \
    X(http2, "client connections that speak HTTP/2")                                                 \
    X(http2_ended, "of those, ended since the client broke the rules or flooded")                    \
    X(refused_hosts, "connections refused by route")                                                 \
    X(client_tls_failed, "handshakes that a client ended: it may not know the CA")                   \
    X(origin_failed, "origins that could not be reached or verified")                                \
    X(origin_reused, "exchanges over a connection that was there already")                           \
    X(origin_retried, "exchanges sent again since the origin had not looked at them")                \
    X(origin_http2, "HTTP/2 sessions opened with origins")                                           \
    X(origin_streams, "exchanges over those sessions")                                               \
    X(origin_goaway, "of those sessions, ended by the origin with GOAWAY")                           \
    X(requests, "exchanges on opened connections")                                                   \
    X(sockets, "WebSockets opened")                                                                  \
    X(sockets_open, "of those, open now")                                                            \
    X(sockets_broken, "WebSockets ended since the client broke the rules or flooded")                \
    X(socket_messages, "messages of clients on them that were judged")                               \
    X(socket_dropped, "of those, drafts that were blocked without a word")                           \
    X(socket_refused, "of those, refused")                                                           \
    X(calls, "gRPC and Connect calls that stayed open while their messages went on")                 \
    X(call_messages, "messages of clients in them that were judged")                                 \
    X(call_refused, "of those, refused")                                                             \
    X(polls_dropped, "drafts blocked in long polls, without a word")                                 \
    X(polls_refused, "messages blocked in long polls whose sessions went on")                        \
    X(polls_told, "of those, told in a later poll")                                                  \
    X(trailers_dropped, "trailers behind bodies that had left, were read as they came, or not held") \
    X(unread, "exchanges with a login or credential endpoint, forwarded unread")                     \
    X(verdict_allow, "requests and messages allowed")                                                \
    X(verdict_note, "requests and messages noted")                                                   \
    X(verdict_coach, "requests sent with advice")                                                    \
    X(verdict_redact, "requests sent with a part replaced")                                          \
    X(verdict_block, "requests blocked")                                                             \
    X(refused, "answers of the gateway's own, blocks included")                                      \
    X(inspected_fully, "requests and messages looked into from end to end")                          \
    X(inspected_partly, "of those not, looked into in part; why is in not_inspected_by")             \
    X(not_inspected, "requests not, or not wholly, looked into")                                     \
    X(files, "documents in requests and messages, given to stoa-extract or refused to it")           \
    X(files_unread, "of those, not, or not wholly, read")                                            \
    X(drips, "findings that began in earlier messages of a person")                                  \
    X(scan_failed, "requests that a stage could not handle")                                         \
    X(records, "records handed over")                                                                \
    X(records_dropped, "records dropped since the recorder was away and failure.recorder is allow")  \
    X(answers_read, "answers that named what was made or opened")                                    \
    X(uploads_announced, "addresses that platforms named for the bytes of uploads")                  \
    X(uploads_opened, "connections opened for such an address alone")                                \
    X(uploads_seen, "exchanges known as an announced upload")                                        \
    X(items, "copies of pages and posts for the curator")                                            \
    X(items_dropped, "copies dropped since the curator is behind")
struct worker_counts {
#define X(name, help) uint64_t name;
    WORKER_COUNTS(X)
#undef X
};

struct rules { /* a generation and the scanner made for its packs; a txn keeps the one it began with */
    unsigned refs;
    struct generation *gen;
    struct flt_scanner *scanner;
    struct tls_leaf **door_leaves; /* by listener; NULL: it has no certificate of its own */
};
/* The certificate that stoa.yaml gives a listener (of these rules); NULL: it is minted. Borrowed. */
struct tls_leaf *rules_door_leaf(const struct rules *rules, const struct pol_listen *listen);
struct rules *rules_retain(struct rules *rules);
void rules_release(struct rules *rules); /* NULL is fine */

struct conn;
struct copies;
struct files;
struct joint_pipes;
struct worker {
    struct fam_child *child;
    struct link_loop loop;
    struct budget budget, spool; /* of memory; of spool files */
    struct rules *rules;         /* in force */
    struct resolver *resolver;
    struct tls_context *tls;
    struct leaf_cache *leaves;
    struct upstream_pool *pool;
    struct joint_pipes *pipes;
    struct sessions *sessions;
    struct outbox *outbox;
    struct copies *copies;                     /* for the curator */
    struct files *files;                       /* for the extractor */
    struct notices *notices[NOTICES_USES_END]; /* NULL: not there yet */
    struct conn *conns;                        /* all of them */
    size_t n_conns;
    bool is_draining;
    uint64_t drain_by_ms; /* is_draining: on st_clock_ms */
    char spool_dir[512];
    struct worker_counts counts;
    uint64_t not_inspected[FLT_REASONS_END], files_by[FLT_REASONS_END]; /* files_by NONE: wholly read */
    struct drift drift;
    struct drips drips;
    struct breach_told breaches[BREACHES_END];
};
const struct pol_config *worker_config(const struct worker *worker);
void worker_conn_gone(struct worker *worker); /* a drain may be finished */
#endif
