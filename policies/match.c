/* SPDX-License-Identifier: Apache-2.0 */
/* match - how the words of a policy meet the facts of a message.
 *
 * Patterns are small and written by people: '*' is the only magic character. A host pattern is exact or "*.suffix",
 * and "*.example.com" does not mean example.com itself, as in a certificate. A policy is about a message when its
 * platform or its host is named; a person is concerned when a group is named and none is excepted.
 */
#include "policies/set.h"
#include <arpa/inet.h>
#include <string.h>

bool pol_glob(const char *pattern, struct st_span text)
{
    const char *star = NULL; /* the last '*' seen, and where its run began: linear, no recursion */
    size_t i = 0, mark = 0;

    while (i < text.n) {
        if (*pattern == '*') {
            star = pattern++;
            mark = i;
        } else if (*pattern != '\0' && (uint8_t)*pattern == text.p[i]) {
            pattern++;
            i++;
        } else if (star != NULL) {
            pattern = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool pol_address(struct st_span text, uint8_t out[16])
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    char s[INET6_ADDRSTRLEN];

    if (text.n >= sizeof s || st_span_chr(text, '\0') != ST_SPAN_NPOS)
        return false;
    if (text.n > 0)
        memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(AF_INET, s, out + 12) == 1 || inet_pton(AF_INET6, s, out) == 1;
}

bool pol_host_match(const char *pattern, struct st_span host)
{
    struct st_span suffix;

    host = st_span_host(host);
    if (pattern[0] != '*')
        return st_span_ieq(st_span_str(pattern), host);
    suffix = st_span_str(pattern + 1); /* ".suffix" */
    return host.n > suffix.n && st_span_ieq(st_span_sub(host, host.n - suffix.n, suffix.n), suffix);
}

/* A name with at least one dot, or an address; "*." may stand in front. */
bool pol_host_pattern_ok(const char *pattern)
{
    const char *name = strncmp(pattern, "*.", 2) == 0 ? pattern + 2 : pattern;
    size_t n = strlen(name);

    if (n == 0 || n > 253 || name[0] == '.' || name[n - 1] == '.' || strstr(name, "..") != NULL)
        return false;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.:") != n)
        return false;
    return name != pattern || strchr(name, '.') != NULL || strchr(name, ':') != NULL || strcmp(name, "localhost") == 0;
}

bool pol_detector_match(const char *pattern, const struct flt_rule *rule)
{
    if (strncmp(pattern, "pack:", 5) == 0)
        return pol_glob(pattern + 5, st_span_str(rule->pack));
    if (strncmp(pattern, "tag:", 4) != 0)
        return pol_glob(pattern, st_span_str(rule->id));
    for (const char *const *tag = rule->tags; tag != NULL && *tag != NULL; tag++)
        if (pol_glob(pattern + 4, st_span_str(*tag)))
            return true;
    return false;
}

bool pol_in(const char *const *list, const char *word)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

const struct st_str *pol_str(const struct st_list *list, size_t i)
{
    return (const struct st_str *)list->items + i;
}

bool pol_about(const struct pol_policy *policy, const char *platform, struct st_span host)
{
    const struct st_list *platforms = &policy->applies_to.platforms, *hosts = &policy->applies_to.hosts;

    if (platforms->n == 0 && hosts->n == 0)
        return true;
    for (size_t i = 0; platform != NULL && i < platforms->n; i++)
        if (strcmp(pol_str(platforms, i)->s, platform) == 0)
            return true;
    for (size_t i = 0; i < hosts->n; i++)
        if (pol_host_match(pol_str(hosts, i)->s, host))
            return true;
    return false;
}

bool pol_concerns(const struct pol_policy *policy, const char *const *groups)
{
    const struct st_list *named = &policy->applies_to.actors.groups, *except = &policy->applies_to.actors.except;
    bool is_named = named->n == 0;

    for (size_t i = 0; i < except->n; i++)
        if (pol_in(groups, pol_str(except, i)->s))
            return false;
    for (size_t i = 0; i < named->n && !is_named; i++)
        is_named = strcmp(pol_str(named, i)->s, "*") == 0 || pol_in(groups, pol_str(named, i)->s);
    return is_named;
}
