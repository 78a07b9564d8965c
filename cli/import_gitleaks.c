/* SPDX-License-Identifier: Apache-2.0 */
/* import_gitleaks - rules as gitleaks and betterleaks keep them: TOML, Go's regular expressions.
 *
 * Taken are id, description, regex, secretGroup, entropy, keywords, tags, and of allow-lists the regexes (over the
 * secret or its line) and stop words. Paths and commits are of files; what passes a gateway has none, so a rule that
 * asks for a path is not taken and a path in an allow-list is left out, which finds more. Where an allow-list must
 * hold in all its parts (AND), it is left out whole if one part is.
 */
#include "base/toml.h"
#include "cli/import.h"
#include <string.h>
#include <strings.h>

#define SCORE 75 /* medium: a prefix and a length */

static const char *str_of(const struct st_toml *table, const char *key)
{
    const struct st_toml *value = st_toml_get(table, key);

    return value != NULL && value->kind == ST_TOML_STR ? value->s : NULL;
}

static double number_of(const struct st_toml *table, const char *key)
{
    const struct st_toml *value = st_toml_get(table, key);

    return value != NULL && value->kind == ST_TOML_NUMBER ? value->number : 0;
}

static void add_strs(struct import_run *run, const struct st_toml *table, const char *key, struct import_strs *out)
{
    const struct st_toml *list = st_toml_get(table, key);

    for (const struct st_toml *s = list != NULL ? list->first : NULL; s != NULL; s = s->next)
        if (s->kind == ST_TOML_STR && s->s[0] != '\0')
            (void)import_push(run, out, s->s);
}

/* Names that are not in the NULL-terminated list are told: nothing is dropped in silence. */
static void tell_others(struct import_run *run, const struct st_toml *table, const char *const *known, const char *what)
{
    for (const struct st_toml *m = table->first; m != NULL; m = m->next) {
        size_t i = 0;

        while (known[i] != NULL && strcmp(known[i], m->key) != 0)
            i++;
        if (known[i] == NULL)
            import_left_out(run, m->line, "'%s' of %s", m->key, what);
    }
}

/* ---- allow-lists ------------------------------------------------------------------------------------------------- */

struct lists {
    struct import_strs words, patterns, lines;
};

static bool has_any(const struct st_toml *allow, const char *key)
{
    const struct st_toml *list = st_toml_get(allow, key);

    return list != NULL && list->first != NULL;
}

static void allow_regex(struct import_run *run, const struct st_toml *regex, struct import_strs *out)
{
    char why[RX_WHY] = "look-around";
    uint32_t min, max;
    struct rx *rx;
    struct st_buf text;

    if (regex->kind != ST_TOML_STR)
        return;
    if (rx_parse(st_span_str(regex->s), 0, run->arena, &rx, why, &run->err) != ST_OK || import_has(rx, RX_LOOK)) {
        import_left_out(run, regex->line, "an expression of an allow-list: %s", why);
        return;
    }
    (void)import_width(rx, &min, &max);
    if (min == 0) {
        import_left_out(run, regex->line, "an expression of an allow-list that everything matches");
        return;
    }
    st_buf_init(&text, 65536);
    import_put_regex(rx, &text);
    if (st_buf_done(&text, &run->err, "cli.import") == ST_OK)
        (void)import_push(run, out, st_arena_str(run->arena, st_buf_view(&text)));
    else
        import_left_out(run, regex->line, "an expression of an allow-list: it is too large");
    st_buf_fini(&text);
}

static void read_allow(struct import_run *run, const struct st_toml *allow, struct lists *out)
{
    static const char *const known[] = { "description", "condition", "regexTarget", "regexes", "stopwords",
                                         "paths",       "commits",   "targetRules", NULL };
    const char *condition = str_of(allow, "condition"), *target = str_of(allow, "regexTarget");
    bool is_and = condition != NULL && (strcasecmp(condition, "AND") == 0 || strcmp(condition, "&&") == 0);
    bool of_files = has_any(allow, "paths") || has_any(allow, "commits");
    const struct st_toml *list = st_toml_get(allow, "regexes");

    tell_others(run, allow, known, "an allow-list");
    if (is_and && of_files + has_any(allow, "regexes") + has_any(allow, "stopwords") > 1) {
        import_left_out(run, allow->line, "an allow-list of which all parts must hold at once");
        return;
    }
    if (of_files)
        import_left_out(run, allow->line, "paths and commits of an allow-list: what passes a gateway has none");
    add_strs(run, allow, "stopwords", &out->words);
    if (list == NULL || list->first == NULL)
        return;
    if (target != NULL && strcmp(target, "match") == 0) {
        import_left_out(run, list->line, "an allow-list over the whole match, which is not known here");
        return;
    }
    for (const struct st_toml *regex = list->first; regex != NULL; regex = regex->next)
        allow_regex(run, regex, target != NULL && strcmp(target, "line") == 0 ? &out->lines : &out->patterns);
}

