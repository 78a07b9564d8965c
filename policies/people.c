/* SPDX-License-Identifier: Apache-2.0 */
/* people - who is behind a client address, and in which groups.
 *
 * Addresses are compared as numbers, so that "::1" and "0:0:0:0:0:0:0:1", or 127.0.0.1 and ::ffff:127.0.0.1, are one
 * client. Both tables are sorted once at load; a name that is not listed has no group.
 */
#include "policies/set.h"
#include <stdlib.h>
#include <string.h>

static int by_address(const void *a, const void *b)
{
    return memcmp(((const struct pol_person *)a)->address, ((const struct pol_person *)b)->address, 16);
}

static int by_person(const void *a, const void *b)
{
    return strcmp(((const struct pol_membership *)a)->person, ((const struct pol_membership *)b)->person);
}

static enum st_rc load_people(struct pol_set *set, struct st_diag *diag, struct st_err *err)
{
    const struct st_list *list = &set->config.identity.people;
    const struct st_pair *pair = list->items;
    enum st_rc rc = ST_OK;

    if ((set->people = st_arena_alloc(set->arena, (list->n + 1) * sizeof *set->people)) == NULL)
        return st_arena_fail(set->arena, err, "policies.people");
    for (size_t i = 0; i < list->n; i++, pair++) {
        struct pol_person *p = &set->people[set->n_people];

        if (!pol_address(st_span_str(pair->key.s), p->address)) {
            rc = st_diag_add(diag, set->config_file, pair->key.pos.line, pair->key.pos.col,
                             "expected a client address without port, as 192.0.2.7, found \"%.128s\"", pair->key.s);
        } else if (pair->value.s[0] == '\0' || strlen(pair->value.s) > 200) {
            rc = st_diag_add(diag, set->config_file, pair->value.pos.line, pair->value.pos.col,
                             "expected a name of 1 to 200 bytes");
        } else {
            p->name = pair->value.s;
            set->n_people++;
        }
    }
    qsort(set->people, set->n_people, sizeof *set->people, by_address);
    for (size_t i = 1; i < set->n_people; i++)
        if (by_address(&set->people[i - 1], &set->people[i]) == 0)
            rc = st_diag_add(diag, set->config_file, list->pos.line, list->pos.col,
                             "one address is listed twice in identity.people, for \"%.128s\" and \"%.128s\"",
                             set->people[i - 1].name, set->people[i].name);
    return rc == ST_OK ? ST_OK : st_fail(err, ST_E_CONFIG, "policies.people", "identity.people is wrong", 0);
}

/* "sales, press-office" -> { "sales", "press-office", NULL } */
static const char **split_groups(struct st_arena *arena, const char *text, bool *is_bad)
{
    struct st_span rest = st_span_str(text), part;
    const char **groups = st_arena_alloc(arena, (POL_GROUPS_MAX + 1) * sizeof *groups);
    size_t n = 0;

    while (groups != NULL && st_span_next(&rest, ',', &part)) {
        part = st_span_trim(part);
        if (part.n == 0 || part.n > POL_NAME_MAX || n == POL_GROUPS_MAX || st_span_chr(part, '*') != ST_SPAN_NPOS) {
            *is_bad = true;
            break;
        }
        if ((groups[n++] = st_arena_str(arena, part)) == NULL)
            return NULL;
    }
    return groups;
}

static enum st_rc load_groups(struct pol_set *set, struct st_diag *diag, struct st_err *err)
{
    const struct st_list *list = &set->config.identity.groups;
    const struct st_pair *pair = list->items;
    enum st_rc rc = ST_OK;

    if ((set->members = st_arena_alloc(set->arena, (list->n + 1) * sizeof *set->members)) == NULL)
        return st_arena_fail(set->arena, err, "policies.people");
    for (size_t i = 0; i < list->n; i++, pair++) {
        struct pol_membership *m = &set->members[set->n_members++];
        bool is_bad = false;

        m->person = pair->key.s;
        if ((m->groups = split_groups(set->arena, pair->value.s, &is_bad)) == NULL)
            return st_arena_fail(set->arena, err, "policies.people");
        if (is_bad)
            rc = st_diag_add(diag, set->config_file, pair->value.pos.line, pair->value.pos.col,
                             "expected group names with commas between, as \"sales, press-office\", found \"%.128s\"",
                             pair->value.s);
    }
    qsort(set->members, set->n_members, sizeof *set->members, by_person);
    return rc == ST_OK ? ST_OK : st_fail(err, ST_E_CONFIG, "policies.people", "identity.groups is wrong", 0);
}

enum st_rc pol_people_load(struct pol_set *set, struct st_diag *diag, struct st_err *err)
{
    struct {
        const struct st_list *list;
        const char *name;
    } both[] = { { &set->config.identity.people, "people" }, { &set->config.identity.groups, "groups" } };
    enum st_rc people, groups;

    for (size_t i = 0; i < ST_LEN(both); i++)
        if (both[i].list->n > POL_PEOPLE_MAX) {
            st_diag_add(diag, set->config_file, both[i].list->pos.line, both[i].list->pos.col,
                        "expected at most %d entries in identity.%s", POL_PEOPLE_MAX, both[i].name);
            return st_fail(err, ST_E_CONFIG, "policies.people", "too many people", POL_PEOPLE_MAX);
        }
    people = load_people(set, diag, err);
    if (people != ST_OK && err->code != ST_E_CONFIG)
        return ST_ERR;
    groups = load_groups(set, diag, err);
    return people != ST_OK || groups != ST_OK ? ST_ERR : ST_OK;
}

const char *pol_person(const struct pol_set *set, const char *address)
{
    struct pol_person key = { .name = NULL };
    const struct pol_person *found = NULL;

    ST_CHECK(set, POL_SET_MAGIC);
    if (address != NULL && set->n_people > 0 && pol_address(st_span_str(address), key.address))
        found = bsearch(&key, set->people, set->n_people, sizeof key, by_address);
    return found != NULL ? found->name : address;
}

const char *const *pol_groups(const struct pol_set *set, const char *person)
{
    struct pol_membership key = { .person = person };
    const struct pol_membership *found = NULL;

    ST_CHECK(set, POL_SET_MAGIC);
    if (person != NULL && set->n_members > 0)
        found = bsearch(&key, set->members, set->n_members, sizeof key, by_person);
    return found != NULL && found->groups[0] != NULL ? found->groups : NULL;
}
