/* SPDX-License-Identifier: Apache-2.0 */
/* seam - what stands across the end of one field and the beginning of the next.
 *
 * Who wants to send a number in two pieces puts them into two fields of one object. Where the pieces that meet at a
 * seam could be such, by their lengths and digits, a text is made of both sides and read by all finders; only what lies
 * across the seam is kept (keep.c).
 */
#include "filters/map.h"
#include "filters/scanner.h"
#include "filters/views.h"
#include <string.h>

#define SEAM_SIDE    (FLT_SEAM_MAX / 2) /* bytes on each side of a seam that are read */
#define SEAM_DIGITS  7u                 /* of a number in two fields */
#define SEAM_PIECE   5u                 /* characters of each half of a token */
#define SEAM_LONGEST 33u                /* a UUID is longer, and no half */
#define SEAM_TOKEN   16u                /* of both */

enum { PIECE = 1, DIGIT = 2, COLON = 4 };
static const uint8_t kinds[256] = { ['!' ... '/'] = PIECE,
                                    ['0' ... '9'] = PIECE | DIGIT,
                                    [':'] = PIECE | COLON,
                                    [';' ... 0x7E] = PIECE,
                                    [0x80 ... 0xFF] = PIECE };

/* How long the piece is with which s ends, or begins, as far as it matters; digits in it are counted. */
static size_t edge(struct st_span s, bool is_end, size_t *digits)
{
    size_t n = 0, most = s.n <= SEAM_LONGEST ? s.n : SEAM_LONGEST + 1, at = is_end ? s.n - 1 : 0,
           step = is_end ? SIZE_MAX : 1;

    for (; n < most; n++, at += step) {
        uint8_t kind = kinds[s.p[at]];

        if ((kind & PIECE) == 0 || ((kind & COLON) != 0 && n > 0))
            break;
        *digits += (kind & DIGIT) / DIGIT;
    }
    return n;
}

static struct st_span parent(struct st_span path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/')
        path.n--;
    return path;
}

/* Could what is at the end of a go on at the beginning of b? */
static bool may_go_on(const struct flt_field *a, const struct flt_field *b)
{
    size_t digits = 0, n, m;

    if (a->is_secret || b->is_secret || a->place != b->place || a->place > FLT_IN_QUERY || a->text.n == 0 ||
        b->text.n == 0)
        return false;
    if (kinds[a->text.p[a->text.n - 1]] == 0 || kinds[b->text.p[0]] == 0)
        return false; /* as nearly always */
    if ((a->map != NULL && a->map->layer == FLT_LAYER_NUMBER) || (b->map != NULL && b->map->layer == FLT_LAYER_NUMBER))
        return false;
    if ((n = edge(a->text, true, &digits)) > SEAM_LONGEST || (m = edge(b->text, false, &digits)) > SEAM_LONGEST)
        return false;
    if (digits < SEAM_DIGITS && (digits < 2 || n < SEAM_PIECE || m < SEAM_PIECE || n + m < SEAM_TOKEN))
        return false;
    return st_span_eq(parent(a->path), parent(b->path));
}

enum st_rc flt_seam(struct st_arena *arena, const struct flt_doc *doc, size_t second, struct flt_seam **out,
                    struct st_err *err)
{
    const struct flt_field *a = &doc->fields[second - 1], *b = &doc->fields[second];
    struct st_span tail, head;
    struct flt_seam *seam;
    uint8_t *text;

    *out = NULL;
    if (!may_go_on(a, b))
        return ST_OK;
    tail = st_span_sub(a->text, a->text.n > SEAM_SIDE ? a->text.n - SEAM_SIDE : 0, SEAM_SIDE);
    head = st_span_sub(b->text, 0, SEAM_SIDE);
    if ((seam = st_arena_room(arena, sizeof *seam)) == NULL || (text = st_arena_room(arena, tail.n + head.n)) == NULL)
        return st_arena_fail(arena, err, "filters.seam");
    memcpy(text, tail.p, tail.n);
    memcpy(text + tail.n, head.p, head.n);
    *seam = (struct flt_seam){ .text = st_span(text, tail.n + head.n),
                               .at = (uint32_t)tail.n,
                               .base = (uint32_t)(a->text.n - tail.n) };
    *out = seam;
    return ST_OK;
}

/* Nothing for any finder: see is_empty in views.c; there are no other readings of a seam. */
static bool is_empty(const struct flt_scanner *s, const struct flt_seam *seam)
{
    const unsigned wanted = FLT_LACKS_ODD | FLT_LACKS_DIGITS | FLT_LACKS_ATS;

    return seam->has_no_pattern && (seam->survey.lacks & wanted) == wanted && s->trace == NULL && s->own == NULL;
}

enum st_rc flt_read_seam(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc, size_t second,
                         struct st_err *err)
{
    struct flt_seam *seam = s->seam_before;
    struct flt_view view = { 0 };

    if (!s->is_glanced && flt_seam(arena, doc, second, &seam, err) != ST_OK)
        return ST_ERR;
    if (seam == NULL || is_empty(s, seam))
        return ST_OK;
    view.text = seam->text;
    view.survey = seam->survey;
    s->reading = FLT_READ_JOINED;
    s->field = &doc->fields[second - 1];
    s->field_index = (uint32_t)second - 1;
    s->has_no_pattern = seam->has_no_pattern;
    s->seam = seam;
    return flt_read(s, arena, &view, err);
}
