/* SPDX-License-Identifier: Apache-2.0 */
/* egress - which addresses of a name the gateway may connect to. */
#ifndef STOA_GATEWAY_EGRESS_H
#define STOA_GATEWAY_EGRESS_H
#include "gateway/address.h"
#include "gateway/resolve.h"

struct pol_config;
/* Drops the addresses that must not be reached. near: where a client that was brought here wanted to go; port 0: it
 * named the host itself. ST_E_DENIED: none is left. */
ST_MUST enum st_rc egress_filter(const struct pol_config *config, const struct address *near, struct resolve_list *list,
                                 struct st_err *err);
#endif
