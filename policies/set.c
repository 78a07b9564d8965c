/* SPDX-License-Identifier: Apache-2.0 */
/* set - everything people wrote in YAML, loaded as one whole or not at all.
 *
 * Order: stoa.yaml, since it names the folders; then packs, protected hosts, policies and people, each even when one
 * before it was wrong, so that one run reports every mistake. The compiled packs are kept below state_dir when that
 * folder is there; a check on another machine does without.
 */
#include "policies/set.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* state_dir/cache when it can be used, made if missing; NULL: none. */
static const char *cache_dir(struct pol_set *set)
{
    const char *state = set->config.state_dir.s;
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/cache", state);
    struct stat st;

    if (n < 0 || (size_t)n >= sizeof path || stat(state, &st) != 0 || !S_ISDIR(st.st_mode))
        return NULL;
    if (mkdir(path, 0750) != 0 && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
        return NULL;
    return st_arena_str(set->arena, st_span_str(path));
}

static enum st_rc load_packs(struct pol_set *set, const struct pol_outside *outside, struct st_diag *diag,
                             struct st_err *err)
{
    const struct st_list *list = &set->config.path.packs;
    const char **dirs = st_arena_alloc(set->arena, (list->n + 1) * sizeof *dirs);

    if (dirs == NULL)
        return st_arena_fail(set->arena, err, "policies.packs");
    for (size_t i = 0; i < list->n; i++)
        dirs[i] = pol_str(list, i)->s;
    return flt_packs_load_all(
        &(struct flt_sources){
            .dirs = dirs, .cache_dir = cache_dir(set), .given = outside->detectors, .n_given = outside->n_detectors },
        &set->packs, diag, err);
}

/* Runs the loads one after another; a mistake in a file lets the next one run, anything else ends it. */
static enum st_rc load_all(struct pol_set *set, const struct pol_outside *outside, struct st_diag *diag,
                           struct st_err *err)
{
    struct pol_known known = { .platforms = outside->platforms };
    enum st_rc rc = ST_OK;

    if (load_packs(set, outside, diag, err) != ST_OK)
        rc = ST_ERR;
    if ((rc == ST_OK || err->code == ST_E_CONFIG) && pol_protected_load(set, diag, err) != ST_OK)
        rc = ST_ERR;
    if (rc != ST_OK && err->code != ST_E_CONFIG)
        return rc;
    known.packs = set->packs;
    known.categories = set->categories;
    if (pol_policies_load(set, &known, diag, err) != ST_OK)
        rc = ST_ERR;
    if ((rc == ST_OK || err->code == ST_E_CONFIG) && pol_people_load(set, diag, err) != ST_OK)
        rc = ST_ERR;
    return rc;
}

enum st_rc pol_set_load(const char *config_path, const struct pol_outside *outside, struct pol_set **out,
                        struct st_diag *diag, struct st_err *err)
{
    struct st_err own = ST_ERR_INIT;
    struct pol_set *set = calloc(1, sizeof *set);
    enum st_rc rc = ST_ERR;

    if (err == NULL)
        err = &own;
    if (set == NULL || (set->arena = st_arena_new(POL_SET_MEMORY)) == NULL) {
        free(set);
        return st_fail(err, ST_E_NOMEM, "policies.load", "set", sizeof *set);
    }
    set->magic = POL_SET_MAGIC;
    if ((set->config_file = st_arena_str(set->arena, st_span_str(config_path))) == NULL) {
        st_arena_fail(set->arena, err, "policies.load");
        goto out;
    }
    if (pol_config_load(set->config_file, set->arena, &set->config, diag, err) != ST_OK ||
        load_all(set, outside, diag, err) != ST_OK)
        goto out;
    *out = set;
    set = NULL; /* moved to the caller */
    rc = ST_OK;
out:
    pol_set_free(set);
    return rc;
}

void pol_set_free(struct pol_set *set)
{
    if (set == NULL)
        return;
    ST_CHECK(set, POL_SET_MAGIC);
    flt_packs_release(set->packs);
    st_arena_free(set->arena);
    set->magic = 0;
    free(set);
}

const struct pol_config *pol_set_config(const struct pol_set *set)
{
    ST_CHECK(set, POL_SET_MAGIC);
    return &set->config;
}

struct flt_packs *pol_set_packs(const struct pol_set *set)
{
    ST_CHECK(set, POL_SET_MAGIC);
    return set->packs;
}
