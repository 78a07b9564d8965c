/* SPDX-License-Identifier: Apache-2.0 */
/* judge - verdict and reasons, row by row. */
#include "base/clock.h"
#include "make.h"

#define MEMORY (1u << 20)

static const char FIVE_RULES[] = "version: 1\n"
                                 "policy: five\n"
                                 "rules:\n"
                                 "  - id: mail\n"
                                 "    when: { finding: email.personal }\n"
                                 "    then: note\n"
                                 "  - id: phone\n"
                                 "    when: { finding: phone.* }\n"
                                 "    then: coach\n"
                                 "  - id: bank\n"
                                 "    when: { finding: \"pack:bank\", confidence: \">= 0.8\" }\n"
                                 "    then: redact\n"
                                 "    message: { en: Bank data was replaced., de: Bankdaten wurden ersetzt. }\n"
                                 "  - id: secret\n"
                                 "    when: { finding: \"tag:secret\" }\n"
                                 "    then: block\n"
                                 "  - id: watched\n"
                                 "    when: { finding: iban }\n"
                                 "    then: block\n"
                                 "    mode: observe\n";

struct hit {
    int rule, confidence;
};
#define HITS_MAX 8
struct row {
    struct hit hits[HITS_MAX]; /* confidence 0 ends */
    enum pol_verdict verdict;
    const char *rule, *redact; /* redact: one 0 or 1 per finding */
    size_t reasons;
};

static size_t make_findings(const struct hit *hits, struct flt_finding *out)
{
    size_t n = 0;

    while (n < HITS_MAX && hits[n].confidence > 0) {
        out[n] = (struct flt_finding){ .rule = &t_rules[hits[n].rule],
                                       .from = (uint32_t)n * 10,
                                       .to = (uint32_t)n * 10 + 4,
                                       .confidence = (uint8_t)hits[n].confidence };
        n++;
    }
    return n;
}

static struct pol_judgement judge(const struct pol_set *set, struct st_arena *arena, const struct pol_case *facts)
{
    struct pol_judgement out;
    struct st_err err = ST_ERR_INIT;

    T_OK(pol_judge(set, arena, facts, &out, &err), err);
    T_CHECK(out.verdict < POL_COACH || (out.message.en != NULL && out.message.de != NULL), "a person gets a message");
    T_CHECK((out.redact != NULL) == (out.verdict == POL_REDACT), "redact marks");
    T_CHECK((out.rule != NULL) == (out.verdict != POL_ALLOW), "rule");
    return out;
}

T_TEST(the_strictest_wins)
{
    static const struct row rows[] = {
        { { { 0, 0 } }, POL_ALLOW, NULL, NULL, 0 },
        { { { EMAIL, 60 } }, POL_NOTE, "mail", NULL, 1 },
        { { { PHONE, 60 } }, POL_COACH, "phone", NULL, 1 },
        { { { VISA, 90 } }, POL_REDACT, "bank", "1", 1 },
        { { { AWS, 60 } }, POL_BLOCK, "secret", NULL, 1 },
        { { { VISA, 79 } }, POL_ALLOW, NULL, NULL, 0 },
        { { { VISA, 80 } }, POL_REDACT, "bank", "1", 1 },
        { { { EMAIL, 60 }, { PHONE, 60 } }, POL_COACH, "phone", NULL, 2 },
        { { { PHONE, 60 }, { EMAIL, 60 } }, POL_COACH, "phone", NULL, 2 },
        { { { EMAIL, 60 }, { VISA, 90 }, { VISA, 70 } }, POL_REDACT, "bank", "010", 2 },
        { { { AWS, 60 }, { VISA, 90 } }, POL_BLOCK, "secret", NULL, 2 },
        { { { VISA, 90 }, { AWS, 60 }, { PHONE, 60 }, { EMAIL, 60 } }, POL_BLOCK, "secret", NULL, 4 },
        { { { IBAN, 70 } }, POL_ALLOW, NULL, NULL, 1 }, /* only the observed rule */
        { { { IBAN, 90 } }, POL_REDACT, "bank", "1", 2 },
    };
    struct pol_set *set = t_set(FIVE_RULES);

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct flt_finding items[HITS_MAX];
        struct flt_findings findings = { .items = items, .n = make_findings(rows[i].hits, items) };
        struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
        struct pol_judgement got = judge(set, arena, &facts);

        T_CHECK(got.verdict == rows[i].verdict, "row %zu: %s", i, pol_verdict_name(got.verdict));
        T_CHECK(rows[i].rule == NULL || strcmp(got.rule, rows[i].rule) == 0, "row %zu: %s", i, got.rule);
        T_CHECK(rows[i].rule == NULL || strcmp(got.policy, "five") == 0, "row %zu: %s", i, got.policy);
        T_CHECK(got.n == rows[i].reasons, "row %zu: %zu reasons", i, got.n);
        T_CHECK(got.is_recorded == (rows[i].reasons > 0), "row %zu: recorded", i);
        for (size_t k = 0; rows[i].redact != NULL && k < findings.n; k++)
            T_CHECK(got.redact[k] == (rows[i].redact[k] == '1'), "row %zu: finding %zu", i, k);
        st_arena_free(arena);
    }
    pol_set_free(set);
}

