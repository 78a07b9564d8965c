/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - one plugin file: its manifest, its state, its circuit. */
#ifndef STOA_LUA_PLUGINS_HOST_PLUGIN_H
#define STOA_LUA_PLUGINS_HOST_PLUGIN_H
#include "conf.h"
#include "plugins.h"

#define LP_PLUGIN_MAGIC      0x4c50504cu
#define LP_PLUGIN_MEMORY_MAX ((size_t)16 << 20)

struct lp_call; /* what one hook call may see; api.c */

enum lp_on_failure { LP_SKIP, LP_COACH, LP_BLOCK };

enum lp_hook { /* in running order; api/hooks.lua */
#define LP_HOOK(id, name, budget_us) LP_HOOK_##id,
#include "hooks_table.inc"
#undef LP_HOOK
               LP_HOOK_COUNT
};
#define LP_HOOK_BIT(hook) (1u << (hook))
const char *lp_hook_name(enum lp_hook hook);

/* What a plugin may do, granted by its manifest. */
#define LP_PERMISSIONS(X)                                                                                     \
    X(TEXT_READ, "text.read", "reads what people type")                                                       \
    X(HEADERS_READ, "headers.read", "reads headers of requests, but for credentials")                         \
    X(ACTOR_GROUPS, "actor.groups", "asks which groups a person is in")                                       \
    X(VERDICT_NOTE, "verdict.note", "lets a message pass and has a record kept")                              \
    X(VERDICT_COACH, "verdict.coach", "lets a message pass and tells the person so")                          \
    X(VERDICT_REDACT, "verdict.redact", "asks for findings to be masked")                                     \
    X(VERDICT_BLOCK, "verdict.block", "keeps a message from leaving, refuses a connection, raises a finding") \
    X(VERDICT_LOWER, "verdict.lower", "lowers a finding, until the day it says itself")                       \
    X(ROUTE_PASS, "route.pass", "lets a connection through unread that policies would open")                  \
    X(ROUTE_INSPECT, "route.inspect", "has a connection opened that policies would let through")              \
    X(RECORD_REMOVE, "record.remove", "takes fields out of the audit log before they are written")            \
    X(TAG_WRITE, "tag.write", "tags pages and posts as worth learning from")                                  \
    X(CLOCK, "clock", "knows the time of the day, and not the day alone")                                     \
    X(STORE_KV, "store.kv", "keeps ids of its own from one call to the next, never text")                     \
    X(STATEMENT_MAP, "statement.map", "says learning that is handed over in other words")                     \
    X(STATEMENT_DROP, "statement.drop", "keeps learning from being handed over")
enum lp_permission {
#define X(id, name, doc) LP_MAY_##id,
    LP_PERMISSIONS(X)
#undef X
};

struct lp_circuit {        /* 5 failures in 60 s open it for 60 s; the third opening is for good */
    uint64_t failed_ms[5]; /* when; a ring */
    uint64_t open_until_ms;
    unsigned next, n, openings;
    bool is_dead;
};

struct lp_lib { /* one file of lib/, what stoa.lib("name") gives */
    const char *name;
    struct st_span text; /* in the arena of the set */
};
struct lp_libs {
    struct lp_lib items[64];
    size_t n;
};

#define LP_SETTINGS(X)    \
    X(STRING, "string")   \
    X(INTEGER, "integer") \
    X(NUMBER, "number")   \
    X(BOOLEAN, "boolean") \
    X(LIST, "list")
enum lp_setting_type {
#define X(id, name) LP_SETTING_##id,
    LP_SETTINGS(X)
#undef X
        LP_SETTING_COUNT
};
struct lp_setting {                                  /* one entry of the manifest's config */
    const char *name, *help_en, *help_de, *fallback; /* fallback: the default, as people would write it */
    enum lp_setting_type type;
    bool is_date, has_min, has_max;
    double min, max;
    const char *const *choices; /* NULL: any */
};
const char *lp_setting_type_name(enum lp_setting_type type);

