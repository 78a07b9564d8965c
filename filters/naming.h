/* SPDX-License-Identifier: Apache-2.0 */
/* naming - what a name says of its value. Internal to this room; see naming.c. */
#ifndef STOA_FILTERS_NAMING_H
#define STOA_FILTERS_NAMING_H
#include "base/span.h"

struct flt_name { /* byte offsets in a text */
    uint32_t from, to;
    uint32_t stem; /* where the stem ends: from < stem <= to */
};
enum flt_naming { FLT_NAMES_NOTHING, FLT_NAMES_DOUBTFUL, FLT_NAMES_SECRET };

/* May stand in a name at `at`. */
bool flt_is_name_byte(struct st_span text, uint32_t at);
/* The name in which a stem, such as "token", ends at `stem` > 0; a bounded way to both sides. */
struct flt_name flt_name_around(struct st_span text, uint32_t stem);
enum flt_naming flt_naming(struct st_span text, const struct flt_name *name);
/* The same where the stem is the name of a service: "figma", "FIGMA_API"; but not "figmaFileUrl" or "figmas". */
enum flt_naming flt_naming_of_service(struct st_span text, const struct flt_name *name);
#endif