T_TEST(reasons_say_where)
{
    static const struct {
        const char *rule;
        unsigned line;
        enum pol_verdict verdict;
        bool is_observed;
        uint32_t findings;
    } expect[] = {
        { "mail", 4, POL_NOTE, false, 2 },
        { "bank", 10, POL_REDACT, false, 1 },
        { "watched", 17, POL_BLOCK, true, 1 },
    };
    struct pol_set *set = t_set(FIVE_RULES);
    struct st_arena *arena = st_arena_new(MEMORY);
    struct flt_finding items[HITS_MAX];
    struct hit hits[HITS_MAX] = { { EMAIL, 60 }, { IBAN, 95 }, { EMAIL, 60 } };
    struct flt_findings findings = { .items = items, .n = make_findings(hits, items) };
    struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
    struct pol_judgement got = judge(set, arena, &facts);

    T_CHECK(got.n == ST_LEN(expect), "%zu", got.n);
    for (size_t i = 0; i < got.n; i++) {
        T_CHECK(strcmp(got.reasons[i].rule, expect[i].rule) == 0, "%zu: %s", i, got.reasons[i].rule);
        T_CHECK(got.reasons[i].line == expect[i].line, "%zu: line %u", i, got.reasons[i].line);
        T_CHECK(strstr(got.reasons[i].file, "/10-test.policy.yaml") != NULL, "%s", got.reasons[i].file);
        T_CHECK(got.reasons[i].verdict == expect[i].verdict, "%zu: verdict", i);
        T_CHECK(got.reasons[i].is_observed == expect[i].is_observed, "%zu: observed", i);
        T_CHECK(got.reasons[i].findings == expect[i].findings, "%zu: %u findings", i, got.reasons[i].findings);
    }
    T_CHECK(strcmp(got.message.en, "Bank data was replaced.") == 0, "%s", got.message.en);
    T_CHECK(strcmp(got.message.de, "Bankdaten wurden ersetzt.") == 0, "%s", got.message.de);
    st_arena_free(arena);
    pol_set_free(set);
}

