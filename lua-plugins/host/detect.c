/* SPDX-License-Identifier: Apache-2.0 */
/* detect - a plugin's own detectors: patterns as data, validators in Lua.
 *
 * An entry of the manifest's `detectors` is what a pack has as a rule, so it is written down as one and read by those
 * who read packs: one place says what a rule may be, and the pattern joins the one database that every message is
 * matched with. Only what matched reaches Lua. A validator that fails counts with the plugin's on_failure: `skip` is
 * no finding, the others are one. How a case of the plugin's tests is played is here as well.
 */
#include "detect.h"
#include "base/json.h"
#include "objects.h"
#include <string.h>

#define DETECTORS_MAX 32
#define DEPTH_MAX     3
#define PACK_MAX      ((size_t)256 << 10)
#define WHOLE_MAX     1000000000 /* of a number */

/* ---- the manifest as a pack -------------------------------------------------------------------------------------- */

static bool is_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 40 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static bool is_empty(lua_State *L)
{
    lua_pushnil(L);
    if (lua_next(L, -2) == 0)
        return true;
    lua_pop(L, 2);
    return false;
}

static void put_value(struct lp_conf *c, struct st_json *w, const char *key, unsigned depth);

static void put_table(struct lp_conf *c, struct st_json *w, const char *key, unsigned depth)
{
    lua_State *L = c->L;
    size_t n = lua_rawlen(L, -1);

    if (n > 0 || depth == DEPTH_MAX) {
        st_json_array(w, key);
        for (size_t i = 1; i <= n && depth < DEPTH_MAX; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            put_value(c, w, NULL, depth + 1);
            lua_pop(L, 1);
        }
    } else {
        st_json_object(w, key);
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING && is_name(lua_tostring(L, -2)))
                put_value(c, w, lua_tostring(L, -2), depth + 1);
            else
                lp_conf_fail(c, "has an entry whose name is none; expected lower-case letters, digits and _");
    }
    st_json_end(w);
}

/* The value on the top, as JSON. */
static void put_value(struct lp_conf *c, struct st_json *w, const char *key, unsigned depth)
{
    lua_State *L = c->L;
    lua_Integer number;
    int is_whole;
    size_t n;
    const char *s;

    luaL_checkstack(L, 6, "tables too deep");
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        s = lua_tolstring(L, -1, &n);
        st_json_span(w, key, st_span(s, n));
        break;
    case LUA_TNUMBER:
        number = lua_tointegerx(L, -1, &is_whole);
        if (is_whole != 0 && number > -WHOLE_MAX && number < WHOLE_MAX)
            st_json_int(w, key, number);
        else
            lp_conf_fail(c, "'%s' is no whole number of this size", key != NULL ? key : "an element");
        break;
    case LUA_TBOOLEAN: st_json_bool(w, key, lua_toboolean(L, -1) != 0); break;
    case LUA_TTABLE:
        if (key == NULL || !is_empty(L)) /* {} may stand for a list or a mapping: as if it were not there */
            put_table(c, w, key, depth);
        break;
    default: lp_conf_fail(c, "'%s' cannot be a %s", key != NULL ? key : "an element", luaL_typename(L, -1)); break;
    }
}

static int type_of(struct lp_conf *c, const char *key)
{
    int type;

    lua_pushstring(c->L, key);
    type = lua_rawget(c->L, -2);
    lua_pop(c->L, 1);
    return type;
}

/* What a pack must say and a plugin need not. */
static void put_defaults(struct lp_conf *c, struct st_json *w, const struct lp_plugin *p, const struct lp_detector *d)
{
    const char *last = strrchr(d->label, '.');
    bool asks = d->validate_ref != LUA_NOREF;
    char mask[80];

    (void)snprintf(mask, sizeof mask, "[%s]", last != NULL ? last + 1 : d->label);
    if (type_of(c, "title") == LUA_TNIL) {
        st_json_object(w, "title");
        st_json_str(w, "en", p->title_en != NULL ? p->title_en : "");
        if (p->title_de != NULL)
            st_json_str(w, "de", p->title_de);
        st_json_end(w);
    }
    if (type_of(c, "severity") == LUA_TNIL)
        st_json_str(w, "severity", "medium");
    if (type_of(c, "mask") == LUA_TNIL)
        st_json_str(w, "mask", mask);
    if (type_of(c, "pattern") != LUA_TNIL && type_of(c, "anchor") == LUA_TNIL && type_of(c, "extent") == LUA_TNIL)
        st_json_str(w, "extent", "match");
    if (type_of(c, "confidence") == LUA_TNIL) {
        st_json_object(w, "confidence");
        st_json_int(w, "base", asks ? 60 : 75);
        st_json_int(w, "validated", asks ? 85 : 75);
        st_json_end(w);
    }
}

