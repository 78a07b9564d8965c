/* SPDX-License-Identifier: Apache-2.0 */
/* ws - the reading half of the WebSocket codec: frames become messages.
 *
 * One state machine over frames; a message's own facts (kind, compression, how much of it was seen) live beside it,
 * since control frames may stand between its fragments. Unmasked, uncompressed bytes are borrowed from the input;
 * others pass two small buffers that exist only while a message is open, so an idle socket holds nothing but its
 * inflate window. Every error names the close code in err->num. What a frame may say is checked in `check_frame` and
 * nowhere else; a new rule there wants its vector in tests/unit/gateway/ws_test.c.
 */
#include "gateway/ws.h"
#include "base/hash.h"
#include "gateway/glitch.h"
#include "gateway/ws_deflate.h"
#include "gateway/ws_frame.h"
#include <stdlib.h>
#include <string.h>

#define WS_MAGIC    0x77737264u
#define WIRE        1024u /* masked or compressed bytes at a time */
#define CHUNK       8192u /* plain bytes of one DATA event */
#define CONTROL_MAX 125u

#define WS_STATES(X) \
    X(HEAD)          \
    X(CONTROL)       \
    X(DATA)          \
    X(TAIL)          \
    X(END)           \
    X(CLOSED)        \
    X(BROKEN)
enum ws_state {
#define X(id) IN_##id,
    WS_STATES(X)
#undef X
};

struct frame {
    uint8_t op, rsv;
    bool is_last;
    uint64_t left; /* of the payload */
    uint8_t mask[4];
    size_t turned; /* payload bytes seen: where the mask stands */
};

struct message {
    bool is_open, is_text, is_deflated;
    struct ws_utf8 utf8;
    uint64_t plain, wire; /* bytes so far */
};

/* Lives while a message is open; most messages need little of it, so it is wiped as far as it was used. */
struct work {
    struct st_span pending; /* of wire (or the tail): not yet inflated */
    size_t wire_used, chunk_used;
    uint8_t wire[WIRE], chunk[CHUNK];
};

struct ws {
    unsigned magic;
    enum ws_from from;
    enum ws_state state;
    struct ws_limits limits;
    struct ws_deflate agreed;
    struct glitch glitch;
    uint8_t head[14];
    size_t head_n, control_n;
    uint8_t control[CONTROL_MAX];
    struct frame frame;
    struct message message;
    struct work *work;          /* owned */
    struct ws_inflate *inflate; /* owned */
    struct st_buf *raw;         /* borrowed */
};

struct ws *ws_new(enum ws_from from, const struct ws_limits *limits, const struct ws_deflate *deflate)
{
    struct ws *ws = calloc(1, sizeof *ws);

    if (ws == NULL)
        return NULL;
    ws->magic = WS_MAGIC;
    ws->from = from;
    ws->limits = *limits;
    if (deflate != NULL)
        ws->agreed = *deflate;
    glitch_init(&ws->glitch, limits->controls, limits->controls_per_second);
    return ws;
}

static bool begin_work(struct ws *ws)
{
    if ((ws->work = malloc(sizeof *ws->work)) == NULL)
        return false;
    ws->work->pending = ST_SPAN_NONE;
    ws->work->wire_used = ws->work->chunk_used = 0;
    return true;
}

static void end_work(struct ws *ws)
{
    if (ws->work != NULL) {
        st_wipe(ws->work->wire, ws->work->wire_used);
        st_wipe(ws->work->chunk, ws->work->chunk_used);
    }
    free(ws->work);
    ws->work = NULL;
}

static void note_used(size_t *used, size_t n)
{
    *used = n > *used ? n : *used;
}

void ws_free(struct ws *ws)
{
    if (ws == NULL)
        return;
    ST_CHECK(ws, WS_MAGIC);
    end_work(ws);
    ws_inflate_free(ws->inflate);
    st_wipe(ws, sizeof *ws);
    free(ws);
}

void ws_keep_raw(struct ws *ws, struct st_buf *raw)
{
    ST_CHECK(ws, WS_MAGIC);
    ws->raw = raw;
}

bool ws_is_idle(const struct ws *ws)
{
    ST_CHECK(ws, WS_MAGIC);
    return ws->state == IN_CLOSED || (ws->state == IN_HEAD && ws->head_n == 0 && !ws->message.is_open);
}

