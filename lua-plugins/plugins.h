/* SPDX-License-Identifier: Apache-2.0 */
/* plugins - what platforms mean (adapters) and what L&D finds useful (curation), written in Lua.
 *
 * Adapters and curation conditions are data: a file is run once in a bare state, checked, and turned into C tables, so
 * that a transaction costs no Lua call unless a plugin asks for one. Hooks run in one sandboxed state per plugin and
 * worker, with a memory cap in the allocator and a time budget kept by a watchdog.
 */
#ifndef STOA_LUA_PLUGINS_PLUGINS_H
#define STOA_LUA_PLUGINS_PLUGINS_H
#include "base/diag.h"
#include "base/yaml.h"
#include "filters/filters.h"

struct lp_left; /* left.h */
struct lp_set;  /* adapters, plugins and curation rules of one generation; refcounted; holds Lua states, so one process
                 */

struct lp_given { /* a value that somebody gave a plugin's setting, and where */
    const char *name, *file;
    struct st_pos pos;        /* line 0: the whole file */
    const char *const *items; /* as text; NULL: of no type that a setting can have */
    size_t n;
    bool is_list;
};
struct lp_chosen { /* what a site wants of one plugin */
    const char *plugin, *file;
    struct st_pos pos;
    bool is_enabled;
    const struct lp_given *given;
    size_t n_given;
};
struct lp_bound { /* hosts that a site says are of a platform */
    const char *platform, *file;
    struct st_pos pos;
    const char *const *hosts; /* lower case, exact or "*.suffix"; NULL-terminated */
};
struct lp_sources {                           /* all borrowed */
    const char *const *dirs, *const *disable; /* NULL-terminated; disable: names of plugins to leave out, or NULL */
    const char *libs;                         /* one more folder of shared modules; NULL */
    const struct lp_chosen *chosen;
    size_t n_chosen;
    const struct lp_bound *bound;
    size_t n_bound;
    const char *const *trusted, *const *doubtful; /* hosts for trust(), exact or "*.suffix"; NULL-terminated, or NULL */
    bool skip_tests;                              /* the files' own tests are not run: lp_set_test follows */
    const struct lp_left *left;                   /* files that are known to be wrong; NULL: none */
};
/* Loads the adapters, plugins and curation rules (platforms, curation, detect) below each directory. A file that is
 * wrong is a diagnostic; self-tests in the files are run.
 */
ST_MUST enum st_rc lp_set_load(const struct lp_sources *sources, struct lp_set **out, struct st_diag *diag,
                               struct st_err *err);
/* Runs the tests in the files, or those of one plugin: one diagnostic for each that fails, and ST_E_CONFIG. */
ST_MUST enum st_rc lp_set_test(struct lp_set *set, const char *plugin, struct st_diag *diag, struct st_err *err);
struct lp_set *lp_set_retain(struct lp_set *set);
void lp_set_release(struct lp_set *set);                   /* NULL is fine */
const char *const *lp_platforms(const struct lp_set *set); /* ids, NULL-terminated, borrowed */

/* Once the packs are known: plugins that need a detector which is not there are off. What a plugin needs otherwise,
 * lp_set_load has seen to. */
ST_MUST enum st_rc lp_set_settle(struct lp_set *set, const struct flt_packs *packs, struct st_err *err);
/* Detectors of enabled plugins, for flt_packs_load_all. Borrowed; asking changes the plugins' states, so one process.
 */
const struct flt_given *lp_detectors(const struct lp_set *set, size_t *n);

/* ---- adapters -------------------------------------------------------------------------------------------------- */

/* The adapter that claims a host (exact or "*.suffix"), NULL when none does. host is lower case; a final dot
 * does not matter. Borrowed id. */
const char *lp_host_platform(const struct lp_set *set, struct st_span host);

#define LP_PHASES(X)      \
    X(COMMIT, "commit")   \
    X(DRAFT, "draft")     \
    X(PREPARE, "prepare") \
    X(CONFIRM, "confirm")
enum lp_phase {
#define X(id, name) LP_##id,
    LP_PHASES(X)
#undef X
};

/* For a message of a WebSocket: method "WEBSOCKET", host, path and query of the handshake, content_type "text/plain"
 * for a text message and "application/octet-stream" for a binary one; the message is the body. */
#define LP_WEBSOCKET ST_SPAN("WEBSOCKET")
struct lp_request {                           /* all borrowed */
    struct st_span method, host, path, query; /* path without query */
    struct st_span content_type;
};
bool lp_is_message(const struct lp_request *req); /* of a WebSocket */
struct lp_route;                                  /* one rule of one adapter that matched; borrowed from the set */

/* The protocol that the adapters know inside this socket or long poll, for flt_input.wire. */
enum flt_wire lp_wire(const struct lp_set *set, const struct lp_request *req);
/* True when this path is a login or credential endpoint: it is forwarded unread, unscanned, unlogged. */
bool lp_is_secret_path(const struct lp_set *set, const struct lp_request *req);
/* The rule for a request. The generic fallback answers for a write on a host without its own rule; NULL: nothing to see
 * (a GET of a page with no meaning). doc may be NULL before the body is there; then only head-based rules match and
 * *needs_body tells that another call with the doc is due. */
