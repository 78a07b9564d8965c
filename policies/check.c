/* SPDX-License-Identifier: Apache-2.0 */
/* check - loads every policy file and refuses what no single value shows to be wrong.
 *
 * A misspelt platform, group of detectors or activity kind would make a rule that silently never holds, which is worse
 * than no rule: so every name is looked up, and the nearest known one is offered. All files are read before the answer,
 * so that one run of `stoa check` reports everything.
 */
#include "policies/set.h"
#include <string.h>

#define NEAREST_MAX 2048 /* names a misspelling is compared with */

struct check {
    struct pol_set *set;
    const struct pol_known *known;
    struct st_diag *diag;
    struct pol_policy *policy; /* the one being checked */
    const char **names;        /* scratch for "did you mean" */
    bool is_bad;
};

static void bad(struct check *c, struct st_pos pos, const char *what, const char *found, const char *nearest)
{
    c->is_bad = true;
    if (nearest != NULL)
        st_diag_add(c->diag, c->policy->file, pos.line, pos.col, "%s, found \"%.64s\", did you mean \"%s\"?", what,
                    found, nearest);
    else
        st_diag_add(c->diag, c->policy->file, pos.line, pos.col, "%s, found \"%.64s\"", what, found);
}

static void bad_here(struct check *c, struct st_pos pos, const char *what)
{
    c->is_bad = true;
    st_diag_add(c->diag, c->policy->file, pos.line, pos.col, "%s", what);
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

static void check_name(struct check *c, const struct st_str *name, const char *what)
{
    size_t n = strlen(name->s);

    if (n == 0 || n > POL_NAME_MAX || strspn(name->s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != n)
        bad(c, name->pos, what, name->s, NULL);
}

/* ---- names that have to be known ------------------------------------------------------------------------------- */

/* Every pattern has to match at least one of the words. */
static void check_words(struct check *c, const struct st_list *list, const char *const *words, const char *what)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct st_str *s = pol_str(list, i);
        bool is_known = false;

        for (const char *const *w = words; *w != NULL && !is_known; w++)
            is_known = pol_glob(s->s, st_span_str(*w));
        if (!is_known)
            bad(c, s->pos, what, s->s, st_diag_nearest(s->s, words, count(words)));
    }
}

static void check_platforms(struct check *c, const struct st_list *list)
{
    const char *const *known = c->known->platforms;

    for (size_t i = 0; known != NULL && i < list->n; i++) {
        const struct st_str *s = pol_str(list, i);

        if (strcmp(s->s, POL_ANY_PLATFORM) != 0 && !pol_in(known, s->s))
            bad(c, s->pos, "expected the id of a platform adapter", s->s, st_diag_nearest(s->s, known, count(known)));
    }
}

/* The detector id, tag or pack nearest to a pattern that matched nothing, in the pattern's own terms. */
static const char *nearest_detector(struct check *c, const char *pattern)
{
    const struct flt_packs *packs = c->known->packs;
    bool is_tag = strncmp(pattern, "tag:", 4) == 0, is_pack = strncmp(pattern, "pack:", 5) == 0;
    size_t n = 0;

    for (size_t i = 0; i < flt_packs_count(packs) && n < NEAREST_MAX; i++) {
        const struct flt_rule *rule = flt_packs_rule(packs, i);

        if (is_pack)
            c->names[n++] = rule->pack;
        else if (!is_tag)
            c->names[n++] = rule->id;
        for (const char *const *t = rule->tags; is_tag && t != NULL && *t != NULL && n < NEAREST_MAX; t++)
            c->names[n++] = *t;
    }
    return st_diag_nearest(is_tag ? pattern + 4 : is_pack ? pattern + 5 : pattern, c->names, n);
}

static void check_findings(struct check *c, const struct st_list *list)
{
    const struct flt_packs *packs = c->known->packs;

    for (size_t i = 0; packs != NULL && i < list->n; i++) {
        const struct st_str *s = pol_str(list, i);
        bool is_known = false;

        for (size_t k = 0; k < flt_packs_count(packs) && !is_known; k++)
            is_known = pol_detector_match(s->s, flt_packs_rule(packs, k));
        if (!is_known)
            bad(c, s->pos, "expected a pattern that matches a detector of the packs", s->s, nearest_detector(c, s->s));
    }
}

static void check_hosts(struct check *c, const struct st_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!pol_host_pattern_ok(pol_str(list, i)->s))
            bad(c, pol_str(list, i)->pos, "expected a host in lower case, as forum.example.com or *.example.com",
                pol_str(list, i)->s, NULL);
}