/* The only writer of ws->state. */
static void enter(struct ws *ws, enum ws_state next)
{
    if (next == IN_HEAD)
        ws->head_n = 0;
    if (next == IN_CONTROL)
        ws->control_n = 0;
    ws->state = next;
}

/* ---- frame heads ------------------------------------------------------------------------------------------------ */

static size_t head_size(const uint8_t *head)
{
    uint8_t length = head[1] & 0x7f;

    return 2u + (length == 126 ? 2u : length == 127 ? 8u : 0u) + ((head[1] & 0x80) != 0 ? 4u : 0u);
}

/* What the first two bytes must keep, before more is waited for. */
static enum st_rc check_frame(const struct ws *ws, struct st_err *err)
{
    uint8_t op = ws->head[0] & 0x0f, rsv = ws->head[0] & 0x70, length = ws->head[1] & 0x7f;
    bool is_last = (ws->head[0] & 0x80) != 0, is_masked = (ws->head[1] & 0x80) != 0;
    bool is_control = (op & 8) != 0;

    if (is_masked != (ws->from == WS_FROM_CLIENT))
        return st_fail(err, ST_E_PROTO, "ws.frame", "mask is on the wrong side", WS_CLOSE_PROTOCOL);
    if (op > WS_OP_PONG || (op > WS_OP_BINARY && op < WS_OP_CLOSE))
        return st_fail(err, ST_E_PROTO, "ws.frame", "opcode is reserved", WS_CLOSE_PROTOCOL);
    if ((rsv & ~WS_RSV1) != 0 || (rsv != 0 && (!ws->agreed.is_on || is_control || op == WS_OP_MORE)))
        return st_fail(err, ST_E_PROTO, "ws.frame", "reserved bit without an agreement", WS_CLOSE_PROTOCOL);
    if (is_control && (!is_last || length > CONTROL_MAX))
        return st_fail(err, ST_E_PROTO, "ws.frame", "control frame is fragmented or long", WS_CLOSE_PROTOCOL);
    if (!is_control && (op == WS_OP_MORE) != ws->message.is_open)
        return st_fail(err, ST_E_PROTO, "ws.frame", "fragment out of order", WS_CLOSE_PROTOCOL);
    return ST_OK;
}

static enum st_rc read_length(struct ws *ws, struct st_err *err)
{
    uint8_t length = ws->head[1] & 0x7f;
    size_t n = length == 126 ? 2 : length == 127 ? 8 : 0;
    uint64_t value = n == 0 ? length : 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | ws->head[2 + i];
    if ((n == 2 && value < 126) || (n == 8 && (value < 65536 || value >> 63 != 0)))
        return st_fail(err, ST_E_PROTO, "ws.frame", "length is not in its shortest form", WS_CLOSE_PROTOCOL);
    ws->frame.left = value;
    return ST_OK;
}

/* Would this frame take the message over its ceiling, whatever comes? Compressed bytes may be a little more than plain
 * ones. */
static enum st_rc check_size(const struct ws *ws, struct st_err *err)
{
    uint64_t limit = ws->limits.message, seen = ws->message.plain;

    if (ws->message.is_deflated) {
        limit += limit / 64 + 64;
        seen = ws->message.wire;
    }
    if (seen > limit || ws->frame.left > limit - seen)
        return st_fail(err, ST_E_LIMIT, "ws.message", "message is larger than allowed", WS_CLOSE_SIZE);
    return ST_OK;
}

static enum st_rc begin_message(struct ws *ws, struct ws_event *event, struct st_err *err)
{
    ws->message =
        (struct message){ .is_open = true, .is_text = ws->frame.op == WS_OP_TEXT, .is_deflated = ws->frame.rsv != 0 };
    if (check_size(ws, err) != ST_OK)
        return ST_ERR;
    if (!begin_work(ws))
        return st_fail(err, ST_E_NOMEM, "ws.message", "buffers", WS_CLOSE_INTERNAL);
    if (ws->message.is_deflated && ws->inflate == NULL && (ws->inflate = ws_inflate_new()) == NULL)
        return st_fail(err, ST_E_NOMEM, "ws.message", "inflate", WS_CLOSE_INTERNAL);
    if (ws->raw != NULL)
        st_buf_reset(ws->raw);
    event->kind = WS_MESSAGE_BEGIN;
    return ST_OK;
}

