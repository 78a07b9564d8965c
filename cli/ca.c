/* SPDX-License-Identifier: Apache-2.0 */
/* ca - `stoa ca show` and `stoa ca export`: the certificate for trust stores; the key is never read here. */
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "cli/cli.h"
#include "gateway/tls_facts.h"
#include "policies/policies.h"
#include <stdlib.h>
#include <string.h>

#define PEM_MAX (64u << 10)

/* The configured certificate as PEM in *pem, its path in path. */
static int read_ca(const struct cli *cli, char *path, size_t size, struct st_buf *pem)
{
    struct st_arena *arena = st_arena_new(4u << 20);
    struct st_diag *diag = st_diag_new();
    struct pol_config config;
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    if (arena == NULL || pol_config_load(cli->config, arena, &config, diag, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
    } else {
        snprintf(path, size, "%s", config.ca.certificate.s);
        if (st_file_read(path, PEM_MAX, pem, &err) != ST_OK)
            code = cli_fail(CLI_CONFIG, "%s: %s; `stoa setup` makes a CA", path, cli_why(&err));
    }
    st_diag_free(diag);
    st_arena_free(arena);
    return code;
}

static void print_plain(const char *path, const struct tls_facts *facts, const char *fingerprint)
{
    char from[25], until[25];

    st_clock_rfc3339(facts->from_ms, from, sizeof from);
    st_clock_rfc3339(facts->until_ms, until, sizeof until);
    printf("file:         %s\nsubject:      %s\nSHA-256:      %s\nvalid from:   %s\nvalid until:  %s\n", path,
           facts->subject, fingerprint, from, until);
}

static void print_json(const char *path, const struct tls_facts *facts, const char *fingerprint)
{
    char from[25], until[25];
    struct st_buf out;
    struct st_json w;

    st_clock_rfc3339(facts->from_ms, from, sizeof from);
    st_clock_rfc3339(facts->until_ms, until, sizeof until);
    st_buf_init(&out, 65536);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_str(&w, "file", path);
    st_json_str(&w, "subject", facts->subject);
    st_json_str(&w, "sha256", fingerprint);
    st_json_str(&w, "valid_from", from);
    st_json_str(&w, "valid_until", until);
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

/* As browsers show it: AA:BB:… */
static void with_colons(const uint8_t digest[ST_SHA256_LEN], char *out)
{
    for (size_t i = 0; i < ST_SHA256_LEN; i++)
        snprintf(out + 3 * i, 4, "%02X%s", digest[i], i + 1 < ST_SHA256_LEN ? ":" : "");
}

int cmd_ca_show(struct cli *cli)
{
    char path[4096], fingerprint[3 * ST_SHA256_LEN + 1];
    struct tls_facts facts;
    struct st_err err = ST_ERR_INIT;
    struct st_buf pem;
    int code;

    if (cli->argc != 1)
        return cli_usage(cli, "show takes no argument");
    st_buf_init(&pem, PEM_MAX);
    if ((code = read_ca(cli, path, sizeof path, &pem)) != CLI_OK)
        goto out;
    if (tls_facts_read(st_buf_view(&pem), &facts, &err) != ST_OK) {
        code = cli_fail(CLI_CONFIG, "%s: %s", path, err.what);
        goto out;
    }
    with_colons(facts.sha256, fingerprint);
    if (cli->json)
        print_json(path, &facts, fingerprint);
    else
        print_plain(path, &facts, fingerprint);
out:
    st_buf_fini(&pem);
    return code;
}

static void print_exported(const char *path, const struct st_buf *pem)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 4 * PEM_MAX);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_str(&w, "file", path);
    st_json_span(&w, "pem", st_buf_view(pem));
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

int cmd_ca_export(struct cli *cli)
{
    struct st_err err = ST_ERR_INIT;
    char path[4096];
    struct st_buf pem;
    int code;

    if (cli->argc > 2 || (cli->argc == 2 && cli->argv[1][0] == '-'))
        return cli_usage(cli, "name at most one file; without one the certificate goes to standard output");
    st_buf_init(&pem, PEM_MAX);
    if ((code = read_ca(cli, path, sizeof path, &pem)) != CLI_OK)
        goto out;
    if (cli->argc == 2 && st_file_write_atomic(cli->argv[1], st_buf_view(&pem), 0644, &err) != ST_OK)
        code = cli_fail(cli_code(&err), "%s: %s", cli->argv[1], cli_why(&err));
    else if (cli->json)
        print_exported(cli->argc == 2 ? cli->argv[1] : NULL, &pem);
    else if (cli->argc == 1)
        fwrite(pem.p, 1, pem.n, stdout);
out:
    st_buf_fini(&pem);
    return code;
}
