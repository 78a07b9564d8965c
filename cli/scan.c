/* SPDX-License-Identifier: Apache-2.0 */
/* scan - `stoa scan`: the detectors on files, folders, standard input or JSON lines, without a gateway.
 *
 * Offsets are bytes of the text as given. Files that give values names (JSON, tables, settings) are read by them, too,
 * as a message is. JSON lines ({"id":…,"text":…}) give one JSON line each, in order, so that
 * others can judge the detectors on their own material. The exit code tells a hook what to do: 0 nothing found, 1 look
 * at it, and 2 for a file that could not be read, whatever the others gave.
 */
#include "base/file.h"
#include "cli/scan_report.h"
#include "cli/scan_values.h"
#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <getopt.h>
#include <string.h>

#define FILE_MAX  (256u << 20)
#define ARENA_MAX ((size_t)2 << 30)

#define EXCLUDES_MAX 64u

struct scan_run {
    struct scan_report report;
    struct cli_detectors detectors; /* owned */
    struct flt_scanner *scanner;
    enum flt_layout as; /* --as; FLT_LAYOUTS_END: each text says so itself */
    bool is_jsonl;
    bool is_named;                      /* the running file stands on the command line itself */
    const char *excludes[EXCLUDES_MAX]; /* shell patterns, of paths and of names */
    size_t n_excludes;
    size_t failed; /* files that were named and could not be scanned */
    struct st_err err;
};

/* name: of the file, "" for none. */
static enum st_rc scan_text(struct scan_run *run, struct st_arena *arena, const char *name, struct st_span text,
                            struct flt_findings *findings)
{
    enum flt_layout layout = run->as != FLT_LAYOUTS_END ? run->as : flt_layout_of(st_span_str(name), text);
    struct flt_doc *doc = NULL;

    if (flt_text_doc(arena, text, &doc, &run->err) != ST_OK ||
        flt_scan(run->scanner, arena, doc, findings, NULL, &run->err) != ST_OK)
        return ST_ERR;
    return scan_values(run->scanner, arena, layout, text, findings, &run->err);
}

/* *item is the line's object (the caller's, also on ST_ERR; NULL), *text what it says, which may hold anything. */
static enum st_rc read_line(struct scan_run *run, struct st_span line, unsigned number, json_t **item,
                            struct st_span *text)
{
    const json_t *said;

    if (st_json_read_texts(line, item, &run->err) != ST_OK || !json_is_string(said = json_object_get(*item, "text")))
        return st_fail(&run->err, ST_E_SYNTAX, "cli.scan",
                       "expected a JSON object with \"id\" and \"text\" on this line", number);
    *text = st_span(json_string_value(said), json_string_length(said));
    return ST_OK;
}

/* One line of JSON in, one out, with the same id: the findings, or why there are none. */
static enum st_rc scan_line(struct scan_run *run, struct st_span line, unsigned number)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_findings findings = { 0 };
    json_t *item = NULL;
    struct st_span text;
    enum st_rc rc = ST_ERR;

    if (arena == NULL)
        st_fail(&run->err, ST_E_NOMEM, "cli.scan", "arena", 0);
    else if ((rc = read_line(run, line, number, &item, &text)) == ST_OK)
        rc = scan_text(run, arena, "", text, &findings);
    scan_report_line(&run->report, json_object_get(item, "id"), &findings, rc == ST_OK ? NULL : run->err.what);
    json_decref(item);
    st_arena_free(arena);
    return rc;
}

/* A broken line is said and the others are scanned all the same; the file counts as failed. */
static enum st_rc scan_lines(struct scan_run *run, struct st_span text)
{
    enum st_rc rc = ST_OK;
    struct st_span line;
    unsigned number = 0;

    while (st_span_next(&text, '\n', &line)) {
        number++;
        if (st_span_trim(line).n > 0 && scan_line(run, line, number) != ST_OK)
            rc = ST_ERR;
    }
    return rc;
}

/* Is a file that was named, and has such a name, made of lines with a text? Others are files like any other. */
static bool is_lines(const struct scan_run *run, const char *path, struct st_span text)
{
    json_t *item = NULL;
    struct st_span line;
    bool is_so = false;

    if (run->is_jsonl)
        return true;
    if (!run->is_named || run->report.format == SCAN_SARIF || !st_span_ends(st_span_str(path), ST_SPAN(".jsonl")) ||
        !st_span_next(&text, '\n', &line))
        return false;
    if (st_json_read_texts(line, &item, NULL) == ST_OK)
        is_so = json_is_string(json_object_get(item, "text"));
    json_decref(item);
    return is_so;
}

