/* SPDX-License-Identifier: Apache-2.0 */
/* xmpp - one stanza (RFC 6120) as it comes over a WebSocket (RFC 7395) or inside a BOSH body (XEP-0124).
 *
 * XMPP is a strict XML: no DTD, no processing instruction, no comment, no entity beyond the five and the numeric ones
 * (RFC 6120 §11.1). Whoever sends another is not looked into, and the receipt says so: a reader that takes more than
 * this one would read something else. The scanner builds no tree. Text is a field under the names of its elements,
 * attributes too ("message/body", "message/@to"); the names are local ones, since who may say what is the server's
 * concern. A BOSH body is no element of the path, so that rules hold for both carriers; its attributes stand below
 * "@bosh". Text that markup cuts into pieces is seen once more as a whole, since a reader sees it so.
 */
#include "filters/decode.h"
#include "filters/validate.h"
#include <string.h>

#define NAME_MAX_LEN   128u
#define ATTRIBUTES_MAX 32u
#define REFERENCE_MAX  12u /* "&#x10FFFF;" and a zero or two */

struct element {
    struct st_span name; /* as written, with its prefix */
    size_t path;         /* length before it */
    bool has_text;
};

struct scanner {
    struct flt_dec *dec;
    const struct flt_piece *piece;
    const uint8_t *start, *p, *end;
    struct element stack[FLT_DEPTH_MAX];
    unsigned depth;
    struct st_buf whole;    /* all the text, as a reader sees it */
    bool is_cut;            /* some text was cut by markup */
    bool is_behind_element; /* one that does not end a line */
    bool is_bad;
};

static void bad(struct scanner *s)
{
    s->is_bad = true;
}

static bool starts(const struct scanner *s, struct st_span word)
{
    return st_span_starts(st_span(s->p, (size_t)(s->end - s->p)), word);
}

static void skip_blanks(struct scanner *s)
{
    while (s->p < s->end && flt_is_blank(*s->p))
        s->p++;
}

static bool is_name_byte(uint8_t c, bool is_first)
{
    if (c >= 0x80 || c == '_' || c == ':' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        return true;
    return !is_first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
}

static struct st_span take_name(struct scanner *s)
{
    const uint8_t *from = s->p;

    while (s->p < s->end && is_name_byte(*s->p, s->p == from))
        s->p++;
    if (s->p == from || (size_t)(s->p - from) > NAME_MAX_LEN)
        bad(s);
    return st_span(from, (size_t)(s->p - from));
}

static struct st_span local(struct st_span name)
{
    size_t colon = st_span_chr(name, ':');

    return colon == ST_SPAN_NPOS ? name : st_span_sub(name, colon + 1, name.n);
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static bool is_xml_char(uint32_t cp)
{
    if (cp < 0x20)
        return cp == '\t' || cp == '\n' || cp == '\r';
    return cp <= 0x10FFFF && !(cp >= 0xD800 && cp <= 0xDFFF) && cp != 0xFFFE && cp != 0xFFFF;
}

/* The reference at the front of s; its length, or 0. */
static size_t reference(struct st_span s, uint32_t *cp)
{
    static const struct {
        struct st_span name;
        uint32_t cp;
    } names[] = { { ST_SPAN("&lt;"), '<' },
                  { ST_SPAN("&gt;"), '>' },
                  { ST_SPAN("&amp;"), '&' },
                  { ST_SPAN("&quot;"), '"' },
                  { ST_SPAN("&apos;"), '\'' } };
    bool is_hex = s.n > 2 && s.p[2] == 'x';
    size_t end = st_span_chr(st_span_sub(s, 0, REFERENCE_MAX), ';'), from = is_hex ? 3 : 2;

    for (size_t i = 0; i < ST_LEN(names); i++) {
        if (st_span_starts(s, names[i].name)) {
            *cp = names[i].cp;
            return names[i].name.n;
        }
    }
    if (end == ST_SPAN_NPOS || end <= from || s.p[1] != '#')
        return 0;
    *cp = 0;
    for (size_t i = from; i < end; i++) {
        int digit = st_hex_digit(s.p[i]);

        if (digit < 0 || (!is_hex && digit > 9) || *cp > 0x10FFFF)
            return 0;
        *cp = *cp * (is_hex ? 16 : 10) + (uint32_t)digit;
    }
    return is_xml_char(*cp) ? end + 1 : 0;
}

/* No control bytes, no '<', no "]]>", and every '&' begins a reference. */
static bool is_text(struct st_span s, bool *has_references)
{
    uint32_t cp;

    *has_references = false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];

        if (c == '<' || (c < 0x20 && !flt_is_blank(c)) ||
            (c == ']' && st_span_starts(st_span_sub(s, i, 3), ST_SPAN("]]>"))))
            return false;
        if (c != '&')
            continue;
        *has_references = true;
        if (reference(st_span_sub(s, i, s.n), &cp) == 0)
            return false;
    }
    return true;
}