/* A frame's head is whole; ST_OK with an event for the first frame of a message, ST_AGAIN to go on without one. */
static enum st_rc begin_frame(struct ws *ws, struct ws_event *event, struct st_err *err)
{
    size_t n = head_size(ws->head);

    if (read_length(ws, err) != ST_OK)
        return ST_ERR;
    ws->frame.op = ws->head[0] & 0x0f;
    ws->frame.rsv = ws->head[0] & 0x70;
    ws->frame.is_last = (ws->head[0] & 0x80) != 0;
    ws->frame.turned = 0;
    memset(ws->frame.mask, 0, sizeof ws->frame.mask);
    if (ws->from == WS_FROM_CLIENT)
        memcpy(ws->frame.mask, ws->head + n - 4, 4);
    if ((ws->frame.op & 8) != 0 || (ws->frame.left == 0 && !ws->frame.is_last)) {
        if (!glitch_spend(&ws->glitch, 1))
            return st_fail(err, ST_E_LIMIT, "ws.frame", "too many control or empty frames", WS_CLOSE_POLICY);
    }
    if ((ws->frame.op & 8) != 0) {
        enter(ws, IN_CONTROL);
        return ST_AGAIN;
    }
    enter(ws, IN_DATA);
    if (ws->frame.op != WS_OP_MORE)
        return begin_message(ws, event, err);
    return check_size(ws, err) == ST_OK ? ST_AGAIN : ST_ERR;
}

static enum st_rc read_head(struct ws *ws, struct st_span *in, struct ws_event *event, struct st_err *err)
{
    while (in->n > 0) {
        ws->head[ws->head_n++] = in->p[0];
        *in = st_span_sub(*in, 1, in->n);
        if (ws->head_n == 2 && check_frame(ws, err) != ST_OK)
            return ST_ERR;
        if (ws->head_n >= 2 && ws->head_n == head_size(ws->head))
            return begin_frame(ws, event, err);
    }
    return ST_AGAIN;
}

/* ---- control frames --------------------------------------------------------------------------------------------- */

