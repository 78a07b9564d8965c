/* SPDX-License-Identifier: Apache-2.0 */
/* rules - `stoa rules list | show | test`: the detectors of packs, for those who look after them.
 *
 * What is shown comes from the pack set as the gateway would load it, so that a rule looks here as it will behave
 * there. `test` is the load itself: a pack whose examples do not hold never comes into force.
 */
#include "cli/rules.h"
#include "base/arena.h"
#include "base/yaml.h"
#include "lua-plugins/plugins.h"
#include <getopt.h>
#include <string.h>

bool rules_open(struct cli *cli, int words, struct rules_run *run)
{
    static const struct option options[] = { { "packs", required_argument, NULL, 'p' },
                                             { "plugins", required_argument, NULL, 'l' },
                                             { "pack", required_argument, NULL, 'n' },
                                             { "text", required_argument, NULL, 't' },
                                             { NULL, 0, NULL, 0 } };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct cli_folders from = { .plugins = NULL };
    int option;

    *run = (struct rules_run){ .cli = cli, .code = CLI_OK };
    st_buf_init(&run->out, 64u << 20);
    while (run->code == CLI_OK && (option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'p') {
            if (!cli_folders_add(&from, optarg))
                run->code = cli_usage(cli, "--packs takes a folder, and stands at most %u times", CLI_PACKS_MAX);
        } else if (option == 'l')
            from.plugins = optarg;
        else if (option == 'n')
            run->pack = optarg;
        else if (option == 't')
            run->text = optarg;
        else
            run->code = cli_usage(cli, "unknown option");
    }
    run->argv = cli->argv + optind;
    if (run->code == CLI_OK && cli->argc - optind != words)
        run->code = cli_usage(cli, words == 0 ? "only options are expected here"
                                              : "name one detector; `stoa rules list` names them all");
    if (run->code == CLI_OK && cli_detectors_open(cli, &from, &run->detectors, diag, &err) != ST_OK)
        run->code = cli_broken(cli, diag, &err);
    run->packs = run->detectors.packs;
    st_diag_free(diag);
    return run->code == CLI_OK;
}

int rules_close(struct rules_run *run)
{
    cli_detectors_close(&run->detectors);
    st_buf_fini(&run->out);
    return run->code;
}

/* In the language of the call. */
static const char *title_of(const struct cli *cli, const struct flt_rule *rule)
{
    return strcmp(cli->lang, "de") == 0 ? rule->title_de : rule->title_en;
}

/* ---- list ---------------------------------------------------------------------------------------------------- */

int cmd_rules_list(struct cli *cli)
{
    struct rules_run run;
    struct st_json w;
    size_t said = 0;

    if (!rules_open(cli, 0, &run))
        return rules_close(&run);
    st_json_init(&w, &run.out);
    st_json_array(&w, NULL);
    for (size_t i = 0; i < flt_packs_count(run.packs); i++) {
        const struct flt_rule *rule = flt_packs_rule(run.packs, i);

        if (run.pack != NULL && strcmp(run.pack, rule->pack) != 0)
            continue;
        said++;
        if (!cli->json) {
            printf("%-36s %-9s %s\n", rule->id, flt_severity_name(rule->severity), title_of(cli, rule));
            continue;
        }
        st_json_object(&w, NULL);
        st_json_str(&w, "id", rule->id);
        st_json_str(&w, "pack", rule->pack);
        st_json_str(&w, "severity", flt_severity_name(rule->severity));
        st_json_str(&w, "title", title_of(cli, rule));
        st_json_end(&w);
    }
    st_json_end(&w);
    if (run.pack != NULL && said == 0)
        run.code = cli_fail(CLI_USAGE, "there is no pack '%s'; `stoa docs detectors` lists them all", run.pack);
    else if (cli->json)
        cli_print(&run.out);
    return rules_close(&run);
}

/* ---- show ---------------------------------------------------------------------------------------------------- */

static void write_strs(struct st_json *w, const char *key, const struct st_str *items, size_t n)
{
    st_json_array(w, key);
    for (size_t i = 0; i < n; i++)
        st_json_str(w, NULL, items[i].s);
    st_json_end(w);
}

static void show_json(struct rules_run *run, size_t i, const struct flt_about *about)
{
    const char *word;
    struct st_json w;

    st_json_init(&w, &run->out);
    st_json_object(&w, NULL);
    st_json_str(&w, "id", about->rule->id);
    st_json_str(&w, "pack", about->rule->pack);
    st_json_str(&w, "title", title_of(run->cli, about->rule));
    st_json_str(&w, "severity", flt_severity_name(about->rule->severity));
    st_json_str(&w, "mask", about->rule->mask);
    st_json_str(&w, "file", about->file);
    st_json_int(&w, "line", about->line);
    st_json_str(&w, "find", about->finder);
    st_json_str(&w, "pattern", about->pattern);
    st_json_str(&w, "shape", about->shape);
    st_json_str(&w, "validate", about->validator);
    st_json_str(&w, "source", about->source);
    st_json_object(&w, "confidence");
    st_json_int(&w, "base", about->confidence.base);
    st_json_int(&w, "validated", about->confidence.validated);
    st_json_int(&w, "near", about->confidence.near);
    st_json_int(&w, "grouped", about->confidence.grouped);
    st_json_end(&w);
    st_json_bool(&w, "needs_context", about->needs_context);
    st_json_array(&w, "words");
    for (size_t n = 0; (word = flt_packs_word(run->packs, i, n)) != NULL; n++)
        st_json_str(&w, NULL, word);
    st_json_end(&w);
    st_json_array(&w, "tags");
    for (size_t n = 0; about->rule->tags[n] != NULL; n++)
        st_json_str(&w, NULL, about->rule->tags[n]);
    st_json_end(&w);
    write_strs(&w, "references", about->references, about->n_references);
    write_strs(&w, "match", about->match, about->n_match);
    write_strs(&w, "miss", about->miss, about->n_miss);
    st_json_end(&w);
    cli_print(&run->out);
}

