/* SPDX-License-Identifier: Apache-2.0 */
/* keep - from a candidate to a finding: validate, weigh, settle overlaps, map back.
 *
 * Confidence is 0..100 with the levels of dlp practice (65 low, 75 medium, 85 high): the rule's base for the shape,
 * its `validated` when the checksum confirms, plus words near by, minus what makes it look like a part of something
 * else. Of overlapping candidates the surer-than-medium and more severe one stays, so that a token inside an
 * assignment is named by its vendor. Findings are capped; the least of them gives way, never the most severe.
 */
#include "filters/excerpt.h"
#include "filters/runs.h"
#include "filters/scanner.h"
#include "filters/views.h"
#include <string.h>

#define SURE           85 /* confidence of a checksum that needs no word */
#define ROW_GAP_MAX    4u /* bytes between two groups of a row */
#define ROW_GROUPS_MIN 3u
#define OF_A_ROW       25 /* confidence that a number in groups has less, with no word near */

static void tell(const struct flt_scanner *s, const struct flt_guess *g, int confidence, const char *why)
{
    struct flt_candidate c = { .rule = &g->detector->rule, .field = s->field_index, .reading = s->reading, .why = why };

    if (s->trace == NULL || (s->reading != FLT_READ_PLAIN && confidence < FLT_CONFIDENCE_MIN))
        return; /* what another reading rejects was told of the plain one, or is no text of the person's */
    flt_view_range(&s->view, g->from, g->to, &c.from, &c.to);
    c.confidence = (uint8_t)(confidence < 0 ? 0 : confidence > 100 ? 100 : confidence);
    s->trace->fn(s->trace->ctx, &c);
}

static int weigh(const struct flt_detector *d, unsigned marks, enum flt_valid valid, bool near)
{
    int score = d->base;

    if (valid == FLT_V_OK || valid == FLT_V_TEST || valid == FLT_V_SERIES)
        score = d->validated;
    if (near)
        score += d->near;
    if ((marks & FLT_GROUPED) != 0)
        score += d->grouped;
    if (score > 100)
        score = 100;
    if (valid == FLT_V_TEST)
        score -= 5;
    if (valid == FLT_V_SERIES)
        score -= 12;
    if ((marks & FLT_IRREGULAR) != 0)
        score -= 15;
    if ((marks & FLT_ATTACHED) != 0)
        score -= 5;
    if ((marks & FLT_GLUED) != 0)
        score -= 20;
    if ((marks & FLT_ATTACHED) != 0 && (marks & FLT_GLUED) != 0)
        score -= 20; /* in the middle of a longer run, such as base64 */
    if ((marks & FLT_LIST) != 0)
        score -= 50;
    if ((marks & FLT_IDENTIFIER) != 0)
        score -= near ? 10 : 45; /* "tax id: 123…" is one, and is meant */
    return score;
}

int flt_best_score(const struct flt_detector *d, unsigned marks)
{
    return weigh(d, marks, d->validated > d->base ? FLT_V_OK : FLT_V_SHAPE, true);
}

/* Digits with one and the same gap between groups of one length, but for the last, and no line's end in it: what stands
 * in [from, to) of the reading was one number to whoever wrote it so. */
static bool is_one_row(const struct flt_scanner *s, uint32_t from, uint32_t to)
{
    struct st_span text, gap = ST_SPAN_NONE;
    size_t group = 0, groups = 0, n, at;

    flt_view_range(&s->view, from, to, &from, &to);
    text = st_span_sub(s->field->text, from, to - from);
    for (at = 0; at < text.n; at += n, groups++) {
        for (n = 0; at + n < text.n && flt_is_digit(text.p[at + n]);)
            n++;
        group = groups == 0 ? n : group;
        if (n == 0 || n > group || (n < group && at + n < text.n))
            return false;
        at += n;
        for (n = 0; at + n < text.n && !flt_is_digit(text.p[at + n]);)
            n++;
        gap = groups == 0 ? st_span_sub(text, at, n) : gap;
        if (at < text.n && (n > ROW_GAP_MAX || !st_span_eq(gap, st_span_sub(text, at, n)) || text.p[at] < ' '))
            return false;
    }
    return groups >= ROW_GROUPS_MIN;
}

