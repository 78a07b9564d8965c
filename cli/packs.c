/* SPDX-License-Identifier: Apache-2.0 */
/* packs - the packs that offline commands work with: those that ship, or a folder of one's own.
 *
 * Compiling them takes seconds and a hook is run at every commit, so the compiled form is kept where the person's
 * caches are ($XDG_CACHE_HOME/stoa, else ~/.cache/stoa). Without such a folder it is compiled every time.
 */
#include "base/file.h"
#include "cli/cli.h"
#include "filters/filters.h"
#include <stdlib.h>

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

enum st_rc cli_packs(const char *dir, struct flt_packs **out, struct st_diag *diag, struct st_err *err)
{
    char shipped[4096], cache[4096];
    const char *dirs[2] = { dir, NULL };

    if (dir == NULL) {
        if (cli_share("packs", shipped, sizeof shipped, err) != ST_OK)
            return ST_ERR;
        dirs[0] = shipped;
    }
    if (flt_platform_check(err) != ST_OK)
        return ST_ERR;
    return flt_packs_load(dirs, cache_folder(cache, sizeof cache) ? cache : NULL, out, diag, err);
}
