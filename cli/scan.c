/* SPDX-License-Identifier: Apache-2.0 */
/* scan - `stoa scan`: the detectors on files, standard input or JSON lines, without a gateway.
 *
 * Offsets are bytes of the text as given. JSON lines ({"id":…,"text":…}) give one JSON line each, in order, so that
 * others can judge the detectors on their own material. What was found is named, never shown.
 */
#include "base/file.h"
#include "cli/cli.h"
#include "filters/filters.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_MAX   (256u << 20)
#define ARENA_MAX  ((size_t)2 << 30)
#define EXTRACT_MS 60000

struct scan_run {
    const struct cli *cli;
    struct flt_packs *packs;
    struct flt_scanner *scanner;
    struct st_buf out;
    unsigned min_confidence;
    bool is_jsonl;
    size_t found;
    struct st_err err;
};

/* doc: of a file that was taken apart, whose fields say where a finding stands; NULL: offsets are of the file. */
static void write_findings(struct scan_run *run, struct st_json *w, const struct flt_findings *findings,
                           const struct flt_doc *doc)
{
    st_json_array(w, "findings");
    for (size_t i = 0; i < findings->n; i++) {
        const struct flt_finding *f = &findings->items[i];

        if (f->confidence < run->min_confidence)
            continue;
        st_json_object(w, NULL);
        st_json_str(w, "detector", f->rule->id);
        if (doc != NULL)
            st_json_span(w, "in", doc->fields[f->field].path);
        st_json_int(w, "start", f->from);
        st_json_int(w, "end", f->to);
        st_json_int(w, "confidence", f->confidence);
        st_json_str(w, "severity", flt_severity_name(f->rule->severity));
        st_json_end(w);
        run->found++;
    }
    st_json_end(w);
}

static enum st_rc scan_text(struct scan_run *run, struct st_arena *arena, struct st_span text,
                            struct flt_findings *findings)
{
    struct flt_doc *doc = NULL;

    if (flt_text_doc(arena, text, &doc, &run->err) != ST_OK)
        return ST_ERR;
    return flt_scan(run->scanner, arena, doc, findings, NULL, &run->err);
}

static void write_id(struct st_json *w, const json_t *id)
{
    if (json_is_integer(id))
        st_json_int(w, "id", json_integer_value(id));
    else
        st_json_str(w, "id", json_string_value(id)); /* null when it is neither */
}

/* One line of JSON in, one out, with the same id. */
static enum st_rc scan_line(struct scan_run *run, struct st_span line, const char *path, unsigned number)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_findings findings = { 0 };
    json_t *item = NULL;
    const json_t *text;
    enum st_rc rc = ST_ERR;
    struct st_json w;

    if (arena == NULL) {
        st_fail(&run->err, ST_E_NOMEM, "cli.scan", "arena", 0);
        goto out;
    }
    if (st_json_read(line, path, &item, NULL, &run->err) != ST_OK ||
        !json_is_string(text = json_object_get(item, "text"))) {
        st_fail(&run->err, ST_E_SYNTAX, "cli.scan", "expected a JSON object with \"id\" and \"text\" on this line",
                number);
        goto out;
    }
    if (scan_text(run, arena, st_span(json_string_value(text), json_string_length(text)), &findings) != ST_OK)
        goto out;
    st_json_init(&w, &run->out);
    st_json_object(&w, NULL);
    write_id(&w, json_object_get(item, "id"));
    write_findings(run, &w, &findings, NULL);
    st_json_end(&w);
    cli_print(&run->out);
    rc = ST_OK;
out:
    json_decref(item);
    st_arena_free(arena);
    return rc;
}

/* Line and column (from 1, in bytes) of an offset. */
static void place(struct st_span text, uint32_t at, unsigned *line, unsigned *col)
{
    *line = *col = 1;
    for (uint32_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            (*line)++;
            *col = 1;
        } else {
            (*col)++;
        }
    }
}

static void print_plain(struct scan_run *run, const char *path, struct st_span text,
                        const struct flt_findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct flt_finding *f = &findings->items[i];
        unsigned line, col;

        if (f->confidence < run->min_confidence)
            continue;
        place(text, f->from, &line, &col);
        printf("%s:%u:%u: %s  %s  confidence %u  bytes %u-%u  %s\n", path, line, col, f->rule->id,
               flt_severity_name(f->rule->severity), f->confidence, f->from, f->to,
               strcmp(run->cli->lang, "de") == 0 ? f->rule->title_de : f->rule->title_en);
        run->found++;
    }
}

static void print_json(struct scan_run *run, const char *path, const struct flt_findings *findings,
                       const struct flt_doc *doc)
{
    struct st_json w;

    st_json_init(&w, &run->out);
    st_json_object(&w, NULL);
    st_json_str(&w, "file", path);
    if (doc != NULL)
        st_json_str(&w, "inspected", flt_coverage_name(doc->receipt.coverage));
    if (doc != NULL && doc->receipt.reason != FLT_REASON_NONE)
        st_json_str(&w, "reason", flt_reason_name(doc->receipt.reason));
    write_findings(run, &w, findings, doc);
    st_json_end(&w);
    cli_print(&run->out);
}

/* A broken line is said and the others are scanned all the same; the file counts as failed. */
static enum st_rc scan_lines(struct scan_run *run, const char *path, struct st_span text)
{
    enum st_rc rc = ST_OK;
    struct st_span line;
    unsigned number = 0;

    while (st_span_next(&text, '\n', &line)) {
        number++;
        if (st_span_trim(line).n > 0 && scan_line(run, line, path, number) != ST_OK)
            rc = ST_ERR;
    }
    return rc;
}

