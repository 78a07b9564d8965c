/* SPDX-License-Identifier: Apache-2.0 */
/* sift - one verdict over a body of which no more than a stretch is in memory at any time.
 *
 * Each stretch (filters/stretch.c) goes through the chain as a message of its own, but for the judge. What lasts of it
 * is small and has a ceiling: the findings that are its own, with the beginning of their values (so that different ones
 * can be told apart) and their paths; what dictionaries have seen; the strictest opinion of the plugins; what was not
 * looked into. At the end the judge gets all that as if it were one message. The activity is that of the stretch which
 * tells it best, the first as a rule; its memory is kept.
 */
#include "gateway/sift.h"
#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

#define SIFT_MAGIC   0x73696674u
#define PIECE        65536u
#define OPINION_MAX  262144u
#define RULE_IS_SURE 100  /* an adapter's rule, by head and body */
#define VALUE_MAX    256u /* of a finding: its beginning, and its end */
#define VALUE_END    64u
#define PATH_SHOWN   128u

struct item {
    struct flt_finding finding;
    size_t path_n, value_n;
    uint8_t path[PATH_SHOWN], value[VALUE_MAX];
};

struct sift {
    unsigned magic;
    struct chain_in in;
    size_t memory; /* most that one stretch may take */
    struct flt_cutter *cutter;
    struct flt_terms *terms;
    struct st_arena *kept;    /* of the stretch that the activity is from */
    struct st_arena *opinion; /* the strings of out.opinion */
    struct chain_out out;     /* what is known so far */
    uint64_t fed, missed;     /* bytes; of them, not looked into */
    size_t stretches, unread;
    size_t n;
    bool is_capped, has_files;
    bool lets_go; /* the body is for hold to let go */
    struct flt_hold hold;
    struct item items[FLT_FINDINGS_MAX];
};

enum st_rc sift_new(const struct chain_in *in, struct st_span first, struct sift **out, struct st_err *err)
{
    struct flt_cutter *cutter = NULL;
    struct sift *sift;

    *out = NULL;
    if (flt_cutter_new(in->req.content_type, first, FLT_STRETCH_USUAL, &cutter, err) != ST_OK)
        return ST_ERR;
    if (cutter == NULL)
        return ST_OK;
    if ((sift = calloc(1, sizeof *sift)) == NULL) {
        flt_cutter_free(cutter);
        return st_fail(err, ST_E_NOMEM, "sift.new", "sift", sizeof *sift);
    }
    sift->magic = SIFT_MAGIC;
    sift->cutter = cutter;
    sift->terms = flt_terms_new(pol_set_packs(in->gen->policies));
    sift->opinion = st_arena_new(OPINION_MAX);
    if (sift->terms == NULL || sift->opinion == NULL) {
        sift_free(sift);
        return st_fail(err, ST_E_NOMEM, "sift.new", "terms", 0);
    }
    sift->in = *in;
    sift->in.terms = sift->terms;
    sift->in.drips = NULL; /* what is this long is no drip */
    sift->memory = (size_t)in->gen->config->limit.txn_memory;
    *out = sift;
    return ST_OK;
}

void sift_free(struct sift *sift)
{
    if (sift == NULL)
        return;
    ST_CHECK(sift, SIFT_MAGIC);
    flt_cutter_free(sift->cutter);
    flt_terms_free(sift->terms);
    st_arena_free(sift->kept);
    st_arena_free(sift->opinion);
    st_wipe(sift->items, sizeof sift->items);
    sift->magic = 0;
    free(sift);
}

size_t sift_memory(const struct sift *sift)
{
    return sizeof *sift + flt_cutter_memory(sift->cutter) + flt_terms_memory(sift->terms) +
           (sift->kept != NULL ? st_arena_used(sift->kept) : 0);
}

/* ---- what lasts of a stretch ------------------------------------------------------------------------------------- */

static size_t copy_value(uint8_t out[VALUE_MAX], struct st_span value)
{
    size_t end = value.n > VALUE_MAX ? VALUE_END : 0, n = value.n < VALUE_MAX ? value.n : VALUE_MAX;

    if (value.n == 0)
        return 0;
    memcpy(out, value.p, n - end);
    memcpy(out + n - end, value.p + value.n - end, end);
    return n;
}

/* A place for one more; when all are taken, that of a lesser one. NULL: there is none. */
static struct item *place_for(struct sift *sift, const struct flt_finding *finding)
{
    struct item *least = &sift->items[0];

    if (sift->n < FLT_FINDINGS_MAX)
        return &sift->items[sift->n++];
    sift->is_capped = true;
    for (size_t i = 1; i < sift->n; i++)
        if (sift->items[i].finding.rule->severity < least->finding.rule->severity)
            least = &sift->items[i];
    return finding->rule->severity > least->finding.rule->severity ? least : NULL;
}

