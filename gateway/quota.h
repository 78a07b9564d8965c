/* SPDX-License-Identifier: Apache-2.0 */
/* quota - how often in a minute one client address may have something that costs. */
#ifndef STOA_GATEWAY_QUOTA_H
#define STOA_GATEWAY_QUOTA_H
#include "base/err.h"
#include "gateway/address.h"

struct quota;
ST_MUST struct quota *quota_new(int64_t per_minute);                /* NULL when memory is out */
void quota_free(struct quota *quota);                               /* NULL is fine */
bool quota_take(struct quota *quota, const struct address *client); /* false: not now */
#endif
