/* SPDX-License-Identifier: Apache-2.0 */
/* ws_deflate - the deflate streams under a WebSocket; the gateway's only door to zlib. Used by ws.c and ws_write.c. */
#ifndef STOA_GATEWAY_WS_DEFLATE_H
#define STOA_GATEWAY_WS_DEFLATE_H
#include "base/buf.h"
#include <stdbool.h>

struct ws_inflate;
ST_MUST struct ws_inflate *ws_inflate_new(void);
void ws_inflate_free(struct ws_inflate *inflate); /* NULL is fine */
/* Takes from *in, makes up to cap bytes at out. A fault is told once all before it was handed out. */
ST_MUST enum st_rc ws_inflate_step(struct ws_inflate *inflate, struct st_span *in, uint8_t *out, size_t cap, size_t *n,
                                   struct st_err *err);
bool ws_inflate_has_more(const struct ws_inflate *inflate); /* without any input: bytes, or a fault */
/* After the last byte of a message: does it end where a block ends? Ready for the next message. */
ST_MUST enum st_rc ws_inflate_end(struct ws_inflate *inflate, struct st_err *err);

struct ws_squeeze;
ST_MUST struct ws_squeeze *ws_squeeze_new(unsigned bits);
void ws_squeeze_free(struct ws_squeeze *squeeze); /* NULL is fine */
/* Appends what data become; is_last flushes to a byte border and leaves off the tail 00 00 ff ff (RFC 7692 §7.2.1). */
ST_MUST enum st_rc ws_squeeze_step(struct ws_squeeze *squeeze, struct st_span data, bool is_last, struct st_buf *out,
                                   struct st_err *err);
#endif
