/* SPDX-License-Identifier: Apache-2.0 */
/* breach_test - each breach counts, one line a minute and kind tells of them; other troubles are none. */
#include "base/clock.h"
#include "gateway/worker.h"
#include "t.h"

static struct worker worker;

static void note(enum breach breach, enum st_e code, bool is_told)
{
    struct st_err err = ST_ERR_INIT;

    (void)(st_fail(&err, code, "test", "what", 0) == ST_OK);
    if (is_told)
        t_expect_log(ST_EV_PROTOCOL_ERROR);
    breach_note(&worker, breach, &err);
}

T_TEST(each_kind_is_told_once_a_minute)
{
    struct breach_told *told = worker.breaches;

    note(BREACH_CLIENT_HTTP1, ST_E_SYNTAX, true);
    note(BREACH_CLIENT_HTTP1, ST_E_PROTO, false);
    note(BREACH_ORIGIN_HTTP1, ST_E_PROTO, true);
    st_clock_turn(59000);
    note(BREACH_CLIENT_HTTP1, ST_E_LIMIT, false);
    T_CHECK(told[BREACH_CLIENT_HTTP1].untold == 2, "%llu", (unsigned long long)told[BREACH_CLIENT_HTTP1].untold);
    st_clock_turn(1000);
    note(BREACH_CLIENT_HTTP1, ST_E_SYNTAX, true);
    T_CHECK(told[BREACH_CLIENT_HTTP1].untold == 0, "told");
    T_CHECK(worker.counts.client_broke_http1 == 4 && worker.counts.origin_broke_http1 == 1, "%llu, %llu",
            (unsigned long long)worker.counts.client_broke_http1, (unsigned long long)worker.counts.origin_broke_http1);
}

T_TEST(what_is_no_breach_is_not_noted)
{
    static const enum st_e OTHERS[] = { ST_E_NONE, ST_E_NOMEM, ST_E_CLOSED, ST_E_IO, ST_E_TIMEOUT, ST_E_UNSUPPORTED };

    for (size_t i = 0; i < ST_LEN(OTHERS); i++)
        note(BREACH_CLIENT_SOCKET, OTHERS[i], false);
    T_CHECK(worker.counts.client_broke_websocket == 0, "counted");
}
