/* SPDX-License-Identifier: Apache-2.0 */
/* manifest - what a plugin's file says about it: who it is, what it may do, which hooks it has.
 *
 * All of it is read with raw accessors and copied; an unknown key, permission or hook is an error, so that a typing
 * mistake does not silently take a right away. Hooks are kept as references in the state. The keys are listed once,
 * here; the hooks come from api/hooks.lua.
 */
#include "manifest.h"
#include "base/log.h"
#include "detect.h"
#include "needs.h"
#include "settings.h"
#include <string.h>

#define TIME_MS_MAX 100u
#define MEMORY_MAX  LP_PLUGIN_MEMORY_MAX

/* Permissions that one may expect, and why there is none of the name. */
static const struct {
    const char *name, *why;
} not_offered[] = {
    { "text.redact", "ctx:redact asks for it, with the permission verdict.redact" },
    { "attachment.read",
      "what a file says is in a.text where an adapter takes it for typed, and detectors read every file" },
    { "response.read", "answers stream back at once; the hook curate has a copy of a page, with text.read" },
    { "actor.pseudonym", "only the recorder makes pseudonyms; actor.groups tells groups" },
    { "http.fetch", "a plugin never reaches the network" },
};

static bool say_not_offered(struct lp_conf *c, const char *name)
{
    for (size_t i = 0; i < ST_LEN(not_offered); i++) {
        size_t n = strlen(not_offered[i].name);

        if (strncmp(name, not_offered[i].name, n) != 0 || (name[n] != '\0' && name[n] != ':'))
            continue;
        lp_conf_fail(c, "the permission '%s' is not offered: %s", not_offered[i].name, not_offered[i].why);
        return true;
    }
    return false;
}

static uint32_t read_permissions(struct lp_conf *c)
{
    static const char *const names[] = {
#define X(id, name, doc) name,
        LP_PERMISSIONS(X)
#undef X
    };
    const char *const *list = lp_conf_strs(c, -1, "permissions");
    uint32_t bits = 0;

    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        size_t k = 0;

        while (k < ST_LEN(names) && strcmp(names[k], list[i]) != 0)
            k++;
        if (k == ST_LEN(names) && say_not_offered(c, list[i]))
            continue;
        if (k == ST_LEN(names)) {
            const char *near = st_diag_nearest(list[i], names, ST_LEN(names));

            lp_conf_fail(c, "unknown permission '%.40s'%s%s%s", list[i], near != NULL ? "; did you mean '" : "",
                         near != NULL ? near : "", near != NULL ? "'?" : "");
        } else {
            bits |= 1u << k;
        }
    }
    return bits;
}

static size_t bytes_of(const char *text)
{
    size_t n = 0;

    for (; *text >= '0' && *text <= '9' && n < 1u << 20; text++)
        n = n * 10 + (size_t)(*text - '0');
    return strcmp(text, "KiB") == 0 ? n << 10 : strcmp(text, "MiB") == 0 ? n << 20 : 0;
}

static void read_limits(struct lp_conf *c, struct lp_plugin *p)
{
    const char *memory;
    size_t mark, bytes;
    uint64_t ms;

    if (!lp_conf_enter(c, -1, "limits", &mark))
        return;
    lp_conf_keys(c, -1, "time memory");
    ms = lp_conf_ms(c, -1, "time");
    if (ms > TIME_MS_MAX)
        lp_conf_fail(c, "'time' is at most %ums", TIME_MS_MAX);
    else if (ms > 0)
        p->time_us[LP_HOOK_ACTIVITY] = (uint32_t)ms * 1000;
    if ((memory = lp_conf_str(c, -1, "memory", NULL)) != NULL) {
        bytes = bytes_of(memory);
        if (bytes < (size_t)128 << 10 || bytes > MEMORY_MAX)
            lp_conf_fail(c, "'memory' must be between 128KiB and 16MiB");
        else
            p->memory = bytes;
    }
    lp_conf_leave(c, mark);
}

static const char *const failures[] = { "skip", "coach", "block" };

const char *lp_on_failure_name(enum lp_on_failure on_failure)
{
    return failures[on_failure];
}

static enum lp_on_failure read_on_failure(struct lp_conf *c)
{
    const char *word = lp_conf_str(c, -1, "on_failure", "skip");

    for (size_t i = 0; i < ST_LEN(failures); i++) {
        if (strcmp(word, failures[i]) == 0)
            return (enum lp_on_failure)i;
    }
    lp_conf_fail(c, "'on_failure' must be skip, coach or block");
    return LP_SKIP;
}

