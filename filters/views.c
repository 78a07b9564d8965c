/* SPDX-License-Identifier: Apache-2.0 */
/* views - which other readings a text gets, and in what order.
 *
 * A text is read as it stands first. Escapes are taken off, then what separates the pieces of a token; each reading's
 * long runs are decoded, and what comes out is a text of its own, up to three deep. Each of these looks for a place to
 * begin at, many bytes at a time, and most texts have none. All readings of a field together make no more than four
 * times its bytes, so nobody can make one post cost a thousand.
 */
#include "filters/views.h"
#include "base/hash.h"
#include "filters/map.h"
#include "filters/respell.h"
#include "filters/scanner.h"
#include <string.h>

#define BUDGET_TIMES 4u
#define BUDGET_GRACE 16384u
#define UUID_MAX     45u /* "urn:uuid:" before it */
#define LEAD         80u /* bytes before an encoded run that may say what it is */
#define QUIET_TEXT   64u /* bytes of a text that is remembered */

struct reader {
    struct flt_scanner *s;
    struct st_arena *arena;
    struct st_err *err;
    size_t budget;
};

/* A name that ends in a UUID: no other reading of it says more. */
static bool is_uuid(struct st_span s)
{
    return s.n >= FLT_UUID_LEN && s.n <= UUID_MAX && flt_is_uuid_at(s, s.n - FLT_UUID_LEN);
}

/* ---- readings ---------------------------------------------------------------------------------------------------- */

static enum st_rc more(struct reader *r, const struct flt_view *raw, unsigned done, unsigned depth);

/* Reads a view that costs something. */
static enum st_rc read_more(struct reader *r, const struct flt_view *view, unsigned done, unsigned depth)
{
    if (view->text.n > r->budget) {
        r->s->out->is_short = true;
        return ST_OK;
    }
    r->budget -= view->text.n;
    r->s->reading = depth > 0                                ? FLT_READ_UNWRAPPED
                    : (done & 1u << FLT_READ_SQUEEZED) != 0  ? FLT_READ_SQUEEZED
                    : (done & 1u << FLT_READ_RESPELLED) != 0 ? FLT_READ_RESPELLED
                                                             : FLT_READ_PEELED;
    if (flt_read(r->s, r->arena, view, r->err) != ST_OK)
        return ST_ERR;
    return more(r, view, done, depth);
}

static enum st_rc peel(struct reader *r, const struct flt_view *raw, struct st_span seen, unsigned done, unsigned depth)
{
    struct flt_view view;
    bool any = false;

    if (flt_peel(r->arena, raw, &view, &any, r->err) != ST_OK)
        return ST_ERR;
    if (!any || st_span_eq(view.text, seen))
        return ST_OK;
    return read_more(r, &view, done | 1u << FLT_READ_PEELED, depth);
}

static enum st_rc squeeze(struct reader *r, const struct flt_view *base, unsigned done, unsigned depth)
{
    struct flt_view view;
    bool any = false;

    if (flt_squeeze(r->arena, base, &view, &any, r->err) != ST_OK)
        return ST_ERR;
    return any ? read_more(r, &view, done | 1u << FLT_READ_SQUEEZED | 1u << FLT_READ_PEELED, depth) : ST_OK;
}

static enum st_rc respell(struct reader *r, const struct flt_view *base, unsigned signals, unsigned done,
                          unsigned depth)
{
    struct flt_view view;
    bool any = false;

    if (flt_respell(r->arena, base, signals, &view, &any, r->err) != ST_OK)
        return ST_ERR;
    return any ? read_more(r, &view, done | 1u << FLT_READ_RESPELLED | 1u << FLT_READ_PEELED, depth) : ST_OK;
}

/* Words before a run say what is in it, as a field's name does. */
static struct st_span lead_of(const struct flt_view *base, const struct flt_view *view, struct st_span name)
{
    uint32_t run = view->map->base;

    return run > 0 ? st_span_sub(base->text, run > LEAD ? run - LEAD : 0, run > LEAD ? LEAD : run) : name;
}

static enum st_rc unwrap(struct reader *r, const struct flt_view *base, unsigned depth)
{
    const struct flt_field *field = r->s->field;
    struct flt_field inside = *field;
    struct flt_view view;
    enum st_rc rc = ST_OK;
    size_t at = 0;
    bool any = true;

