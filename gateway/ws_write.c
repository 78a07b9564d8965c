/* SPDX-License-Identifier: Apache-2.0 */
/* ws_write - the writing half of the WebSocket codec: messages and control frames of one direction.
 *
 * A message may be compressed even when the agreement knows a context and the writer keeps none: a stream that begins
 * anew never points back, so the receiver's longer window does no harm. That is the default, since a deflate state
 * costs more than everything else an idle socket holds. Masks come from a small pool of random bytes.
 */
#include "base/hash.h"
#include "gateway/ws.h"
#include "gateway/ws_deflate.h"
#include "gateway/ws_frame.h"
#include <stdlib.h>
#include <string.h>

#define WRITER_MAGIC 0x77737772u
#define POOL         64u
#define CONTROL_MAX  125u

struct ws_writer {
    unsigned magic;
    enum ws_from from;
    bool is_kept;               /* the stream goes on over messages */
    unsigned bits;              /* 0: may not compress */
    bool is_deflating;          /* the message that is open */
    bool is_begun;              /* its first frame went out */
    struct ws_squeeze *squeeze; /* owned */
    uint8_t pool[POOL];
    size_t pool_left;
};

struct ws_writer *ws_writer_new(enum ws_from from, const struct ws_deflate *deflate, bool keep_context)
{
    struct ws_writer *writer = calloc(1, sizeof *writer);
    bool is_client = from == WS_FROM_CLIENT;

    if (writer == NULL)
        return NULL;
    writer->magic = WRITER_MAGIC;
    writer->from = from;
    if (deflate != NULL && deflate->is_on) {
        writer->bits = is_client ? deflate->client_bits : deflate->server_bits;
        writer->is_kept = keep_context && !(is_client ? deflate->client_no_takeover : deflate->server_no_takeover);
    }
    if (writer->bits < 9) /* zlib cannot keep to a window of 256 bytes; plain messages are always allowed */
        writer->bits = 0;
    return writer;
}

void ws_writer_free(struct ws_writer *writer)
{
    if (writer == NULL)
        return;
    ST_CHECK(writer, WRITER_MAGIC);
    ws_squeeze_free(writer->squeeze);
    st_wipe(writer, sizeof *writer);
    free(writer);
}

static enum st_rc next_mask(struct ws_writer *writer, uint8_t mask[4], struct st_err *err)
{
    if (writer->pool_left < 4) {
        if (st_random(writer->pool, POOL, err) != ST_OK)
            return ST_ERR;
        writer->pool_left = POOL;
    }
    writer->pool_left -= 4;
    memcpy(mask, writer->pool + writer->pool_left, 4);
    return ST_OK;
}

static enum st_rc put_frame(struct ws_writer *writer, struct st_buf *out, uint8_t first, struct st_span data,
                            struct st_err *err)
{
    uint8_t head[14] = { first }, mask[4] = { 0 }, *room;
    size_t lengths = data.n < 126 ? 0 : data.n < 65536 ? 2 : 8, n = 2 + lengths;
    bool is_masked = writer->from == WS_FROM_CLIENT;

    head[1] = (uint8_t)((is_masked ? 0x80u : 0u) | (lengths == 0 ? data.n : lengths == 2 ? 126u : 127u));
    for (size_t i = 0; i < lengths; i++)
        head[2 + i] = (uint8_t)((uint64_t)data.n >> (8 * (lengths - 1 - i)));
    if (is_masked) {
        if (next_mask(writer, mask, err) != ST_OK)
            return ST_ERR;
        memcpy(head + n, mask, 4);
        n += 4;
    }
    if ((room = st_buf_room(out, n + data.n)) == NULL)
        return st_buf_done(out, err, "ws.write");
    memcpy(room, head, n);
    ws_mask(room + n, data, mask, 0);
    out->n += n + data.n;
    return ST_OK;
}

static enum st_rc begin_part(struct ws_writer *writer, const struct ws_part *part, struct st_err *err)
{
    bool is_empty = part->is_last && part->data.n == 0;

    writer->is_begun = false;
    writer->is_deflating = part->is_deflated && writer->bits > 0 && !is_empty;
    if (!writer->is_deflating || writer->squeeze != NULL)
        return ST_OK;
    if ((writer->squeeze = ws_squeeze_new(writer->bits)) == NULL)
        return st_fail(err, ST_E_NOMEM, "ws.write", "deflate", 0);
    return ST_OK;
}

