/* SPDX-License-Identifier: Apache-2.0 */
/* edm - `stoa edm build` and `stoa edm check`: the customer's table as a file of keyed hashes.
 *
 * The builder is the only one that sees the table; it runs where the table is, and what leaves is the file and, on
 * another way, its key. Nothing of a value is printed, in either command.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "cli/cli.h"
#include "filters/own.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define STOP_BYTES (4u << 20)

struct edm_options {
    const char *columns, *key_file, *stop, *out, *separator;
    bool is_latin1;
};

static bool read_options(struct cli *cli, struct edm_options *o)
{
    static const struct option options[] = { { "columns", required_argument, NULL, 'c' },
                                             { "key-file", required_argument, NULL, 'k' },
                                             { "stop", required_argument, NULL, 's' },
                                             { "output", required_argument, NULL, 'o' },
                                             { "separator", required_argument, NULL, 'S' },
                                             { "latin1", no_argument, NULL, 'l' },
                                             { NULL, 0, NULL, 0 } };
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "o:", options, NULL)) != -1) {
        switch (option) {
        case 'c': o->columns = optarg; break;
        case 'k': o->key_file = optarg; break;
        case 's': o->stop = optarg; break;
        case 'o': o->out = optarg; break;
        case 'S': o->separator = strcmp(optarg, "tab") == 0 ? "\t" : optarg; break;
        case 'l': o->is_latin1 = true; break;
        default: return false;
        }
    }
    return true;
}

static void print_built(const struct cli *cli, const char *out, const struct flt_rows_told *told, const char *new_key)
{
    struct st_buf buf;
    struct st_json w;

    if (!cli->json) {
        printf("%s: %" PRIu64 " rows, %" PRIu64 " values, %" PRIu64 " left out (empty, too short or a stop value)\n",
               out, told->rows, told->cells, told->stopped);
        if (new_key != NULL)
            printf("%s: a new key; keep it apart from the file, and safe: without it the file finds nothing\n",
                   new_key);
        return;
    }
    st_buf_init(&buf, 65536);
    st_json_init(&w, &buf);
    st_json_object(&w, NULL);
    st_json_str(&w, "file", out);
    st_json_int(&w, "rows", (int64_t)told->rows);
    st_json_int(&w, "values", (int64_t)told->cells);
    st_json_int(&w, "left_out", (int64_t)told->stopped);
    st_json_bool(&w, "new_key", new_key != NULL);
    st_json_end(&w);
    cli_print(&buf);
    st_buf_fini(&buf);
}

static int build(struct cli *cli, const struct edm_options *o, const char *csv, struct flt_rows_plan *plan)
{
    bool is_stdin = strcmp(csv, "-") == 0, is_new = false;
    int fd = is_stdin ? STDIN_FILENO : open(csv, O_RDONLY | O_CLOEXEC);
    struct flt_rows_told told;
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    if (fd < 0)
        return cli_fail(CLI_USAGE, "%s: %s", csv, strerror(errno));
    if (flt_own_key_make(o->key_file, &plan->key, &is_new, plan->diag, &err) != ST_OK ||
        flt_rows_build(plan, fd, o->out, &told, &err) != ST_OK)
        code = cli_broken(cli, plan->diag, &err);
    else
        print_built(cli, o->out, &told, is_new ? o->key_file : NULL);
    if (!is_stdin)
        close(fd);
    return code;
}

int cmd_edm_build(struct cli *cli)
{
    struct edm_options o = { .columns = NULL };
    struct flt_rows_plan plan = { .diag = st_diag_new() };
    struct st_err err = ST_ERR_INIT;
    struct st_buf stop;
    int code;

    st_buf_init(&stop, STOP_BYTES + 65536);
    if (!read_options(cli, &o) || optind + 1 != cli->argc || o.columns == NULL || o.key_file == NULL || o.out == NULL)
        code = cli_usage(cli, "name the columns, the key's file, the CSV (or -) and the file to make");
    else if (o.separator != NULL && strlen(o.separator) != 1)
        code = cli_usage(cli, "--separator is one character, or tab");
    else if (o.stop != NULL && cli_read(o.stop, STOP_BYTES, &stop, &err) != ST_OK)
        code = cli_fail(CLI_USAGE, "%s: %s", o.stop, cli_why(&err));
    else {
        plan.columns = o.columns;
        plan.source = cli->argv[optind];
        plan.separator = o.separator != NULL ? (uint8_t)o.separator[0] : 0;
        plan.is_latin1 = o.is_latin1;
        plan.stop = st_buf_view(&stop);
        code = build(cli, &o, cli->argv[optind], &plan);
    }
    st_wipe(&plan.key, sizeof plan.key);
    st_buf_fini(&stop);
    st_diag_free(plan.diag);
    return code;
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static void print_facts(const char *path, const struct flt_own_table *table)
{
    struct flt_own_facts f;
    struct flt_own_names column;
    char built[25];

    flt_own_facts(table, &f);
    st_clock_rfc3339(f.built_ms, built, sizeof built);
    printf("file:     %s, %" PRIu64 " bytes, whole\nbuilt:    %s\nrows:     %" PRIu64 "\n", path, f.bytes, built,
           f.rows);
    for (size_t i = 0; flt_own_name(table, i, &column); i++)
        printf("column:   %s, %s, %" PRIu64 " values\n", column.name, column.type, column.cells);
    printf("values:   %" PRIu64 ", %" PRIu64 " different\n", f.cells, f.values);
    printf("expected: %.1e false matches of a single value in a million words\n", f.false_per_million);
}

static void json_facts(struct st_json *w, const char *path, const struct flt_own_table *table)
{
    struct flt_own_facts f;
    struct flt_own_names column;
    char built[25];

    flt_own_facts(table, &f);
    st_clock_rfc3339(f.built_ms, built, sizeof built);
    st_json_str(w, "file", path);
    st_json_int(w, "bytes", (int64_t)f.bytes);
    st_json_str(w, "built", built);
    st_json_int(w, "rows", (int64_t)f.rows);
    st_json_int(w, "values", (int64_t)f.cells);
    st_json_int(w, "different", (int64_t)f.values);
    st_json_array(w, "columns");
    for (size_t i = 0; flt_own_name(table, i, &column); i++) {
        st_json_object(w, NULL);
        st_json_str(w, "name", column.name);
        st_json_str(w, "type", column.type);
        st_json_int(w, "values", (int64_t)column.cells);
        st_json_end(w);
    }
    st_json_end(w);
}

/* In which columns, and in how many rows, each value stands; answers how many stand somewhere. */
static size_t look_up(const struct cli *cli, const struct flt_own_table *table, const struct flt_own_key *key,
                      struct st_json *w)
{
    struct flt_own_names column;
    size_t found = 0;

