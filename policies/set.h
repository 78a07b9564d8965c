/* SPDX-License-Identifier: Apache-2.0 */
/* set - what a loaded pol_set looks like inside the room; nobody else includes this.
 *
 * Everything hangs in the set's arena and is never changed after pol_set_load, so borrowed pointers are good for as
 * long as the caller holds a reference.
 */
#ifndef STOA_POLICIES_SET_H
#define STOA_POLICIES_SET_H
#include "policies/policies.h"

#define POL_SET_MAGIC    0x504f4c53u /* "POLS" */
#define POL_SET_MEMORY   (64u * 1024u * 1024u)
#define POL_FILES_MAX    256  /* policy and protected files of one set */
#define POL_RULES_MAX    1000 /* of one policy */
#define POL_DOMAINS_MAX  20000
#define POL_PEOPLE_MAX   10000
#define POL_GROUPS_MAX   64 /* of one person */
#define POL_NAME_MAX     63 /* bytes of a policy, rule or group name; what struct st_id holds */
#define POL_ANY_PLATFORM "generic"

struct pol_when {           /* every condition that is given has to hold */
    struct st_list finding; /* of struct st_str: detector patterns, "tag:…" or "pack:…" */
    int severity;           /* enum flt_severity: at least */
    struct st_compare confidence, count;
    bool distinct;                           /* count different values, not occurrences */
    struct st_list audience, kind, platform; /* of struct st_str */
};

enum pol_mode { POL_ENFORCE, POL_OBSERVE };

struct pol_rule {
    struct st_pos pos;
    struct st_str id;
    struct pol_when when;
    int then; /* as in the file: 0 note … 3 block */
    struct st_text message;
    int mode;              /* enum pol_mode */
    int64_t observe_until; /* 0: none */
    /* filled after the load */
    enum pol_verdict verdict;
    bool wants_findings; /* a condition is about findings */
};

/* What a policy says about connections; POL_BY_OPEN follows inspect.open. */
enum pol_policy_route { POL_BY_OPEN, POL_SAY_PASS, POL_SAY_INSPECT, POL_SAY_REFUSE };

struct pol_policy {
    int64_t version;
    struct st_str name, owner;
    struct st_text description;
    struct {
        struct st_list platforms, hosts; /* of struct st_str; both empty: everything */
        struct {
            struct st_list groups, except;
        } actors;
    } applies_to;
    struct {
        bool open;
        struct st_list never; /* categories, activity kinds or hosts */
        struct st_pos pos;
    } inspect;
    int route;            /* enum pol_policy_route */
    int unknown;          /* enum pol_unknown */
    struct st_list rules; /* of struct pol_rule */
    const char *file;     /* filled after the load */
};

struct pol_category {
    struct st_pos pos;
    struct st_str name;
    struct st_text description;
    struct st_list domains; /* of struct st_str */
};

struct pol_domain { /* protected: itself and everything below */
    struct st_span name;
    const char *category, *file;
    unsigned line;
};

struct pol_person {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    const char *name;
};
struct pol_membership {
    const char *person;
    const char **groups; /* NULL-terminated */
};

struct pol_set {
    unsigned magic;
    struct st_arena *arena;  /* owned */
    struct flt_packs *packs; /* one reference */
    struct pol_config config;
    const char *config_file;
    struct pol_policy **policies; /* in file order */
    size_t n_policies;
    struct pol_domain *domains; /* sorted by name */
    size_t n_domains;
    const char **categories;   /* NULL-terminated */
    struct pol_person *people; /* sorted by address */
    size_t n_people;
    struct pol_membership *members; /* sorted by person */
    size_t n_members;
};

extern const struct st_yaml_schema pol_config_schema, pol_policy_schema, pol_protected_schema;

/* policies/default/protected.yaml, built in: no path in stoa.yaml can take it away. */
extern const unsigned char pol_protected_builtin[];
extern const size_t pol_protected_builtin_size;
#define POL_PROTECTED_BUILTIN "policies/default/protected.yaml"

/* What a policy's names are checked against. */
struct pol_known {
    const char *const *platforms;  /* NULL: not checked */
    const char *const *categories; /* NULL-terminated */
    const struct flt_packs *packs; /* NULL: not checked */
};
/* The files `dir/ *suffix` of every folder in dirs, sorted within a folder; into arena, NULL-terminated. */
ST_MUST enum st_rc pol_files(const struct st_list *dirs, const char *suffix, struct st_arena *arena, const char ***out,
                             struct st_diag *diag, struct st_err *err);
/* Reads and checks set->policies from set->config.path.policies. */
ST_MUST enum st_rc pol_policies_load(struct pol_set *set, const struct pol_known *known, struct st_diag *diag,
                                     struct st_err *err);
/* Reads the built-in list and every *protected.yaml into set->domains and set->categories. */
ST_MUST enum st_rc pol_protected_load(struct pol_set *set, struct st_diag *diag, struct st_err *err);
ST_MUST enum st_rc pol_people_load(struct pol_set *set, struct st_diag *diag, struct st_err *err);

/* ---- match ----------------------------------------------------------------------------------------------------- */

/* '*' is any run of bytes, everything else itself. */
bool pol_glob(const char *pattern, struct st_span text);
/* An address without port as 16 bytes, IPv4 as ::ffff:a.b.c.d, so that one client has one form. */
bool pol_address(struct st_span text, uint8_t out[16]);
/* Exact, or "*.suffix": everything below the suffix, not the suffix itself. Case and a final dot do not matter. */
bool pol_host_match(const char *pattern, struct st_span host);
bool pol_host_pattern_ok(const char *pattern);
/* A detector pattern: an id with '*', "tag:…" or "pack:…" with '*'. */
bool pol_detector_match(const char *pattern, const struct flt_rule *rule);
bool pol_in(const char *const *list, const char *word); /* list NULL-terminated or NULL */
/* Whether a policy is about this platform or host, and about a person in these groups. */
bool pol_about(const struct pol_policy *policy, const char *platform, struct st_span host);
bool pol_concerns(const struct pol_policy *policy, const char *const *groups);
/* The entry that protects this host, or NULL. */
const struct pol_domain *pol_protected(const struct pol_set *set, struct st_span host);
const struct st_str *pol_str(const struct st_list *list, size_t i);
#endif
