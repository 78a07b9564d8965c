/* SPDX-License-Identifier: Apache-2.0 */
/* files - plain files beside the databases: keys, checkpoints, the writer's lock.
 *
 * A checkpoint or a key that is half there is worse than none, so each is written through base/file, whole or not at
 * all. Listing is our own: checkpoints may be more than st_dir_list takes. The lock is flock on a file of its own: it
 * goes with the process however that ends, and unlike a POSIX record lock it is not lost when SQLite closes some other
 * descriptor.
 */
#include "audit/files.h"
#include "base/file.h"
#include "base/hash.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LEN 32

static enum st_rc io_fail(struct st_err *err, const char *what)
{
    return st_fail_at(err, ST_E_IO, "audit.files", what, errno);
}

enum st_rc fil_join(char *out, const char *dir, const char *name, struct st_err *err)
{
    return st_path_join(out, FIL_PATH, dir, name, err);
}

bool fil_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

enum st_rc fil_sync_dir(const char *path, struct st_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum st_rc rc = ST_OK;

    if (fd < 0 || fsync(fd) != 0)
        rc = io_fail(err, "folder cannot be synced");
    if (fd >= 0)
        close(fd);
    return rc;
}

enum st_rc fil_mkdir(const char *path, struct st_err *err)
{
    char parent[FIL_PATH];

    if (mkdir(path, 0700) != 0) {
        if (errno == ENOENT)
            return st_mkdir_p(path, 0700, err);
        return errno == EEXIST ? ST_OK : io_fail(err, "folder cannot be made");
    }
    if (fil_join(parent, path, "..", err) != ST_OK)
        return ST_ERR;
    return fil_sync_dir(parent, err);
}

enum st_rc fil_read(const char *path, struct st_buf *out, struct st_err *err)
{
    return st_file_read(path, out->limit, out, err);
}

enum st_rc fil_write(const char *dir, const char *name, struct st_span bytes, mode_t mode, struct st_err *err)
{
    char path[FIL_PATH];

    if (fil_join(path, dir, name, err) != ST_OK)
        return ST_ERR;
    return st_file_write_atomic(path, bytes, mode, err);
}

enum st_rc fil_lock(const char *path, int *fd, struct st_err *err)
{
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (lock < 0)
        return io_fail(err, "lock file cannot be opened");
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        enum st_e code = errno == EWOULDBLOCK ? ST_E_UNAVAILABLE : ST_E_IO;
        st_fail(err, code, "audit.lock", "another process writes this log", errno);
        close(lock);
        return ST_ERR;
    }
    *fd = lock;
    return ST_OK;
}

static enum st_rc key_make(const char *dir, const char *name, uint8_t out[KEY_LEN], struct st_err *err)
{
    if (st_random(out, KEY_LEN, err) != ST_OK)
        return ST_ERR;
    return fil_write(dir, name, st_span(out, KEY_LEN), 0600, err);
}

enum st_rc fil_key(const char *dir, const char *name, bool may_make, uint8_t out[32], struct st_diag *diag,
                   struct st_err *err)
{
    char path[FIL_PATH];
    struct stat st;
    struct st_buf bytes;
    enum st_rc rc = ST_ERR;

    st_buf_init(&bytes, KEY_LEN);
    if (fil_join(path, dir, name, err) != ST_OK)
        goto out;
    if (lstat(path, &st) != 0 && errno == ENOENT) {
        if (may_make) {
            rc = key_make(dir, name, out, err);
            goto out;
        }
        st_diag_add(diag, path, 0, 0, "the key is missing, but records made with it exist; restore it from a backup");
        st_fail(err, ST_E_CONFIG, "audit.key", "a key is missing", 0);
        goto out;
    }
    rc = fil_read(path, &bytes, err);
    if (bytes.failed == ST_E_NOMEM)
        goto out;
    if (rc == ST_OK && bytes.n == KEY_LEN && (st.st_mode & 077) == 0) {
        memcpy(out, bytes.p, KEY_LEN);
        goto out;
    }
    st_diag_add(diag, path, 0, 0,
                (st.st_mode & 077) != 0 ? "others may read this key; expected mode 0600: chmod 600 it, and think about "
                                          "who may have a copy"
                                        : "not a key: expected exactly 32 readable bytes; restore it from a backup");
    rc = st_fail(err, ST_E_CONFIG, "audit.key", "a key cannot be used", 0);
out:
    st_buf_fini(&bytes);
    return rc;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum st_rc fil_each(const char *dir, fil_each_f *fn, void *ctx, struct st_err *err)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, not_hidden, by_bytes);
    enum st_rc rc = ST_OK;

    if (n < 0)
        return io_fail(err, "folder cannot be read");
    for (int i = 0; i < n; i++) {
        if (rc == ST_OK)
            rc = fn(ctx, names[i]->d_name, err);
        free(names[i]);
    }
    free(names);
    return rc;
}
