/* SPDX-License-Identifier: Apache-2.0 */
/* quote - how bytes are written into a layer, so that it reads as they are.
 *
 * A layer of a message has its quoting by its kind (map.h). Inside a text nobody says what escapes are, so new bytes
 * are quoted like those that they replace: percent signs among %34%31, a semicolon's name among entities. When a layer
 * is added to map.h, its quoting comes here.
 */
#include "filters/quote.h"
#include "base/json.h"
#include "filters/decode.h"
#include "filters/escape.h"
#include "filters/validate.h"

#define STYLES_MAX 4   /* escapes of escapes */
#define LINE_MAX   72u /* of quoted-printable */
#define BESIDE     8u  /* bytes beside a bare value that tell how quotes are written */

/* ---- layers ------------------------------------------------------------------------------------------------------ */

static bool is_bare_in_form(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == '*';
}

static void quote_percent(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_bare_in_form(s.p[i]))
            st_buf_byte(out, s.p[i]);
        else
            st_buf_fmt(out, "%%%02X", s.p[i]);
    }
}

static void quote_html(struct st_span s, struct st_buf *out)
{
    st_buf_markup(out, s);
}

static void quote_xml(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            st_buf_str(out, "&#39;");
        else
            st_buf_markup(out, st_span_sub(s, i, 1));
    }
}

static void quote_twice(struct st_span s, struct st_buf *out)
{
    uint8_t utf8[4];

    for (size_t i = 0; i < s.n; i++)
        st_buf_put(out, utf8, st_utf8_put(s.p[i], utf8));
}

static void quote_slashed(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n')
            st_buf_str(out, "\\n");
        else if (st_span_starts(st_span_sub(s, i, 2), ST_SPAN("\\n")))
            st_buf_str(out, "\\\\n");
        else
            st_buf_byte(out, s.p[i]);
        i += s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n';
    }
}

static void quote_header(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == ';')
            st_buf_fmt(out, "%%%02X", s.p[i]);
        else
            st_buf_byte(out, s.p[i]);
    }
}

static void quote_number(struct st_span s, struct st_buf *out)
{
    st_buf_byte(out, '"');
    st_json_escape(out, s);
    st_buf_byte(out, '"');
}

static bool quote(enum flt_layer layer, struct st_span s, struct st_buf *out)
{
    switch (layer) {
    case FLT_LAYER_RAW: st_buf_span(out, s); return true;
    case FLT_LAYER_PERCENT: quote_percent(s, out); return true;
    case FLT_LAYER_JSON: st_json_escape(out, s); return true;
    case FLT_LAYER_NUMBER: quote_number(s, out); return true;
    case FLT_LAYER_HTML: quote_html(s, out); return true;
    case FLT_LAYER_XML: quote_xml(s, out); return true;
    case FLT_LAYER_CDATA:
        st_buf_str(out, "]]>");
        quote_xml(s, out);
        st_buf_str(out, "<![CDATA[");
        return true;
    case FLT_LAYER_TWICE: quote_twice(s, out); return true;
    case FLT_LAYER_SLASHED: quote_slashed(s, out); return true;
    case FLT_LAYER_HEADER: quote_header(s, out); return true;
    case FLT_LAYER_LATIN1:
    case FLT_LAYER_CP1252:
    case FLT_LAYER_UTF16LE:
    case FLT_LAYER_UTF16BE: return flt_charset_encode(layer, s, out);
    case FLT_LAYER_FIXED: break;
    }
    return false;
}

enum st_rc flt_quote_through(const struct flt_map *map, struct st_buf *text, struct st_err *err)
{
    struct st_buf next;
    enum st_rc rc = st_buf_done(text, err, "filters.quote");

    st_buf_init(&next, text->limit);
    for (; map != NULL && rc == ST_OK; map = map->up) {
        struct st_buf swap = *text;

        if (!quote(map->layer, st_buf_view(text), &next))
            rc = st_fail(err, ST_E_UNSUPPORTED, "filters.quote", "a layer that cannot be written back", map->layer);
        *text = next;
        next = swap;
        st_buf_reset(&next);
        if (rc == ST_OK)
            rc = st_buf_done(text, err, "filters.quote");
    }
    st_buf_fini(&next);
    return rc;
}

