/* SPDX-License-Identifier: Apache-2.0 */
/* cli - what the sub-commands of `stoa` share: global options, exit codes, output, where the shipped files are. */
#ifndef STOA_CLI_CLI_H
#define STOA_CLI_CLI_H
#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include <stdbool.h>
#include <stdio.h>

/* Exit codes: stable, used by scripts. */
#define CLI_EXITS(X)                                                                        \
    X(OK, 0, "fine")                                                                        \
    X(FOUND, 1, "findings, failed tests or differences; or the machine failed")             \
    X(USAGE, 2, "usage: the words of the call are off, or name a file that cannot be read") \
    X(CONFIG, 3, "a configuration, policy, pack or plugin is not there or is wrong")        \
    X(UNREACHABLE, 4, "no gateway answers")                                                 \
    X(DENIED, 5, "not permitted")                                                           \
    X(INTEGRITY, 6, "integrity violated: stored data is not what was written")
enum {
#define X(id, code, meaning) CLI_##id = (code),
    CLI_EXITS(X)
#undef X
};

struct cli {
    const char *config; /* --config, else $STOA_CONFIG, else /etc/stoa/stoa.yaml */
    const char *lang;   /* "en" or "de" */
    bool is_configured; /* --config was given: not the one from elsewhere */
    bool json;          /* --json: all that a command prints to standard output is JSON */
    const char *usage;  /* of the sub-command, for messages */
    int argc;           /* what follows the sub-command */
    char **argv;        /* argv[0] is the sub-command's last word, as getopt wants it */
};

#define COMMAND(words, function, arguments, summary) int function(struct cli *cli);
#include "cli/commands.def"
#undef COMMAND

/* Prints "stoa: …" and the usage line to stderr; answers CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints one line to stderr and answers `code`. */
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The exit code that says best what went wrong; CLI_FOUND for a failure of the machine. */
int cli_code(const struct st_err *err);
void docs_man(struct st_buf *out); /* stoa(1), as roff */
/* What went wrong, for a line that names the file: the system's words where it is the system's fault. A literal, or
 * until the next call. */
const char *cli_why(const struct st_err *err);
/* Prints the diagnostics (as JSON with --json), or the error when there are none; answers CLI_CONFIG or cli_code. Frees
 * nothing. */
int cli_broken(const struct cli *cli, const struct st_diag *diag, const struct st_err *err);
/* Writes the text of buf and a newline to stdout, emptying it. */
void cli_print(struct st_buf *buf);
/* DIR/share/stoa/NAME beside the program (installed or build tree), in out. */
ST_MUST enum st_rc cli_share(const char *name, char *out, size_t size, struct st_err *err);
struct flt_packs;
struct lp_set;
struct generation;
/* Plugins, adapters and rules of the folder, with the shared modules that ship; NULL: of what ships. Their own tests
 * are run. */
struct lp_bound;
/* bound: a host of somebody's own, as platforms: of stoa.yaml names them; NULL: none. */
ST_MUST enum st_rc cli_plugins(const char *dir, const struct lp_bound *bound, struct lp_set **out, struct st_diag *diag,
                               struct st_err *err);
#define CLI_PACKS_MAX 16u
struct cli_folders { /* --packs, any number of times, and --plugins; NULL where not given */
    const char *packs[CLI_PACKS_MAX + 1], *plugins;
};
bool cli_folders_add(struct cli_folders *folders, const char *packs); /* false: they are too many */
struct cli_detectors {                                                /* owned */
    struct flt_packs *packs;
    struct lp_set *plugins; /* whom the packs ask; NULL: none */
    struct generation *gen; /* NULL: they are from no configuration */
};
/* Packs and plugins of the folders; without --packs the packs that ship, compiled or from the person's cache; with no
 * folder at all, but --config, all of that configuration. End it with cli_detectors_close in any case. */
ST_MUST enum st_rc cli_detectors_open(const struct cli *cli, const struct cli_folders *from, struct cli_detectors *out,
                                      struct st_diag *diag, struct st_err *err);
/* Has a plugin failed since? Then one line each is on stderr: what was found is not all there is. */
bool cli_detectors_said(const struct cli_detectors *detectors);
void cli_detectors_close(struct cli_detectors *detectors);
/* state_dir/audit from stoa.yaml, and the second place of the checkpoints ("" when there is none); answers an exit code
 * after it said what is wrong. */
int cli_audit_dir(const struct cli *cli, char *dir, char *copy, size_t size);
/* Reads a whole file, "-" for standard input, at most limit bytes. */
ST_MUST enum st_rc cli_read(const char *path, size_t limit, struct st_buf *out, struct st_err *err);

struct st_arena;
struct flt_doc;
bool cli_is_packed(struct st_span bytes); /* a document, an archive, or no text at all */
/* The texts of a file: as it is, or taken apart by stoa-extract. They live in the arena, or borrow bytes. */
ST_MUST enum st_rc cli_unpack(struct st_span bytes, struct st_arena *arena, struct flt_doc **out, struct st_err *err);

/* Asks the running gateway {"do":WHAT, …more}; takes over the reference `more` (NULL: nothing more). CLI_OK with the
 * parsed answer in *answer (the caller's reference), or the exit code after a line on stderr. */
int cli_ask(const struct cli *cli, const char *what, json_t *more, json_t **answer);
#endif
