/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot - copies a whole set of files, so that what was checked is what every process loads, now and after a
 * restart.
 *
 * Folders named in `path` are copied; stoa.yaml is copied with its paths replaced in place, at the line and column
 * where the loader found each scalar, so that comments and line numbers stay. Keys, certificates and state are referred
 * to by their absolute path; those that the file leaves to the default (relative to its folder) become a symbolic link.
 * `origins` beside the copy remembers which file is a copy of what (generation.c reads it).
 */
#include "base/buf.h"
#include "base/diag.h"
#include "gateway/generation.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM  4096
#define FILES_MAX  20000
#define BYTES_MAX  (256u << 20)
#define CONFIG_MAX (4u << 20)
#define DEPTH_MAX  16
#define EDITS_MAX  128

struct edit { /* one scalar of stoa.yaml that is replaced */
    struct st_pos pos;
    const char *found; /* the absolute path that the loader made of it */
    char *to;          /* owned */
};

struct snapshot {
    char config[PATH_ROOM]; /* absolute */
    char folder[PATH_ROOM]; /* of config */
    const char *dir;        /* of the copy */
    FILE *origins;
    struct edit edits[EDITS_MAX];
    size_t n_edits;
    size_t files, bytes;
    struct st_diag *diag;
    struct st_err *err;
};

static enum st_rc broken(struct snapshot *s, const char *file, struct st_pos pos, const char *what)
{
    st_diag_add(s->diag, file, pos.line, pos.col, "%s (%s)", what, strerror(errno));
    return st_fail(s->err, ST_E_CONFIG, "generation.snapshot", "a file cannot be copied", errno);
}

static enum st_rc join(struct snapshot *s, char out[PATH_ROOM], const char *a, const char *b)
{
    if (snprintf(out, PATH_ROOM, "%s/%s", a, b) >= PATH_ROOM)
        return st_fail(s->err, ST_E_LIMIT, "generation.snapshot", "a path is too long", PATH_ROOM);
    return ST_OK;
}

static enum st_rc write_all(struct snapshot *s, const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const uint8_t *at = p;

    if (fd < 0)
        return broken(s, path, (struct st_pos){ 0, 0 }, "cannot be written, check state_dir");
    while (n > 0) {
        ssize_t got = write(fd, at, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            broken(s, path, (struct st_pos){ 0, 0 }, "cannot be written, is the disk full?");
            close(fd);
            return ST_ERR;
        }
        at += got;
        n -= (size_t)got;
    }
    close(fd);
    return ST_OK;
}