/* A text in two languages, or one; false when it is not there. */
static bool read_text(struct lp_conf *c, const char *key, const char **en, const char **de)
{
    size_t mark;

    lua_pushstring(c->L, key);
    if (lua_rawget(c->L, -2) != LUA_TTABLE) {
        lua_pop(c->L, 1);
        *en = lp_conf_str(c, -1, key, NULL);
        return *en != NULL;
    }
    lua_pop(c->L, 1);
    if (lp_conf_enter(c, -1, key, &mark)) {
        lp_conf_keys(c, -1, "en de");
        *en = lp_conf_need(c, -1, "en");
        *de = lp_conf_str(c, -1, "de", NULL);
        lp_conf_leave(c, mark);
    }
    return true;
}

static void read_hooks(struct lp_conf *c, struct lp_plugin *p)
{
    for (unsigned hook = 0; hook < LP_HOOK_COUNT; hook++) {
        const char *name = lp_hook_name((enum lp_hook)hook);

        lua_pushstring(c->L, name);
        if (lua_rawget(c->L, -2) != LUA_TNIL && hook == LP_HOOK_VALIDATE) {
            lp_conf_fail(c, "'validate' belongs into one of the 'detectors'");
        } else if (lua_isfunction(c->L, -1)) {
            p->hook_refs[hook] = luaL_ref(c->L, LUA_REGISTRYINDEX);
            p->hooks |= LP_HOOK_BIT(hook);
            continue;
        }
        if (!lua_isnil(c->L, -1)) {
            p->hooks |= LP_HOOK_BIT(hook); /* it was meant to be asked there */
            lp_conf_fail(c, "'%s' must be a function", name);
        }
        lua_pop(c->L, 1);
    }
}

const struct lp_chosen *lp_chosen_find(const struct lp_chosen *list, size_t n, const char *plugin)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].plugin == NULL || strcmp(list[i].plugin, plugin) == 0)
            return &list[i];
    return NULL;
}

static void read_identity(struct lp_conf *c, struct lp_plugin *p)
{
    p->name = lp_conf_need(c, -1, "name");
    if (strcmp(st_id(p->name).s, p->name) != 0 || p->name[0] == '\0')
        lp_conf_fail(c, "'name' must be owner.name: letters, digits and ._:-, at most 63");
    p->version = lp_conf_need(c, -1, "version");
    if (!read_text(c, "title", &p->title_en, &p->title_de))
        lp_conf_fail(c, "'title' is missing");
    (void)read_text(c, "summary", &p->summary_en, &p->summary_de);
    p->license = lp_conf_str(c, -1, "license", NULL);
    p->categories = lp_conf_strs(c, -1, "categories");
}

static void read_lowering(struct lp_conf *c, struct lp_plugin *p)
{
    p->lower_until = lp_conf_str(c, -1, "lower_until", NULL);
    if (p->lower_until != NULL && !lp_is_date(p->lower_until))
        lp_conf_fail(c, "'lower_until' must be a date such as 2027-01-15");
    if ((p->permissions & 1u << LP_MAY_VERDICT_LOWER) != 0 && p->lower_until == NULL)
        lp_conf_fail(c, "the permission verdict.lower needs lower_until, the last day on which it holds");
}

void lp_manifest_read(struct lp_conf *c, struct lp_plugin *p, const struct lp_plugin_source *source)
{
    const struct lp_chosen *chosen;

    read_identity(c, p);
    lp_needs_read(c, p);
    if (p->missing != NULL) /* off: what else it says is for a house that has it */
        return;
    lp_conf_keys(c, -1,
                 "api name version title summary license categories needs permissions limits on_failure enabled config "
                 "detectors tests lower_until"
#define LP_HOOK(id, name, budget_us) " " name
#include "hooks_table.inc"
#undef LP_HOOK
    );
    chosen = lp_chosen_find(source->chosen, source->n_chosen, p->name);
    p->is_enabled = lp_conf_bool(c, -1, "enabled", true);
    if (chosen != NULL)
        p->is_enabled = chosen->is_enabled;
    p->permissions = read_permissions(c);
    p->on_failure = read_on_failure(c);
    read_lowering(c, p);
    read_limits(c, p);
    lp_settings_read(c, p, chosen);
    lp_detectors_read(c, p);
    read_hooks(c, p);
    lp_cases_read(c, p); /* they look at what hooks there are */
    p->is_read = true;
}
