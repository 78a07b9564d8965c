/* SPDX-License-Identifier: Apache-2.0 */
/* protected - the hosts that are never decrypted, whatever a policy says.
 *
 * The shipped list (policies/default/protected.yaml) is compiled in, so that no path in stoa.yaml and no deleted file
 * can open a bank or a works council. `*protected.yaml` files in the policy folders add to it; nothing takes away.
 * A listed domain stands for itself and for everything below it.
 */
#include "policies/set.h"
#include <stdlib.h>
#include <string.h>

struct protected_file {
    int64_t version;
    struct st_list categories; /* of struct pol_category */
};

static const struct st_yaml_opt category_opts[] = {
    { .name = "category",
      .type = ST_Y_STR,
      .offset = offsetof(struct pol_category, name),
      .required = true,
      .help = "Name of the category, as explain and the counters show it." },
    { .name = "description",
      .type = ST_Y_TEXT,
      .offset = offsetof(struct pol_category, description),
      .help = "Why these hosts are left alone." },
    { .name = "domains",
      .type = ST_Y_STRS,
      .offset = offsetof(struct pol_category, domains),
      .required = true,
      .help = "Domains; each stands for itself and everything below it." },
};
static const struct st_yaml_schema category_schema = {
    .name = "category",
    .size = sizeof(struct pol_category),
    .pos_offset = offsetof(struct pol_category, pos) + 1,
    .opts = category_opts,
    .n = ST_LEN(category_opts),
};
static const struct st_yaml_opt file_opts[] = {
    { .name = "version",
      .type = ST_Y_INT,
      .offset = offsetof(struct protected_file, version),
      .required = true,
      .min = 1,
      .max = 1,
      .help = "Version of this file's format: 1." },
    { .name = "categories",
      .type = ST_Y_LIST,
      .offset = offsetof(struct protected_file, categories),
      .required = true,
      .sub = &category_schema,
      .help = "Kinds of hosts whose traffic is never decrypted." },
};
const struct st_yaml_schema pol_protected_schema = {
    .name = "protected", .size = sizeof(struct protected_file), .opts = file_opts, .n = ST_LEN(file_opts)
};

static bool is_domain(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 253 && s[0] != '.' && s[n - 1] != '.' && strstr(s, "..") == NULL &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == n;
}

/* Fills set->domains from one file's categories; what is wrong is a diagnostic. */
static enum st_rc add_categories(struct pol_set *set, const char *file, const struct protected_file *from,
                                 struct st_diag *diag)
{
    const struct pol_category *category = from->categories.items;
    enum st_rc rc = ST_OK;

    for (size_t i = 0; i < from->categories.n; i++, category++) {
        for (size_t k = 0; k < category->domains.n; k++) {
            const struct st_str *d = pol_str(&category->domains, k);

            if (!is_domain(d->s)) {
                rc = st_diag_add(diag, file, d->pos.line, d->pos.col,
                                 "expected a domain in lower case, as example.org, found \"%.128s\"", d->s);
            } else if (set->n_domains == POL_DOMAINS_MAX) {
                return st_diag_add(diag, file, d->pos.line, d->pos.col, "expected at most %d protected domains",
                                   POL_DOMAINS_MAX);
            } else {
                set->domains[set->n_domains++] = (struct pol_domain){
                    .name = st_span_str(d->s), .category = category->name.s, .file = file, .line = d->pos.line
                };
            }
        }
    }
    return rc;
}

static size_t count_domains(const struct protected_file *from)
{
    const struct pol_category *category = from->categories.items;
    size_t n = 0;

    for (size_t i = 0; i < from->categories.n; i++)
        n += category[i].domains.n;
    return n;
}

