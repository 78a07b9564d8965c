/* SPDX-License-Identifier: Apache-2.0 */
/* yaml - from libyaml's events to the structs of an option table.
 *
 * One event is current at any time; every load_* function begins on the first event of its node and ends on the last,
 * so that whoever called it simply takes the next. A mistake in the file becomes a diagnostic and the node is skipped:
 * loading goes on to find the next one. Two things end it at once (l->stop): bytes that are not YAML, and memory. Depth
 * is counted in next() for skipped nodes too. Defaults go through the same functions as the file, a default that is
 * itself wrong is a bug of the option table. When you add a type that is not a plain scalar, add it to load_value.
 */
#include "base/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "base/file.h"
#include "base/table.h"
#include "base/yaml_scalar.h"

#define FILE_LIMIT (4u * 1024u * 1024u)
#define DEPTH_MAX  32u
#define DICT_MAX   10000u
#define QUOTE_MAX  40u

struct loader {
    yaml_parser_t parser;
    yaml_event_t ev; /* the current one; owned */
    struct st_span text;
    const char *file;
    struct st_arena *arena;
    struct st_diag *diag;
    struct st_err *err;
    struct st_pos at_default; /* line 0 for a file; else where the default stands in for something missing */
    unsigned depth;
    size_t wrong;     /* mistakes found */
    bool stop;        /* nothing more is read */
    enum st_e failed; /* memory: *err is filled */
};

/* --- saying what is wrong --- */

static struct st_pos pos_of(const struct loader *l)
{
    if (l->at_default.line > 0)
        return l->at_default;
    return (struct st_pos){ (unsigned)l->ev.start_mark.line + 1, (unsigned)l->ev.start_mark.column + 1 };
}

#define WRONG(l, pos, ...)                                                           \
    do {                                                                             \
        (l)->wrong++;                                                                \
        (void)st_diag_add((l)->diag, (l)->file, (pos).line, (pos).col, __VA_ARGS__); \
    } while (0)

static bool out_of_memory(struct loader *l)
{
    l->stop = true;
    (void)st_arena_fail(l->arena, l->err, "yaml.load");
    l->failed = l->err->code;
    return false;
}

struct quote {
    char s[QUOTE_MAX + 8];
};

/* The text in quotes, cut at a character. */
static struct quote quoted(struct st_span text)
{
    struct quote q;
    size_t n = 0, step;

    while (n < text.n && (step = st_span_utf8(st_span_sub(text, n, 4))) > 0 && n + step <= QUOTE_MAX)
        n += step;
    (void)snprintf(q.s, sizeof q.s, "\"%.*s%s\"", (int)n, n > 0 ? (const char *)text.p : "", n < text.n ? "…" : "");
    return q;
}

static struct st_span scalar_text(const struct loader *l)
{
    return st_span(l->ev.data.scalar.value, l->ev.data.scalar.length);
}

