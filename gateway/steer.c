/* SPDX-License-Identifier: Apache-2.0 */
/* steer - which way a connection goes.
 *
 * One function for every place that routes (tunnels, connections brought here, plain http, `stoa explain`), so that a
 * plugin's say holds in all of them. What policies refuse, no plugin is asked about; without such a plugin the question
 * costs one look at a bit.
 */
#include "gateway/steer.h"

void steer(const struct generation *gen, const struct pol_route_facts *facts, struct pol_routed *out)
{
    static const enum pol_route routes[] = {
        [LP_WAY_PASS] = POL_PASS, [LP_WAY_INSPECT] = POL_INSPECT, [LP_WAY_BLOCK] = POL_REFUSE
    };
    const char *plugin;
    enum lp_way way;

    pol_route(gen->policies, facts, out);
    if (out->route == POL_REFUSE)
        return;
    const struct lp_connection connection = { .host = facts->host,
                                              .port = facts->port,
                                              .platform = facts->platform,
                                              .groups = facts->groups,
                                              .route = out->route == POL_PASS ? LP_WAY_PASS : LP_WAY_INSPECT,
                                              .is_protected = out->category != NULL };

    way = lp_hook_connect(gen->plugins, &connection, &plugin);
    if (way == LP_WAY_OPEN || routes[way] == out->route)
        return;
    out->route = routes[way];
    out->policy = plugin;
    out->file = NULL;
    out->line = 0;
}
