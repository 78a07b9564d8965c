/* SPDX-License-Identifier: Apache-2.0 */
/* describe - docs/platforms.md: what each adapter knows, made from the tables that requests are matched with.
 *
 * A kind without a test of its own would be a claim, so each kind stands beside the tests that show it.
 */
#include "adapter.h"
#include <string.h>

static const struct lp_route *route_by_id(const struct lp_adapter *a, const char *id)
{
    for (size_t i = 0; id != NULL && i < a->n_routes; i++)
        if (strcmp(a->routes[i].id, id) == 0)
            return &a->routes[i];
    return NULL;
}

static bool is_seen(const struct lp_route *r)
{
    return !r->is_ignored && !r->is_secret;
}

static bool shows(const struct lp_adapter *a, const struct lp_check *check, const char *kind)
{
    const struct lp_route *r = route_by_id(a, check->rule);

    if (check->is_none || check->is_secret)
        return false;
    return check->kind != NULL ? strcmp(check->kind, kind) == 0 : r != NULL && strcmp(r->kind, kind) == 0;
}

static bool has_kind(const struct lp_adapter *a, const char *kind)
{
    for (size_t i = 0; i < a->n_routes; i++) {
        const struct lp_route *r = &a->routes[i];

        if (is_seen(r) &&
            (strcmp(r->kind, kind) == 0 || (r->watch.final_kind != NULL && strcmp(r->watch.final_kind, kind) == 0)))
            return true;
    }
    return false;
}

static void put_hosts(struct st_buf *out, const struct lp_adapter *a)
{
    for (size_t i = 0; a->hosts != NULL && a->hosts[i] != NULL; i++)
        st_buf_fmt(out, "%s`%s`", i > 0 ? ", " : "", a->hosts[i]);
    if (a->is_anywhere)
        st_buf_str(out, a->hosts != NULL ? ", any unclaimed host" : "any unclaimed host");
    if (a->is_fallback)
        st_buf_str(out, "every opened host, last");
}

static void put_kinds(struct st_buf *out, const struct lp_adapter *a)
{
    const char *gap = "";

    for (size_t k = 0; flt_kinds[k] != NULL; k++) {
        if (!has_kind(a, flt_kinds[k]))
            continue;
        st_buf_fmt(out, "%s`%s`", gap, flt_kinds[k]);
        gap = " ";
    }
}

static void put_template(struct st_buf *out, const char *text)
{
    st_buf_byte(out, '`');
    for (const char *c = text; *c != '\0'; c++) /* a row of a table is one line */
        if (*c == '|' || *c == '\n')
            st_buf_str(out, *c == '|' ? "\\|" : c[1] == '\n' ? "" : " ");
        else
            st_buf_byte(out, (uint8_t)*c);
    st_buf_byte(out, '`');
}

static void put_shape(struct st_buf *out, const struct lp_shape *shape)
{
    if (shape->is_page) {
        st_buf_str(out, "Stoa's page");
        return;
    }
    if (shape->socket != NULL && shape->socket[0] != NULL) {
        st_buf_str(out, "on a socket ");
        put_template(out, shape->socket[0]);
        st_buf_str(out, ", else ");
    }
    st_buf_fmt(out, "%u ", shape->status);
    put_template(out, shape->body);
}

/* The different ways to say no to a write. */
static void put_refusals(struct st_buf *out, const struct lp_adapter *a)
{
    const char *gap = "";

    for (size_t i = 0; i < a->n_routes; i++) {
        bool is_new = is_seen(&a->routes[i]) && a->routes[i].typed != NULL && a->routes[i].typed[0] != NULL;

        is_new = is_new || (a->is_fallback && is_seen(&a->routes[i]));
        for (size_t k = 0; k < i && is_new; k++)
            is_new = !is_seen(&a->routes[k]) || a->routes[k].typed == NULL || a->routes[k].typed[0] == NULL ||
                     strcmp(a->routes[k].deny.body, a->routes[i].deny.body) != 0 ||
                     a->routes[k].deny.status != a->routes[i].deny.status;
        if (!is_new)
            continue;
        st_buf_str(out, gap);
        put_shape(out, &a->routes[i].deny);
        gap = "; ";
    }
    if (*gap == '\0')
        st_buf_str(out, "Stoa's page");
}

static void put_tests(struct st_buf *out, const struct lp_adapter *a, const char *kind)
{
    const char *gap = "";

    for (size_t i = 0; i < a->n_checks; i++) {
        if (!shows(a, &a->checks[i], kind))
            continue;
        st_buf_fmt(out, "%s%s", gap, a->checks[i].name);
        gap = "; ";
    }
    if (*gap == '\0')
        st_buf_str(out, "none");
}

static void put_adapter(struct st_buf *out, const struct lp_adapter *a)
{
    size_t nothing = 0, secret = 0;

    for (size_t i = 0; i < a->n_checks; i++) {
        nothing += a->checks[i].is_none;
        secret += a->checks[i].is_secret;
    }
    st_buf_fmt(out,
               "\n## %s\n\n`%s` %s. %zu rules, %zu tests, of them %zu that nothing is seen and %zu of secret paths.\n",
               a->title, a->id, a->version, a->n_routes, a->n_checks, nothing, secret);
    if (!has_kind(a, "view") && a->n_routes == 0) {
        st_buf_str(out, "\nIts traffic cannot be read; policies may allow or block it.\n");
        return;
    }
    st_buf_str(out, "\n| kind | shown by |\n|---|---|\n");
    for (size_t k = 0; flt_kinds[k] != NULL; k++) {
        if (!has_kind(a, flt_kinds[k]))
            continue;
        st_buf_fmt(out, "| `%s` | ", flt_kinds[k]);
        put_tests(out, a, flt_kinds[k]);
        st_buf_str(out, " |\n");
    }
}

void lp_describe(const struct lp_set *set, struct st_buf *out)
{
    const struct lp_adapters *all = lp_set_adapters(set);

    st_buf_str(out,
               "# Platforms\n\nWhat the shipped adapters know, and which of their own tests shows it. A policy opens a "
               "platform; an adapter alone opens nothing.\n\n"
               "| platform | hosts | kinds | how it says no | tests |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < all->n; i++) {
        st_buf_fmt(out, "| %s | ", all->items[i]->title);
        put_hosts(out, all->items[i]);
        st_buf_str(out, " | ");
        put_kinds(out, all->items[i]);
        st_buf_str(out, " | ");
        put_refusals(out, all->items[i]);
        st_buf_fmt(out, " | %zu |\n", all->items[i]->n_checks);
    }
    for (size_t i = 0; i < all->n; i++)
        put_adapter(out, all->items[i]);
}
