/* SPDX-License-Identifier: Apache-2.0 */
/* socket_message - one message of a WebSocket's client, or of a call's, from its first byte to its verdict and out
 * again.
 *
 * It keeps the generation that was in force when it began. Used by socket.c and call.c alone.
 */
#ifndef STOA_GATEWAY_SOCKET_MESSAGE_H
#define STOA_GATEWAY_SOCKET_MESSAGE_H
#include "gateway/refuse.h"
#include "gateway/socket.h"

enum message_fate {
    MESSAGE_GOES,
    MESSAGE_DROPPED,  /* it stays here and nobody is told: a draft */
    MESSAGE_ANSWERED, /* it stays here, and the client is told in a message */
    MESSAGE_CLOSES    /* it stays here, and the socket ends: there is no other way to say it */
};

struct message;
/* NULL when memory is out. sight: of the socket's messages of this kind; borrowed. */
ST_MUST struct message *message_new(const struct socket_open *about, struct chain_sight *sight, bool is_text);
void message_free(struct message *message); /* wipes; NULL is fine */
size_t message_memory(const struct message *message);
/* Fields that are judged with it, borrowed; it may have no bytes besides. */
void message_words(struct message *message, const struct flt_head_text *words, size_t n);
/* ST_ERR: it cannot be held (any longer) and has to be judged unread; the bytes are kept for a verdict that lets it
 * pass. */
ST_MUST enum st_rc message_add(struct message *message, struct st_span data, struct st_err *err);
/* Once, when it is whole, or cannot be read to its end: err says why, NULL when it is whole. Counted and recorded when
 * it answers. */
enum message_fate message_judge(struct message *message, const struct st_err *err);
bool message_is_changed(const struct message *message); /* what goes out is not what came */
/* After MESSAGE_GOES: what goes out, piece by piece; *is_last with the last one. Dies at the next call. */
ST_MUST enum st_rc message_next(struct message *message, struct st_span *piece, bool *is_last, struct st_err *err);
void message_taken(struct message *message);                  /* it went out whole */
struct st_span message_answer(const struct message *message); /* after MESSAGE_ANSWERED: text */
/* After MESSAGE_DROPPED and MESSAGE_ANSWERED: what the origin gets in its place, empty: nothing; and the mark by which
 * the origin's answer to that is known, of REPORT_ID_LEN. */
struct st_span message_question(const struct message *message);
const char *message_mark(const struct message *message);
const struct chain_out *message_chain(const struct message *message); /* after message_judge; borrowed */
enum refuse_cause message_cause(const struct message *message);       /* why it stays here */
unsigned message_close_code(const struct message *message);           /* after MESSAGE_CLOSES */
const char *message_close_reason(const struct message *message);      /* borrowed */
#endif
