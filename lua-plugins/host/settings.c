/* SPDX-License-Identifier: Apache-2.0 */
/* settings - what an operator may set in a plugin: described in its manifest, given in stoa.yaml or in a test.
 *
 * Every value is text first, whoever wrote it: the default in the manifest, a line of stoa.yaml, a test's own config.
 * So there is one place that says what fits a setting, and a default is held to it as well. What came of it is a
 * frozen table in the plugin's state; a list stays a plain one (ipairs and # work), it is the plugin's own copy.
 */
#include "settings.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
#define X(id, name) name,
    LP_SETTINGS(X)
#undef X
};

const char *lp_setting_type_name(enum lp_setting_type type)
{
    return type_names[type];
}

void lp_given_read(struct lp_conf *c, const char *name, struct lp_given *out)
{
    lua_State *L = c->L;
    int type = lua_type(L, -1);
    const char **one;

    *out = (struct lp_given){ .name = name, .file = c->file, .is_list = type == LUA_TTABLE };
    luaL_checkstack(L, 6, "tables too deep");
    lua_createtable(L, 0, 1); /* read as an entry of a table, so that there is one reader of lists */
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    if (type == LUA_TNUMBER)
        (void)lua_tolstring(L, -1, NULL);
    lua_rawset(L, -3);
    if (type == LUA_TBOOLEAN) {
        one = lp_conf_alloc(c, 2 * sizeof *one);
        one[0] = lua_toboolean(L, -2) ? "true" : "false";
        out->items = one;
    } else {
        out->items = lp_conf_strs(c, -1, name);
    }
    lua_pop(L, 1);
    while (out->items != NULL && out->items[out->n] != NULL)
        out->n++;
}

/* ---- what fits --------------------------------------------------------------------------------------------------- */

bool lp_is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return strcmp(text + 5, "00") > 0 && strncmp(text + 5, "12", 2) <= 0 && strcmp(text + 8, "31") <= 0 &&
           strcmp(text + 8, "00") > 0;
}

static bool is_number(const struct lp_setting *s, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (*text == '\0' || *end != '\0' || strspn(text, "+-.0123456789eE") != strlen(text) || !isfinite(value))
        return false;
    if (s->type == LP_SETTING_INTEGER && (strpbrk(text, ".eE") != NULL || fabs(value) > 9e15))
        return false;
    return (!s->has_min || value >= s->min) && (!s->has_max || value <= s->max);
}

static bool is_choice(const struct lp_setting *s, const char *text)
{
    for (size_t i = 0; s->choices != NULL; i++) {
        if (s->choices[i] == NULL)
            return false;
        if (strcmp(s->choices[i], text) == 0)
            return true;
    }
    return !s->is_date || lp_is_date(text);
}

static bool fits(const struct lp_setting *s, const struct lp_given *v)
{
    bool good = v->n == 1 && !v->is_list;

    switch (s->type) {
    case LP_SETTING_STRING: return good && is_choice(s, v->items[0]);
    case LP_SETTING_INTEGER:
    case LP_SETTING_NUMBER: return good && is_number(s, v->items[0]);
    case LP_SETTING_BOOLEAN: return good && (strcmp(v->items[0], "true") == 0 || strcmp(v->items[0], "false") == 0);
    case LP_SETTING_LIST:
        for (size_t i = 0; i < v->n; i++)
            if (!is_choice(s, v->items[i]))
                return false;
        return v->items != NULL;
    case LP_SETTING_COUNT: break;
    }
    return false;
}

/* "a whole number from 1 to 90" */
static const char *expected(const struct lp_setting *s, char *out, size_t size)
{
    static const char *const words[] = { "text", "a whole number", "a number", "true or false", "a list of texts" };
    struct st_buf buf;

    st_buf_init(&buf, size - 1);
    st_buf_str(&buf, s->is_date ? "a date such as 2027-01-15" : words[s->type]);
    if (s->has_min)
        st_buf_fmt(&buf, " from %.15g", s->min);
    if (s->has_max)
        st_buf_fmt(&buf, " to %.15g", s->max);
    for (size_t i = 0; s->choices != NULL && s->choices[i] != NULL && buf.failed == ST_E_NONE; i++)
        st_buf_fmt(&buf, "%s%.40s", i == 0 ? ", one of: " : ", ", s->choices[i]);
    memcpy(out, buf.n > 0 ? (const char *)buf.p : "", buf.n);
    out[buf.n] = '\0';
    st_buf_fini(&buf);
    return out;
}

