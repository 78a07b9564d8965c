/* SPDX-License-Identifier: Apache-2.0 */
/* platforms - what is promised of every shipped adapter, checked with the exchanges its own file brings.
 *
 * For each typed field of each exchange: a secret is planted there, written through every layer; it is found by the
 * detectors at that place and nowhere else, and taking it out leaves all other fields as they were. And each refusal is
 * what its type says it is.
 */
#include "base/hash.h"
#include "base/json.h"
#include "host/adapter.h"
#include "lua_t.h"

static const char secret[] = "my \"account\" is \\ DE89 3704 0044 0532 0130 00 & 100%";

static struct lp_set *shipped(void)
{
    static const char *const dirs[] = { "lua-plugins", NULL };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, diag, &err), err);
    st_diag_free(diag);
    return set;
}

struct plant { /* one exchange of one adapter, and a field of it */
    const struct lp_set *set;
    const struct lp_adapter *adapter;
    const struct lp_check *check;
    struct flt_scanner *scanner;
    struct st_arena *arena;
    struct lp_request req;
    const struct lp_route *route;
    struct flt_doc *doc;
    struct lp_activity activity;
};

static struct flt_doc *decode(struct plant *p, struct st_span query, struct st_span body)
{
    struct flt_input in = { .query = query,
                            .body = body,
                            .content_type = p->req.content_type,
                            .plain_limit = 1u << 20,
                            .wire = lp_wire(p->set, &p->req),
                            .is_message = lp_is_message(&p->req) };
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;

    T_OK(flt_decode(p->arena, &in, &doc, &err), err);
    return doc;
}

static bool read_check(struct plant *p)
{
    const struct lp_check *k = p->check;
    struct st_err err = ST_ERR_INIT;
    bool needs_body;

    p->req = (struct lp_request){ st_span_str(k->method), st_span_str(k->host), st_span_str(k->path),
                                  st_span_str(k->query), st_span_str(k->type) };
    if (k->is_none || k->is_secret)
        return false;
    p->doc = decode(p, p->req.query, k->body);
    p->route = lp_route_find(p->set, &p->req, p->doc, &needs_body);
    T_CHECK(p->route != NULL, "%s: %s", p->adapter->id, k->name);
    return lp_activity_read(p->set, p->route, &(struct lp_exchange){ &p->req, p->doc }, p->arena, &p->activity, &err) ==
           ST_OK;
}

/* Writes one finding's mask over it; the message that comes of it, decoded. */
static struct flt_doc *rewrite(struct plant *p, const struct flt_doc *doc, struct flt_finding *finding)
{
    struct flt_findings findings = { .items = finding, .n = 1 };
    struct st_err err = ST_ERR_INIT;
    struct st_buf body, query;
    struct flt_doc *out;
    bool mark = true;

    st_buf_init(&body, 1u << 20);
    st_buf_init(&query, 1u << 20);
    T_OK(flt_redact(doc, &findings, &mark, &body, &query, &err), err);
    out = decode(p, st_span(st_arena_dup(p->arena, query.n > 0 ? (const void *)query.p : "", query.n), query.n),
                 st_span(st_arena_dup(p->arena, body.n > 0 ? (const void *)body.p : "", body.n), body.n));
    if (query.n == 0 && doc->query.n > 0) /* untouched */
        out = decode(p, doc->query, st_span(st_arena_dup(p->arena, body.p, body.n), body.n));
    st_buf_fini(&body);
    st_buf_fini(&query);
    return out;
}

/* All fields but one are what they were. */
static void expect_same(struct plant *p, const struct flt_doc *a, const struct flt_doc *b, size_t but)
{
    bool is_key = st_span_eq(lp_last_part(a->fields[but].path), ST_SPAN("@key")); /* what is below it moves with it */

    T_CHECK(a->n == b->n, "%s: %s: %zu fields, %zu before", p->adapter->id, p->check->name, b->n, a->n);
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        T_CHECK(is_key || st_span_eq(a->fields[i].path, b->fields[i].path), "%s: %s: place of field %zu",
                p->adapter->id, p->check->name, i);
        T_CHECK(i == but || st_span_eq(a->fields[i].text, b->fields[i].text), "%s: %s: field %zu", p->adapter->id,
                p->check->name, i);
    }
}

