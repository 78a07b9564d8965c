/* SPDX-License-Identifier: Apache-2.0 */
/* http1_head - the part of the codec that turns a whole block of lines into a head. Used by http1.c and its tests. */
#ifndef STOA_GATEWAY_HTTP1_HEAD_H
#define STOA_GATEWAY_HTTP1_HEAD_H
#include "gateway/http1.h"

bool http1_is_token(struct st_span s);
bool http1_is_value(struct st_span s);
bool http1_is_chunk_extension(struct st_span s); /* ";name=value" any number of times; RFC 9112 §7.1.1 without BWS */
/* `lines` ends with the empty line's CRLF and is already known to hold no bare LF. The head borrows from it. */
ST_MUST enum st_rc http1_parse_head(enum http1_role role, struct st_arena *arena, struct st_span lines,
                                    size_t max_fields, struct http_head **out, struct st_err *err);
/* Field lines up to the empty line, as in a head; for trailers. */
ST_MUST enum st_rc http1_parse_fields(struct st_arena *arena, struct st_span lines, size_t max_fields,
                                      struct http_field **out, size_t *n, struct st_err *err);
#endif
