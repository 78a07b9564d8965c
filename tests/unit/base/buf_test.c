/* SPDX-License-Identifier: Apache-2.0 */
/* buf - the ceiling to the byte, failing late, and random appends against a plain array. */
#include "t.h"

#include "base/buf.h"

T_TEST(ceiling_is_exact_and_failure_sticks)
{
    for (size_t limit = 0; limit < 600; limit += 37) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf buf;

        st_buf_init(&buf, limit);
        for (size_t i = 0; i < limit; i++)
            st_buf_byte(&buf, 'x');
        T_CHECK(st_buf_done(&buf, &err, "test") == ST_OK, "%zu bytes into %zu", limit, limit);
        st_buf_put(&buf, "", 0);
        T_CHECK(st_buf_done(&buf, &err, "test") == ST_OK, "nothing always fits");
        st_buf_byte(&buf, 'y');
        st_buf_put(&buf, "", 0);
        T_CHECK(st_buf_done(&buf, &err, "test") == ST_ERR && err.code == ST_E_LIMIT, "one more into %zu", limit);
        T_CHECK(buf.n == limit, "%zu bytes", buf.n);
        st_buf_reset(&buf);
        T_CHECK(buf.n == 0 && st_buf_done(&buf, &err, "test") == ST_OK, "reset forgets");
        st_buf_fini(&buf);
        st_buf_fini(&buf);
    }
}

T_TEST(nothing_is_half_appended)
{
    struct st_buf buf;

    st_buf_init(&buf, 10);
    st_buf_str(&buf, "123456");
    st_buf_str(&buf, "78901");
    T_CHECK(buf.n == 6, "%zu bytes", buf.n);
    st_buf_byte(&buf, 'z'); /* would fit, but something before is missing */
    T_CHECK(buf.n == 6, "%zu bytes", buf.n);
    st_buf_fini(&buf);
}

T_TEST(markup_is_quoted)
{
    static const char quoted[] = "&lt;a b=&quot;&amp;amp;&quot;&gt;it's \xc3\xbc\n";
    struct st_buf buf;

    st_buf_init(&buf, 100);
    st_buf_markup(&buf, ST_SPAN("<a b=\"&amp;\">it's \xc3\xbc\n"));
    T_CHECK(st_span_eq(st_buf_view(&buf), st_span_str(quoted)), "%.*s", (int)buf.n, (const char *)buf.p);
    st_buf_fini(&buf);
}

T_TEST(format_fits_to_the_byte)
{
    for (int n = 0; n < 700; n += 7) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf buf;

        st_buf_init(&buf, (size_t)n);
        st_buf_fmt(&buf, "%*s", n, "");
        T_OK(st_buf_done(&buf, &err, "test"), err);
        T_CHECK(buf.n == (size_t)n, "%d gives %zu", n, buf.n);
        st_buf_fmt(&buf, "%d", 1);
        T_CHECK(st_buf_done(&buf, &err, "test") == ST_ERR, "one more than %d", n);
        st_buf_fini(&buf);
    }
}

T_TEST(random_appends_and_drops)
{
    enum { LIMIT = 3000 };
    static uint8_t model[LIMIT];
    struct st_err err = ST_ERR_INIT;
    struct st_buf buf;
    size_t n = 0;

    st_buf_init(&buf, LIMIT);
    for (int round = 0; round < 20000; round++) {
        uint8_t piece[200];
        size_t len = t_below(sizeof piece + 1);

        memset(piece, (int)t_below(256), sizeof piece);
        if (t_below(2) == 0 || n + len > LIMIT) {
            len = t_below(n + 10);
            st_buf_drop(&buf, len);
            len = len < n ? len : n;
            memmove(model, model + len, n - len);
            n -= len;
        } else {
            uint8_t *to = t_below(2) == 0 ? st_buf_room(&buf, len) : NULL;

            if (to != NULL) {
                memcpy(to, piece, len);
                buf.n += len;
            } else {
                st_buf_put(&buf, piece, len);
            }
            memcpy(model + n, piece, len);
            n += len;
        }
        T_CHECK(st_span_eq(st_buf_view(&buf), st_span(model, n)), "round %d", round);
    }
    T_OK(st_buf_done(&buf, &err, "test"), err);
    st_buf_fini(&buf);
}

T_TEST(survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf buf;
        enum st_rc rc;

        st_buf_init(&buf, 1u << 20);
        t_fail_alloc(nth);
        for (int i = 0; i < 100; i++)
            st_buf_fmt(&buf, "%500d", i);
        t_fail_alloc(0);
        rc = st_buf_done(&buf, &err, "test");
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        T_CHECK(buf.n % 500 == 0, "allocation %d: half an append", nth);
        st_buf_fini(&buf);
        if (rc == ST_OK)
            break;
    }
}
