/* SPDX-License-Identifier: Apache-2.0 */
/* kept - one file of the curator's that it cannot open itself: what plugins keep.
 *
 * The supervisor opens it and hands the descriptor over, since the curator may open no file for writing (DESIGN §3).
 */
#ifndef STOA_GATEWAY_KEPT_H
#define STOA_GATEWAY_KEPT_H
#include "base/buf.h"

#define KEPT_MAX ((size_t)8 << 20) /* of content */

struct kept {
    int fd;         /* owned; -1: nothing stays */
    uint64_t count; /* writes so far */
};

/* The supervisor's side: made when it is not there, 0600; the descriptor is the caller's, close-on-exec. */
ST_MUST enum st_rc kept_create(const char *path, int *fd, struct st_err *err);
/* Owns fd (-1: none) in any case. *content becomes what was written last, empty when there is none yet.
 * ST_E_INTEGRITY: the file is not what was written; *out is usable then, it begins anew with the next write. */
ST_MUST enum st_rc kept_open(int fd, struct kept *out, struct st_buf *content, struct st_err *err);
/* On disk when it answers. A crash at any instruction leaves the old content or the new one. */
ST_MUST enum st_rc kept_write(struct kept *kept, struct st_span content, struct st_err *err);
void kept_close(struct kept *kept);
#endif
