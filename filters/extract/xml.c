/* SPDX-License-Identifier: Apache-2.0 */
/* xml - the text of an XML part (Office, OpenDocument, SVG) and of a page, through libxml2.
 *
 * A number that a word processor cut into runs of another colour is one number, so text joins until an element ends
 * that people see as a break: a paragraph, a cell, or any other element that held text itself. Attributes that hold
 * words of people (authors, alternative texts, targets) are a text of their own. A document type that is only named, as
 * books and drawings do, is passed over; no file format here needs one that declares entities, and such a part is plain
 * text.
 */
#include "filters/extract/extract.h"
#include <libxml/HTMLparser.h>
#include <libxml/xmlreader.h>
#include <string.h>

#define XML_DEEP 256

struct xml_out {
    struct st_buf text, attributes;
    bool had_text[XML_DEEP]; /* by depth */
};

static bool is_inline(const char *name)
{
    static const char *const names[] = { "t", "r", "delText", "instrText", "span", "a", "s", "tspan", "b", "i", "u" };

    return ext_is_listed(names, ST_LEN(names), name);
}

static bool is_block(const char *name)
{
    static const char *const names[] = { "p",  "h",  "si",  "c",          "row",        "tr", "tc",      "td",
                                         "br", "cr", "tab", "line-break", "table-cell", "li", "comment", "div" };

    return ext_is_listed(names, ST_LEN(names), name);
}

static bool is_word_attribute(const char *name)
{
    static const char *const names[] = { "author",     "descr",       "title",        "alt",
                                         "Target",     "href",        "name",         "value",
                                         "string",     "formula",     "string-value", "initials",
                                         "prompt",     "promptTitle", "error",        "errorTitle",
                                         "tooltip",    "display",     "content",      "location",
                                         "connection", "command",     "instr",        "displayText",
                                         "v" /* of a pivot table's cache */ };

    return ext_is_listed(names, ST_LEN(names), name);
}

static void take_attributes(struct xml_out *out, xmlTextReaderPtr reader)
{
    if (xmlTextReaderHasAttributes(reader) != 1)
        return;
    while (xmlTextReaderMoveToNextAttribute(reader) == 1) {
        const char *name = (const char *)xmlTextReaderConstLocalName(reader);

        if (name == NULL || !is_word_attribute(name))
            continue;
        st_buf_str(&out->attributes, (const char *)xmlTextReaderConstValue(reader));
        st_buf_byte(&out->attributes, '\n');
    }
    xmlTextReaderMoveToElement(reader);
}

static void take_text(struct xml_out *out, const char *value, int depth)
{
    if (value == NULL)
        return;
    st_buf_str(&out->text, value);
    if (depth > 0 && depth <= XML_DEEP && strspn(value, " \t\r\n") < strlen(value))
        out->had_text[depth - 1] = true;
}

static void end_element(struct xml_out *out, const char *name, int depth)
{
    bool had_text = depth >= 0 && depth < XML_DEEP && out->had_text[depth];

    if (name != NULL && (is_block(name) || (had_text && !is_inline(name))))
        st_buf_byte(&out->text, '\n');
}

static void take_node(struct xml_out *out, xmlTextReaderPtr reader)
{
    int type = xmlTextReaderNodeType(reader), depth = xmlTextReaderDepth(reader);
    const char *name = (const char *)xmlTextReaderConstLocalName(reader);

    if (type == XML_READER_TYPE_ELEMENT) {
        bool is_empty = xmlTextReaderIsEmptyElement(reader) == 1;

        if (depth >= 0 && depth < XML_DEEP)
            out->had_text[depth] = false;
        take_attributes(out, reader);
        if (is_empty && name != NULL && strcmp(name, "s") == 0)
            st_buf_byte(&out->text, ' '); /* OpenDocument's space */
        else if (is_empty)
            end_element(out, name, depth);
    } else if (type == XML_READER_TYPE_END_ELEMENT) {
        end_element(out, name, depth);
    } else if (type == XML_READER_TYPE_COMMENT) {
        st_buf_str(&out->attributes, (const char *)xmlTextReaderConstValue(reader));
        st_buf_byte(&out->attributes, '\n');
    } else if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
               type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE) {
        take_text(out, (const char *)xmlTextReaderConstValue(reader), depth);
    } else if (type == XML_READER_TYPE_ENTITY_REFERENCE) {
        st_buf_byte(&out->text, ' '); /* of the type that is only named: most are blanks */
    }
}

