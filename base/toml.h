/* SPDX-License-Identifier: Apache-2.0 */
/* toml - the part of TOML 1.0 (toml.io/en/v1.0.0) that files of rules are written in.
 *
 * Tables and arrays of tables with dotted and quoted names, all four kinds of strings, numbers, true and false, arrays
 * over several lines, inline tables, comments. Dates, numbers in other bases, inf and nan are refused with their line,
 * as is everything that the format does not allow: what is read is read rightly, or not at all.
 */
#ifndef STOA_BASE_TOML_H
#define STOA_BASE_TOML_H
#include "base/arena.h"
#include "base/diag.h"
#include <stdbool.h>

enum st_toml_kind { ST_TOML_TABLE, ST_TOML_ARRAY, ST_TOML_STR, ST_TOML_NUMBER, ST_TOML_BOOL };

struct st_toml { /* a value; lives in the arena */
    enum st_toml_kind kind;
    const char *key;              /* NULL in an array */
    unsigned line;                /* where it begins, from 1 */
    const char *s;                /* of a string: UTF-8 without NUL */
    double number;                /* of a number; 1 of true, 0 of false */
    struct st_toml *first, *next; /* members, in the order of the file */
    bool is_closed;               /* an inline value: nothing is added to it */
    bool is_defined;              /* a table that had its own header */
    struct st_toml *last;
};

/* *out is the table of the whole file. ST_E_CONFIG when diag got an entry; nesting over 32 is refused. text is borrowed
 * for the call only. */
ST_MUST enum st_rc st_toml_parse(const char *file, struct st_span text, struct st_arena *arena, struct st_toml **out,
                                 struct st_diag *diag, struct st_err *err);
const struct st_toml *st_toml_get(const struct st_toml *table, const char *key); /* NULL: there is none */
#endif
