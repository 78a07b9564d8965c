/* SPDX-License-Identifier: Apache-2.0 */
/* file - reading to the byte of the limit, replacing without a trace, listing in order. */
#include "t.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char *at(const char *name)
{
    static char paths[4][512];
    static size_t turn;
    struct st_err err;
    char *out = paths[turn++ % 4];

    T_CHECK(st_path_join(out, sizeof paths[0], t_tmpdir(), name, &err) == ST_OK, "%s", name);
    return out;
}

/* Hidden ones too. */
static size_t entries(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *e;
    size_t n = 0;

    T_CHECK(dir != NULL, "%s", path);
    while ((e = readdir(dir)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    (void)closedir(dir);
    return n;
}

T_TEST(written_reads_back)
{
    static uint8_t big[200000];
    static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, sizeof big };

    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)t_rand();
    for (size_t i = 0; i < ST_LEN(sizes); i++) {
        struct st_err err = ST_ERR_INIT;
        const char *path = at("file");
        struct st_buf buf;
        struct stat st;

        st_buf_init(&buf, 1u << 20);
        st_buf_str(&buf, "before");
        T_OK(st_file_write_atomic(path, st_span(big, sizes[i]), i % 2 == 0 ? 0600 : 0644, &err), err);
        T_CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == (i % 2 == 0 ? 0600 : 0644), "mode %o", st.st_mode);
        T_OK(st_file_read(path, sizes[i], &buf, &err), err);
        T_CHECK(st_span_eq(st_span_sub(st_buf_view(&buf), 6, buf.n), st_span(big, sizes[i])), "%zu bytes", sizes[i]);
        st_buf_reset(&buf);
        if (sizes[i] > 0) {
            T_CHECK(st_file_read(path, sizes[i] - 1, &buf, &err) == ST_ERR && err.code == ST_E_LIMIT, "%s", err.what);
            T_CHECK(buf.n == 0, "something was appended");
        }
        st_buf_fini(&buf);
    }
}

T_TEST(a_buffer_that_is_too_small_is_a_limit)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf buf;

    st_buf_init(&buf, 3);
    T_OK(st_file_write_atomic(at("four"), ST_SPAN("1234"), 0600, &err), err);
    T_CHECK(st_file_read(at("four"), 100, &buf, &err) == ST_ERR && err.code == ST_E_LIMIT && buf.n == 0, "%s",
            err.what);
    st_buf_fini(&buf);
}

T_TEST(errors_carry_errno)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf buf;

    st_buf_init(&buf, 100);
    T_CHECK(st_file_read(at("none"), 10, &buf, &err) == ST_ERR && err.code == ST_E_IO && err.num == ENOENT, "absent");
    T_CHECK(st_file_read(t_tmpdir(), 10, &buf, &err) == ST_ERR && err.code == ST_E_IO && err.num == EISDIR, "a folder");
    T_CHECK(st_file_write_atomic(at("no/such"), ST_SPAN("x"), 0600, &err) == ST_ERR && err.num == ENOENT, "no folder");
    st_buf_fini(&buf);
}

T_TEST(a_failed_write_leaves_nothing)
{
    struct st_err err = ST_ERR_INIT;
    const char *dir = at("w");

    T_OK(st_mkdir_p(at("w/target/x"), 0700, &err), err);
    T_CHECK(st_file_write_atomic(at("w/target"), ST_SPAN("x"), 0600, &err) == ST_ERR, "a folder was replaced");
    T_CHECK(entries(dir) == 1, "a temporary is left");
}

static char listed[256];

static enum st_rc list(void *ctx, const char *name, struct st_err *err)
{
    const char *stop_at = ctx;

    strncat(listed, name, 40);
    strncat(listed, " ", 2);
    return stop_at != NULL && strcmp(stop_at, name) == 0 ? st_fail(err, ST_E_DENIED, "test", "stop", 0) : ST_OK;
}

