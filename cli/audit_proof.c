/* SPDX-License-Identifier: Apache-2.0 */
/* audit_proof - `stoa audit prove` and `stoa audit check-proof`: one record, or the growth of the log, for a stranger.
 *
 * Proving needs the log's files and nothing else; checking needs the proof and checkpoint.pub, which the stranger
 * should have from where the copies of the checkpoints are. Neither shows anything of a record.
 */
#include "audit/audit.h"
#include "cli/cli.h"
#include <getopt.h>
#include <string.h>

#define PROOF_MAX 65536u

static void print_proof(const struct cli *cli, struct st_buf *proof)
{
    struct st_buf out;
    struct st_json w;

    if (!cli->json) {
        fwrite(proof->p, 1, proof->n, stdout);
        return;
    }
    st_buf_init(&out, 2 * PROOF_MAX);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_span(&w, "proof", st_buf_view(proof));
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

int cmd_audit_prove(struct cli *cli)
{
    static const struct option options[] = { { "checkpoint", required_argument, NULL, 'c' },
                                             { "since", required_argument, NULL, 's' },
                                             { NULL, 0, NULL, 0 } };
    struct aud_claim claim = { .record = NULL };
    struct st_diag *diag = NULL;
    struct st_err err = ST_ERR_INIT;
    char dir[4096], copy[4096];
    struct st_buf proof;
    int code, option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        uint64_t *to = option == 'c' ? &claim.size : &claim.since;

        if (option == '?' || !st_span_u64(st_span_str(optarg), to) || *to == 0)
            return cli_usage(cli, "--checkpoint and --since take the number of records that a checkpoint has");
    }
    if (optind + (claim.since == 0) != cli->argc)
        return cli_usage(cli, "name one record by its number or id, or a checkpoint with --since");
    claim.record = claim.since == 0 ? cli->argv[optind] : NULL;
    if ((code = cli_audit_dir(cli, dir, copy, sizeof dir)) != CLI_OK)
        return code;
    diag = st_diag_new();
    st_buf_init(&proof, PROOF_MAX);
    if (aud_prove(dir, &claim, &proof, diag, &err) == ST_OK)
        print_proof(cli, &proof);
    else
        code = cli_broken(cli, diag, &err);
    st_buf_fini(&proof);
    st_diag_free(diag);
    return code;
}

/* ---- checking -------------------------------------------------------------------------------------------------- */

static void say_proven(const struct aud_proven *proven)
{
    unsigned long long size = proven->size;

    if (proven->seq > 0)
        printf("holds: record %llu is in the log %s of %llu records\nleaf %s\nroot %s\n",
               (unsigned long long)proven->seq, proven->origin, size, proven->leaf, proven->root);
    else
        printf("holds: the log %s of %llu records begins with the %llu that were signed before\nroot %s\n",
               proven->origin, size, (unsigned long long)proven->since, proven->root);
}

static void print_proven(const struct cli *cli, const struct aud_proven *proven, bool holds)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, PROOF_MAX);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "holds", holds);
    if (holds) {
        st_json_str(&w, "origin", proven->origin);
        st_json_int(&w, "records", (int64_t)proven->size);
        st_json_str(&w, "root", proven->root);
        if (proven->seq > 0) {
            st_json_int(&w, "record", (int64_t)proven->seq);
            st_json_str(&w, "leaf", proven->leaf);
        } else {
            st_json_int(&w, "since", (int64_t)proven->since);
        }
    }
    st_json_end(&w);
    if (cli->json)
        cli_print(&out);
    else if (holds)
        say_proven(proven);
    else
        printf("does not hold: it was changed, or is signed by another key\n");
    st_buf_fini(&out);
}

int cmd_audit_check_proof(struct cli *cli)
{
    static const struct option options[] = { { "key", required_argument, NULL, 'k' }, { NULL, 0, NULL, 0 } };
    struct aud_proven proven = { 0 };
    struct st_err err = ST_ERR_INIT;
    char dir[4096], copy[4096], path[8192];
    const char *key = NULL;
    struct st_buf proof;
    int code = CLI_OK, option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option != 'k')
            return cli_usage(cli, "the only option is --key");
        key = optarg;
    }
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one file with a proof, or - for standard input");
    if (key == NULL) {
        if ((code = cli_audit_dir(cli, dir, copy, sizeof dir)) != CLI_OK)
            return code;
        (void)snprintf(path, sizeof path, *copy != '\0' ? "%s/checkpoint.pub" : "%s/keys/checkpoint.pub",
                       *copy != '\0' ? copy : dir);
        key = path;
    }
    st_buf_init(&proof, 2 * PROOF_MAX + 65536); /* cli_read makes room before it knows the end */
    if (cli_read(cli->argv[optind], PROOF_MAX, &proof, &err) != ST_OK ||
        aud_proof_check(st_buf_view(&proof), key, &proven, &err) != ST_OK)
        code = err.code == ST_E_INTEGRITY ? CLI_INTEGRITY : cli_broken(cli, NULL, &err);
    if (code == CLI_OK || code == CLI_INTEGRITY)
        print_proven(cli, &proven, code == CLI_OK);
    st_buf_fini(&proof);
    return code;
}