const struct lp_route *lp_route_find(const struct lp_set *set, const struct lp_request *req, const struct flt_doc *doc,
                                     bool *needs_body);

/* What a head told, for who asks about it twice: before a body is there and then, or with every message of a socket.
 * Borrowed from the set. */
#define LP_SIGHT_RULES 16
struct lp_sight {
    size_t n;
    bool is_whole; /* no other rule may hold */
    const struct lp_route *rules[LP_SIGHT_RULES];
};
void lp_look(const struct lp_set *set, const struct lp_request *req, struct lp_sight *sight);
/* lp_route_find in two steps: sight is what lp_look saw for this set and head. */
const struct lp_route *lp_route_seen(const struct lp_set *set, const struct lp_request *req,
                                     const struct lp_sight *sight, const struct flt_doc *doc, bool *needs_body);

struct lp_activity { /* one thing a person did; schema in docs/activity.md; strings live in the arena, spans too */
    const char *platform, *kind, *audience; /* "youtube" "watch.progress" "public"; never NULL */
    enum lp_phase phase;
    uint8_t confidence;                                        /* 100 exact rule, 50 generic */
    struct st_span object_id, object_type, title, author, url; /* url canonical, no query but allowed parameters */
    struct st_span text; /* the typed text, fields joined by newline; in memory only */
    struct st_span lang;
    uint32_t *typed;      /* indexes of the doc's fields that a person typed */
    struct st_span *said; /* what each of them says: its text, or what stands in that as base64 */
    size_t n_typed;
    struct {
        uint64_t from_ms, to_ms;
    } * intervals; /* watch.*: media time */
    size_t n_intervals;
    uint64_t length_ms, dwell_ms; /* 0: unknown */
    bool is_final;
    /* What it is in or an answer to, where that is not the object: the thread of a comment; the channel, the forum. */
    struct st_span parent_id, parent_type, parent_url, group_id, group_type;
    struct st_span *uploads; /* where the platform wants the bytes of what was announced: addresses, as it gave them */
    size_t n_uploads;
};
/* Marks is_secret on the doc's fields: by the route's adapter (NULL: no rule), and what is hidden on every platform. */
void lp_hide(const struct lp_set *set, const struct lp_route *route, const struct lp_request *req, struct flt_doc *doc);
/* Marks, before masks are put into them, in which of the doc's fields the platform counts: there a mask keeps the
 * length of what it stands for (the adapter's keep_length). */
void lp_keep_lengths(const struct lp_route *route, struct flt_doc *doc);
struct lp_exchange { /* borrowed */
    const struct lp_request *req;
    struct flt_doc *doc;
};
/* Marks is_secret on the doc's fields by the adapter's redact_always, and fills *out. ST_AGAIN: this request is no
 * activity after all. */
ST_MUST enum st_rc lp_activity_read(const struct lp_set *set, const struct lp_route *route,
                                    const struct lp_exchange *exchange, struct st_arena *arena, struct lp_activity *out,
                                    struct st_err *err);
/* What the platform answered, as far as it was kept. A 2xx that names what was made turns the phase to confirm, and the
 * object into what was made (what it was about becomes the parent); for what was opened it gives title and length. */
struct lp_answer {
    unsigned status;
    struct st_span content_type, content_encoding, body, location; /* location: as its head has it */
    size_t plain_limit;                                            /* as in flt_input */
};
/* Does the rule look for anything in an answer with this head? */
bool lp_answer_adds(const struct lp_route *route, const struct lp_activity *activity, unsigned status,
                    struct st_span content_type);
ST_MUST enum st_rc lp_answer_read(const struct lp_route *route, const struct lp_request *req,
                                  const struct lp_answer *answer, struct st_arena *arena, struct lp_activity *activity,
                                  struct st_err *err);

/* For bytes that go to an address which an answer to that rule named; NULL: it names none. */
const struct lp_route *lp_route_transfer(const struct lp_set *set, struct st_span platform, struct st_span rule);
bool lp_route_is_text(const struct lp_route *route);         /* it looks for typed text */
const char *lp_route_platform(const struct lp_route *route); /* borrowed */
const char *lp_route_id(const struct lp_route *route);       /* of the rule; borrowed */
const char *lp_route_version(const struct lp_route *route);  /* of its adapter; borrowed */
/* docs/platforms.md: every adapter with its hosts, kinds, refusals and tests, as Markdown. */
void lp_describe(const struct lp_set *set, struct st_buf *out);

/* How to say no there. body is built from the route's shape and the (plain text) message; lives in the arena. */
struct lp_denial {
    unsigned status;          /* 403, 200 … */
    const char *content_type; /* borrowed */
    struct st_span body;
    bool is_page; /* the shape is "page": the caller writes its own HTML page instead of body */
};
ST_MUST enum st_rc lp_deny(const struct lp_route *route, struct st_arena *arena, const char *message, const char *id,
                           struct lp_denial *out, struct st_err *err);