/* `key:` with nothing behind it */
static bool is_nothing(const struct loader *l)
{
    return l->ev.type == YAML_SCALAR_EVENT && l->ev.data.scalar.length == 0 &&
           l->ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static struct quote found(const struct loader *l)
{
    struct quote q = { "" };
    const char *what = "a list";

    if (l->ev.type == YAML_SCALAR_EVENT && !is_nothing(l))
        return quoted(scalar_text(l));
    if (l->ev.type == YAML_SCALAR_EVENT)
        what = "nothing";
    else if (l->ev.type == YAML_MAPPING_START_EVENT)
        what = "a mapping";
    else if (l->ev.type == YAML_ALIAS_EVENT)
        what = "an alias";
    (void)snprintf(q.s, sizeof q.s, "%s", what);
    return q;
}

/* libyaml counts characters; the file is bytes. */
static uint8_t byte_at(struct st_span text, size_t index)
{
    size_t at = 0;

    for (; index > 0 && at < text.n; index--) {
        size_t step = st_span_utf8(st_span_sub(text, at, 4));
        at += step > 0 ? step : 1;
    }
    return at < text.n ? text.p[at] : 0;
}

static const char *syntax_hint(const struct loader *l)
{
    const char *problem = l->parser.problem;
    uint8_t byte = byte_at(l->text, l->parser.problem_mark.index);

    if (byte == '\t')
        return "; indent with spaces, not with tabs";
    if (strstr(problem, "cannot start any token") != NULL)
        return "; a text that begins with this character needs quotes";
    if (strstr(problem, "mapping values are not allowed") != NULL)
        return "; a text with \": \" in it needs quotes, and names of one mapping begin in the same column";
    if (strstr(problem, "alphabetic or numeric") != NULL)
        return "; a text that begins with * or & needs quotes";
    if (strstr(problem, "did not find expected key") != NULL)
        return "; names of one mapping begin in the same column";
    return "";
}

static void syntax_wrong(struct loader *l)
{
    const yaml_parser_t *p = &l->parser;
    struct st_pos at = { (unsigned)p->problem_mark.line + 1, (unsigned)p->problem_mark.column + 1 };

    l->stop = true;
    if (p->error == YAML_MEMORY_ERROR) {
        (void)st_fail(l->err, ST_E_NOMEM, "yaml.load", "libyaml", 0);
        l->failed = ST_E_NOMEM;
    } else if (p->error == YAML_READER_ERROR) { /* has an offset instead of a mark */
        struct st_span before = st_span_sub(l->text, 0, p->problem_offset), line = before;

        at.line = 1;
        for (size_t eol; (eol = st_span_chr(line, '\n')) != ST_SPAN_NPOS; at.line++)
            line = st_span_sub(line, eol + 1, line.n);
        at.col = 1;
        for (size_t i = 0; i < line.n; i++)
            at.col += (line.p[i] & 0xc0) != 0x80;
        WRONG(l, at, "%s; the file must be UTF-8 text", p->problem);
    } else if (p->context != NULL && p->context_mark.line != p->problem_mark.line) {
        WRONG(l, at, "%s, %s that begins in line %zu%s", p->problem, p->context, p->context_mark.line + 1,
              syntax_hint(l));
    } else if (p->context != NULL) {
        WRONG(l, at, "%s, %s%s", p->problem, p->context, syntax_hint(l));
    } else {
        WRONG(l, at, "%s%s", p->problem == NULL ? "not YAML" : p->problem, p->problem == NULL ? "" : syntax_hint(l));
    }
}

/* --- events --- */

/* Anchors, aliases and tags are refused wherever they stand; the node itself is then loaded as if without. */
static void refuse_extras(struct loader *l)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (l->ev.type == YAML_SCALAR_EVENT) {
        anchor = l->ev.data.scalar.anchor;
        tag = l->ev.data.scalar.tag;
    } else if (l->ev.type == YAML_MAPPING_START_EVENT) {
        anchor = l->ev.data.mapping_start.anchor;
        tag = l->ev.data.mapping_start.tag;
    } else if (l->ev.type == YAML_SEQUENCE_START_EVENT) {
        anchor = l->ev.data.sequence_start.anchor;
        tag = l->ev.data.sequence_start.tag;
    } else if (l->ev.type == YAML_ALIAS_EVENT) {
        WRONG(l, pos_of(l), "an alias (*name) is not allowed here; write the value itself, or quote the text");
    }
    if (anchor != NULL)
        WRONG(l, pos_of(l), "an anchor (&name) is not allowed here; remove it, or quote the text");
    if (tag != NULL)
        WRONG(l, pos_of(l), "a tag (!name) is not allowed here; remove it, or quote the text");
}

