/* SPDX-License-Identifier: Apache-2.0 */
/* log - one JSON object per event, one write(2) per line, no allocation.
 *
 *   {"ts":"2026-11-24T06:35:31.123Z","level":"notice","event":"start","process":"worker","n":1, fields...}
 *
 * A line is shorter than PIPE_BUF, so lines of several processes on one pipe do not mix. A field that does not fit is
 * left out whole and the line says "cut":true; it is valid JSON in every case. A line that cannot be written is lost: a
 * full pipe must not stop the data path.
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048u
#define LINE_TAIL      16u /* room kept for ,"cut":true}\n */

struct line {
    char s[LINE_MAX_BYTES];
    size_t n;
    bool full;
};

enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_NOTICE, LEVEL_WARN, LEVEL_ERROR };
static const char *const level_names[] = { "debug", "info", "notice", "warn", "error" };
static const struct {
    const char *id;
    enum level level;
} events[] = {
#define EVENT(id, level, help) { #id, LEVEL_##level },
#include "base/events.def"
#undef EVENT
};

static const char *process_name = NULL;
static int process_number = 0;
static st_log_sink_f *sink = NULL;
static void *sink_ctx = NULL;

struct st_id st_id(const char *s)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    struct st_id id = { "?" };
    size_t n = s == NULL ? 0 : strnlen(s, sizeof id.s);

    if (n > 0 && n < sizeof id.s && strspn(s, allowed) == n)
        memcpy(id.s, s, n + 1);
    return id;
}

const char *st_event_name(enum st_event event)
{
    static char names[ST_EV_COUNT][40];
    const char *id;
    char *name;

    if ((unsigned)event >= ST_EV_COUNT)
        return "?";
    name = names[event];
    id = events[event].id;
    assert(strlen(id) < sizeof names[0]);
    for (size_t i = 0; id[i] != '\0'; i++) /* idempotent: filled on every call, no "once" to get wrong */
        name[i] = (char)(id[i] == '_' ? '.' : id[i] | 0x20);
    return name;
}

static void put(struct line *line, const char *s, size_t n)
{
    if (line->full || n > sizeof line->s - LINE_TAIL - line->n) {
        line->full = true;
        return;
    }
    memcpy(line->s + line->n, s, n);
    line->n += n;
}

static void put_lit(struct line *line, const char *s)
{
    put(line, s, strlen(s));
}

static void put_num(struct line *line, int64_t num)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRId64, num);

    put(line, digits, (size_t)n);
}

/* Literals are the program's own ASCII; quotes and backslashes are all that can occur in them. */
static void put_quoted(struct line *line, const char *s)
{
    put(line, "\"", 1);
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            put(line, "\\", 1);
        put(line, (unsigned char)*s < 0x20 ? " " : s, 1);
    }
    put(line, "\"", 1);
}

static void put_key(struct line *line, const char *key)
{
    put_lit(line, line->n > 0 && line->s[line->n - 1] == '{' ? "" : ",");
    put_quoted(line, key);
    put(line, ":", 1);
}

static void put_err(struct line *line, const struct st_err *err)
{
    const char *name = NULL;

    put(line, "{", 1);
    put_key(line, "code");
    put_quoted(line, st_e_name(err->code));
    put_key(line, "where");
    put_quoted(line, err->where == NULL ? "" : err->where);
    put_key(line, "what");
    put_quoted(line, err->what == NULL ? "" : err->what);
    put_key(line, "num");
    put_num(line, err->num);
    if (err->code == ST_E_IO && err->num > 0 && err->num < 4096)
        name = strerrorname_np((int)err->num);
    if (name != NULL) {
        put_key(line, "errno");
        put_quoted(line, name);
    }
    put(line, "}", 1);
}

static void put_field(struct line *line, const struct st_field *f)
{
    size_t before = line->n;

    if (line->full)
        return;
    put_key(line, f->key);
    switch (f->kind) {
    case ST_FIELD_NUM: put_num(line, f->v.num); break;
    case ST_FIELD_LIT: put_quoted(line, f->v.lit); break;
    case ST_FIELD_ID: put_quoted(line, f->v.id.s); break;
    case ST_FIELD_ERR: put_err(line, f->v.err); break;
    case ST_FIELD_END: break;
    }
    if (line->full)
        line->n = before;
}

void st_log(enum st_event event, const struct st_field *fields)
{
    struct line line = { .n = 0, .full = false };
    char ts[32];
    ssize_t n;

    assert((unsigned)event < ST_EV_COUNT);
    if (events[event].level == LEVEL_DEBUG && sink == NULL)
        return;
    st_clock_rfc3339(st_clock_wall_ms(), ts, sizeof ts);
    put(&line, "{", 1);
    put_field(&line, &(struct st_field){ ST_FIELD_LIT, "ts", { .lit = ts } });
    put_field(&line, &(struct st_field){ ST_FIELD_LIT, "level", { .lit = level_names[events[event].level] } });
    put_field(&line, &(struct st_field){ ST_FIELD_LIT, "event", { .lit = st_event_name(event) } });
    if (process_name != NULL) {
        put_field(&line, &(struct st_field){ ST_FIELD_LIT, "process", { .lit = process_name } });
        put_field(&line, &(struct st_field){ ST_FIELD_NUM, "n", { .num = process_number } });
    }
    for (; fields->kind != ST_FIELD_END; fields++)
        put_field(&line, fields);
    n = snprintf(line.s + line.n, LINE_TAIL, "%s}", line.full ? ",\"cut\":true" : "");
    line.n += (size_t)n;
    if (sink != NULL) {
        sink(sink_ctx, event, line.s);
        return;
    }
    line.s[line.n++] = '\n';
    do
        n = write(STDERR_FILENO, line.s, line.n);
    while (n < 0 && errno == EINTR);
}

void st_log_process(const char *process, int number)
{
    process_name = process;
    process_number = number;
}

void st_log_sink(st_log_sink_f *fn, void *ctx)
{
    sink = fn;
    sink_ctx = ctx;
}
