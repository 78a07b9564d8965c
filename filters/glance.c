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

/* Fields from `first` on, as many as there is room for. */
static void lay(struct flt_glance *g, const struct flt_doc *doc, uint32_t first)
{
    uint32_t n = 0, i = 0;

    for (; first + i < doc->n && i < FLT_GLANCE_FIELDS; i++) {
        struct st_span text = doc->fields[first + i].text;

        if (n + SMALL + 1 > sizeof g->row)
            break;
        g->starts[i] = n;
        g->has_none[i] = text.n <= SMALL && !doc->fields[first + i].is_secret && flt_stays(text);
        if (!g->has_none[i])
            continue;
        if (text.n > 0) /* an empty one, as a picture's, may have no bytes at all */
            memcpy(g->row + n, text.p, text.n);
        n += (uint32_t)text.n;
        g->row[n++] = '\n';
    }
    if (n < g->row_n) /* of the row before */
        st_wipe(g->row + n, g->row_n - n);
    g->first = first;
    g->n = i;
    g->row_n = n;
}

/* A match ends at `end`: the field it ends in is no longer passed over. */
static bool on_match(void *ctx, unsigned id, uint32_t end)
{
    struct flt_glance *g = ctx;
    uint32_t a = 0, b = g->n; /* the last that begins before `end` */

    (void)id;
    while (b - a > 1) {
        uint32_t mid = a + (b - a) / 2;

        if (g->starts[mid] < end)
            a = mid;
        else
            b = mid;
    }
    g->has_none[a] = false;
    return true;
}

bool flt_glance_is_empty(struct flt_scanner *s, const struct flt_doc *doc, uint32_t field)
{
    struct flt_glance *g = &s->glance;

    if (!s->packs->may_glance || s->trace != NULL)
        return false;
    if (field - g->first >= g->n) {
        lay(g, doc, field);
        if (scan_run(s->packs->db, s->scratch, st_span(g->row, g->row_n), on_match, g, s->err) != ST_OK)
            s->failed = true;
    }
    return g->has_none[field - g->first];
}