static void show_strs(const char *label, const struct st_str *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("  %-11s %s\n", i == 0 ? label : "", items[i].s);
}

static void show_line(const char *label, const char *value)
{
    if (value != NULL)
        printf("  %-11s %s\n", label, value);
}

static void show_plain(const struct rules_run *run, size_t i, const struct flt_about *about)
{
    bool is_german = strcmp(run->cli->lang, "de") == 0;
    const char *word;

    printf("%s\n  %s, %s, pack %s\n", about->rule->id, title_of(run->cli, about->rule),
           flt_severity_name(about->rule->severity), about->rule->pack);
    if (about->line > 0)
        printf("  %-11s %s:%u\n", "written in", about->file, about->line);
    else
        show_line("written in", about->file);
    show_line("find", about->finder);
    show_line("pattern", about->pattern);
    show_line("shape", about->shape);
    show_line("validate", about->validator);
    show_line("source", about->source);
    printf("  %-11s %d, validated %d, +%d with a word near by, +%d grouped as people write it\n", "confidence",
           about->confidence.base, about->confidence.validated, about->confidence.near, about->confidence.grouped);
    if (flt_packs_word(run->packs, i, 0) != NULL)
        printf("  %-11s %s, within %u bytes before and %u after:\n             ", "words",
               about->needs_context ? "needed" : "helpful", about->before, about->after);
    for (size_t n = 0; (word = flt_packs_word(run->packs, i, n)) != NULL; n++)
        printf("%s%s%s", n > 0 ? ", " : " ", word, flt_packs_word(run->packs, i, n + 1) == NULL ? "\n" : "");
    show_line("redacted to", about->rule->mask);
    show_strs("finds", about->match, about->n_match);
    show_strs("passes over", about->miss, about->n_miss);
    show_line("false alarms",
              is_german && about->false_positives.de != NULL ? about->false_positives.de : about->false_positives.en);
    show_strs("see", about->references, about->n_references);
}

/* The known id that the word is nearest to. */
static const char *nearest(const struct rules_run *run, const char *id)
{
    const char *names[1024];
    size_t n = flt_packs_count(run->packs) < ST_LEN(names) ? flt_packs_count(run->packs) : ST_LEN(names);

    for (size_t i = 0; i < n; i++)
        names[i] = flt_packs_rule(run->packs, i)->id;
    return st_diag_nearest(id, names, n);
}

static void show(struct rules_run *run, const char *id)
{
    struct flt_about about;

    for (size_t i = 0; i < flt_packs_count(run->packs); i++) {
        if (strcmp(flt_packs_rule(run->packs, i)->id, id) != 0)
            continue;
        flt_packs_about(run->packs, i, &about);
        if (run->cli->json)
            show_json(run, i, &about);
        else
            show_plain(run, i, &about);
        return;
    }
    if (nearest(run, id) != NULL)
        run->code = cli_fail(CLI_USAGE, "there is no detector '%s'; did you mean '%s'?", id, nearest(run, id));
    else
        run->code = cli_fail(CLI_USAGE, "there is no detector '%s'; `stoa rules list` names them all", id);
}

int cmd_rules_show(struct cli *cli)
{
    struct rules_run run;

    if (rules_open(cli, 1, &run))
        show(&run, run.argv[0]);
    return rules_close(&run);
}

/* ---- test ---------------------------------------------------------------------------------------------------- */

/* Of plugins, which were run when those were loaded. */
static size_t count_tests(const struct lp_set *plugins)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_about about;
    size_t n = 0;

    for (size_t i = 0; arena != NULL && plugins != NULL && i < lp_plugin_count(plugins); i++)
        if (lp_plugin_about(plugins, i, arena, &about, &err) == ST_OK)
            n += about.tests;
    st_arena_free(arena);
    return n;
}

int cmd_rules_test(struct cli *cli)
{
    size_t examples = 0, packs = 0, tests;
    struct rules_run run;
    struct st_json w;

    if (!rules_open(cli, 0, &run))
        return rules_close(&run);
    for (size_t i = 0; i < flt_packs_count(run.packs); i++) {
        struct flt_about about;
        size_t k = 0;

        flt_packs_about(run.packs, i, &about);
        examples += about.n_match + about.n_miss;
        while (strcmp(flt_packs_rule(run.packs, k)->pack, about.rule->pack) != 0)
            k++;
        packs += k == i;
    }
    tests = count_tests(run.detectors.plugins);
    if (cli->json) {
        st_json_init(&w, &run.out);
        st_json_object(&w, NULL);
        st_json_int(&w, "detectors", (int64_t)flt_packs_count(run.packs));
        st_json_int(&w, "packs", (int64_t)packs);
        st_json_int(&w, "examples", (int64_t)examples);
        st_json_int(&w, "plugin_tests", (int64_t)tests);
        st_json_end(&w);
        cli_print(&run.out);
    } else {
        printf("%zu detectors in %zu packs behave on all their %zu examples", flt_packs_count(run.packs), packs,
               examples);
        if (tests > 0)
            printf(", plugins on their %zu tests", tests);
        putchar('\n');
    }
    return rules_close(&run);
}
