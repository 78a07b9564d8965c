/* SPDX-License-Identifier: Apache-2.0 */
/* adapter - from the table a platform file returns to C.
 *
 * The file is data: everything it may say is read here, checked, and copied into the arena of the set. When you add a
 * key to adapters, add it here, to docs/activity.md, and to a check in one of the shipped files. Kinds are a closed
 * list, so that a policy that names a kind can be checked.
 */
#include "adapter.h"
#include <stdio.h>
#include <string.h>

#define CHECKS_MAX 1024u

const char *const lp_phase_names[] = {
#define X(id, name) [LP_##id] = name,
    LP_PHASES(X)
#undef X
        NULL
};

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list[n] != NULL)
        n++;
    return n;
}

/* The word as the list has it; its last one after a mistake, which is "opaque" or "unknown" for what policies see. */
static const char *one_of(struct lp_conf *c, const char *key, const char *word, const char *const *list, size_t n)
{
    const char *near;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, list[i]) == 0)
            return list[i];
    }
    near = st_diag_nearest(word, list, n);
    lp_conf_fail(c, "'%s' has the unknown value '%.40s'%s%s%s", key, word, near != NULL ? "; did you mean '" : "",
                 near != NULL ? near : "", near != NULL ? "'?" : "");
    return list[n - 1];
}

static void read_param(struct lp_conf *c, int at, struct lp_param *p)
{
    int type = lua_type(c->L, at);

    p->want = LP_ONE_OF;
    if (type == LUA_TBOOLEAN)
        p->want = lua_toboolean(c->L, at) ? LP_PRESENT : LP_ABSENT;
    else if (type != LUA_TSTRING && type != LUA_TTABLE)
        lp_conf_fail(c, "'%s' must be true, false, a string or a list of strings", p->name);
    else { /* read through a table, as lp_conf_strs does */
        at = lua_absindex(c->L, at);
        lua_newtable(c->L);
        lua_pushstring(c->L, p->name);
        lua_pushvalue(c->L, at);
        lua_rawset(c->L, -3);
        p->values = lp_conf_strs(c, -1, p->name);
        lua_pop(c->L, 1);
    }
}

/* { action = "submit", preview = false }; all have to hold, so their order does not matter. */
static const struct lp_param *read_params(struct lp_conf *c, int at, const char *key, size_t *n)
{
    struct lp_param *list = NULL;
    size_t mark;

    *n = 0;
    if (!lp_conf_enter(c, at, key, &mark))
        return NULL;
    list = lp_conf_alloc(c, 16 * sizeof *list);
    luaL_checkstack(c->L, 8, "tables too deep");
    lua_pushnil(c->L);
    while (lua_next(c->L, -2) != 0) {
        if (lua_type(c->L, -2) != LUA_TSTRING || *n >= 16) {
            lp_conf_fail(c, "needs names with values, at most 16");
        } else {
            char *name = lp_conf_alloc(c, lua_rawlen(c->L, -2) + 1);

            memcpy(name, lua_tostring(c->L, -2), lua_rawlen(c->L, -2));
            list[*n].name = name;
            read_param(c, -1, &list[(*n)++]);
        }
        lua_pop(c->L, 1);
    }
    lp_conf_leave(c, mark);
    return list;
}

static void read_head(struct lp_conf *c, int at, struct lp_head *h)
{
    static const char *const types[] = { "json", "form", "text" };
    const char *type = lp_conf_str(c, at, "type", NULL);

    h->methods = lp_conf_strs(c, at, "method");
    h->hosts = lp_conf_strs(c, at, "host");
    h->paths = lp_conf_strs(c, at, "path");
    h->params = read_params(c, at, "query", &h->n_params);
    h->type = type != NULL ? one_of(c, "type", type, types, ST_LEN(types)) : NULL;
    for (size_t i = 0; h->paths != NULL && h->paths[i] != NULL; i++) {
        if (h->paths[i][0] != '/')
            lp_conf_fail(c, "the path '%.60s' must begin with '/'", h->paths[i]);
    }
}

