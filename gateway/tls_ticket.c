/* SPDX-License-Identifier: Apache-2.0 */
/* tls_ticket - session tickets under keys that come from outside, so that any worker opens what another one sealed.
 *
 * A key is a name, an AES-256 key and an HMAC-SHA-256 key (RFC 5077 §4). New tickets are sealed with the first; a
 * ticket under the second is opened and replaced. Until keys arrive, OpenSSL's own serve, which are of this process
 * alone.
 */
#include "base/hash.h"
#include "gateway/tls_parts.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

static bool set_mac(EVP_MAC_CTX *mac, struct tls_ticket *ticket)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, ticket->mac, sizeof ticket->mac),
                            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                            OSSL_PARAM_construct_end() };

    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int seal(struct tls_ticket *ticket, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac)
{
    struct st_err err;

    memcpy(name, ticket->name, sizeof ticket->name);
    if (st_random(iv, (size_t)EVP_CIPHER_get_iv_length(EVP_aes_256_cbc()), &err) != ST_OK ||
        EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), ticket->cipher, iv, NULL) != 1 || !set_mac(mac, ticket))
        return -1;
    return 1;
}

/* 1: opened; 2: opened, and the client gets a new ticket; 0: a full handshake; -1: the handshake fails. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                     int is_new)
{
    struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (is_new)
        return seal(&context->tickets[0], name, iv, cipher, mac);
    for (size_t i = 0; i < context->n_tickets; i++) {
        struct tls_ticket *ticket = &context->tickets[i];

        if (memcmp(name, ticket->name, sizeof ticket->name) != 0)
            continue;
        if (EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), ticket->cipher, iv, NULL) != 1 || !set_mac(mac, ticket))
            return -1;
        return i > 0 || SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1; /* a TLS 1.3 client uses a ticket once */
    }
    return 0;
}

void tls_context_tickets(struct tls_context *context, struct st_span key, struct st_span before)
{
    const struct st_span keys[] = { key, before };

    context->n_tickets = 0;
    for (size_t i = 0; i < ST_LEN(keys); i++) {
        struct tls_ticket *ticket = &context->tickets[context->n_tickets];

        if (keys[i].n != TLS_TICKET_KEY_LEN)
            continue;
        memcpy(ticket->name, keys[i].p, sizeof ticket->name);
        memcpy(ticket->cipher, keys[i].p + sizeof ticket->name, sizeof ticket->cipher);
        memcpy(ticket->mac, keys[i].p + sizeof ticket->name + sizeof ticket->cipher, sizeof ticket->mac);
        context->n_tickets++;
    }
    SSL_CTX_set_app_data(context->client, context);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context->client, context->n_tickets > 0 ? on_ticket : NULL);
}