static bool next(struct loader *l)
{
    if (l->stop)
        return false;
    yaml_event_delete(&l->ev);
    if (yaml_parser_parse(&l->parser, &l->ev) == 0) {
        syntax_wrong(l);
        return false;
    }
    refuse_extras(l);
    if (l->ev.type == YAML_MAPPING_START_EVENT || l->ev.type == YAML_SEQUENCE_START_EVENT)
        l->depth++;
    else if (l->ev.type == YAML_MAPPING_END_EVENT || l->ev.type == YAML_SEQUENCE_END_EVENT)
        l->depth--;
    if (l->depth > DEPTH_MAX) {
        WRONG(l, pos_of(l), "nested deeper than %u levels", DEPTH_MAX);
        l->stop = true;
    }
    return !l->stop;
}

/* To the last event of the current node. */
static bool skip(struct loader *l)
{
    unsigned depth = l->depth;

    if (l->ev.type != YAML_MAPPING_START_EVENT && l->ev.type != YAML_SEQUENCE_START_EVENT)
        return true;
    while (l->depth >= depth)
        if (!next(l))
            return false;
    return true;
}

static bool refuse_value(struct loader *l, const struct st_yaml_opt *opt, const char *advice)
{
    char expected[400], hint[120] = "";

    yaml_expected(opt, expected, sizeof expected);
    if (l->ev.type == YAML_ALIAS_EVENT)
        return true; /* said already */
    if (l->ev.type == YAML_SCALAR_EVENT)
        yaml_hint(opt, (const char *)l->ev.data.scalar.value, hint, sizeof hint);
    WRONG(l, pos_of(l), "%s: expected %s, found %s%s%s", opt->name, expected, found(l).s, hint, advice);
    return skip(l);
}

/* --- values --- */

static bool load_value(struct loader *l, const struct st_yaml_opt *opt, void *to);
static bool load_map(struct loader *l, const struct st_yaml_schema *schema, void *to);

/* The current scalar as a string of the arena; false only when memory is out. A NUL inside is a mistake. */
static bool load_str(struct loader *l, const char *name, struct st_str *to)
{
    struct st_span text = scalar_text(l);

    if (st_span_chr(text, '\0') != ST_SPAN_NPOS) {
        WRONG(l, pos_of(l), "%s: a text cannot hold the character NUL", name);
        return true;
    }
    to->pos = pos_of(l);
    to->s = st_arena_str(l->arena, text);
    return to->s != NULL || out_of_memory(l);
}

static bool load_scalar(struct loader *l, const struct st_yaml_opt *opt, void *to)
{
    if (l->ev.type != YAML_SCALAR_EVENT)
        return refuse_value(l, opt, "");
    if (is_nothing(l))
        return refuse_value(l, opt, opt->type == ST_Y_STR ? "; write \"\" for an empty text" : "");
    if (opt->type == ST_Y_STR)
        return load_str(l, opt->name, to);
    if (st_span_chr(scalar_text(l), '\0') != ST_SPAN_NPOS ||
        !yaml_scalar_parse(opt, (const char *)l->ev.data.scalar.value, to))
        return refuse_value(l, opt, "");
    return true;
}

/* Place for one more item; the arena keeps the outgrown arrays, at most as much again as the last one. */
static void *list_grow(struct loader *l, struct st_list *list, size_t item)
{
    if ((list->n & (list->n - 1)) == 0) { /* 0, 1, 2, 4, 8 …: full */
        size_t bytes;
        void *items;

        if (__builtin_mul_overflow(list->n == 0 ? 1 : 2 * list->n, item, &bytes) ||
            (items = st_arena_alloc(l->arena, bytes)) == NULL) {
            (void)out_of_memory(l);
            return NULL;
        }
        if (list->n > 0)
            memcpy(items, list->items, list->n * item);
        list->items = items;
    }
    return (char *)list->items + list->n * item;
}

