/* SPDX-License-Identifier: Apache-2.0 */
/* quota - how often in a minute one client address may have something that costs.
 *
 * A bucket per address holds a minute's worth and fills evenly. The table forgets whoever was not seen for longest; its
 * bucket would be fuller by then anyway, and a client cannot have many addresses inside the company. A client that
 * there is no memory for is let through: a quota is against waste, not a rule.
 */
#include "gateway/quota.h"
#include "base/clock.h"
#include "base/table.h"
#include <stdlib.h>

#define CLIENTS_MAX 8192u
#define MINUTE_MS   60000

struct bucket {
    int64_t left; /* one take costs MINUTE_MS; a millisecond brings per_minute */
    uint64_t at_ms;
};

struct quota {
    int64_t per_minute;
    struct st_table *buckets; /* address -> struct bucket */
};

struct quota *quota_new(int64_t per_minute)
{
    struct quota *quota = calloc(1, sizeof *quota);

    if (quota == NULL)
        return NULL;
    quota->per_minute = per_minute;
    if ((quota->buckets = st_table_new(CLIENTS_MAX, true, free)) == NULL) {
        free(quota);
        return NULL;
    }
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota == NULL)
        return;
    st_table_free(quota->buckets);
    free(quota);
}

bool quota_take(struct quota *quota, const struct address *client)
{
    const int64_t full = quota->per_minute * MINUTE_MS;
    struct st_span key = st_span(client->bytes, sizeof client->bytes);
    struct bucket *bucket = st_table_get(quota->buckets, key);
    uint64_t now = st_clock_ms();
    struct st_err ignored;
    int64_t passed;

    if (bucket == NULL) {
        if ((bucket = malloc(sizeof *bucket)) == NULL)
            return true;
        *bucket = (struct bucket){ .left = full, .at_ms = now };
        if (st_table_put(quota->buckets, key, bucket, &ignored) != ST_OK) {
            free(bucket);
            return true;
        }
    }
    passed = now - bucket->at_ms > MINUTE_MS ? MINUTE_MS : (int64_t)(now - bucket->at_ms);
    bucket->at_ms = now;
    bucket->left += passed * quota->per_minute;
    if (bucket->left > full)
        bucket->left = full;
    if (bucket->left < MINUTE_MS)
        return false;
    bucket->left -= MINUTE_MS;
    return true;
}
