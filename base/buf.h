/* SPDX-License-Identifier: Apache-2.0 */
/* buf - a growing run of bytes with a ceiling given at birth.
 *
 * Fail-late: after the ceiling or the memory is reached, appends do nothing and the buffer remembers; ask once at the
 * end with st_buf_done. Content is wiped when freed, since bodies pass through here.
 */
#ifndef STOA_BASE_BUF_H
#define STOA_BASE_BUF_H
#include "base/err.h"
#include "base/span.h"
#include <stddef.h>
#include <stdint.h>

struct st_buf {
    uint8_t *p;
    size_t n, cap, limit;
    enum st_e failed; /* ST_E_NONE, ST_E_LIMIT or ST_E_NOMEM */
};

void st_buf_init(struct st_buf *buf, size_t limit);
void st_buf_fini(struct st_buf *buf);  /* wipes; safe on a zeroed struct */
void st_buf_reset(struct st_buf *buf); /* n = 0, keeps the memory, forgets a failure */
void st_buf_put(struct st_buf *buf, const void *p, size_t n);
void st_buf_span(struct st_buf *buf, struct st_span s);
void st_buf_byte(struct st_buf *buf, uint8_t byte);
void st_buf_str(struct st_buf *buf, const char *s);
void st_buf_markup(struct st_buf *buf, struct st_span s); /* HTML and XML: as text, or between double quotes */
void st_buf_fmt(struct st_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes at the returned place; commit with buf->n += used. NULL when failed. */
ST_MUST uint8_t *st_buf_room(struct st_buf *buf, size_t n);
void st_buf_drop(struct st_buf *buf, size_t n);       /* takes n bytes off the front */
struct st_span st_buf_view(const struct st_buf *buf); /* dies at the next change */
/* ST_OK when every append fitted, else fills err. */
ST_MUST enum st_rc st_buf_done(const struct st_buf *buf, struct st_err *err, const char *where);
#endif