/* One text of a list; a text that is refused does not become an item. */
static bool load_list_str(struct loader *l, const struct st_yaml_opt *opt, struct st_list *list)
{
    struct st_str *item = list_grow(l, list, sizeof *item);
    size_t before = l->wrong, i = 0;

    if (item == NULL)
        return false;
    if (l->ev.type != YAML_SCALAR_EVENT || is_nothing(l))
        return refuse_value(l, opt, "");
    while (opt->names != NULL && opt->names[i] != NULL && strcmp(opt->names[i], (char *)l->ev.data.scalar.value) != 0)
        i++;
    if (opt->names != NULL && opt->names[i] == NULL)
        return refuse_value(l, opt, "");
    if (!load_str(l, opt->name, item))
        return false;
    list->n += l->wrong == before;
    return true;
}

static bool load_strs(struct loader *l, const struct st_yaml_opt *opt, struct st_list *list)
{
    list->pos = pos_of(l);
    if (is_nothing(l))
        return refuse_value(l, opt, "; write [] for an empty list");
    if (l->ev.type != YAML_SEQUENCE_START_EVENT)
        return load_list_str(l, opt, list);
    while (next(l) && l->ev.type != YAML_SEQUENCE_END_EVENT)
        if (!load_list_str(l, opt, list))
            return false;
    return !l->stop;
}

static bool load_list(struct loader *l, const struct st_yaml_opt *opt, struct st_list *list)
{
    list->pos = pos_of(l);
    if (l->ev.type != YAML_SEQUENCE_START_EVENT)
        return refuse_value(l, opt,
                            l->ev.type == YAML_MAPPING_START_EVENT ? "; begin each with \"- \""
                            : is_nothing(l)                        ? "; write [] for an empty list"
                                                                   : "");
    while (next(l) && l->ev.type != YAML_SEQUENCE_END_EVENT) {
        void *item;

        if (l->ev.type != YAML_MAPPING_START_EVENT) {
            WRONG(l, pos_of(l), "%s: expected a mapping in each entry of the list, found %s", opt->name, found(l).s);
            if (!skip(l))
                return false;
            continue;
        }
        if ((item = list_grow(l, list, opt->sub->size)) == NULL || !load_map(l, opt->sub, item))
            return false;
        list->n++;
    }
    return !l->stop;
}

/* Remembers the key's line, and answers the line it was seen in before; 0 when it is new. */
static bool seen_before(struct loader *l, struct st_table *seen, const struct st_str *key, size_t *line)
{
    struct st_err err;

    *line = (size_t)(uintptr_t)st_table_get(seen, st_span_str(key->s));
    if (*line > 0 || st_table_put(seen, st_span_str(key->s), (void *)(uintptr_t)key->pos.line, &err) == ST_OK)
        return true;
    if (err.code == ST_E_LIMIT) {
        WRONG(l, key->pos, "more than %u entries in one mapping", DICT_MAX);
        l->stop = true;
        return false;
    }
    *l->err = err;
    l->failed = err.code;
    l->stop = true;
    return false;
}

static bool load_dict_pair(struct loader *l, const struct st_yaml_opt *opt, struct st_list *list, struct st_table *seen)
{
    struct st_pair *pair = list_grow(l, list, sizeof *pair);
    struct st_yaml_opt value = { .type = ST_Y_STR };
    size_t before = l->wrong, line;

    if (pair == NULL)
        return false;
    *pair = (struct st_pair){ .key = { .s = NULL } };
    if (l->ev.type != YAML_SCALAR_EVENT) {
        WRONG(l, pos_of(l), "%s: expected a name, found %s", opt->name, found(l).s);
        return skip(l) && next(l) && skip(l);
    }
    if (!load_str(l, opt->name, &pair->key))
        return false;
    if (pair->key.s == NULL)
        return next(l) && skip(l);
    if (!seen_before(l, seen, &pair->key, &line))
        return false;
    if (line > 0)
        WRONG(l, pair->key.pos, "%s is given twice, first in line %zu", quoted(st_span_str(pair->key.s)).s, line);
    value.name = pair->key.s;
    if (!next(l) || !load_scalar(l, &value, &pair->value))
        return false;
    list->n += l->wrong == before;
    return true;
}

