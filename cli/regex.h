/* SPDX-License-Identifier: Apache-2.0 */
/* regex - the regular expressions of other tools (Go's RE2 syntax, Python's re), taken apart.
 *
 * What the engine of this house matches is bytes and ends of matches, so an expression is read into a tree of sets of
 * bytes; letters of either case are in the sets already. What the tree cannot hold (look-around in the middle, back
 * references, conditions) is refused with a sentence that says what it was.
 */
#ifndef STOA_CLI_REGEX_H
#define STOA_CLI_REGEX_H
#include "base/arena.h"
#include <stdbool.h>

enum rx_kind {
    RX_SET,       /* one byte of the set */
    RX_CAT,       /* kids in a row; none: nothing */
    RX_ALT,       /* one of the kids */
    RX_REPEAT,    /* kids[0], min to max times */
    RX_GROUP,     /* kids[0], which the expression captures */
    RX_WORD_EDGE, /* \b */
    RX_NO_EDGE,   /* \B */
    RX_BEGIN,     /* ^ \A */
    RX_END,       /* $ \z \Z */
    RX_LOOK,      /* kids[0] must (not) stand before or behind */
};
#define RX_MANY UINT32_MAX /* a repeat without end */

struct rx_set {
    uint64_t bits[4];
};
struct rx {
    enum rx_kind kind;
    struct rx_set set;
    uint32_t min, max; /* of a repeat */
    unsigned group;    /* its number, from 1 */
    bool is_behind, is_negative;
    bool is_lazy;
    struct rx **kids;
    size_t n;
};

enum { RX_CASELESS = 1, RX_DOTALL = 2, RX_MULTILINE = 4 }; /* flags that hold from the start */

/* *out lives in the arena. On ST_ERR why is one sentence about the expression (ST_E_SYNTAX), or err is about memory. */
#define RX_WHY 160
ST_MUST enum st_rc rx_parse(struct st_span text, unsigned flags, struct st_arena *arena, struct rx **out,
                            char why[RX_WHY], struct st_err *err);

bool rx_set_has(const struct rx_set *set, uint8_t c);
void rx_set_add(struct rx_set *set, uint8_t c);
void rx_set_join(struct rx_set *set, const struct rx_set *more);
unsigned rx_set_size(const struct rx_set *set);
bool rx_set_within(const struct rx_set *inner, const struct rx_set *outer);
#endif
