/* SPDX-License-Identifier: Apache-2.0 */
/* match - does a rule hold for a request: its head, its path, its fields.
 *
 * Escapes are decoded on the fly while comparing: nothing is allocated, and "%53pecial" is no way around a rule. Which
 * adapter is asked, and in what order, is lookup.c.
 */
#include "value.h"
#include <string.h>

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int lp_next_byte(struct st_span s, size_t *i, bool is_query)
{
    int c = s.p[*i], escaped = c == '%' ? st_percent(st_span_sub(s, *i, 3)) : -1;

    *i += escaped >= 0 ? 3 : 1;
    if (escaped >= 0)
        return escaped;
    return c == '+' && is_query ? ' ' : c;
}

/* Is the escaped run the word? A trailing '*' of the word is any rest. */
static bool same(struct st_span raw, const char *word, size_t n, bool is_query)
{
    size_t i = 0, k = 0;

    for (; i < raw.n && k < n; k++) {
        if (word[k] == '*' && k + 1 == n)
            return true;
        if (lower(lp_next_byte(raw, &i, is_query)) != lower((unsigned char)word[k]))
            return false;
    }
    return i == raw.n && (k == n || (k + 1 == n && word[k] == '*'));
}

bool lp_query_get(struct st_span query, const char *name, struct st_span *raw)
{
    struct st_span part;

    while (st_span_next(&query, '&', &part)) {
        size_t eq = st_span_chr(part, '=');

        if (same(st_span_sub(part, 0, eq), name, strlen(name), true)) {
            *raw = eq == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(part, eq + 1, part.n);
            return true;
        }
    }
    return false;
}

size_t lp_query_count(struct st_span query, const char *name)
{
    struct st_span part;
    size_t count = 0;

    while (st_span_next(&query, '&', &part))
        count += same(st_span_sub(part, 0, st_span_chr(part, '=')), name, strlen(name), true);
    return count;
}

static bool value_is(struct st_span raw, const char *const *values, bool is_query)
{
    for (; values != NULL && *values != NULL; values++) {
        if (same(raw, *values, strlen(*values), is_query))
            return true;
    }
    return false;
}

/* One segment, and none is not one; a leading '*' is any beginning: "*.json". */
static bool segment_is(const char *pattern, size_t n, struct st_span raw)
{
    if (raw.n == 0)
        return n == 0;
    if (n < 2 || pattern[0] != '*')
        return same(raw, pattern, n, false);
    for (; raw.n > 0; raw = st_span_sub(raw, 1, raw.n)) {
        if (same(raw, pattern + 1, n - 1, false))
            return true;
    }
    return false;
}

/* The first byte of a segment, where it decides: most do. */
static bool begins_otherwise(const char *segment, struct st_span path)
{
    bool is_open = *segment == '*' || *segment == '/' || *segment == '\0' || path.n < 2 || path.p[1] == '%';

    return !is_open && lower((unsigned char)*segment) != lower(path.p[1]);
}

static bool path_is(const char *pattern, struct st_span path)
{
    while (*pattern == '/' && path.n > 0 && path.p[0] == '/' && !begins_otherwise(pattern + 1, path)) {
        const char *end = strchrnul(++pattern, '/');
        size_t n = (size_t)(end - pattern), cut;

        path = st_span_sub(path, 1, path.n);
        if (n == 2 && memcmp(pattern, "**", 2) == 0) {
            if (*end == '\0')
                return true;
            for (path.p--, path.n++;; path = st_span_sub(path, 1 + cut, path.n)) { /* at a '/' each time */
                if (path_is(end, path))
                    return true;
                cut = st_span_chr(st_span_sub(path, 1, path.n), '/');
                if (cut == ST_SPAN_NPOS)
                    return false;
            }
        }
        cut = st_span_chr(path, '/');
        if (cut == ST_SPAN_NPOS)
            cut = path.n;
        if (!(n == 1 && *pattern == '*' && cut > 0) && !segment_is(pattern, n, st_span_sub(path, 0, cut)))
            return false;
        pattern = end;
        path = st_span_sub(path, cut, path.n);
    }
    return *pattern == '\0' && (path.n == 0 || st_span_eq(path, ST_SPAN("/"))); /* /login/ is /login */
}

