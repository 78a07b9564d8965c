/* SPDX-License-Identifier: Apache-2.0 */
/* hook - calls the plugins for an activity, and keeps each one's circuit.
 *
 * Five failures within 60 seconds open a plugin's circuit for 60 seconds; the third opening is for good, until the next
 * generation. A plugin that fails, rests or is off counts with its own on_failure: "block" stays a promise even when
 * someone finds a text that breaks the plugin. There is no retry.
 */
#include "api.h"
#include "base/clock.h"
#include "base/log.h"
#include "set.h"

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
    static const enum lp_api_class about[] = { [LP_HOOK_ACTIVITY] = LP_CLASS_ACTIVITY };
    const struct hook_run *run = lua_touserdata(L, 1);

    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->plugin->hook_refs[run->hook]);
    lp_api_push(L, about[run->hook]);
    lp_api_push(L, LP_CLASS_CONTEXT);
    lua_call(L, 2, 0);
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

static void honour_failure(const struct lp_plugin *p, struct lp_opinion *out)
{
    static const uint8_t verdicts[] = { 0, 2, 4 }; /* skip, coach, block */
    uint8_t verdict = verdicts[p->on_failure];

    out->failed = p->name;
    if (verdict <= out->verdict)
        return;
    out->verdict = verdict;
    out->plugin = p->name;
    out->reason = "plugin-failed";
    out->message_en = out->message_de = NULL;
}

static enum st_rc call_one(struct lp_plugin *p, const struct lp_call *call, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;
    struct lp_opinion before = *call->opinion;
    uint64_t now = st_clock_ms();

    if (!lp_circuit_closed(&p->circuit, now)) {
        honour_failure(p, call->opinion);
        return ST_OK;
    }
    if (lp_hook_run(p, call, &why) == ST_OK)
        return ST_OK;
    *call->opinion = before; /* half an opinion is none */
    if (why.code != ST_E_PLUGIN)
        return st_fail(err, why.code, "lua.hook", "plugin could not run", why.num);
    honour_failure(p, call->opinion);
    ST_LOG(PLUGIN_FAILED, ST_ID("plugin", st_id(p->name)), ST_ERRF(&why));
    if (lp_circuit_fail(&p->circuit, now))
        ST_LOG(PLUGIN_DISABLED, ST_ID("plugin", st_id(p->name)));
    return ST_OK;
}

enum st_rc lp_hook_activity(struct lp_set *set, const struct lp_seen *seen, struct st_arena *arena,
                            struct lp_opinion *out, struct st_err *err)
{
    const struct lp_call call = {
        .hook = LP_HOOK_ACTIVITY,
        .activity = seen->activity,
        .findings = seen->findings,
        .groups = seen->groups,
        .arena = arena,
        .opinion = out,
    };

    ST_CHECK(set, LP_SET_MAGIC);
    *out = (struct lp_opinion){ 0 };
    for (size_t i = 0; i < set->n_plugins; i++) {
        struct lp_plugin *p = set->plugins[i];

        if (p->is_enabled && (p->hooks & LP_HOOK_BIT(call.hook)) != 0 && call_one(p, &call, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}
