/* SPDX-License-Identifier: Apache-2.0 */
/* scanner - one scan: each field is normalised, matched, and what survives becomes a finding.
 *
 * The order per reading of a field (views.c): Hyperscan over the view collects pattern hits; then hits are worked off,
 * then numbers, then e-mail. Context words are looked for when a candidate asks for them (near.c). When the hits' list
 * is full it is worked off in between. Nothing is allocated but the views and the findings, and those in the arena.
 */
#include "filters/scanner.h"
#include "base/hash.h"
#include "filters/map.h"
#include "filters/respell.h"
#include "filters/views.h"
#include <stdlib.h>
#include <string.h>

enum st_rc flt_platform_check(struct st_err *err)
{
    return scan_platform(err);
}

struct flt_terms {
    struct st_buf *cells; /* of fingerprints, for each rule with find: copies */
    size_t n_cells;
    size_t n;
    uint32_t counts[]; /* weights and seen of a scanner */
};

static size_t term_counters(const struct flt_packs *packs)
{
    return packs->n + (packs->n_terms + 31) / 32;
}

/* How many numbers stand behind a scanner. */
static size_t counters(const struct flt_packs *packs)
{
    return 2 * packs->n + term_counters(packs) + packs->n;
}

struct flt_terms *flt_terms_new(const struct flt_packs *packs)
{
    struct flt_terms *terms = calloc(1, sizeof *terms + term_counters(packs) * sizeof *terms->counts);

    if (terms == NULL)
        return NULL;
    terms->n = term_counters(packs);
    terms->n_cells = packs->by_find[FLT_FIND_COPIES].n;
    if ((terms->cells = calloc(terms->n_cells + 1, sizeof *terms->cells)) == NULL) {
        free(terms);
        return NULL;
    }
    for (size_t i = 0; i < terms->n_cells; i++)
        st_buf_init(&terms->cells[i], OWN_CELLS * sizeof(uint32_t));
    return terms;
}

void flt_terms_free(struct flt_terms *terms)
{
    if (terms == NULL)
        return;
    for (size_t i = 0; i < terms->n_cells; i++)
        st_buf_fini(&terms->cells[i]);
    free(terms->cells);
    free(terms);
}

size_t flt_terms_memory(const struct flt_terms *terms)
{
    size_t n = sizeof *terms + terms->n * sizeof *terms->counts;

    for (size_t i = 0; i < terms->n_cells; i++)
        n += terms->cells[i].cap;
    return n;
}

/* Takes up where the stretch before ended, or puts down where this one does. */
static void resume(struct flt_scanner *s, const struct flt_terms *terms)
{
    if (terms == NULL)
        return;
    memcpy(s->weights, terms->counts, terms->n * sizeof *s->weights);
    flt_copies_resume(s->own, terms->cells);
}

static enum st_rc put_down(struct flt_scanner *s, struct flt_terms *terms, struct st_err *err)
{
    if (terms == NULL)
        return ST_OK;
    memcpy(terms->counts, s->weights, terms->n * sizeof *s->weights);
    return flt_copies_keep(s->own, terms->cells, err);
}

enum st_rc flt_scanner_new(struct flt_packs *packs, struct flt_scanner **out, struct st_err *err)
{
    struct flt_scanner *s;

    ST_CHECK(packs, FLT_PACKS_MAGIC);
    s = calloc(1, sizeof *s + counters(packs) * sizeof(uint32_t));
    if (s == NULL)
        return st_fail(err, ST_E_NOMEM, "scanner.new", "scanner", sizeof *s);
    s->magic = FLT_SCANNER_MAGIC;
    s->last_hit = (uint32_t *)(s + 1);
    s->done_to = s->last_hit + packs->n;
    s->weights = s->done_to + packs->n;
    s->seen = s->weights + packs->n;
    s->near_mark = s->weights + term_counters(packs);
    if (scan_scratch_new(packs->db, &s->scratch, err) != ST_OK ||
        scan_scratch_new(packs->words_db, &s->word_scratch, err) != ST_OK ||
        scan_scratch_new(packs->allow_db, &s->allow_scratch, err) != ST_OK ||
        scan_scratch_new(packs->start_db, &s->start_scratch, err) != ST_OK ||
        flt_own_new(packs, &s->own, err) != ST_OK) {
        scan_scratch_free(s->scratch);
        scan_scratch_free(s->word_scratch);
        scan_scratch_free(s->allow_scratch);
        scan_scratch_free(s->start_scratch);
        free(s);
        return ST_ERR;
    }
    s->packs = flt_packs_retain(packs);
    *out = s;
    return ST_OK;
}

void flt_scanner_free(struct flt_scanner *s)
{
    if (s == NULL)
        return;
    ST_CHECK(s, FLT_SCANNER_MAGIC);
    scan_scratch_free(s->scratch);
    scan_scratch_free(s->word_scratch);
    scan_scratch_free(s->allow_scratch);
    scan_scratch_free(s->start_scratch);
    flt_own_free(s->own);
    flt_packs_release(s->packs);
    s->magic = 0;
    free(s);
}

static void note_hit(struct flt_scanner *s, size_t rule, uint32_t end)
{
    uint32_t last = s->last_hit[rule], gap = s->packs->rules[rule].gap;

    if (end <= s->done_to[rule])
        return;
    if (last > 0 && end - s->hits[last - 1].end <= gap) { /* one match that goes on, reported at each of its ends */
        s->hits[last - 1].end = end;
        return;
    }
    if (s->n_hits == FLT_HITS_MAX)
        flt_find_patterns(s);
    s->hits[s->n_hits++] = (struct flt_hit){ end, end, (uint16_t)rule };
    s->last_hit[rule] = (uint32_t)s->n_hits;
}

