/* SPDX-License-Identifier: Apache-2.0 */
/* coding - takes Content-Encoding off a body: gzip, deflate (zlib and raw), br, zstd, up to three on top of each other.
 *
 * A body of ten kilobytes can hold gigabytes (brotli: 1 266 205 to 1 measured), so each codec has an output ceiling
 * and a ratio of its own, both checked while it inflates. What was read before something went wrong is handed on with
 * the reason: a cut stream is still scanned. When a coding is added: one line in `codings` and one function.
 */
#include "filters/decode.h"
#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define CODINGS_MAX 3
#define RATIO_GRACE (512u * 1024u) /* output up to here is cheap, whatever the ratio */
#define ROOM        (32u * 1024u)
#define ZSTD_WINDOW 23 /* RFC 9659: 8 MiB is what a decoder for HTTP owes */
#define GZIP_BITS   (15 + 16)
#define ZLIB_BITS   15
#define RAW_BITS    (-15)

struct stage {
    struct st_span in;
    struct st_buf *out;
    size_t limit, ratio;
    enum flt_reason reason; /* why it ended early */
};

typedef enum st_rc stage_f(struct stage *stage, struct st_err *err);

/* Has it made too much, given what it has eaten? Notes why. */
static bool is_over(struct stage *stage, size_t eaten)
{
    if (stage->out->n > stage->limit)
        stage->reason = FLT_REASON_SIZE;
    else if (stage->out->n > RATIO_GRACE && stage->out->n / stage->ratio > eaten)
        stage->reason = FLT_REASON_BOMB;
    return stage->reason != FLT_REASON_NONE;
}

/* Room for one more step; never beyond one byte more than the limit. */
static uint8_t *step_room(struct stage *stage, size_t *n)
{
    size_t left = stage->limit + 1 - stage->out->n, want = stage->out->n < ROOM ? ROOM : stage->out->n;

    *n = left < want ? left : want;
    return st_buf_room(stage->out, *n);
}

bool flt_is_zlib(struct st_span s)
{
    return s.n > 2 && s.p[0] == 0x78 && (s.p[0] << 8 | s.p[1]) % 31 == 0;
}

/* ---- zlib ------------------------------------------------------------------------------------------------------ */

static enum st_rc inflate_stage(struct stage *stage, z_stream *z, int bits, struct st_err *err)
{
    uint8_t *room;
    size_t n;
    int rc;

    for (;;) {
        if ((room = step_room(stage, &n)) == NULL)
            return st_buf_done(stage->out, err, "filters.coding");
        z->next_out = room;
        z->avail_out = (uInt)n;
        rc = inflate(z, Z_NO_FLUSH);
        stage->out->n += n - z->avail_out;
        if (rc == Z_MEM_ERROR)
            return st_fail(err, ST_E_NOMEM, "filters.coding", "inflate", 0);
        if (is_over(stage, stage->in.n - z->avail_in))
            return ST_OK;
        if (rc == Z_STREAM_END) {
            if (z->avail_in == 0)
                return ST_OK;
            if (bits == GZIP_BITS && z->avail_in > 1 && z->next_in[0] == 0x1F && inflateReset(z) == Z_OK)
                continue; /* RFC 1952 §2.2: members follow each other */
            break;
        }
        if (rc != Z_OK || (z->avail_in == 0 && z->avail_out > 0))
            break;
    }
    stage->reason = FLT_REASON_SYNTAX;
    return ST_OK;
}

static enum st_rc run_inflate(struct stage *stage, int bits, struct st_err *err)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)stage->in.p, .avail_in = (uInt)stage->in.n };
    enum st_rc rc;

    if (inflateInit2(&z, bits) != Z_OK)
        return st_fail(err, ST_E_NOMEM, "filters.coding", "inflate", 0);
    rc = inflate_stage(stage, &z, bits, err);
    (void)inflateEnd(&z);
    return rc;
}

