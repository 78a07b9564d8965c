/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot - a set of files copied whole: paths replaced whatever way they are written, links for the defaults. */
#include "t.h"

#include "gateway/snapshot.c"

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

static void make_folder(const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    T_CHECK(mkdir(path, 0700) == 0, "%s", path);
}

static void fresh(void)
{
    snprintf(folder, sizeof folder, "%s/set%d", t_tmpdir(), ++serial);
    T_CHECK(mkdir(folder, 0700) == 0, "%s", folder);
    make_folder("ca");
    put("ca/ca.crt", "certificate");
}

static enum st_rc take(const char *name, char *out, size_t size, struct st_diag *diag)
{
    struct st_err err = ST_ERR_INIT;
    char config[512], dir[512];

    snprintf(config, sizeof config, "%s/stoa.yaml", folder);
    snprintf(dir, sizeof dir, "%s/%s", folder, name);
    return generation_snapshot(config, dir, out, size, diag, &err);
}

static char *read_text(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t n;

    T_CHECK(file != NULL, "%s", path);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static const char *in_copy(const char *copy, const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(copy, '/') - copy), copy, name);
    return path;
}

#define HEAD "version: 1\nlisten:\n  - address: 127.0.0.1:3128\n"

T_TEST(what_was_copied_loads_as_the_original)
{
    struct st_diag *diag = st_diag_new();
    struct st_arena *arena = st_arena_new(8u << 20);
    struct st_err err = ST_ERR_INIT;
    struct pol_config config;
    char out[1024], expected[512];

    fresh();
    make_folder("p");
    make_folder("p/deep");
    make_folder("q ä");
    make_folder("it's");
    put("p/a.policy.yaml", "one");
    put("p/deep/b.yaml", "two");
    put("p/.hidden.swp", "no");
    put("q ä/c.yaml", "three");
    put("it's/d.pack.yaml", "four");
    put("c.crt", "certificate");
    put("stoa.yaml", HEAD "# a comment with state_dir: x\nstate_dir: st   # ours\nrun_dir: \"ru\\u006e\"\n"
                          "ca: { certificate: 'c.crt', key: k.key }\n"
                          "path:\n  policies: [p, \"q \xc3\xa4\"] # two\n  packs:\n    - 'it''s'\n  plugins: p\n");
    T_CHECK(take("1", out, sizeof out, diag) == ST_OK, "%s", st_diag_count(diag) > 0 ? st_diag_at(diag, 0)->text : "?");
    T_OK(pol_config_load(out, arena, &config, diag, &err), err);
    snprintf(expected, sizeof expected, "%s/st", folder);
    T_CHECK(strcmp(config.state_dir.s, expected) == 0, "%s", config.state_dir.s);
    snprintf(expected, sizeof expected, "%s/run", folder);
    T_CHECK(strcmp(config.run_dir.s, expected) == 0, "%s", config.run_dir.s);
    snprintf(expected, sizeof expected, "%s/1/ca.crt", folder);
    T_CHECK(strcmp(config.ca.certificate.s, expected) == 0, "%s", config.ca.certificate.s);
    snprintf(expected, sizeof expected, "%s/k.key", folder);
    T_CHECK(strcmp(config.ca.key.s, expected) == 0, "%s", config.ca.key.s);
    T_CHECK(config.path.policies.n == 2 && config.path.packs.n == 1 && config.path.plugins.n == 1, "lists");
    for (size_t i = 0; i < 2; i++) {
        snprintf(expected, sizeof expected, "%s/1/policies-%zu", folder, i);
        T_CHECK(strcmp(((struct st_str *)config.path.policies.items)[i].s, expected) == 0, "policies %zu", i);
    }
    T_CHECK(strcmp(read_text(in_copy(out, "policies-0/a.policy.yaml")), "one") == 0, "a");
    T_CHECK(strcmp(read_text(in_copy(out, "policies-0/deep/b.yaml")), "two") == 0, "b");
    T_CHECK(strcmp(read_text(in_copy(out, "policies-1/c.yaml")), "three") == 0, "c");
    T_CHECK(strcmp(read_text(in_copy(out, "packs-0/d.pack.yaml")), "four") == 0, "d");
    T_CHECK(access(in_copy(out, "policies-0/.hidden.swp"), F_OK) != 0, "hidden files are left out");
    T_CHECK(strstr(read_text(out), "# a comment with state_dir: x\n") != NULL, "comments stay");
    T_CHECK(strstr(read_text(out), "# ours") != NULL && strstr(read_text(out), "# two") != NULL, "comments stay");
    T_CHECK(strstr(read_text(in_copy(out, "origins")), "policies-1\t") != NULL, "origins");
    st_arena_free(arena);
    st_diag_free(diag);
}

