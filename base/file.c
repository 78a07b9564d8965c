/* SPDX-License-Identifier: Apache-2.0 */
/* file - reading, replacing and listing.
 *
 * A replaced file goes through a temporary beside it: data synced before the rename, the folder after it, so that after
 * a power loss there is the old content or the new, never an empty file. A temporary left by a crash starts with a dot
 * and is therefore not listed.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 10000u

enum st_rc st_file_read(const char *path, size_t limit, struct st_buf *out, struct st_err *err)
{
    const size_t before = out->n;
    enum st_rc rc = ST_ERR;
    uint8_t piece[16384];
    struct stat st;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a pipe may not hold a start or a reload */

    if (fd < 0 || fstat(fd, &st) != 0) {
        rc = st_fail(err, ST_E_IO, "file.read", "file cannot be opened", errno);
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        rc = st_fail(err, ST_E_IO, "file.read", "file cannot be read", EISDIR);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        rc = st_fail(err, ST_E_IO, "file.read", "this is no regular file", EINVAL);
        goto out;
    }
    while ((n = read(fd, piece, sizeof piece)) != 0) { /* st_size is 0 in /proc and may be old: the end says it */
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = st_fail(err, ST_E_IO, "file.read", "file cannot be read", errno);
            goto out;
        }
        if ((size_t)n > limit - (out->n - before)) {
            rc = st_fail(err, ST_E_LIMIT, "file.read", "file is too long", limit);
            goto out;
        }
        st_buf_put(out, piece, (size_t)n);
        if (st_buf_done(out, err, "file.read") != ST_OK)
            goto out;
    }
    rc = ST_OK;
out:
    explicit_bzero(piece, sizeof piece); /* keys are read this way */
    if (rc != ST_OK)
        out->n = before;
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

static enum st_rc write_all(int fd, struct st_span content, struct st_err *err)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return st_fail(err, ST_E_IO, "file.write", "file cannot be written", errno);
        content = st_span_sub(content, (size_t)n, content.n);
    }
    return ST_OK;
}

/* Without it the rename itself may be lost with the power. */
static enum st_rc sync_folder_of(const char *path, struct st_err *err)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_MAX];
    int n = slash == NULL ? snprintf(dir, sizeof dir, ".")
                          : snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd, rc;

    if (n < 0 || (size_t)n >= sizeof dir)
        return st_fail(err, ST_E_IO, "file.write", "path is too long", ENAMETOOLONG);
    if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return st_fail(err, ST_E_IO, "file.write", "folder cannot be opened", errno);
    rc = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return rc == 0 ? ST_OK : st_fail(err, ST_E_IO, "file.write", "folder cannot be synced", rc);
}

enum st_rc st_file_write_atomic(const char *path, struct st_span content, mode_t mode, struct st_err *err)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    enum st_rc rc = ST_ERR;
    char temp[PATH_MAX];
    bool made = false;
    int fd = -1, n;

    n = snprintf(temp, sizeof temp, "%.*s.%s.XXXXXX", (int)(name - path), path, name);
    if (n < 0 || (size_t)n >= sizeof temp)
        return st_fail(err, ST_E_IO, "file.write", "path is too long", ENAMETOOLONG);
    if ((fd = mkostemp(temp, O_CLOEXEC)) < 0)
        return st_fail(err, ST_E_IO, "file.write", "file cannot be made", errno);
    made = true;
    if (fchmod(fd, mode) != 0) {
        rc = st_fail(err, ST_E_IO, "file.write", "mode cannot be set", errno);
        goto out;
    }
    if (write_all(fd, content, err) != ST_OK)
        goto out;
    if (fsync(fd) != 0) {
        rc = st_fail(err, ST_E_IO, "file.write", "file cannot be synced", errno);
        goto out;
    }
    if (rename(temp, path) != 0) {
        rc = st_fail(err, ST_E_IO, "file.write", "file cannot be renamed", errno);
        goto out;
    }
    made = false;
    rc = sync_folder_of(path, err);
out:
    (void)close(fd);
    if (made)
        (void)unlink(temp);
    return rc;
}

struct names {
    char **s; /* owned, as are the strings */
    size_t n, cap;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->s[i]);
    free(names->s);
}

static enum st_rc names_add(struct names *names, const char *name, struct st_err *err)
{
    if (names->n == NAMES_MAX)
        return st_fail(err, ST_E_LIMIT, "dir.list", "too many files in a folder", NAMES_MAX);
    if (names->n == names->cap) {
        size_t cap = names->cap == 0 ? 32 : names->cap * 2;
        char **s = realloc(names->s, cap * sizeof *s);

        if (s == NULL)
            return st_fail(err, ST_E_NOMEM, "dir.list", "names", cap);
        names->s = s;
        names->cap = cap;
    }
    if ((names->s[names->n] = strdup(name)) == NULL)
        return st_fail(err, ST_E_NOMEM, "dir.list", "name", 0);
    names->n++;
    return ST_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum st_rc st_dir_list(const char *path, const char *suffix, st_dir_f *fn, void *ctx, struct st_err *err)
{
    struct names names = { NULL, 0, 0 };
    DIR *dir = opendir(path);
    enum st_rc rc = ST_OK;
    struct dirent *e;

    if (dir == NULL)
        return st_fail(err, ST_E_IO, "dir.list", "folder cannot be opened", errno);
    for (errno = 0; rc == ST_OK && (e = readdir(dir)) != NULL; errno = 0)
        if (e->d_name[0] != '.' && st_span_ends(st_span_str(e->d_name), st_span_str(suffix)))
            rc = names_add(&names, e->d_name, err);
    if (rc == ST_OK && errno != 0)
        rc = st_fail(err, ST_E_IO, "dir.list", "folder cannot be read", errno);
    if (rc == ST_OK && names.n > 0)
        qsort(names.s, names.n, sizeof *names.s, by_bytes);
    for (size_t i = 0; rc == ST_OK && i < names.n; i++)
        rc = fn(ctx, names.s[i], err);
    names_free(&names);
    (void)closedir(dir);
    return rc;
}

enum st_rc st_mkdir_p(const char *path, mode_t mode, struct st_err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    struct stat st;

    if (n == 0 || n >= sizeof part)
        return st_fail(err, ST_E_IO, "mkdir", "path is empty or too long", ENAMETOOLONG);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return st_fail(err, ST_E_IO, "mkdir", "folder cannot be made", errno);
        part[i] = path[i];
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return st_fail(err, ST_E_IO, "mkdir", "exists and is no folder", ENOTDIR);
    return ST_OK;
}

enum st_rc st_path_join(char *out, size_t size, const char *dir, const char *name, struct st_err *err)
{
    size_t len = strlen(dir);
    bool alone = len == 0 || name[0] == '/';
    const char *between = alone || dir[len - 1] == '/' ? "" : "/";
    int n = snprintf(out, size, "%s%s%s", alone ? "" : dir, between, name);

    if (n < 0 || (size_t)n >= size)
        return st_fail(err, ST_E_LIMIT, "path.join", "path is too long", size);
    return ST_OK;
}
