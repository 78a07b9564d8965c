/* SPDX-License-Identifier: Apache-2.0 */
/* ws_handshake - keys, and what Sec-WebSocket-Extensions may say (RFC 6455 §9.1, RFC 7692 §7.1).
 *
 * The gateway agrees to nothing of its own: it passes on those of the client's offers that the codec can carry, takes
 * the origin's answer, checks it against the offer as a client must, and tells the client the same. An offer with a
 * parameter that is unknown, doubled or out of range is one that a server has to decline, so it is left out.
 */
#include "base/hash.h"
#include "gateway/http1_head.h"
#include "gateway/ws.h"
#include <string.h>

#define KEY_BYTES  16u
#define OFFERS_MAX 16u

struct offer {
    bool client_alone, server_alone; /* no context takeover */
    bool has_client_bits, has_server_bits;
    uint8_t client_bits, server_bits; /* 0: named without a value */
};
enum kind { KIND_DEFLATE, KIND_ODD_DEFLATE, KIND_OTHER };

bool ws_is_asked(const struct http_head *head)
{
    return http_field_has_token(head, "upgrade", "websocket") && http_field_has_token(head, "connection", "upgrade");
}

bool ws_is_key(struct st_span key)
{
    uint8_t bytes[3 * WS_KEY_LEN / 4 + 3];
    size_t n = 0;
    struct st_err err;

    return key.n == WS_KEY_LEN && st_base64_decode(key, bytes, &n, &err) == ST_OK && n == KEY_BYTES;
}

enum st_rc ws_key(char out[WS_KEY_LEN + 1], struct st_err *err)
{
    uint8_t bytes[KEY_BYTES];

    if (st_random(bytes, sizeof bytes, err) != ST_OK)
        return ST_ERR;
    out[st_base64(st_span(bytes, sizeof bytes), out)] = '\0';
    return ST_OK;
}

/* ---- the grammar ------------------------------------------------------------------------------------------------ */

static void skip_space(struct st_span *rest)
{
    while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t'))
        *rest = st_span_sub(*rest, 1, rest->n);
}

static bool take_byte(struct st_span *rest, uint8_t byte)
{
    skip_space(rest);
    if (rest->n == 0 || rest->p[0] != byte)
        return false;
    *rest = st_span_sub(*rest, 1, rest->n);
    return true;
}

static bool take_token(struct st_span *rest, struct st_span *token)
{
    size_t n = 0;

    skip_space(rest);
    while (n < rest->n && http1_is_token(st_span_sub(*rest, n, 1)))
        n++;
    *token = st_span_sub(*rest, 0, n);
    *rest = st_span_sub(*rest, n, rest->n);
    return n > 0;
}

/* A quoted value has to be a token inside its quotes (RFC 6455 §9.1), so no escape needs undoing. */
static bool take_value(struct st_span *rest, struct st_span *value)
{
    if (take_byte(rest, '"'))
        return take_token(rest, value) && rest->n > 0 && take_byte(rest, '"');
    return take_token(rest, value);
}

static bool bits_of(struct st_span value, uint8_t *out)
{
    uint64_t bits;

    if (value.n > 2 || value.n == 0 || value.p[0] == '0' || !st_span_u64(value, &bits) || bits < 8 || bits > 15)
        return false;
    *out = (uint8_t)bits;
    return true;
}

static bool set_flag(bool *flag, bool has_value)
{
    if (*flag || has_value)
        return false;
    *flag = true;
    return true;
}

/* One parameter of permessage-deflate; false when it is unknown, doubled or out of range. */
static bool read_parameter(struct offer *offer, struct st_span name, bool has_value, struct st_span value)
{
    if (st_span_ieq(name, ST_SPAN("client_no_context_takeover")))
        return set_flag(&offer->client_alone, has_value);
    if (st_span_ieq(name, ST_SPAN("server_no_context_takeover")))
        return set_flag(&offer->server_alone, has_value);
    if (st_span_ieq(name, ST_SPAN("server_max_window_bits")))
        return set_flag(&offer->has_server_bits, false) && has_value && bits_of(value, &offer->server_bits);
    if (st_span_ieq(name, ST_SPAN("client_max_window_bits")))
        return set_flag(&offer->has_client_bits, false) && (!has_value || bits_of(value, &offer->client_bits));
    return false;
}

/* Takes one extension and the comma behind it. */
static enum st_rc take_extension(struct st_span *rest, enum kind *kind, struct offer *offer, struct st_err *err)
{
    struct st_span name, value = ST_SPAN_NONE;
    bool is_good = true;