    for (int i = optind + 1; i < cli->argc; i++) {
        size_t columns = 0;

        for (size_t c = 0; flt_own_name(table, c, &column); c++) {
            uint64_t rows = flt_own_rows_of(table, key, st_span_str(cli->argv[i]), c);

            if (rows == 0)
                continue;
            columns++;
            if (w == NULL) {
                printf("value %d:  %s, %" PRIu64 " rows\n", i - optind, column.name, rows);
                continue;
            }
            st_json_object(w, NULL);
            st_json_int(w, "value", i - optind);
            st_json_str(w, "column", column.name);
            st_json_int(w, "rows", (int64_t)rows);
            st_json_end(w);
        }
        if (columns == 0 && w == NULL)
            printf("value %d:  in no row\n", i - optind);
        found += columns > 0;
    }
    return found;
}

static size_t print_check(const struct cli *cli, const struct flt_own_table *table, const struct flt_own_key *key)
{
    struct st_buf buf;
    struct st_json w;
    size_t found;

    if (!cli->json) {
        print_facts(cli->argv[optind], table);
        return look_up(cli, table, key, NULL);
    }
    st_buf_init(&buf, 1u << 20);
    st_json_init(&w, &buf);
    st_json_object(&w, NULL);
    json_facts(&w, cli->argv[optind], table);
    st_json_array(&w, "found");
    found = look_up(cli, table, key, &w);
    st_json_end(&w);
    st_json_end(&w);
    cli_print(&buf);
    st_buf_fini(&buf);
    return found;
}

int cmd_edm_check(struct cli *cli)
{
    struct edm_options o = { .columns = NULL };
    struct flt_own_table *table = NULL;
    struct flt_own_key key = { .bytes = { 0 } };
    struct st_diag *diag = st_diag_new();
    struct flt_own_facts facts;
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    if (!read_options(cli, &o) || optind >= cli->argc || (optind + 1 < cli->argc && o.key_file == NULL)) {
        code = cli_usage(cli, "name the file, and with --key-file values to look up");
        goto out;
    }
    if (flt_own_open(cli->argv[optind], &table, diag, &err) != ST_OK ||
        (o.key_file != NULL && flt_own_key_read(o.key_file, true, &key, diag, &err) != ST_OK)) {
        code = cli_broken(cli, diag, &err);
        goto out;
    }
    flt_own_facts(table, &facts);
    if (facts.is_copies)
        code = cli_fail(CLI_USAGE, "%s holds fingerprints; use `stoa fingerprint check`", cli->argv[optind]);
    else if (o.key_file != NULL && !flt_own_key_fits(table, &key))
        code = cli_fail(CLI_CONFIG, "%s was built with another key than %s", cli->argv[optind], o.key_file);
    else if (print_check(cli, table, &key) > 0)
        code = CLI_FOUND;
out:
    st_wipe(&key, sizeof key);
    flt_own_close(table);
    st_diag_free(diag);
    return code;
}