/* A decoded text and its layer: the span into *text, in the arena when it had references. */
static enum st_rc open_text(struct scanner *s, struct st_span raw, struct flt_piece *text, struct st_err *err)
{
    struct flt_dec *dec = s->dec;
    uint32_t base = s->piece->base + (uint32_t)(raw.p - s->start), cp;
    uint8_t *room;
    bool has_references;
    size_t n = 0;

    *text = (struct flt_piece){ raw, NULL, 0 };
    if (!is_text(raw, &has_references)) {
        bad(s);
        return ST_OK;
    }
    if (!has_references)
        return flt_map_cut(dec->arena, s->piece->up, base, FLT_LAYER_XML, &text->up, err);
    if ((room = st_arena_alloc(dec->arena, raw.n)) == NULL) /* no reference is shorter than its character */
        return st_arena_fail(dec->arena, err, "filters.xmpp");
    flt_build_reset(&dec->build);
    for (size_t i = 0; i < raw.n;) {
        struct st_span rest = st_span_sub(raw, i, raw.n);
        size_t run = st_span_chr(rest, '&'), used, made;

        run = run == ST_SPAN_NPOS ? rest.n : run;
        memcpy(room + n, rest.p, run);
        flt_build_copy(&dec->build, run);
        n += run;
        i += run;
        if (i == raw.n)
            break;
        used = reference(st_span_sub(raw, i, raw.n), &cp);
        made = st_utf8_put(cp, room + n);
        flt_build_unit(&dec->build, made, used);
        n += made;
        i += used;
    }
    text->s = st_span(room, n);
    return flt_build_done(&dec->build, s->piece->up, base, FLT_LAYER_XML, &text->up, err);
}

static bool is_all_blank(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!flt_is_blank(s.p[i]))
            return false;
    }
    return true;
}

/* A piece of an element's text. */
static enum st_rc put_text(struct scanner *s, const struct flt_piece *text, struct st_err *err)
{
    if (is_all_blank(text->s)) {
        st_buf_span(&s->whole, text->s);
        return ST_OK;
    }
    while (s->is_behind_element && s->whole.n > 0 && s->whole.p[s->whole.n - 1] == '\n')
        s->whole.n--;
    s->is_cut = s->is_cut || (s->whole.n > 0 && s->whole.p[s->whole.n - 1] != '\n');
    s->is_behind_element = false;
    s->stack[s->depth - 1].has_text = true;
    st_buf_span(&s->whole, text->s);
    return flt_dec_string(s->dec, text->s, text->up, err);
}

static enum st_rc characters(struct scanner *s, struct st_err *err)
{
    const uint8_t *from = s->p, *open = memchr(s->p, '<', (size_t)(s->end - s->p));
    struct flt_piece text;

    s->p = open != NULL ? open : s->end;
    if (open_text(s, st_span(from, (size_t)(s->p - from)), &text, err) != ST_OK)
        return ST_ERR;
    return s->is_bad ? ST_OK : put_text(s, &text, err);
}

static enum st_rc cdata(struct scanner *s, struct st_err *err)
{
    struct st_span rest, raw;
    struct flt_piece text = { .base = 0 };
    size_t n;

    s->p += strlen("<![CDATA[");
    rest = st_span(s->p, (size_t)(s->end - s->p));
    n = st_span_find(rest, ST_SPAN("]]>"));
    if (n == ST_SPAN_NPOS) {
        bad(s);
        return ST_OK;
    }
    text.s = raw = st_span_sub(rest, 0, n);
    for (size_t i = 0; i < raw.n; i++)
        s->is_bad = s->is_bad || (raw.p[i] < 0x20 && !flt_is_blank(raw.p[i]));
    if (flt_map_cut(s->dec->arena, s->piece->up, s->piece->base + (uint32_t)(s->p - s->start), FLT_LAYER_CDATA,
                    &text.up, err) != ST_OK)
        return ST_ERR;
    s->p += n + 3;
    return s->is_bad ? ST_OK : put_text(s, &text, err);
}

