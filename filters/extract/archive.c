/* SPDX-License-Identifier: Apache-2.0 */
/* archive - zip, tar, 7z, cab, rar, cpio, ar, images of discs and compressed files, through libarchive; Office files
 * are zips too.
 *
 * Each member is unpacked into memory up to a limit and walked as a file of its own. Names are text as well: a person's
 * name in a file name leaves as surely as one in the file. Only readers that are part of the library are switched on,
 * none that would start a program.
 */
#include "filters/extract/extract.h"
#include <archive.h>
#include <archive_entry.h>

#define CHUNK     65536u
#define NAMES_MAX (1u << 20)

static struct archive *reader_new(void)
{
    struct archive *a = archive_read_new();

    if (a == NULL)
        return NULL;
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_compress(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_filter_lzip(a);
    archive_read_support_filter_lzma(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_7zip(a);
    archive_read_support_format_cab(a);
    archive_read_support_format_rar(a);
    archive_read_support_format_rar5(a);
    archive_read_support_format_cpio(a);
    archive_read_support_format_ar(a);
    archive_read_support_format_iso9660(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    return a;
}

/* Unpacks one member; false when no more of the archive can be read. */
static bool unpack(struct ext *x, struct archive *a, struct st_buf *out)
{
    for (;;) {
        uint8_t *room = st_buf_room(out, CHUNK);
        la_ssize_t n = room != NULL ? archive_read_data(a, room, CHUNK) : ARCHIVE_OK;

        if (room == NULL) {
            ext_note(x, FLT_REASON_SIZE);
            return true; /* what came is looked into */
        }
        if (n == ARCHIVE_RETRY)
            continue;
        if (n < 0) {
            ext_note(x, archive_read_has_encrypted_entries(a) > 0 ? FLT_REASON_ENCRYPTED : FLT_REASON_SYNTAX);
            return n == ARCHIVE_WARN || n == ARCHIVE_FAILED;
        }
        if (n == 0)
            return true;
        out->n += (size_t)n;
        if (!ext_spend(x, (size_t)n))
            return false;
    }
}

static bool is_raw(struct archive *a) /* one compressed file, or no archive at all */
{
    return archive_format(a) == ARCHIVE_FORMAT_RAW;
}

/* One member; false ends the archive. */
static bool member(struct ext *x, struct archive *a, struct archive_entry *entry, struct st_buf *names)
{
    const char *path = archive_entry_pathname_utf8(entry), *link = archive_entry_symlink_utf8(entry);
    struct st_span name =
        is_raw(a) ? ST_SPAN("data") : st_span_str(path != NULL ? path : archive_entry_pathname(entry));
    struct st_buf data;
    bool is_good;

    if (++x->entries > EXT_ENTRIES_MAX) {
        ext_note(x, FLT_REASON_FIELDS);
        x->is_over = true;
        return false;
    }
    st_buf_span(names, name);
    st_buf_byte(names, '\n');
    st_buf_span(names, st_span_str(link));
    st_buf_byte(names, '\n');
    if (archive_entry_is_encrypted(entry) > 0) {
        ext_note(x, FLT_REASON_ENCRYPTED);
        return true;
    }
    st_buf_init(&data, EXT_ENTRY_MAX);
    is_good = unpack(x, a, &data);
    ext_member(x, name, st_buf_view(&data));
    st_buf_fini(&data);
    return is_good && !x->is_over;
}

static void members(struct ext *x, struct archive *a, struct st_span bytes, struct st_buf *names)
{
    struct archive_entry *entry = NULL;
    bool is_first = true;

    for (;;) {
        int rc = archive_read_next_header(a, &entry);

        if (rc == ARCHIVE_EOF)
            return;
        if (rc < ARCHIVE_WARN) {
            ext_note(x, archive_read_has_encrypted_entries(a) > 0 ? FLT_REASON_ENCRYPTED : FLT_REASON_SYNTAX);
            if (is_first)
                ext_strings(x, bytes);
            return;
        }
        if (is_first && is_raw(a) && archive_filter_count(a) < 2) { /* looked like an archive and is none */
            ext_strings(x, bytes);
            ext_note(x, FLT_REASON_SYNTAX);
            return;
        }
        is_first = false;
        if (!member(x, a, entry, names))
            return;
    }
}

void ext_archive(struct ext *x, struct st_span bytes)
{
    struct archive *a = reader_new();
    struct st_buf names;

    if (a == NULL || archive_read_open_memory(a, bytes.p, bytes.n) != ARCHIVE_OK) {
        ext_strings(x, bytes);
        ext_note(x, a == NULL ? FLT_REASON_FAILED : FLT_REASON_SYNTAX);
        archive_read_free(a);
        return;
    }
    st_buf_init(&names, NAMES_MAX);
    members(x, a, bytes, &names);
    if (names.failed != ST_E_NONE)
        ext_note(x, FLT_REASON_SIZE);
    ext_text(x, "names", st_buf_view(&names));
    st_buf_fini(&names);
    archive_read_free(a);
}
