/* SPDX-License-Identifier: Apache-2.0 */
/* layout_csv - tables of comma-separated values (RFC 4180) with a line of names.
 *
 * Lenient, unlike own_csv: what is no table is a text all the same. The separator is the one of four that stands most
 * often in the first line. The first line names the columns when each of its cells could be a name: short, with a
 * letter, and nothing that is looked for itself. A cell may span lines in its quotes; its value lies between them.
 */
#include "filters/laid.h"
#include <string.h>

#define NAME_LONGEST 64u   /* bytes of a column's name */
#define PORTION      2048u /* cells read at once, about, so that a table of findings has room for them all */
#define SAMPLE_ROWS  3u    /* held against the first line when nothing else says that it is a table */

struct cell {
    struct st_span s; /* between its quotes */
    bool is_quoted, ends_row;
};

/* Answers where the next one begins. */
static size_t take_cell(struct st_span text, size_t at, uint8_t separator, struct cell *cell)
{
    size_t from = at, to;

    cell->is_quoted = at < text.n && text.p[at] == '"';
    if (cell->is_quoted) {
        for (from = ++at; at < text.n; at++) {
            if (text.p[at] != '"')
                continue;
            if (at + 1 < text.n && text.p[at + 1] == '"')
                at++;
            else
                break;
        }
    }
    to = at;
    while (at < text.n && text.p[at] != separator && text.p[at] != '\n')
        at++;
    if (!cell->is_quoted)
        to = at > from && (at == text.n || text.p[at] == '\n') && text.p[at - 1] == '\r' ? at - 1 : at;
    cell->s = st_span_trim(st_span_sub(text, from, to - from));
    cell->ends_row = at >= text.n || text.p[at] == '\n';
    return at < text.n ? at + 1 : at;
}

static size_t take_row(struct st_span text, size_t at, uint8_t separator, size_t *cells)
{
    struct cell cell;

    *cells = 0;
    do {
        at = take_cell(text, at, separator, &cell);
        *cells += 1;
    } while (!cell.ends_row);
    if (*cells == 1 && cell.s.n == 0 && !cell.is_quoted)
        *cells = 0; /* an empty line */
    return at;
}

static uint8_t separator_of(struct st_span text)
{
    static const uint8_t separators[] = { ',', ';', '\t', '|' };
    size_t counts[sizeof separators] = { 0 }, best = 0;
    bool is_quoted = false;

    for (size_t i = 0; i < text.n && (is_quoted || text.p[i] != '\n'); i++) {
        is_quoted ^= text.p[i] == '"';
        for (size_t k = 0; k < sizeof separators && !is_quoted; k++)
            counts[k] += text.p[i] == separators[k];
    }
    for (size_t k = 1; k < sizeof separators; k++)
        if (counts[k] > counts[best])
            best = k;
    return separators[best];
}

/* May be the name of a column; a number, an address or a sentence is none. */
static bool is_name(struct st_span s, bool is_sure)
{
    size_t letters = 0, digits = 0, blanks = 0;

    if (s.n == 0 || s.n > NAME_LONGEST)
        return s.n == 0 && is_sure;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];

        letters += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
        digits += c >= '0' && c <= '9';
        blanks += c == ' ';
        if (c < ' ' || c == '@' || strchr("{}<>=\\?!", c) != NULL)
            return false;
    }
    return letters > 0 && digits <= 3 && blanks <= (is_sure ? 6u : 3u);
}

/* How many columns the first line names, 0: it does not; *at is behind it. */
static size_t count_names(struct st_span text, uint8_t separator, bool is_sure, size_t *at)
{
    struct cell cell;
    size_t n = 0;

    *at = 0;
    do {
        *at = take_cell(text, *at, separator, &cell);
        if (!is_name(cell.s, is_sure))
            return 0;
        n++;
    } while (!cell.ends_row);
    return n;
}

bool flt_csv_likely(struct st_span text)
{
    uint8_t separator = separator_of(text);
    size_t cells, at, rows = 0, columns = count_names(text, separator, false, &at);

    if (columns < 2)
        return false;
    while (at < text.n && rows < SAMPLE_ROWS) {
        at = take_row(text, at, separator, &cells);
        if (cells > 0 && cells != columns)
            return false;
        rows += cells > 0;
    }
    return rows > 0;
}

enum st_rc flt_csv_begin(struct st_arena *arena, struct flt_laid *laid, struct st_err *err)
{
    struct st_span text = laid->text.s;
    struct cell cell;
    size_t n;

    laid->separator = separator_of(text);
    if ((n = count_names(text, laid->separator, true, &laid->at)) == 0)
        return ST_AGAIN;
    laid->n_columns = n < FLT_COLUMNS_MAX ? n : FLT_COLUMNS_MAX;
    if ((laid->columns = st_arena_alloc(arena, laid->n_columns * sizeof *laid->columns)) == NULL)
        return st_arena_fail(arena, err, "filters.csv");
    for (size_t i = 0, at = 0; i < laid->n_columns; i++) {
        at = take_cell(text, at, laid->separator, &cell);
        laid->columns[i] = cell.s;
    }
    return ST_OK;
}

enum st_rc flt_csv_rows(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err)
{
    struct st_span text = laid->text.s;
    struct cell cell;

    /* a row is in one portion, unless it is longer than any */
    while (laid->at < text.n && flt_laid_has_room(dec, laid->column > 0 ? 1 : FLT_FIELDS_MAX - PORTION)) {
        struct st_span name = laid->column < laid->n_columns ? laid->columns[laid->column] : ST_SPAN_NONE;
        size_t mark = flt_dec_enter(dec, name);

        laid->at = take_cell(text, laid->at, laid->separator, &cell);
        if (flt_laid_value(dec, laid, name, cell.s, cell.is_quoted, err) != ST_OK)
            return ST_ERR;
        flt_dec_leave(dec, mark);
        laid->column = cell.ends_row ? 0 : laid->column + 1;
    }
    return ST_OK;
}
