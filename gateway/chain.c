/* SPDX-License-Identifier: Apache-2.0 */
/* chain - the stages of CHAIN_STAGES, one function each, in that order and no other.
 *
 * Each stage reads what the ones before it wrote into chain_out. A stage that fails ends the run: the findings so far
 * are forgotten, since a half-read message proves nothing, the receipt says scan-failed, and the judge decides by
 * failure.scan. Should even the judge fail (memory), failure.scan is applied here by hand. When you add a stage, add
 * its line to CHAIN_STAGES and its call to `run`.
 */
#include "gateway/chain.h"
#include <string.h>

const char *chain_stage_name(enum chain_stage stage)
{
    switch (stage) {
    case CHAIN_NONE: return "none";
#define X(id, name, help) \
    case CHAIN_##id: return name;
        CHAIN_STAGES(X)
#undef X
    }
    return "none";
}

#define QUERY_MIN 12 /* a shorter query holds no number or token that a detector knows */

struct run {
    const struct chain_in *in;
    struct st_arena *arena;
    struct chain_out *out;
    bool is_over; /* nothing to see, or judged */
};

/* That of a WebSocket was judged with the handshake: adapters may ask for it, but it is not scanned with every message.
 */
static struct st_span query_of(const struct chain_in *in)
{
    return lp_is_message(&in->req) ? ST_SPAN_NONE : in->req.query;
}

/* That of a WebSocket likewise. */
static struct st_span path_of(const struct chain_in *in)
{
    return lp_is_message(&in->req) ? ST_SPAN_NONE : in->req.path;
}

static void look(const struct chain_in *in, struct lp_sight *rules)
{
    struct chain_sight *kept = in->sight;

    if (kept != NULL && kept->generation == in->gen->number)
        return;
    if (kept != NULL)
        *kept = (struct chain_sight){ .generation = in->gen->number, .wire = lp_wire(in->gen->plugins, &in->req) };
    lp_look(in->gen->plugins, &in->req, rules);
}

static enum st_rc route(struct run *run)
{
    const struct chain_in *in = run->in;
    struct chain_out *out = run->out;
    struct lp_sight here, *rules = in->sight != NULL ? &in->sight->rules : &here;
    bool needs_body = false;

    look(in, rules);
    out->route = lp_route_seen(in->gen->plugins, &in->req, rules, NULL, &needs_body);
    run->is_over = out->route == NULL && !needs_body && in->body.n == 0 && query_of(in).n < QUERY_MIN &&
                   in->n_words == 0 && in->not_held == FLT_REASON_NONE &&
                   !flt_path_is_telling(in->scanner, path_of(in));
    if (run->is_over)
        return ST_OK;
    out->rules = rules != &here ? rules : st_arena_dup(run->arena, &here, sizeof here);
    return out->rules != NULL ? ST_OK : st_arena_fail(run->arena, &out->err, "chain.route");
}

static enum st_rc decode(struct run *run)
{
    const struct chain_in *in = run->in;
    const struct flt_input input = { .query = query_of(in),
                                     .body = in->body,
                                     .content_type = in->req.content_type,
                                     .content_encoding = in->content_encoding,
                                     .plain_limit = in->plain_limit,
                                     .wire = in->sight != NULL ? in->sight->wire : lp_wire(in->gen->plugins, &in->req),
                                     .is_message = lp_is_message(&in->req),
                                     .open = in->open };

    if (flt_decode(run->arena, &input, &run->out->doc, &run->out->err) != ST_OK)
        return ST_ERR;
    run->out->doc->terms = in->terms;
    return ST_OK;
}

static enum st_rc files(struct run *run)
{
    const struct chain_in *in = run->in;
    struct chain_out *out = run->out;

    if (flt_doc_opened(run->arena, out->doc, in->opened, &out->err) != ST_OK)
        return ST_ERR;
    out->receipt = out->doc->receipt;
    if (in->not_held != FLT_REASON_NONE)
        out->receipt = (struct flt_receipt){ FLT_NOT, in->not_held, in->not_held_bytes, 0, 0 };
    return ST_OK;
}

static enum st_rc activity(struct run *run)
{
    const struct chain_in *in = run->in;
    struct chain_out *out = run->out;
    bool needs_body = false;
    enum st_rc rc;

