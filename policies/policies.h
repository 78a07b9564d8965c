/* SPDX-License-Identifier: Apache-2.0 */
/* policies - what the company wants: stoa.yaml, policy files, and the judge.
 *
 * A pol_set is everything of one generation that people wrote in YAML, checked as a whole together with the packs it
 * names. route says which connections are opened; judge turns findings into one verdict with its reasons. Both are pure
 * functions of the set and the facts handed in.
 */
#ifndef STOA_POLICIES_POLICIES_H
#define STOA_POLICIES_POLICIES_H
#include "base/yaml.h"
#include "filters/filters.h"

/* ---- stoa.yaml ------------------------------------------------------------------------------------------------- */

enum pol_listen_kind {
    POL_EXPLICIT,     /* a proxy that clients know of */
    POL_EXPLICIT_TLS, /* the same inside TLS */
    POL_TRANSPARENT,  /* connections to others, redirected (NAT) */
    POL_TPROXY,       /* connections to others, as they are */
};
enum pol_unnamed { POL_UNNAMED_REFUSE, POL_UNNAMED_PASS };
struct pol_listen {
    struct st_str address;         /* "127.0.0.1:3128", "[::1]:3128" */
    int kind;                      /* enum pol_listen_kind */
    struct st_list proxy_protocol; /* of struct st_str: networks that send the header; empty: nobody does */
    int unnamed;                   /* enum pol_unnamed */
    struct st_str name, certificate, key;
    struct st_pos pos;
};
bool pol_is_transparent(int kind);

#define POL_PAC_LOCAL "<local>" /* in pac.direct: every name without a dot */
enum pol_pac_fallback { POL_PAC_NONE, POL_PAC_DIRECT };

enum pol_failure { POL_FAIL_ALLOW, POL_FAIL_BLOCK };

struct pol_plugin {     /* what a site wants of one plugin */
    struct st_str name; /* "acme.embargo" */
    bool is_enabled;
    struct st_list settings; /* of struct st_many; what fits, its manifest says */
    struct st_pos pos;
};

struct pol_platform {     /* hosts of a site that are of a platform */
    struct st_str id;     /* of the adapter: "discourse" */
    struct st_list hosts; /* of struct st_str: exact or "*.suffix" */
    struct st_pos pos;
};

/* policies/config.c holds the option table: names, ranges, defaults, help. A struct st_str that the file does not give
 * but a default does has line 0. */
