/* SPDX-License-Identifier: Apache-2.0 */
/* store - what plugins keep: ids by ids, for each plugin its own and at most a mebibyte of them.
 *
 * One sorted list of (plugin, name, value), since there are thousands of them and not millions, and since the whole of
 * it is written at once. It outlives generations and processes: the curator reads it at its start and hands it to each
 * set in force. Nothing here can be text: the bindings let ids through and nothing else, so that a plugin that sees
 * pages cannot keep what people wrote.
 */
#include "store.h"
#include "base/ipc.h"
#include "objects.h"
#include <stdlib.h>
#include <string.h>

#define STORE_VERSION  1u
#define ENTRY_OVERHEAD 32u /* bytes that an entry counts beside its texts; written it takes fewer */
#define ENTRIES_MAX    65536u

struct entry {
    char *plugin, *name, *value; /* owned, one block */
};
struct lp_store {
    struct entry *items;   /* owned; sorted */
    size_t n, room, bytes; /* bytes: size_of all */
    bool is_changed;
};

struct lp_store *lp_store_new(void)
{
    return calloc(1, sizeof(struct lp_store));
}

static void clear(struct lp_store *store)
{
    for (size_t i = 0; i < store->n; i++)
        free(store->items[i].plugin);
    store->n = store->bytes = 0;
}

void lp_store_free(struct lp_store *store)
{
    if (store == NULL)
        return;
    clear(store);
    free(store->items);
    free(store);
}

static int compare(const struct entry *e, const char *plugin, const char *name)
{
    int by_plugin = strcmp(e->plugin, plugin);

    return by_plugin != 0 ? by_plugin : strcmp(e->name, name);
}

/* The place of the entry, or where it would be. */
static size_t place(const struct lp_store *store, const char *plugin, const char *name)
{
    size_t from = 0, to = store->n;

    while (from < to) {
        size_t at = (from + to) / 2;

        if (compare(&store->items[at], plugin, name) < 0)
            from = at + 1;
        else
            to = at;
    }
    return from;
}

static struct entry *find(const struct lp_store *store, const char *plugin, const char *name)
{
    size_t at = store != NULL ? place(store, plugin, name) : 0;

    return store != NULL && at < store->n && compare(&store->items[at], plugin, name) == 0 ? &store->items[at] : NULL;
}

const char *lp_store_get(const struct lp_store *store, const char *plugin, const char *name)
{
    const struct entry *e = find(store, plugin, name);

    return e != NULL ? e->value : NULL;
}

/* ---- changing ---------------------------------------------------------------------------------------------------- */

static size_t size_of(const struct entry *e)
{
    return strlen(e->plugin) + strlen(e->name) + strlen(e->value) + ENTRY_OVERHEAD;
}

/* What it would be too much for, together with what waits; NULL: it fits. What takes the place of another counts beside
 * it: the stricter side. */
static const char *too_much(const struct lp_store *store, const char *plugin, const struct lp_keeping *keeping)
{
    size_t waiting = 0, own = 0, entries = store->n;

    for (size_t i = 0; i < keeping->n; i++) {
        const struct lp_kept *k = &keeping->items[i];

        if (k->value == NULL)
            continue;
        waiting += strlen(plugin) + strlen(k->name) + strlen(k->value) + ENTRY_OVERHEAD;
        entries++;
    }
    for (size_t i = place(store, plugin, ""); i < store->n && strcmp(store->items[i].plugin, plugin) == 0; i++)
        own += size_of(&store->items[i]);
    if (own + waiting > LP_STORE_BYTES)
        return "a plugin keeps at most 1 MiB";
    return store->bytes + waiting > LP_STORE_MAX || entries > ENTRIES_MAX ? "all plugins keep at most 8 MiB" : NULL;
}

static bool entry_new(const char *plugin, const char *name, const char *value, struct entry *out)
{
    size_t n_plugin = strlen(plugin) + 1, n_name = strlen(name) + 1, n_value = strlen(value) + 1;

    if ((out->plugin = malloc(n_plugin + n_name + n_value)) == NULL)
        return false;
    out->name = memcpy(out->plugin + n_plugin, name, n_name);
    out->value = memcpy(out->name + n_name, value, n_value);
    memcpy(out->plugin, plugin, n_plugin);
    return true;
}

static void forget(struct lp_store *store, struct entry *e)
{
    store->bytes -= size_of(e);
    free(e->plugin);
    memmove(e, e + 1, (size_t)(store->items + store->n - (e + 1)) * sizeof *e);
    store->n--;
}

static bool keep(struct lp_store *store, const char *plugin, const char *name, const char *value)
{
    struct entry made, *old = find(store, plugin, name), *grown;
    size_t at, room = store->room > 0 ? 2 * store->room : 64;

    if (old == NULL && store->n == store->room) {
        if (store->n >= ENTRIES_MAX || (grown = realloc(store->items, room * sizeof *grown)) == NULL)
            return false;
        store->items = grown;
        store->room = room;
    }
    if (!entry_new(plugin, name, value, &made))
        return false;
    store->bytes += size_of(&made);
    if (old != NULL) {
        store->bytes -= size_of(old);
        free(old->plugin);
        *old = made;
        return true;
    }
    at = place(store, plugin, name);
    memmove(&store->items[at + 1], &store->items[at], (store->n - at) * sizeof made);
    store->items[at] = made;
    store->n++;
    return true;
}

