/* SPDX-License-Identifier: Apache-2.0 */
/* breach - a peer broke its protocol: counted each time, and told in the log once a minute at most for each kind, so
 * that neither a broken client nor a hostile one can fill the log. */
#ifndef STOA_GATEWAY_BREACH_H
#define STOA_GATEWAY_BREACH_H
#include "base/err.h"
#include <stdint.h>

/* Who broke what; each has its counter in WORKER_COUNTS. */
#define BREACHES(X)                                                 \
    X(CLIENT_HTTP1, client_broke_http1, "client", "http1")          \
    X(CLIENT_HTTP2, client_broke_http2, "client", "http2")          \
    X(CLIENT_SOCKET, client_broke_websocket, "client", "websocket") \
    X(ORIGIN_HTTP1, origin_broke_http1, "origin", "http1")          \
    X(ORIGIN_HTTP2, origin_broke_http2, "origin", "http2")          \
    X(ORIGIN_SOCKET, origin_broke_websocket, "origin", "websocket")
enum breach {
#define X(id, count, peer, protocol) BREACH_##id,
    BREACHES(X)
#undef X
        BREACHES_END
};

struct breach_told {  /* of one kind */
    uint64_t next_ms; /* no line before it, on st_clock_ms */
    uint64_t untold;  /* since the last line */
};

struct worker;
/* err says what was broken; nothing is noted for one that is the gateway's own trouble or a peer that left. */
void breach_note(struct worker *worker, enum breach breach, const struct st_err *err);
#endif
