/* SPDX-License-Identifier: Apache-2.0 */
/* hold - see hold.h.
 *
 * Two stretches share FLT_OVERLAP bytes, the tail of what was read. A finding that is told later begins behind the
 * first FLT_EDGE bytes of the tail, or reaches over all of the tail but its edges (flt_stretch_owns). So what lies
 * before may leave if nothing can reach over the tail, and that is what is looked at here, in every reading of it: it
 * must be longer than any finding, and no encoded run may go through. Where that cannot be said, nothing more leaves
 * until a later tail allows it; where something was found that the policy may act on, or the text is not what it was
 * taken for, nothing leaves before the verdict.
 */
#include "filters/hold.h"
#include "filters/decode.h"
#include "filters/respell.h"
#include "filters/rules.h"
#include "filters/views.h"

#define REACH    (FLT_WIDTH_MAX + 512u) /* bytes of a reading that the longest finding takes up; longer ones are open */
#define MARGIN   1024u                  /* for a tag that began before the tail, and what excerpts leave out of sight */
#define LINE_MAX 2048u /* bytes before the first line's end: no row of groups goes on behind it (squeeze.c) */
#define WALLS    8u    /* words through which no encoded run goes */
#define WALL_MAX 15u   /* letters and digits: with more, one may go on in the next line (unwrap.c) */
#define BEGIN_85 ST_SPAN("<~")
#define CLOSE_85 ST_SPAN("~>")

static bool has_wide_rules(const struct flt_packs *packs)
{
    return packs->by_find[FLT_FIND_WORDS].n > 0 || packs->by_find[FLT_FIND_ROWS].n > 0 ||
           packs->by_find[FLT_FIND_COPIES].n > 0;
}

enum flt_hold_fit flt_hold_fits(struct st_span content_type, struct st_span first, const struct flt_packs *packs)
{
    struct st_span label = ST_SPAN_NONE;

    if (flt_body_codec(content_type, first) != FLT_CODEC_TEXT || st_span_chr(first, 0) != ST_SPAN_NPOS)
        return FLT_HOLD_TYPE;
    if (flt_type_param(content_type, ST_SPAN("charset"), &label) && !st_span_ieq(label, ST_SPAN("utf-8")) &&
        !st_span_ieq(label, ST_SPAN("us-ascii")))
        return FLT_HOLD_CHARSET;
    if (st_span_starts(first, ST_SPAN("\xFF\xFE")) || st_span_starts(first, ST_SPAN("\xFE\xFF")))
        return FLT_HOLD_CHARSET;
    return has_wide_rules(packs) ? FLT_HOLD_RULES : FLT_HOLD_YES;
}

/* ---- walls ------------------------------------------------------------------------------------------------------- */

static bool is_run_char(uint8_t c)
{
    return flt_is_alnum(c) || c == '/' || c == '-' || c == '_';
}

/* A word too short to be a line of an encoded run, and no pair of hexadecimal digits. A + may be read as a blank, and
 * so says nothing. */
static bool is_wall(size_t n, uint8_t before, uint8_t behind)
{
    return n > 0 && n <= WALL_MAX && n != 2 && n != 4 && before != '+' && behind != '+';
}

static bool has_walls(struct st_span s)
{
    size_t walls = 0, n;

    for (size_t at = MARGIN; at < s.n && walls < WALLS; at += n + 1) {
        for (n = 0; at + n < s.n && is_run_char(s.p[at + n]);)
            n++;
        walls += at + n < s.n && is_wall(n, s.p[at - 1], s.p[at + n]);
    }
    return walls == WALLS;
}

/* An ascii85 run may have anything in it. */
static bool is_open_85(struct st_span s)
{
    size_t at, close;

    while ((at = st_span_find(s, BEGIN_85)) != ST_SPAN_NPOS) {
        s = st_span_sub(s, at + BEGIN_85.n, s.n);
        if ((close = st_span_find(s, CLOSE_85)) == ST_SPAN_NPOS)
            return true;
        s = st_span_sub(s, close, s.n);
    }
    return false;
}

/* ---- the readings of the tail ------------------------------------------------------------------------------------ */

struct tail {
    struct st_arena *arena;
    struct st_err *err;
    bool separates;
};

/* In one reading, as the finders see it; *base is that for those below it. */
static enum st_rc look(struct tail *tail, const struct flt_view *view, struct flt_view *base)
{
    if (flt_normalise(tail->arena, view->text, FLT_CASE_KEEP, base, tail->err) != ST_OK)
        return ST_ERR;
    base->map = NULL;
    base->is_whole = true;
    tail->separates = tail->separates && base->text.n > REACH + MARGIN && has_walls(base->text);
    return ST_OK;
}

