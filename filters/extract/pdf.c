/* SPDX-License-Identifier: Apache-2.0 */
/* pdf - what a PDF says: its pages and properties, through programs, and what lies in its objects beside these.
 *
 * Notes, values of forms, bookmarks, attached files and scanned pages are in no page's text, and no program hands them
 * on. So every string (ISO 32000-1 §7.3.4) outside the streams and inside streams of objects (§7.5.7) is read here,
 * and every stream that holds a file is walked as one. References are not followed: what nothing refers to leaves with
 * the file all the same.
 */
#include "filters/decode.h"
#include "filters/extract/extract.h"
#include <string.h>

#define DICTIONARY_MAX 4096u  /* bytes before a stream that say what it is */
#define STRING_MAX     65536u /* of one string */
#define NESTED_MAX     32     /* brackets inside a string */

/* ---- strings ----------------------------------------------------------------------------------------------------- */

/* The byte that a backslash and what follows at *at stand for, -1: none; *at moves behind it. */
static int escaped(struct st_span s, size_t *at)
{
    static const char names[] = "nrtbf", bytes[] = "\n\r\t\b\f";
    uint8_t c = s.p[(*at)++];
    const char *name = strchr(names, c);
    int value = 0;

    if (c == '\r' || c == '\n') { /* the string goes on in the next line */
        *at += c == '\r' && *at < s.n && s.p[*at] == '\n';
        return -1;
    }
    if (c < '0' || c > '7')
        return c != 0 && name != NULL ? bytes[name - names] : c;
    for (--*at; *at < s.n && value < 32 && s.p[*at] >= '0' && s.p[*at] <= '7'; ++*at)
        value = value * 8 + s.p[*at] - '0';
    return value & 0xFF;
}

/* The string behind the bracket at `at`; where it ends. */
static size_t literal(struct st_span s, size_t at, struct st_buf *out)
{
    int depth = 1;

    for (at++; at < s.n && out->n < STRING_MAX && depth <= NESTED_MAX;) {
        int c = s.p[at++];

        depth += (c == '(') - (c == ')');
        if (depth == 0)
            break;
        if (c == '\\' && at < s.n)
            c = escaped(s, &at);
        if (c >= 0)
            st_buf_byte(out, (uint8_t)c);
    }
    return at;
}

static size_t hexadecimal(struct st_span s, size_t at, struct st_buf *out)
{
    int high = -1;

    for (at++; at < s.n && s.p[at] != '>' && out->n < STRING_MAX; at++) {
        int digit = st_hex_digit(s.p[at]);

        if (digit >= 0 && high >= 0)
            st_buf_byte(out, (uint8_t)(high << 4 | digit));
        if (digit >= 0)
            high = high < 0 ? digit : -1;
        else if (s.p[at] > ' ')
            return at; /* "<<": a dictionary */
    }
    return at;
}

static bool is_ascii(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 0x80)
            return false;
    return true;
}

static size_t line_end(struct st_span s, size_t at)
{
    while (at < s.n && s.p[at] != '\n' && s.p[at] != '\r')
        at++;
    return at;
}

/* Every string of these objects, a line for each; where they are not packed, only those that ext_strings cannot tell.
 */
static void read_strings(struct st_span objects, bool is_packed, struct st_buf *text)
{
    struct st_buf one;

    st_buf_init(&one, STRING_MAX + 16);
    for (size_t at = 0, from; at < objects.n;) {
        uint8_t c = objects.p[from = at];

        st_buf_reset(&one);
        if (c == '%') /* a remark, which may hold a bracket */
            at = line_end(objects, at);
        else if (c == '(')
            at = literal(objects, at, &one);
        else if (c == '<')
            at = hexadecimal(objects, at, &one);
        else
            at++;
        if (one.n == 0 || (!is_packed && at - from == one.n + 2 && is_ascii(st_buf_view(&one))))
            continue;
        ext_put_text(text, st_buf_view(&one));
        st_buf_byte(text, '\n');
    }
    st_buf_fini(&one);
}

/* ---- streams ----------------------------------------------------------------------------------------------------- */

struct stream {
    struct st_span dictionary, data; /* dictionary: and what stands right before it, if it is short */
    size_t from, to;                 /* of the keyword, and behind its end */
};

static bool has(struct st_span dictionary, const char *name)
{
    return st_span_find(dictionary, st_span_str(name)) != ST_SPAN_NPOS;
}