/* ---- like what was there ----------------------------------------------------------------------------------------- */

static bool is_hex_pair(struct st_span s, size_t at)
{
    return at + 1 < s.n && st_hex_digit(s.p[at]) >= 0 && st_hex_digit(s.p[at + 1]) >= 0;
}

/* Takes one layer of percent signs off; answers whether there was one. */
static bool take_percent(struct st_buf *text)
{
    struct st_span s = st_buf_view(text);
    size_t n = 0;
    bool any = false;

    for (size_t i = 0; i < s.n; i++) {
        int escaped = st_percent(st_span_sub(s, i, 3));

        text->p[n++] = escaped >= 0 ? (uint8_t)escaped : s.p[i];
        i += escaped >= 0 ? 2 : 0;
        any = any || escaped >= 0;
    }
    text->n = n;
    return any;
}

/* The same with backslashes. */
static bool take_backslashes(struct st_buf *text)
{
    size_t n = 0;
    bool any = false;

    for (size_t i = 0; i < text->n; i++) {
        bool is_escape = text->p[i] == '\\' && i + 1 < text->n;

        i += is_escape;
        text->p[n++] = text->p[i];
        any = any || is_escape;
    }
    text->n = n;
    return any;
}

static bool is_quoted_printable(struct st_span s)
{
    unsigned seen = 0;

    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] == '=' && (s.p[i + 1] == '\n' || s.p[i + 1] == '\r'))
            return true;
        seen += s.p[i] == '=' && is_hex_pair(s, i + 1);
    }
    return seen > 1; /* one is an assignment */
}

static void quote_printable(struct st_span s, struct st_buf *out)
{
    size_t line = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (line >= LINE_MAX) {
            st_buf_str(out, "=\n");
            line = 0;
        }
        if (s.p[i] == '=' || s.p[i] > '~' || (s.p[i] < ' ' && s.p[i] != '\n'))
            st_buf_fmt(out, "=%02X", s.p[i]);
        else
            st_buf_byte(out, s.p[i]);
        line = s.p[i] == '\n' ? 0 : line + (s.p[i] == '=' || s.p[i] > '~' ? 3 : 1);
    }
}

/* The escapes of one kind, at & or at =, as what they say; answers whether there was one. */
static bool take_signs(struct st_buf *text, uint8_t sign)
{
    const uint8_t *p = text->p, *end = text->p + text->n;
    size_t n = 0;
    bool any = false;

    while (p < end) {
        int32_t cp = *p;
        size_t used = 0;

        if (*p == sign && sign == '&')
            used = flt_escape_any(p, end, &cp);
        else if (*p == sign && end - p > 2 && st_hex_digit(p[1]) >= 0 && st_hex_digit(p[2]) >= 0)
            cp = st_hex_digit(p[1]) << 4 | st_hex_digit(p[2]), used = 3;
        else if (*p == sign && end - p > 1 && (p[1] == '\n' || p[1] == '\r'))
            cp = -1, used = p[1] == '\r' && end - p > 2 ? 3 : 2;
        any = any || used > 0;
        p += used > 0 ? used : 1;
        if (cp >= 0)
            text->p[n++] = cp < 0x100 ? (uint8_t)cp : '?';
    }
    text->n = n;
    return any;
}

/* Takes off what the layers from map on did, the outermost first. */
static void take_layers(const struct flt_map *map, struct st_buf *text)
{
    if (map == NULL)
        return;
    take_layers(map->up, text);
    if (map->layer == FLT_LAYER_PERCENT)
        (void)take_percent(text);
    else if (map->layer == FLT_LAYER_JSON)
        (void)take_backslashes(text);
    else if (map->layer == FLT_LAYER_HTML || map->layer == FLT_LAYER_XML)
        (void)take_signs(text, '&');
}

typedef void quote_f(struct st_span s, struct st_buf *out);

