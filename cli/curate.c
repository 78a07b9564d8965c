/* SPDX-License-Identifier: Apache-2.0 */
/* curate - `stoa curate`: the curation rules, for those who write them.
 *
 * `preview` is what they would make of one page or text, node by node; `list`, `test` and `export` need no gateway and
 * no configuration: a folder of rules is enough. `run` is what the rules would have made of recorded exchanges, or of
 * what the gateway has recorded (curate_recorded.c).
 */
#include "cli/curate.h"
#include "base/clock.h"
#include "cli/recording.h"
#include "gateway/generation.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_MAX  (4u << 20)
#define ARENA_MAX (64u << 20)

struct preview {
    const struct cli *cli;
    struct st_json *w; /* NULL: plain text */
    const char *rule;  /* the one being printed */
};

static void explain_node(void *ctx, const char *rule, unsigned depth, const char *node, bool held)
{
    struct preview *preview = ctx;

    if (preview->w != NULL) {
        st_json_object(preview->w, NULL);
        st_json_str(preview->w, "rule", rule);
        st_json_int(preview->w, "depth", depth);
        st_json_str(preview->w, "node", node);
        st_json_bool(preview->w, "held", held);
        st_json_end(preview->w);
        return;
    }
    if (preview->rule == NULL || strcmp(preview->rule, rule) != 0)
        printf("%s: %s\n", rule, held ? "matches" : "does not match");
    preview->rule = rule;
    printf("  %*s%s %s\n", (int)depth * 2, "", held ? "+" : "-", node);
}

static enum st_rc preview_item(struct cli *cli, struct lp_set *set, const struct lp_item *item, struct st_err *err)
{
    struct preview preview = { .cli = cli };
    struct st_buf out;
    struct st_json w;
    enum st_rc rc;

    st_buf_init(&out, 16u << 20);
    st_json_init(&w, &out);
    if (cli->json) {
        preview.w = &w;
        st_json_array(&w, NULL);
    }
    rc = lp_curate_explain(set, item, explain_node, &preview, err);
    if (cli->json && rc == ST_OK) {
        st_json_end(&w);
        cli_print(&out);
    }
    st_buf_fini(&out);
    return rc;
}

/* A file that looks like HTML is read as a page. */
static struct st_span content_type(struct st_span text)
{
    bool is_html = st_span_find(st_span_sub(text, 0, 1024), ST_SPAN("<html")) != ST_SPAN_NPOS ||
                   st_span_istarts(st_span_trim(text), ST_SPAN("<!doctype html"));

    return is_html ? ST_SPAN("text/html") : ST_SPAN("text/plain");
}

enum st_rc curate_load(const struct cli *cli, const char *dir, struct lp_set **out, struct st_diag *diag,
                       struct st_err *err)
{
    struct generation *gen = NULL;

    if (dir != NULL || (!cli->is_configured && access(cli->config, F_OK) != 0))
        return cli_plugins(dir, NULL, out, diag, err);
    if (generation_load(cli->config, 0, &gen, diag, err) != ST_OK)
        return ST_ERR;
    *out = lp_set_retain(gen->plugins);
    generation_release(gen);
    return ST_OK;
}

static int preview_file(struct cli *cli, const char *dir, const char *path, struct lp_item *item)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_diag *diag = st_diag_new();
    struct lp_set *set = NULL;
    struct st_err err = ST_ERR_INIT;
    struct st_buf bytes;
    struct lp_page page;
    int code = CLI_OK;

    st_buf_init(&bytes, PAGE_MAX + 65536);
    if (arena == NULL || cli_read(path, PAGE_MAX, &bytes, &err) != ST_OK) {
        code = cli_fail(CLI_USAGE, "%s: %s", path, cli_why(&err));
        goto out;
    }
    if (curate_load(cli, dir, &set, diag, &err) != ST_OK ||
        lp_page_text(arena, st_buf_view(&bytes), content_type(st_buf_view(&bytes)), &page, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
        goto out;
    }
    item->title = page.title;
    item->lang = page.lang;
    item->text = page.text;
    lp_page_age(&page, st_clock_wall_ms(), item);
    if (preview_item(cli, set, item, &err) != ST_OK)
        code = cli_broken(cli, diag, &err);
out:
    lp_set_release(set);
    st_buf_fini(&bytes);
    st_diag_free(diag);
    st_arena_free(arena);
    return code;
}

