/* SPDX-License-Identifier: Apache-2.0 */
/* socketio - one engine.io packet, and the socket.io event in it.
 *
 * A packet is a digit and its data; "4" is a message, "b" one in base64. A message is TYPE [ATTACHMENTS-] [/NAMESPACE,]
 * [ID] JSON. The name of an event is a field of its own and the first part of the path of its arguments, so that an
 * adapter can tell topics.post from a draft. JavaScript's readers take much more than their writers write (blanks for
 * digits); what is not canonical is malformed here, scanned as it stands, and told in the receipt.
 */
#include "base/hash.h"
#include "filters/decode.h"
#include <string.h>

#define EVENT_NAME_MAX  64u
#define ATTACHMENTS_MAX 64u
#define ID_DIGITS_MAX   15u

enum { PACKET_MESSAGE = '4', PACKET_LAST = '6' };
enum { SIO_CONNECT, SIO_DISCONNECT, SIO_EVENT, SIO_ACK, SIO_ERROR, SIO_BINARY_EVENT, SIO_BINARY_ACK };

size_t flt_digits_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
        n++;
    return n;
}

/* ---- socket.io -------------------------------------------------------------------------------------------------- */

/* One JSON value under two segments; *n is what it took, 0 when it is none. */
static enum st_rc value(struct flt_dec *dec, const struct flt_piece *json, struct st_span under, size_t *n,
                        struct st_err *err)
{
    size_t mark = flt_dec_enter(dec, under);
    struct flt_json_end end;
    enum st_rc rc;

    flt_dec_push(dec, FLT_CODEC_JSON);
    rc = flt_json(dec, json, &end, err);
    flt_dec_pop(dec);
    flt_dec_leave(dec, mark);
    *n = rc == ST_OK && end.has_value ? end.at : 0;
    return rc;
}

/* A value and nothing behind it. */
static enum st_rc whole_value(struct flt_dec *dec, const struct flt_piece *json, struct st_span under, bool *is_good,
                              struct st_err *err)
{
    size_t n;

    if (json->s.n == 0)
        return ST_OK;
    if (value(dec, json, under, &n, err) != ST_OK)
        return ST_ERR;
    *is_good = flt_dec_is_full(dec) || n == json->s.n;
    return ST_OK;
}

/* The name that the field just made holds, when it may stand in a path. */
static struct st_span event_name(const struct flt_dec *dec, size_t fields)
{
    const struct flt_field *field;

    if (dec->fields.n != fields + sizeof *field)
        return ST_SPAN("@other");
    field = (const struct flt_field *)(dec->fields.p + fields);
    if (field->text.n == 0 || field->text.n > EVENT_NAME_MAX)
        return ST_SPAN("@other");
    for (size_t i = 0; i < field->text.n; i++) {
        uint8_t c = field->text.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!is_alnum && (c == 0 || strchr("._:-", c) == NULL))
            return ST_SPAN("@other");
    }
    return field->text;
}

/* The arguments behind the name; *at is behind the name. */
static enum st_rc arguments(struct flt_dec *dec, const struct flt_piece *json, size_t at, bool *is_good,
                            struct st_err *err)
{
    while (at < json->s.n && json->s.p[at] == ',') {
        struct flt_piece rest = flt_piece_sub(json, at + 1, json->s.n - at - 1);
        size_t n;

        if (value(dec, &rest, ST_SPAN("#"), &n, err) != ST_OK)
            return ST_ERR;
        if (flt_dec_is_full(dec))
            return ST_OK;
        if (n == 0) {
            *is_good = false;
            return ST_OK;
        }
        at += 1 + n;
    }
    *is_good = at + 1 == json->s.n && json->s.p[at] == ']';
    return ST_OK;
}

/* ["name", …]: the name is a field of its own, and then part of the path. */
static enum st_rc event(struct flt_dec *dec, const struct flt_piece *id, const struct flt_piece *json, bool *is_good,
                        struct st_err *err)
{
    struct flt_piece rest = flt_piece_sub(json, 1, json->s.n);
    size_t fields = dec->fields.n, mark, inner, n;
    enum st_rc rc = ST_OK;

    *is_good = json->s.n > 1 && json->s.p[0] == '[';
    if (!*is_good)
        return ST_OK;
    if (value(dec, &rest, ST_SPAN("@event"), &n, err) != ST_OK)
        return ST_ERR;
    if (flt_dec_is_full(dec))
        return ST_OK;
    *is_good = n > 0;
    mark = flt_dec_enter(dec, event_name(dec, fields));
    if (id->s.n > 0) {
        inner = flt_dec_enter(dec, ST_SPAN("@id"));
        rc = flt_dec_piece(dec, id, FLT_LAYER_FIXED, err);
        flt_dec_leave(dec, inner);
    }
    if (rc == ST_OK && *is_good)
        rc = arguments(dec, json, 1 + n, is_good, err);
    flt_dec_leave(dec, mark);
    return rc;
}

struct head { /* of a socket.io packet */
    unsigned type;
    struct flt_piece space, id, json;
};

