/* SPDX-License-Identifier: Apache-2.0 */
/* shipped - the packs as they are shipped and a scanner for them, made once for all tests of a program. */
#ifndef STOA_TESTS_UNIT_FILTERS_SHIPPED_H
#define STOA_TESTS_UNIT_FILTERS_SHIPPED_H
#include "filters/filters.h"
#include "t.h"

static struct flt_packs *packs;
static struct flt_scanner *scanner;

static void once(void)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_err err = ST_ERR_INIT;

    if (packs != NULL)
        return;
    T_OK(flt_packs_load(dirs, NULL, &packs, NULL, &err), err);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
}

/* What is found in a text; lives in the arena. */
static inline struct flt_findings found_in_text(struct st_arena *arena, const char *text)
{
    struct flt_findings found;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;

    once();
    T_OK(flt_text_doc(arena, st_span_str(text), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &found, NULL, &err), err);
    return found;
}
#endif
