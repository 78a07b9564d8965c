/* SPDX-License-Identifier: Apache-2.0 */
/* rows - what a person could read in bytes that are no text: rows of readable characters, a line each.
 *
 * Pictures, programs and documents of old hold their texts as they are, in ASCII or in UTF-16 with its low byte first.
 * By chance a few bytes in a row look readable too, so the caller says how long a row must be to count. In UTF-16 the
 * letters up to Cyrillic count as well, since two bytes are one of them by chance in one case of fifty.
 */
#include "base/buf.h"
#include "filters/decode.h"

static uint32_t unit_at(struct st_span s, size_t at, size_t step)
{
    return step == 1 ? s.p[at] : (uint32_t)s.p[at + 1] << 8 | s.p[at];
}

static size_t units_from(struct st_span s, size_t at, size_t step)
{
    size_t units = 0;
    uint32_t c;

    for (; at + step <= s.n; at += step, units++) {
        c = unit_at(s, at, step);
        if (!(c >= ' ' && c < 0x7F) && c != '\t' && !(step == 2 && c > 0xA0 && c < 0x530))
            break;
    }
    return units;
}

void flt_rows(struct st_span s, size_t step, size_t least, struct st_buf *out)
{
    uint8_t utf8[4];
    size_t units;

    for (size_t at = 0; at + step <= s.n && out->failed == ST_E_NONE;) {
        units = units_from(s, at, step);
        if (units < least) {
            at += step == 1 ? units + 1 : 1; /* in UTF-16 a row may begin at every byte */
            continue;
        }
        for (size_t i = 0; i < units; i++)
            st_buf_put(out, utf8, st_utf8_put(unit_at(s, at + i * step, step), utf8));
        st_buf_byte(out, '\n');
        at += units * step;
    }
}