static bool load_dict(struct loader *l, const struct st_yaml_opt *opt, struct st_list *list)
{
    struct st_table *seen;

    list->pos = pos_of(l);
    if (l->ev.type != YAML_MAPPING_START_EVENT)
        return refuse_value(l, opt, is_nothing(l) ? "; write {} for an empty mapping" : "");
    if ((seen = st_table_new(DICT_MAX, false, NULL)) == NULL) {
        (void)st_fail(l->err, ST_E_NOMEM, "yaml.load", "table", 0);
        l->failed = ST_E_NOMEM;
        l->stop = true;
        return false;
    }
    while (next(l) && l->ev.type != YAML_MAPPING_END_EVENT)
        if (!load_dict_pair(l, opt, list, seen))
            break;
    st_table_free(seen);
    return !l->stop;
}

struct text_pair {
    struct st_str en, de;
};

static bool load_text(struct loader *l, const struct st_yaml_opt *opt, struct st_text *to)
{
    static const struct st_yaml_opt opts[] = {
        { .name = "en",
          .type = ST_Y_STR,
          .offset = offsetof(struct text_pair, en),
          .required = true,
          .help = "the text in English" },
        { .name = "de", .type = ST_Y_STR, .offset = offsetof(struct text_pair, de), .help = "the text in German" },
    };
    static const struct st_yaml_schema schema = { "text", sizeof(struct text_pair), 0, opts, ST_LEN(opts) };
    struct text_pair pair = { { NULL, { 0, 0 } }, { NULL, { 0, 0 } } };

    if (l->ev.type == YAML_MAPPING_START_EVENT) {
        if (!load_map(l, &schema, &pair))
            return false;
    } else if (l->ev.type != YAML_SCALAR_EVENT || is_nothing(l)) {
        return refuse_value(l, opt, "");
    } else if (!load_str(l, opt->name, &pair.en)) {
        return false;
    }
    to->en = pair.en.s;
    to->de = pair.de.s != NULL ? pair.de.s : pair.en.s;
    return true;
}

static bool load_value(struct loader *l, const struct st_yaml_opt *opt, void *to)
{
    switch (opt->type) {
    case ST_Y_BOOL:
    case ST_Y_INT:
    case ST_Y_REAL:
    case ST_Y_STR:
    case ST_Y_ENUM:
    case ST_Y_DURATION:
    case ST_Y_SIZE:
    case ST_Y_DATE:
    case ST_Y_COMPARE: return load_scalar(l, opt, to);
    case ST_Y_TEXT: return load_text(l, opt, to);
    case ST_Y_STRS: return load_strs(l, opt, to);
    case ST_Y_LIST: return load_list(l, opt, to);
    case ST_Y_DICT: return load_dict(l, opt, to);
    case ST_Y_MAP:
        if (l->ev.type == YAML_MAPPING_START_EVENT || is_nothing(l)) /* a mapping whose entries are all commented out */
            return load_map(l, opt->sub, to);
        return refuse_value(l, opt, "");
    }
    return false;
}

/* --- defaults --- */

static bool parse_fragment(struct loader *l, const struct st_yaml_opt *opt, void *to, struct st_pos at);

/* What stands in for an option that the file does not give; `at` is where it could have stood. */
static bool load_default(struct loader *l, const struct st_yaml_opt *opt, void *to, struct st_pos at)
{
    if (opt->type == ST_Y_MAP) { /* its position stays 0: that is how a reader sees that it was absent */
        for (size_t i = 0; i < opt->sub->n; i++)
            if (!load_default(l, &opt->sub->opts[i], (char *)to + opt->sub->opts[i].offset, at))
                return false;
        return true;
    }
    if (opt->def == NULL)
        return true;
    if (yaml_is_plain(opt->type)) {
        bool fits = yaml_scalar_parse(opt, opt->def, to);

        assert(fits);
        return fits;
    }
    if (opt->type == ST_Y_STR) { /* as it stands, so that "*" or "[::]:3128" need no quotes in the table */
        struct st_str *str = to;

        str->pos = at;
        str->s = st_arena_str(l->arena, st_span_str(opt->def));
        return str->s != NULL || out_of_memory(l);
    }
    return parse_fragment(l, opt, to, at);
}