static enum st_rc look_squeezed(struct tail *tail, const struct flt_view *base)
{
    struct flt_view squeezed, ignored;
    bool any = false;

    if (flt_squeeze(tail->arena, base, &squeezed, &any, tail->err) != ST_OK)
        return ST_ERR;
    return any ? look(tail, &squeezed, &ignored) : ST_OK;
}

static enum st_rc look_respelled(struct tail *tail, const struct flt_view *base)
{
    struct flt_view respelled, view;
    bool any = false;

    if (flt_respell(tail->arena, base, FLT_SIGNALS_ALL, &respelled, &any, tail->err) != ST_OK)
        return ST_ERR;
    if (!any)
        return ST_OK;
    return look(tail, &respelled, &view) == ST_OK ? look_squeezed(tail, &view) : ST_ERR;
}

/* Through what no finding and no run can reach. s: what two stretches share. */
static enum st_rc look_through(struct tail *tail, struct st_span s)
{
    struct flt_view raw = { .text = s, .is_whole = true }, base, peeled;
    bool any = false;

    if (look(tail, &raw, &base) != ST_OK || look_squeezed(tail, &base) != ST_OK ||
        look_respelled(tail, &base) != ST_OK || flt_peel(tail->arena, &raw, &peeled, &any, tail->err) != ST_OK)
        return ST_ERR;
    if (!any)
        return ST_OK;
    if (look(tail, &peeled, &base) != ST_OK || look_squeezed(tail, &base) != ST_OK)
        return ST_ERR;
    return look_respelled(tail, &base);
}

static enum st_rc check_85(struct tail *tail, struct st_span shared)
{
    struct flt_view raw = { .text = st_span_sub(shared, 0, flt_utf8_good(shared)), .is_whole = true }, peeled;
    bool any = false;

    if (flt_peel(tail->arena, &raw, &peeled, &any, tail->err) != ST_OK)
        return ST_ERR;
    tail->separates = !is_open_85(raw.text) && !(any && is_open_85(peeled.text));
    return ST_OK;
}

/* Can no finding of a later stretch begin before the edge of `shared`? */
static enum st_rc separates(struct tail *tail, struct st_span content_type, struct st_span shared)
{
    struct st_span s = st_span_sub(shared, FLT_EDGE, shared.n > 2 * FLT_EDGE ? shared.n - 2 * FLT_EDGE : 0);
    size_t line = st_span_chr(s, '\n');

    if (line > LINE_MAX || flt_body_codec(content_type, shared) != FLT_CODEC_TEXT) /* the next would be no text */
        return ST_OK;
    if (check_85(tail, shared) != ST_OK)
        return ST_ERR;
    s = st_span_sub(s, line + 1, s.n);
    return tail->separates ? look_through(tail, st_span_sub(s, 0, flt_utf8_good(s))) : ST_OK;
}

/* ---- what came of a stretch -------------------------------------------------------------------------------------- */

/* One text and nothing else, read from end to end? */
static bool is_plain(const struct flt_doc *doc)
{
    size_t texts = 0;

    for (size_t i = 0; i < doc->n; i++) {
        const struct flt_field *field = &doc->fields[i];

        if (field->place != FLT_IN_BODY)
            continue;
        if (field->depth != 1 || field->chain[0] != FLT_CODEC_TEXT || field->is_secret)
            return false;
        texts++;
    }
    return texts == 1 && doc->n_files == 0 && doc->receipt.coverage == FLT_FULLY;
}

enum st_rc flt_hold_looked(struct flt_hold *hold, const struct flt_looked *looked, struct st_arena *arena,
                           struct st_err *err)
{
    const struct flt_stretch *stretch = looked->stretch;
    const struct flt_findings *findings = looked->findings;
    struct tail tail = { .arena = arena, .err = err };

    if (looked->may_act || findings->is_short || findings->is_capped || !is_plain(looked->doc) ||
        flt_utf8_good(stretch->message) < stretch->message.n)
        hold->state = FLT_HOLD_STOPPED;
    if (hold->state == FLT_HOLD_STOPPED || stretch->is_last || findings->is_open)
        return ST_OK;
    if (separates(&tail, stretch->content_type, stretch->shared) != ST_OK)
        return ST_ERR;
    if (tail.separates)
        hold->free = stretch->shared_at + FLT_EDGE;
    return ST_OK;
}