T_TEST(lists_in_order)
{
    static const char *const names[] = { "20-b.yaml", "10-a.yaml", ".hidden.yaml", "9.yaml", "note.txt", "yaml" };
    struct st_err err = ST_ERR_INIT;
    char path[300];

    T_OK(st_mkdir_p(at("l"), 0755, &err), err);
    for (size_t i = 0; i < ST_LEN(names); i++) {
        T_OK(st_path_join(path, sizeof path, at("l"), names[i], &err), err);
        T_OK(st_file_write_atomic(path, ST_SPAN_NONE, 0600, &err), err);
    }
    listed[0] = '\0';
    T_OK(st_dir_list(at("l"), ".yaml", list, NULL, &err), err);
    T_CHECK(strcmp(listed, "10-a.yaml 20-b.yaml 9.yaml ") == 0, "%s", listed);
    listed[0] = '\0';
    T_OK(st_dir_list(at("l"), "", list, NULL, &err), err);
    T_CHECK(strcmp(listed, "10-a.yaml 20-b.yaml 9.yaml note.txt yaml ") == 0, "%s", listed);
    listed[0] = '\0';
    T_CHECK(st_dir_list(at("l"), "", list, (void *)(uintptr_t) "20-b.yaml", &err) == ST_ERR && err.code == ST_E_DENIED,
            "stop");
    T_CHECK(strcmp(listed, "10-a.yaml 20-b.yaml ") == 0, "%s", listed);
    T_CHECK(st_dir_list(at("nowhere"), "", list, NULL, &err) == ST_ERR && err.num == ENOENT, "absent");
}

T_TEST(listing_survives_every_oom)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(st_mkdir_p(at("o"), 0755, &err), err);
    T_OK(st_file_write_atomic(at("o/a"), ST_SPAN_NONE, 0600, &err), err);
    T_OK(st_file_write_atomic(at("o/b"), ST_SPAN_NONE, 0600, &err), err);
    for (int nth = 1;; nth++) {
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = st_dir_list(at("o"), "", list, NULL, &err);
        t_fail_alloc(0);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
}

T_TEST(folders_are_made_and_kept)
{
    struct st_err err = ST_ERR_INIT;
    struct stat st;

    T_OK(st_mkdir_p(at("m/n//o/"), 0750, &err), err);
    T_CHECK(stat(at("m/n/o"), &st) == 0 && S_ISDIR(st.st_mode), "made");
    T_CHECK(chmod(at("m"), 0700) == 0, "chmod");
    T_OK(st_mkdir_p(at("m/n/o"), 0755, &err), err);
    T_CHECK(stat(at("m"), &st) == 0 && (st.st_mode & 0777) == 0700, "mode of an old one changed");
    T_OK(st_mkdir_p("/", 0755, &err), err);
    T_OK(st_file_write_atomic(at("m/file"), ST_SPAN_NONE, 0600, &err), err);
    T_CHECK(st_mkdir_p(at("m/file"), 0755, &err) == ST_ERR && err.num == ENOTDIR, "a file in the place");
    T_CHECK(st_mkdir_p(at("m/file/x"), 0755, &err) == ST_ERR && err.num == ENOTDIR, "below a file");
    T_CHECK(st_mkdir_p("", 0755, &err) == ST_ERR, "no name");
}

T_TEST(joins)
{
    static const char *const rows[][3] = {
        { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "/", "b", "/b" }, { "", "b", "b" }, { "a", "/b", "/b" }
    };
    struct st_err err = ST_ERR_INIT;
    char out[4];

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        T_OK(st_path_join(out, sizeof out, rows[i][0], rows[i][1], &err), err);
        T_CHECK(strcmp(out, rows[i][2]) == 0, "row %zu: %s", i, out);
    }
    T_CHECK(st_path_join(out, sizeof out, "ab", "c", &err) == ST_ERR && err.code == ST_E_LIMIT, "four and a NUL");
}
