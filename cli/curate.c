/* SPDX-License-Identifier: Apache-2.0 */
/* curate - `stoa curate preview`: what the curation rules would make of one page or text, node by node. */
#include "cli/cli.h"
#include "gateway/generation.h"
#include <getopt.h>
#include <string.h>

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

static enum st_rc preview_item(struct cli *cli, struct generation *gen, const struct lp_item *item, struct st_err *err)
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
    rc = lp_curate_explain(gen->plugins, item, explain_node, &preview, err);
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

static int preview_file(struct cli *cli, const char *path, struct lp_item *item)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_diag *diag = st_diag_new();
    struct generation *gen = NULL;
    struct st_err err = ST_ERR_INIT;
    struct st_buf bytes;
    struct lp_page page;
    int code = CLI_OK;

    st_buf_init(&bytes, PAGE_MAX + 65536);
    if (arena == NULL || cli_read(path, PAGE_MAX, &bytes, &err) != ST_OK) {
        code = cli_fail(CLI_USAGE, "%s: %s", path, err.code == ST_E_IO ? strerror((int)err.num) : err.what);
        goto out;
    }
    if (generation_load(cli->config, 0, &gen, diag, &err) != ST_OK ||
        lp_page_text(arena, st_buf_view(&bytes), content_type(st_buf_view(&bytes)), &page, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
        goto out;
    }
    item->title = page.title;
    item->lang = page.lang;
    item->text = page.text;
    if (preview_item(cli, gen, item, &err) != ST_OK)
        code = cli_broken(cli, diag, &err);
out:
    generation_release(gen);
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
                                             { NULL, 0, NULL, 0 } };
    struct lp_item item = { .platform = "generic", .kind = "view" };
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'u')
            item.url = st_span_str(optarg);
        else if (option == 'p')
            item.platform = optarg;
        else if (option == 'k')
            item.kind = optarg;
        else
            return cli_usage(cli, "options are --url, --platform, --kind");
    }
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one file, or - for standard input");
    return preview_file(cli, cli->argv[optind], &item);
}
