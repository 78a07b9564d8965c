/* SPDX-License-Identifier: Apache-2.0 */
/* fingerprint - `stoa fingerprint build` and `stoa fingerprint check`: documents that shall not be copied out.
 *
 * Documents are named by their path below the folder they were found in. What is printed are names and shares, never
 * text. A document that could not be read whole is told: its fingerprints are those of what could be.
 */
#include "base/file.h"
#include "cli/cli.h"
#include "filters/filters.h"
#include "filters/own.h"
#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <string.h>

#define FILE_MAX  (256u << 20)
#define ARENA_MAX ((size_t)2 << 30)

struct print_run {
    const struct cli *cli;
    struct flt_copies *copies;
    struct flt_own_table *table; /* of check */
    bool is_ignored;             /* what is read now */
    size_t root;                 /* length of the folder's name in its files' paths */
    size_t documents, prints, skipped, found;
    const char *path;  /* of check: the present file */
    struct st_json *w; /* of check; NULL: plain */
    struct st_err err;
};

typedef enum st_rc with_doc_f(struct print_run *run, const char *path, const struct flt_doc *doc);

static enum st_rc open_doc(struct print_run *run, const char *path, with_doc_f *fn)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_doc *doc = NULL;
    enum st_rc rc = ST_ERR;
    struct st_buf bytes;

    st_buf_init(&bytes, FILE_MAX + 65536);
    if (arena == NULL)
        (void)st_fail(&run->err, ST_E_NOMEM, "cli.fingerprint", "arena", 0);
    else if (cli_read(path, FILE_MAX, &bytes, &run->err) == ST_OK &&
             cli_unpack(st_buf_view(&bytes), arena, &doc, &run->err) == ST_OK) {
        if (doc->receipt.coverage != FLT_FULLY)
            fprintf(stderr, "stoa: %s: %s read: %s\n", path, flt_coverage_name(doc->receipt.coverage),
                    flt_reason_name(doc->receipt.reason));
        rc = fn(run, path, doc);
    }
    st_buf_fini(&bytes);
    st_arena_free(arena);
    return rc;
}

static enum st_rc add(struct print_run *run, const char *path, const struct flt_doc *doc)
{
    size_t prints;

    if (run->is_ignored)
        return flt_copies_ignore(run->copies, doc, &run->err);
    if (flt_copies_add(run->copies, path + run->root, doc, &prints, &run->err) != ST_OK)
        return ST_ERR;
    run->documents += prints > 0;
    run->skipped += prints == 0;
    run->prints += prints;
    return ST_OK;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file, or all below a folder; hidden ones and links are left out. */
static int add_all(struct print_run *run, char *path)
{
    char *const roots[] = { path, NULL };
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    int code = tree != NULL ? CLI_OK : cli_fail(CLI_USAGE, "%s: %s", path, strerror(errno));
    FTSENT *entry;

    while (code == CLI_OK && (entry = fts_read(tree)) != NULL) {
        bool is_hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
        bool is_bad = entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS;

        run->root = entry->fts_level > 0 ? strlen(path) + (path[strlen(path) - 1] != '/') : 0;
        if (is_hidden)
            (void)fts_set(tree, entry, FTS_SKIP);
        else if (is_bad)
            code = cli_fail(CLI_USAGE, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
        else if (entry->fts_info == FTS_F && open_doc(run, entry->fts_path, add) != ST_OK)
            code = cli_fail(CLI_USAGE, "%s: %s", entry->fts_path, cli_why(&run->err));
    }
    if (tree != NULL)
        (void)fts_close(tree);
    return code;
}

static void print_built(const struct print_run *run, const char *out)
{
    struct st_buf buf;
    struct st_json w;

    if (!run->cli->json) {
        printf("%s: %zu documents, %zu fingerprints, %zu documents left out (too short, or all of it ignored)\n", out,
               run->documents, run->prints, run->skipped);
        return;
    }
    st_buf_init(&buf, 65536);
    st_json_init(&w, &buf);
    st_json_object(&w, NULL);
    st_json_str(&w, "file", out);
    st_json_int(&w, "documents", (int64_t)run->documents);
    st_json_int(&w, "fingerprints", (int64_t)run->prints);
    st_json_int(&w, "left_out", (int64_t)run->skipped);
    st_json_end(&w);
    cli_print(&buf);
    st_buf_fini(&buf);
}

static int build(struct print_run *run, char *ignore, const char *out)
{
    int code = CLI_OK;

    if (flt_copies_new(out, &run->copies, &run->err) != ST_OK)
        return cli_broken(run->cli, NULL, &run->err);
    run->is_ignored = true;
    if (ignore != NULL)
        code = add_all(run, ignore);
    run->is_ignored = false;
    for (int i = optind; i < run->cli->argc && code == CLI_OK; i++)
        code = add_all(run, run->cli->argv[i]);
    if (code == CLI_OK && run->documents == 0)
        code = cli_fail(CLI_USAGE, "no document with at least six words; nothing was written");
    else if (code == CLI_OK && flt_copies_done(run->copies, &run->err) != ST_OK)
        code = cli_broken(run->cli, NULL, &run->err);
    else if (code == CLI_OK)
        print_built(run, out);
    flt_copies_free(run->copies);
    return code;
}

int cmd_fingerprint_build(struct cli *cli)
{
    static const struct option options[] = { { "ignore", required_argument, NULL, 'i' },
                                             { "output", required_argument, NULL, 'o' },
                                             { NULL, 0, NULL, 0 } };
    struct print_run run = { .cli = cli };
    const char *out = NULL;
    char *ignore = NULL;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "o:", options, NULL)) != -1) {
        if (option == 'i')
            ignore = optarg;
        else if (option == 'o')
            out = optarg;
        else
            return cli_usage(cli, "options are -o and --ignore");
    }
    if (optind >= cli->argc || out == NULL)
        return cli_usage(cli, "name folders or files with the documents, and with -o the file to make");
    return build(&run, ignore, out);
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static void tell(void *ctx, const char *name, unsigned percent, uint64_t words)
{
    struct print_run *run = ctx;

    run->found++;
    if (run->w == NULL) {
        printf("%s: about %llu words of %s (%u %%)\n", run->path, (unsigned long long)words, name, percent);
        return;
    }
    st_json_object(run->w, NULL);
    st_json_str(run->w, "file", run->path);
    st_json_str(run->w, "document", name);
    st_json_int(run->w, "percent", percent);
    st_json_int(run->w, "words", (int64_t)words);
    st_json_end(run->w);
}