struct lp_refusal { /* borrowed */
    const char *message, *id;
    const struct flt_findings *findings; /* NULL: none */
};
/* How to say no inside a session that goes on: a message of a WebSocket, a long poll (engine.io, BOSH). */
enum lp_reply_how {
    LP_REPLY_CLOSE,  /* no way to say it: the socket closes with 1008; a poll is answered with lp_deny */
    LP_REPLY_SILENT, /* the message is dropped and nobody told: a draft, or something nobody waits for */
    LP_REPLY_ANSWER  /* the message is dropped, and the client gets `text` from us in its place */
};
struct lp_reply { /* lives in the arena */
    enum lp_reply_how how;
    struct st_span text; /* ANSWER: one whole text message; UTF-8 */
    /* Polls, SILENT and ANSWER. What goes to the origin in the place of the body, same content type, so that the
     * session goes on without the message; then `text` is put into the next answer to a poll of this host and session
     * with flt_wire_insert. Sockets where the ends count their messages: a question for the origin with the refusal's
     * id in it; `text` is for the client in the place of the answer, and SILENT lets that pass. */
    struct st_span instead, session;
};
/* route: what chain_run found; NULL is CLOSE. exchange->doc: NULL when it was not decoded. */
ST_MUST enum st_rc lp_reply(const struct lp_route *route, const struct lp_exchange *exchange,
                            const struct lp_refusal *refusal, struct st_arena *arena, struct lp_reply *out,
                            struct st_err *err);

/* ---- curation (in the curator process) -------------------------------------------------------------------------- */

struct lp_item { /* a bounded copy of a page or post; spans borrowed */
    const char *platform, *kind;
    struct st_span url, title, author, lang, text; /* text: plain, HTML already taken off */
    struct st_span words; /* in place of the text, as lp_curate_may packed them; empty: the text is there */
    uint64_t dwell_ms, length_ms;
    const char *trust; /* in its source: "high", "low", "unknown"; NULL: as the sources' lists say of the url's host */
    bool has_age;      /* since it was published, in age_ms */
    uint64_t age_ms;
    unsigned learners; /* different people who opened it, as far as somebody counts */
    bool is_dead;      /* its address answers no more; only rules that ask for that see it */
};
#define LP_LEARNERS_MIN 5u  /* fewer people say who they are */
#define LP_LEARNERS_MAX 64u /* nobody counts on */
struct lp_tag {
    const char *rule, *topic, *level, *skill, *queue, *verb; /* borrowed from the set; NULL when absent */
    uint64_t credit_dwell_ms, expire_ms;
};
/* Every rule that matches, in file order; then what plugins with the hook `curate` say. */
ST_MUST enum st_rc lp_curate(struct lp_set *set, const struct lp_item *item, struct st_arena *arena,
                             struct lp_tag **out, size_t *n, struct st_err *err);
/* Could any rule match, and is its text needed for that? Asks no Lua, so that a worker may ask it before it hands over
 * a copy: a where() may hold, and needs the text, as plugins with the hook `curate` do. For the other rules which
 * phrases and hashtags stand in the text is enough: with LP_CURATE_WORDS, `words` (empty before) has them for lp_item;
 * when they do not fit there, the text is wanted. */
enum lp_curable { LP_CURATE_NO, LP_CURATE_WORDS, LP_CURATE_TEXT };
enum lp_curable lp_curate_may(struct lp_set *set, const struct lp_item *item, struct st_buf *words);
/* One line per node of the rule's tree: depth, what it asks, whether it held. For `stoa curate preview`. */
typedef void lp_explain_f(void *ctx, const char *rule, unsigned depth, const char *node, bool held);
ST_MUST enum st_rc lp_curate_explain(struct lp_set *set, const struct lp_item *item, lp_explain_f *fn, void *ctx,
                                     struct st_err *err);
/* The rules, in the order of their files; i is below the count. */
struct lp_curation { /* borrowed from the set; strings NULL when absent */
    const char *name, *title_en, *title_de, *owner, *file;
    const struct lp_tag *tag;
    size_t tests; /* in the file */
};
size_t lp_curate_count(const struct lp_set *set);
struct lp_curation lp_curate_rule(const struct lp_set *set, size_t i);
/* One rule as a file NAME.curate.json has it in its list; such a file gives the same rule again, unless it has a
 * where(). */
struct st_json;
void lp_curate_write(const struct lp_set *set, size_t i, struct st_json *w);
struct lp_page {
    struct st_span title, lang, text; /* in the arena */
    uint64_t published_ms;            /* the day it says of itself, since 1970, UTC; 0: none */
};
void lp_page_age(const struct lp_page *page, int64_t now_ms, struct lp_item *item); /* has_age and age_ms; now: wall */
/* Title, language and text of an HTML page (or any text), bounded. */
ST_MUST enum st_rc lp_page_text(struct st_arena *arena, struct st_span page, struct st_span content_type,
                                struct lp_page *out, struct st_err *err);
#include "lua-plugins/about.h"
#include "lua-plugins/hooks.h"
#include "lua-plugins/left.h"
#include "lua-plugins/recorded.h"
#endif
