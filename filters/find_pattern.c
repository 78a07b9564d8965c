/* SPDX-License-Identifier: Apache-2.0 */
/* find_pattern - where a Hyperscan hit begins and ends.
 *
 * Hyperscan says only where a match ends. A pattern begins with a literal, the anchor, so the start is found by going
 * back over the rule's characters and looking for the anchor there; the end by going on over them. What lies between
 * is the candidate, longer than the match when the token goes on, never shorter. A rule of extent `match` has no such
 * literal: the bytes around its hits are matched once more, by the database that tells where a match begins.
 */
#include "filters/scanner.h"
#include <string.h>

#define CLOSING_MAX 9u  /* bytes of what closes around a value */
#define TAG_MAX     16u /* the same, of an element's end */

static bool in(const struct flt_detector *d, uint8_t c)
{
    return flt_set_has(&d->chars, c);
}

/* Length of the anchor that stands at `at`, 0 when none does. */
static size_t anchor_at(const struct flt_detector *d, struct st_span text, size_t at)
{
    for (size_t i = 0; i < d->n_anchors; i++) {
        struct st_span anchor = st_span_str(d->anchors[i].s), there = st_span_sub(text, at, anchor.n);

        if (d->is_caseless ? st_span_ieq(there, anchor) : st_span_eq(there, anchor))
            return anchor.n;
    }
    return 0;
}

static size_t longest_anchor(const struct flt_detector *d)
{
    size_t longest = 0;

    for (size_t i = 0; i < d->n_anchors; i++)
        longest = strlen(d->anchors[i].s) > longest ? strlen(d->anchors[i].s) : longest;
    return longest;
}

static bool attached(struct st_span text, uint32_t from)
{
    return from > 0 && flt_is_alnum(text.p[from - 1]) && flt_is_alnum(text.p[from]);
}

void flt_offer(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to, unsigned marks)
{
    struct flt_guess g = { d, from, to, st_span_sub(s->text, from, to - from), marks };
    size_t rule = (size_t)(d - s->packs->rules);

    if (to <= from || to - from < d->min || to <= s->done_to[rule])
        return;
    if (from > 0 && flt_set_has(&d->not_before, s->text.p[from - 1]))
        return;
    s->done_to[rule] = to;
    flt_consider(s, &g);
}

/* On over the rule's characters, at most to the rule's longest; a full stop at the end belongs to the sentence. An
 * exact finding ends where the match does. `from`, when what goes on makes it something else. */
static uint32_t walk_on(const struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    while (!d->is_exact && to < s->text.n && to - from < d->max && in(d, s->text.p[to]))
        to++;
    if (to < s->text.n && flt_set_has(&d->not_after, s->text.p[to]))
        return from;
    while (!d->is_exact && to > from + 1 &&
           (s->text.p[to - 1] == '.' || s->text.p[to - 1] == ':' || s->text.p[to - 1] == ','))
        to--;
    return to;
}

static uint32_t walk_back(const struct flt_scanner *s, const struct flt_detector *d, uint32_t end, uint32_t floor)
{
    while (end > floor && in(d, s->text.p[end - 1]))
        end--;
    return end;
}

static uint32_t floor_of(const struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    size_t rule = (size_t)(d - s->packs->rules);
    uint32_t floor = end > d->width ? end - d->width : 0;

    return floor > s->done_to[rule] ? floor : s->done_to[rule];
}

static void whole(struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    uint32_t floor = floor_of(s, d, end), run = walk_back(s, d, end, floor), to;
    size_t longest = longest_anchor(d), n = 0;
    uint32_t at = run > longest + floor ? run - (uint32_t)longest : floor;
    unsigned marks = 0;

    for (; at < end; at++)
        if ((n = anchor_at(d, s->text, at)) > 0 && at + n >= run)
            break;
    if (at == end)
        return;
    while (at > s->done_to[d - s->packs->rules] && anchor_at(d, s->text, at - 1) > 0) /* AAAA begins at its first A */
        at--;
    to = walk_on(s, d, at, end > at + n ? end : (uint32_t)(at + n));
    if (to == at)
        return;
    if (to < s->text.n && flt_is_alnum(s->text.p[to]) && flt_is_alnum(s->text.p[to - 1]))
        marks |= FLT_GLUED;
    if (attached(s->text, at))
        marks |= FLT_ATTACHED;
    flt_offer(s, d, at, to, marks);
}

