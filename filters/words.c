/* SPDX-License-Identifier: Apache-2.0 */
/* words - dictionaries: files with the words and phrases of the house, as detectors.
 *
 * A line is a term, a tab and a weight may follow; empty lines and those that begin with # are left out. Terms are kept
 * as a folded view (normalise.h), so a list need not care for case, sharp s or composed letters. Each becomes one
 * expression of the generation's database: Hyperscan folds ASCII only, so that letters beyond it stand there in both
 * forms. Where a hit begins and whether it is a word of its own is looked at when it comes (find_words.c).
 */
#include "base/file.h"
#include "filters/normalise.h"
#include "filters/rules.h"
#include <string.h>

#define FILE_MAX   (4u << 20)
#define TERM_MAX   200u /* bytes */
#define WEIGHT_MAX 1000u

struct list { /* one that is being read */
    struct flt_packs *packs;
    struct flt_detector *detector;
    const char *path;
    struct st_diag *diag;
    struct st_err *err;
    size_t n_bad;
};

#define BAD(l, line, ...) ((l)->n_bad++, (void)st_diag_add((l)->diag, (l)->path, (line), 1, __VA_ARGS__))

/* The view with every character folded and every run of blanks as one. */
static void fold(struct st_span view, struct st_buf *out)
{
    const uint8_t *p = view.p, *end = view.p + view.n;
    uint8_t bytes[FLT_FOLD_MAX];
    size_t n;

    while (p < end) {
        if (flt_is_blank(*p)) {
            if (out->n > 0 && out->p[out->n - 1] != ' ')
                st_buf_byte(out, ' ');
            p++;
            continue;
        }
        p += flt_fold_char(p, end, bytes, &n);
        st_buf_put(out, bytes, n);
    }
    if (out->n > 0 && out->p[out->n - 1] == ' ')
        out->n--;
}

static enum st_rc add_term(struct list *l, struct st_span text, uint32_t weight, unsigned line)
{
    struct flt_detector *d = l->detector;
    struct flt_view view;
    struct st_buf folded;
    enum st_rc rc = ST_ERR;

    st_buf_init(&folded, FILE_MAX);
    if (flt_normalise(l->packs->arena, text, FLT_CASE_KEEP, &view, l->err) != ST_OK)
        goto out;
    fold(view.text, &folded);
    if (st_buf_done(&folded, l->err, "words.load") != ST_OK)
        goto out;
    rc = ST_OK;
    if (folded.n < 2 || folded.n > TERM_MAX)
        BAD(l, line, "a term has 2 to %u bytes, this one has %zu", TERM_MAX, folded.n);
    else if (l->packs->n_terms == FLT_TERMS_MAX)
        BAD(l, line, "more than %u terms over all dictionaries", FLT_TERMS_MAX);
    else if ((d->terms[d->n_terms].text = st_arena_str(l->packs->arena, st_buf_view(&folded))) == NULL)
        rc = st_arena_fail(l->packs->arena, l->err, "words.load");
    else {
        d->terms[d->n_terms++].weight = weight;
        l->packs->n_terms++;
    }
out:
    st_buf_fini(&folded);
    return rc;
}

static enum st_rc read_line(struct list *l, struct st_span line, unsigned number)
{
    size_t tab = st_span_chr(line, '\t');
    struct st_span text = st_span_trim(st_span_sub(line, 0, tab)), rest;
    uint64_t weight = 1;

    if (text.n == 0 || text.p[0] == '#')
        return ST_OK;
    rest = tab == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_trim(st_span_sub(line, tab + 1, line.n));
    if (rest.n > 0 && (!st_span_u64(rest, &weight) || weight < 1 || weight > WEIGHT_MAX)) {
        BAD(l, number, "expected a weight from 1 to %u behind the tab", WEIGHT_MAX);
        return ST_OK;
    }
    return add_term(l, text, (uint32_t)weight, number);
}

