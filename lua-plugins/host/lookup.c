/* SPDX-License-Identifier: Apache-2.0 */
/* lookup - which adapter a request is for, and which of its rules.
 *
 * Order: the adapter that claims the host; on unclaimed hosts those that work anywhere (a wiki has any name); then the
 * fallback. The first rule that holds wins, so files list the narrow before the wide. What the head tells is looked up
 * once (lp_look): the rules whose head holds, up to the first that asks for no more; a message's fields choose among
 * them.
 */
#include "value.h"
#include <stdlib.h>
#include <string.h>

/* ---- whose rules ------------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct lp_host *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = n > 0 ? memcmp(x->name.p, y->name.p, n) : 0;

    return order != 0 ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* Of two adapters with one host that keeps it of which the site says so, else the first in name order. */
static int by_name_and_id(const void *a, const void *b)
{
    const struct lp_host *x = a, *y = b;
    int order = by_name(a, b);

    if (order == 0)
        order = y->is_bound - x->is_bound;
    return order != 0 ? order : strcmp(x->adapter->id, y->adapter->id);
}

static size_t count_hosts(const char *const *hosts)
{
    size_t n = 0;

    while (hosts != NULL && hosts[n] != NULL)
        n++;
    return n;
}

static void put_hosts(struct lp_adapters *all, const struct lp_adapter *a, const char *const *hosts, bool is_bound)
{
    for (; hosts != NULL && *hosts != NULL; hosts++)
        all->hosts[all->n_hosts++] = (struct lp_host){ st_span_str(*hosts + (**hosts == '*')), a, is_bound };
}

static enum st_rc index_hosts(struct lp_adapters *all, struct st_arena *arena, struct st_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        n += count_hosts(all->items[i]->hosts) + count_hosts(all->items[i]->bound);
    if ((all->hosts = st_arena_alloc(arena, (n + 1) * sizeof *all->hosts)) == NULL)
        return st_arena_fail(arena, err, "lua.hosts");
    for (size_t i = 0; i < all->n; i++) {
        put_hosts(all, all->items[i], all->items[i]->hosts, false);
        put_hosts(all, all->items[i], all->items[i]->bound, true);
    }
    qsort(all->hosts, all->n_hosts, sizeof *all->hosts, by_name_and_id);
    n = 0;
    for (size_t i = 0; i < all->n_hosts; i++)
        if (n == 0 || by_name(&all->hosts[n - 1], &all->hosts[i]) != 0)
            all->hosts[n++] = all->hosts[i];
    all->n_hosts = n;
    return ST_OK;
}

enum st_rc lp_adapters_index(struct lp_adapters *all, struct st_arena *arena, struct st_err *err)
{
    all->anywhere = st_arena_alloc(arena, (all->n + 1) * sizeof(struct lp_adapter *));
    all->fallbacks = st_arena_alloc(arena, (all->n + 1) * sizeof(struct lp_adapter *));
    if (all->anywhere == NULL || all->fallbacks == NULL)
        return st_arena_fail(arena, err, "lua.hosts");
    for (size_t i = 0; i < all->n; i++) {
        if (all->items[i]->is_fallback)
            all->fallbacks[all->n_fallbacks++] = all->items[i];
        else if (all->items[i]->is_anywhere)
            all->anywhere[all->n_anywhere++] = all->items[i];
    }
    return index_hosts(all, arena, err);
}

/* The exact name, else the longest suffix (kept with its leading dot). */
static const struct lp_adapter *claimer(const struct lp_set *set, struct st_span host)
{
    const struct lp_adapters *all = lp_set_adapters(set);
    struct lp_host wanted = { st_span_host(host), NULL, false };

    while (wanted.name.n > 0) {
        const struct lp_host *found = bsearch(&wanted, all->hosts, all->n_hosts, sizeof wanted, by_name);
        size_t dot = st_span_chr(st_span_sub(wanted.name, 1, wanted.name.n), '.');

        if (found != NULL)
            return found->adapter;
        if (dot == ST_SPAN_NPOS)
            break;
        wanted.name = st_span_sub(wanted.name, dot + 1, wanted.name.n);
    }
    return NULL;
}

const char *lp_host_platform(const struct lp_set *set, struct st_span host)
{
    const struct lp_adapter *a = claimer(set, host);

    return a != NULL ? a->id : NULL;
}

/* Whose rules are tried. */
struct turn {
    const struct lp_adapters *all;
    const struct lp_adapter *owner;
    size_t at;
};

static struct turn first_turn(const struct lp_set *set, const struct lp_request *req)
{
    return (struct turn){ lp_set_adapters(set), claimer(set, req->host), 0 };
}

/* NULL: all had theirs. */
static const struct lp_adapter *next_turn(struct turn *turn)
{
    const struct lp_adapters *all = turn->all;
    size_t at = turn->at++, firsts = turn->owner != NULL ? 1 : all->n_anywhere;

    if (at < firsts)
        return turn->owner != NULL ? turn->owner : all->anywhere[at];
    return at - firsts < all->n_fallbacks ? all->fallbacks[at - firsts] : NULL;
}

/* ---- what is never read ----------------------------------------------------------------------------------------- */

/* "/saml2/../post" is not where it seems to be. */
static bool has_dot_segment(struct st_span path)
{
    size_t n = 0, dots = 0; /* of the segment so far */

    for (size_t i = 0; i < path.n;) {
        int c = lp_next_byte(path, &i, false);
        bool is_end = c == '/' || c == '\\' || c == ';';

        if (is_end && n > 0 && n <= 2 && dots == n)
            return true;
        n = is_end ? 0 : n + 1;
        dots = is_end ? 0 : dots + (c == '.');
    }
    return n > 0 && n <= 2 && dots == n;
}

