/* SPDX-License-Identifier: Apache-2.0 */
/* splice - two links joined: bytes both ways, unread, until both sides are done. */
#ifndef STOA_GATEWAY_SPLICE_H
#define STOA_GATEWAY_SPLICE_H
#include "gateway/link.h"

struct splice {         /* in the caller's storage; zeroed at first */
    struct link *a, *b; /* borrowed */
    uint64_t bytes;
};
/* Moves what can be moved. ST_AGAIN: goes on; ST_OK: both sides are done; ST_ERR: one broke, end the other. */
ST_MUST enum st_rc splice_step(struct splice *splice);
#endif