/* One rule and one fact changed at a time. */
T_TEST(conditions)
{
    static const char *const sales[] = { "sales", NULL };
    static const char *const press[] = { "sales", "press-office", NULL };
    static const struct {
        const char *applies, *when;
        struct pol_case facts;
        bool holds;
    } rows[] = {
        { "", "{ finding: iban }", { .kind = "post" }, true },
        { "", "{ finding: \"*\" }", { .kind = "post" }, true },
        { "", "{ finding: card.* }", { .kind = "post" }, false },
        { "", "{ finding: \"tag:personal\" }", { .kind = "post" }, true },
        { "", "{ finding: \"tag:secret\" }", { .kind = "post" }, false },
        { "", "{ finding: \"pack:b*\" }", { .kind = "post" }, true },
        { "", "{ severity: high }", { .kind = "post" }, true },
        { "", "{ severity: critical }", { .kind = "post" }, false },
        { "", "{ confidence: \"> 0.9\" }", { .kind = "post" }, false },
        { "", "{ confidence: \"= 0.9\" }", { .kind = "post" }, true },
        { "", "{ confidence: \"<= 0.9\" }", { .kind = "post" }, true },
        { "", "{ confidence: \"< 0.9\" }", { .kind = "post" }, false },
        { "", "{ confidence: \"> 0.895\" }", { .kind = "post" }, true }, /* between two whole percents */
        { "", "{ confidence: \"< 0.905\" }", { .kind = "post" }, true },
        { "", "{ confidence: \">= 0.905\" }", { .kind = "post" }, false },
        { "", "{ count: 2 }", { .kind = "post" }, true }, /* a bare number means at least */
        { "", "{ count: \"> 2\" }", { .kind = "post" }, false },
        { "", "{ count: \"= 2\" }", { .kind = "post" }, true },
        { "", "{ count: \"< 5\", finding: card.visa }", { .kind = "post" }, false }, /* none is no finding */
        { "", "{ finding: iban, kind: post }", { .kind = "post" }, true },
        { "", "{ finding: iban, kind: [comment, edit] }", { .kind = "post" }, false },
        { "", "{ finding: iban, kind: \"watch.*\" }", { .kind = "watch.end" }, true },
        { "", "{ finding: iban, kind: comment }", { .kind = NULL }, true },
        { "", "{ finding: iban, kind: comment }", { .kind = "draft" }, true },
        { "", "{ kind: comment }", { .kind = NULL }, false }, /* a rule without findings needs its fact */
        { "", "{ kind: comment }", { .kind = "draft" }, false },
        { "", "{ kind: draft }", { .kind = "draft" }, true },
        { "", "{ kind: upload }", { .kind = "upload" }, true },
        { "", "{ finding: iban, audience: public }", { .audience = "public" }, true },
        { "", "{ finding: iban, audience: public }", { .audience = "group" }, false },
        { "", "{ finding: iban, audience: public }", { .audience = NULL }, true },
        { "", "{ finding: iban, audience: public }", { .audience = "unknown" }, true },
        { "", "{ finding: iban, audience: [group, private] }", { .audience = "unknown" }, false },
        { "", "{ finding: iban, platform: mediawiki }", { .platform = "mediawiki" }, true },
        { "", "{ finding: iban, platform: mediawiki }", { .platform = NULL }, false },
        { "applies_to: { platforms: [youtube] }\n", "{ finding: iban }", { .platform = "youtube" }, true },
        { "applies_to: { platforms: [youtube] }\n", "{ finding: iban }", { .platform = "mediawiki" }, false },
        { "applies_to: { platforms: [youtube] }\n", "{ finding: iban }", { .platform = NULL }, false },
        { "applies_to: { platforms: [generic] }\n", "{ finding: iban }", { .platform = "generic" }, true },
        { "applies_to: { platforms: [generic] }\n", "{ finding: iban }", { .platform = "slack" }, true },
        { "applies_to: { platforms: [slack] }\n",
          "{ finding: iban }",
          { .platform = "generic", .claimed = "slack" },
          true },
        { "applies_to: { platforms: [youtube] }\n",
          "{ finding: iban }",
          { .platform = "generic", .claimed = "slack" },
          false },
        { "", "{ finding: iban, platform: slack }", { .platform = "generic", .claimed = "slack" }, true },
        { "", "{ finding: iban, platform: youtube }", { .platform = "generic", .claimed = "slack" }, false },
        { "applies_to: { platforms: [youtube], hosts: [\"*.example\"] }\n",
          "{ finding: iban }",
          { .kind = "post" },
          true },
        { "applies_to: { hosts: [b.example] }\n", "{ finding: iban }", { .kind = "post" }, false },
        { "applies_to: { actors: { groups: [\"*\"] } }\n", "{ finding: iban }", { .groups = NULL }, true },
        { "applies_to: { actors: { groups: sales } }\n", "{ finding: iban }", { .groups = sales }, true },
        { "applies_to: { actors: { groups: it } }\n", "{ finding: iban }", { .groups = sales }, false },
        { "applies_to: { actors: { groups: it } }\n", "{ finding: iban }", { .groups = NULL }, false },
        { "applies_to: { actors: { except: press-office } }\n", "{ finding: iban }", { .groups = sales }, true },
        { "applies_to: { actors: { except: press-office } }\n", "{ finding: iban }", { .groups = press }, false },
        { "applies_to: { actors: { groups: sales, except: press-office } }\n",
          "{ finding: iban }",
          { .groups = press },
          false },
        { "inspect: { never: [message] }\n", "{ finding: iban }", { .kind = "message" }, false },
        { "inspect: { never: [message] }\n", "{ finding: iban }", { .kind = "post" }, true },
        { "inspect: { never: [a.example] }\n", "{ finding: iban }", { .kind = "post" }, false },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct flt_finding items[HITS_MAX];
        struct hit hits[HITS_MAX] = { { IBAN, 90 }, { IBAN, 90 } };
        struct flt_findings findings = { .items = items, .n = make_findings(hits, items) };
        struct pol_case facts = rows[i].facts;
        struct pol_judgement got;
        struct pol_set *set;
        char text[1024];

        snprintf(text, sizeof text, "version: 1\npolicy: p\n%srules:\n  - id: r\n    when: %s\n    then: block\n",
                 rows[i].applies, rows[i].when);
        set = t_set(text);
        facts.host = ST_SPAN("a.example");
        facts.findings = &findings;
        got = judge(set, arena, &facts);
        T_CHECK((got.verdict == POL_BLOCK) == rows[i].holds, "row %zu: %s %s", i, rows[i].applies, rows[i].when);
        st_arena_free(arena);
        pol_set_free(set);
    }
}

