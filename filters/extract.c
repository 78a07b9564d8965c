/* SPDX-License-Identifier: Apache-2.0 */
/* extract - the near side of stoa-extract: which files need it, starting it, and fields from what it says.
 *
 * The helper reads one file from a descriptor and writes records to another; whatever it does, here it is input like
 * any other: bounded, and unread without its end record. Its fields have no way back into the file, so a finding in one
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

#define STREAM_MAX (FLT_EXTRACT_MAX + FLT_EXTRACT_ROOM)
#define OPENED_MAX 4096u          /* texts of all files of a message */
#define ZIP_TAIL   (65535u + 22u) /* its last record, and the comment behind it */

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
    { "070707", 6, 0, FLT_FILE_ARCHIVE },
    { "\xC7\x71", 2, 0, FLT_FILE_ARCHIVE }, /* cpio of old, in this machine's order of bytes */
    { "ustar", 5, 257, FLT_FILE_ARCHIVE },
    { "CD001", 5, 32769, FLT_FILE_ARCHIVE }, /* an image of a disc, ISO 9660 */
    { "LZIP", 4, 0, FLT_FILE_ARCHIVE },
    { "\x1F\x9D", 2, 0, FLT_FILE_ARCHIVE }, /* compress */
    { "\x5D\0\0", 3, 0, FLT_FILE_ARCHIVE }, /* LZMA without a container, as its tools write it */
    { "{\\rtf", 5, 0, FLT_FILE_RTF },
    { "\xD0\xCF\x11\xE0", 4, 0, FLT_FILE_COMPOUND },
    { "\x89PNG", 4, 0, FLT_FILE_IMAGE },
    { "\xFF\xD8\xFF", 3, 0, FLT_FILE_IMAGE },
    { "GIF8", 4, 0, FLT_FILE_IMAGE },
    { "II*\0", 4, 0, FLT_FILE_IMAGE },
    { "MM\0*", 4, 0, FLT_FILE_IMAGE },
    { "WEBP", 4, 8, FLT_FILE_IMAGE },
    { "ftypheic", 8, 4, FLT_FILE_IMAGE }, /* brands of ISO 23008-12, and of AVIF */
    { "ftypheix", 8, 4, FLT_FILE_IMAGE },
    { "ftypmif1", 8, 4, FLT_FILE_IMAGE },
    { "ftypavif", 8, 4, FLT_FILE_IMAGE },
    { "\0\0\0\x0CjP  ", 8, 0, FLT_FILE_IMAGE }, /* JPEG 2000 */
    { "\0\0\0\x0CJXL ", 8, 0, FLT_FILE_IMAGE },
    { "\xFF\xFE<\0?\0", 6, 0, FLT_FILE_XML }, /* UTF-16, as Office may write its parts (ECMA-376-2 §8.1.4) */
    { "\xFE\xFF\0<\0?", 6, 0, FLT_FILE_XML },
};

#define PDF_LOOK  1024 /* readers take what stands in front of it, up to here (ISO 32000-1, annex H.3.4.1) */
#define MAIL_LOOK 65536
#define XML_LOOK  8192 /* OpenDocument's first element names some forty namespaces */

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

/* A declaration may be left out (XML 1.0 §2.8): a first element that names a namespace is enough. */
static bool is_xml(struct st_span text)
{
    struct st_span tag = st_span_sub(text, 0, XML_LOOK);

    if (st_span_starts(text, ST_SPAN("<?xml")) || st_span_istarts(text, ST_SPAN("<svg")))
        return true;
    tag = st_span_sub(tag, 0, st_span_chr(tag, '>'));
    return st_span_starts(tag, ST_SPAN("<")) && st_span_find(tag, ST_SPAN(" xmlns")) != ST_SPAN_NPOS;
}

/* A bitmap of Windows: two letters, four bytes that nobody uses, and the length of one of its headers. */
static bool is_bitmap(struct st_span s)
{
    return st_span_starts(s, ST_SPAN("BM")) && st_span_starts(st_span_sub(s, 6, 4), ST_SPAN("\0\0\0\0")) &&
           st_span_starts(st_span_sub(s, 15, 3), ST_SPAN("\0\0\0"));
}

enum flt_file flt_file_type(struct st_span bytes)
{
    struct st_span text = without_blanks(bytes);

    for (size_t i = 0; i < ST_LEN(magics); i++)
        if (bytes.n >= (size_t)magics[i].at + magics[i].n &&
            memcmp(bytes.p + magics[i].at, magics[i].bytes, magics[i].n) == 0)
            return magics[i].type;
    if (is_bitmap(bytes))
        return FLT_FILE_IMAGE;
    if (st_span_find(st_span_sub(bytes, 0, PDF_LOOK), ST_SPAN("%PDF-")) != ST_SPAN_NPOS)
        return FLT_FILE_PDF;
    if (st_span_istarts(text, ST_SPAN("<!doctype html")) || st_span_istarts(text, ST_SPAN("<html")))
        return FLT_FILE_HTML;
    if (is_xml(text))
        return FLT_FILE_XML;
    return is_mail(text) ? FLT_FILE_MAIL : FLT_FILE_OTHER;
}

