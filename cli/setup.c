/* SPDX-License-Identifier: Apache-2.0 */
/* setup - `stoa setup DIR`: a CA of this installation's own and a configuration that opens nothing but what the shipped
 * policies name. Files that exist are kept, so the command may be run again.
 */
#include "base/file.h"
#include "cli/cli.h"
#include "gateway/tls_ca.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config_text[] =
    "# Stoa's configuration. `stoa check` says what is wrong with it; docs/configuration.md explains every option.\n"
    "version: 1\n"
    "listen:\n"
    "  - address: \"127.0.0.1:3128\"   # browsers use this as their HTTP and HTTPS proxy\n"
    "state_dir: state                # records, keys, generations\n"
    "run_dir: run                    # the control socket\n"
    "ca:\n"
    "  certificate: ca/ca.crt        # give this one to the browsers: stoa ca export\n"
    "  key: ca/ca.key                # stays here\n"
    "path:\n"
    "  policies: [\"%s\", policy.d]\n"
    "  packs: [\"%s\"]\n"
    "  plugins: [\"%s\"]\n";

static const char policy_text[] = "# Hosts of your own choice that Stoa may open, besides the platforms it knows. To "
                                  "use it, take .example off its name.\n"
                                  "version: 1\n"
                                  "policy: own-hosts\n"
                                  "owner: security@example.com\n"
                                  "description: Forums and wikis our people learn on.\n"
                                  "applies_to:\n"
                                  "  hosts: [forum.example.com]    # exact names, or \"*.example.com\"\n"
                                  "inspect:\n"
                                  "  open: true\n";

static enum st_rc exists(const char *path)
{
    return access(path, F_OK) == 0 ? ST_OK : ST_ERR;
}

static enum st_rc make_ca(const char *dir, struct st_err *err)
{
    char folder[4096], cert[4096], key[4096], host[128] = "this machine", name[256];

    if (st_path_join(folder, sizeof folder, dir, "ca", err) != ST_OK ||
        st_path_join(cert, sizeof cert, folder, "ca.crt", err) != ST_OK ||
        st_path_join(key, sizeof key, folder, "ca.key", err) != ST_OK || st_mkdir_p(folder, 0700, err) != ST_OK)
        return ST_ERR;
    if (exists(cert) == ST_OK && exists(key) == ST_OK)
        return ST_OK;
    (void)gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "Stoa CA of %s", host);
    return tls_ca_create(name, cert, key, err);
}

/* Written once; an existing file is the operator's. */
static enum st_rc write_once(const char *dir, const char *name, const struct st_buf *text, struct st_err *err)
{
    char path[4096];

    if (st_buf_done(text, err, "cli.setup") != ST_OK || st_path_join(path, sizeof path, dir, name, err) != ST_OK)
        return ST_ERR;
    if (exists(path) == ST_OK)
        return ST_OK;
    return st_file_write_atomic(path, st_buf_view(text), 0640, err);
}

static enum st_rc make_files(const char *dir, struct st_err *err)
{
    char policies[4096], packs[4096], plugins[4096], folder[4096];
    enum st_rc rc = ST_ERR;
    struct st_buf text;

    st_buf_init(&text, 65536);
    if (cli_share("policies", policies, sizeof policies, err) != ST_OK ||
        cli_share("packs", packs, sizeof packs, err) != ST_OK ||
        cli_share("plugins", plugins, sizeof plugins, err) != ST_OK)
        goto out;
    st_buf_fmt(&text, config_text, policies, packs, plugins);
    if (write_once(dir, "stoa.yaml", &text, err) != ST_OK ||
        st_path_join(folder, sizeof folder, dir, "policy.d", err) != ST_OK || st_mkdir_p(folder, 0750, err) != ST_OK)
        goto out;
    st_buf_reset(&text);
    st_buf_str(&text, policy_text);
    rc = write_once(folder, "own-hosts.policy.yaml.example", &text, err);
out:
    st_buf_fini(&text);
    return rc;
}

static int print_json(const char *dir, bool ca_only)
{
    struct st_buf out;
    struct st_json w;
    char path[4096];

    st_buf_init(&out, 65536);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    snprintf(path, sizeof path, "%s/stoa.yaml", dir);
    st_json_str(&w, "config", ca_only ? NULL : path);
    snprintf(path, sizeof path, "%s/ca/ca.crt", dir);
    st_json_str(&w, "ca", path);
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
    return CLI_OK;
}

int cmd_setup(struct cli *cli)
{
    bool ca_only = cli->argc == 3 && strcmp(cli->argv[1], "--ca-only") == 0;
    const char *dir = cli->argv[cli->argc - 1];
    struct st_err err = ST_ERR_INIT;

    if ((cli->argc != 2 && !ca_only) || dir[0] == '-')
        return cli_usage(cli, "name the folder that shall hold configuration, CA and records");
    if (st_mkdir_p(dir, 0750, &err) != ST_OK || make_ca(dir, &err) != ST_OK ||
        (!ca_only && make_files(dir, &err) != ST_OK))
        return cli_fail(cli_code(&err), "%s: %s%s%s", dir, err.what, err.code == ST_E_IO ? ": " : "",
                        err.code == ST_E_IO ? strerror((int)err.num) : "");
    if (cli->json)
        return print_json(dir, ca_only);
    if (!ca_only)
        printf("%s/stoa.yaml and %s/ca/ca.crt are ready; start with: stoad --config %s/stoa.yaml\n", dir, dir, dir);
    return CLI_OK;
}
