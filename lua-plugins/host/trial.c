/* SPDX-License-Identifier: Apache-2.0 */
/* trial - a plugin's own tests: made-up cases, what its hooks make of them, and what was expected.
 *
 * They run on copies of the plugin, in states of their own, so that what a test leaves behind does not reach the one at
 * work; a case with settings of its own gets a fresh copy. They run at every load: a plugin that no longer does what
 * its author meant does not come into force. `stoa plugin profile` plays the same cases and looks at the clock.
 */
#include "trial.h"
#include "detect.h"
#include "manifest.h"
#include "objects.h"
#include "set.h"
#include "settings.h"
#include "store.h"
#include <string.h>

#define TRIAL_ARENA ((size_t)1 << 20)

static const char *const verdicts[] = { "allow", "note", "coach", "redact", "block", NULL };

/* The index of the word in a list of names; a diagnostic and 0 when it is not there. */
static unsigned one_of(struct lp_conf *c, const char *key, const char *fallback, const char *const *names)
{
    const char *word = lp_conf_str(c, -1, key, fallback), *near;
    size_t n = 0;

    for (; names[n] != NULL; n++)
        if (strcmp(names[n], word) == 0)
            return (unsigned)n;
    near = st_diag_nearest(word, names, n);
    lp_conf_fail(c, "'%s' cannot be '%.40s'%s%s%s", key, word, near != NULL ? "; did you mean '" : "",
                 near != NULL ? near : "", near != NULL ? "'?" : "");
    return 0;
}

static void read_config(struct lp_conf *c, struct lp_case *k)
{
    struct lp_given *list;
    size_t mark, n = 0;

    if (!lp_conf_enter(c, -1, "config", &mark))
        return;
    k->config = list = lp_conf_alloc(c, LP_CASE_SETTINGS * sizeof *list);
    lua_pushnil(c->L);
    while (lua_next(c->L, -2) != 0) {
        if (lua_type(c->L, -2) != LUA_TSTRING || n == LP_CASE_SETTINGS)
            lp_conf_fail(c, "'config' holds names of settings, at most %d", LP_CASE_SETTINGS);
        else
            lp_given_read(c, lp_conf_copy(c, st_span_str(lua_tostring(c->L, -2))), &list[n++]);
        lua_pop(c->L, 1);
    }
    k->n_config = n;
    lp_conf_leave(c, mark);
}

/* What the activity, the finding's message or the item is. */
static void read_content(struct lp_conf *c, struct lp_case *k)
{
    k->platform = lp_conf_str(c, -1, "platform", "generic");
    k->kind = flt_kinds[one_of(c, "kind", k->hook == LP_HOOK_CURATE ? "view" : "post", flt_kinds)];
    k->audience = flt_audiences[one_of(c, "audience", "public", flt_audiences)];
    k->phase = (enum lp_phase)one_of(c, "phase", "commit", lp_phase_names);
    k->text = lp_conf_str(c, -1, "text", "");
    k->url = lp_conf_str(c, -1, "url", "");
    k->title = lp_conf_str(c, -1, "title", "");
    k->author = lp_conf_str(c, -1, "author", "");
    k->lang = lp_conf_str(c, -1, "lang", "");
    k->dwell_ms = lp_conf_ms(c, -1, "dwell");
    k->finding = lp_conf_str(c, -1, "finding", "");
    k->confidence = (uint8_t)lp_conf_num(c, -1, "confidence", 90);
    k->leaves = (uint8_t)lp_conf_num(c, -1, "leaves", k->confidence);
    k->tags = lp_conf_strs(c, -1, "tags");
}

static void read_headers(struct lp_conf *c, struct lp_case *k)
{
    const char **list;
    size_t mark, n = 0;

    if (!lp_conf_enter(c, -1, "headers", &mark))
        return;
    k->headers = list = lp_conf_alloc(c, (2 * LP_CASE_SETTINGS + 1) * sizeof *list);
    lua_pushnil(c->L);
    while (lua_next(c->L, -2) != 0) {
        if (lua_type(c->L, -2) != LUA_TSTRING || lua_type(c->L, -1) != LUA_TSTRING || n == 2 * LP_CASE_SETTINGS) {
            lp_conf_fail(c, "holds texts by the names of headers, at most %d", LP_CASE_SETTINGS);
        } else {
            list[n++] = lp_conf_copy(c, st_span_str(lua_tostring(c->L, -2)));
            list[n++] = lp_conf_copy(c, st_span_str(lua_tostring(c->L, -1)));
        }
        lua_pop(c->L, 1);
    }
    lp_conf_leave(c, mark);
}