/* Reads a regular file within the ceiling; out is the caller's to fini in any case. */
static enum st_rc read_all(struct snapshot *s, const char *path, struct st_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = -1;

    if (fd < 0)
        return broken(s, path, (struct st_pos){ 0, 0 }, "cannot be read");
    for (;;) {
        uint8_t *room = st_buf_room(out, 65536);

        if (room == NULL)
            break;
        got = read(fd, room, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        out->n += (size_t)got;
    }
    close(fd);
    if (out->failed != ST_E_NONE) {
        errno = EFBIG;
        return broken(s, path, (struct st_pos){ 0, 0 }, "is too large to be a file of a policy set");
    }
    return got < 0 ? broken(s, path, (struct st_pos){ 0, 0 }, "cannot be read") : ST_OK;
}

static enum st_rc copy_file(struct snapshot *s, const char *from, const char *to)
{
    struct st_buf text;
    enum st_rc rc;

    if (++s->files > FILES_MAX) {
        errno = EMFILE;
        return broken(s, from, (struct st_pos){ 0, 0 }, "the folders of this configuration hold too many files");
    }
    if (snapshot_is_data(from)) {
        if (snapshot_place(s->dir, from, to, s->err) == ST_OK)
            return ST_OK;
        errno = (int)s->err->num;
        return broken(s, from, (struct st_pos){ 0, 0 }, "cannot be copied to state_dir");
    }
    st_buf_init(&text, BYTES_MAX - s->bytes);
    rc = read_all(s, from, &text);
    if (rc == ST_OK)
        rc = write_all(s, to, text.p, text.n);
    s->bytes += text.n;
    st_buf_fini(&text);
    return rc;
}

static enum st_rc copy_dir(struct snapshot *s, const char *from, const char *to, unsigned depth);

static enum st_rc copy_entry(struct snapshot *s, const char *from, const char *to, unsigned depth)
{
    struct stat st;

    if (stat(from, &st) != 0)
        return broken(s, from, (struct st_pos){ 0, 0 }, "cannot be read");
    if (S_ISDIR(st.st_mode))
        return copy_dir(s, from, to, depth + 1);
    return S_ISREG(st.st_mode) ? copy_file(s, from, to) : ST_OK; /* a socket or device is no part of a set */
}

static enum st_rc copy_dir(struct snapshot *s, const char *from, const char *to, unsigned depth)
{
    enum st_rc rc = ST_OK;
    struct dirent *entry;
    DIR *dir;

    if (depth > DEPTH_MAX) {
        errno = ELOOP;
        return broken(s, from, (struct st_pos){ 0, 0 }, "folders are nested too deeply");
    }
    if (mkdir(to, 0700) != 0 && errno != EEXIST)
        return broken(s, to, (struct st_pos){ 0, 0 }, "cannot be made, check state_dir");
    if ((dir = opendir(from)) == NULL)
        return broken(s, from, (struct st_pos){ 0, 0 }, "cannot be read");
    while (rc == ST_OK && (entry = readdir(dir)) != NULL) {
        char inner_from[PATH_ROOM], inner_to[PATH_ROOM];

        if (entry->d_name[0] == '.') /* hidden: editors' swap files and the like */
            continue;
        rc = join(s, inner_from, from, entry->d_name);
        if (rc == ST_OK)
            rc = join(s, inner_to, to, entry->d_name);
        if (rc == ST_OK)
            rc = copy_entry(s, inner_from, inner_to, depth);
    }
    closedir(dir);
    return rc;
}

/* ---- paths
 * ----------------------------------------------------------------------------------------------------------- */

/* The part of an absolute path below the config's folder; NULL when it is elsewhere. */
static const char *below(const struct snapshot *s, const char *path)
{
    size_t n = strlen(s->folder);

    return strncmp(path, s->folder, n) == 0 && path[n] == '/' && path[n + 1] != '\0' ? path + n + 1 : NULL;
}

static enum st_rc plan_edit(struct snapshot *s, const struct st_str *scalar, const char *to)
{
    struct edit *edit = &s->edits[s->n_edits];

    if (s->n_edits == EDITS_MAX)
        return st_fail(s->err, ST_E_LIMIT, "generation.snapshot", "too many paths", EDITS_MAX);
    *edit = (struct edit){ .pos = scalar->pos, .found = scalar->s, .to = strdup(to) };
    if (edit->to == NULL)
        return st_fail(s->err, ST_E_NOMEM, "generation.snapshot", "path", 0);
    s->n_edits++;
    return ST_OK;
}

static enum st_rc make_parents(struct snapshot *s, char *path)
{
    for (char *slash = strchr(path + strlen(s->dir) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            broken(s, path, (struct st_pos){ 0, 0 }, "cannot be made, check state_dir");
            *slash = '/';
            return ST_ERR;
        }
        *slash = '/';
    }
    return ST_OK;
}

/* A key, a folder of state: the copy refers to it where it is. */
static enum st_rc refer(struct snapshot *s, const struct st_str *scalar)
{
    const char *rest;
    char link[PATH_ROOM];

    if (scalar->s == NULL)
        return ST_OK;
    if (scalar->pos.line > 0)
        return plan_edit(s, scalar, scalar->s);
    if ((rest = below(s, scalar->s)) == NULL)
        return ST_OK; /* an absolute default stays what it is */
    if (join(s, link, s->dir, rest) != ST_OK || make_parents(s, link) != ST_OK)
        return ST_ERR;
    if (symlink(scalar->s, link) != 0 && errno != EEXIST)
        return broken(s, link, (struct st_pos){ 0, 0 }, "cannot be made, check state_dir");
    return ST_OK;
}

static enum st_rc copy_folder(struct snapshot *s, const struct st_str *scalar, const char *name)
{
    char to[PATH_ROOM];
    const char *rest = scalar->pos.line > 0 ? name : below(s, scalar->s);
    struct stat st;

    if (rest == NULL)
        return ST_OK;
    if (stat(scalar->s, &st) != 0 || !S_ISDIR(st.st_mode)) {
        if (scalar->pos.line == 0) /* nobody asked for it */
            return ST_OK;
        st_diag_add(s->diag, s->config, scalar->pos.line, scalar->pos.col,
                    "expected a folder that exists, found \"%.200s\"; make it or correct the path", scalar->s);
        return st_fail(s->err, ST_E_CONFIG, "generation.snapshot", "a folder is missing", errno);
    }
    if (join(s, to, s->dir, rest) != ST_OK || make_parents(s, to) != ST_OK || copy_dir(s, scalar->s, to, 0) != ST_OK)
        return ST_ERR;
    fprintf(s->origins, "%s\t%s\n", rest, scalar->s);
    return scalar->pos.line > 0 ? plan_edit(s, scalar, to) : ST_OK;
}

/* A certificate, a bundle of them: public, so a process that may not enter its folder gets a copy. */
static enum st_rc copy_public(struct snapshot *s, const struct st_str *scalar, const char *name, const char *option)
{
    const char *rest = scalar->s == NULL || scalar->pos.line > 0 ? name : below(s, scalar->s);
    char to[PATH_ROOM];

    if (scalar->s == NULL || rest == NULL)
        return ST_OK;
    if (access(scalar->s, R_OK) != 0) {
        st_diag_add(s->diag, s->config, scalar->pos.line, scalar->pos.col, "%s: %.200s cannot be read (%s); %s", option,
                    scalar->s, strerror(errno), "correct the path, or make it (`stoa setup` makes a CA)");
        return st_fail(s->err, ST_E_CONFIG, "generation.snapshot", "a certificate file cannot be read", errno);
    }
    if (join(s, to, s->dir, rest) != ST_OK || make_parents(s, to) != ST_OK || copy_file(s, scalar->s, to) != ST_OK)
        return ST_ERR;
    fprintf(s->origins, "%s\t%s\n", rest, scalar->s);
    return scalar->pos.line > 0 ? plan_edit(s, scalar, to) : ST_OK;
}

static enum st_rc copy_folders(struct snapshot *s, const struct pol_config *config)
{
    const struct {
        const char *name;
        const struct st_list *list;
    } kinds[] = { { "policies", &config->path.policies },
                  { "packs", &config->path.packs },
                  { "plugins", &config->path.plugins } };

    for (size_t k = 0; k < ST_LEN(kinds); k++)
        for (size_t i = 0; i < kinds[k].list->n; i++) {
            char name[32];

            snprintf(name, sizeof name, "%s-%zu", kinds[k].name, i);
            if (copy_folder(s, &((const struct st_str *)kinds[k].list->items)[i], name) != ST_OK)
                return ST_ERR;
        }
    return ST_OK;
}

static enum st_rc refer_all(struct snapshot *s, const struct pol_config *config)
{
    const struct st_str *const scalars[] = { &config->state_dir, &config->run_dir, &config->ca.key,
                                             &config->audit.checkpoint_copy };

    for (size_t i = 0; i < ST_LEN(scalars); i++)
        if (refer(s, scalars[i]) != ST_OK)
            return ST_ERR;
    for (size_t i = 0; i < config->listen.n; i++) {
        const struct pol_listen *l = (const struct pol_listen *)config->listen.items + i;

        if (refer(s, &l->certificate) != ST_OK || refer(s, &l->key) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

/* ---- stoa.yaml
 * --------------------------------------------------------------------------------------------------------- */

/* Byte offset of line and column (columns count characters, as libyaml does). */
static size_t place(struct st_span text, struct st_pos pos)
{
    size_t at = 0;
    unsigned line = 1, col = 1;

    while (at < text.n && line < pos.line)
        line += text.p[at++] == '\n';
    while (at < text.n && col < pos.col) {
        at++;
        while (at < text.n && (text.p[at] & 0xc0) == 0x80)
            at++;
        col++;
    }
    return at;
}

static size_t quoted_len(struct st_span at)
{
    uint8_t quote = at.p[0];

    for (size_t i = 1; i < at.n; i++) {
        if (quote == '"' && at.p[i] == '\\')
            i++;
        else if (quote == '\'' && at.p[i] == quote && i + 1 < at.n && at.p[i + 1] == quote)
            i++;
        else if (at.p[i] == quote)
            return i + 1;
    }
    return 0;
}

/* Length of the scalar at `at`, which the loader read as `found`; 0 when it is written in a way we do not follow. */
static size_t scalar_len(const struct snapshot *s, struct st_span at, const char *found)
{
    const char *rest = below(s, found);

    if (at.n == 0)
        return 0;
    if (at.p[0] == '"' || at.p[0] == '\'')
        return quoted_len(at);
    if (st_span_starts(at, st_span_str(found)))
        return strlen(found);
    return rest != NULL && st_span_starts(at, st_span_str(rest)) ? strlen(rest) : 0;
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    if (x->pos.line != y->pos.line)
        return x->pos.line < y->pos.line ? -1 : 1;
    return x->pos.col < y->pos.col ? -1 : x->pos.col > y->pos.col;
}

static void put_quoted(struct st_buf *out, const char *path)
{
    st_buf_byte(out, '\'');
    for (; *path != '\0'; path++) {
        if (*path == '\'')
            st_buf_byte(out, '\'');
        st_buf_byte(out, (uint8_t)*path);
    }
    st_buf_byte(out, '\'');
}

static enum st_rc edit_config(struct snapshot *s, struct st_span text, struct st_buf *out)
{
    size_t done = 0;

    qsort(s->edits, s->n_edits, sizeof s->edits[0], by_place);
    for (size_t i = 0; i < s->n_edits; i++) {
        const struct edit *edit = &s->edits[i];
        size_t at = place(text, edit->pos), len = scalar_len(s, st_span_sub(text, at, text.n), edit->found);

        if (len == 0 || at < done) {
            st_diag_add(s->diag, s->config, edit->pos.line, edit->pos.col,
                        "expected a path on one line, plain or in quotes; write it so");
            return st_fail(s->err, ST_E_CONFIG, "generation.snapshot", "a path is written in an unusual way", 0);
        }
        st_buf_span(out, st_span_sub(text, done, at - done));
        put_quoted(out, edit->to);
        done = at + len;
    }
    st_buf_span(out, st_span_sub(text, done, text.n));
    return st_buf_done(out, s->err, "generation.snapshot");
}

static enum st_rc copy_config(struct snapshot *s, const char *to)
{
    struct st_buf text, edited;
    enum st_rc rc;

    st_buf_init(&text, CONFIG_MAX + 65536);
    st_buf_init(&edited, 2 * CONFIG_MAX);
    rc = read_all(s, s->config, &text);
    if (rc == ST_OK)
        rc = edit_config(s, st_buf_view(&text), &edited);
    if (rc == ST_OK)
        rc = write_all(s, to, edited.p, edited.n);
    if (rc == ST_OK)
        fprintf(s->origins, "stoa.yaml\t%s\n", s->config);
    st_buf_fini(&text);
    st_buf_fini(&edited);
    return rc;
}

static enum st_rc open_snapshot(struct snapshot *s, const char *config_path)
{
    char *full = realpath(config_path, NULL), path[PATH_ROOM];
    size_t n;

    if (full == NULL)
        return broken(s, config_path, (struct st_pos){ 0, 0 }, "cannot be read");
    n = strlen(full);
    if (n >= sizeof s->config) {
        free(full);
        return st_fail(s->err, ST_E_LIMIT, "generation.snapshot", "a path is too long", n);
    }
    memcpy(s->config, full, n + 1);
    memcpy(s->folder, full, n + 1);
    free(full);
    *strrchr(s->folder, '/') = '\0';
    if (mkdir(s->dir, 0700) != 0 && errno != EEXIST)
        return broken(s, s->dir, (struct st_pos){ 0, 0 }, "cannot be made, check state_dir");
    if (join(s, path, s->dir, "origins") != ST_OK)
        return ST_ERR;
    if ((s->origins = fopen(path, "we")) == NULL)
        return broken(s, path, (struct st_pos){ 0, 0 }, "cannot be written, check state_dir");
    return ST_OK;
}

enum st_rc generation_snapshot(const char *config_path, const char *dir, char *out, size_t size, struct st_diag *diag,
                               struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    struct st_arena *arena = NULL;
    struct pol_config config;
    struct snapshot *s = calloc(1, sizeof *s);

    if (s == NULL || (arena = st_arena_new(8u << 20)) == NULL) {
        rc = st_fail(err, ST_E_NOMEM, "generation.snapshot", "snapshot", 0);
        goto out;
    }
    s->dir = dir;
    s->diag = diag;
    s->err = err;
    if ((size_t)snprintf(out, size, "%s/stoa.yaml", dir) >= size) {
        rc = st_fail(err, ST_E_LIMIT, "generation.snapshot", "a path is too long", size);
        goto out;
    }
    if (pol_config_load(config_path, arena, &config, diag, err) != ST_OK || open_snapshot(s, config_path) != ST_OK ||
        copy_folders(s, &config) != ST_OK ||
        copy_public(s, &config.ca.certificate, "ca.crt", "ca.certificate") != ST_OK ||
        copy_public(s, &config.upstream.trust, "trust.pem", "upstream.trust") != ST_OK ||
        refer_all(s, &config) != ST_OK || copy_config(s, out) != ST_OK)
        goto out;
    if (fflush(s->origins) != 0) {
        rc = broken(s, dir, (struct st_pos){ 0, 0 }, "cannot be written, is the disk full?");
        goto out;
    }
    rc = ST_OK;
out:
    if (s != NULL) {
        if (s->origins != NULL)
            fclose(s->origins);
        for (size_t i = 0; i < s->n_edits; i++)
            free(s->edits[i].to);
    }
    st_arena_free(arena);
    free(s);
    return rc;
}