/* ---- elements --------------------------------------------------------------------------------------------------- */

static bool is_one_of(struct st_span name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (st_span_eq(name, st_span_str(names[i])))
            return true;
    }
    return false;
}

/* Elements of XHTML that begin and end a line. */
static bool is_block(struct st_span name)
{
    static const char *const names[] = { "blockquote", "body", "br",  "dd",    "div", "dl", "dt",   "h1",
                                         "h2",         "h3",   "h4",  "h5",    "h6",  "hr", "html", "li",
                                         "ol",         "p",    "pre", "table", "td",  "th", "tr",   "ul" };

    return is_one_of(name, names, ST_LEN(names));
}

/* Elements that only dress text up. */
static bool is_inline(struct st_span name)
{
    static const char *const names[] = { "a",    "b",      "big",    "cite", "code", "del", "em",   "font",
                                         "i",    "ins",    "kbd",    "mark", "q",    "s",   "samp", "small",
                                         "span", "strike", "strong", "sub",  "sup",  "tt",  "u",    "var" };

    return is_one_of(name, names, ST_LEN(names));
}

/* A line ends where an element begins or ends, but not in the middle of a text. */
static void mark_line(struct scanner *s, struct st_span name)
{
    bool is_in_text = s->depth > 0 && s->stack[s->depth - 1].has_text;

    if (is_block(name) || (!is_inline(name) && !is_in_text))
        st_buf_byte(&s->whole, '\n');
}

/* name="value"; the name in *name. */
static enum st_rc attribute(struct scanner *s, struct st_span *name, struct st_err *err)
{
    const uint8_t *from, *end;
    uint8_t name_path[NAME_MAX_LEN + 1] = "@";
    struct flt_piece value;
    struct st_span l;
    size_t mark;
    enum st_rc rc;

    *name = take_name(s);
    skip_blanks(s);
    if (s->is_bad || !starts(s, ST_SPAN("="))) {
        bad(s);
        return ST_OK;
    }
    s->p++;
    skip_blanks(s);
    from = s->p < s->end && (*s->p == '"' || *s->p == '\'') ? s->p + 1 : s->p;
    end = from > s->p ? memchr(from, *s->p, (size_t)(s->end - from)) : NULL;
    if (end == NULL) {
        bad(s);
        return ST_OK;
    }
    if (open_text(s, st_span(from, (size_t)(end - from)), &value, err) != ST_OK)
        return ST_ERR;
    s->p = end + 1;
    if (s->is_bad || value.s.n == 0)
        return ST_OK;
    l = local(*name);
    memcpy(name_path + 1, l.p, l.n);
    mark = flt_dec_enter(s->dec, st_span(name_path, l.n + 1));
    rc = flt_dec_string(s->dec, value.s, value.up, err);
    flt_dec_leave(s->dec, mark);
    return rc;
}

static enum st_rc attributes(struct scanner *s, struct st_err *err)
{
    struct st_span seen[ATTRIBUTES_MAX];
    size_t n = 0;

    while (!s->is_bad && s->p < s->end && *s->p != '>' && *s->p != '/') {
        const uint8_t *before = s->p;

        skip_blanks(s);
        if (s->p < s->end && (*s->p == '>' || *s->p == '/'))
            break;
        if (s->p == before || n == ATTRIBUTES_MAX) { /* two attributes without a blank between them */
            bad(s);
            break;
        }
        if (attribute(s, &seen[n], err) != ST_OK)
            return ST_ERR;
        for (size_t i = 0; i < n && !s->is_bad; i++)
            s->is_bad = st_span_eq(seen[i], seen[n]);
        n++;
    }
    return ST_OK;
}

static void close_element(struct scanner *s)
{
    const struct element *top = &s->stack[--s->depth];

    mark_line(s, local(top->name));
    s->is_behind_element = !is_block(local(top->name));
    flt_dec_leave(s->dec, top->path);
}

