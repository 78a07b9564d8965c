/* SPDX-License-Identifier: Apache-2.0 */
/* check - a policy file that is wrong says where, and whatever bytes it holds, loading ends. */
#include "make.h"

static size_t fake_count(const struct flt_packs *packs)
{
    return packs == NULL ? 0 : ST_LEN(t_rules);
}
static const struct flt_rule *fake_rule(const struct flt_packs *packs __attribute__((unused)), size_t i)
{
    return &t_rules[i];
}
#define flt_packs_count fake_count
#define flt_packs_rule  fake_rule
#include "policies/check.c"
#undef flt_packs_count
#undef flt_packs_rule

#define HEAD             "version: 1\npolicy: p\n"
#define RULE(when, more) HEAD "rules:\n  - id: r\n    when: " when "\n    then: block\n" more

static const char *const platforms[] = { "mediawiki", "youtube", NULL };
static const int packs_stand_in;

static struct pol_set *load_with(const char *folder, struct st_diag *diag, struct st_err *err)
{
    t_packs = (const struct flt_packs *)(const void *)&packs_stand_in;
    return t_set_load(folder, platforms, diag, err);
}

T_TEST(what_is_right)
{
    static const char *const rows[] = {
        HEAD,
        HEAD "rules: []\n",
        HEAD "owner: security@example.com\ndescription: { en: a, de: b }\nroute: refuse\n",
        HEAD
        "applies_to: { platforms: [mediawiki, generic], hosts: [a.example, \"*.b.example\", \"::1\", localhost] }\n",
        HEAD "inspect: { never: [health, works-council, message, a.example, \"*.b.example\"] }\n",
        RULE("{ finding: [aws.*, iban, \"tag:personal\", \"pack:*\"] }", ""),
        RULE("{ kind: [post, \"watch.*\"], platform: youtube, audience: [public, ai] }", ""),
        RULE("{ finding: iban }", "    mode: observe\n    observe_until: 2027-01-15\n"),
        RULE("{ finding: iban }", "  - id: r2\n    when: { severity: high }\n    then: redact\n"),
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        const char *folder = t_folder();
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        struct pol_set *set;

        t_write(folder, "stoa.yaml", CONFIG);
        t_write(folder, "policy.d/10-test.policy.yaml", rows[i]);
        set = load_with(folder, diag, &err);
        T_CHECK(set != NULL, "row %zu: %s", i, st_diag_count(diag) > 0 ? st_diag_at(diag, 0)->text : err.what);
        st_diag_free(diag);
        pol_set_free(set);
    }
}

