/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_reader - libyaml's events, with what this house refuses in any place already refused.
 *
 * Anchors, aliases and tags are reported wherever they stand, depth is counted in skipped nodes too, and libyaml's own
 * complaints are put into words with a hint for the usual cause. Two things end the reading at once (stop): bytes that
 * are not YAML, and memory; everything else is counted in `wrong` and the reading goes on.
 */
#include "base/yaml_reader.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32u

bool reader_init(struct reader *r, struct st_span text)
{
    r->text = text;
    if (yaml_parser_initialize(&r->parser) == 0)
        return reader_no_memory(r, (struct st_err){ ST_E_NOMEM, "yaml.load", "libyaml", 0 });
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, text.n > 0 ? text.p : (const unsigned char *)"", text.n);
    return true;
}

void reader_fini(struct reader *r)
{
    yaml_event_delete(&r->ev);
    yaml_parser_delete(&r->parser);
}

struct st_pos reader_pos(const struct reader *r)
{
    if (r->at_default.line > 0)
        return r->at_default;
    return (struct st_pos){ (unsigned)r->ev.start_mark.line + 1, (unsigned)r->ev.start_mark.column + 1 };
}

bool reader_no_memory(struct reader *r, struct st_err why)
{
    *r->err = why;
    r->failed = why.code;
    r->stop = true;
    return false;
}

struct reader_quote reader_quoted(struct st_span text)
{
    struct reader_quote q;
    size_t n = 0, step;

    while (n < text.n && (step = st_span_utf8(st_span_sub(text, n, 4))) > 0 && n + step <= READER_QUOTE_MAX)
        n += step;
    (void)snprintf(q.s, sizeof q.s, "\"%.*s%s\"", (int)n, n > 0 ? (const char *)text.p : "", n < text.n ? "…" : "");
    return q;
}

struct st_span reader_text(const struct reader *r)
{
    return st_span(r->ev.data.scalar.value, r->ev.data.scalar.length);
}

bool reader_is_nothing(const struct reader *r)
{
    return r->ev.type == YAML_SCALAR_EVENT && r->ev.data.scalar.length == 0 &&
           r->ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

struct reader_quote reader_found(const struct reader *r)
{
    struct reader_quote q = { "" };
    const char *what = "a list";

    if (r->ev.type == YAML_SCALAR_EVENT && !reader_is_nothing(r))
        return reader_quoted(reader_text(r));
    if (r->ev.type == YAML_SCALAR_EVENT)
        what = "nothing";
    else if (r->ev.type == YAML_MAPPING_START_EVENT)
        what = "a mapping";
    else if (r->ev.type == YAML_ALIAS_EVENT)
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

static const char *syntax_hint(const struct reader *r)
{
    const char *problem = r->parser.problem;
    uint8_t byte = byte_at(r->text, r->parser.problem_mark.index);

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

static void syntax_wrong(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    struct st_pos at = { (unsigned)p->problem_mark.line + 1, (unsigned)p->problem_mark.column + 1 };

    r->stop = true;
    if (p->error == YAML_MEMORY_ERROR) {
        (void)reader_no_memory(r, (struct st_err){ ST_E_NOMEM, "yaml.load", "libyaml", 0 });
    } else if (p->error == YAML_READER_ERROR) { /* has an offset instead of a mark */
        struct st_span before = st_span_sub(r->text, 0, p->problem_offset), line = before;

        at.line = 1;
        for (size_t eol; (eol = st_span_chr(line, '\n')) != ST_SPAN_NPOS; at.line++)
            line = st_span_sub(line, eol + 1, line.n);
        at.col = 1;
        for (size_t i = 0; i < line.n; i++)
            at.col += (line.p[i] & 0xc0) != 0x80;
        READER_WRONG(r, at, "%s; the file must be UTF-8 text", p->problem);
    } else if (p->context != NULL && p->context_mark.line != p->problem_mark.line) {
        READER_WRONG(r, at, "%s, %s that begins in line %zu%s", p->problem, p->context, p->context_mark.line + 1,
                     syntax_hint(r));
    } else if (p->context != NULL) {
        READER_WRONG(r, at, "%s, %s%s", p->problem, p->context, syntax_hint(r));
    } else {
        READER_WRONG(r, at, "%s%s", p->problem == NULL ? "not YAML" : p->problem,
                     p->problem == NULL ? "" : syntax_hint(r));
    }
}

/* Anchors, aliases and tags are refused wherever they stand; the node itself is then loaded as if without. */
static void refuse_extras(struct reader *r)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (r->ev.type == YAML_SCALAR_EVENT) {
        anchor = r->ev.data.scalar.anchor;
        tag = r->ev.data.scalar.tag;
    } else if (r->ev.type == YAML_MAPPING_START_EVENT) {
        anchor = r->ev.data.mapping_start.anchor;
        tag = r->ev.data.mapping_start.tag;
    } else if (r->ev.type == YAML_SEQUENCE_START_EVENT) {
        anchor = r->ev.data.sequence_start.anchor;
        tag = r->ev.data.sequence_start.tag;
    } else if (r->ev.type == YAML_ALIAS_EVENT) {
        READER_WRONG(r, reader_pos(r),
                     "an alias (*name) is not allowed here; write the value itself, or quote the text");
    }
    if (anchor != NULL)
        READER_WRONG(r, reader_pos(r), "an anchor (&name) is not allowed here; remove it, or quote the text");
    if (tag != NULL)
        READER_WRONG(r, reader_pos(r), "a tag (!name) is not allowed here; remove it, or quote the text");
}

bool reader_next(struct reader *r)
{
    if (r->stop)
        return false;
    yaml_event_delete(&r->ev);
    if (yaml_parser_parse(&r->parser, &r->ev) == 0) {
        syntax_wrong(r);
        return false;
    }
    refuse_extras(r);
    if (r->ev.type == YAML_MAPPING_START_EVENT || r->ev.type == YAML_SEQUENCE_START_EVENT)
        r->depth++;
    else if (r->ev.type == YAML_MAPPING_END_EVENT || r->ev.type == YAML_SEQUENCE_END_EVENT)
        r->depth--;
    if (r->depth > DEPTH_MAX) {
        READER_WRONG(r, reader_pos(r), "nested deeper than %u levels", DEPTH_MAX);
        r->stop = true;
    }
    return !r->stop;
}

bool reader_skip(struct reader *r)
{
    unsigned depth = r->depth;

    if (r->ev.type != YAML_MAPPING_START_EVENT && r->ev.type != YAML_SEQUENCE_START_EVENT)
        return true;
    while (r->depth >= depth)
        if (!reader_next(r))
            return false;
    return true;
}
