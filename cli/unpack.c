/* SPDX-License-Identifier: Apache-2.0 */
/* unpack - the texts of a file that a command was given: as it is, or taken apart by stoa-extract. */
#include "cli/cli.h"
#include "filters/filters.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXTRACT_MS 60000

static enum st_rc extract(struct st_span bytes, struct st_arena *arena, struct flt_doc **out, struct st_err *err)
{
    int fd = memfd_create("file", MFD_CLOEXEC); /* also what came through a pipe has a start again */
    enum st_rc rc;

    if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n || lseek(fd, 0, SEEK_SET) != 0)
        rc = st_fail(err, ST_E_IO, "cli.unpack", "no memory file", errno);
    else
        rc = flt_extract_file(arena, fd, EXTRACT_MS, out, err);
    if (fd >= 0)
        close(fd);
    return rc;
}

bool cli_is_packed(struct st_span bytes)
{
    return flt_file_is_packed(flt_file_type(bytes)) || flt_file_is_binary(bytes);
}

enum st_rc cli_unpack(struct st_span bytes, struct st_arena *arena, struct flt_doc **out, struct st_err *err)
{
    if (cli_is_packed(bytes))
        return extract(bytes, arena, out, err);
    return flt_text_doc(arena, bytes, out, err);
}
