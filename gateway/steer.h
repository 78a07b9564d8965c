/* SPDX-License-Identifier: Apache-2.0 */
/* steer - which way a connection goes: the policies' word, then the plugins'. */
#ifndef STOA_GATEWAY_STEER_H
#define STOA_GATEWAY_STEER_H
#include "gateway/generation.h"

/* What pol_route says, unless a plugin says otherwise: out->policy is its name then. A host that policies refuse stays
 * refused, a protected one is never inspected. */
void steer(const struct generation *gen, const struct pol_route_facts *facts, struct pol_routed *out);
#endif
