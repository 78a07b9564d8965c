/* SPDX-License-Identifier: Apache-2.0 */
/* drips - see drips.h.
 *
 * The texts of one place are read twice with the new one behind them: run together, as digits one by one would be, and
 * with a blank between, as groups would. Only what crosses the border to the new text counts, and a look says first
 * whether anything may (flt_may_cross): nearly always nothing does. A client that sends the whole text again with each
 * key (a draft) replaces what it sent, so that "4", "41", "411" are no number; where no adapter says what is a draft,
 * each text that goes on the one before counts as one. A place is the conversation, thread or object that the adapter
 * names, else the address that it is sent to.
 */
#include "gateway/drips.h"
#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

#define WAYS     8u   /* places for one key */
#define PART_MAX 120u /* bytes of one text that are kept, from its end, or read, from its front */
#define SEP      0x1Fu
#define SURE     80u /* an adapter's rule said what was done; below it a draft is a guess */
#define JOINTS   2u
#define MASKED   ST_SPAN(";") /* what stands for it joins nothing */

static void wipe(struct drip *drip)
{
    st_wipe(drip, sizeof *drip);
}

void drips_fini(struct drips *drips)
{
    if (drips->timers != NULL)
        st_timer_disarm(drips->timers, &drips->timer);
    if (drips->items != NULL)
        st_wipe(drips->items, drips->n * sizeof *drips->items);
    free(drips->items);
    drips->items = NULL;
}

void drips_limit(struct drips *drips, size_t n, uint64_t window_ms)
{
    n -= n % WAYS;
    drips->window_ms = window_ms;
    if (n == drips->n)
        return;
    drips_fini(drips);
    drips->n = n;
}

static enum st_rc make(struct drips *drips, struct st_err *err)
{
    uint8_t key[ST_SIP_KEY_LEN];

    if (drips->items != NULL)
        return ST_OK;
    if (st_random(key, sizeof key, err) != ST_OK)
        return ST_ERR;
    drips->sip = st_sip_key(key);
    st_wipe(key, sizeof key);
    if ((drips->items = calloc(drips->n, sizeof *drips->items)) == NULL)
        return st_fail(err, ST_E_NOMEM, "gateway.drips", "table", drips->n);
    return ST_OK;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static uint64_t mix(const struct drips *drips, uint64_t key, struct st_span s)
{
    return st_siphash_u64(&drips->sip, key * 31 + st_siphash(&drips->sip, s));
}

static uint64_t key_of(const struct drips *drips, const struct drip_case *c)
{
    const struct lp_activity *a = c->activity;
    struct st_span place = a->parent_id.n > 0 ? a->parent_id : a->group_id.n > 0 ? a->group_id : a->object_id;
    uint64_t key = mix(drips, mix(drips, 1, c->person), st_span_str(a->platform));

    key = mix(drips, mix(drips, key, c->host), place.n > 0 ? place : c->path);
    return key != 0 ? key : 1;
}

static bool is_due(const struct drips *drips, const struct drip *drip, uint64_t now)
{
    return drip->key != 0 && now - drip->last_ms >= drips->window_ms;
}

static enum st_rc arm(struct drips *drips, struct st_err *err);

static void on_due(void *ctx)
{
    struct drips *drips = ctx;
    struct st_err err = ST_ERR_INIT;
    bool any = false;

    for (size_t i = 0; drips->items != NULL && i < drips->n; i++) {
        if (is_due(drips, &drips->items[i], st_clock_ms()))
            wipe(&drips->items[i]);
        any = any || drips->items[i].key != 0;
    }
    if (any && arm(drips, &err) != ST_OK)
        drips_fini(drips); /* what could not be wiped in time is not kept */
}

static enum st_rc arm(struct drips *drips, struct st_err *err)
{
    if (drips->timers == NULL || drips->timer.slot != 0)
        return ST_OK;
    drips->timer.fn = on_due;
    drips->timer.ctx = drips;
    return st_timer_arm(drips->timers, &drips->timer, drips->window_ms, err);
}

/* What is kept under the key; NULL: nothing. */
static struct drip *find(struct drips *drips, uint64_t key, uint64_t now)
{
    struct drip *set = &drips->items[key % (drips->n / WAYS) * WAYS];

    for (unsigned i = 0; i < WAYS; i++) {
        if (is_due(drips, &set[i], now))
            wipe(&set[i]);
        else if (set[i].key == key)
            return &set[i];
    }
    return NULL;
}

/* A free place for the key, or that of the one that was silent longest. */
static struct drip *place_for(struct drips *drips, uint64_t key)
{
    struct drip *set = &drips->items[key % (drips->n / WAYS) * WAYS], *oldest = set;

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].key == 0)
            return &set[i];
        if (set[i].last_ms < oldest->last_ms)
            oldest = &set[i];
    }
    wipe(oldest);
    return oldest;
}