/* What is never read must be beyond doubt: no detour in the path, no parameter twice of which the origin may take the
 * other. */
static bool is_beyond_doubt(const struct lp_head *h, const struct lp_request *req)
{
    for (size_t i = 0; i < h->n_params; i++) {
        if (lp_query_count(req->query, h->params[i].name) > 1)
            return false;
    }
    return !has_dot_segment(req->path);
}

bool lp_is_secret_path(const struct lp_set *set, const struct lp_request *req)
{
    struct lp_glimpse glimpse = lp_glimpse_of(req);
    struct turn turn = first_turn(set, req);
    const struct lp_adapter *a;

    while ((a = next_turn(&turn)) != NULL) {
        for (size_t k = 0; (k = lp_shortlist_next(&a->may_hide, glimpse, k)) < a->n_secrets; k++) {
            if (lp_head_is(&a->secrets[k], req, glimpse.is_plain) && is_beyond_doubt(&a->secrets[k], req))
                return true;
        }
    }
    return false;
}

/* ---- what it means ---------------------------------------------------------------------------------------------- */

bool lp_is_message(const struct lp_request *req)
{
    return st_span_eq(req->method, LP_WEBSOCKET);
}

enum flt_wire lp_wire(const struct lp_set *set, const struct lp_request *req)
{
    struct lp_glimpse glimpse = lp_glimpse_of(req);
    struct turn turn = first_turn(set, req);
    const struct lp_adapter *a;

    while ((a = next_turn(&turn)) != NULL) {
        for (size_t k = 0; (k = lp_shortlist_next(&a->may_speak, glimpse, k)) < a->n_speaks; k++) {
            if (lp_head_is(&a->speaks[k].head, req, glimpse.is_plain))
                return a->speaks[k].wire;
        }
    }
    return FLT_WIRE_NONE;
}

static bool body_is_beyond_doubt(const struct lp_body *b, const struct flt_doc *doc)
{
    for (size_t i = 0; i < b->n_params; i++) {
        size_t count = 0;

        for (size_t k = 0; doc != NULL && k < doc->n; k++)
            count += lp_path_match(b->params[i].name, doc->fields[k].path);
        if (count > 1)
            return false;
    }
    return true;
}

/* A part of the rules whose head holds. */
struct page {
    size_t skip; /* so many are on the pages before */
    struct lp_sight *sight;
};

/* true: the page is full, or one of them asks for no more. */
static bool look_in(const struct lp_adapter *a, const struct lp_request *req, struct page *page)
{
    struct lp_glimpse glimpse = lp_glimpse_of(req);
    struct lp_sight *sight = page->sight;

    for (size_t i = 0; (i = lp_shortlist_next(&a->may_route, glimpse, i)) < a->n_routes; i++) {
        if (!lp_head_is(&a->routes[i].head, req, glimpse.is_plain))
            continue;
        if (page->skip > 0) {
            page->skip--;
            continue;
        }
        sight->rules[sight->n++] = &a->routes[i];
        sight->is_whole = !a->routes[i].has_body;
        if (sight->is_whole || sight->n == LP_SIGHT_RULES)
            return true;
    }
    return false;
}

static void look(const struct lp_set *set, const struct lp_request *req, struct page page)
{
    struct turn turn = first_turn(set, req);
    const struct lp_adapter *a;

    page.sight->n = 0;
    while ((a = next_turn(&turn)) != NULL) {
        if (look_in(a, req, &page))
            return;
    }
    page.sight->is_whole = true;
}

void lp_look(const struct lp_set *set, const struct lp_request *req, struct lp_sight *sight)
{
    look(set, req, (struct page){ 0, sight });
}

static const struct lp_route *choose(const struct lp_sight *sight, const struct flt_doc *doc, bool *needs_body)
{
    for (size_t i = 0; i < sight->n; i++) {
        const struct lp_route *r = sight->rules[i];

        if (!r->has_body)
            return r;
        if (doc == NULL)
            *needs_body = true;
        else if (lp_body_is(&r->body, doc) && (!r->is_secret || body_is_beyond_doubt(&r->body, doc)))
            return r;
    }
    return NULL;
}

const struct lp_route *lp_route_seen(const struct lp_set *set, const struct lp_request *req,
                                     const struct lp_sight *sight, const struct flt_doc *doc, bool *needs_body)
{
    struct lp_sight more;
    const struct lp_route *r;
    size_t seen = sight->n;

    *needs_body = false;
    while ((r = choose(sight, doc, needs_body)) == NULL && !sight->is_whole) {
        look(set, req, (struct page){ seen, &more });
        sight = &more;
        seen += more.n;
    }
    return r != NULL && r->is_ignored ? NULL : r;
}

const struct lp_route *lp_route_find(const struct lp_set *set, const struct lp_request *req, const struct flt_doc *doc,
                                     bool *needs_body)
{
    struct lp_sight sight;
    bool ignored;

    lp_look(set, req, &sight);
    return lp_route_seen(set, req, &sight, doc, needs_body != NULL ? needs_body : &ignored);
}

const struct lp_route *lp_route_transfer(const struct lp_set *set, struct st_span platform, struct st_span rule)
{
    const struct lp_adapters *all = lp_set_adapters(set);

    for (size_t i = 0; i < all->n; i++) {
        const struct lp_adapter *a = all->items[i];

        for (size_t k = 0; k < a->n_routes && st_span_eq(st_span_str(a->id), platform); k++)
            if (st_span_eq(st_span_str(a->routes[k].id), rule) && a->routes[k].transfer != NULL)
                return a->routes[k].transfer;
    }
    return NULL;
}