/* The detector's table is on the top. */
static void read_detector(struct lp_conf *c, struct st_json *w, struct lp_plugin *p, struct lp_detector *d)
{
    lua_State *L = c->L;
    const char *key;

    d->label = lp_conf_need(c, -1, "label");
    d->validate_ref = LUA_NOREF;
    lua_pushliteral(L, "validate");
    if (lua_rawget(L, -2) == LUA_TFUNCTION) {
        d->validate_ref = luaL_ref(L, LUA_REGISTRYINDEX);
        p->hooks |= LP_HOOK_BIT(LP_HOOK_VALIDATE);
    } else {
        lua_pop(L, 1);
    }
    st_json_object(w, NULL);
    st_json_str(w, "id", d->label);
    put_defaults(c, w, p, d);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (!is_name(key))
            lp_conf_fail(c, "has an entry whose name is none; expected lower-case letters, digits and _");
        else if (strcmp(key, "id") == 0)
            lp_conf_fail(c, "unknown key 'id'; a plugin's detector has its 'label'");
        else if (strcmp(key, "label") != 0 && (strcmp(key, "validate") != 0 || !lua_isfunction(L, -1)))
            put_value(c, w, key, 0);
    }
    st_json_end(w);
}

/* The names of the entries, NULL-terminated. */
static const char **read_names(struct lp_conf *c)
{
    const char **names = lp_conf_alloc(c, (DETECTORS_MAX + 1) * sizeof *names);
    size_t n = 0;

    luaL_checkstack(c->L, 6, "tables too deep");
    for (lua_pushnil(c->L); lua_next(c->L, -2) != 0; lua_pop(c->L, 1))
        if (lua_type(c->L, -2) != LUA_TSTRING || !is_name(lua_tostring(c->L, -2)) || n == DETECTORS_MAX)
            lp_conf_fail(c, "holds at most %d detectors by their names: lower-case letters, digits and _",
                         DETECTORS_MAX);
        else
            names[n++] = lp_conf_copy(c, st_span_str(lua_tostring(c->L, -2)));
    return names;
}

void lp_detectors_read(struct lp_conf *c, struct lp_plugin *p)
{
    const char **names;
    struct lp_detector *list;
    size_t mark, inner;
    struct st_json w;

    if (!lp_conf_enter(c, -1, "detectors", &mark))
        return;
    p->detectors = list = lp_conf_alloc(c, DETECTORS_MAX * sizeof *list);
    names = read_names(c);
    st_json_init(&w, &p->pack);
    st_json_object(&w, NULL);
    st_json_str(&w, "pack", p->name);
    st_json_str(&w, "version", p->version);
    st_json_str(&w, "licence", p->license != NULL ? p->license : "none");
    st_json_array(&w, "rules");
    for (; *names != NULL; names++) {
        if (!lp_conf_enter(c, -1, *names, &inner))
            continue;
        read_detector(c, &w, p, &list[p->n_detectors++]);
        lp_conf_leave(c, inner);
    }
    st_json_end(&w);
    st_json_end(&w);
    if (p->pack.failed == ST_E_NOMEM) {
        lp_state_of(c->L)->no_memory = true;
        luaL_error(c->L, "not enough memory");
    }
    if (p->pack.failed != ST_E_NONE)
        lp_conf_fail(c, "is longer than 256 KiB");
    lp_conf_leave(c, mark);
}

void lp_detectors_init(struct lp_plugin *p)
{
    st_buf_init(&p->pack, PACK_MAX);
}

