/* SPDX-License-Identifier: Apache-2.0 */
/* recording - recorded exchanges, read and played through the platform adapters without a gateway.
 *
 * Two forms are read: HAR 1.2, and JSON lines {"request":{method,url,headers,body_base64},"response":{status,headers,
 * body_base64}}. What cannot be read is said, with the number of its exchange, and the next one follows. Secret paths
 * stay unread, hidden fields hidden, as in the gateway.
 */
#include "cli/recording.h"
#include "base/arena.h"
#include "base/hash.h"
#include <string.h>
#include <strings.h>

#define FILE_MAX  ((size_t)512 << 20)
#define ARENA_MAX ((size_t)256 << 20)
#define BODY_MAX  (32u << 20)
#define TOLD_MAX  20u /* exchanges that cannot be read are told one by one, up to so many */

struct player {
    const struct recording *recording;
    struct st_arena *arena; /* of the exchange at hand */
    unsigned number, failed;
};

/* ---- reading a recording ----------------------------------------------------------------------------------------- */

static struct st_span text_of(const json_t *value)
{
    if (json_is_array(value))
        value = json_array_get(value, 0);
    return json_is_string(value) ? st_span(json_string_value(value), json_string_length(value)) : ST_SPAN_NONE;
}

/* Headers are an object, a list of pairs, or HAR's list of {name, value}. */
static struct st_span header(const json_t *headers, const char *name)
{
    const json_t *item;
    const char *key;
    size_t i;

    json_object_foreach((json_t *)headers, key, item) if (strcasecmp(key, name) == 0) return text_of(item);
    json_array_foreach(headers, i, item)
    {
        struct st_span is = text_of(json_is_array(item) ? item : json_object_get(item, "name"));

        if (st_span_ieq(is, st_span_str(name)))
            return text_of(json_is_array(item) ? json_array_get(item, 1) : json_object_get(item, "value"));
    }
    return ST_SPAN_NONE;
}

static enum st_rc unpack(struct player *p, struct st_span text, struct st_span *out, struct st_err *err)
{
    uint8_t *room = st_arena_alloc(p->arena, text.n / 4 * 3 + 4);
    size_t n = 0;

    if (room == NULL)
        return st_arena_fail(p->arena, err, "cli.recording");
    if (st_base64_decode(text, room, &n, err) != ST_OK)
        return ST_ERR;
    *out = st_span(room, n);
    return ST_OK;
}

static void put_form(struct st_buf *b, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        st_buf_fmt(b, "%%%02X", s.p[i]);
}

/* HAR may give a form as a list of its fields only. */
static enum st_rc join_params(struct player *p, const json_t *params, struct st_span *out, struct st_err *err)
{
    const json_t *item;
    struct st_buf b;
    enum st_rc rc;
    size_t i;

    st_buf_init(&b, BODY_MAX);
    json_array_foreach(params, i, item)
    {
        if (i > 0)
            st_buf_byte(&b, '&');
        put_form(&b, text_of(json_object_get(item, "name")));
        st_buf_byte(&b, '=');
        put_form(&b, text_of(json_object_get(item, "value")));
    }
    rc = st_buf_done(&b, err, "cli.recording");
    if (rc == ST_OK && b.n > 0) {
        out->p = st_arena_dup(p->arena, b.p, b.n);
        out->n = b.n;
        rc = out->p != NULL ? ST_OK : st_arena_fail(p->arena, err, "cli.recording");
    }
    st_buf_fini(&b);
    return rc;
}

static enum st_rc read_body(struct player *p, const json_t *message, struct st_span *body, struct st_err *err)
{
    const json_t *har = json_object_get(message, "postData"), *plain = json_object_get(message, "body");

    if (har == NULL)
        har = json_object_get(message, "content");
    *body = text_of(json_object_get(message, "body_base64"));
    if (body->n > 0)
        return unpack(p, *body, body, err);
    *body = text_of(json_is_string(plain) ? plain : json_object_get(har, "text"));
    if (body->n > 0 && st_span_eq(text_of(json_object_get(har, "encoding")), ST_SPAN("base64")))
        return unpack(p, *body, body, err);
    return body->n == 0 ? join_params(p, json_object_get(har, "params"), body, err) : ST_OK;
}