/* The next stream from `at` on (§7.3.8). */
static bool next_stream(struct st_span file, size_t at, struct stream *out)
{
    size_t n, begin;

    for (;; at = begin) {
        if ((n = st_span_find(st_span_sub(file, at, file.n), ST_SPAN("stream"))) == ST_SPAN_NPOS)
            return false;
        begin = at + n + strlen("stream");
        begin += begin < file.n && file.p[begin] == '\r';
        if (begin < file.n && file.p[begin] == '\n' && !st_span_ends(st_span_sub(file, 0, at + n), ST_SPAN("end")))
            break;
    }
    out->from = at + n;
    at = out->from > DICTIONARY_MAX ? out->from - DICTIONARY_MAX : 0;
    out->dictionary = st_span_sub(file, at, out->from - at);
    while ((n = st_span_find(out->dictionary, ST_SPAN("endobj"))) != ST_SPAN_NPOS) /* of the object before */
        out->dictionary = st_span_sub(out->dictionary, n + 6, out->dictionary.n);
    out->data = st_span_sub(file, begin + 1, file.n);
    if ((n = st_span_find(out->data, ST_SPAN("endstream"))) != ST_SPAN_NPOS)
        out->data = st_span_sub(out->data, 0, n);
    out->to = begin + 1 + out->data.n;
    return true;
}

/* A scanned page, or a picture beside the words. */
static void picture(struct ext *x, const struct stream *stream)
{
    if (flt_file_type(stream->data) == FLT_FILE_IMAGE) /* a JPEG lies in it as it is */
        ext_member(x, ST_SPAN("picture"), stream->data);
    else
        ext_note(x, FLT_REASON_MEDIA);
}

static void unpacked(struct ext *x, const struct stream *stream, struct st_span data, struct st_buf *text)
{
    if (has(stream->dictionary, "/ObjStm"))
        read_strings(data, true, text);
    else if (has(stream->dictionary, "/EmbeddedFile") || flt_file_type(data) != FLT_FILE_OTHER)
        ext_member(x, ST_SPAN("attached"), data);
}

/* Pages, fonts and tables of references come out of it too, and are let go: pdftotext reads them. */
static void inflated(struct ext *x, const struct stream *stream, struct st_buf *text)
{
    struct flt_coded coded = { .reason = FLT_REASON_NONE };
    struct st_err err;

    if (flt_coding(stream->data, ST_SPAN("deflate"), EXT_ENTRY_MAX, &coded, &err) != ST_OK)
        coded.reason = FLT_REASON_SIZE;
    if (coded.plain.n == 0 || coded.reason == FLT_REASON_SIZE || coded.reason == FLT_REASON_BOMB)
        ext_note(x, coded.reason); /* else: a line end lies behind the data */
    if (ext_spend(x, coded.plain.n))
        unpacked(x, stream, st_buf_view(&coded.plain), text);
    st_buf_fini(&coded.plain);
}

static bool is_flate(struct st_span dictionary)
{
    static const char *const others[] = { "/ASCII", "/LZW", "/RunLength", "/Crypt", "/Predictor", "/DCT", "/JPX" };

    for (size_t i = 0; i < ST_LEN(others); i++)
        if (has(dictionary, others[i]))
            return false;
    return has(dictionary, "/FlateDecode");
}

static void read_stream(struct ext *x, const struct stream *stream, struct st_buf *text)
{
    if (stream->data.n == 0)
        return;
    if (has(stream->dictionary, "/Image"))
        picture(x, stream);
    else if (!has(stream->dictionary, "/Filter"))
        unpacked(x, stream, stream->data, text);
    else if (is_flate(stream->dictionary))
        inflated(x, stream, text);
    else if (has(stream->dictionary, "/ObjStm") || has(stream->dictionary, "/EmbeddedFile"))
        ext_note(x, FLT_REASON_CODING);
}

static void read_objects(struct ext *x, struct st_span file)
{
    struct stream stream;
    struct st_buf text;
    size_t at = 0;

    st_buf_init(&text, EXT_TEXT_MAX);
    for (; !x->is_over && next_stream(file, at, &stream); at = stream.to) {
        read_strings(st_span_sub(file, at, stream.from - at), false, &text);
        read_stream(x, &stream, &text);
    }
    read_strings(st_span_sub(file, at, file.n), false, &text);
    if (text.failed != ST_E_NONE)
        ext_note(x, FLT_REASON_SIZE);
    ext_text(x, "objects", st_buf_view(&text));
    st_buf_fini(&text);
}

void ext_pdf(struct ext *x, struct st_span bytes)
{
    bool is_locked = has(bytes, "/Encrypt"), is_read;
    struct st_buf out;

    st_buf_init(&out, EXT_TEXT_MAX);
    if ((is_read = ext_tool(x, EXT_PDFTOTEXT, bytes, &out)))
        ext_text(x, "", st_buf_view(&out));
    st_buf_reset(&out);
    if (is_read && ext_tool(x, EXT_PDFINFO, bytes, &out))
        ext_text(x, "properties", st_buf_view(&out));
    st_buf_fini(&out);
    if (is_locked)
        ext_note(x, FLT_REASON_ENCRYPTED); /* the pages at most */
    else if (!is_read)
        ext_note(x, FLT_REASON_SYNTAX);
    if (!is_locked)
        read_objects(x, bytes);
    ext_strings(x, bytes); /* what is not in the words of the format */
}
