/* SPDX-License-Identifier: Apache-2.0 */
/* lua_t - files for a test, written below its own folder, and sets loaded from there. */
#ifndef STOA_TESTS_UNIT_LUA_T_H
#define STOA_TESTS_UNIT_LUA_T_H
#include "plugins.h"
#include "t.h"
#include <errno.h>
#include <sys/stat.h>

/* Writes FOLDER/NAME below a fresh folder per test; name "" removes nothing and answers the folder. */
static const char *lt_dir(const char *test)
{
    static char dir[512];
    static const char *const folders[] = { "", "/platforms", "/detect", "/curation", "/lib" };

    for (size_t i = 0; i < ST_LEN(folders); i++) {
        (void)snprintf(dir, sizeof dir, "%s/%s%s", t_tmpdir(), test, folders[i]);
        T_CHECK(mkdir(dir, 0700) == 0 || errno == EEXIST, "mkdir");
    }
    (void)snprintf(dir, sizeof dir, "%s/%s", t_tmpdir(), test);
    return dir;
}

static void lt_write(const char *dir, const char *name, const char *text)
{
    char path[768];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    T_CHECK(f != NULL, "cannot write %s", path);
    (void)fputs(text, f);
    T_CHECK(fclose(f) == 0, "cannot close %s", path);
}

/* Loads one folder; the diagnostics' texts are in lt_said, one a line. NULL when it did not load. */
static char lt_said[8192];
static struct lp_set *lt_load(const char *dir, const char *const *disable)
{
    const char *const dirs[] = { dir, NULL };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;
    size_t used = 0;

    lt_said[0] = '\0';
    if (lp_set_load(&(struct lp_sources){ .dirs = dirs, .disable = disable }, &set, diag, &err) != ST_OK)
        T_CHECK(err.code == ST_E_CONFIG, "%s: %s", err.where, err.what);
    for (size_t i = 0; i < st_diag_count(diag) && st_diag_at(diag, i) != NULL && used < sizeof lt_said - 1; i++)
        used += (size_t)snprintf(lt_said + used, sizeof lt_said - used, "%u: %s\n", st_diag_at(diag, i)->line,
                                 st_diag_at(diag, i)->text);
    st_diag_free(diag);
    return set;
}
#endif
