/* SPDX-License-Identifier: Apache-2.0 */
/* curate - what the files of `stoa curate` share. */
#ifndef STOA_CLI_CURATE_H
#define STOA_CLI_CURATE_H
#include "cli/cli.h"
#include "lua-plugins/plugins.h"

/* The rules of a folder (NULL: of the configuration, or where there is none those that ship); the caller's reference.
 */
ST_MUST enum st_rc curate_load(const struct cli *cli, const char *dir, struct lp_set **out, struct st_diag *diag,
                               struct st_err *err);
/* `stoa curate run --recorded`: what the rules of dir say of every resource in the record log. rule: NULL, or the one
 * whose answers are told one by one. An exit code. */
int curate_recorded(struct cli *cli, const char *dir, const char *rule);

/* Advice on every rule of the set; platforms that ship are known, beside those of the set. */
void curate_advise(const struct lp_set *set, lp_advice_f *fn, void *ctx);

struct curate_export {
    const char *dir;       /* of plugins and rules, as above; NULL */
    const char *to;        /* the recipient, an IRI */
    const char *recording; /* NULL: what the running gateway keeps of who opted in */
    uint64_t from;         /* record to begin with; 0: the first */
    bool is_exact;         /* times to the millisecond; false: the day */
};
/* `stoa curate export --format xapi`: prints a JSON array of statements. An exit code. */
int curate_xapi(struct cli *cli, const struct curate_export *how);
#endif