bool lp_path_capture(const char *pattern, struct st_span path, struct st_span *rest)
{
    const char *mark = strstr(pattern, "{}");
    size_t at, end;

    if (mark == NULL)
        return false;
    for (at = 0; at < path.n; at++) { /* the prefix may hold wildcards, so each '/' is tried */
        char prefix[128];
        size_t n = (size_t)(mark - pattern) - 1;

        if (path.p[at] != '/' || at + 1 == path.n || n >= sizeof prefix)
            continue;
        memcpy(prefix, pattern, n);
        prefix[n] = '\0';
        if (!(n == 0 ? at == 0 : path_is(prefix, st_span_sub(path, 0, at))))
            continue;
        *rest = st_span_sub(path, at + 1, path.n);
        if (mark[2] == '\0') {
            rest->n -= rest->n > 1 && rest->p[rest->n - 1] == '/';
            return true;
        }
        end = st_span_chr(*rest, '/'); /* more follows: "{}" is one segment, and the rest has to be as it says */
        end = end == ST_SPAN_NPOS ? rest->n : end;
        if (end > 0 && path_is(mark + 2, st_span_sub(*rest, end, rest->n))) {
            rest->n = end;
            return true;
        }
    }
    return false;
}

static bool type_is(const char *type, struct st_span content_type)
{
    struct st_span media = content_type;

    (void)st_span_next(&content_type, ';', &media);
    media = st_span_trim(media);
    if (strcmp(type, "json") == 0)
        return st_span_ieq(media, ST_SPAN("application/json")) || st_span_ends(media, ST_SPAN("+json")) ||
               st_span_ieq(media, ST_SPAN("text/json"));
    if (strcmp(type, "form") == 0)
        return st_span_ieq(media, ST_SPAN("application/x-www-form-urlencoded")) ||
               st_span_ieq(media, ST_SPAN("multipart/form-data"));
    return st_span_istarts(media, ST_SPAN("text/"));
}

/* Cheap reasons why a path cannot be the pattern: most rules of an adapter fail here. Only for a path without escapes.
 */
static bool cannot_be(const char *pattern, struct st_span path)
{
    size_t last = path.n;
    int a, b;

    if (path.n < 2 || pattern[0] == '\0' || pattern[1] == '\0')
        return false;
    a = lower((unsigned char)pattern[1]);
    if (a != '*' && a != lower(path.p[1]))
        return true;
    last -= path.p[last - 1] == '/';
    b = lower((unsigned char)pattern[strlen(pattern) - 1]);
    return b != '*' && b != '/' && b != lower(path.p[last - 1]);
}

static bool method_is(const char *method, struct st_span is)
{
    return is.n > 0 && is.p[0] == (uint8_t)method[0] && st_span_eq(is, st_span_str(method));
}

bool lp_head_is(const struct lp_head *h, const struct lp_request *req, bool is_plain)
{
    bool held = h->methods == NULL;

    for (size_t i = 0; !held && h->methods[i] != NULL; i++)
        held = method_is(h->methods[i], req->method);
    if (!held || (h->type != NULL && !type_is(h->type, req->content_type)))
        return false;
    held = h->hosts == NULL;
    for (size_t i = 0; !held && h->hosts[i] != NULL; i++)
        held = lp_glob(h->hosts[i], st_span_host(req->host));
    if (!held)
        return false;
    held = h->paths == NULL;
    for (size_t i = 0; !held && h->paths[i] != NULL; i++)
        held = !(is_plain && cannot_be(h->paths[i], req->path)) && path_is(h->paths[i], req->path);
    for (size_t i = 0; held && i < h->n_params; i++) {
        const struct lp_param *p = &h->params[i];
        struct st_span raw;
        bool there = lp_query_get(req->query, p->name, &raw);

        held = p->want == LP_ABSENT ? !there : there && (p->want == LP_PRESENT || value_is(raw, p->values, true));
    }
    return held;
}

/* '*' is any part, "poll[*" any with this beginning. */
static bool part_is(const char *pattern, size_t n, struct st_span part)
{
    if (n > 0 && pattern[n - 1] == '*')
        return st_span_starts(part, st_span(pattern, n - 1));
    return st_span_eq(st_span(pattern, n), part);
}