/* Texts run together hold numbers that nobody wrote: there a word must say what it is. An account number says so
 * itself, and a number that needs no word where it stands in one needs none in a row. */
static bool is_run_together(const struct flt_scanner *s, const struct flt_guess *g)
{
    enum flt_find find = g->detector->find;

    if (find == FLT_FIND_PATTERN || find == FLT_FIND_EMAIL || find == FLT_FIND_WORDS || find == FLT_FIND_ROWS ||
        find == FLT_FIND_COPIES)
        return false;
    if (s->reading != FLT_READ_SQUEEZED)
        return s->reading == FLT_READ_JOINED;
    return find != FLT_FIND_IBAN && (find != FLT_FIND_DIGITS || g->detector->validated < SURE ||
                                     g->detector->base >= SURE || !is_one_row(s, g->from, g->to));
}

static bool needs_word(const struct flt_scanner *s, const struct flt_guess *g)
{
    enum flt_require require = g->detector->require;

    if (is_run_together(s, g))
        return true;
    return require == FLT_REQUIRE_CONTEXT ||
           (require == FLT_REQUIRE_CONTEXT_OR_GROUPS && (g->marks & FLT_GROUPED) == 0);
}

/* Is its checksum asked first? Nine of ten are wrong, and words that were not yet looked for cost more. */
static bool is_checked_first(const struct flt_scanner *s, const struct flt_guess *g)
{
    const struct flt_detector *d = g->detector;

    return d->validator != NULL && d->validator->fn != val_plain &&
           (d->find == FLT_FIND_DIGITS || d->find == FLT_FIND_SHAPE) &&
           !flt_words_are_read(s, &d->window, g->from, g->to);
}

/* Can it be no finding, whatever its validator says? Most cannot, and validators cost more than this look. */
static bool is_hopeless(struct flt_scanner *s, const struct flt_guess *g)
{
    if (flt_best_score(g->detector, g->marks) < FLT_CONFIDENCE_MIN)
        return true;
    if (!needs_word(s, g) || is_checked_first(s, g))
        return false;
    return !flt_word_near(s, g->detector, g->from, g->to);
}

static const char *said(enum flt_valid valid, bool near)
{
    if (valid == FLT_V_OK)
        return near ? "checksum or structure ok, context word near" : "checksum or structure ok";
    if (valid == FLT_V_TEST)
        return "published test value";
    if (valid == FLT_V_SERIES)
        return "checksum ok, digits in a row, context word near";
    return near ? "shape, context word near" : "shape";
}

/* Of what lies across a border one is enough. */
bool flt_is_asked(const struct flt_scanner *s, uint32_t from, uint32_t to)
{
    if (s->border == 0)
        return true;
    if (s->n_found > 0 || s->out->n > 0)
        return false;
    flt_view_range(&s->view, from, to, &from, &to);
    return from < s->border && to > s->border;
}

/* *more: what somebody who was asked adds to the confidence of what is validated. */
static enum flt_valid validate(struct flt_scanner *s, const struct flt_guess *g, int *more)
{
    const struct flt_detector *d = g->detector;
    struct flt_token token = { g->text, s->text, g->from, g->to };
    enum flt_valid valid = d->validator != NULL ? d->validator->fn(&token) : FLT_V_SHAPE;
    unsigned said;

    if (d->given == NULL || d->given->ask == NULL || valid == FLT_V_WRONG || valid == FLT_V_EXAMPLE)
        return valid;
    if (s->n_asked == FLT_ASKS_MAX)
        return FLT_V_OK;
    s->n_asked++;
    said = d->given->ask(d->given->ctx, &(struct flt_hit_asked){ &d->rule, g->text });
    if (said == 0 || said == FLT_SAID_NOTHING)
        return said == 0 ? FLT_V_WRONG : valid;
    *more = said <= 100 ? (int)said - d->validated : 0;
    return FLT_V_OK;
}