static void print_packed(struct scan_run *run, const char *path, const struct flt_doc *doc,
                         const struct flt_findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct flt_finding *f = &findings->items[i];
        struct st_span in = doc->fields[f->field].path;

        if (f->confidence < run->min_confidence)
            continue;
        printf("%s: %.*s: %s  %s  confidence %u  %s\n", path, in.n > 0 ? (int)in.n : 1, in.n > 0 ? (char *)in.p : ".",
               f->rule->id, flt_severity_name(f->rule->severity), f->confidence,
               strcmp(run->cli->lang, "de") == 0 ? f->rule->title_de : f->rule->title_en);
        run->found++;
    }
    if (doc->receipt.coverage != FLT_FULLY)
        printf("%s: %s inspected: %s\n", path, flt_coverage_name(doc->receipt.coverage),
               flt_reason_name(doc->receipt.reason));
}

/* A document or an archive: stoa-extract takes it apart. What it could not read is told, and counts as found: nobody
 * knows what is in there. */
static enum st_rc scan_packed(struct scan_run *run, const char *path, struct st_span bytes, struct st_arena *arena)
{
    struct flt_findings findings = { 0 };
    struct flt_doc *doc = NULL;
    int fd = memfd_create("scan", MFD_CLOEXEC); /* also what came through a pipe has a start again */
    enum st_rc rc = ST_ERR;

    if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n || lseek(fd, 0, SEEK_SET) != 0) {
        st_fail(&run->err, ST_E_IO, "cli.scan", "no memory file", errno);
        goto out;
    }
    if (flt_extract_file(arena, fd, EXTRACT_MS, &doc, &run->err) != ST_OK ||
        flt_scan(run->scanner, arena, doc, &findings, NULL, &run->err) != ST_OK)
        goto out;
    if (run->cli->json)
        print_json(run, path, &findings, doc);
    else
        print_packed(run, path, doc, &findings);
    run->found += doc->receipt.coverage != FLT_FULLY;
    rc = ST_OK;
out:
    if (fd >= 0)
        close(fd);
    return rc;
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
    if (run->is_jsonl || st_span_ends(st_span_str(path), ST_SPAN(".jsonl"))) {
        rc = scan_lines(run, path, st_buf_view(&bytes));
        goto out;
    }
    if (flt_file_is_packed(flt_file_type(st_buf_view(&bytes)))) {
        rc = scan_packed(run, path, st_buf_view(&bytes), arena);
        goto out;
    }
    if ((rc = scan_text(run, arena, st_buf_view(&bytes), &findings)) != ST_OK)
        goto out;
    if (run->cli->json)
        print_json(run, path, &findings, NULL);
    else
        print_plain(run, path, st_buf_view(&bytes), &findings);
out:
    st_buf_fini(&bytes);
    st_arena_free(arena);
    return rc;
}

static enum st_rc open_packs(struct scan_run *run, const char *packs, struct st_diag *diag)
{
    char shipped[4096];
    const char *dirs[2] = { packs, NULL };

    if (packs == NULL) {
        if (cli_share("packs", shipped, sizeof shipped, &run->err) != ST_OK)
            return ST_ERR;
        dirs[0] = shipped;
    }
    if (flt_platform_check(&run->err) != ST_OK || flt_packs_load(dirs, NULL, &run->packs, diag, &run->err) != ST_OK)
        return ST_ERR;
    return flt_scanner_new(run->packs, &run->scanner, &run->err);
}

static int say_failed(const struct scan_run *run, const char *path)
{
    if (run->err.code == ST_E_SYNTAX)
        return cli_fail(CLI_USAGE, "%s:%lld: %s", path, (long long)run->err.num, run->err.what);
    return cli_fail(CLI_USAGE, "%s: %s", path, run->err.code == ST_E_IO ? strerror((int)run->err.num) : run->err.what);
}

int cmd_scan(struct cli *cli)
{
    static const struct option options[] = { { "jsonl", no_argument, NULL, 'l' },
                                             { "packs", required_argument, NULL, 'p' },
                                             { "min-confidence", required_argument, NULL, 'c' },
                                             { NULL, 0, NULL, 0 } };
    struct scan_run run = { .cli = cli };
    struct st_diag *diag = st_diag_new();
    const char *packs = NULL;
    uint64_t least;
    int code = CLI_OK, option;

    st_buf_init(&run.out, 64u << 20);
    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'l')
            run.is_jsonl = true;
        else if (option == 'p')
            packs = optarg;
        else if (option == 'c' && st_span_u64(st_span_str(optarg), &least) && least <= 100)
            run.min_confidence = (unsigned)least;
        else {
            code = cli_usage(cli, "--min-confidence takes a number from 0 to 100; other options are --jsonl, --packs");
            goto out;
        }
    }
    if (optind >= cli->argc) {
        code = cli_usage(cli, "name files to scan, or - for standard input");
        goto out;
    }
    if (open_packs(&run, packs, diag) != ST_OK) {
        code = cli_broken(cli, diag, &run.err);
        goto out;
    }
    for (int i = optind; i < cli->argc; i++) {
        if (scan_file(&run, cli->argv[i]) != ST_OK)
            code = say_failed(&run, cli->argv[i]);
    }
    if (code == CLI_OK && run.found > 0)
        code = CLI_FOUND;
out:
    flt_scanner_free(run.scanner);
    flt_packs_release(run.packs);
    st_buf_fini(&run.out);
    st_diag_free(diag);
    return code;
}
