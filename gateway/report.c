/* SPDX-License-Identifier: Apache-2.0 */
/* report - what of an exchange may be kept, and what the curator gets to see.
 *
 * Decisions and learning become records: ids, numbers and the public facts of a resource, never text, never a header
 * (audit/fields.def; DESIGN §6.3). A value that is no id is left out rather than sent. A record is in this
 * process's journal before the person gets the answer it is about. Copies of posts for the curator are bounded and may
 * be dropped: curation never stands in the way. Ordinary traffic reports nothing.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/copies.h"
#include "gateway/txn_parts.h"
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 4096 /* of what stands for the text of a copy */

/* ---- counts ----------------------------------------------------------------------------------------------------- */

static void count_files(const struct report_case *c)
{
    const struct flt_doc *doc = c->chain->doc;

    for (size_t i = 0; doc != NULL && i < doc->n_files; i++) {
        c->worker->counts.files++;
        c->worker->counts.files_unread += doc->files[i].reason != FLT_REASON_NONE;
        c->worker->files_by[doc->files[i].reason]++;
    }
}

void report_counts(const struct report_case *c)
{
    struct worker_counts *counts = &c->worker->counts;
    const struct flt_receipt *receipt = &c->chain->receipt;

    switch (c->chain->judgement.verdict) {
    case POL_ALLOW: counts->verdict_allow++; break;
    case POL_NOTE: counts->verdict_note++; break;
    case POL_COACH: counts->verdict_coach++; break;
    case POL_REDACT: counts->verdict_redact++; break;
    case POL_BLOCK: counts->verdict_block++; break;
    }
    drift_note(&c->worker->drift, c->chain, lp_host_platform(c->rules->gen->plugins, st_span_str(c->host)));
    count_files(c);
    counts->scan_failed += c->chain->failed != CHAIN_NONE;
    counts->inspected_fully += receipt->coverage == FLT_FULLY;
    counts->inspected_partly += receipt->coverage == FLT_PARTLY;
    if (receipt->coverage != FLT_FULLY) {
        counts->not_inspected++;
        c->worker->not_inspected[receipt->reason]++;
    }
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static bool is_id(struct st_span s, size_t max)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!is_alnum && (c == 0 || strchr("._:/#-", c) == NULL))
            return false;
    }
    return s.n > 0 && s.n <= max;
}

static void put_id(struct st_json *w, const char *key, struct st_span value, size_t max)
{
    if (is_id(value, max))
        st_json_span(w, key, value);
}

static void put_name(struct st_json *w, const char *key, const char *value)
{
    if (value != NULL)
        put_id(w, key, st_span_str(value), 64);
}

const char *report_id(char *id)
{
    struct st_err ignored;

    if (id[0] == '\0' && st_uuid7(id, &ignored) != ST_OK)
        memcpy(id, "none", 5);
    return id;
}

static void put_activity(struct st_json *w, const struct report_case *c)
{
    static const char *const PHASES[] = {
#define X(id, name) [LP_##id] = name,
        LP_PHASES(X)
#undef X
    };
    const struct lp_activity *activity = &c->chain->activity;

    if (!c->chain->has_activity) {
        put_name(w, "platform", lp_host_platform(c->rules->gen->plugins, st_span_str(c->host)));
        return;
    }
    put_name(w, "platform", activity->platform);
    put_name(w, "activity", activity->kind);
    put_id(w, "audience", st_span_str(activity->audience), 32);
    if ((size_t)activity->phase < ST_LEN(PHASES))
        st_json_str(w, "phase", PHASES[activity->phase]);
    st_json_int(w, "confidence", activity->confidence);
}

static void put_findings(struct st_json *w, const struct report_case *c)
{
    const struct flt_findings *findings = &c->chain->findings;
    enum flt_severity worst = FLT_LOW;
    size_t redacted = 0, named = 0;

    if (findings->n == 0)
        return;
    st_json_array(w, "detectors");
    for (size_t i = 0; i < findings->n; i++) {
        bool is_repeated = false;

        for (size_t k = 0; k < i && !is_repeated; k++)
            is_repeated = findings->items[k].rule == findings->items[i].rule;
        if (!is_repeated && named++ < 64)
            put_name(w, NULL, findings->items[i].rule->id);
        if (findings->items[i].rule->severity > worst)
            worst = findings->items[i].rule->severity;
        redacted += c->is_redacted && c->chain->judgement.redact[i];
    }
    st_json_end(w);
    st_json_int(w, "findings", (int64_t)findings->n);
    if (redacted > 0)
        st_json_int(w, "redacted", (int64_t)redacted);
    st_json_str(w, "severity", flt_severity_name(worst));
}