void flt_consider(struct flt_scanner *s, const struct flt_guess *g)
{
    const struct flt_detector *d = g->detector;
    enum flt_valid valid;
    int score, more = 0;
    const char *why;
    bool near;

    if (!flt_is_asked(s, g->from, g->to))
        return;
    if (g->to == s->text.n && d->max > FLT_WIDTH_MAX)
        s->out->is_open = true;
    if (s->trace == NULL && is_hopeless(s, g)) /* a trace tells why, so it wants every step */
        return;
    valid = validate(s, g, &more);
    if (valid == FLT_V_WRONG || valid == FLT_V_EXAMPLE) {
        tell(s, g, 0, valid == FLT_V_WRONG ? "checksum or structure wrong" : "example value");
        return;
    }
    near = flt_word_near(s, d, g->from, g->to) && !flt_is_of_others(s, d, g->from, g->to);
    score = weigh(d, g->marks, valid, near) + more;
    score = score > 100 ? 100 : score;
    if (!near && s->reading == FLT_READ_SQUEEZED && d->find == FLT_FIND_DIGITS)
        score -= OF_A_ROW;
    if ((needs_word(s, g) || valid == FLT_V_SERIES) && !near) {
        tell(s, g, score, "required context word missing");
        return;
    }
    if (score < FLT_CONFIDENCE_MIN) {
        tell(s, g, score, "below 50");
        return;
    }
    if ((why = flt_allowed(s, g)) != NULL) {
        tell(s, g, score, why);
        return;
    }
    tell(s, g, score, said(valid, near));
    if (s->n_found == FLT_FOUND_MAX)
        flt_settle(s);
    s->found[s->n_found++] = (struct flt_finding){ .rule = &d->rule,
                                                   .field = s->field_index,
                                                   .from = g->from,
                                                   .to = g->to,
                                                   .confidence = (uint8_t)score,
                                                   .reading = s->reading };
}

/* The order in which candidates win: 75 and up before below, then a pattern of its own before what only has a secret's
 * name, then severity, confidence, length. */
static uint64_t rank(const struct flt_finding *f)
{
    const struct flt_detector *d = (const struct flt_detector *)f->rule;
    bool is_sure = f->confidence >= 75,
         is_own = d->find == FLT_FIND_PATTERN && d->extent != FLT_EXTENT_NAMED && d->extent != FLT_EXTENT_SERVICE;

    return (uint64_t)is_sure << 49 | (uint64_t)(is_sure && is_own) << 48 | (uint64_t)f->rule->severity << 40 |
           (uint64_t)f->confidence << 32 | (f->to - f->from);
}

static bool overlaps(const struct flt_finding *a, const struct flt_finding *b)
{
    return a->from < b->to && b->from < a->to;
}

static bool covers(const struct flt_finding *a, const struct flt_finding *b)
{
    return a->from <= b->from && a->to >= b->to;
}

/* Do both stand in one text, so that their places can be compared? */
static bool are_together(const struct flt_finding *a, const struct flt_finding *b)
{
    return a->field == b->field && flt_run_is(a->run, b->run);
}

static bool is_inside(const struct flt_finding *outer, const struct flt_finding *inner)
{
    if (outer->run != NULL)
        return outer->in_from <= inner->in_from && outer->in_to >= inner->in_to;
    return covers(outer, inner);
}

/* A token at the end of a line is whole, though a reading without the ends of lines has it go on into the next. */
static bool is_overrun(const struct flt_scanner *s, const struct flt_finding *f, const struct flt_finding *whole)
{
    if (s->reading != FLT_READ_SQUEEZED || f->run != NULL || f->from >= whole->to || f->to <= whole->to)
        return false;
    return whole->from <= f->from && flt_begins_a_line(s->field->text, whole->to);
}

/* Has another reading of the text brought it already? A graver one takes the place of what it covers. What stands
 * beside or beyond an older one is a finding of its own, so that a mask leaves nothing of either; and so is what stands
 * in an encoded run, whose like is not masked with what lies over it. */
