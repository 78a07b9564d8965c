/* SPDX-License-Identifier: Apache-2.0 */
/* yaml - from events to the structs of an option table.
 *
 * One event is current at any time; every load_* function begins on the first event of its node and ends on the last,
 * so that whoever called it simply takes the next. A mistake in the file becomes a diagnostic and the node is skipped:
 * loading goes on to find the next one; a load_* function answers false only when nothing more can be read. Defaults go
 * through the same functions as the file; a default that is itself wrong is a bug of the option table and asserted.
 * When you add a type that is not a plain scalar, add it to load_value, and to the descriptions.
 */
#include "base/yaml.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "base/yaml_reader.h"
#include "base/yaml_scalar.h"

#define FILE_LIMIT (4u * 1024u * 1024u)
#define DICT_MAX   10000u

static bool arena_is_full(struct reader *r)
{
    struct st_err why = ST_ERR_INIT;

    (void)st_arena_fail(r->arena, &why, "yaml.load");
    return reader_no_memory(r, why);
}

static bool refuse_value(struct reader *r, const struct st_yaml_opt *opt, const char *advice)
{
    char expected[400], hint[120] = "";

    yaml_expected(opt, expected, sizeof expected);
    if (r->ev.type == YAML_ALIAS_EVENT)
        return true; /* said already */
    if (r->ev.type == YAML_SCALAR_EVENT)
        yaml_hint(opt, (const char *)r->ev.data.scalar.value, hint, sizeof hint);
    READER_WRONG(r, reader_pos(r), "%s: expected %s, found %s%s%s", opt->name, expected, reader_found(r).s, hint,
                 advice);
    return reader_skip(r);
}

/* --- values --- */

static bool load_value(struct reader *r, const struct st_yaml_opt *opt, void *to);
static bool load_map(struct reader *r, const struct st_yaml_schema *schema, void *to);
static bool load_short(struct reader *r, const struct st_yaml_schema *schema, void *to);

/* The current scalar as a string of the arena; false only when memory is out. A NUL inside is a mistake. */
static bool load_str(struct reader *r, const char *name, struct st_str *to)
{
    struct st_span text = reader_text(r);

    if (st_span_chr(text, '\0') != ST_SPAN_NPOS) {
        READER_WRONG(r, reader_pos(r), "%s: a text cannot hold the character NUL", name);
        return true;
    }
    to->pos = reader_pos(r);
    to->s = st_arena_str(r->arena, text);
    return to->s != NULL || arena_is_full(r);
}

static bool load_scalar(struct reader *r, const struct st_yaml_opt *opt, void *to)
{
    if (r->ev.type != YAML_SCALAR_EVENT)
        return refuse_value(r, opt, "");
    if (reader_is_nothing(r))
        return refuse_value(r, opt, opt->type == ST_Y_STR ? "; write \"\" for an empty text" : "");
    if (opt->type == ST_Y_STR)
        return load_str(r, opt->name, to);
    if (st_span_chr(reader_text(r), '\0') != ST_SPAN_NPOS ||
        !yaml_scalar_parse(opt, (const char *)r->ev.data.scalar.value, to))
        return refuse_value(r, opt, "");
    return true;
}

/* Place for one more item; the arena keeps the outgrown arrays, at most as much again as the last one. */
static void *list_grow(struct reader *r, struct st_list *list, size_t item)
{
    if ((list->n & (list->n - 1)) == 0) { /* 0, 1, 2, 4, 8 …: full */
        size_t bytes;
        void *items;

        if (__builtin_mul_overflow(list->n == 0 ? 1 : 2 * list->n, item, &bytes) ||
            (items = st_arena_alloc(r->arena, bytes)) == NULL) {
            (void)arena_is_full(r);
            return NULL;
        }
        if (list->n > 0)
            memcpy(items, list->items, list->n * item);
        list->items = items;
    }
    return (char *)list->items + list->n * item;
}

