/* SPDX-License-Identifier: Apache-2.0 */
/* main - `stoa`, everything that is not the daemon: one table of sub-commands, a few global options, exit codes.
 *
 * Commands work offline on files, or ask the running gateway through its control socket. Plain text by default, --json
 * for programs; the global options may stand anywhere. The table is cli/commands.def; --help is made from it.
 */
#include "base/file.h"
#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
    const char *words;
    int (*fn)(struct cli *cli);
    const char *arguments, *summary;
};
static const struct command commands[] = {
#define COMMAND(words, function, arguments, summary) { words, function, arguments, summary },
#include "cli/commands.def"
#undef COMMAND
};

/* All commands, or those of a group ("audit"). */
static void list(FILE *to, const char *group)
{
    size_t n = strlen(group);

    for (size_t i = 0; i < ST_LEN(commands); i++)
        if (n == 0 || (strncmp(commands[i].words, group, n) == 0 && commands[i].words[n] == ' '))
            fprintf(to, "  stoa %s%s%s\n      %s\n", commands[i].words, commands[i].arguments[0] != '\0' ? " " : "",
                    commands[i].arguments, commands[i].summary);
}

static void help(FILE *to)
{
    fputs("usage: stoa [--config FILE] [--json] [--lang en|de] COMMAND …\n\n", to);
    list(to, "");
    fputs("\nGlobal options may stand anywhere: --config FILE (else $STOA_CONFIG, else /etc/stoa/stoa.yaml), --json,\n"
          "--lang de for what is said to people in their language: names of detectors, messages of policies.\n"
          "Exit codes:\n",
          to);
#define X(id, code, meaning) fprintf(to, "  %d  %s\n", code, meaning);
    CLI_EXITS(X)
#undef X
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("stoa: ", stderr);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nusage: stoa %s\n", cli->usage);
    return CLI_USAGE;
}

int cli_fail(int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("stoa: ", stderr);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

static void broken_json(const struct st_diag *diag, const struct st_err *err)
{
    struct st_buf buf;
    struct st_json w;

    st_buf_init(&buf, 1u << 20);
    st_json_init(&w, &buf);
    st_json_object(&w, NULL);
    st_json_str(&w, "error", st_e_name(err->code));
    st_json_array(&w, "problems");
    for (size_t i = 0; diag != NULL && i < st_diag_count(diag) && st_diag_at(diag, i) != NULL; i++) {
        const struct st_diag_item *item = st_diag_at(diag, i);

        st_json_object(&w, NULL);
        st_json_str(&w, "file", item->file);
        st_json_int(&w, "line", item->line);
        st_json_int(&w, "column", item->col);
        st_json_str(&w, "problem", item->text);
        st_json_end(&w);
    }
    st_json_end(&w);
    st_json_end(&w);
    cli_print(&buf);
    st_buf_fini(&buf);
}

int cli_code(const struct st_err *err)
{
    if (err->code == ST_E_CONFIG)
        return CLI_CONFIG;
    if (err->code == ST_E_INTEGRITY)
        return CLI_INTEGRITY;
    if (err->code == ST_E_DENIED || (err->code == ST_E_IO && (err->num == EACCES || err->num == EPERM)))
        return CLI_DENIED;
    return CLI_FOUND;
}

const char *cli_why(const struct st_err *err)
{
    return err->code == ST_E_IO ? strerror((int)err->num) : err->what;
}

int cli_broken(const struct cli *cli, const struct st_diag *diag, const struct st_err *err)
{
    bool by_person = diag != NULL && st_diag_count(diag) > 0 && err->code != ST_E_INTEGRITY;

    if (cli->json)
        broken_json(diag, err);
    else if (diag != NULL && st_diag_count(diag) > 0)
        st_diag_print(diag, stderr);
    else if (err->code == ST_E_IO)
        fprintf(stderr, "stoa: %s: %s: %s\n", err->where, err->what, strerror((int)err->num));
    else
        fprintf(stderr, "stoa: %s: %s\n", err->where, err->what);
    return by_person ? CLI_CONFIG : cli_code(err);
}

void cli_print(struct st_buf *buf)
{
    struct st_span text = st_buf_view(buf);

    fwrite(text.p, 1, text.n, stdout);
    fputc('\n', stdout);
    st_buf_reset(buf);
}

enum st_rc cli_share(const char *name, char *out, size_t size, struct st_err *err)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    char *slash;

    if (n <= 0)
        return st_fail(err, ST_E_IO, "cli.share", "cannot tell where this program is", 0);
    exe[n] = '\0';
    for (int up = 0; up < 2; up++) /* PREFIX/bin/stoa */
        if ((slash = strrchr(exe, '/')) != NULL)
            *slash = '\0';
    n = snprintf(out, size, "%s/share/stoa/%s", exe, name);
    if (n < 0 || (size_t)n >= size)
        return st_fail(err, ST_E_LIMIT, "cli.share", "the path is too long", n);
    if (access(out, R_OK) != 0)
        return st_fail(err, ST_E_CONFIG, "cli.share",
                       "the shipped files are not beside the program; install Stoa again", 0);
    return ST_OK;
}