/* What a typed field says: its text, or what stands in that as base64. False: it is no typed text. */
static bool says(struct plant *p, struct flt_doc *doc, uint32_t field, struct st_span *out)
{
    struct lp_activity a;
    struct st_err err = ST_ERR_INIT;

    T_OK(lp_activity_read(p->set, p->route, &(struct lp_exchange){ &p->req, doc }, p->arena, &a, &err), err);
    for (size_t i = 0; i < a.n_typed; i++) {
        if (a.typed[i] == field) {
            *out = a.said[i];
            return true;
        }
    }
    return false;
}

static void plant_in(struct plant *p, uint32_t field)
{
    char packed[128] = "";
    struct flt_rule planted = { .id = "test", .pack = "test", .mask = secret };
    struct flt_finding all = {
        .rule = &planted, .field = field, .to = (uint32_t)p->doc->fields[field].text.n, .confidence = 100
    };
    struct flt_doc *with, *without;
    struct flt_findings found;
    struct st_span said = ST_SPAN_NONE;
    struct st_err err = ST_ERR_INIT;

    if (lp_path_in(p->route->base64, p->doc->fields[field].path)) {
        (void)st_base64(st_span_str(secret), packed);
        planted.mask = packed;
    }
    with = rewrite(p, p->doc, &all);
    expect_same(p, p->doc, with, field);
    T_CHECK(says(p, with, field, &said), "%s: %s: field %u is no typed text any more", p->adapter->id, p->check->name,
            field);
    T_CHECK(st_span_eq(said, st_span_str(secret)), "%s: %s: the planted text", p->adapter->id, p->check->name);
    T_OK(flt_scan(p->scanner, p->arena, with, &found, NULL, &err), err);
    T_CHECK(found.n == 1 && found.items[0].field == field && strcmp(found.items[0].rule->id, "pii.iban") == 0,
            "%s: %s: %zu findings, field %u", p->adapter->id, p->check->name, found.n, field);
    if (found.n == 0)
        return;
    without = rewrite(p, with, &found.items[0]);
    expect_same(p, p->doc, without, field);
    T_CHECK(says(p, without, field, &said) && st_span_find(said, ST_SPAN("0532")) == ST_SPAN_NPOS &&
                st_span_ends(said, ST_SPAN("& 100%")),
            "%s: %s: what is left: %.*s", p->adapter->id, p->check->name, (int)said.n, (const char *)said.p);
}

T_TEST(a_secret_in_every_typed_field_is_found_there_and_taken_out)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_err err = ST_ERR_INIT;
    struct st_diag *diag = st_diag_new();
    struct plant p = { .set = shipped() };
    const struct lp_adapters *all = lp_set_adapters(p.set);
    struct flt_packs *packs = NULL;
    unsigned n = 0;

    T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
    T_OK(flt_scanner_new(packs, &p.scanner, &err), err);
    for (size_t i = 0; i < all->n; i++) {
        p.adapter = all->items[i];
        for (size_t k = 0; k < p.adapter->n_checks; k++) {
            p.check = &p.adapter->checks[k];
            p.arena = st_arena_new((size_t)16 << 20);
            for (size_t t = 0; read_check(&p) && t < p.activity.n_typed; t++) {
                if (p.doc->fields[p.activity.typed[t]].text.n > 0) {
                    plant_in(&p, p.activity.typed[t]);
                    n++;
                }
            }
            st_arena_free(p.arena);
        }
    }
    T_CHECK(n > 250, "only %u typed fields in all", n);
    flt_scanner_free(p.scanner);
    flt_packs_release(packs);
    st_diag_free(diag);
    lp_set_release((struct lp_set *)p.set);
}

static void check_refusal(const struct lp_route *r)
{
    static const char message[] = "Not \"sent\" \\ <b>";
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_denial d;
    json_t *json = NULL;

    T_OK(lp_deny(r, arena, message, "R-1", &d, &err), err);
    if (!d.is_page && strcmp(d.content_type, "application/json") == 0) {
        if (st_span_starts(d.body, ST_SPAN(")]}'"))) /* Google's guard against scripts */
            d.body = st_span_sub(d.body, 4, d.body.n);
        T_OK(st_json_read(d.body, r->id, &json, NULL, &err), err);
        T_CHECK(st_span_find(d.body, ST_SPAN("Not \\\"sent\\\" \\\\ <b>")) != ST_SPAN_NPOS, "%s %s: no message",
                r->adapter->id, r->id);
        json_decref(json);
    }
    T_CHECK(d.is_page || st_span_find(d.body, ST_SPAN("R-1")) != ST_SPAN_NPOS, "%s %s: no id", r->adapter->id, r->id);
    T_CHECK(d.is_page || st_span_find(d.body, ST_SPAN("{message}")) == ST_SPAN_NPOS, "%s %s", r->adapter->id, r->id);
    st_arena_free(arena);
}

