/* SPDX-License-Identifier: Apache-2.0 */
/* check - runs the exchanges a platform file brings with it.
 *
 * Each goes the way of a real request: secret path, decode, route, activity. An adapter that no longer does what its
 * own file says does not load, so a reload keeps the old generation.
 */
#include "adapter.h"
#include <stdio.h>
#include <string.h>

struct checker {
    const struct lp_set *set;
    const struct lp_adapter *adapter;
    const struct lp_check *check;
    struct st_diag *diag;
    bool failed;
};

static void expect(struct checker *c, bool held, const char *what, const char *wanted, struct st_span got)
{
    if (held)
        return;
    c->failed = true;
    (void)st_diag_add(c->diag, c->adapter->file, 0, 0, "test '%s': %s should be '%s', is '%.*s'", c->check->name, what,
                      wanted, (int)(got.n < 80 ? got.n : 80), got.p != NULL ? (const char *)got.p : "");
}

static void expect_text(struct checker *c, const char *what, const char *wanted, struct st_span got)
{
    expect(c, wanted == NULL || st_span_eq(got, st_span_str(wanted)), what, wanted, got);
}

static void expect_fields(struct checker *c, const struct flt_doc *doc, const struct lp_activity *a)
{
    size_t wanted = 0;

    for (size_t i = 0; c->check->typed != NULL && c->check->typed[i] != NULL; i++, wanted++) {
        bool found = false;

        for (size_t k = 0; k < a->n_typed; k++)
            found = found || st_span_eq(doc->fields[a->typed[k]].path, st_span_str(c->check->typed[i]));
        expect(c, found, "a typed field", c->check->typed[i], ST_SPAN("missing"));
    }
    expect(c, c->check->typed == NULL || wanted == a->n_typed, "the number of typed fields", "as listed",
           ST_SPAN("another"));
}

static void expect_hidden(struct checker *c, const struct flt_doc *doc)
{
    for (size_t i = 0; c->check->hidden != NULL && c->check->hidden[i] != NULL; i++) {
        const struct flt_field *f = lp_field_find(doc, c->check->hidden[i]);

        expect(c, f != NULL && f->is_secret, "a hidden field", c->check->hidden[i], ST_SPAN("missing or shown"));
    }
}

static void expect_media(struct checker *c, const struct lp_activity *a)
{
    struct st_buf b;

    expect(c, c->check->dwell_ms == 0 || c->check->dwell_ms == a->dwell_ms, "dwell", "as listed", ST_SPAN("another"));
    if (c->check->intervals == NULL) {
        expect(c, c->check->length_ms == 0 || c->check->length_ms == a->length_ms, "length", "as listed",
               ST_SPAN("another"));
        return;
    }
    st_buf_init(&b, 4096);
    for (size_t i = 0; i < a->n_intervals; i++)
        st_buf_fmt(&b, "%s%llu-%llu", i > 0 ? " " : "", (unsigned long long)a->intervals[i].from_ms,
                   (unsigned long long)a->intervals[i].to_ms);
    expect_text(c, "intervals", c->check->intervals, st_buf_view(&b));
    expect(c, a->length_ms == c->check->length_ms, "length", "as listed", ST_SPAN("another"));
    expect(c, a->is_final == c->check->is_final, "final", "as listed", ST_SPAN("the opposite"));
    st_buf_fini(&b);
}

static void expect_uploads(struct checker *c, const struct lp_activity *a)
{
    struct st_buf b;

    st_buf_init(&b, 16384);
    for (size_t i = 0; i < a->n_uploads; i++)
        st_buf_fmt(&b, "%s%.*s", i > 0 ? " " : "", (int)a->uploads[i].n, (const char *)a->uploads[i].p);
    expect_text(c, "upload", c->check->upload, st_buf_view(&b));
    st_buf_fini(&b);
}

static void expect_activity(struct checker *c, const struct flt_doc *doc, const struct lp_activity *a)
{
    const struct lp_check *k = c->check;

    expect_text(c, "kind", k->kind, st_span_str(a->kind));
    expect_text(c, "phase", k->phase, st_span_str(lp_phase_names[a->phase]));
    expect_text(c, "audience", k->audience, st_span_str(a->audience));
    expect_text(c, "id", k->object_id, a->object_id);
    expect_text(c, "title", k->title, a->title);
    expect_text(c, "author", k->author, a->author);
    expect_text(c, "parent", k->parent, a->parent_id);
    expect_text(c, "group", k->group, a->group_id);
    expect_text(c, "url", k->url, a->url);
    expect_text(c, "text", k->text, a->text);
    expect_text(c, "lang", k->lang, a->lang);
    expect_fields(c, doc, a);
    expect_media(c, a);
    expect_uploads(c, a);
}

