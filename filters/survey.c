/* SPDX-License-Identifier: Apache-2.0 */
/* survey - see survey.h.
 *
 * What each reading begins with is that reading's to say: flt_gaps is squeeze's, flt_may_begin_run is unwrap's. Here
 * they are asked about all blocks of a text, and the same look serves all of them.
 */
#include "filters/survey.h"
#include "filters/look.h"
#include "filters/respell.h"
#include "filters/views.h"

/* The 64 bytes that begin in the middle of a and end in the middle of b, the one behind it; of what runs begin with. */
static struct flt_block between(const struct flt_block *a, const struct flt_block *b)
{
    const unsigned half = ST_BYTES_BLOCK / 2;

    return (struct flt_block){ .digits = a->digits >> half | b->digits << half,
                               .words = a->words >> half | b->words << half,
                               .blanks = a->blanks >> half | b->blanks << half,
                               .controls = a->controls >> half | b->controls << half,
                               .quotes = a->quotes >> half | b->quotes << half,
                               .joints = a->joints >> half | b->joints << half,
                               .tildes = a->tildes >> half | b->tildes << half };
}

/* The bits of a block that are the text's, `left` bytes of which begin with it: the rest looks like zeros. */
static uint64_t inside(uint64_t bits, size_t left)
{
    return left < ST_BYTES_BLOCK ? bits & (((uint64_t)1 << left) - 1) : bits;
}

static unsigned bytes_lack(const struct flt_block *here, size_t left)
{
    unsigned lacks = 0;

    lacks |= inside(here->odd | here->beyond, left) == 0 ? FLT_LACKS_ODD : 0;
    lacks |= here->signs == 0 ? FLT_LACKS_ESCAPES : 0;
    lacks |= here->digits == 0 ? FLT_LACKS_DIGITS : 0;
    lacks |= here->ats == 0 ? FLT_LACKS_ATS : 0;
    lacks |= flt_may_be_codes(here) ? 0 : FLT_LACKS_CODES;
    return lacks;
}

static unsigned runs_lack(const struct flt_block *here, const struct flt_block *next)
{
    const struct flt_block middle = between(here, next);

    return (flt_may_begin_run(here) ? 0u : FLT_LACKS_RUNS) | (flt_may_begin_run(&middle) ? 0u : FLT_LACKS_LATER_RUNS);
}

uint8_t flt_survey_bytes(struct st_span text)
{
    unsigned lacks = FLT_LACKS_ODD | FLT_LACKS_ESCAPES | FLT_LACKS_DIGITS | FLT_LACKS_ATS;
    struct flt_block block;

    for (size_t at = 0; at < text.n; at += ST_BYTES_BLOCK) {
        flt_look(text, at, &block);
        lacks &= bytes_lack(&block, text.n - at);
    }
    return (uint8_t)lacks;
}

static uint8_t survey_block(struct st_span text)
{
    static const struct flt_block outside = { .controls = UINT64_MAX };
    struct flt_block block;
    unsigned lacks;

    flt_look(text, 0, &block);
    lacks = bytes_lack(&block, text.n) | runs_lack(&block, &outside);
    lacks |= inside(flt_gaps(&outside, &block, &outside), text.n) == 0 ? FLT_LACKS_GAPS : 0;
    return (uint8_t)lacks;
}

enum st_rc flt_survey(struct st_arena *arena, struct st_span text, struct flt_survey *out, struct st_err *err)
{
    struct flt_block blocks[2];
    size_t n = (text.n + ST_BYTES_BLOCK - 1) / ST_BYTES_BLOCK;
    uint8_t *each;

    *out = (struct flt_survey){ .lacks = FLT_LACKS_ALL };
    if (n <= 1) {
        out->lacks = survey_block(text);
        return ST_OK;
    }
    if ((each = st_arena_room(arena, n)) == NULL)
        return st_arena_fail(arena, err, "filters.survey");
    flt_look(text, 0, &blocks[0]);
    for (size_t i = 0; i < n; i++) {
        const struct flt_block *here = &blocks[i % 2];
        struct flt_block *next = &blocks[1 - i % 2];

        flt_look(text, (i + 1) * ST_BYTES_BLOCK, next);
        each[i] = (uint8_t)(bytes_lack(here, text.n - i * ST_BYTES_BLOCK) | runs_lack(here, next));
        out->lacks &= each[i];
    }
    out->blocks = each;
    return ST_OK;
}