/* As flt_path_match, and "**" may stand in the middle too: rich text is a tree of any depth. */
bool lp_path_match(const char *pattern, struct st_span path)
{
    char last;

    /* Most fields fail most patterns at their first or last byte. */
    if (path.n > 0 && pattern[0] != '\0') {
        if (pattern[0] != '*' && (uint8_t)pattern[0] != path.p[0])
            return false;
        last = pattern[strlen(pattern) - 1];
        if (last != '*' && (uint8_t)last != path.p[path.n - 1])
            return false;
    }
    for (;;) {
        const char *end = strchrnul(pattern, '/');
        size_t n = (size_t)(end - pattern), cut = st_span_chr(path, '/');
        bool is_any = n == 2 && memcmp(pattern, "**", 2) == 0;

        if (is_any && *end == '\0')
            return true;
        while (is_any) { /* the rest of the pattern begins at this part or a later one */
            if (lp_path_match(end + 1, path))
                return true;
            if (cut == ST_SPAN_NPOS)
                return false;
            path = st_span_sub(path, cut + 1, path.n);
            cut = st_span_chr(path, '/');
        }
        if (!part_is(pattern, n, st_span_sub(path, 0, cut)))
            return false;
        if (*end == '\0' || cut == ST_SPAN_NPOS) /* any rest may also be none */
            return *end == '\0' ? cut == ST_SPAN_NPOS : strcmp(end, "/**") == 0 && n > 0;
        pattern = end + 1;
        path = st_span_sub(path, cut + 1, path.n);
    }
}

bool lp_path_in(const char *const *patterns, struct st_span path)
{
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        if (lp_path_match(*patterns, path))
            return true;
    }
    return false;
}

const struct flt_field *lp_field_find(const struct flt_doc *doc, const char *pattern)
{
    for (size_t i = 0; doc != NULL && i < doc->n; i++) {
        if (lp_path_match(pattern, doc->fields[i].path))
            return &doc->fields[i];
    }
    return NULL;
}

/* "%a/b": a number or truth value, which is no field. */
static bool is_there(const struct flt_doc *doc, const char *pattern)
{
    struct st_span ignored;

    return pattern[0] == '%' ? lp_json_value(doc, pattern + 1, &ignored) : lp_field_find(doc, pattern) != NULL;
}

/* Programs begin a query on a line of its own, and indent it. */
static struct st_span from_first_word(struct st_span text)
{
    while (text.n > 0 && (*text.p == ' ' || (*text.p >= '\t' && *text.p <= '\r')))
        text = st_span_sub(text, 1, text.n);
    return text;
}

bool lp_body_is(const struct lp_body *b, const struct flt_doc *doc)
{
    for (size_t i = 0; b->has != NULL && b->has[i] != NULL; i++) {
        if (!is_there(doc, b->has[i]))
            return false;
    }
    for (size_t i = 0; b->lacks != NULL && b->lacks[i] != NULL; i++) {
        if (is_there(doc, b->lacks[i]))
            return false;
    }
    for (size_t i = 0; i < b->n_params; i++) {
        const struct flt_field *f = lp_field_find(doc, b->params[i].name);
        enum lp_want want = b->params[i].want;
        bool held = false;

        for (size_t k = 0; f != NULL && want == LP_ONE_OF && b->params[i].values[k] != NULL; k++)
            held = held || lp_glob(b->params[i].values[k], from_first_word(f->text));
        if (want == LP_ONE_OF ? !held : (f != NULL) != (want == LP_PRESENT))
            return false;
    }
    return true;
}

struct st_span lp_last_part(struct st_span path)
{
    size_t end = path.n, from;

    while (end > 0) { /* array marks are no names: "blocks/#" is blocks */
        from = end;
        while (from > 0 && path.p[from - 1] != '/' && path.p[from - 1] != '?')
            from--;
        if (end - from != 1 || path.p[from] != '#')
            return st_span_sub(path, from, end - from);
        end = from > 0 ? from - 1 : 0;
    }
    return path;
}

static bool same_word(const uint8_t *p, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(p[i]) != lower((unsigned char)word[i]))
            return false;
    }
    return true;
}

bool lp_glob(const char *glob, struct st_span name)
{
    bool open_left = glob[0] == '*', open_right;
    const char *word = glob + open_left;
    size_t n;

    if (!open_left && name.n > 0 && lower((unsigned char)glob[0]) != lower(name.p[0]))
        return false; /* most */
    n = strlen(glob);
    open_right = n > 1 && glob[n - 1] == '*';
    n -= (size_t)open_left + open_right;
    if (n > name.n || (!open_left && !open_right && n != name.n))
        return false;
    if (!open_left)
        return same_word(name.p, word, n);
    if (!open_right)
        return same_word(name.p + name.n - n, word, n);
    for (size_t at = 0; at + n <= name.n; at++) {
        if (same_word(name.p + at, word, n))
            return true;
    }
    return false;
}
