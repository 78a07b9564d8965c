/* SPDX-License-Identifier: Apache-2.0 */
/* answer - what a platform's answer adds to an activity: the id it gave to what was made, the title of what was opened.
 *
 * Only a 2xx counts, or a page that sends on to what was made, and only what the rule names under `answer` is taken; a
 * refusal of the platform itself confirms nothing. The answer is decoded like a request and forgotten with the arena.
 */
#include "value.h"
#include <string.h>

#define PAGE_OBJECT_MAX ((size_t)1 << 20)
#define UPLOADS_MAX     16u

static bool has_sources(const struct lp_object *o)
{
    return o->id != NULL || o->title != NULL || o->author != NULL || o->lang != NULL || o->length != NULL ||
           o->url != NULL || o->upload != NULL;
}

/* A source that is the answer's Location, or part of it. */
static bool is_located(const char *const *sources)
{
    for (; sources != NULL && *sources != NULL; sources++)
        if (strchr(*sources, '^') != NULL)
            return true;
    return false;
}

/* Forms are answered with the way to what they made. */
static bool sends_on(const struct lp_route *route, unsigned status)
{
    return (status == 302 || status == 303) && is_located(route->answer.id);
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

/* Where the bytes of what was announced go. */
static void take_uploads(struct lp_reader *r, struct lp_activity *a)
{
    const char *const *places = r->route->answer.upload;

    if (places == NULL)
        return;
    a->uploads = st_arena_alloc(r->arena, UPLOADS_MAX * sizeof *a->uploads);
    if (a->uploads == NULL) {
        r->no_memory = true;
        return;
    }
    for (size_t i = 0; i < r->doc->n && a->n_uploads < UPLOADS_MAX; i++)
        if (lp_path_in(places, r->doc->fields[i].path))
            a->uploads[a->n_uploads++] = r->doc->fields[i].text;
}

static bool is_html(struct st_span content_type)
{
    return st_span_istarts(content_type, ST_SPAN("text/html"));
}

/* " - YouTube" is cut where a title ends with it; " · *" is what begins there, however it goes on. */
static struct st_span without_end(struct st_span title, const char *end)
{
    size_t n = end != NULL ? strlen(end) : 0, at;

    if (n > 1 && end[n - 1] == '*') {
        at = st_span_find(title, st_span(end, n - 1));
        return at != ST_SPAN_NPOS && at > 0 ? st_span_sub(title, 0, at) : title;
    }
    if (n > 0 && title.n > n && st_span_ends(title, st_span(end, n)))
        title.n -= n;
    return title;
}

/* The object that a page's script holds: from the first '{' behind its name, as far as its braces close. */
static struct st_span script_object(struct st_span html, const char *name)
{
    size_t at = st_span_find(html, st_span_str(name)), depth = 0;
    bool in_string = false;

    if (at == ST_SPAN_NPOS)
        return ST_SPAN_NONE;
    html = st_span_sub(html, at, html.n);
    if ((at = st_span_chr(html, '{')) == ST_SPAN_NPOS)
        return ST_SPAN_NONE;
    html = st_span_sub(html, at, html.n);
    for (size_t i = 0; i < html.n; i++) {
        uint8_t c = html.p[i];

        i += in_string && c == '\\';
        in_string = in_string != (c == '"');
        if (in_string)
            continue;
        depth += c == '{';
        if (c == '}' && --depth == 0)
            return st_span_sub(html, 0, i + 1);
    }
    return ST_SPAN_NONE;
}

/* Pages say who and how long in their own script. */
static enum st_rc take_script(struct lp_reader *r, struct st_span html, struct lp_activity *a, struct st_err *err)
{
    const char *name = r->route->answer_script;
    struct flt_input in = { .content_type = ST_SPAN("application/json"), .plain_limit = PAGE_OBJECT_MAX };

    if (name == NULL || (in.body = script_object(html, name)).n == 0 || in.body.n > PAGE_OBJECT_MAX)
        return ST_OK;
    if (flt_decode(r->arena, &in, &r->doc, err) != ST_OK)
        return ST_ERR;
    take_object(r, &r->route->answer, a);
    return ST_OK;
}

static enum st_rc take_page(struct lp_reader *r, const struct lp_answer *answer, struct st_span html,
                            struct lp_activity *a, struct st_err *err)
{
    struct lp_page page;

    if (lp_page_text(r->arena, html, answer->content_type, &page, err) != ST_OK)
        return ST_ERR;
    if (take_script(r, html, a, err) != ST_OK)
        return ST_ERR;
    if (a->title.n == 0)
        a->title = without_end(page.title, r->route->title_end);
    if (a->lang.n == 0)
        a->lang = page.lang;
    return r->no_memory ? st_arena_fail(r->arena, err, "lua.answer") : ST_OK;
}

static bool is_page_of(const struct lp_activity *activity, struct st_span content_type)
{
    return is_html(content_type) && strcmp(activity->kind, "view") == 0;
}

bool lp_answer_adds(const struct lp_route *route, const struct lp_activity *activity, unsigned status,
                    struct st_span content_type)
{
    static const char *const media[] = { "image/", "video/", "audio/", "font/", "application/octet-stream" };

    for (size_t i = 0; i < ST_LEN(media); i++)
        if (st_span_istarts(content_type, st_span_str(media[i])))
            return false;
    if (sends_on(route, status))
        return true;
    return status >= 200 && status <= 299 && status != 204 &&
           (is_page_of(activity, content_type) || (has_sources(&route->answer) && !is_html(content_type)));
}

enum st_rc lp_answer_read(const struct lp_route *route, const struct lp_request *req, const struct lp_answer *answer,
                          struct st_arena *arena, struct lp_activity *activity, struct st_err *err)
{
    struct flt_input in = { .body = answer->body,
                            .content_type = answer->content_type,
                            .content_encoding = answer->content_encoding,
                            .plain_limit = answer->plain_limit };
    bool is_page = is_page_of(activity, answer->content_type);
    struct lp_reader r = { .route = route, .req = req, .arena = arena, .location = answer->location };

    if (sends_on(route, answer->status)) {
        take_object(&r, &route->answer, activity);
        return r.no_memory ? st_arena_fail(arena, err, "lua.answer") : ST_OK;
    }
    if (answer->status < 200 || answer->status > 299 || answer->body.n == 0 ||
        (!has_sources(&route->answer) && !is_page))
        return ST_OK;
    if (flt_decode(arena, &in, &r.doc, err) != ST_OK)
        return ST_ERR;
    if (is_page)
        return take_page(&r, answer, r.doc->plain, activity, err);
    take_object(&r, &route->answer, activity);
    take_uploads(&r, activity);
    return r.no_memory ? st_arena_fail(arena, err, "lua.answer") : ST_OK;
}
