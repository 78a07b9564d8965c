/* SPDX-License-Identifier: Apache-2.0 */
/* layout_lines - settings, one a line: YAML, .env, .ini and TOML, Java's properties.
 *
 * Not a parser of any of them: it only finds what is called how. In YAML a deeper line is below the one before it that
 * is less deep, whatever stands there, so lists and blocks of text keep the name above them; the others have sections
 * in brackets. A value is what stands behind the sign, without its quotes and without a comment behind it; what has no
 * name has the one of what it is below.
 */
#include "filters/laid.h"
#include "filters/validate.h"
#include <string.h>

struct row {      /* one line, taken apart */
    size_t depth; /* of its first sign, list marks not counted */
    struct st_span key, value;
};
struct above { /* a name, and the lines below it are deeper */
    size_t depth, path;
    struct st_span key;
};
struct lines {
    struct flt_laid *laid;
    struct flt_dec *dec;
    struct above above[FLT_DEPTH_MAX];
    size_t n;
};

static bool has_pair_of(struct st_span s, char a, char b)
{
    return s.n >= 2 && s.p[0] == (uint8_t)a && s.p[s.n - 1] == (uint8_t)b;
}

static struct st_span unquoted(struct st_span s)
{
    s = st_span_strip(s);
    if (has_pair_of(s, '"', '"') || has_pair_of(s, '\'', '\''))
        return st_span_sub(s, 1, s.n - 2);
    return s;
}

/* Without the comment behind it. */
static struct st_span value_of(struct st_span s)
{
    s = st_span_strip(s);
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] == '#' && flt_is_blank(s.p[i - 1]) && s.p[0] != '"' && s.p[0] != '\'')
            return unquoted(st_span_sub(s, 0, i));
    return unquoted(s);
}

/* Where the sign stands that ends a key; ST_SPAN_NPOS: there is none. */
static size_t sign_at(struct st_span line, enum flt_layout layout)
{
    uint8_t quote = line.n > 0 && (line.p[0] == '"' || line.p[0] == '\'') ? line.p[0] : 0;
    size_t i = 0;

    if (quote != 0)
        for (i = 1; i < line.n && line.p[i] != quote;)
            i++;
    for (; i < line.n && i < FLT_SEGMENT_MAX; i++) {
        bool is_colon =
            line.p[i] == ':' && (layout != FLT_LAYOUT_YAML || i + 1 == line.n || flt_is_blank(line.p[i + 1]));

        if (is_colon || (line.p[i] == '=' && layout != FLT_LAYOUT_YAML))
            return i;
    }
    return ST_SPAN_NPOS;
}

static struct row take_apart(struct st_span line, enum flt_layout layout)
{
    struct row row = { 0, ST_SPAN_NONE, ST_SPAN_NONE };
    struct st_span s = st_span_strip(line);
    size_t sign;

    row.depth = s.n > 0 ? (size_t)(s.p - line.p) : 0;
    while (layout == FLT_LAYOUT_YAML && s.n > 1 && s.p[0] == '-' && flt_is_blank(s.p[1])) {
        const uint8_t *from = s.p;

        s = st_span_strip(st_span_sub(s, 2, s.n));
        row.depth += (size_t)(s.p - from);
    }
    if (st_span_starts(s, ST_SPAN("export ")))
        s = st_span_strip(st_span_sub(s, 7, s.n));
    row.value = value_of(s);
    if (s.n > 0 && (s.p[0] == '{' || (s.p[0] == '[' && layout == FLT_LAYOUT_YAML)))
        return row;
    if ((sign = sign_at(s, layout)) == ST_SPAN_NPOS)
        return row;
    row.key = unquoted(st_span_sub(s, 0, sign));
    row.value = value_of(st_span_sub(s, sign + 1, s.n));
    return row;
}

/* Names that the line is not below are left. */
static void leave_to(struct lines *l, size_t depth)
{
    while (l->n > 0 && l->above[l->n - 1].depth >= depth) {
        l->n--;
        flt_dec_leave(l->dec, l->above[l->n].path);
    }
}

static void enter(struct lines *l, struct st_span key, size_t depth)
{
    if (l->n < FLT_DEPTH_MAX) {
        size_t mark = flt_dec_enter(l->dec, key);

        l->above[l->n++] = (struct above){ depth, mark, key };
    }
}

static struct st_span name_above(const struct lines *l)
{
    return l->n > 0 ? l->above[l->n - 1].key : ST_SPAN_NONE;
}

/* [section], [[section]] */
static bool is_section(struct st_span line, enum flt_layout layout, struct st_span *name)
{
    struct st_span s = st_span_strip(line);

    if (layout == FLT_LAYOUT_YAML || layout == FLT_LAYOUT_ENV || !has_pair_of(s, '[', ']'))
        return false;
    while (has_pair_of(s, '[', ']'))
        s = st_span_sub(s, 1, s.n - 2);
    *name = unquoted(s);
    return true;
}

static enum st_rc put_line(struct lines *l, struct st_span line, struct st_err *err)
{
    struct row row = take_apart(line, l->laid->layout);
    struct st_span name = ST_SPAN_NONE;

    if (is_section(line, l->laid->layout, &name)) {
        leave_to(l, 0);
        enter(l, name, 0);
        return ST_OK;
    }
    if (l->laid->layout == FLT_LAYOUT_YAML)
        leave_to(l, row.depth + (row.key.n == 0));
    else
        leave_to(l, 1); /* all but the section */
    if (row.key.n == 0)
        return flt_laid_value(l->dec, l->laid, name_above(l), row.value, false, err);
    enter(l, row.key, row.depth + (l->laid->layout != FLT_LAYOUT_YAML));
    return flt_laid_value(l->dec, l->laid, row.key, row.value, false, err);
}

static bool is_comment(struct st_span line)
{
    line = st_span_strip(line);
    return line.n == 0 || strchr("#;!", line.p[0]) != NULL || st_span_eq(line, ST_SPAN("---"));
}

enum st_rc flt_setting_lines(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err)
{
    struct st_span rest = st_span_sub(laid->text.s, laid->at, laid->text.s.n), line;
    struct lines l = { .laid = laid, .dec = dec };

    while (flt_laid_has_room(dec, 1) && st_span_next(&rest, '\n', &line))
        if (!is_comment(line) && put_line(&l, line, err) != ST_OK)
            return ST_ERR;
    laid->at = laid->text.s.n - rest.n; /* the names above what follows are lost; the values are not */
    return ST_OK;
}
