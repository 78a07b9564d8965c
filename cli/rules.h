/* SPDX-License-Identifier: Apache-2.0 */
/* rules - what the sub-commands of `stoa rules` share: their options and the packs they name. */
#ifndef STOA_CLI_RULES_H
#define STOA_CLI_RULES_H
#include "cli/cli.h"
#include "filters/filters.h"

struct rules_run {
    struct cli *cli;
    struct cli_detectors detectors; /* owned */
    struct flt_packs *packs;        /* of them; borrowed */
    struct st_buf out;
    const char *pack, *text; /* --pack, --text; NULL when not given */
    char **argv;             /* what follows the options */
    int code;                /* the exit code */
};
/* Reads the options, wants so many words behind them, and loads the packs; false after a line about what is wrong.
 * rules_close in either case. */
bool rules_open(struct cli *cli, int words, struct rules_run *run);
int rules_close(struct rules_run *run); /* answers run->code */
#endif