static void put_observed(struct st_json *w, const struct pol_judgement *judgement)
{
    size_t named = 0;

    for (size_t i = 0; i < judgement->n && named < 32; i++) {
        if (!judgement->reasons[i].is_observed || !is_id(st_span_str(judgement->reasons[i].rule), 64))
            continue;
        if (named++ == 0)
            st_json_array(w, "observed");
        st_json_str(w, NULL, judgement->reasons[i].rule);
    }
    if (named > 0)
        st_json_end(w);
}

static void put_decision(struct st_json *w, const struct report_case *c)
{
    const struct pol_judgement *judgement = &c->chain->judgement;
    const struct flt_receipt *receipt = &c->chain->receipt;

    st_json_object(w, NULL);
    st_json_str(w, "txn", report_id(c->id));
    put_activity(w, c);
    put_id(w, "host", st_span_str(c->host), 128);
    st_json_str(w, "verdict", pol_verdict_name(judgement->verdict));
    put_name(w, "policy", judgement->policy);
    put_name(w, "rule", judgement->rule);
    put_observed(w, judgement);
    put_findings(w, c);
    st_json_str(w, "coverage", flt_coverage_name(receipt->coverage));
    if (receipt->reason != FLT_REASON_NONE)
        st_json_str(w, "reason", flt_reason_name(receipt->reason));
    st_json_int(w, "bytes", (int64_t)receipt->bytes);
    st_json_int(w, "inspected", (int64_t)receipt->inspected);
    if (c->streamed > 0)
        st_json_int(w, "streamed", (int64_t)c->streamed);
    put_name(w, "plugin", c->chain->opinion.plugin);
    st_json_int(w, "generation", (int64_t)c->rules->gen->number);
    st_json_end(w);
}

static void take_person(struct aud_entry *entry, const char *person)
{
    (void)snprintf(entry->person, sizeof entry->person, "%s", person);
}

static enum st_rc hand_over(const struct report_case *c, struct aud_entry *entry, struct st_err *err)
{
    if (lp_hook_record(c->rules->gen->plugins, aud_kind_name(entry->kind), &entry->details, err) != ST_OK)
        return ST_ERR;
    if (aud_entry_check(entry, err) != ST_OK || outbox_add(c->worker->outbox, entry, err) != ST_OK)
        return ST_ERR;
    c->worker->counts.records++;
    return ST_OK;
}

enum st_rc report_decision(const struct report_case *c, struct st_err *err)
{
    const struct pol_judgement *judgement = &c->chain->judgement;
    struct aud_entry entry;
    struct st_json w;
    enum st_rc rc;

    if (!judgement->is_recorded)
        return ST_OK;
    aud_entry_init(&entry, AUD_DECISION);
    entry.wall_ms = st_clock_wall_ms();
    take_person(&entry, c->person);
    (void)snprintf(entry.subject, sizeof entry.subject, "%s",
                   st_id(judgement->rule != NULL ? judgement->rule : "observed").s);
    st_json_init(&w, &entry.details);
    put_decision(&w, c);
    rc = hand_over(c, &entry, err);
    aud_entry_fini(&entry);
    if (rc == ST_OK)
        return ST_OK;
    ST_LOG(TXN_FAILED, ST_LIT("why", "record"), ST_ERRF(err));
    if (worker_config(c->worker)->failure.recorder == POL_FAIL_BLOCK)
        return ST_ERR;
    c->worker->counts.records_dropped++;
    return ST_OK;
}

/* ---- learning --------------------------------------------------------------------------------------------------- */

bool report_is_learning(const struct report_case *c)
{
    static const char *const KINDS[] = { "view", "post",   "comment", "reply",   "edit",    "answer", "question",
                                         "note", "watch.", "read.",   "listen.", "course.", "quiz." };
    const struct lp_activity *activity = &c->chain->activity;

    if (!c->chain->has_activity || activity->confidence < 80 || c->person[0] == '\0' || activity->phase == LP_DRAFT ||
        activity->phase == LP_PREPARE)
        return false;
    for (size_t i = 0; i < ST_LEN(KINDS); i++) {
        struct st_span kind = st_span_str(activity->kind), want = st_span_str(KINDS[i]);

        if (st_span_eq(kind, want) || (st_span_ends(want, ST_SPAN(".")) && st_span_starts(kind, want)))
            return true;
    }
    return false;
}