int cmd_curate_preview(struct cli *cli)
{
    static const struct option options[] = { { "url", required_argument, NULL, 'u' },
                                             { "platform", required_argument, NULL, 'p' },
                                             { "kind", required_argument, NULL, 'k' },
                                             { "plugins", required_argument, NULL, 'd' },
                                             { NULL, 0, NULL, 0 } };
    struct lp_item item = { .platform = "generic", .kind = "view" };
    const char *dir = NULL;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'u')
            item.url = st_span_str(optarg);
        else if (option == 'p')
            item.platform = optarg;
        else if (option == 'k')
            item.kind = optarg;
        else if (option == 'd')
            dir = optarg;
        else
            return cli_usage(cli, "options are --url, --platform, --kind, --plugins");
    }
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one file, or - for standard input");
    return preview_file(cli, dir, cli->argv[optind], &item);
}

/* ---- list, test, export ----------------------------------------------------------------------------------------- */

struct rules {
    struct lp_set *set; /* owned */
    const char *rule;   /* the one that was named; NULL: all */
    int code;
};

/* [--plugins DIR] of a command that takes nothing else. */
static const char *plugins_option(struct cli *cli, int *code)
{
    static const struct option options[] = { { "plugins", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 } };
    const char *dir = NULL;
    int option;

    *code = CLI_OK;
    while (*code == CLI_OK && (option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'p')
            dir = optarg;
        else
            *code = cli_usage(cli, "the one option is --plugins DIR");
    }
    if (*code == CLI_OK && optind < cli->argc)
        *code = cli_usage(cli, "only --plugins is expected here");
    return dir;
}

/* Of the folder, or where it is NULL those that ship. False: out->code says how it failed. */
static bool open_rules(struct cli *cli, const char *dir, struct rules *out)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    if (cli_plugins(dir, NULL, &out->set, diag, &err) != ST_OK)
        out->code = cli_broken(cli, diag, &err);
    if (out->code == CLI_OK && lp_curate_count(out->set) == 0)
        fprintf(stderr, "stoa: no rule below curation/; `stoa plugin new --template curate` makes one\n");
    st_diag_free(diag);
    return out->code == CLI_OK;
}

static void list_json(struct st_json *w, const struct lp_curation *rule)
{
    st_json_object(w, NULL);
    st_json_str(w, "name", rule->name);
    st_json_str(w, "title_en", rule->title_en);
    st_json_str(w, "title_de", rule->title_de);
    st_json_str(w, "owner", rule->owner);
    st_json_str(w, "topic", rule->tag->topic);
    st_json_str(w, "level", rule->tag->level);
    st_json_str(w, "skill", rule->tag->skill);
    st_json_str(w, "queue", rule->tag->queue);
    st_json_int(w, "tests", (int64_t)rule->tests);
    st_json_str(w, "file", rule->file);
    st_json_end(w);
}

int cmd_curate_list(struct cli *cli)
{
    struct rules rules;
    const char *dir;
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 16u << 20);
    st_json_init(&w, &out);
    st_json_array(&w, NULL);
    rules = (struct rules){ .set = NULL };
    dir = plugins_option(cli, &rules.code);
    if (rules.code != CLI_OK || !open_rules(cli, dir, &rules))
        goto out;
    for (size_t i = 0; i < lp_curate_count(rules.set); i++) {
        struct lp_curation rule = lp_curate_rule(rules.set, i);

        if (cli->json)
            list_json(&w, &rule);
        else
            printf("%-28s %-24s %-12s %s\n", rule.name, rule.tag->topic != NULL ? rule.tag->topic : "-",
                   rule.tag->level != NULL ? rule.tag->level : "-",
                   strcmp(cli->lang, "de") == 0 ? rule.title_de : rule.title_en);
    }
    st_json_end(&w);
    if (cli->json)
        cli_print(&out);
out:
    lp_set_release(rules.set);
    st_buf_fini(&out);
    return rules.code;
}

static void say_advice(void *ctx, const char *file, const char *advice)
{
    (void)ctx;
    fprintf(stderr, "%s: %s\n", file, advice);
}

void curate_advise(const struct lp_set *set, lp_advice_f *fn, void *ctx)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *shipping = NULL;
    char shipped[4096];

    if (lp_curate_count(set) > 0 && cli_share("plugins", shipped, sizeof shipped, &err) == ST_OK &&
        lp_set_load(&(struct lp_sources){ .dirs = (const char *const[]){ shipped, NULL }, .skip_tests = true },
                    &shipping, diag, &err) == ST_OK)
        for (size_t i = 0; i < lp_curate_count(set); i++)
            lp_curate_advise(set, i, lp_platforms(shipping), fn, ctx);
    lp_set_release(shipping);
    st_diag_free(diag);
}