struct pol_config {
    struct st_pos pos;
    int64_t version;
    struct st_list listen; /* of struct pol_listen */
    struct {
        struct st_pos pos;
        struct st_list proxies, direct; /* of struct st_str */
        bool protected_hosts;           /* are direct, too */
        int fallback;                   /* enum pol_pac_fallback */
    } pac;
    int64_t workers;         /* 0 = one per core */
    struct st_str state_dir; /* database, keys, generations */
    struct st_str run_dir;   /* control socket */
    struct st_str user;      /* drop to this user when started as root; s NULL: keep */
    struct {
        struct st_pos pos;              /* of the map, line 0 when absent; the same in those below */
        struct st_str certificate, key; /* PEM */
        int64_t leaf_lifetime_ms;       /* 1h .. 90d */
    } ca;
    struct {
        struct st_str trust; /* PEM bundle for origins; s NULL: the system's */
        int64_t connect_ms, handshake_ms;
        struct st_list never; /* of struct st_str: networks without origins */
        int64_t window;       /* of a stream, once its reader keeps up */
    } upstream;
    struct {
        struct st_str servers; /* "127.0.0.1:53,…"; s NULL: resolv.conf */
        struct st_list hosts;  /* of struct st_pair: fixed addresses, as in /etc/hosts: name -> "127.0.0.1:8443" */
    } resolver;
    struct {
        struct st_list people; /* of struct st_pair: client address -> name; others are known by their address */
        struct st_list groups; /* of struct st_pair: name -> "sales, press-office" */
    } identity;
    struct {
        struct st_pos pos;
        struct st_list policies, packs, plugins; /* directories, of struct st_str */
        struct st_list disable;                  /* plugin names, of struct st_str */
    } path;
    struct {
        struct st_list trusted, doubtful; /* hosts, of struct st_str */
    } curation;
    struct {
        struct st_pos pos;
        int64_t head_bytes, fields;        /* of one message head */
        int64_t body_memory, body_max;     /* held in memory; held at all (spooled beyond memory) */
        int64_t spool;                     /* of all that one worker has on disk */
        int64_t txn_memory;                /* arena ceiling */
        int64_t connections;               /* per worker */
        int64_t memory;                    /* of all that one worker holds */
        int64_t idle_ms, head_ms, body_ms; /* keep-alive, first byte to whole head, between body bytes */
        int64_t body_rate;                 /* bytes a second over a whole body; 0: any */
        int64_t hello_ms, answer_ms, send_ms, finish_ms, tunnel_idle_ms;
        int64_t streams, stream_window, stream_buffer, origins; /* of one HTTP/2 connection */
        int64_t session_memory, session_frames;
        int64_t glitches, glitches_per_second;
        int64_t socket_idle_ms;         /* a WebSocket on which nothing moves */
        int64_t silence_ms, unknown_ms; /* of a client in a tunnel */
        int64_t leaves, mints;          /* kept; made for one client in a minute */
        int64_t drain_ms;
        int64_t drips, drip_window_ms; /* places whose last texts are remembered, and how long */
        int64_t extract_ms, extract_bytes, extract_text, extract_depth, extractors; /* of documents, stoa-extract */
    } limit;
    struct {
        struct st_pos pos;
        int scan, recorder;    /* enum pol_failure: when a message cannot be scanned; when records pile up */
        int encrypted, files;  /* a document that is locked; one that could not be opened */
        int size, type, media; /* the same for what was not looked into since it is too large, of an unknown content
                                * type, or a picture, sound or film */
    } failure;
    struct {
        bool texts; /* leave in pieces */
        int64_t idle_ms;
    } hold_back;
    struct {
        int64_t retention_ms;
        int64_t checkpoint_ms, checkpoint_records;
        struct st_str checkpoint_copy; /* a second directory for signed checkpoints; s NULL: none */
    } audit;
    struct st_list plugins;   /* of struct pol_plugin */
    struct st_list platforms; /* of struct pol_platform */
    bool pictures;            /* stoa-extract looks for words in them */
    bool test_clock;          /* lets `stoa clock` turn the time; refused unless every listener is on loopback */
};

/* ---- verdicts -------------------------------------------------------------------------------------------------- */

#define POL_VERDICTS(X) \
    X(ALLOW, "allow")   \
    X(NOTE, "note")     \
    X(COACH, "coach")   \
    X(REDACT, "redact") \
    X(BLOCK, "block")
enum pol_verdict { /* in order of strictness; the strictest wins */
#define X(id, name) POL_##id,
                   POL_VERDICTS(X)
#undef X
};
const char *pol_verdict_name(enum pol_verdict verdict);

enum pol_route { POL_PASS, POL_INSPECT, POL_REFUSE };
const char *pol_route_name(enum pol_route route);

/* ---- the set --------------------------------------------------------------------------------------------------- */

struct pol_set; /* refcounted, immutable */

struct pol_outside {                   /* what comes of plugins; all borrowed */
    const char *const *platforms;      /* the adapters' ids, NULL-terminated; NULL: misspelt ones are not looked for */
    const struct flt_given *detectors; /* for as long as the set lives */
    size_t n_detectors;
};
/* Reads stoa.yaml, all policy files and all packs it names. The caller owns *out. */
ST_MUST enum st_rc pol_set_load(const char *config_path, const struct pol_outside *outside, struct pol_set **out,
                                struct st_diag *diag, struct st_err *err);
