/* SPDX-License-Identifier: Apache-2.0 */
/* journal - records of one process in shared memory, which outlives the process.
 *
 * The supervisor makes a journal for each child that writes records and keeps the descriptor. A record is in it before
 * the person gets the answer it is about; when the child is killed, the supervisor hands the journal to the recorder,
 * which appends everything in it once more (entry ids make that harmless). Unix sockets hold ten packets, this holds
 * as much as the outbox.
 *
 * Two halves, of which one is in force: a record is written behind the last and then published by moving `used`; a full
 * half is rewritten into the other one, which comes into force in one store. So a kill at any instruction leaves whole
 * records only.
 */
#ifndef STOA_GATEWAY_JOURNAL_H
#define STOA_GATEWAY_JOURNAL_H
#include "base/err.h"
#include "base/span.h"
#include <stdbool.h>

#define JOURNAL_BYTES ((size_t)8 << 20) /* of one half */

/* The supervisor's side: a new, empty journal; the descriptor is the caller's, close-on-exec. */
ST_MUST enum st_rc journal_create(int *fd, struct st_err *err);
/* Calls fn for every record in it. The writer may have been anything, so nothing in it is believed: ST_E_INTEGRITY when
 * it is not a journal, and what is behind a bad length is not read. fd stays the caller's. */
typedef void journal_record_f(void *ctx, struct st_span record);
ST_MUST enum st_rc journal_read(int fd, journal_record_f *fn, void *ctx, struct st_err *err);

/* The writer's side. Owns fd when it answers ST_OK. */
struct journal;
ST_MUST enum st_rc journal_open(int fd, struct journal **out, struct st_err *err);
void journal_close(struct journal *journal); /* NULL is fine; what is in it stays for the supervisor */
/* ST_E_LIMIT when the half in force is full: rewrite what still waits and try again. */
ST_MUST enum st_rc journal_append(struct journal *journal, struct st_span record, struct st_err *err);
void journal_clear(struct journal *journal); /* nothing waits any more */
/* Between begin and end, appends go to the half not in force; end makes it the one in force. */
void journal_begin(struct journal *journal);
void journal_end(struct journal *journal);
#endif