/* --- mappings --- */

static void unknown_name(struct loader *l, const struct st_yaml_schema *schema)
{
    const char *names[YAML_OPTS_MAX], *near;
    char known[240] = "";
    size_t used = 0;

    for (size_t i = 0; i < schema->n; i++)
        names[i] = schema->opts[i].name;
    near = st_diag_nearest((const char *)l->ev.data.scalar.value, names, schema->n);
    for (size_t i = 0; i < schema->n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", names[i]);
    if (used >= sizeof known)
        memcpy(known + sizeof known - 4, "...", 4);
    if (near != NULL)
        WRONG(l, pos_of(l), "expected an option of %s, found %s; did you mean \"%s\"?", schema->name,
              quoted(scalar_text(l)).s, near);
    else
        WRONG(l, pos_of(l), "expected an option of %s, found %s; known are %s", schema->name, quoted(scalar_text(l)).s,
              known);
}

/* One "name: value"; the current event is the name. */
static bool load_entry(struct loader *l, const struct st_yaml_schema *schema, struct st_pos *seen, void *to)
{
    size_t i = 0;

    if (l->ev.type != YAML_SCALAR_EVENT) {
        WRONG(l, pos_of(l), "expected the name of an option of %s, found %s", schema->name, found(l).s);
        return skip(l) && next(l) && skip(l);
    }
    while (i < schema->n && !st_span_eq(scalar_text(l), st_span_str(schema->opts[i].name)))
        i++;
    if (i == schema->n) {
        unknown_name(l, schema);
        return next(l) && skip(l);
    }
    if (seen[i].line > 0) {
        WRONG(l, pos_of(l), "\"%s\" is given twice, first in line %u", schema->opts[i].name, seen[i].line);
        return next(l) && skip(l);
    }
    seen[i] = pos_of(l);
    return next(l) && load_value(l, &schema->opts[i], (char *)to + schema->opts[i].offset);
}

/* The current event is a mapping's start, or nothing, which counts as an empty mapping. */
static bool load_map(struct loader *l, const struct st_yaml_schema *schema, void *to)
{
    struct st_pos seen[YAML_OPTS_MAX] = { { 0, 0 } }, at = pos_of(l);

    assert(schema->n <= YAML_OPTS_MAX);
    memset(to, 0, schema->size);
    if (schema->pos_offset > 0)
        memcpy((char *)to + schema->pos_offset - 1, &at, sizeof at);
    if (l->ev.type == YAML_MAPPING_START_EVENT)
        while (next(l) && l->ev.type != YAML_MAPPING_END_EVENT)
            if (!load_entry(l, schema, seen, to))
                return false;
    for (size_t i = 0; i < schema->n && !l->stop; i++) {
        const struct st_yaml_opt *opt = &schema->opts[i];

        if (seen[i].line > 0)
            continue;
        if (opt->required)
            WRONG(l, at, "%s: expected the option \"%s\", which is required: %s", schema->name, opt->name, opt->help);
        else if (!load_default(l, opt, (char *)to + opt->offset, at))
            return false;
    }
    return !l->stop;
}

/* --- documents --- */

static bool loader_init(struct loader *l, struct st_span text)
{
    l->text = text;
    if (yaml_parser_initialize(&l->parser) == 0) {
        (void)st_fail(l->err, ST_E_NOMEM, "yaml.load", "libyaml", 0);
        l->failed = ST_E_NOMEM;
        return false;
    }
    yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l->parser, text.n > 0 ? text.p : (const unsigned char *)"", text.n);
    return true;
}

static void loader_fini(struct loader *l)
{
    yaml_event_delete(&l->ev);
    yaml_parser_delete(&l->parser);
}