static bool is_word(struct st_span anchor)
{
    for (size_t i = 0; i < anchor.n; i++)
        if (!flt_is_alpha(anchor.p[i]))
            return false;
    return true;
}

/* Are all anchors before the value short words inside of longer ones, as "eth" is in "together"? What comes behind an
 * anchor is the pattern's to say: cvvcode. */
static bool is_inside_words(const struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    bool any = false;

    for (uint32_t at = from; at < to; at++) {
        size_t n = anchor_at(d, s->text, at);
        struct st_span anchor = st_span_sub(s->text, at, n);

        if (n == 0)
            continue;
        if (n > FLT_SHORT_WORD || !is_word(anchor) || flt_word_begins(s->text, at))
            return false;
        any = true;
    }
    return any;
}

/* Behind the value there may be what closes a bracket, a quotation, code or an element: "(login: anna / …)". */
static uint32_t without_closing(const struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    static const char *const ends[] = { "</", "'>", "\">" };
    struct st_span last = st_span_sub(s->text, end > TAG_MAX ? end - TAG_MAX : 0, end > TAG_MAX ? TAG_MAX : end);
    uint32_t to = end;

    for (size_t i = 0; i < ST_LEN(ends); i++) {
        size_t at = st_span_find(last, st_span_str(ends[i]));

        if (at != ST_SPAN_NPOS)
            return end - (uint32_t)(last.n - at);
    }
    while (to > 0 && end - to < CLOSING_MAX && !in(d, s->text.p[to - 1]) &&
           (s->text.p[to - 1] >= 0x80 || memchr("`)]}<>|", s->text.p[to - 1], 7) != NULL))
        to--;
    return to;
}

static void tail(struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    size_t rule = (size_t)(d - s->packs->rules);
    uint32_t floor, from;

    end = without_closing(s, d, end);
    floor = end > d->max ? end - (uint32_t)d->max : 0; /* it may begin before the pattern does */
    from = walk_back(s, d, end, floor > s->done_to[rule] ? floor : s->done_to[rule]);
    while (from < end && s->text.p[from] == ' ') /* of those between groups */
        from++;
    if (!is_inside_words(s, d, end > d->width ? end - d->width : 0, from))
        flt_offer(s, d, from, walk_on(s, d, from, end), 0);
}

static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* "&name=": the next parameter of a query begins. */
static bool next_parameter(struct st_span text, uint32_t at)
{
    uint32_t i = at + 1;

    while (i < text.n && i - at < 32 && (flt_is_alnum(text.p[i]) || text.p[i] == '_'))
        i++;
    return text.p[at] == '&' && i > at + 1 && i < text.n && text.p[i] == '=';
}

/* What stands between the sign of an assignment and its value: blanks, the > of =>, an opening quote. */
static uint32_t value_start(struct st_span text, uint32_t at, uint8_t *quote)
{
    const uint8_t *p = text.p;

    for (int i = 0; i < 4 && at < text.n && p[at] != 0 && strchr(" \t>=", p[at]) != NULL; i++)
        at++;
    if (at + 1 < text.n && p[at] == '\\' && is_quote(p[at + 1]))
        at++;
    *quote = at < text.n && is_quote(p[at]) ? p[at] : 0;
    return *quote != 0 ? at + 1 : at;
}

/* Does a value that may be anything end here? A quoted one at its quote (escaped in a string in a string), else at a
 * blank, a sign of a sentence or of a program. */
bool flt_value_ends(struct st_span text, uint32_t at, uint8_t quote)
{
    uint8_t c = text.p[at];

    if (c < 0x20)
        return true;
    if (quote != 0)
        return c == quote || (c == '\\' && at + 1 < text.n && text.p[at + 1] == quote);
    return c == ' ' || is_quote(c) || strchr(",;<>()", c) != NULL || next_parameter(text, at) ||
           flt_sign_at(text, at) > 0;
}

/* The match ends at the = or : of an assignment; the value follows, quoted or not. */
static void assignment(struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    bool free_form = d->chars.bits[0] == 0 && d->chars.bits[1] == 0;
    uint8_t quote;
    uint32_t from = value_start(s->text, end, &quote), to = from;

    while (to < s->text.n && to - from < d->max &&
           (free_form ? !flt_value_ends(s->text, to, quote) : in(d, s->text.p[to])))
        to++;
    while (free_form && quote == 0 && to > from && (s->text.p[to - 1] == '.' || s->text.p[to - 1] == ':'))
        to--;
    flt_offer(s, d, from, to, 0);
}

