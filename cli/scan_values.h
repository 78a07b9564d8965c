/* SPDX-License-Identifier: Apache-2.0 */
/* scan_values - what is found in a file by the names of its values, beside what is found in it as one text. */
#ifndef STOA_CLI_SCAN_VALUES_H
#define STOA_CLI_SCAN_VALUES_H
#include "filters/filters.h"

/* Adds to the findings of the text, in the arena; they stand at its bytes, in order. */
ST_MUST enum st_rc scan_values(struct flt_scanner *scanner, struct st_arena *arena, enum flt_layout layout,
                               struct st_span text, struct flt_findings *findings, struct st_err *err);
#endif