static void read_connection(struct lp_conf *c, struct lp_case *k)
{
    static const char *const ways[] = { "open", "pass", "inspect", "block", NULL };
    const char *route;

    k->host = lp_conf_str(c, -1, "host", "");
    k->method = lp_conf_str(c, -1, "method", "GET");
    k->path = lp_conf_str(c, -1, "path", "/");
    k->facts = lp_conf_strs(c, -1, "facts");
    k->skips = lp_conf_bool(c, -1, "skips", false);
    read_headers(c, k);
    k->port = (uint16_t)lp_conf_num(c, -1, "port", 443);
    k->route = (enum lp_way)one_of(c, "route", "inspect", ways);
    route = ways[k->route];
    k->ends_as = (enum lp_way)one_of(c, "ends_as", route, ways);
    k->is_protected = lp_conf_bool(c, -1, "protected", false);
}

/* Texts by the names of fields, as what they are of itself would have them: a JSON object. */
static const char *read_fields(struct lp_conf *c, const char *key)
{
    const char *object;
    struct st_buf text;
    struct st_json w;
    size_t mark;

    if (!lp_conf_enter(c, -1, key, &mark))
        return "{}";
    st_buf_init(&text, 16384);
    st_json_init(&w, &text);
    st_json_object(&w, NULL);
    lua_pushnil(c->L);
    while (lua_next(c->L, -2) != 0) {
        if (lua_type(c->L, -2) == LUA_TSTRING && lua_type(c->L, -1) == LUA_TSTRING)
            st_json_str(&w, lua_tostring(c->L, -2), lua_tostring(c->L, -1));
        else
            lp_conf_fail(c, "holds texts by the names of fields");
        lua_pop(c->L, 1);
    }
    st_json_end(&w);
    object = st_arena_str(c->arena, st_buf_view(&text));
    st_buf_fini(&text);
    lp_conf_leave(c, mark);
    if (object == NULL)
        lp_conf_no_memory(c);
    return object;
}

static void read_record(struct lp_conf *c, struct lp_case *k)
{
    k->removes = lp_conf_strs(c, -1, "removes");
    k->record = read_fields(c, "record");
    k->statement = read_fields(c, "statement");
    k->maps = lp_conf_strs(c, -1, "maps");
    k->drops = lp_conf_bool(c, -1, "drops", false);
    k->kept = read_fields(c, "kept");
    k->keeps = lp_conf_strs(c, -1, "keeps");
}

/* The hook that a case is about where it does not say: the only one there is, else activity. */
static const char *usual_hook(const struct lp_plugin *p)
{
    uint32_t bits = p->hooks & ~(LP_HOOK_BIT(LP_HOOK_LOAD) | LP_HOOK_BIT(LP_HOOK_UNLOAD));
    unsigned hook = 0;

    bits |= p->n_detectors > 0 ? LP_HOOK_BIT(LP_HOOK_VALIDATE) : 0;
    while (hook < LP_HOOK_COUNT && bits != LP_HOOK_BIT(hook))
        hook++;
    return lp_hook_name(hook < LP_HOOK_COUNT ? (enum lp_hook)hook : LP_HOOK_ACTIVITY);
}

static void read_case(struct lp_conf *c, const struct lp_plugin *p, struct lp_case *k)
{
    static const char *const hooks[] = {
#define LP_HOOK(id, name, budget_us) name,
#include "hooks_table.inc"
#undef LP_HOOK
        NULL
    };

    lp_conf_keys(c, -1,
                 "name hook config today groups findings platform kind audience phase text url title author lang host "
                 "port method path headers facts skips route protected finding confidence record dwell ends_as leaves "
                 "removes tags statement maps drops kept keeps verdict reason");
    k->name = lp_conf_need(c, -1, "name");
    if ((k->hook = (enum lp_hook)one_of(c, "hook", usual_hook(p), hooks)) == LP_HOOK_LOAD || k->hook == LP_HOOK_UNLOAD)
        lp_conf_fail(c, "'hook' cannot be load or unload: every case begins with the one, and no case sees the other");
    k->today = lp_conf_str(c, -1, "today", NULL);
    k->groups = lp_conf_strs(c, -1, "groups");
    k->findings = lp_conf_strs(c, -1, "findings");
    k->verdict = one_of(c, "verdict", "allow", verdicts);
    k->reason = lp_conf_str(c, -1, "reason", NULL);
    read_content(c, k);
    read_connection(c, k);
    read_record(c, k);
    read_config(c, k);
}

