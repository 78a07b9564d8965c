/* SPDX-License-Identifier: Apache-2.0 */
/* echo - just enough of WebSocket (RFC 6455) for the bench's two ends: one message out, the same one back. */
#ifndef STOA_BENCH_ECHO_H
#define STOA_BENCH_ECHO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_PATH      "/echo"
#define ECHO_FRAME_MAX 4096

/* The head of the answer to a handshake whose head is given; false: it is none. */
bool echo_accept(const char *request, char *out, size_t room);
/* A text message in one frame, masked; answers its length. len below 65,536. */
size_t echo_mask(const char *text, size_t len, char *out);
/* A frame at the front of `bytes`: 0 as long as it is not whole, else its length. In *text and *text_len its payload,
 * unmasked in place; *opcode what it is. */
size_t echo_read(char *bytes, size_t len, char **text, size_t *text_len, unsigned *opcode);
/* The same unmasked, as servers send; answers its length. */
size_t echo_plain(const char *text, size_t len, char *out);
#endif
