/* SPDX-License-Identifier: Apache-2.0 */
/* answered - what an origin's answer adds: the id of what was made, the title of what was opened, a page's copy.
 *
 * An answer streams on at once; a bounded copy of it stays for its end. Learning whose rule finds something in the
 * answer is told at that end and not before, so that the record names the thing itself; when the answer is cut off or
 * too long, it is told as the request had it. What nobody waits for is told at the answer's head.
 */
#include "base/hash.h"
#include "gateway/copies.h"
#include "gateway/txn_parts.h"
#include <assert.h>
#include <string.h>

#define ITEM_MEMORY   (4u << 20)
#define ANSWER_MAX    (2u << 20) /* of an answer, its content coding taken off */
#define ANSWER_MEMORY (12u << 20)

static const char *page_platform(const struct txn *t)
{
    return lp_host_platform(t->rules->gen->plugins, t->req.host);
}

static bool asks_for_page(const struct txn *t)
{
    struct st_span mode = http_field_get(t->head, "sec-fetch-dest");

    return t->is_on_opened_host && !t->is_unread && page_platform(t) != NULL &&
           st_span_eq(t->head->method, ST_SPAN("GET")) && (mode.n == 0 || st_span_ieq(mode, ST_SPAN("document")));
}

static bool wants_page(const struct txn *t)
{
    return t->response->status == 200 && asks_for_page(t) &&
           st_span_istarts(http_field_get(t->response, "content-type"), ST_SPAN("text/html"));
}

/* https://host/path, without the query: it may hold what a person typed. */
static struct st_span page_url(struct txn *t)
{
    struct st_buf url;
    struct st_span out;

    st_buf_init(&url, 4096);
    st_buf_str(&url, t->place.is_tls ? "https://" : "http://");
    st_buf_str(&url, t->target.host);
    st_buf_span(&url, t->req.path);
    out = st_span(st_arena_dup(t->arena, url.p, url.n), url.n);
    st_buf_fini(&url);
    return out.p != NULL ? out : ST_SPAN_NONE;
}

static void report_page(struct txn *t)
{
    const struct report_case c = txn_case(t);
    const struct flt_input input = { .body = st_buf_view(&t->copy),
                                     .content_type = ST_SPAN("text/plain"),
                                     .content_encoding = http_field_get(t->response, "content-encoding"),
                                     .plain_limit = 1u << 20 };
    struct copy copy = {
        .platform = page_platform(t), .kind = "view", .person = c.person, .url = page_url(t), .is_html = true
    };
    struct st_arena *arena;
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;

    if (t->copy.failed != ST_E_NONE || (arena = st_arena_new(ITEM_MEMORY)) == NULL) {
        t->worker->counts.items_dropped++;
        return;
    }
    copy.content_type = http_field_get(t->response, "content-type");
    if (t->chain.has_activity) {
        if (t->chain.activity.url.n > 0)
            copy.url = t->chain.activity.url;
        copy.object_id = t->chain.activity.object_id;
    }
    if (flt_decode(arena, &input, &doc, &err) == ST_OK && doc->plain.n > 0) {
        copy.text = doc->plain;
        copies_add(t->worker->copies, &copy);
    } else {
        t->worker->counts.items_dropped++;
    }
    st_arena_free(arena);
}

/* Nobody asks an address for curation's sake: that one is dead is learnt from who comes past it. */
static void report_gone(struct txn *t)
{
    const struct copy copy = {
        .platform = page_platform(t), .kind = "view", .person = "", .url = page_url(t), .is_gone = true
    };

    copies_add(t->worker->copies, &copy);
}

static void telling_enter(struct txn *t, enum txn_telling next)
{
    assert(next > t->telling);
    t->telling = next;
}

static bool announces(const struct lp_activity *activity)
{
    return activity->phase == LP_PREPARE && strcmp(activity->kind, "upload") == 0;
}

/* The platform's answer names what was made, or the title of what was opened: that is told with it, not before. */
static bool wants_answer(const struct txn *t, const struct report_case *c)
{
    return c->chain->has_activity && c->chain->judgement.verdict != POL_BLOCK && !t->is_unread &&
           (report_is_learning(c) || announces(&c->chain->activity)) &&
           lp_answer_adds(c->chain->route, &c->chain->activity, t->response->status,
                          http_field_get(t->response, "content-type"));
}

bool answered_head(struct txn *t)
{
    const struct report_case c = txn_case(t);
    bool is_wanted = wants_answer(t, &c);

    telling_enter(t, is_wanted ? TXN_TELLS_AT_END : TXN_TOLD);
    if ((t->response->status == 404 || t->response->status == 410) && asks_for_page(t))
        report_gone(t);
    if (!is_wanted && t->response->status >= 200 && t->response->status < 400)
        report_taken(&c);
    return is_wanted || wants_page(t);
}

/* What the answer adds lives as long as its arena; what was judged stays as it was. */
static void report_answer(struct txn *t)
{
    const struct lp_answer answer = { .status = t->response->status,
                                      .content_type = http_field_get(t->response, "content-type"),
                                      .content_encoding = http_field_get(t->response, "content-encoding"),
                                      .location = http_field_get(t->response, "location"),
                                      .body = t->copy.failed == ST_E_NONE ? st_buf_view(&t->copy) : ST_SPAN_NONE,
                                      .plain_limit = ANSWER_MAX };
    struct report_case c = txn_case(t);
    struct chain_out told = t->chain;
    struct st_arena *arena = st_arena_new(ANSWER_MEMORY);
    struct st_err err = ST_ERR_INIT;

    telling_enter(t, TXN_TOLD);
    if (arena != NULL && (answer.body.n > 0 || answer.location.n > 0) &&
        lp_answer_read(told.route, &t->req, &answer, arena, &told.activity, &err) == ST_OK) {
        t->worker->counts.answers_read++;
        if (told.activity.n_uploads > 0)
            transfer_learn(t->worker, &told, t->env->person);
        c.chain = &told;
    }
    report_taken(&c); /* as the request had it, when the answer could not be read */
    st_arena_free(arena);
}

void answered_end(struct txn *t)
{
    if (t->telling == TXN_TELLS_AT_END)
        report_answer(t);
    if (wants_page(t))
        report_page(t);
}

void answered_cut(struct txn *t)
{
    struct report_case c;

    if (t->telling != TXN_TELLS_AT_END)
        return;
    telling_enter(t, TXN_TOLD);
    c = txn_case(t);
    report_taken(&c);
}