static enum st_rc decode_gzip(struct stage *stage, struct st_err *err)
{
    return run_inflate(stage, GZIP_BITS, err);
}

/* The name says zlib, and half the senders mean raw deflate: what looks like a zlib header is tried as one first. */
static enum st_rc decode_deflate(struct stage *stage, struct st_err *err)
{
    const uint8_t *p = stage->in.p;

    if (stage->in.n >= 2 && (p[0] & 0x0F) == 8 && (p[0] << 8 | p[1]) % 31 == 0) {
        if (run_inflate(stage, ZLIB_BITS, err) != ST_OK)
            return ST_ERR;
        if (stage->reason != FLT_REASON_SYNTAX || stage->out->n > 0)
            return ST_OK;
        stage->reason = FLT_REASON_NONE;
    }
    return run_inflate(stage, RAW_BITS, err);
}

/* ---- brotli ---------------------------------------------------------------------------------------------------- */

static enum st_rc brotli_stage(struct stage *stage, BrotliDecoderState *state, struct st_err *err)
{
    const uint8_t *next_in = stage->in.p;
    size_t avail_in = stage->in.n, avail_out, n;
    BrotliDecoderResult result;
    uint8_t *room;

    do {
        if ((room = step_room(stage, &n)) == NULL)
            return st_buf_done(stage->out, err, "filters.coding");
        avail_out = n;
        result = BrotliDecoderDecompressStream(state, &avail_in, &next_in, &avail_out, &room, NULL);
        stage->out->n += n - avail_out;
        if (is_over(stage, stage->in.n - avail_in))
            return ST_OK;
    } while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
    if (result != BROTLI_DECODER_RESULT_SUCCESS || avail_in > 0)
        stage->reason = FLT_REASON_SYNTAX;
    return ST_OK;
}

static enum st_rc decode_br(struct stage *stage, struct st_err *err)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    enum st_rc rc;

    if (state == NULL)
        return st_fail(err, ST_E_NOMEM, "filters.coding", "brotli", 0);
    rc = brotli_stage(stage, state, err);
    BrotliDecoderDestroyInstance(state);
    return rc;
}

/* ---- zstd ------------------------------------------------------------------------------------------------------ */

static bool is_skippable(const uint8_t *p, size_t n, size_t at)
{
    return n - at >= 4 && (p[at] & 0xF0) == 0x50 && memcmp(p + at + 1, "\x2A\x4D\x18", 3) == 0;
}

static enum st_rc zstd_stage(struct stage *stage, ZSTD_DCtx *ctx, struct st_err *err)
{
    ZSTD_inBuffer in = { stage->in.p, stage->in.n, 0 };
    ZSTD_outBuffer out;
    bool is_frame_end = true;
    size_t rc, n;

    do {
        if (is_frame_end && is_skippable(in.src, in.size, in.pos)) { /* bytes that a decoder passes over */
            stage->reason = FLT_REASON_SYNTAX;
            return ST_OK;
        }
        if ((out.dst = step_room(stage, &n)) == NULL)
            return st_buf_done(stage->out, err, "filters.coding");
        out.size = n;
        out.pos = 0;
        rc = ZSTD_decompressStream(ctx, &out, &in);
        if (ZSTD_isError(rc)) {
            stage->reason = FLT_REASON_SYNTAX;
            return ST_OK;
        }
        is_frame_end = rc == 0;
        stage->out->n += out.pos;
        if (is_over(stage, in.pos))
            return ST_OK;
    } while (in.pos < in.size || (rc != 0 && out.pos == out.size)); /* frames follow each other */
    if (rc != 0)
        stage->reason = FLT_REASON_SYNTAX;
    return ST_OK;
}

static enum st_rc decode_zstd(struct stage *stage, struct st_err *err)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    enum st_rc rc;

    if (ctx == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW))) {
        ZSTD_freeDCtx(ctx);
        return st_fail(err, ST_E_NOMEM, "filters.coding", "zstd", 0);
    }
    rc = zstd_stage(stage, ctx, err);
    ZSTD_freeDCtx(ctx);
    return rc;
}