/* A document, an archive or bytes that are no text: stoa-extract takes it apart. What it could not read is told, and
 * counts as found: nobody knows what is in there. */
static enum st_rc scan_packed(struct scan_run *run, const char *path, struct st_span bytes, struct st_arena *arena)
{
    struct flt_findings findings = { 0 };
    struct flt_doc *doc = NULL;

    if (cli_unpack(bytes, arena, &doc, &run->err) != ST_OK ||
        flt_scan(run->scanner, arena, doc, &findings, NULL, &run->err) != ST_OK)
        return ST_ERR;
    scan_report_file(&run->report, &(struct scan_file){ path, bytes, doc, &findings });
    return ST_OK;
}

static enum st_rc scan_file(struct scan_run *run, const char *path)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_findings findings = { 0 };
    struct st_buf bytes;
    enum st_rc rc = ST_ERR;

    st_buf_init(&bytes, FILE_MAX + 65536);
    if (arena == NULL || cli_read(path, FILE_MAX, &bytes, &run->err) != ST_OK)
        goto out;
    if (is_lines(run, path, st_buf_view(&bytes))) {
        rc = scan_lines(run, st_buf_view(&bytes));
        goto out;
    }
    if (cli_is_packed(st_buf_view(&bytes))) {
        rc = scan_packed(run, path, st_buf_view(&bytes), arena);
        goto out;
    }
    if ((rc = scan_text(run, arena, path, st_buf_view(&bytes), &findings)) != ST_OK)
        goto out;
    scan_report_file(&run->report, &(struct scan_file){ path, st_buf_view(&bytes), NULL, &findings });
out:
    st_buf_fini(&bytes);
    st_arena_free(arena);
    return rc;
}

/* ---- what is named on the command line ----------------------------------------------------------------------- */

static void scan_named(struct scan_run *run, const char *path)
{
    const struct st_err *err = &run->err;

    if (scan_file(run, path) == ST_OK)
        return;
    run->failed++;
    scan_report_skip(&run->report, path, err->code == ST_E_SYNTAX ? (unsigned)err->num : 0, cli_why(err));
}

static bool is_excluded(const struct scan_run *run, const FTSENT *entry)
{
    static const char *const kept_by_others[] = { ".git", ".hg", ".svn" };
    const char *path = strncmp(entry->fts_path, "./", 2) == 0 ? entry->fts_path + 2 : entry->fts_path;

    for (size_t i = 0; i < ST_LEN(kept_by_others); i++)
        if (entry->fts_level > 0 && strcmp(entry->fts_name, kept_by_others[i]) == 0)
            return true;
    for (size_t i = 0; i < run->n_excludes; i++)
        if (fnmatch(run->excludes[i], path, 0) == 0 || fnmatch(run->excludes[i], entry->fts_name, 0) == 0)
            return true;
    return false;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file, or all files below a folder in order of their names. Links are not followed: what they lead to is scanned
 * where it is, or is none of this tree. */
static void scan_path(struct scan_run *run, char *path)
{
    char *const roots[] = { path, NULL };
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    FTSENT *entry;

    if (tree == NULL) {
        run->failed++;
        scan_report_skip(&run->report, path, 0, strerror(errno));
        return;
    }
    while ((entry = fts_read(tree)) != NULL) {
        run->is_named = entry->fts_level == 0;
        if (entry->fts_info != FTS_DP && is_excluded(run, entry)) {
            (void)fts_set(tree, entry, FTS_SKIP);
            continue;
        }
        if (entry->fts_info == FTS_F || (entry->fts_level == 0 && entry->fts_info == FTS_DEFAULT))
            scan_named(run, entry->fts_path);
        else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
            run->failed++;
            scan_report_skip(&run->report, entry->fts_path, 0, strerror(entry->fts_errno));
        }
    }
    (void)fts_close(tree);
}

static bool read_layout(struct scan_run *run, const char *name)
{
    for (run->as = FLT_LAYOUT_TEXT; run->as < FLT_LAYOUTS_END; run->as++)
        if (strcmp(flt_layout_name(run->as), name) == 0)
            return true;
    return false;
}

