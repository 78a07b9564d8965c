/* SPDX-License-Identifier: Apache-2.0 */
/* survey - what a text is known not to hold, so that nobody need look for it; internal to this room.
 *
 * One look over a text, sixty-four bytes at a time, comes before all others and tells most of them that they have
 * nothing to do there. Zeros know nothing, and everything is looked for.
 */
#ifndef STOA_FILTERS_SURVEY_H
#define STOA_FILTERS_SURVEY_H
#include "base/arena.h"

struct flt_block;

enum flt_lack {
    FLT_LACKS_ODD = 1,         /* nothing that normalising may change */
    FLT_LACKS_ESCAPES = 2,     /* no sign that an escape of peel.c begins with */
    FLT_LACKS_DIGITS = 4,      /* no ASCII digit */
    FLT_LACKS_ATS = 8,         /* no @ */
    FLT_LACKS_GAPS = 16,       /* no place at which squeeze.c takes something out; told of short texts only */
    FLT_LACKS_RUNS = 32,       /* no run that unwrap.c opens begins in the first half of a block */
    FLT_LACKS_LATER_RUNS = 64, /* nor in the second */
    FLT_LACKS_CODES = 128,     /* not so many short numbers in one block as respell.c takes for a row of codes */
    FLT_LACKS_ALL = 255
};

struct flt_survey {
    uint8_t lacks;         /* all of the text */
    const uint8_t *blocks; /* each 64 bytes of it; NULL: no more is known of them */
};

/* What block i lacks. */
static inline unsigned flt_lacks(const struct flt_survey *survey, size_t i)
{
    return survey->blocks != NULL ? survey->blocks[i] : survey->lacks;
}

static inline bool flt_is_surveyed(const struct flt_survey *survey)
{
    return survey->lacks != 0 || survey->blocks != NULL;
}

/* Looks at the text; in the arena is a byte for each block of it, where it has more than one. */
ST_MUST enum st_rc flt_survey(struct st_arena *arena, struct st_span text, struct flt_survey *out, struct st_err *err);
/* Only what the bytes themselves tell: neither gaps nor runs. */
uint8_t flt_survey_bytes(struct st_span text);
#endif