static bool is_known(struct flt_scanner *s, const struct flt_finding *f)
{
    if (s->reading == FLT_READ_PLAIN || s->reading == FLT_READ_JOINED)
        return false;
    for (size_t i = s->out->n; i > 0 && s->out->items[i - 1].field == f->field; i--) {
        struct flt_finding *old = &s->out->items[i - 1];

        if (!are_together(f, old))
            continue;
        if (is_inside(f, old) && rank(f) >> 40 > rank(old) >> 40) {
            *old = *f;
            return true;
        }
        if (is_overrun(s, f, old))
            return true;
        if (is_inside(old, f)) {
            old->run = flt_run_closer(old->run, f->run);
            return true;
        }
    }
    return false;
}

static void put(struct flt_scanner *s, const struct flt_finding *f)
{
    struct flt_findings *out = s->out;
    size_t least = 0;

    if (is_known(s, f))
        return;
    if (out->n < FLT_FINDINGS_MAX) {
        out->items[out->n++] = *f;
        return;
    }
    out->is_capped = true;
    for (size_t i = 1; i < out->n; i++)
        if (rank(&out->items[i]) < rank(&out->items[least]))
            least = i;
    if (rank(f) > rank(&out->items[least]))
        out->items[least] = *f;
}

/* Each field has a part of it: both are findings, so that both are masked. */
static void put_joined(struct flt_scanner *s, const struct flt_finding *f)
{
    struct flt_finding part = *f;

    if (f->from >= s->seam->at || f->to <= s->seam->at)
        return;
    part.from = f->from + s->seam->base;
    part.to = s->seam->at + s->seam->base;
    put(s, &part);
    part.field++;
    part.from = 0;
    part.to = f->to - s->seam->at;
    put(s, &part);
}

static size_t blanks_before(struct st_span s, size_t at)
{
    size_t n = 0;

    while (n < at && n < 8 && (s.p[at - 1 - n] == ' ' || s.p[at - 1 - n] == '\n' || s.p[at - 1 - n] == '\t'))
        n++;
    return n;
}

static size_t blanks_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < 8 && (s.p[at + n] == ' ' || s.p[at + n] == '\n' || s.p[at + n] == '\t'))
        n++;
    return n;
}

/* "card":4111111111111111, in a text: what takes its place is to be a value as well. */
static bool is_bare(struct st_span s, const struct flt_finding *f)
{
    size_t from = f->from - blanks_before(s, f->from), to = f->to + blanks_at(s, f->to);

    if (from < 2 || to >= s.n || s.p[from - 1] != ':' || strchr(",}]", s.p[to]) == NULL || s.p[to] == 0)
        return false;
    for (size_t i = f->from; i < f->to; i++)
        if (!flt_is_digit(s.p[i]))
            return false;
    from -= 1 + blanks_before(s, from - 1);
    return from > 0 && s.p[from - 1] == '"';
}

static bool is_changed(const struct flt_scanner *s, const struct flt_finding *view, const struct flt_finding *f)
{
    struct st_span text = f->run != NULL ? f->run->text : s->field->text;
    uint32_t from = f->run != NULL ? f->in_from : f->from, to = f->run != NULL ? f->in_to : f->to;

    return !st_span_eq(st_span_sub(text, from, to - from), st_span_sub(s->text, view->from, view->to - view->from));
}

#define SIGN_MAX 12u /* bytes of one sign, however it is escaped */

/* Does it reach over a place where an excerpt left something out? Nobody wrote such a text, and what was written there
 * has been read as it stands. */
static bool is_over_gap(const struct flt_scanner *s, const struct flt_finding *f)
{
    struct st_span text = st_span_sub(s->text, 0, f->to);
    uint32_t at = f->from, from, to;
    size_t n;

    if (s->reading == FLT_READ_PLAIN || s->reading == FLT_READ_JOINED || flt_map_run(s->view.map) != NULL)
        return false;
    for (; (n = st_span_find(st_span_sub(text, at, text.n), FLT_LEFT_OUT)) != ST_SPAN_NPOS; at++) {
        at += (uint32_t)n;
        flt_view_range(&s->view, at + 1, at + 2, &from, &to); /* one sign, unless the three are one unit */
        if (to - from > SIGN_MAX)
            return true;
    }
    return false;
}

