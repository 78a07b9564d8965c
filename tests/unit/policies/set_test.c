/* SPDX-License-Identifier: Apache-2.0 */
/* set - the whole load, with the shipped packs and the shipped policies. */
#include "make.h"
#include <unistd.h>

#define MEMORY (1u << 20)

static const char *const platforms[] = { "generic", "mediawiki", "youtube", NULL };
static const struct pol_outside outside = { .platforms = platforms };

/* A stoa.yaml whose folders are those of the source tree, where the tests run. */
static const char *shipped_config(const char *folder)
{
    char here[4096], text[16384];

    T_CHECK(getcwd(here, sizeof here) != NULL, "getcwd");
    snprintf(text, sizeof text,
             "%spath: { policies: %s/policies/default, packs: %s/filters/packs }\nstate_dir: state\n", CONFIG, here,
             here);
    return t_write(folder, "stoa.yaml", text);
}

/* Loaded once: compiling the packs takes its time under a sanitizer. */
static struct pol_set *shipped(void)
{
    static struct pol_set *set;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    if (set == NULL && pol_set_load(shipped_config(t_folder()), &outside, &set, diag, &err) != ST_OK)
        st_diag_print(diag, stderr);
    st_diag_free(diag);
    T_CHECK(set != NULL, "%s: %s", err.where, err.what);
    return set;
}

static struct pol_judgement judge_one(struct st_arena *arena, const char *id, unsigned confidence, size_t n)
{
    static struct flt_finding items[FLT_FINDINGS_MAX];
    struct flt_findings findings = { .items = items, .n = n };
    struct pol_case facts = { .host = ST_SPAN("wiki.example"),
                              .platform = "mediawiki",
                              .kind = "edit",
                              .audience = "public",
                              .findings = &findings };
    const struct flt_rule *rule = flt_packs_find(pol_set_packs(shipped()), id);
    struct st_err err = ST_ERR_INIT;
    struct pol_judgement out;

    T_CHECK(rule != NULL, "no detector %s", id);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct flt_finding){
            .rule = rule, .from = (uint32_t)i, .to = (uint32_t)i + 1, .confidence = (uint8_t)confidence
        };
    T_OK(pol_judge(shipped(), arena, &facts, &out, &err), err);
    return out;
}

T_TEST(shipped_policies_are_safe_and_quiet)
{
    static const struct {
        const char *id;
        unsigned confidence;
        size_t n;
        enum pol_verdict verdict;
    } rows[] = {
        { "pii.iban", 90, 1, POL_BLOCK },           { "pii.iban", 60, 1, POL_ALLOW },
        { "pii.card.visa", 80, 1, POL_BLOCK },      { "pii.card.visa", 60, 1, POL_ALLOW },
        { "pii.de.steuer_id", 93, 1, POL_BLOCK },   { "pii.de.steuer_id", 75, 1, POL_ALLOW },
        { "pii.email.personal", 90, 1, POL_ALLOW }, { "pii.email.personal", 90, 9, POL_ALLOW },
        { "pii.email.personal", 90, 10, POL_NOTE }, { "pii.phone.e164", 90, 3, POL_ALLOW },
    };
    struct st_arena *arena = st_arena_new(MEMORY);

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct pol_judgement got = judge_one(arena, rows[i].id, rows[i].confidence, rows[i].n);

        T_CHECK(got.verdict == rows[i].verdict, "%s at %u, %zu times: %s", rows[i].id, rows[i].confidence, rows[i].n,
                pol_verdict_name(got.verdict));
        T_CHECK(got.is_recorded == (got.verdict >= POL_NOTE), "%s", rows[i].id);
    }
    st_arena_free(arena);
}

/* Every detector that carries the tag is stopped when it is sure and severe. */
T_TEST(every_secret_is_stopped)
{
    struct st_arena *arena = st_arena_new(MEMORY);
    struct flt_packs *packs = pol_set_packs(shipped());
    size_t secrets = 0;

    for (size_t i = 0; i < flt_packs_count(packs); i++) {
        const struct flt_rule *rule = flt_packs_rule(packs, i);
        struct pol_judgement got;

        if (!pol_detector_match("secret.*", rule) || rule->severity < FLT_HIGH)
            continue;
        secrets++;
        got = judge_one(arena, rule->id, 95, 1);
        T_CHECK(got.verdict == POL_BLOCK, "%s: %s", rule->id, pol_verdict_name(got.verdict));
    }
    T_CHECK(secrets >= 5, "%zu secret detectors", secrets);
    st_arena_free(arena);
}

