/* SPDX-License-Identifier: Apache-2.0 */
/* own_csv - see own_csv.h. What RFC 4180 leaves open is refused where two programs would read two things (text behind a
 * closing quote, a quote that never closes), and taken as it is elsewhere (a quote inside an unquoted field).
 */
#include "filters/own_csv.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NONE (-1)

void csv_init(struct csv *csv, int fd, const char *name, uint8_t separator, struct st_diag *diag)
{
    memset(csv, 0, sizeof *csv);
    csv->fd = fd;
    csv->name = name;
    csv->separator = separator;
    csv->diag = diag;
    csv->line = csv->col = 1;
    st_buf_init(&csv->text, CSV_RECORD_MAX);
}

void csv_fini(struct csv *csv)
{
    st_buf_fini(&csv->text);
    explicit_bzero(csv->buf, sizeof csv->buf); /* the source is seen by nobody afterwards */
}

static enum st_rc wrong(struct csv *csv, unsigned line, unsigned col, const char *what, struct st_err *err)
{
    (void)st_diag_add(csv->diag, csv->name, line, col, "%s", what);
    return st_fail(err, ST_E_CONFIG, "own.csv", "the file cannot be read as CSV", line);
}

/* The record did not fit, or the memory is out. */
static enum st_rc too_long(struct csv *csv, const struct csv_field *f, struct st_err *err)
{
    if (csv->text.failed == ST_E_NOMEM)
        return st_buf_done(&csv->text, err, "own.csv");
    return wrong(csv, f->line, f->col, "a record has at most 1 MiB; is a quote missing?", err);
}

/* Fills the empty buffer; ST_AGAIN at the end. */
static enum st_rc fill(struct csv *csv, struct st_err *err)
{
    ssize_t n;

    do
        n = read(csv->fd, csv->buf, sizeof csv->buf);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        (void)st_diag_add(csv->diag, csv->name, 0, 0, "cannot be read: %s", strerror(errno));
        return st_fail(err, ST_E_IO, "own.csv", "the file cannot be read", errno);
    }
    csv->at = 0;
    csv->end = (size_t)n;
    return n == 0 ? ST_AGAIN : ST_OK;
}

/* The character that stands most often in the first line, outside of quotes. */
static uint8_t guess(struct st_span first)
{
    static const char list[] = ",;\t|";
    size_t counts[sizeof list - 1] = { 0 }, best = 0;
    bool in_quotes = false;

    for (size_t i = 0; i < first.n && (in_quotes || first.p[i] != '\n'); i++) {
        const char *at = first.p[i] == '\0' ? NULL : strchr(list, first.p[i]);

        in_quotes ^= first.p[i] == '"';
        if (at != NULL && !in_quotes)
            counts[at - list]++;
    }
    for (size_t i = 1; i < sizeof list - 1; i++)
        best = counts[i] > counts[best] ? i : best;
    return (uint8_t)list[best];
}

static enum st_rc start(struct csv *csv, struct st_err *err)
{
    enum st_rc rc = fill(csv, err);
    struct st_span first = st_span(csv->buf, csv->end);

    csv->is_started = true;
    if (rc == ST_AGAIN)
        return wrong(csv, 1, 1, "expected a line with the names of the columns, the file is empty", err);
    if (rc != ST_OK)
        return rc;
    if (st_span_starts(first, ST_SPAN("\xFF\xFE")) || st_span_starts(first, ST_SPAN("\xFE\xFF")))
        return wrong(csv, 1, 1, "this is UTF-16; save it as UTF-8", err);
    if (st_span_starts(first, ST_SPAN("\xEF\xBB\xBF")))
        csv->at = 3;
    if (csv->separator == 0)
        csv->separator = guess(first);
    return ST_OK;
}

/* The next byte without taking it; NONE at the end, or when *rc is an error. */
static int peek(struct csv *csv, enum st_rc *rc, struct st_err *err)
{
    if (csv->at == csv->end && (*rc = fill(csv, err)) != ST_OK) {
        csv->at = csv->end = 0;
        if (*rc == ST_AGAIN)
            *rc = ST_OK;
        return NONE;
    }
    return csv->buf[csv->at];
}

static void skip(struct csv *csv)
{
    csv->col++;
    if (csv->buf[csv->at++] == '\n') {
        csv->line++;
        csv->col = 1;
    }
}

/* A quoted field, from its opening quote on. */
static enum st_rc quoted(struct csv *csv, const struct csv_field *f, struct st_err *err)
{
    enum st_rc rc = ST_OK;
    bool is_open = true;
    int c = NONE;

    skip(csv);
    while (is_open && csv->text.failed == ST_E_NONE && (c = peek(csv, &rc, err)) != NONE) {
        skip(csv);
        if (c != '"') {
            st_buf_byte(&csv->text, (uint8_t)c);
            continue;
        }
        c = peek(csv, &rc, err);
        is_open = c == '"';
        if (!is_open)
            break;
        skip(csv);
        st_buf_byte(&csv->text, '"');
    }
    if (rc != ST_OK)
        return rc;
    if (csv->text.failed != ST_E_NONE)
        return too_long(csv, f, err);
    if (is_open)
        return wrong(csv, f->line, f->col, "expected a closing quote to this one", err);
    if (c != NONE && c != csv->separator && c != '\n' && c != '\r')
        return wrong(csv, csv->line, csv->col, "expected a separator or a line end behind the closing quote", err);
    return ST_OK;
}

/* One field; *last: its line ends, or the file. */
static enum st_rc take_field(struct csv *csv, bool *last, struct st_err *err)
{
    struct csv_field *f = &csv->fields[csv->n];
    enum st_rc rc = ST_OK;
    int c = peek(csv, &rc, err);

    *f = (struct csv_field){ (uint32_t)csv->text.n, 0, csv->line, csv->col };
    if (c == '"' && (rc = quoted(csv, f, err)) != ST_OK)
        return rc;
    while (rc == ST_OK && (c = peek(csv, &rc, err)) != NONE && c != csv->separator && c != '\n') {
        skip(csv);
        if (c != '\r' || peek(csv, &rc, err) != '\n')
            st_buf_byte(&csv->text, (uint8_t)c);
    }
    if (rc != ST_OK)
        return rc;
    if (csv->text.failed != ST_E_NONE)
        return too_long(csv, f, err);
    f->n = (uint32_t)csv->text.n - f->at;
    *last = c != csv->separator;
    if (c != NONE)
        skip(csv);
    csv->n++;
    return ST_OK;
}

enum st_rc csv_next(struct csv *csv, struct st_err *err)
{
    enum st_rc rc = csv->is_started ? ST_OK : start(csv, err);
    bool last = false;

    do {
        st_buf_reset(&csv->text);
        csv->n = 0;
        if (rc == ST_OK && peek(csv, &rc, err) == NONE)
            return rc == ST_OK ? ST_AGAIN : rc;
        for (last = false; rc == ST_OK && !last;) {
            if (csv->n == CSV_FIELDS_MAX)
                return wrong(csv, csv->line, csv->col, "a record has at most 1024 fields", err);
            rc = take_field(csv, &last, err);
        }
    } while (rc == ST_OK && csv->n == 1 && csv->fields[0].n == 0);
    return rc;
}

struct st_span csv_field(const struct csv *csv, size_t i)
{
    return i < csv->n ? st_span_sub(st_buf_view(&csv->text), csv->fields[i].at, csv->fields[i].n) : ST_SPAN_NONE;
}