static void keep_finding(struct sift *sift, const struct flt_doc *doc, const struct flt_finding *finding)
{
    const struct flt_field *field = &doc->fields[finding->field];
    struct item *item = place_for(sift, finding);

    if (item == NULL)
        return;
    item->finding = *finding;
    item->finding.run = NULL; /* of the stretch's arena; what is not held is not masked */
    item->path_n = field->path.n < PATH_SHOWN ? field->path.n : PATH_SHOWN;
    if (item->path_n > 0)
        memcpy(item->path, field->path.p, item->path_n);
    item->value_n = copy_value(item->value, flt_finding_value(doc, finding));
}

static void keep_findings(struct sift *sift, const struct flt_stretch *stretch, const struct chain_out *out)
{
    sift->is_capped = sift->is_capped || out->findings.is_capped;
    for (size_t i = 0; i < out->findings.n; i++)
        if (flt_stretch_owns(stretch, out->doc, &out->findings.items[i]))
            keep_finding(sift, out->doc, &out->findings.items[i]);
}

static void keep_receipt(struct sift *sift, const struct flt_stretch *stretch, const struct flt_receipt *receipt)
{
    struct flt_receipt *all = &sift->out.receipt;
    enum flt_reason reason = receipt->reason != FLT_REASON_NONE ? receipt->reason : stretch->reason;

    sift->stretches++;
    sift->unread += receipt->coverage == FLT_NOT;
    sift->missed += receipt->bytes - receipt->inspected;
    if (receipt->coverage != FLT_FULLY || stretch->reason != FLT_REASON_NONE)
        all->coverage = FLT_PARTLY;
    all->others |= receipt->others | 1u << reason;
    all->others |= receipt->others;
    if (all->reason == FLT_REASON_NONE)
        all->reason = reason;
    else if (reason != FLT_REASON_NONE)
        all->others |= 1u << reason;
}

/* Strings of an opinion live as long as the stretch. */
static enum st_rc keep_opinion(struct sift *sift, const struct lp_opinion *opinion, struct st_err *err)
{
    struct lp_opinion *all = &sift->out.opinion;
    const char **strings[] = { &all->reason, &all->message_en, &all->message_de };

    if (opinion->verdict <= all->verdict && all->plugin != NULL)
        return ST_OK;
    *all = *opinion;
    for (size_t i = 0; i < ST_LEN(strings); i++) {
        if (*strings[i] == NULL)
            continue;
        if ((*strings[i] = st_arena_str(sift->opinion, st_span_str(*strings[i]))) == NULL)
            return st_arena_fail(sift->opinion, err, "sift.opinion");
    }
    return ST_OK;
}

/* Does this stretch tell better what the person does than the ones before? Then its memory stays. */
static bool keep_activity(struct sift *sift, const struct chain_out *out)
{
    if (sift->kept != NULL &&
        (!out->has_activity || (sift->out.has_activity && out->activity.confidence <= sift->out.activity.confidence)))
        return false;
    sift->out.route = out->route;
    sift->out.activity = out->activity;
    sift->out.has_activity = out->has_activity;
    sift->in.route = out->has_activity && out->activity.confidence == RULE_IS_SURE ? out->route : NULL;
    return true;
}

/* The findings and a doc that they stand in. */
static enum st_rc put_findings(struct sift *sift, struct st_arena *arena, struct st_err *err)
{
    struct flt_doc *doc = st_arena_alloc(arena, sizeof *doc);
    struct flt_field *fields = st_arena_alloc(arena, (sift->n + 1) * sizeof *fields);
    struct flt_finding *items = st_arena_alloc(arena, (sift->n + 1) * sizeof *items);

    if (doc == NULL || fields == NULL || items == NULL)
        return st_arena_fail(arena, err, "sift.findings");
    for (size_t i = 0; i < sift->n; i++) {
        const struct item *item = &sift->items[i];

        fields[i] = (struct flt_field){ .path = st_span(item->path, item->path_n),
                                        .text = st_span(item->value, item->value_n) };
        items[i] = item->finding;
        items[i].field = (uint32_t)i;
        items[i].from = 0;
        items[i].to = (uint32_t)item->value_n;
    }
    *doc = (struct flt_doc){ .fields = fields, .n = sift->n, .receipt = sift->out.receipt };
    sift->out.doc = doc;
    sift->out.findings = (struct flt_findings){ .items = items, .n = sift->n, .is_capped = sift->is_capped };
    return ST_OK;
}

/* ---- what may leave ---------------------------------------------------------------------------------------------- */

/* Would a policy do something about it if there were more of the like? */
static enum st_rc may_act(struct sift *sift, struct st_arena *arena, bool *may, struct st_err *err)
{
    struct chain_out out;

    if (put_findings(sift, arena, err) != ST_OK)
        return ST_ERR;
    out = sift->out;
    out.findings.is_capped = true; /* then any count is reached */
    chain_judge(&sift->in, arena, &out);
    *may = out.judgement.verdict >= POL_COACH;
    return ST_OK;
}

static enum st_rc let_go(struct sift *sift, const struct flt_stretch *stretch, const struct chain_out *out,
                         struct st_arena *arena, struct st_err *err)
{
    struct flt_looked looked = { stretch, out->doc, &out->findings, false };

    if (!sift->lets_go || sift->hold.state == FLT_HOLD_STOPPED)
        return ST_OK;
    if (may_act(sift, arena, &looked.may_act, err) != ST_OK)
        return ST_ERR;
    return flt_hold_looked(&sift->hold, &looked, arena, err);
}

