/* SPDX-License-Identifier: Apache-2.0 */
/* polls - what clients of long polls are still to be told: a refusal waits for the next answer of its session.
 *
 * A message that is refused inside a long poll is not answered by an error, which would end the session and tell the
 * person nothing: the origin gets an idle message in its place, and the client finds the refusal in the next answer to
 * a poll. A worker has one box of them: at most 64, each of 4 KiB, for one minute; the oldest makes room.
 */
#ifndef STOA_GATEWAY_POLLS_H
#define STOA_GATEWAY_POLLS_H
#include "base/err.h"
#include "base/span.h"

struct polls;
struct polls *polls_new(void); /* NULL: no memory */
void polls_free(struct polls *polls);
/* Copies all three; ST_E_LIMIT: one is too long. */
ST_MUST enum st_rc polls_add(struct polls *polls, struct st_span host, struct st_span session, struct st_span text,
                             struct st_err *err);
/* The oldest of a session; empty: none. Borrowed until the next call. */
struct st_span polls_peek(const struct polls *polls, struct st_span host, struct st_span session);
void polls_drop(struct polls *polls, struct st_span host, struct st_span session); /* that one was told */
#endif
