/* SPDX-License-Identifier: Apache-2.0 */
/* refuse - every "no" of the gateway: in the platform's own shape when there is one, else a page that explains itself.
 *
 * A refusal says what was found (detector titles), in which field, by which rule, and how to go on; never the text
 * that was found. Bytes of the wire appear escaped and bounded, or not at all.
 */
#ifndef STOA_GATEWAY_REFUSE_H
#define STOA_GATEWAY_REFUSE_H
#include "gateway/chain.h"
#include "gateway/http1.h"

/* REFUSE(id, status, title_en, title_de, text_en, text_de); a new cause is one line in refusals.def. */
enum refuse_cause {
#define REFUSE(id, status, title_en, title_de, text_en, text_de) REFUSE_##id,
#include "gateway/refusals.def"
#undef REFUSE
    REFUSE_COUNT
};

struct refuse_case { /* all borrowed */
    enum refuse_cause cause;
    const struct http_head *head;  /* the request; NULL when none could be read */
    const char *host;              /* of the request, checked; "" when unknown */
    const struct chain_out *chain; /* VERDICT */
    const struct st_err *err;      /* why, for what the origin did and for protocol errors; NULL */
    const char *id;                /* of the exchange */
    bool closes;                   /* the connection ends after it */
};
/* A whole response, head and body. */
ST_MUST enum st_rc refuse_write(const struct refuse_case *facts, struct st_arena *arena, struct st_buf *out,
                                struct st_err *err);
const char *refuse_sentence(const struct refuse_case *facts); /* why, in the person's language; borrowed */
unsigned refuse_status(const struct refuse_case *facts);      /* VERDICT: before the platform's own shape */
const char *refuse_cause_name(enum refuse_cause cause);       /* "verdict"; for counters */
/* What an upstream's failure is called: ORIGIN_NAME, ORIGIN_AWAY … */
enum refuse_cause refuse_origin_cause(const struct st_err *err);
#endif
