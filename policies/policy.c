/* SPDX-License-Identifier: Apache-2.0 */
/* policy - the language of a *.policy.yaml file: its option table, which is also its reference.
 *
 * A policy says about whom it is (applies_to), what may be opened (inspect, route) and what must not leave (rules). A
 * rule holds when every condition of its `when` holds; of all rules that hold the strictest wins. What goes beyond one
 * value (unknown detectors, ids twice, a redaction without a finding) is in check.c.
 * When you add an option: a field in set.h, a line here, a check there, and its meaning in judge.c or route.c.
 */
#include "policies/set.h"

#define TABLE(what, opts_, size_, pos_)                                                          \
    {                                                                                            \
        .name = what, .size = (size_), .pos_offset = (pos_), .opts = (opts_), .n = ST_LEN(opts_) \
    }
#define WHEN(f)   offsetof(struct pol_when, f)
#define RULE(f)   offsetof(struct pol_rule, f)
#define POLICY(f) offsetof(struct pol_policy, f)
#define SIZE(f)   sizeof(((struct pol_policy *)NULL)->f)

static const char *const severity_names[] = { "low", "medium", "high", "critical", NULL };
static const char *const then_names[] = { "note", "coach", "redact", "block", NULL };
static const char *const mode_names[] = { [POL_ENFORCE] = "enforce", [POL_OBSERVE] = "observe", NULL };
static const char *const unknown_names[] = {
    [POL_UNKNOWN_BY_ROUTE] = "by-route", [POL_UNKNOWN_PASS] = "pass", [POL_UNKNOWN_REFUSE] = "refuse", NULL
};
static const char *const route_names[] = { [POL_BY_OPEN] = "by-inspect",
                                           [POL_SAY_PASS] = "pass",
                                           [POL_SAY_INSPECT] = "inspect",
                                           [POL_SAY_REFUSE] = "refuse",
                                           NULL };

static const struct st_yaml_opt when_opts[] = {
    { .name = "finding",
      .type = ST_Y_STRS,
      .offset = WHEN(finding),
      .help =
          "Detector ids; * is any run of characters; tag:NAME and pack:NAME stand for all detectors that carry it." },
    { .name = "severity",
      .type = ST_Y_ENUM,
      .offset = WHEN(severity),
      .names = severity_names,
      .def = "low",
      .help = "Only findings of at least this severity." },
    { .name = "confidence",
      .type = ST_Y_COMPARE,
      .offset = WHEN(confidence),
      .max = 1,
      .help = "Only findings of this confidence, from 0 to 1: \">= 0.85\"." },
    { .name = "count",
      .type = ST_Y_COMPARE,
      .offset = WHEN(count),
      .max = FLT_FINDINGS_MAX,
      .help = "How many such findings there have to be: \">= 10\"; one when absent." },
    { .name = "distinct",
      .type = ST_Y_BOOL,
      .offset = WHEN(distinct),
      .def = "false",
      .help = "Count different values instead of every occurrence." },
    { .name = "audience",
      .type = ST_Y_STRS,
      .offset = WHEN(audience),
      .names = flt_audiences,
      .help = "Who will see it: public, group, private, direct, ai; an unknown audience counts as public." },
    { .name = "kind",
      .type = ST_Y_STRS,
      .offset = WHEN(kind),
      .help = "What the person does: post, comment, edit, message, upload ...; * is allowed." },
    { .name = "platform", .type = ST_Y_STRS, .offset = WHEN(platform), .help = "Only on these platforms." },
};
static const struct st_yaml_schema when_schema = TABLE("when", when_opts, sizeof(struct pol_when), 0);

static const struct st_yaml_opt rule_opts[] = {
    { .name = "id",
      .type = ST_Y_STR,
      .offset = RULE(id),
      .required = true,
      .help = "Name of the rule, once per policy; records, explain and counters show it." },
    { .name = "when",
      .type = ST_Y_MAP,
      .offset = RULE(when),
      .required = true,
      .sub = &when_schema,
      .help = "The conditions; all that are given have to hold." },
    { .name = "then",
      .type = ST_Y_ENUM,
      .offset = RULE(then),
      .required = true,
      .names = then_names,
      .help =
          "The verdict, from mild to strict. coach sends the message and says so in the answer's Stoa-Coach field; a "
          "message of a WebSocket, or of a call that stays open, has no such answer: there it is sent and recorded." },
    { .name = "message",
      .type = ST_Y_TEXT,
      .offset = RULE(message),
      .help = "What the person reads; a plain sentence that names the detector when absent." },
    { .name = "mode",
      .type = ST_Y_ENUM,
      .offset = RULE(mode),
      .names = mode_names,
      .def = "enforce",
      .help = "observe only records what would have happened." },
    { .name = "observe_until",
      .type = ST_Y_DATE,
      .offset = RULE(observe_until),
      .help = "From this day on (UTC) an observed rule is enforced." },
};
static const struct st_yaml_schema rule_schema =
    TABLE("rule", rule_opts, sizeof(struct pol_rule), offsetof(struct pol_rule, pos) + 1);