    while (rc == ST_OK && any) {
        if ((rc = flt_unwrap(r->arena, base, &at, &view, &any, r->err)) != ST_OK || !any)
            break;
        inside.name = lead_of(base, &view, field->name);
        r->s->field = &inside;
        rc = read_more(r, &view, 0, depth + 1);
        r->s->field = field;
    }
    return rc;
}

/* The readings below one that was just made: done has a bit for each kind that it comes out of. */
static enum st_rc more(struct reader *r, const struct flt_view *raw, unsigned done, unsigned depth)
{
    struct flt_view base = r->s->view; /* the next reading makes it anew */
    bool may_squeeze = (done & 1u << FLT_READ_SQUEEZED) == 0, may_unwrap = depth < FLT_UNWRAP_MAX;
    unsigned signals = r->s->signals;

    if (is_uuid(base.text))
        return ST_OK;
    signals |= (base.survey.lacks & FLT_LACKS_CODES) == 0 ? FLT_SIGNAL_CODES : 0;
    if ((done & 1u << FLT_READ_PEELED) == 0 && peel(r, raw, base.text, done, depth) != ST_OK)
        return ST_ERR;
    if (may_squeeze && squeeze(r, &base, done, depth) != ST_OK)
        return ST_ERR;
    if (signals != 0 && (done & 1u << FLT_READ_RESPELLED) == 0 && respell(r, &base, signals, done, depth) != ST_OK)
        return ST_ERR;
    return may_unwrap && r->s->border == 0 ? unwrap(r, &base, depth) : ST_OK;
}

/* ---- what is known ----------------------------------------------------------------------------------------------- */

/* Messages say the same small things over and over: kinds, states, names of people. What is found in a text depends on
 * its bytes and on the words in its path and name, so where nothing was found in one, nothing is in a second that is
 * equal in all three. Only the customer's own words and rows count over a whole message, and a trace tells of each
 * text: with them, every text is read; and whoever else was asked about one may say another thing of the next. */
static bool may_be_quiet(const struct flt_scanner *s)
{
    return s->field->text.n <= QUIET_TEXT && s->trace == NULL && s->own == NULL && s->packs->n_terms == 0 &&
           s->border == 0;
}

/* Most are names, and states, and the like: no pattern is in them, and no reading and no finder has anything to begin
 * with. Only own rows and documents may be made of words alone. */
static bool is_empty(const struct flt_scanner *s)
{
    return s->has_no_pattern && s->survey.lacks == FLT_LACKS_ALL && s->trace == NULL && s->own == NULL;
}

/* A key that is a UUID alone. With a digit among its first eight characters, the finder of numbers takes it for one
 * there and then (uuid_end), and neither an address nor an other reading is in it. */
static bool is_key(const struct flt_scanner *s)
{
    struct st_span text = s->field->text;

    if (text.n != FLT_UUID_LEN || !s->has_no_pattern || s->trace != NULL || s->own != NULL || !flt_is_uuid_at(text, 0))
        return false;
    for (size_t i = 0; i < 8; i++)
        if (flt_is_digit(text.p[i]))
            return true;
    return false;
}

static bool is_alike(const struct flt_field *a, const struct flt_field *b)
{
    return st_span_eq(a->text, b->text) && st_span_eq(a->path, b->path) && st_span_eq(a->name, b->name);
}

static enum st_rc read_whole(struct flt_scanner *s, struct st_arena *arena, struct st_err *err)
{
    struct reader r = { s, arena, err, BUDGET_TIMES * s->field->text.n + BUDGET_GRACE };
    struct flt_view raw = { .text = s->field->text, .survey = s->survey };

    s->reading = FLT_READ_PLAIN;
    if (flt_read(s, arena, &raw, err) != ST_OK)
        return ST_ERR;
    return more(&r, &raw, 0, 0);
}

enum st_rc flt_read_field(struct flt_scanner *s, struct st_arena *arena, struct st_err *err)
{
    const struct flt_field **quiet;
    size_t before = s->out->n;
    unsigned asked = s->n_asked;

    if (is_empty(s) || is_key(s))
        return ST_OK;
    if (!may_be_quiet(s))
        return read_whole(s, arena, err);
    quiet = &s->quiet[st_hash64(s->field->text) % FLT_QUIET_MAX];
    if (*quiet != NULL && is_alike(*quiet, s->field))
        return ST_OK;
    if (read_whole(s, arena, err) != ST_OK)
        return ST_ERR;
    /* a full list may take in one for another */
    if (s->out->n == before && s->n_asked == asked && before < FLT_FINDINGS_MAX)
        *quiet = s->field;
    return ST_OK;
}
