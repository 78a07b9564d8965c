/* SPDX-License-Identifier: Apache-2.0 */
/* hooks - where the gateway asks plugins, in running order. The second half of plugins.h, which includes it.
 *
 * A hook that no plugin has costs one look at a bit. Plugins are asked in name order; one that fails, rests or is off
 * for good counts with its own on_failure. What a plugin says is bounded, and its strings live in the arena.
 */
#ifndef STOA_LUA_PLUGINS_HOOKS_H
#define STOA_LUA_PLUGINS_HOOKS_H
#include "lua-plugins/plugins.h"

struct lp_opinion {
    uint8_t verdict;    /* as enum pol_verdict: 0 allow … 4 block; only what the plugin has permission for */
    const char *plugin; /* borrowed; NULL when none spoke */
    const char *reason; /* in the arena; an id, NULL */
    const char *message_en, *message_de; /* in the arena; NULL */
    const char *failed; /* a plugin that failed in this call, and how its on_failure was honoured; NULL */
};
#define LP_FACTS_MAX 16
struct lp_facts { /* what the hook request said, for later hooks on the same request; in its arena */
    struct {
        const char *plugin, *name, *value; /* name NULL: this plugin's later hooks are skipped */
    } items[LP_FACTS_MAX];
    size_t n;
    struct lp_opinion opinion; /* of plugins that failed */
};
struct lp_seen {                        /* what a hook may ask about; all borrowed */
    const struct lp_activity *activity; /* NULL: none that an adapter knows */
    const struct flt_findings *findings;
    const char *const *groups;    /* of the person, NULL-terminated; NULL: none */
    const struct flt_doc *doc;    /* what the findings stand in; NULL: it was not decoded */
    const struct lp_facts *facts; /* of its request; NULL: none */
};

typedef struct st_span lp_header_f(const void *ctx, const char *name); /* name in lower case; p NULL: none */
struct lp_asked {                                                      /* the head of a request; all borrowed */
    const struct lp_request *req;
    const char *platform; /* NULL: none */
    const char *const *groups;
    lp_header_f *header;
    const void *ctx; /* of header */
};
bool lp_wants_requests(const struct lp_set *set); /* is there a plugin to ask? */
/* For each request on an opened connection, but for login paths. *out stays NULL when no plugin is asked. */
ST_MUST enum st_rc lp_hook_request(struct lp_set *set, const struct lp_asked *asked, struct st_arena *arena,
                                   const struct lp_facts **out, struct st_err *err);

/* For each activity; the strictest opinion wins, that in *out beforehand included. seen->activity is there. */
ST_MUST enum st_rc lp_hook_activity(struct lp_set *set, const struct lp_seen *seen, struct st_arena *arena,
                                    struct lp_opinion *out, struct st_err *err);
/* For each of the first findings of seen->doc: changes how sure they are, and leaves out of *findings what is at 0
 * then. */
ST_MUST enum st_rc lp_hook_finding(struct lp_set *set, const struct lp_seen *seen, struct flt_findings *findings,
                                   struct st_arena *arena, struct lp_opinion *out, struct st_err *err);

enum lp_way { LP_WAY_OPEN, LP_WAY_PASS, LP_WAY_INSPECT, LP_WAY_BLOCK }; /* in order of strictness; OPEN: nothing said */
struct lp_connection {                                                  /* all borrowed */
    struct st_span host;
    uint16_t port;
    const char *platform; /* NULL: none */
    const char *const *groups;
    enum lp_way route; /* by the policies: PASS or INSPECT */
    bool is_protected; /* then nobody may have it inspected */
};
/* The strictest of what plugins ask for, and who; OPEN: the policies' route stands. Without memory: BLOCK. */
enum lp_way lp_hook_connect(struct lp_set *set, const struct lp_connection *connection, const char **plugin);

/* For each record: takes away fields of the JSON object in *details that a plugin removed. A plugin that fails changes
 * nothing. kind: "decision". */
ST_MUST enum st_rc lp_hook_record(struct lp_set *set, const char *kind, struct st_buf *details, struct st_err *err);

/* Fields of a statement that a plugin may say in other words; all but the platform are IRIs. */
#define LP_MAPPABLE(X) \
    X(verb)            \
    X(type)            \
    X(url)             \
    X(parent)          \
    X(platform)
struct lp_mapping { /* texts in the arena; NULL: as the statement has it */
#define X(name) const char *name;
    LP_MAPPABLE(X)
#undef X
    bool is_dropped;
};
/* For each xAPI statement that is to be handed over; fields: a JSON object of texts, by the names of api/statement.lua.
 * A plugin that fails changes nothing, but drops it where its on_failure is block. */
struct json_t;
ST_MUST enum st_rc lp_hook_statement(struct lp_set *set, const struct json_t *fields, struct st_arena *arena,
                                     struct lp_mapping *out, struct st_err *err);

/* What plugins keep, each its own: ids by ids. It lives in one process, and on a disk if that process sees to it. */
#define LP_STORE_BYTES ((size_t)1 << 20) /* of one plugin */
#define LP_STORE_MAX   ((size_t)8 << 20) /* of all, as written */
#define LP_KEPT_ID     63u
struct lp_store;
ST_MUST struct lp_store *lp_store_new(void);
void lp_store_free(struct lp_store *store); /* after the sets that were given it; NULL is fine */
/* ST_E_INTEGRITY: it is not what lp_store_write wrote; then the store is empty. */
ST_MUST enum st_rc lp_store_read(struct lp_store *store, struct st_span packed, struct st_err *err);
void lp_store_write(const struct lp_store *store, struct st_buf *out);
bool lp_store_changed(const struct lp_store *store); /* since it was read, or lp_store_saved */
void lp_store_saved(struct lp_store *store);         /* what lp_store_write wrote is where it stays */
/* From now on the set's hooks `curate` and `tick` keep there. Borrowed; NULL: nothing stays. */
void lp_set_keep(struct lp_set *set, struct lp_store *store);
ST_MUST enum st_rc lp_hook_tick(struct lp_set *set, struct st_arena *arena, struct st_err *err);

/* For tools that ask plugins outside of the gateway: has that one failed since it was loaded, and how the last time? */
struct lp_failure { /* borrowed from the set */
    const char *plugin, *file, *on_failure, *why;
    unsigned line, times;
};
bool lp_plugin_failed(const struct lp_set *set, size_t i, struct lp_failure *out);
#endif