static void check_never(struct check *c, const struct st_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct st_str *s = pol_str(list, i);
        const char *nearest;

        if (pol_in(c->known->categories, s->s) || pol_in(flt_kinds, s->s) || pol_host_pattern_ok(s->s))
            continue;
        nearest = st_diag_nearest(s->s, c->known->categories, count(c->known->categories));
        if (nearest == NULL)
            nearest = st_diag_nearest(s->s, flt_kinds, count(flt_kinds));
        bad(c, s->pos, "expected a host, a protected category or an activity kind", s->s, nearest);
    }
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static void check_rule(struct check *c, struct pol_rule *rule)
{
    struct pol_when *when = &rule->when;

    check_name(c, &rule->id, "expected a rule id of lower-case letters, digits and -_. (at most 63)");
    check_findings(c, &when->finding);
    check_words(c, &when->kind, flt_kinds, "expected an activity kind, as post, comment, edit or upload");
    check_platforms(c, &when->platform);
    rule->verdict = (enum pol_verdict)(rule->then + POL_NOTE);
    rule->wants_findings = when->finding.n > 0 || when->severity > FLT_LOW || when->confidence.op != ST_CMP_NONE ||
                           when->count.op != ST_CMP_NONE || when->distinct;
    if (!rule->wants_findings && when->audience.n == 0 && when->kind.n == 0 && when->platform.n == 0)
        bad_here(c, rule->pos, "this rule has no condition and would hold for everything; expected one in `when`");
    if (rule->verdict == POL_REDACT && !rule->wants_findings)
        bad_here(c, rule->pos, "redact needs something to redact; expected `finding` in `when`, or another verdict");
    if (rule->observe_until != 0 && rule->mode != POL_OBSERVE)
        bad_here(c, rule->pos, "observe_until needs `mode: observe`");
}

static void check_rules(struct check *c)
{
    struct pol_rule *rules = c->policy->rules.items;

    if (c->policy->rules.n > POL_RULES_MAX) {
        bad_here(c, c->policy->rules.pos, "expected at most 1000 rules in one policy");
        return;
    }
    for (size_t i = 0; i < c->policy->rules.n; i++) {
        check_rule(c, &rules[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(rules[k].id.s, rules[i].id.s) != 0)
                continue;
            c->is_bad = true;
            st_diag_add(c->diag, c->policy->file, rules[i].id.pos.line, rules[i].id.pos.col,
                        "rule id \"%.64s\" is there already, in line %u; rename one of the two", rules[i].id.s,
                        rules[k].id.pos.line);
            break;
        }
    }
}

/* ---- policies -------------------------------------------------------------------------------------------------- */

/* Opening has to name what it opens: a policy about everything, or about the generic platform, would be every host. */
static void check_opening(struct check *c)
{
    const struct pol_policy *p = c->policy;
    bool names_something = p->applies_to.hosts.n > 0;

    for (size_t i = 0; i < p->applies_to.platforms.n; i++)
        if (strcmp(pol_str(&p->applies_to.platforms, i)->s, POL_ANY_PLATFORM) != 0)
            names_something = true;
    if ((p->inspect.open || p->route == POL_SAY_INSPECT) && !names_something)
        bad_here(c, p->inspect.pos.line != 0 ? p->inspect.pos : p->name.pos,
                 "opening connections needs names: expected hosts, or a platform other than generic, in applies_to");
}

static void check_policy(struct check *c)
{
    struct pol_policy *p = c->policy;

    check_name(c, &p->name, "expected a policy name of lower-case letters, digits and -_. (at most 63)");
    for (size_t i = 0; i < c->set->n_policies; i++) {
        const struct pol_policy *other = c->set->policies[i];

        if (other == p || strcmp(other->name.s, p->name.s) != 0)
            continue;
        c->is_bad = true;
        st_diag_add(c->diag, p->file, p->name.pos.line, p->name.pos.col,
                    "policy \"%.64s\" is there already, in %s:%u; rename one of the two", p->name.s, other->file,
                    other->name.pos.line);
    }
    check_platforms(c, &p->applies_to.platforms);
    check_hosts(c, &p->applies_to.hosts);
    check_never(c, &p->inspect.never);
    check_opening(c);
    check_rules(c);
}

/* Reads one file; a mistake in it is remembered, only running out of something is ST_ERR. */
static enum st_rc load_one(struct check *c, const char *path, struct st_err *err)
{
    struct st_arena *arena = c->set->arena;
    struct pol_policy *policy = st_arena_alloc(arena, sizeof *policy);

    if (policy == NULL)
        return st_arena_fail(arena, err, "policies.load");
    if (st_yaml_load(path, &pol_policy_schema, arena, policy, c->diag, err) != ST_OK) {
        c->is_bad = true;
        return err->code == ST_E_CONFIG ? ST_OK : ST_ERR;
    }
    policy->file = path;
    c->policy = policy;
    check_policy(c);
    c->set->policies[c->set->n_policies++] = policy;
    return ST_OK;
}

enum st_rc pol_policies_load(struct pol_set *set, const struct pol_known *known, struct st_diag *diag,
                             struct st_err *err)
{
    struct check c = { .set = set, .known = known, .diag = diag };
    const char **paths;

    if (pol_files(&set->config.path.policies, ".policy.yaml", set->arena, &paths, diag, err) != ST_OK)
        return ST_ERR;
    set->policies = st_arena_alloc(set->arena, (POL_FILES_MAX + 1) * sizeof(struct pol_policy *));
    c.names = st_arena_alloc(set->arena, NEAREST_MAX * sizeof *c.names);
    if (set->policies == NULL || c.names == NULL)
        return st_arena_fail(set->arena, err, "policies.load");
    for (size_t i = 0; paths[i] != NULL; i++)
        if (load_one(&c, paths[i], err) != ST_OK)
            return ST_ERR;
    return c.is_bad ? st_fail(err, ST_E_CONFIG, "policies.load", "a policy is wrong", 0) : ST_OK;
}
