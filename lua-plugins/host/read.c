/* SPDX-License-Identifier: Apache-2.0 */
/* read - from a matched request to an activity.
 *
 * Secrets are marked first, before anything else looks at a field: what the adapter lists in redact_always, what its
 * hide_names (and the fallback's) name, and everything of a route that is secret as a whole. Values come from the
 * places the rule lists (value.h), decoded, bounded, and copied into the arena of the transaction.
 */
#include "base/hash.h"
#include "value.h"
#include <string.h>

#define INTERVALS_MAX 64u

static bool name_in(const char *const *globs, struct st_span name)
{
    for (; globs != NULL && *globs != NULL; globs++) {
        if (lp_glob(*globs, name))
            return true;
    }
    return false;
}

static bool only_reads(struct st_span method)
{
    return st_span_eq(method, ST_SPAN("GET")) || st_span_eq(method, ST_SPAN("HEAD"));
}

/* What the fallback's lists hide holds on every platform: a password field, and in a link what machines put there. */
static bool hidden_everywhere(const struct lp_set *set, const struct flt_field *f, bool is_link)
{
    const struct lp_adapters *all = lp_set_adapters(set);
    struct st_span name = lp_last_part(f->path);

    for (size_t i = 0; i < all->n_fallbacks; i++) {
        if (name_in(all->fallbacks[i]->hide_names, name) ||
            (is_link && f->place == FLT_IN_QUERY && name_in(all->fallbacks[i]->link_names, name)))
            return true;
    }
    return false;
}

/* What was found out about a path, for the next field with the same one: posts repeat few paths many times. */
#define GLANCES 64u
struct glance {
    struct st_span path;
    bool held;
};

/* The slot of a path; true when it knows the answer. */
static bool glance_at(struct glance *table, struct st_span path, struct glance **out)
{
    size_t at = path.n == 0 ? 0 : path.n * 7u + path.p[path.n - 1] * 31u + path.p[path.n / 2] * 5u;
    struct glance *g = &table[at % GLANCES];
    bool known = path.n > 0 && st_span_eq(g->path, path);

    if (!known)
        *g = (struct glance){ path, false };
    *out = g;
    return known;
}

static bool has_field(const struct flt_doc *doc, const char *const *patterns)
{
    for (size_t i = 0; i < doc->n; i++)
        if (lp_path_in(patterns, doc->fields[i].path))
            return true;
    return false;
}

void lp_keep_lengths(const struct lp_route *route, struct flt_doc *doc)
{
    const struct lp_adapter *a = route->adapter;

    for (size_t k = 0; k < a->n_counted; k++) {
        const struct lp_counted *counted = &a->counted[k];

        if (counted->where != NULL && !has_field(doc, counted->where))
            continue;
        for (size_t i = 0; i < doc->n; i++)
            if (lp_path_in(counted->path, doc->fields[i].path))
                doc->fields[i].keep = counted->keep;
    }
}

void lp_hide(const struct lp_set *set, const struct lp_route *route, const struct lp_request *req, struct flt_doc *doc)
{
    bool is_link = only_reads(req->method);
    struct glance seen[GLANCES] = { 0 }, *g;

    for (size_t i = 0; doc != NULL && i < doc->n; i++) {
        struct flt_field *f = &doc->fields[i];

        if (!glance_at(seen, f->path, &g))
            g->held = hidden_everywhere(set, f, is_link) ||
                      (route != NULL && (route->is_secret || lp_path_in(route->adapter->redact, f->path) ||
                                         name_in(route->adapter->hide_names, lp_last_part(f->path))));
        f->is_secret = f->is_secret || g->held;
    }
}

static bool is_left_out(const char *const *patterns, struct st_span path)
{
    for (; *patterns != NULL; patterns++) {
        if ((*patterns)[0] == '!' && lp_path_match(*patterns + 1, path))
            return true;
    }
    return false;
}

static bool is_typed_path(const struct lp_route *route, struct st_span path)
{
    const struct lp_adapter *a = route->adapter;

    if (route->typed != NULL)
        return lp_path_in(route->typed, path) && !is_left_out(route->typed, path);
    return name_in(a->text_names, lp_last_part(path)) && !name_in(a->skip_names, lp_last_part(path));
}

static bool is_typed(const struct lp_route *route, const struct flt_field *f, struct glance *seen)
{
    struct glance *g;

    if (f->is_secret || (route->typed == NULL && f->text.n < route->adapter->text_min))
        return false;
    if (!glance_at(seen, f->path, &g))
        g->held = is_typed_path(route, f->path);
    return g->held;
}

static bool is_text(struct st_span s)
{
    for (size_t n; s.n > 0; s = st_span_sub(s, n, s.n))
        if (*s.p == '\0' || (n = st_span_utf8(s)) == 0)
            return false;
    return true;
}

