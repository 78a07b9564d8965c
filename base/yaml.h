/* SPDX-License-Identifier: Apache-2.0 */
/* yaml - files that people write, loaded into typed structs through one option table.
 *
 * libyaml gives events; the schema decides every scalar's type, so `no`, `08` or `1e3` cannot turn into something else.
 * Anchors, tags, several documents and duplicate keys are refused. Every mistake becomes one st_diag line with file,
 * line, column, what was expected, what was found and the nearest known name; loading goes on to find the next one.
 * The same table makes --help, the reference page and the JSON Schema (st_yaml_describe).
 */
#ifndef STOA_BASE_YAML_H
#define STOA_BASE_YAML_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include <stdbool.h>

struct st_pos {
    unsigned line, col; /* from 1 */
};
struct st_str { /* a scalar with its place; s is NULL when absent and without default */
    const char *s;
    struct st_pos pos;
};
struct st_list { /* n items in a row: struct st_str for lists of scalars, else the sub-schema's struct */
    void *items;
    size_t n;
    struct st_pos pos;
};
struct st_text { /* operator-written text in the two languages; en is required, de falls back to en */
    const char *en, *de;
};
struct st_compare { /* ">= 0.8", "> 3", "= 1", or a bare number, which means >= */
    enum { ST_CMP_NONE = 0, ST_CMP_GE, ST_CMP_GT, ST_CMP_LE, ST_CMP_LT, ST_CMP_EQ } op;
    double value;
};

enum st_yaml_type {
    ST_Y_BOOL,     /* true | false (on, off, yes, no are refused with a hint): bool */
    ST_Y_INT,      /* decimal within min..max: int64_t */
    ST_Y_REAL,     /* within min..max: double */
    ST_Y_STR,      /* struct st_str */
    ST_Y_ENUM,     /* one of names: int (index into names) */
    ST_Y_DURATION, /* 150ms 30s 5m 12h 90d within min..max (ms): int64_t milliseconds */
    ST_Y_SIZE,     /* 512 64KiB 1MiB 2GiB within min..max (bytes): int64_t */
    ST_Y_DATE,     /* 2027-01-15: int64_t, ms since 1970 UTC */
    ST_Y_TEXT,     /* a scalar (en) or a mapping en/de: struct st_text */
    ST_Y_COMPARE,  /* struct st_compare */
    ST_Y_STRS,     /* a list of scalars (each one of names, if given), or one scalar: struct st_list of struct st_str */
    ST_Y_MAP,      /* a mapping by sub: the sub struct, in place */
    ST_Y_LIST,     /* a list of mappings by sub, or of its shorthand: struct st_list of the sub struct */
    ST_Y_DICT,     /* a mapping of free keys to scalars: struct st_list of struct st_pair */
    ST_Y_DICTS,    /* a mapping of free keys to scalars or lists of scalars: struct st_list of struct st_many */
};
struct st_pair {
    struct st_str key, value;
};
struct st_many {
    struct st_str key;
    struct st_list values; /* of struct st_str; one for a scalar */
    bool is_list;
};

struct st_yaml_schema;
struct st_yaml_opt {
    const char *name;
    enum st_yaml_type type;
    size_t offset; /* into the struct of the schema */
    bool required;
    double min, max;                  /* both 0: no bounds */
    const char *const *names;         /* ST_Y_ENUM: NULL-terminated */
    const struct st_yaml_schema *sub; /* ST_Y_MAP, ST_Y_LIST */
    const char *def;                  /* default as text, parsed like the file's ("[a, b]" for a list); NULL: zero */
    const char *help;                 /* one English sentence */
};
struct st_yaml_schema {
    const char *name; /* of the struct, for messages: "rule" */
    size_t size;
    size_t pos_offset; /* of a struct st_pos in the struct + 1; 0: none. Line 0 there: an optional mapping was absent */
    const struct st_yaml_opt *opts;
    size_t n;
    const char *shorthand; /* in a list, a scalar stands for a mapping with only this option (a ST_Y_STR); NULL: none */
};

/* Reads path into *out (schema->size bytes, zeroed first; strings and lists live in arena). ST_E_CONFIG when diag got
 * at least one entry; files over 4 MiB and nesting over 32 are refused. */
ST_MUST enum st_rc st_yaml_load(const char *path, const struct st_yaml_schema *schema, struct st_arena *arena,
                                void *out, struct st_diag *diag, struct st_err *err);
/* The same from memory; `file` names it in diagnostics. */
struct st_yaml_source {
    const char *file;
    struct st_span text;
};
ST_MUST enum st_rc st_yaml_parse(const struct st_yaml_source *source, const struct st_yaml_schema *schema,
                                 struct st_arena *arena, void *out, struct st_diag *diag, struct st_err *err);
enum st_yaml_form { ST_YAML_HELP, ST_YAML_MARKDOWN, ST_YAML_JSON_SCHEMA };
void st_yaml_describe(const struct st_yaml_schema *schema, enum st_yaml_form form, struct st_buf *out);
#endif