    out->route = in->route;
    if (out->route == NULL)
        out->route = lp_route_seen(in->gen->plugins, &in->req, out->rules, out->doc, &needs_body);
    if (out->route == NULL) { /* what no rule knows is scanned all the same: a search is typed, too */
        lp_hide(in->gen->plugins, NULL, &in->req, out->doc);
        return ST_OK;
    }
    rc = lp_activity_read(in->gen->plugins, out->route, &(struct lp_exchange){ &in->req, out->doc }, run->arena,
                          &out->activity, &out->err);
    out->has_activity = rc == ST_OK;
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static void note(struct flt_receipt *receipt, enum flt_reason reason)
{
    if (receipt->coverage == FLT_FULLY) {
        receipt->coverage = FLT_PARTLY;
        receipt->reason = reason;
    } else {
        receipt->others |= 1u << reason;
    }
}

static struct drip_case drip_of(const struct run *run)
{
    const struct chain_in *in = run->in;

    return (struct drip_case){ .person = st_span_str(in->person),
                               .host = in->req.host,
                               .path = in->req.path,
                               .activity = &run->out->activity,
                               .doc = run->out->doc,
                               .scanner = in->scanner,
                               .arena = run->arena };
}

static bool may_drip(const struct run *run)
{
    return run->in->drips != NULL && run->out->has_activity && run->out->doc != NULL;
}

static enum st_rc scan(struct run *run)
{
    const struct chain_in *in = run->in;
    struct chain_out *out = run->out;

    if (flt_path_fields(in->scanner, run->arena, path_of(in), out->doc, &out->err) != ST_OK ||
        flt_head_fields(run->arena, in->words, in->n_words, out->doc, &out->err) != ST_OK ||
        flt_scan(in->scanner, run->arena, out->doc, &out->findings, in->trace, &out->err) != ST_OK)
        return ST_ERR;
    flt_path_weigh(out->doc, &out->findings);
    if (may_drip(run)) {
        struct drip_case drip = drip_of(run);

        if (drips_look(in->drips, &drip, &out->findings, &out->err) != ST_OK)
            return ST_ERR;
    }
    if (out->findings.is_short)
        note(&out->receipt, FLT_REASON_READINGS);
    if (out->doc->is_path_cut)
        note(&out->receipt, FLT_REASON_FIELDS);
    return ST_OK;
}

static enum st_rc plugins(struct run *run)
{
    struct chain_out *out = run->out;
    const struct lp_seen seen = { out->has_activity ? &out->activity : NULL, &out->findings, run->in->groups, out->doc,
                                  run->in->facts };

    if (run->in->facts != NULL)
        out->opinion = run->in->facts->opinion;
    if (lp_hook_finding(run->in->gen->plugins, &seen, &out->findings, run->arena, &out->opinion, &out->err) != ST_OK)
        return ST_ERR;
    if (!out->has_activity)
        return ST_OK;
    return lp_hook_activity(run->in->gen->plugins, &seen, run->arena, &out->opinion, &out->err);
}

static struct pol_case case_of(const struct run *run)
{
    const struct chain_out *out = run->out;
    struct pol_case facts = { .host = run->in->req.host,
                              .groups = run->in->groups,
                              .findings = &out->findings,
                              .receipt = &out->receipt,
                              .doc = out->doc,
                              .plugin = (enum pol_verdict)out->opinion.verdict,
                              .plugin_reason = out->opinion.reason };

    facts.claimed = lp_host_platform(run->in->gen->plugins, run->in->req.host);
    facts.platform = run->in->route != NULL ? lp_route_platform(run->in->route) : facts.claimed;
    if (out->has_activity) {
        facts.platform = out->activity.platform;
        facts.kind = out->activity.kind;
        facts.audience = out->activity.audience;
        facts.is_draft = out->activity.phase == LP_DRAFT || out->activity.phase == LP_PREPARE;
    }
    return facts;
}

static enum st_rc judge(struct run *run)
{
    struct pol_case facts = case_of(run);
    struct drip_case drip = drip_of(run);
    struct chain_out *out = run->out;