static void push(lua_State *L, const struct lp_setting *s, const struct lp_given *v)
{
    switch (s->type) {
    case LP_SETTING_STRING: lua_pushstring(L, v->items[0]); return;
    case LP_SETTING_INTEGER: lua_pushinteger(L, (lua_Integer)strtoll(v->items[0], NULL, 10)); return;
    case LP_SETTING_NUMBER: lua_pushnumber(L, strtod(v->items[0], NULL)); return;
    case LP_SETTING_BOOLEAN: lua_pushboolean(L, strcmp(v->items[0], "true") == 0); return;
    case LP_SETTING_LIST:
    case LP_SETTING_COUNT: break;
    }
    lua_createtable(L, (int)v->n, 0);
    for (size_t i = 0; i < v->n; i++) {
        lua_pushstring(L, v->items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* ---- what the manifest describes --------------------------------------------------------------------------------- */

static void read_bound(struct lp_conf *c, const char *key, bool *has, double *value)
{
    lua_pushstring(c->L, key);
    *has = lua_rawget(c->L, -2) == LUA_TNUMBER;
    *value = *has ? (double)lua_tonumber(c->L, -1) : 0;
    if (!*has && !lua_isnil(c->L, -1))
        lp_conf_fail(c, "'%s' must be a number", key);
    lua_pop(c->L, 1);
}

static void read_help(struct lp_conf *c, struct lp_setting *s)
{
    size_t mark;

    lua_pushliteral(c->L, "help");
    if (lua_rawget(c->L, -2) != LUA_TTABLE) {
        lua_pop(c->L, 1);
        s->help_en = lp_conf_str(c, -1, "help", NULL);
        return;
    }
    lua_pop(c->L, 1);
    if (lp_conf_enter(c, -1, "help", &mark)) {
        lp_conf_keys(c, -1, "en de");
        s->help_en = lp_conf_need(c, -1, "en");
        s->help_de = lp_conf_str(c, -1, "de", NULL);
        lp_conf_leave(c, mark);
    }
}

static const char *joined(struct lp_conf *c, const struct lp_given *v)
{
    struct st_buf buf;
    char *text;

    st_buf_init(&buf, 4096);
    for (size_t i = 0; i < v->n; i++)
        st_buf_fmt(&buf, "%s%s", i > 0 ? ", " : "", v->items[i]);
    text = st_arena_str(c->arena, st_buf_view(&buf));
    st_buf_fini(&buf);
    if (text == NULL)
        lp_conf_no_memory(c);
    return text;
}

/* The setting is on the top; fallback gets its default. */
static void read_setting(struct lp_conf *c, struct lp_setting *s, struct lp_given *fallback)
{
    static const int lua_types[] = { LUA_TSTRING, LUA_TNUMBER, LUA_TNUMBER, LUA_TBOOLEAN, LUA_TTABLE };
    const char *type, *format;
    char text[160];

    lp_conf_keys(c, -1, "type default help format of min max choices");
    type = lp_conf_need(c, -1, "type");
    while (s->type < LP_SETTING_COUNT && strcmp(type, type_names[s->type]) != 0)
        s->type++;
    if (s->type == LP_SETTING_COUNT) {
        lp_conf_fail(c, "'type' must be string, integer, number, boolean or list");
        s->type = LP_SETTING_STRING;
    }
    if ((format = lp_conf_str(c, -1, "format", NULL)) != NULL && strcmp(format, "date") != 0)
        lp_conf_fail(c, "'format' can be date");
    s->is_date = format != NULL;
    read_bound(c, "min", &s->has_min, &s->min);
    read_bound(c, "max", &s->has_max, &s->max);
    s->choices = lp_conf_strs(c, -1, "choices");
    read_help(c, s);
    lua_pushliteral(c->L, "default");
    (void)lua_rawget(c->L, -2);
    lp_given_read(c, s->name, fallback);
    if (lua_type(c->L, -1) != lua_types[s->type] || !fits(s, fallback))
        lp_conf_fail(c, "'default' must be %s", expected(s, text, sizeof text));
    lua_pop(c->L, 1);
    s->fallback = joined(c, fallback);
}

static const struct lp_given *given_for(const struct lp_chosen *chosen, const char *name)
{
    for (size_t i = 0; chosen != NULL && i < chosen->n_given; i++)
        if (strcmp(chosen->given[i].name, name) == 0)
            return &chosen->given[i];
    return NULL;
}

/* A name that the manifest does not know, told where it was given. */
static void refuse_unknown(struct lp_conf *c, const struct lp_plugin *p, const struct lp_given *v)
{
    const char *known[LP_LIST_MAX], *near;

    for (size_t i = 0; i < p->n_settings; i++) {
        known[i] = p->settings[i].name;
        if (strcmp(known[i], v->name) == 0)
            return;
    }
    near = st_diag_nearest(v->name, known, p->n_settings);
    c->failed = true;
    (void)st_diag_add(c->diag, v->file, v->pos.line, v->pos.col,
                      "plugin %s has no setting '%.40s'%s%s%s; `stoa plugin doc` lists them", p->name, v->name,
                      near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* The given value, else the default. */
static void push_setting(struct lp_conf *c, const struct lp_plugin *p, const struct lp_setting *s,
                         const struct lp_given *given, const struct lp_given *fallback)
{
    const struct lp_given *v = given != NULL ? given : fallback;
    char text[160];

    if (fits(s, v)) {
        push(c->L, s, v);
        return;
    }
    lua_pushnil(c->L);
    if (given == NULL) /* read_setting said so */
        return;
    c->failed = true;
    (void)st_diag_add(c->diag, v->file, v->pos.line, v->pos.col,
                      "setting '%s' of plugin %s: expected %s, found '%.60s'", s->name, p->name,
                      expected(s, text, sizeof text), v->n > 0 ? v->items[0] : "");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct lp_setting *)a)->name, ((const struct lp_setting *)b)->name);
}

static size_t count_entries(lua_State *L)
{
    size_t n = 0;

    for (lua_pushnil(L); lua_next(L, -2) != 0; n++)
        lua_pop(L, 1);
    return n;
}

/* The manifest's config is on the top, the table that becomes ctx.config two below it. */
static void read_all(struct lp_conf *c, struct lp_plugin *p, const struct lp_chosen *chosen)
{
    size_t most = count_entries(c->L), inner;
    struct lp_setting *list = lp_conf_alloc(c, most * sizeof *list);
    lua_State *L = c->L;

    if (most > LP_LIST_MAX) {
        lp_conf_fail(c, "has more than %d settings", LP_LIST_MAX);
        return;
    }
    p->settings = list;
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) { /* result, manifest, config, key, setting */
        struct lp_setting *s = &list[p->n_settings];
        struct lp_given fallback;

        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            lp_conf_fail(c, "a setting needs a name");
            continue;
        }
        if (!lp_conf_enter(c, -2, lua_tostring(L, -1), &inner))
            continue;
        p->n_settings++;
        s->name = lp_conf_copy(c, st_span_str(lua_tostring(L, -2)));
        read_setting(c, s, &fallback);
        push_setting(c, p, s, given_for(chosen, s->name), &fallback);
        lua_setfield(L, -6, s->name);
        lp_conf_leave(c, inner);
    }
    qsort(list, p->n_settings, sizeof *list, by_name); /* a table has no order */
}

void lp_settings_read(struct lp_conf *c, struct lp_plugin *p, const struct lp_chosen *chosen)
{
    size_t mark;

    luaL_checkstack(c->L, 10, "tables too deep");
    lua_newtable(c->L);
    lua_insert(c->L, -2); /* result, manifest */
    if (lp_conf_enter(c, -1, "config", &mark)) {
        read_all(c, p, chosen);
        lp_conf_leave(c, mark);
    }
    for (size_t i = 0; chosen != NULL && i < chosen->n_given; i++)
        refuse_unknown(c, p, &chosen->given[i]);
    lua_insert(c->L, -2); /* manifest, result */
    lp_freeze(c->L);
    p->config_ref = luaL_ref(c->L, LUA_REGISTRYINDEX);
}
