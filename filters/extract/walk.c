/* SPDX-License-Identifier: Apache-2.0 */
/* walk - which reader a file, or a member of one, is given to, and what it may cost.
 *
 * The bytes decide, never the name. Whatever is left unread is noted, and still shows its rows of printable bytes. A
 * file may be two things at once: behind a picture or a text a zip archive may begin, which readers of zip find from
 * the end; so does this. Limits count for the whole file, or a bomb would be cut into small ones.
 */
#include "filters/decode.h"
#include "filters/extract/extract.h"
#include <string.h>

#define STRING_MIN  6u
#define STRINGS_MAX (4u << 20)

bool ext_is_listed(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* ---- what comes out ---------------------------------------------------------------------------------------------- */

void ext_note(struct ext *x, enum flt_reason reason)
{
    struct st_span name = st_span_str(flt_reason_name(reason));

    x->emit(x->ctx, FLT_RECORD_NOTE, st_buf_view(&x->path), name);
}

static void emit_text(struct ext *x, const char *suffix, struct st_span utf8)
{
    size_t mark = x->path.n;

    if (utf8.n > x->text_max - x->texts) {
        ext_note(x, FLT_REASON_SIZE);
        x->is_over = true;
        return;
    }
    x->texts += utf8.n;
    if (suffix[0] != '\0') {
        st_buf_byte(&x->path, '@');
        st_buf_str(&x->path, suffix);
    }
    x->emit(x->ctx, FLT_RECORD_TEXT, st_buf_view(&x->path), utf8);
    x->path.n = mark;
    x->path.failed = ST_E_NONE;
}

static void put_utf16(struct st_buf *out, struct st_span s, bool is_big)
{
    uint8_t utf8[4];

    for (size_t i = 0; i + 1 < s.n; i += 2) {
        uint32_t c = is_big ? (uint32_t)s.p[i] << 8 | s.p[i + 1] : (uint32_t)s.p[i + 1] << 8 | s.p[i];

        if (c >= 0xD800 && c < 0xE000)
            c = '?'; /* above the first plane: no number or word that a detector knows */
        st_buf_put(out, utf8, st_utf8_put(c, utf8));
    }
}

static void put_latin1(struct st_buf *out, struct st_span s)
{
    uint8_t utf8[4];

    for (size_t i = 0; i < s.n; i++)
        st_buf_put(out, utf8, st_utf8_put(s.p[i], utf8));
}

void ext_put_text(struct st_buf *out, struct st_span text)
{
    bool is_big = st_span_starts(text, ST_SPAN("\xFE\xFF"));

    if (is_big || st_span_starts(text, ST_SPAN("\xFF\xFE")))
        put_utf16(out, st_span_sub(text, 2, text.n), is_big);
    else if (flt_utf8_good(text) == text.n)
        st_buf_span(out, text);
    else
        put_latin1(out, text);
}

void ext_text(struct ext *x, const char *suffix, struct st_span text)
{
    struct st_buf out;

    if (st_span_starts(text, ST_SPAN("\xEF\xBB\xBF")))
        text = st_span_sub(text, 3, text.n);
    if (text.n == 0 || x->is_over)
        return;
    if (flt_utf8_good(text) == text.n) {
        emit_text(x, suffix, text);
        return;
    }
    st_buf_init(&out, EXT_TEXT_MAX);
    ext_put_text(&out, text);
    if (out.failed != ST_E_NONE)
        ext_note(x, FLT_REASON_SIZE);
    emit_text(x, suffix, st_buf_view(&out));
    st_buf_fini(&out);
}

void ext_strings(struct ext *x, struct st_span bytes)
{
    struct st_buf out;

    st_buf_init(&out, STRINGS_MAX);
    flt_rows(bytes, 1, STRING_MIN, &out);
    flt_rows(bytes, 2, STRING_MIN, &out);
    if (out.n > 0)
        ext_text(x, "strings", st_buf_view(&out));
    st_buf_fini(&out);
}

bool ext_spend(struct ext *x, size_t n)
{
    x->spent += n;
    if (x->spent <= EXT_TOTAL_MAX && (x->spent < EXT_RATIO_FROM || x->spent / EXT_RATIO_MAX <= x->given))
        return true;
    if (!x->is_over)
        ext_note(x, x->spent > EXT_TOTAL_MAX ? FLT_REASON_SIZE : FLT_REASON_BOMB);
    x->is_over = true;
    return false;
}

/* ---- which reader ------------------------------------------------------------------------------------------------ */

/* The old binary formats, [MS-CFB]: their text lies in them as it is. A locked .docx is one with a single stream. */
static void compound(struct ext *x, struct st_span bytes)
{
    static const char locked[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";

    if (st_span_find(bytes, st_span(locked, sizeof locked - 1)) != ST_SPAN_NPOS) {
        ext_note(x, FLT_REASON_ENCRYPTED);
        return;
    }
    ext_strings(x, bytes);
    ext_note(x, FLT_REASON_TYPE);
}

/* What has the head of zlib and inflates is taken for it, as programs keep their objects. */
static bool inflated(struct ext *x, struct st_span bytes)
{
    struct flt_coded coded = { .reason = FLT_REASON_NONE };
    struct st_err err = ST_ERR_INIT;
    bool is_zlib = flt_is_zlib(bytes) && flt_coding(bytes, ST_SPAN("deflate"), EXT_ENTRY_MAX, &coded, &err) == ST_OK &&
                   coded.reason != FLT_REASON_SYNTAX;

    if (is_zlib && coded.reason != FLT_REASON_NONE)
        ext_note(x, coded.reason);
    if (is_zlib && ext_spend(x, coded.plain.n))
        ext_member(x, ST_SPAN("data"), st_buf_view(&coded.plain));
    st_buf_fini(&coded.plain);
    return is_zlib;
}

static void other(struct ext *x, struct st_span bytes)
{
    if (flt_text_likely(bytes) || st_span_starts(bytes, ST_SPAN("\xFF\xFE")) ||
        st_span_starts(bytes, ST_SPAN("\xFE\xFF"))) {
        ext_text(x, "", bytes);
        return;
    }
    ext_strings(x, bytes);
    if (!inflated(x, bytes) && !flt_file_has_archive(bytes))
        ext_note(x, FLT_REASON_TYPE);
}

/* What lies at x->path. */
static void walk(struct ext *x, struct st_span bytes)
{
    enum flt_file type = flt_file_type(bytes);

    if (x->is_over || bytes.n == 0)
        return;
    if (x->depth > x->depth_max) {
        ext_note(x, FLT_REASON_DEPTH);
        return;
    }
    switch (type) {
    case FLT_FILE_ARCHIVE: ext_archive(x, bytes); return;
    case FLT_FILE_PDF: ext_pdf(x, bytes); break;
    case FLT_FILE_RTF: ext_rtf(x, bytes); break;
    case FLT_FILE_MAIL: ext_mail(x, bytes); break;
    case FLT_FILE_COMPOUND: compound(x, bytes); break;
    case FLT_FILE_IMAGE: ext_image(x, bytes); break;
    case FLT_FILE_XML: ext_xml(x, bytes); break;
    case FLT_FILE_HTML: ext_html(x, bytes); break;
    case FLT_FILE_OTHER: other(x, bytes); break;
    }
    if (flt_file_has_archive(bytes))
        ext_archive(x, bytes);
}

void ext_member(struct ext *x, struct st_span name, struct st_span bytes)
{
    size_t mark = x->path.n;

    if (mark > 0)
        st_buf_byte(&x->path, '/');
    if (flt_utf8_good(name) == name.n)
        st_buf_span(&x->path, name);
    x->path.failed = ST_E_NONE; /* a name too long is left out of the path; @names has it */
    x->depth++;
    walk(x, bytes);
    x->depth--;
    x->path.n = mark;
}

void ext_file(struct ext *x, struct st_span bytes)
{
    x->given = bytes.n;
    x->spent = x->texts = 0;
    x->entries = x->depth = 0;
    x->is_over = false;
    st_buf_init(&x->path, EXT_PATH_MAX);
    walk(x, bytes);
    x->emit(x->ctx, FLT_RECORD_END, ST_SPAN_NONE, ST_SPAN_NONE);
    st_buf_fini(&x->path);
}