/* ---- the chain ------------------------------------------------------------------------------------------------- */

static const struct coding {
    const char *name;
    stage_f *decode; /* NULL: nothing to do */
    size_t ratio;    /* real pages and posts stay below 60:1 */
} codings[] = {
    { "gzip", decode_gzip, 200 }, { "x-gzip", decode_gzip, 200 }, { "deflate", decode_deflate, 200 },
    { "br", decode_br, 300 },     { "zstd", decode_zstd, 300 },   { "identity", NULL, 0 },
};

static const struct coding *coding_find(struct st_span name)
{
    for (size_t i = 0; i < ST_LEN(codings); i++) {
        if (st_span_ieq(name, st_span_str(codings[i].name)))
            return &codings[i];
    }
    return NULL;
}

/* Innermost first; false when one is unknown or there are too many. */
static bool read_chain(struct st_span encodings, const struct coding *chain[CODINGS_MAX], size_t *n)
{
    struct st_span part;

    *n = 0;
    while (st_span_next(&encodings, ',', &part)) {
        const struct coding *coding;

        part = st_span_trim(part);
        if (part.n == 0)
            continue;
        if ((coding = coding_find(part)) == NULL)
            return false;
        if (coding->decode == NULL)
            continue;
        if (*n == CODINGS_MAX)
            return false;
        chain[(*n)++] = coding;
    }
    return true;
}

enum st_rc flt_coding(struct st_span body, struct st_span encodings, size_t limit, struct flt_coded *out,
                      struct st_err *err)
{
    const struct coding *chain[CODINGS_MAX];
    struct st_buf before = { 0 };
    size_t n;
    enum st_rc rc = ST_ERR;

    *out = (struct flt_coded){ .reason = FLT_REASON_NONE };
    if (!read_chain(encodings, chain, &n) || body.n > UINT32_MAX / 4) {
        out->reason = body.n > limit ? FLT_REASON_SIZE : FLT_REASON_CODING;
        return ST_OK;
    }
    if (n == 0 && body.n > limit)
        out->reason = FLT_REASON_SIZE;
    for (out->was_coded = n > 0; n > 0 && out->reason == FLT_REASON_NONE; n--) {
        struct stage stage = { .in = body, .out = &out->plain, .limit = limit, .ratio = chain[n - 1]->ratio };

        st_buf_fini(&before);
        before = out->plain;
        st_buf_init(&out->plain, limit + 1);
        if (chain[n - 1]->decode(&stage, err) != ST_OK)
            goto out;
        out->reason = stage.reason;
        body = st_buf_view(&out->plain);
    }
    if (n > 0 && out->was_coded) /* an outer coding broke: what it gave is still packed */
        st_buf_reset(&out->plain);
    rc = ST_OK;
out:
    st_buf_fini(&before);
    if (rc != ST_OK)
        st_buf_fini(&out->plain);
    return rc;
}

enum st_rc flt_coding_pack(struct st_span data, bool is_gzip, struct st_buf *out, struct st_err *err)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)data.p, .avail_in = (uInt)data.n };
    uint8_t *room;
    size_t n;
    int rc;

    if (data.n > UINT32_MAX / 4)
        return st_fail(err, ST_E_LIMIT, "filters.coding", "too much to pack", data.n);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, is_gzip ? GZIP_BITS : ZLIB_BITS, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return st_fail(err, ST_E_NOMEM, "filters.coding", "deflate", 0);
    n = deflateBound(&z, data.n);
    if ((room = st_buf_room(out, n)) != NULL) {
        z.next_out = room;
        z.avail_out = (uInt)n;
        rc = deflate(&z, Z_FINISH);
        out->n += rc == Z_STREAM_END ? n - z.avail_out : 0;
    }
    (void)deflateEnd(&z);
    return st_buf_done(out, err, "filters.coding");
}
