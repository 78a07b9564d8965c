/* SPDX-License-Identifier: Apache-2.0 */
/* trial - a plugin's own tests: made-up cases, what its hooks make of them, and what was expected.
 *
 * They run on copies of the plugin, in states of their own, so that what a test leaves behind does not reach the one at
 * work; a case with settings of its own gets a fresh copy. They run at every load: a plugin that no longer does what
 * its author meant does not come into force. `stoa plugin profile` plays the same cases and looks at the clock.
 */
#include "trial.h"
#include "manifest.h"
#include "set.h"
#include "settings.h"
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

static void read_case(struct lp_conf *c, struct lp_case *k)
{
    lp_conf_keys(c, -1,
                 "name config today groups findings platform kind audience phase text url title lang verdict reason");
    k->name = lp_conf_need(c, -1, "name");
    k->today = lp_conf_str(c, -1, "today", NULL);
    k->groups = lp_conf_strs(c, -1, "groups");
    k->findings = lp_conf_strs(c, -1, "findings");
    k->platform = lp_conf_str(c, -1, "platform", "generic");
    k->kind = flt_kinds[one_of(c, "kind", "post", flt_kinds)];
    k->audience = flt_audiences[one_of(c, "audience", "public", flt_audiences)];
    k->phase = (enum lp_phase)one_of(c, "phase", "commit", lp_phase_names);
    k->text = lp_conf_str(c, -1, "text", "");
    k->url = lp_conf_str(c, -1, "url", "");
    k->title = lp_conf_str(c, -1, "title", "");
    k->lang = lp_conf_str(c, -1, "lang", "");
    k->verdict = one_of(c, "verdict", "allow", verdicts);
    k->reason = lp_conf_str(c, -1, "reason", NULL);
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
        read_case(c, &list[p->n_cases++]);
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

enum st_rc lp_trial_play(struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena, struct lp_opinion *out,
                         struct st_err *err)
{
    const struct lp_activity activity = {
        .platform = k->platform,
        .kind = k->kind,
        .audience = k->audience,
        .phase = k->phase,
        .confidence = 100,
        .text = st_span_str(k->text),
        .url = st_span_str(k->url),
        .title = st_span_str(k->title),
        .lang = st_span_str(k->lang),
    };
    struct flt_findings findings;
    const struct lp_call call = {
        .hook = LP_HOOK_ACTIVITY,
        .activity = &activity,
        .findings = &findings,
        .groups = k->groups,
        .arena = arena,
        .opinion = out,
        .today = k->today,
    };

    *out = (struct lp_opinion){ 0 };
    if ((p->hooks & LP_HOOK_BIT(call.hook)) == 0)
        return ST_OK;
    return make_findings(k, arena, &findings, err) == ST_OK ? lp_hook_run(p, &call, err) : ST_ERR;
}

enum st_rc lp_trial_copy(const struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                         struct lp_plugin **out, struct st_diag *diag, struct st_err *err)
{
    const struct lp_chosen chosen = { .given = k->config, .n_given = k->n_config, .is_enabled = true };
    const struct lp_plugin_source source = { .path = p->file, .libs = p->libs, .chosen = &chosen, .n_chosen = 1 };

    return lp_plugin_load(&source, arena, out, diag, err);
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

static enum st_rc check_case(struct trial *t, const struct lp_case *k, struct st_arena *arena, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;
    struct lp_opinion opinion;

    if (lp_trial_play(t->copy, k, arena, &opinion, &why) != ST_OK) {
        if (why.code != ST_E_PLUGIN)
            return st_fail(err, why.code, "lua.trial", "a test could not run", why.num);
        t->failed = true;
        (void)st_diag_add(t->diag, t->plugin->file, t->copy->state->failure_line, 0, "test '%.80s': %s", k->name,
                          t->copy->state->failure);
        return ST_OK;
    }
    expect(t, k, "verdict", verdicts[k->verdict], verdicts[opinion.verdict]);
    if (k->reason != NULL)
        expect(t, k, "reason", k->reason, opinion.reason != NULL ? opinion.reason : "");
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
