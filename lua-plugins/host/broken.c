/* SPDX-License-Identifier: Apache-2.0 */
/* broken - files that are wrong, and what stands in for a plugin or an adapter among them.
 *
 * A gateway must not stay down for a plugin with a mistake, and a plugin that promised to guard must not be missed in
 * silence. So it stays in the set with a circuit that is dead from the start: it is never run, and its on_failure is
 * honoured wherever it would have been asked (hook.c). Where the manifest could not be read, the file's text is: the
 * words of on_failure, the names of hooks, whether there are detectors. This errs on the strict side: a value that is
 * no plain word counts as block, and a guard whose detectors nobody knows counts for every message that is scanned.
 *
 * An adapter that is wrong keeps its id and its hosts, so that what policies open for it is opened, and has no rules,
 * so that the fallback reads what goes there: better a login read than a post unread. Where an earlier folder has an
 * adapter of the same id, that one takes the hosts over. Its login paths stay unread only where the whole file could be
 * read and none of its own tests says of one that it is none. When nobody can tell its hosts, its id is unknown, and a
 * policy that names it stops the start. The fallback itself can only be replaced, not left out.
 */
#include "broken.h"
#include "base/log.h"
#include "detect.h"
#include "manifest.h"
#include "set.h"
#include <ctype.h>
#include <string.h>

/* ---- which files ------------------------------------------------------------------------------------------------- */

/* Its folder, as lp_set_load knows them. */
static bool can_be_left(const char *file)
{
    static const struct {
        const char *folder, *ending;
    } kinds[] = {
        { "/detect/", ".lua" },           { "/platforms/", ".lua" }, { "/curation/", ".curate.lua" },
        { "/curation/", ".curate.json" }, { "/lib/", ".lua" },
    };
    const char *name = file != NULL ? strrchr(file, '/') : NULL;

    for (size_t i = 0; name != NULL && i < ST_LEN(kinds); i++) {
        size_t n = strlen(kinds[i].folder);

        if ((size_t)(name - file) + 1 >= n && strncmp(name + 1 - n, kinds[i].folder, n) == 0 &&
            st_span_ends(st_span_str(name), st_span_str(kinds[i].ending)))
            return true;
    }
    return false;
}

const struct lp_left_file *lp_left_find(const struct lp_left *left, const char *file)
{
    for (size_t i = 0; left != NULL && i < left->n; i++)
        if (strcmp(left->items[i].file, file) == 0)
            return &left->items[i];
    return NULL;
}

enum st_rc lp_left_add(struct lp_left *left, const struct st_diag *diag, struct st_arena *arena, struct st_err *err)
{
    const struct st_diag_item *item;
    size_t before = left->n;

    for (size_t i = 0; (item = st_diag_at(diag, i)) != NULL; i++) {
        struct lp_left_file *next = &left->items[left->n];

        if (!can_be_left(item->file) || left->n == LP_LEFT_MAX || lp_left_find(left, item->file) != NULL)
            continue;
        *next = (struct lp_left_file){ .file = st_arena_str(arena, st_span_str(item->file)),
                                       .line = item->line,
                                       .why = st_arena_str(arena, st_span_str(item->text)) };
        if (next->file == NULL || next->why == NULL)
            return st_arena_fail(arena, err, "lua.left");
        left->n++;
    }
    return left->n > before ? ST_OK : ST_AGAIN;
}

enum st_rc lp_set_load_most(struct lp_sources *sources, struct lp_left *left, struct st_arena *arena,
                            struct lp_set **out, struct st_diag *diag, struct st_err *err)
{
    enum st_rc rc = ST_AGAIN;

    sources->left = left;
    while (rc == ST_AGAIN) { /* with each turn there is one more that is left out */
        struct st_diag *found = st_diag_new();
        enum st_rc added = ST_AGAIN;

        rc = lp_set_load(sources, out, found, err);
        if (rc != ST_OK && (err->code == ST_E_CONFIG || err->code == ST_E_PLUGIN))
            added = lp_left_add(left, found, arena, err);
        if (rc != ST_OK && added == ST_OK)
            rc = ST_AGAIN;
        for (size_t i = 0; rc == ST_ERR && st_diag_at(found, i) != NULL; i++)
            (void)st_diag_add(diag, st_diag_at(found, i)->file, st_diag_at(found, i)->line, st_diag_at(found, i)->col,
                              "%s", st_diag_at(found, i)->text);
        st_diag_free(found);
    }
    return rc;
}

