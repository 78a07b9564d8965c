/* SPDX-License-Identifier: Apache-2.0 */
/* scan - the one door to Hyperscan (or Vectorscan).
 *
 * Compiling some hundred expressions takes a second, so the compiled form is kept on disk. Its name is a SHA-256 over
 * everything it depends on: the expressions, the library's version and the CPU features; a database made by another
 * library or CPU must not be loaded and so is never found. The file begins with a digest of what follows: a torn or
 * altered file is compiled anew, not trusted. Then come the widths of the expressions, since measuring them takes as
 * long as all the rest of a load from the cache. A database is immutable and shared; a scratch belongs to one scanner.
 */
#include "filters/scan.h"
#include "base/buf.h"
#include "base/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <hs/hs.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scan_db {
    hs_database_t *hs; /* owned; NULL when there was no expression */
    unsigned *widths;  /* owned; of each expression */
    size_t n;
    bool was_cached;
};
struct scan_scratch {
    hs_scratch_t *hs; /* owned */
};

#define CACHE_LIMIT (64u * 1024u * 1024u)

enum st_rc scan_platform(struct st_err *err)
{
    if (hs_valid_platform() != HS_SUCCESS)
        return st_fail(err, ST_E_UNSUPPORTED, "scan.platform",
                       "this CPU lacks the instructions the scanner needs (SSSE3, with Vectorscan SSE4.2)", 0);
    return ST_OK;
}

static unsigned flags_of(const struct scan_expr *expr)
{
    return (expr->is_caseless ? HS_FLAG_CASELESS : 0u) | (expr->has_start ? HS_FLAG_SOM_LEFTMOST : 0u);
}

/* A literal goes through the ordinary compiler as \xHH: the literal API has bugs in Hyperscan 5.4.0. */
static enum st_rc text_of(const struct scan_expr *expr, struct st_buf *out, struct st_err *err)
{
    if (expr->is_literal)
        for (const char *p = expr->pattern; *p != '\0'; p++)
            st_buf_fmt(out, "\\x%02x", (unsigned)(uint8_t)*p);
    else
        st_buf_str(out, expr->pattern);
    st_buf_byte(out, 0);
    return st_buf_done(out, err, "scan.compile");
}

enum st_rc scan_measure(const struct scan_expr *expr, unsigned *width, char *why, size_t why_size, struct st_err *err)
{
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *bad = NULL;
    bool is_empty;

    if (hs_expression_info(expr->pattern, flags_of(expr), &info, &bad) != HS_SUCCESS) {
        (void)snprintf(why, why_size, "%s", bad != NULL ? bad->message : "out of memory");
        (void)hs_free_compile_error(bad);
        return st_fail(err, ST_E_CONFIG, "scan.compile", "the pattern does not compile", 0);
    }
    *width = info->max_width;
    is_empty = info->min_width == 0;
    free(info);
    if (!is_empty)
        return ST_OK;
    (void)snprintf(why, why_size, "it matches where nothing stands, which is everywhere");
    return st_fail(err, ST_E_CONFIG, "scan.compile", "the pattern matches everywhere", 0);
}

/* ---- the cache ---------------------------------------------------------------------------------------------- */

static enum st_rc cache_name(const struct scan_expr *exprs, size_t n, const char *dir, char *out, size_t size,
                             struct st_err *err)
{
    uint8_t digest[ST_SHA256_LEN];
    char hex[2 * ST_SHA256_LEN];
    hs_platform_info_t cpu;
    struct st_buf buf;
    struct st_span all;
    enum st_rc rc = ST_ERR;

    st_buf_init(&buf, 16u * 1024u * 1024u);
    memset(&cpu, 0, sizeof cpu);
    (void)hs_populate_platform(&cpu);
    st_buf_fmt(&buf, "stoa-hs 2 block|%s|%u|%llu|", hs_version(), cpu.tune, cpu.cpu_features);
    for (size_t i = 0; i < n; i++)
        st_buf_fmt(&buf, "%u|%d%d%s|%zu|%s|", exprs[i].id, exprs[i].is_caseless, exprs[i].is_literal,
                   exprs[i].has_start ? "s" : "", strlen(exprs[i].pattern), exprs[i].pattern);
    if (st_buf_done(&buf, err, "scan.cache") != ST_OK)
        goto out;
    all = st_buf_view(&buf);
    if (st_sha256(&all, 1, digest, err) != ST_OK)
        goto out;
    (void)st_hex(st_span(digest, sizeof digest), hex);
    if ((size_t)snprintf(out, size, "%s/%.32s.hsdb", dir, hex) >= size)
        rc = st_fail(err, ST_E_CONFIG, "scan.cache", "the path is too long", 0);
    else
        rc = ST_OK;
out:
    st_buf_fini(&buf);
    return rc;
}

