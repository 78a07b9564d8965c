/* SPDX-License-Identifier: Apache-2.0 */
/* err - how a function of this house says that something went wrong.
 *
 * What the network, the disk or a person's file may do is an enum st_rc and a struct st_err; what only a bug can do is
 * ST_CHECK or assert, on in release builds too. An st_err holds literals and numbers only, so no byte from the wire
 * can travel in it (DESIGN §6.3).
 */
#ifndef STOA_BASE_ERR_H
#define STOA_BASE_ERR_H
#include <assert.h>
#include <stdint.h>

#define ST_MUST __attribute__((warn_unused_result))

enum st_rc {
    ST_OK = 0,
    ST_AGAIN, /* nothing wrong, nothing done: call again after the next event */
    ST_ERR,   /* *err says why */
};

/* Every cause there is. `name` is what logs and --json show; it never changes once shipped. */
#define ST_E_CODES(X)                                                                             \
    X(NONE, "none")               /* no error */                                                  \
    X(NOMEM, "no-memory")         /* an allocation failed */                                      \
    X(LIMIT, "limit")             /* a ceiling from policy or protocol was reached */             \
    X(SYNTAX, "syntax")           /* bytes do not follow their format */                          \
    X(PROTO, "protocol")          /* well-formed, but not allowed here */                         \
    X(CONFIG, "config")           /* a file people write is wrong; a struct st_diag says where */ \
    X(IO, "io")                   /* a system call failed; num is errno */                        \
    X(CLOSED, "closed")           /* the peer went away */                                        \
    X(TIMEOUT, "timeout")         /* a deadline passed */                                         \
    X(DNS, "dns")                 /* the name has no address */                                   \
    X(TLS, "tls")                 /* handshake or record layer; num is OpenSSL's reason */        \
    X(CERT, "certificate")        /* a chain, name or date did not verify; num is X509_V_ERR_* */ \
    X(UNSUPPORTED, "unsupported") /* a coding, version or feature that is not built in */         \
    X(UNAVAILABLE, "unavailable") /* another process of the family is away */                     \
    X(DENIED, "denied")           /* not permitted */                                             \
    X(INTEGRITY, "integrity")     /* stored data is not what was written */                       \
    X(PLUGIN, "plugin")           /* a Lua plugin failed or broke its budget */

enum st_e {
#define X(id, name) ST_E_##id,
    ST_E_CODES(X)
#undef X
};

struct st_err {
    enum st_e code;
    const char *where; /* literal: "scan.load" */
    const char *what;  /* literal: "pattern does not compile" */
    int64_t num;       /* errno, a size, an index; 0 when there is none */
};
#define ST_ERR_INIT          \
    {                        \
        ST_E_NONE, "", "", 0 \
    }

/* Fills *err (NULL is fine) and answers ST_ERR, so that a failing line is one line. */
#define st_fail(err, code, where, what, num) st_fail_at((err), (code), "" where, "" what, (int64_t)(num))
enum st_rc st_fail_at(struct st_err *err, enum st_e code, const char *where, const char *what, int64_t num);

/* "no-memory", "limit" …; borrowed, static. */
const char *st_e_name(enum st_e code);

/* A handle that came through void *, Lua or a callback is checked for its magic word before use. */
#define ST_CHECK(obj, MAGIC) assert((obj) != NULL && (obj)->magic == (MAGIC))

#define ST_LEN(array) (sizeof(array) / sizeof((array)[0]))
#endif