/* One text of a list; a text that is refused does not become an item. */
static bool load_list_str(struct reader *r, const struct st_yaml_opt *opt, struct st_list *list)
{
    struct st_str item = { NULL, { 0, 0 } }, *place;
    size_t i = 0;

    if (r->ev.type != YAML_SCALAR_EVENT || reader_is_nothing(r))
        return refuse_value(r, opt, "");
    while (opt->names != NULL && opt->names[i] != NULL && strcmp(opt->names[i], (char *)r->ev.data.scalar.value) != 0)
        i++;
    if (opt->names != NULL && opt->names[i] == NULL)
        return refuse_value(r, opt, "");
    if (!load_str(r, opt->name, &item))
        return false;
    if (item.s == NULL)
        return true;
    if ((place = list_grow(r, list, sizeof item)) == NULL)
        return false;
    *place = item;
    list->n++;
    return true;
}

static bool load_strs(struct reader *r, const struct st_yaml_opt *opt, struct st_list *list)
{
    list->pos = reader_pos(r);
    if (reader_is_nothing(r))
        return refuse_value(r, opt, "; write [] for an empty list");
    if (r->ev.type != YAML_SEQUENCE_START_EVENT)
        return load_list_str(r, opt, list);
    while (reader_next(r) && r->ev.type != YAML_SEQUENCE_END_EVENT)
        if (!load_list_str(r, opt, list))
            return false;
    return !r->stop;
}

static bool load_list(struct reader *r, const struct st_yaml_opt *opt, struct st_list *list)
{
    list->pos = reader_pos(r);
    if (r->ev.type != YAML_SEQUENCE_START_EVENT)
        return refuse_value(r, opt,
                            r->ev.type == YAML_MAPPING_START_EVENT ? "; begin each with \"- \""
                            : reader_is_nothing(r)                 ? "; write [] for an empty list"
                                                                   : "");
    while (reader_next(r) && r->ev.type != YAML_SEQUENCE_END_EVENT) {
        bool is_short = opt->sub->shorthand != NULL && r->ev.type == YAML_SCALAR_EVENT && !reader_is_nothing(r);
        void *item;

        if (r->ev.type != YAML_MAPPING_START_EVENT && !is_short) {
            READER_WRONG(r, reader_pos(r), "%s: expected a mapping%s%s in each entry of the list, found %s", opt->name,
                         opt->sub->shorthand != NULL ? " or a plain " : "",
                         opt->sub->shorthand != NULL ? opt->sub->shorthand : "", reader_found(r).s);
            if (!reader_skip(r))
                return false;
            continue;
        }
        if ((item = list_grow(r, list, opt->sub->size)) == NULL ||
            !(is_short ? load_short(r, opt->sub, item) : load_map(r, opt->sub, item)))
            return false;
        list->n++;
    }
    return !r->stop;
}

/* Remembers the key's line, and answers the line it was seen in before; 0 when it is new. */
static bool seen_before(struct reader *r, struct st_table *seen, const struct st_str *key, size_t *line)
{
    struct st_err err;

    *line = (size_t)(uintptr_t)st_table_get(seen, st_span_str(key->s));
    if (*line > 0 || st_table_put(seen, st_span_str(key->s), (void *)(uintptr_t)key->pos.line, &err) == ST_OK)
        return true;
    if (err.code == ST_E_LIMIT) {
        READER_WRONG(r, key->pos, "more than %u entries in one mapping", DICT_MAX);
        r->stop = true;
        return false;
    }
    return reader_no_memory(r, err);
}

static bool load_pair_value(struct reader *r, struct st_pair *pair)
{
    const struct st_yaml_opt value = { .name = pair->key.s, .type = ST_Y_STR };

    return load_scalar(r, &value, &pair->value);
}

static bool load_many(struct reader *r, struct st_many *many)
{
    const struct st_yaml_opt value = { .name = many->key.s, .type = ST_Y_STRS };

    many->is_list = r->ev.type == YAML_SEQUENCE_START_EVENT;
    return load_strs(r, &value, &many->values);
}

