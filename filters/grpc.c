/* SPDX-License-Identifier: Apache-2.0 */
/* grpc - length-prefixed messages: gRPC, gRPC-Web (also as base64) and the Connect protocol's streams.
 *
 * A body is a row of messages, each behind one byte of flags and four of length; every message may be compressed for
 * itself, as a header field says. What is compressed is known by its first bytes here, so that a field which lies hides
 * nothing; a coding that nobody knows is told in the receipt. Messages are JSON where the type says so, else they have
 * a schema that only their ends know, and are read for the texts in them. Nothing is masked: the lengths around a text
 * are those of the schema.
 */
#include "filters/decode.h"
#include "filters/validate.h"
#include <string.h>

#define COMPRESSED 0x01
#define KNOWN      0x83 /* flags: compressed, Connect's end of a stream, gRPC-Web's trailers */
#define TRAILERS   0x82

static const struct {
    const char *bytes, *coding;
    size_t n;
} codings[] = { { "\x1F\x8B", "gzip", 2 },    { "\x78\x01", "deflate", 2 }, { "\x78\x5E", "deflate", 2 },
                { "\x78\x9C", "deflate", 2 }, { "\x78\xDA", "deflate", 2 }, { "\x28\xB5\x2F\xFD", "zstd", 4 } };

bool flt_is_grpc(struct st_span essence)
{
    return st_span_istarts(essence, ST_SPAN("application/grpc")) ||
           st_span_istarts(essence, ST_SPAN("application/connect+"));
}

/* gRPC-Web has no streams of requests. */
bool flt_is_call(struct st_span content_type)
{
    struct st_span essence = flt_type_essence(content_type);

    return st_span_ieq(essence, ST_SPAN("application/grpc")) ||
           st_span_istarts(essence, ST_SPAN("application/grpc+")) ||
           st_span_istarts(essence, ST_SPAN("application/connect+"));
}

static bool ends_as(struct st_span s, struct st_span end)
{
    return s.n >= end.n && st_span_ieq(st_span_sub(s, s.n - end.n, end.n), end);
}

/* Text that stands for a stretch of the body which cannot be written anew. */
static enum st_rc stand_for(struct flt_dec *dec, struct st_span text, const struct flt_piece *from,
                            struct flt_piece *out, struct st_err *err)
{
    const struct flt_map *map = NULL;

    flt_build_reset(&dec->build);
    flt_build_unit(&dec->build, text.n, from->s.n);
    if (flt_build_done(&dec->build, from->up, from->base, FLT_LAYER_FIXED, &map, err) != ST_OK)
        return ST_ERR;
    *out = (struct flt_piece){ text, map, 0 };
    return ST_OK;
}

static enum st_rc read_message(struct flt_dec *dec, struct st_span text, const struct flt_piece *from, bool is_json,
                               struct st_err *err)
{
    struct flt_body body = { .content_type = ST_SPAN("application/json"), .is_part = true };

    if (text.n == 0)
        return ST_OK;
    if (stand_for(dec, text, from, &body.bytes, err) != ST_OK)
        return ST_ERR;
    if (is_json)
        return flt_body_decode(dec, &body, err);
    flt_dec_note(dec, FLT_PARTLY, FLT_REASON_TYPE);
    return flt_body_raw(dec, &body.bytes, FLT_LAYER_RAW, err);
}

static struct st_span coding_of(struct st_span s)
{
    for (size_t i = 0; i < ST_LEN(codings); i++)
        if (s.n >= codings[i].n && memcmp(s.p, codings[i].bytes, codings[i].n) == 0)
            return st_span_str(codings[i].coding);
    return ST_SPAN("unknown");
}

/* One message that is compressed; *left: bytes that the whole body may still become. */
static enum st_rc unpack_message(struct flt_dec *dec, const struct flt_piece *from, bool is_json, size_t *left,
                                 struct st_err *err)
{
    struct flt_coded coded = { .reason = FLT_REASON_NONE };
    struct st_span plain;
    enum st_rc rc = ST_OK;

