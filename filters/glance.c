/* SPDX-License-Identifier: Apache-2.0 */
/* glance - one look at many small fields: which of them can hold a pattern?
 *
 * A post is a handful of typed sentences among hundreds of names, numbers and dates, and calling Hyperscan for each
 * costs more than what it reads there. So small fields that the plain reading leaves as they are, are laid side by
 * side, a line end between, and matched together. Every match inside a field is a match of the row too, as long as no
 * pattern asks for the beginning or the end of a text; so a field without one is passed over, and the others are
 * matched alone, as if nobody had looked. A set with such a pattern is never looked at this way, and neither is a scan
 * with a trace.
 */
#include "base/hash.h"
#include "filters/scanner.h"
#include "filters/views.h"
#include <string.h>

#define SMALL 256u /* bytes of a field that is worth it */

/* ---- which patterns ---------------------------------------------------------------------------------------------- */

/* Behind the class that begins at p. */
static const char *class_end(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    p += *p == ']';
    for (; *p != '\0' && *p != ']'; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '[' && p[1] == ':' && strstr(p, ":]") != NULL)
            p = strstr(p, ":]") + 1;
    }
    return *p == ']' ? p + 1 : p;
}

bool flt_glance_fits(const char *pattern)
{
    const char *p = pattern;

    while (*p != '\0') {
        if (*p == '^' || *p == '$' || (*p == '\\' && p[1] != '\0' && strchr("AZzGQ", p[1]) != NULL) ||
            (p[0] == '(' && p[1] == '?' && flt_is_alpha((uint8_t)p[2]))) /* flags: x changes how the rest is read */
            return false;
        if (*p == '[')
            p = class_end(p);
        else
            p += *p == '\\' && p[1] != '\0' ? 2 : 1;
    }
    return true;
}

/* ---- the row ----------------------------------------------------------------------------------------------------- */

static void put(struct flt_glance *g, uint32_t *n, struct st_span text)
{
    if (text.n > 0) /* an empty one, as a picture's, may have no bytes at all */
        memcpy(g->row + *n, text.p, text.n);
    *n += (uint32_t)text.n;
    g->row[(*n)++] = '\n';
}

/* Only what normalising leaves as it is goes into the row; most signs that may be changed are not. */
static bool is_for_row(struct st_span text, struct flt_survey *survey)
{
    if ((survey->lacks & FLT_LACKS_ODD) == 0 && flt_is_settled(text, FLT_CASE_KEEP))
        survey->lacks |= FLT_LACKS_ODD;
    return (survey->lacks & FLT_LACKS_ODD) != 0;
}

static enum st_rc lay_seam(struct flt_glance *g, struct st_arena *arena, const struct flt_doc *doc, uint32_t i,
                           uint32_t *n, struct st_err *err)
{
    struct flt_seam *seam = NULL;

    if (g->first + i > 0 && flt_seam(arena, doc, g->first + i, &seam, err) != ST_OK)
        return ST_ERR;
    g->fields[i].seam = seam;
    if (seam == NULL)
        return ST_OK;
    seam->survey.lacks = flt_survey_bytes(seam->text);
    seam->has_no_pattern = is_for_row(seam->text, &seam->survey);
    if (seam->has_no_pattern)
        put(g, n, seam->text);
    return ST_OK;
}

/* A UUID alone is hardly read at all, and its bytes are known. */
static enum st_rc survey(struct st_arena *arena, struct st_span text, struct flt_survey *out, struct st_err *err)
{
    *out = (struct flt_survey){ .lacks = FLT_LACKS_ODD | FLT_LACKS_ESCAPES | FLT_LACKS_ATS };
    return text.n == FLT_UUID_LEN && flt_is_uuid_at(text, 0) ? ST_OK : flt_survey(arena, text, out, err);
}

static enum st_rc lay_field(struct flt_glance *g, struct st_arena *arena, const struct flt_doc *doc, uint32_t i,
                            uint32_t *n, struct st_err *err)
{
    const struct flt_field *field = &doc->fields[g->first + i];
    struct flt_glanced *to = &g->fields[i];

    *to = (struct flt_glanced){ .seam = NULL };
    g->starts[2 * i] = *n;
    if (lay_seam(g, arena, doc, i, n, err) != ST_OK)
        return ST_ERR;
    g->starts[2 * i + 1] = *n;
    if (field->text.n > SMALL || field->is_secret)
        return ST_OK;
    if (survey(arena, field->text, &to->survey, err) != ST_OK)
        return ST_ERR;
    to->has_no_pattern = is_for_row(field->text, &to->survey);
    if (to->has_no_pattern)
        put(g, n, field->text);
    return ST_OK;
}

/* Fields from `first` on, as many as there is room for. */
static enum st_rc lay(struct flt_glance *g, struct st_arena *arena, const struct flt_doc *doc, uint32_t first,
                      struct st_err *err)
{
    uint32_t n = 0, i = 0;

    g->first = first;
    g->n = 0;
    for (; first + i < doc->n && i < FLT_GLANCE_FIELDS && n + FLT_SEAM_MAX + SMALL + 2 <= sizeof g->row; i++)
        if (lay_field(g, arena, doc, i, &n, err) != ST_OK)
            return ST_ERR;
    if (n < g->row_n) /* of the row before */
        st_wipe(g->row + n, g->row_n - n);
    g->n = i;
    g->row_n = n;
    return ST_OK;
}

/* A match ends at `end`: the field or the seam it ends in is no longer passed over. */
static bool on_match(void *ctx, unsigned id, uint32_t end)
{
    struct flt_glance *g = ctx;
    uint32_t a = 0, b = 2 * g->n; /* the last that begins before `end` */

    (void)id;
    while (b - a > 1) {
        uint32_t mid = a + (b - a) / 2;

        if (g->starts[mid] < end)
            a = mid;
        else
            b = mid;
    }
    if (a % 2 != 0)
        g->fields[a / 2].has_no_pattern = false;
    else
        g->fields[a / 2].seam->has_no_pattern = false;
    return true;
}

enum st_rc flt_glance(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc, uint32_t field)
{
    struct flt_glance *g = &s->glance;
    const struct flt_glanced *known;

    s->is_glanced = s->packs->may_glance && s->trace == NULL;
    s->has_no_pattern = false;
    s->survey = (struct flt_survey){ 0 };
    if (!s->is_glanced)
        return ST_OK;
    if (field - g->first >= g->n &&
        (lay(g, arena, doc, field, s->err) != ST_OK ||
         scan_run(s->packs->db, s->scratch, st_span(g->row, g->row_n), on_match, g, s->err) != ST_OK))
        return ST_ERR;
    known = &g->fields[field - g->first];
    s->has_no_pattern = known->has_no_pattern;
    s->survey = known->survey;
    s->seam_before = known->seam;
    return ST_OK;
}
