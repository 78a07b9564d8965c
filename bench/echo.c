/* SPDX-License-Identifier: Apache-2.0 */
/* echo - frames of WebSocket for the load and the origin: text, whole, without extensions.
 *
 * Whatever a proxy in between makes of a frame (a new mask, another length form), the text has to come back. Like
 * message.c this believes what it reads and is no model for a gateway.
 */
#include "bench/echo.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define KEY_LEN 24
#define GUID    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define MASK    "\x51\x0e\xb7\x29"

bool echo_accept(const char *request, char *out, size_t room)
{
    const char *key = strcasestr(request, "\r\nSec-WebSocket-Key: ");
    unsigned char digest[EVP_MAX_MD_SIZE], accept[2 * EVP_MAX_MD_SIZE];
    char text[KEY_LEN + sizeof GUID];
    unsigned len = 0;

    if (key == NULL || strlen(key) < 21 + KEY_LEN)
        return false;
    memcpy(text, key + 21, KEY_LEN);
    memcpy(text + KEY_LEN, GUID, sizeof GUID);
    if (EVP_Digest(text, sizeof text - 1, digest, &len, EVP_sha1(), NULL) != 1)
        return false;
    EVP_EncodeBlock(accept, digest, (int)len);
    return (size_t)snprintf(out, room,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: %s\r\n\r\n",
                            (const char *)accept) < room;
}

static size_t head(char *out, size_t len, unsigned mask)
{
    out[0] = (char)0x81;
    if (len < 126) {
        out[1] = (char)(mask | len);
        return 2;
    }
    out[1] = (char)(mask | 126);
    out[2] = (char)(len >> 8);
    out[3] = (char)(len & 255);
    return 4;
}

size_t echo_mask(const char *text, size_t len, char *out)
{
    size_t at = head(out, len, 0x80);

    memcpy(out + at, MASK, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        out[at + i] = (char)(text[i] ^ MASK[i & 3]);
    return at + len;
}

size_t echo_plain(const char *text, size_t len, char *out)
{
    size_t at = head(out, len, 0);

    memmove(out + at, text, len);
    return at + len;
}

size_t echo_read(char *bytes, size_t len, char **text, size_t *text_len, unsigned *opcode)
{
    const unsigned char *b = (const unsigned char *)bytes;
    size_t at = 2, n, mask;

    if (len < 4)
        return 0;
    n = b[1] & 127;
    if (n == 126) {
        n = (size_t)b[2] << 8 | b[3];
        at = 4;
    }
    mask = (b[1] & 128) != 0 ? 4 : 0;
    if (n > ECHO_FRAME_MAX || len < at + mask + n)
        return 0;
    for (size_t i = 0; mask > 0 && i < n; i++)
        bytes[at + 4 + i] = (char)(bytes[at + 4 + i] ^ bytes[at + (i & 3)]);
    *text = bytes + at + mask;
    *text_len = n;
    *opcode = b[0] & 15;
    return at + mask + n;
}
