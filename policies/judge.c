/* SPDX-License-Identifier: Apache-2.0 */
/* judge - findings, activity and person in; one verdict with its reasons out.
 *
 * Every rule of every policy that is about the message is tried; the strictest verdict wins, and of two equal ones the
 * first. A rule in observe mode is only reported, until its date has come. A message that was not looked into gets
 * the failure verdict of stoa.yaml, a plugin's opinion counts like a rule. Where a fact is unknown the judge errs on
 * the side of the wall: an unknown audience is public, findings beyond the cap satisfy a count, and a redaction that
 * cannot cover everything becomes a block. A draft is never coached: the person is still typing.
 */
#include "policies/judge.h"
#include "base/clock.h"
#include <string.h>

static const char *const verdict_names[] = {
#define X(id, name) [POL_##id] = name,
    POL_VERDICTS(X)
#undef X
};

const char *pol_verdict_name(enum pol_verdict verdict)
{
    return (size_t)verdict < ST_LEN(verdict_names) ? verdict_names[verdict] : "?";
}

struct court { /* one judgement in the making */
    const struct pol_set *set;
    struct st_arena *arena;
    const struct pol_case *facts;
    struct pol_judgement *out;
    struct pol_decision best;
    struct st_err *err;
    int64_t now_ms;
    bool *matched; /* scratch: the findings of the rule at hand */
    bool *redact;  /* findings that enforced redactions cover */
    size_t n;      /* findings */
    size_t room;   /* of out->reasons */
};

/* ---- does a rule hold? ----------------------------------------------------------------------------------------- */

static bool holds(const struct st_compare *c, long value, double scale)
{
    const double near = 1e-6; /* 0.57 * 100 is 56.99… */
    double over = (double)value - c->value * scale;

    switch ((int)c->op) {
    case ST_CMP_GE: return over > -near;
    case ST_CMP_GT: return over > near;
    case ST_CMP_LE: return over < near;
    case ST_CMP_LT: return over < -near;
    case ST_CMP_EQ: return over > -near && over < near;
    default: return true; /* ST_CMP_NONE: no condition */
    }
}

static bool any_glob(const struct st_list *patterns, const char *word)
{
    for (size_t i = 0; i < patterns->n; i++)
        if (pol_glob(pol_str(patterns, i)->s, st_span_str(word)))
            return true;
    return false;
}

static bool is_listed(const struct st_list *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(pol_str(list, i)->s, word) == 0)
            return true;
    return false;
}

/* What a draft will become is not known yet, so a rule about findings holds for it whatever kind it names. */
static bool kind_holds(const struct pol_rule *rule, const char *kind)
{
    if (rule->when.kind.n == 0)
        return true;
    if (kind == NULL || strcmp(kind, "draft") == 0)
        return rule->wants_findings || (kind != NULL && any_glob(&rule->when.kind, kind));
    return any_glob(&rule->when.kind, kind);
}

static bool audience_holds(const struct pol_rule *rule, const char *audience)
{
    if (rule->when.audience.n == 0)
        return true;
    if (audience == NULL || strcmp(audience, "unknown") == 0)
        return is_listed(&rule->when.audience, "public") || is_listed(&rule->when.audience, "unknown");
    return is_listed(&rule->when.audience, audience);
}

static bool finding_holds(const struct pol_when *when, const struct flt_finding *f)
{
    bool is_named = when->finding.n == 0;

    if ((int)f->rule->severity < when->severity || !holds(&when->confidence, f->confidence, 100))
        return false;
    for (size_t i = 0; i < when->finding.n && !is_named; i++)
        is_named = pol_detector_match(pol_str(&when->finding, i)->s, f->rule);
    return is_named;
}

/* The next byte that tells values apart: spaces and punctuation do not, nor does case. -1 at the end. */
static int telling_byte(struct st_span s, size_t *i)
{
    while (*i < s.n) {
        uint8_t c = s.p[(*i)++];

        if (c >= 'A' && c <= 'Z')
            return c | 0x20;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
            return c;
    }
    return -1;
}