static bool load_dict_pair(struct reader *r, const struct st_yaml_opt *opt, struct st_list *list, struct st_table *seen)
{
    union {
        struct st_pair pair;
        struct st_many many;
    } item = { .many = { .key = { .s = NULL } } };
    size_t before = r->wrong, line, size;
    void *place;

    if (r->ev.type != YAML_SCALAR_EVENT) {
        READER_WRONG(r, reader_pos(r), "%s: expected a name, found %s", opt->name, reader_found(r).s);
        return reader_skip(r) && reader_next(r) && reader_skip(r);
    }
    if (!load_str(r, opt->name, &item.pair.key))
        return false;
    if (item.pair.key.s == NULL)
        return reader_next(r) && reader_skip(r);
    if (!seen_before(r, seen, &item.pair.key, &line))
        return false;
    if (line > 0)
        READER_WRONG(r, item.pair.key.pos, "%s is given twice, first in line %zu",
                     reader_quoted(st_span_str(item.pair.key.s)).s, line);
    if (!reader_next(r) || !(opt->type == ST_Y_DICT ? load_pair_value(r, &item.pair) : load_many(r, &item.many)))
        return false;
    if (r->wrong > before)
        return true;
    size = opt->type == ST_Y_DICT ? sizeof item.pair : sizeof item.many;
    if ((place = list_grow(r, list, size)) == NULL)
        return false;
    memcpy(place, &item, size);
    list->n++;
    return true;
}

static bool load_dict(struct reader *r, const struct st_yaml_opt *opt, struct st_list *list)
{
    struct st_table *seen;

    list->pos = reader_pos(r);
    if (r->ev.type != YAML_MAPPING_START_EVENT)
        return refuse_value(r, opt, reader_is_nothing(r) ? "; write {} for an empty mapping" : "");
    if ((seen = st_table_new(DICT_MAX, false, NULL)) == NULL)
        return reader_no_memory(r, (struct st_err){ ST_E_NOMEM, "yaml.load", "table", 0 });
    while (reader_next(r) && r->ev.type != YAML_MAPPING_END_EVENT)
        if (!load_dict_pair(r, opt, list, seen))
            break;
    st_table_free(seen);
    return !r->stop;
}

struct text_pair {
    struct st_str en, de;
};

static bool load_text(struct reader *r, const struct st_yaml_opt *opt, struct st_text *to)
{
    static const struct st_yaml_opt opts[] = {
        { .name = "en",
          .type = ST_Y_STR,
          .offset = offsetof(struct text_pair, en),
          .required = true,
          .help = "the text in English" },
        { .name = "de", .type = ST_Y_STR, .offset = offsetof(struct text_pair, de), .help = "the text in German" },
    };
    static const struct st_yaml_schema schema = {
        .name = "text", .size = sizeof(struct text_pair), .opts = opts, .n = ST_LEN(opts)
    };
    struct text_pair pair = { { NULL, { 0, 0 } }, { NULL, { 0, 0 } } };

    if (r->ev.type == YAML_MAPPING_START_EVENT) {
        if (!load_map(r, &schema, &pair))
            return false;
    } else if (r->ev.type != YAML_SCALAR_EVENT || reader_is_nothing(r)) {
        return refuse_value(r, opt, "");
    } else if (!load_str(r, opt->name, &pair.en)) {
        return false;
    }
    to->en = pair.en.s;
    to->de = pair.de.s != NULL ? pair.de.s : pair.en.s;
    return true;
}

static bool load_value(struct reader *r, const struct st_yaml_opt *opt, void *to)
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
    case ST_Y_COMPARE: return load_scalar(r, opt, to);
    case ST_Y_TEXT: return load_text(r, opt, to);
    case ST_Y_STRS: return load_strs(r, opt, to);
    case ST_Y_LIST: return load_list(r, opt, to);
    case ST_Y_DICT:
    case ST_Y_DICTS: return load_dict(r, opt, to);
    case ST_Y_MAP:
        if (r->ev.type == YAML_MAPPING_START_EVENT ||
            reader_is_nothing(r)) /* a mapping whose entries are all commented out */
            return load_map(r, opt->sub, to);
        return refuse_value(r, opt, "");
    }
    return false;
}