int cmd_curate_test(struct cli *cli)
{
    struct rules rules = { .set = NULL };
    const char *dir = plugins_option(cli, &rules.code);
    size_t tests = 0;

    if (rules.code == CLI_OK && open_rules(cli, dir, &rules)) {
        for (size_t i = 0; i < lp_curate_count(rules.set); i++)
            tests += lp_curate_rule(rules.set, i).tests;
        curate_advise(rules.set, say_advice, NULL);
        printf(cli->json ? "{\"rules\":%zu,\"tests\":%zu}\n" : "%zu rules, %zu tests: all as they should\n",
               lp_curate_count(rules.set), tests);
    }
    lp_set_release(rules.set);
    return rules.code;
}

static int export_rules(struct cli *cli, const char *dir)
{
    struct rules rules = { .rule = optind < cli->argc ? cli->argv[optind] : NULL };
    size_t said = 0;
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 16u << 20);
    st_json_init(&w, &out);
    st_json_array(&w, NULL);
    if (optind + 1 < cli->argc) {
        rules.code = cli_usage(cli, "name one rule, or none for all");
        goto out;
    }
    if (!open_rules(cli, dir, &rules))
        goto out;
    for (size_t i = 0; i < lp_curate_count(rules.set); i++) {
        if (rules.rule != NULL && strcmp(rules.rule, lp_curate_rule(rules.set, i).name) != 0)
            continue;
        lp_curate_write(rules.set, i, &w);
        said++;
    }
    st_json_end(&w);
    if (said == 0 && rules.rule != NULL)
        rules.code = cli_fail(CLI_USAGE, "there is no rule '%s'; `stoa curate list` names them all", rules.rule);
    else
        cli_print(&out);
out:
    lp_set_release(rules.set);
    st_buf_fini(&out);
    return rules.code;
}

/* An address that names a house's learning record store; it is in every statement. */
static bool is_recipient(const char *text)
{
    struct st_span s = st_span_str(text);
    size_t scheme = st_span_starts(s, ST_SPAN("https://")) ? 8 : st_span_starts(s, ST_SPAN("http://")) ? 7 : 0;

    if (scheme == 0 || s.n <= scheme || s.n > 200)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"<>\\^`{|}", s.p[i]) != NULL)
            return false;
    return true;
}

static int export_xapi(struct cli *cli, struct curate_export *how)
{
    if (how->to == NULL || !is_recipient(how->to))
        return cli_usage(cli, "--to names who receives it, such as https://lrs.example");
    if (optind + 1 < cli->argc)
        return cli_usage(cli, "name one recording, or none for what the gateway keeps");
    how->recording = optind < cli->argc ? cli->argv[optind] : NULL;
    return curate_xapi(cli, how);
}

/* The rules themselves, or with --format xapi what was learned by them. */
int cmd_curate_export(struct cli *cli)
{
    static const struct option options[] = {
        { "plugins", required_argument, NULL, 'p' }, { "format", required_argument, NULL, 'f' },
        { "to", required_argument, NULL, 't' },      { "from", required_argument, NULL, 'n' },
        { "exact-times", no_argument, NULL, 'x' },   { NULL, 0, NULL, 0 }
    };
    struct curate_export how = { .to = NULL };
    bool is_xapi = false;
    char *end = NULL;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': how.dir = optarg; break;
        case 't': how.to = optarg; break;
        case 'x': how.is_exact = true; break;
        case 'n': how.from = strtoull(optarg, &end, 10); break;
        case 'f': is_xapi = strcmp(optarg, "xapi") == 0; break;
        default: return cli_usage(cli, "options are --plugins, --format rules|xapi, --to, --from, --exact-times");
        }
        if ((option == 'f' && !is_xapi && strcmp(optarg, "rules") != 0) ||
            (option == 'n' && (*end != '\0' || end == optarg || *optarg == '-')))
            return cli_usage(cli, "--format is rules or xapi, --from the number of a record");
    }
    return is_xapi ? export_xapi(cli, &how) : export_rules(cli, how.dir);
}

/* ---- run --------------------------------------------------------------------------------------------------------- */

struct curating {
    const struct cli *cli;
    struct lp_set *set; /* borrowed */
    struct st_buf out;
    size_t exchanges, items, tagged, failed;
};

