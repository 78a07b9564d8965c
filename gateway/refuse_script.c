/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_script - see refuse_script.h: what is called is checked sign by sign, as it stands in the middle of a script.
 *
 * Names come percent-encoded in the query, under the parameters that JSONP libraries use. The call is made only if
 * there is such a function, as a page that gave up has none; the comment before it keeps plug-ins that read files by
 * their first bytes from taking the name for a format of theirs. JSON is a script but for two line ends, which older
 * engines end a string at.
 */
#include "gateway/refuse_script.h"
#include "gateway/target.h"
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '$';
}

/* Behind one identifier and the indices after it; NULL: there is none. */
static const char *part_end(const char *p)
{
    if (!is_letter(*p))
        return NULL;
    while (is_letter(*p) || is_digit(*p))
        p++;
    while (*p == '[') {
        size_t n = strspn(p + 1, "0123456789");

        if (n == 0 || p[n + 1] != ']')
            return NULL;
        p += n + 2;
    }
    return p;
}

static bool is_path(const char *name)
{
    const char *p = part_end(name);

    while (p != NULL && *p == '.')
        p = part_end(p + 1);
    return p != NULL && *p == '\0';
}

static bool decode(struct st_span value, char name[SCRIPT_NAME_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < value.n; i++) {
        int escaped = st_percent(st_span_sub(value, i, 3));

        if (n == SCRIPT_NAME_MAX)
            return false;
        name[n++] = (char)(escaped >= 0 ? escaped : value.p[i]);
        i += escaped >= 0 ? 2 : 0;
    }
    name[n] = '\0';
    return strlen(name) == n && is_path(name);
}

static bool is_parameter(struct st_span name)
{
    static const char *const NAMES[] = { "callback", "jsonp", "jsoncallback", "jsonpcallback" };

    for (size_t i = 0; i < ST_LEN(NAMES); i++)
        if (st_span_ieq(name, st_span_str(NAMES[i])))
            return true;
    return false;
}

/* A browser says what it asks for; an older one that takes anything, which no page and no fetch of JSON says. */
static bool asks_for_script(const struct http_head *head)
{
    struct st_span dest = http_field_get(head, "sec-fetch-dest"), accept = http_field_get(head, "accept");

    if (!st_span_eq(head->method, ST_SPAN("GET")))
        return false;
    if (dest.n > 0)
        return st_span_ieq(dest, ST_SPAN("script"));
    return st_span_find(accept, ST_SPAN("*/*")) != ST_SPAN_NPOS &&
           st_span_find(accept, ST_SPAN("text/html")) == ST_SPAN_NPOS &&
           st_span_find(accept, ST_SPAN("json")) == ST_SPAN_NPOS;
}

bool script_refusal_name(const struct http_head *head, char name[SCRIPT_NAME_MAX + 1])
{
    struct st_span path, query, part, key;

    if (head == NULL || !asks_for_script(head))
        return false;
    target_split(head->target, &path, &query);
    while (st_span_next(&query, '&', &part))
        if (st_span_next(&part, '=', &key) && is_parameter(key) && decode(part, name))
            return true;
    return false;
}

void script_refusal_body(const char *name, struct st_span json, struct st_buf *out)
{
    st_buf_fmt(out, "/**/typeof %s === 'function' && %s(", name, name);
    for (size_t i = 0; i < json.n; i++) {
        struct st_span s = st_span_sub(json, i, 3);
        bool is_line_end = st_span_eq(s, ST_SPAN("\xe2\x80\xa8")) || st_span_eq(s, ST_SPAN("\xe2\x80\xa9"));

        if (is_line_end)
            st_buf_fmt(out, "\\u202%c", s.p[2] == 0xa8 ? '8' : '9');
        else
            st_buf_byte(out, json.p[i]);
        i += is_line_end ? 2 : 0;
    }
    st_buf_str(out, ");\n");
}