    *offer = (struct offer){ 0 };
    if (!take_token(rest, &name))
        return st_fail(err, ST_E_SYNTAX, "ws.extension", "not an extension", 400);
    *kind = st_span_ieq(name, ST_SPAN("permessage-deflate")) ? KIND_DEFLATE : KIND_OTHER;
    while (take_byte(rest, ';')) {
        bool has_value;

        if (!take_token(rest, &name))
            return st_fail(err, ST_E_SYNTAX, "ws.extension", "not a parameter", 400);
        has_value = take_byte(rest, '=');
        if (has_value && !take_value(rest, &value))
            return st_fail(err, ST_E_SYNTAX, "ws.extension", "not a value", 400);
        is_good = read_parameter(offer, name, has_value, value) && is_good;
    }
    if (*kind == KIND_DEFLATE && !is_good)
        *kind = KIND_ODD_DEFLATE;
    if (!take_byte(rest, ',') && rest->n > 0)
        return st_fail(err, ST_E_SYNTAX, "ws.extension", "not a list", 400);
    return ST_OK;
}

/* Empty elements of a list are nothing (RFC 9110 §5.6.1). */
static bool is_at_end(struct st_span *rest)
{
    while (take_byte(rest, ','))
        ;
    return rest->n == 0;
}

/* ---- offer and answer ------------------------------------------------------------------------------------------- */

static void write_offer(const struct offer *offer, struct st_buf *out)
{
    st_buf_str(out, "permessage-deflate");
    if (offer->server_alone)
        st_buf_str(out, "; server_no_context_takeover");
    if (offer->client_alone)
        st_buf_str(out, "; client_no_context_takeover");
    if (offer->has_server_bits)
        st_buf_fmt(out, "; server_max_window_bits=%u", offer->server_bits);
    if (offer->has_client_bits && offer->client_bits > 0)
        st_buf_fmt(out, "; client_max_window_bits=%u", offer->client_bits);
    else if (offer->has_client_bits)
        st_buf_str(out, "; client_max_window_bits");
}

enum st_rc ws_filter_offer(struct st_span value, struct st_buf *out, struct st_err *err)
{
    size_t kept = 0, seen = 0;
    struct offer offer;
    enum kind kind;

    while (!is_at_end(&value)) {
        if (take_extension(&value, &kind, &offer, err) != ST_OK)
            return ST_ERR;
        if (++seen > OFFERS_MAX)
            return st_fail(err, ST_E_LIMIT, "ws.extension", "too many offers", 400);
        if (kind != KIND_DEFLATE)
            continue;
        st_buf_str(out, kept++ > 0 ? ", " : "");
        write_offer(&offer, out);
    }
    return st_buf_done(out, err, "ws.extension");
}

static bool fits(const struct offer *answer, const struct offer *offer)
{
    if (offer->server_alone && !answer->server_alone)
        return false;
    if (offer->has_server_bits && (!answer->has_server_bits || answer->server_bits > offer->server_bits))
        return false;
    if (answer->has_client_bits && !offer->has_client_bits)
        return false;
    return !answer->has_client_bits || offer->client_bits == 0 || answer->client_bits <= offer->client_bits;
}

static bool fits_any(const struct offer *answer, struct st_span offers)
{
    struct offer offer;
    struct st_err err;
    enum kind kind;

    while (!is_at_end(&offers) && take_extension(&offers, &kind, &offer, &err) == ST_OK) {
        if (kind == KIND_DEFLATE && fits(answer, &offer))
            return true;
    }
    return false;
}

enum st_rc ws_read_answer(struct st_span value, struct st_span offer, struct ws_deflate *out, struct st_err *err)
{
    struct offer answer;
    enum kind kind;

    *out = (struct ws_deflate){ 0 };
    if (is_at_end(&value))
        return ST_OK;
    if (take_extension(&value, &kind, &answer, err) != ST_OK)
        return ST_ERR;
    if (kind != KIND_DEFLATE || !is_at_end(&value) || (answer.has_client_bits && answer.client_bits == 0))
        return st_fail(err, ST_E_PROTO, "ws.extension", "answer holds what cannot be carried", 502);
    if (!fits_any(&answer, offer))
        return st_fail(err, ST_E_PROTO, "ws.extension", "answer does not fit the offer", 502);
    out->is_on = true;
    out->client_no_takeover = answer.client_alone;
    out->server_no_takeover = answer.server_alone;
    out->client_bits = answer.has_client_bits ? answer.client_bits : 15;
    out->server_bits = answer.has_server_bits ? answer.server_bits : 15;
    return ST_OK;
}