T_TEST(a_change_of_the_original_does_not_reach_the_copy)
{
    struct st_diag *diag = st_diag_new();
    char out[1024];

    fresh();
    make_folder("policy.d");
    put("policy.d/a.yaml", "before");
    put("stoa.yaml", HEAD);
    T_CHECK(take("1", out, sizeof out, diag) == ST_OK, "defaults are copied too");
    put("policy.d/a.yaml", "after");
    T_CHECK(strcmp(read_text(in_copy(out, "policy.d/a.yaml")), "before") == 0, "the copy");
    st_diag_free(diag);
}

T_TEST(default_keys_are_linked)
{
    struct st_diag *diag = st_diag_new();
    char out[1024];

    fresh();
    put("ca/ca.key", "secret");
    put("stoa.yaml", HEAD);
    T_CHECK(take("1", out, sizeof out, diag) == ST_OK, "copied");
    T_CHECK(strcmp(read_text(in_copy(out, "ca/ca.crt")), "certificate") == 0, "reached");
    {
        struct stat st;

        T_CHECK(lstat(in_copy(out, "ca/ca.key"), &st) == 0 && S_ISLNK(st.st_mode), "the key: a link, no copy");
        T_CHECK(lstat(in_copy(out, "ca/ca.crt"), &st) == 0 && S_ISREG(st.st_mode), "the certificate: a copy");
    }
    st_diag_free(diag);
}

T_TEST(mistakes_are_named_at_their_place)
{
    static const struct {
        const char *yaml, *file, *text;
        unsigned line, col;
    } cases[] = {
        { HEAD "path:\n  packs: nowhere\n", "stoa.yaml", "expected a folder that exists", 5, 10 },
        { HEAD "path:\n  packs: [p, file]\n", "stoa.yaml", "expected a folder that exists", 5, 14 },
        { HEAD "state_dir: >\n  folded\n", "stoa.yaml", "plain or in quotes", 4, 12 },
        { HEAD "upstream: { trust: none.pem }\n", "stoa.yaml", "upstream.trust", 4, 20 },
        { HEAD "ca: { certificate: none.crt }\n", "stoa.yaml", "ca.certificate", 4, 20 },
        { HEAD "wat: 1\n", "stoa.yaml", "wat", 4, 1 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_diag *diag = st_diag_new();
        const struct st_diag_item *item;
        char out[1024];

        fresh();
        make_folder("p");
        put("file", "x");
        put("stoa.yaml", cases[i].yaml);
        T_CHECK(take("1", out, sizeof out, diag) == ST_ERR, "case %zu", i);
        T_CHECK(st_diag_count(diag) == 1, "case %zu: %zu lines", i, st_diag_count(diag));
        item = st_diag_at(diag, 0);
        T_CHECK(strstr(item->file, cases[i].file) != NULL && strstr(item->text, cases[i].text) != NULL,
                "case %zu: %s: %s", i, item->file, item->text);
        T_CHECK(item->line == cases[i].line && item->col == cases[i].col, "case %zu: %u:%u", i, item->line, item->col);
        st_diag_free(diag);
    }
}

T_TEST(loops_and_devices_do_not_catch_it)
{
    struct st_diag *diag = st_diag_new();
    char out[1024], path[512];

    fresh();
    make_folder("p");
    snprintf(path, sizeof path, "%s/p/pipe", folder);
    T_CHECK(mkfifo(path, 0600) == 0, "fifo");
    put("stoa.yaml", HEAD "path: { policies: p }\n");
    T_CHECK(take("1", out, sizeof out, diag) == ST_OK, "a pipe is passed over");
    snprintf(path, sizeof path, "%s/p/self", folder);
    T_CHECK(symlink("..", path) == 0, "symlink");
    T_CHECK(take("2", out, sizeof out, diag) == ST_ERR, "a loop ends");
    T_CHECK(st_diag_count(diag) == 1, "%zu lines", st_diag_count(diag));
    st_diag_free(diag);
}

T_TEST(snapshot_survives_every_oom)
{
    fresh();
    make_folder("p");
    put("p/a.yaml", "x");
    put("stoa.yaml", HEAD "state_dir: st\npath: { policies: p, packs: p }\n");
    for (int nth = 1;; nth++) {
        struct st_diag *diag = st_diag_new();
        char out[1024];
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = take("1", out, sizeof out, diag);
        t_fail_alloc(0);
        st_diag_free(diag);
        if (rc == ST_OK)
            break;
        T_CHECK(nth < 5000, "never ends");
    }
}
