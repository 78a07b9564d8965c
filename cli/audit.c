/* SPDX-License-Identifier: Apache-2.0 */
/* audit - `stoa audit tail` and `stoa audit verify` read the record log's files, without the gateway; details about a
 * person stay sealed there: to read those the recorder must be asked (`stoa audit read`), which leaves a record.
 *
 * `stoa audit rebuild` is the one that writes, and only where no recorder does: it takes as long as the log is, and a
 * recorder that does not answer meanwhile would stop everybody's exchanges.
 */
#include "audit/audit.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "policies/policies.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int load_config(const struct cli *cli, struct st_arena *arena, struct pol_config *config)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    if (arena == NULL || pol_config_load(cli->config, arena, config, diag, &err) != ST_OK)
        code = cli_broken(cli, diag, &err);
    st_diag_free(diag);
    return code;
}

int cli_audit_dir(const struct cli *cli, char *dir, char *copy, size_t size)
{
    struct st_arena *arena = st_arena_new(4u << 20);
    struct pol_config config;
    int code = load_config(cli, arena, &config);

    if (code == CLI_OK) {
        snprintf(dir, size, "%s/audit", config.state_dir.s);
        snprintf(copy, size, "%s", config.audit.checkpoint_copy.s != NULL ? config.audit.checkpoint_copy.s : "");
    }
    st_arena_free(arena);
    return code;
}

struct tail {
    const struct cli *cli;
    struct st_buf out;
};

static bool print_record(void *ctx, const struct aud_record *record)
{
    struct tail *tail = ctx;
    struct st_json w;
    char stamp[25];

    st_clock_rfc3339(record->wall_ms, stamp, sizeof stamp);
    if (!tail->cli->json) {
        printf("%8llu  %s  %-10s  %-18s  %s  %.*s\n", (unsigned long long)record->seq, stamp,
               aud_kind_name(record->kind), *record->pseudonym != '\0' ? record->pseudonym : "-", record->subject,
               (int)record->details.n, (const char *)record->details.p);
        return true;
    }
    st_json_init(&w, &tail->out);
    st_json_object(&w, NULL);
    st_json_int(&w, "seq", (int64_t)record->seq);
    st_json_str(&w, "time", stamp);
    st_json_str(&w, "kind", aud_kind_name(record->kind));
    st_json_str(&w, "person", *record->pseudonym != '\0' ? record->pseudonym : NULL);
    st_json_str(&w, "subject", record->subject);
    if (record->details.n > 0)
        st_json_raw(&w, "details", record->details);
    st_json_end(&w);
    cli_print(&tail->out);
    return true;
}

static int kind_by_name(const char *name)
{
    static const enum aud_kind kinds[] = {
#define X(id, text) AUD_##id,
        AUD_KINDS(X)
#undef X
    };

    for (size_t i = 0; i < ST_LEN(kinds); i++)
        if (strcmp(aud_kind_name(kinds[i]), name) == 0)
            return (int)kinds[i];
    return -1;
}

int cmd_audit_tail(struct cli *cli)
{
    struct aud_filter filter = { .last = 20, .kind = -1 };
    struct tail tail = { .cli = cli };
    struct st_diag *diag = NULL;
    struct st_err err = ST_ERR_INIT;
    char dir[4096], copy[4096];
    static const struct option options[] = { { "kind", required_argument, NULL, 'k' }, { NULL, 0, NULL, 0 } };
    int code, option;

    while ((option = getopt_long(cli->argc, cli->argv, "n:", options, NULL)) != -1) {
        if (option == 'n' && st_span_u64(st_span_str(optarg), &filter.last))
            continue;
        else if (option == 'k' && (filter.kind = kind_by_name(optarg)) >= 0)
            continue;
        else
            return cli_usage(cli, "-n takes a number; kinds are decision, learning, resource, consent, access, "
                                  "erasure, generation, system");
    }
    if (optind != cli->argc)
        return cli_usage(cli, "tail takes options only");
    if ((code = cli_audit_dir(cli, dir, copy, sizeof dir)) == CLI_OK) {
        diag = st_diag_new();
        st_buf_init(&tail.out, 1u << 20);
        if (aud_read(dir, &filter, print_record, &tail, diag, &err) != ST_OK)
            code = cli_broken(cli, diag, &err);
        st_buf_fini(&tail.out);
    }
    st_diag_free(diag);
    return code;
}

static void print_verdict(const struct cli *cli, const struct aud_verdict *verdict)
{
    struct st_buf out;
    struct st_json w;

    if (!cli->json && verdict->problem == NULL) {
        printf("clean: %llu records, %llu checkpoints, root %s\n", (unsigned long long)verdict->records,
               (unsigned long long)verdict->checkpoints, verdict->root);
        return;
    }
    if (!cli->json) {
        if (verdict->bad_seq > 0)
            printf("record %llu is not what was written: %s\n", (unsigned long long)verdict->bad_seq, verdict->problem);
        else
            printf("the log is not what was written: %s\n", verdict->problem);
        return;
    }
    st_buf_init(&out, 65536);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "clean", verdict->problem == NULL);
    st_json_int(&w, "records", (int64_t)verdict->records);
    st_json_int(&w, "checkpoints", (int64_t)verdict->checkpoints);
    st_json_int(&w, "first_bad_record", (int64_t)verdict->bad_seq);
    st_json_str(&w, "problem", verdict->problem);
    st_json_str(&w, "root", verdict->root);
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

