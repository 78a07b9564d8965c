/* SPDX-License-Identifier: Apache-2.0 */
/* match - which rule of which adapter a request is.
 *
 * Order: the adapter that claims the host; on unclaimed hosts those that work anywhere (a wiki has any name); then the
 * fallback. The first rule that holds wins, so files list the narrow before the wide. Escapes are decoded on the fly
 * while comparing: nothing is allocated, and "%53pecial" is no way around a rule.
 */
#include "adapter.h"
#include <string.h>

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int lp_next_byte(struct st_span s, size_t *i, bool is_query)
{
    int c = s.p[(*i)++];

    if (c == '+' && is_query)
        return ' ';
    if (c == '%' && *i + 1 < s.n && st_hex_digit(s.p[*i]) >= 0 && st_hex_digit(s.p[*i + 1]) >= 0) {
        c = st_hex_digit(s.p[*i]) * 16 + st_hex_digit(s.p[*i + 1]);
        *i += 2;
    }
    return c;
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

static bool value_is(struct st_span raw, const char *const *values, bool is_query)
{
    for (; values != NULL && *values != NULL; values++) {
        if (same(raw, *values, strlen(*values), is_query))
            return true;
    }
    return false;
}

static bool path_is(const char *pattern, struct st_span path)
{
    while (*pattern == '/' && path.n > 0 && path.p[0] == '/') {
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
        if (!(n == 1 && *pattern == '*' && cut > 0) && !same(st_span_sub(path, 0, cut), pattern, n, false))
            return false;
        pattern = end;
        path = st_span_sub(path, cut, path.n);
    }
    return *pattern == '\0' && path.n == 0;
}

bool lp_path_capture(const char *pattern, struct st_span path, struct st_span *rest)
{
    const char *mark = strstr(pattern, "{}");
    size_t at;

    if (mark == NULL)
        return false;
    for (at = 0; at < path.n; at++) { /* the prefix may hold wildcards, so each '/' is tried */
        char prefix[128];
        size_t n = (size_t)(mark - pattern) - 1;

        if (path.p[at] != '/' || at + 1 == path.n || n >= sizeof prefix)
            continue;
        memcpy(prefix, pattern, n);
        prefix[n] = '\0';
        if (n == 0 ? at == 0 : path_is(prefix, st_span_sub(path, 0, at))) {
            *rest = st_span_sub(path, at + 1, path.n);
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

static bool head_is(const struct lp_head *h, const struct lp_request *req)
{
    bool held = h->methods == NULL;

    for (size_t i = 0; !held && h->methods[i] != NULL; i++)
        held = st_span_eq(req->method, st_span_str(h->methods[i]));
    if (!held || (h->type != NULL && !type_is(h->type, req->content_type)))
        return false;
    held = h->paths == NULL;
    for (size_t i = 0; !held && h->paths[i] != NULL; i++)
        held = path_is(h->paths[i], req->path);
    for (size_t i = 0; held && i < h->n_params; i++) {
        const struct lp_param *p = &h->params[i];
        struct st_span raw;
        bool there = lp_query_get(req->query, p->name, &raw);

        held = p->want == LP_ABSENT ? !there : there && (p->want == LP_PRESENT || value_is(raw, p->values, true));
    }
    return held;
}

const struct flt_field *lp_field_find(const struct flt_doc *doc, const char *pattern)
{
    for (size_t i = 0; doc != NULL && i < doc->n; i++) {
        if (flt_path_match(st_span_str(pattern), doc->fields[i].path))
            return &doc->fields[i];
    }
    return NULL;
}

static bool body_is(const struct lp_body *b, const struct flt_doc *doc)
{
    for (size_t i = 0; b->has != NULL && b->has[i] != NULL; i++) {
        if (lp_field_find(doc, b->has[i]) == NULL)
            return false;
    }
    for (size_t i = 0; b->lacks != NULL && b->lacks[i] != NULL; i++) {
        if (lp_field_find(doc, b->lacks[i]) != NULL)
            return false;
    }
    for (size_t i = 0; i < b->n_params; i++) {
        const struct flt_field *f = lp_field_find(doc, b->params[i].name);
        enum lp_want want = b->params[i].want;
        bool held = false;

        for (size_t k = 0; f != NULL && want == LP_ONE_OF && b->params[i].values[k] != NULL; k++)
            held = held || st_span_ieq(f->text, st_span_str(b->params[i].values[k]));
        if (want == LP_ONE_OF ? !held : (f != NULL) != (want == LP_PRESENT))
            return false;
    }
    return true;
}

/* True when the host is the name, or below the suffix of "*.suffix". */
static bool host_is(const char *name, struct st_span host)
{
    struct st_span suffix = st_span_str(name + 1);

    if (name[0] == '*')
        return host.n > suffix.n && st_span_ends(host, suffix);
    return st_span_eq(host, st_span_str(name));
}

static bool claims(const struct lp_adapter *a, struct st_span host)
{
    for (size_t i = 0; a->hosts != NULL && a->hosts[i] != NULL; i++) {
        if (host_is(a->hosts[i], host))
            return true;
    }
    return false;
}

static const struct lp_adapter *claimer(const struct lp_set *set, struct st_span host)
{
    const struct lp_adapters *all = lp_set_adapters(set);

    host = st_span_host(host);
    for (size_t i = 0; i < all->n; i++) {
        if (claims(all->items[i], host))
            return all->items[i];
    }
    return NULL;
}

const char *lp_host_platform(const struct lp_set *set, struct st_span host)
{
    const struct lp_adapter *a = claimer(set, host);

    return a != NULL ? a->id : NULL;
}

static bool is_tried(const struct lp_adapter *a, const struct lp_adapter *owner)
{
    return a == owner || a->is_fallback || (owner == NULL && a->is_anywhere);
}

static size_t query_count(struct st_span query, const char *name)
{
    struct st_span part;
    size_t count = 0;

    while (st_span_next(&query, '&', &part))
        count += same(st_span_sub(part, 0, st_span_chr(part, '=')), name, strlen(name), true);
    return count;
}

/* "/saml2/../post" is not where it seems to be. */
static bool has_dot_segment(struct st_span path)
{
    size_t n = 0, dots = 0; /* of the segment so far */

    for (size_t i = 0; i < path.n;) {
        int c = lp_next_byte(path, &i, false);
        bool is_end = c == '/' || c == '\\' || c == ';';

        if (is_end && n > 0 && n <= 2 && dots == n)
            return true;
        n = is_end ? 0 : n + 1;
        dots = is_end ? 0 : dots + (c == '.');
    }
    return n > 0 && n <= 2 && dots == n;
}

/* What is never read must be beyond doubt: no detour in the path, no parameter twice of which the origin may take the
 * other. */
static bool is_beyond_doubt(const struct lp_head *h, const struct lp_request *req)
{
    for (size_t i = 0; i < h->n_params; i++) {
        if (query_count(req->query, h->params[i].name) > 1)
            return false;
    }
    return !has_dot_segment(req->path);
}

static bool body_is_beyond_doubt(const struct lp_body *b, const struct flt_doc *doc)
{
    for (size_t i = 0; i < b->n_params; i++) {
        size_t count = 0;

        for (size_t k = 0; doc != NULL && k < doc->n; k++)
            count += flt_path_match(st_span_str(b->params[i].name), doc->fields[k].path);
        if (count > 1)
            return false;
    }
    return true;
}

bool lp_is_secret_path(const struct lp_set *set, const struct lp_request *req)
{
    const struct lp_adapters *all = lp_set_adapters(set);
    const struct lp_adapter *owner = claimer(set, req->host);

    for (size_t i = 0; i < all->n; i++) {
        for (size_t k = 0; is_tried(all->items[i], owner) && k < all->items[i]->n_secrets; k++) {
            const struct lp_head *head = &all->items[i]->secrets[k];

            if (head_is(head, req) && is_beyond_doubt(head, req))
                return true;
        }
    }
    return false;
}

static const struct lp_route *route_of(const struct lp_adapter *a, const struct lp_request *req,
                                       const struct flt_doc *doc, bool *needs_body)
{
    for (size_t i = 0; i < a->n_routes; i++) {
        const struct lp_route *r = &a->routes[i];

        if (!head_is(&r->head, req))
            continue;
        if (!r->has_body)
            return r;
        if (doc == NULL)
            *needs_body = true;
        else if (body_is(&r->body, doc) && (!r->is_secret || body_is_beyond_doubt(&r->body, doc)))
            return r;
    }
    return NULL;
}

const struct lp_route *lp_route_find(const struct lp_set *set, const struct lp_request *req, const struct flt_doc *doc,
                                     bool *needs_body)
{
    const struct lp_adapters *all = lp_set_adapters(set);
    const struct lp_adapter *owner = claimer(set, req->host);
    const struct lp_route *r = NULL;
    bool ignored = false;

    if (needs_body == NULL)
        needs_body = &ignored;
    *needs_body = false;
    for (int is_last = 0; is_last < 2 && r == NULL; is_last++) { /* fallbacks come last */
        for (size_t i = 0; i < all->n && r == NULL; i++) {
            if (is_tried(all->items[i], owner) && all->items[i]->is_fallback == (is_last == 1))
                r = route_of(all->items[i], req, doc, needs_body);
        }
    }
    return r != NULL && r->is_ignored ? NULL : r;
}

struct st_span lp_last_part(struct st_span path)
{
    for (size_t end = path.n; end > 0; end--) { /* array marks are no names: "blocks/#" is blocks */
        size_t from = end;

        while (from > 0 && path.p[from - 1] != '/' && path.p[from - 1] != '?')
            from--;
        if (end - from != 1 || path.p[from] != '#')
            return st_span_sub(path, from, end - from);
        end = from;
    }
    return path;
}

bool lp_glob(const char *glob, struct st_span name)
{
    size_t n = strlen(glob);
    bool open_left = n > 0 && glob[0] == '*', open_right = n > 1 && glob[n - 1] == '*';
    struct st_span word = st_span(glob + open_left, n - open_left - open_right);

    for (size_t at = 0; at + word.n <= name.n; at++) {
        if ((at == 0 || open_left) && (at + word.n == name.n || open_right) &&
            st_span_ieq(st_span_sub(name, at, word.n), word))
            return true;
    }
    return false;
}
