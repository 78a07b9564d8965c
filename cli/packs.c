/* SPDX-License-Identifier: Apache-2.0 */
/* packs - the detectors that offline commands work with: those that ship, a folder of one's own, what plugins bring, or
 * all that a configuration has.
 *
 * --packs DIR (one or more) stands for the packs that ship, --plugins DIR adds the detectors of its plugins with the
 * settings that they have by themselves. --config FILE, where the call says so and names no folder, is what the gateway
 * itself would look for: its packs, and its plugins as they are set there. A default configuration is not looked at, so
 * that a hook finds the same on every machine. Plugins run in their boxes, as in the gateway.
 *
 * Compiling them takes seconds and a hook is run at every commit, so the compiled form is kept where the person's
 * caches are ($XDG_CACHE_HOME/stoa, else ~/.cache/stoa). Without such a folder it is compiled every time.
 */
#include "base/file.h"
#include "base/log.h"
#include "cli/cli.h"
#include "filters/filters.h"
#include "gateway/generation.h"
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

/* false: there is no such folder, and none can be made. */
static bool cache_folder(char *out, size_t size)
{
    const char *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    struct st_err err;

    if (caches != NULL && caches[0] == '/')
        return st_path_join(out, size, caches, "stoa", &err) == ST_OK && st_mkdir_p(out, 0700, &err) == ST_OK;
    return home != NULL && home[0] == '/' && st_path_join(out, size, home, ".cache/stoa", &err) == ST_OK &&
           st_mkdir_p(out, 0700, &err) == ST_OK;
}

enum st_rc cli_plugins(const char *dir, const struct lp_bound *bound, struct lp_set **out, struct st_diag *diag,
                       struct st_err *err)
{
    char shipped[4096], libs[4200];
    const char *dirs[] = { dir, NULL };

    if (cli_share("plugins", shipped, sizeof shipped, err) != ST_OK)
        return ST_ERR;
    (void)snprintf(libs, sizeof libs, "%s/lib", shipped);
    dirs[0] = dir != NULL ? dir : shipped;
    return lp_set_load(&(struct lp_sources){ .dirs = dirs, .libs = libs, .bound = bound, .n_bound = bound != NULL },
                       out, diag, err);
}

static void say_nothing(void *ctx, enum st_event event, const char *line)
{
    (void)ctx, (void)event, (void)line;
}

static enum st_rc open_configured(const struct cli *cli, struct cli_detectors *out, struct st_diag *diag,
                                  struct st_err *err)
{
    if (generation_load(cli->config, 0, &out->gen, diag, err) != ST_OK)
        return ST_ERR;
    out->plugins = lp_set_retain(out->gen->plugins);
    out->packs = flt_packs_retain(pol_set_packs(out->gen->policies));
    st_log_sink(say_nothing, NULL);
    return ST_OK;
}

bool cli_folders_add(struct cli_folders *folders, const char *packs)
{
    size_t n = 0;

    while (n < CLI_PACKS_MAX && folders->packs[n] != NULL)
        n++;
    if (n == CLI_PACKS_MAX)
        return false;
    folders->packs[n] = packs;
    return true;
}

/* What cannot be read is told by the loader. */
static bool may_hold_packs(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool any = dir == NULL;

    while (!any && (entry = readdir(dir)) != NULL)
        any = flt_is_pack_name(entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
    return any;
}

/* A folder without packs finds nothing, and says so nowhere else. */
static enum st_rc check_folders(const struct cli_folders *from, struct st_diag *diag, struct st_err *err)
{
    for (size_t i = 0; from->packs[i] != NULL; i++) {
        if (may_hold_packs(from->packs[i]))
            continue;
        (void)st_diag_add(diag, from->packs[i], 0, 0, "holds no pack; packs are files called NAME.pack.yaml");
        return st_fail(err, ST_E_CONFIG, "cli.packs", "a folder holds no pack", 0);
    }
    return ST_OK;
}

enum st_rc cli_detectors_open(const struct cli *cli, const struct cli_folders *from, struct cli_detectors *out,
                              struct st_diag *diag, struct st_err *err)
{
    const char *dirs[2] = { NULL, NULL };
    char shipped[4096], cache[4096];
    struct flt_sources sources = { .dirs = from->packs[0] != NULL ? from->packs : dirs };

    *out = (struct cli_detectors){ .packs = NULL };
    if (flt_platform_check(err) != ST_OK)
        return ST_ERR;
    if (cli->is_configured && from->packs[0] == NULL && from->plugins == NULL)
        return open_configured(cli, out, diag, err);
    if (check_folders(from, diag, err) != ST_OK)
        return ST_ERR;
    if (from->packs[0] == NULL) {
        if (cli_share("packs", shipped, sizeof shipped, err) != ST_OK)
            return ST_ERR;
        dirs[0] = shipped;
    }
    if (from->plugins != NULL) {
        if (cli_plugins(from->plugins, NULL, &out->plugins, diag, err) != ST_OK)
            return ST_ERR;
        sources.given = lp_detectors(out->plugins, &sources.n_given);
    }
    sources.cache_dir = cache_folder(cache, sizeof cache) ? cache : NULL;
    if (flt_packs_load_all(&sources, &out->packs, diag, err) == ST_OK &&
        (out->plugins == NULL || lp_set_settle(out->plugins, out->packs, err) == ST_OK)) {
        st_log_sink(say_nothing, NULL); /* what a plugin fails at, cli_detectors_said says in one line */
        return ST_OK;
    }
    cli_detectors_close(out);
    return ST_ERR;
}

bool cli_detectors_said(const struct cli_detectors *detectors)
{
    bool has_failed = false;
    struct lp_failure f;

    for (size_t i = 0; detectors->plugins != NULL && i < lp_plugin_count(detectors->plugins); i++) {
        if (!lp_plugin_failed(detectors->plugins, i, &f))
            continue;
        has_failed = true;
        fprintf(stderr, "%s:%u: plugin %s failed %u times: %s; on_failure (%s) stood in for it\n", f.file, f.line,
                f.plugin, f.times, f.why, f.on_failure);
    }
    return has_failed;
}

void cli_detectors_close(struct cli_detectors *detectors)
{
    flt_packs_release(detectors->packs); /* it borrows from the plugins */
    lp_set_release(detectors->plugins);
    generation_release(detectors->gen);
    *detectors = (struct cli_detectors){ .packs = NULL };
}