bool flt_file_is_packed(enum flt_file type)
{
    return type == FLT_FILE_ARCHIVE || type == FLT_FILE_PDF || type == FLT_FILE_RTF || type == FLT_FILE_COMPOUND ||
           type == FLT_FILE_IMAGE || type == FLT_FILE_MAIL;
}

bool flt_file_has_archive(struct st_span bytes)
{
    struct st_span tail = st_span_sub(bytes, bytes.n > ZIP_TAIL ? bytes.n - ZIP_TAIL : 0, bytes.n);
    size_t at = st_span_chr(tail, '\x05'); /* no text has that byte */

    return at != ST_SPAN_NPOS &&
           st_span_find(st_span_sub(tail, at < 2 ? 0 : at - 2, tail.n), ST_SPAN("PK\x05\x06")) != ST_SPAN_NPOS;
}

/* ---- its process ------------------------------------------------------------------------------------------------- */

struct words { /* of its command line: made before fork, since no memory is asked for behind it */
    char text[32], depth[32], pictures[32];
};

/* Beside this program, or in bin/ beside its sbin/. Descriptor 2 takes nothing. */
static void become(int in, int out, struct words *words)
{
    static const char *const environment[] = { "LC_ALL=C.UTF-8", NULL };
    static const char *const places[] = { "/stoa-extract", "/../bin/stoa-extract" };
    const char *argv[] = { "stoa-extract", words->text, words->depth, words->pictures, NULL };
    char path[4096 + 32];
    ssize_t n = readlink("/proc/self/exe", path, 4096);
    int null = open("/dev/null", O_RDONLY);

    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n <= 0 || setpgid(0, 0) != 0 || null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0 ||
        close_range(3, ~0u, 0) != 0)
        _exit(FLT_EXTRACT_NONE);
    for (size_t i = 0; i < ST_LEN(places); i++) {
        memcpy(path + n - 1, places[i], strlen(places[i]) + 1);
        execve(path, (char *const *)argv, (char *const *)environment);
    }
    _exit(FLT_EXTRACT_NONE);
}

enum st_rc flt_extract_start(int in, int out, const struct flt_extract_limits *limits, int *pid, struct st_err *err)
{
    struct words words;

    (void)snprintf(words.text, sizeof words.text, "--text=%zu", limits->text);
    (void)snprintf(words.depth, sizeof words.depth, "--depth=%u", limits->depth);
    (void)snprintf(words.pictures, sizeof words.pictures, limits->pictures ? "--pictures" : "--no-pictures");
    *pid = fork();
    if (*pid == 0)
        become(in, out, &words);
    if (*pid < 0)
        return st_fail(err, ST_E_IO, "filters.extract", "no process", errno);
    setpgid(*pid, *pid); /* it does so too: whoever comes first */
    return ST_OK;
}

