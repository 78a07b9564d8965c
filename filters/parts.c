/* SPDX-License-Identifier: Apache-2.0 */
/* parts - where in a multipart body the films are, while it still comes.
 *
 * An upload of gigabytes is let through as it comes, but only the inside of a part that is surely media (its beginning
 * says so, and its head leaves no reader a choice). Everything else is KEEP: heads, text parts, delimiters, what stands
 * around them, and the first bytes of media, so that a decoder that reads only the KEEP bytes sees the same parts. A
 * line that one reader takes for a delimiter and another does not ends the cutting: all that follows is KEEP.
 * The window holds what cannot be told yet: never more than a head, or a delimiter that may have begun.
 */
#include "filters/decode.h"
#include <stdlib.h>
#include <string.h>

#define PARTS_MAGIC 0x70617274u
#define HEAD_MAX    16384u
#define WINDOW_MAX  (1u << 20) /* a piece, and what could not be told before */

enum state { IN_PREAMBLE, IN_LINE, IN_HEAD, IN_TEXT, IN_MEDIA, IN_REST };

struct flt_parts {
    unsigned magic;
    enum state state; /* written by move only */
    struct st_buf window;
    size_t given; /* of the window: dropped at the next call */
    bool has_ended;
    uint8_t close[FLT_BOUNDARY_MAX + 8]; /* CRLF "--" boundary "--" CRLF */
    size_t close_n;
};

/* "\n--boundary": what every reader looks for. */
static struct st_span needle_of(const struct flt_parts *parts)
{
    return st_span(parts->close + 1, parts->close_n - 5);
}

struct flt_parts *flt_parts_new(struct st_span content_type)
{
    struct st_span boundary = ST_SPAN_NONE;
    struct flt_parts *parts;

    if (!st_span_istarts(content_type, ST_SPAN("multipart/")) ||
        !flt_type_param(content_type, ST_SPAN("boundary"), &boundary) || !flt_is_boundary(boundary) ||
        (parts = calloc(1, sizeof *parts)) == NULL)
        return NULL;
    parts->magic = PARTS_MAGIC;
    memcpy(parts->close, "\r\n--", 4);
    memcpy(parts->close + 4, boundary.p, boundary.n);
    memcpy(parts->close + 4 + boundary.n, "--\r\n", 4);
    parts->close_n = 8 + boundary.n;
    st_buf_init(&parts->window, WINDOW_MAX);
    return parts;
}

void flt_parts_free(struct flt_parts *parts)
{
    if (parts == NULL)
        return;
    ST_CHECK(parts, PARTS_MAGIC);
    st_buf_fini(&parts->window);
    parts->magic = 0;
    free(parts);
}

struct st_span flt_parts_close(const struct flt_parts *parts)
{
    return st_span(parts->close, parts->close_n);
}

bool flt_parts_in_media(const struct flt_parts *parts)
{
    return parts->state == IN_MEDIA;
}

enum st_rc flt_parts_feed(struct flt_parts *parts, struct st_span data, struct st_err *err)
{
    ST_CHECK(parts, PARTS_MAGIC);
    st_buf_drop(&parts->window, parts->given);
    parts->given = 0;
    st_buf_span(&parts->window, data);
    return st_buf_done(&parts->window, err, "filters.parts");
}

void flt_parts_end(struct flt_parts *parts)
{
    ST_CHECK(parts, PARTS_MAGIC);
    parts->has_ended = true;
}

static void move(struct flt_parts *parts, enum state next)
{
    parts->state = next;
}

/* ---- one stretch ------------------------------------------------------------------------------------------------ */

/* Each answers its length; 0: it cannot be told yet, or the state alone has moved on. */

/* From the front to behind the delimiter; without one, what cannot be its beginning. A byte more is kept: the CR. */
static size_t to_delimiter(struct flt_parts *parts, struct st_span w)
{
    struct st_span needle = needle_of(parts);
    size_t at = st_span_find(w, needle);

    if (at == ST_SPAN_NPOS)
        return w.n > needle.n ? w.n - needle.n : 0;
    move(parts, at > 0 && w.p[at - 1] == '\r' ? IN_LINE : IN_REST);
    return at + needle.n;
}

