/* SPDX-License-Identifier: Apache-2.0 */
/* ws_deflate - permessage-deflate's two streams (RFC 7692 §7.2).
 *
 * A message is a run of deflate blocks whose last, empty one is cut off before its four bytes 00 00 ff ff. The reader
 * adds them back (ws.c feeds them) and then must stand right behind a block: a message that ends elsewhere would shift
 * every later one. The reader's window is the largest, whatever was agreed: how far behind a smaller one zlib still
 * reads, hangs on how the bytes were cut. A peer may end its deflate stream and begin another inside a message
 * (§7.2.3.5); the window stays. Whoever holds one of these decides about context takeover by keeping or freeing it
 * between messages.
 */
#include "gateway/ws_deflate.h"
#include <stdlib.h>
#include <zlib.h>

#define BITS_MAX     15
#define RESTARTS_MAX 64u /* of the deflate stream in one message */
#define LEVEL        4
#define MEM_LEVEL    7
#define STEP         4096u
#define TAIL         4u

struct ws_inflate {
    z_stream z;
    unsigned restarts;
    bool is_fresh; /* nothing of this message was seen */
    bool has_more;
    int rc; /* of zlib; a fault stays */
};

struct ws_squeeze {
    z_stream z;
};

struct ws_inflate *ws_inflate_new(void)
{
    struct ws_inflate *inflate = calloc(1, sizeof *inflate);

    if (inflate == NULL)
        return NULL;
    if (inflateInit2(&inflate->z, -BITS_MAX) != Z_OK) {
        free(inflate);
        return NULL;
    }
    inflate->is_fresh = true;
    return inflate;
}

void ws_inflate_free(struct ws_inflate *inflate)
{
    if (inflate == NULL)
        return;
    (void)inflateEnd(&inflate->z);
    free(inflate);
}

/* The peer's deflate stream ended; what follows is a new one over the same window. */
static int restart(struct ws_inflate *state)
{
    if (++state->restarts > RESTARTS_MAX || inflateResetKeep(&state->z) != Z_OK)
        return Z_DATA_ERROR;
    return state->z.avail_in > 0 ? Z_OK : Z_BUF_ERROR;
}

static int run(struct ws_inflate *state)
{
    z_stream *z = &state->z;
    int rc = Z_OK;

    while (rc == Z_OK && z->avail_out > 0) {
        rc = inflate(z, Z_SYNC_FLUSH);
        if (rc == Z_STREAM_END)
            rc = restart(state);
        else if (z->avail_in == 0)
            break;
    }
    return rc == Z_BUF_ERROR ? Z_OK : rc;
}

enum st_rc ws_inflate_step(struct ws_inflate *state, struct st_span *in, uint8_t *out, size_t cap, size_t *n,
                           struct st_err *err)
{
    z_stream *z = &state->z;

    if (in->n > 0)
        state->is_fresh = false;
    z->next_in = (Bytef *)(uintptr_t)in->p; /* zlib reads it only */
    z->avail_in = (uInt)in->n;
    z->next_out = out;
    z->avail_out = (uInt)cap;
    if (state->rc == Z_OK)
        state->rc = run(state);
    *n = cap - z->avail_out;
    *in = st_span_sub(*in, in->n - z->avail_in, z->avail_in);
    state->has_more = z->avail_out == 0 || (state->rc != Z_OK && *n > 0);
    if (state->rc == Z_OK || *n > 0) /* what came before the fault is handed out first */
        return ST_OK;
    if (state->rc == Z_MEM_ERROR)
        return st_fail(err, ST_E_NOMEM, "ws.inflate", "window", 1011);
    return st_fail(err, ST_E_SYNTAX, "ws.inflate", "compressed bytes are broken", 1007);
}

bool ws_inflate_has_more(const struct ws_inflate *state)
{
    return state->has_more;
}

enum st_rc ws_inflate_end(struct ws_inflate *state, struct st_err *err)
{
    /* zlib: 128 = right behind a block, the low bits = what is left of the last byte. */
    if (!state->is_fresh && (state->z.data_type & 0xff) != 128)
        return st_fail(err, ST_E_SYNTAX, "ws.inflate", "message ends inside a block", 1007);
    state->is_fresh = true;
    state->restarts = 0;
    return ST_OK;
}

struct ws_squeeze *ws_squeeze_new(unsigned bits)
{
    struct ws_squeeze *squeeze = calloc(1, sizeof *squeeze);

    if (squeeze == NULL)
        return NULL;
    if (deflateInit2(&squeeze->z, LEVEL, Z_DEFLATED, -(int)bits, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(squeeze);
        return NULL;
    }
    return squeeze;
}

void ws_squeeze_free(struct ws_squeeze *squeeze)
{
    if (squeeze == NULL)
        return;
    (void)deflateEnd(&squeeze->z);
    free(squeeze);
}

enum st_rc ws_squeeze_step(struct ws_squeeze *squeeze, struct st_span data, bool is_last, struct st_buf *out,
                           struct st_err *err)
{
    z_stream *z = &squeeze->z;
    int flush = is_last ? Z_SYNC_FLUSH : Z_NO_FLUSH;

    z->next_in = (Bytef *)(uintptr_t)data.p;
    z->avail_in = (uInt)data.n;
    do {
        uint8_t *room = st_buf_room(out, STEP);

        if (room == NULL)
            return st_buf_done(out, err, "ws.deflate");
        z->next_out = room;
        z->avail_out = STEP;
        if (deflate(z, flush) == Z_STREAM_ERROR)
            return st_fail(err, ST_E_SYNTAX, "ws.deflate", "stream cannot go on", 0);
        out->n += STEP - z->avail_out;
    } while (z->avail_out == 0);
    if (is_last && out->n >= TAIL)
        out->n -= TAIL;
    return ST_OK;
}
