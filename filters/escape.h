/* SPDX-License-Identifier: Apache-2.0 */
/* escape - one character written by its number or name, or a tag that only dresses text up; internal to this room. */
#ifndef STOA_FILTERS_ESCAPE_H
#define STOA_FILTERS_ESCAPE_H
#include "base/span.h"
#include <stddef.h>
#include <stdint.h>

#define FLT_ESCAPE_NOTHING (-1) /* it stands for no character at all: <b> */

/* Could an escape begin with this byte? */
static inline int flt_escape_may_begin(uint8_t c)
{
    return c == '%' || c == '\\' || c == '&' || c == '<' || c == ']' || c == 0x1B;
}

/* The length of the escape at p, and what it stands for; 0 when there is none, or one that had better stay. */
size_t flt_escape(const uint8_t *p, const uint8_t *end, int32_t *cp);
/* The same for whatever can be escaped: signs and %u0044, \104, \u{44}, \U00000044, \000044, \n, &commat; as well, and
 * a line that goes on in the next; no tags. */
size_t flt_escape_any(const uint8_t *p, const uint8_t *end, int32_t *cp);
/* The length of "<![CDATA[" or "]]>" where s begins with it, else 0. */
size_t flt_cdata_mark(struct st_span s);
#endif
