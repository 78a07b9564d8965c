/* SPDX-License-Identifier: Apache-2.0 */
/* differences - the same bytes through two parsers, message by message.
 *
 * What llhttp reads is told in the shape of told.h. A difference has a class: who refuses, and the reason that parser
 * gives; or, when both accept, the part they read otherwise, which is what request smuggling is made of. The comparison
 * ends where llhttp ends: after a message with which the connection closes or becomes another protocol. Stoa's codec
 * leaves both to its caller.
 */
#include "tests/fuzz/differences.h"
#include "gateway/target.h"
#include <llhttp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct http1_limits LIMITS = { 65536, 24 }; /* few fields, so that an example of too many can be read */
const unsigned differences_llhttp_major = LLHTTP_VERSION_MAJOR;

/* ---- llhttp's reading ------------------------------------------------------------------------------------------- */

struct reader {
    struct told *told;
    struct told_message next; /* its head is being read */
    bool has_next, is_to_head;
    size_t value_at; /* where the current field's value begins */
};

static struct reader *reader_of(llhttp_t *parser)
{
    return parser->data;
}

/* The message under way: with its head, or after it. */
static struct told_message *current(llhttp_t *parser)
{
    struct reader *r = reader_of(parser);

    return r->has_next ? &r->next : &r->told->items[r->told->n - 1];
}

static struct st_buf *current_fields(llhttp_t *parser)
{
    return reader_of(parser)->has_next ? &current(parser)->fields : &current(parser)->trailers;
}

static int on_begin(llhttp_t *parser)
{
    struct reader *r = reader_of(parser);

    if (r->told->n == TOLD_MAX) {
        r->told->end = TOLD_STOPPED;
        return -1;
    }
    told_begin(&r->next);
    r->has_next = true;
    return 0;
}

static int on_start(llhttp_t *parser, const char *at, size_t n)
{
    st_buf_put(&current(parser)->start, at, n);
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t n)
{
    st_buf_put(current_fields(parser), at, n);
    return 0;
}

static int on_field_complete(llhttp_t *parser)
{
    st_buf_str(current_fields(parser), ": ");
    reader_of(parser)->value_at = current_fields(parser)->n;
    return 0;
}

/* White space around a value is not part of it (RFC 9110 §5.5); llhttp leaves what is behind to its caller. */
static int on_value_complete(llhttp_t *parser)
{
    struct st_buf *fields = current_fields(parser);

    while (fields->n > reader_of(parser)->value_at &&
           (fields->p[fields->n - 1] == ' ' || fields->p[fields->n - 1] == '\t'))
        fields->n--;
    st_buf_byte(fields, '\n');
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct reader *r = reader_of(parser);
    struct told_message *message = &r->told->items[r->told->n];
    struct st_buf start;

    st_buf_init(&start, 1u << 20);
    if (parser->type == HTTP_REQUEST)
        st_buf_fmt(&start, "%s ", llhttp_method_name(parser->method));
    else
        st_buf_fmt(&start, "%u ", (unsigned)parser->status_code);
    st_buf_span(&start, st_buf_view(&r->next.start));
    st_buf_fini(&r->next.start);
    r->next.start = start;
    r->next.status = parser->type == HTTP_REQUEST ? 0 : parser->status_code;
    r->next.minor = parser->http_minor;
    *message = r->next;
    r->has_next = false;
    r->told->n++;
    return r->is_to_head ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    st_buf_put(&current(parser)->body, at, n);
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    struct reader *r = reader_of(parser);

    current(parser)->is_whole = true;
    if (parser->upgrade || !llhttp_should_keep_alive(parser)) {
        r->told->end = TOLD_STOPPED;
        return -1;
    }
    return 0;
}

