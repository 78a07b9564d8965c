/* SPDX-License-Identifier: Apache-2.0 */
/* own - the customer's own data as files of keyed hashes: rows of a table (exact data match), copies of documents.
 *
 * The builder reads the source once and writes hashes only; nobody reads a value out of such a file, and without its
 * key nobody can even guess at one. A pack's rule names the file (find: rows, find: copies). This header is for who
 * builds and examines them; scanning needs filters.h alone.
 */
#ifndef STOA_FILTERS_OWN_H
#define STOA_FILTERS_OWN_H
#include "base/buf.h"
#include "base/diag.h"
#include <stdbool.h>

#define FLT_OWN_COLUMNS_MAX 16
#define FLT_OWN_ROWS_MAX    (1u << 28)
#define FLT_OWN_KEY_LEN     16

/* How a column's values are written, and which ways of writing mean the same. */
#define FLT_OWN_TYPES(X)                                                               \
    X(TEXT, "text")       /* words in their order; case and punctuation are nothing */ \
    X(NAME, "name")       /* words in any order, titles left out */                    \
    X(NUMBER, "number")   /* letters and digits, separators are nothing */             \
    X(EMAIL, "email")     /* an address */                                             \
    X(DATE, "date")       /* a day, day before month where only figures say it */      \
    X(DATE_US, "date-us") /* a day, month before day */
enum flt_own_type {
#define X(id, name) FLT_OWN_##id,
    FLT_OWN_TYPES(X)
#undef X
};
const char *flt_own_type_name(enum flt_own_type type);

struct flt_own_key {
    uint8_t bytes[FLT_OWN_KEY_LEN];
};
/* From a file of 32 hex digits that nobody but its owner (is_strict) or its group can read; mistakes are in diag. */
ST_MUST enum st_rc flt_own_key_read(const char *path, bool is_strict, struct flt_own_key *out, struct st_diag *diag,
                                    struct st_err *err);
/* The same, and makes the file (0600) when there is none; *is_new says so. */
ST_MUST enum st_rc flt_own_key_make(const char *path, struct flt_own_key *out, bool *is_new, struct st_diag *diag,
                                    struct st_err *err);

struct flt_own_facts { /* what is in a file */
    bool is_copies;
    uint64_t rows, cells, bytes; /* rows: of the table, or documents */
    uint64_t values;             /* different ones */
    int64_t built_ms;            /* wall clock */
    double false_per_million;    /* expected, of a million words that are not in it: values that seem to match */
};

struct flt_own_names { /* columns or documents, as facts list them */
    const char *name;  /* dies with the table */
    const char *type;  /* of a column; NULL */
    uint64_t cells;
};

struct flt_rows_plan {
    const char *columns; /* "account,first+last:name,born:date" */
    struct flt_own_key key;
    const char *source; /* name of the file, for diagnostics */
    uint8_t separator;  /* 0: the one of , ; tab | that the first line has most */
    bool is_latin1;
    struct st_span stop; /* values that count nothing, one a line */
    struct st_diag *diag;
};
struct flt_rows_told {
    uint64_t rows, cells, stopped; /* stopped: cells that are empty, too short or a stop value */
};
/* Reads the CSV (RFC 4180) from fd and writes the file. Memory is bounded, whatever the CSV's size; a temporary file
 * beside `to` holds hashes only. */
ST_MUST enum st_rc flt_rows_build(const struct flt_rows_plan *plan, int fd, const char *to, struct flt_rows_told *told,
                                  struct st_err *err);

struct flt_own_table;
/* Maps and checks the whole file; what is wrong with it is in diag. */
ST_MUST enum st_rc flt_own_open(const char *path, struct flt_own_table **out, struct st_diag *diag, struct st_err *err);
void flt_own_close(struct flt_own_table *table); /* NULL is fine */
void flt_own_facts(const struct flt_own_table *table, struct flt_own_facts *out);
bool flt_own_name(const struct flt_own_table *table, size_t i, struct flt_own_names *out); /* false past the end */
bool flt_own_key_fits(const struct flt_own_table *table, const struct flt_own_key *key);
/* The rows in whose column `column` the value stands, however it is written; 0: none. */
uint64_t flt_own_rows_of(const struct flt_own_table *table, const struct flt_own_key *key, struct st_span value,
                         size_t column);

/* ---- copies of documents ----------------------------------------------------------------------------------------- */

struct flt_doc;
struct flt_copies; /* a file of fingerprints that is being made */
ST_MUST enum st_rc flt_copies_new(const char *to, struct flt_copies **out, struct st_err *err);
void flt_copies_free(struct flt_copies *copies); /* NULL is fine; a file that is not done is gone */
/* What stands in it counts in no document that is added afterwards. */
ST_MUST enum st_rc flt_copies_ignore(struct flt_copies *copies, const struct flt_doc *doc, struct st_err *err);
/* *prints: how many it has; one with none is left out. */
ST_MUST enum st_rc flt_copies_add(struct flt_copies *copies, const char *name, const struct flt_doc *doc,
                                  size_t *prints, struct st_err *err);
ST_MUST enum st_rc flt_copies_done(struct flt_copies *copies, struct st_err *err);

/* Told per document of which the doc has a part: its name, how many percent of it, and how many words, about. */
typedef void flt_copy_f(void *ctx, const char *name, unsigned percent, uint64_t words);
ST_MUST enum st_rc flt_copies_check(const struct flt_own_table *table, const struct flt_doc *doc, flt_copy_f *fn,
                                    void *ctx, struct st_err *err);
#endif
