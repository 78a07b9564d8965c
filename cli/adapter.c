/* SPDX-License-Identifier: Apache-2.0 */
/* adapter - `stoa adapter test`: recorded exchanges through the platform adapters, without a gateway.
 *
 * Two forms are read: HAR 1.2, and JSON lines {"request":{method,url,headers,body_base64},"response":{status,headers,
 * body_base64}}. Each exchange that is an activity gives one JSON line (docs/activity.md) with the number of its
 * exchange; what is nothing gives none. Here, and nowhere in the gateway, the typed text is shown: whoever writes an
 * adapter has the recording anyway. Secret paths and hidden fields stay hidden all the same.
 */
#include "base/hash.h"
#include "cli/cli.h"
#include "lua-plugins/plugins.h"
#include <getopt.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX  ((size_t)512 << 20)
#define ARENA_MAX ((size_t)256 << 20)
#define BODY_MAX  (32u << 20)

struct player {
    struct cli *cli;
    struct lp_set *set;
    struct st_arena *arena; /* of the exchange at hand */
    struct st_buf out;
    const char *dir;
    bool with_all;
    unsigned number;
    unsigned failed;
};

struct exchange {
    struct lp_request req;
    struct lp_answer answer;
    struct st_span body, coding;
    const char *ts;
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
        return st_arena_fail(p->arena, err, "cli.adapter");
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
    rc = st_buf_done(&b, err, "cli.adapter");
    if (rc == ST_OK && b.n > 0) {
        out->p = st_arena_dup(p->arena, b.p, b.n);
        out->n = b.n;
        rc = out->p != NULL ? ST_OK : st_arena_fail(p->arena, err, "cli.adapter");
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

static enum st_rc read_exchange(struct player *p, const json_t *item, struct exchange *x, struct st_err *err)
{
    const json_t *request = json_object_get(item, "request"), *response = json_object_get(item, "response");
    const json_t *status = json_object_get(response, "status");

    memset(x, 0, sizeof *x);
    if (!json_is_object(request) || !read_url(p, text_of(json_object_get(request, "url")), &x->req))
        return st_fail(err, ST_E_SYNTAX, "cli.adapter", "no request with a URL", p->number);
    x->req.method = text_of(json_object_get(request, "method"));
    x->req.content_type = type_of(request);
    x->ts = json_string_value(json_object_get(item, "startedDateTime"));
    if (x->ts == NULL)
        x->ts = json_string_value(json_object_get(item, "ts"));
    x->answer.status = json_is_integer(status) ? (unsigned)json_integer_value(status) : 200;
    x->answer.content_type = type_of(response);
    x->answer.plain_limit = BODY_MAX;
    if (read_body(p, request, &x->body, err) != ST_OK || read_body(p, response, &x->answer.body, err) != ST_OK)
        return ST_ERR;
    x->coding = coding_of(json_object_get(request, "headers"), x->body);
    x->answer.content_encoding = coding_of(json_object_get(response, "headers"), x->answer.body);
    return ST_OK;
}

/* ---- writing an activity ----------------------------------------------------------------------------------------- */

static void put_known(struct st_json *w, const char *key, struct st_span value)
{
    if (value.n > 0)
        st_json_span(w, key, value);
}

static void put_object(struct st_json *w, const struct lp_activity *a)
{
    st_json_object(w, "object");
    put_known(w, "id", a->object_id);
    put_known(w, "type", a->object_type);
    put_known(w, "url", a->url);
    put_known(w, "title", a->title);
    if (a->author.n > 0) {
        st_json_object(w, "author");
        st_json_span(w, "name", a->author);
        st_json_end(w);
    }
    if (a->length_ms > 0)
        st_json_int(w, "duration_ms", (int64_t)a->length_ms);
    put_known(w, "lang", a->lang);
    st_json_end(w);
    if (a->parent_id.n > 0) {
        st_json_object(w, "parent");
        st_json_span(w, "id", a->parent_id);
        put_known(w, "type", a->parent_type);
        put_known(w, "url", a->parent_url);
        st_json_end(w);
    }
    if (a->group_id.n > 0) {
        st_json_object(w, "group");
        st_json_span(w, "id", a->group_id);
        put_known(w, "kind", a->group_type);
        st_json_end(w);
    }
}

static void put_position(struct st_json *w, const struct lp_activity *a)
{
    if (a->n_intervals > 0) {
        st_json_object(w, "position");
        st_json_array(w, "intervals");
        for (size_t i = 0; i < a->n_intervals; i++) {
            st_json_array(w, NULL);
            st_json_int(w, NULL, (int64_t)a->intervals[i].from_ms);
            st_json_int(w, NULL, (int64_t)a->intervals[i].to_ms);
            st_json_end(w);
        }
        st_json_end(w);
        if (a->length_ms > 0)
            st_json_int(w, "length_ms", (int64_t)a->length_ms);
        st_json_bool(w, "final", a->is_final);
        st_json_end(w);
    }
    if (a->dwell_ms > 0)
        st_json_int(w, "dwell_ms", (int64_t)a->dwell_ms);
}

static const char *role_of(struct st_span path)
{
    static const struct {
        const char *word, *role;
    } roles[] = { { "title", "title" },        { "subject", "title" },      { "query", "query" },
                  { "search", "query" },       { "caption", "caption" },    { "alt", "alt" },
                  { "option", "poll_option" }, { "choice", "poll_option" }, { "url", "url" },
                  { "filename", "filename" },  { "name", "name" } };

    for (size_t i = 0; i < ST_LEN(roles); i++)
        if (st_span_find(path, st_span_str(roles[i].word)) != ST_SPAN_NPOS)
            return roles[i].role;
    return st_span_eq(path, ST_SPAN("?q")) ? "query" : "body";
}

static void put_scan(struct st_json *w, const struct lp_activity *a, const struct flt_doc *doc)
{
    st_json_array(w, "scan");
    for (size_t i = 0; i < a->n_typed; i++) {
        const struct flt_field *f = &doc->fields[a->typed[i]];

        st_json_object(w, NULL);
        st_json_str(w, "role", role_of(f->path));
        st_json_span(w, "text", f->text);
        st_json_array(w, "codec");
        for (unsigned k = 0; k < f->depth; k++)
            st_json_str(w, NULL, flt_codec_name(f->chain[k]));
        st_json_end(w);
        st_json_span(w, "locator", f->path);
        st_json_end(w);
    }
    st_json_end(w);
    st_json_array(w, "files");
    for (size_t i = 0; i < doc->n; i++) {
        if (doc->fields[i].name.n == 0 || doc->fields[i].is_secret)
            continue;
        st_json_object(w, NULL);
        st_json_span(w, "name", doc->fields[i].name);
        st_json_end(w);
    }
    st_json_end(w);
}

static void put_carrier(struct st_json *w, const struct exchange *x, const char *rule)
{
    st_json_object(w, "carrier");
    st_json_str(w, "proto", "http");
    st_json_span(w, "method", x->req.method);
    st_json_span(w, "host", x->req.host);
    st_json_str(w, "op", rule);
    st_json_int(w, "status", x->answer.status);
    st_json_end(w);
}

static void put_activity(struct player *p, const struct exchange *x, const struct lp_route *route,
                         const struct lp_activity *a, const struct flt_doc *doc)
{
    static const char *const phases[] = {
#define X(id, name) [LP_##id] = name,
        LP_PHASES(X)
#undef X
    };
    struct st_json w;

    st_json_init(&w, &p->out);
    st_json_object(&w, NULL);
    st_json_int(&w, "v", 1);
    st_json_int(&w, "exchange", p->number);
    if (x->ts != NULL)
        st_json_str(&w, "ts", x->ts);
    st_json_str(&w, "platform", a->platform);
    st_json_str(&w, "adapter", a->platform);
    st_json_str(&w, "adapter_ver", lp_route_version(route));
    st_json_real(&w, "confidence", a->confidence / 100.0);
    st_json_str(&w, "kind", a->kind);
    st_json_str(&w, "phase", phases[a->phase]);
    put_object(&w, a);
    st_json_str(&w, "visibility", a->audience);
    put_position(&w, a);
    st_json_span(&w, "text", a->text);
    put_scan(&w, a, doc);
    put_carrier(&w, x, lp_route_id(route));
    st_json_end(&w);
    cli_print(&p->out);
}

/* ---- playing ----------------------------------------------------------------------------------------------------- */

static enum st_rc play(struct player *p, const json_t *item, bool *is_activity, struct st_err *err)
{
    const struct lp_route *route;
    struct lp_activity a;
    struct exchange x;
    struct flt_doc *doc;
    bool needs_body;
    enum st_rc rc;

    if (read_exchange(p, item, &x, err) != ST_OK)
        return ST_ERR;
    if (lp_is_secret_path(p->set, &x.req))
        return ST_OK;
    const struct flt_input in = { .query = x.req.query,
                                  .body = x.body,
                                  .content_type = x.req.content_type,
                                  .content_encoding = x.coding,
                                  .plain_limit = BODY_MAX,
                                  .wire = lp_wire(p->set, &x.req),
                                  .is_message = lp_is_message(&x.req) };
    if (flt_decode(p->arena, &in, &doc, err) != ST_OK)
        return ST_ERR;
    if ((route = lp_route_find(p->set, &x.req, doc, &needs_body)) == NULL)
        return ST_OK;
    rc = lp_activity_read(p->set, route, &(struct lp_exchange){ &x.req, doc }, p->arena, &a, err);
    if (rc != ST_OK)
        return rc == ST_AGAIN ? ST_OK : ST_ERR;
    if (lp_answer_read(route, &x.req, &x.answer, p->arena, &a, err) != ST_OK)
        return ST_ERR;
    put_activity(p, &x, route, &a, doc);
    *is_activity = true;
    return ST_OK;
}

/* One exchange; what cannot be read is said and the next one follows. */
static void play_one(struct player *p, const json_t *item)
{
    struct st_err err = ST_ERR_INIT;
    bool is_activity = false;

    p->number++;
    if ((p->arena = st_arena_new(ARENA_MAX)) == NULL) {
        p->failed++;
        return;
    }
    if (play(p, item, &is_activity, &err) != ST_OK) {
        fprintf(stderr, "stoa: exchange %u: %s\n", p->number, err.what);
        p->failed++;
    } else if (!is_activity && p->with_all) {
        printf("{\"v\":1,\"exchange\":%u,\"kind\":null}\n", p->number);
    }
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
            fprintf(stderr, "stoa: exchange %u: this line is no JSON object\n", ++p->number);
            p->failed++;
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

static int load(struct player *p)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    char shipped[4096];
    int code = CLI_OK;

    if ((p->dir == NULL && cli_share("plugins", shipped, sizeof shipped, &err) != ST_OK) ||
        lp_set_load(&(struct lp_sources){ .dirs = (const char *const[]){ p->dir != NULL ? p->dir : shipped, NULL } },
                    &p->set, diag, &err) != ST_OK)
        code = cli_broken(p->cli, diag, &err);
    st_diag_free(diag);
    return code;
}

int cmd_adapter_test(struct cli *cli)
{
    static const struct option options[] = { { "plugins", required_argument, NULL, 'p' },
                                             { "all", no_argument, NULL, 'a' },
                                             { NULL, 0, NULL, 0 } };
    struct player p = { .cli = cli };
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    int option, code;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': p.dir = optarg; break;
        case 'a': p.with_all = true; break;
        default: return cli_usage(cli, "options are --plugins, --all");
        }
    }
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one recording, or - for standard input");
    st_buf_init(&text, FILE_MAX + 65536);
    st_buf_init(&p.out, 64u << 20);
    code = load(&p);
    if (code == CLI_OK && cli_read(cli->argv[optind], FILE_MAX, &text, &err) != ST_OK)
        code = cli_fail(CLI_USAGE, "%s: %s", cli->argv[optind], err.code == ST_E_IO ? "cannot be read" : err.what);
    if (code == CLI_OK)
        play_text(&p, st_buf_view(&text));
    lp_set_release(p.set);
    st_buf_fini(&text);
    st_buf_fini(&p.out);
    return code == CLI_OK && p.failed > 0 ? CLI_FOUND : code;
}
