/* SPDX-License-Identifier: Apache-2.0 */
/* alike - Cyrillic and Greek letters that look like Latin ones, in runs that become plain ASCII by them.
 *
 * Internal to this room, for normalise.c.
 */
#ifndef STOA_FILTERS_ALIKE_H
#define STOA_FILTERS_ALIKE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flt_build;

/* The Latin letter that looks the same, or 0. */
uint8_t flt_twin_of(int32_t cp);
/* The first run at or after p that is meant to be read as ASCII, *stop behind it; NULL: none. p does not lie inside a
 * run. */
const uint8_t *flt_mixed_run(const uint8_t *p, const uint8_t *end, const uint8_t **stop);
/* Writes the twins of all such runs in place, since they are shorter, and their points into build; answers the new
 * length. *any: something was replaced. */
size_t flt_fold_alike(uint8_t *text, size_t n, struct flt_build *build, bool *any);
#endif
