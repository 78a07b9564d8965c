/* SPDX-License-Identifier: Apache-2.0 */
/* diag - what is wrong with a file that a person wrote, and where.
 *
 * One line each: file:line:column: what was found, what was expected, what to do. Diagnostics quote the operator's own
 * files only; they go to a terminal or to the answer of a reload, never into the log of the data path.
 */
#ifndef STOA_BASE_DIAG_H
#define STOA_BASE_DIAG_H
#include "base/err.h"
#include <stdio.h>

struct st_diag; /* a list with a ceiling of 100 entries; what comes after is counted and summed up in one last entry */

struct st_diag_item {
    const char *file;   /* owned by the list */
    unsigned line, col; /* from 1; 0 = the whole file */
    const char *text;   /* owned by the list; UTF-8, one line */
};

ST_MUST struct st_diag *st_diag_new(void);
void st_diag_free(struct st_diag *diag); /* NULL is fine */
/* Adds one entry and answers ST_ERR. diag may be NULL. */
enum st_rc st_diag_add(struct st_diag *diag, const char *file, unsigned line, unsigned col, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
size_t st_diag_count(const struct st_diag *diag);
const struct st_diag_item *st_diag_at(const struct st_diag *diag, size_t i); /* NULL past the end */
void st_diag_print(const struct st_diag *diag, FILE *to);                    /* file:line:col: text, one line each */
/* The candidate nearest to `word` (edit distance <= 2), or NULL: for "did you mean". Borrowed from the list. */
const char *st_diag_nearest(const char *word, const char *const *candidates, size_t n);
#endif
