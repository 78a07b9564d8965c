/* SPDX-License-Identifier: Apache-2.0 */
/* notices - short texts from one exchange to another one that may be with another worker, in memory that all share.
 *
 * Polls: what a client of a long poll is to be told with its next poll. Uploads: which addresses a platform named for
 * bytes that are yet to come (transfer.h).
 *
 * A blocked message comes in one request, and the client is told in the answer to another, which may be with another
 * worker process. A notice is in the table before the request goes on without its message, so whatever the origin
 * answers because of that finds it, in any worker. It holds the gateway's sentence and what ties it to its question
 * (the number of an ack, the id and address of a stanza), never what was typed; a session is known by a digest.
 */
#ifndef STOA_GATEWAY_NOTICES_H
#define STOA_GATEWAY_NOTICES_H
#include "base/buf.h"
#include "base/hash.h"

#define NOTICES_MAX      128u    /* waiting at once */
#define NOTICES_TEXT_MAX 8192u   /* bytes of one */
#define NOTICES_LIFE_MS  120000u /* nobody waits for it any longer */

/* name of the memory, how many at once, bytes of one, how long */
#define NOTICES_USES(X)                                                      \
    X(POLLS, "stoa-notices", NOTICES_MAX, NOTICES_TEXT_MAX, NOTICES_LIFE_MS) \
    X(UPLOADS, "stoa-uploads", 1024u, 512u, 900000u)
enum notices_use {
#define X(id, name, count, text, life) NOTICES_##id,
    NOTICES_USES(X)
#undef X
        NOTICES_USES_END
};

struct notices_key {
    uint8_t digest[ST_SHA256_LEN];
};
ST_MUST enum st_rc notices_key(struct st_span host, struct st_span session, struct st_span person,
                               struct notices_key *out, struct st_err *err);

/* The supervisor's side: a new, empty table; the descriptor is the caller's, close-on-exec. */
ST_MUST enum st_rc notices_create(enum notices_use use, int *fd, struct st_err *err);

/* A worker's side. Owns fd when it answers ST_OK. */
struct notices;
ST_MUST enum st_rc notices_open(enum notices_use use, int fd, struct notices **out, struct st_err *err);
void notices_close(struct notices *notices); /* NULL is fine */
/* ST_E_LIMIT: the table is full, or the text too long. */
ST_MUST enum st_rc notices_put(struct notices *notices, const struct notices_key *key, struct st_span text,
                               struct st_err *err);
bool notices_has(struct notices *notices, const struct notices_key *key);
bool notices_are_none(const struct notices *notices); /* there never was one: cheaper than to ask for it */
/* Moves the newest one out, behind what is in *text; false: there is none. Nobody else gets it. */
bool notices_take(struct notices *notices, const struct notices_key *key, struct st_buf *text);
/* The newest one, which stays; false: there is none, and *text is empty. */
bool notices_read(struct notices *notices, const struct notices_key *key, struct st_buf *text);
#endif