/* What one rule takes out, the next one must not put back. */
T_TEST(redactions_of_several_rules_add_up)
{
    static const struct hit hits[HITS_MAX] = { { VISA, 90 }, { IBAN, 90 }, { EMAIL, 90 } };
    struct pol_set *set = t_set("version: 1\npolicy: p\nrules:\n"
                                "  - id: card\n    when: { finding: card.visa }\n    then: redact\n"
                                "  - id: bank\n    when: { finding: iban }\n    then: redact\n");
    struct st_arena *arena = st_arena_new(MEMORY);
    struct flt_finding items[HITS_MAX];
    struct flt_findings findings = { .items = items, .n = make_findings(hits, items) };
    struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
    struct pol_judgement got = judge(set, arena, &facts);

    T_CHECK(got.verdict == POL_REDACT && got.redact[0] && got.redact[1] && !got.redact[2], "%d %d %d", got.redact[0],
            got.redact[1], got.redact[2]);
    st_arena_free(arena);
    pol_set_free(set);
}

/* The way a host is spelt must not be a way around a policy: both names reach the same origin. */
T_TEST(a_final_dot_is_the_same_host)
{
    static const struct {
        const char *policy, *host;
        enum pol_verdict verdict;
    } rows[] = {
        { "applies_to: { hosts: [a.example] }\n", "a.example.", POL_BLOCK },
        { "applies_to: { hosts: [a.example] }\n", "A.Example.", POL_BLOCK },
        { "applies_to: { hosts: [\"*.example\"] }\n", "a.example.", POL_BLOCK },
        { "applies_to: { hosts: [\"*.example\"] }\n", "example.", POL_ALLOW },
        { "inspect: { never: [a.example] }\n", "a.example.", POL_ALLOW },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct flt_finding items[HITS_MAX];
        struct hit hits[HITS_MAX] = { { IBAN, 90 } };
        struct flt_findings findings = { .items = items, .n = make_findings(hits, items) };
        struct pol_case facts = { .host = st_span_str(rows[i].host), .findings = &findings };
        struct pol_set *set;
        char text[512];

        snprintf(text, sizeof text,
                 "version: 1\npolicy: p\n%srules:\n  - id: r\n    when: { finding: iban }\n    then: block\n",
                 rows[i].policy);
        set = t_set(text);
        T_CHECK(judge(set, arena, &facts).verdict == rows[i].verdict, "row %zu: %s", i, rows[i].host);
        st_arena_free(arena);
        pol_set_free(set);
    }
}

