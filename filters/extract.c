/* SPDX-License-Identifier: Apache-2.0 */
/* extract - the near side of stoa-extract: which files need it, starting it, and a doc from what it says.
 *
 * The helper reads one file from a descriptor and writes records to a pipe; whatever it does, here it is input like any
 * other: bounded, and unread without its end record. Its fields have no way back into the file, so a finding in one
 * cannot be redacted.
 */
#include "base/clock.h"
#include "base/ipc.h"
#include "filters/decode.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STREAM_MAX (FLT_EXTRACT_MAX + (16u << 20))

/* ---- which kind of file ------------------------------------------------------------------------------------------ */

static const struct {
    const char *bytes;
    uint8_t n;
    uint16_t at;
    enum flt_file type;
} magics[] = {
    { "PK\x03\x04", 4, 0, FLT_FILE_ARCHIVE },
    { "PK\x05\x06", 4, 0, FLT_FILE_ARCHIVE },
    { "PK\x07\x08", 4, 0, FLT_FILE_ARCHIVE },
    { "\x1F\x8B", 2, 0, FLT_FILE_ARCHIVE },
    { "7z\xBC\xAF\x27\x1C", 6, 0, FLT_FILE_ARCHIVE },
    { "Rar!\x1A\x07", 6, 0, FLT_FILE_ARCHIVE },
    { "BZh", 3, 0, FLT_FILE_ARCHIVE },
    { "\xFD\x37zXZ", 5, 0, FLT_FILE_ARCHIVE },
    { "\x28\xB5\x2F\xFD", 4, 0, FLT_FILE_ARCHIVE },
    { "\x04\x22\x4D\x18", 4, 0, FLT_FILE_ARCHIVE },
    { "MSCF\0\0\0\0", 8, 0, FLT_FILE_ARCHIVE },
    { "!<arch>\n", 8, 0, FLT_FILE_ARCHIVE },
    { "070701", 6, 0, FLT_FILE_ARCHIVE },
    { "ustar", 5, 257, FLT_FILE_ARCHIVE },
    { "{\\rtf", 5, 0, FLT_FILE_RTF },
    { "\xD0\xCF\x11\xE0", 4, 0, FLT_FILE_COMPOUND },
    { "\x89PNG", 4, 0, FLT_FILE_IMAGE },
    { "\xFF\xD8\xFF", 3, 0, FLT_FILE_IMAGE },
    { "GIF8", 4, 0, FLT_FILE_IMAGE },
    { "II*\0", 4, 0, FLT_FILE_IMAGE },
    { "MM\0*", 4, 0, FLT_FILE_IMAGE },
    { "WEBP", 4, 8, FLT_FILE_IMAGE },
};

#define PDF_LOOK  1024 /* readers take what stands in front of it, up to here (ISO 32000-1, annex H.3.4.1) */
#define MAIL_LOOK 65536

