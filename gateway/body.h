/* SPDX-License-Identifier: Apache-2.0 */
/* body - a request body that is held until the verdict: in memory at first, sealed on disk beyond. */
#ifndef STOA_GATEWAY_BODY_H
#define STOA_GATEWAY_BODY_H
#include "base/buf.h"

struct budget;
struct body_limits {
    size_t memory;        /* held in memory; beyond it the body is spooled */
    uint64_t max;         /* held at all */
    const char *dir;      /* for the spool; made when missing */
    uint64_t length;      /* announced; 0: unknown */
    struct budget *spool; /* of all spool files of this process; borrowed; NULL: no ceiling */
};
struct pol_config;
/* As configured; when memory is tight a body goes to the spool file sooner. */
struct body_limits body_limits_now(const struct pol_config *config, const struct budget *budget, struct budget *spool,
                                   const char *dir);
struct body;
ST_MUST struct body *body_new(const struct body_limits *limits); /* limits are copied, dir is borrowed */
void body_free(struct body *body);                               /* wipes; NULL is fine */
ST_MUST enum st_rc body_add(struct body *body, struct st_span data,
                            struct st_err *err); /* ST_E_LIMIT: beyond max, or spool has no room */
/* No more comes. Afterwards it can be read. */
ST_MUST enum st_rc body_seal(struct body *body, struct st_err *err);
uint64_t body_size(const struct body *body);
bool body_is_full(const struct body *body, size_t n); /* so many bytes more do not fit into memory */
bool body_is_spooled(const struct body *body);
size_t body_memory(const struct body *body); /* bytes it takes up now */
/* The whole of it at once. In memory: borrowed from body; spooled: read back into *whole, which the caller wipes. */
ST_MUST enum st_rc body_whole(struct body *body, struct st_buf *whole, struct st_span *out, struct st_err *err);
/* A stretch from `from` on, at most 64 KiB; empty at the end. Dies at the next call. */
ST_MUST enum st_rc body_read(struct body *body, uint64_t from, struct st_span *out, struct st_err *err);
#endif