static void keep(struct flt_scanner *s, const struct flt_finding *f)
{
    const struct flt_map *run = flt_map_run(s->view.map);
    struct flt_finding mapped = *f;

    if (is_over_gap(s, f))
        return;
    mapped.is_bare = is_bare(s->text, f);
    if (run != NULL) {
        mapped.run = run->run;
        mapped.in_from = f->from;
        mapped.in_to = f->to;
        flt_map_range(s->view.map, run, &mapped.in_from, &mapped.in_to);
    }
    flt_view_range(&s->view, f->from, f->to, &mapped.from, &mapped.to);
    mapped.is_changed = is_changed(s, f, &mapped);
    if (s->reading == FLT_READ_JOINED)
        put_joined(s, &mapped);
    else
        put(s, &mapped);
}

/* Candidates come in no order; at most FLT_FOUND_MAX of them. */
static void sort_by_from(struct flt_finding *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct flt_finding f = items[i];
        size_t k = i;

        for (; k > 0 && items[k - 1].from > f.from; k--)
            items[k] = items[k - 1];
        items[k] = f;
    }
}

#define TELLING 60 /* confidence from which a label decides between two numbers */

/* Does nothing but its digits tell what it is? Then many a number is valid for several of its kind. */
static bool is_number(const struct flt_finding *f)
{
    const struct flt_detector *d = (const struct flt_detector *)f->rule;

    return (d->find == FLT_FIND_DIGITS || d->find == FLT_FIND_SHAPE || d->find == FLT_FIND_PHONE ||
            d->find == FLT_FIND_NATIONAL) &&
           f->confidence >= TELLING && f->rule->severity < FLT_CRITICAL;
}

/* Of two numbers of equal rank in all but their severity: the one that has a label of its own, then the longer one,
 * then the one whose label stands nearest before it. 0: neither. */
static int64_t by_label(struct flt_scanner *s, const struct flt_finding *a, const struct flt_finding *b)
{
    uint64_t of_a = flt_label_of(s, (const struct flt_detector *)a->rule, a->from, a->to);
    uint64_t of_b = flt_label_of(s, (const struct flt_detector *)b->rule, b->from, b->to);

    if ((of_a > 0) != (of_b > 0))
        return of_a > 0 ? 1 : -1;
    if (a->to - a->from != b->to - b->from)
        return (int64_t)(a->to - a->from) - (int64_t)(b->to - b->from);
    return of_a == of_b ? 0 : of_a > of_b ? 1 : -1;
}

/* Candidate i loses against candidate k. */
static bool is_beaten(struct flt_scanner *s, size_t i, size_t k, bool among_numbers)
{
    const struct flt_finding *f = &s->found[i], *g = &s->found[k];
    uint64_t a = rank(f), b = rank(g);
    int64_t more = among_numbers ? by_label(s, f, g) : 0;

    if (more != 0)
        return more < 0;
    return b > a || (b == a && k < i);
}

/* Which of those that stand are lost to another that does. Each order is total, so of those that overlap one stays. */
static void lose(struct flt_scanner *s, bool *stands, bool among_numbers)
{
    bool lost[FLT_FOUND_MAX] = { false };

    for (size_t i = 0; i < s->n_found; i++) {
        const struct flt_finding *f = &s->found[i];

        if (!stands[i] || (among_numbers && !is_number(f)))
            continue;
        for (size_t k = 0; k < s->n_found && s->found[k].from < f->to && !lost[i]; k++)
            lost[i] = k != i && stands[k] && overlaps(f, &s->found[k]) && (!among_numbers || is_number(&s->found[k])) &&
                      is_beaten(s, i, k, among_numbers);
    }
    for (size_t i = 0; i < s->n_found; i++)
        stands[i] = stands[i] && !lost[i];
}

void flt_settle(struct flt_scanner *s)
{
    bool stands[FLT_FOUND_MAX];

    if (s->n_found == 0) /* as in most readings */
        return;
    memset(stands, true, sizeof stands);
    sort_by_from(s->found, s->n_found);
    lose(s, stands, true);
    lose(s, stands, false);
    for (size_t i = 0; i < s->n_found; i++)
        if (stands[i])
            keep(s, &s->found[i]);
    s->n_found = 0;
}