/* Recorders take the content coding off and keep its header. */
static struct st_span coding_of(const json_t *headers, struct st_span body)
{
    struct st_span coding = header(headers, "content-encoding");
    bool is_plain = body.n > 0 && memchr("{[<\"", body.p[0], 4) != NULL;

    if (st_span_ieq(coding, ST_SPAN("gzip")) && (body.n < 2 || body.p[0] != 0x1F || body.p[1] != 0x8B))
        is_plain = true;
    return is_plain ? ST_SPAN_NONE : coding;
}

static struct st_span type_of(const json_t *message)
{
    const json_t *har = json_object_get(message, "postData");
    struct st_span type = header(json_object_get(message, "headers"), "content-type");

    if (har == NULL)
        har = json_object_get(message, "content");
    return type.n > 0 ? type : text_of(json_object_get(har, "mimeType"));
}

/* scheme://host[:port][/path][?query][#fragment] */
static bool read_url(struct player *p, struct st_span url, struct lp_request *req)
{
    size_t at = st_span_find(url, ST_SPAN("://")), end;
    struct st_span host;
    char *lower;

    if (at == ST_SPAN_NPOS)
        return false;
    url = st_span_sub(url, at + 3, url.n);
    url = st_span_sub(url, 0, st_span_chr(url, '#'));
    req->query = ST_SPAN_NONE;
    if ((at = st_span_chr(url, '?')) != ST_SPAN_NPOS) {
        req->query = st_span_sub(url, at + 1, url.n);
        url = st_span_sub(url, 0, at);
    }
    end = st_span_chr(url, '/');
    host = st_span_sub(url, 0, end);
    req->path = end == ST_SPAN_NPOS ? ST_SPAN("/") : st_span_sub(url, end, url.n);
    if ((at = st_span_chr(host, '@')) != ST_SPAN_NPOS)
        host = st_span_sub(host, at + 1, host.n);
    if (host.n > 0 && host.p[0] != '[')
        host = st_span_sub(host, 0, st_span_chr(host, ':'));
    if ((lower = st_arena_str(p->arena, host)) == NULL)
        return false;
    for (char *c = lower; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 'a' - 'A');
    req->host = st_span_str(lower);
    return host.n > 0;
}

static enum st_rc read_exchange(struct player *p, const json_t *item, struct recording_exchange *x, struct st_err *err)
{
    const json_t *request = json_object_get(item, "request"), *response = json_object_get(item, "response");
    const json_t *status = json_object_get(response, "status");

    memset(x, 0, sizeof *x);
    if (!json_is_object(request) || !read_url(p, text_of(json_object_get(request, "url")), &x->req))
        return st_fail(err, ST_E_SYNTAX, "cli.recording", "no request with a URL", p->number);
    x->req.method = text_of(json_object_get(request, "method"));
    x->req.content_type = type_of(request);
    x->ts = json_string_value(json_object_get(item, "startedDateTime"));
    if (x->ts == NULL)
        x->ts = json_string_value(json_object_get(item, "ts"));
    x->answer.status = json_is_integer(status) ? (unsigned)json_integer_value(status) : 200;
    x->answer.content_type = type_of(response);
    x->answer.location = header(json_object_get(response, "headers"), "location");
    x->answer.plain_limit = BODY_MAX;
    if (read_body(p, request, &x->body, err) != ST_OK || read_body(p, response, &x->answer.body, err) != ST_OK)
        return ST_ERR;
    x->coding = coding_of(json_object_get(request, "headers"), x->body);
    x->answer.content_encoding = coding_of(json_object_get(response, "headers"), x->answer.body);
    return ST_OK;
}

/* ---- playing ----------------------------------------------------------------------------------------------------- */

