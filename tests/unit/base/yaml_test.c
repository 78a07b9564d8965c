/* SPDX-License-Identifier: Apache-2.0 */
/* yaml - every type's good and bad spellings, the exact words of every diagnostic, and files cut and broken anywhere.
 */
#include "t.h"

#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"

struct rule {
    struct st_pos pos;
    struct st_str id;
    int then;
    struct st_compare confidence;
    struct st_list finding, children;
    struct st_text coach;
};
struct limits {
    struct st_pos pos;
    int64_t timeout, body;
};
struct config {
    int64_t version, until, workers;
    bool quiet;
    int mode;
    double ratio;
    struct st_str name;
    struct limits limits;
    struct st_list rules, methods, env, lists;
};

static const char *const verdicts[] = { "allow", "note", "coach", "redact", "block", NULL };
static const char *const modes[] = { "observe", "enforce", NULL };
static const char *const methods[] = { "negotiate", "basic_ldap", NULL };
#define AT(type, field) .offset = offsetof(struct type, field)
static const struct st_yaml_schema rule_schema;
static const struct st_yaml_opt rule_opts[] = {
    { .name = "id", .type = ST_Y_STR, AT(rule, id), .required = true, .help = "Names the rule." },
    { .name = "then", .type = ST_Y_ENUM, AT(rule, then), .names = verdicts, .def = "block", .help = "What happens." },
    { .name = "confidence",
      .type = ST_Y_COMPARE,
      AT(rule, confidence),
      .max = 1,
      .def = ">= 0.5",
      .help = "How sure." },
    { .name = "finding", .type = ST_Y_STRS, AT(rule, finding), .def = "[secret.*, pii.*]", .help = "Which findings." },
    { .name = "coach",
      .type = ST_Y_TEXT,
      AT(rule, coach),
      .def = "{en: Please look, de: Bitte ansehen}",
      .help = "Says | why." },
    { .name = "children", .type = ST_Y_LIST, AT(rule, children), .sub = &rule_schema, .help = "Rules below." },
};
static const struct st_yaml_schema rule_schema = { "rule",    sizeof(struct rule), offsetof(struct rule, pos) + 1,
                                                   rule_opts, ST_LEN(rule_opts),   NULL };
static const struct st_yaml_opt limits_opts[] = {
    { .name = "timeout",
      .type = ST_Y_DURATION,
      AT(limits, timeout),
      .min = 1000,
      .max = 86400000,
      .def = "30s",
      .help = "Wait." },
    { .name = "body", .type = ST_Y_SIZE, AT(limits, body), .max = 1 << 30, .def = "1MiB", .help = "Bytes held." },
};
static const struct st_yaml_schema limits_schema = {
    "limits", sizeof(struct limits), offsetof(struct limits, pos) + 1, limits_opts, ST_LEN(limits_opts), NULL
};
static const struct st_yaml_opt config_opts[] = {
    { .name = "version",
      .type = ST_Y_INT,
      AT(config, version),
      .required = true,
      .min = 1,
      .max = 1,
      .help = "Of the format." },
    { .name = "until", .type = ST_Y_DATE, AT(config, until), .help = "The last day." },
    { .name = "workers",
      .type = ST_Y_INT,
      AT(config, workers),
      .min = 0,
      .max = 64000001,
      .def = "2",
      .help = "Processes." },
    { .name = "quiet", .type = ST_Y_BOOL, AT(config, quiet), .def = "true", .help = "Says less." },
    { .name = "mode", .type = ST_Y_ENUM, AT(config, mode), .names = modes, .def = "enforce", .help = "Acts or looks." },
    { .name = "ratio", .type = ST_Y_REAL, AT(config, ratio), .min = -1, .max = 1, .help = "A part." },
    { .name = "name", .type = ST_Y_STR, AT(config, name), .def = "*", .help = "Any name." },
    { .name = "limits", .type = ST_Y_MAP, AT(config, limits), .sub = &limits_schema, .help = "Ceilings." },
    { .name = "rules", .type = ST_Y_LIST, AT(config, rules), .sub = &rule_schema, .help = "In order." },
    { .name = "methods", .type = ST_Y_STRS, AT(config, methods), .names = methods, .help = "How people log in." },
    { .name = "env", .type = ST_Y_DICT, AT(config, env), .help = "Free names." },
    { .name = "lists", .type = ST_Y_DICTS, AT(config, lists), .help = "Free names of lists." },
};
static const struct st_yaml_schema config_schema = { "config",    sizeof(struct config), 0,
                                                     config_opts, ST_LEN(config_opts),   NULL };