static int by_name(const void *a, const void *b)
{
    const struct st_span *x = &((const struct pol_domain *)a)->name, *y = &((const struct pol_domain *)b)->name;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* Every domain once. Which of two entries stays does not matter: both protect. */
static void sort_domains(struct pol_set *set)
{
    size_t kept = 0;

    qsort(set->domains, set->n_domains, sizeof *set->domains, by_name);
    for (size_t i = 0; i < set->n_domains; i++)
        if (kept == 0 || !st_span_eq(set->domains[kept - 1].name, set->domains[i].name))
            set->domains[kept++] = set->domains[i];
    set->n_domains = kept;
}

/* set->categories: every name once. */
static enum st_rc list_categories(struct pol_set *set, const struct protected_file *files, size_t n, struct st_err *err)
{
    size_t room = 1, used = 0;

    for (size_t i = 0; i < n; i++)
        room += files[i].categories.n;
    if ((set->categories = st_arena_alloc(set->arena, room * sizeof *set->categories)) == NULL)
        return st_arena_fail(set->arena, err, "policies.protected");
    for (size_t i = 0; i < n; i++) {
        const struct pol_category *category = files[i].categories.items;

        for (size_t k = 0; k < files[i].categories.n; k++)
            if (!pol_in(set->categories, category[k].name.s))
                set->categories[used++] = category[k].name.s;
    }
    return ST_OK;
}

enum st_rc pol_protected_load(struct pol_set *set, struct st_diag *diag, struct st_err *err)
{
    struct st_span builtin = st_span(pol_protected_builtin, pol_protected_builtin_size);
    struct protected_file *files;
    const char **paths;
    enum st_rc rc = ST_OK;
    size_t n = 0, domains = 0;

    if (pol_files(&set->config.path.policies, "protected.yaml", set->arena, &paths, diag, err) != ST_OK)
        return ST_ERR;
    while (paths[n] != NULL)
        n++;
    n++; /* the built-in one is files[0] */
    if ((files = st_arena_alloc(set->arena, n * sizeof *files)) == NULL)
        return st_arena_fail(set->arena, err, "policies.protected");
    if (st_yaml_parse(&(struct st_yaml_source){ POL_PROTECTED_BUILTIN, builtin }, &pol_protected_schema, set->arena,
                      &files[0], diag, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 1; i < n; i++)
        if (st_yaml_load(paths[i - 1], &pol_protected_schema, set->arena, &files[i], diag, err) != ST_OK) {
            if (err->code != ST_E_CONFIG)
                return ST_ERR;
            rc = ST_ERR;
        }
    if (rc != ST_OK)
        return rc;
    for (size_t i = 0; i < n; i++)
        domains += count_domains(&files[i]);
    if ((set->domains = st_arena_alloc(set->arena, (domains + 1) * sizeof *set->domains)) == NULL)
        return st_arena_fail(set->arena, err, "policies.protected");
    for (size_t i = 0; i < n; i++)
        if (add_categories(set, i == 0 ? POL_PROTECTED_BUILTIN : paths[i - 1], &files[i], diag) != ST_OK)
            rc = st_fail(err, ST_E_CONFIG, "policies.protected", "a list of protected hosts is wrong", 0);
    sort_domains(set);
    return rc != ST_OK ? rc : list_categories(set, files, n, err);
}

const struct pol_domain *pol_protected(const struct pol_set *set, struct st_span host)
{
    uint8_t lower[256]; /* a name is at most 253 bytes; a longer one cannot be a host */
    struct pol_domain key = { .name = ST_SPAN_NONE };

    host = st_span_host(host);
    if (host.n == 0 || host.n > sizeof lower || set->n_domains == 0)
        return NULL;
    for (size_t i = 0; i < host.n; i++)
        lower[i] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (uint8_t)(host.p[i] | 0x20) : host.p[i];
    key.name = st_span(lower, host.n);
    while (key.name.n > 0) { /* www.example.org, example.org, org */
        const struct pol_domain *hit = bsearch(&key, set->domains, set->n_domains, sizeof *set->domains, by_name);
        size_t dot = st_span_chr(key.name, '.');

        if (hit != NULL)
            return hit;
        if (dot == ST_SPAN_NPOS)
            break;
        key.name = st_span_sub(key.name, dot + 1, key.name.n);
    }
    return NULL;
}

void pol_each_protected(const struct pol_set *set, pol_protected_f *fn, void *ctx)
{
    for (size_t i = 0; i < set->n_domains && fn(ctx, set->domains[i].name); i++)
        ;
}