/* Fills what is known of the exchange; its activity stays NULL when it is none. */
static enum st_rc play(struct player *p, const json_t *item, struct recording_play *out, struct st_err *err)
{
    const struct lp_set *set = p->recording->set;
    struct recording_exchange *x = &out->exchange;
    struct lp_activity *a = &out->found;
    bool needs_body;
    enum st_rc rc;

    if (read_exchange(p, item, x, err) != ST_OK)
        return ST_ERR;
    if ((out->is_secret = lp_is_secret_path(set, &x->req)))
        return ST_OK;
    const struct flt_input in = { .query = x->req.query,
                                  .body = x->body,
                                  .content_type = x->req.content_type,
                                  .content_encoding = x->coding,
                                  .plain_limit = BODY_MAX,
                                  .wire = lp_wire(set, &x->req),
                                  .is_message = lp_is_message(&x->req) };
    if (flt_decode(p->arena, &in, &out->doc, err) != ST_OK)
        return ST_ERR;
    if ((out->route = lp_route_find(set, &x->req, out->doc, &needs_body)) == NULL)
        return ST_OK;
    rc = lp_activity_read(set, out->route, &(struct lp_exchange){ &x->req, out->doc }, p->arena, a, err);
    if (rc != ST_OK)
        return rc == ST_AGAIN ? ST_OK : ST_ERR;
    if (lp_answer_read(out->route, &x->req, &x->answer, p->arena, a, err) != ST_OK)
        return ST_ERR;
    out->activity = a;
    return ST_OK;
}

static void failed(struct player *p, const char *why)
{
    if (p->failed++ < TOLD_MAX)
        fprintf(stderr, "stoa: %s: exchange %u: %s\n", p->recording->path, p->number, why);
}

static void play_one(struct player *p, const json_t *item)
{
    struct recording_play play_of = { .number = ++p->number };
    struct st_err err = ST_ERR_INIT;

    if ((p->arena = play_of.arena = st_arena_new(ARENA_MAX)) == NULL)
        failed(p, "not enough memory");
    else if (play(p, item, &play_of, &err) != ST_OK)
        failed(p, err.what);
    else
        p->recording->fn(p->recording->ctx, &play_of);
    st_arena_free(p->arena);
}

static void play_lines(struct player *p, struct st_span text)
{
    struct st_span line;

    while (st_span_next(&text, '\n', &line)) {
        struct st_err err = ST_ERR_INIT;
        json_t *item = NULL;

        if (st_span_trim(line).n == 0 || line.p[0] == '\r')
            continue;
        if (st_json_read(line, "recording", &item, NULL, &err) == ST_OK) {
            play_one(p, item);
        } else {
            p->number++;
            failed(p, "this line is no JSON object");
        }
        json_decref(item);
    }
}

static void play_text(struct player *p, struct st_span text)
{
    struct st_err err = ST_ERR_INIT;
    json_t *whole = NULL, *entries;
    const json_t *entry;
    size_t i;

    if (st_json_read(text, "recording", &whole, NULL, &err) != ST_OK || json_object_get(whole, "log") == NULL) {
        json_decref(whole);
        play_lines(p, text);
        return;
    }
    entries = json_object_get(json_object_get(whole, "log"), "entries");
    json_array_foreach(entries, i, entry) play_one(p, entry);
    json_decref(whole);
}

int recording_run(const struct recording *recording)
{
    struct player p = { .recording = recording };
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    int code = CLI_OK;

    st_buf_init(&text, FILE_MAX + 65536);
    if (cli_read(recording->path, FILE_MAX, &text, &err) != ST_OK)
        code = cli_fail(CLI_USAGE, "%s: %s", recording->path, cli_why(&err));
    else
        play_text(&p, st_buf_view(&text));
    st_buf_fini(&text);
    if (p.failed > TOLD_MAX)
        fprintf(stderr, "stoa: %s: and %u more; it should be HAR, or one exchange as JSON a line\n", recording->path,
                p.failed - TOLD_MAX);
    return code == CLI_OK && p.failed > 0 ? CLI_FOUND : code;
}