/* The bytes of this part, compressed, in packed. */
static enum st_rc squeeze_part(struct ws_writer *writer, const struct ws_part *part, struct st_buf *packed,
                               struct st_err *err)
{
    st_buf_init(packed, part->data.n + part->data.n / 8 + (1u << 20));
    if (ws_squeeze_step(writer->squeeze, part->data, part->is_last, packed, err) != ST_OK)
        return ST_ERR;
    if (part->is_last && !writer->is_kept) {
        ws_squeeze_free(writer->squeeze);
        writer->squeeze = NULL;
    }
    return ST_OK;
}

static uint8_t first_byte(const struct ws_writer *writer, const struct ws_part *part)
{
    unsigned byte = part->is_last ? WS_FIN : 0u;

    if (!writer->is_begun) {
        byte |= part->is_text ? WS_OP_TEXT : WS_OP_BINARY;
        byte |= writer->is_deflating ? WS_RSV1 : 0u;
    }
    return (uint8_t)byte;
}

enum st_rc ws_write(struct ws_writer *writer, struct st_buf *out, const struct ws_part *part, struct st_err *err)
{
    struct st_buf packed = { 0 };
    struct st_span data = part->data;
    enum st_rc rc = ST_ERR;

    ST_CHECK(writer, WRITER_MAGIC);
    if (part->is_first && begin_part(writer, part, err) != ST_OK)
        return ST_ERR;
    if (writer->is_deflating) {
        if (squeeze_part(writer, part, &packed, err) != ST_OK)
            goto out;
        data = st_buf_view(&packed);
    }
    if (data.n == 0 && !part->is_last) {
        rc = ST_OK; /* an empty fragment tells nobody anything */
        goto out;
    }
    rc = put_frame(writer, out, first_byte(writer, part), data, err);
    writer->is_begun = true;
out:
    st_buf_fini(&packed);
    return rc;
}

enum st_rc ws_write_raw(struct ws_writer *writer, struct st_buf *out, bool is_text, struct st_span compressed,
                        struct st_err *err)
{
    unsigned first = WS_FIN | (is_text ? WS_OP_TEXT : WS_OP_BINARY) | (compressed.n > 0 ? WS_RSV1 : 0u);

    ST_CHECK(writer, WRITER_MAGIC);
    return put_frame(writer, out, (uint8_t)first, compressed, err);
}

static enum st_rc put_control(struct ws_writer *writer, struct st_buf *out, enum ws_op op, struct st_span payload,
                              struct st_err *err)
{
    ST_CHECK(writer, WRITER_MAGIC);
    if (payload.n > CONTROL_MAX)
        return st_fail(err, ST_E_LIMIT, "ws.write", "payload of a control frame", payload.n);
    return put_frame(writer, out, (uint8_t)(WS_FIN | (unsigned)op), payload, err);
}

enum st_rc ws_write_ping(struct ws_writer *writer, struct st_buf *out, struct st_span payload, struct st_err *err)
{
    return put_control(writer, out, WS_OP_PING, payload, err);
}

enum st_rc ws_write_pong(struct ws_writer *writer, struct st_buf *out, struct st_span payload, struct st_err *err)
{
    return put_control(writer, out, WS_OP_PONG, payload, err);
}

enum st_rc ws_write_close(struct ws_writer *writer, struct st_buf *out, unsigned code, struct st_span reason,
                          struct st_err *err)
{
    uint8_t payload[CONTROL_MAX] = { (uint8_t)(code >> 8), (uint8_t)code };
    size_t n = reason.n;

    if (code == WS_CLOSE_NONE)
        return put_control(writer, out, WS_OP_CLOSE, ST_SPAN_NONE, err);
    if (n > CONTROL_MAX - 2) {
        n = CONTROL_MAX - 2;
        while (n > 0 && (reason.p[n] & 0xc0) == 0x80) /* not inside a character */
            n--;
    }
    if (n > 0)
        memcpy(payload + 2, reason.p, n);
    return put_control(writer, out, WS_OP_CLOSE, st_span(payload, n + 2), err);
}