static void put_thing(struct st_json *w, const struct lp_activity *activity, bool with_title)
{
    put_id(w, "object_id", activity->object_id, 128);
    put_id(w, "object_type", activity->object_type, 32);
    if (activity->url.n > 0 && activity->url.n <= 512)
        st_json_span(w, "url", activity->url);
    if (with_title && activity->title.n > 0 && activity->title.n <= 300)
        st_json_span(w, "title", activity->title);
    put_id(w, "lang", activity->lang, 32);
    if (activity->length_ms > 0)
        st_json_int(w, "length_ms", (int64_t)activity->length_ms);
}

static void put_progress(struct st_json *w, const struct lp_activity *activity)
{
    if (activity->n_intervals > 0) {
        st_json_array(w, "intervals");
        for (size_t i = 0; i < activity->n_intervals && i < 64; i++) {
            st_json_array(w, NULL);
            st_json_int(w, NULL, (int64_t)activity->intervals[i].from_ms);
            st_json_int(w, NULL, (int64_t)activity->intervals[i].to_ms);
            st_json_end(w);
        }
        st_json_end(w);
    }
    if (activity->dwell_ms > 0)
        st_json_int(w, "dwell_ms", (int64_t)activity->dwell_ms);
    if (activity->is_final)
        st_json_bool(w, "final", true);
}

/* The recorder drops it without a trace unless this person opted in. */
static enum st_rc record_learning(const struct report_case *c, bool with_title, struct st_err *err)
{
    const struct lp_activity *activity = &c->chain->activity;
    struct aud_entry entry;
    struct st_json w;
    enum st_rc rc;

    aud_entry_init(&entry, AUD_LEARNING);
    entry.wall_ms = st_clock_wall_ms();
    take_person(&entry, c->person);
    (void)snprintf(entry.subject, sizeof entry.subject, "%s", st_id(activity->kind).s);
    st_json_init(&w, &entry.details);
    st_json_object(&w, NULL);
    st_json_str(&w, "txn", report_id(c->id));
    put_activity(&w, c);
    put_thing(&w, activity, with_title);
    put_progress(&w, activity);
    st_json_int(&w, "generation", (int64_t)c->rules->gen->number);
    st_json_end(&w);
    rc = hand_over(c, &entry, err);
    aud_entry_fini(&entry);
    return rc;
}

/* ---- copies ----------------------------------------------------------------------------------------------------- */

static enum lp_curable may_be_curated(const struct report_case *c, const struct copy *copy, struct st_buf *words)
{
    const struct lp_item item = { .platform = copy->platform,
                                  .kind = copy->kind,
                                  .url = copy->url,
                                  .title = copy->title,
                                  .author = copy->author,
                                  .lang = copy->lang,
                                  .text = copy->text,
                                  .dwell_ms = copy->dwell_ms,
                                  .length_ms = copy->length_ms };

    return lp_curate_may(c->worker->rules->gen->plugins, &item, words);
}

/* A post that no rule can match stays here, and so does the text of one where its phrases are enough: nobody else need
 * see it. The rules are the newest, as the curator's are, so that both speak of the same phrases. */
static void copy_post(const struct report_case *c)
{
    const struct lp_activity *activity = &c->chain->activity;
    struct copy copy = { .platform = activity->platform,
                         .kind = activity->kind,
                         .person = c->person,
                         .url = activity->url,
                         .title = activity->title,
                         .author = activity->author,
                         .lang = activity->lang,
                         .text = st_span_sub(activity->text, 0, COPY_TEXT_MAX),
                         .object_id = activity->object_id,
                         .dwell_ms = activity->dwell_ms,
                         .length_ms = activity->length_ms };
    struct st_buf words;
    enum lp_curable wanted;

    if (c->is_redacted || activity->phase == LP_DRAFT || activity->phase == LP_PREPARE ||
        (activity->text.n == 0 && activity->dwell_ms == 0))
        return;
    st_buf_init(&words, WORDS_MAX);
    wanted = may_be_curated(c, &copy, &words);
    if (wanted == LP_CURATE_WORDS) {
        copy.text = ST_SPAN_NONE;
        copy.words = st_buf_view(&words);
    }
    if (wanted != LP_CURATE_NO)
        copies_add(c->worker->copies, &copy);
    st_buf_fini(&words);
}

void report_taken(const struct report_case *c)
{
    struct st_err err = ST_ERR_INIT;

    if (!c->chain->has_activity || c->chain->judgement.verdict == POL_BLOCK) /* what it took was not the message */
        return;
    if (report_is_learning(c) && record_learning(c, true, &err) != ST_OK && err.code == ST_E_PROTO &&
        record_learning(c, false, &err) != ST_OK) /* a title that the format does not take is left out */
        c->worker->counts.records_dropped++;
    copy_post(c);
}
