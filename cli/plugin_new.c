/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_new - `stoa plugin new`: a file to start from, with tests that pass as made.
 *
 * The templates are files that ship (share/stoa/plugins/templates), so a site reads them, too; "owner.name" in one
 * becomes the name that was asked for. Nothing is overwritten.
 */
#include "base/arena.h"
#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACEHOLDER  ST_SPAN("owner.name")
#define TEMPLATE_MAX ((size_t)64 << 10)

static const struct template
{
    const char *name, *folder, *ending;
}
templates[] = {
    { "coach", "detect", ".lua" },      { "detector", "detect", ".lua" }, { "curate", "curation", ".curate.lua" },
    { "adapter", "platforms", ".lua" }, { "export", "detect", ".lua" },
};

static const struct template *find(const char *name)
{
    for (size_t i = 0; i < ST_LEN(templates); i++)
        if (name != NULL && strcmp(templates[i].name, name) == 0)
            return &templates[i];
    return NULL;
}

/* The template with the name in the places for it. */
static enum st_rc read_template(const struct template *t, const char *name, struct st_buf *out, struct st_err *err)
{
    char path[4096], relative[64];
    struct st_buf text;
    struct st_span rest;
    size_t at;
    enum st_rc rc;

    (void)snprintf(relative, sizeof relative, "plugins/templates/%s%s", t->name, t->ending);
    st_buf_init(&text, TEMPLATE_MAX + 65536);
    rc = cli_share(relative, path, sizeof path, err);
    if (rc == ST_OK)
        rc = cli_read(path, TEMPLATE_MAX, &text, err);
    for (rest = st_buf_view(&text); (at = st_span_find(rest, PLACEHOLDER)) != ST_SPAN_NPOS;) {
        st_buf_span(out, st_span_sub(rest, 0, at));
        st_buf_str(out, name);
        rest = st_span_sub(rest, at + PLACEHOLDER.n, rest.n);
    }
    st_buf_span(out, rest);
    st_buf_fini(&text);
    return rc == ST_OK ? st_buf_done(out, err, "cli.plugin") : rc;
}

static int write_new(const char *path, const struct st_buf *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    ssize_t n;

    if (fd < 0)
        return cli_fail(CLI_USAGE,
                        errno == EEXIST ? "%s is there already; remove it, or take another name"
                                        : "%s cannot be written; is the folder yours?",
                        path);
    n = write(fd, text->p, text->n);
    if (close(fd) != 0 || n != (ssize_t)text->n)
        return cli_fail(CLI_FOUND, "%s could not be written whole", path);
    return CLI_OK;
}

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._");

    return n > 0 && n < 60 && name[n] == '\0' && name[0] != '.' && name[0] != '-';
}

static int make(const struct cli *cli, const struct template *t, const char *dir, const char *name)
{
    struct st_err err = ST_ERR_INIT;
    char folder[2048], path[4096];
    struct st_buf text;
    int n = snprintf(folder, sizeof folder, "%s/%s", dir, t->folder), code;

    if (n < 0 || (size_t)n >= sizeof folder)
        return cli_usage(cli, "the path is too long");
    (void)snprintf(path, sizeof path, "%s/%s%s", folder, name, t->ending);
    st_buf_init(&text, TEMPLATE_MAX);
    if (read_template(t, name, &text, &err) != ST_OK) {
        code = cli_broken(cli, NULL, &err);
    } else if ((mkdir(dir, 0755) != 0 && errno != EEXIST) || (mkdir(folder, 0755) != 0 && errno != EEXIST)) {
        code = cli_fail(CLI_USAGE, "%s: this folder cannot be made: %s", folder, strerror(errno));
    } else if ((code = write_new(path, &text)) == CLI_OK && cli->json) {
        struct st_json w;

        st_buf_reset(&text);
        st_json_init(&w, &text);
        st_json_object(&w, NULL);
        st_json_str(&w, "file", path);
        st_json_end(&w);
        cli_print(&text);
    } else if (code == CLI_OK) {
        printf("%s: made; try `stoa plugin test --plugins %s`\n", path, dir);
    }
    st_buf_fini(&text);
    return code;
}

int cmd_plugin_new(struct cli *cli)
{
    static const struct option options[] = { { "template", required_argument, NULL, 't' },
                                             { "plugins", required_argument, NULL, 'p' },
                                             { NULL, 0, NULL, 0 } };
    const char *dir = "plugins", *kind = NULL, *name;
    const struct template *t;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        if (option == 't')
            kind = optarg;
        else if (option == 'p')
            dir = optarg;
        else
            return cli_usage(cli, "options are --template, --plugins");
    }
    if ((t = find(kind)) == NULL)
        return cli_usage(cli, "--template is detector, coach, curate, adapter or export");
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "give it one name, such as acme.embargo");
    name = cli->argv[optind];
    if (!is_name(name))
        return cli_usage(cli, "a name is lower-case letters, digits and -._ and begins with a letter or digit");
    if (strcmp(t->folder, "detect") == 0 && strchr(name, '.') == NULL)
        return cli_usage(cli, "a plugin's name is owner.name, such as acme.embargo");
    return make(cli, t, dir, name);
}