/* ---- what a text says -------------------------------------------------------------------------------------------- */

struct reader {
    struct st_span text;
    size_t at;
    struct st_span word;      /* of code, or a string without its quotes */
    bool is_string, is_given; /* is_given: a value follows, as in `word = …` */
    bool was_function;        /* the word before was `function`, or a part of the name behind it */
};

static bool is_word(uint8_t c)
{
    return isalnum(c) != 0 || c == '_';
}

/* Behind blanks and comments. */
static size_t skip_blank(struct st_span text, size_t at)
{
    bool is_comment;

    for (size_t next; at < text.n; at = next) {
        next = lp_skip_quoted(text, at, &is_comment);
        if (next == at && isspace(text.p[at]) != 0)
            next++;
        else if (next == at || !is_comment)
            break;
    }
    return at;
}

static bool is_given_at(struct st_span text, size_t at)
{
    at = skip_blank(text, at);
    if (at < text.n && text.p[at] == ']') /* ["on_failure"] = */
        at = skip_blank(text, at + 1);
    return at < text.n && text.p[at] == '=' && (at + 1 == text.n || text.p[at + 1] != '=');
}

/* The next word or string that is no comment; false at the end. */
static bool next_word(struct reader *r)
{
    bool was_name = r->was_function || (!r->is_string && st_span_eq(r->word, ST_SPAN("function")));
    bool is_comment;

    while ((r->at = skip_blank(r->text, r->at)) < r->text.n) {
        size_t from = r->at, to = lp_skip_quoted(r->text, from, &is_comment);

        r->is_string = to > from;
        while (!r->is_string && to < r->text.n && is_word(r->text.p[to]))
            to++;
        if (to == from) { /* a name goes on behind a dot */
            was_name = was_name && (r->text.p[from] == '.' || r->text.p[from] == ':');
            r->at++;
            continue;
        }
        r->at = to;
        r->was_function = was_name && !r->is_string;
        r->word = r->is_string && to - from >= 2 ? st_span_sub(r->text, from + 1, to - from - 2)
                                                 : st_span_sub(r->text, from, to - from);
        r->is_given = is_given_at(r->text, to);
        return true;
    }
    return false;
}

/* The value that follows `on_failure`; anything but one of the plain words is the strictest. */
static enum lp_on_failure failure_at(const struct reader *r)
{
    struct reader value = *r;

    value.at = skip_blank(r->text, r->at);
    while (value.at < r->text.n && (r->text.p[value.at] == '=' || r->text.p[value.at] == ']'))
        value.at = skip_blank(r->text, value.at + 1);
    if (value.at < r->text.n && next_word(&value) && value.is_string)
        for (unsigned i = LP_SKIP; i < LP_BLOCK; i++)
            if (st_span_eq(value.word, st_span_str(lp_on_failure_name((enum lp_on_failure)i))))
                return (enum lp_on_failure)i;
    return LP_BLOCK;
}

struct told { /* by the text */
    enum lp_on_failure on_failure;
    uint32_t hooks;
    bool has_detectors;
};

static struct told read_text(struct st_span text)
{
    struct reader r = { .text = text };
    struct told told = { .on_failure = LP_SKIP };

    if (text.p == NULL) /* nobody knows */
        return (struct told){ LP_BLOCK, LP_HOOK_BIT(LP_HOOK_ACTIVITY), true };
    while (next_word(&r)) {
        if (st_span_eq(r.word, ST_SPAN("on_failure"))) {
            enum lp_on_failure said = failure_at(&r);

            told.on_failure = said > told.on_failure ? said : told.on_failure;
        }
        if (!r.is_given && !r.was_function)
            continue;
        told.has_detectors = told.has_detectors || st_span_eq(r.word, ST_SPAN("detectors"));
        for (unsigned hook = 0; hook < LP_HOOK_COUNT; hook++)
            if (st_span_eq(r.word, st_span_str(lp_hook_name((enum lp_hook)hook))))
                told.hooks |= LP_HOOK_BIT(hook);
    }
    return told;
}

