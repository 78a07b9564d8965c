/* SPDX-License-Identifier: Apache-2.0 */
/* ws_frame - what reading and writing WebSocket frames share: opcodes, the mask, UTF-8 in pieces. */
#ifndef STOA_GATEWAY_WS_FRAME_H
#define STOA_GATEWAY_WS_FRAME_H
#include "base/span.h"

enum ws_op { WS_OP_MORE = 0, WS_OP_TEXT = 1, WS_OP_BINARY = 2, WS_OP_CLOSE = 8, WS_OP_PING = 9, WS_OP_PONG = 10 };
#define WS_FIN  0x80u
#define WS_RSV1 0x40u

/* out = in xor mask, the mask turned by `at` payload bytes. */
void ws_mask(uint8_t *out, struct st_span in, const uint8_t mask[4], size_t at);

struct ws_utf8 {
    uint8_t need, lo, hi; /* bytes that the open character still wants; range of the next one */
};
bool ws_utf8_feed(struct ws_utf8 *utf8, struct st_span s); /* false at the first byte that cannot be */
#endif
