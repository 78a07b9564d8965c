/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_describe - the option table as help text, as a reference page and as JSON Schema.
 *
 * All three walk the same table, so that none can tell another story than the loader. A schema that is used in several
 * places, or within itself, is written once: by its own heading in Markdown, under $defs in JSON Schema, at its first
 * use in the help text. The list of schemas met so far has a ceiling; a house with more is a bug.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/yaml_scalar.h"

#define SCHEMAS_MAX 64u

struct met {
    const struct st_yaml_schema *list[SCHEMAS_MAX];
    size_t n;
};

/* True when it was not met before. */
static bool meet(struct met *met, const struct st_yaml_schema *schema)
{
    for (size_t i = 0; i < met->n; i++)
        if (met->list[i] == schema)
            return false;
    assert(met->n < SCHEMAS_MAX);
    met->list[met->n++] = schema;
    return true;
}

/* All schemas reachable from the first, in the order in which a reader meets them. */
static struct met collect(const struct st_yaml_schema *schema)
{
    struct met met = { .n = 0 };

    (void)meet(&met, schema);
    for (size_t i = 0; i < met.n; i++)
        for (size_t j = 0; j < met.list[i]->n; j++)
            if (met.list[i]->opts[j].sub != NULL)
                (void)meet(&met, met.list[i]->opts[j].sub);
    return met;
}

static void type_words(const struct st_yaml_opt *opt, char *out, size_t size)
{
    if (opt->type == ST_Y_MAP)
        (void)snprintf(out, size, "a mapping (%s)", opt->sub->name);
    else if (opt->type == ST_Y_LIST)
        (void)snprintf(out, size, "a list of mappings (%s)%s%s", opt->sub->name,
                       opt->sub->shorthand != NULL ? " or of plain values: its " : "",
                       opt->sub->shorthand != NULL ? opt->sub->shorthand : "");
    else
        yaml_expected(opt, out, size);
}

/* --- help --- */

static void help(const struct st_yaml_schema *schema, unsigned depth, struct met *met, struct st_buf *out)
{
    char words[400];

    for (size_t i = 0; i < schema->n; i++) {
        const struct st_yaml_opt *opt = &schema->opts[i];
        int indent = (int)depth * 4 + 2;
        bool first = opt->sub == NULL || meet(met, opt->sub);

        type_words(opt, words, sizeof words);
        st_buf_fmt(out, "%*s%s: %s", indent, "", opt->name, words);
        if (opt->required)
            st_buf_str(out, "; required");
        else if (opt->def != NULL)
            st_buf_fmt(out, "; default %s", opt->def[0] == '\0' ? "\"\"" : opt->def);
        st_buf_fmt(out, "\n%*s    %s\n", indent, "", opt->help == NULL ? "" : opt->help);
        if (opt->sub != NULL && first)
            help(opt->sub, depth + 1, met, out);
        else if (opt->sub != NULL)
            st_buf_fmt(out, "%*s    (options of %s: see above)\n", indent, "", opt->sub->name);
    }
}

/* --- Markdown --- */

static void cell(struct st_buf *out, const char *s)
{
    for (; s != NULL && *s != '\0'; s++) {
        if (*s == '|')
            st_buf_byte(out, '\\');
        st_buf_byte(out, *s == '\n' ? ' ' : (uint8_t)*s);
    }
}

static void markdown(const struct st_yaml_schema *schema, struct st_buf *out)
{
    struct met met = collect(schema);
    char words[400];

    for (size_t i = 0; i < met.n; i++) {
        st_buf_fmt(out, "%s## %s\n\n| Option | Value | Default | Meaning |\n|---|---|---|---|\n", i > 0 ? "\n" : "",
                   met.list[i]->name);
        for (size_t j = 0; j < met.list[i]->n; j++) {
            const struct st_yaml_opt *opt = &met.list[i]->opts[j];

            st_buf_fmt(out, "| `%s` | ", opt->name);
            type_words(opt, words, sizeof words);
            cell(out, words);
            st_buf_str(out, " | ");
            if (opt->required)
                st_buf_str(out, "required");
            else if (opt->def != NULL) {
                st_buf_str(out, "`");
                cell(out, opt->def[0] == '\0' ? "\"\"" : opt->def);
                st_buf_str(out, "`");
            }
            st_buf_str(out, " | ");
            cell(out, opt->help);
            st_buf_str(out, " |\n");
        }
    }
}

/* --- JSON Schema, draft 2020-12 --- */

static void json_ref(struct st_json *w, const char *key, const struct st_yaml_schema *schema)
{
    char ref[160];

    (void)snprintf(ref, sizeof ref, "#/$defs/%s", schema->name);
    if (key != NULL)
        st_json_object(w, key);
    st_json_str(w, "$ref", ref);
    if (key != NULL)
        st_json_end(w);
}

static void json_names(struct st_json *w, const char *const *names)
{
    st_json_array(w, "enum");
    for (size_t i = 0; i < yaml_count(names); i++)
        st_json_str(w, NULL, names[i]);
    st_json_end(w);
}

/* {"type": …} */
static void json_of_type(struct st_json *w, const char *key, const char *type)
{
    st_json_object(w, key);
    st_json_str(w, "type", type);
    st_json_end(w);
}

static void json_pattern(struct st_json *w, const char *pattern)
{
    st_json_str(w, "type", "string");
    st_json_str(w, "pattern", pattern);
}

static void json_bounds(struct st_json *w, const struct st_yaml_opt *opt)
{
    if (opt->min == 0 && opt->max == 0)
        return;
    if (opt->type == ST_Y_INT) { /* st_json_real rounds to six digits */
        st_json_int(w, "minimum", (int64_t)opt->min);
        st_json_int(w, "maximum", (int64_t)opt->max);
    } else {
        st_json_real(w, "minimum", opt->min);
        st_json_real(w, "maximum", opt->max);
    }
}

