/* SPDX-License-Identifier: Apache-2.0 */
/* tls_ca - the gateway's own certificate authority: made once, kept by the keyholder, mints leaves.
 */
#ifndef STOA_GATEWAY_TLS_CA_H
#define STOA_GATEWAY_TLS_CA_H
#include "base/buf.h"
#include "base/diag.h"

struct tls_ca;

/* Once per process, before a key is read: keys lie in memory that is locked, guarded and left out of dumps. Where
 * memory may not be locked, the plain heap serves. */
void tls_ca_guard_memory(void);

/* Makes a CA (ECDSA P-256, ten years, pathlen 0) and writes both files as PEM; the key gets mode 0600. Files that exist
 * are never overwritten (ST_E_DENIED). */
ST_MUST enum st_rc tls_ca_create(const char *common_name, const char *cert_path, const char *key_path,
                                 struct st_err *err);
/* Checks key and certificate: they belong together, the certificate may sign, is valid now, the key is strong and
 * readable by its owner only. key_fd is read from its start and closed; key_path names it in diagnostics. */
ST_MUST enum st_rc tls_ca_load(const char *cert_path, const char *key_path, int key_fd, struct tls_ca **out,
                               struct st_diag *diag, struct st_err *err);
void tls_ca_free(struct tls_ca *ca); /* NULL is fine */
/* Both at once, for those who only want to know. A key that this user may not open is left out. */
ST_MUST enum st_rc tls_ca_check(const char *cert_path, const char *key_path, struct st_diag *diag, struct st_err *err);
/* Opens the key file and looks at its owner and mode; -1 with a diagnostic when something is wrong. */
int tls_ca_open_key(const char *key_path, struct st_diag *diag);

/* A leaf for exactly this host name or address and this public key (SPKI DER), valid for at most lifetime_ms around
 * now; DER to *leaf. ST_E_SYNTAX: no host name; ST_E_DENIED: a key that is weak, or the CA's own. */
ST_MUST enum st_rc tls_ca_mint(struct tls_ca *ca, const char *host, struct st_span spki, int64_t lifetime_ms,
                               struct st_buf *leaf, struct st_err *err);
struct st_span tls_ca_cert(const struct tls_ca *ca); /* DER, borrowed */
int64_t tls_ca_expires_ms(const struct tls_ca *ca);  /* wall clock */
#endif
