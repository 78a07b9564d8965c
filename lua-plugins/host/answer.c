/* SPDX-License-Identifier: Apache-2.0 */
/* answer - what a platform's answer adds to an activity: the id it gave to what was made, the title of what was opened.
 *
 * Only a 2xx counts, and only what the rule names under `answer` is taken; a refusal of the platform itself confirms
 * nothing. The answer is decoded like a request and forgotten with the arena.
 */
#include "value.h"
#include <string.h>

static bool has_sources(const struct lp_object *o)
{
    return o->id != NULL || o->title != NULL || o->author != NULL || o->lang != NULL || o->length != NULL ||
           o->url != NULL;
}

static bool makes(const char *kind)
{
    static const char *const kinds[] = { "post", "comment", "reply", "message", "upload", "draft", "share" };

    for (size_t i = 0; i < ST_LEN(kinds); i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static void take(struct st_span *to, struct st_span value)
{
    if (value.n > 0)
        *to = value;
}

static void take_object(struct lp_reader *r, const struct lp_object *o, struct lp_activity *a)
{
    struct st_span id = lp_value_of(r, o->id), url;
    uint64_t ms;

    if (id.n > 0 && makes(a->kind) && a->parent_id.n == 0 && !st_span_eq(id, a->object_id)) {
        a->parent_id = a->object_id; /* empty when the request named nothing */
        a->parent_type = a->object_type;
        a->parent_url = a->url;
    }
    take(&a->object_id, id);
    if (id.n > 0)
        take(&a->object_type, st_span_str(o->type[0] != '\0' ? o->type : r->route->object.type));
    r->id = a->object_id;
    url = lp_url_of(r, o->url);
    if (url.n == 0 && id.n > 0)
        url = lp_url_of(r, r->route->object.url);
    take(&a->url, url);
    take(&a->title, lp_value_of(r, o->title));
    take(&a->author, lp_value_of(r, o->author));
    take(&a->lang, lp_value_of(r, o->lang));
    if (lp_time(r->route, lp_value_of(r, o->length), &ms))
        a->length_ms = ms;
    if (id.n > 0 && a->phase == LP_COMMIT && makes(a->kind))
        a->phase = LP_CONFIRM;
}

static bool is_html(struct st_span content_type)
{
    return st_span_istarts(content_type, ST_SPAN("text/html"));
}

static enum st_rc take_page(const struct lp_route *route, const struct lp_answer *answer, struct st_span html,
                            struct st_arena *arena, struct lp_activity *a, struct st_err *err)
{
    struct st_span end = st_span_str(route->title_end != NULL ? route->title_end : "");
    struct lp_page page;

    if (lp_page_text(arena, html, answer->content_type, &page, err) != ST_OK)
        return ST_ERR;
    if (end.n > 0 && page.title.n > end.n && st_span_ends(page.title, end))
        page.title.n -= end.n;
    if (a->title.n == 0)
        a->title = page.title;
    if (a->lang.n == 0)
        a->lang = page.lang;
    return ST_OK;
}

enum st_rc lp_answer_read(const struct lp_route *route, const struct lp_request *req, const struct lp_answer *answer,
                          struct st_arena *arena, struct lp_activity *activity, struct st_err *err)
{
    struct flt_input in = { .body = answer->body,
                            .content_type = answer->content_type,
                            .content_encoding = answer->content_encoding,
                            .plain_limit = answer->plain_limit };
    bool is_page = is_html(answer->content_type) && strcmp(activity->kind, "view") == 0;
    struct lp_reader r = { .route = route, .req = req, .arena = arena };

    if (answer->status < 200 || answer->status > 299 || answer->body.n == 0 ||
        (!has_sources(&route->answer) && !is_page))
        return ST_OK;
    if (flt_decode(arena, &in, &r.doc, err) != ST_OK)
        return ST_ERR;
    if (is_page)
        return take_page(route, answer, r.doc->plain, arena, activity, err);
    take_object(&r, &route->answer, activity);
    return r.no_memory ? st_arena_fail(arena, err, "lua.answer") : ST_OK;
}