void lp_store_apply(struct lp_store *store, const char *plugin, const struct lp_keeping *keeping)
{
    for (size_t i = 0; i < keeping->n; i++) {
        const struct lp_kept *k = &keeping->items[i];
        struct entry *old = find(store, plugin, k->name);

        if (k->value != NULL)
            store->is_changed |=
                (old == NULL || strcmp(old->value, k->value) != 0) && keep(store, plugin, k->name, k->value);
        else if (old != NULL) {
            forget(store, old);
            store->is_changed = true;
        }
    }
}

/* ---- between processes ------------------------------------------------------------------------------------------- */

bool lp_store_changed(const struct lp_store *store)
{
    return store->is_changed;
}

void lp_store_saved(struct lp_store *store)
{
    store->is_changed = false;
}

void lp_store_write(const struct lp_store *store, struct st_buf *out)
{
    st_pack_u32(out, STORE_VERSION);
    st_pack_u32(out, (uint32_t)store->n);
    for (size_t i = 0; i < store->n; i++) {
        st_pack_str(out, store->items[i].plugin);
        st_pack_str(out, store->items[i].name);
        st_pack_str(out, store->items[i].value);
    }
}

enum st_rc lp_store_read(struct lp_store *store, struct st_span packed, struct st_err *err)
{
    struct st_unpack u = st_unpack(packed);
    char plugin[LP_KEPT_ID + 1], name[LP_KEPT_ID + 1], value[LP_KEPT_ID + 1];
    uint32_t version = st_unpack_u32(&u), n = st_unpack_u32(&u);
    bool is_good = version == STORE_VERSION;

    clear(store);
    for (uint32_t i = 0; i < n && is_good && !u.bad; i++) {
        st_unpack_str(&u, plugin, sizeof plugin);
        st_unpack_str(&u, name, sizeof name);
        st_unpack_str(&u, value, sizeof value);
        is_good = u.bad || keep(store, plugin, name, value);
    }
    store->is_changed = false;
    if (is_good && st_unpack_done(&u))
        return ST_OK;
    clear(store);
    return st_fail(err, ST_E_INTEGRITY, "lua.store", "what plugins kept cannot be read", n);
}

/* ---- what plugins call ------------------------------------------------------------------------------------------- */

static const char *take_id(lua_State *L, int at)
{
    size_t n;
    const char *text = lua_tolstring(L, at, &n), *copy;

    if (n == 0 || n > LP_KEPT_ID || strspn(text, LP_ID_BYTES) != n)
        luaL_error(L, "what is kept are ids: letters, digits and ._:/-, at most %d", (int)LP_KEPT_ID);
    if ((copy = st_arena_str(lp_api_call(L)->arena, st_span(text, n))) == NULL)
        luaL_error(L, "not enough memory");
    return copy;
}

/* What the call itself changed comes first. */
static const char *kept(const struct lp_call *call, const char *plugin, const char *name)
{
    for (size_t i = call->keeping->n; i-- > 0;)
        if (strcmp(call->keeping->items[i].name, name) == 0)
            return call->keeping->items[i].value;
    return lp_store_get(call->store, plugin, name);
}

int lp_context_kept(lua_State *L)
{
    lua_pushstring(L, kept(lp_api_call(L), lp_api_plugin(L)->name, lua_tostring(L, 2))); /* nil for NULL */
    return 1;
}

int lp_context_keep(lua_State *L)
{
    const struct lp_call *call = lp_api_call(L);
    struct lp_keeping *keeping = call->keeping;
    struct lp_kept k = { .name = take_id(L, 2) };
    const char *over;

    if (!lua_isnil(L, 3))
        k.value = take_id(L, 3);
    if (keeping->items == NULL)
        keeping->items = st_arena_alloc(call->arena, LP_KEEPS_MAX * sizeof *keeping->items);
    if (keeping->items == NULL)
        return luaL_error(L, "not enough memory");
    if (keeping->n == LP_KEEPS_MAX)
        return luaL_error(L, "one call changes at most %d of what is kept", (int)LP_KEEPS_MAX);
    keeping->items[keeping->n++] = k;
    if (k.value != NULL && call->store != NULL &&
        (over = too_much(call->store, lp_api_plugin(L)->name, keeping)) != NULL)
        return luaL_error(L, "%s", over);
    return 0;
}

int lp_context_kept_names(lua_State *L)
{
    const struct lp_store *store = lp_api_call(L)->store;
    const char *prefix = lua_isnil(L, 2) ? "" : lua_tostring(L, 2), *plugin = lp_api_plugin(L)->name;
    lua_Integer n = 0;

    lua_newtable(L);
    for (size_t at = store != NULL ? place(store, plugin, prefix) : 0; store != NULL && at < store->n; at++) {
        const struct entry *e = &store->items[at];

        if (strcmp(e->plugin, plugin) != 0 || strncmp(e->name, prefix, strlen(prefix)) != 0)
            break;
        lua_pushstring(L, e->name);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}