/* Does the part declare anything of its own? */
static bool declares(struct st_span bytes)
{
    size_t at = st_span_find(bytes, ST_SPAN("<!DOCTYPE"));
    struct st_span type = at != ST_SPAN_NPOS ? st_span_sub(bytes, at, bytes.n) : ST_SPAN_NONE;

    return st_span_find(st_span_sub(type, 0, st_span_find(type, ST_SPAN(">"))), ST_SPAN("[")) != ST_SPAN_NPOS ||
           st_span_find(bytes, ST_SPAN("<!ENTITY")) != ST_SPAN_NPOS ||
           st_span_find(bytes, ST_SPAN("<\0!\0D\0O")) != ST_SPAN_NPOS ||
           st_span_find(bytes, ST_SPAN("\0<\0!\0D\0O")) != ST_SPAN_NPOS;
}

static void be_silent(void *ctx, xmlErrorPtr error)
{
    (void)ctx, (void)error; /* it would print what the file holds */
}

void ext_xml(struct ext *x, struct st_span bytes)
{
    struct xml_out out = { .had_text = { false } };
    xmlTextReaderPtr reader = NULL;
    int rc = -1;

    st_buf_init(&out.text, EXT_TEXT_MAX);
    st_buf_init(&out.attributes, EXT_TEXT_MAX);
    xmlSetStructuredErrorFunc(NULL, be_silent);
    if (!declares(bytes) && bytes.n < INT32_MAX)
        reader = xmlReaderForMemory((const char *)bytes.p, (int)bytes.n, NULL, NULL, XML_PARSE_NONET);
    if (reader != NULL) {
        while ((rc = xmlTextReaderRead(reader)) == 1)
            take_node(&out, reader);
        xmlFreeTextReader(reader);
    }
    ext_text(x, "", st_buf_view(&out.text));
    ext_text(x, "attributes", st_buf_view(&out.attributes));
    if (rc != 0) {
        ext_text(x, "source", bytes);
        ext_note(x, FLT_REASON_SYNTAX);
    }
    st_buf_fini(&out.text);
    st_buf_fini(&out.attributes);
}

/* The next node in the order of the source, without a stack: a page may nest as deep as it likes. */
static const xmlNode *next_node(const xmlNode *node, struct st_buf *text)
{
    if (node->children != NULL && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node != NULL && node->next == NULL) {
        node = node->parent;
        if (node != NULL && node->type == XML_ELEMENT_NODE && !is_inline((const char *)node->name))
            st_buf_byte(text, '\n');
    }
    return node != NULL ? node->next : NULL;
}

void ext_html(struct ext *x, struct st_span bytes)
{
    const int options = HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER;
    htmlDocPtr doc = NULL;
    struct st_buf text;

    st_buf_init(&text, EXT_TEXT_MAX);
    xmlSetStructuredErrorFunc(NULL, be_silent);
    if (bytes.n < INT32_MAX)
        doc = htmlReadMemory((const char *)bytes.p, (int)bytes.n, NULL, NULL, options);
    for (const xmlNode *node = doc != NULL ? xmlDocGetRootElement(doc) : NULL; node != NULL;
         node = next_node(node, &text)) {
        if (node->type == XML_ELEMENT_NODE && is_block((const char *)node->name))
            st_buf_byte(&text, '\n');
        if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != NULL)
            st_buf_str(&text, (const char *)node->content);
    }
    if (doc == NULL)
        ext_note(x, FLT_REASON_SYNTAX);
    xmlFreeDoc(doc);
    ext_text(x, "", st_buf_view(&text));
    ext_text(x, "source", bytes); /* attributes, scripts, comments */
    st_buf_fini(&text);
}