T_TEST(every_refusal_is_valid_in_its_shape)
{
    struct lp_set *set = shipped();
    const struct lp_adapters *all = lp_set_adapters(set);

    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->items[i]->n_routes; k++)
            check_refusal(&all->items[i]->routes[k]);
    lp_set_release(set);
}

T_TEST(every_kind_has_a_test_and_every_adapter_a_counterexample)
{
    struct lp_set *set = shipped();
    const struct lp_adapters *all = lp_set_adapters(set);
    struct st_buf b;

    st_buf_init(&b, 1u << 20);
    lp_describe(set, &b);
    T_CHECK(b.failed == ST_E_NONE && st_span_find(st_buf_view(&b), ST_SPAN("| none |")) == ST_SPAN_NPOS,
            "a kind without a test: stoa docs platforms shows which");
    st_buf_fini(&b);
    for (size_t i = 0; i < all->n; i++) {
        const struct lp_adapter *a = all->items[i];
        size_t nothing = 0, secrets = 0;

        for (size_t k = 0; k < a->n_checks; k++) {
            nothing += a->checks[k].is_none;
            secrets += a->checks[k].is_secret;
        }
        T_CHECK(nothing > 0, "%s: no exchange that is nothing", a->id);
        T_CHECK(secrets > 0 || a->n_secrets == 0, "%s: no exchange with a secret path", a->id);
    }
    lp_set_release(set);
}

/* Is it the rule that the exchange is about: by name, or, of those that see nothing, by what it asks for? */
static bool shows(struct plant *p, const struct lp_check *k, const struct lp_route *r)
{
    p->check = k;
    if (k->rule != NULL || !k->is_none || !r->is_ignored)
        return k->rule != NULL && strcmp(k->rule, r->id) == 0;
    (void)read_check(p);
    return lp_head_is(&r->head, &p->req, lp_glimpse_of(&p->req).is_plain) &&
           (!r->has_body || lp_body_is(&r->body, decode(p, p->req.query, k->body)));
}

T_TEST(every_rule_is_shown_by_a_test)
{
    struct plant p = { .set = shipped() };
    const struct lp_adapters *all = lp_set_adapters(p.set);

    for (size_t i = 0; i < all->n; i++) {
        p.adapter = all->items[i];
        for (size_t k = 0; k < p.adapter->n_routes; k++) {
            bool is_shown = false;

            p.arena = st_arena_new((size_t)16 << 20);
            for (size_t t = 0; t < p.adapter->n_checks && !is_shown; t++)
                is_shown = shows(&p, &p.adapter->checks[t], &p.adapter->routes[k]);
            T_CHECK(is_shown, "%s: no test shows the rule %s", p.adapter->id, p.adapter->routes[k].id);
            st_arena_free(p.arena);
        }
    }
    lp_set_release((struct lp_set *)p.set);
}

T_TEST(every_host_finds_its_adapter)
{
    struct lp_set *set = shipped();
    const struct lp_adapters *all = lp_set_adapters(set);

    for (size_t i = 0; i < all->n; i++) {
        for (size_t k = 0; all->items[i]->hosts != NULL && all->items[i]->hosts[k] != NULL; k++) {
            const char *name = all->items[i]->hosts[k], *got;
            char host[256];

            (void)snprintf(host, sizeof host, "%s%s", name[0] == '*' ? "a1" : "", name + (name[0] == '*'));
            got = lp_host_platform(set, st_span_str(host));
            T_CHECK(got != NULL && strcmp(got, all->items[i]->id) == 0, "%s: %s", host, got != NULL ? got : "none");
        }
    }
    T_CHECK(lp_host_platform(set, ST_SPAN("")) == NULL && lp_host_platform(set, ST_SPAN(".")) == NULL, "no host");
    T_CHECK(lp_host_platform(set, ST_SPAN(".slack.com")) == NULL ||
                strcmp(lp_host_platform(set, ST_SPAN(".slack.com")), "slack") == 0,
            "an empty label");
    lp_set_release(set);
}
