/* SPDX-License-Identifier: Apache-2.0 */
/* engineio - engine.io (protocols 3 and 4): one WebSocket message, or the body of a long poll.
 *
 * EIO= in the query says which protocol. A WebSocket message is one packet. A poll carries several: in 3 as
 * LENGTH:PACKET, counted in UTF-16 units, or with binary in it as 0|1, digits, 255, bytes; in 4 with U+001E between
 * them; from a page without XHR as the form field d. The parser of engine.io 1 encodes a polled packet as UTF-8 twice,
 * later ones once: what can be decoded twice is. Every length is kept, so that redact writes it anew.
 */
#include "filters/decode.h"
#include <string.h>

#define LENGTH_MAX  9u /* digits of a packet's length */
#define PACKETS_MAX 4096u
#define RECORD_MARK 0x1E

unsigned flt_engine_version(struct st_span query)
{
    struct st_span part, version = ST_SPAN_NONE;
    unsigned count = 0;

    while (st_span_next(&query, '&', &part)) {
        if (st_span_starts(part, ST_SPAN("EIO="))) {
            version = st_span_sub(part, 4, part.n);
            count++;
        }
    }
    if (count > 1)
        return 0;
    return st_span_eq(version, ST_SPAN("4")) ? 4 : 3;
}

/* Text that was encoded as UTF-8 twice: every character is a byte of the UTF-8 that was meant. */
static bool is_twice(struct st_span s)
{
    size_t high = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 0xC4)
            return false;
        high += s.p[i] >= 0x80;
    }
    return high > 0;
}

static enum st_rc once(struct flt_dec *dec, const struct flt_piece *in, struct flt_piece *out, struct st_err *err)
{
    uint8_t *room;
    size_t n = 0;

