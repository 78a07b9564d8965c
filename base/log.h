/* SPDX-License-Identifier: Apache-2.0 */
/* log - one JSON object per line on stderr, from a fixed list of events.
 *
 * The list is base/events.def; an event that is not in it cannot be logged. Field values are numbers, string literals,
 * ids and errors: there is no constructor that takes a span or a char * from elsewhere (DESIGN §6.3).
 */
#ifndef STOA_BASE_LOG_H
#define STOA_BASE_LOG_H
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum st_event {
#define EVENT(id, level, help) ST_EV_##id,
#include "base/events.def"
#undef EVENT
    ST_EV_COUNT
};

/* A rule id, plugin name, platform id, pseudonym or enum name: [A-Za-z0-9._:-], at most 63 bytes; anything else becomes
 * "?" as a whole, so that a stray byte from the wire cannot pass as an id. */
struct st_id {
    char s[64];
};
struct st_id st_id(const char *s);

enum st_field_kind { ST_FIELD_END = 0, ST_FIELD_NUM, ST_FIELD_LIT, ST_FIELD_ID, ST_FIELD_ERR };
struct st_field {
    enum st_field_kind kind;
    const char *key; /* literal */
    union {
        int64_t num;
        const char *lit; /* literal */
        struct st_id id;
        const struct st_err *err;
    } v;
};
#define ST_NUM(key, value)   ((struct st_field){ ST_FIELD_NUM, "" key, { .num = (int64_t)(value) } })
#define ST_LIT(key, literal) ((struct st_field){ ST_FIELD_LIT, "" key, { .lit = "" literal } })
#define ST_ID(key, value)    ((struct st_field){ ST_FIELD_ID, "" key, { .id = (value) } })
#define ST_ERRF(value)       ((struct st_field){ ST_FIELD_ERR, "err", { .err = (value) } })

/* ST_LOG(WORKER_START, ST_NUM("worker", 1)); at least one field. */
#define ST_LOG(event, ...) st_log(ST_EV_##event, (const struct st_field[]){ __VA_ARGS__, { .kind = ST_FIELD_END } })
void st_log(enum st_event event, const struct st_field *fields);
/* Said once at the start of a process; appears in every line. process is a literal: "worker". */
void st_log_process(const char *process, int number);
/* For tests: called instead of writing; NULL restores stderr. line is one JSON object without newline. */
typedef void st_log_sink_f(void *ctx, enum st_event event, const char *line);
void st_log_sink(st_log_sink_f *fn, void *ctx);
const char *st_event_name(enum st_event event); /* "worker.start" */
#endif