/* False when it is not written as the encoders write it. */
static bool read_head(const struct flt_piece *packet, struct head *head)
{
    struct st_span s = packet->s;
    size_t at = 1, n;

    head->type = s.p[0] - (unsigned)'0';
    if (head->type == SIO_BINARY_EVENT || head->type == SIO_BINARY_ACK) {
        n = flt_digits_at(s, at);
        if (n == 0 || n > 2 || at + n == s.n || s.p[at + n] != '-' ||
            (n == 2 && (s.p[at] - '0') * 10u + s.p[at + 1] - '0' > ATTACHMENTS_MAX))
            return false;
        at += n + 1;
    }
    head->space = flt_piece_sub(packet, at, 0);
    if (at < s.n && s.p[at] == '/') {
        n = st_span_chr(st_span_sub(s, at, s.n), ',');
        n = n == ST_SPAN_NPOS ? s.n - at : n;
        head->space = flt_piece_sub(packet, at, n);
        at += n + (at + n < s.n);
    }
    n = flt_digits_at(s, at);
    head->id = flt_piece_sub(packet, at, n);
    head->json = flt_piece_sub(packet, at + n, s.n - at - n);
    return n <= ID_DIGITS_MAX &&
           (head->json.s.n == 0 || head->json.s.p[0] == '[' || head->json.s.p[0] == '{' || head->json.s.p[0] == '"');
}

static enum st_rc text_under(struct flt_dec *dec, const struct flt_piece *piece, struct st_span under,
                             enum flt_layer layer, struct st_err *err)
{
    size_t mark = flt_dec_enter(dec, under);
    enum st_rc rc = flt_dec_piece(dec, piece, layer, err);

    flt_dec_leave(dec, mark);
    return rc;
}

static enum st_rc message(struct flt_dec *dec, const struct flt_piece *packet, bool *is_good, struct st_err *err)
{
    struct head head;

    if (packet->s.n == 0)
        return ST_OK;
    if (packet->s.p[0] < '0' || packet->s.p[0] > '0' + SIO_BINARY_ACK) /* engine.io without socket.io */
        return text_under(dec, packet, ST_SPAN("@message"), FLT_LAYER_RAW, err);
    if (!read_head(packet, &head)) {
        *is_good = false;
        return ST_OK;
    }
    if (head.space.s.n > 0 && text_under(dec, &head.space, ST_SPAN("@space"), FLT_LAYER_FIXED, err) != ST_OK)
        return ST_ERR;
    switch (head.type) {
    case SIO_EVENT:
    case SIO_BINARY_EVENT: return event(dec, &head.id, &head.json, is_good, err);
    case SIO_ACK:
    case SIO_BINARY_ACK:
        if (head.id.s.n > 0 && text_under(dec, &head.id, ST_SPAN("@answer/@id"), FLT_LAYER_FIXED, err) != ST_OK)
            return ST_ERR;
        return whole_value(dec, &head.json, ST_SPAN("@answer"), is_good, err);
    default:
        if (head.id.s.n > 0 && text_under(dec, &head.id, ST_SPAN("@connect/@id"), FLT_LAYER_FIXED, err) != ST_OK)
            return ST_ERR;
        return whole_value(dec, &head.json, ST_SPAN("@connect"), is_good, err);
    }
}

/* ---- engine.io -------------------------------------------------------------------------------------------------- */

enum st_rc flt_socketio_bytes(struct flt_dec *dec, const struct flt_piece *bytes, struct st_err *err)
{
    struct flt_body body = { .bytes = *bytes, .is_part = true };
    size_t mark = flt_dec_enter(dec, ST_SPAN("@attachment"));
    enum st_rc rc = bytes->s.n > 0 ? flt_body_decode(dec, &body, err) : ST_OK;

    flt_dec_leave(dec, mark);
    return rc;
}

/* "b" and base64: what can be seen in the bytes. */
static enum st_rc packed(struct flt_dec *dec, const struct flt_piece *base64, bool *is_good, struct st_err *err)
{
    uint8_t *bytes = st_arena_alloc(dec->arena, base64->s.n + 1);
    struct st_err bad = ST_ERR_INIT;
    size_t n = 0, mark;
    enum st_rc rc;

    if (bytes == NULL)
        return st_arena_fail(dec->arena, err, "filters.socketio");
    if (st_base64_decode(base64->s, bytes, &n, &bad) != ST_OK) {
        *is_good = false;
        return ST_OK;
    }
    mark = flt_dec_enter(dec, ST_SPAN("@attachment"));
    if (flt_text_likely(st_span(bytes, n))) {
        flt_utf8_mend(bytes, n);
        rc = flt_dec_seen(dec, st_span(bytes, n), base64, err);
    } else {
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_TYPE);
        rc = flt_body_strings(dec, st_span(bytes, n), base64, err);
    }
    flt_dec_leave(dec, mark);
    return rc;
}

static enum st_rc packet(struct flt_dec *dec, const struct flt_piece *piece, unsigned version, bool *is_good,
                         struct st_err *err)
{
    struct flt_piece data = flt_piece_sub(piece, 1, piece->s.n);
    uint8_t type = piece->s.n > 0 ? piece->s.p[0] : 0;

    if (type == 'b') {
        if (version == 4)
            return packed(dec, &data, is_good, err);
        *is_good = data.s.n > 0 && data.s.p[0] == PACKET_MESSAGE;
        data = flt_piece_sub(&data, 1, data.s.n);
        return *is_good ? packed(dec, &data, is_good, err) : ST_OK;
    }
    *is_good = type >= '0' && type <= PACKET_LAST;
    if (!*is_good)
        return ST_OK;
    if (type == PACKET_MESSAGE)
        return message(dec, &data, is_good, err);
    if (data.s.n == 0 || st_span_eq(data.s, ST_SPAN("probe")))
        return ST_OK;
    return text_under(dec, &data, ST_SPAN("@packet"), FLT_LAYER_RAW, err);
}

enum st_rc flt_socketio(struct flt_dec *dec, const struct flt_piece *piece, unsigned version, bool *is_good,
                        struct st_err *err)
{
    enum st_rc rc;

    flt_dec_push(dec, FLT_CODEC_SOCKETIO);
    rc = packet(dec, piece, version, is_good, err);
    flt_dec_pop(dec);
    return rc;
}
