/* SPDX-License-Identifier: Apache-2.0 */
/* page - the text of an HTML page, for curation.
 *
 * A tolerant tokenizer, not a browser: tags are skipped, blocks become line breaks, entities that people use are
 * decoded, script, style and the like are left out with all they hold. Whatever is broken in the page, reading goes
 * forward by at least one byte and the output is never longer than OUT_MAX. Navigation, header and footer are left out
 * too, and when the page has a <main> or <article>, only what is in there counts as its text.
 */
#include "plugins.h"
#include <string.h>

#define PAGE_MAX  ((size_t)2 << 20)
#define OUT_MAX   ((size_t)512 << 10)
#define TITLE_MAX ((size_t)512)

struct page {
    struct st_span in;
    size_t at;
    struct st_buf text, main, title; /* main: inside <main> or <article> */
    struct st_span lang;
    uint64_t published_ms;           /* of the first tag that tells; 0: none yet */
    unsigned main_depth, skip_depth; /* skip: nav, header outside of main, footer, aside */
    bool in_title;
};

static const struct {
    const char *name;
    uint32_t code;
} entities[] = {
    { "amp", '&' },      { "lt", '<' },       { "gt", '>' },       { "quot", '"' },     { "apos", '\'' },
    { "nbsp", ' ' },     { "auml", 0xe4 },    { "ouml", 0xf6 },    { "uuml", 0xfc },    { "Auml", 0xc4 },
    { "Ouml", 0xd6 },    { "Uuml", 0xdc },    { "szlig", 0xdf },   { "eacute", 0xe9 },  { "egrave", 0xe8 },
    { "agrave", 0xe0 },  { "ccedil", 0xe7 },  { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 },
    { "rsquo", 0x2019 }, { "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bdquo", 0x201e }, { "hellip", 0x2026 },
    { "euro", 0x20ac },  { "copy", 0xa9 },    { "reg", 0xae },     { "laquo", 0xab },   { "raquo", 0xbb },
    { "middot", 0xb7 },  { "bull", 0x2022 },  { "times", 0xd7 },   { "shy", 0 },
};