static void read_match(struct lp_conf *c, struct lp_route *r)
{
    size_t mark, inner;

    if (!lp_conf_enter(c, -1, "match", &mark)) {
        lp_conf_fail(c, "'match' is missing");
        return;
    }
    lp_conf_keys(c, -1, "method host path query type body");
    read_head(c, -1, &r->head);
    if (lp_conf_enter(c, -1, "body", &inner)) {
        lp_conf_keys(c, -1, "has lacks eq");
        r->body.has = lp_conf_strs(c, -1, "has");
        r->body.lacks = lp_conf_strs(c, -1, "lacks");
        r->body.params = read_params(c, -1, "eq", &r->body.n_params);
        r->has_body = true;
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

static void read_audience(struct lp_conf *c, struct lp_route *r)
{
    size_t mark, inner, n = 0;
    const char **map;

    r->audience.fixed = "unknown";
    lua_pushliteral(c->L, "audience");
    if (lua_rawget(c->L, -2) != LUA_TTABLE) {
        lua_pop(c->L, 1);
        r->audience.fixed =
            one_of(c, "audience", lp_conf_str(c, -1, "audience", "unknown"), flt_audiences, count(flt_audiences));
        return;
    }
    lua_pop(c->L, 1);
    if (!lp_conf_enter(c, -1, "audience", &mark))
        return;
    lp_conf_keys(c, -1, "from map default");
    r->audience.from = lp_conf_strs(c, -1, "from");
    r->audience.fixed =
        one_of(c, "default", lp_conf_str(c, -1, "default", "unknown"), flt_audiences, count(flt_audiences));
    r->audience.map = map = lp_conf_alloc(c, 33 * sizeof *map);
    if (lp_conf_enter(c, -1, "map", &inner)) {
        lua_pushnil(c->L);
        while (lua_next(c->L, -2) != 0) {
            if (lua_type(c->L, -2) == LUA_TSTRING && lua_type(c->L, -1) == LUA_TSTRING && n < 32) {
                char *value = lp_conf_alloc(c, lua_rawlen(c->L, -2) + 1);

                memcpy(value, lua_tostring(c->L, -2), lua_rawlen(c->L, -2));
                map[n++] = value;
                map[n++] = one_of(c, "map", lua_tostring(c->L, -1), flt_audiences, count(flt_audiences));
            } else {
                lp_conf_fail(c, "needs at most 16 strings with strings");
            }
            lua_pop(c->L, 1);
        }
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

static void read_object(struct lp_conf *c, const char *key, struct lp_object *o, struct lp_route *r)
{
    size_t mark;

    if (!lp_conf_enter(c, -1, key, &mark))
        return;
    lp_conf_keys(c, -1, "type id title url author lang length spaces title_end script upload");
    o->type = lp_conf_str(c, -1, "type", "");
    o->id = lp_conf_strs(c, -1, "id");
    o->title = lp_conf_strs(c, -1, "title");
    o->author = lp_conf_strs(c, -1, "author");
    o->lang = lp_conf_strs(c, -1, "lang");
    o->length = lp_conf_strs(c, -1, "length");
    o->url = lp_conf_strs(c, -1, "url");
    o->upload = lp_conf_strs(c, -1, "upload");
    if (o->upload != NULL && o != &r->answer)
        lp_conf_fail(c, "'upload' is for 'answer' alone");
    r->spaces = lp_conf_bool(c, -1, "spaces", r->spaces);
    r->title_end = lp_conf_str(c, -1, "title_end", r->title_end);
    r->answer_script = lp_conf_str(c, -1, "script", r->answer_script);
    lp_conf_leave(c, mark);
}

static void read_objects(struct lp_conf *c, struct lp_route *r)
{
    read_object(c, "object", &r->object, r);
    read_object(c, "parent", &r->parent, r);
    read_object(c, "group", &r->group, r);
    read_object(c, "answer", &r->answer, r);
}

static void read_activity(struct lp_conf *c, struct lp_route *r)
{
    static const char *const units[] = { "ms", "s" };
    const char *phase;
    size_t mark, inner;

    if (!lp_conf_enter(c, -1, "activity", &mark)) {
        if (!r->is_ignored && !r->is_secret)
            lp_conf_fail(c, "needs 'activity', 'ignore = true' or 'secret = true'");
        return;
    }
    lp_conf_keys(c, -1, "kind audience phase object parent group answer dwell watch unit");
    r->kind = one_of(c, "kind", lp_conf_need(c, -1, "kind"), flt_kinds, count(flt_kinds));
    phase = one_of(c, "phase", lp_conf_str(c, -1, "phase", "commit"), lp_phase_names, count(lp_phase_names));
    for (unsigned i = 0; lp_phase_names[i] != NULL; i++) {
        if (phase == lp_phase_names[i])
            r->phase = (enum lp_phase)i;
    }
    read_audience(c, r);
    read_objects(c, r);
    r->dwell = lp_conf_strs(c, -1, "dwell");
    r->is_ms = strcmp(one_of(c, "unit", lp_conf_str(c, -1, "unit", "s"), units, ST_LEN(units)), "ms") == 0;
    if (lp_conf_enter(c, -1, "watch", &inner)) {
        lp_conf_keys(c, -1, "from to final final_kind");
        r->watch.from = lp_conf_strs(c, -1, "from");
        r->watch.to = lp_conf_strs(c, -1, "to");
        r->watch.is_final = lp_conf_strs(c, -1, "final");
        r->watch.final_kind =
            one_of(c, "final_kind", lp_conf_str(c, -1, "final_kind", r->kind), flt_kinds, count(flt_kinds));
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

/* deny = "page" or { status, type, body, socket, ask }; absent: the page. */
static void read_deny(struct lp_conf *c, struct lp_route *r)
{
    size_t mark;

    r->deny =
        (struct lp_shape){ .status = 403, .content_type = "text/html; charset=utf-8", .body = "", .is_page = true };
    lua_pushliteral(c->L, "deny");
    if (lua_rawget(c->L, -2) != LUA_TTABLE) {
        if (!lua_isnil(c->L, -1) && (!lua_isstring(c->L, -1) || strcmp(lua_tostring(c->L, -1), "page") != 0))
            lp_conf_fail(c, "'deny' must be \"page\" or a table with status, type and body");
        lua_pop(c->L, 1);
        return;
    }
    lua_pop(c->L, 1);
    if (!lp_conf_enter(c, -1, "deny", &mark))
        return;
    lp_conf_keys(c, -1, "status type body socket ask");
    r->deny.status = (unsigned)lp_conf_num(c, -1, "status", 403);
    r->deny.content_type = lp_conf_str(c, -1, "type", "application/json");
    r->deny.body = lp_conf_need(c, -1, "body");
    r->deny.is_page = false;
    r->deny.socket = lp_conf_strs(c, -1, "socket");
    r->deny.ask = lp_conf_str(c, -1, "ask", NULL);
    if (r->deny.ask != NULL && (r->deny.socket == NULL || strstr(r->deny.ask, "{id}") == NULL))
        lp_conf_fail(c, "'ask' needs 'socket' beside it, and {id} in it to know its answer by");
    if (r->deny.status < 200 || r->deny.status > 599)
        lp_conf_fail(c, "'status' must be between 200 and 599");
    lp_conf_leave(c, mark);
}

/* The bytes of what was announced go anywhere: all of them are the person's, and a plain sentence says no. */
static const struct lp_route *make_transfer(struct lp_conf *c, const struct lp_route *announcement)
{
    static const char *const everything[] = { "**", "!?*", NULL };
    struct lp_route *r = lp_conf_alloc(c, sizeof *r);

    r->adapter = announcement->adapter;
    r->id = announcement->id;
    r->kind = announcement->kind;
    r->phase = LP_COMMIT;
    r->audience.fixed = announcement->audience.fixed;
    r->object.type = announcement->object.type;
    r->parent.type = r->group.type = r->answer.type = "";
    r->typed = everything;
    r->deny = (struct lp_shape){ .status = 403, .content_type = "text/plain", .body = "{message} ({id})" };
    return r;
}

static void read_routes(struct lp_conf *c, struct lp_adapter *a)
{
    size_t mark, inner, n;

    if (!lp_conf_enter(c, -1, "rules", &mark))
        return;
    n = lp_conf_len(c, -1);
    a->routes = lp_conf_alloc(c, n * sizeof *a->routes);
    for (size_t i = 0; i < n; i++) {
        struct lp_route *r = &a->routes[a->n_routes];

        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        lp_conf_keys(c, -1, "id match ignore secret activity typed base64 deny");
        r->adapter = a;
        r->id = lp_conf_need(c, -1, "id");
        r->kind = "opaque";
        r->object.type = r->parent.type = r->group.type = r->answer.type = "";
        r->audience.fixed = "unknown";
        r->is_ignored = lp_conf_bool(c, -1, "ignore", false);
        r->is_secret = lp_conf_bool(c, -1, "secret", false);
        read_match(c, r);
        read_activity(c, r);
        r->typed = lp_conf_strs(c, -1, "typed");
        r->base64 = lp_conf_strs(c, -1, "base64");
        read_deny(c, r);
        if (r->answer.upload != NULL)
            r->transfer = make_transfer(c, r);
        a->n_routes++;
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

static void read_secrets(struct lp_conf *c, struct lp_adapter *a)
{
    size_t mark, inner, n;
    struct lp_head *list;

    if (!lp_conf_enter(c, -1, "secret", &mark))
        return;
    n = lp_conf_len(c, -1);
    a->secrets = list = lp_conf_alloc(c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        lp_conf_keys(c, -1, "method host path query");
        read_head(c, -1, &list[a->n_secrets]);
        if (list[a->n_secrets].paths == NULL && list[a->n_secrets].n_params == 0 && list[a->n_secrets].hosts == NULL)
            lp_conf_fail(c, "needs 'path' or 'query'");
        else
            a->n_secrets++;
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

static enum flt_wire read_wire(struct lp_conf *c)
{
    const char *names[FLT_WIRE_XMPP], *name;

    for (size_t i = 0; i < ST_LEN(names); i++)
        names[i] = flt_wire_name((enum flt_wire)(i + 1));
    name = one_of(c, "as", lp_conf_need(c, -1, "as"), names, ST_LEN(names));
    for (size_t i = 0; i < ST_LEN(names); i++) {
        if (name == names[i])
            return (enum flt_wire)(i + 1);
    }
    return FLT_WIRE_NONE;
}

static void read_speaks(struct lp_conf *c, struct lp_adapter *a)
{
    size_t mark, inner, n;
    struct lp_speech *list;

    if (!lp_conf_enter(c, -1, "speaks", &mark))
        return;
    n = lp_conf_len(c, -1);
    a->speaks = list = lp_conf_alloc(c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        lp_conf_keys(c, -1, "method host path query as");
        read_head(c, -1, &list[a->n_speaks].head);
        list[a->n_speaks++].wire = read_wire(c);
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

static enum flt_keep read_count(struct lp_conf *c)
{
    const char *count = lp_conf_str(c, -1, "count", "utf16");

    if (strcmp(count, "bytes") == 0)
        return FLT_KEEP_BYTES;
    if (strcmp(count, "utf16") != 0)
        lp_conf_fail(c, "'count' must be utf16 or bytes");
    return FLT_KEEP_UTF16;
}

static void read_counted(struct lp_conf *c, struct lp_adapter *a)
{
    size_t mark, inner, n;
    struct lp_counted *list;

    if (!lp_conf_enter(c, -1, "keep_length", &mark))
        return;
    n = lp_conf_len(c, -1);
    a->counted = list = lp_conf_alloc(c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        lp_conf_keys(c, -1, "path where count");
        list[a->n_counted] =
            (struct lp_counted){ lp_conf_strs(c, -1, "path"), lp_conf_strs(c, -1, "where"), read_count(c) };
        if (list[a->n_counted++].path == NULL)
            lp_conf_fail(c, "'path' is missing");
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

static void read_check(struct lp_conf *c, struct lp_check *k)
{
    size_t mark;

    lp_conf_keys(c, -1, "name method host path query type body answer status answer_type location expect");
    k->name = lp_conf_need(c, -1, "name");
    k->method = lp_conf_str(c, -1, "method", "GET");
    k->host = lp_conf_need(c, -1, "host");
    k->path = lp_conf_need(c, -1, "path");
    k->query = lp_conf_str(c, -1, "query", "");
    k->type = lp_conf_str(c, -1, "type", "");
    k->body = lp_conf_span(c, -1, "body");
    k->answer = lp_conf_span(c, -1, "answer");
    k->answer_type = lp_conf_str(c, -1, "answer_type", "application/json");
    k->location = lp_conf_str(c, -1, "location", NULL);
    k->status = lp_conf_num(c, -1, "status", k->location != NULL ? 302 : 200);
    if (!lp_conf_enter(c, -1, "expect", &mark)) {
        lp_conf_fail(c, "'expect' is missing");
        return;
    }
    lp_conf_keys(
        c, -1,
        "none secret rule kind phase audience id title author url text lang parent group typed hidden intervals "
        "length dwell final reply upload");
    k->is_none = lp_conf_bool(c, -1, "none", false);
    k->is_secret = lp_conf_bool(c, -1, "secret", false);
    k->rule = lp_conf_str(c, -1, "rule", NULL);
    k->kind = lp_conf_str(c, -1, "kind", NULL);
    k->phase = lp_conf_str(c, -1, "phase", NULL);
    k->audience = lp_conf_str(c, -1, "audience", NULL);
    k->object_id = lp_conf_str(c, -1, "id", NULL);
    k->title = lp_conf_str(c, -1, "title", NULL);
    k->author = lp_conf_str(c, -1, "author", NULL);
    k->parent = lp_conf_str(c, -1, "parent", NULL);
    k->group = lp_conf_str(c, -1, "group", NULL);
    k->url = lp_conf_str(c, -1, "url", NULL);
    k->text = lp_conf_str(c, -1, "text", NULL);
    k->lang = lp_conf_str(c, -1, "lang", NULL);
    k->typed = lp_conf_strs(c, -1, "typed");
    k->hidden = lp_conf_strs(c, -1, "hidden");
    k->reply = lp_conf_str(c, -1, "reply", NULL);
    k->intervals = lp_conf_str(c, -1, "intervals", NULL);
    k->upload = lp_conf_str(c, -1, "upload", NULL);
    k->length_ms = lp_conf_num(c, -1, "length", 0);
    k->dwell_ms = lp_conf_num(c, -1, "dwell", 0);
    k->is_final = lp_conf_bool(c, -1, "final", false);
    lp_conf_leave(c, mark);
}

static void read_checks(struct lp_conf *c, struct lp_adapter *a)
{
    size_t mark, inner, n;
    struct lp_check *list;

    if (!lp_conf_enter(c, -1, "tests", &mark)) {
        lp_conf_fail(c, "'tests' is missing: a platform file brings its own");
        return;
    }
    n = lp_conf_len_to(c, -1, CHECKS_MAX);
    a->checks = list = lp_conf_alloc(c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        read_check(c, &list[a->n_checks++]);
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

bool lp_adapter_is_id(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-._");

    return n > 0 && n < 64 && s[n] == '\0';
}

struct lp_adapter *lp_adapter_read(struct lp_conf *c)
{
    struct lp_adapter *a = lp_conf_alloc(c, sizeof *a);

    a->file = c->file;
    if (!lua_istable(c->L, -1)) {
        lp_conf_fail(c, "a platform file must return a table");
        return a;
    }
    lp_conf_keys(c, -1,
                 "api id version title hosts fallback anywhere secret speaks redact_always keep_length "
                 "hide_names link_names text_names skip_names text_min rules tests");
    if (lp_conf_num(c, -1, "api", 0) != 1)
        lp_conf_fail(c, "'api' must be 1");
    a->id = lp_conf_need(c, -1, "id");
    if (!lp_adapter_is_id(a->id))
        lp_conf_fail(c, "'id' must be lower-case letters, digits and -._");
    a->version = lp_conf_need(c, -1, "version");
    a->title = lp_conf_need(c, -1, "title");
    a->hosts = lp_conf_strs(c, -1, "hosts");
    a->is_fallback = lp_conf_bool(c, -1, "fallback", false);
    a->is_anywhere = lp_conf_bool(c, -1, "anywhere", false);
    a->redact = lp_conf_strs(c, -1, "redact_always");
    a->hide_names = lp_conf_strs(c, -1, "hide_names");
    a->link_names = lp_conf_strs(c, -1, "link_names");
    a->text_names = lp_conf_strs(c, -1, "text_names");
    a->skip_names = lp_conf_strs(c, -1, "skip_names");
    a->text_min = lp_conf_num(c, -1, "text_min", 1);
    if (a->hosts == NULL && !a->is_fallback && !a->is_anywhere)
        lp_conf_fail(c, "'hosts' is missing");
    read_secrets(c, a);
    read_speaks(c, a);
    read_counted(c, a);
    read_routes(c, a);
    read_checks(c, a);
    lp_shortlist_make(c, &a->may_hide, a->secrets, sizeof *a->secrets, a->n_secrets);
    lp_shortlist_make(c, &a->may_speak, a->speaks, sizeof *a->speaks, a->n_speaks);
    lp_shortlist_make(c, &a->may_route, a->routes, sizeof *a->routes, a->n_routes);
    return a;
}