/* Header lines from the first byte on, and one that only a message has. */
static bool is_mail(struct st_span s)
{
    static const char *const sure[] = { "mime-version:", "received:", "message-id:", "return-path:", "x-mailer:" };
    struct st_span rest = st_span_sub(s, 0, MAIL_LOOK), line;
    unsigned lines = 0;
    bool is_sure = false;

    while (st_span_next(&rest, '\n', &line) && line.n > 0 && line.p[0] != '\r') {
        size_t colon = st_span_chr(line, ':');

        if (lines > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
            continue;
        if (colon == ST_SPAN_NPOS || colon == 0 || st_span_chr(st_span_sub(line, 0, colon), ' ') != ST_SPAN_NPOS)
            return is_sure && lines > 1;
        for (size_t i = 0; i < ST_LEN(sure); i++)
            is_sure = is_sure || st_span_istarts(line, st_span_str(sure[i]));
        lines++;
    }
    return is_sure && lines > 1;
}

static struct st_span without_blanks(struct st_span s)
{
    size_t i = 0;

    if (st_span_starts(s, ST_SPAN("\xEF\xBB\xBF")))
        i = 3;
    while (i < s.n && i < PDF_LOOK && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n'))
        i++;
    return st_span_sub(s, i, s.n);
}

enum flt_file flt_file_type(struct st_span bytes)
{
    struct st_span text = without_blanks(bytes);

    for (size_t i = 0; i < ST_LEN(magics); i++)
        if (bytes.n >= (size_t)magics[i].at + magics[i].n &&
            memcmp(bytes.p + magics[i].at, magics[i].bytes, magics[i].n) == 0)
            return magics[i].type;
    if (st_span_find(st_span_sub(bytes, 0, PDF_LOOK), ST_SPAN("%PDF-")) != ST_SPAN_NPOS)
        return FLT_FILE_PDF;
    if (st_span_istarts(text, ST_SPAN("<!doctype html")) || st_span_istarts(text, ST_SPAN("<html")))
        return FLT_FILE_HTML;
    if (st_span_starts(text, ST_SPAN("<?xml")) || st_span_istarts(text, ST_SPAN("<svg")))
        return FLT_FILE_XML;
    return is_mail(text) ? FLT_FILE_MAIL : FLT_FILE_OTHER;
}

bool flt_file_is_packed(enum flt_file type)
{
    return type == FLT_FILE_ARCHIVE || type == FLT_FILE_PDF || type == FLT_FILE_RTF || type == FLT_FILE_COMPOUND ||
           type == FLT_FILE_IMAGE || type == FLT_FILE_MAIL;
}

/* ---- its process ------------------------------------------------------------------------------------------------- */

/* Beside this program, or in bin/ beside its sbin/. Between fork and execve: no memory is asked for. */
static void become(int in, int out)
{
    static const char *const environment[] = { "LC_ALL=C.UTF-8", NULL };
    static const char *const argv[] = { "stoa-extract", NULL };
    static const char *const places[] = { "/stoa-extract", "/../bin/stoa-extract" };
    char path[4096 + 32];
    ssize_t n = readlink("/proc/self/exe", path, 4096);
    int null = open("/dev/null", O_WRONLY);

    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n <= 0 || setpgid(0, 0) != 0 || null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0 ||
        close_range(3, ~0u, 0) != 0)
        _exit(127);
    for (size_t i = 0; i < ST_LEN(places); i++) {
        memcpy(path + n - 1, places[i], strlen(places[i]) + 1);
        execve(path, (char *const *)argv, (char *const *)environment);
    }
    _exit(127);
}

enum st_rc flt_extract_start(int in, struct flt_extract *out, struct st_err *err)
{
    int ends[2];

    *out = (struct flt_extract){ -1, -1 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return st_fail(err, ST_E_IO, "filters.extract", "no pipe", errno);
    out->pid = fork();
    if (out->pid == 0)
        become(in, ends[1]);
    close(ends[1]);
    if (out->pid < 0) {
        close(ends[0]);
        return st_fail(err, ST_E_IO, "filters.extract", "no process", errno);
    }
    setpgid(out->pid, out->pid); /* it does so too: whoever comes first */
    out->fd = ends[0];
    return ST_OK;
}

int flt_extract_end(struct flt_extract *extract)
{
    int status = -1;

    if (extract->fd >= 0)
        close(extract->fd);
    if (extract->pid > 0) {
        kill(-extract->pid, SIGKILL); /* one that ended well has said all it had to say */
        while (waitpid(extract->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    *extract = (struct flt_extract){ -1, -1 };
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- what it says ------------------------------------------------------------------------------------------------ */

static enum flt_reason reason_named(struct st_span name)
{
    for (enum flt_reason i = FLT_REASON_NONE; i <= FLT_REASON_LATE; i++)
        if (st_span_eq(st_span_str(flt_reason_name(i)), name))
            return i;
    return FLT_REASON_FAILED;
}

static void note(struct flt_doc *doc, enum flt_reason reason)
{
    doc->receipt.coverage = FLT_PARTLY;
    if (doc->receipt.reason == FLT_REASON_NONE)
        doc->receipt.reason = reason;
}

static enum st_rc take_text(struct st_arena *arena, struct flt_doc *doc, struct st_span name, struct st_span text,
                            struct st_err *err)
{
    static const struct flt_map fixed = { .layer = FLT_LAYER_FIXED };
    struct flt_field *field = &doc->fields[doc->n];
    uint8_t *bytes;

    if (doc->n == FLT_FIELDS_MAX) {
        note(doc, FLT_REASON_FIELDS);
        return ST_OK;
    }
    if ((bytes = st_arena_dup(arena, text.p, text.n)) == NULL)
        return st_arena_fail(arena, err, "filters.extract");
    flt_utf8_mend(bytes, text.n);
    *field = (struct flt_field){ .path = name, .text = { bytes, text.n }, .depth = 1, .map = &fixed };
    field->chain[0] = FLT_CODEC_FILE;
    if ((field->path.p = st_arena_dup(arena, name.p, name.n)) == NULL)
        return st_arena_fail(arena, err, "filters.extract");
    doc->n++;
    return ST_OK;
}

enum st_rc flt_extract_doc(struct st_arena *arena, struct st_span records, enum flt_reason why, struct flt_doc **out,
                           struct st_err *err)
{
    struct flt_doc *doc = st_arena_alloc(arena, sizeof *doc);
    struct st_unpack u = st_unpack(records);
    bool has_end = false;

    if (doc == NULL || (doc->fields = st_arena_alloc(arena, FLT_FIELDS_MAX * sizeof *doc->fields)) == NULL)
        return st_arena_fail(arena, err, "filters.extract");
    while (u.rest.n > 0 && !u.bad && !has_end) {
        uint8_t kind = st_unpack_u8(&u);
        struct st_span name = st_unpack_span(&u), text = st_unpack_span(&u);

        if (u.bad)
            break;
        has_end = kind == FLT_RECORD_END;
        if (kind == FLT_RECORD_NOTE)
            note(doc, reason_named(text));
        if (kind == FLT_RECORD_TEXT && take_text(arena, doc, name, text, err) != ST_OK)
            return ST_ERR;
    }
    if (!has_end || why != FLT_REASON_NONE)
        note(doc, why != FLT_REASON_NONE ? why : FLT_REASON_CRASHED);
    if (doc->receipt.coverage == FLT_PARTLY && doc->n == 0)
        doc->receipt.coverage = FLT_NOT;
    *out = doc;
    return ST_OK;
}

/* ST_OK at its end, ST_AGAIN when time is up. */
static enum st_rc read_records(int fd, unsigned ms, struct st_buf *out, struct st_err *err)
{
    uint64_t end = st_clock_ms() + ms;
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    for (;;) {
        uint64_t now = st_clock_ms();
        uint8_t *room;
        ssize_t n;

        if (now >= end || poll(&wait, 1, (int)(end - now)) == 0)
            return ST_AGAIN;
        if ((room = st_buf_room(out, 65536)) == NULL)
            return st_buf_done(out, err, "filters.extract");
        n = read(fd, room, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return st_fail(err, ST_E_IO, "filters.extract", "cannot read", errno);
        if (n == 0)
            return ST_OK;
        out->n += (size_t)n;
    }
}

enum st_rc flt_extract_file(struct st_arena *arena, int in, unsigned ms, struct flt_doc **out, struct st_err *err)
{
    struct flt_extract extract;
    struct st_buf records;
    enum flt_reason why = FLT_REASON_NONE;
    enum st_rc rc, got;

    if (flt_extract_start(in, &extract, err) != ST_OK)
        return ST_ERR;
    st_buf_init(&records, STREAM_MAX);
    got = read_records(extract.fd, ms, &records, err);
    if (got == ST_AGAIN)
        why = FLT_REASON_LATE;
    else if (got == ST_ERR)
        why = FLT_REASON_FAILED;
    if (flt_extract_end(&extract) == 127 && records.n == 0)
        rc = st_fail(err, ST_E_CONFIG, "filters.extract", "stoa-extract is not beside the program; install Stoa again",
                     0);
    else
        rc = flt_extract_doc(arena, st_buf_view(&records), why, out, err);
    st_buf_fini(&records);
    return rc;
}
