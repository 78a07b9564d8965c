/* SPDX-License-Identifier: Apache-2.0 */
/* ws_track - frame borders of a relayed stream (RFC 6455 §5.2).
 *
 * A head is 2 to 14 bytes, of which the second tells how long it is; its length field is collected on the way. A
 * message is open from a frame without FIN to one with it; control frames stand between frames and change nothing.
 */
#include "gateway/ws_track.h"
#include "gateway/ws_frame.h"

static uint8_t head_size(uint8_t second)
{
    uint8_t length = second & 0x7f;

    return (uint8_t)(2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + ((second & 0x80) != 0 ? 4 : 0));
}

static void end_frame(struct ws_track *track)
{
    uint8_t op = track->head[0] & 0x0f;

    if ((op & 8) == 0)
        track->in_message = (track->head[0] & WS_FIN) == 0;
    if (op == WS_OP_CLOSE)
        track->has_closed = true;
    track->in_payload = false;
    track->head_n = 0;
}

static void take_head_byte(struct ws_track *track, uint8_t byte)
{
    if (track->head_n < 2)
        track->head[track->head_n] = byte;
    track->head_n++;
    if (track->head_n == 2) {
        uint8_t length = byte & 0x7f;

        track->head_size = head_size(byte);
        track->left = length < 126 ? length : 0;
    } else if (track->head_n > 2 && track->head_n <= ((track->head[1] & 0x7f) == 126 ? 4 : 10) &&
               (track->head[1] & 0x7f) >= 126) {
        track->left = track->left << 8 | byte;
    }
    if (track->head_n < 2 || track->head_n < track->head_size)
        return;
    track->in_payload = true;
    if (track->left == 0)
        end_frame(track);
}

void ws_track_feed(struct ws_track *track, struct st_span bytes)
{
    while (bytes.n > 0) {
        size_t n = 1;

        if (track->in_payload) {
            n = track->left < bytes.n ? (size_t)track->left : bytes.n;
            track->left -= n;
            if (track->left == 0)
                end_frame(track);
        } else {
            take_head_byte(track, bytes.p[0]);
        }
        bytes = st_span_sub(bytes, n, bytes.n - n);
    }
}

bool ws_track_between_frames(const struct ws_track *track)
{
    return !track->in_payload && track->head_n == 0;
}

bool ws_track_between_messages(const struct ws_track *track)
{
    return ws_track_between_frames(track) && !track->in_message;
}

bool ws_track_has_closed(const struct ws_track *track)
{
    return track->has_closed;
}

uint64_t ws_track_left(const struct ws_track *track)
{
    return track->in_payload ? track->left : 1;
}
