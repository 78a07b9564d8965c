/* SPDX-License-Identifier: Apache-2.0 */
/* needs - what a plugin asks of the house: an API, hooks, shared modules, platforms, other plugins, detectors.
 *
 * A plugin without what it needs would fail at its first call or, worse, say nothing for ever. So it is off from the
 * start and says what is missing, in one word such as detector:pii.iban; everything else loads. Detectors are known
 * only when the packs are, so lp_set_settle looks once more. A plugin that needs one that is off is off as well.
 */
#include "needs.h"
#include "broken.h"
#include "set.h"
#include <string.h>

static void miss(struct lp_conf *c, struct lp_plugin *p, const char *what, const char *name)
{
    char text[120];

    if (p->missing != NULL)
        return;
    (void)snprintf(text, sizeof text, "%s:%.80s", what, name);
    p->missing = lp_conf_copy(c, st_span_str(text));
}

static const struct lp_lib *lib_of(const struct lp_libs *libs, const char *name)
{
    for (size_t i = 0; i < libs->n; i++)
        if (strcmp(libs->items[i].name, name) == 0)
            return &libs->items[i];
    return NULL;
}

void lp_needs_read(struct lp_conf *c, struct lp_plugin *p)
{
    uint64_t api = lp_conf_num(c, -1, "api", 0);
    char number[24];
    size_t mark;

    if (api == 0 || api > 1000)
        lp_conf_fail(c, "'api' must be 1");
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)api);
    if (api > 1)
        miss(c, p, "api", number);
    if (!lp_conf_enter(c, -1, "needs", &mark))
        return;
    lp_conf_keys(c, -1, "hooks modules platforms plugins detectors");
    p->needs.modules = lp_conf_strs(c, -1, "modules");
    p->needs.platforms = lp_conf_strs(c, -1, "platforms");
    p->needs.plugins = lp_conf_strs(c, -1, "plugins");
    p->needs.detectors = lp_conf_strs(c, -1, "detectors");
    for (const char *const *hooks = lp_conf_strs(c, -1, "hooks"); hooks != NULL && *hooks != NULL; hooks++) {
        unsigned hook = 0;

        while (hook < LP_HOOK_COUNT && strcmp(lp_hook_name((enum lp_hook)hook), *hooks) != 0)
            hook++;
        if (hook == LP_HOOK_COUNT)
            miss(c, p, "hook", *hooks);
    }
    for (size_t i = 0; p->needs.modules != NULL && p->needs.modules[i] != NULL; i++)
        if (lib_of(p->libs, p->needs.modules[i]) == NULL)
            miss(c, p, "module", p->needs.modules[i]);
    lp_conf_leave(c, mark);
}

void lp_lib_push(lua_State *L, const struct lp_libs *libs, const char *name)
{
    const struct lp_lib *lib = lib_of(libs, name);

    if (lib == NULL)
        luaL_error(L, "there is no lib/%s.lua", name);
    else
        lp_state_chunk(L, lib->text);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        luaL_error(L, "lib/%s.lua must return a table", name);
}

struct house { /* what there is */
    const struct lp_set *set;
    const struct flt_packs *packs; /* NULL: not yet */
};
typedef bool has_f(const struct house *house, const char *name);

static bool has_platform(const struct house *house, const char *name)
{
    const struct lp_adapters *all = &house->set->adapters;

    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i]->id, name) == 0)
            return all->items[i]->broken == NULL;
    return false;
}

static bool has_plugin(const struct house *house, const char *name)
{
    for (size_t i = 0; i < house->set->n_plugins; i++)
        if (strcmp(house->set->plugins[i]->name, name) == 0)
            return house->set->plugins[i]->is_enabled && house->set->plugins[i]->broken == NULL;
    return false;
}

static bool has_detector(const struct house *house, const char *name)
{
    return house->packs == NULL || flt_packs_find(house->packs, name) != NULL;
}

/* The first of them that is not there, in *what and *name. */
static bool lacks(const struct house *house, const struct lp_needs *needs, const char **what, const char **name)
{
    const struct {
        const char *what, *const *names;
        has_f *has;
    } kinds[] = { { "platform", needs->platforms, has_platform },
                  { "plugin", needs->plugins, has_plugin },
                  { "detector", needs->detectors, has_detector } };

    for (size_t k = 0; k < ST_LEN(kinds); k++)
        for (size_t i = 0; kinds[k].names != NULL && kinds[k].names[i] != NULL; i++)
            if (!kinds[k].has(house, kinds[k].names[i])) {
                *what = kinds[k].what;
                *name = kinds[k].names[i];
                return true;
            }
    return false;
}

enum st_rc lp_set_settle(struct lp_set *set, const struct flt_packs *packs, struct st_err *err)
{
    const struct house house = { set, packs };
    const char *what, *name;
    bool changed = true;
    char text[120];

    while (changed) { /* at most as often as there are plugins */
        changed = false;
        for (size_t i = 0; i < set->n_plugins; i++) {
            struct lp_plugin *p = set->plugins[i];

            if (!p->is_enabled || p->broken != NULL || !lacks(&house, &p->needs, &what, &name))
                continue;
            (void)snprintf(text, sizeof text, "%s:%.80s", what, name);
            if ((p->missing = st_arena_str(set->arena, st_span_str(text))) == NULL)
                return st_arena_fail(set->arena, err, "lua.needs");
            if (set->has_left) /* it may be in a file that was left out: then this one's on_failure counts */
                lp_break(p, p->missing);
            else
                p->is_enabled = false;
            changed = true;
        }
    }
    set->asked = 0;
    for (size_t i = 0; i < set->n_plugins; i++) {
        set->asked |= set->plugins[i]->is_enabled ? set->plugins[i]->hooks : 0;
        set->plugins[i]->is_live = packs != NULL;
    }
    return ST_OK;
}

bool lp_plugin_lacks(const struct lp_set *set, size_t i, struct lp_absence *out)
{
    const struct lp_plugin *p = set->plugins[i];

    *out = (struct lp_absence){ p->name, p->file, p->missing };
    return p->missing != NULL;
}
