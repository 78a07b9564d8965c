/* SPDX-License-Identifier: Apache-2.0 */
/* route - which connections are opened: suffixes, the order of the policies' words, and what no policy can open. */
#include "make.h"

static struct pol_routed ask(const struct pol_set *set, const char *host, const char *platform,
                             const char *const *groups)
{
    struct pol_route_facts facts = { .host = st_span_str(host), .port = 443, .platform = platform, .groups = groups };
    struct pol_routed out;

    pol_route(set, &facts, &out);
    return out;
}

T_TEST(words_of_a_policy)
{
    static const char *const press[] = { "press-office", NULL };
    static const char *const policy = "version: 1\n"
                                      "policy: open\n"
                                      "applies_to:\n"
                                      "  platforms: [mediawiki, generic]\n"
                                      "  hosts: [forum.example.com, \"*.wiki.example\", \"*.de\", \"*.gov.uk\"]\n"
                                      "  actors: { groups: [\"*\"], except: [press-office] }\n"
                                      "inspect:\n"
                                      "  open: true\n"
                                      "  never: [health, private.wiki.example, \"*.internal.de\", message]\n"
                                      "rules: []\n";
    static const struct {
        const char *host, *platform;
        const char *const *groups;
        enum pol_route route;
        const char *category;
        unsigned line;
    } rows[] = {
        { "forum.example.com", NULL, NULL, POL_INSPECT, NULL, 8 },
        { "forum.example.com.", NULL, NULL, POL_INSPECT, NULL, 8 },
        { "FORUM.example.com", NULL, NULL, POL_INSPECT, NULL, 8 },
        { "x.forum.example.com", NULL, NULL, POL_PASS, NULL, 0 },
        { "example.com", NULL, NULL, POL_PASS, NULL, 0 },
        { "xforum.example.com", NULL, NULL, POL_PASS, NULL, 0 },
        { "a.wiki.example", NULL, NULL, POL_INSPECT, NULL, 8 },
        { "a.b.wiki.example", NULL, NULL, POL_INSPECT, NULL, 8 },
        { "wiki.example", NULL, NULL, POL_PASS, NULL, 0 },
        { "awiki.example", NULL, NULL, POL_PASS, NULL, 0 },
        { ".wiki.example", NULL, NULL, POL_PASS, NULL, 0 },
        { "private.wiki.example", NULL, NULL, POL_PASS, NULL, 9 },
        { "www.internal.de", NULL, NULL, POL_PASS, NULL, 9 },
        { "en.example.org", "mediawiki", NULL, POL_INSPECT, NULL, 8 },
        { "en.example.org", "youtube", NULL, POL_PASS, NULL, 0 },
        { "en.example.org", "generic", NULL, POL_PASS, NULL, 0 }, /* it would be every host there is */
        { "en.example.org", NULL, NULL, POL_PASS, NULL, 0 },
        { "forum.example.com", NULL, press, POL_PASS, NULL, 0 },
        /* protected: itself, everything below, in any case, against hosts and platforms */
        { "www.sparkasse.de", NULL, NULL, POL_PASS, "banking", 0 },
        { "sparkasse.de", "mediawiki", NULL, POL_PASS, "banking", 0 },
        { "SPARKASSE.de.", "mediawiki", NULL, POL_PASS, "banking", 0 },
        { "a.b.tk.de", NULL, NULL, POL_PASS, "health", 0 },
        { "www.verdi.de", NULL, NULL, POL_PASS, "unions", 0 },
        { "www.betriebsrat.de", NULL, NULL, POL_PASS, "works-council", 0 },
        { "www.hmrc.gov.uk", NULL, NULL, POL_PASS, "government", 0 },
        { "finanzonline.bmf.gv.at", "mediawiki", NULL, POL_PASS, "government", 0 },
        { "gov.uk", "mediawiki", NULL, POL_PASS, "government", 0 },
        { "notsparkasse.de", NULL, NULL, POL_INSPECT, NULL, 8 },
        { "sparkasse.de.evil.example", "mediawiki", NULL, POL_INSPECT, NULL, 8 },
        { "", NULL, NULL, POL_PASS, NULL, 0 },
        { ".", NULL, NULL, POL_PASS, NULL, 0 },
    };
    struct pol_set *set = t_set(policy);

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct pol_routed got = ask(set, rows[i].host, rows[i].platform, rows[i].groups);

        T_CHECK(got.route == rows[i].route, "%zu %s: %s", i, rows[i].host, pol_route_name(got.route));
        T_CHECK((got.category == NULL) == (rows[i].category == NULL) &&
                    (got.category == NULL || strcmp(got.category, rows[i].category) == 0),
                "%zu %s: %s", i, rows[i].host, got.category);
        if (rows[i].category == NULL)
            T_CHECK(got.line == rows[i].line, "%zu %s: line %u", i, rows[i].host, got.line);
        else
            T_CHECK(got.policy == NULL && strstr(got.file, "protected.yaml") != NULL && got.line > 5, "%s:%u", got.file,
                    got.line);
        if (rows[i].line != 0)
            T_CHECK(strstr(got.file, "10-test.policy.yaml") != NULL && strcmp(got.policy, "open") == 0, "%s", got.file);
    }
    pol_set_free(set);
}

T_TEST(a_host_too_long_for_a_name_is_passed)
{
    struct pol_set *set = t_set("version: 1\npolicy: p\napplies_to: { hosts: [a.example] }\ninspect: { open: true }\n");
    char host[600];

    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    T_CHECK(ask(set, host, NULL, NULL).route == POL_PASS, "long host");
    pol_set_free(set);
}