/* A text default that is written as YAML: "[a, b]", "{en: …}"; anything else is one scalar. */
static bool parse_fragment(struct loader *l, const struct st_yaml_opt *opt, void *to, struct st_pos at)
{
    struct loader sub = { .file = opt->name, .arena = l->arena, .err = l->err, .at_default = at };
    bool ok = loader_init(&sub, st_span_str(opt->def));

    ok = ok && next(&sub) && next(&sub) && next(&sub) && load_value(&sub, opt, to);
    assert(sub.failed != ST_E_NONE || (ok && sub.wrong == 0)); /* else the option table is wrong */
    l->failed = sub.failed;
    l->stop = l->stop || !ok;
    loader_fini(&sub);
    return ok;
}

static void load_document(struct loader *l, const struct st_yaml_schema *schema, void *out)
{
    if (!next(l) || !next(l)) /* stream, then document or the stream's end */
        return;
    if (l->ev.type == YAML_STREAM_END_EVENT) { /* an empty file: all defaults, unless something is required */
        (void)load_map(l, schema, out);
        return;
    }
    if (!next(l))
        return;
    if (l->ev.type == YAML_MAPPING_START_EVENT || is_nothing(l)) {
        if (!load_map(l, schema, out))
            return;
    } else {
        WRONG(l, pos_of(l), "expected a mapping with the options of %s, found %s", schema->name, found(l).s);
        if (!skip(l))
            return;
    }
    if (next(l) && next(l) && l->ev.type != YAML_STREAM_END_EVENT)
        WRONG(l, pos_of(l), "expected the end of the file, found a second document; one file holds one");
}

enum st_rc st_yaml_parse(struct st_span text, const char *file, const struct st_yaml_schema *schema,
                         struct st_arena *arena, void *out, struct st_diag *diag, struct st_err *err)
{
    struct st_err own = ST_ERR_INIT;
    struct loader l = { .file = file, .arena = arena, .diag = diag, .err = err != NULL ? err : &own };

    memset(out, 0, schema->size);
    if (text.n > FILE_LIMIT) {
        (void)st_diag_add(diag, file, 0, 0, "expected at most 4 MiB, found %zu bytes", text.n);
        return st_fail(err, ST_E_CONFIG, "yaml.load", "file is too long", text.n);
    }
    if (!loader_init(&l, text))
        return ST_ERR;
    load_document(&l, schema, out);
    loader_fini(&l);
    if (l.failed != ST_E_NONE)
        return ST_ERR;
    if (l.wrong > 0)
        return st_fail(err, ST_E_CONFIG, "yaml.load", "file has mistakes", l.wrong);
    return ST_OK;
}

enum st_rc st_yaml_load(const char *path, const struct st_yaml_schema *schema, struct st_arena *arena, void *out,
                        struct st_diag *diag, struct st_err *err)
{
    struct st_err own = ST_ERR_INIT, *why = err != NULL ? err : &own;
    enum st_rc rc = ST_ERR;
    struct st_buf text;

    st_buf_init(&text, FILE_LIMIT + 1);
    memset(out, 0, schema->size);
    if (st_file_read(path, FILE_LIMIT, &text, why) == ST_OK) {
        rc = st_yaml_parse(st_buf_view(&text), path, schema, arena, out, diag, why);
    } else if (why->code == ST_E_IO) {
        (void)st_diag_add(diag, path, 0, 0, "%s: %s", why->what, strerror((int)why->num));
        rc = st_fail(why, ST_E_CONFIG, "yaml.load", "file cannot be read", why->num);
    } else if (why->code == ST_E_LIMIT) {
        (void)st_diag_add(diag, path, 0, 0, "expected at most 4 MiB");
        rc = st_fail(why, ST_E_CONFIG, "yaml.load", "file is too long", FILE_LIMIT);
    }
    st_buf_fini(&text);
    return rc;
}