/* ---- standing in ------------------------------------------------------------------------------------------------- */

void lp_break(struct lp_plugin *p, const char *why)
{
    p->broken = why;
    p->circuit.is_dead = true;
    p->is_enabled = p->is_enabled && p->on_failure != LP_SKIP;
    if (p->is_blind)
        p->hooks |= LP_HOOK_BIT(LP_HOOK_FINDING);
}

/* Called like its file. */
static enum st_rc name_it(struct lp_plugin *p, const char *path, struct st_arena *arena, struct st_err *err)
{
    const char *slash = strrchr(path, '/');
    char name[64];
    size_t n = (size_t)snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : path);

    for (size_t i = 0; i < n && i < sizeof name - 1; i++)
        if (!isascii(name[i]) || (isalnum((unsigned char)name[i]) == 0 && strchr("._:-", name[i]) == NULL))
            name[i] = '-';
    p->is_unnamed = true;
    p->name = st_arena_str(arena, st_span_str(name));
    return p->name != NULL ? ST_OK : st_arena_fail(arena, err, "lua.broken");
}

static bool is_usable(const char *name)
{
    return name != NULL && name[0] != '\0' && strcmp(st_id(name).s, name) == 0;
}

/* Its detectors stay known where they are fine, so that policies may name them. */
static enum st_rc keep_detectors(struct lp_plugin *p, bool has_detectors, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;

    if (p->is_read && lp_detectors_make(p, NULL, &why) == ST_OK) {
        flt_packs_release(p->packs);
        p->packs = NULL;
        return ST_OK;
    }
    if (why.code == ST_E_NOMEM)
        return st_fail(err, ST_E_NOMEM, "lua.broken", "detectors", 0);
    p->is_blind = has_detectors || p->n_detectors > 0;
    p->n_detectors = 0;
    return ST_OK;
}

enum st_rc lp_stand_in(struct lp_plugin *p, const struct lp_plugin_source *source, struct st_span text,
                       struct st_arena *arena, struct st_err *err)
{
    const struct lp_chosen *chosen;
    struct told told = read_text(text);

    if (!is_usable(p->name) && name_it(p, source->path, arena, err) != ST_OK)
        return ST_ERR;
    p->version = p->version != NULL && p->version[0] != '\0' ? p->version : "?";
    p->title_en = p->title_en != NULL && p->title_en[0] != '\0' ? p->title_en : p->name;
    p->on_failure = told.on_failure > p->on_failure ? told.on_failure : p->on_failure;
    if (!p->is_read)
        p->hooks |= told.hooks;
    if (keep_detectors(p, told.has_detectors, err) != ST_OK)
        return ST_ERR;
    chosen = lp_chosen_find(source->chosen, source->n_chosen, p->name);
    p->is_enabled = (p->is_enabled || !p->is_read) && (chosen == NULL || chosen->is_enabled);
    if (!p->is_enabled)
        p->n_detectors = 0;
    lp_break(p, source->left->why);
    return ST_OK;
}

bool lp_plugin_stands_in(const struct lp_set *set, size_t i, struct lp_stand_in *out)
{
    const struct lp_plugin *p = set->plugins[i];

    *out = (struct lp_stand_in){ p->name, p->file, lp_on_failure_name(p->on_failure) };
    return p->broken != NULL;
}

/* ---- adapters ---------------------------------------------------------------------------------------------------- */

struct hosts {
    const char **items; /* NULL-terminated */
    size_t n;
    struct st_arena *arena;
};

static bool hosts_open(struct hosts *hosts, struct st_arena *arena)
{
    *hosts = (struct hosts){ st_arena_alloc(arena, (LP_LIST_MAX + 1) * sizeof *hosts->items), 0, arena };
    return hosts->items != NULL;
}

static bool hosts_add(struct hosts *hosts, struct st_span name)
{
    for (size_t i = 0; i < hosts->n; i++)
        if (st_span_eq(st_span_str(hosts->items[i]), name))
            return true;
    if (hosts->n == LP_LIST_MAX)
        return true;
    hosts->items[hosts->n] = st_arena_str(hosts->arena, name);
    return hosts->items[hosts->n++] != NULL;
}

