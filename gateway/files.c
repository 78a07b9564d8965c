/* SPDX-License-Identifier: Apache-2.0 */
/* files - see files.h.
 *
 * A file travels as a memory file's descriptor, and so does what was found in it: neither process copies a byte through
 * the channel. All files of a message are asked for at once. An extractor that dies takes no message with it: what is
 * pending is asked again over the next channel; whoever waits has a deadline. What comes back is input like any other:
 * bounded here, and read once its writer has ended.
 */
#include "gateway/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "gateway/process.h"
#include "gateway/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OPENING_MAGIC 0x6f70656eu
#define QUEUE_BYTES   (1u << 20)

struct wait {                  /* for one file */
    struct wait *next, **link; /* link NULL: it is there */
    struct opening *opening;
    uint64_t id;
    int file; /* owned while it waits; else -1 */
    size_t size;
    struct st_buf records;
};

struct opening {
    unsigned magic;
    struct files *files;
    void (*on_done)(void *ctx);
    void *ctx;
    size_t n, left;
    struct wait waits[FLT_FILES_MAX];
    struct flt_opened results[FLT_FILES_MAX];
};

struct files {
    struct worker *worker;
    struct fam_link *extractor; /* NULL: away */
    struct wait *pending;
    uint64_t last_id;
};

struct files *files_new(struct worker *worker)
{
    struct files *files = calloc(1, sizeof *files);

    if (files != NULL)
        files->worker = worker;
    return files;
}

void files_free(struct files *files)
{
    if (files == NULL)
        return;
    fam_link_free(files->extractor);
    free(files);
}

/* ---- one file -----------------------------------------------------------------------------------------------------
 */

/* The only end of a wait. */
static void settle(struct wait *wait, enum flt_reason why)
{
    struct opening *o = wait->opening;

    if (wait->link != NULL) {
        *wait->link = wait->next;
        if (wait->next != NULL)
            wait->next->link = wait->link;
        wait->link = NULL;
    }
    if (wait->file >= 0)
        close(wait->file);
    wait->file = -1;
    o->results[wait - o->waits] = (struct flt_opened){ wait->records.p, wait->records.n, why };
    o->left--;
}

static void ask(struct files *files, const struct wait *wait)
{
    struct st_err err = ST_ERR_INIT;

    if (files->extractor != NULL &&
        fam_link_pass(files->extractor, FAM_MSG_EXTRACT, wait->id, ST_SPAN_NONE, wait->file, &err) == ST_ERR)
        ST_LOG(EXTRACT_FAILED, ST_ERRF(&err)); /* asked again over the next channel, or late */
}

static void ask_no_more(struct files *files, const struct wait *wait)
{
    struct st_err ignored;

    if (files->extractor != NULL)
        (void)(fam_link_send(files->extractor, FAM_MSG_EXTRACT_END, wait->id, ST_SPAN_NONE, &ignored) == ST_OK);
}

static bool write_all(int fd, struct st_span s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = st_span_sub(s, (size_t)n, s.n);
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

static void begin(struct wait *wait, struct st_span bytes)
{
    struct files *files = wait->opening->files;
    const struct pol_config *config = worker_config(files->worker);

    st_buf_init(&wait->records, (size_t)config->limit.extract_text + FLT_EXTRACT_ROOM);
    if (config->limit.extractors == 0) {
        settle(wait, FLT_REASON_UNOPENED);
        return;
    }
    if (bytes.n > (size_t)config->limit.extract_bytes) {
        settle(wait, FLT_REASON_SIZE);
        return;
    }
    wait->file = memfd_create("file", MFD_CLOEXEC);
    if (wait->file < 0 || !write_all(wait->file, bytes)) {
        settle(wait, FLT_REASON_UNOPENED);
        return;
    }
    wait->size = bytes.n;
    wait->id = ++files->last_id;
    wait->next = files->pending;
    if (wait->next != NULL)
        wait->next->link = &wait->next;
    wait->link = &files->pending;
    files->pending = wait;
    ask(files, wait);
}

/* What the helper wrote; a doc without an end record in it is unread, so a failure needs no word of its own. */
static void read_records(struct wait *wait, int fd)
{
    for (off_t at = 0;;) {
        uint8_t *room = st_buf_room(&wait->records, 65536);
        ssize_t n = room != NULL ? pread(fd, room, 65536, at) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        wait->records.n += (size_t)n;
        at += n;
    }
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct files *files = ctx;
    struct st_unpack u = st_unpack(msg->body);
    enum flt_reason why = (enum flt_reason)st_unpack_u8(&u);
    struct wait *wait = files->pending;
    struct opening *o;

    while (wait != NULL && wait->id != msg->id)
        wait = wait->next;
    if (msg->type == FAM_MSG_EXTRACTED && wait != NULL && st_unpack_done(&u) && (unsigned)why < FLT_REASONS_END) {
        o = wait->opening;
        if (msg->fd >= 0)
            read_records(wait, msg->fd);
        settle(wait, why);
        if (o->left == 0)
            o->on_done(o->ctx);
    }
    if (msg->fd >= 0)
        close(msg->fd);
}

void files_peer(struct files *files, int fd)
{
    fam_link_free(files->extractor);
    files->extractor = fam_link_new(files->worker->child, fd, QUEUE_BYTES, on_message, NULL, files);
    if (files->extractor == NULL)
        return;
    fam_link_take_fds(files->extractor);
    for (struct wait *wait = files->pending; wait != NULL; wait = wait->next) {
        if (lseek(wait->file, 0, SEEK_SET) == 0) /* its reader moved it */
            ask(files, wait);
    }
}

/* ---- the files of one message ---------------------------------------------------------------------------------------
 */

struct opening *opening_new(struct files *files, const struct flt_doc *doc, void (*on_done)(void *ctx), void *ctx)
{
    struct opening *o = calloc(1, sizeof *o);

    if (o == NULL)
        return NULL;
    o->magic = OPENING_MAGIC;
    o->files = files;
    o->on_done = on_done;
    o->ctx = ctx;
    o->n = o->left = doc->n_files;
    for (size_t i = 0; i < o->n; i++) {
        o->waits[i].opening = o;
        o->waits[i].file = -1;
        begin(&o->waits[i], doc->files[i].bytes);
    }
    return o;
}

void opening_give_up(struct opening *o)
{
    ST_CHECK(o, OPENING_MAGIC);
    for (size_t i = 0; i < o->n; i++) {
        if (o->waits[i].link == NULL)
            continue;
        ask_no_more(o->files, &o->waits[i]);
        settle(&o->waits[i], FLT_REASON_LATE);
    }
}

void opening_free(struct opening *o)
{
    if (o == NULL)
        return;
    opening_give_up(o);
    for (size_t i = 0; i < o->n; i++)
        st_buf_fini(&o->waits[i].records);
    o->magic = 0;
    free(o);
}

bool opening_is_done(const struct opening *o)
{
    return o->left == 0;
}

const struct flt_opened *opening_results(const struct opening *o)
{
    return o->results;
}

size_t opening_memory(const struct opening *o)
{
    size_t sum = sizeof *o;

    for (size_t i = 0; i < o->n; i++)
        sum += o->waits[i].records.cap + (o->waits[i].file >= 0 ? o->waits[i].size : 0);
    return sum;
}