static bool same_value(const struct pol_case *facts, const struct flt_finding *a, const struct flt_finding *b)
{
    struct st_span x, y;
    size_t i = 0, k = 0;
    int c, d;

    if (a->rule != b->rule || facts->doc == NULL)
        return false;
    x = flt_finding_value(facts->doc, a);
    y = flt_finding_value(facts->doc, b);
    if (x.p == NULL || y.p == NULL)
        return false;
    do {
        c = telling_byte(x, &i);
        d = telling_byte(y, &k);
    } while (c == d && c != -1);
    return c == d;
}

/* Of the marked findings, how many have a value that none before them has. */
static uint32_t count_distinct(const struct court *c)
{
    const struct flt_finding *items = c->facts->findings->items;
    uint32_t count = 0;

    for (size_t i = 0; i < c->n; i++) {
        bool is_new = c->matched[i];

        for (size_t k = 0; k < i && is_new; k++)
            is_new = !(c->matched[k] && same_value(c->facts, &items[i], &items[k]));
        count += is_new;
    }
    return count;
}

/* Marks c->matched; answers whether the rule's conditions about findings hold, and how many it is about. */
static bool findings_hold(struct court *c, const struct pol_rule *rule, uint32_t *found)
{
    uint32_t counted;

    *found = 0;
    for (size_t i = 0; i < c->n; i++) {
        c->matched[i] = rule->wants_findings && finding_holds(&rule->when, &c->facts->findings->items[i]);
        *found += c->matched[i];
    }
    if (!rule->wants_findings)
        return true;
    if (*found == 0)
        return false;
    if (c->facts->findings->is_capped)
        return true;
    counted = rule->when.distinct ? count_distinct(c) : *found;
    return holds(&rule->when.count, counted, 1);
}

static bool is_among(const struct st_list *platforms, const char *platform)
{
    return platform != NULL && is_listed(platforms, platform);
}

static bool rule_holds(struct court *c, const struct pol_rule *rule, uint32_t *found)
{
    const struct pol_case *facts = c->facts;

    if (rule->when.platform.n > 0 && !is_among(&rule->when.platform, facts->platform) &&
        !is_among(&rule->when.platform, facts->claimed))
        return false;
    return kind_holds(rule, facts->kind) && audience_holds(rule, facts->audience) && findings_hold(c, rule, found);
}

/* ---- what follows ---------------------------------------------------------------------------------------------- */

static enum st_rc add_reason(struct court *c, const struct pol_reason *reason)
{
    struct pol_judgement *out = c->out;

    if (out->n == c->room) {
        size_t room = c->room == 0 ? 8 : c->room * 2;
        struct pol_reason *more = st_arena_alloc(c->arena, room * sizeof *more);

        if (more == NULL)
            return st_arena_fail(c->arena, c->err, "judge.reasons");
        if (out->n > 0)
            memcpy(more, out->reasons, out->n * sizeof *more);
        out->reasons = more;
        c->room = room;
    }
    out->reasons[out->n++] = *reason;
    return ST_OK;
}

/* The detectors among the matched findings, each once, for the sentence a person reads. */
static void take_titles(struct court *c, struct pol_decision *d)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct flt_rule *rule = c->facts->findings->items[i].rule;
        bool is_new = c->matched[i];

        for (size_t k = 0; k < d->n_titles && is_new; k++)
            is_new = d->titles[k] != rule;
        if (is_new && d->n_titles == POL_TITLES_MAX)
            d->has_more = true;
        else if (is_new)
            d->titles[d->n_titles++] = rule;
    }
}