/* What base64 says, if that is text: lines of it may be broken anywhere. A picture says nothing. */
static struct st_span unpacked(struct lp_reader *r, struct st_span base64)
{
    uint8_t *lines = st_arena_room(r->arena, base64.n), *text = st_arena_room(r->arena, 3 * base64.n / 4 + 3);
    struct st_err err = ST_ERR_INIT;
    size_t n = 0;

    if (lines == NULL || text == NULL) {
        r->no_memory = true;
        return ST_SPAN_NONE;
    }
    for (size_t i = 0; i < base64.n; i++)
        if (base64.p[i] != '\n' && base64.p[i] != '\r' && base64.p[i] != ' ')
            lines[n++] = base64.p[i];
    if (st_base64_decode(st_span(lines, n), text, &n, &err) != ST_OK)
        return base64;
    return is_text(st_span(text, n)) ? st_span(text, n) : ST_SPAN_NONE;
}

static struct st_span said_in(struct lp_reader *r, const struct flt_field *f)
{
    return lp_path_in(r->route->base64, f->path) ? unpacked(r, f->text) : f->text;
}

/* Collects the typed fields and their text, joined by newlines; a single one's is where it stands. */
static void read_typed(struct lp_reader *r, struct lp_activity *out)
{
    struct glance seen[GLANCES] = { 0 };
    size_t total = 0, n = 0;
    uint8_t *text;

    for (size_t i = 0; r->doc != NULL && i < r->doc->n; i++) {
        if (is_typed(r->route, &r->doc->fields[i], seen)) {
            n++;
            total += r->doc->fields[i].text.n + 1;
        }
    }
    if (n == 0)
        return;
    out->typed = st_arena_alloc(r->arena, n * sizeof *out->typed);
    out->said = st_arena_alloc(r->arena, n * sizeof *out->said);
    text = n > 1 ? st_arena_room(r->arena, total) : NULL;
    if (out->typed == NULL || out->said == NULL || (text == NULL && n > 1)) {
        r->no_memory = true;
        return;
    }
    total = 0;
    for (size_t i = 0; i < r->doc->n; i++) {
        const struct flt_field *f = &r->doc->fields[i];
        struct st_span said;

        if (!is_typed(r->route, f, seen))
            continue;
        out->said[out->n_typed] = said = said_in(r, f);
        out->typed[out->n_typed++] = (uint32_t)i;
        if (said.n == 0)
            continue;
        if (n == 1) {
            out->text = said;
            return;
        }
        if (total > 0)
            text[total++] = '\n';
        memcpy(text + total, said.p, said.n);
        total += said.n;
    }
    out->text = st_span(text, total);
}

/* "12.345" seconds to milliseconds; false on anything else. */
static bool seconds_of(struct st_span s, uint64_t *ms)
{
    size_t dot = st_span_chr(s, '.');
    uint64_t whole, scale = 100;

    if (!st_span_u64(st_span_sub(s, 0, dot), &whole) || whole > 1000000000u)
        return false;
    *ms = whole * 1000;
    for (size_t i = dot == ST_SPAN_NPOS ? s.n : dot + 1; i < s.n; i++, scale /= 10) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *ms += (uint64_t)(s.p[i] - '0') * scale;
    }
    return true;
}

/* ISO 8601: PT1H2M3S, P1DT2H. */
static bool iso_duration(struct st_span s, uint64_t *ms)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = { { 'D', 86400 }, { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
    uint64_t total = 0, n = 0;

    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9' && n < 1000000) {
            n = n * 10 + (uint64_t)(s.p[i] - '0');
            continue;
        }
        for (size_t k = 0; k < ST_LEN(units); k++)
            total += s.p[i] == units[k].unit ? n * units[k].seconds : 0;
        n = 0;
    }
    *ms = total * 1000;
    return total > 0;
}

bool lp_time(const struct lp_route *route, struct st_span s, uint64_t *ms)
{
    if (s.n > 1 && s.p[0] == 'P')
        return iso_duration(s, ms);
    if (!route->is_ms)
        return seconds_of(s, ms);
    return st_span_u64(st_span_sub(s, 0, st_span_chr(s, '.')), ms) && *ms < 1000000000000u;
}