static const char good[] = "# a comment\n"
                           "version: 1\n"
                           "until: 2027-01-15\n"
                           "quiet: false\n"
                           "mode: observe\n"
                           "ratio: -0.25\n"
                           "name: \"no\"\n"
                           "limits:\n"
                           "  timeout: 2m\n"
                           "rules:\n"
                           "  - id: one\n"
                           "    then: coach\n"
                           "    confidence: \"> 0.8\"\n"
                           "    finding: [x, \"y z\"]\n"
                           "    coach: { en: Hello, de: Grüß }\n"
                           "    children:\n"
                           "      - { id: inner, finding: only, coach: One }\n"
                           "  - id: two\n"
                           "methods: [basic_ldap]\n"
                           "env: { A: b, C: \"1\" }\n"
                           "lists: { one: b, more: [c, d], none: [] }\n";

static struct config conf;
static struct st_diag *diag;
static struct st_arena *arena;
static struct st_err err;

static enum st_rc parse(struct st_span text)
{
    st_diag_free(diag);
    st_arena_free(arena);
    diag = st_diag_new();
    arena = st_arena_new(4u << 20);
    err = (struct st_err)ST_ERR_INIT;
    if (diag == NULL || arena == NULL)
        return st_fail(&err, ST_E_NOMEM, "test", "setup", 0);
    return st_yaml_parse(&(struct st_yaml_source){ "f.yaml", text }, &config_schema, arena, &conf, diag, &err);
}

static void done(void)
{
    st_diag_free(diag);
    st_arena_free(arena);
    diag = NULL;
    arena = NULL;
}

static const char *said(size_t i)
{
    static char line[600];
    const struct st_diag_item *it = st_diag_at(diag, i);

    if (it == NULL)
        return "nothing";
    (void)snprintf(line, sizeof line, "%u:%u: %s", it->line, it->col, it->text);
    return line;
}

static const struct rule *rule_at(const struct st_list *list, size_t i)
{
    T_CHECK(i < list->n, "only %zu rules", list->n);
    return (const struct rule *)list->items + i;
}

static const char *str_at(const struct st_list *list, size_t i)
{
    return i < list->n ? ((const struct st_str *)list->items)[i].s : "missing";
}

T_TEST(a_good_file)
{
    const struct st_pair *env;
    const struct rule *rule;

    T_CHECK(parse(st_span_str(good)) == ST_OK, "%s", said(0));
    T_CHECK(conf.version == 1 && conf.until == 1799971200000 && !conf.quiet && conf.mode == 0 && conf.workers == 2,
            "plain");
    T_CHECK(conf.ratio == -0.25 && strcmp(conf.name.s, "no") == 0 && conf.name.pos.line == 7 && conf.name.pos.col == 7,
            "%u:%u", conf.name.pos.line, conf.name.pos.col);
    T_CHECK(conf.limits.timeout == 120000 && conf.limits.body == 1048576 && conf.limits.pos.line == 9, "limits");
    T_CHECK(conf.rules.n == 2 && conf.rules.pos.line == 11, "%zu rules in line %u", conf.rules.n, conf.rules.pos.line);
    rule = rule_at(&conf.rules, 0);
    T_CHECK(rule->pos.line == 11 && rule->pos.col == 5, "%u:%u", rule->pos.line, rule->pos.col);
    T_CHECK(strcmp(rule->id.s, "one") == 0 && rule->then == 2, "id, then");
    T_CHECK(rule->confidence.op == ST_CMP_GT && rule->confidence.value == 0.8, "confidence");
    T_CHECK(rule->finding.n == 2 && strcmp(str_at(&rule->finding, 1), "y z") == 0, "finding");
    T_CHECK(strcmp(rule->coach.en, "Hello") == 0 && strcmp(rule->coach.de, "Grüß") == 0, "coach");
    rule = rule_at(&rule->children, 0);
    T_CHECK(strcmp(rule->id.s, "inner") == 0 && strcmp(str_at(&rule->finding, 0), "only") == 0 && rule->finding.n == 1,
            "child");
    T_CHECK(strcmp(rule->coach.en, "One") == 0 && strcmp(rule->coach.de, "One") == 0, "German falls back");
    T_CHECK(conf.methods.n == 1 && strcmp(str_at(&conf.methods, 0), "basic_ldap") == 0, "methods");
    env = conf.env.items;
    T_CHECK(conf.env.n == 2 && strcmp(env[1].key.s, "C") == 0 && strcmp(env[1].value.s, "1") == 0, "env");
    done();
}