static bool is_alpha(int c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool named(struct st_span name, const char *list)
{
    struct st_span rest = st_span_str(list), word;

    while (st_span_next(&rest, ' ', &word)) {
        if (st_span_ieq(word, name))
            return true;
    }
    return false;
}

/* "#8211" or "#x2013"; false when it is no character. */
static bool numeric(struct st_span name, uint32_t *code)
{
    bool is_hex = (name.p[1] | 32) == 'x';
    uint32_t base = is_hex ? 16 : 10;

    *code = 0;
    for (size_t i = is_hex ? 2 : 1; i < name.n; i++) {
        uint32_t digit = name.p[i] <= '9' ? (uint32_t)name.p[i] - '0' : (uint32_t)(name.p[i] | 32) - 'a' + 10;

        if (digit >= base || *code > 0x10ffff || (name.p[i] > '9' && !is_alpha(name.p[i])))
            return false;
        *code = *code * base + digit;
    }
    return *code >= 0x20 && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
}

/* The text between '&' and ';' as a code point; false when it is none. Code 0: nothing to show. */
static bool entity(struct st_span name, uint32_t *code)
{
    if (name.n > 1 && name.p[0] == '#')
        return numeric(name, code);
    for (size_t i = 0; i < ST_LEN(entities); i++) {
        if (st_span_eq(name, st_span_str(entities[i].name))) {
            *code = entities[i].code;
            return true;
        }
    }
    return false;
}

/* Appends, with runs of white space as one; past a buffer's limit nothing more is taken. */
static void put(struct st_buf *b, const uint8_t *p, size_t n)
{
    if (b->n + n <= b->limit)
        st_buf_put(b, p, n);
}

static void put_gap(struct st_buf *b, uint8_t gap)
{
    if (b->n == 0)
        return;
    if (b->p[b->n - 1] == ' ' && gap == '\n')
        b->p[b->n - 1] = '\n';
    else if (b->p[b->n - 1] != ' ' && b->p[b->n - 1] != '\n')
        put(b, &gap, 1);
}

static void gap(struct page *g, uint8_t c)
{
    if (g->in_title)
        put_gap(&g->title, ' ');
    else if (g->skip_depth == 0) {
        put_gap(&g->text, c);
        if (g->main_depth > 0)
            put_gap(&g->main, c);
    }
}

static void show(struct page *g, const uint8_t *p, size_t n)
{
    if (g->in_title)
        put(&g->title, p, n);
    else if (g->skip_depth == 0) {
        put(&g->text, p, n);
        if (g->main_depth > 0)
            put(&g->main, p, n);
    }
}

static void read_text(struct page *g)
{
    struct st_span rest = st_span_sub(g->in, g->at, 12);
    size_t end = st_span_chr(rest, ';');
    uint8_t c = g->in.p[g->at], bytes[4];
    uint32_t code;

    if (c == '&' && end != ST_SPAN_NPOS && entity(st_span_sub(rest, 1, end - 1), &code)) {
        g->at += end + 1;
        if (code == ' ' || code == 0xa0)
            gap(g, ' ');
        else if (code != 0)
            show(g, bytes, st_utf8_put(code, bytes));
        return;
    }
    g->at++;
    if (is_space(c))
        gap(g, ' ');
    else if (c >= 0x20)
        show(g, &c, 1);
}

/* Skips behind the end tag of an element whose content is no markup. */
static void skip_raw(struct page *g, struct st_span name)
{
    while (g->at < g->in.n) {
        struct st_span rest = st_span_sub(g->in, g->at, g->in.n);
        size_t lt = st_span_chr(rest, '<');

        if (lt == ST_SPAN_NPOS) {
            g->at = g->in.n;
            return;
        }
        g->at += lt + 1;
        rest = st_span_sub(rest, lt + 1, rest.n);
        if (rest.n > name.n && rest.p[0] == '/' && st_span_istarts(st_span_sub(rest, 1, rest.n), name)) {
            g->at--; /* the end tag is read as any other */
            return;
        }
    }
}

static size_t skip_spaces(struct st_span tag, size_t i)
{
    while (i < tag.n && (is_space(tag.p[i]) || tag.p[i] == '/'))
        i++;
    return i;
}

/* The value behind '=', quoted or not; *i moves behind it. */
static struct st_span attribute_value(struct st_span tag, size_t *i)
{
    size_t from = skip_spaces(tag, *i);
    struct st_span value;

    if (from < tag.n && (tag.p[from] == '"' || tag.p[from] == '\'')) {
        value = st_span_sub(tag, from + 1, st_span_chr(st_span_sub(tag, from + 1, tag.n), tag.p[from]));
        *i = from + value.n + 2;
        return value;
    }
    for (*i = from; *i < tag.n && !is_space(tag.p[*i]); (*i)++)
        ;
    return st_span_sub(tag, from, *i - from);
}

/* The value of an attribute within the tag's text; empty when absent. */
static struct st_span attribute(struct st_span tag, const char *name)
{
    size_t i = 0;

    while ((i = skip_spaces(tag, i)) < tag.n) {
        struct st_span key, value = ST_SPAN_NONE;
        size_t from = i++, eq;

        while (i < tag.n && !is_space(tag.p[i]) && tag.p[i] != '=' && tag.p[i] != '/')
            i++;
        key = st_span_sub(tag, from, i - from);
        eq = skip_spaces(tag, i);
        if (eq < tag.n && tag.p[eq] == '=') {
            i = eq + 1;
            value = attribute_value(tag, &i);
        }
        if (st_span_ieq(key, st_span_str(name)))
            return value;
    }
    return ST_SPAN_NONE;
}

/* The end of a tag that starts behind '<': quotes may hold '>'. */
static size_t tag_end(struct st_span in, size_t at)
{
    uint8_t quote = 0;
    size_t from = at;

    for (; at < in.n && at - from < 2048; at++) {
        if (quote != 0)
            quote = in.p[at] == quote ? 0 : quote;
        else if (in.p[at] == '>')
            return at;
        else if ((in.p[at] == '"' || in.p[at] == '\'') && at > from && in.p[at - 1] == '=')
            quote = in.p[at];
    }
    at = st_span_chr(st_span_sub(in, from, in.n), '>');
    return at == ST_SPAN_NPOS ? in.n : from + at;
}

static void count(unsigned *depth, bool is_end)
{
    if (is_end && *depth > 0)
        --*depth;
    else if (!is_end && *depth < 1000)
        ++*depth;
}

static struct st_span tag_name(struct st_span in, size_t from, size_t end)
{
    size_t n = 0;

    while (from + n < end && (is_alpha(in.p[from + n]) || (n > 0 && in.p[from + n] >= '0' && in.p[from + n] <= '9')))
        n++;
    return st_span_sub(in, from, n);
}

static unsigned digits_of(struct st_span s, size_t from, size_t n)
{
    unsigned value = 0;

    for (size_t i = from; i < from + n; i++) {
        if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
            return 0;
        value = value * 10 + (s.p[i] - (unsigned)'0');
    }
    return value;
}

/* "2026-05-17", whatever follows, as ms since 1970; 0: no such day. */
static uint64_t day_of(struct st_span s)
{
    unsigned year = digits_of(s, 0, 4), month = digits_of(s, 5, 2), day = digits_of(s, 8, 2);
    uint64_t era, in_year;

    if (s.n < 10 || s.p[4] != '-' || s.p[7] != '-' || year < 1971 || month < 1 || month > 12 || day < 1 || day > 31)
        return 0;
    year -= month < 3; /* a year that begins with March ends with the day that leap years add */
    in_year = (153 * (uint64_t)(month < 3 ? month + 9 : month - 3) + 2) / 5 + day - 1;
    era = (uint64_t)year * 365 + year / 4 - year / 100 + year / 400;
    return (era + in_year - 719468) * 86400000u;
}

/* <meta property="article:published_time" content="…">, <meta name="date" …>, <time itemprop="datePublished" …>. */
static void read_day(struct page *g, struct st_span name, struct st_span tag)
{
    struct st_span which = attribute(tag, "property");

    if (which.n == 0)
        which = attribute(tag, "name");
    if (which.n == 0)
        which = attribute(tag, "itemprop");
    if (named(which, "article:published_time datePublished date dc.date dcterms.created pubdate"))
        g->published_ms = day_of(attribute(tag, named(name, "time") ? "datetime" : "content"));
}

static void read_tag(struct page *g)
{
    size_t from = g->at + 1, end;
    bool is_end = from < g->in.n && g->in.p[from] == '/';
    struct st_span name;

    from += is_end;
    end = tag_end(g->in, from);
    name = tag_name(g->in, from, end);
    g->at = end < g->in.n ? end + 1 : g->in.n;
    if (named(name, "title")) {
        g->in_title = !is_end && g->title.n == 0 && g->skip_depth == 0;
        return;
    }
    if (g->published_ms == 0 && !is_end && named(name, "meta time"))
        read_day(g, name, st_span_sub(g->in, from + name.n, end - from - name.n));
    if (named(name, "html") && !is_end)
        g->lang = attribute(st_span_sub(g->in, from + name.n, end - from - name.n), "lang");
    if (named(name, "nav footer aside svg select") || (named(name, "header") && g->main_depth == 0))
        count(&g->skip_depth, is_end);
    if (named(name, "main article")) {
        if (!is_end)
            g->skip_depth = 0; /* a page that never closed its nav is not lost */
        count(&g->main_depth, is_end);
    }
    if (!named(name,
               "a b i u em strong script span code small sub sup mark abbr cite kbd s wbr font label time q var samp"))
        gap(g, '\n');
    if (!is_end && named(name, "script style noscript template iframe textarea object math"))
        skip_raw(g, name);
}

static void read_page(struct page *g)
{
    while (g->at < g->in.n) {
        struct st_span rest = st_span_sub(g->in, g->at, g->in.n);
        size_t end;

        if (st_span_starts(rest, ST_SPAN("<!--"))) {
            end = st_span_find(st_span_sub(rest, 4, rest.n), ST_SPAN("-->"));
            g->at = end == ST_SPAN_NPOS ? g->in.n : g->at + end + 7;
        } else if (rest.p[0] == '<' && rest.n > 1 && (is_alpha(rest.p[1]) || rest.p[1] == '/')) {
            read_tag(g);
        } else if (rest.p[0] == '<' && rest.n > 1 && (rest.p[1] == '!' || rest.p[1] == '?')) {
            end = st_span_chr(rest, '>');
            g->at = end == ST_SPAN_NPOS ? g->in.n : g->at + end + 1;
        } else {
            read_text(g);
        }
    }
}

static enum st_rc settle(struct st_arena *arena, const struct st_buf *b, struct st_span *out, struct st_err *err)
{
    struct st_span s = st_buf_view(b);
    void *copy;

    if (st_buf_done(b, err, "lua.page") != ST_OK)
        return ST_ERR;
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    if ((copy = st_arena_dup(arena, s.n > 0 ? (const void *)s.p : "", s.n)) == NULL)
        return st_arena_fail(arena, err, "lua.page");
    *out = st_span(copy, s.n);
    return ST_OK;
}

static bool is_html(struct st_span page, struct st_span content_type)
{
    if (st_span_istarts(content_type, ST_SPAN("text/html")) ||
        st_span_istarts(content_type, ST_SPAN("application/xhtml+xml")))
        return true;
    while (page.n > 0 && is_space(page.p[0]))
        page = st_span_sub(page, 1, page.n);
    return content_type.n == 0 &&
           (st_span_istarts(page, ST_SPAN("<!doctype html")) || st_span_istarts(page, ST_SPAN("<html")));
}

enum st_rc lp_page_text(struct st_arena *arena, struct st_span page, struct st_span content_type, struct lp_page *out,
                        struct st_err *err)
{
    struct page g = { .in = st_span_sub(page, 0, PAGE_MAX) };
    enum st_rc rc = ST_OK;
    void *copy;

    *out = (struct lp_page){ .text = st_span_sub(page, 0, OUT_MAX) };
    if (!is_html(page, content_type)) {
        if (page.n > 0 && (copy = st_arena_dup(arena, out->text.p, out->text.n)) == NULL)
            return st_arena_fail(arena, err, "lua.page");
        else if (page.n > 0)
            out->text.p = copy;
        return ST_OK;
    }
    st_buf_init(&g.text, OUT_MAX);
    st_buf_init(&g.main, OUT_MAX);
    st_buf_init(&g.title, TITLE_MAX);
    read_page(&g);
    rc = settle(arena, &g.title, &out->title, err);
    if (rc == ST_OK)
        rc = settle(arena, g.main.n > 0 ? &g.main : &g.text, &out->text, err);
    out->published_ms = g.published_ms;
    g.lang = st_span_sub(g.lang, 0, 35);
    if (rc == ST_OK && g.lang.n > 0) {
        if ((copy = st_arena_dup(arena, g.lang.p, g.lang.n)) == NULL)
            rc = st_arena_fail(arena, err, "lua.page");
        else
            out->lang = st_span(copy, g.lang.n);
    }
    st_buf_fini(&g.text);
    st_buf_fini(&g.main);
    st_buf_fini(&g.title);
    return rc;
}

void lp_page_age(const struct lp_page *page, int64_t now_ms, struct lp_item *item)
{
    item->has_age = page->published_ms > 0;
    item->age_ms = now_ms > 0 && (uint64_t)now_ms > page->published_ms ? (uint64_t)now_ms - page->published_ms : 0;
}
