/* SPDX-License-Identifier: Apache-2.0 */
/* adapter - a platform as C tables: what a request means, where its typed text is, how to say no.
 *
 * Made once from platforms/ID.lua, immutable, owned by the arena of the set. Matching costs no Lua call.
 */
#ifndef STOA_LUA_PLUGINS_HOST_ADAPTER_H
#define STOA_LUA_PLUGINS_HOST_ADAPTER_H
#include "conf.h"
#include "plugins.h"

enum lp_want { LP_PRESENT, LP_ABSENT, LP_ONE_OF };

struct lp_param { /* a condition on a query parameter or form field */
    const char *name;
    enum lp_want want;
    const char *const *values; /* a trailing '*' is any rest; ASCII case does not matter */
};

struct lp_head {                /* what can be told from the request's head */
    const char *const *methods; /* NULL: any */
    const char *const *hosts;   /* globs, of an adapter with several; NULL: any */
    const char *const *paths;   /* segments; '*' one, "**" any number; NULL: any */
    const struct lp_param *params;
    size_t n_params;
    const char *type; /* "json", "form", "text"; NULL: any */
};

struct lp_shortlist { /* of a list of heads: which of them a request may be */
    uint64_t *sets;
    size_t n, words;
};
struct lp_glimpse {
    uint8_t first, last, method; /* classes of these bytes */
    bool is_plain;               /* no escapes in the path */
};

struct lp_body {
    const char *const *has, *const *lacks; /* field path patterns */
    const struct lp_param *params;         /* ONE_OF on fields */
    size_t n_params;
};

/* Where a value comes from (from, to, id, title …): "?name" a query parameter, "/a/{}" the rest of the path, "=text"
 * itself, else a field. A list; the first that is there wins. */
struct lp_watch {
    const char *const *from, *const *to, *const *is_final; /* comma lists of seconds */
    const char *final_kind;
};

struct lp_object { /* what it is about, or what it is in */
    const char *type;
    const char *const *id, *const *title, *const *author, *const *lang, *const *length, *const *url;
    const char *const *upload; /* of an answer: fields with addresses where the bytes of what was announced go */
};

struct lp_audience {
    const char *fixed;
    const char *const *from;
    const char *const *map; /* value (a glob), audience, value, audience …, NULL */
};

struct lp_shape {
    unsigned status;
    const char *content_type, *body;
    bool is_page;
    const char *const *socket; /* templates of a message to the client; NULL: none */
    const char *ask;           /* template of a message to the origin, in the refused one's place; NULL: none */
};

struct lp_speech {       /* a protocol inside some sockets and polls */
    struct lp_head head; /* first, for its shortlist */
    enum flt_wire wire;
};

struct lp_route {
    struct lp_head head; /* first, for its shortlist */
    const struct lp_adapter *adapter;
    const char *id, *kind;
    struct lp_body body;
    bool has_body;   /* a condition on the body */
    bool is_ignored; /* nothing to see: telemetry, player calls */
    bool is_secret;  /* every field is secret and there is no activity */
    enum lp_phase phase;
    struct lp_audience audience;
    struct lp_object object, parent, group, answer; /* answer: sources in the platform's answer */
    const char *const *dwell;
    bool is_ms;                /* times are milliseconds, not seconds */
    const char *title_end;     /* what pages hang behind a title: " - YouTube"; with a '*' at its end, the rest too */
    const char *answer_script; /* of an answer that is a page: the name of its object in a script; NULL */
    bool spaces;               /* '_' in the title stands for a blank */
    const char *const *typed;  /* field path patterns, those with '!' are out again; NULL: the adapter's text_names */
    const char *const *base64; /* of them: fields that hold the text as base64 */
    struct lp_watch watch;
    struct lp_shape deny;
    const struct lp_route *transfer; /* for the bytes that answer.upload announces; NULL */
};

struct lp_check { /* one exchange of the file's own tests */
    const char *name;
    const char *method, *host, *path, *query, *type;
    struct st_span body;
    bool is_none, is_secret;
    const char *rule, *kind, *phase, *audience, *object_id, *title, *author, *url, *text, *lang, *parent, *group;
    struct st_span answer; /* what the platform said; empty: not asked */
    const char *answer_type, *location;
    uint64_t status;
    const char *const *typed, *const *hidden; /* paths of typed and of secret fields */
    const char *reply;                        /* to the message "No.", "R-1"; or "silent", "close" */
    const char *intervals;                    /* "0-4466 5000-6000" in ms */
    const char *upload;                       /* addresses, with blanks between them */
    uint64_t length_ms, dwell_ms;
    bool is_final;
};

