/* SPDX-License-Identifier: Apache-2.0 */
/* shared - memory of a fixed size that several processes of the family map; it lives as long as a descriptor does. */
#ifndef STOA_GATEWAY_SHARED_H
#define STOA_GATEWAY_SHARED_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct shared_kind {
    const char *name; /* "stoa-journal" */
    uint32_t magic;   /* the first four bytes */
    size_t bytes;
};
/* New and empty but for the magic; nobody can change its size. The descriptor is the caller's, close-on-exec. */
ST_MUST enum st_rc shared_create(const struct shared_kind *kind, int *fd, struct st_err *err);
/* munmap is the caller's; protection as for mmap. ST_E_INTEGRITY: it is something else. */
ST_MUST enum st_rc shared_map(const struct shared_kind *kind, int fd, int protection, void **out, struct st_err *err);
#endif