static void quote_json(struct st_span s, struct st_buf *out)
{
    st_json_escape(out, s);
}

struct styles { /* from the outside in */
    quote_f *fn[STYLES_MAX];
    size_t n;
};

/* Takes off the outermost of the escapes that are in text; NULL: there are none. */
static quote_f *take_style(struct st_buf *text)
{
    if (take_percent(text))
        return quote_percent;
    if (take_backslashes(text))
        return quote_json;
    if (take_signs(text, '&'))
        return quote_html;
    return is_quoted_printable(st_buf_view(text)) && take_signs(text, '=') ? quote_printable : NULL;
}

/* Which escapes lead from text to what it was read as; once that is reached, nothing that looks like one is. Answers
 * whether it was. Quoted-printable may be around the others or in them. */
static bool styles_of(struct st_buf *text, struct st_span was, bool is_printable_first, struct styles *out)
{
    bool is_reached;

    out->n = 0;
    if (is_printable_first && is_quoted_printable(st_buf_view(text)) && take_signs(text, '='))
        out->fn[out->n++] = quote_printable;
    is_reached = st_span_eq(st_buf_view(text), was);
    while (out->n < STYLES_MAX && !is_reached && (out->fn[out->n] = take_style(text)) != NULL) {
        out->n++;
        is_reached = st_span_eq(st_buf_view(text), was);
    }
    return is_reached;
}

/* The same from the source on. */
static enum st_rc find_styles(const struct flt_edit *edit, struct st_span source, const struct flt_map *map,
                              struct styles *out, struct st_err *err)
{
    struct st_buf text;
    bool is_found = false;
    enum st_rc rc;

    st_buf_init(&text, source.n + 1);
    for (int turn = 0; turn < 2 && !is_found; turn++) {
        st_buf_reset(&text);
        st_buf_span(&text, source);
        take_layers(map, &text);
        is_found = styles_of(&text, edit->was, turn == 0, out) || !edit->is_run || out->n == 0;
    }
    rc = st_buf_done(&text, err, "filters.quote");
    st_buf_fini(&text);
    if (rc == ST_OK && !is_found)
        rc = st_fail(err, ST_E_UNSUPPORTED, "filters.quote", "escapes of several kinds", 0);
    return rc;
}

enum st_rc flt_quote_edit(const struct flt_edit *edit, struct st_span bytes, struct st_span text,
                          const struct flt_map *map, struct st_buf *out, struct st_err *err)
{
    size_t beside = edit->is_bare ? BESIDE : 0, from = edit->from > beside ? edit->from - beside : 0;
    struct st_span source = st_span_sub(text, from, edit->to + beside - from);
    bool may_escape = edit->is_run || edit->is_changed || edit->is_bare;
    struct styles styles = { .n = 0 };
    struct st_buf next;

    if (may_escape && find_styles(edit, source, map, &styles, err) != ST_OK)
        return ST_ERR;
    if (edit->is_bare && (map == NULL || map->layer != FLT_LAYER_NUMBER))
        quote_number(bytes, out);
    else
        st_buf_span(out, bytes);
    st_buf_init(&next, out->limit);
    while (styles.n > 0) {
        struct st_buf swap = *out;

        styles.fn[--styles.n](st_buf_view(out), &next);
        *out = next;
        next = swap;
        st_buf_reset(&next);
    }
    st_buf_fini(&next);
    return st_buf_done(out, err, "filters.quote");
}

void flt_quote_cdata(const struct flt_edit *edit, struct st_span text, struct st_buf *out)
{
    struct st_span source = st_span_sub(text, edit->from, edit->to - edit->from);
    bool ends_so = out->n > 0 && out->p[out->n - 1] == ']';

    for (size_t i = 0; i < source.n; i++)
        st_buf_span(out, st_span_sub(source, i, flt_cdata_mark(st_span_sub(source, i, source.n))));
    if (ends_so && st_span_starts(st_span_sub(text, edit->to, text.n), ST_SPAN("]>")) && out->p[out->n - 1] == ']')
        st_buf_byte(out, ' ');
}