/* What the gateway's curator would get of this exchange: the page that was answered, else what was typed or watched. */
static bool item_of(const struct recording_play *play, struct lp_item *item, struct st_err *err)
{
    const struct lp_activity *a = play->activity;
    const struct lp_answer *answer = &play->exchange.answer;
    struct lp_page page;

    if (a == NULL || a->phase == LP_DRAFT || a->phase == LP_PREPARE)
        return false;
    *item = (struct lp_item){ .platform = a->platform,
                              .kind = a->kind,
                              .url = a->url,
                              .title = a->title,
                              .author = a->author,
                              .lang = a->lang,
                              .text = a->text,
                              .dwell_ms = a->dwell_ms,
                              .length_ms = a->length_ms };
    if (answer->status == 200 && st_span_istarts(answer->content_type, ST_SPAN("text/html")) && answer->body.n > 0) {
        if (lp_page_text(play->arena, answer->body, answer->content_type, &page, err) != ST_OK)
            return false;
        item->text = page.text;
        lp_page_age(&page, st_clock_wall_ms(), item);
        item->title = item->title.n > 0 ? item->title : page.title;
        item->lang = item->lang.n > 0 ? item->lang : page.lang;
    }
    return item->text.n > 0 || item->title.n > 0 || item->dwell_ms > 0;
}

static void say_tag(struct curating *c, unsigned number, const struct lp_item *item, const struct lp_tag *tag)
{
    bool is_credited = tag->credit_dwell_ms > 0 && item->dwell_ms >= tag->credit_dwell_ms;
    struct st_json w;

    if (!c->cli->json) {
        printf("%6u  %-28s %-24s %s%.*s\n", number, tag->rule, tag->topic != NULL ? tag->topic : "-",
               is_credited ? "credit  " : "", (int)item->url.n, (const char *)item->url.p);
        return;
    }
    st_json_init(&w, &c->out);
    st_json_object(&w, NULL);
    st_json_int(&w, "exchange", number);
    st_json_str(&w, "rule", tag->rule);
    st_json_str(&w, "topic", tag->topic);
    st_json_str(&w, "level", tag->level);
    st_json_str(&w, "skill", tag->skill);
    st_json_str(&w, "queue", tag->queue);
    st_json_bool(&w, "credit", is_credited);
    st_json_str(&w, "platform", item->platform);
    st_json_str(&w, "kind", item->kind);
    st_json_span(&w, "url", item->url);
    st_json_span(&w, "title", item->title);
    st_json_end(&w);
    cli_print(&c->out);
}

static void curate_one(void *ctx, const struct recording_play *play)
{
    struct curating *c = ctx;
    struct st_err err = ST_ERR_INIT;
    struct lp_item item;
    struct lp_tag *tags = NULL;
    size_t n = 0;

    c->exchanges++;
    if (!item_of(play, &item, &err)) {
        c->failed += err.code != ST_E_NONE;
        return;
    }
    c->items++;
    if (lp_curate(c->set, &item, play->arena, &tags, &n, &err) != ST_OK)
        c->failed++;
    for (size_t i = 0; i < n; i++)
        say_tag(c, play->number, &item, &tags[i]);
    c->tagged += n > 0;
}

/* The adapters that ship, and the rules of the folder beside or instead of those. */
static enum st_rc load_run(const char *dir, struct lp_set **out, struct st_diag *diag, struct st_err *err)
{
    const char *dirs[3] = { NULL };
    char shipped[4096];

    if (cli_share("plugins", shipped, sizeof shipped, err) != ST_OK)
        return ST_ERR;
    dirs[0] = shipped;
    dirs[1] = dir;
    return lp_set_load(&(struct lp_sources){ .dirs = dirs }, out, diag, err);
}

static int run_recording(struct cli *cli, const char *dir, const char *path)
{
    struct curating c = { .cli = cli };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    int code;

    st_buf_init(&c.out, 1u << 20);
    if (load_run(dir, &c.set, diag, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
    } else {
        code = recording_run(&(struct recording){ path, c.set, curate_one, &c });
        if (code != CLI_USAGE && !cli->json)
            printf("%zu exchanges, %zu of them something to look at, %zu tagged\n", c.exchanges, c.items, c.tagged);
        code = code == CLI_OK && c.failed > 0 ? CLI_FOUND : code;
    }
    lp_set_release(c.set);
    st_buf_fini(&c.out);
    st_diag_free(diag);
    return code;
}

int cmd_curate_run(struct cli *cli)
{
    static const struct option options[] = { { "plugins", required_argument, NULL, 'p' },
                                             { "recorded", no_argument, NULL, 'r' },
                                             { NULL, 0, NULL, 0 } };
    const char *dir = NULL;
    bool is_recorded = false;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': dir = optarg; break;
        case 'r': is_recorded = true; break;
        default: return cli_usage(cli, "options are --plugins DIR, --recorded");
        }
    }
    if (is_recorded && optind + 1 < cli->argc)
        return cli_usage(cli, "name one rule, or none for all");
    if (is_recorded)
        return curate_recorded(cli, dir, optind < cli->argc ? cli->argv[optind] : NULL);
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one recording, or - for standard input; --recorded is what the gateway recorded");
    return run_recording(cli, dir, cli->argv[optind]);
}