struct lp_counted {                         /* fields in which the platform counts: a mask keeps their length */
    const char *const *path, *const *where; /* and of that one is in the message; NULL: always */
    enum flt_keep keep;
};

struct lp_adapter {
    const char *id, *version, *title, *file;
    const char *broken; /* why its file is left out: then it has no rules, and its hosts; NULL: it is not */
    const char *const *hosts;
    const char *const *bound; /* hosts that the site says are its, NULL-terminated; NULL: none */
    bool is_fallback;         /* answers for hosts and requests no other rule knows */
    bool is_anywhere;         /* its rules are tried on unclaimed hosts too: wikis run on any name */
    struct lp_head *secrets;
    size_t n_secrets;
    struct lp_speech *speaks;
    size_t n_speaks;
    struct lp_shortlist may_hide, may_speak, may_route; /* of secrets, speaks, routes */
    const char *const *redact;                          /* field path patterns */
    const struct lp_counted *counted;                   /* keep_length */
    size_t n_counted;
    const char *const *hide_names; /* globs on the last part of a field's path, lower case */
    const char *const *link_names; /* the same, for the query of a request that only reads */
    const char *const *text_names, *const *skip_names;
    uint64_t text_min;
    struct lp_route *routes;
    size_t n_routes;
    const struct lp_check *checks;
    size_t n_checks;
};

struct lp_host {
    struct st_span name; /* lower case; of "*.suffix" the ".suffix" */
    const struct lp_adapter *adapter;
    bool is_bound; /* a site says so, and not the adapter */
};

struct lp_adapters {
    struct lp_adapter **items; /* in name order */
    size_t n;
    const struct lp_adapter **anywhere, **fallbacks; /* of them */
    size_t n_anywhere, n_fallbacks;
    struct lp_host *hosts; /* sorted: a host is found without a look at every adapter */
    size_t n_hosts;
};

extern const char *const lp_phase_names[]; /* by enum lp_phase */

/* Inside lp_state_run: the table on the top of the stack as an adapter, in the arena. */
struct lp_adapter *lp_adapter_read(struct lp_conf *c);
bool lp_adapter_is_id(const char *s);
/* Runs the file's own tests; a failed one is a diagnostic. ST_ERR: memory, or a test failed (ST_E_CONFIG). */
ST_MUST enum st_rc lp_adapter_check(const struct lp_set *set, const struct lp_adapter *a, struct st_diag *diag,
                                    struct st_err *err);
const struct lp_adapters *lp_set_adapters(const struct lp_set *set);

/* shortlist.c: of n things that begin with a head, `stride` bytes from one to the next. */
void lp_shortlist_make(struct lp_conf *c, struct lp_shortlist *list, const void *heads, size_t stride, size_t n);
struct lp_glimpse lp_glimpse_of(const struct lp_request *req);
/* The first at `from` or behind it that the request may be; list->n: none. */
size_t lp_shortlist_next(const struct lp_shortlist *list, struct lp_glimpse glimpse, size_t from);

/* lookup.c: once all are there. */
ST_MUST enum st_rc lp_adapters_index(struct lp_adapters *all, struct st_arena *arena, struct st_err *err);
/* platforms.c: hosts that a site says are of a platform; a diagnostic and ST_E_CONFIG where there is none, or a host
 * has two. Before lp_adapters_index. */
ST_MUST enum st_rc lp_adapters_bind(struct lp_adapters *all, const struct lp_sources *sources, struct st_arena *arena,
                                    struct st_diag *diag, struct st_err *err);

/* match.c */
bool lp_glob(const char *glob, struct st_span name); /* '*' at either end; ASCII case does not matter */
/* The next byte of a percent-escaped run and *i behind it; '+' is a blank in queries. i < s.n. */
int lp_next_byte(struct st_span s, size_t *i, bool is_query);
/* The raw value of a parameter in a query string, or false. */
bool lp_query_get(struct st_span query, const char *name, struct st_span *raw);
size_t lp_query_count(struct st_span query, const char *name); /* how often the parameter is there */
/* is_plain: no escapes in the path. */
bool lp_head_is(const struct lp_head *h, const struct lp_request *req, bool is_plain);
bool lp_body_is(const struct lp_body *b, const struct flt_doc *doc);
struct st_span lp_last_part(struct st_span path);
/* A field path against a pattern: '*' one part, "**" any number of them. */
bool lp_path_match(const char *pattern, struct st_span path);
bool lp_path_in(const char *const *patterns, struct st_span path); /* one of them; NULL: none */
const struct flt_field *lp_field_find(const struct flt_doc *doc, const char *pattern);
/* What "{}" of the pattern stands for: the rest of the path at its end, else one segment. False: no match. */
bool lp_path_capture(const char *pattern, struct st_span path, struct st_span *rest);
#endif
