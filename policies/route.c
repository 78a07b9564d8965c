/* SPDX-License-Identifier: Apache-2.0 */
/* route - pass, inspect or refuse a connection, from its host alone.
 *
 * The order is the promise: a protected host (health, banking, unions, works council, government) is passed, and no
 * policy can say otherwise; then the strictest word of the policies about this host, where an explicit pass beats an
 * opening; then pass, since only what a policy names is opened. The generic platform opens nothing by itself: it would
 * be every host there is, so its hosts have to be listed.
 */
#include "policies/set.h"
#include <string.h>

static const char *const route_names[] = { [POL_PASS] = "pass", [POL_INSPECT] = "inspect", [POL_REFUSE] = "refuse" };

const char *pol_route_name(enum pol_route route)
{
    return (size_t)route < ST_LEN(route_names) ? route_names[route] : "?";
}

/* Whether inspect.never names this host. */
static const struct st_str *never_host(const struct pol_policy *policy, struct st_span host)
{
    for (size_t i = 0; i < policy->inspect.never.n; i++)
        if (pol_host_match(pol_str(&policy->inspect.never, i)->s, host))
            return pol_str(&policy->inspect.never, i);
    return NULL;
}

/* What one policy says about a host that it is about, and the line that says so. */
static enum pol_policy_route say(const struct pol_policy *policy, struct st_span host, unsigned *line)
{
    const struct st_str *never = never_host(policy, host);

    *line = policy->inspect.pos.line != 0 ? policy->inspect.pos.line : policy->name.pos.line;
    if (policy->route == POL_SAY_REFUSE)
        return POL_SAY_REFUSE;
    if (never != NULL) {
        *line = never->pos.line;
        return POL_SAY_PASS;
    }
    if (policy->route != POL_BY_OPEN)
        return (enum pol_policy_route)policy->route;
    return policy->inspect.open ? POL_SAY_INSPECT : POL_BY_OPEN;
}

/* The stricter answer first: refuse, an explicit pass, inspect, nothing said. */
static int weight(enum pol_policy_route said)
{
    static const int weights[] = { [POL_BY_OPEN] = 0, [POL_SAY_INSPECT] = 1, [POL_SAY_PASS] = 2, [POL_SAY_REFUSE] = 3 };

    return weights[said];
}

void pol_route(const struct pol_set *set, const struct pol_route_facts *facts, struct pol_routed *out)
{
    static const enum pol_route means[] = { [POL_BY_OPEN] = POL_PASS,
                                            [POL_SAY_PASS] = POL_PASS,
                                            [POL_SAY_INSPECT] = POL_INSPECT,
                                            [POL_SAY_REFUSE] = POL_REFUSE };
    const struct pol_domain *domain = pol_protected(set, facts->host);
    const char *platform = facts->platform;
    enum pol_policy_route best = POL_BY_OPEN;

    memset(out, 0, sizeof *out);
    out->route = POL_PASS;
    if (domain != NULL) {
        out->category = domain->category;
        out->file = domain->file;
        out->line = domain->line;
        return;
    }
    if (platform != NULL && strcmp(platform, POL_ANY_PLATFORM) == 0)
        platform = NULL;
    for (size_t i = 0; i < set->n_policies; i++) {
        const struct pol_policy *policy = set->policies[i];
        unsigned line;
        enum pol_policy_route said;

        if (!pol_about(policy, platform, facts->host) || !pol_concerns(policy, facts->groups))
            continue;
        said = say(policy, facts->host, &line);
        if (policy->unknown > (int)out->unknown) /* the strictest word about it, whichever policy decides the route */
            out->unknown = (enum pol_unknown)policy->unknown;
        if (weight(said) <= weight(best))
            continue;
        best = said;
        out->route = means[said];
        out->policy = policy->name.s;
        out->file = policy->file;
        out->line = line;
    }
}
