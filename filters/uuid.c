/* SPDX-License-Identifier: Apache-2.0 */
/* uuid - RFC 9562 names, by far the most frequent text with digits and groups in it; nothing hides in one.
 *
 * Numbers only, in both halves, are none: that is what somebody could write a number as.
 */
#include "base/bytes.h"
#include "filters/scanner.h"

#define DASHES_FRONT 0x2100u /* places 8 and 13 of the first sixteen */
#define DASHES_BACK  0x0084u /* places 18 and 23 in the next */

static unsigned letters_in(const uint8_t *p)
{
    return st_bytes_in(p, 'a', 'f') | st_bytes_in(p, 'A', 'F');
}

bool flt_is_uuid_at(struct st_span text, size_t at)
{
    const uint8_t *p = text.p + at;
    unsigned front, back, letters;

    if (at + FLT_UUID_LEN > text.n || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
        return false;
    front = letters_in(p);
    back = letters_in(p + 16);
    letters = letters_in(p + 20); /* the last sixteen, four of them new */
    if (front == 0 || (back | letters) == 0)
        return false;
    return (front | st_bytes_in(p, '0', '9')) == (~DASHES_FRONT & 0xFFFF) &&
           (back | st_bytes_in(p + 16, '0', '9')) == (~DASHES_BACK & 0xFFFF) &&
           ((letters | st_bytes_in(p + 20, '0', '9')) >> 12) == 0xF;
}
