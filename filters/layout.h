/* SPDX-License-Identifier: Apache-2.0 */
/* layout - files that give values names: tables, settings, documents of elements. Included by filters.h.
 *
 * A number in a column "iban", or below "customer:", has its label far away. So such a file is read by its values, too,
 * each as "name: value" with the path of where it stands; offsets lead back to the file. JSON and forms are read as
 * they are in a message. It comes beside the reading of the file as one text, and takes nothing away from it.
 */
#ifndef STOA_FILTERS_LAYOUT_H
#define STOA_FILTERS_LAYOUT_H

#define FLT_LAYOUTS(X)        \
    X(TEXT, "text")           \
    X(JSON, "json")           \
    X(LINES, "ndjson")        \
    X(FORM, "form")           \
    X(XML, "xml")             \
    X(CSV, "csv")             \
    X(YAML, "yaml")           \
    X(SETTINGS, "properties") \
    X(ENV, "env")             \
    X(INI, "ini")
enum flt_layout {
#define X(id, name) FLT_LAYOUT_##id,
    FLT_LAYOUTS(X)
#undef X
        FLT_LAYOUTS_END
};
const char *flt_layout_name(enum flt_layout layout);
/* What the end of a file's name says, else its first lines; TEXT: neither tells. name may be empty. */
enum flt_layout flt_layout_of(struct st_span name, struct st_span text);

struct flt_laid; /* where a reader stands; lives in an arena */
/* The text is borrowed. *out NULL: it has no values by name, though it was thought to. */
ST_MUST enum st_rc flt_layout_open(struct st_arena *arena, enum flt_layout layout, struct st_span text,
                                   struct flt_laid **out, struct st_err *err);
/* The next values, at most FLT_FIELDS_MAX, in an arena that may be another; ST_AGAIN: there are no more. */
ST_MUST enum st_rc flt_layout_next(struct flt_laid *laid, struct st_arena *arena, struct flt_doc **out,
                                   struct st_err *err);
/* Where a finding in one of them stands in the text; false: in the name alone. */
bool flt_layout_place(const struct flt_doc *doc, const struct flt_finding *finding, uint32_t *from, uint32_t *to);
#endif
