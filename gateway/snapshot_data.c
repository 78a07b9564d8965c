/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_data - large files of own data (*.edm, *.fp) in a generation's folder, without copying them at each reload.
 *
 * Such a file can have a gigabyte, and rarely changes. Where an older generation holds the same one (its first page has
 * the sums of all that follows), the new one gets another name for it: both are ours, in one folder, and the file goes
 * when the last generation that names it goes. Otherwise it is copied in the kernel, which shares the blocks where the
 * file system can. What came out is proved against its sums when the generation is loaded, as every file of that kind.
 */
#include "base/file.h"
#include "gateway/generation.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD  4096
#define CHUNK (64u << 20)

struct place {
    const char *relative, *to, *parent;
    uint8_t head[HEAD];
    off_t size;
    bool is_done;
};

bool snapshot_is_data(const char *path)
{
    return st_span_ends(st_span_str(path), ST_SPAN(".edm")) || st_span_ends(st_span_str(path), ST_SPAN(".fp"));
}

static bool read_head(int fd, uint8_t head[HEAD], off_t *size)
{
    struct stat st;

    memset(head, 0, HEAD);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || pread(fd, head, HEAD, 0) < 0)
        return false;
    *size = st.st_size;
    return true;
}

/* Does this generation have the same file? Then it gets its second name. */
static enum st_rc try_one(void *ctx, const char *name, struct st_err *err)
{
    struct place *p = ctx;
    char path[PATH_MAX];
    uint8_t head[HEAD];
    off_t size;
    int fd;

    (void)err;
    if (p->is_done || (size_t)snprintf(path, sizeof path, "%s/%s%s", p->parent, name, p->relative) >= sizeof path ||
        strcmp(path, p->to) == 0)
        return ST_OK;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
        return ST_OK;
    p->is_done =
        read_head(fd, head, &size) && size == p->size && memcmp(head, p->head, HEAD) == 0 && link(path, p->to) == 0;
    close(fd);
    return ST_OK;
}

static enum st_rc copy(int from, const char *to, struct st_err *err)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_shared = true; /* two file systems cannot share blocks */
    ssize_t n = 1;

    if (fd < 0)
        return st_fail(err, ST_E_IO, "snapshot.data", "the copy cannot be made", errno);
    while (n > 0 || (n < 0 && errno == EINTR)) {
        if (is_shared && (n = copy_file_range(from, NULL, fd, NULL, CHUNK, 0)) < 0)
            is_shared = errno == EINTR;
        if (!is_shared)
            n = sendfile(fd, from, NULL, CHUNK);
    }
    if (n < 0)
        (void)st_fail(err, ST_E_IO, "snapshot.data", "the copy cannot be written", errno);
    close(fd);
    return n == 0 ? ST_OK : ST_ERR;
}

enum st_rc snapshot_place(const char *dir, const char *from, const char *to, struct st_err *err)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct place p = { .relative = to + strlen(dir), .to = to };
    const char *slash = strrchr(dir, '/');
    char parent[PATH_MAX];
    enum st_rc rc = ST_OK;

    if (fd < 0)
        return st_fail(err, ST_E_IO, "snapshot.data", "the file cannot be read", errno);
    snprintf(parent, sizeof parent, "%.*s", slash != NULL ? (int)(slash - dir) : 0, dir);
    p.parent = parent;
    if (!read_head(fd, p.head, &p.size))
        rc = st_fail(err, ST_E_IO, "snapshot.data", "the file cannot be read", EINVAL);
    if (rc == ST_OK && p.size > 0 && parent[0] != '\0')
        rc = st_dir_list(parent, "", try_one, &p, err);
    if (rc == ST_OK && !p.is_done)
        rc = copy(fd, to, err);
    close(fd);
    return rc;
}