T_TEST(shipped_policies_open_adapters_only)
{
    static const struct {
        const char *host, *platform;
        enum pol_route route;
    } rows[] = {
        { "www.youtube.com", "youtube", POL_INSPECT }, { "de.wikipedia.org", "mediawiki", POL_INSPECT },
        { "forum.example", NULL, POL_PASS },           { "forum.example", "generic", POL_PASS },
        { "www.sparkasse.de", "mediawiki", POL_PASS },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct pol_route_facts facts = { .host = st_span_str(rows[i].host), .platform = rows[i].platform };
        struct pol_routed got;

        pol_route(shipped(), &facts, &got);
        T_CHECK(got.route == rows[i].route, "%s: %s", rows[i].host, pol_route_name(got.route));
    }
}

/* A wrong policy and a wrong person are reported in one run; a wrong stoa.yaml ends it, since it names the rest. */
T_TEST(one_run_reports_everything)
{
    const char *folder = t_folder();
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct pol_set *set = NULL;
    char here[4096], text[16384];

    T_CHECK(getcwd(here, sizeof here) != NULL, "getcwd");
    snprintf(text, sizeof text,
             "version: 1\nlisten: [{ address: 127.0.0.1:1 }]\nidentity: { people: { x: ana } }\n"
             "path: { packs: %s/filters/packs }\n",
             here);
    t_write(folder, "stoa.yaml", text);
    t_write(folder, "policy.d/1.policy.yaml",
            "version: 1\npolicy: p\nrules: [{ id: a, when: { finding: pii.ibam }, then: note }]\n");
    T_CHECK(pol_set_load(t_write(folder, "stoa.yaml", text), &outside, &set, diag, &err) == ST_ERR && set == NULL,
            "loads");
    T_CHECK(err.code == ST_E_CONFIG && st_diag_count(diag) == 2, "%zu", st_diag_count(diag));
    T_CHECK(strstr(st_diag_at(diag, 0)->text, "did you mean \"pii.iban\"?") != NULL, "%s", st_diag_at(diag, 0)->text);
    T_CHECK(strstr(st_diag_at(diag, 1)->text, "expected a client address") != NULL, "%s", st_diag_at(diag, 1)->text);
    st_diag_free(diag);
    diag = st_diag_new();
    T_CHECK(pol_set_load(t_write(folder, "stoa.yaml", "version: 7\n"), &outside, &set, diag, &err) == ST_ERR, "loads");
    T_CHECK(st_diag_count(diag) == 2, "%zu", st_diag_count(diag));
    st_diag_free(diag);
}

T_TEST(load_survives_every_oom)
{
    const char *folder = t_folder();
    char packs[4096];

    snprintf(packs, sizeof packs, "%s/packs", folder);
    T_CHECK(mkdir(packs, 0700) == 0, "mkdir");
    t_write(packs, "one.pack.yaml",
            "pack: one\nversion: 2026.11.0\nlicence: Apache-2.0\nrules:\n  - id: one.word\n    title: { en: One, de: "
            "Eins }\n"
            "    severity: low\n    mask: \"[one]\"\n    find: pattern\n    pattern: 'onetwothree[0-9]{4}'\n"
            "    anchor: [onetwothree]\n    chars: 'a-z0-9'\n    confidence: { base: 90, validated: 90 }\n"
            "    examples: { match: [onetwothree1234, a onetwothree5678, onetwothree0000 b], miss: [onetwothree, "
            "onetwothree12, two1234] }\n");
    t_write(folder, "policy.d/1.policy.yaml",
            "version: 1\npolicy: p\nrules: [{ id: a, when: { finding: one.word }, then: block }]\n");
    t_write(folder, "stoa.yaml", CONFIG);
    for (int nth = 1;; nth++) {
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        struct pol_set *set = NULL;
        char path[8192];
        enum st_rc rc;

        snprintf(path, sizeof path, "%s/stoa.yaml", folder);
        t_fail_alloc(nth);
        rc = pol_set_load(path, &outside, &set, diag, &err);
        t_fail_alloc(0);
        if (rc == ST_ERR && err.code != ST_E_NOMEM)
            st_diag_print(diag, stderr);
        st_diag_free(diag);
        T_CHECK((rc == ST_OK) == (set != NULL), "allocation %d", nth);
        pol_set_free(set);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s: %s", nth, err.where, err.what);
    }
}

T_TEST(release_the_shipped_set) /* the last of this file: nothing is left to the leak checker */
{
    pol_set_free(shipped());
}