T_TEST(defaults_are_as_if_written)
{
    const struct rule *rule;

    T_CHECK(parse(ST_SPAN("version: 1\nrules:\n  - id: x\n")) == ST_OK, "%s", said(0));
    rule = rule_at(&conf.rules, 0);
    T_CHECK(conf.quiet && conf.mode == 1 && strcmp(conf.name.s, "*") == 0 && conf.until == 0, "plain");
    T_CHECK(conf.limits.timeout == 30000 && conf.limits.body == 1048576 && conf.limits.pos.line == 0,
            "an absent mapping");
    T_CHECK(rule->then == 4 && rule->confidence.op == ST_CMP_GE && rule->confidence.value == 0.5, "rule");
    T_CHECK(rule->finding.n == 2 && strcmp(str_at(&rule->finding, 1), "pii.*") == 0, "a list");
    T_CHECK(((const struct st_str *)rule->finding.items)->pos.line == 3, "defaults stand where their mapping does");
    T_CHECK(strcmp(rule->coach.de, "Bitte ansehen") == 0, "a text in two languages");
    T_CHECK(rule->children.n == 0 && conf.env.n == 0 && conf.methods.n == 0, "no default is empty");
    T_CHECK(parse(ST_SPAN("version: 1\nlimits:\n  # all commented out\n")) == ST_OK, "%s", said(0));
    T_CHECK(conf.limits.timeout == 30000, "an empty mapping");
    done();
}

/* One value of each type: what is accepted, and as what. */
T_TEST(spellings)
{
    static const struct {
        const char *option, *text;
        bool ok;
        double value;
    } rows[] = {
        { "quiet", "true", true, 1 },
        { "quiet", "\"false\"", true, 0 },
        { "quiet", "True", false, 0 },
        { "quiet", "yes", false, 0 },
        { "workers", "0", true, 0 },
        { "workers", "64000001", true, 64000001 },
        { "workers", "64000002", false, 0 },
        { "workers", "-1", false, 0 },
        { "workers", "-0", false, 0 },
        { "workers", "08", false, 0 },
        { "workers", "0x10", false, 0 },
        { "workers", "1e1", false, 0 },
        { "workers", "1_0", false, 0 },
        { "workers", "+1", false, 0 },
        { "workers", "1.0", false, 0 },
        { "workers", "99999999999999999999", false, 0 },
        { "ratio", "1", true, 1 },
        { "ratio", "0.125", true, 0.125 },
        { "ratio", "-1.0", true, -1 },
        { "ratio", "1.1", false, 0 },
        { "ratio", ".5", false, 0 },
        { "ratio", "1.", false, 0 },
        { "ratio", "1e-1", false, 0 },
        { "ratio", ".inf", false, 0 },
        { "ratio", "nan", false, 0 },
        { "ratio", "0,5", false, 0 },
        { "ratio", "00.5", false, 0 },
        { "until", "1970-01-01", true, 0 },
        { "until", "1969-12-31", true, -86400000 },
        { "until", "2000-02-29", true, 951782400000 },
        { "until", "2024-02-29", true, 1709164800000 },
        { "until", "2100-03-01", true, 4107542400000 },
        { "until", "2100-02-29", false, 0 },
        { "until", "2027-02-29", false, 0 },
        { "until", "2027-13-01", false, 0 },
        { "until", "2027-00-01", false, 0 },
        { "until", "2027-04-31", false, 0 },
        { "until", "2027-04-00", false, 0 },
        { "until", "2027-4-01", false, 0 },
        { "until", "27-04-01", false, 0 },
        { "until", "2027-04-01T00:00:00Z", false, 0 },
        { "limits.timeout", "1s", true, 1000 },
        { "limits.timeout", "1500ms", true, 1500 },
        { "limits.timeout", "12h", true, 43200000 },
        { "limits.timeout", "1d", true, 86400000 },
        { "limits.timeout", "2d", false, 0 },
        { "limits.timeout", "999ms", false, 0 },
        { "limits.timeout", "30", false, 0 },
        { "limits.timeout", "30 s", false, 0 },
        { "limits.timeout", "1m30s", false, 0 },
        { "limits.timeout", "-1s", false, 0 },
        { "limits.timeout", "1.5s", false, 0 },
        { "limits.timeout", "9223372036854775807d", false, 0 },
        { "limits.body", "0", true, 0 },
        { "limits.body", "512", true, 512 },
        { "limits.body", "64KiB", true, 65536 },
        { "limits.body", "1GiB", true, 1073741824 },
        { "limits.body", "2GiB", false, 0 },
        { "limits.body", "1MB", false, 0 },
        { "limits.body", "1M", false, 0 },
        { "limits.body", "1kib", false, 0 },
        { "limits.body", "-5", false, 0 },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        const char *dot = strchr(rows[i].option, '.');
        char text[200];
        double got;
        int n = dot == NULL ? snprintf(text, sizeof text, "version: 1\n%s: %s\n", rows[i].option, rows[i].text)
                            : snprintf(text, sizeof text, "version: 1\nlimits: { %s: %s }\n", dot + 1, rows[i].text);

        T_CHECK((parse(st_span(text, (size_t)n)) == ST_OK) == rows[i].ok, "%s: %s: %s", rows[i].option, rows[i].text,
                said(0));
        T_CHECK(st_diag_count(diag) == !rows[i].ok, "%s: %s: %zu mistakes", rows[i].option, rows[i].text,
                st_diag_count(diag));
        got = dot != NULL                       ? (double)(dot[1] == 't' ? conf.limits.timeout : conf.limits.body)
              : rows[i].option[0] == 'q'        ? conf.quiet
              : rows[i].option[0] == 'r'        ? conf.ratio
              : strcmp(rows[i].option, "until") ? (double)conf.workers
                                                : (double)conf.until;
        T_CHECK(!rows[i].ok || got == rows[i].value, "%s: %s is %f", rows[i].option, rows[i].text, got);
    }
    done();
}