/* 0.57 * 100 is a little less than 57 in binary. */
T_TEST(every_confidence_equals_itself)
{
    struct st_arena *arena = st_arena_new(MEMORY);
    struct pol_set *set = t_set("version: 1\npolicy: p\nrules:\n  - id: r\n    when: { confidence: \"= 0.5\" }\n"
                                "    then: block\n");
    struct pol_rule *rule = set->policies[0]->rules.items;

    for (int percent = 0; percent <= 100; percent++) {
        struct flt_finding item = { .rule = &t_rules[IBAN], .confidence = (uint8_t)percent };
        struct flt_findings findings = { .items = &item, .n = 1 };
        struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
        char text[16];

        snprintf(text, sizeof text, "%d.%02d", percent / 100, percent % 100);
        rule->when.confidence.value = strtod(text, NULL);
        T_CHECK(judge(set, arena, &facts).verdict == POL_BLOCK, "%s", text);
    }
    st_arena_free(arena);
    pol_set_free(set);
}

T_TEST(distinct_values_are_compared_by_what_tells_them_apart)
{
    struct flt_field field = { .text = ST_SPAN("DE02 1203 / de0212-03 / DE99 / \xc3\xa4") };
    struct flt_doc doc = { .fields = &field, .n = 1 };
    struct flt_finding items[] = { { .rule = &t_rules[IBAN], .from = 0, .to = 9, .confidence = 90 },
                                   { .rule = &t_rules[IBAN], .from = 12, .to = 21, .confidence = 90 },
                                   { .rule = &t_rules[IBAN], .from = 24, .to = 28, .confidence = 90 } };
    struct flt_findings findings = { .items = items, .n = 3 };
    struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
    struct pol_set *set = t_set("version: 1\npolicy: p\nrules:\n"
                                "  - { id: two, when: { finding: iban, count: 2, distinct: true }, then: note }\n"
                                "  - { id: three, when: { finding: iban, count: 3, distinct: true }, then: block }\n");
    struct st_arena *arena = st_arena_new(MEMORY);

    T_CHECK(judge(set, arena, &facts).verdict == POL_BLOCK, "without the doc all differ");
    facts.doc = &doc;
    T_CHECK(judge(set, arena, &facts).verdict == POL_NOTE, "two of three");
    items[1].to = 4000; /* out of the field: cannot be compared, so it differs */
    T_CHECK(judge(set, arena, &facts).verdict == POL_BLOCK, "out of bounds");
    items[1] = items[0];
    items[1].field = 7;
    T_CHECK(judge(set, arena, &facts).verdict == POL_BLOCK, "no such field");
    st_arena_free(arena);
    pol_set_free(set);
}