static bool on_hit(void *ctx, unsigned id, uint32_t end)
{
    struct flt_scanner *s = ctx;

    if (id >= FLT_SIGNAL_BASE)
        s->signals |= flt_signal_at(s->text, id, end);
    else if (id >= FLT_TERM_BASE)
        flt_find_term_at(s, id - FLT_TERM_BASE, end);
    else
        note_hit(s, id, end);
    return true;
}

/* What is known of the text holds for the view of it as well, when both are the same bytes. A trace is told what is
 * seen by looking everywhere. */
static enum st_rc normalise(struct flt_scanner *s, struct st_arena *arena, const struct flt_view *view,
                            struct st_err *err)
{
    bool is_same;

    if ((view->survey.lacks & FLT_LACKS_ODD) != 0) {
        s->view = (struct flt_view){ .text = view->text, .map = view->map, .survey = view->survey };
        return ST_OK;
    }
    if (flt_normalise(arena, view->text, FLT_CASE_KEEP, &s->view, err) != ST_OK ||
        flt_map_over(arena, s->view.map, view->map, &s->view.map, err) != ST_OK)
        return ST_ERR;
    is_same = s->view.text.p == view->text.p && s->view.text.n == view->text.n;
    if (is_same)
        s->view.survey = view->survey;
    if (s->trace != NULL || flt_is_surveyed(&s->view.survey))
        return ST_OK;
    return flt_survey(arena, s->view.text, &s->view.survey, err);
}

enum st_rc flt_read(struct flt_scanner *s, struct st_arena *arena, const struct flt_view *view, struct st_err *err)
{
    if (normalise(s, arena, view, err) != ST_OK)
        return ST_ERR;
    s->text = s->view.text;
    s->n_hits = s->n_found = 0;
    s->signals = 0;
    s->near_from = s->near_to = 0;
    s->label.is_known = false;
    s->table.sign = 0;
    if (!(s->has_no_pattern && s->text.p == view->text.p &&
          (s->reading == FLT_READ_PLAIN || s->reading == FLT_READ_JOINED)) &&
        scan_run(s->packs->db, s->scratch, s->text, on_hit, s, err) != ST_OK)
        return ST_ERR;
    if (s->n_hits > 0) {
        flt_find_patterns(s);
        memset(s->done_to, 0, s->packs->n * sizeof *s->done_to);
    }
    if ((s->view.survey.lacks & FLT_LACKS_DIGITS) == 0)
        flt_find_numbers(s);
    if ((s->view.survey.lacks & FLT_LACKS_ATS) == 0)
        flt_find_emails(s);
    flt_find_rows(s);
    flt_find_copies(s);
    flt_settle(s);
    return s->failed ? ST_ERR : ST_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct flt_finding *x = a, *y = b;

    if (x->field != y->field)
        return x->field < y->field ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

void flt_begin_fields(struct flt_scanner *s)
{
    memset(s->out, 0, sizeof *s->out);
    s->out->items = s->kept;
    s->failed = false;
    s->message_at = s->message_before = 0;
    s->glance.n = 0;
    memset(s->paths, 0, sizeof s->paths);
    memset(s->quiet, 0, sizeof s->quiet);
}

void flt_break_off(struct flt_scanner *s)
{
    memset(s->last_hit, 0, 2 * s->packs->n * sizeof *s->last_hit); /* and done_to */
}

static enum st_rc read_fields(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc,
                              struct st_err *err)
{
    flt_begin_fields(s);
    for (size_t i = 0; i < doc->n; i++) {
        s->field = &doc->fields[i];
        s->field_index = (uint32_t)i;
        if (i > 0) {
            s->message_before = s->message_at;
            s->message_at += doc->fields[i - 1].text.n + 1;
        }
        if (s->field->is_secret || s->field->text.n == 0)
            continue;
        if (flt_glance(s, arena, doc, (uint32_t)i) != ST_OK || flt_read_field(s, arena, err) != ST_OK)
            return ST_ERR;
        if (i > 0 && flt_read_seam(s, arena, doc, i, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

static enum st_rc scan_fields(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc,
                              struct st_err *err)
{
    enum st_rc rc = read_fields(s, arena, doc, err);

    st_wipe(s->glance.row, s->glance.row_n); /* nobody's text outlives its message */
    if (rc != ST_OK)
        flt_break_off(s);
    return rc;
}

enum st_rc flt_scan(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc, struct flt_findings *out,
                    const struct flt_trace *trace, struct st_err *err)
{
    bool again;

    ST_CHECK(s, FLT_SCANNER_MAGIC);
    s->out = out;
    s->n_asked = 0;
    s->is_counting = s->packs->n_terms > 0 || s->own != NULL;
    s->trace = s->is_counting ? NULL : trace;
    s->err = err;
    if (s->is_counting)
        memset(s->weights, 0, term_counters(s->packs) * sizeof *s->weights);
    flt_own_begin(s);
    resume(s, doc->terms);
    if (scan_fields(s, arena, doc, err) != ST_OK || put_down(s, doc->terms, err) != ST_OK)
        return ST_ERR;
    again = flt_own_any(s);
    again = s->is_counting && (again || trace != NULL || flt_any_dictionary(s));
    if (again) { /* what dictionaries and rows find is known at the end of the message only */
        s->is_counting = false;
        s->trace = trace;
        if (scan_fields(s, arena, doc, err) != ST_OK)
            return ST_ERR;
    }
    if (out->n > 1)
        qsort(out->items, out->n, sizeof *out->items, by_place);
    if ((out->items = st_arena_dup(arena, s->kept, out->n * sizeof *out->items)) == NULL)
        return st_arena_fail(arena, err, "scan");
    return ST_OK;
}
