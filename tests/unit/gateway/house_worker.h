/* SPDX-License-Identifier: Apache-2.0 */
/* house_worker - what worker.c gives to the data path, for tests whose worker is a struct of their own. */
#ifndef STOA_TESTS_UNIT_GATEWAY_HOUSE_WORKER_H
#define STOA_TESTS_UNIT_GATEWAY_HOUSE_WORKER_H
#include "gateway/worker.h"

void rules_release(struct rules *rules)
{
    if (rules != NULL)
        rules->refs--;
}

struct rules *rules_retain(struct rules *rules)
{
    rules->refs++;
    return rules;
}

struct tls_leaf *rules_door_leaf(const struct rules *rules, const struct pol_listen *listen)
{
    (void)rules;
    (void)listen;
    return NULL;
}

const struct pol_config *worker_config(const struct worker *worker)
{
    return worker->rules->gen->config;
}

void worker_conn_gone(struct worker *worker)
{
    (void)worker;
}
#endif