    if (flt_coding(from->s, coding_of(from->s), *left, &coded, err) != ST_OK)
        return ST_ERR;
    if (coded.reason != FLT_REASON_NONE)
        flt_dec_note(dec, FLT_PARTLY, coded.reason);
    if (!coded.was_coded) {
        dec->skipped += from->s.n;
        return flt_body_strings(dec, from->s, from, err);
    }
    plain.n = coded.plain.n < *left ? coded.plain.n : *left;
    *left -= plain.n;
    if ((plain.p = st_arena_dup(dec->arena, coded.plain.p, plain.n)) == NULL && plain.n > 0)
        rc = st_arena_fail(dec->arena, err, "filters.grpc");
    else
        rc = read_message(dec, plain, from, is_json, err);
    st_buf_fini(&coded.plain);
    return rc;
}

/* Chunks of base64, each with its own padding. out->s.n is 0 when it is none. */
static enum st_rc without_base64(struct flt_dec *dec, const struct flt_piece *text, struct flt_piece *out,
                                 struct st_err *err)
{
    uint8_t *bytes = st_arena_alloc(dec->arena, text->s.n + 1);
    size_t n = 0;

    if (bytes == NULL)
        return st_arena_fail(dec->arena, err, "filters.grpc");
    for (size_t at = 0; at < text->s.n;) {
        struct st_span rest = st_span_sub(text->s, at, text->s.n);
        size_t end = st_span_chr(rest, '=');
        struct st_span chunk = st_span_sub(rest, 0, end == ST_SPAN_NPOS ? rest.n : end);
        int got = flt_unbase64(chunk, bytes + n, text->s.n + 1 - n);

        if (got < 0)
            return stand_for(dec, ST_SPAN_NONE, text, out, err);
        n += (size_t)got;
        for (at += chunk.n; at < text->s.n && text->s.p[at] == '=';)
            at++;
    }
    return stand_for(dec, st_span(bytes, n), text, out, err);
}

bool flt_call_length(const uint8_t head[FLT_CALL_HEAD], uint32_t *length)
{
    *length = (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
    return (head[0] & ~KNOWN) == 0;
}

/* Answers how far messages go. */
static enum st_rc read_messages(struct flt_dec *dec, const struct flt_piece *bytes, bool is_json, size_t *at,
                                struct st_err *err)
{
    struct st_span s = bytes->s;
    size_t left = dec->plain_limit;
    enum st_rc rc = ST_OK;

    while (rc == ST_OK && s.n - *at >= FLT_CALL_HEAD && !flt_dec_is_full(dec)) {
        uint8_t flags = s.p[*at];
        struct flt_piece message;
        uint32_t n;

        if (!flt_call_length(s.p + *at, &n))
            return ST_OK;
        message = flt_piece_sub(bytes, *at + FLT_CALL_HEAD, n);
        if (message.s.n < n)
            return ST_OK;
        if ((flags & COMPRESSED) != 0)
            rc = unpack_message(dec, &message, is_json, &left, err);
        else
            rc = read_message(dec, message.s, &message, is_json && (flags & TRAILERS) == 0, err);
        *at += FLT_CALL_HEAD + n;
    }
    return rc;
}

enum st_rc flt_grpc(struct flt_dec *dec, const struct flt_body *body, struct st_err *err)
{
    struct st_span essence = flt_type_essence(body->content_type);
    struct flt_piece bytes = body->bytes, rest;
    size_t at = 0;

    if (st_span_istarts(essence, ST_SPAN("application/grpc-web-text")) &&
        without_base64(dec, &body->bytes, &bytes, err) != ST_OK)
        return ST_ERR;
    flt_dec_push(dec, FLT_CODEC_GRPC);
    if (read_messages(dec, &bytes, ends_as(essence, ST_SPAN("+json")), &at, err) != ST_OK)
        return ST_ERR;
    flt_dec_pop(dec);
    if (at > 0 && (at == bytes.s.n || flt_dec_is_full(dec)))
        return ST_OK;
    flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SYNTAX);
    rest = at > 0 ? flt_piece_sub(&bytes, at, bytes.s.n - at) : body->bytes;
    return flt_body_raw(dec, &rest, FLT_LAYER_FIXED, err);
}
