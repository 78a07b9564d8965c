/* SPDX-License-Identifier: Apache-2.0 */
/* import_presidio - recognizers as Presidio reads them from YAML: Python's regular expressions with a score each.
 *
 * A recognizer becomes a rule for each of its patterns, and one for its deny list. The score is the confidence, a word
 * of its context adds what it adds there (0.35), and what would be too weak for a finding here even so is not taken.
 * Recognizers that are Presidio's own code are told with what this house has in their place.
 */
#include "base/yaml.h"
#include "cli/import.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define CONTEXT_ADDS  35
#define FLAG_CASELESS 2 /* as Python numbers them */
#define FLAG_MULTI    8
#define FLAG_DOTALL   16
#define FLAGS_DEFAULT "26"

struct ypattern {
    struct st_pos pos;
    struct st_str name, regex;
    double score;
};
struct ylanguage {
    struct st_str language;
    struct st_list context;
};
struct yrecognizer {
    struct st_pos pos;
    struct st_str name, type, class_name, supported_entity, supported_language, version, country_code;
    struct st_list supported_languages, supported_entities, patterns, context, deny_list;
    double deny_list_score;
    int64_t global_regex_flags;
    bool enabled;
};
struct yregistry {
    struct st_list recognizers, supported_languages;
    int64_t global_regex_flags;
    double default_score_threshold;
};

#define OPT(field, ytype, ...)                                                               \
    {                                                                                        \
        .name = #field, .type = ytype, .offset = offsetof(struct OPT_OF, field), __VA_ARGS__ \
    }
