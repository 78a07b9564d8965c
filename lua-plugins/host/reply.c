/* SPDX-License-Identifier: Apache-2.0 */
/* reply - from a route to a refusal: the body of an HTTP answer, or one message inside a session that goes on.
 *
 * Both are templates of the adapter. {message} and {id} are ours; in a message to a socket any other pair of braces is
 * a source (value.h), so that an answer can carry the number its question had. Everything is escaped for where it
 * stands; {message|html} is a text that the platform's page puts into itself as HTML, so it is escaped for that first.
 * A template of which one part has no value is not used, and the next one of the list is tried. A client that is told
 * in a session must have been heard by nobody else: what goes on to the origin in the place of the message is made new
 * and holds none of its text.
 */
#include "base/json.h"
#include "value.h"
#include <string.h>

#define REPLY_MAX  (64u << 10)
#define SOURCE_MAX 64u

/* Writes a value in the way of the format. */
typedef void put_f(struct st_buf *b, struct st_span s);

struct filler {
    struct lp_reader *reader; /* NULL: there are no other slots than message and id */
    const char *message, *id;
    put_f *put;
};

/* XML and HTML: text and attribute values in double quotes. */
static void put_markup(struct st_buf *b, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\t')
            st_buf_byte(b, ' ');
        else
            st_buf_markup(b, st_span_sub(s, i, 1));
    }
}

static void put_unit(struct st_buf *b, unsigned unit)
{
    st_buf_fmt(b, "\\u%04x", unit);
}

/* JSON in ASCII: engine.io 1 encodes what is beyond it twice in polls and once in sockets. */
static void put_ascii(struct st_buf *b, struct st_span s)
{
    for (size_t at = 0, n; at < s.n; at += n) {
        uint32_t cp;

        n = st_span_utf8(st_span_sub(s, at, s.n - at));
        if (n <= 1) {
            st_json_escape(b, st_span_sub(s, at, 1));
            n = 1;
            continue;
        }
        cp = s.p[at] & (0x7Fu >> n);
        for (size_t i = 1; i < n; i++)
            cp = cp << 6 | (s.p[at + i] & 0x3F);
        if (cp >= 0x10000) {
            put_unit(b, 0xD800 + ((cp - 0x10000) >> 10));
            cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
        }
        put_unit(b, cp);
    }
}

/* JSON has braces too: a slot has no quotes, blanks or colons between them. */
static size_t slot_at(const char *shape, char name[SOURCE_MAX])
{
    size_t n = strcspn(shape + 1, "}\": ,{[");

    if (shape[0] != '{' || n == 0 || n >= SOURCE_MAX || shape[n + 1] != '}')
        return 0;
    memcpy(name, shape + 1, n);
    name[n] = '\0';
    return n + 2;
}

/* The message as text of a page, inside of what the format is. */
static void put_html(const struct filler *f, struct st_buf *b)
{
    struct st_buf html;

    st_buf_init(&html, REPLY_MAX);
    put_markup(&html, st_span_str(f->message));
    if (html.failed != ST_E_NONE && b->failed == ST_E_NONE)
        b->failed = html.failed;
    f->put(b, st_buf_view(&html));
    st_buf_fini(&html);
}

/* False when a slot has no value. */
static bool fill(const struct filler *f, struct st_buf *b, const char *shape)
{
    char name[SOURCE_MAX];

    while (*shape != '\0') {
        size_t n = slot_at(shape, name);
        const char *const sources[] = { name, NULL };
        struct st_span value;

        if (n > 0 && strcmp(name, "message|html") == 0) {
            put_html(f, b);
        } else if (n > 0 && (strcmp(name, "message") == 0 || strcmp(name, "id") == 0)) {
            f->put(b, st_span_str(name[0] == 'm' ? f->message : f->id));
        } else if (n > 0 && f->reader != NULL) {
            if ((value = lp_value_of(f->reader, sources)).n == 0)
                return false;
            f->put(b, value);
        } else {
            st_buf_byte(b, (uint8_t)*shape);
            n = 1;
        }
        shape += n;
    }
    return true;
}

/* Moves what a buffer holds into the arena. */
static enum st_rc settle(struct st_buf *b, struct st_arena *arena, struct st_span *out, struct st_err *err)
{
    enum st_rc rc = st_buf_done(b, err, "lua.template");
    void *copy = NULL;

    if (rc == ST_OK && (copy = st_arena_dup(arena, b->n > 0 ? (const void *)b->p : "", b->n)) == NULL)
        rc = st_arena_fail(arena, err, "lua.template");
    if (rc == ST_OK)
        *out = st_span(copy, b->n);
    return rc;
}

enum st_rc lp_deny(const struct lp_route *route, struct st_arena *arena, const char *message, const char *id,
                   struct lp_denial *out, struct st_err *err)
{
    struct st_span type = st_span_str(route->deny.content_type);
    struct filler f = { .message = message, .id = id };
    struct st_buf b;
    enum st_rc rc;

