/* SPDX-License-Identifier: Apache-2.0 */
/* hook - calls the plugins, and keeps each one's circuit.
 *
 * Five failures within 60 seconds open a plugin's circuit for 60 seconds; the third opening is for good, until the next
 * generation. A plugin that fails, rests or is off counts with its own on_failure: "block" stays a promise even when
 * someone finds a text that breaks the plugin. There is no retry.
 */
#include "api.h"
#include "base/clock.h"
#include "base/log.h"
#include "detect.h"
#include "objects.h"
#include "set.h"
#include "store.h"

#define CIRCUIT_WINDOW_MS 60000u
#define CIRCUIT_REST_MS   60000u
#define CIRCUIT_FAILURES  5u
#define CIRCUIT_OPENINGS  3u

bool lp_circuit_closed(const struct lp_circuit *c, uint64_t now_ms)
{
    return !c->is_dead && now_ms >= c->open_until_ms;
}

bool lp_circuit_fail(struct lp_circuit *c, uint64_t now_ms)
{
    c->failed_ms[c->next] = now_ms;
    c->next = (c->next + 1) % CIRCUIT_FAILURES; /* now at the oldest */
    if (++c->n < CIRCUIT_FAILURES || now_ms - c->failed_ms[c->next] > CIRCUIT_WINDOW_MS)
        return false;
    c->n = 0;
    c->open_until_ms = now_ms + CIRCUIT_REST_MS;
    c->is_dead = ++c->openings >= CIRCUIT_OPENINGS;
    return c->is_dead;
}

struct hook_run {
    struct lp_plugin *plugin;
    enum lp_hook hook;
};

static int run_hook(lua_State *L)
{
    static const enum lp_api_class about[] = {
        [LP_HOOK_CONNECT] = LP_CLASS_CONNECTION, [LP_HOOK_REQUEST] = LP_CLASS_REQUEST,
        [LP_HOOK_FINDING] = LP_CLASS_FINDING,    [LP_HOOK_ACTIVITY] = LP_CLASS_ACTIVITY,
        [LP_HOOK_RECORD] = LP_CLASS_RECORD,      [LP_HOOK_CURATE] = LP_CLASS_ITEM,
        [LP_HOOK_VALIDATE] = LP_CLASS_HIT,       [LP_HOOK_STATEMENT] = LP_CLASS_STATEMENT,
    };
    const struct hook_run *run = lua_touserdata(L, 1);
    struct lp_asked_hit *hit = run->hook == LP_HOOK_VALIDATE ? run->plugin->call->hit : NULL;

    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, hit != NULL ? hit->validate_ref : run->plugin->hook_refs[run->hook]);
    if (run->hook != LP_HOOK_TICK && run->hook != LP_HOOK_UNLOAD)
        lp_api_push(L, about[run->hook]);
    if (run->hook != LP_HOOK_UNLOAD)
        lp_api_push(L, LP_CLASS_CONTEXT);
    lua_call(L, lua_gettop(L) - 1, hit != NULL);
    if (hit != NULL)
        lp_hit_take(L, hit);
    return 0;
}

enum st_rc lp_hook_run(struct lp_plugin *p, const struct lp_call *call, struct st_err *err)
{
    struct hook_run run = { p, call->hook };
    enum st_rc rc;

    p->call = call;
    p->call_key++;
    rc = lp_state_run(p->state, run_hook, &run, p->time_us[call->hook], err);
    p->call = NULL;
    return rc;
}

/* What stands in for a plugin that failed, rests or is off for good. */
static void honour_failure(const struct lp_plugin *p, const struct lp_call *call)
{
    static const uint8_t verdicts[] = { 0, 2, 4 }; /* skip, coach, block */
    struct lp_opinion *out = call->opinion;
    uint8_t verdict = verdicts[p->on_failure];

    if (call->hit != NULL)
        lp_hit_failed(call->hit, p->on_failure);
    if (call->way != NULL && p->on_failure == LP_BLOCK)
        *call->way = LP_WAY_BLOCK;
    if (call->stated != NULL && p->on_failure == LP_BLOCK)
        call->stated->says->is_dropped = true;
    if (out == NULL)
        return;
    out->failed = p->name;
    if (verdict <= out->verdict)
        return;
    out->verdict = verdict;
    out->plugin = p->name;
    out->reason = "plugin-failed";
    out->message_en = out->message_de = NULL;
}

/* What a hook may change, so that half a change can be taken back. */
struct before {
    struct lp_opinion opinion;
    uint8_t confidence;
    uint64_t removed;
    size_t n_tags, n_facts;
    struct lp_mapping says;
};

static struct before look(const struct lp_call *call)
{
    return (struct before){
        .opinion = call->opinion != NULL ? *call->opinion : (struct lp_opinion){ 0 },
        .confidence = call->finding != NULL ? call->finding->confidence : 0,
        .removed = call->record != NULL ? call->record->removed : 0,
        .n_tags = call->tags != NULL ? call->tags->n : 0,
        .n_facts = call->noted != NULL ? call->noted->n : 0,
        .says = call->stated != NULL ? *call->stated->says : (struct lp_mapping){ 0 },
    };
}

