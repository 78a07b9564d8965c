/* SPDX-License-Identifier: Apache-2.0 */
/* generation - all or nothing, every mistake at once, under the names of the files that a person can edit. */
#include "t.h"

#include <sys/stat.h>

#include "gateway/generation.c"

static char folder[256];
static int serial;

static void put(const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    T_CHECK(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void fresh(void)
{
    static const char *const names[] = { "policy.d", "packs", "plugins", "plugins/curation", "ca" };
    char path[512];

    snprintf(folder, sizeof folder, "%s/gen%d", t_tmpdir(), ++serial);
    mkdir(folder, 0700);
    for (size_t i = 0; i < ST_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        mkdir(path, 0700);
    }
    put("ca/ca.crt", "certificate");
    put("stoa.yaml", "version: 1\nlisten:\n  - address: 127.0.0.1:3128\n");
}

static const char *config(void)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/stoa.yaml", folder);
    return path;
}

T_TEST(a_set_loads_as_a_whole)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct generation *gen = NULL;

    fresh();
    T_OK(generation_load(config(), 5, &gen, diag, &err), err);
    T_CHECK(gen->number == 5 && gen->policies != NULL && gen->plugins != NULL && gen->config->version == 1,
            "all of it");
    T_CHECK(generation_retain(gen) == gen, "retain");
    generation_release(gen);
    T_CHECK(gen->magic == GENERATION_MAGIC, "one reference is left");
    generation_release(gen);
    generation_release(NULL);
    T_OK(generation_load_config(config(), 6, &gen, diag, &err), err);
    T_CHECK(gen->policies == NULL && gen->plugins == NULL && gen->config->version == 1, "the config only");
    generation_release(gen);
    st_diag_free(diag);
}

T_TEST(mistakes_of_every_part_are_told_in_one_run)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct generation *gen = NULL;
    const struct st_diag_item *item;
    bool has_lua = false, has_policy = false;

    fresh();
    put("plugins/curation/bad.curate.lua", "return (((\n");
    put("policy.d/bad.policy.yaml", "version: 1\nwat: 2\n");
    T_CHECK(generation_load(config(), 1, &gen, diag, &err) == ST_ERR && gen == NULL, "nothing");
    for (size_t i = 0; (item = st_diag_at(diag, i)) != NULL; i++) {
        has_lua |= strstr(item->file, "bad.curate.lua") != NULL;
        has_policy |= strstr(item->file, "bad.policy.yaml") != NULL;
    }
    T_CHECK(has_lua && has_policy, "lua %d, policy %d", has_lua, has_policy);
    st_diag_free(diag);
}

T_TEST(a_mistake_in_the_copy_is_named_after_the_original)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct generation *gen = NULL;
    char dir[512], copy[1024], expected[600];

    fresh();
    put("policy.d/bad.policy.yaml", "version: 1\nwat: 2\n");
    snprintf(dir, sizeof dir, "%s/copy", folder);
    T_OK(generation_snapshot(config(), dir, copy, sizeof copy, diag, &err), err);
    T_CHECK(generation_load(copy, 1, &gen, diag, &err) == ST_ERR, "nothing");
    T_CHECK(st_diag_count(diag) > 0, "told");
    snprintf(expected, sizeof expected, "%s/policy.d/bad.policy.yaml", folder);
    for (size_t i = 0; i < st_diag_count(diag); i++)
        T_CHECK(strcmp(st_diag_at(diag, i)->file, expected) == 0, "%s", st_diag_at(diag, i)->file);
    st_diag_free(diag);
}

T_TEST(texts_are_translated_only_where_a_name_ends)
{
    struct origins o = { .n = 1 };
    struct st_buf out;

    o.item[0].copy = strdup("/s/1/policies-1");
    o.item[0].original = strdup("/etc/p");
    st_buf_init(&out, 4096);
    translate(&o, "see /s/1/policies-1/a.yaml and /s/1/policies-12/b.yaml", &out);
    T_CHECK(strcmp((char *)out.p, "see /etc/p/a.yaml and /s/1/policies-12/b.yaml") == 0, "%s", (char *)out.p);
    translate(&o, "/s/1/policies-1", &out);
    T_CHECK(strcmp((char *)out.p, "/etc/p") == 0, "%s", (char *)out.p);
    st_buf_fini(&out);
    origins_fini(&o);
}