int flt_extract_end(int pid)
{
    int status = -1;

    if (pid <= 0)
        return -1;
    kill(-pid, SIGKILL); /* one that ended well has said all it had to say */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- what it says ------------------------------------------------------------------------------------------------ */

static enum flt_reason reason_named(struct st_span name)
{
    for (enum flt_reason i = FLT_REASON_NONE; (size_t)i < FLT_REASONS_END; i++)
        if (st_span_eq(st_span_str(flt_reason_name(i)), name))
            return i;
    return FLT_REASON_FAILED;
}

static void note(struct flt_doc *doc, enum flt_reason reason)
{
    if (doc->receipt.coverage == FLT_FULLY)
        doc->receipt.coverage = FLT_PARTLY;
    doc->receipt.others |= 1u << reason;
    if (doc->receipt.reason == FLT_REASON_NONE)
        doc->receipt.reason = reason;
}

/* "file report.docx, part word/document.xml" */
static enum st_rc name_text(struct st_arena *arena, struct st_span label, struct st_span part, struct st_span *out,
                            struct st_err *err)
{
    struct st_buf name;

    st_buf_init(&name, label.n + part.n + 16);
    st_buf_span(&name, label);
    if (label.n > 0 && part.n > 0)
        st_buf_str(&name, ", part ");
    st_buf_span(&name, part);
    *out = st_span(st_arena_dup(arena, name.p, name.n), name.n);
    st_buf_fini(&name);
    return out->p != NULL ? ST_OK : st_arena_fail(arena, err, "filters.opened");
}

struct opening { /* one file's records on their way into a doc */
    struct st_arena *arena;
    struct flt_doc *doc;
    const struct flt_attached *file;
    const struct flt_opened *opened;
    size_t room; /* for fields, in the doc */
};

static enum st_rc take_text(const struct opening *o, struct st_span name, struct st_span text, struct st_err *err)
{
    static const struct flt_map fixed = { .layer = FLT_LAYER_FIXED };
    struct flt_doc *doc = o->doc;
    struct flt_field *field = &doc->fields[doc->n];

    if (doc->n >= o->room) {
        note(doc, FLT_REASON_FIELDS);
        return ST_OK;
    }
    flt_utf8_mend(o->opened->records + (text.p - o->opened->records), text.n);
    *field = (struct flt_field){ .text = text, .name = o->file->name, .depth = 1, .map = &fixed };
    field->chain[0] = FLT_CODEC_FILE;
    if (name_text(o->arena, o->file->label, name, &field->path, err) != ST_OK)
        return ST_ERR;
    doc->n++;
    return ST_OK;
}

static enum st_rc take_records(const struct opening *o, struct st_err *err)
{
    struct st_unpack u = st_unpack(st_span(o->opened->records, o->opened->n));
    enum flt_reason why = o->opened->why;
    bool has_end = false;

    while (u.rest.n > 0 && !u.bad && !has_end) {
        uint8_t kind = st_unpack_u8(&u);
        struct st_span name = st_unpack_span(&u), text = st_unpack_span(&u);

        if (u.bad)
            break;
        has_end = kind == FLT_RECORD_END;
        if (kind == FLT_RECORD_NOTE)
            note(o->doc, reason_named(text));
        if (kind == FLT_RECORD_TEXT && take_text(o, name, text, err) != ST_OK)
            return ST_ERR;
    }
    if (!has_end || why != FLT_REASON_NONE)
        note(o->doc, why != FLT_REASON_NONE ? why : FLT_REASON_CRASHED);
    return ST_OK;
}

static bool has_text(const struct flt_doc *doc)
{
    for (size_t i = 0; i < doc->n; i++)
        if (doc->fields[i].text.n > 0 && doc->fields[i].place != FLT_IN_QUERY)
            return true;
    return false;
}

/* Room for every field that may come. */
static enum st_rc grow(struct st_arena *arena, struct flt_doc *doc, size_t room, struct st_err *err)
{
    struct flt_field *fields = st_arena_alloc(arena, room * sizeof *fields);

    if (fields == NULL)
        return st_arena_fail(arena, err, "filters.opened");
    if (doc->n > 0)
        memcpy(fields, doc->fields, doc->n * sizeof *fields);
    doc->fields = fields;
    return ST_OK;
}

enum st_rc flt_doc_opened(struct st_arena *arena, struct flt_doc *doc, const struct flt_opened *opened,
                          struct st_err *err)
{
    static const struct flt_opened unopened = { .why = FLT_REASON_UNOPENED };
    struct flt_receipt *receipt = &doc->receipt;
    const size_t room = doc->n + OPENED_MAX;

    if (doc->n_files > 0 && grow(arena, doc, room, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < doc->n_files; i++) {
        struct opening o = { arena, doc, &doc->files[i], opened != NULL ? &opened[i] : &unopened, room };
        enum flt_reason before = receipt->reason;

        receipt->reason = FLT_REASON_NONE;
        if (take_records(&o, err) != ST_OK)
            return ST_ERR;
        doc->files[i].reason = receipt->reason;
        if (receipt->reason != FLT_REASON_NONE)
            receipt->inspected -= o.file->sent < receipt->inspected ? o.file->sent : receipt->inspected;
        if (before != FLT_REASON_NONE)
            receipt->reason = before;
    }
    if (receipt->coverage == FLT_PARTLY && !has_text(doc))
        receipt->coverage = FLT_NOT;
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

/* The doc of a file by itself. */
static enum st_rc doc_of(struct st_arena *arena, const struct st_buf *records, enum flt_reason why,
                         struct flt_doc **out, struct st_err *err)
{
    struct flt_opened opened = { st_arena_dup(arena, records->p, records->n), records->n, why };
    struct flt_doc *doc = st_arena_alloc(arena, sizeof *doc);

    if (doc == NULL || opened.records == NULL || (doc->files = st_arena_alloc(arena, sizeof *doc->files)) == NULL)
        return st_arena_fail(arena, err, "filters.extract");
    doc->n_files = 1;
    *out = doc;
    return flt_doc_opened(arena, doc, &opened, err);
}

enum st_rc flt_extract_file(struct st_arena *arena, int in, unsigned ms, struct flt_doc **out, struct st_err *err)
{
    static const struct flt_extract_limits most = { FLT_EXTRACT_MAX, FLT_EXTRACT_DEPTH, true };
    struct st_buf records;
    enum flt_reason why = FLT_REASON_NONE;
    enum st_rc rc, got;
    int ends[2], pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return st_fail(err, ST_E_IO, "filters.extract", "no pipe", errno);
    st_buf_init(&records, STREAM_MAX);
    rc = flt_extract_start(in, ends[1], &most, &pid, err);
    close(ends[1]);
    if (rc != ST_OK)
        goto out;
    got = read_records(ends[0], ms, &records, err);
    if (got == ST_AGAIN)
        why = FLT_REASON_LATE;
    else if (got == ST_ERR)
        why = FLT_REASON_FAILED;
    if (flt_extract_end(pid) == FLT_EXTRACT_NONE && records.n == 0)
        rc = st_fail(err, ST_E_CONFIG, "filters.extract", "stoa-extract is not beside the program; install Stoa again",
                     0);
    else
        rc = doc_of(arena, &records, why, out, err);
out:
    close(ends[0]);
    st_buf_fini(&records);
    return rc;
}
