/* SPDX-License-Identifier: Apache-2.0 */
/* stretch - a text of any size becomes messages of bounded size, none of which loses what stands at a border.
 *
 * A window moves over the body; a track (track.c) knows at its front and at its end which objects are open, so that
 * what opens them can be written before the stretch and what closes them behind it. Each stretch begins FLT_OVERLAP
 * bytes before the last one ended, and of the findings in what both have, each is one stretch's alone: that which has
 * at least FLT_EDGE bytes before it, for its context words. A finding that no stretch can have whole, as an encoded
 * run of a megabyte, is told by each of them. In a long run the cut falls on a multiple of eight characters, where
 * hexadecimal, base32 and base64 begin anew.
 */
#include "filters/track.h"
#include <stdlib.h>
#include <string.h>

#define CUTTER_MAGIC 0x63757474u
#define SLACK        64u /* bytes that a cut may have to move on */
#define PIECE_MAX    (1u << 20)
#define PHASES       8u
#define TYPE_MAX     1024u
#define PLAIN        ST_SPAN("text/plain")

struct track {
    struct flt_track_json json;
    struct flt_track_form form;
};

struct flt_cutter {
    unsigned magic;
    enum flt_codec kind;    /* JSON, FORM, HTML, TEXT */
    enum flt_reason reason; /* why it is no longer what it was said to be */
    bool is_declared, is_first, has_ended, is_done;
    bool is_pressed;
    size_t size, overlap; /* of the stretch and the one before */
    uint64_t at;          /* of the body: where the window begins */
    struct st_buf type;
    struct st_buf window, message;
    size_t given;              /* of the window: dropped at the next call */
    struct track front, ahead; /* where the window begins, where the next stretch will */
};

enum st_rc flt_cutter_new(struct st_span content_type, struct st_span first, size_t size, struct flt_cutter **out,
                          struct st_err *err)
{
    enum flt_codec kind = flt_body_codec(content_type, first);
    bool is_text = kind == FLT_CODEC_JSON || kind == FLT_CODEC_FORM || kind == FLT_CODEC_HTML || kind == FLT_CODEC_TEXT;
    struct flt_cutter *cutter;

    *out = NULL;
    if (!is_text || st_span_chr(first, 0) != ST_SPAN_NPOS || st_span_starts(first, ST_SPAN("\xFF\xFE")) ||
        st_span_starts(first, ST_SPAN("\xFE\xFF")) || content_type.n > TYPE_MAX)
        return ST_OK; /* UTF-16 is read whole, too */
    if ((cutter = calloc(1, sizeof *cutter)) == NULL)
        return st_fail(err, ST_E_NOMEM, "filters.cutter", "cutter", sizeof *cutter);
    cutter->magic = CUTTER_MAGIC;
    cutter->kind = kind;
    cutter->is_first = true;
    cutter->is_declared = flt_body_codec(content_type, ST_SPAN("x")) == FLT_CODEC_JSON;
    cutter->size = size;
    st_buf_init(&cutter->type, TYPE_MAX);
    st_buf_init(&cutter->window, size + PIECE_MAX);
    st_buf_init(&cutter->message, size + PIECE_MAX);
    st_buf_span(&cutter->type, content_type);
    *out = cutter;
    return ST_OK;
}

void flt_cutter_free(struct flt_cutter *cutter)
{
    if (cutter == NULL)
        return;
    ST_CHECK(cutter, CUTTER_MAGIC);
    st_buf_fini(&cutter->type);
    st_buf_fini(&cutter->window);
    st_buf_fini(&cutter->message);
    cutter->magic = 0;
    free(cutter);
}

static void drop_given(struct flt_cutter *cutter)
{
    st_buf_drop(&cutter->window, cutter->given);
    cutter->at += cutter->given;
    cutter->given = 0;
}

enum st_rc flt_cutter_feed(struct flt_cutter *cutter, struct st_span data, struct st_err *err)
{
    ST_CHECK(cutter, CUTTER_MAGIC);
    drop_given(cutter);
    st_buf_span(&cutter->window, data);
    return st_buf_done(&cutter->window, err, "filters.cutter");
}

