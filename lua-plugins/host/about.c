/* SPDX-License-Identifier: Apache-2.0 */
/* about - what a plugin says of itself, for people: in a list, as a page, and what its author could still do better.
 *
 * Made from the tables that the hooks are called with, so a page cannot claim less than the plugin may do.
 */
#include "set.h"
#include <string.h>

static const struct {
    const char *name, *doc;
} permissions[] = {
#define X(id, name, doc) { name, doc },
    LP_PERMISSIONS(X)
#undef X
};

size_t lp_plugin_count(const struct lp_set *set)
{
    return set->n_plugins;
}

enum st_rc lp_plugin_about(const struct lp_set *set, size_t i, struct st_arena *arena, struct lp_about *out,
                           struct st_err *err)
{
    const struct lp_plugin *p = set->plugins[i];
    const char **hooks = st_arena_alloc(arena, (LP_HOOK_COUNT + 1) * sizeof *hooks);
    const char **rights = st_arena_alloc(arena, (ST_LEN(permissions) + 1) * sizeof *rights);

    if (hooks == NULL || rights == NULL)
        return st_arena_fail(arena, err, "lua.about");
    *out = (struct lp_about){ .name = p->name,
                              .version = p->version,
                              .title_en = p->title_en,
                              .title_de = p->title_de,
                              .file = p->file,
                              .hooks = hooks,
                              .permissions = rights,
                              .is_enabled = p->is_enabled,
                              .missing = p->missing,
                              .broken = p->broken,
                              .on_failure = lp_on_failure_name(p->on_failure),
                              .tests = p->n_cases };
    for (unsigned hook = 0; hook < LP_HOOK_COUNT; hook++)
        if ((p->hooks & LP_HOOK_BIT(hook)) != 0)
            *hooks++ = lp_hook_name((enum lp_hook)hook);
    for (size_t k = 0; k < ST_LEN(permissions); k++)
        if ((p->permissions & 1u << k) != 0)
            *rights++ = permissions[k].name;
    return ST_OK;
}

/* A cell of a table is one line, and '|' ends it. */
static void put_cell(struct st_buf *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        if (*text == '|' || *text == '\n')
            st_buf_str(out, *text == '|' ? "\\|" : " ");
        else
            st_buf_byte(out, (uint8_t)*text);
}

static void put_rights(struct st_buf *out, const struct lp_plugin *p)
{
    static const char *const failures[] = { "as if it were not there", "the person is told", "the message is blocked" };

    st_buf_str(out, "\n## What it may do\n\n");
    for (size_t i = 0; i < ST_LEN(permissions); i++)
        if ((p->permissions & 1u << i) != 0)
            st_buf_fmt(out, "- `%s`: %s\n", permissions[i].name, permissions[i].doc);
    if (p->permissions == 0)
        st_buf_str(out, "It asks for no permission.\n");
    st_buf_fmt(out, "\nIt may hold %zu KiB of memory. When it fails or rests (`on_failure`): %s.\n", p->memory >> 10,
               failures[p->on_failure]);
}

static void put_hooks(struct st_buf *out, const struct lp_plugin *p)
{
    st_buf_str(out, "\n## When it runs\n\n");
    for (unsigned hook = 0; hook < LP_HOOK_COUNT; hook++)
        if ((p->hooks & LP_HOOK_BIT(hook)) != 0)
            st_buf_fmt(out, "- `%s`, at most %.15g ms\n", lp_hook_name((enum lp_hook)hook), p->time_us[hook] / 1000.0);
    if (p->hooks == 0)
        st_buf_str(out, "Never: it has no hook.\n");
    for (size_t i = 0; i < p->n_detectors; i++)
        st_buf_fmt(out, "%s- `%s`\n", i == 0 ? "\n## What it finds\n\n" : "", p->detectors[i].label);
}

static void put_settings(struct st_buf *out, const struct lp_plugin *p, bool in_german)
{
    if (p->n_settings == 0)
        return;
    st_buf_str(out, "\n## Settings\n\n| name | type | default | what it does |\n|---|---|---|---|\n");
    for (size_t i = 0; i < p->n_settings; i++) {
        const struct lp_setting *s = &p->settings[i];

        st_buf_fmt(out, "| `%s` | %s | ", s->name, s->is_date ? "date" : lp_setting_type_name(s->type));
        put_cell(out, s->fallback);
        st_buf_str(out, " | ");
        put_cell(out, in_german && s->help_de != NULL ? s->help_de : s->help_en);
        st_buf_str(out, " |\n");
    }
}