void lp_cases_read(struct lp_conf *c, struct lp_plugin *p)
{
    size_t mark, inner, n;
    struct lp_case *list;

    if (!lp_conf_enter(c, -1, "tests", &mark))
        return;
    n = lp_conf_len(c, -1);
    p->cases = list = lp_conf_alloc(c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        read_case(c, p, &list[p->n_cases++]);
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

/* ---- playing ----------------------------------------------------------------------------------------------------- */

static enum st_rc make_findings(const struct lp_case *k, struct st_arena *arena, struct flt_findings *out,
                                struct st_err *err)
{
    struct flt_rule *rules;
    size_t n = 0;

    *out = (struct flt_findings){ 0 };
    while (k->findings != NULL && k->findings[n] != NULL)
        n++;
    rules = st_arena_alloc(arena, n * sizeof *rules + 1);
    out->items = st_arena_alloc(arena, n * sizeof *out->items + 1);
    if (rules == NULL || out->items == NULL)
        return st_arena_fail(arena, err, "lua.trial");
    for (size_t i = 0; i < n; i++) {
        rules[i].id = k->findings[i];
        out->items[i] = (struct flt_finding){ .rule = &rules[i], .confidence = 90 };
    }
    out->n = n;
    return ST_OK;
}

/* What a case is about, and what is made of it. */
struct stage {
    struct lp_activity activity;
    struct lp_connection connection;
    struct lp_item item;
    struct flt_findings findings;
    struct flt_rule rule;
    struct flt_finding finding;
    struct lp_record record;
    struct lp_tags tags;
    enum lp_way way;
    struct lp_request req;
    struct lp_asked asked;
    struct lp_facts noted, facts; /* by the hook request; of the case */
    json_t *fields;               /* of the statement; owned */
    struct lp_mapping says;
    struct lp_store *store; /* owned */
    struct lp_keeping keeping;
};

static struct st_span header_of(const void *ctx, const char *name)
{
    const struct lp_case *k = ctx;

    for (size_t i = 0; k->headers != NULL && k->headers[i] != NULL; i += 2)
        if (st_span_ieq(st_span_str(k->headers[i]), st_span_str(name)))
            return st_span_str(k->headers[i + 1]);
    return ST_SPAN_NONE;
}

/* What a case gives, as if the plugin's own hook had noted it: "name=value". */
static enum st_rc give_facts(const struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                             struct lp_facts *out, struct st_err *err)
{
    for (size_t i = 0; k->facts != NULL && k->facts[i] != NULL && i < LP_FACTS_MAX; i++) {
        struct st_span fact = st_span_str(k->facts[i]);
        size_t at = st_span_chr(fact, '=');

        out->items[i].plugin = p->name;
        out->items[i].name = st_arena_str(arena, st_span_sub(fact, 0, at));
        out->items[i].value = st_arena_str(arena, st_span_sub(fact, at == ST_SPAN_NPOS ? fact.n : at + 1, fact.n));
        if (out->items[i].name == NULL || out->items[i].value == NULL)
            return st_arena_fail(arena, err, "lua.trial");
        out->n = i + 1;
    }
    return ST_OK;
}

static enum st_rc set_stage(const struct lp_case *k, struct st_arena *arena, struct stage *s, struct st_err *err)
{
    struct st_span text = st_span_str(k->text), url = st_span_str(k->url), title = st_span_str(k->title);

    s->activity = (struct lp_activity){ .platform = k->platform,
                                        .kind = k->kind,
                                        .audience = k->audience,
                                        .phase = k->phase,
                                        .confidence = 100,
                                        .text = text,
                                        .url = url,
                                        .title = title,
                                        .lang = st_span_str(k->lang) };
    s->connection = (struct lp_connection){ .host = st_span_str(k->host),
                                            .port = k->port,
                                            .groups = k->groups,
                                            .route = k->route,
                                            .is_protected = k->is_protected };
    s->item = (struct lp_item){ .platform = k->platform,
                                .kind = k->kind,
                                .url = url,
                                .title = title,
                                .text = text,
                                .author = st_span_str(k->author),
                                .lang = st_span_str(k->lang),
                                .dwell_ms = k->dwell_ms };
    s->req = (struct lp_request){ .method = st_span_str(k->method),
                                  .host = st_span_str(k->host),
                                  .path = st_span_str(k->path) };
    s->asked = (struct lp_asked){ .req = &s->req, .groups = k->groups, .header = header_of, .ctx = k };
    s->rule.id = k->finding;
    s->finding = (struct flt_finding){ .rule = &s->rule, .confidence = k->confidence };
    s->record.kind = "decision";
    s->tags.most = LP_TAGS_MAX;
    s->tags.items = st_arena_alloc(arena, LP_TAGS_MAX * sizeof *s->tags.items);
    if (s->tags.items == NULL)
        return st_arena_fail(arena, err, "lua.trial");
    return make_findings(k, arena, &s->findings, err);
}

static enum st_rc take_facts(const struct lp_facts *noted, struct st_arena *arena, struct lp_outcome *out,
                             struct st_err *err)
{
    const char **list = st_arena_alloc(arena, (LP_FACTS_MAX + 1) * sizeof *list);
    char text[400];

    if ((out->facts = list) == NULL)
        return st_arena_fail(arena, err, "lua.trial");
    for (size_t i = 0; i < noted->n; i++) {
        out->skips = out->skips || noted->items[i].name == NULL;
        if (noted->items[i].name == NULL)
            continue;
        (void)snprintf(text, sizeof text, "%s=%s", noted->items[i].name, noted->items[i].value);
        if ((*list++ = st_arena_str(arena, st_span_str(text))) == NULL)
            return st_arena_fail(arena, err, "lua.trial");
    }
    return ST_OK;
}

static enum st_rc take_mapping(const struct lp_mapping *says, struct st_arena *arena, struct lp_outcome *out,
                               struct st_err *err)
{
    const struct {
        const char *name, *value;
    } all[] = {
#define X(field) { #field, says->field },
        LP_MAPPABLE(X)
#undef X
    };
    const char **list = st_arena_alloc(arena, (ST_LEN(all) + 1) * sizeof *list);
    char text[600];

    if ((out->maps = list) == NULL)
        return st_arena_fail(arena, err, "lua.trial");
    out->drops = says->is_dropped;
    for (size_t i = 0; i < ST_LEN(all); i++) {
        if (all[i].value == NULL)
            continue;
        (void)snprintf(text, sizeof text, "%s=%s", all[i].name, all[i].value);
        if ((*list++ = st_arena_str(arena, st_span_str(text))) == NULL)
            return st_arena_fail(arena, err, "lua.trial");
    }
    return ST_OK;
}

/* The store as the case has it. */
static enum st_rc fill_store(const struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                             struct stage *s, struct st_err *err)
{
    struct lp_keeping keeping = { .items = st_arena_alloc(arena, LP_KEEPS_MAX * sizeof *keeping.items) };
    json_t *kept = NULL, *value;
    const char *name;

    if ((s->store = lp_store_new()) == NULL || keeping.items == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.trial", "store", 0);
    if (st_json_read(st_span_str(k->kept), "kept", &kept, NULL, err) != ST_OK)
        return ST_ERR;
    json_object_foreach(kept, name, value)
    {
        if (keeping.n < LP_KEEPS_MAX)
            keeping.items[keeping.n++] = (struct lp_kept){ name, json_string_value(value) };
    }
    lp_store_apply(s->store, p->name, &keeping);
    json_decref(kept);
    return ST_OK;
}

static enum st_rc take_keeping(const struct lp_keeping *keeping, struct st_arena *arena, struct lp_outcome *out,
                               struct st_err *err)
{
    const char **list = st_arena_alloc(arena, (keeping->n + 1) * sizeof *list);
    char text[2 * LP_KEPT_ID + 2];

    if ((out->keeps = list) == NULL)
        return st_arena_fail(arena, err, "lua.trial");
    for (size_t i = 0; i < keeping->n; i++) {
        const struct lp_kept *k = &keeping->items[i];

        (void)snprintf(text, sizeof text, "%s%s%s", k->name, k->value != NULL ? "=" : "",
                       k->value != NULL ? k->value : "");
        if ((*list++ = st_arena_str(arena, st_span_str(text))) == NULL)
            return st_arena_fail(arena, err, "lua.trial");
    }
    return ST_OK;
}

static enum st_rc take_outcome(struct stage *s, struct st_arena *arena, struct lp_outcome *out, struct st_err *err)
{
    const char **names = st_arena_alloc(arena, (LP_TAGS_MAX + 1) * sizeof *names);

    if (names == NULL)
        return st_arena_fail(arena, err, "lua.trial");
    out->way = s->way == LP_WAY_OPEN || (s->way == LP_WAY_INSPECT && s->connection.is_protected) ? s->connection.route
                                                                                                 : s->way;
    out->confidence = s->finding.confidence;
    out->tags = names;
    if (take_keeping(&s->keeping, arena, out, err) != ST_OK || take_facts(&s->noted, arena, out, err) != ST_OK ||
        take_mapping(&s->says, arena, out, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < s->tags.n; i++)
        names[i] = s->tags.items[i].topic;
    return lp_record_removed(&s->record, arena, &out->removed, err);
}

enum st_rc lp_trial_play(struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena, struct lp_outcome *out,
                         struct st_err *err)
{
    struct stage s = { .way = LP_WAY_OPEN };
    struct lp_stated stated = { .says = &s.says };
    enum st_rc rc = ST_ERR;
    const struct lp_call call = { .hook = k->hook,
                                  .stated = &stated,
                                  .activity = &s.activity,
                                  .findings = &s.findings,
                                  .groups = k->groups,
                                  .arena = arena,
                                  .opinion = &out->opinion,
                                  .connection = &s.connection,
                                  .way = &s.way,
                                  .asked = &s.asked,
                                  .noted = &s.noted,
                                  .facts = &s.facts,
                                  .finding = &s.finding,
                                  .found = st_span_str(k->text),
                                  .record = &s.record,
                                  .item = &s.item,
                                  .tags = &s.tags,
                                  .keeping = &s.keeping,
                                  .today = k->today };
    struct lp_call with_store;

    *out = (struct lp_outcome){ .way = k->route, .confidence = k->confidence };
    if (k->hook == LP_HOOK_VALIDATE)
        return lp_detectors_try(p, k, arena, &out->findings, err);
    if (set_stage(k, arena, &s, err) != ST_OK || give_facts(p, k, arena, &s.facts, err) != ST_OK ||
        st_json_read(st_span_str(k->record), "record", &s.record.fields, NULL, err) != ST_OK)
        return ST_ERR;
    if (st_json_read(st_span_str(k->statement), "statement", &s.fields, NULL, err) != ST_OK)
        goto out;
    stated.fields = s.fields;
    if (fill_store(p, k, arena, &s, err) != ST_OK)
        goto out;
    with_store = call;
    with_store.store = s.store;
    if ((p->hooks & LP_HOOK_BIT(call.hook)) == 0 || lp_hook_run(p, &with_store, err) == ST_OK)
        rc = take_outcome(&s, arena, out, err);
out:
    lp_store_free(s.store);
    json_decref(s.fields);
    json_decref(s.record.fields);
    return rc;
}

enum st_rc lp_trial_copy(const struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                         struct lp_plugin **out, struct st_diag *diag, struct st_err *err)
{
    const struct lp_chosen chosen = { .given = k->config, .n_given = k->n_config, .is_enabled = true };
    const struct lp_plugin_source source = { .path = p->file, .libs = p->libs, .chosen = &chosen, .n_chosen = 1 };

    if (lp_plugin_load(&source, arena, out, diag, err) != ST_OK)
        return ST_ERR;
    if (lp_detectors_make(*out, diag, err) == ST_OK)
        return ST_OK;
    lp_plugin_free(*out);
    *out = NULL;
    return ST_ERR;
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

struct trial {
    const struct lp_plugin *plugin;
    struct lp_plugin *copy; /* owned; NULL: none yet */
    struct st_arena *arena; /* of the copy */
    struct st_diag *diag;
    bool failed;
};

static void drop_copy(struct trial *t)
{
    lp_plugin_free(t->copy);
    st_arena_free(t->arena);
    t->copy = NULL;
    t->arena = NULL;
}

/* A case with settings of its own gets a copy of its own. */
static enum st_rc take_copy(struct trial *t, const struct lp_case *k, bool is_own, struct st_err *err)
{
    if (t->copy != NULL && !is_own)
        return ST_OK;
    drop_copy(t);
    if ((t->arena = st_arena_new(TRIAL_ARENA)) == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.trial", "arena", 0);
    return lp_trial_copy(t->plugin, k, t->arena, &t->copy, t->diag, err);
}

static void expect(struct trial *t, const struct lp_case *k, const char *what, const char *wanted, const char *got)
{
    if (strcmp(wanted, got) == 0)
        return;
    t->failed = true;
    (void)st_diag_add(t->diag, t->plugin->file, 0, 0, "test '%.80s': the %s should be '%.60s', is '%.60s'", k->name,
                      what, wanted, got);
}

static size_t count(const char *const *words)
{
    size_t n = 0;

    while (words != NULL && words[n] != NULL)
        n++;
    return n;
}

/* The same words, in any order. */
static void expect_words(struct trial *t, const struct lp_case *k, const char *what, const char *const *wanted,
                         const char *const *got)
{
    for (size_t i = 0; i < count(wanted); i++) {
        size_t at = 0;

        while (at < count(got) && strcmp(got[at], wanted[i]) != 0)
            at++;
        if (at == count(got))
            expect(t, k, what, wanted[i], "missing");
    }
    if (count(got) > count(wanted))
        expect(t, k, what, "fewer", got[count(got) - 1]);
}

static void expect_outcome(struct trial *t, const struct lp_case *k, const struct lp_outcome *got)
{
    static const char *const ways[] = { "open", "pass", "inspect", "block" };
    char wanted[256], is[256];

    expect(t, k, "verdict", verdicts[k->verdict], verdicts[got->opinion.verdict]);
    if (k->reason != NULL)
        expect(t, k, "reason", k->reason, got->opinion.reason != NULL ? got->opinion.reason : "");
    expect(t, k, "connection", ways[k->ends_as], ways[got->way]);
    (void)snprintf(wanted, sizeof wanted, "%u", k->leaves);
    (void)snprintf(is, sizeof is, "%u", got->confidence);
    expect(t, k, "confidence", wanted, is);
    expect_words(t, k, "removed field", k->removes, got->removed);
    if (k->hook == LP_HOOK_REQUEST) {
        expect_words(t, k, "fact", k->facts, got->facts);
        expect(t, k, "answer to whether it skips", k->skips ? "yes" : "no", got->skips ? "yes" : "no");
    }
    expect_words(t, k, "tag", k->tags, got->tags);
    expect_words(t, k, "mapped field", k->maps, got->maps);
    expect_words(t, k, "kept id", k->keeps, got->keeps);
    expect(t, k, "answer to whether it is dropped", k->drops ? "yes" : "no", got->drops ? "yes" : "no");
    if (k->hook == LP_HOOK_VALIDATE)
        expect_words(t, k, "finding", k->findings, got->findings);
}

static enum st_rc check_case(struct trial *t, const struct lp_case *k, struct st_arena *arena, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;
    struct lp_outcome got;

    if (lp_trial_play(t->copy, k, arena, &got, &why) != ST_OK) {
        if (why.code != ST_E_PLUGIN)
            return st_fail(err, why.code, "lua.trial", "a test could not run", why.num);
        t->failed = true;
        (void)st_diag_add(t->diag, t->plugin->file, t->copy->state->failure_line, 0, "test '%.80s': %s", k->name,
                          t->copy->state->failure);
        return ST_OK;
    }
    expect_outcome(t, k, &got);
    return ST_OK;
}

/* ST_OK also when the case fails: then t->failed. */
static enum st_rc run_case(struct trial *t, size_t i, struct st_err *err)
{
    const struct lp_case *k = &t->plugin->cases[i];
    bool is_own = k->n_config > 0 || (i > 0 && t->plugin->cases[i - 1].n_config > 0);
    struct st_arena *arena = st_arena_new(TRIAL_ARENA);
    struct st_err why = ST_ERR_INIT;
    enum st_rc rc = ST_OK;

    if (arena == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.trial", "arena", 0);
    if (take_copy(t, k, is_own, &why) == ST_OK)
        rc = check_case(t, k, arena, err);
    else if (why.code == ST_E_PLUGIN || why.code == ST_E_CONFIG)
        t->failed = true; /* its settings do not fit, and the diagnostics say so */
    else
        rc = st_fail(err, why.code, "lua.trial", "a copy", why.num);
    st_arena_free(arena);
    return rc;
}

enum st_rc lp_plugin_check(const struct lp_plugin *p, struct st_diag *diag, struct st_err *err)
{
    struct trial t = { .plugin = p, .diag = diag };
    enum st_rc rc = ST_OK;

    for (size_t i = 0; i < p->n_cases && rc == ST_OK; i++)
        rc = run_case(&t, i, err);
    drop_copy(&t);
    if (rc == ST_OK && t.failed)
        return st_fail(err, ST_E_CONFIG, "lua.trial", "a plugin's own test failed", 0);
    return rc;
}
