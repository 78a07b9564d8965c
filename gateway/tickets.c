/* SPDX-License-Identifier: Apache-2.0 */
/* tickets - the key of TLS session tickets, one for all workers.
 *
 * With a key of its own each worker would resume one client in N only, and none after a restart. So the supervisor
 * draws the key, hands it to every worker and to its successor, and turns it; the one before still opens tickets until
 * the next turn. A key never leaves memory: whoever has it can read the recorded TLS 1.2 sessions of its time.
 */
#include "base/hash.h"
#include "base/log.h"
#include "gateway/supervisor.h"
#include <string.h>

#define TICKETS_TURN_MS (12u * 3600u * 1000u)

void tickets_give(struct kin *worker)
{
    struct supervisor *sup = worker->sup;
    struct st_buf body;

    st_buf_init(&body, 1024);
    st_pack_span(&body, st_span(sup->tickets.key, sizeof sup->tickets.key));
    st_pack_span(&body, st_span(sup->tickets.before, sup->tickets.has_before ? sizeof sup->tickets.before : 0));
    kin_send(worker, FAM_MSG_TICKETS, 0, &body, -1);
    st_buf_fini(&body);
}

static enum st_rc arm(struct supervisor *sup, struct st_err *err)
{
    return st_timer_arm(fam_timers(sup->child), &sup->tickets.turn, TICKETS_TURN_MS, err);
}

static void on_turn(void *ctx)
{
    struct supervisor *sup = ctx;
    struct st_err err = ST_ERR_INIT;
    uint8_t fresh[TLS_TICKET_KEY_LEN];

    if (st_random(fresh, sizeof fresh, &err) == ST_OK) { /* else the present key serves on */
        memcpy(sup->tickets.before, sup->tickets.key, sizeof fresh);
        memcpy(sup->tickets.key, fresh, sizeof fresh);
        sup->tickets.has_before = true;
        st_wipe(fresh, sizeof fresh);
        for (size_t i = 0; i < sup->n_kins; i++)
            if (sup->kins[i].role == FAM_WORKER && kin_is_up(&sup->kins[i]))
                tickets_give(&sup->kins[i]);
    }
    if (arm(sup, &err) != ST_OK)
        ST_LOG(OOM, ST_LIT("why", "tickets"), ST_ERRF(&err));
}

enum st_rc tickets_begin(struct supervisor *sup, struct st_err *err)
{
    sup->tickets.turn = (struct st_timer){ .fn = on_turn, .ctx = sup };
    if (st_random(sup->tickets.key, sizeof sup->tickets.key, err) != ST_OK)
        return ST_ERR;
    return arm(sup, err);
}
