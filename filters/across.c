/* SPDX-License-Identifier: Apache-2.0 */
/* across - can anything begin in one text and end in the next? A look that costs a third of the scans it saves.
 *
 * Who puts texts together that came one after another wants to know what lies across the place where they meet, and
 * nearly always nothing does. The answer is no only where a scan of the joined texts would not find it either: they are
 * read as a scan reads them, with those candidates left out that end before the border or begin behind it. Patterns are
 * looked for in all texts at once before, laid side by side (glance.c says why that is enough). What a whole text has
 * to be counted for, as rows of own data and terms of dictionaries, is answered with yes. What is encoded is not asked
 * for: a run is found as a whole, and that does not say on which side of the border it is.
 */
#include "filters/respell.h"
#include "filters/scanner.h"
#include "filters/views.h"
#include <string.h>

struct seen { /* anywhere in the texts as they stand */
    bool pattern, term;
};

static bool on_match(void *ctx, unsigned id, uint32_t end)
{
    struct seen *seen = ctx;

    (void)end;
    seen->pattern = true;
    seen->term = id >= FLT_TERM_BASE && id < FLT_SIGNAL_BASE;
    return !seen->term;
}

static enum st_rc match(struct flt_scanner *s, struct st_arena *arena, const struct flt_joined *texts, size_t n,
                        struct seen *seen, struct st_err *err)
{
    size_t size = 0, at = 0;
    uint8_t *row;

    for (size_t i = 0; i < n; i++)
        size += texts[i].text.n + 1;
    if ((row = st_arena_alloc(arena, size)) == NULL)
        return st_arena_fail(arena, err, "filters.across");
    for (size_t i = 0; i < n; i++) {
        if (texts[i].text.n > 0)
            memcpy(row + at, texts[i].text.p, texts[i].text.n);
        at += texts[i].text.n;
        row[at++] = '\n';
    }
    return scan_run(s->packs->db, s->scratch, st_span(row, size), on_match, seen, err);
}

static enum st_rc look(struct flt_scanner *s, struct st_arena *arena, const struct flt_joined *joined, bool *may,
                       struct st_err *err)
{
    const struct flt_field field = { .text = joined->text };
    enum st_rc rc;

    s->field = &field;
    s->border = joined->border;
    s->survey = (struct flt_survey){ 0 };
    rc = flt_read_field(s, arena, err);
    s->border = 0;
    s->field = NULL;
    *may = s->out->n > 0 || s->n_asked > 0; /* who was asked may say another thing the next time */
    return rc;
}

enum st_rc flt_may_cross(struct flt_scanner *s, struct st_arena *arena, const struct flt_joined *texts, size_t n,
                         bool *may, struct st_err *err)
{
    struct flt_findings found;
    struct seen seen = { false, false };
    enum st_rc rc = ST_OK;

    ST_CHECK(s, FLT_SCANNER_MAGIC);
    *may = !s->packs->may_glance || s->own != NULL;
    if (*may)
        return ST_OK;
    if (match(s, arena, texts, n, &seen, err) != ST_OK)
        return ST_ERR;
    *may = seen.term; /* they are counted over all of a text */
    s->out = &found;
    s->trace = NULL;
    s->err = err;
    s->is_counting = false;
    s->n_asked = 0;
    s->field_index = 0;
    s->has_no_pattern = !seen.pattern;
    flt_begin_fields(s);
    for (size_t i = 0; rc == ST_OK && i < n && !*may; i++)
        if (texts[i].border > 0) /* nothing begins before 0 */
            rc = look(s, arena, &texts[i], may, err);
    if (rc != ST_OK)
        flt_break_off(s);
    s->out = NULL;
    return rc;
}