T_TEST(comparisons)
{
    static const struct {
        const char *text;
        int op;
        double value;
    } rows[] = {
        { ">= 0.8", ST_CMP_GE, 0.8 }, { ">=0.8", ST_CMP_GE, 0.8 }, { "> 0", ST_CMP_GT, 0 },
        { "<= 1", ST_CMP_LE, 1 },     { "<1", ST_CMP_LT, 1 },      { "= 1", ST_CMP_EQ, 1 },
        { "0.5", ST_CMP_GE, 0.5 },    { "=> 1", ST_CMP_NONE, 0 },  { "== 1", ST_CMP_NONE, 0 },
        { ">", ST_CMP_NONE, 0 },      { "~ 1", ST_CMP_NONE, 0 },   { "> 2", ST_CMP_NONE, 0 },
        { "> 1 ", ST_CMP_NONE, 0 },   { ">>> 1", ST_CMP_NONE, 0 }, { "!= 1", ST_CMP_NONE, 0 },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        char text[200];
        int n = snprintf(text, sizeof text, "version: 1\nrules: [{ id: x, confidence: \"%s\" }]\n", rows[i].text);
        const struct rule *rule;

        T_CHECK((parse(st_span(text, (size_t)n)) == ST_OK) == (rows[i].op != ST_CMP_NONE), "%s: %s", rows[i].text,
                said(0));
        rule = rule_at(&conf.rules, 0);
        T_CHECK((int)rule->confidence.op == rows[i].op && rule->confidence.value == rows[i].value, "%s", rows[i].text);
    }
    done();
}

