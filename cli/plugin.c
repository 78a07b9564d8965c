/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - `stoa plugin`: plugins for those who write them and those who decide whether to use them; `stoa adapter
 * list`.
 *
 * check, test, list, profile and doc need no gateway and no configuration: a folder is enough. Shared modules that ship
 * (lib/) are always there, as they are in the gateway. `new` is in plugin_new.c.
 */
#include "base/arena.h"
#include "cli/curate.h"
#include "lua-plugins/plugins.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX ((size_t)256 << 20)
#define TEXT_MAX  ((size_t)4 << 20)

struct plugins {
    struct cli *cli;
    struct lp_set *set; /* owned */
    struct st_arena *arena;
    struct st_diag *diag;
    struct st_buf out;
    struct st_json w;
    const char *dir, *name; /* name: the one that was named; NULL: all */
    const char *posts;      /* --text */
    unsigned rounds;        /* --rounds */
    struct lp_left left;    /* files that are wrong; of list alone: the others end there */
    size_t said;
    int code;
};

static void read_options(struct plugins *p, bool profiles)
{
    static const struct option options[] = { { "plugins", required_argument, NULL, 'p' },
                                             { "text", required_argument, NULL, 't' },
                                             { "rounds", required_argument, NULL, 'r' },
                                             { NULL, 0, NULL, 0 } };
    struct cli *cli = p->cli;
    int option;
    char *end;

    while (p->code == CLI_OK && (option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'p')
            p->dir = optarg;
        else if (option == 't' && profiles)
            p->posts = optarg;
        else if (option == 'r' && profiles) {
            p->rounds = (unsigned)strtoul(optarg, &end, 10);
            if (*end != '\0' || p->rounds == 0 || p->rounds > 100000)
                p->code = cli_usage(cli, "--rounds is a number from 1 to 100000");
        } else
            p->code = cli_usage(cli, profiles ? "options are --plugins, --rounds, --text"
                                              : "the one option is --plugins DIR");
    }
    if (p->code == CLI_OK && cli->argc - optind > 1)
        p->code = cli_usage(cli, "name one plugin, or none for all");
    p->name = optind < cli->argc ? cli->argv[optind] : NULL;
}

static void load(struct plugins *p, bool leaves_out)
{
    struct st_err err = ST_ERR_INIT;
    char shipped[4096], libs[4200];
    const char *dirs[] = { p->dir, NULL };

    if (cli_share("plugins", shipped, sizeof shipped, &err) == ST_OK) {
        (void)snprintf(libs, sizeof libs, "%s/lib", shipped);
        struct lp_sources sources = { .dirs = dirs, .libs = libs, .skip_tests = true };

        dirs[0] = p->dir != NULL ? p->dir : shipped;
        if ((leaves_out ? lp_set_load_most(&sources, &p->left, p->arena, &p->set, p->diag, &err)
                        : lp_set_load(&sources, &p->set, p->diag, &err)) == ST_OK)
            return;
    }
    p->code = cli_broken(p->cli, p->diag, &err);
}

enum use { USE_ONE, USE_PROFILE, USE_LIST };

/* [--plugins DIR] [NAME], and for profile its own. False: p->code says why; end it with finish all the same. */
static bool begin(struct cli *cli, struct plugins *p, enum use use)
{
    *p = (struct plugins){ .cli = cli, .diag = st_diag_new(), .arena = st_arena_new(ARENA_MAX), .rounds = 200 };
    st_buf_init(&p->out, 16u << 20);
    st_json_init(&p->w, &p->out);
    read_options(p, use == USE_PROFILE);
    if (p->code == CLI_OK)
        load(p, use == USE_LIST);
    return p->code == CLI_OK;
}

static int finish(struct plugins *p)
{
    lp_set_release(p->set);
    st_buf_fini(&p->out);
    st_arena_free(p->arena);
    st_diag_free(p->diag);
    return p->code;
}

