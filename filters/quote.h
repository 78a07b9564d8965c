/* SPDX-License-Identifier: Apache-2.0 */
/* quote - bytes as they stand in a layer, or among escapes; internal to this room. */
#ifndef STOA_FILTERS_QUOTE_H
#define STOA_FILTERS_QUOTE_H
#include "base/buf.h"
#include "filters/edits.h"
#include "filters/map.h"

/* What is in text, through every layer from map on. ST_E_UNSUPPORTED where one cannot be written. */
ST_MUST enum st_rc flt_quote_through(const struct flt_map *map, struct st_buf *text, struct st_err *err);
/* Puts what is to stand in the edit's place of `text`: bytes, escaped in the way in which the text is there, but for
 * what the layers from map on do. ST_E_UNSUPPORTED: how that is cannot be told. */
ST_MUST enum st_rc flt_quote_edit(const struct flt_edit *edit, struct st_span bytes, struct st_span text,
                                  const struct flt_map *map, struct st_buf *out, struct st_err *err);
/* Adds to `out`, which is to stand in the edit's place of a text that may be XML: the ends and beginnings of CDATA that
 * the edit covers stay, behind it, so that each still has its other half; and it makes no end with what follows. */
void flt_quote_cdata(const struct flt_edit *edit, struct st_span text, struct st_buf *out);
#endif