/* The words are part of what we promise: place, expected, found, and what to do. */
T_TEST(diagnostics)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        { "", "1:1: config: expected the option \"version\", which is required: Of the format." },
        { "version: 2", "1:10: version: expected 1, found \"2\"" },
        { "version: 1\nwrokers: 3\n",
          "2:1: expected an option of config, found \"wrokers\"; did you mean \"workers\"?" },
        { "version: 1\nzzz: 3\n",
          "2:1: expected an option of config, found \"zzz\"; known are version, until, workers, quiet, mode, "
          "ratio, name, limits, rules, methods, env, lists" },
        { "version: 1\nmode: 1\nmode: observe\n", "2:7: mode: expected one of observe, enforce, found \"1\"" },
        { "version: 1\nworkers: 1\nquiet: true\nworkers: 2\n", "4:1: \"workers\" is given twice, first in line 2" },
        { "version: 1\nmode: enfroce\n",
          "2:7: mode: expected one of observe, enforce, found \"enfroce\"; did you mean \"enforce\"?" },
        { "version: 1\nquiet: off\n", "2:8: quiet: expected true or false, found \"off\"; write false" },
        { "version: 1\nquiet: Yes\n", "2:8: quiet: expected true or false, found \"Yes\"; write true" },
        { "version: 1\nquiet:\n", "2:7: quiet: expected true or false, found nothing" },
        { "version: 1\nworkers: [1]\n", "2:10: workers: expected a whole number from 0 to 64000001, found a list" },
        { "version: 1\nworkers: 08\n",
          "2:10: workers: expected a whole number from 0 to 64000001, found \"08\"; no leading zeros" },
        { "version: 1\nname:\n", "2:6: name: expected a text, found nothing; write \"\" for an empty text" },
        { "version: 1\nname: {a: b}\n", "2:7: name: expected a text, found a mapping" },
        { "version: 1\nname: \"a\\0b\"\n", "2:7: name: a text cannot hold the character NUL" },
        { "version: 1\nlimits: {timeout: 30}\n",
          "2:19: timeout: expected a duration such as 30s (ms, s, m, h or d) from 1s to 1d, found "
          "\"30\"; the unit is missing" },
        { "version: 1\nlimits: {body: 5MB}\n",
          "2:16: body: expected a size such as 64KiB (bytes, KiB, MiB or GiB) from 0 to 1GiB, found "
          "\"5MB\"; units are KiB, MiB and GiB (1024, not 1000)" },
        { "version: 1\nlimits: 5\n", "2:9: limits: expected a mapping, found \"5\"" },
        { "version: 1\nrules: {id: x}\n",
          "2:8: rules: expected a list of mappings, found a mapping; begin each with \"- \"" },
        { "version: 1\nrules:\n",
          "2:7: rules: expected a list of mappings, found nothing; write [] for an empty list" },
        { "version: 1\nrules: [x]\n", "2:9: rules: expected a mapping in each entry of the list, found \"x\"" },
        { "version: 1\nrules:\n  - then: block\n",
          "3:5: rule: expected the option \"id\", which is required: Names the rule." },
        { "version: 1\nrules: [{id: x, coach: {de: y}}]\n",
          "2:24: text: expected the option \"en\", which is required: the text in English" },
        { "version: 1\nmethods: [negotiate, negotiat]\n",
          "2:22: methods: expected a list of texts out of negotiate, basic_ldap, found "
          "\"negotiat\"; did you mean \"negotiate\"?" },
        { "version: 1\nmethods:\n",
          "2:9: methods: expected a list of texts out of negotiate, basic_ldap, found nothing; write [] for an "
          "empty list" },
        { "version: 1\nenv: {a: 1, a: 2}\n", "2:13: \"a\" is given twice, first in line 2" },
        { "version: 1\nenv: [a]\n", "2:6: env: expected a mapping of names to texts, found a list" },
        { "version: 1\nenv: {a: [b]}\n", "2:10: a: expected a text, found a list" },
        { "version: 1\nenv: {[a]: b}\n", "2:7: env: expected a name, found a list" },
        { "version: 1\n? [a]\n: b\n", "2:3: expected the name of an option of config, found a list" },
        { "version: 1\nname: &a x\n", "2:7: an anchor (&name) is not allowed here; remove it, or quote the text" },
        { "version: 1\nname: *a\n",
          "2:7: an alias (*name) is not allowed here; write the value itself, or quote the text" },
        { "version: 1\nname: !!str x\n", "2:7: a tag (!name) is not allowed here; remove it, or quote the text" },
        { "version: 1\nlimits: &l {timeout: 1s}\n",
          "2:9: an anchor (&name) is not allowed here; remove it, or quote the text" },
        { "version: 1\nrules: !x []\n", "2:8: a tag (!name) is not allowed here; remove it, or quote the text" },
        { "version: 1\n---\nversion: 1\n",
          "2:1: expected the end of the file, found a second document; one file holds one" },
        { "- a\n", "1:1: expected a mapping with the options of config, found a list" },
        { "just text\n", "1:1: expected a mapping with the options of config, found \"just text\"" },
        { "version: 1\nrules:\n\t- id: x\n",
          "3:1: found character that cannot start any token, while scanning for the next token; indent "
          "with spaces, not with tabs" },
        { "version: 1\nname: @x\n",
          "2:7: found character that cannot start any token, while scanning for the next token; a text that "
          "begins with this character needs quotes" },
        { "version: 1\nname: *\n",
          "2:8: did not find expected alphabetic or numeric character, while scanning an alias; a text that "
          "begins with * or & needs quotes" },
        { "version: 1\nlimits:\n    body: 1\n   timeout: 3s\n",
          "4:4: did not find expected key, while parsing a block mapping that begins "
          "in line 1; names of one mapping begin in the same column" },
        { "version: 1\nname: a\n\xc3\xa4: \xc3\xb6\xc3\n",
          "3:6: invalid trailing UTF-8 octet; the file must be UTF-8 text" },
        { "version: 1\nname: \x01\n", "2:7: control characters are not allowed; the file must be UTF-8 text" },
        { "version: 1\n\xc3\xa4\xc3\xb6: 1\n",
          "2:1: expected an option of config, found \"\xc3\xa4\xc3\xb6\"; known are version, until, workers, "
          "quiet, mode, ratio, name, limits, rules, methods, env, lists" },
        { "version: 1\nquiet: 1234567890123456789012345678901234567890123\n",
          "2:8: quiet: expected true or false, found \"1234567890123456789012345678901234567890\xe2\x80\xa6\"" },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        T_CHECK(parse(st_span_str(rows[i].text)) == ST_ERR && err.code == ST_E_CONFIG, "row %zu was accepted: %s", i,
                rows[i].text);
        T_CHECK(strcmp(said(0), rows[i].said) == 0, "row %zu: %s", i, said(0));
        T_CHECK(i == 4 || st_diag_count(diag) == 1, "row %zu: also %s", i, said(1));
    }
    done();
}

