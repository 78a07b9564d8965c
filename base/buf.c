/* SPDX-License-Identifier: Apache-2.0 */
/* buf - a growing run of bytes with a ceiling given at birth.
 *
 * Growth copies into fresh memory and wipes the old instead of realloc, which could leave a body in the free list. An
 * append that does not fit whole does nothing, and so do all later ones, so that a half-built text is never mistaken
 * for a whole one: st_buf_done tells.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 256u

void st_buf_init(struct st_buf *buf, size_t limit)
{
    *buf = (struct st_buf){ .limit = limit };
}

void st_buf_fini(struct st_buf *buf)
{
    if (buf->p != NULL)
        explicit_bzero(buf->p, buf->cap);
    free(buf->p);
    *buf = (struct st_buf){ .limit = buf->limit };
}

void st_buf_reset(struct st_buf *buf)
{
    if (buf->p != NULL)
        explicit_bzero(buf->p, buf->n);
    buf->n = 0;
    buf->failed = ST_E_NONE;
}

uint8_t *st_buf_room(struct st_buf *buf, size_t n)
{
    size_t cap = buf->cap < BUF_FIRST ? BUF_FIRST : buf->cap;
    uint8_t *p;

    if (buf->failed != ST_E_NONE)
        return NULL;
    if (n > buf->limit || buf->n > buf->limit - n) {
        buf->failed = ST_E_LIMIT;
        return NULL;
    }
    if (buf->p != NULL && buf->cap - buf->n >= n)
        return buf->p + buf->n;
    while (cap < buf->n + n)
        cap = cap > SIZE_MAX / 2 ? buf->limit : cap * 2;
    if (cap > buf->limit)
        cap = buf->limit;
    if ((p = malloc(cap > 0 ? cap : 1)) == NULL) {
        buf->failed = ST_E_NOMEM;
        return NULL;
    }
    if (buf->p != NULL) {
        memcpy(p, buf->p, buf->n);
        explicit_bzero(buf->p, buf->cap);
        free(buf->p);
    }
    buf->p = p;
    buf->cap = cap;
    return buf->p + buf->n;
}

void st_buf_put(struct st_buf *buf, const void *p, size_t n)
{
    uint8_t *to = st_buf_room(buf, n);

    if (to == NULL || n == 0)
        return;
    memcpy(to, p, n);
    buf->n += n;
}

void st_buf_span(struct st_buf *buf, struct st_span s)
{
    st_buf_put(buf, s.p, s.n);
}

void st_buf_byte(struct st_buf *buf, uint8_t byte)
{
    st_buf_put(buf, &byte, 1);
}

void st_buf_str(struct st_buf *buf, const char *s)
{
    st_buf_span(buf, st_span_str(s));
}

void st_buf_markup(struct st_buf *buf, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '<': st_buf_str(buf, "&lt;"); break;
        case '>': st_buf_str(buf, "&gt;"); break;
        case '&': st_buf_str(buf, "&amp;"); break;
        case '"': st_buf_str(buf, "&quot;"); break;
        default: st_buf_byte(buf, s.p[i]);
        }
    }
}

void st_buf_fmt(struct st_buf *buf, const char *fmt, ...)
{
    char small[256];
    va_list args;
    uint8_t *to;
    int n;

    va_start(args, fmt);
    n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    assert(n >= 0);
    if ((size_t)n < sizeof small) {
        st_buf_put(buf, small, (size_t)n);
        return;
    }
    if ((to = st_buf_room(buf, (size_t)n)) == NULL) /* without the NUL first, so that the ceiling is exact */
        return;
    {
        char *whole = malloc((size_t)n + 1);

        if (whole == NULL) {
            buf->failed = ST_E_NOMEM;
            return;
        }
        va_start(args, fmt);
        (void)vsnprintf(whole, (size_t)n + 1, fmt, args);
        va_end(args);
        memcpy(to, whole, (size_t)n);
        explicit_bzero(whole, (size_t)n);
        free(whole);
        buf->n += (size_t)n;
    }
}

void st_buf_drop(struct st_buf *buf, size_t n)
{
    if (n > buf->n)
        n = buf->n;
    if (n == 0)
        return;
    memmove(buf->p, buf->p + n, buf->n - n);
    buf->n -= n;
}

struct st_span st_buf_view(const struct st_buf *buf)
{
    return st_span(buf->p, buf->n);
}

enum st_rc st_buf_done(const struct st_buf *buf, struct st_err *err, const char *where)
{
    if (buf->failed == ST_E_NONE)
        return ST_OK;
    if (buf->failed == ST_E_LIMIT)
        return st_fail_at(err, ST_E_LIMIT, where, "buffer is full", (int64_t)buf->limit);
    return st_fail_at(err, ST_E_NOMEM, where, "buffer", (int64_t)buf->n);
}
