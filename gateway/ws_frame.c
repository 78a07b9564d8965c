/* SPDX-License-Identifier: Apache-2.0 */
/* ws_frame - the inner loops of the WebSocket codec: the mask, and UTF-8 checked as the bytes come.
 *
 * Text may be cut anywhere, so the check keeps what the open character still wants. Only the byte after a lead has a
 * range of its own (RFC 3629 §4: no overlong form, no surrogate, nothing above U+10FFFF); the others are 80..BF.
 */
#include "gateway/ws_frame.h"
#include <string.h>

void ws_mask(uint8_t *out, struct st_span in, const uint8_t mask[4], size_t at)
{
    uint8_t turned[8];
    uint64_t key, word;
    size_t i = 0;

    for (size_t k = 0; k < sizeof turned; k++)
        turned[k] = mask[(at + k) & 3];
    memcpy(&key, turned, sizeof key);
    for (; i + sizeof word <= in.n; i += sizeof word) {
        memcpy(&word, in.p + i, sizeof word);
        word ^= key;
        memcpy(out + i, &word, sizeof word);
    }
    for (; i < in.n; i++)
        out[i] = in.p[i] ^ turned[i & 7];
}

/* How many bytes at the start are ASCII, counted in words. */
static size_t ascii_run(struct st_span s)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= s.n; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        if ((word & 0x8080808080808080u) != 0)
            break;
    }
    return i;
}

static bool begin(struct ws_utf8 *utf8, uint8_t lead)
{
    utf8->lo = 0x80;
    utf8->hi = 0xbf;
    if (lead < 0x80)
        return true;
    if (lead < 0xc2 || lead > 0xf4)
        return false;
    utf8->need = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead == 0xe0)
        utf8->lo = 0xa0;
    else if (lead == 0xed)
        utf8->hi = 0x9f;
    else if (lead == 0xf0)
        utf8->lo = 0x90;
    else if (lead == 0xf4)
        utf8->hi = 0x8f;
    return true;
}

bool ws_utf8_feed(struct ws_utf8 *utf8, struct st_span s)
{
    size_t i = 0;

    while (i < s.n) {
        if (utf8->need > 0) {
            if (s.p[i] < utf8->lo || s.p[i] > utf8->hi)
                return false;
            utf8->need--;
            utf8->lo = 0x80;
            utf8->hi = 0xbf;
            i++;
            continue;
        }
        i += ascii_run(st_span_sub(s, i, s.n - i));
        if (i < s.n && !begin(utf8, s.p[i++]))
            return false;
    }
    return true;
}