int cmd_audit_verify(struct cli *cli)
{
    struct aud_verdict verdict = { 0 };
    struct st_diag *diag = NULL;
    struct st_err err = ST_ERR_INIT;
    char dir[4096], copy[4096];
    int code = cli_audit_dir(cli, dir, copy, sizeof dir);
    enum st_rc rc;

    if (code != CLI_OK)
        return code;
    if (cli->argc == 3 && strcmp(cli->argv[1], "--checkpoints") == 0)
        snprintf(copy, sizeof copy, "%s", cli->argv[2]);
    else if (cli->argc != 1)
        return cli_usage(cli, "verify takes no argument but --checkpoints DIR");
    diag = st_diag_new();
    rc = aud_verify(dir, *copy != '\0' ? copy : NULL, &verdict, diag, &err);
    if (rc == ST_OK || err.code == ST_E_INTEGRITY)
        print_verdict(cli, &verdict);
    if (rc != ST_OK)
        code = err.code == ST_E_INTEGRITY ? CLI_INTEGRITY : cli_broken(cli, diag, &err);
    st_diag_free(diag);
    return code;
}

static void print_opened(const struct cli *cli, const json_t *record)
{
    json_t *details = json_object_get(record, "details");
    char *text = json_dumps(cli->json ? record : details, JSON_COMPACT | JSON_ENCODE_ANY);
    char stamp[25];

    st_clock_rfc3339(json_integer_value(json_object_get(record, "wall_ms")), stamp, sizeof stamp);
    if (cli->json)
        printf("%s\n", text != NULL ? text : "{}");
    else
        printf("%8lld  %s  %-10s  %s  %s\n", (long long)json_integer_value(json_object_get(record, "seq")), stamp,
               json_string_value(json_object_get(record, "kind")),
               json_string_value(json_object_get(record, "subject")), text != NULL ? text : "");
    free(text);
}

/* The gateway answers in pages; each page leaves its own record of access. */
static int read_pages(struct cli *cli, const char *person, const char *reason)
{
    json_int_t from = 0;
    json_t *answer, *record;
    size_t i;
    int code;

    do {
        code = cli_ask(cli, "read", json_pack("{s:s,s:s,s:I}", "person", person, "reason", reason, "from_seq", from),
                       &answer);
        if (code != CLI_OK)
            return code;
        json_array_foreach(json_object_get(answer, "records"), i, record) print_opened(cli, record);
        from = json_integer_value(json_object_get(answer, "next_seq"));
        json_decref(answer);
    } while (from > 0);
    return CLI_OK;
}

int cmd_audit_read(struct cli *cli)
{
    static const struct option options[] = { { "reason", required_argument, NULL, 'r' }, { NULL, 0, NULL, 0 } };
    const char *reason = NULL;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 'r')
            reason = optarg;
        else
            return cli_usage(cli, "the only option is --reason");
    }
    if (reason == NULL || optind + 1 != cli->argc)
        return cli_usage(cli, "name one person, and the reason for looking as an id: --reason incident-17");
    return read_pages(cli, cli->argv[optind], reason);
}

/* A log that is there, and whose files stay those of the user that the gateway runs as. */
static enum st_rc is_rebuildable(const char *dir, struct st_diag *diag, struct st_err *err)
{
    char path[4096];
    struct stat st;

    if (st_path_join(path, sizeof path, dir, "stoa.db", err) != ST_OK)
        return ST_ERR;
    if (stat(path, &st) != 0) {
        st_diag_add(diag, path, 0, 0, "%s; check state_dir, the gateway makes it when it starts", strerror(errno));
        return st_fail(err, ST_E_CONFIG, "audit.rebuild", "there is no record log", errno);
    }
    if (st.st_uid != geteuid()) {
        st_diag_add(diag, path, 0, 0, "belongs to the user with the number %u; run this as that user", st.st_uid);
        return st_fail(err, ST_E_CONFIG, "audit.rebuild", "the record log is another user's", 0);
    }
    return ST_OK;
}

static enum st_rc rebuild(const struct pol_config *config, struct st_diag *diag, struct st_err *err)
{
    struct aud_options options = { .checkpoint_ms = config->audit.checkpoint_ms,
                                   .checkpoint_records = config->audit.checkpoint_records,
                                   .retention_ms = config->audit.retention_ms };
    struct aud_store *store = NULL;
    char dir[4096];
    enum st_rc rc;

    if (st_path_join(dir, sizeof dir, config->state_dir.s, "audit", err) != ST_OK ||
        is_rebuildable(dir, diag, err) != ST_OK)
        return ST_ERR;
    options.dir = dir;
    if (aud_open(&options, &store, diag, err) != ST_OK)
        return ST_ERR;
    rc = aud_rebuild(store, err);
    aud_close(store);
    return rc;
}

int cmd_audit_rebuild(struct cli *cli)
{
    struct st_arena *arena;
    struct st_diag *diag;
    struct pol_config config;
    struct st_err err = ST_ERR_INIT;
    int code;

    if (cli->argc != 1)
        return cli_usage(cli, "it takes no argument");
    arena = st_arena_new(4u << 20);
    diag = st_diag_new();
    if ((code = load_config(cli, arena, &config)) == CLI_OK) {
        if (rebuild(&config, diag, &err) != ST_OK)
            code = cli_broken(cli, diag, &err);
        else
            printf(cli->json ? "{\"ok\":true}\n"
                             : "consent, resources and learning were made anew from the record log\n");
    }
    st_diag_free(diag);
    st_arena_free(arena);
    return code;
}
