/* SPDX-License-Identifier: Apache-2.0 */
/* layout_xml - what elements and attributes of XML are called, and what they say.
 *
 * A reader of names, not a judge of documents: tags that do not match, unknown references and the like are nothing to
 * it, since the file is read as one text beside. The name of a value is that of its element or attribute, without its
 * namespace's prefix. References (&amp;) stay: a scan sees through them.
 */
#include "filters/laid.h"
#include <string.h>

struct xml {
    struct flt_laid *laid;
    struct flt_dec *dec;
    struct {
        struct st_span name;
        size_t path;
    } open[FLT_DEPTH_MAX];
    size_t n; /* may be more than there is room for */
};

static struct st_span local_name(struct st_span name)
{
    size_t colon = st_span_chr(name, ':');

    return colon == ST_SPAN_NPOS ? name : st_span_sub(name, colon + 1, name.n);
}

static struct st_span take_name(struct st_span *s)
{
    size_t n = 0;

    while (n < s->n && !st_is_space(s->p[n]) && strchr("=/>\"'", s->p[n]) == NULL)
        n++;
    *s = st_span_sub(*s, n, s->n);
    return st_span_sub(st_span(s->p - n, n), 0, n);
}

static void enter(struct xml *x, struct st_span name)
{
    if (x->n < FLT_DEPTH_MAX) {
        x->open[x->n].name = name;
        x->open[x->n].path = flt_dec_enter(x->dec, name);
    }
    x->n++;
}

static void leave(struct xml *x)
{
    if (x->n > 0 && --x->n < FLT_DEPTH_MAX)
        flt_dec_leave(x->dec, x->open[x->n].path);
}

static struct st_span innermost(const struct xml *x)
{
    return x->n > 0 && x->n <= FLT_DEPTH_MAX ? x->open[x->n - 1].name : ST_SPAN_NONE;
}

static enum st_rc put_attributes(struct xml *x, struct st_span tag, struct st_err *err)
{
    for (tag = st_span_strip(tag); tag.n > 0; tag = st_span_strip(tag)) {
        struct st_span name = local_name(take_name(&tag));
        size_t end, mark;

        tag = st_span_strip(tag);
        if (tag.n < 2 || tag.p[0] != '=') {
            tag = st_span_sub(tag, name.n == 0, tag.n); /* a stray sign */
            continue;
        }
        tag = st_span_strip(st_span_sub(tag, 1, tag.n));
        if (tag.n < 2 || (tag.p[0] != '"' && tag.p[0] != '\''))
            continue;
        if ((end = st_span_chr(st_span_sub(tag, 1, tag.n), tag.p[0])) == ST_SPAN_NPOS)
            return ST_OK;
        mark = flt_dec_enter(x->dec, name);
        if (flt_laid_value(x->dec, x->laid, name, st_span_sub(tag, 1, end), false, err) != ST_OK)
            return ST_ERR;
        flt_dec_leave(x->dec, mark);
        tag = st_span_sub(tag, end + 2, tag.n);
    }
    return ST_OK;
}

/* Behind the > that ends a tag, not one in an attribute. */
static size_t tag_end(struct st_span s)
{
    uint8_t quote = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (quote != 0)
            quote = s.p[i] == quote ? 0 : quote;
        else if (s.p[i] == '"' || s.p[i] == '\'')
            quote = s.p[i];
        else if (s.p[i] == '>')
            return i + 1;
    }
    return s.n;
}

static size_t behind(struct st_span s, const char *end)
{
    size_t at = st_span_find(s, st_span_str(end));

    return at == ST_SPAN_NPOS ? s.n : at + strlen(end);
}

/* s begins with <; answers how much of it was read. */
static enum st_rc take_tag(struct xml *x, struct st_span s, size_t *taken, struct st_err *err)
{
    struct st_span inside, name;
    bool is_empty;

    if (st_span_starts(s, ST_SPAN("<!--")) || st_span_starts(s, ST_SPAN("<?")) || st_span_starts(s, ST_SPAN("<!"))) {
        *taken = st_span_starts(s, ST_SPAN("<!--")) ? behind(s, "-->") : behind(s, ">");
        return ST_OK;
    }
    *taken = tag_end(s);
    inside = st_span_sub(s, 1, *taken > 2 ? *taken - 2 : 0);
    if (inside.n > 0 && inside.p[0] == '/') {
        leave(x);
        return ST_OK;
    }
    is_empty = inside.n > 0 && inside.p[inside.n - 1] == '/';
    inside.n -= is_empty;
    name = local_name(take_name(&inside));
    if (name.n == 0)
        return ST_OK;
    enter(x, name);
    if (put_attributes(x, inside, err) != ST_OK)
        return ST_ERR;
    if (is_empty)
        leave(x);
    return ST_OK;
}

static enum st_rc put_text(struct xml *x, struct st_span s, struct st_err *err)
{
    return flt_laid_value(x->dec, x->laid, innermost(x), st_span_strip(s), false, err);
}

enum st_rc flt_xml_values(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err)
{
    struct xml x = { .laid = laid, .dec = dec };
    struct st_span rest = st_span_sub(laid->text.s, laid->at, laid->text.s.n);

    while (rest.n > 0 && flt_laid_has_room(dec, FLT_DEPTH_MAX)) {
        bool is_data = st_span_starts(rest, ST_SPAN("<![CDATA["));
        size_t n = is_data ? behind(rest, "]]>") : st_span_chr(rest, '<');

        if (n == ST_SPAN_NPOS)
            n = rest.n;
        if (is_data && put_text(&x, st_span_sub(rest, 9, n > 12 ? n - 12 : 0), err) != ST_OK)
            return ST_ERR;
        if (!is_data && n > 0 && put_text(&x, st_span_sub(rest, 0, n), err) != ST_OK)
            return ST_ERR;
        if (n == 0 && take_tag(&x, rest, &n, err) != ST_OK)
            return ST_ERR;
        rest = st_span_sub(rest, n, rest.n);
    }
    laid->at = laid->text.s.n - rest.n;
    return ST_OK;
}