void sift_lets_go(struct sift *sift)
{
    ST_CHECK(sift, SIFT_MAGIC);
    sift->lets_go = true;
}

uint64_t sift_may_leave(const struct sift *sift)
{
    return sift->hold.free;
}

static bool has_seen_enough(const struct sift *sift)
{
    return sift->out.failed != CHAIN_NONE || sift->has_files;
}

bool sift_has_stopped(const struct sift *sift)
{
    return sift->hold.state == FLT_HOLD_STOPPED || has_seen_enough(sift);
}

/* ---- stretches --------------------------------------------------------------------------------------------------- */

/* *arena is NULL afterwards when it is kept. */
static enum st_rc look(struct sift *sift, const struct flt_stretch *stretch, struct st_arena **arena,
                       struct st_err *err)
{
    struct chain_in in = sift->in;
    struct chain_out out;
    uint8_t *copy = st_arena_dup(*arena, stretch->message.p, stretch->message.n); /* what is kept borrows from it */

    if (copy == NULL)
        return st_arena_fail(*arena, err, "sift.stretch");
    in.body = st_span(copy, stretch->message.n);
    in.req.content_type = stretch->content_type;
    if (!stretch->is_first) {
        in.req.query = ST_SPAN_NONE;
        in.n_words = 0;
    }
    if (!stretch->is_first && sift->lets_go)
        in.open = FLT_OPEN_NOTHING; /* a line in the middle makes no letter of it, and it is not here as a whole */
    (void)chain_look(&in, *arena, &out);
    sift->out.failed = out.failed;
    sift->out.err = out.err;
    sift->has_files = out.doc != NULL && out.doc->n_files > 0;
    if (out.failed != CHAIN_NONE || sift->has_files)
        return ST_OK;
    keep_findings(sift, stretch, &out);
    keep_receipt(sift, stretch, &out.receipt);
    if (keep_opinion(sift, &out.opinion, err) != ST_OK || let_go(sift, stretch, &out, *arena, err) != ST_OK)
        return ST_ERR;
    if (!keep_activity(sift, &out))
        return ST_OK;
    st_arena_free(sift->kept);
    sift->kept = *arena;
    *arena = NULL;
    return ST_OK;
}

static enum st_rc look_at_all(struct sift *sift, struct st_err *err)
{
    struct flt_stretch stretch;
    bool any = true;

    while (!has_seen_enough(sift)) {
        struct st_arena *arena;
        enum st_rc rc = flt_cutter_next(sift->cutter, &stretch, &any, err);

        if (rc != ST_OK || !any)
            return rc;
        if ((arena = st_arena_new(sift->memory)) == NULL)
            return st_fail(err, ST_E_NOMEM, "sift.stretch", "arena", 0);
        rc = look(sift, &stretch, &arena, err);
        st_arena_free(arena);
        if (rc != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

bool sift_has_files(const struct sift *sift)
{
    return sift->has_files;
}

enum st_rc sift_feed(struct sift *sift, struct st_span data, struct st_err *err)
{
    ST_CHECK(sift, SIFT_MAGIC);
    sift->fed += data.n;
    for (size_t at = 0; at < data.n && !has_seen_enough(sift); at += PIECE) {
        if (flt_cutter_feed(sift->cutter, st_span_sub(data, at, PIECE), err) != ST_OK ||
            look_at_all(sift, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

enum st_rc sift_press(struct sift *sift, struct st_err *err)
{
    ST_CHECK(sift, SIFT_MAGIC);
    flt_cutter_press(sift->cutter);
    return look_at_all(sift, err);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

enum st_rc sift_so_far(struct sift *sift, struct st_arena *arena, struct chain_out *out, struct st_err *err)
{
    ST_CHECK(sift, SIFT_MAGIC);
    if (put_findings(sift, arena, err) != ST_OK)
        return ST_ERR;
    *out = sift->out;
    out->receipt.bytes = out->receipt.inspected = sift->fed;
    chain_judge(&sift->in, arena, out);
    return ST_OK;
}

enum st_rc sift_end(struct sift *sift, struct st_arena *arena, struct chain_out *out, struct st_err *err)
{
    struct flt_receipt *receipt = &sift->out.receipt;

    ST_CHECK(sift, SIFT_MAGIC);
    flt_cutter_end(sift->cutter);
    if (look_at_all(sift, err) != ST_OK)
        return ST_ERR;
    receipt->bytes = sift->fed;
    receipt->inspected = sift->fed - (sift->missed < sift->fed ? sift->missed : sift->fed);
    if (receipt->coverage == FLT_PARTLY && sift->unread == sift->stretches) {
        receipt->coverage = FLT_NOT;
        receipt->inspected = 0;
    }
    if (put_findings(sift, arena, err) != ST_OK)
        return ST_ERR;
    if (sift->out.failed != CHAIN_NONE)
        chain_forget(&sift->out, sift->out.failed, sift->fed);
    *out = sift->out;
    chain_judge(&sift->in, arena, out);
    return ST_OK;
}