T_TEST(goes_on_after_a_mistake)
{
    T_CHECK(parse(ST_SPAN("version: 9\nunknown: { a: [b, { c: d }] }\nrules:\n  - { id: a, then: { x: [y] } }\n  - id: "
                          "b\n    zzz: 1\n"
                          "name: last\n")) == ST_ERR,
            "accepted");
    T_CHECK(st_diag_count(diag) == 4, "%zu mistakes", st_diag_count(diag));
    T_CHECK(strncmp(said(2), "4:20: then: ", 12) == 0, "%s", said(2));
    T_CHECK(strncmp(said(3), "6:5: expected an option of rule", 31) == 0, "%s", said(3));
    T_CHECK(conf.name.s != NULL && strcmp(conf.name.s, "last") == 0, "did not reach the end");
    done();
}

T_TEST(depth_and_length_have_ceilings)
{
    static char deep[5u << 20];
    size_t n = (size_t)snprintf(deep, sizeof deep, "version: 1\nunknown: ");

    memset(deep + n, '[', 31);
    memset(deep + n + 31, ']', 31);
    T_CHECK(parse(st_span(deep, n + 62)) == ST_ERR && st_diag_count(diag) == 1, "32 levels: %s", said(1));
    memset(deep + n, '[', 32);
    memset(deep + n + 32, ']', 32);
    T_CHECK(parse(st_span(deep, n + 64)) == ST_ERR && st_diag_count(diag) == 2, "33 levels");
    T_CHECK(strcmp(said(1), "2:41: nested deeper than 32 levels") == 0, "%s", said(1));
    memset(deep, '[', 100000);
    T_CHECK(parse(st_span(deep, 100000)) == ST_ERR &&
                strcmp(said(st_diag_count(diag) - 1), "1:33: nested deeper than 32 levels") == 0,
            "%s", said(0));
    memset(deep, '#', sizeof deep);
    T_CHECK(parse(st_span(deep, sizeof deep)) == ST_ERR && err.code == ST_E_CONFIG, "5 MiB");
    T_CHECK(strcmp(said(0), "0:0: expected at most 4 MiB, found 5242880 bytes") == 0, "%s", said(0));
    done();
}

/* Refused entries must not eat the arena: the person is to see the mistakes, not a ceiling. */
T_TEST(many_mistakes_need_no_memory)
{
    static char many[1u << 20];
    size_t n = (size_t)snprintf(many, sizeof many, "version: 1\nmethods:\n");

    for (int i = 0; i < 512; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "- negotiate\n");
    for (int i = 0; i < 10000; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "- zzz\n");
    T_CHECK(parse(st_span(many, n)) == ST_ERR && err.code == ST_E_CONFIG && err.num == 10000, "%s", err.what);
    T_CHECK(conf.methods.n == 512 && st_diag_count(diag) == 101, "%zu", conf.methods.n);
    done();
}

T_TEST(a_dict_of_lists)
{
    static const struct {
        const char *text, *said;
    } wrong[] = { { "version: 1\nlists: [a]\n", "2:8: lists: expected a mapping of names to texts or lists of texts" },
                  { "version: 1\nlists:\n  a: { b: c }\n", "3:6: a: expected a list of texts" },
                  { "version: 1\nlists:\n  a: [[b]]\n", "3:7: a: expected" },
                  { "version: 1\nlists:\n  a: b\n  a: c\n", "4:3: \"a\" is given twice" },
                  { "version: 1\nlists:\n  a:\n", "a: expected a list of texts" } };
    const struct st_many *many;

    T_CHECK(parse(st_span_str(good)) == ST_OK && conf.lists.n == 3, "%s", said(0));
    many = conf.lists.items;
    T_CHECK(strcmp(many[0].key.s, "one") == 0 && !many[0].is_list && many[0].values.n == 1, "a scalar");
    T_CHECK(strcmp(str_at(&many[0].values, 0), "b") == 0, "its text");
    T_CHECK(many[1].is_list && many[1].values.n == 2 && strcmp(str_at(&many[1].values, 1), "d") == 0, "a list");
    T_CHECK(many[1].key.pos.line == 21 && many[2].is_list && many[2].values.n == 0, "line %u", many[1].key.pos.line);
    for (size_t i = 0; i < ST_LEN(wrong); i++) {
        T_CHECK(parse(st_span_str(wrong[i].text)) == ST_ERR, "accepted: %s", wrong[i].text);
        T_CHECK(strstr(said(0), wrong[i].said) != NULL, "%s: %s", wrong[i].said, said(0));
    }
    done();
}

