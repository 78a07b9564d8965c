/* SPDX-License-Identifier: Apache-2.0 */
/* breach - see breach.h: what was broken is an error of the codecs, whose words are literals, so that a line can hold
 * no byte of the peer's.
 */
#include "gateway/breach.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/worker.h"

#define AGAIN_MS 60000u

static bool is_breach(const struct st_err *err)
{
    return err->code == ST_E_SYNTAX || err->code == ST_E_PROTO || err->code == ST_E_LIMIT;
}

static void count(struct worker_counts *counts, enum breach breach)
{
    switch (breach) {
#define X(id, count, peer, protocol) \
    case BREACH_##id: counts->count++; return;
        BREACHES(X)
#undef X
    case BREACHES_END: return;
    }
}

static void tell(enum breach breach, uint64_t times, const struct st_err *err)
{
    switch (breach) {
#define X(id, count, peer, protocol)                                                                       \
    case BREACH_##id:                                                                                      \
        ST_LOG(PROTOCOL_ERROR, ST_LIT("peer", peer), ST_LIT("protocol", protocol), ST_NUM("times", times), \
               ST_ERRF(err));                                                                              \
        return;
        BREACHES(X)
#undef X
    case BREACHES_END: return;
    }
}

void breach_note(struct worker *worker, enum breach breach, const struct st_err *err)
{
    struct breach_told *told = &worker->breaches[breach];
    uint64_t now = st_clock_ms();

    if (!is_breach(err))
        return;
    count(&worker->counts, breach);
    told->untold++;
    if (now < told->next_ms)
        return;
    tell(breach, told->untold, err);
    *told = (struct breach_told){ .next_ms = now + AGAIN_MS };
}