static void read_theirs(struct told *told, enum told_kind kind, struct st_span in)
{
    struct reader reader = { .told = told, .is_to_head = kind == TOLD_RESPONSE_TO_HEAD };
    llhttp_settings_t settings;
    llhttp_errno_t rc;
    llhttp_t parser;

    *told = (struct told){ .n = 0 };
    llhttp_settings_init(&settings);
    settings.on_message_begin = on_begin;
    settings.on_url = settings.on_status = on_start;
    settings.on_header_field = settings.on_header_value = on_field;
    settings.on_header_field_complete = on_field_complete;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    llhttp_init(&parser, kind == TOLD_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = &reader;
    rc = llhttp_execute(&parser, (const char *)in.p, in.n);
    if (rc == HPE_OK)
        (void)llhttp_finish(&parser); /* an end inside a message is no error of its bytes */
    if (rc == HPE_PAUSED_UPGRADE)
        told->end = TOLD_STOPPED;
    if (rc != HPE_OK && told->end == TOLD_OPEN) {
        told->end = TOLD_BROKEN;
        told->reason = llhttp_errno_name(rc);
    }
    if (reader.has_next)
        told_end_message(&reader.next);
}

/* ---- the comparison --------------------------------------------------------------------------------------------- */

#define AGREED ((struct difference){ NULL, NULL })

static struct difference read_otherwise(const char *part)
{
    return (struct difference){ "both", part };
}

static struct difference compare_heads(const struct told_message *ours, const struct told_message *theirs)
{
    if (!told_eq(&ours->start, &theirs->start))
        return read_otherwise("start line");
    if (ours->minor != theirs->minor)
        return read_otherwise("version");
    return told_eq(&ours->fields, &theirs->fields) ? AGREED : read_otherwise("fields");
}

/* Answers that have no body whatever their fields say (RFC 9112 §6.3): the one thing llhttp reads a body after. */
static bool never_has_a_body(const struct told_message *message)
{
    return message->status > 0 && (message->status < 200 || message->status == 204 || message->status == 304);
}

#define BODY_AFTER_ALL "body of a 1xx, 204 or 304"

static struct difference compare_bodies(const struct told_message *ours, const struct told_message *theirs)
{
    if (!told_eq(&ours->body, &theirs->body))
        return read_otherwise(never_has_a_body(ours) ? BODY_AFTER_ALL : "body");
    if (told_eq(&ours->trailers, &theirs->trailers))
        return AGREED;
    return read_otherwise(never_has_a_body(ours) ? BODY_AFTER_ALL : "trailers");
}

/* One of them has (whole: all of) a message that the other one has not. */
static struct difference explain(const struct told *without, bool is_ours)
{
    switch (without->end) {
    case TOLD_STOPPED: return AGREED;
    case TOLD_BROKEN: return (struct difference){ is_ours ? "Stoa" : "llhttp", without->reason };
    case TOLD_OPEN: break;
    }
    return read_otherwise("length");
}

static struct difference compare_one(const struct told *ours, const struct told *theirs, size_t i)
{
    const struct told_message *o = &ours->items[i], *t = &theirs->items[i];
    struct difference found = compare_heads(o, t);

    if (found.who != NULL)
        return found;
    if (o->is_whole && t->is_whole)
        return compare_bodies(o, t);
    if (never_has_a_body(o))
        return read_otherwise(BODY_AFTER_ALL);
    if (o->is_whole != t->is_whole)
        return explain(o->is_whole ? theirs : ours, !o->is_whole);
    if (ours->end == TOLD_BROKEN && theirs->end == TOLD_OPEN)
        return explain(ours, true);
    return ours->end == TOLD_OPEN && theirs->end == TOLD_BROKEN ? explain(theirs, false) : AGREED;
}

static struct difference compare(const struct told *ours, const struct told *theirs)
{
    for (size_t i = 0; i < TOLD_MAX; i++) {
        struct difference found;

        if (i >= ours->n && i >= theirs->n) /* who still waits for the end of a head may refuse it yet */
            return ours->end == TOLD_BROKEN && theirs->end == TOLD_OPEN ? explain(ours, true) : AGREED;
        if (i >= ours->n || i >= theirs->n)
            return explain(i < ours->n ? theirs : ours, i >= ours->n);
        found = compare_one(ours, theirs, i);
        if (found.who != NULL || !ours->items[i].is_whole || !theirs->items[i].is_whole)
            return found;
    }
    return AGREED;
}

/* The gateway takes the forms of a target that it can go to; the codec leaves that to gateway/target.c. */
static bool has_known_target(const struct told_message *message)
{
    struct st_span rest = st_buf_view(&message->start), method;
    struct target target;
    struct st_err err;

    if (message->status > 0 || !st_span_next(&rest, ' ', &method))
        return true;
    if (st_span_eq(method, ST_SPAN("CONNECT")))
        return target_authority(rest, &target, &err) == ST_OK;
    return st_span_starts(rest, ST_SPAN("/")) || st_span_eq(rest, ST_SPAN("*")) ||
           target_absolute(rest, &target, &err) == ST_OK;
}

static void refuse_unknown_targets(struct told *ours)
{
    for (size_t i = 0; i < ours->n; i++) {
        if (has_known_target(&ours->items[i]))
            continue;
        ours->end = TOLD_BROKEN;
        ours->reason = "target of no known form";
        while (ours->n > i)
            told_end_message(&ours->items[--ours->n]);
    }
}

static size_t whole_messages(const struct told *told)
{
    return told->n - (told->n > 0 && !told->items[told->n - 1].is_whole);
}

/* Would the message that llhttp refuses be refused by Stoa too, had the lines it waits for an end? It reads lines
 * whole, llhttp byte by byte. */
static bool refuses_soon(enum told_kind kind, struct st_span in, const struct told *theirs)
{
    struct st_buf longer;
    struct told ours;
    bool is_refused;

    st_buf_init(&longer, in.n + 16);
    st_buf_span(&longer, in);
    st_buf_str(&longer, "\r\n\r\n");
    told_read(&ours, kind, &LIMITS, st_buf_view(&longer), longer.n);
    is_refused = ours.end == TOLD_BROKEN && whole_messages(&ours) <= whole_messages(theirs);
    told_fini(&ours);
    st_buf_fini(&longer);
    return is_refused;
}

struct difference differences_of(struct st_span input)
{
    static const enum told_kind KINDS[] = { TOLD_REQUEST, TOLD_RESPONSE, TOLD_RESPONSE_TO_HEAD, TOLD_REQUEST };
    struct st_span in = st_span_sub(input, 1, input.n);
    struct told ours, theirs;
    struct difference found;
    enum told_kind kind;

    if (input.n < 2)
        return AGREED;
    kind = KINDS[input.p[0] & 3];
    told_read(&ours, kind, &LIMITS, in, in.n);
    refuse_unknown_targets(&ours);
    read_theirs(&theirs, kind, in);
    found = compare(&ours, &theirs);
    if (found.who != NULL && ours.end == TOLD_OPEN && theirs.end == TOLD_BROKEN && refuses_soon(kind, in, &theirs))
        found = AGREED;
    told_fini(&ours);
    told_fini(&theirs);
    return found;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* `\r`, `\n`, `\xNN` and plain bytes. */
static size_t unescape(struct st_span text, uint8_t *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n < max; i++) {
        uint8_t c = text.p[i];

        if (c == '\\' && i + 1 < text.n) {
            c = text.p[++i];
            if (c == 'r' || c == 'n') {
                c = c == 'r' ? '\r' : '\n';
            } else {
                told_must(c == 'x' && i + 2 < text.n && st_hex_digit(text.p[i + 1]) >= 0 &&
                              st_hex_digit(text.p[i + 2]) >= 0,
                          "an example escapes with \\r, \\n and \\xNN only");
                c = (uint8_t)(st_hex_digit(text.p[i + 1]) * 16 + st_hex_digit(text.p[i + 2]));
                i += 2;
            }
        }
        out[n++] = c;
    }
    return n;
}

static void copy_text(char *to, size_t size, struct st_span text)
{
    told_must(text.n > 0 && text.n < size, "a row's columns are neither empty nor too long");
    memcpy(to, text.p, text.n);
    to[text.n] = '\0';
}

/* `| who | reason | `example` | why |` */
static void take_row(struct difference_table *table, struct st_span line)
{
    struct st_span parts[6], rest = line;
    struct difference_row *row = &table->rows[table->n];
    size_t n = 0;

    while (n < ST_LEN(parts) && st_span_next(&rest, '|', &parts[n]))
        parts[n] = st_span_trim(parts[n]), n++;
    if (n < 5 || (!st_span_eq(parts[1], ST_SPAN("Stoa")) && !st_span_eq(parts[1], ST_SPAN("llhttp")) &&
                  !st_span_eq(parts[1], ST_SPAN("both"))))
        return;
    told_must(table->n < DIFFERENCES_MAX, "the table has room");
    told_must(parts[3].n > 2 && parts[3].p[0] == '`' && parts[4].n > 0, "a row has an example and a why");
    copy_text(row->who, sizeof row->who, parts[1]);
    copy_text(row->reason, sizeof row->reason, parts[2]);
    row->n = unescape(st_span_sub(parts[3], 1, parts[3].n - 2), row->example, sizeof row->example);
    table->n++;
}

void differences_load(struct difference_table *table, const char *path)
{
    static char text[1u << 17];
    FILE *file = fopen(path, "r");
    struct st_span rest, line;
    size_t n;

    told_must(file != NULL, "docs/why/http1-differences.md is there");
    n = fread(text, 1, sizeof text, file);
    fclose(file);
    told_must(n < sizeof text, "the table is small");
    table->n = 0;
    rest = st_span(text, n);
    while (st_span_next(&rest, '\n', &line))
        take_row(table, line);
    told_must(table->n > 0, "the table has rows");
}

struct difference_row *differences_find(struct difference_table *table, const struct difference *difference)
{
    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(table->rows[i].who, difference->who) == 0 && strcmp(table->rows[i].reason, difference->reason) == 0)
            return &table->rows[i];
    }
    return NULL;
}