void pol_set_free(struct pol_set *set);                             /* NULL is fine */
const struct pol_config *pol_set_config(const struct pol_set *set); /* borrowed */
struct flt_packs *pol_set_packs(const struct pol_set *set);         /* borrowed */
/* Only stoa.yaml, typed and range-checked, relative paths made absolute against its folder. Lives in arena. */
ST_MUST enum st_rc pol_config_load(const char *path, struct st_arena *arena, struct pol_config *out,
                                   struct st_diag *diag, struct st_err *err);
void pol_config_describe(enum st_yaml_form form, struct st_buf *out); /* stoa.yaml's reference */
void pol_policy_describe(enum st_yaml_form form, struct st_buf *out); /* a policy file's reference */

/* ---- route ----------------------------------------------------------------------------------------------------- */

struct pol_route_facts {
    struct st_span host; /* SNI or authority, without port, lower case */
    uint16_t port;
    const char *platform;      /* adapter id, NULL when none claims the host */
    const char *const *groups; /* of the person, NULL-terminated; NULL: none */
};
enum pol_unknown { POL_UNKNOWN_BY_ROUTE, POL_UNKNOWN_PASS, POL_UNKNOWN_REFUSE };
struct pol_routed {
    enum pol_route route;
    enum pol_unknown unknown; /* what becomes of a protocol that is neither TLS nor HTTP */
    const char *policy;       /* borrowed; NULL when the default or a protected category decided */
    const char *category;     /* "health", "banking" …; NULL */
    const char *file;         /* where it was decided, for explain; NULL */
    unsigned line;
};
void pol_route(const struct pol_set *set, const struct pol_route_facts *facts, struct pol_routed *out);

/* ---- judge ----------------------------------------------------------------------------------------------------- */

struct pol_case { /* everything the judge may know; all borrowed */
    struct st_span host;
    const char *platform, *kind, *audience; /* "mediawiki" "edit" "public"; NULL: unknown */
    const char *claimed; /* the adapter of that host, where the fallback said what it is; a policy for it holds too */
    bool is_draft;       /* phase draft or prepare: blocked without a message to the person */
    const char *const *groups;
    const struct flt_findings *findings;
    const struct flt_receipt *receipt;
    const struct flt_doc *doc; /* the findings' message, so that `distinct` can compare values; NULL: all differ */
    enum pol_verdict plugin;   /* the strictest a plugin asked for */
    const char *plugin_reason; /* its id; NULL */
};
struct pol_reason {            /* one rule that applied, or would have */
    const char *policy, *rule; /* borrowed from the set */
    const char *file;
    unsigned line;
    enum pol_verdict verdict;
    bool is_observed;  /* observe mode: reported, not enforced */
    uint32_t findings; /* how many it matched */
};
struct pol_judgement {
    enum pol_verdict verdict;
    const char *policy, *rule;  /* that decided; "failure" and "plugin" rules are named so; NULL when allow */
    struct st_text message;     /* for the person; never NULL when verdict >= coach */
    bool *redact;               /* per finding, in the arena; NULL unless verdict is redact */
    struct pol_reason *reasons; /* in the arena */
    size_t n;
    bool is_recorded; /* a record is due: verdict >= note, or an observed rule hit */
};
ST_MUST enum st_rc pol_judge(const struct pol_set *set, struct st_arena *arena, const struct pol_case *facts,
                             struct pol_judgement *out, struct st_err *err);

/* Each host of a protected category, until fn answers false; it and everything below it is meant. */
typedef bool pol_protected_f(void *ctx, struct st_span host);
void pol_each_protected(const struct pol_set *set, pol_protected_f *fn, void *ctx);
/* Whether one of the networks (of struct st_str, as "10.0.0.0/8") holds the address; IPv4 as ::ffff:a.b.c.d. */
bool pol_networks_have(const struct st_list *networks, const uint8_t address[16]);

/* ---- people ---------------------------------------------------------------------------------------------------- */

/* The name for a client address: from identity.people, else the address itself. Borrowed from set or address. */
const char *pol_person(const struct pol_set *set, const char *address);
/* NULL-terminated, borrowed from the set; NULL when the person is in no group. */
const char *const *pol_groups(const struct pol_set *set, const char *person);
#endif