T_TEST(mistakes_say_where)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "policy: p\n", "1:1: policy: expected the option \"version\"" },
        { HEAD "rulez: []\n", "3:1: expected an option of policy, found \"rulez\"; did you mean \"rules\"?" },
        { "version: 1\npolicy: \"My policy\"\n", "2:9: expected a policy name" },
        { "version: 1\npolicy: \"\"\n", "2:9: expected a policy name" },
        { HEAD "applies_to: { platforms: [youtube, mediawki] }\n",
          "3:36: expected the id of a platform adapter, found \"mediawki\", did you mean \"mediawiki\"?" },
        { HEAD "applies_to: { hosts: [Example.com] }\n", "3:23: expected a host in lower case" },
        { HEAD "applies_to: { hosts: [\"https://a.example\"] }\n", "3:23: expected a host in lower case" },
        { HEAD "applies_to: { hosts: [\"a.*.example\"] }\n", "3:23: expected a host in lower case" },
        { HEAD "applies_to: { hosts: [\"*\"] }\n", "3:23: expected a host in lower case" },
        { HEAD "applies_to: { hosts: [com] }\n", "3:23: expected a host in lower case" },
        { HEAD "inspect: { never: [helth] }\n", "3:20: expected a host, a protected category or an activity kind, "
                                                "found \"helth\", did you mean \"health\"?" },
        { HEAD "inspect: { never: [comm3nt] }\n", "3:20: expected a host, a protected category or an activity kind, "
                                                  "found \"comm3nt\", did you mean \"comment\"?" },
        { HEAD "inspect: { open: true }\n", "3:10: opening connections needs names" },
        { HEAD "inspect: { open: true }\napplies_to: { platforms: [generic] }\n",
          "3:10: opening connections needs names" },
        { HEAD "route: inspect\n", "2:9: opening connections needs names" },
        { HEAD "route: close\n", "3:8: route: expected one of by-inspect, pass, inspect, refuse, found \"close\"" },
        { RULE("{ finding: [aws.*, ibann] }", ""),
          "5:30: expected a pattern that matches a detector of the packs, found \"ibann\", did you mean \"iban\"?" },
        { RULE("{ finding: \"tag:secrets\" }", ""), "5:22: expected a pattern that matches a detector of the packs, "
                                                    "found \"tag:secrets\", did you mean \"secret\"?" },
        { RULE("{ finding: \"pack:secretz\" }", ""),
          "5:22: expected a pattern that matches a detector of the packs, found \"pack:secretz\", did you mean "
          "\"secrets\"?" },
        { RULE("{ finding: nothing.like.it }", ""),
          "5:22: expected a pattern that matches a detector of the packs, found \"nothing.like.it\"" },
        { RULE("{ kind: p0st }", ""), "5:19: expected an activity kind" },
        { RULE("{ audience: pubic }", ""), "5:23: audience: expected a list of texts out of public" },
        { RULE("{ platform: slack }", ""), "5:23: expected the id of a platform adapter, found \"slack\"" },
        { RULE("{ finding: iban, confidence: 80 }", ""), "5:40: confidence: expected a comparison" },
        { RULE("{ finding: iban, count: \">= 300\" }", ""), "5:35: count: expected a comparison" },
        { RULE("{ finding: iban, count: \"=> 3\" }", ""), "5:35: count: expected a comparison" },
        { RULE("{}", ""), "4:5: this rule has no condition" },
        { RULE("{ severity: low }", ""), "4:5: this rule has no condition" },
        { RULE("{ finding: iban }", "    observe_until: 2027-01-15\n"), "4:5: observe_until needs `mode: observe`" },
        { RULE("{ finding: iban }", "    mode: observe\n    observe_until: tomorrow\n"),
          "8:20: observe_until: expected a date" },
        { RULE("{ finding: iban }", "    mode: watch\n"), "7:11: mode: expected one of enforce, observe" },
        { RULE("{ finding: iban }", "  - id: r\n    when: { finding: iban }\n    then: note\n"),
          "7:9: rule id \"r\" is there already, in line 4; rename one of the two" },
        { RULE("{ finding: iban }", "  - id: R 2\n    when: { finding: iban }\n    then: note\n"),
          "7:9: expected a rule id" },
        { HEAD "rules:\n  - id: r\n    when: { kind: upload }\n    then: redact\n",
          "4:5: redact needs something to redact" },
        { HEAD "rules:\n  - id: r\n    when: { kind: upload }\n    then: allow\n",
          "6:11: then: expected one of note, coach, redact, block, found \"allow\"" },
        { HEAD "rules:\n  - id: r\n    when: { kind: upload }\n", "4:5: rule: expected the option \"then\"" },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        const char *folder = t_folder();
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        const struct st_diag_item *item;
        char line[1024];

        t_write(folder, "stoa.yaml", CONFIG);
        t_write(folder, "policy.d/10-test.policy.yaml", rows[i].text);
        T_CHECK(load_with(folder, diag, &err) == NULL && err.code == ST_E_CONFIG, "row %zu loads", i);
        T_CHECK(st_diag_count(diag) == 1, "row %zu: %zu mistakes", i, st_diag_count(diag));
        item = st_diag_at(diag, 0);
        T_CHECK(strstr(item->file, "/policy.d/10-test.policy.yaml") != NULL, "%s", item->file);
        snprintf(line, sizeof line, "%u:%u: %s", item->line, item->col, item->text);
        T_CHECK(strncmp(line, rows[i].says, strlen(rows[i].says)) == 0, "row %zu: %s", i, line);
        st_diag_free(diag);
    }
}

T_TEST(every_file_is_reported)
{
    const char *folder = t_folder();
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    t_write(folder, "stoa.yaml", CONFIG);
    t_write(folder, "policy.d/1.policy.yaml", HEAD "rules: 7\n");
    t_write(folder, "policy.d/2.policy.yaml", "version: 1\npolicy: q\nroute: close\n");
    t_write(folder, "policy.d/3.policy.yaml", "version: 1\npolicy: x\n");
    t_write(folder, "policy.d/4.policy.yaml", "version: 1\npolicy: x\n");
    t_write(folder, "policy.d/.5.policy.yaml", "rubbish");
    t_write(folder, "policy.d/6.policy.yaml.orig", "rubbish");
    T_CHECK(load_with(folder, diag, &err) == NULL && err.code == ST_E_CONFIG, "loads");
    T_CHECK(st_diag_count(diag) == 3, "%zu", st_diag_count(diag));
    T_CHECK(strstr(st_diag_at(diag, 0)->file, "1.policy.yaml") != NULL, "%s", st_diag_at(diag, 0)->file);
    T_CHECK(strstr(st_diag_at(diag, 1)->file, "2.policy.yaml") != NULL, "%s", st_diag_at(diag, 1)->file);
    T_CHECK(strstr(st_diag_at(diag, 2)->text, "policy \"x\" is there already, in ") != NULL &&
                strstr(st_diag_at(diag, 2)->text, "3.policy.yaml:2") != NULL,
            "%s", st_diag_at(diag, 2)->text);
    st_diag_free(diag);
}