T_TEST(observe_ends_on_its_day)
{
    struct pol_set *set =
        t_set("version: 1\npolicy: p\nrules:\n  - id: r\n    when: { finding: iban }\n    then: block\n"
              "    mode: observe\n    observe_until: 2099-01-01\n");
    struct flt_finding item = { .rule = &t_rules[IBAN], .confidence = 90 };
    struct flt_findings findings = { .items = &item, .n = 1 };
    struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
    struct st_arena *arena = st_arena_new(MEMORY);
    struct pol_rule *rule = set->policies[0]->rules.items;
    struct pol_judgement got = judge(set, arena, &facts);

    T_CHECK(got.verdict == POL_ALLOW && got.is_recorded && got.n == 1 && got.reasons[0].is_observed, "before");
    rule->observe_until = st_clock_wall_ms() + 60000;
    T_CHECK(judge(set, arena, &facts).verdict == POL_ALLOW, "a minute before");
    st_clock_turn(60001);
    got = judge(set, arena, &facts);
    T_CHECK(got.verdict == POL_BLOCK && !got.reasons[0].is_observed, "on the day");
    st_arena_free(arena);
    pol_set_free(set);
}

T_TEST(drafts_are_not_coached)
{
    static const struct {
        struct hit hits[HITS_MAX];
        enum pol_verdict verdict;
    } rows[] = {
        { { { PHONE, 60 } }, POL_NOTE },
        { { { EMAIL, 60 } }, POL_NOTE },
        { { { VISA, 90 } }, POL_REDACT },
        { { { AWS, 90 } }, POL_BLOCK },
    };
    struct pol_set *set = t_set(FIVE_RULES);

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct flt_finding items[HITS_MAX];
        struct flt_findings findings = { .items = items, .n = make_findings(rows[i].hits, items) };
        struct pol_case facts = { .host = ST_SPAN("a.example"), .is_draft = true, .findings = &findings };

        T_CHECK(judge(set, arena, &facts).verdict == rows[i].verdict, "row %zu", i);
        st_arena_free(arena);
    }
    pol_set_free(set);
}

/* What was not looked into: by reason, by coverage, by stoa.yaml. */
T_TEST(receipts)
{
    static const struct {
        const char *failure;
        enum flt_coverage coverage;
        enum flt_reason reason;
        enum pol_verdict verdict;
    } rows[] = {
        { "", FLT_FULLY, FLT_REASON_NONE, POL_ALLOW },
        { "", FLT_NOT, FLT_REASON_FAILED, POL_BLOCK },
        { "", FLT_PARTLY, FLT_REASON_FAILED, POL_BLOCK },
        { "", FLT_NOT, FLT_REASON_BOMB, POL_BLOCK },
        { "", FLT_NOT, FLT_REASON_CODING, POL_BLOCK },
        { "", FLT_PARTLY, FLT_REASON_SYNTAX, POL_BLOCK },
        { "", FLT_PARTLY, FLT_REASON_DEPTH, POL_BLOCK },
        { "", FLT_PARTLY, FLT_REASON_FIELDS, POL_BLOCK },
        { "", FLT_NOT, FLT_REASON_CHARSET, POL_BLOCK },
        { "", FLT_NOT, FLT_REASON_SIZE, POL_BLOCK },
        { "", FLT_NOT, FLT_REASON_TYPE, POL_ALLOW },
        { "", FLT_NOT, FLT_REASON_MEDIA, POL_ALLOW },
        { "", FLT_PARTLY, FLT_REASON_MEDIA, POL_ALLOW },
        { "failure: { scan: allow }\n", FLT_NOT, FLT_REASON_FAILED, POL_ALLOW },
        { "failure: { scan: allow }\n", FLT_NOT, FLT_REASON_SIZE, POL_BLOCK },
        { "failure: { size: allow }\n", FLT_NOT, FLT_REASON_SIZE, POL_ALLOW },
        { "failure: { type: block }\n", FLT_NOT, FLT_REASON_TYPE, POL_BLOCK },
        { "failure: { media: block }\n", FLT_PARTLY, FLT_REASON_MEDIA, POL_BLOCK },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        const char *folder = t_folder();
        struct st_arena *arena = st_arena_new(MEMORY);
        struct flt_receipt receipt = { .coverage = rows[i].coverage, .reason = rows[i].reason };
        struct pol_case facts = { .host = ST_SPAN("a.example"), .receipt = &receipt };
        struct st_err err = ST_ERR_INIT;
        struct pol_judgement got;
        struct pol_set *set;
        char text[1024];

        snprintf(text, sizeof text, "%s%s", CONFIG, rows[i].failure);
        t_write(folder, "stoa.yaml", text);
        set = t_set_load(folder, NULL, NULL, &err);
        T_CHECK(set != NULL, "%s", err.what);
        got = judge(set, arena, &facts);
        T_CHECK(got.verdict == rows[i].verdict, "row %zu: %s", i, pol_verdict_name(got.verdict));
        if (got.verdict == POL_BLOCK) {
            T_CHECK(strcmp(got.rule, "failure") == 0 && strcmp(got.policy, flt_reason_name(rows[i].reason)) == 0, "%s",
                    got.policy);
            T_CHECK(got.n == 1 && strstr(got.reasons[0].file, "/stoa.yaml") != NULL, "%s", got.reasons[0].file);
            T_CHECK(got.reasons[0].line == (rows[i].failure[0] != '\0' ? 7 : 0), "row %zu: line %u", i,
                    got.reasons[0].line);
            T_CHECK(strstr(got.message.en, "checked") != NULL, "%s", got.message.en);
        }
        st_arena_free(arena);
        pol_set_free(set);
    }
}

