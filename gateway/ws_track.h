/* SPDX-License-Identifier: Apache-2.0 */
/* ws_track - where frames begin and end in a stream of WebSocket frames that is relayed as it is.
 *
 * What a server sends is not judged, so its bytes go on untouched; only who wants to say something in between has to
 * know where there is a gap. Nothing is checked: the client does that, as it would without a gateway.
 */
#ifndef STOA_GATEWAY_WS_TRACK_H
#define STOA_GATEWAY_WS_TRACK_H
#include "base/span.h"

struct ws_track {    /* all zero at the start */
    uint8_t head[2]; /* of the frame under way */
    uint8_t head_n;  /* bytes of its head so far */
    uint8_t head_size;
    uint64_t left; /* of its payload, once the head is whole */
    bool in_payload, in_message, has_closed;
};
void ws_track_feed(struct ws_track *track, struct st_span bytes);
bool ws_track_between_frames(const struct ws_track *track);
bool ws_track_between_messages(const struct ws_track *track); /* and between frames */
bool ws_track_has_closed(const struct ws_track *track);       /* a close frame went by */
/* How many of the next bytes belong to the frame under way, or begin one: 1 at least. */
uint64_t ws_track_left(const struct ws_track *track);
#endif