T_TEST(a_missing_folder_is_a_diagnostic)
{
    const char *folder = t_folder();
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    t_write(folder, "stoa.yaml", CONFIG "path: { policies: nowhere }\n");
    T_CHECK(load_with(folder, diag, &err) == NULL && err.code == ST_E_CONFIG, "loads");
    T_CHECK(st_diag_count(diag) == 1 && strstr(st_diag_at(diag, 0)->text, "expected a folder") != NULL, "%s", err.what);
    st_diag_free(diag);
}

T_TEST(too_many_files_are_refused)
{
    const char *folder = t_folder();
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    t_write(folder, "stoa.yaml", CONFIG);
    for (int i = 0; i <= POL_FILES_MAX; i++) {
        char name[64], text[64];

        snprintf(name, sizeof name, "policy.d/%d.policy.yaml", i);
        snprintf(text, sizeof text, "version: 1\npolicy: p%d\n", i);
        t_write(folder, name, text);
    }
    T_CHECK(load_with(folder, diag, &err) == NULL && err.code == ST_E_CONFIG, "loads");
    T_CHECK(strstr(st_diag_at(diag, 0)->text, "at most 256 files") != NULL, "%s", st_diag_at(diag, 0)->text);
    st_diag_free(diag);
}

T_TEST(load_survives_every_oom)
{
    const char *folder = t_folder();

    t_write(folder, "stoa.yaml", CONFIG);
    t_write(folder, "policy.d/10-test.policy.yaml",
            RULE("{ finding: [aws.*, ibann] }", "    message: { en: a, de: b }\n"));
    t_write(folder, "policy.d/protected.yaml", "version: 1\ncategories: [{ category: x, domains: [x.example] }]\n");
    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct pol_set *set;
        bool failed;

        t_fail_alloc(nth);
        set = load_with(folder, NULL, &err);
        failed = t_alloc_failed();
        t_fail_alloc(0);
        pol_set_free(set);
        T_CHECK(set == NULL, "the mistake in it is always seen");
        if (!failed) {
            T_CHECK(err.code == ST_E_CONFIG, "%s", err.what);
            break;
        }
        T_CHECK(err.code == ST_E_NOMEM || err.code == ST_E_CONFIG, "allocation %d: %s %s", nth, err.where, err.what);
    }
}

/* Bytes that are YAML in parts: cut, spliced and overwritten. It may load or not; it has to end, say where, and free.
 */
T_TEST(random_bytes)
{
    static const char *const seeds[] = {
        RULE("{ finding: [aws.*, iban], confidence: \">= 0.8\", audience: public }", "    message: { en: a, de: b }\n"),
        HEAD "applies_to: { platforms: [mediawiki], hosts: [a.example], actors: { groups: [\"*\"], except: [x] } }\n"
             "inspect: { open: true, never: [health] }\n",
    };
    static const char bits[] = "{}[]:,-\"'*&!|>%#\n\t ?@`\x80\xff\0aA0";
    const char *folder = t_folder();
    size_t loaded = 0;

    t_write(folder, "stoa.yaml", CONFIG);
    t_seed(20261124);
    for (int round = 0; round < 1500; round++) {
        const char *seed = seeds[t_below(ST_LEN(seeds))];
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        size_t n = strlen(seed);
        struct pol_set *set;
        char text[1024], path[4096];
        FILE *f;

        memcpy(text, seed, n);
        for (uint64_t k = t_below(4); k > 0; k--)
            text[t_below(n)] = bits[t_below(sizeof bits)];
        if (t_below(4) == 0)
            n = t_below(n);
        snprintf(path, sizeof path, "%s/policy.d/10-test.policy.yaml", folder);
        f = fopen(path, "w");
        T_CHECK(f != NULL && fwrite(text, 1, n, f) == n && fclose(f) == 0, "write");
        set = load_with(folder, diag, &err);
        T_CHECK(set != NULL || (err.code == ST_E_CONFIG && st_diag_count(diag) > 0), "round %d: %s", round, err.what);
        loaded += set != NULL;
        pol_set_free(set);
        st_diag_free(diag);
    }
    T_CHECK(loaded > 100 && loaded < 1400, "%zu of 1500 loaded", loaded);
}
