/* SPDX-License-Identifier: Apache-2.0 */
/* tls_facts - what a person asks about a certificate: whose, which, until when. */
#ifndef STOA_GATEWAY_TLS_FACTS_H
#define STOA_GATEWAY_TLS_FACTS_H
#include "base/hash.h"

struct tls_facts {
    char subject[256];             /* RFC 2253, UTF-8 */
    uint8_t sha256[ST_SHA256_LEN]; /* of the DER: the fingerprint that browsers show */
    int64_t from_ms, until_ms;     /* wall clock */
};
/* The first certificate of a PEM text. ST_E_SYNTAX when there is none. */
ST_MUST enum st_rc tls_facts_read(struct st_span pem, struct tls_facts *out, struct st_err *err);
#endif