void lp_detectors_fini(struct lp_plugin *p)
{
    flt_packs_release(p->packs);
    p->packs = NULL;
    st_buf_fini(&p->pack);
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

int lp_hit_text(lua_State *L)
{
    struct st_span text = lp_api_call(L)->hit->hit->text;

    lua_pushlstring(L, (const char *)text.p, text.n);
    return 1;
}

int lp_hit_label(lua_State *L)
{
    lua_pushstring(L, lp_api_call(L)->hit->hit->rule->id);
    return 1;
}

void lp_hit_take(lua_State *L, struct lp_asked_hit *asked)
{
    lua_Integer n;

    switch (lua_type(L, -1)) {
    case LUA_TNIL: asked->said = 0; return;
    case LUA_TBOOLEAN: asked->said = lua_toboolean(L, -1) ? FLT_SAID_YES : 0; return;
    case LUA_TNUMBER:
        n = lua_tointeger(L, -1);
        if (n >= 0 && n <= 100) {
            asked->said = (unsigned)n;
            return;
        }
        break;
    default: break;
    }
    luaL_error(L, "validate answers true, false, or a whole number from 0 to 100");
}

void lp_hit_failed(struct lp_asked_hit *asked, enum lp_on_failure on_failure)
{
    asked->said = on_failure == LP_SKIP ? 0 : FLT_SAID_YES;
}

static int validator_of(const struct lp_plugin *p, const struct flt_rule *rule)
{
    for (size_t i = 0; i < p->n_detectors; i++)
        if (strcmp(p->detectors[i].label, rule->id) == 0)
            return p->detectors[i].validate_ref;
    return LUA_NOREF;
}

static unsigned ask(void *ctx, const struct flt_hit_asked *hit)
{
    struct lp_plugin *p = ctx;
    struct lp_asked_hit asked = { .hit = hit, .validate_ref = validator_of(p, hit->rule) };
    const struct lp_call call = { .hook = LP_HOOK_VALIDATE, .hit = &asked };
    struct st_err err = ST_ERR_INIT;

    if (!p->is_live || !p->is_enabled) /* is_enabled: since the packs were made */
        return 0;
    if (asked.validate_ref == LUA_NOREF)
        return FLT_SAID_NOTHING;
    return lp_hook_one(p, &call, &err) == ST_OK ? asked.said : FLT_SAID_YES; /* no memory to ask: it counts */
}

struct flt_given lp_detectors_given(struct lp_plugin *p)
{
    return (struct flt_given){ .file = p->file, .text = st_buf_view(&p->pack), .ask = ask, .ctx = p };
}

const struct flt_given *lp_detectors(const struct lp_set *set, size_t *n)
{
    *n = set->n_given;
    return set->given;
}

/* ---- trying ------------------------------------------------------------------------------------------------------ */

/* As ask, but nobody stands in for a validator that fails: the test does. */
static unsigned try_ask(void *ctx, const struct flt_hit_asked *hit)
{
    struct lp_plugin *p = ctx;
    struct lp_asked_hit asked = { .hit = hit, .validate_ref = validator_of(p, hit->rule) };
    const struct lp_call call = { .hook = LP_HOOK_VALIDATE, .hit = &asked, .today = p->trial.today };

    if (asked.validate_ref == LUA_NOREF)
        return FLT_SAID_NOTHING;
    if (p->trial.err.code == ST_E_NONE && lp_hook_run(p, &call, &p->trial.err) == ST_OK)
        return asked.said;
    return 0;
}

enum st_rc lp_detectors_make(struct lp_plugin *p, struct st_diag *diag, struct st_err *err)
{
    static const char *const nowhere[] = { NULL };
    const struct flt_given given = { .file = p->file, .text = st_buf_view(&p->pack), .ask = try_ask, .ctx = p };

    if (p->n_detectors == 0)
        return ST_OK;
    p->trial.given = given;
    return flt_packs_load_all(&(struct flt_sources){ .dirs = nowhere, .given = &p->trial.given, .n_given = 1 },
                              &p->packs, diag, err);
}

static enum st_rc keep_names(const struct flt_findings *findings, struct st_arena *arena, const char *const **out,
                             struct st_err *err)
{
    const char **names = st_arena_alloc(arena, (findings->n + 1) * sizeof *names);
    size_t n = 0, k;

    if ((*out = names) == NULL)
        return st_arena_fail(arena, err, "lua.detect");
    for (size_t i = 0; i < findings->n; i++) {
        for (k = 0; k < n && strcmp(names[k], findings->items[i].rule->id) != 0; k++)
            ;
        if (k == n)
            names[n++] = findings->items[i].rule->id;
    }
    return ST_OK;
}

enum st_rc lp_detectors_try(struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                            const char *const **out, struct st_err *err)
{
    static const char *const none[] = { NULL };
    struct flt_scanner *scanner = NULL;
    struct flt_findings findings;
    struct flt_doc *doc;
    enum st_rc rc;

    *out = none;
    if (p->packs == NULL)
        return ST_OK;
    p->trial.err = (struct st_err)ST_ERR_INIT;
    p->trial.today = k->today;
    if (flt_scanner_new(p->packs, &scanner, err) != ST_OK)
        return ST_ERR;
    rc = flt_text_doc(arena, st_span_str(k->text), &doc, err);
    if (rc == ST_OK)
        rc = flt_scan(scanner, arena, doc, &findings, NULL, err);
    if (rc == ST_OK && p->trial.err.code != ST_E_NONE) {
        *err = p->trial.err;
        rc = ST_ERR;
    }
    if (rc == ST_OK)
        rc = keep_names(&findings, arena, out, err);
    flt_scanner_free(scanner);
    return rc;
}
