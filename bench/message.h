/* SPDX-License-Identifier: Apache-2.0 */
/* message - the frame of one HTTP/1.1 message as it comes: its head is kept, its body only counted.
 *
 * For the bench's own two ends and the proxies between them: it believes what it reads and is no model for a gateway.
 */
#ifndef STOA_BENCH_MESSAGE_H
#define STOA_BENCH_MESSAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind { MESSAGE_REQUEST, MESSAGE_REPLY, MESSAGE_CONNECT_REPLY };

enum message_state {
    MESSAGE_HEAD,
    MESSAGE_BODY,
    MESSAGE_CHUNK_SIZE,
    MESSAGE_CHUNK_END,
    MESSAGE_TRAILER,
    MESSAGE_TO_CLOSE,
    MESSAGE_DONE,
    MESSAGE_BAD
};

struct message {
    enum message_kind kind;
    enum message_state state;
    bool is_chunked; /* a fact of the head */
    bool is_last;    /* the head said Connection: close */
    int status;      /* of a reply */
    size_t head_len, line_len;
    uint64_t left, body;
    char head[8192], line[32];
};

void message_begin(struct message *m, enum message_kind kind);
/* Takes bytes until the message has ended or is found broken; answers how many. */
size_t message_feed(struct message *m, const char *bytes, size_t len);
/* The connection has ended; true when that was a lawful end of this message. */
bool message_end(const struct message *m);
#endif