/* Is the text kept last, or its end, a draft of this one? */
static bool is_draft_of(const struct drip *drip, struct st_span last, const struct drip_case *c)
{
    struct st_span text = c->activity->text;
    bool is_sure = c->activity->confidence >= SURE;

    if (is_sure && !drip->is_draft)
        return false;
    if (is_sure && last.n > PART_MAX - 4) /* its beginning is not here */
        return st_span_find(text, last) != ST_SPAN_NPOS;
    return st_span_starts(text, last) ? is_sure || text.n > last.n : is_sure && st_span_starts(last, text);
}

/* How much of what is kept comes before this text: all, but for a draft of it. */
static size_t before(const struct drip *drip, const struct drip_case *c)
{
    size_t at = drip->n;

    while (at > 0 && drip->text[at - 1] != SEP)
        at--;
    if (!is_draft_of(drip, st_span(drip->text + at, drip->n - at), c))
        return drip->n;
    return at > 0 ? at - 1 : 0;
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static size_t boundary(struct st_span s, size_t at)
{
    while (at > 0 && at < s.n && (s.p[at] & 0xC0) == 0x80)
        at--;
    return at;
}

static uint8_t *put(uint8_t *to, struct st_span s)
{
    if (s.n > 0)
        memcpy(to, s.p, s.n);
    return to + s.n;
}

/* The first n bytes of what was kept, with `joint` between its texts and behind them, then the new one. */
static enum st_rc join(const struct drip *drip, size_t n, struct st_span joint, const struct drip_case *c,
                       struct flt_joined *out, struct st_err *err)
{
    struct st_span rest = st_span(drip->text, n), text = c->activity->text, part;
    uint8_t *start = st_arena_alloc(c->arena, (n + 1) * (1 + joint.n) + PART_MAX), *to = start;

    if (start == NULL)
        return st_arena_fail(c->arena, err, "gateway.drips");
    while (st_span_next(&rest, SEP, &part))
        to = put(put(to, part), joint);
    out->border = (uint32_t)(to - start);
    to = put(to, st_span_sub(text, 0, boundary(text, text.n < PART_MAX ? text.n : PART_MAX)));
    out->text = st_span(start, (size_t)(to - start));
    return ST_OK;
}

static bool is_told(const struct flt_findings *findings, const struct flt_finding *f)
{
    for (size_t i = 0; i < findings->n; i++)
        if (findings->items[i].field == f->field && findings->items[i].from == 0 && findings->items[i].to >= f->to)
            return true;
    return false;
}

/* In the order that findings have. */
static enum st_rc add(const struct drip_case *c, struct flt_findings *findings, const struct flt_finding *f,
                      struct st_err *err)
{
    struct flt_finding *items = st_arena_alloc(c->arena, (findings->n + 1) * sizeof *items);
    size_t at = 0;

    if (items == NULL)
        return st_arena_fail(c->arena, err, "gateway.drips");
    while (at < findings->n && findings->items[at].field < f->field)
        at++;
    for (size_t i = 0; i < findings->n; i++)
        items[i + (i >= at)] = findings->items[i];
    items[at] = *f;
    findings->items = items;
    findings->n++;
    return ST_OK;
}

/* The field that what the person typed begins in: the title of a post may be empty. */
static uint32_t first_typed(const struct drip_case *c)
{
    size_t i = 0;

    while (i + 1 < c->activity->n_typed && c->doc->fields[c->activity->typed[i]].text.n == 0)
        i++;
    return c->activity->typed[i];
}

/* Its part of this message: the front of what the person typed. */
static enum st_rc take(struct drips *drips, const struct drip_case *c, const struct flt_finding *found, uint32_t border,
                       struct flt_findings *findings, struct st_err *err)
{
    struct flt_finding f = { .rule = found->rule,
                             .field = first_typed(c),
                             .to = found->to - border,
                             .confidence = found->confidence,
                             .reading = FLT_READ_JOINED };
    struct st_span field = c->doc->fields[f.field].text;

    f.to = f.to < field.n ? f.to : (uint32_t)field.n;
    if (is_told(findings, &f))
        return ST_OK;
    if (findings->n == FLT_FINDINGS_MAX) {
        findings->is_capped = true;
        return ST_OK;
    }
    if (drips->found != NULL)
        (*drips->found)++;
    return add(c, findings, &f, err);
}

static enum st_rc read_joined(struct drips *drips, const struct drip_case *c, const struct flt_joined *joined,
                              struct flt_findings *findings, struct st_err *err)
{
    uint32_t border = joined->border;
    struct flt_findings found;
    struct flt_doc *doc;

    if (flt_text_doc(c->arena, joined->text, &doc, err) != ST_OK ||
        flt_scan(c->scanner, c->arena, doc, &found, NULL, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < found.n; i++) {
        const struct flt_finding *f = &found.items[i];

        if (f->run == NULL && f->from < border && f->to > border && take(drips, c, f, border, findings, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

static bool is_typed(const struct drips *drips, const struct drip_case *c)
{
    return drips->n > 0 && c->activity->text.n > 0 && c->activity->n_typed > 0 && c->activity->typed[0] < c->doc->n;
}

enum st_rc drips_look(struct drips *drips, const struct drip_case *c, struct flt_findings *findings, struct st_err *err)
{
    static const struct st_span joints[JOINTS] = { { (const uint8_t *)"", 0 }, { (const uint8_t *)" ", 1 } };
    struct flt_joined joined[JOINTS];
    const struct drip *drip;
    bool may = true;
    size_t n;

    if (!is_typed(drips, c) || drips->items == NULL)
        return ST_OK;
    if ((drip = find(drips, key_of(drips, c), st_clock_ms())) == NULL || (n = before(drip, c)) == 0)
        return ST_OK;
    for (size_t i = 0; i < JOINTS; i++)
        if (join(drip, n, joints[i], c, &joined[i], err) != ST_OK)
            return ST_ERR;
    if (flt_may_cross(c->scanner, c->arena, joined, JOINTS, &may, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < JOINTS && may; i++)
        if (read_joined(drips, c, &joined[i], findings, err) != ST_OK)
            return ST_ERR;
    return ST_OK;
}

/* ---- keeping ----------------------------------------------------------------------------------------------------- */

/* The end of a text behind what is kept, the oldest of which makes room. */
static void keep(struct drip *drip, const struct drip_case *c, struct st_span text)
{
    size_t n = before(drip, c), from = text.n > PART_MAX ? text.n - PART_MAX : 0, drop;

    while (from < text.n && (text.p[from] & 0xC0) == 0x80)
        from++;
    text = st_span_sub(text, from, text.n);
    drop = n + 1 + text.n > DRIP_KEPT ? n + 1 + text.n - DRIP_KEPT : 0;
    while (drop < n && (drip->text[drop] & 0xC0) == 0x80)
        drop++;
    n -= drop;
    memmove(drip->text, drip->text + drop, n);
    if (n > 0)
        drip->text[n++] = SEP;
    (void)put(drip->text + n, text);
    drip->n = n + text.n;
    drip->is_draft = c->activity->phase == LP_DRAFT;
    st_wipe(drip->text + drip->n, DRIP_KEPT - drip->n);
}

/* What is left of one typed field without what is masked in it: findings come in order. */
static uint8_t *put_rest(uint8_t *to, const struct drip_case *c, uint32_t field, const struct flt_findings *findings,
                         const bool *masked)
{
    struct st_span text = c->doc->fields[field].text;
    size_t at = 0;

    for (size_t i = 0; i < findings->n; i++) {
        const struct flt_finding *f = &findings->items[i];

        if (f->field != field || !masked[i] || f->to <= at)
            continue;
        if (f->from > at)
            to = put(to, st_span_sub(text, at, f->from - at));
        to = put(to, MASKED);
        at = f->to;
    }
    return put(to, st_span_sub(text, at, text.n));
}

/* The text as it leaves. */
static enum st_rc leaving(const struct drip_case *c, const struct flt_findings *findings, const bool *masked,
                          struct st_span *out, struct st_err *err)
{
    size_t most = findings->n * MASKED.n;
    uint8_t *start, *to;

    for (size_t i = 0; i < c->activity->n_typed; i++)
        most += c->doc->fields[c->activity->typed[i]].text.n + 1;
    if ((start = to = st_arena_alloc(c->arena, most)) == NULL)
        return st_arena_fail(c->arena, err, "gateway.drips");
    for (size_t i = 0; i < c->activity->n_typed; i++) {
        to = put_rest(to, c, c->activity->typed[i], findings, masked);
        *to++ = '\n';
    }
    *out = st_span_trim(st_span(start, (size_t)(to - start)));
    return ST_OK;
}

enum st_rc drips_note(struct drips *drips, const struct drip_case *c, const struct flt_findings *findings,
                      const bool *masked, struct st_err *err)
{
    struct st_span text = c->activity->text;
    struct drip *drip;
    uint64_t key;

    if (!is_typed(drips, c))
        return ST_OK;
    if (make(drips, err) != ST_OK || arm(drips, err) != ST_OK)
        return ST_ERR;
    if (masked != NULL && leaving(c, findings, masked, &text, err) != ST_OK)
        return ST_ERR;
    key = key_of(drips, c);
    if ((drip = find(drips, key, st_clock_ms())) == NULL)
        drip = place_for(drips, key);
    drip->key = key;
    drip->last_ms = st_clock_ms();
    keep(drip, c, text);
    return ST_OK;
}
