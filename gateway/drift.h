/* SPDX-License-Identifier: Apache-2.0 */
/* drift - does an adapter still find the text of what people write, or has its platform changed?
 *
 * Counted per adapter: requests that one of its rules knew, those whose body could be read, those with typed text, and
 * writes to its hosts that only the fallback could read. After a row of authored messages without a byte of text, or of
 * such writes with no known one between, an alarm is logged, once until text is found again where it should be.
 */
#ifndef STOA_GATEWAY_DRIFT_H
#define STOA_GATEWAY_DRIFT_H
#include "gateway/chain.h"

struct st_json;

#define DRIFT_ROW 20u /* authored messages in a row without text, or unknown ones, that raise the alarm */
#define DRIFT_MAX 64u /* adapters; further ones are not counted */

enum drift_state { DRIFT_QUIET, DRIFT_TOLD };
struct drift_row {
    unsigned n;
    enum drift_state state;
};
struct drift_count {
    char platform[32];
    uint64_t matched, decoded, text_found, unknown;
    struct drift_row silent;  /* authored messages without text, since the last with some */
    struct drift_row strange; /* written as no rule knows it, since the last that a rule knew */
};
struct drift {
    struct drift_count items[DRIFT_MAX];
    size_t n;
};
/* What one judged message says about an adapter. claims: whose host it went to; NULL: nobody's, where one that no rule
 * knew says nothing. */
void drift_note(struct drift *drift, const struct chain_out *chain, const char *claims);
void drift_status(const struct drift *drift, struct st_json *json); /* an object by platform, behind its key */
#endif
