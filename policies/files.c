/* SPDX-License-Identifier: Apache-2.0 */
/* files - which files make up a set: every `*suffix` of the named folders, in an order that does not depend on the
 * file system, since the first of two equally strict rules is the one that explains a verdict.
 *
 * Folders keep the order of stoa.yaml, files the order of their names; hidden files (an editor's leftovers) are not
 * read. The same folder named twice shows up as policies that are there twice.
 */
#include "base/file.h"
#include "policies/set.h"
#include <stdio.h>
#include <string.h>

struct listing {
    struct st_arena *arena;
    const char *folder;
    const char **paths; /* room for POL_FILES_MAX and the final NULL */
    size_t n;
    bool is_full;
};

static enum st_rc add_file(void *ctx, const char *name, struct st_err *err)
{
    struct listing *l = ctx;
    size_t size = strlen(l->folder) + 1 + strlen(name) + 1;
    char *path;

    if (l->n == POL_FILES_MAX) {
        l->is_full = true;
        return st_fail(err, ST_E_CONFIG, "policies.files", "too many files", POL_FILES_MAX);
    }
    if ((path = st_arena_alloc(l->arena, size)) == NULL)
        return st_arena_fail(l->arena, err, "policies.files");
    snprintf(path, size, "%s/%s", l->folder, name);
    l->paths[l->n++] = path;
    return ST_OK;
}

static enum st_rc add_folder(struct listing *l, const struct st_str *folder, const char *suffix, struct st_diag *diag,
                             struct st_err *err)
{
    l->folder = folder->s;
    if (st_dir_list(folder->s, suffix, add_file, l, err) == ST_OK)
        return ST_OK;
    if (l->is_full)
        st_diag_add(diag, folder->s, 0, 0, "expected at most %d files in all folders, found more", POL_FILES_MAX);
    if (err->code != ST_E_IO)
        return ST_ERR;
    st_diag_add(diag, folder->s, 0, 0,
                "expected a folder, but it cannot be read (%s); make it, or correct `path` in stoa.yaml",
                strerror((int)err->num));
    return st_fail(err, ST_E_CONFIG, "policies.files", "a folder cannot be read", err->num);
}

enum st_rc pol_files(const struct st_list *dirs, const char *suffix, struct st_arena *arena, const char ***out,
                     struct st_diag *diag, struct st_err *err)
{
    struct listing l = { .arena = arena };

    if ((l.paths = st_arena_alloc(arena, (POL_FILES_MAX + 1) * sizeof *l.paths)) == NULL)
        return st_arena_fail(arena, err, "policies.files");
    for (size_t i = 0; i < dirs->n; i++)
        if (add_folder(&l, pol_str(dirs, i), suffix, diag, err) != ST_OK)
            return ST_ERR;
    *out = l.paths;
    return ST_OK;
}