T_TEST(a_plugin_counts_like_a_rule)
{
    static const struct {
        enum pol_verdict plugin;
        struct hit hits[HITS_MAX];
        enum pol_verdict verdict;
        const char *rule;
    } rows[] = {
        { POL_ALLOW, { { 0, 0 } }, POL_ALLOW, NULL },
        { POL_NOTE, { { 0, 0 } }, POL_NOTE, "plugin" },
        { POL_COACH, { { 0, 0 } }, POL_COACH, "plugin" },
        { POL_REDACT, { { 0, 0 } }, POL_BLOCK, "plugin" }, /* nothing to point at */
        { POL_REDACT, { { EMAIL, 60 } }, POL_REDACT, "plugin" },
        { POL_BLOCK, { { VISA, 90 } }, POL_BLOCK, "plugin" },
        { POL_COACH, { { VISA, 90 } }, POL_REDACT, "bank" },
        { POL_BLOCK, { { AWS, 90 } }, POL_BLOCK, "secret" }, /* the first of two equal ones */
    };
    struct pol_set *set = t_set(FIVE_RULES);

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct flt_finding items[HITS_MAX];
        struct flt_findings findings = { .items = items, .n = make_findings(rows[i].hits, items) };
        struct pol_case facts = { .host = ST_SPAN("a.example"),
                                  .findings = &findings,
                                  .plugin = rows[i].plugin,
                                  .plugin_reason = "acme.customer" };
        struct pol_judgement got = judge(set, arena, &facts);

        T_CHECK(got.verdict == rows[i].verdict, "row %zu: %s", i, pol_verdict_name(got.verdict));
        T_CHECK(rows[i].rule == NULL || strcmp(got.rule, rows[i].rule) == 0, "row %zu: %s", i, got.rule);
        if (rows[i].rule != NULL && strcmp(rows[i].rule, "plugin") == 0)
            T_CHECK(strcmp(got.policy, "acme.customer") == 0, "row %zu: %s", i, got.policy);
        st_arena_free(arena);
    }
    pol_set_free(set);
}