void lp_plugin_manual(const struct lp_set *set, size_t i, bool in_german, struct st_buf *out)
{
    const struct lp_plugin *p = set->plugins[i];
    const char *summary = in_german && p->summary_de != NULL ? p->summary_de : p->summary_en;

    st_buf_fmt(out, "# %s\n\n`%s` %s", in_german && p->title_de != NULL ? p->title_de : p->title_en, p->name,
               p->version);
    if (p->license != NULL)
        st_buf_fmt(out, ", %s", p->license);
    for (size_t k = 0; p->categories != NULL && p->categories[k] != NULL; k++)
        st_buf_fmt(out, ", %s", p->categories[k]);
    if (p->missing != NULL)
        st_buf_fmt(out, "; off: it needs %s, which is not there.\n", p->missing);
    else
        st_buf_fmt(out, "%s.\n", p->is_enabled ? "" : "; switched off");
    if (summary != NULL)
        st_buf_fmt(out, "\n%s\n", summary);
    put_hooks(out, p);
    put_rights(out, p);
    put_settings(out, p, in_german);
    if (p->n_cases > 0)
        st_buf_str(out, "\n## Shown by its tests\n\n");
    for (size_t k = 0; k < p->n_cases; k++)
        st_buf_fmt(out, "- %s\n", p->cases[k].name);
}

/* ---- advice ------------------------------------------------------------------------------------------------------ */

static bool shows(const struct lp_plugin *p, unsigned verdict)
{
    for (size_t i = 0; i < p->n_cases; i++)
        if (p->cases[i].verdict == verdict || (verdict == 4 && p->cases[i].ends_as == LP_WAY_BLOCK) ||
            (verdict == 4 && p->cases[i].leaves > p->cases[i].confidence))
            return true;
    return false;
}

/* A hook without a case that calls it. */
static bool is_untested(const struct lp_plugin *p, enum lp_hook hook)
{
    bool is = hook != LP_HOOK_LOAD && hook != LP_HOOK_UNLOAD && (p->hooks & LP_HOOK_BIT(hook)) != 0;

    for (size_t i = 0; i < p->n_cases; i++)
        is = is && p->cases[i].hook != hook;
    return is;
}

void lp_plugin_advise(const struct lp_set *set, size_t i, lp_advice_f *fn, void *ctx)
{
    static const struct {
        enum lp_permission permission;
        unsigned verdict;
        const char *advice;
    } unshown[] = {
        { LP_MAY_VERDICT_NOTE, 1, "asks for verdict.note, but none of its tests ends in a note" },
        { LP_MAY_VERDICT_COACH, 2, "asks for verdict.coach, but none of its tests ends in coach" },
        { LP_MAY_VERDICT_REDACT, 3, "asks for verdict.redact, but none of its tests ends in redact" },
        { LP_MAY_VERDICT_BLOCK, 4, "asks for verdict.block, but none of its tests ends in block" },
    };
    const struct lp_plugin *p = set->plugins[i];
    char text[120];

    if (p->hooks == 0 && p->n_detectors == 0)
        fn(ctx, p->file, "has no hook, so it never runs; add activity, or another of docs/lua-api.md");
    if ((p->hooks & LP_HOOK_BIT(LP_HOOK_VALIDATE)) != 0 && (p->permissions & 1u << LP_MAY_TEXT_READ) == 0)
        fn(ctx, p->file, "has a validate, which cannot read hit.text without the permission text.read");
    if (strchr(p->name, '.') == NULL)
        fn(ctx, p->file, "its name has no owner; owner.name keeps two houses' plugins apart");
    if (p->title_de == NULL)
        fn(ctx, p->file, "its title is in English only; title = { en = …, de = … }");
    if (p->summary_en == NULL)
        fn(ctx, p->file, "has no summary: one sentence for those who decide whether to use it");
    if (p->license == NULL)
        fn(ctx, p->file, "has no license: others cannot tell whether they may use it");
    if (p->n_cases == 0)
        fn(ctx, p->file, "has no tests: nobody notices when it no longer does what you meant");
    for (unsigned hook = 0; p->n_cases > 0 && hook < LP_HOOK_COUNT; hook++)
        if (is_untested(p, (enum lp_hook)hook)) {
            (void)snprintf(text, sizeof text, "none of its tests calls its hook %s; hook = \"%s\" in a test does",
                           lp_hook_name((enum lp_hook)hook), lp_hook_name((enum lp_hook)hook));
            fn(ctx, p->file, text);
        }
    for (size_t k = 0; p->n_cases > 0 && k < ST_LEN(unshown); k++)
        if ((p->permissions & 1u << unshown[k].permission) != 0 && !shows(p, unshown[k].verdict))
            fn(ctx, p->file, unshown[k].advice);
}