    f.put = st_span_find(type, ST_SPAN("json")) != ST_SPAN_NPOS ? st_json_escape
            : st_span_find(type, ST_SPAN("html")) != ST_SPAN_NPOS || st_span_find(type, ST_SPAN("xml")) != ST_SPAN_NPOS
                ? put_markup
                : st_buf_span;
    *out = (struct lp_denial){ .status = route->deny.status,
                               .content_type = route->deny.content_type,
                               .is_page = route->deny.is_page };
    if (out->is_page)
        return ST_OK;
    st_buf_init(&b, REPLY_MAX);
    (void)fill(&f, &b, route->deny.body);
    rc = settle(&b, arena, &out->body, err);
    st_buf_fini(&b);
    return rc;
}

/* The first template that can be filled. */
static enum st_rc fill_first(const struct filler *f, const char *const *shapes, struct st_span *out, struct st_err *err)
{
    struct st_buf b;
    enum st_rc rc = ST_OK;
    bool is_made = false;

    st_buf_init(&b, REPLY_MAX);
    for (; !is_made && shapes != NULL && *shapes != NULL; shapes++) {
        st_buf_reset(&b);
        is_made = fill(f, &b, *shapes);
    }
    if (f->reader->no_memory)
        rc = st_arena_fail(f->reader->arena, err, "lua.reply");
    else if (is_made)
        rc = settle(&b, f->reader->arena, out, err);
    st_buf_fini(&b);
    return rc;
}

/* Would anything that was found go on with the query, or with what a BOSH body is counted by? */
static bool is_found_outside(const struct flt_doc *doc, const struct flt_findings *findings)
{
    for (size_t i = 0; findings != NULL && i < findings->n; i++) {
        const struct flt_field *field = &doc->fields[findings->items[i].field];

        if (field->place == FLT_IN_QUERY || st_span_starts(field->path, ST_SPAN("@bosh")))
            return true;
    }
    return false;
}

/* A poll: the session goes on without the message, or the answer is lp_deny's. */
static enum st_rc go_on(const struct lp_exchange *exchange, const struct flt_findings *findings, struct st_arena *arena,
                        struct lp_reply *out, struct st_err *err)
{
    const struct flt_input in = { .query = exchange->req->query,
                                  .content_type = exchange->req->content_type,
                                  .wire = exchange->doc->wire };
    struct flt_idle idle = { ST_SPAN_NONE, ST_SPAN_NONE };

    if (out->how != LP_REPLY_CLOSE && !is_found_outside(exchange->doc, findings) &&
        flt_wire_idle(arena, &in, exchange->doc, &idle, err) != ST_OK)
        return ST_ERR;
    out->instead = idle.body;
    out->session = idle.session;
    if (idle.body.n == 0)
        *out = (struct lp_reply){ .how = LP_REPLY_CLOSE };
    return ST_OK;
}

/* A socket whose ends count: the origin gets a question, in which nothing but the id is filled in. */
static enum st_rc ask(const struct lp_route *route, const struct filler *f, struct st_arena *arena,
                      struct lp_reply *out, struct st_err *err)
{
    const struct filler own = { .message = "", .id = f->id, .put = f->put };
    struct st_buf b;
    enum st_rc rc;

    if (route->deny.ask == NULL || out->how == LP_REPLY_CLOSE)
        return ST_OK;
    st_buf_init(&b, REPLY_MAX);
    (void)fill(&own, &b, route->deny.ask);
    rc = settle(&b, arena, &out->instead, err);
    st_buf_fini(&b);
    return rc;
}

enum st_rc lp_reply(const struct lp_route *route, const struct lp_exchange *exchange, const struct lp_refusal *refusal,
                    struct st_arena *arena, struct lp_reply *out, struct st_err *err)
{
    struct lp_reader reader = { .route = route, .req = exchange->req, .doc = exchange->doc, .arena = arena };
    struct filler f = { &reader, refusal->message, refusal->id, put_ascii };

    *out = (struct lp_reply){ .how = LP_REPLY_CLOSE };
    if (route == NULL || exchange->doc == NULL)
        return ST_OK;
    if (exchange->doc->wire == FLT_WIRE_XMPP)
        f.put = put_markup;
    if (route->phase == LP_DRAFT)
        out->how = LP_REPLY_SILENT;
    else if (fill_first(&f, route->deny.socket, &out->text, err) != ST_OK)
        return ST_ERR;
    else if (out->text.n > 0)
        out->how = LP_REPLY_ANSWER;
    if (lp_is_message(exchange->req))
        return ask(route, &f, arena, out, err);
    return go_on(exchange, refusal->findings, arena, out, err);
}
