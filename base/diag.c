/* SPDX-License-Identifier: Apache-2.0 */
/* diag - the list of what is wrong in files that people write.
 *
 * A person reads these, so each is one clean line: control characters and broken UTF-8 from the file are shown as "?".
 * The list keeps 100 entries; one more entry at the end then says how many there were beyond (or were lost because
 * memory ran out), so that whoever walks 0 .. count-1 always gets an item.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

#define DIAG_MAGIC 0x44696167u
#define DIAG_KEPT  100u
#define WORD_MAX   64u
#define NEAR_MAX   2u

struct st_diag {
    unsigned magic;
    size_t n, lost;
    struct st_diag_item items[DIAG_KEPT + 1]; /* the last one is the summary of the lost */
    char more[64];
};

struct st_diag *st_diag_new(void)
{
    struct st_diag *diag = calloc(1, sizeof *diag);

    if (diag != NULL)
        diag->magic = DIAG_MAGIC;
    return diag;
}

void st_diag_free(struct st_diag *diag)
{
    if (diag == NULL)
        return;
    ST_CHECK(diag, DIAG_MAGIC);
    for (size_t i = 0; i < diag->n; i++) {
        free((void *)(uintptr_t)diag->items[i].file);
        free((void *)(uintptr_t)diag->items[i].text);
    }
    diag->magic = 0;
    free(diag);
}

static void clean_line(char *s)
{
    struct st_span rest = st_span_str(s);

    while (rest.n > 0) {
        size_t step = st_span_utf8(rest);

        if (step == 0 || rest.p[0] < 0x20 || rest.p[0] == 0x7f)
            s[0] = '?';
        if (step == 0)
            step = 1;
        s += step;
        rest = st_span(rest.p + step, rest.n - step);
    }
}

static void count_lost(struct st_diag *diag)
{
    diag->lost++;
    (void)snprintf(diag->more, sizeof diag->more, "and %zu more", diag->lost);
    diag->items[diag->n] = (struct st_diag_item){ diag->n > 0 ? diag->items[diag->n - 1].file : "", 0, 0, diag->more };
}

enum st_rc st_diag_add(struct st_diag *diag, const char *file, unsigned line, unsigned col, const char *fmt, ...)
{
    char *name, *text = NULL;
    va_list args;
    int n;

    if (diag == NULL)
        return ST_ERR;
    ST_CHECK(diag, DIAG_MAGIC);
    if (diag->n == DIAG_KEPT || diag->lost > 0) {
        count_lost(diag);
        return ST_ERR;
    }
    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    name = strdup(file != NULL ? file : "");
    if (n >= 0)
        text = malloc((size_t)n + 1);
    if (name == NULL || text == NULL) {
        free(name);
        free(text);
        count_lost(diag);
        return ST_ERR;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    clean_line(name);
    clean_line(text);
    diag->items[diag->n++] = (struct st_diag_item){ name, line, col, text };
    return ST_ERR;
}

size_t st_diag_count(const struct st_diag *diag)
{
    return diag == NULL ? 0 : diag->n + (diag->lost > 0);
}

const struct st_diag_item *st_diag_at(const struct st_diag *diag, size_t i)
{
    return i < st_diag_count(diag) ? &diag->items[i] : NULL;
}

void st_diag_print(const struct st_diag *diag, FILE *to)
{
    const struct st_diag_item *it;

    for (size_t i = 0; (it = st_diag_at(diag, i)) != NULL; i++) {
        if (it->file[0] != '\0')
            (void)fprintf(to, "%s:", it->file);
        if (it->line > 0)
            (void)fprintf(to, "%u:%u:", it->line, it->col);
        (void)fprintf(to, "%s%s\n", it->file[0] != '\0' || it->line > 0 ? " " : "", it->text);
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance where swapping two neighbours counts one, since that is what fingers do. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t row[3][WORD_MAX + 1] = { { 0 } };

    for (size_t j = 0; j <= nb; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = least(least(up[j] + 1, now[j - 1] + 1), up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], up2[j - 2] + 1);
        }
    }
    return row[na % 3][nb];
}

const char *st_diag_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t best = NEAR_MAX + 1, len = strlen(word);
    const char *nearest = NULL;

    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n && candidates[i] != NULL; i++) {
        size_t other = strlen(candidates[i]);
        size_t d;

        if (other > len + NEAR_MAX || len > other + NEAR_MAX || other > WORD_MAX)
            continue;
        d = distance(word, len, candidates[i], other);
        if (d < best && d < len) { /* a word replaced as a whole is no typing mistake */
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}
