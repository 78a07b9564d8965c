/* SPDX-License-Identifier: Apache-2.0 */
/* tls_facts - reads one certificate for display; nothing is verified here. */
#include "gateway/tls_facts.h"
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static bool read_subject(const X509 *cert, struct tls_facts *out)
{
    BIO *text = BIO_new(BIO_s_mem());
    int n = -1;

    if (text != NULL && X509_NAME_print_ex(text, X509_get_subject_name(cert), 0,
                                           XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
        n = BIO_read(text, out->subject, sizeof out->subject - 1);
    BIO_free(text);
    return n >= 0;
}

static bool read_time(const ASN1_TIME *time, int64_t *out_ms)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *out_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

enum st_rc tls_facts_read(struct st_span pem, struct tls_facts *out, struct st_err *err)
{
    BIO *bio = BIO_new_mem_buf(pem.p, pem.n > INT32_MAX ? INT32_MAX : (int)pem.n);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    enum st_rc rc = ST_ERR;
    unsigned n = 0;

    memset(out, 0, sizeof *out);
    if (cert == NULL)
        st_fail(err, ST_E_SYNTAX, "tls.facts", "there is no PEM certificate in it", 0);
    else if (!read_subject(cert, out) || !read_time(X509_get0_notBefore(cert), &out->from_ms) ||
             !read_time(X509_get0_notAfter(cert), &out->until_ms) ||
             X509_digest(cert, EVP_sha256(), out->sha256, &n) != 1)
        st_fail(err, ST_E_SYNTAX, "tls.facts", "the certificate cannot be read", 0);
    else
        rc = ST_OK;
    X509_free(cert);
    BIO_free(bio);
    return rc;
}
