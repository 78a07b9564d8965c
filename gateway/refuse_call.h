/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_call - a "no" in the words of gRPC, gRPC-Web and Connect's streams.
 *
 * Their clients show a person what stands in grpc-message, or in Connect's last message; of a page they would show the
 * status alone. Sources: gRPC over HTTP2 (trailers-only, Percent-Encoding of Status-Message), Connect's
 * EndStreamResponse.
 */
#ifndef STOA_GATEWAY_REFUSE_CALL_H
#define STOA_GATEWAY_REFUSE_CALL_H
#include "base/buf.h"
#include "gateway/http1.h"

#define CALL_TRAILERS 2

struct call_refusal {            /* all borrowed */
    struct st_span content_type; /* of the request */
    unsigned status;             /* of an answer by HTTP's rules */
    const char *sentence, *id;
};
/* An answer of status 200: fields of its head, each with its line's end, and its body. NULL: it has no such words, by
 * its type or by its status; else its Content-Type. */
ST_MUST const char *call_refusal_answer(const struct call_refusal *no, struct st_buf *fields, struct st_buf *body);
/* The last words of an answer that has begun: trailers, which borrow from text, or text itself when *n is 0. */
ST_MUST bool call_refusal_end(const struct call_refusal *no, struct st_buf *text,
                              struct http_field trailers[CALL_TRAILERS], size_t *n);
#endif