void flt_cutter_end(struct flt_cutter *cutter)
{
    ST_CHECK(cutter, CUTTER_MAGIC);
    cutter->has_ended = true;
}

void flt_cutter_press(struct flt_cutter *cutter)
{
    ST_CHECK(cutter, CUTTER_MAGIC);
    cutter->is_pressed = true;
}

size_t flt_cutter_memory(const struct flt_cutter *cutter)
{
    return sizeof *cutter + cutter->window.cap + cutter->message.cap;
}

/* ---- where a cut may be ------------------------------------------------------------------------------------------ */

static void follow(const struct flt_cutter *cutter, struct track *track, struct st_span bytes)
{
    if (cutter->kind == FLT_CODEC_JSON)
        flt_track_json(&track->json, bytes);
    else if (cutter->kind == FLT_CODEC_FORM)
        flt_track_form(&track->form, bytes);
}

static bool is_run_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '/' || c == '-' ||
           c == '_';
}

/* How many characters of a run stand before `at`, less whole groups. Where the window begins, a group does. */
static size_t phase_at(struct st_span w, size_t at)
{
    size_t n = 0;

    while (at > 0) {
        uint8_t c = w.p[--at];

        if ((c == 'n' || c == 'r') && at > 0 && w.p[at - 1] == '\\') /* a line's end, in JSON */
            at--;
        else if (is_run_char(c))
            n++;
        else if (c != '\r' && c != '\n')
            break;
    }
    return n % PHASES;
}

static bool may_cut(const struct flt_cutter *cutter, const struct track *track, struct st_span w, size_t at)
{
    bool is_quoted = (at > 0 && w.p[at - 1] == '%') || (at > 1 && w.p[at - 2] == '%');

    if ((w.p[at] & 0xC0) == 0x80 || (cutter->kind == FLT_CODEC_FORM && is_quoted))
        return false;
    return cutter->kind != FLT_CODEC_JSON || flt_track_json_may_cut(&track->json);
}

/* Follows w from `from` to where a cut may be, at `to` or a little behind it. */
static size_t cut_at(const struct flt_cutter *cutter, struct track *track, struct st_span w, size_t from, size_t to)
{
    size_t at = to, phase = phase_at(w, to);

    follow(cutter, track, st_span_sub(w, from, to - from));
    while (at < to + SLACK - 1 && !(phase == 0 && may_cut(cutter, track, w, at))) {
        phase = is_run_char(w.p[at]) ? (phase + 1) % PHASES : 0;
        follow(cutter, track, st_span_sub(w, at, 1));
        at++;
    }
    return at;
}

/* ---- stretches --------------------------------------------------------------------------------------------------- */

static void open_all(const struct flt_cutter *cutter, const struct track *track, struct st_buf *out)
{
    if (cutter->is_first)
        return;
    if (cutter->kind == FLT_CODEC_JSON)
        flt_track_json_open(&track->json, out);
    else if (cutter->kind == FLT_CODEC_FORM)
        flt_track_form_open(&track->form, out);
}

/* From here on, and this stretch with it, the body is plain text. */
static void give_up_json(struct flt_cutter *cutter)
{
    cutter->kind = FLT_CODEC_TEXT;
    cutter->reason = cutter->is_declared ? FLT_REASON_SYNTAX : FLT_REASON_NONE;
    st_buf_reset(&cutter->type);
    st_buf_span(&cutter->type, PLAIN);
}

/* Bytes of the stretch that can be cut off now; 0: there are too few. */
static size_t size_now(const struct flt_cutter *cutter, size_t n)
{
    if (n >= cutter->size + SLACK)
        return cutter->size;
    return cutter->is_pressed && n >= 2 * FLT_OVERLAP + SLACK ? n - SLACK : 0;
}