/* From the anchor to the end of its -----END line; without one, as far as base64 goes. */
static void block(struct flt_scanner *s, const struct flt_detector *d, uint32_t end)
{
    uint32_t floor = floor_of(s, d, end), from = end, to = end;
    struct st_span rest;
    size_t at;

    while (from > floor && anchor_at(d, s->text, from) == 0)
        from--;
    if (anchor_at(d, s->text, from) == 0)
        return;
    rest = st_span_sub(s->text, end, d->max);
    at = st_span_find(rest, ST_SPAN("-----END"));
    if (at != ST_SPAN_NPOS) {
        struct st_span after = st_span_sub(rest, at + 8, 64);
        size_t close = st_span_find(after, ST_SPAN("-----"));

        to = end + (uint32_t)(at + 8 + (close == ST_SPAN_NPOS ? 0 : close + 5));
    } else {
        s->out->is_open = s->out->is_open || s->text.n - end < d->max;
        while (to < s->text.n && to - end < d->max &&
               (flt_is_alnum(s->text.p[to]) || strchr("+/=\r\n \t\\-:,", s->text.p[to]) != NULL))
            to++;
    }
    flt_offer(s, d, from, to, 0);
}

struct matches {
    struct flt_scanner *s;
    const struct flt_detector *d;
    uint32_t base;     /* of the window in the text */
    uint32_t from, to; /* the match that may go on; from == to: none */
};

/* Without flt_offer: of matches that overlap each is a candidate, since a validator may want the second of them. */
static void end_match(struct matches *x)
{
    const struct flt_detector *d = x->d;
    struct st_span text = x->s->text;
    bool is_cut = (x->from > 0 && flt_set_has(&d->not_before, text.p[x->from - 1])) ||
                  (x->to < text.n && flt_set_has(&d->not_after, text.p[x->to]));

    if (x->to > x->from && x->to - x->from >= d->min && !is_cut)
        flt_consider(x->s, &(struct flt_guess){ d, x->from, x->to, st_span_sub(text, x->from, x->to - x->from), 0 });
    x->from = x->to = 0;
}

static bool on_match(void *ctx, const struct scan_hit *hit)
{
    struct matches *x = ctx;
    uint32_t from = x->base + hit->from, to = x->base + hit->to;

    if (hit->id != (unsigned)(x->d - x->s->packs->rules))
        return true;
    if (x->to > x->from && from == x->from && to > x->to) { /* one match at each of its ends: the longest counts */
        x->to = to;
        return true;
    }
    end_match(x);
    x->from = from;
    x->to = to;
    return true;
}

/* The window has a byte more on either side, for \b. */
static void matches(struct flt_scanner *s, const struct flt_detector *d, const struct flt_hit *hit)
{
    struct matches x = { .s = s, .d = d, .base = hit->first > d->width ? hit->first - d->width - 1 : 0 };
    struct st_span window = st_span_sub(s->text, x.base, hit->end + 1 - x.base);

    if (scan_spans(s->packs->start_db, s->start_scratch, window, on_match, &x, s->err) != ST_OK)
        s->failed = true;
    end_match(&x);
}

void flt_find_patterns(struct flt_scanner *s)
{
    for (size_t i = 0; i < s->n_hits; i++) {
        const struct flt_detector *d = &s->packs->rules[s->hits[i].rule];
        uint32_t end = s->hits[i].end;

        s->last_hit[s->hits[i].rule] = 0;
        if (end <= s->done_to[s->hits[i].rule])
            continue; /* inside the candidate before */
        switch (d->extent) {
        case FLT_EXTENT_WHOLE: whole(s, d, end); break;
        case FLT_EXTENT_TAIL: tail(s, d, end); break;
        case FLT_EXTENT_ASSIGNMENT: assignment(s, d, end); break;
        case FLT_EXTENT_BLOCK: block(s, d, end); break;
        case FLT_EXTENT_NAMED:
        case FLT_EXTENT_SERVICE: flt_find_named(s, d, end); break;
        case FLT_EXTENT_MATCH: matches(s, d, &s->hits[i]); break;
        }
    }
    s->n_hits = 0;
}