#define SCHEMA(type, label, position, short_form)                                                \
    {                                                                                            \
        .name = label, .size = sizeof(struct type), .pos_offset = position, .opts = type##_opts, \
        .n = ST_LEN(type##_opts), .shorthand = short_form                                        \
    }

#define OPT_OF ypattern
static const struct st_yaml_opt ypattern_opts[] = {
    OPT(name, ST_Y_STR),
    OPT(regex, ST_Y_STR, .required = true),
    OPT(score, ST_Y_REAL, .min = 0, .max = 1, .required = true),
};
#undef OPT_OF
static const struct st_yaml_schema pattern_schema =
    SCHEMA(ypattern, "pattern", offsetof(struct ypattern, pos) + 1, NULL);

#define OPT_OF ylanguage
static const struct st_yaml_opt ylanguage_opts[] = {
    OPT(language, ST_Y_STR, .required = true),
    OPT(context, ST_Y_STRS),
};
#undef OPT_OF
static const struct st_yaml_schema language_schema = SCHEMA(ylanguage, "language", 0, "language");

#define OPT_OF yrecognizer
static const struct st_yaml_opt yrecognizer_opts[] = {
    OPT(name, ST_Y_STR, .required = true),
    OPT(type, ST_Y_STR, .def = "custom"),
    OPT(class_name, ST_Y_STR),
    OPT(enabled, ST_Y_BOOL, .def = "true"),
    OPT(version, ST_Y_STR),
    OPT(country_code, ST_Y_STR),
    OPT(supported_language, ST_Y_STR),
    OPT(supported_languages, ST_Y_LIST, .sub = &language_schema),
    OPT(supported_entity, ST_Y_STR),
    OPT(supported_entities, ST_Y_STRS),
    OPT(patterns, ST_Y_LIST, .sub = &pattern_schema),
    OPT(context, ST_Y_STRS),
    OPT(deny_list, ST_Y_STRS),
    OPT(deny_list_score, ST_Y_REAL, .min = 0, .max = 1, .def = "1"),
    OPT(global_regex_flags, ST_Y_INT, .min = -1, .max = 511, .def = "-1"),
};
#undef OPT_OF
static const struct st_yaml_schema recognizer_schema =
    SCHEMA(yrecognizer, "recognizer", offsetof(struct yrecognizer, pos) + 1, "name");

#define OPT_OF yregistry
static const struct st_yaml_opt yregistry_opts[] = {
    OPT(supported_languages, ST_Y_STRS),
    OPT(global_regex_flags, ST_Y_INT, .min = 0, .max = 511, .def = FLAGS_DEFAULT),
    OPT(default_score_threshold, ST_Y_REAL, .min = 0, .max = 1, .def = "0"),
    OPT(recognizers, ST_Y_LIST, .required = true, .sub = &recognizer_schema),
};
#undef OPT_OF
static const struct st_yaml_schema registry_schema = SCHEMA(yregistry, "registry of recognizers", 0, NULL);

/* ---- recognizers ------------------------------------------------------------------------------------------------- */

static void add_strs(struct import_run *run, const struct st_list *list, struct import_strs *out)
{
    const struct st_str *items = list->items;

    for (size_t i = 0; i < list->n; i++)
        if (items[i].s[0] != '\0')
            (void)import_push(run, out, items[i].s);
}

/* Its words in all its languages: what passes a gateway does not say which one it is in. */
static void read_context(struct import_run *run, const struct yrecognizer *y, struct import_rule *rule)
{
    const struct ylanguage *languages = y->supported_languages.items;

    add_strs(run, &y->context, &rule->context);
    for (size_t i = 0; i < y->supported_languages.n; i++)
        add_strs(run, &languages[i].context, &rule->context);
}

static const char *title_of(struct import_run *run, const struct yrecognizer *y)
{
    const struct st_str *entities = y->supported_entities.items;
    const char *entity = y->supported_entity.s != NULL ? y->supported_entity.s
                         : y->supported_entities.n > 0 ? entities[0].s
                                                       : "";
    char title[256];

    (void)snprintf(title, sizeof title, "%s%s%s", y->name.s, entity[0] != '\0' ? ": " : "", entity);
    return st_arena_str(run->arena, st_span_str(title));
}

static unsigned flags_of(int64_t python)
{
    return ((python & FLAG_CASELESS) != 0 ? RX_CASELESS : 0u) | ((python & FLAG_MULTI) != 0 ? RX_MULTILINE : 0u) |
           ((python & FLAG_DOTALL) != 0 ? RX_DOTALL : 0u);
}

static struct import_rule rule_of(struct import_run *run, const struct yrecognizer *y, struct st_pos pos, double score)
{
    struct import_rule rule = { .name = y->name.s, .line = pos.line, .near = CONTEXT_ADDS };

    rule.title = title_of(run, y);
    rule.score = (int)(score * 100 + 0.5);
    read_context(run, y, &rule);
    return rule;
}

static void read_patterns(struct import_run *run, const struct yrecognizer *y, int64_t flags)
{
    const struct ypattern *patterns = y->patterns.items;

    for (size_t i = 0; i < y->patterns.n && !run->is_broken; i++) {
        struct import_rule rule = rule_of(run, y, patterns[i].pos, patterns[i].score);
        char name[128];

        (void)snprintf(name, sizeof name, "%s-%s", y->name.s, patterns[i].name.s != NULL ? patterns[i].name.s : "");
        if (y->patterns.n > 1 && (rule.name = st_arena_str(run->arena, st_span_str(name))) == NULL)
            run->is_broken = true;
        rule.regex = patterns[i].regex.s;
        rule.flags = flags_of(y->global_regex_flags >= 0 ? y->global_regex_flags : flags);
        rule.group = RX_WHOLE;
        if (!run->is_broken)
            import_rule(run, &rule);
    }
}

static void read_recognizer(struct import_run *run, const struct yrecognizer *y, int64_t flags)
{
    struct import_rule rule = rule_of(run, y, y->pos, y->deny_list_score);

    if (strcmp(y->type.s, "custom") != 0) {
        import_refuse(run, &rule, "it is code of Presidio's own; `stoa rules list` names what finds the like here");
    } else if (!y->enabled) {
        import_refuse(run, &rule, "it is switched off there (enabled: false)");
    } else if (y->patterns.n == 0 && y->deny_list.n == 0) {
        import_refuse(run, &rule, "it has neither patterns nor a deny_list; a predefined one says type: predefined");
    } else {
        read_patterns(run, y, flags);
        add_strs(run, &y->deny_list, &rule.words);
        if (rule.words.n > 0 && !run->is_broken)
            import_rule(run, &rule);
    }
}

enum st_rc import_presidio(struct import_run *run, struct st_diag *diag)
{
    const struct st_yaml_source source = { run->path, st_buf_view(&run->text) };
    struct yregistry registry;
    const struct yrecognizer *recognizers;

    if (st_yaml_parse(&source, &registry_schema, run->arena, &registry, diag, &run->err) != ST_OK)
        return ST_ERR;
    if (registry.default_score_threshold > 0)
        import_left_out(run, 1, "default_score_threshold: policies say from which confidence on they act");
    recognizers = registry.recognizers.items;
    for (size_t i = 0; i < registry.recognizers.n && !run->is_broken; i++)
        read_recognizer(run, &recognizers[i], registry.global_regex_flags);
    return ST_OK;
}