/* Beyond the cap the judge does not know what else is there: counts hold, and a redaction would leave the rest in. */
T_TEST(capped_findings_are_taken_as_the_worst)
{
    struct pol_set *set = t_set("version: 1\npolicy: p\nrules:\n"
                                "  - { id: many, when: { finding: email.*, count: \">= 256\" }, then: coach }\n"
                                "  - { id: bank, when: { finding: iban }, then: redact, message: Replaced. }\n");
    struct flt_finding items[] = { { .rule = &t_rules[EMAIL], .confidence = 90 },
                                   { .rule = &t_rules[IBAN], .confidence = 90 } };
    struct flt_findings findings = { .items = items, .n = 1 };
    struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
    struct st_arena *arena = st_arena_new(MEMORY);
    struct pol_judgement got;

    T_CHECK(judge(set, arena, &facts).verdict == POL_ALLOW, "one");
    findings.is_capped = true;
    T_CHECK(judge(set, arena, &facts).verdict == POL_COACH, "many");
    findings.n = 2;
    got = judge(set, arena, &facts);
    T_CHECK(got.verdict == POL_BLOCK && strcmp(got.rule, "bank") == 0, "%s", pol_verdict_name(got.verdict));
    T_CHECK(strcmp(got.message.en, "This was not sent. It contains: IBAN.") == 0, "%s", got.message.en);
    st_arena_free(arena);
    pol_set_free(set);
}

T_TEST(the_sentence_names_what_was_found)
{
    static const struct {
        struct hit hits[HITS_MAX];
        const char *en, *de;
    } rows[] = {
        { { { AWS, 90 } },
          "This was not sent. It contains: AWS key.",
          "Das wurde nicht gesendet. Darin steht: AWS-Schlüssel." },
        { { { AWS, 90 }, { IBAN, 90 }, { AWS, 90 } },
          "This was not sent. It contains: AWS key, IBAN.",
          "Das wurde nicht gesendet. Darin steht: AWS-Schlüssel, IBAN." },
        { { { AWS, 90 }, { IBAN, 90 }, { VISA, 90 }, { PHONE, 90 }, { IBAN, 90 } },
          "This was not sent. It contains: AWS key, IBAN, Visa card and others.",
          "Das wurde nicht gesendet. Darin steht: AWS-Schlüssel, IBAN, Visa-Karte und anderes." },
    };
    struct pol_set *set = t_set("version: 1\npolicy: p\nrules:\n  - { id: r, when: { finding: \"*\" }, then: block }\n"
                                "  - { id: k, when: { kind: upload }, then: block }\n");
    struct pol_case upload = { .host = ST_SPAN("a.example"), .kind = "upload" };
    struct st_arena *arena = st_arena_new(MEMORY);

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct flt_finding items[HITS_MAX];
        struct flt_findings findings = { .items = items, .n = make_findings(rows[i].hits, items) };
        struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };
        struct pol_judgement got = judge(set, arena, &facts);

        T_CHECK(strcmp(got.message.en, rows[i].en) == 0, "%s", got.message.en);
        T_CHECK(strcmp(got.message.de, rows[i].de) == 0, "%s", got.message.de);
    }
    T_CHECK(strstr(judge(set, arena, &upload).message.en, "a rule of your company") != NULL, "no finding");
    st_arena_free(arena);
    pol_set_free(set);
}

T_TEST(judge_survives_every_oom)
{
    struct pol_set *set = t_set(FIVE_RULES);
    struct flt_finding items[HITS_MAX];
    struct hit hits[HITS_MAX] = { { AWS, 90 }, { IBAN, 90 }, { VISA, 90 }, { PHONE, 90 } };
    struct flt_findings findings = { .items = items, .n = make_findings(hits, items) };
    struct pol_case facts = { .host = ST_SPAN("a.example"), .findings = &findings };

    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct st_err err = ST_ERR_INIT;
        struct pol_judgement got;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = pol_judge(set, arena, &facts, &got, &err);
        t_fail_alloc(0);
        st_arena_free(arena);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
    for (size_t limit = 64; limit < 4096; limit += 64) { /* the ceiling of a txn is a limit, not a missing reason */
        struct st_arena *arena = st_arena_new(limit);
        struct st_err err = ST_ERR_INIT;
        struct pol_judgement got;

        if (pol_judge(set, arena, &facts, &got, &err) == ST_OK)
            T_CHECK(got.verdict == POL_BLOCK, "limit %zu", limit);
        else
            T_CHECK(err.code == ST_E_LIMIT, "limit %zu: %s", limit, err.what);
        st_arena_free(arena);
    }
    pol_set_free(set);
}