struct lp_case {              /* one test of the manifest: a made-up activity, and what the plugin should make of it */
    const char *name, *today; /* today NULL: the clock's */
    const char *platform, *kind, *audience, *text, *url, *title, *author, *lang;
    enum lp_phase phase;
    const char *const *groups, *const *findings;
    const struct lp_given *config;
    size_t n_config;
    unsigned verdict;
    const char *reason; /* NULL: any */
    enum lp_hook hook;
    const char *host; /* of a connection, like the next ones */
    uint16_t port;
    enum lp_way route, ends_as;
    bool is_protected;
    const char *finding; /* of a finding: the detector's id */
    uint8_t confidence, leaves;
    const char *record;                       /* of a record: a JSON object */
    const char *const *removes, *const *tags; /* NULL-terminated, or NULL */
    const char *statement;                    /* a JSON object */
    const char *const *maps;                  /* "name=value", …, NULL; or NULL */
    bool drops;
    const char *kept;         /* of a tick or an item: a JSON object */
    const char *const *keeps; /* "name=value", …, NULL; or NULL; without a value: forgotten */
    uint64_t dwell_ms;
    const char *method, *path;                 /* of a request, like the next ones */
    const char *const *headers, *const *facts; /* name, value, name, value …, NULL; "name=value", …, NULL; or NULL */
    bool skips;
};

struct lp_detector { /* one entry of the manifest's detectors */
    const char *label;
    int validate_ref; /* in the state's registry; LUA_NOREF: nobody is asked */
};

struct lp_needs { /* names, each list NULL-terminated, or NULL */
    const char *const *modules, *const *platforms, *const *plugins, *const *detectors;
};

struct lp_plugin {
    unsigned magic;
    const char *name, *version, *file; /* in the arena of the set, like all that the manifest says */
    const char *title_en, *title_de, *summary_en, *summary_de, *license;
    const char *const *categories;
    const struct lp_setting *settings;
    size_t n_settings;
    const struct lp_case *cases;
    size_t n_cases;
    struct lp_needs needs;
    const char *missing; /* what of its needs is not there, so that it is off: "detector:pii.iban"; NULL: nothing */
    const char
        *broken;     /* why it is left out; then its circuit is dead, and on_failure says the rest; NULL: it is not */
    bool is_read;    /* the whole manifest */
    bool is_unnamed; /* broken, and called like its file */
    bool is_blind;   /* broken, and what it would have found is not known: any message may hold it */
    const struct lp_detector *detectors;
    size_t n_detectors;
    struct st_buf pack;      /* owned: the detectors, as a pack has them */
    struct flt_packs *packs; /* owned: of them alone; NULL but in a trial */
    struct {
        struct flt_given given; /* of packs */
        struct st_err err;      /* a validator failed */
        const char *today;
    } trial;
    struct lp_state *state;     /* owned */
    const struct lp_libs *libs; /* borrowed from the set */
    bool is_enabled;
    uint32_t permissions; /* bits of enum lp_permission */
    uint32_t hooks;       /* bits of enum lp_hook: which it has */
    uint32_t time_us[LP_HOOK_COUNT];
    size_t memory;
    enum lp_on_failure on_failure;
    const char *lower_until;                  /* the last day, "2027-03-31"; NULL: never */
    int hook_refs[LP_HOOK_COUNT], config_ref; /* in the state's registry */
    struct lp_circuit circuit;
    struct {
        unsigned n, line; /* how often it failed; of the last time */
        char why[160];
    } failure;
    bool is_live;               /* messages are looked at; before, packs try their own examples, which are not for it */
    uint64_t call_key;          /* of the running call; objects with another key are over */
    const struct lp_call *call; /* NULL outside a call */
};

struct lp_plugin_source { /* borrowed */
    const char *path;
    const struct lp_libs *libs;
    const struct lp_chosen *chosen; /* what is wanted of plugins; the one of its name, or without a name, counts */
    size_t n_chosen;
    const struct lp_left_file *left; /* why it is left out; then it loads in any case, as a stand-in; NULL: it is not */
};
ST_MUST enum st_rc lp_plugin_load(const struct lp_plugin_source *source, struct st_arena *arena, struct lp_plugin **out,
                                  struct st_diag *diag, struct st_err *err);
void lp_plugin_free(struct lp_plugin *p); /* NULL is fine */
const char *lp_on_failure_name(enum lp_on_failure on_failure);
/* Runs the plugin's own tests, on copies of it: one diagnostic for each that fails, and ST_E_CONFIG. */
ST_MUST enum st_rc lp_plugin_check(const struct lp_plugin *p, struct st_diag *diag, struct st_err *err);
/* May it run now? And: it failed. Both on st_clock. */
bool lp_circuit_closed(const struct lp_circuit *c, uint64_t now_ms);
bool lp_circuit_fail(struct lp_circuit *c, uint64_t now_ms); /* true: this was the last straw, it is dead */
#endif
