/* SPDX-License-Identifier: Apache-2.0 */
/* tls_sha1 - the one use of SHA-1 in the house: Sec-WebSocket-Accept (RFC 6455 §4.2.2).
 *
 * It only shows that the other side speaks WebSocket and protects nothing, so base/hash.h keeps free of SHA-1; OpenSSL
 * may be included by tls_*.c, hence the file's name.
 */
#include "base/hash.h"
#include "gateway/ws.h"
#include <openssl/evp.h>
#include <string.h>

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

enum st_rc ws_accept(struct st_span key, char out[WS_ACCEPT_LEN + 1], struct st_err *err)
{
    uint8_t text[WS_KEY_LEN + sizeof GUID], digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (!ws_is_key(key))
        return st_fail(err, ST_E_SYNTAX, "ws.accept", "key is not 16 bytes in base64", 400);
    memcpy(text, key.p, WS_KEY_LEN);
    memcpy(text + WS_KEY_LEN, GUID, sizeof GUID - 1);
    if (EVP_Digest(text, WS_KEY_LEN + sizeof GUID - 1, digest, &n, EVP_sha1(), NULL) != 1 || n != 20)
        return st_fail(err, ST_E_UNSUPPORTED, "ws.accept", "SHA-1 is not available", 0);
    out[st_base64(st_span(digest, n), out)] = '\0';
    return ST_OK;
}