static enum st_rc open_element(struct scanner *s, struct st_err *err)
{
    struct element *top = &s->stack[s->depth];
    bool is_bosh, is_empty;

    s->p++;
    *top = (struct element){ .name = take_name(s), .path = s->dec->path.n };
    if (s->is_bad || s->depth + 1 == FLT_DEPTH_MAX) {
        bad(s);
        return ST_OK;
    }
    is_bosh = s->depth == 0 && st_span_eq(local(top->name), ST_SPAN("body"));
    mark_line(s, local(top->name));
    s->is_behind_element = false;
    (void)flt_dec_enter(s->dec, is_bosh ? ST_SPAN("@bosh") : local(top->name));
    if (attributes(s, err) != ST_OK)
        return ST_ERR;
    if (is_bosh)
        flt_dec_leave(s->dec, top->path);
    is_empty = starts(s, ST_SPAN("/>"));
    if (s->is_bad || (!is_empty && !starts(s, ST_SPAN(">")))) {
        bad(s);
        return ST_OK;
    }
    s->p += is_empty ? 2 : 1;
    s->depth++;
    if (is_empty)
        close_element(s);
    return ST_OK;
}

static void end_tag(struct scanner *s)
{
    struct st_span name;

    s->p += 2;
    name = take_name(s);
    skip_blanks(s);
    if (s->is_bad || s->depth == 0 || !st_span_eq(name, s->stack[s->depth - 1].name) || !starts(s, ST_SPAN(">"))) {
        bad(s);
        return;
    }
    s->p++;
    close_element(s);
}

static enum st_rc step(struct scanner *s, struct st_err *err)
{
    if (*s->p != '<')
        return characters(s, err);
    if (starts(s, ST_SPAN("</"))) {
        end_tag(s);
        return ST_OK;
    }
    if (starts(s, ST_SPAN("<![CDATA[")))
        return cdata(s, err);
    return open_element(s, err); /* "<?" and "<!" are no names: bad */
}

/* Everything is inside one element. */
static enum st_rc scan(struct scanner *s, struct st_err *err)
{
    skip_blanks(s);
    if (!starts(s, ST_SPAN("<")) || starts(s, ST_SPAN("<!"))) {
        bad(s);
        return ST_OK;
    }
    do {
        if (step(s, err) != ST_OK)
            return ST_ERR;
    } while (!s->is_bad && !flt_dec_is_full(s->dec) && s->depth > 0 && s->p < s->end);
    if (s->is_bad || flt_dec_is_full(s->dec))
        return ST_OK;
    skip_blanks(s);
    if (s->depth > 0 || s->p < s->end)
        bad(s);
    return ST_OK;
}

/* The text as a whole, for a field that cannot be written back: what is found only there blocks. */
static enum st_rc put_whole(struct scanner *s, struct st_err *err)
{
    const uint8_t *copy;

    if (!s->is_cut || s->is_bad || flt_dec_is_full(s->dec))
        return ST_OK;
    if (st_buf_done(&s->whole, err, "filters.xmpp") != ST_OK)
        return ST_ERR;
    if ((copy = st_arena_dup(s->dec->arena, s->whole.p, s->whole.n)) == NULL)
        return st_arena_fail(s->dec->arena, err, "filters.xmpp");
    return flt_dec_seen(s->dec, st_span(copy, s->whole.n), s->piece, err);
}

enum st_rc flt_xmpp(struct flt_dec *dec, const struct flt_piece *text, bool *is_good, struct st_err *err)
{
    struct scanner s = { .dec = dec, .piece = text };
    size_t path = dec->path.n;
    enum st_rc rc = ST_OK;

    *is_good = flt_utf8_good(text->s) == text->s.n;
    if (!*is_good || text->s.n == 0)
        return ST_OK;
    s.start = s.p = text->s.p;
    s.end = s.start + text->s.n;
    st_buf_init(&s.whole, 2 * text->s.n + FLT_DEPTH_MAX);
    flt_dec_push(dec, FLT_CODEC_XMPP);
    rc = scan(&s, err);
    flt_dec_leave(dec, path);
    if (rc == ST_OK)
        rc = put_whole(&s, err);
    flt_dec_pop(dec);
    st_buf_fini(&s.whole);
    *is_good = !s.is_bad;
    return rc;
}