/* A verdict that is enforced: the strictest so far decides, the first among equals. */
static void enforce(struct court *c, enum pol_cause cause, const struct pol_reason *reason, const struct pol_rule *rule)
{
    enum pol_verdict verdict = reason->verdict;

    if (c->facts->is_draft && verdict == POL_COACH)
        verdict = POL_NOTE;
    if (verdict == POL_REDACT)
        for (size_t i = 0; i < c->n; i++)
            c->redact[i] = c->redact[i] || c->matched[i];
    if (verdict <= c->best.verdict)
        return;
    c->best = (struct pol_decision){ .verdict = verdict, .cause = cause, .rule = rule };
    take_titles(c, &c->best);
    c->out->policy = reason->policy;
    c->out->rule = reason->rule;
}

static enum st_rc try_rule(struct court *c, const struct pol_policy *policy, const struct pol_rule *rule)
{
    struct pol_reason reason = { .policy = policy->name.s,
                                 .rule = rule->id.s,
                                 .file = policy->file,
                                 .line = rule->pos.line,
                                 .verdict = rule->verdict };

    if (!rule_holds(c, rule, &reason.findings))
        return ST_OK;
    reason.is_observed = rule->mode == POL_OBSERVE && (rule->observe_until == 0 || c->now_ms < rule->observe_until);
    if (reason.is_observed)
        c->out->is_recorded = true;
    else
        enforce(c, POL_BY_RULE, &reason, rule);
    return add_reason(c, &reason);
}

/* inspect.never: kinds whose text these rules leave alone, hosts that they do not look at. */
static bool is_left_alone(const struct pol_policy *policy, const struct pol_case *facts)
{
    for (size_t i = 0; i < policy->inspect.never.n; i++) {
        const char *never = pol_str(&policy->inspect.never, i)->s;

        if ((facts->kind != NULL && strcmp(never, facts->kind) == 0) || pol_host_match(never, facts->host))
            return true;
    }
    return false;
}

/* A policy for "generic" is about whatever was opened, also where an adapter knows the place: a forum that a company
 * opened by its name does not slip out of the shipped rules on the day it gets an adapter. And a policy for a platform
 * is about all that goes there, also what only the fallback knows: a platform that changed does not slip out of it. */
static bool is_about(const struct pol_policy *policy, const struct pol_case *facts)
{
    return pol_about(policy, facts->platform, facts->host) || pol_about(policy, facts->claimed, facts->host) ||
           pol_about(policy, POL_ANY_PLATFORM, facts->host);
}

static enum st_rc try_policies(struct court *c)
{
    for (size_t i = 0; i < c->set->n_policies; i++) {
        const struct pol_policy *policy = c->set->policies[i];
        const struct pol_rule *rules = policy->rules.items;

        if (!is_about(policy, c->facts) || !pol_concerns(policy, c->facts->groups) || is_left_alone(policy, c->facts))
            continue;
        for (size_t k = 0; k < policy->rules.n; k++)
            if (try_rule(c, policy, &rules[k]) != ST_OK)
                return ST_ERR;
    }
    return ST_OK;
}

/* What stoa.yaml says about a message that was not, or not wholly, looked into. */
static enum pol_failure failure_of(const struct pol_config *config, enum flt_reason reason)
{
    switch (reason) {
    case FLT_REASON_SIZE: return (enum pol_failure)config->failure.size;
    case FLT_REASON_TYPE: return (enum pol_failure)config->failure.type;
    case FLT_REASON_MEDIA: return (enum pol_failure)config->failure.media;
    case FLT_REASON_ENCRYPTED: return (enum pol_failure)config->failure.encrypted;
    case FLT_REASON_CRASHED:
    case FLT_REASON_LATE:
    case FLT_REASON_UNOPENED: return (enum pol_failure)config->failure.files;
    case FLT_REASON_NONE:
    case FLT_REASON_CODING:
    case FLT_REASON_BOMB:
    case FLT_REASON_SYNTAX:
    case FLT_REASON_DEPTH:
    case FLT_REASON_FIELDS:
    case FLT_REASON_CHARSET:
    case FLT_REASON_FAILED:
    case FLT_REASON_READINGS:
    case FLT_REASON_MASK:
    case FLT_REASONS_END: break;
    }
    return (enum pol_failure)config->failure.scan;
}

