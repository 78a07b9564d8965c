/* SPDX-License-Identifier: Apache-2.0 */
/* message - reads the frame of HTTP/1.1 requests and replies for both ends of the bench.
 *
 * One machine for both: a head up to the blank line, then a body by Content-Length, by chunks, or up to the end of the
 * connection. Bytes of a body are skipped in one go, so that the two ends cost little beside the proxy that is
 * measured.
 */
#include "bench/message.h"

#include <stdlib.h>
#include <string.h>

void message_begin(struct message *m, enum message_kind kind)
{
    m->kind = kind;
    m->state = MESSAGE_HEAD;
    m->is_chunked = m->is_last = false;
    m->status = 0;
    m->head_len = m->line_len = 0;
    m->left = m->body = 0;
}

/* The value of a field in a head that ends in NUL, or NULL. */
static const char *field(const struct message *m, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strchr(m->head, '\n'); at != NULL; at = strchr(at, '\n')) {
        at++;
        if (strncasecmp(at, name, len) == 0 && at[len] == ':')
            return at + len + 1 + strspn(at + len + 1, " ");
    }
    return NULL;
}

/* The head is whole: what follows it? */
static void judge_head(struct message *m)
{
    const char *value;

    m->head[m->head_len] = '\0';
    if (m->kind != MESSAGE_REQUEST)
        m->status = m->head_len > 12 ? (int)strtol(m->head + 9, NULL, 10) : 0;
    if (m->kind == MESSAGE_REPLY && m->status >= 100 && m->status < 200) {
        message_begin(m, m->kind); /* an interim reply: the real one follows */
        return;
    }
    if ((value = field(m, "Connection")) != NULL && strncasecmp(value, "close", 5) == 0)
        m->is_last = true;
    if (m->status == 204 || m->status == 304 ||
        (m->kind == MESSAGE_CONNECT_REPLY && (m->status == 200 || m->status == 101))) {
        m->state = MESSAGE_DONE;
    } else if ((value = field(m, "Transfer-Encoding")) != NULL && strncasecmp(value, "chunked", 7) == 0) {
        m->is_chunked = true;
        m->state = MESSAGE_CHUNK_SIZE;
    } else if ((value = field(m, "Content-Length")) != NULL) {
        m->left = strtoull(value, NULL, 10);
        m->state = m->left > 0 ? MESSAGE_BODY : MESSAGE_DONE;
    } else {
        m->state = m->kind == MESSAGE_REQUEST ? MESSAGE_DONE : MESSAGE_TO_CLOSE;
    }
}

static size_t take_head(struct message *m, const char *bytes, size_t len)
{
    size_t room = sizeof m->head - 1 - m->head_len, n = len < room ? len : room, from;
    char *end;

    memcpy(m->head + m->head_len, bytes, n);
    from = m->head_len > 3 ? m->head_len - 3 : 0;
    end = memmem(m->head + from, m->head_len + n - from, "\r\n\r\n", 4);
    if (end == NULL) {
        m->head_len += n;
        if (m->head_len == sizeof m->head - 1)
            m->state = MESSAGE_BAD;
        return n;
    }
    n = (size_t)(end - m->head) + 4 - m->head_len;
    m->head_len += n;
    judge_head(m);
    return n;
}

/* Lines between chunks: a size, the end of a chunk's bytes, or the trailer up to its blank line. */
static size_t take_line(struct message *m, const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);
    size_t n = end != NULL ? (size_t)(end - bytes) + 1 : len;

    for (size_t i = 0; i < n && m->line_len < sizeof m->line - 1; i++)
        m->line[m->line_len++] = bytes[i];
    if (end == NULL)
        return n;
    m->line[m->line_len] = '\0';
    if (m->state == MESSAGE_CHUNK_END) {
        m->state = MESSAGE_CHUNK_SIZE;
    } else if (m->state == MESSAGE_TRAILER) {
        m->state = m->line[0] == '\r' ? MESSAGE_DONE : MESSAGE_TRAILER;
    } else {
        m->left = strtoull(m->line, NULL, 16);
        m->state = m->left > 0 ? MESSAGE_BODY : MESSAGE_TRAILER;
    }
    m->line_len = 0;
    return n;
}

static size_t take_body(struct message *m, size_t len)
{
    size_t n = len < m->left ? len : (size_t)m->left;

    m->left -= n;
    m->body += n;
    if (m->left == 0)
        m->state = m->is_chunked ? MESSAGE_CHUNK_END : MESSAGE_DONE;
    return n;
}

size_t message_feed(struct message *m, const char *bytes, size_t len)
{
    size_t done = 0;

    while (done < len && m->state != MESSAGE_DONE && m->state != MESSAGE_BAD) {
        switch (m->state) {
        case MESSAGE_HEAD: done += take_head(m, bytes + done, len - done); break;
        case MESSAGE_BODY: done += take_body(m, len - done); break;
        case MESSAGE_CHUNK_SIZE:
        case MESSAGE_CHUNK_END:
        case MESSAGE_TRAILER: done += take_line(m, bytes + done, len - done); break;
        case MESSAGE_TO_CLOSE:
            m->body += len - done;
            done = len;
            break;
        case MESSAGE_DONE:
        case MESSAGE_BAD: break;
        }
    }
    return done;
}

bool message_end(const struct message *m)
{
    return m->state == MESSAGE_TO_CLOSE || m->state == MESSAGE_DONE;
}