static bool hosts_add_all(struct hosts *hosts, const char *const *names)
{
    bool ok = true;

    for (; ok && names != NULL && *names != NULL; names++)
        ok = hosts_add(hosts, st_span_str(*names));
    return ok;
}

/* The strings that stand behind `hosts =`, in braces or alone. */
static bool hosts_add_text(struct hosts *hosts, struct reader value)
{
    struct st_span text = value.text;
    bool is_list, goes_on = true;

    value.at = skip_blank(text, value.at);
    while (value.at < text.n && (text.p[value.at] == '=' || text.p[value.at] == ']'))
        value.at = skip_blank(text, value.at + 1);
    is_list = value.at < text.n && text.p[value.at] == '{';
    value.at = skip_blank(text, value.at + is_list);
    while (goes_on && value.at < text.n && (text.p[value.at] == '"' || text.p[value.at] == '\'')) {
        if (!next_word(&value) || !hosts_add(hosts, value.word))
            return false;
        value.at = skip_blank(text, value.at);
        goes_on = is_list && value.at < text.n && (text.p[value.at] == ',' || text.p[value.at] == ';');
        value.at = skip_blank(text, value.at + goes_on);
    }
    return true;
}

/* What the text says of its hosts, and whether it is the fallback. */
static bool read_adapter(struct st_span text, struct lp_adapter *a, struct hosts *hosts)
{
    struct reader r = { .text = text };
    bool ok = true;

    while (ok && text.p != NULL && next_word(&r)) {
        a->is_fallback = a->is_fallback || (r.is_given && st_span_eq(r.word, ST_SPAN("fallback")));
        if (r.is_given && st_span_eq(r.word, ST_SPAN("hosts")))
            ok = hosts_add_text(hosts, r);
    }
    return ok;
}

/* Would its login paths leave unread what one of its tests says is read? Without tests nobody knows. */
static bool hides_too_much(const struct lp_adapter *a)
{
    for (size_t i = 0; i < a->n_checks; i++) {
        const struct lp_check *k = &a->checks[i];
        const struct lp_request req = { st_span_str(k->method), st_span_str(k->host), st_span_str(k->path),
                                        st_span_str(k->query), st_span_str(k->type) };

        for (size_t s = 0; s < a->n_secrets && !k->is_secret; s++)
            if (lp_head_is(&a->secrets[s], &req, false))
                return true;
    }
    return a->n_checks == 0;
}

enum st_rc lp_adapter_stand_in(const struct lp_left_adapter *left, struct lp_adapter **out, struct st_arena *arena,
                               struct st_err *err)
{
    const struct lp_adapter *read = left->read;
    const char *slash = strrchr(left->file, '/'), *name = slash != NULL ? slash + 1 : left->file;
    struct lp_adapter *a = st_arena_alloc(arena, sizeof *a);
    struct hosts hosts;

    if (a == NULL || !hosts_open(&hosts, arena))
        return st_arena_fail(arena, err, "lua.broken");
    *a = (struct lp_adapter){ .version = "?", .file = left->file, .broken = left->why, .hosts = hosts.items };
    if (read != NULL) {
        a->is_fallback = read->is_fallback;
        if (left->is_whole && !hides_too_much(read)) {
            a->secrets = read->secrets;
            a->n_secrets = read->n_secrets;
            a->may_hide = read->may_hide;
        }
    }
    if (read != NULL ? !hosts_add_all(&hosts, read->hosts) : !read_adapter(left->text, a, &hosts))
        return st_arena_fail(arena, err, "lua.broken");
    a->id = read != NULL && lp_adapter_is_id(read->id)
                ? read->id
                : st_arena_str(arena, st_span(name, strlen(name) - strlen(".lua")));
    a->title = a->id;
    *out = a;
    return a->id != NULL ? ST_OK : st_arena_fail(arena, err, "lua.broken");
}

enum st_rc lp_hosts_join(const char *const *some, const char *const *more, struct st_arena *arena,
                         const char *const **out, struct st_err *err)
{
    struct hosts hosts;

    if (!hosts_open(&hosts, arena) || !hosts_add_all(&hosts, some) || !hosts_add_all(&hosts, more))
        return st_arena_fail(arena, err, "lua.broken");
    *out = hosts.items;
    return ST_OK;
}
