/* SPDX-License-Identifier: Apache-2.0 */
/* attached - the documents, archives and pictures that a message carries, put down for stoa-extract.
 *
 * A file is a body, a part of a multipart body, or base64 inside a text: the whole of it, or what stands behind
 * ";base64," as in data: URLs. The first bytes decide, never a name or a declared type. What is put down is not noted
 * in the receipt: whoever asked for files says what became of them (flt_doc_opened).
 */
#include "filters/decode.h"
#include "filters/validate.h"
#include <string.h>

#define TEXT_MIN  128  /* a shorter text holds no document */
#define LOOK      400  /* of base64: as many bytes as a tar's mark needs */
#define URLS_MAX  256  /* of one text */
#define PATH_KEPT 128u /* bytes of a name or path in a label */

static struct st_span beginning(struct st_span s)
{
    size_t n = s.n < PATH_KEPT ? s.n : PATH_KEPT;

    while (n < s.n && n > 0 && (s.p[n] & 0xC0) == 0x80) /* not inside a character */
        n--;
    return st_span_sub(s, 0, n);
}

static enum st_rc label_of(struct flt_dec *dec, struct st_span *out, struct st_err *err)
{
    struct st_span path = beginning(st_buf_view(&dec->path)), name = beginning(dec->name);
    struct st_buf label;
    enum st_rc rc = ST_ERR;

    st_buf_init(&label, 2 * PATH_KEPT + 16);
    st_buf_str(&label, "file");
    if (name.n > 0)
        st_buf_byte(&label, ' ');
    else if (path.n > 0)
        st_buf_str(&label, " at ");
    st_buf_span(&label, name.n > 0 ? name : path);
    *out = st_span(st_arena_dup(dec->arena, label.p, label.n), label.n);
    rc = out->p != NULL ? ST_OK : st_arena_fail(dec->arena, err, "filters.attached");
    st_buf_fini(&label);
    return rc;
}

enum st_rc flt_dec_file(struct flt_dec *dec, struct st_span bytes, uint64_t sent, struct st_err *err)
{
    struct flt_attached file = { .name = beginning(dec->name), .bytes = bytes, .sent = sent };

    if (dec->files.n / sizeof file == FLT_FILES_MAX) {
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_FIELDS);
        return ST_OK;
    }
    if (label_of(dec, &file.label, err) != ST_OK)
        return ST_ERR;
    st_buf_put(&dec->files, &file, sizeof file);
    return st_buf_done(&dec->files, err, "filters.attached");
}

static bool opens(const struct flt_dec *dec, enum flt_file type)
{
    return flt_file_is_packed(type) && (type != FLT_FILE_IMAGE || dec->open == FLT_OPEN_PICTURES);
}

bool flt_dec_opens(const struct flt_dec *dec, struct st_span bytes)
{
    return dec->open != FLT_OPEN_NOTHING && (opens(dec, flt_file_type(bytes)) || flt_file_has_archive(bytes));
}

/* ---- in a text --------------------------------------------------------------------------------------------------- */

static bool is_base64(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '/' || c == '-' ||
           c == '_' || c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

static size_t run_of(struct st_span s, size_t most)
{
    size_t n = 0;

    while (n < s.n && n < most && is_base64(s.p[n]))
        n++;
    return n;
}

/* A file at the front of a text, as base64; *n: how far it goes. */
static enum st_rc take_base64(struct flt_dec *dec, struct st_span s, size_t *n, struct st_err *err)
{
    uint8_t look[LOOK];
    int got = flt_unbase64(st_span_sub(s, 0, run_of(s, LOOK)), look, sizeof look);
    uint8_t *bytes;
    size_t size;

    *n = 0;
    if (got <= 0 || !opens(dec, flt_file_type(st_span(look, (size_t)got))))
        return ST_OK;
    *n = run_of(s, s.n);
    size = *n / 4 * 3 + 3;
    if ((bytes = st_arena_alloc(dec->arena, size)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.attached");
    got = flt_unbase64(st_span_sub(s, 0, *n), bytes, size);
    return flt_dec_file(dec, st_span(bytes, got > 0 ? (size_t)got : 0), *n, err);
}

enum st_rc flt_dec_attached(struct flt_dec *dec, struct st_span text, struct st_err *err)
{
    static const struct st_span mark = { (const uint8_t *)";base64,", 8 };
    size_t at = 0, n, urls = 0;

    if (dec->open == FLT_OPEN_NOTHING || text.n < TEXT_MIN)
        return ST_OK;
    if (take_base64(dec, text, &n, err) != ST_OK)
        return ST_ERR;
    while ((n = st_span_find(st_span_sub(text, at, text.n), mark)) != ST_SPAN_NPOS) {
        if (++urls > URLS_MAX) {
            flt_dec_note(dec, FLT_PARTLY, FLT_REASON_FIELDS);
            return ST_OK;
        }
        at += n + mark.n;
        if (take_base64(dec, st_span_sub(text, at, text.n), &n, err) != ST_OK)
            return ST_ERR;
        at += n;
    }
    return ST_OK;
}
