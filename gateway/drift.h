/* SPDX-License-Identifier: Apache-2.0 */
/* drift - does an adapter still find the text of what people write, or has its platform changed?
 *
 * Counted per adapter: requests that one of its rules knew, those whose body could be read, those with typed text.
 * After a row of authored messages without a byte of text an alarm is logged, once until text is found again.
 */
#ifndef STOA_GATEWAY_DRIFT_H
#define STOA_GATEWAY_DRIFT_H
#include "gateway/chain.h"

struct st_json;

#define DRIFT_ROW 20u /* authored messages in a row without text that raise the alarm */
#define DRIFT_MAX 64u /* adapters; further ones are not counted */

enum drift_state { DRIFT_QUIET, DRIFT_TOLD };
struct drift_count {
    char platform[32];
    uint64_t matched, decoded, text_found;
    unsigned row; /* authored messages without text since the last with some */
    enum drift_state state;
};
struct drift {
    struct drift_count items[DRIFT_MAX];
    size_t n;
};
/* What one judged message says about its adapter; one that no rule knew says nothing. */
void drift_note(struct drift *drift, const struct chain_out *chain);
void drift_status(const struct drift *drift, struct st_json *json); /* an object by platform, behind its key */
#endif