/* Two policies about one host: refuse > pass > inspect, whatever their order. */
T_TEST(the_strictest_word_wins)
{
    static const char *const words[] = { "by-inspect", "pass", "inspect", "refuse" };
    static const enum pol_route expect[4][4] = {
        { POL_PASS, POL_PASS, POL_INSPECT, POL_REFUSE },
        { POL_PASS, POL_PASS, POL_PASS, POL_REFUSE },
        { POL_INSPECT, POL_PASS, POL_INSPECT, POL_REFUSE },
        { POL_REFUSE, POL_REFUSE, POL_REFUSE, POL_REFUSE },
    };

    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < 4; b++) {
            const char *folder = t_folder();
            struct st_err err = ST_ERR_INIT;
            struct pol_set *set;
            char text[512];

            t_write(folder, "stoa.yaml", CONFIG);
            for (int i = 0; i < 2; i++) {
                char name[64];

                snprintf(name, sizeof name, "policy.d/%d.policy.yaml", i);
                snprintf(text, sizeof text, "version: 1\npolicy: p%d\napplies_to: { hosts: [a.example] }\nroute: %s\n",
                         i, words[i == 0 ? a : b]);
                t_write(folder, name, text);
            }
            set = t_set_load(folder, NULL, NULL, &err);
            T_CHECK(set != NULL, "%s", err.what);
            T_CHECK(ask(set, "a.example", NULL, NULL).route == expect[a][b], "%s and %s: %s", words[a], words[b],
                    pol_route_name(ask(set, "a.example", NULL, NULL).route));
            T_CHECK(ask(set, "www.sparkasse.de", NULL, NULL).route == POL_PASS, "protected");
            pol_set_free(set);
        }
}

T_TEST(a_file_adds_protected_hosts)
{
    const char *folder = t_folder();
    struct st_err err = ST_ERR_INIT;
    struct pol_set *set;
    struct pol_routed got;

    t_write(folder, "stoa.yaml", CONFIG);
    t_write(folder, "policy.d/protected.yaml",
            "version: 1\ncategories:\n  - category: works-council\n    domains: [br.example.com]\n"
            "  - category: church\n    domains:\n      - dom.example\n      - tk.de\n");
    t_write(
        folder, "policy.d/1.policy.yaml",
        "version: 1\npolicy: p\napplies_to: { hosts: [\"*.example.com\", dom.example] }\ninspect: { open: true, never: "
        "[church] }\n");
    set = t_set_load(folder, NULL, NULL, &err);
    T_CHECK(set != NULL, "%s", err.what);
    got = ask(set, "x.br.example.com", NULL, NULL);
    T_CHECK(got.route == POL_PASS && strcmp(got.category, "works-council") == 0 && got.line == 4, "%s %u", got.category,
            got.line);
    got = ask(set, "dom.example", NULL, NULL);
    T_CHECK(strcmp(got.category, "church") == 0 && got.line == 7 && strstr(got.file, folder) != NULL, "%u", got.line);
    T_CHECK(ask(set, "www.example.com", NULL, NULL).route == POL_INSPECT, "open");
    T_CHECK(ask(set, "www.tk.de", NULL, NULL).category != NULL, "in both lists");
    pol_set_free(set);
}

/* Every shipped domain protects itself: the table is sorted and searched with one order. */
T_TEST(every_shipped_domain_is_found)
{
    struct pol_set *set = t_set("version: 1\npolicy: p\n");

    T_CHECK(set->n_domains > 400, "%zu", set->n_domains);
    for (size_t i = 0; i < set->n_domains; i++) {
        char host[512];

        snprintf(host, sizeof host, "www.%.*s", (int)set->domains[i].name.n, (const char *)set->domains[i].name.p);
        T_CHECK(pol_protected(set, st_span_str(host)) != NULL, "%s", host);
        T_CHECK(pol_protected(set, st_span_str(host + 4)) == &set->domains[i], "%s", host + 4);
        snprintf(host, sizeof host, "x%.*s", (int)set->domains[i].name.n, (const char *)set->domains[i].name.p);
        T_CHECK(pol_protected(set, st_span_str(host)) != &set->domains[i], "%s", host);
    }
    pol_set_free(set);
}

T_TEST(patterns)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } globs[] = {
        { "*", "", true },
        { "", "", true },
        { "", "a", false },
        { "a*", "a", true },
        { "a*c", "abc", true },
        { "a*c", "abcd", false },
        { "a*c", "acbc", true },
        { "*.key", "aws.key", true },
        { "aws.*", "aws", false },
        { "aws.*", "aws.", true },
        { "**a**", "xax", true },
        { "a*b*c", "aXbXbXc", true },
        { "card.visa", "card-visa", false },
    };

    for (size_t i = 0; i < ST_LEN(globs); i++)
        T_CHECK(pol_glob(globs[i].pattern, st_span_str(globs[i].text)) == globs[i].matches, "%s on %s",
                globs[i].pattern, globs[i].text);
}

T_TEST(what_is_refused_is_refused_though_it_is_never_opened)
{
    struct pol_set *set = t_set("version: 1\npolicy: p\napplies_to: { hosts: [\"*.wiki.example\"] }\n"
                                "inspect: { never: [a.wiki.example] }\nroute: refuse\n");

    T_CHECK(ask(set, "a.wiki.example", NULL, NULL).route == POL_REFUSE, "named in never");
    T_CHECK(ask(set, "b.wiki.example", NULL, NULL).route == POL_REFUSE, "not named");
    pol_set_free(set);
}