/* What the client would be told, were this message refused. */
static enum st_rc expect_reply(struct checker *c, const struct lp_route *route, const struct lp_exchange *exchange,
                               struct st_arena *arena, struct st_err *err)
{
    static const struct lp_refusal refusal = { "No.", "R-1", NULL };
    static const char *const hows[] = { "close", "silent" };
    struct lp_reply reply;

    if (c->check->reply == NULL)
        return ST_OK;
    if (lp_reply(route, exchange, &refusal, arena, &reply, err) != ST_OK)
        return ST_ERR;
    expect_text(c, "the reply", c->check->reply,
                reply.how == LP_REPLY_ANSWER ? reply.text : st_span_str(hows[reply.how]));
    expect(c, lp_is_message(exchange->req) || reply.how == LP_REPLY_CLOSE || reply.instead.n > 0,
           "what goes on instead", "there", ST_SPAN("missing"));
    return ST_OK;
}

static enum st_rc run_check(struct checker *c, struct st_arena *arena, struct st_err *err)
{
    const struct lp_check *k = c->check;
    struct lp_request req = { st_span_str(k->method), st_span_str(k->host), st_span_str(k->path), st_span_str(k->query),
                              st_span_str(k->type) };
    struct flt_input in = { .query = req.query,
                            .body = k->body,
                            .content_type = req.content_type,
                            .plain_limit = LP_SOURCE_MAX,
                            .wire = lp_wire(c->set, &req),
                            .is_message = lp_is_message(&req) };
    bool is_secret = lp_is_secret_path(c->set, &req), needs_body;
    const struct lp_route *route;
    struct flt_doc *doc;
    struct lp_activity a;
    enum st_rc rc;

    expect(c, is_secret == k->is_secret, "a secret path", k->is_secret ? "yes" : "no", ST_SPAN("the opposite"));
    if (is_secret)
        return ST_OK;
    if (flt_decode(arena, &in, &doc, err) != ST_OK)
        return ST_ERR;
    route = lp_route_find(c->set, &req, doc, &needs_body);
    expect_text(c, "rule", k->rule, st_span_str(route != NULL ? route->id : "none"));
    if (route == NULL) {
        expect(c, k->is_none, "an activity", "there", ST_SPAN("none"));
        return ST_OK;
    }
    rc = lp_activity_read(c->set, route, &(struct lp_exchange){ &req, doc }, arena, &a, err);
    expect_hidden(c, doc);
    if (rc == ST_OK && expect_reply(c, route, &(struct lp_exchange){ &req, doc }, arena, err) != ST_OK)
        return ST_ERR;
    expect(c, (rc == ST_AGAIN) == k->is_none || rc == ST_ERR, "an activity", k->is_none ? "none" : "there",
           ST_SPAN("the opposite"));
    if (rc == ST_OK && (k->answer.p != NULL || k->location != NULL))
        rc = lp_answer_read(route, &req,
                            &(struct lp_answer){ .status = (unsigned)k->status,
                                                 .content_type = st_span_str(k->answer_type),
                                                 .body = k->answer,
                                                 .location = st_span_str(k->location != NULL ? k->location : ""),
                                                 .plain_limit = LP_SOURCE_MAX },
                            arena, &a, err);
    if (rc == ST_OK && !k->is_none)
        expect_activity(c, doc, &a);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

enum st_rc lp_adapter_check(const struct lp_set *set, const struct lp_adapter *a, struct st_diag *diag,
                            struct st_err *err)
{
    struct checker c = { .set = set, .adapter = a, .diag = diag };

    for (size_t i = 0; i < a->n_checks; i++) {
        struct st_arena *arena = st_arena_new((size_t)4 << 20);
        enum st_rc rc;

        if (arena == NULL)
            return st_fail(err, ST_E_NOMEM, "lua.check", "arena", 0);
        c.check = &a->checks[i];
        rc = run_check(&c, arena, err);
        st_arena_free(arena);
        if (rc != ST_OK)
            return rc;
    }
    return c.failed ? st_fail(err, ST_E_CONFIG, "lua.check", "a platform's own test failed", 0) : ST_OK;
}
