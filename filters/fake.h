/* SPDX-License-Identifier: Apache-2.0 */
/* fake - values that look real to a detector and belong to nobody.
 *
 * A file with realistic keys makes other people's secret scanners cry, and ours. So examples and tests write
 * ${fake:github.pat_classic}, and the value is made when the file is loaded: the same text always gives the same value.
 * ${fake:b62:20} is 20 random characters of a class; names and classes are at the top of fake.c.
 */
#ifndef STOA_FILTERS_FAKE_H
#define STOA_FILTERS_FAKE_H
#include "base/buf.h"

/* Appends text with every ${fake:…} replaced. ST_E_CONFIG when a name is unknown; *bad is then its place in text. */
ST_MUST enum st_rc flt_fake_expand(struct st_span text, uint64_t seed, struct st_buf *out, size_t *bad,
                                   struct st_err *err);
#endif
