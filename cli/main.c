/* SPDX-License-Identifier: Apache-2.0 */
/* main - `stoa`, everything that is not the daemon: one table of sub-commands, a few global options, exit codes.
 *
 * Commands work offline on files, or ask the running gateway through its control socket. Plain text by default, --json
 * for programs. The table is cli/commands.def; --help is made from it.
 */
#include "base/file.h"
#include "cli/cli.h"
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

static void help(FILE *to)
{
    fputs("usage: stoa [--config FILE] [--json] [--lang en|de] COMMAND …\n\n", to);
    for (size_t i = 0; i < ST_LEN(commands); i++)
        fprintf(to, "  stoa %s %s\n      %s\n", commands[i].words, commands[i].arguments, commands[i].summary);
    fputs("\nExit codes: 0 fine, 1 findings or differences, 2 usage, 3 invalid configuration, 4 gateway unreachable,\n"
          "5 not permitted, 6 integrity violated.\n",
          to);
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
    for (size_t i = 0; i < st_diag_count(diag) && st_diag_at(diag, i) != NULL; i++) {
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

int cli_broken(const struct cli *cli, const struct st_diag *diag, const struct st_err *err)
{
    bool by_person = err->code == ST_E_CONFIG || (diag != NULL && st_diag_count(diag) > 0);

    if (cli->json)
        broken_json(diag, err);
    else if (diag != NULL && st_diag_count(diag) > 0)
        st_diag_print(diag, stderr);
    else if (err->code == ST_E_IO)
        fprintf(stderr, "stoa: %s: %s: %s\n", err->where, err->what, strerror((int)err->num));
    else
        fprintf(stderr, "stoa: %s: %s\n", err->where, err->what);
    return by_person ? CLI_CONFIG : CLI_FOUND;
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
    if (strcmp(path, "-") != 0)
        return st_file_read(path, limit, out, err);
    for (;;) {
        uint8_t *room = st_buf_room(out, 65536);
        ssize_t n;

        if (room == NULL || out->n > limit)
            return st_fail(err, ST_E_LIMIT, "cli.read", "standard input is too long", (int64_t)limit);
        n = read(STDIN_FILENO, room, 65536);
        if (n < 0)
            return st_fail(err, ST_E_IO, "cli.read", "standard input", 0);
        if (n == 0)
            return ST_OK;
        out->n += (size_t)n;
    }
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

static int run(struct cli *cli, int argc, char **argv)
{
    char usage[256];

    for (size_t i = 0; i < ST_LEN(commands); i++) {
        int words = matches(&commands[i], argc, argv);

        if (words == 0)
            continue;
        snprintf(usage, sizeof usage, "%s %s", commands[i].words, commands[i].arguments);
        cli->usage = usage;
        cli->argc = argc - words + 1;
        cli->argv = argv + words - 1;
        if (cli->argc > 1 && strcmp(cli->argv[1], "--help") == 0) {
            printf("usage: stoa %s\n    %s\n", usage, commands[i].summary);
            return CLI_OK;
        }
        return commands[i].fn(cli);
    }
    const char *known[ST_LEN(commands)];
    for (size_t i = 0; i < ST_LEN(commands); i++)
        known[i] = commands[i].words;
    const char *near = st_diag_nearest(argv[0], known, ST_LEN(known));
    if (near != NULL)
        return cli_fail(CLI_USAGE, "unknown command; did you mean `stoa %s`? `stoa --help` lists all", near);
    return cli_fail(CLI_USAGE, "unknown command; `stoa --help` lists all");
}

/* The global options may stand before the command. Answers how many words they took, or -1. */
static int global_options(struct cli *cli, int argc, char **argv)
{
    int i = 1;

    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            cli->json = true;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            cli->config = argv[++i];
        else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            cli->lang = argv[++i];
        else
            return -1;
    }
    return strcmp(cli->lang, "en") == 0 || strcmp(cli->lang, "de") == 0 ? i : -1;
}

int main(int argc, char **argv)
{
    struct cli cli = { .config = getenv("STOA_CONFIG"), .lang = "en" };
    int taken;

    if (cli.config == NULL)
        cli.config = "/etc/stoa/stoa.yaml";
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        help(stdout);
        return CLI_OK;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("stoa %s\n", STOA_VERSION);
        return CLI_OK;
    }
    taken = global_options(&cli, argc, argv);
    if (taken < 0 || taken >= argc) {
        help(stderr);
        return CLI_USAGE;
    }
    return run(&cli, argc - taken, argv + taken);
}