static bool is_close_code(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum st_rc end_close(struct ws *ws, struct ws_event *event, struct st_err *err)
{
    struct ws_utf8 utf8 = { 0 };

    event->kind = WS_CLOSE;
    event->code = WS_CLOSE_NONE;
    if (ws->control_n == 1)
        return st_fail(err, ST_E_PROTO, "ws.close", "half a close code", WS_CLOSE_PROTOCOL);
    if (ws->control_n >= 2) {
        event->code = (unsigned)ws->control[0] << 8 | ws->control[1];
        event->data = st_span(ws->control + 2, ws->control_n - 2);
        if (!is_close_code(event->code))
            return st_fail(err, ST_E_PROTO, "ws.close", "close code may not be sent", WS_CLOSE_PROTOCOL);
    }
    if (!ws_utf8_feed(&utf8, event->data) || utf8.need > 0)
        return st_fail(err, ST_E_SYNTAX, "ws.close", "reason is not UTF-8", WS_CLOSE_DATA);
    enter(ws, IN_CLOSED);
    return ST_OK;
}

static enum st_rc read_control(struct ws *ws, struct st_span *in, struct ws_event *event, struct st_err *err)
{
    size_t n = ws->frame.left < in->n ? (size_t)ws->frame.left : in->n;

    ws_mask(ws->control + ws->control_n, st_span_sub(*in, 0, n), ws->frame.mask, ws->frame.turned);
    ws->control_n += n;
    ws->frame.turned += n;
    ws->frame.left -= n;
    *in = st_span_sub(*in, n, in->n - n);
    if (ws->frame.left > 0)
        return ST_AGAIN;
    if (ws->frame.op == WS_OP_CLOSE)
        return end_close(ws, event, err);
    event->kind = ws->frame.op == WS_OP_PING ? WS_PING : WS_PONG;
    event->data = st_span(ws->control, ws->control_n);
    enter(ws, IN_HEAD);
    return ST_OK;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* Plain bytes that the message may have by now: what the ratio allows, once it is beyond grace. */
static uint64_t allowance(const struct ws *ws)
{
    uint64_t ratio = ws->message.is_deflated ? ws->limits.ratio : 0, most;

    if (ratio == 0)
        return ws->limits.message;
    most = ratio * ((ws->message.wire + WIRE - 1) / WIRE * WIRE + 1) - 1;
    if (most < ws->limits.ratio_grace)
        most = ws->limits.ratio_grace;
    return most < ws->limits.message ? most : ws->limits.message;
}

/* What comes first in the message is what ends it, wherever the pieces were cut: so only what is allowed is looked at.
 */
static enum st_rc give(struct ws *ws, struct st_span data, struct ws_event *event, struct st_err *err)
{
    struct message *message = &ws->message;
    uint64_t left = allowance(ws) - message->plain;

    if (message->is_text && !ws_utf8_feed(&message->utf8, st_span_sub(data, 0, left < data.n ? (size_t)left : data.n)))
        return st_fail(err, ST_E_SYNTAX, "ws.message", "text is not UTF-8", WS_CLOSE_DATA);
    message->plain += data.n;
    if (message->plain > ws->limits.message)
        return st_fail(err, ST_E_LIMIT, "ws.message", "message is larger than allowed", WS_CLOSE_SIZE);
    if (data.n > left)
        return st_fail(err, ST_E_LIMIT, "ws.message", "message inflates too much", WS_CLOSE_SIZE);
    event->kind = WS_DATA;
    event->data = data;
    return ST_OK;
}

static bool is_inflating(const struct ws *ws)
{
    return ws->message.is_deflated && (ws->work->pending.n > 0 || ws_inflate_has_more(ws->inflate));
}

/* Up to WIRE bytes of the frame, unmasked, in work->wire. They end at a multiple of WIRE of the message, where its
 * ratio is asked, so that the answer does not hang on how the bytes came. */
static struct st_span take_wire(struct ws *ws, struct st_span *in)
{
    size_t n = ws->frame.left < in->n ? (size_t)ws->frame.left : in->n;

    if (n > WIRE - ws->message.wire % WIRE)
        n = WIRE - (size_t)(ws->message.wire % WIRE);
    ws_mask(ws->work->wire, st_span_sub(*in, 0, n), ws->frame.mask, ws->frame.turned);
    note_used(&ws->work->wire_used, n);
    ws->frame.turned += n;
    ws->frame.left -= n;
    ws->message.wire += n;
    *in = st_span_sub(*in, n, in->n - n);
    return st_span(ws->work->wire, n);
}

/* One step of inflating what is pending; ST_AGAIN when nothing came of it. */
static enum st_rc inflate_pending(struct ws *ws, struct ws_event *event, struct st_err *err)
{
    struct work *work = ws->work;
    size_t n = 0;

    work->chunk_used = CHUNK; /* whatever comes of it */
    if (ws_inflate_step(ws->inflate, &work->pending, work->chunk, CHUNK, &n, err) != ST_OK)
        return ST_ERR;
    return n > 0 ? give(ws, st_span(work->chunk, n), event, err) : ST_AGAIN;
}

static enum st_rc read_deflated(struct ws *ws, struct st_span *in, struct ws_event *event, struct st_err *err)
{
    struct work *work = ws->work;
    enum st_rc rc = ST_AGAIN;

    while (rc == ST_AGAIN) {
        if (!is_inflating(ws)) {
            if (in->n == 0 || ws->frame.left == 0)
                return ST_AGAIN;
            work->pending = take_wire(ws, in);
            if (ws->raw != NULL)
                st_buf_span(ws->raw, work->pending);
            if (ws->raw != NULL && st_buf_done(ws->raw, err, "ws.raw") != ST_OK) {
                err->num = WS_CLOSE_SIZE;
                return ST_ERR;
            }
        }
        rc = inflate_pending(ws, event, err);
    }
    return rc;
}

static enum st_rc read_plain(struct ws *ws, struct st_span *in, struct ws_event *event, struct st_err *err)
{
    size_t n = ws->frame.left < in->n ? (size_t)ws->frame.left : in->n, done = 0;
    struct st_span data = st_span_sub(*in, 0, n);

    if (n == 0)
        return ST_AGAIN;
    if (ws->from == WS_FROM_SERVER) {
        ws->frame.left -= n;
        *in = st_span_sub(*in, n, in->n - n);
        return give(ws, data, event, err);
    }
    n = n < CHUNK ? n : CHUNK;
    ws_mask(ws->work->chunk, st_span_sub(data, 0, n), ws->frame.mask, ws->frame.turned);
    note_used(&ws->work->chunk_used, n);
    done = n;
    ws->frame.turned += done;
    ws->frame.left -= done;
    *in = st_span_sub(*in, done, in->n - done);
    return give(ws, st_span(ws->work->chunk, done), event, err);
}

static enum st_rc read_data(struct ws *ws, struct st_span *in, struct ws_event *event, struct st_err *err)
{
    static const uint8_t TAIL_BYTES[4] = { 0x00, 0x00, 0xff, 0xff };
    enum st_rc rc = ws->message.is_deflated ? read_deflated(ws, in, event, err) : read_plain(ws, in, event, err);

    if (rc != ST_AGAIN || ws->frame.left > 0)
        return rc;
    if (!ws->frame.is_last) {
        enter(ws, IN_HEAD);
    } else if (ws->message.is_deflated && ws->message.wire > 0) { /* some peers send an empty text as no byte at all */
        ws->work->pending = st_span(TAIL_BYTES, sizeof TAIL_BYTES);
        enter(ws, IN_TAIL);
    } else {
        enter(ws, IN_END);
    }
    return ST_AGAIN;
}

static enum st_rc read_tail(struct ws *ws, struct ws_event *event, struct st_err *err)
{
    enum st_rc rc = ST_AGAIN;

    while (rc == ST_AGAIN && is_inflating(ws))
        rc = inflate_pending(ws, event, err);
    if (rc != ST_AGAIN)
        return rc;
    if (ws_inflate_end(ws->inflate, err) != ST_OK)
        return ST_ERR;
    enter(ws, IN_END);
    return ST_AGAIN;
}

static enum st_rc end_message(struct ws *ws, struct ws_event *event, struct st_err *err)
{
    bool is_alone = ws->from == WS_FROM_CLIENT ? ws->agreed.client_no_takeover : ws->agreed.server_no_takeover;

    if (ws->message.utf8.need > 0)
        return st_fail(err, ST_E_SYNTAX, "ws.message", "text ends inside a character", WS_CLOSE_DATA);
    if (is_alone) {
        ws_inflate_free(ws->inflate);
        ws->inflate = NULL;
    }
    glitch_earn(&ws->glitch, ws->message.plain);
    end_work(ws);
    ws->message.is_open = false;
    event->kind = WS_MESSAGE_END;
    enter(ws, IN_HEAD);
    return ST_OK;
}

/* ---- the one entry ---------------------------------------------------------------------------------------------- */

static enum st_rc step(struct ws *ws, struct st_span *in, struct ws_event *event, struct st_err *err)
{
    switch (ws->state) {
    case IN_HEAD: return read_head(ws, in, event, err);
    case IN_CONTROL: return read_control(ws, in, event, err);
    case IN_DATA: return read_data(ws, in, event, err);
    case IN_TAIL: return read_tail(ws, event, err);
    case IN_END: return end_message(ws, event, err);
    case IN_CLOSED: *in = ST_SPAN_NONE; return ST_AGAIN;
    case IN_BROKEN: break;
    }
    return st_fail(err, ST_E_PROTO, "ws.feed", "the socket has failed before", WS_CLOSE_PROTOCOL);
}

/* Is there something to do without further input? */
static bool is_ready(const struct ws *ws)
{
    switch (ws->state) {
    case IN_CONTROL: return ws->frame.left == 0;
    case IN_DATA: return ws->frame.left == 0 || is_inflating(ws);
    case IN_TAIL:
    case IN_END: return true;
    case IN_HEAD:
    case IN_CLOSED:
    case IN_BROKEN: break;
    }
    return false;
}

enum st_rc ws_feed(struct ws *ws, struct st_span in, size_t *used, struct ws_event *event, struct st_err *err)
{
    struct st_span rest = in;
    enum st_rc rc;

    ST_CHECK(ws, WS_MAGIC);
    do {
        *event = (struct ws_event){ 0 };
        rc = step(ws, &rest, event, err);
    } while (rc == ST_AGAIN && (rest.n > 0 || is_ready(ws)));
    *used = in.n - rest.n;
    event->is_text = ws->message.is_text;
    event->is_deflated = ws->message.is_deflated;
    if (rc == ST_ERR)
        enter(ws, IN_BROKEN);
    return rc;
}