    *out = *in;
    if (!is_twice(in->s))
        return ST_OK;
    if ((room = st_arena_alloc(dec->arena, in->s.n)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.socketio");
    flt_build_reset(&dec->build);
    for (size_t i = 0; i < in->s.n; n++) {
        size_t used = in->s.p[i] < 0x80 ? 1 : 2;

        room[n] = used == 1 ? in->s.p[i] : (uint8_t)(in->s.p[i] << 6 | (in->s.p[i + 1] & 0x3F));
        flt_build_unit(&dec->build, 1, used);
        i += used;
    }
    if (flt_utf8_good(st_span(room, n)) < n)
        return ST_OK; /* it was meant as it stands */
    out->s = st_span(room, n);
    out->base = 0;
    return flt_build_done(&dec->build, in->up, in->base, FLT_LAYER_TWICE, &out->up, err);
}

/* ---- payloads of polls ------------------------------------------------------------------------------------------- */

size_t flt_units(struct st_span utf8)
{
    size_t n = 0;

    for (size_t i = 0; i < utf8.n; i++)
        n += ((utf8.p[i] & 0xC0) != 0x80) + (utf8.p[i] >= 0xF0);
    return n;
}

/* A form's bytes are percent-decoded; an 'n' behind a backslash is no unit of its own ("\n" is one, "\\\\n" two). */
static size_t form_units(struct st_span s)
{
    size_t n = 0;
    uint8_t last = 0;

    for (size_t i = 0; i < s.n; i++) {
        int escaped = st_percent(st_span_sub(s, i, 3));
        uint8_t c = escaped >= 0 ? (uint8_t)escaped : s.p[i];

        i += escaped >= 0 ? 2 : 0;
        if (!(c == 'n' && last == '\\'))
            n += flt_units(st_span(&c, 1));
        last = c;
    }
    return n;
}

size_t flt_length_of(struct st_span content, enum flt_count count)
{
    switch (count) {
    case FLT_COUNT_UNITS: return flt_units(content);
    case FLT_COUNT_FORM: return form_units(content);
    case FLT_COUNT_BYTES: break;
    }
    return content.n;
}

/* Bytes of the first `units` UTF-16 units; NPOS when they are not all there. */
static size_t bytes_of_units(struct st_span s, size_t units)
{
    size_t at = 0;

    while (units > 0 && at < s.n) {
        size_t n = st_span_utf8(st_span_sub(s, at, s.n)), cost = n == 4 ? 2 : 1;

        if (cost > units)
            return ST_SPAN_NPOS;
        units -= cost;
        at += n;
    }
    return units == 0 ? at : ST_SPAN_NPOS;
}

static uint32_t plain_at(const struct flt_piece *piece, size_t offset)
{
    uint32_t from = piece->base + (uint32_t)offset, to = from;

    flt_map_range(piece->up, NULL, &from, &to);
    return from;
}

/* Where a length stands, and what it counts. */
static enum st_rc keep_length(struct flt_dec *dec, const struct flt_piece *all, const size_t at[4],
                              enum flt_count count, struct st_err *err)
{
    struct flt_length length = { plain_at(all, at[0]), plain_at(all, at[1]), plain_at(all, at[2]), plain_at(all, at[3]),
                                 count };

    st_buf_put(&dec->lengths, &length, sizeof length);
    return st_buf_done(&dec->lengths, err, "filters.socketio");
}

static bool is_crowded(const struct flt_dec *dec)
{
    return dec->lengths.n / sizeof(struct flt_length) >= PACKETS_MAX;
}

/* LENGTH:PACKET; at[]: the digits' begin and end, the packet's begin and end. */
static bool next_counted(struct st_span s, size_t at[4])
{
    size_t n = flt_digits_at(s, at[3]), length = 0;

    at[0] = at[3];
    at[1] = at[0] + n;
    at[2] = at[1] + 1;
    if (n == 0 || n > LENGTH_MAX || (n > 1 && s.p[at[0]] == '0') || at[1] == s.n || s.p[at[1]] != ':')
        return false;
    for (size_t i = at[0]; i < at[1]; i++)
        length = length * 10 + (s.p[i] - (size_t)'0');
    n = bytes_of_units(st_span_sub(s, at[2], s.n), length);
    at[3] = at[2] + n;
    return n != ST_SPAN_NPOS;
}

bool flt_engine_counted(struct st_span s, size_t *n)
{
    size_t at[4] = { 0 };

    if (!next_counted(s, at))
        return false;
    *n = at[3];
    return true;
}

static enum st_rc counted(struct flt_dec *dec, const struct flt_piece *all, enum flt_count count, bool *is_good,
                          struct st_err *err)
{
    size_t at[4] = { 0 };

    while (at[3] < all->s.n && *is_good && !flt_dec_is_full(dec)) {
        struct flt_piece raw, text;

        if (is_crowded(dec) || !next_counted(all->s, at)) {
            *is_good = false;
            break;
        }
        raw = flt_piece_sub(all, at[2], at[3] - at[2]);
        if (keep_length(dec, all, at, count, err) != ST_OK || once(dec, &raw, &text, err) != ST_OK)
            return ST_ERR;
        if (raw.s.n > 0 && flt_socketio(dec, &text, 3, is_good, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

/* 0|1, digits of one byte each, 255, bytes. */
static bool next_binary(struct st_span s, size_t at[4])
{
    size_t length = 0, i = at[3] + 1;

    at[0] = i;
    for (; i < s.n && s.p[i] <= 9 && i - at[0] < LENGTH_MAX; i++)
        length = length * 10 + s.p[i];
    at[1] = i;
    at[2] = i + 1;
    if (s.p[at[3]] > 1 || i == at[0] || (i > at[0] + 1 && s.p[at[0]] == 0) || i >= s.n || s.p[i] != 0xFF ||
        length > s.n - at[2])
        return false;
    at[3] = at[2] + length;
    return true;
}

static enum st_rc binary(struct flt_dec *dec, const struct flt_piece *all, bool *is_good, struct st_err *err)
{
    size_t at[4] = { 0 };

    while (at[3] < all->s.n && *is_good && !flt_dec_is_full(dec)) {
        bool is_text = all->s.p[at[3]] == 0;
        struct flt_piece piece;
        enum st_rc rc = ST_OK;

        if (is_crowded(dec) || !next_binary(all->s, at)) {
            *is_good = false;
            break;
        }
        piece = flt_piece_sub(all, at[2], at[3] - at[2]);
        if (keep_length(dec, all, at, FLT_COUNT_BYTES, err) != ST_OK)
            return ST_ERR;
        if (is_text && flt_utf8_good(piece.s) < piece.s.n)
            *is_good = false;
        else if (is_text && piece.s.n > 0)
            rc = flt_socketio(dec, &piece, 3, is_good, err);
        else if (piece.s.n > 0)
            rc = flt_socketio_bytes(
                dec, &(struct flt_piece){ st_span_sub(piece.s, 1, piece.s.n), piece.up, piece.base + 1 }, err);
        if (rc != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

static enum st_rc records(struct flt_dec *dec, const struct flt_piece *all, bool *is_good, struct st_err *err)
{
    for (size_t at = 0; at <= all->s.n && *is_good && !flt_dec_is_full(dec);) {
        struct st_span rest = st_span_sub(all->s, at, all->s.n);
        size_t n = st_span_chr(rest, RECORD_MARK);
        struct flt_piece piece;

        n = n == ST_SPAN_NPOS ? rest.n : n;
        piece = flt_piece_sub(all, at, n);
        if (flt_socketio(dec, &piece, 4, is_good, err) != ST_OK)
            return ST_ERR;
        at += n + 1;
    }
    return ST_OK;
}

/* The form of a page without XHR: newlines as "\n", and what would look like that as "\\n". */
static enum st_rc unslash(struct flt_dec *dec, const struct flt_piece *in, struct flt_piece *out, struct st_err *err)
{
    uint8_t *room = st_arena_alloc(dec->arena, in->s.n + 1);
    size_t n = 0;

    if (room == NULL)
        return st_arena_fail(dec->arena, err, "filters.socketio");
    flt_build_reset(&dec->build);
    for (size_t i = 0; i < in->s.n;) {
        struct st_span rest = st_span_sub(in->s, i, 3);

        if (st_span_eq(rest, ST_SPAN("\\\\n"))) {
            room[n++] = '\\';
            room[n++] = 'n';
            flt_build_unit(&dec->build, 2, 3);
            i += 3;
        } else if (st_span_starts(rest, ST_SPAN("\\n"))) {
            room[n++] = '\n';
            flt_build_unit(&dec->build, 1, 2);
            i += 2;
        } else {
            room[n++] = in->s.p[i++];
            flt_build_copy(&dec->build, 1);
        }
    }
    *out = (struct flt_piece){ st_span(room, n), NULL, 0 };
    return flt_build_done(&dec->build, in->up, in->base, FLT_LAYER_SLASHED, &out->up, err);
}

static enum st_rc form(struct flt_dec *dec, const struct flt_piece *bytes, unsigned version, bool *is_good,
                       struct st_err *err)
{
    struct flt_piece raw = flt_piece_sub(bytes, 2, bytes->s.n), value_of, text;
    enum st_rc rc;

    *is_good = st_span_starts(bytes->s, ST_SPAN("d=")) && st_span_chr(bytes->s, '&') == ST_SPAN_NPOS;
    if (!*is_good)
        return ST_OK;
    if (flt_form_value(dec, &raw, &value_of, err) != ST_OK)
        return ST_ERR;
    *is_good = value_of.up->layer == FLT_LAYER_PERCENT;
    if (!*is_good || unslash(dec, &value_of, &text, err) != ST_OK)
        return *is_good ? ST_ERR : ST_OK;
    flt_dec_push(dec, FLT_CODEC_FORM);
    rc = version == 4 ? records(dec, &text, is_good, err) : counted(dec, &text, FLT_COUNT_FORM, is_good, err);
    flt_dec_pop(dec);
    return rc;
}

/* ---- one body ---------------------------------------------------------------------------------------------------- */

static enum st_rc poll(struct flt_dec *dec, const struct flt_body *body, unsigned version, bool *is_good,
                       struct st_err *err)
{
    struct st_span essence = flt_type_essence(body->content_type);

    if (st_span_ieq(essence, ST_SPAN("application/octet-stream")) && version == 3)
        return binary(dec, &body->bytes, is_good, err);
    if (st_span_ieq(essence, ST_SPAN("application/x-www-form-urlencoded")))
        return form(dec, &body->bytes, version, is_good, err);
    *is_good = flt_utf8_good(body->bytes.s) == body->bytes.s.n;
    if (!*is_good)
        return ST_OK;
    return version == 4 ? records(dec, &body->bytes, is_good, err)
                        : counted(dec, &body->bytes, FLT_COUNT_UNITS, is_good, err);
}

static enum st_rc socket_message(struct flt_dec *dec, const struct flt_body *body, unsigned version, bool *is_good,
                                 struct st_err *err)
{
    struct flt_piece data = body->bytes;

    if (st_span_istarts(body->content_type, ST_SPAN("text/"))) {
        *is_good = flt_utf8_good(data.s) == data.s.n;
        return *is_good ? flt_socketio(dec, &data, version, is_good, err) : ST_OK;
    }
    if (version == 3) {
        *is_good = data.s.p[0] <= 6;
        data = flt_piece_sub(&data, 1, data.s.n);
    }
    return *is_good ? flt_socketio_bytes(dec, &data, err) : ST_OK;
}

enum st_rc flt_engineio(struct flt_dec *dec, const struct flt_body *body, bool is_message, bool *is_good,
                        struct st_err *err)
{
    unsigned version = flt_engine_version(dec->doc->query);

    *is_good = version != 0;
    if (!*is_good)
        return ST_OK;
    return is_message ? socket_message(dec, body, version, is_good, err) : poll(dec, body, version, is_good, err);
}
