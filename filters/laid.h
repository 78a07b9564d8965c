/* SPDX-License-Identifier: Apache-2.0 */
/* laid - what the readers of layout.h share; internal to this room. */
#ifndef STOA_FILTERS_LAID_H
#define STOA_FILTERS_LAID_H
#include "filters/decode.h"

#define FLT_COLUMNS_MAX 16384u /* that have a name, as many as a sheet has at most (ECMA-376: XFD) */

struct flt_laid {
    enum flt_layout layout;
    struct flt_piece text;    /* UTF-8 */
    size_t at;                /* bytes of it that were read */
    uint8_t separator;        /* of a table */
    struct st_span *columns;  /* names; in the arena */
    size_t n_columns, column; /* column: of the cell at `at`, as one portion may end inside a row */
};

/* A value as it stands at [from, from + n) of the text, below its name at the present path; JSON in it is opened. In
 * double quotes, two of which mean one, when is_doubled. */
ST_MUST enum st_rc flt_laid_value(struct flt_dec *dec, const struct flt_laid *laid, struct st_span name,
                                  struct st_span value, bool is_doubled, struct st_err *err);
/* Is there room for so many more fields? */
bool flt_laid_has_room(const struct flt_dec *dec, size_t fields);

/* ---- layout_csv.c ---- */
bool flt_csv_likely(struct st_span text); /* a line of names, and lines of as many values */
/* Reads the names. ST_AGAIN: there are none in the first line. */
ST_MUST enum st_rc flt_csv_begin(struct st_arena *arena, struct flt_laid *laid, struct st_err *err);
ST_MUST enum st_rc flt_csv_rows(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err);
/* ---- layout_lines.c ---- */
ST_MUST enum st_rc flt_setting_lines(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err);
/* ---- layout_xml.c ---- */
ST_MUST enum st_rc flt_xml_values(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err);
#endif