static void take_back(const struct lp_call *call, const struct before *before)
{
    if (call->opinion != NULL)
        *call->opinion = before->opinion;
    if (call->finding != NULL)
        call->finding->confidence = before->confidence;
    if (call->record != NULL)
        call->record->removed = before->removed;
    if (call->tags != NULL)
        call->tags->n = before->n_tags;
    if (call->noted != NULL)
        call->noted->n = before->n_facts;
    if (call->stated != NULL)
        *call->stated->says = before->says;
    if (call->way != NULL)
        *call->way = LP_WAY_OPEN;
}

enum st_rc lp_hook_one(struct lp_plugin *p, const struct lp_call *call, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;
    struct before before = look(call);
    uint64_t now = st_clock_ms();

    if (!lp_circuit_closed(&p->circuit, now)) {
        honour_failure(p, call);
        return ST_OK;
    }
    if (call->keeping != NULL)
        call->keeping->n = 0;
    if (lp_hook_run(p, call, &why) == ST_OK) {
        if (call->keeping != NULL && call->store != NULL)
            lp_store_apply(call->store, p->name, call->keeping);
        return ST_OK;
    }
    take_back(call, &before);
    if (why.code != ST_E_PLUGIN)
        return st_fail(err, why.code, "lua.hook", "plugin could not run", why.num);
    honour_failure(p, call);
    p->failure.n++;
    p->failure.line = p->state->failure_line;
    (void)snprintf(p->failure.why, sizeof p->failure.why, "%.159s", p->state->failure);
    ST_LOG(PLUGIN_FAILED, ST_ID("plugin", st_id(p->name)), ST_ERRF(&why));
    if (lp_circuit_fail(&p->circuit, now))
        ST_LOG(PLUGIN_DISABLED, ST_ID("plugin", st_id(p->name)));
    return ST_OK;
}

bool lp_plugin_failed(const struct lp_set *set, size_t i, struct lp_failure *out)
{
    const struct lp_plugin *p = set->plugins[i];

    *out = (struct lp_failure){ p->name,        p->file,         lp_on_failure_name(p->on_failure),
                                p->failure.why, p->failure.line, p->failure.n };
    return p->failure.n > 0;
}

static bool is_asked(const struct lp_set *set, enum lp_hook hook)
{
    ST_CHECK(set, LP_SET_MAGIC);
    return (set->asked & LP_HOOK_BIT(hook)) != 0;
}

static bool has_hook(const struct lp_plugin *p, enum lp_hook hook)
{
    return p->is_enabled && (p->hooks & LP_HOOK_BIT(hook)) != 0;
}

/* Its hook request said so. */
static bool is_skipped(const struct lp_plugin *p, const struct lp_facts *facts)
{
    for (size_t i = 0; facts != NULL && i < facts->n; i++)
        if (facts->items[i].plugin == p->name && facts->items[i].name == NULL)
            return true;
    return false;
}

static enum st_rc call_all(struct lp_set *set, const struct lp_call *call, struct st_err *err)
{
    for (size_t i = 0; i < set->n_plugins; i++)
        if (has_hook(set->plugins[i], call->hook) && !is_skipped(set->plugins[i], call->facts) &&
            lp_hook_one(set->plugins[i], call, err) != ST_OK)
            return ST_ERR;
    return ST_OK;
}

/* ---- each hook --------------------------------------------------------------------------------------------------- */

enum st_rc lp_hook_activity(struct lp_set *set, const struct lp_seen *seen, struct st_arena *arena,
                            struct lp_opinion *out, struct st_err *err)
{
    const struct lp_call call = { .hook = LP_HOOK_ACTIVITY,
                                  .activity = seen->activity,
                                  .findings = seen->findings,
                                  .groups = seen->groups,
                                  .facts = seen->facts,
                                  .arena = arena,
                                  .opinion = out };

    return is_asked(set, call.hook) ? call_all(set, &call, err) : ST_OK;
}

enum lp_way lp_hook_connect(struct lp_set *set, const struct lp_connection *connection, const char **plugin)
{
    struct st_err err = ST_ERR_INIT;
    enum lp_way strictest = LP_WAY_OPEN, way;
    const struct lp_call call = {
        .hook = LP_HOOK_CONNECT, .connection = connection, .groups = connection->groups, .way = &way
    };

    *plugin = NULL;
    for (size_t i = 0; is_asked(set, call.hook) && i < set->n_plugins; i++) {
        way = LP_WAY_OPEN;
        if (has_hook(set->plugins[i], call.hook) && lp_hook_one(set->plugins[i], &call, &err) != ST_OK)
            way = LP_WAY_BLOCK;
        if (way == LP_WAY_INSPECT && connection->is_protected)
            way = LP_WAY_OPEN;
        if (way > strictest) {
            strictest = way;
            *plugin = set->plugins[i]->name;
        }
    }
    return strictest;
}

bool lp_wants_requests(const struct lp_set *set)
{
    return is_asked(set, LP_HOOK_REQUEST);
}