/* `allowlist`, the older word, and `allowlists`. */
static void read_allows(struct import_run *run, const struct st_toml *table, struct lists *out)
{
    const struct st_toml *one = st_toml_get(table, "allowlist"), *many = st_toml_get(table, "allowlists");

    if (one != NULL && one->kind == ST_TOML_TABLE)
        read_allow(run, one, out);
    for (const struct st_toml *allow = many != NULL ? many->first : NULL; allow != NULL; allow = allow->next) {
        if (allow->kind == ST_TOML_TABLE && has_any(allow, "targetRules"))
            import_left_out(run, allow->line, "an allow-list of some rules only: put it into those rules");
        else if (allow->kind == ST_TOML_TABLE)
            read_allow(run, allow, out);
    }
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static void join(struct import_run *run, struct import_strs *to, const struct import_strs *more)
{
    for (size_t i = 0; i < more->n; i++)
        (void)import_push(run, to, more->items[i]);
}

static bool has_letter(const char *s)
{
    for (; *s != '\0'; s++)
        if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s & 0x80) != 0)
            return true;
    return false;
}

/* Keywords that the expression has itself are there already; others have to stand near by. */
static void take_keywords(struct import_run *run, struct import_rule *rule, const struct import_strs *keywords)
{
    for (size_t i = 0; i < keywords->n; i++)
        if (strcasestr(rule->regex, keywords->items[i]) != NULL)
            return;
    for (size_t i = 0; i < keywords->n; i++)
        if (strlen(keywords->items[i]) >= 2 && has_letter(keywords->items[i]))
            (void)import_push(run, &rule->context, keywords->items[i]);
    rule->needs_context = rule->context.n > 0;
    if (rule->needs_context)
        import_note(rule, "one of its keywords must stand within 1000 bytes");
    else if (keywords->n > 0)
        import_note(rule, "its keywords are not asked for");
}

static void read_rule(struct import_run *run, const struct st_toml *table, const struct lists *global)
{
    static const char *const known[] = { "id",   "description", "regex",     "secretGroup", "entropy", "keywords",
                                         "path", "tags",        "allowlist", "allowlists",  NULL };
    struct import_rule rule = { .line = table->line, .score = SCORE, .near = 10 };
    struct import_strs keywords = { NULL, 0 };
    struct lists allow = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };

    rule.name = str_of(table, "id") != NULL ? str_of(table, "id") : "rule";
    rule.title = str_of(table, "description");
    rule.regex = str_of(table, "regex");
    rule.group = (unsigned)number_of(table, "secretGroup");
    rule.entropy = number_of(table, "entropy") < 8 ? number_of(table, "entropy") : 8;
    tell_others(run, table, known, rule.name);
    if (st_toml_get(table, "path") != NULL) {
        import_refuse(run, &rule, "it asks for a file's path; what passes a gateway has none");
        return;
    }
    if (rule.regex == NULL || rule.regex[0] == '\0') {
        import_refuse(run, &rule, "it has no regex");
        return;
    }
    if (st_toml_get(table, "required") != NULL) {
        import_refuse(run, &rule, "it asks for findings of other rules near by");
        return;
    }
    read_allows(run, table, &allow);
    join(run, &allow.words, &global->words);
    join(run, &allow.patterns, &global->patterns);
    join(run, &allow.lines, &global->lines);
    rule.allow_words = allow.words;
    rule.allow_patterns = allow.patterns;
    rule.allow_lines = allow.lines;
    add_strs(run, table, "keywords", &keywords);
    add_strs(run, table, "tags", &rule.tags);
    take_keywords(run, &rule, &keywords);
    import_rule(run, &rule);
}

enum st_rc import_gitleaks(struct import_run *run, struct st_diag *diag)
{
    static const char *const known[] = {
        "title", "description", "minVersion", "allowlist", "allowlists", "rules", NULL
    };
    struct lists global = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    const struct st_toml *rules;
    struct st_toml *root;

    if (st_toml_parse(run->path, st_buf_view(&run->text), run->arena, &root, diag, &run->err) != ST_OK)
        return ST_ERR;
    tell_others(run, root, known, "the file: it is of other files or of the tool itself");
    read_allows(run, root, &global);
    rules = st_toml_get(root, "rules");
    for (const struct st_toml *rule = rules != NULL ? rules->first : NULL; rule != NULL && !run->is_broken;
         rule = rule->next)
        if (rule->kind == ST_TOML_TABLE)
            read_rule(run, rule, &global);
    if (run->seen > 0)
        return ST_OK;
    (void)st_diag_add(diag, run->path, 1, 1, "no rule is in this file; rules stand below [[rules]]");
    return st_fail(&run->err, ST_E_CONFIG, "cli.import", "no rule is in this file", 0);
}