static void read_watch(struct lp_reader *r, struct lp_activity *out)
{
    struct st_span from = lp_value_of(r, r->route->watch.from), to = lp_value_of(r, r->route->watch.to), a, b;
    struct st_span last = lp_value_of(r, r->route->watch.is_final);

    if (r->route->watch.from == NULL)
        return;
    out->intervals = st_arena_alloc(r->arena, INTERVALS_MAX * sizeof *out->intervals);
    if (out->intervals == NULL) {
        r->no_memory = true;
        return;
    }
    while (out->n_intervals < INTERVALS_MAX && st_span_next(&from, ',', &a) && st_span_next(&to, ',', &b)) {
        uint64_t from_ms, to_ms;

        if (!lp_time(r->route, a, &from_ms) || !lp_time(r->route, b, &to_ms) || from_ms > to_ms)
            continue;
        out->intervals[out->n_intervals].from_ms = from_ms;
        out->intervals[out->n_intervals++].to_ms = to_ms;
    }
    out->is_final = st_span_eq(last, ST_SPAN("1")) || st_span_eq(last, ST_SPAN("true"));
    if (out->is_final)
        out->kind = r->route->watch.final_kind;
}

/* One name for a page, however it was written: blanks in the title, '_' in the id. */
static void name_page(struct lp_reader *r, struct lp_activity *out)
{
    uint8_t *title = st_arena_dup(r->arena, out->title.p != NULL ? (const void *)out->title.p : "", out->title.n);
    uint8_t *id = st_arena_alloc(r->arena, out->object_id.n + 1);

    if (title == NULL || id == NULL) {
        r->no_memory = true;
        return;
    }
    for (size_t i = 0; i < out->title.n; i++)
        title[i] = title[i] == '_' ? ' ' : title[i];
    for (size_t i = 0; i < out->object_id.n; i++)
        id[i] = out->object_id.p[i] == ' ' ? '_' : out->object_id.p[i];
    out->title.p = title;
    out->object_id.p = id;
}

static void read_object(struct lp_reader *r, struct lp_activity *out)
{
    const struct lp_route *route = r->route;

    out->object_type = st_span_str(route->object.type);
    out->object_id = lp_value_of(r, route->object.id);
    out->title = lp_value_of(r, route->object.title);
    out->author = lp_value_of(r, route->object.author);
    out->lang = lp_value_of(r, route->object.lang);
    (void)lp_time(route, lp_value_of(r, route->object.length), &out->length_ms);
    (void)lp_time(route, lp_value_of(r, route->dwell), &out->dwell_ms);
    if (route->spaces && out->title.n > 0)
        name_page(r, out);
    r->id = out->object_id;
    out->url = lp_url_of(r, route->object.url);
}

/* Until the answer names what was made, the activity is about what it is in. */
static void read_parents(struct lp_reader *r, struct lp_activity *out)
{
    const struct lp_route *route = r->route;

    out->group_type = st_span_str(route->group.type);
    out->group_id = lp_value_of(r, route->group.id);
    out->parent_type = st_span_str(route->parent.type);
    out->parent_id = r->id = lp_value_of(r, route->parent.id);
    out->parent_url = lp_url_of(r, route->parent.url);
    if (out->title.n == 0)
        out->title = lp_value_of(r, route->parent.title);
    if (out->object_id.n > 0 || out->parent_id.n == 0)
        return;
    out->object_id = out->parent_id;
    out->object_type = out->parent_type;
    if (out->url.n == 0)
        out->url = out->parent_url;
}

static void read_audience(struct lp_reader *r, struct lp_activity *out)
{
    const struct lp_audience *a = &r->route->audience;
    struct st_span value = lp_value_of(r, a->from);

    out->audience = a->fixed;
    for (size_t i = 0; value.n > 0 && a->map != NULL && a->map[i] != NULL; i += 2) {
        if (lp_glob(a->map[i], value))
            out->audience = a->map[i + 1];
    }
}

enum st_rc lp_activity_read(const struct lp_set *set, const struct lp_route *route, const struct lp_exchange *exchange,
                            struct st_arena *arena, struct lp_activity *out, struct st_err *err)
{
    struct lp_reader r = { .set = set, .route = route, .req = exchange->req, .doc = exchange->doc, .arena = arena };

    *out = (struct lp_activity){ .platform = route->adapter->id,
                                 .kind = route->kind,
                                 .phase = route->phase,
                                 .confidence = route->adapter->is_fallback ? 50 : 100 };
    lp_hide(set, route, exchange->req, exchange->doc);
    if (route->is_secret)
        return ST_AGAIN;
    read_audience(&r, out);
    read_typed(&r, out);
    read_object(&r, out);
    read_parents(&r, out);
    read_watch(&r, out);
    if (r.no_memory)
        return st_arena_fail(arena, err, "lua.activity");
    return route->adapter->is_fallback && out->n_typed == 0 ? ST_AGAIN : ST_OK;
}

bool lp_route_is_text(const struct lp_route *route)
{
    return route->typed == NULL || route->typed[0] != NULL;
}

const char *lp_route_id(const struct lp_route *route)
{
    return route->id;
}

const char *lp_route_platform(const struct lp_route *route)
{
    return route->adapter->id;
}

const char *lp_route_version(const struct lp_route *route)
{
    return route->adapter->version;
}