/* Where the next stretch begins and this one ends; the tracks are then ahead and *end. */
static void find_cuts(struct flt_cutter *cutter, struct st_span w, struct track *end, size_t *next, size_t *to)
{
    size_t size = size_now(cutter, w.n);
    bool has_mark = cutter->is_first && st_span_starts(w, ST_SPAN("\xEF\xBB\xBF"));

    cutter->ahead = cutter->front;
    *next = cut_at(cutter, &cutter->ahead, w, has_mark ? 3 : 0, size - FLT_OVERLAP);
    *end = cutter->ahead;
    *to = cut_at(cutter, end, w, *next, size);
}

/* w with what opens and closes it; answers the length of the former. end: NULL when nothing is to be closed. */
static size_t put_stretch(struct flt_cutter *cutter, struct st_span w, const struct track *end)
{
    size_t opening;

    st_buf_reset(&cutter->message);
    open_all(cutter, &cutter->front, &cutter->message);
    opening = cutter->message.n;
    st_buf_span(&cutter->message, w);
    if (end != NULL && cutter->kind == FLT_CODEC_JSON)
        flt_track_json_close(&end->json, &cutter->message);
    return opening;
}

/* Of the window: where the next stretch begins, and where this one ends. */
static void describe(const struct flt_cutter *cutter, size_t opening, size_t next, size_t to, struct flt_stretch *out)
{
    *out = (struct flt_stretch){ .message = st_buf_view(&cutter->message),
                                 .content_type = st_buf_view(&cutter->type),
                                 .reason = cutter->reason,
                                 .front = cutter->is_first ? 0 : (uint32_t)opening + FLT_EDGE,
                                 .back = cutter->is_done ? UINT32_MAX : (uint32_t)(opening + next) + FLT_EDGE,
                                 .beyond = (uint32_t)(opening + cutter->overlap) - FLT_EDGE,
                                 .shared = st_span_sub(st_buf_view(&cutter->message), opening + next, to - next),
                                 .shared_at = cutter->at + next,
                                 .is_first = cutter->is_first,
                                 .is_last = cutter->is_done };
}

enum st_rc flt_cutter_next(struct flt_cutter *cutter, struct flt_stretch *out, bool *any, struct st_err *err)
{
    struct track end;
    struct st_span w;
    size_t next = 0, to = 0;

    ST_CHECK(cutter, CUTTER_MAGIC);
    drop_given(cutter);
    w = st_buf_view(&cutter->window);
    *any = !cutter->is_done && (cutter->has_ended || size_now(cutter, w.n) > 0);
    if (!*any) {
        cutter->is_pressed = false;
        return ST_OK;
    }
    cutter->is_done = cutter->has_ended && w.n < cutter->size + SLACK;
    if (!cutter->is_done)
        find_cuts(cutter, w, &end, &next, &to);
    if (!cutter->is_done && cutter->kind == FLT_CODEC_JSON && end.json.at == FLT_AT_WRONG) {
        give_up_json(cutter);
        find_cuts(cutter, w, &end, &next, &to);
    }
    if (cutter->is_done)
        describe(cutter, put_stretch(cutter, w, NULL), 0, 0, out);
    else
        describe(cutter, put_stretch(cutter, st_span_sub(w, 0, to), &end), next, to, out);
    if (st_buf_done(&cutter->message, err, "filters.stretch") != ST_OK ||
        st_buf_done(&cutter->type, err, "filters.stretch") != ST_OK)
        return ST_ERR;
    cutter->front = cutter->ahead;
    cutter->given = next;
    cutter->overlap = to - next;
    cutter->is_first = cutter->is_pressed = false;
    return ST_OK;
}

bool flt_stretch_owns(const struct flt_stretch *stretch, const struct flt_doc *doc, const struct flt_finding *finding)
{
    const struct flt_field *field = &doc->fields[finding->field];
    uint32_t from = finding->from, to = finding->to;

    if (field->place != FLT_IN_BODY)
        return stretch->is_first;
    flt_map_range(field->map, NULL, &from, &to);
    if (from >= stretch->back)
        return false;
    return from >= stretch->front || (!stretch->is_first && to > stretch->beyond);
}