/* The first of a receipt's reasons that is not allowed; NONE. A picture in front does not let a locked file through. */
static enum flt_reason blocking_reason(const struct pol_config *config, const struct flt_receipt *receipt)
{
    if (receipt == NULL || receipt->coverage == FLT_FULLY)
        return FLT_REASON_NONE;
    if (failure_of(config, receipt->reason) != POL_FAIL_ALLOW)
        return receipt->reason;
    for (size_t i = FLT_REASON_NONE + 1; i < FLT_REASONS_END; i++)
        if ((receipt->others >> i & 1) != 0 && failure_of(config, (enum flt_reason)i) != POL_FAIL_ALLOW)
            return (enum flt_reason)i;
    return FLT_REASON_NONE;
}

static enum st_rc try_receipt(struct court *c)
{
    enum flt_reason why = blocking_reason(&c->set->config, c->facts->receipt);
    struct pol_reason reason = {
        .rule = "failure", .file = c->set->config_file, .line = c->set->config.failure.pos.line, .verdict = POL_BLOCK
    };

    if (why == FLT_REASON_NONE)
        return ST_OK;
    reason.policy = flt_reason_name(why);
    memset(c->matched, 0, c->n * sizeof *c->matched);
    enforce(c, POL_BY_FAILURE, &reason, NULL);
    return add_reason(c, &reason);
}

static enum st_rc try_plugin(struct court *c)
{
    struct pol_reason reason = { .rule = "plugin", .verdict = c->facts->plugin };

    if (c->facts->plugin == POL_ALLOW)
        return ST_OK;
    reason.policy = c->facts->plugin_reason != NULL ? c->facts->plugin_reason : "plugin";
    if (reason.verdict > POL_BLOCK || (reason.verdict == POL_REDACT && c->n == 0))
        reason.verdict = POL_BLOCK; /* it wants something taken out that nobody can point at */
    memset(c->matched, reason.verdict == POL_REDACT, c->n * sizeof *c->matched);
    reason.findings = reason.verdict == POL_REDACT ? (uint32_t)c->n : 0;
    enforce(c, POL_BY_PLUGIN, &reason, NULL);
    return add_reason(c, &reason);
}

enum st_rc pol_judge(const struct pol_set *set, struct st_arena *arena, const struct pol_case *facts,
                     struct pol_judgement *out, struct st_err *err)
{
    struct court c = { .set = set, .arena = arena, .facts = facts, .out = out, .err = err };
    enum flt_reason reason = blocking_reason(&set->config, facts->receipt);

    ST_CHECK(set, POL_SET_MAGIC);
    memset(out, 0, sizeof *out);
    c.now_ms = st_clock_wall_ms();
    c.n = facts->findings != NULL ? facts->findings->n : 0;
    c.matched = st_arena_alloc(arena, c.n + 1);
    c.redact = st_arena_alloc(arena, c.n + 1);
    if (c.matched == NULL || c.redact == NULL)
        return st_arena_fail(arena, err, "judge.findings");
    if (try_policies(&c) != ST_OK || try_receipt(&c) != ST_OK || try_plugin(&c) != ST_OK)
        return ST_ERR;
    if (c.best.verdict == POL_REDACT && facts->findings->is_capped)
        c.best.verdict = POL_BLOCK; /* what was not kept cannot be taken out */
    out->verdict = c.best.verdict;
    if (out->verdict == POL_REDACT)
        out->redact = c.redact;
    if (out->verdict >= POL_NOTE)
        out->is_recorded = true;
    return out->verdict >= POL_COACH ? pol_message(&c.best, reason, arena, &out->message, err) : ST_OK;
}