static const struct st_yaml_opt actor_opts[] = {
    { .name = "groups",
      .type = ST_Y_STRS,
      .offset = POLICY(applies_to.actors.groups) - POLICY(applies_to.actors),
      .help = "People in one of these groups; \"*\" or nothing is everybody." },
    { .name = "except",
      .type = ST_Y_STRS,
      .offset = POLICY(applies_to.actors.except) - POLICY(applies_to.actors),
      .help = "But nobody in one of these." },
};
static const struct st_yaml_schema actor_schema = TABLE("actors", actor_opts, SIZE(applies_to.actors), 0);

static const struct st_yaml_opt applies_opts[] = {
    { .name = "platforms",
      .type = ST_Y_STRS,
      .offset = POLICY(applies_to.platforms) - POLICY(applies_to),
      .help = "Platforms this policy is about; \"generic\" is every site that was opened." },
    { .name = "hosts",
      .type = ST_Y_STRS,
      .offset = POLICY(applies_to.hosts) - POLICY(applies_to),
      .help = "Hosts this policy is about, beside the platforms: forum.example.com or *.example.com." },
    { .name = "actors",
      .type = ST_Y_MAP,
      .offset = POLICY(applies_to.actors) - POLICY(applies_to),
      .sub = &actor_schema,
      .help = "People this policy is about; everybody when absent." },
};
static const struct st_yaml_schema applies_schema = TABLE("applies_to", applies_opts, SIZE(applies_to), 0);

static const struct st_yaml_opt inspect_opts[] = {
    { .name = "open",
      .type = ST_Y_BOOL,
      .offset = POLICY(inspect.open) - POLICY(inspect),
      .def = "false",
      .help = "Decrypt the connections to these platforms and hosts; without a policy that says so, nothing is." },
    { .name = "never",
      .type = ST_Y_STRS,
      .offset = POLICY(inspect.never) - POLICY(inspect),
      .help = "Hosts that are never decrypted, or activity kinds that these rules leave alone; protected categories "
              "(health, banking ...) are never decrypted in any case." },
};
static const struct st_yaml_schema inspect_schema =
    TABLE("inspect", inspect_opts, SIZE(inspect), POLICY(inspect.pos) - POLICY(inspect) + 1);

static const struct st_yaml_opt policy_opts[] = {
    { .name = "version",
      .type = ST_Y_INT,
      .offset = POLICY(version),
      .required = true,
      .min = 1,
      .max = 1,
      .help = "Version of this file's format: 1." },
    { .name = "policy",
      .type = ST_Y_STR,
      .offset = POLICY(name),
      .required = true,
      .help = "Name of the policy, once in all files." },
    { .name = "owner", .type = ST_Y_STR, .offset = POLICY(owner), .help = "Who answers questions about it." },
    { .name = "description", .type = ST_Y_TEXT, .offset = POLICY(description), .help = "What it is for." },
    { .name = "applies_to",
      .type = ST_Y_MAP,
      .offset = POLICY(applies_to),
      .sub = &applies_schema,
      .help = "Platforms, hosts and people; everything and everybody when absent." },
    { .name = "inspect",
      .type = ST_Y_MAP,
      .offset = POLICY(inspect),
      .sub = &inspect_schema,
      .help = "What is opened." },
    { .name = "route",
      .type = ST_Y_ENUM,
      .offset = POLICY(route),
      .names = route_names,
      .def = "by-inspect",
      .help = "What happens to connections: as inspect.open says, pass, inspect, or refuse them altogether." },
    { .name = "unknown",
      .type = ST_Y_ENUM,
      .offset = POLICY(unknown),
      .names = unknown_names,
      .def = "by-route",
      .help = "What happens in a tunnel to these hosts to a protocol that is neither TLS nor HTTP: by-route (passed "
              "unread where the connection passes, refused where it is inspected), pass, or refuse." },
    { .name = "rules",
      .type = ST_Y_LIST,
      .offset = POLICY(rules),
      .sub = &rule_schema,
      .help = "What must not leave." },
};
const struct st_yaml_schema pol_policy_schema = TABLE("policy", policy_opts, sizeof(struct pol_policy), 0);

void pol_policy_describe(enum st_yaml_form form, struct st_buf *out)
{
    st_yaml_describe(&pol_policy_schema, form, out);
}