/* Calls fn for the plugin that was named, or for all. */
static void each(struct plugins *p, void (*fn)(struct plugins *p, size_t i, const struct lp_about *about))
{
    struct st_err err = ST_ERR_INIT;
    bool is_there = p->name == NULL;

    for (size_t i = 0; i < lp_plugin_count(p->set) && p->code == CLI_OK; i++) {
        struct lp_about about;

        if (lp_plugin_about(p->set, i, p->arena, &about, &err) != ST_OK) {
            p->code = cli_broken(p->cli, NULL, &err);
            return;
        }
        if (p->name != NULL && strcmp(p->name, about.name) != 0)
            continue;
        is_there = true;
        fn(p, i, &about);
    }
    if (!is_there)
        p->code = cli_fail(CLI_USAGE, "there is no plugin '%s'; `stoa plugin list` names them all", p->name);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

static void put_words(struct st_json *w, const char *key, const char *const *words)
{
    st_json_array(w, key);
    for (; *words != NULL; words++)
        st_json_str(w, NULL, *words);
    st_json_end(w);
}

static void list_one(struct plugins *p, size_t i, const struct lp_about *about)
{
    bool in_german = strcmp(p->cli->lang, "de") == 0 && about->title_de != NULL;

    (void)i;
    if (!p->cli->json) {
        printf("%-28s %-8s %-6s %s%s%s%s\n", about->name, about->version,
               about->broken != NULL ? "broken"
               : about->is_enabled   ? "on"
                                     : "off",
               in_german ? about->title_de : about->title_en, about->missing != NULL ? " (needs " : "",
               about->missing != NULL ? about->missing : "", about->missing != NULL ? ", which is not there)" : "");
        return;
    }
    st_json_object(&p->w, NULL);
    st_json_str(&p->w, "name", about->name);
    st_json_str(&p->w, "version", about->version);
    st_json_bool(&p->w, "enabled", about->is_enabled);
    st_json_str(&p->w, "missing", about->missing);
    st_json_str(&p->w, "broken", about->broken);
    st_json_str(&p->w, "on_failure", about->on_failure);
    st_json_str(&p->w, "title_en", about->title_en);
    st_json_str(&p->w, "title_de", about->title_de);
    put_words(&p->w, "hooks", about->hooks);
    put_words(&p->w, "permissions", about->permissions);
    st_json_int(&p->w, "tests", (int64_t)about->tests);
    st_json_str(&p->w, "file", about->file);
    st_json_end(&p->w);
}

/* One line for each file that is wrong; the exit code. */
static int say_left(const struct plugins *p)
{
    struct st_diag *diag = st_diag_new();

    for (size_t i = 0; i < p->left.n; i++)
        (void)st_diag_add(diag, p->left.items[i].file, p->left.items[i].line, 0, "%s", p->left.items[i].why);
    st_diag_print(diag, stderr);
    st_diag_free(diag);
    return CLI_CONFIG;
}

static void list_platform(struct plugins *p, const struct lp_platform *about)
{
    static const char *const none[] = { NULL };
    const char *const *host = about->hosts != NULL ? about->hosts : none;
    const char *state = about->broken != NULL ? "broken" : "on";

    if (p->cli->json) {
        st_json_object(&p->w, NULL);
        st_json_str(&p->w, "id", about->id);
        st_json_str(&p->w, "version", about->version);
        st_json_str(&p->w, "title", about->title);
        st_json_str(&p->w, "broken", about->broken);
        put_words(&p->w, "hosts", host);
        st_json_bool(&p->w, "anywhere", about->is_anywhere);
        st_json_bool(&p->w, "fallback", about->is_fallback);
        st_json_int(&p->w, "rules", (int64_t)about->rules);
        st_json_int(&p->w, "tests", (int64_t)about->tests);
        st_json_str(&p->w, "file", about->file);
        st_json_end(&p->w);
        return;
    }
    printf("%-16s %-8s %-6s %3zu rules ", about->id, about->version, state, about->rules);
    for (; *host != NULL; host++)
        printf(" %s", *host);
    printf("%s\n", about->is_fallback   ? " (every opened host, last)"
                   : about->is_anywhere ? " (any unclaimed host)"
                                        : "");
}

int cmd_adapter_list(struct cli *cli)
{
    struct plugins p;

    if (begin(cli, &p, USE_LIST)) {
        st_json_array(&p.w, NULL);
        for (size_t i = 0; lp_platforms(p.set)[i] != NULL; i++) {
            const struct lp_platform about = lp_platform_about(p.set, i);

            list_platform(&p, &about);
        }
        st_json_end(&p.w);
        if (cli->json)
            cli_print(&p.out);
        if (p.left.n > 0)
            p.code = say_left(&p);
    }
    return finish(&p);
}

int cmd_plugin_list(struct cli *cli)
{
    struct plugins p;

    if (begin(cli, &p, USE_LIST)) {
        st_json_array(&p.w, NULL);
        each(&p, list_one);
        st_json_end(&p.w);
        if (cli->json && p.code == CLI_OK)
            cli_print(&p.out);
        else if (p.code == CLI_OK && lp_plugin_count(p.set) == 0)
            fprintf(stderr, "stoa: no plugin below detect/; `stoa plugin new` makes one\n");
        if (p.code == CLI_OK && p.left.n > 0)
            p.code = say_left(&p);
    }
    return finish(&p);
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static void say_advice(void *ctx, const char *file, const char *advice)
{
    struct plugins *p = ctx;

    p->said++;
    if (p->cli->json) {
        st_json_object(&p->w, NULL);
        st_json_str(&p->w, "file", file);
        st_json_str(&p->w, "advice", advice);
        st_json_end(&p->w);
    } else {
        printf("%s: %s\n", file, advice);
    }
}

static void check_one(struct plugins *p, size_t i, const struct lp_about *about)
{
    (void)about;
    lp_plugin_advise(p->set, i, say_advice, p);
}

static void count_all(const struct lp_set *set, size_t *platforms, size_t *rules)
{
    *platforms = 0;
    *rules = lp_curate_count(set);
    while (lp_platforms(set)[*platforms] != NULL)
        (*platforms)++;
}

int cmd_plugin_check(struct cli *cli)
{
    struct plugins p;
    size_t platforms, rules;

    if (begin(cli, &p, USE_ONE)) {
        count_all(p.set, &platforms, &rules);
        st_json_object(&p.w, NULL);
        st_json_bool(&p.w, "ok", true);
        st_json_array(&p.w, "advice");
        each(&p, check_one);
        if (p.name == NULL && p.code == CLI_OK)
            curate_advise(p.set, say_advice, &p);
        st_json_end(&p.w);
        st_json_end(&p.w);
        if (cli->json && p.code == CLI_OK)
            cli_print(&p.out);
        else if (p.code == CLI_OK)
            printf("%zu plugins, %zu platforms, %zu curation rules: fine%s\n",
                   p.name != NULL ? (size_t)1 : lp_plugin_count(p.set), p.name != NULL ? (size_t)0 : platforms,
                   p.name != NULL ? (size_t)0 : rules, p.said > 0 ? ", but for the advice above" : "");
    }
    return finish(&p);
}

/* ---- test -------------------------------------------------------------------------------------------------------- */

static void count_one(struct plugins *p, size_t i, const struct lp_about *about)
{
    (void)i;
    p->said += about->tests;
}

static void say_failures(struct plugins *p)
{
    st_json_object(&p->w, NULL);
    st_json_array(&p->w, "failed");
    for (size_t i = 0; st_diag_at(p->diag, i) != NULL; i++) {
        st_json_object(&p->w, NULL);
        st_json_str(&p->w, "file", st_diag_at(p->diag, i)->file);
        st_json_int(&p->w, "line", st_diag_at(p->diag, i)->line);
        st_json_str(&p->w, "problem", st_diag_at(p->diag, i)->text);
        st_json_end(&p->w);
    }
    st_json_end(&p->w);
    st_json_int(&p->w, "plugin_tests", (int64_t)p->said);
    st_json_end(&p->w);
    cli_print(&p->out);
}

int cmd_plugin_test(struct cli *cli)
{
    struct plugins p;
    struct st_err err = ST_ERR_INIT;
    size_t platforms, rules;

    if (begin(cli, &p, USE_ONE))
        each(&p, count_one);
    if (p.code == CLI_OK && lp_set_test(p.set, p.name, p.diag, &err) != ST_OK) {
        p.code = err.code == ST_E_CONFIG ? CLI_FOUND : cli_broken(cli, NULL, &err);
        if (p.code == CLI_FOUND && !cli->json)
            st_diag_print(p.diag, stderr);
    }
    if (p.set != NULL && cli->json) {
        say_failures(&p);
    } else if (p.set != NULL && p.code == CLI_OK) {
        count_all(p.set, &platforms, &rules);
        if (p.name != NULL)
            printf("%s: %zu tests, all as they should\n", p.name, p.said);
        else
            printf("%zu plugins with %zu tests, %zu platforms, %zu curation rules: all as they should\n",
                   lp_plugin_count(p.set), p.said, platforms, rules);
    }
    return finish(&p);
}

/* ---- profile ----------------------------------------------------------------------------------------------------- */

static void profile_json(struct st_json *w, const struct lp_profile *row)
{
    st_json_object(w, NULL);
    st_json_str(w, "hook", row->hook);
    st_json_int(w, "calls", (int64_t)row->calls);
    st_json_int(w, "failed", (int64_t)row->failed);
    st_json_int(w, "median_ns", (int64_t)row->median_ns);
    st_json_int(w, "p99_ns", (int64_t)row->p99_ns);
    st_json_int(w, "budget_ns", (int64_t)row->budget_ns);
    st_json_end(w);
}

static void profile_text(const struct lp_about *about, const struct lp_profiles *rows)
{
    printf("%s\n  %-12s %10s %12s %12s %12s %8s\n", about->name, "hook", "calls", "median", "p99", "budget", "failed");
    for (size_t i = 0; i < rows->n; i++) {
        const struct lp_profile *row = &rows->items[i];

        printf("  %-12s %10zu %9.1f us %9.1f us %9.0f us %8zu\n", row->hook, row->calls, (double)row->median_ns / 1000,
               (double)row->p99_ns / 1000, (double)row->budget_ns / 1000, row->failed);
    }
    if (rows->n > 0)
        printf("  memory       %zu KiB held, %zu KiB at most, of %zu KiB\n", rows->items[0].memory >> 10,
               rows->items[0].memory_most >> 10, rows->items[0].memory_cap >> 10);
    else
        printf("  nothing to play: it has no tests; --text FILE gives it posts, one a line\n");
}

static void profile_one(struct plugins *p, size_t i, const struct lp_about *about)
{
    struct lp_profile_load load = { .rounds = p->rounds };
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_err err = ST_ERR_INIT;
    struct lp_profiles rows;
    struct st_buf posts;

    st_buf_init(&posts, TEXT_MAX + 65536);
    if (p->posts != NULL && cli_read(p->posts, TEXT_MAX, &posts, &err) != ST_OK) {
        p->code = cli_fail(CLI_USAGE, "%s: %s", p->posts, cli_why(&err));
        goto out;
    }
    load.text = st_buf_view(&posts);
    if (arena == NULL || lp_plugin_profile(p->set, i, &load, arena, &rows, &err) != ST_OK) {
        p->code = cli_broken(p->cli, NULL, &err);
        goto out;
    }
    if (p->cli->json) {
        st_json_object(&p->w, NULL);
        st_json_str(&p->w, "name", about->name);
        st_json_array(&p->w, "hooks");
        for (size_t k = 0; k < rows.n; k++)
            profile_json(&p->w, &rows.items[k]);
        st_json_end(&p->w);
        st_json_int(&p->w, "memory", rows.n > 0 ? (int64_t)rows.items[0].memory : 0);
        st_json_int(&p->w, "memory_most", rows.n > 0 ? (int64_t)rows.items[0].memory_most : 0);
        st_json_int(&p->w, "memory_cap", rows.n > 0 ? (int64_t)rows.items[0].memory_cap : 0);
        st_json_end(&p->w);
    } else {
        profile_text(about, &rows);
    }
out:
    st_buf_fini(&posts);
    st_arena_free(arena);
}

int cmd_plugin_profile(struct cli *cli)
{
    struct plugins p;

    if (begin(cli, &p, USE_PROFILE)) {
        st_json_array(&p.w, NULL);
        each(&p, profile_one);
        st_json_end(&p.w);
        if (cli->json && p.code == CLI_OK)
            cli_print(&p.out);
    }
    return finish(&p);
}

/* ---- doc --------------------------------------------------------------------------------------------------------- */

static void doc_one(struct plugins *p, size_t i, const struct lp_about *about)
{
    struct st_buf page;

    st_buf_init(&page, TEXT_MAX);
    lp_plugin_manual(p->set, i, strcmp(p->cli->lang, "de") == 0, &page);
    if (p->cli->json) {
        st_json_object(&p->w, NULL);
        st_json_str(&p->w, "name", about->name);
        st_json_span(&p->w, "markdown", st_buf_view(&page));
        st_json_end(&p->w);
    } else {
        printf("%s%.*s", p->said++ > 0 ? "\n" : "", (int)page.n, (const char *)page.p);
    }
    st_buf_fini(&page);
}

int cmd_plugin_doc(struct cli *cli)
{
    struct plugins p;

    if (begin(cli, &p, USE_ONE)) {
        st_json_array(&p.w, NULL);
        each(&p, doc_one);
        st_json_end(&p.w);
        if (cli->json && p.code == CLI_OK)
            cli_print(&p.out);
    }
    return finish(&p);
}