static void json_strs(struct st_json *w, const struct st_yaml_opt *opt)
{
    st_json_array(w, "type");
    st_json_str(w, NULL, "array");
    st_json_str(w, NULL, "string");
    st_json_end(w);
    st_json_object(w, "items");
    st_json_str(w, "type", "string");
    if (opt->names != NULL)
        json_names(w, opt->names);
    st_json_end(w);
}

/* A scalar of any type, or a list of them. */
static void json_scalars(struct st_json *w, const char *key)
{
    static const char *const types[] = { "string", "number", "boolean", "array" };

    st_json_object(w, key);
    st_json_array(w, "type");
    for (size_t i = 0; i < ST_LEN(types); i++)
        st_json_str(w, NULL, types[i]);
    st_json_end(w);
    st_json_end(w);
}

static void json_text(struct st_json *w)
{
    st_json_array(w, "type");
    st_json_str(w, NULL, "string");
    st_json_str(w, NULL, "object");
    st_json_end(w);
    st_json_object(w, "properties");
    json_of_type(w, "en", "string");
    json_of_type(w, "de", "string");
    st_json_end(w);
    st_json_array(w, "required");
    st_json_str(w, NULL, "en");
    st_json_end(w);
    st_json_bool(w, "additionalProperties", false);
}

static void json_items(struct st_json *w, const struct st_yaml_schema *sub)
{
    if (sub->shorthand == NULL) {
        json_ref(w, "items", sub);
        return;
    }
    st_json_object(w, "items");
    st_json_array(w, "anyOf");
    json_of_type(w, NULL, "string");
    st_json_object(w, NULL);
    json_ref(w, NULL, sub);
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
}

static void json_kind(struct st_json *w, const struct st_yaml_opt *opt)
{
    switch (opt->type) {
    case ST_Y_BOOL: st_json_str(w, "type", "boolean"); break;
    case ST_Y_INT:
        st_json_str(w, "type", "integer");
        json_bounds(w, opt);
        break;
    case ST_Y_REAL:
        st_json_str(w, "type", "number");
        json_bounds(w, opt);
        break;
    case ST_Y_STR: st_json_str(w, "type", "string"); break;
    case ST_Y_ENUM: json_names(w, opt->names); break;
    case ST_Y_DURATION: json_pattern(w, "^(0|[1-9][0-9]*)(ms|s|m|h|d)$"); break;
    case ST_Y_SIZE:
        st_json_array(w, "type");
        st_json_str(w, NULL, "integer");
        st_json_str(w, NULL, "string");
        st_json_end(w);
        st_json_str(w, "pattern", "^(0|[1-9][0-9]*)(KiB|MiB|GiB)?$");
        break;
    case ST_Y_DATE: json_pattern(w, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"); break;
    case ST_Y_TEXT: json_text(w); break;
    case ST_Y_COMPARE:
        st_json_array(w, "type");
        st_json_str(w, NULL, "number");
        st_json_str(w, NULL, "string");
        st_json_end(w);
        st_json_str(w, "pattern", "^(>=|>|<=|<|=)? *-?(0|[1-9][0-9]*)([.][0-9]+)?$");
        break;
    case ST_Y_STRS: json_strs(w, opt); break;
    case ST_Y_MAP: json_ref(w, NULL, opt->sub); break;
    case ST_Y_LIST:
        st_json_str(w, "type", "array");
        json_items(w, opt->sub);
        break;
    case ST_Y_DICT:
        st_json_str(w, "type", "object");
        json_of_type(w, "additionalProperties", "string");
        break;
    case ST_Y_DICTS:
        st_json_str(w, "type", "object");
        json_scalars(w, "additionalProperties");
        break;
    }
}

static void json_def(struct st_json *w, const struct st_yaml_schema *schema)
{
    st_json_object(w, schema->name);
    st_json_str(w, "type", "object");
    st_json_object(w, "properties");
    for (size_t i = 0; i < schema->n; i++) {
        st_json_object(w, schema->opts[i].name);
        if (schema->opts[i].help != NULL)
            st_json_str(w, "description", schema->opts[i].help);
        json_kind(w, &schema->opts[i]);
        if (schema->opts[i].type == ST_Y_STR && schema->opts[i].def != NULL)
            st_json_str(w, "default", schema->opts[i].def);
        st_json_end(w);
    }
    st_json_end(w);
    st_json_array(w, "required");
    for (size_t i = 0; i < schema->n; i++)
        if (schema->opts[i].required)
            st_json_str(w, NULL, schema->opts[i].name);
    st_json_end(w);
    st_json_bool(w, "additionalProperties", false);
    st_json_end(w);
}

static void json_schema(const struct st_yaml_schema *schema, struct st_buf *out)
{
    struct met met = collect(schema);
    struct st_json w;

    st_json_init(&w, out);
    st_json_object(&w, NULL);
    st_json_str(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_ref(&w, NULL, schema);
    st_json_object(&w, "$defs");
    for (size_t i = 0; i < met.n; i++)
        json_def(&w, met.list[i]);
    st_json_end(&w);
    st_json_end(&w);
    st_buf_byte(out, '\n');
}

void st_yaml_describe(const struct st_yaml_schema *schema, enum st_yaml_form form, struct st_buf *out)
{
    struct met met = { .n = 0 };

    switch (form) {
    case ST_YAML_HELP:
        (void)meet(&met, schema);
        help(schema, 0, &met, out);
        break;
    case ST_YAML_MARKDOWN: markdown(schema, out); break;
    case ST_YAML_JSON_SCHEMA: json_schema(schema, out); break;
    }
}
