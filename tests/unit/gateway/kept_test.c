/* SPDX-License-Identifier: Apache-2.0 */
/* kept - what was written is there, and a torn write leaves what was there before. */
#include "gateway/kept.h"
#include "t.h"
#include <unistd.h>

static const char path[] = "/tmp/stoa-kept-test";

/* What the file holds. */
static enum st_rc look(struct st_buf *out)
{
    struct st_err err = ST_ERR_INIT;
    struct kept kept;
    enum st_rc rc;
    int fd;

    T_OK(kept_create(path, &fd, &err), err);
    st_buf_reset(out);
    rc = kept_open(fd, &kept, out, &err);
    T_CHECK(rc == ST_OK || err.code == ST_E_INTEGRITY, "%s", err.what);
    kept_close(&kept);
    return rc;
}

static void put(const char *text)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf before;
    struct kept kept;
    int fd;

    st_buf_init(&before, KEPT_MAX + 1);
    T_OK(kept_create(path, &fd, &err), err);
    (void)!kept_open(fd, &kept, &before, &err);
    T_OK(kept_write(&kept, st_span_str(text), &err), err);
    kept_close(&kept);
    st_buf_fini(&before);
}

static void damage(off_t at)
{
    struct st_err err = ST_ERR_INIT;
    uint8_t byte;
    int fd;

    T_OK(kept_create(path, &fd, &err), err);
    T_CHECK(pread(fd, &byte, 1, at) == 1, "nothing at %lld", (long long)at);
    byte ^= 1;
    T_CHECK(pwrite(fd, &byte, 1, at) == 1, "no write");
    close(fd);
}

T_TEST(the_last_whole_write_counts)
{
    static const off_t second = (off_t)16 << 20; /* the slot of odd writes */
    struct st_buf out;

    st_buf_init(&out, KEPT_MAX + 1);
    (void)unlink(path);
    T_CHECK(look(&out) == ST_OK && out.n == 0, "a new one is empty");
    put("one");
    T_CHECK(look(&out) == ST_OK && st_span_eq(st_buf_view(&out), ST_SPAN("one")), "the first");
    put("two of them");
    T_CHECK(look(&out) == ST_OK && st_span_eq(st_buf_view(&out), ST_SPAN("two of them")), "the second");
    for (off_t at = 0; at < 56 + 11; at++) { /* each byte of the newer one, head and content */
        damage(at);
        T_CHECK(look(&out) == ST_OK && st_span_eq(st_buf_view(&out), ST_SPAN("one")), "torn at %lld", (long long)at);
        damage(at);
    }
    damage(60);
    put("three"); /* over the torn one, not over the good one */
    T_CHECK(look(&out) == ST_OK && st_span_eq(st_buf_view(&out), ST_SPAN("three")), "the third");
    damage(second + 57);
    T_CHECK(look(&out) == ST_OK && st_span_eq(st_buf_view(&out), ST_SPAN("three")), "the other one is damaged");
    damage(60);
    T_CHECK(look(&out) == ST_ERR && out.n == 0, "both are damaged");
    put("new");
    T_CHECK(look(&out) == ST_OK && st_span_eq(st_buf_view(&out), ST_SPAN("new")), "it begins anew");
    (void)unlink(path);
    st_buf_fini(&out);
}

T_TEST(without_a_file_nothing_stays)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf out;
    struct kept kept;

    st_buf_init(&out, 64);
    T_OK(kept_open(-1, &kept, &out, &err), err);
    T_OK(kept_write(&kept, ST_SPAN("x"), &err), err);
    kept_close(&kept);
    st_buf_fini(&out);
}