T_TEST(a_dict_has_a_ceiling)
{
    static char many[1u << 20];
    size_t n = (size_t)snprintf(many, sizeof many, "version: 1\nenv:\n");

    for (int i = 0; i < 10001; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "  k%d: v\n", i);
    T_CHECK(parse(st_span(many, n)) == ST_ERR, "accepted");
    T_CHECK(strcmp(said(0), "10003:3: more than 10000 entries in one mapping") == 0, "%s", said(0));
    done();
}

T_TEST(a_small_arena_is_a_limit)
{
    for (size_t limit = 0; limit < 5000; limit += 100) {
        struct st_arena *small = st_arena_new(limit);
        enum st_rc rc =
            st_yaml_parse(&(struct st_yaml_source){ "f", st_span_str(good) }, &config_schema, small, &conf, NULL, &err);

        T_CHECK(rc == ST_OK || err.code == ST_E_LIMIT, "%zu: %s", limit, err.what);
        T_CHECK(limit > 1000 || rc != ST_OK, "%zu bytes are enough", limit);
        st_arena_free(small);
    }
}

T_TEST(survives_every_oom)
{
    for (int nth = 1;; nth++) {
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = parse(st_span_str(good));
        t_fail_alloc(0);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
    done();
}

/* Whatever the bytes, an answer and a sane list; a file that was accepted has what is required. */
static void any_bytes(struct st_span text)
{
    enum st_rc rc = parse(text);

    T_CHECK(rc == ST_OK || err.code == ST_E_CONFIG, "%s", err.what);
    T_CHECK((rc == ST_OK) == (st_diag_count(diag) == 0), "%s", said(0));
    T_CHECK(rc != ST_OK || conf.version == 1, "accepted without its version");
    for (size_t i = 0; i < st_diag_count(diag); i++)
        T_CHECK(strchr(st_diag_at(diag, i)->text, '\n') == NULL, "two lines");
}

T_TEST(cut_at_every_byte)
{
    for (size_t n = 0; n < sizeof good; n++) {
        uint8_t *exact = malloc(n > 0 ? n : 1);

        memcpy(exact, good, n);
        any_bytes(st_span(exact, n));
        free(exact);
    }
    done();
}

T_TEST(broken_anywhere)
{
    static const char marks[] = ":-,[]{}#&*!|>'\"%@`\n\t \\?~<=\0\xff\xc3";

    for (int round = 0; round < 6000; round++) {
        char text[sizeof good];

        memcpy(text, good, sizeof text);
        for (uint64_t n = 1 + t_below(3); n > 0; n--)
            text[t_below(sizeof text - 1)] = t_below(2) == 0 ? (char)t_rand() : marks[t_below(sizeof marks - 1)];
        any_bytes(st_span(text, sizeof text - 1));
    }
    done();
}

T_TEST(random_bytes)
{
    for (int round = 0; round < 6000; round++) {
        static const char alphabet[] = "ab:-,[]{}#&*!|>'\"%@` \n\t?~\xff\xc3\xa4";
        uint8_t text[64];
        size_t n = t_below(sizeof text + 1);

        for (size_t i = 0; i < n; i++)
            text[i] = round % 2 == 0 ? (uint8_t)t_rand() : (uint8_t)alphabet[t_below(sizeof alphabet - 1)];
        any_bytes(st_span(text, n));
    }
    done();
}

T_TEST(files)
{
    char path[300], expected[500], out[600];
    struct st_diag *list = st_diag_new();
    struct st_arena *mem = st_arena_new(1u << 20);
    FILE *f;

    T_OK(st_path_join(path, sizeof path, t_tmpdir(), "c.yaml", &err), err);
    T_OK(st_file_write_atomic(path, st_span_str(good), 0600, &err), err);
    T_CHECK(st_yaml_load(path, &config_schema, mem, &conf, list, &err) == ST_OK && conf.rules.n == 2, "%s", err.what);
    T_CHECK(unlink(path) == 0, "unlink");
    T_CHECK(st_yaml_load(path, &config_schema, mem, &conf, list, &err) == ST_ERR && err.code == ST_E_CONFIG, "absent");
    T_CHECK(conf.rules.n == 0, "something is left of the file before");
    T_CHECK(st_yaml_load("/", &config_schema, mem, &conf, list, &err) == ST_ERR && err.code == ST_E_CONFIG, "a folder");
    (void)snprintf(expected, sizeof expected,
                   "%s: file cannot be opened: No such file or directory\n/: file cannot be read: Is a directory\n",
                   path);
    f = fmemopen(out, sizeof out, "w");
    st_diag_print(list, f);
    (void)fclose(f);
    T_CHECK(strcmp(out, expected) == 0, "%s", out);
    st_diag_free(list);
    st_arena_free(mem);
}

static struct st_span described(struct st_buf *buf, enum st_yaml_form form)
{
    struct st_err e = ST_ERR_INIT;

    st_buf_init(buf, 1u << 20);
    st_yaml_describe(&config_schema, form, buf);
    T_OK(st_buf_done(buf, &e, "test"), e);
    return st_buf_view(buf);
}

T_TEST(descriptions_hold_every_option)
{
    for (int form = ST_YAML_HELP; form <= ST_YAML_JSON_SCHEMA; form++) {
        const struct st_yaml_schema *schemas[] = { &config_schema, &rule_schema, &limits_schema };
        struct st_buf buf;
        struct st_span text = described(&buf, (enum st_yaml_form)form);

        for (size_t i = 0; i < ST_LEN(schemas); i++) {
            for (size_t j = 0; j < schemas[i]->n; j++) {
                T_CHECK(st_span_find(text, st_span_str(schemas[i]->opts[j].name)) != ST_SPAN_NPOS, "form %d lacks %s",
                        form, schemas[i]->opts[j].name);
                if (strchr(schemas[i]->opts[j].help, '|') == NULL) /* which Markdown escapes */
                    T_CHECK(st_span_find(text, st_span_str(schemas[i]->opts[j].help)) != ST_SPAN_NPOS,
                            "form %d lacks \"%s\"", form, schemas[i]->opts[j].help);
            }
        }
        st_buf_fini(&buf);
    }
}

T_TEST(help_text)
{
    static const char expected[] =
        "  limits: a mapping (limits)\n"
        "      Ceilings.\n"
        "      timeout: a duration such as 30s (ms, s, m, h or d) from 1s to 1d; default 30s\n"
        "          Wait.\n";
    struct st_buf buf;
    struct st_span text = described(&buf, ST_YAML_HELP);

    T_CHECK(st_span_find(text, st_span_str(expected)) != ST_SPAN_NPOS, "%.*s", (int)text.n, (const char *)text.p);
    T_CHECK(st_span_find(text, ST_SPAN("(options of rule: see above)")) != ST_SPAN_NPOS, "a schema within itself");
    st_buf_fini(&buf);
}

T_TEST(markdown_escapes_its_bars)
{
    struct st_buf buf;
    struct st_span text = described(&buf, ST_YAML_MARKDOWN);

    T_CHECK(st_span_find(text, ST_SPAN("| Says \\| why. |\n")) != ST_SPAN_NPOS, "%.*s", (int)text.n,
            (const char *)text.p);
    T_CHECK(st_span_find(text, ST_SPAN("## rule\n")) != ST_SPAN_NPOS, "a heading per schema");
    st_buf_fini(&buf);
}

T_TEST(json_schema_is_json)
{
    struct st_buf buf;
    json_t *root = NULL, *defs, *rule;

    T_OK(st_json_read(described(&buf, ST_YAML_JSON_SCHEMA), "schema", &root, NULL, &err), err);
    defs = json_object_get(root, "$defs");
    rule = json_object_get(json_object_get(defs, "rule"), "properties");
    T_CHECK(json_object_size(defs) == 3 && json_object_size(rule) == ST_LEN(rule_opts), "definitions");
    T_CHECK(json_array_size(json_object_get(json_object_get(rule, "then"), "enum")) == 5, "names");
    rule = json_object_get(json_object_get(defs, "config"), "properties");
    T_CHECK(json_integer_value(json_object_get(json_object_get(rule, "workers"), "maximum")) == 64000001, "bounds");
    T_CHECK(json_is_false(json_object_get(json_object_get(defs, "config"), "additionalProperties")), "closed");
    json_decref(root);
    st_buf_fini(&buf);
}