/* One of them; false when what it says is off. */
static bool read_option(struct scan_run *run, struct cli_folders *from, int option)
{
    uint64_t least = 0;

    switch (option) {
    case 'l': run->is_jsonl = true; return true;
    case 's': run->report.format = SCAN_SARIF; return true;
    case 'm': from->plugins = optarg; return true;
    case 'p': return cli_folders_add(from, optarg);
    case 'a': return read_layout(run, optarg);
    case 'x':
        if (run->n_excludes == EXCLUDES_MAX)
            return false;
        run->excludes[run->n_excludes++] = optarg;
        return true;
    case 'c':
        if (!st_span_u64(st_span_str(optarg), &least) || least > 100)
            return false;
        run->report.min_confidence = (unsigned)least;
        return true;
    default: return false;
    }
}

/* The names of all layouts, as a sentence lists them. */
static void list_layouts(struct st_buf *out)
{
    for (unsigned i = FLT_LAYOUT_TEXT; i < FLT_LAYOUTS_END; i++)
        st_buf_fmt(out, "%s%s",
                   i == 0                     ? ""
                   : i + 1 == FLT_LAYOUTS_END ? " or "
                                              : ", ",
                   flt_layout_name((enum flt_layout)i));
    st_buf_byte(out, 0);
}

static void say_expected(struct cli *cli, int option)
{
    struct st_buf layouts;

    switch (option) {
    case 'c': (void)cli_usage(cli, "--min-confidence takes a number from 0 to 100"); break;
    case 'x': (void)cli_usage(cli, "--exclude takes a pattern, and stands at most %u times", EXCLUDES_MAX); break;
    case 'p': (void)cli_usage(cli, "--packs takes a folder, and stands at most %u times", CLI_PACKS_MAX); break;
    case 'a':
        st_buf_init(&layouts, 4096);
        list_layouts(&layouts);
        (void)cli_usage(cli, "--as takes %s", (const char *)layouts.p);
        st_buf_fini(&layouts);
        break;
    default: (void)cli_usage(cli, "no such option, or nothing behind it: %s", cli->argv[optind - 1]); break;
    }
}

/* The options; false after a line about what is wrong. */
static bool read_options(struct scan_run *run, struct cli *cli, struct cli_folders *from)
{
    static const struct option options[] = { { "jsonl", no_argument, NULL, 'l' },
                                             { "sarif", no_argument, NULL, 's' },
                                             { "as", required_argument, NULL, 'a' },
                                             { "packs", required_argument, NULL, 'p' },
                                             { "min-confidence", required_argument, NULL, 'c' },
                                             { "exclude", required_argument, NULL, 'x' },
                                             { "plugins", required_argument, NULL, 'm' },
                                             { NULL, 0, NULL, 0 } };
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (!read_option(run, from, option)) {
            say_expected(cli, option);
            return false;
        }
    }
    if (run->is_jsonl && run->report.format == SCAN_SARIF) {
        (void)cli_usage(cli, "--sarif is a report about files; with --jsonl each line has its own answer");
        return false;
    }
    if (optind >= cli->argc) {
        (void)cli_usage(cli, "name files or folders to scan, or - for standard input");
        return false;
    }
    return true;
}

int cmd_scan(struct cli *cli)
{
    struct scan_run run = { .report = { .cli = cli, .format = cli->json ? SCAN_JSON : SCAN_PLAIN },
                            .as = FLT_LAYOUTS_END };
    struct st_diag *diag = st_diag_new();
    struct cli_folders from = { .plugins = NULL };
    int code = CLI_USAGE;

    if (!read_options(&run, cli, &from))
        goto out;
    if (cli_detectors_open(cli, &from, &run.detectors, diag, &run.err) != ST_OK ||
        flt_scanner_new(run.detectors.packs, &run.scanner, &run.err) != ST_OK) {
        code = cli_broken(cli, diag, &run.err);
        goto out;
    }
    run.report.packs = run.detectors.packs;
    scan_report_begin(&run.report);
    for (int i = optind; i < cli->argc; i++) {
        if (strcmp(cli->argv[i], "-") == 0)
            scan_named(&run, cli->argv[i]);
        else
            scan_path(&run, cli->argv[i]);
    }
    scan_report_end(&run.report);
    code = run.failed > 0 ? CLI_USAGE : run.report.found + run.report.unread > 0 ? CLI_FOUND : CLI_OK;
    if (cli_detectors_said(&run.detectors) && code != CLI_USAGE)
        code = CLI_CONFIG;
out:
    flt_scanner_free(run.scanner);
    cli_detectors_close(&run.detectors);
    st_diag_free(diag);
    return code;
}