/* Text in front of the first delimiter is rare, and nothing to cut for. */
static size_t preamble(struct flt_parts *parts, struct st_span w)
{
    struct st_span needle = needle_of(parts), first = st_span_sub(needle, 1, needle.n - 1);

    if (memcmp(w.p, first.p, w.n < first.n ? w.n : first.n) != 0) {
        move(parts, IN_REST);
        return 0;
    }
    if (w.n < first.n)
        return 0;
    move(parts, IN_LINE);
    return first.n;
}

/* What follows the boundary in its line, up to its CRLF. */
static size_t line(struct flt_parts *parts, struct st_span w)
{
    size_t i = 0;

    while (i < w.n && (w.p[i] == ' ' || w.p[i] == '\t'))
        i++;
    if (i < HEAD_MAX && (i == w.n || (i + 1 == w.n && w.p[i] == '\r')))
        return 0;
    move(parts, i + 1 < w.n && w.p[i] == '\r' && w.p[i + 1] == '\n' ? IN_HEAD : IN_REST);
    return i;
}

/* From the CRLF before the head into the content, as far as is needed to tell what it is. */
static size_t head(struct flt_parts *parts, struct st_span w)
{
    size_t empty = st_span_find(w, ST_SPAN("\r\n\r\n")), delimiter = st_span_find(w, needle_of(parts)), from;
    struct st_span type = ST_SPAN_NONE, first;

    if (empty == ST_SPAN_NPOS && delimiter == ST_SPAN_NPOS && w.n < HEAD_MAX)
        return 0;
    if (empty == ST_SPAN_NPOS || empty == 0 || delimiter < empty ||
        !flt_part_head(st_span_sub(w, 2, empty + 2), &type)) {
        move(parts, IN_TEXT);
        return 0;
    }
    from = empty + 4;
    first = st_span_sub(w, from, FLT_SNIFF);
    if (first.n < FLT_SNIFF && delimiter == ST_SPAN_NPOS)
        return 0;
    if (delimiter < from + FLT_SNIFF || !flt_is_media(type, first)) { /* text, or so small that it is kept */
        move(parts, IN_TEXT);
        return 0;
    }
    move(parts, IN_MEDIA);
    return from + first.n;
}

static size_t media(struct flt_parts *parts, struct st_span w)
{
    struct st_span needle = needle_of(parts);
    size_t at = st_span_find(w, needle);

    if (at == ST_SPAN_NPOS)
        return w.n > needle.n ? w.n - needle.n : 0;
    move(parts, IN_TEXT);
    return at > 0 && w.p[at - 1] == '\r' ? at - 1 : at;
}

static size_t stretch(struct flt_parts *parts, struct st_span w)
{
    switch (parts->state) {
    case IN_PREAMBLE: return preamble(parts, w);
    case IN_LINE: return line(parts, w);
    case IN_HEAD: return head(parts, w);
    case IN_TEXT: return to_delimiter(parts, w);
    case IN_MEDIA: return media(parts, w);
    case IN_REST: return w.n;
    }
    return 0;
}

bool flt_parts_next(struct flt_parts *parts, struct st_span *piece, enum flt_cut *cut)
{
    enum state before = parts->state;
    struct st_span w;

    ST_CHECK(parts, PARTS_MAGIC);
    st_buf_drop(&parts->window, parts->given);
    w = st_buf_view(&parts->window);
    parts->given = 0;
    while (w.n > 0 && (parts->given = stretch(parts, w)) == 0 && parts->state != before)
        before = parts->state;
    *cut = before == IN_MEDIA ? FLT_CUT_MEDIA : FLT_CUT_KEEP;
    if (parts->given == 0 && parts->has_ended) {
        move(parts, IN_REST);
        *cut = FLT_CUT_KEEP;
        parts->given = w.n;
    }
    *piece = st_span_sub(w, 0, parts->given);
    return parts->given > 0;
}
