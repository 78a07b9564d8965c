/* SPDX-License-Identifier: Apache-2.0 */
/* disguise_between - what people and programs put between the characters of a value, for evasion_test.c. */
#ifndef STOA_TESTS_UNIT_FILTERS_DISGUISE_BETWEEN_H
#define STOA_TESTS_UNIT_FILTERS_DISGUISE_BETWEEN_H
#include "disguise.h"

static void between(struct st_span s, struct st_buf *out, size_t every, const char *what)
{
    for (size_t i = 0; i < s.n; i++) {
        if (i > 0 && i % every == 0)
            st_buf_str(out, what);
        st_buf_byte(out, s.p[i]);
    }
}

static void halves(struct st_span s, struct st_buf *out, const char *what)
{
    between(s, out, s.n / 2 + s.n % 2, what);
}

#define BETWEEN(name, every, what)                         \
    static void name(struct st_span s, struct st_buf *out) \
    {                                                      \
        between(s, out, every, what);                      \
    }
#define HALVES(name, what)                                 \
    static void name(struct st_span s, struct st_buf *out) \
    {                                                      \
        halves(s, out, what);                              \
    }
BETWEEN(zero_width, 1, "\u200b")
BETWEEN(word_joiner, 3, "\u2060")
BETWEEN(soft_hyphen, 2, "\u00ad")
BETWEEN(bidi_marks, 4, "\u202d")
BETWEEN(tag_characters, 2, "\U000E0041")
BETWEEN(combining, 1, "\u0332")
BETWEEN(variation, 1, "\ufe0f")
BETWEEN(each_space, 1, " ")
BETWEEN(each_dot, 1, ".")
BETWEEN(each_dash, 1, "-")
BETWEEN(each_comma, 1, ", ")
BETWEEN(groups_space, 4, " ")
BETWEEN(groups_nbsp, 4, "\u00a0")
BETWEEN(groups_underscore, 4, "_")
BETWEEN(groups_slash, 4, "/")
BETWEEN(groups_en_dash, 4, "\u2013")
BETWEEN(groups_semicolon, 4, ";")
BETWEEN(groups_middle_dot, 4, "\u00b7")
BETWEEN(groups_spaced_dash, 4, " - ")
BETWEEN(folded, 10, "\r\n ")
BETWEEN(bold, 4, "**")
BETWEEN(each_blanks, 1, "  ")
BETWEEN(each_line, 1, "\n")
BETWEEN(acute, 1, "\u0301")
BETWEEN(struck, 1, "\u0336")
HALVES(newline_middle, "\n")
HALVES(quoted_reply, "\n> ")
HALVES(quoted_twice, "\r\n> > ")
HALVES(backslash_line, "\\\n")
HALVES(break_inside, "<br>")
HALVES(tag_inside, "<b></b>")
HALVES(span_inside, "<span class=\"x\">")
HALVES(comment_inside, "<!-- x -->")
HALVES(backtick_inside, "`")
HALVES(concat_plus, "\" + \"")
HALVES(concat_dot, "' . '")
HALVES(concat_line, "\" +\n      \"")
BETWEEN(array_five, 5, "\",\"")
BETWEEN(array_four, 4, "\", \"")
BETWEEN(array_one, 1, "', '")

static void bullets(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "\n- ");
    between(s, out, 4, "\n- ");
}
static void numbered(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (i % 4 == 0)
            st_buf_fmt(out, "\n%zu. ", i / 4 + 1);
        st_buf_byte(out, s.p[i]);
    }
}
/* Each line of it. */
static void quoted_lines(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "\n> ");
    for (size_t i = 0; i < s.n; i++) {
        st_buf_byte(out, s.p[i]);
        if (s.p[i] == '\n')
            st_buf_str(out, "> ");
    }
}

static void array_join(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "[\"");
    array_five(s, out);
    st_buf_str(out, "\"].join(\"\")");
}
static void array_fours(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "\"\".join([\"");
    array_four(s, out);
    st_buf_str(out, "\"])");
}
static void array_ones(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "['");
    array_one(s, out);
    st_buf_str(out, "']");
}
static void codes(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "String.fromCharCode(");
    each(s, out, "%u,");
    out->n--;
    st_buf_str(out, ")");
}
static void codes_list(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "[");
    each(s, out, "%u, ");
    out->n -= 2;
    st_buf_str(out, "]");
}
static void codes_chr(struct st_span s, struct st_buf *out)
{
    each(s, out, "chr(%u).");
    out->n--;
}
static void codes_basic(struct st_span s, struct st_buf *out)
{
    each(s, out, "Chr(%u) & ");
    out->n -= 3;
}
BETWEEN(each_tab, 1, "\t")
BETWEEN(each_line_tab, 1, "\v")
BETWEEN(groups_brackets, 4, ")(")
BETWEEN(groups_colour, 4, "\x1b[1;31m")
BETWEEN(each_text_span, 1, "</text:span><text:span text:style-name=\"T1\">")
HALVES(office_runs, "</w:t></w:r><w:r><w:rPr/><w:t xml:space=\"preserve\">")
HALVES(remarks, "\n// ")
HALVES(hash_remarks, "\n# ")
HALVES(concat_bars, "\" || \"")
static void path_segments(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "https://x.test/");
    between(s, out, 4, "/");
}
#endif
