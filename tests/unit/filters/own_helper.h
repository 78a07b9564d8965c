/* SPDX-License-Identifier: Apache-2.0 */
/* own_helper - files of own data and packs over them, for the tests of who makes, reads and finds by them. */
#ifndef STOA_TESTS_OWN_HELPER_H
#define STOA_TESTS_OWN_HELPER_H
#include "base/file.h"
#include "filters/filters.h"
#include "filters/own.h"
#include "t.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path in the test's folder; the last four stay. */
static const char *own_path(const char *name)
{
    static char paths[4][700];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", t_tmpdir(), name);
    return path;
}

static void own_write(const char *path, const void *bytes, size_t n, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && fchmod(fd, mode) == 0);
    close(fd);
}

static int own_text_fd(const char *text)
{
    int fd = memfd_create("text", 0);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static const struct flt_own_key own_key = { .bytes = "0123456789abcdef" };

static enum st_rc own_rows(const char *columns, const char *csv, const char *stop, const char *to,
                           struct flt_rows_told *told, struct st_diag *diag)
{
    struct flt_rows_plan plan = {
        .columns = columns, .key = own_key, .source = "c.csv", .stop = st_span_str(stop), .diag = diag
    };
    int fd = own_text_fd(csv);
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = flt_rows_build(&plan, fd, to, told, &err);

    close(fd);
    return rc;
}

/* A folder with a pack of one rule; `what` is its rows or copies. */
static enum st_rc own_pack(const char *find, const char *what, struct flt_packs **out, struct st_diag *diag)
{
    char text[2000], dir[700];
    const char *dirs[] = { dir, NULL };
    struct st_err err = ST_ERR_INIT;

    (void)snprintf(dir, sizeof dir, "%s", t_tmpdir());
    (void)snprintf(text, sizeof text,
                   "pack: house\nversion: 1.0.0\nlicence: LicenseRef-house\nrules:\n"
                   "  - id: house.own\n    title: Own\n    severity: critical\n    mask: \"[own]\"\n    find: %s\n"
                   "    %s: { %s }\n    confidence: { base: 90 }\n",
                   find, find, what);
    own_write(own_path("house.pack.yaml"), text, strlen(text), 0600);
    own_write(own_path("own.key"), "30313233343536373839616263646566\n", 33, 0600);
    return flt_packs_load(dirs, NULL, out, diag, &err);
}

/* Scans a message of these fields (up to the first NULL); answers how many findings, copied to `out` (4 at most). */
static size_t own_scan(struct flt_packs *packs, const char *const *texts, struct flt_finding *out)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    struct flt_scanner *scanner = NULL;
    struct flt_field fields[4] = { 0 };
    struct flt_doc doc = { .fields = fields };
    struct st_err err = ST_ERR_INIT;
    struct flt_findings found;
    size_t n;

    for (; doc.n < ST_LEN(fields) && texts[doc.n] != NULL; doc.n++)
        fields[doc.n].text = st_span_str(texts[doc.n]);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    T_OK(flt_scan(scanner, arena, &doc, &found, NULL, &err), err);
    n = found.n;
    for (size_t i = 0; i < n && i < 4; i++)
        out[i] = found.items[i];
    flt_scanner_free(scanner);
    st_arena_free(arena);
    return n;
}
#endif