    if (pol_judge(run->in->gen->policies, run->arena, &facts, &out->judgement, &out->err) != ST_OK)
        return ST_ERR;
    if (!may_drip(run) || out->judgement.verdict == POL_BLOCK)
        return ST_OK;
    return drips_note(run->in->drips, &drip, &out->findings, out->judgement.redact, &out->err);
}

/* The last resort: no judge, no memory. */
static void judge_by_hand(struct run *run)
{
    const struct pol_config *config = pol_set_config(run->in->gen->policies);
    struct pol_judgement *judgement = &run->out->judgement;

    memset(judgement, 0, sizeof *judgement);
    judgement->is_recorded = true;
    judgement->policy = "failure";
    judgement->rule = "failure";
    judgement->verdict = config->failure.scan == POL_FAIL_ALLOW ? POL_NOTE : POL_BLOCK;
    judgement->message = (struct st_text){ "This message could not be checked, so it was not sent. Please try again.",
                                           "Diese Nachricht ließ sich nicht prüfen und wurde nicht gesendet. "
                                           "Bitte versuchen Sie es noch einmal." };
}

void chain_forget(struct chain_out *out, enum chain_stage stage, uint64_t bytes)
{
    out->failed = stage;
    memset(&out->findings, 0, sizeof out->findings);
    memset(&out->opinion, 0, sizeof out->opinion);
    out->has_activity = false;
    out->doc = NULL;
    out->receipt = (struct flt_receipt){ FLT_NOT, FLT_REASON_FAILED, bytes, 0, 0 };
}

/* From one stage to another, unless it is over or one fails. */
static void run_stages(struct run *run, enum chain_stage from, enum chain_stage to)
{
    static enum st_rc (*const STAGES[])(struct run *) = { NULL, route, decode, files, activity, scan, plugins };

    for (enum chain_stage stage = from; stage <= to && !run->is_over && run->out->failed == CHAIN_NONE; stage++) {
        if (STAGES[stage](run) != ST_OK)
            chain_forget(run->out, stage, run->in->body.n);
    }
}

bool chain_look(const struct chain_in *in, struct st_arena *arena, struct chain_out *out)
{
    struct run run = { .in = in, .arena = arena, .out = out };

    memset(out, 0, sizeof *out);
    run_stages(&run, CHAIN_ROUTE, CHAIN_PLUGINS);
    return !run.is_over;
}

void chain_judge(const struct chain_in *in, struct st_arena *arena, struct chain_out *out)
{
    struct run run = { .in = in, .arena = arena, .out = out };

    if (judge(&run) == ST_OK)
        return;
    if (out->failed == CHAIN_NONE)
        chain_forget(out, CHAIN_JUDGE, out->receipt.bytes);
    judge_by_hand(&run);
}

bool chain_begin(const struct chain_in *in, struct st_arena *arena, struct chain_out *out)
{
    struct run run = { .in = in, .arena = arena, .out = out };

    memset(out, 0, sizeof *out);
    run_stages(&run, CHAIN_ROUTE, CHAIN_DECODE);
    if (run.is_over)
        return false;
    if (out->failed == CHAIN_NONE && out->doc->n_files > 0 && in->not_held == FLT_REASON_NONE)
        return true;
    chain_finish(in, arena, out);
    return false;
}

void chain_finish(const struct chain_in *in, struct st_arena *arena, struct chain_out *out)
{
    struct run run = { .in = in, .arena = arena, .out = out };

    run_stages(&run, CHAIN_FILES, CHAIN_PLUGINS);
    chain_judge(in, arena, out);
}

void chain_run(const struct chain_in *in, struct st_arena *arena, struct chain_out *out)
{
    if (chain_begin(in, arena, out))
        chain_finish(in, arena, out);
}

void chain_cannot_redact(struct chain_out *out)
{
    static const struct st_text CANNOT = {
        "What must not leave could not be taken out of this message, so it was not sent.",
        "Was nicht hinausgehen darf, ließ sich aus dieser Nachricht nicht entfernen; "
        "sie wurde nicht gesendet."
    };

    out->judgement.verdict = POL_BLOCK;
    out->judgement.message = CANNOT;
    if (out->receipt.reason == FLT_REASON_NONE)
        out->receipt.reason = FLT_REASON_MASK;
}

bool chain_redact(const struct chain_in *in, struct chain_out *out, struct st_buf *body, struct st_buf *query)
{
    if (out->doc != NULL && out->route != NULL)
        lp_keep_lengths(out->route, out->doc);
    if (in->not_held == FLT_REASON_NONE && /* what was not held cannot be written anew */
        out->doc != NULL && out->judgement.redact != NULL &&
        flt_redact(out->doc, &out->findings, out->judgement.redact, body, query, &out->err) == ST_OK &&
        body->failed == ST_E_NONE && query->failed == ST_E_NONE)
        return true;
    chain_cannot_redact(out);
    return false;
}

const char *chain_message(const struct chain_out *out, bool in_german)
{
    const struct pol_judgement *judgement = &out->judgement;
    const struct lp_opinion *opinion = &out->opinion;

    if (opinion->message_en != NULL && judgement->rule != NULL && strcmp(judgement->rule, "plugin") == 0)
        return in_german && opinion->message_de != NULL ? opinion->message_de : opinion->message_en;
    return in_german && judgement->message.de != NULL ? judgement->message.de : judgement->message.en;
}
