/* SPDX-License-Identifier: Apache-2.0 */
/* kept - a small file that is written whole, without a name to rename: two slots, of which the newer good one counts.
 *
 * A slot is a head (mark, number of the write, length, SHA-256 of the three and the content) and the content. Each
 * write goes to the slot that does not count, and is on disk before the next one begins; a torn one has a wrong hash,
 * and the other slot still counts.
 */
#include "gateway/kept.h"
#include "base/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SLOT_BYTES ((off_t)16 << 20)
#define MARK       "StoaKept"

struct head {
    char mark[8];
    uint64_t count, n;
    uint8_t hash[ST_SHA256_LEN];
};

enum st_rc kept_create(const char *path, int *fd, struct st_err *err)
{
    if ((*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        return st_fail(err, ST_E_IO, "kept.create", "what plugins keep cannot be opened", errno);
    return ST_OK;
}

static enum st_rc hash_of(const struct head *head, struct st_span content, uint8_t out[ST_SHA256_LEN],
                          struct st_err *err)
{
    const struct st_span parts[] = { st_span(head, offsetof(struct head, hash)), content };

    return st_sha256(parts, ST_LEN(parts), out, err);
}

static bool read_all(int fd, void *to, size_t n, off_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (uint8_t *)to + done, n - done, at + (off_t)done);

        if (got <= 0 && !(got < 0 && errno == EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool write_all(int fd, const void *from, size_t n, off_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t put = pwrite(fd, (const uint8_t *)from + done, n - done, at + (off_t)done);

        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* The content of a slot behind what is in out, when it is whole. */
static bool read_slot(int fd, unsigned slot, struct head *head, struct st_buf *out, struct st_err *err)
{
    off_t at = slot * SLOT_BYTES;
    uint8_t hash[ST_SHA256_LEN], *room;

    st_buf_reset(out);
    if (!read_all(fd, head, sizeof *head, at) || memcmp(head->mark, MARK, sizeof head->mark) != 0 ||
        head->n > KEPT_MAX || (room = st_buf_room(out, head->n + 1)) == NULL ||
        !read_all(fd, room, head->n, at + (off_t)sizeof *head))
        return false;
    out->n = head->n;
    return hash_of(head, st_buf_view(out), hash, err) == ST_OK && memcmp(hash, head->hash, sizeof hash) == 0;
}

enum st_rc kept_open(int fd, struct kept *out, struct st_buf *content, struct st_err *err)
{
    struct head heads[2];
    bool is_good[2];
    unsigned newest;

    *out = (struct kept){ .fd = fd };
    if (fd < 0 || lseek(fd, 0, SEEK_END) == 0)
        return ST_OK;
    for (unsigned slot = 0; slot < 2; slot++)
        is_good[slot] = read_slot(fd, slot, &heads[slot], content, err);
    if (!is_good[0] && !is_good[1]) {
        st_buf_reset(content);
        return st_fail(err, ST_E_INTEGRITY, "kept.open", "what plugins kept is damaged", 0);
    }
    newest = is_good[1] && (!is_good[0] || heads[1].count > heads[0].count);
    out->count = heads[newest].count;
    if (!read_slot(fd, newest, &heads[newest], content, err))
        return st_fail(err, ST_E_IO, "kept.open", "what plugins kept cannot be read", errno);
    return ST_OK;
}

enum st_rc kept_write(struct kept *kept, struct st_span content, struct st_err *err)
{
    struct head head = { .count = kept->count + 1, .n = content.n };
    off_t at = (off_t)(head.count % 2) * SLOT_BYTES;

    if (kept->fd < 0)
        return ST_OK;
    if (content.n > KEPT_MAX)
        return st_fail(err, ST_E_LIMIT, "kept.write", "plugins keep too much", (int64_t)content.n);
    memcpy(head.mark, MARK, sizeof head.mark);
    if (hash_of(&head, content, head.hash, err) != ST_OK)
        return ST_ERR;
    if (!write_all(kept->fd, &head, sizeof head, at) ||
        !write_all(kept->fd, content.p, content.n, at + (off_t)sizeof head) || fdatasync(kept->fd) != 0)
        return st_fail(err, ST_E_IO, "kept.write", "what plugins keep cannot be written", errno);
    kept->count = head.count;
    return ST_OK;
}

void kept_close(struct kept *kept)
{
    if (kept->fd >= 0)
        close(kept->fd);
    kept->fd = -1;
}
