/* SPDX-License-Identifier: Apache-2.0 */
/* rtf - the text of Rich Text Format 1.9.1: control words fall away, \'hh and \uN become characters.
 *
 * Only tables that hold no words of people (fonts, colours, styles) and pictures are left out; what a reader would hide
 * (notes, properties, unknown destinations) is text, since a person may have typed it.
 */
#include "filters/extract/extract.h"
#include <string.h>

#define RTF_DEEP 256u
#define WORD_MAX 32u

struct rtf {
    struct st_span s;
    size_t at;
    struct st_buf out;
    unsigned depth, skip_from; /* group depth below which text is left out; 0: none */
    unsigned replacements;     /* characters to leave out behind \uN */
    unsigned per_unicode;      /* as \ucN says */
    bool is_apart[RTF_DEEP];   /* by depth: the group is no part of the text around it */
};

static void put_char(struct rtf *r, uint32_t c)
{
    uint8_t utf8[4];

    if (r->skip_from != 0)
        return;
    if (r->replacements > 0) {
        r->replacements--;
        return;
    }
    st_buf_put(&r->out, utf8, st_utf8_put(c >= 0xD800 && c < 0xE000 ? '?' : c, utf8));
}

/* Properties, notes and fields: groups of words of their own. */
static void set_apart(struct rtf *r, const char *name)
{
    static const char *const names[] = { "title",     "subject",  "author",   "manager",    "company",   "operator",
                                         "category",  "keywords", "comment",  "doccomm",    "hlinkbase", "propname",
                                         "staticval", "fldinst",  "footnote", "annotation", "atnauthor", "header",
                                         "footer",    "headerl",  "headerr",  "headerf",    "footerl",   "footerr",
                                         "footerf",   "shptxt" };

    if (r->depth > 0 && r->depth < RTF_DEEP && ext_is_listed(names, ST_LEN(names), name)) {
        put_char(r, '\n');
        r->is_apart[r->depth] = true;
    }
}

static void word(struct rtf *r, const char *name, bool has_number, int number)
{
    static const char *const skipped[] = { "fonttbl",      "colortbl",  "stylesheet",
                                           "pict",         "themedata", "datastore",
                                           "latentstyles", "blipuid",   "colorschememapping",
                                           "rsidtbl" };
    static const char *const breaks[] = { "par", "line", "tab", "cell", "row", "sect", "page", "nestcell" };

    if (r->skip_from == 0 && ext_is_listed(skipped, ST_LEN(skipped), name))
        r->skip_from = r->depth > 0 ? r->depth : 1;
    if (ext_is_listed(breaks, ST_LEN(breaks), name))
        put_char(r, '\n');
    set_apart(r, name);
    if (strcmp(name, "uc") == 0 && has_number && number >= 0 && number < 16)
        r->per_unicode = (unsigned)number;
    if (strcmp(name, "u") == 0 && has_number) {
        r->replacements = 0;
        put_char(r, (uint32_t)(number < 0 ? number + 65536 : number) & 0xFFFF);
        r->replacements = r->per_unicode;
    }
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void control_word(struct rtf *r)
{
    char name[WORD_MAX + 1];
    size_t n = 0;
    bool is_minus = false, has_number = false;
    int number = 0;

    while (r->at < r->s.n && is_letter(r->s.p[r->at])) {
        if (n < WORD_MAX)
            name[n++] = (char)r->s.p[r->at];
        r->at++;
    }
    name[n] = '\0';
    if (r->at < r->s.n && r->s.p[r->at] == '-') {
        is_minus = true;
        r->at++;
    }
    while (r->at < r->s.n && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9') {
        has_number = true;
        number = number < 1000000 ? number * 10 + (r->s.p[r->at] - '0') : number;
        r->at++;
    }
    if (r->at < r->s.n && r->s.p[r->at] == ' ')
        r->at++;
    if (strcmp(name, "bin") == 0 && has_number && !is_minus)
        r->at = (size_t)number < r->s.n - r->at ? r->at + (size_t)number : r->s.n;
    else
        word(r, name, has_number, is_minus ? -number : number);
}

static void control(struct rtf *r)
{
    uint8_t c = r->at < r->s.n ? r->s.p[r->at] : 0;

    if (is_letter(c)) {
        control_word(r);
        return;
    }
    r->at++;
    if (c == '\'' && r->at + 1 < r->s.n) {
        int hi = st_hex_digit(r->s.p[r->at]), lo = st_hex_digit(r->s.p[r->at + 1]);

        r->at += 2;
        if (hi >= 0 && lo >= 0)
            put_char(r, (uint32_t)(hi << 4 | lo));
    } else if (c == '\\' || c == '{' || c == '}') {
        put_char(r, c);
    } else if (c == '~') {
        put_char(r, ' ');
    } else if (c == '_') {
        put_char(r, '-');
    } else if (c == '\n' || c == '\r') {
        put_char(r, '\n');
    }
}

static void end_group(struct rtf *r)
{
    r->replacements = 0;
    if (r->depth < RTF_DEEP && r->is_apart[r->depth]) {
        r->is_apart[r->depth] = false;
        put_char(r, '\n');
    }
    r->depth -= r->depth > 0;
    if (r->depth < r->skip_from)
        r->skip_from = 0;
}

void ext_rtf(struct ext *x, struct st_span bytes)
{
    struct rtf r = { .s = bytes, .per_unicode = 1 };
    bool is_deep = false;

    st_buf_init(&r.out, EXT_TEXT_MAX);
    while (r.at < bytes.n) {
        uint8_t c = bytes.p[r.at++];

        if (c == '\\') {
            control(&r);
        } else if (c == '{') {
            r.replacements = 0;
            is_deep = is_deep || ++r.depth > RTF_DEEP;
        } else if (c == '}') {
            end_group(&r);
        } else if (c != '\r' && c != '\n') {
            put_char(&r, c);
        }
    }
    ext_text(x, "", st_buf_view(&r.out));
    if (r.depth > 0 || is_deep || r.out.failed != ST_E_NONE) { /* cut off, or made to mislead */
        ext_strings(x, bytes);
        ext_note(x, FLT_REASON_SYNTAX);
    }
    st_buf_fini(&r.out);
}
