/* SPDX-License-Identifier: Apache-2.0 */
/* shared - sealed memfds: a reader must not fault on a page that a writer cut off, so the size is fixed at birth. */
#include "gateway/shared.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum st_rc shared_create(const struct shared_kind *kind, int *fd, struct st_err *err)
{
    *fd = memfd_create(kind->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return st_fail(err, ST_E_IO, "shared.create", "shared memory", errno);
    if (ftruncate(*fd, (off_t)kind->bytes) == 0 &&
        pwrite(*fd, &kind->magic, sizeof kind->magic, 0) == (ssize_t)sizeof kind->magic &&
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return ST_OK;
    st_fail(err, ST_E_IO, "shared.create", "shared memory", errno);
    close(*fd);
    *fd = -1;
    return ST_ERR;
}

enum st_rc shared_map(const struct shared_kind *kind, int fd, int protection, void **out, struct st_err *err)
{
    void *at = MAP_FAILED;

    if (lseek(fd, 0, SEEK_END) == (off_t)kind->bytes)
        at = mmap(NULL, kind->bytes, protection, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return st_fail(err, ST_E_IO, "shared.map", "shared memory", errno);
    if (*(const uint32_t *)at != kind->magic) {
        munmap(at, kind->bytes);
        return st_fail(err, ST_E_INTEGRITY, "shared.map", "shared memory of another kind", 0);
    }
    *out = at;
    return ST_OK;
}