enum st_rc cli_read(const char *path, size_t limit, struct st_buf *out, struct st_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC); /* also a pipe: stoa scan <(command) */
    enum st_rc rc = ST_AGAIN;

    if (fd < 0)
        return st_fail(err, ST_E_IO, "cli.read", "the file cannot be opened", errno);
    while (rc == ST_AGAIN) {
        uint8_t *room = st_buf_room(out, 65536);
        ssize_t n = room != NULL ? read(fd, room, 65536) : 0;

        if (room == NULL || out->n > limit)
            rc = st_fail(err, ST_E_LIMIT, "cli.read", "it is too long", (int64_t)limit);
        else if (n < 0)
            rc = st_fail(err, ST_E_IO, "cli.read", "it cannot be read", errno);
        else if (n == 0)
            rc = ST_OK;
        else
            out->n += (size_t)n;
    }
    if (!is_stdin)
        close(fd);
    return rc;
}

/* How many of argv's words the command's words take; 0 when they are not it. */
static int matches(const struct command *command, int argc, char **argv)
{
    const char *space = strchr(command->words, ' ');

    if (space == NULL)
        return argc > 0 && strcmp(argv[0], command->words) == 0 ? 1 : 0;
    if (argc < 2 || strncmp(argv[0], command->words, (size_t)(space - command->words)) != 0 ||
        argv[0][space - command->words] != '\0')
        return 0;
    return strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool is_group(const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i < ST_LEN(commands); i++)
        if (strncmp(commands[i].words, word, n) == 0 && commands[i].words[n] == ' ')
            return true;
    return false;
}

/* The first word, or two, are no command. */
static int unknown(int argc, char **argv)
{
    const char *known[ST_LEN(commands)], *near;
    char words[128];

    for (size_t i = 0; i < ST_LEN(commands); i++)
        known[i] = commands[i].words;
    snprintf(words, sizeof words, "%s%s%s", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    near = st_diag_nearest(words, known, ST_LEN(known));
    if (near == NULL)
        near = st_diag_nearest(argv[0], known, ST_LEN(known));
    if (near != NULL)
        return cli_fail(CLI_USAGE, "unknown command; did you mean `stoa %s`? `stoa --help` lists all", near);
    if (!is_group(argv[0]))
        return cli_fail(CLI_USAGE, "unknown command; `stoa --help` lists all");
    fprintf(stderr, "stoa: `stoa %s` is %s; there is\n", words, argc > 1 ? "no command" : "a group of commands");
    list(stderr, argv[0]);
    return CLI_USAGE;
}

static int run(struct cli *cli, int argc, char **argv)
{
    char usage[256];

    for (size_t i = 0; i < ST_LEN(commands); i++) {
        int words = matches(&commands[i], argc, argv);

        if (words == 0)
            continue;
        snprintf(usage, sizeof usage, "%s%s%s", commands[i].words, commands[i].arguments[0] != '\0' ? " " : "",
                 commands[i].arguments);
        cli->usage = usage;
        cli->argc = argc - words + 1;
        cli->argv = argv + words - 1;
        for (int k = 1; k < cli->argc && strcmp(cli->argv[k], "--") != 0; k++)
            if (is_help(cli->argv[k])) {
                printf("usage: stoa %s\n    %s\n", usage, commands[i].summary);
                return CLI_OK;
            }
        return commands[i].fn(cli);
    }
    if (argc > 1 && is_group(argv[0]) && is_help(argv[1])) {
        list(stdout, argv[0]);
        return CLI_OK;
    }
    return unknown(argc, argv);
}

/* Takes the global options out of argv, wherever they stand before a "--". Answers CLI_OK, or CLI_USAGE after a line.
 */
static int global_options(struct cli *cli, int *argc, char **argv)
{
    int kept = 1, i = 1;

    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        const char **to = NULL;

        if (strcmp(argv[i], "--json") == 0) {
            cli->json = true;
            continue;
        }
        if (strcmp(argv[i], "--config") == 0) {
            to = &cli->config;
            cli->is_configured = true;
        } else if (strcmp(argv[i], "--lang") == 0) {
            to = &cli->lang;
        }
        if (to == NULL) {
            argv[kept++] = argv[i];
            continue;
        }
        if (i + 1 == *argc)
            return cli_fail(CLI_USAGE, "%s needs a value; see `stoa --help`", argv[i]);
        *to = argv[++i];
    }
    while (i < *argc)
        argv[kept++] = argv[i++];
    argv[kept] = NULL;
    *argc = kept;
    if (strcmp(cli->lang, "en") != 0 && strcmp(cli->lang, "de") != 0)
        return cli_fail(CLI_USAGE, "--lang is en or de");
    return CLI_OK;
}

/* What could not be written was not said: a full disk must not look like a clean scan. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    if (errno != EPIPE) /* the reader has seen enough */
        fprintf(stderr, "stoa: standard output: %s\n", strerror(errno));
    return code == CLI_OK ? CLI_FOUND : code;
}

int main(int argc, char **argv)
{
    struct cli cli = { .config = getenv("STOA_CONFIG"), .lang = "en" };
    int code;

    if (cli.config == NULL)
        cli.config = "/etc/stoa/stoa.yaml";
    opterr = 0; /* wrong options are told by cli_usage */
    if ((code = global_options(&cli, &argc, argv)) != CLI_OK)
        return code;
    if (argc < 2) {
        help(stderr);
        return CLI_USAGE;
    }
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
        help(stdout);
    else if (strcmp(argv[1], "--version") == 0)
        printf("stoa %s\n", STOA_VERSION);
    else if (argv[1][0] == '-')
        code = cli_fail(CLI_USAGE, "unknown option; `stoa --help` lists all");
    else
        code = run(&cli, argc - 1, argv + 1);
    return finish(code);
}