/* --- defaults --- */

static bool parse_fragment(struct reader *r, const struct st_yaml_opt *opt, void *to, struct st_pos at);

/* What stands in for an option that the file does not give; `at` is where it could have stood. */
static bool load_default(struct reader *r, const struct st_yaml_opt *opt, void *to, struct st_pos at)
{
    if (opt->type == ST_Y_MAP) { /* its position stays 0: that is how a reader sees that it was absent */
        for (size_t i = 0; i < opt->sub->n; i++)
            if (!load_default(r, &opt->sub->opts[i], (char *)to + opt->sub->opts[i].offset, at))
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
        str->s = st_arena_str(r->arena, st_span_str(opt->def));
        return str->s != NULL || arena_is_full(r);
    }
    return parse_fragment(r, opt, to, at);
}

/* --- mappings --- */

static void unknown_name(struct reader *r, const struct st_yaml_schema *schema)
{
    const char *names[YAML_OPTS_MAX], *near;
    char known[240] = "";
    size_t used = 0;

    for (size_t i = 0; i < schema->n; i++)
        names[i] = schema->opts[i].name;
    near = st_diag_nearest((const char *)r->ev.data.scalar.value, names, schema->n);
    for (size_t i = 0; i < schema->n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", names[i]);
    if (used >= sizeof known)
        memcpy(known + sizeof known - 4, "...", 4);
    if (near != NULL)
        READER_WRONG(r, reader_pos(r), "expected an option of %s, found %s; did you mean \"%s\"?", schema->name,
                     reader_quoted(reader_text(r)).s, near);
    else
        READER_WRONG(r, reader_pos(r), "expected an option of %s, found %s; known are %s", schema->name,
                     reader_quoted(reader_text(r)).s, known);
}

/* One "name: value"; the current event is the name. */
static bool load_entry(struct reader *r, const struct st_yaml_schema *schema, struct st_pos *seen, void *to)
{
    size_t i = 0;

    if (r->ev.type != YAML_SCALAR_EVENT) {
        READER_WRONG(r, reader_pos(r), "expected the name of an option of %s, found %s", schema->name,
                     reader_found(r).s);
        return reader_skip(r) && reader_next(r) && reader_skip(r);
    }
    while (i < schema->n && !st_span_eq(reader_text(r), st_span_str(schema->opts[i].name)))
        i++;
    if (i == schema->n) {
        unknown_name(r, schema);
        return reader_next(r) && reader_skip(r);
    }
    if (seen[i].line > 0) {
        READER_WRONG(r, reader_pos(r), "\"%s\" is given twice, first in line %u", schema->opts[i].name, seen[i].line);
        return reader_next(r) && reader_skip(r);
    }
    seen[i] = reader_pos(r);
    return reader_next(r) && load_value(r, &schema->opts[i], (char *)to + schema->opts[i].offset);
}

/* The current event is a mapping's start, or nothing, which counts as an empty mapping. */
static bool load_map(struct reader *r, const struct st_yaml_schema *schema, void *to)
{
    struct st_pos seen[YAML_OPTS_MAX] = { { 0, 0 } }, at = reader_pos(r);

    assert(schema->n <= YAML_OPTS_MAX);
    memset(to, 0, schema->size);
    if (schema->pos_offset > 0)
        memcpy((char *)to + schema->pos_offset - 1, &at, sizeof at);
    if (r->ev.type == YAML_MAPPING_START_EVENT)
        while (reader_next(r) && r->ev.type != YAML_MAPPING_END_EVENT)
            if (!load_entry(r, schema, seen, to))
                return false;
    for (size_t i = 0; i < schema->n && !r->stop; i++) {
        const struct st_yaml_opt *opt = &schema->opts[i];

        if (seen[i].line > 0)
            continue;
        if (opt->required)
            READER_WRONG(r, at, "%s: expected the option \"%s\", which is required: %s", schema->name, opt->name,
                         opt->help);
        else if (!load_default(r, opt, (char *)to + opt->offset, at))
            return false;
    }
    return !r->stop;
}

/* The current event is a scalar that stands for a mapping with one option. */
static bool load_short(struct reader *r, const struct st_yaml_schema *schema, void *to)
{
    struct st_pos at = reader_pos(r);

    memset(to, 0, schema->size);
    if (schema->pos_offset > 0)
        memcpy((char *)to + schema->pos_offset - 1, &at, sizeof at);
    for (size_t i = 0; i < schema->n; i++) {
        const struct st_yaml_opt *opt = &schema->opts[i];
        void *place = (char *)to + opt->offset;

        if (!(strcmp(opt->name, schema->shorthand) == 0 ? load_value(r, opt, place) : load_default(r, opt, place, at)))
            return false;
    }
    return true;
}

/* --- documents --- */

/* A text default that is written as YAML: "[a, b]", "{en: …}"; anything else is one scalar. */
static bool parse_fragment(struct reader *r, const struct st_yaml_opt *opt, void *to, struct st_pos at)
{
    struct reader sub = { .file = opt->name, .arena = r->arena, .err = r->err, .at_default = at };
    bool ok = reader_init(&sub, st_span_str(opt->def));

    ok = ok && reader_next(&sub) && reader_next(&sub) && reader_next(&sub) && load_value(&sub, opt, to);
    assert(sub.failed != ST_E_NONE || (ok && sub.wrong == 0)); /* else the option table is wrong */
    r->failed = sub.failed;
    r->stop = r->stop || !ok;
    reader_fini(&sub);
    return ok;
}

static void load_document(struct reader *r, const struct st_yaml_schema *schema, void *out)
{
    if (!reader_next(r) || !reader_next(r)) /* stream, then document or the stream's end */
        return;
    if (r->ev.type == YAML_STREAM_END_EVENT) { /* an empty file: all defaults, unless something is required */
        (void)load_map(r, schema, out);
        return;
    }
    if (!reader_next(r))
        return;
    if (r->ev.type == YAML_MAPPING_START_EVENT || reader_is_nothing(r)) {
        if (!load_map(r, schema, out))
            return;
    } else {
        READER_WRONG(r, reader_pos(r), "expected a mapping with the options of %s, found %s", schema->name,
                     reader_found(r).s);
        if (!reader_skip(r))
            return;
    }
    if (reader_next(r) && reader_next(r) && r->ev.type != YAML_STREAM_END_EVENT)
        READER_WRONG(r, reader_pos(r), "expected the end of the file, found a second document; one file holds one");
}

enum st_rc st_yaml_parse(const struct st_yaml_source *source, const struct st_yaml_schema *schema,
                         struct st_arena *arena, void *out, struct st_diag *diag, struct st_err *err)
{
    struct st_err own = ST_ERR_INIT;
    struct reader r = { .file = source->file, .arena = arena, .diag = diag, .err = err != NULL ? err : &own };

    memset(out, 0, schema->size);
    if (source->text.n > FILE_LIMIT) {
        (void)st_diag_add(diag, source->file, 0, 0, "expected at most 4 MiB, found %zu bytes", source->text.n);
        return st_fail(err, ST_E_CONFIG, "yaml.load", "file is too long", source->text.n);
    }
    if (reader_init(&r, source->text))
        load_document(&r, schema, out);
    reader_fini(&r);
    if (r.failed != ST_E_NONE)
        return ST_ERR;
    if (r.wrong > 0)
        return st_fail(err, ST_E_CONFIG, "yaml.load", "file has mistakes", r.wrong);
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
        rc = st_yaml_parse(&(struct st_yaml_source){ path, st_buf_view(&text) }, schema, arena, out, diag, why);
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