static enum st_rc compare(struct print_run *run, const char *path, const struct flt_doc *doc)
{
    run->path = path;
    return flt_copies_check(run->table, doc, tell, run, &run->err);
}

static int compare_all(struct print_run *run)
{
    int code = CLI_OK;

    for (int i = optind + 1; i < run->cli->argc; i++)
        if (open_doc(run, run->cli->argv[i], compare) != ST_OK)
            code = cli_fail(CLI_USAGE, "%s: %s", run->cli->argv[i], cli_why(&run->err));
    return code == CLI_OK && run->found > 0 ? CLI_FOUND : code;
}

/* The documents, or with files what of them is in those. */
static void list_documents(const struct print_run *run)
{
    struct flt_own_names name;

    for (size_t i = 0; flt_own_name(run->table, i, &name); i++) {
        if (run->w == NULL) {
            printf("%s: %llu fingerprints\n", name.name, (unsigned long long)name.cells);
            continue;
        }
        st_json_object(run->w, NULL);
        st_json_str(run->w, "document", name.name);
        st_json_int(run->w, "fingerprints", (int64_t)name.cells);
        st_json_end(run->w);
    }
}

static int check(struct print_run *run)
{
    struct st_buf buf;
    struct st_json w;
    int code = CLI_OK;

    st_buf_init(&buf, 256u << 20);
    st_json_init(&w, &buf);
    if (run->cli->json) {
        run->w = &w;
        st_json_array(&w, NULL);
    }
    if (optind + 1 < run->cli->argc)
        code = compare_all(run);
    else
        list_documents(run);
    if (run->cli->json) {
        st_json_end(&w);
        cli_print(&buf);
    }
    st_buf_fini(&buf);
    return code;
}

int cmd_fingerprint_check(struct cli *cli)
{
    static const struct option options[] = { { NULL, 0, NULL, 0 } };
    struct print_run run = { .cli = cli };
    struct st_diag *diag = st_diag_new();
    struct flt_own_facts facts;
    int code;

    if (getopt_long(cli->argc, cli->argv, "", options, NULL) != -1 || optind >= cli->argc) {
        code = cli_usage(cli, "name the file of fingerprints, and files that may hold copies");
    } else if (flt_own_open(cli->argv[optind], &run.table, diag, &run.err) != ST_OK) {
        code = cli_broken(cli, diag, &run.err);
    } else {
        flt_own_facts(run.table, &facts);
        code = facts.is_copies
                   ? check(&run)
                   : cli_fail(CLI_USAGE, "%s holds rows of a table; use `stoa edm check`", cli->argv[optind]);
    }
    flt_own_close(run.table);
    st_diag_free(diag);
    return code;
}