enum st_rc lp_hook_request(struct lp_set *set, const struct lp_asked *asked, struct st_arena *arena,
                           const struct lp_facts **out, struct st_err *err)
{
    struct lp_facts *facts;

    *out = NULL;
    if (!is_asked(set, LP_HOOK_REQUEST))
        return ST_OK;
    if ((facts = st_arena_alloc(arena, sizeof *facts)) == NULL)
        return st_arena_fail(arena, err, "lua.request");
    const struct lp_call call = { .hook = LP_HOOK_REQUEST,
                                  .asked = asked,
                                  .groups = asked->groups,
                                  .noted = facts,
                                  .arena = arena,
                                  .opinion = &facts->opinion };

    *out = facts;
    return call_all(set, &call, err);
}

/* Nobody knows what a broken plugin's detectors would have found: its on_failure counts for every message. */
static void honour_blind(const struct lp_set *set, struct lp_opinion *out)
{
    const struct lp_call call = { .hook = LP_HOOK_FINDING, .opinion = out };

    for (size_t i = 0; i < set->n_plugins; i++)
        if (set->plugins[i]->is_enabled && set->plugins[i]->is_blind)
            honour_failure(set->plugins[i], &call);
}

enum st_rc lp_hook_finding(struct lp_set *set, const struct lp_seen *seen, struct flt_findings *findings,
                           struct st_arena *arena, struct lp_opinion *out, struct st_err *err)
{
    size_t kept = 0;

    if (!is_asked(set, LP_HOOK_FINDING))
        return ST_OK;
    honour_blind(set, out);
    for (size_t i = 0; i < findings->n && i < LP_FINDINGS_MAX; i++) {
        const struct lp_call call = { .hook = LP_HOOK_FINDING,
                                      .activity = seen->activity,
                                      .groups = seen->groups,
                                      .facts = seen->facts,
                                      .arena = arena,
                                      .opinion = out,
                                      .finding = &findings->items[i],
                                      .found = seen->doc != NULL ? flt_finding_value(seen->doc, &findings->items[i])
                                                                 : ST_SPAN_NONE };

        if (call_all(set, &call, err) != ST_OK)
            return ST_ERR;
    }
    for (size_t i = 0; i < findings->n; i++)
        if (findings->items[i].confidence > 0)
            findings->items[kept++] = findings->items[i];
    findings->n = kept;
    return ST_OK;
}

enum st_rc lp_hook_record(struct lp_set *set, const char *kind, struct st_buf *details, struct st_err *err)
{
    struct lp_record record = { .kind = kind };
    const struct lp_call call = { .hook = LP_HOOK_RECORD, .record = &record };
    enum st_rc rc;

    if (!is_asked(set, call.hook))
        return ST_OK;
    if (st_json_read(st_buf_view(details), "record", &record.fields, NULL, err) != ST_OK)
        return ST_ERR;
    rc = call_all(set, &call, err);
    if (rc == ST_OK && record.removed != 0)
        rc = lp_record_write(&record, details, err);
    json_decref(record.fields);
    return rc;
}

enum st_rc lp_hook_statement(struct lp_set *set, const json_t *fields, struct st_arena *arena, struct lp_mapping *out,
                             struct st_err *err)
{
    struct lp_stated stated = { fields, out };
    const struct lp_call call = { .hook = LP_HOOK_STATEMENT, .stated = &stated, .arena = arena };

    *out = (struct lp_mapping){ .is_dropped = false };
    return is_asked(set, call.hook) ? call_all(set, &call, err) : ST_OK;
}

enum st_rc lp_hook_curate(struct lp_set *set, const struct lp_item *item, struct lp_tags *tags, struct st_arena *arena,
                          struct st_err *err)
{
    struct lp_keeping keeping = { .n = 0 };
    const struct lp_call call = {
        .hook = LP_HOOK_CURATE, .item = item, .tags = tags, .arena = arena, .store = set->store, .keeping = &keeping
    };

    return is_asked(set, call.hook) ? call_all(set, &call, err) : ST_OK;
}

void lp_set_keep(struct lp_set *set, struct lp_store *store)
{
    ST_CHECK(set, LP_SET_MAGIC);
    set->store = store;
}

enum st_rc lp_hook_tick(struct lp_set *set, struct st_arena *arena, struct st_err *err)
{
    struct lp_keeping keeping = { .n = 0 };
    const struct lp_call call = { .hook = LP_HOOK_TICK, .arena = arena, .store = set->store, .keeping = &keeping };

    return is_asked(set, call.hook) ? call_all(set, &call, err) : ST_OK;
}

void lp_hook_unload(struct lp_plugin *p)
{
    const struct lp_call call = { .hook = LP_HOOK_UNLOAD };
    struct st_err why = ST_ERR_INIT;

    if (p->is_live && has_hook(p, LP_HOOK_UNLOAD) && p->broken == NULL && lp_hook_run(p, &call, &why) != ST_OK)
        ST_LOG(PLUGIN_FAILED, ST_ID("plugin", st_id(p->name)), ST_ERRF(&why));
}

bool lp_hook_curates(const struct lp_set *set)
{
    return is_asked(set, LP_HOOK_CURATE);
}