enum st_rc flt_words_read(struct flt_packs *packs, struct flt_detector *d, const char *path, struct st_diag *diag,
                          struct st_err *err)
{
    struct list l = { .packs = packs, .detector = d, .path = path, .diag = diag, .err = err };
    struct st_span rest, line;
    enum st_rc rc = ST_OK;
    struct st_buf file;
    unsigned number = 0;
    size_t n_lines = 1;

    st_buf_init(&file, FILE_MAX + 1);
    if ((rc = st_file_read(path, FILE_MAX, &file, err)) != ST_OK)
        goto out;
    rest = st_buf_view(&file);
    for (size_t i = 0; i < rest.n; i++)
        n_lines += rest.p[i] == '\n';
    n_lines = n_lines < FLT_TERMS_MAX ? n_lines : FLT_TERMS_MAX;
    if ((d->terms = st_arena_alloc(packs->arena, n_lines * sizeof *d->terms)) == NULL)
        rc = st_arena_fail(packs->arena, err, "words.load");
    while (rc == ST_OK && st_span_next(&rest, '\n', &line)) {
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        rc = read_line(&l, line, ++number);
    }
    if (rc == ST_OK && d->n_terms == 0 && l.n_bad == 0)
        BAD(&l, 0, "no terms in this dictionary; write one a line");
    if (rc == ST_OK && l.n_bad > 0)
        rc = st_fail(err, ST_E_CONFIG, "words.load", "a dictionary has a mistake", l.n_bad);
out:
    st_buf_fini(&file);
    return rc;
}

enum st_rc flt_words_make(struct flt_packs *packs, struct st_err *err)
{
    const struct flt_list *list = &packs->by_find[FLT_FIND_WORDS];
    size_t n = 0;

    if (packs->n_terms == 0)
        return ST_OK;
    if ((packs->terms = st_arena_alloc(packs->arena, packs->n_terms * sizeof *packs->terms)) == NULL)
        return st_arena_fail(packs->arena, err, "words.load");
    for (size_t i = 0; i < list->n; i++)
        for (size_t t = 0; t < list->items[i]->n_terms; t++) {
            packs->terms[n] = list->items[i]->terms[t];
            packs->terms[n++].detector = list->items[i];
        }
    return ST_OK;
}

static void put_hex(struct st_buf *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        st_buf_fmt(out, "\\x%02x", (unsigned)p[i]);
}

/* One character of a term, in every form that folds to it; answers its bytes. */
static size_t put_forms(struct st_buf *out, const uint8_t *p, const uint8_t *end)
{
    uint8_t bytes[FLT_FOLD_MAX];
    size_t n, upper;

    if (*p == ' ') {
        st_buf_str(out, "[ \\t\\r\\n]{1,4}");
        return 1;
    }
    if (*p == 's' && p + 1 < end && p[1] == 's') {
        st_buf_str(out, "(?:ss|\\xc3\\x9f|\\xe1\\xba\\x9e)");
        return 2;
    }
    n = st_span_utf8(st_span(p, (size_t)(end - p)));
    if (n < 2) {
        put_hex(out, p, 1);
        return 1;
    }
    upper = flt_upper_char(p, end, bytes);
    st_buf_str(out, "(?:");
    put_hex(out, p, n);
    if (upper > 0) {
        st_buf_byte(out, '|');
        put_hex(out, bytes, upper);
    }
    st_buf_byte(out, ')');
    return n;
}

const char *flt_words_pattern(struct st_arena *arena, const struct flt_term *term)
{
    struct st_span text = st_span_str(term->text);
    const uint8_t *p = text.p, *end = text.p + text.n;
    const char *pattern = NULL;
    struct st_buf out;

    st_buf_init(&out, 32u * TERM_MAX);
    while (p < end)
        p += put_forms(&out, p, end);
    if (st_buf_done(&out, NULL, "words.compile") == ST_OK)
        pattern = st_arena_str(arena, st_buf_view(&out));
    st_buf_fini(&out);
    return pattern;
}