static bool read_all(int fd, uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, p, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *data, size_t n)
{
    const uint8_t *p = data;

    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

/* A cache never fails a load: whatever is wrong with the file, db->hs stays NULL, and that means compile. */
static void cache_read(struct scan_db *db, const char *path)
{
    uint8_t digest[ST_SHA256_LEN], *all = NULL;
    size_t head = ST_SHA256_LEN + db->n * sizeof *db->widths;
    struct st_span content;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= (off_t)head || st.st_size > CACHE_LIMIT)
        goto out;
    if ((all = malloc((size_t)st.st_size)) == NULL || !read_all(fd, all, (size_t)st.st_size))
        goto out;
    content = st_span(all + ST_SHA256_LEN, (size_t)st.st_size - ST_SHA256_LEN);
    if (st_sha256(&content, 1, digest, NULL) != ST_OK || memcmp(digest, all, sizeof digest) != 0)
        goto out;
    if (hs_deserialize_database((const char *)all + head, (size_t)st.st_size - head, &db->hs) != HS_SUCCESS)
        db->hs = NULL;
    memcpy(db->widths, content.p, db->n * sizeof *db->widths);
out:
    free(all);
    (void)close(fd);
}

static void cache_write(const struct scan_db *db, const char *path)
{
    uint8_t digest[ST_SHA256_LEN];
    char tmp[PATH_MAX], *bytes = NULL;
    struct st_span content[2];
    size_t n = 0;
    int fd = -1;

    if ((size_t)snprintf(tmp, sizeof tmp, "%s.%ld", path, (long)getpid()) >= sizeof tmp)
        return;
    if (hs_serialize_database(db->hs, &bytes, &n) != HS_SUCCESS)
        return;
    content[0] = st_span(db->widths, db->n * sizeof *db->widths);
    content[1] = st_span(bytes, n);
    if (st_sha256(content, 2, digest, NULL) != ST_OK)
        goto out;
    if ((fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        goto out;
    if (!write_all(fd, digest, sizeof digest) || !write_all(fd, content[0].p, content[0].n) ||
        !write_all(fd, bytes, n) || rename(tmp, path) != 0)
        (void)unlink(tmp);
    (void)close(fd);
out:
    free(bytes);
}

/* ---- database and scratch ----------------------------------------------------------------------------------- */

static enum st_rc compile(const struct scan_expr *exprs, size_t n, hs_database_t **out, struct st_err *err)
{
    const char **patterns = calloc(n, sizeof *patterns);
    size_t *starts = calloc(n, sizeof *starts);
    unsigned *flags = calloc(n, sizeof *flags), *ids = calloc(n, sizeof *ids);
    hs_compile_error_t *bad = NULL;
    enum st_rc rc = ST_ERR;
    struct st_buf text;

    st_buf_init(&text, 16u * 1024u * 1024u);
    if (patterns == NULL || starts == NULL || flags == NULL || ids == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "scan.compile", "expressions", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        starts[i] = text.n;
        flags[i] = flags_of(&exprs[i]);
        ids[i] = exprs[i].id;
        if (text_of(&exprs[i], &text, err) != ST_OK)
            goto out;
    }
    for (size_t i = 0; i < n; i++) /* now the buffer no longer moves */
        patterns[i] = (const char *)text.p + starts[i];
    if (hs_compile_multi(patterns, flags, ids, (unsigned)n, HS_MODE_BLOCK, NULL, out, &bad) != HS_SUCCESS) {
        rc = st_fail(err, bad != NULL && bad->expression >= 0 ? ST_E_CONFIG : ST_E_NOMEM, "scan.compile",
                     "the patterns do not compile", bad != NULL ? bad->expression : -1);
        (void)hs_free_compile_error(bad);
        goto out;
    }
    rc = ST_OK;
out:
    st_buf_fini(&text);
    free(patterns);
    free(starts);
    free(flags);
    free(ids);
    return rc;
}

static struct scan_db *db_new(size_t n)
{
    struct scan_db *db = calloc(1, sizeof *db);

    if (db == NULL || (db->widths = calloc(n + 1, sizeof *db->widths)) == NULL) {
        free(db);
        return NULL;
    }
    db->n = n;
    return db;
}

enum st_rc scan_db_find(const struct scan_expr *exprs, size_t n, const char *cache_dir, struct scan_db **out,
                        struct st_err *err)
{
    struct scan_db *db;
    char path[PATH_MAX];

    if (cache_dir == NULL || n == 0)
        return ST_AGAIN;
    if (cache_name(exprs, n, cache_dir, path, sizeof path, err) != ST_OK)
        return ST_ERR;
    if ((db = db_new(n)) == NULL)
        return st_fail(err, ST_E_NOMEM, "scan.cache", "database", sizeof *db);
    cache_read(db, path);
    if (db->hs == NULL) {
        scan_db_free(db);
        return ST_AGAIN;
    }
    db->was_cached = true;
    *out = db;
    return ST_OK;
}

enum st_rc scan_db_open(const struct scan_expr *exprs, size_t n, const char *cache_dir, struct scan_db **out,
                        struct st_err *err)
{
    enum st_rc rc = scan_db_find(exprs, n, cache_dir, out, err);
    struct scan_db *db;
    char path[PATH_MAX];

    if (rc != ST_AGAIN)
        return rc;
    if ((db = db_new(n)) == NULL)
        return st_fail(err, ST_E_NOMEM, "scan.compile", "database", sizeof *db);
    for (size_t i = 0; i < n; i++)
        db->widths[i] = exprs[i].width;
    if (n > 0 && compile(exprs, n, &db->hs, err) != ST_OK)
        goto fail;
    if (n > 0 && cache_dir != NULL) {
        if (cache_name(exprs, n, cache_dir, path, sizeof path, err) != ST_OK)
            goto fail;
        cache_write(db, path);
    }
    *out = db;
    return ST_OK;
fail:
    scan_db_free(db);
    return ST_ERR;
}

void scan_db_free(struct scan_db *db)
{
    if (db == NULL)
        return;
    (void)hs_free_database(db->hs);
    free(db->widths);
    free(db);
}

bool scan_db_was_cached(const struct scan_db *db)
{
    return db->was_cached;
}

unsigned scan_db_width(const struct scan_db *db, size_t i)
{
    return db->widths[i];
}

enum st_rc scan_scratch_new(const struct scan_db *db, struct scan_scratch **out, struct st_err *err)
{
    struct scan_scratch *scratch = calloc(1, sizeof *scratch);

    if (scratch == NULL)
        return st_fail(err, ST_E_NOMEM, "scan.scratch", "scratch", sizeof *scratch);
    if (db->hs != NULL && hs_alloc_scratch(db->hs, &scratch->hs) != HS_SUCCESS) {
        scan_scratch_free(scratch);
        return st_fail(err, ST_E_NOMEM, "scan.scratch", "scratch of the scanner", 0);
    }
    *out = scratch;
    return ST_OK;
}

void scan_scratch_free(struct scan_scratch *scratch)
{
    if (scratch == NULL)
        return;
    (void)hs_free_scratch(scratch->hs);
    free(scratch);
}

struct run {
    scan_hit_f *on_hit;
    scan_span_f *on_span; /* NULL: on_hit */
    void *ctx;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
    const struct run *run = ctx;

    (void)flags;
    if (run->on_span != NULL)
        return run->on_span(run->ctx, &(struct scan_hit){ id, (uint32_t)from, (uint32_t)to }) ? 0 : 1;
    return run->on_hit(run->ctx, id, (uint32_t)to) ? 0 : 1;
}

static enum st_rc run_db(const struct scan_db *db, struct scan_scratch *scratch, struct st_span text, struct run *run,
                         struct st_err *err)
{
    hs_error_t rc;

    if (text.n > INT32_MAX)
        return st_fail(err, ST_E_LIMIT, "scan.run", "text longer than 2 GiB", text.n);
    if (db->hs == NULL || text.n == 0)
        return ST_OK;
    rc = hs_scan(db->hs, (const char *)text.p, (unsigned)text.n, 0, scratch->hs, on_match, run);
    if (rc != HS_SUCCESS && rc != HS_SCAN_TERMINATED)
        return st_fail(err, ST_E_UNSUPPORTED, "scan.run", "the scanner failed", rc);
    return ST_OK;
}

enum st_rc scan_run(const struct scan_db *db, struct scan_scratch *scratch, struct st_span text, scan_hit_f *on_hit,
                    void *ctx, struct st_err *err)
{
    return run_db(db, scratch, text, &(struct run){ .on_hit = on_hit, .ctx = ctx }, err);
}

enum st_rc scan_spans(const struct scan_db *db, struct scan_scratch *scratch, struct st_span text, scan_span_f *on_span,
                      void *ctx, struct st_err *err)
{
    return run_db(db, scratch, text, &(struct run){ .on_span = on_span, .ctx = ctx }, err);
}
