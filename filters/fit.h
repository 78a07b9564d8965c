/* SPDX-License-Identifier: Apache-2.0 */
/* fit - masks that are as long as what they stand for; internal to this room. */
#ifndef STOA_FILTERS_FIT_H
#define STOA_FILTERS_FIT_H
#include "filters/edits.h"
#include "filters/filters.h"
#include "filters/runs.h"

/* How long the text is for who counts so. */
size_t flt_fit_units(struct st_span text, enum flt_keep keep);
/* What counts inside of an encoded run, so that the run keeps its length; ST_E_UNSUPPORTED: its bytes are packed, and
 * nothing keeps it. */
ST_MUST enum st_rc flt_fit_run(const struct flt_run *run, enum flt_keep *keep, struct st_err *err);
struct flt_fit { /* of one text */
    enum flt_keep keep;
    struct st_span text;
    bool is_number; /* a field that is one, without quotes of its own */
    uint32_t done;  /* where the last mask ended: what it covered is not covered again */
};
/* Adds the edit with a mask as long as what stands there. Edits come in the order of their places. */
ST_MUST enum st_rc flt_fit_add(struct flt_edits *edits, struct flt_fit *fit, struct flt_edit *place, const char *mask,
                               struct st_err *err);
#endif
