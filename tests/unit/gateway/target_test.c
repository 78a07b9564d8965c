/* SPDX-License-Identifier: Apache-2.0 */
/* target_test - one form of a host, whatever way it was written; what is no host is refused. */
#include "t.h"
#include "gateway/target.h"

T_TEST(authorities)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } TABLE[] = {
        { "a.test:443", "a.test", 443 },
        { "A.TEST.:8443", "a.test", 8443 },
        { "a.test", "a.test", 0 },
        { "127.0.0.1:1", "127.0.0.1", 1 },
        { "[::1]:65535", "::1", 65535 },
        { "[2001:DB8::1]", "2001:db8::1", 0 },
        { "x_y.test:80", "x_y.test", 80 },
        { "xn--mnchen-3ya.de:443", "xn--mnchen-3ya.de", 443 },
        { "[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4", 1 },
    };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct st_err err = ST_ERR_INIT;
        struct target out;

        T_OK(target_authority(st_span_str(TABLE[i].text), &out, &err), err);
        T_CHECK(strcmp(out.host, TABLE[i].host) == 0 && out.port == TABLE[i].port, "%s: %s %u", TABLE[i].text, out.host,
                out.port);
    }
}

T_TEST(what_is_no_authority)
{
    static const char *const TABLE[] = {
        "",        ".",        ":443",     "a.test:", "a.test:0",   "a.test:65536",  "a.test:+1",     "a.test:1:2",
        "::1",     "[::1",     "[::1]443", "[::1]:",  "[]:1",       "[a.test]:1",    "user@a.test:1", "a..test",
        ".a.test", "a%2etest", "a test",   "a.test/", "a.test:44x", "a.test:000443", "\xc3\xa4.test"
    };
    char longest[400];

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct st_err err = ST_ERR_INIT;
        struct target out;

        T_CHECK(target_authority(st_span_str(TABLE[i]), &out, &err) == ST_ERR && err.num == 400, "taken: '%s'",
                TABLE[i]);
    }
    for (size_t n = 250; n < sizeof longest; n++) {
        struct st_err err = ST_ERR_INIT;
        struct target out;

        memset(longest, 'a', n);
        T_CHECK((target_authority(st_span(longest, n), &out, &err) == ST_OK) == (n < 256), "length %zu", n);
    }
}

T_TEST(absolute_forms)
{
    struct st_err err = ST_ERR_INIT;
    struct st_span path, query;
    struct target out;

    T_OK(target_absolute(ST_SPAN("HTTP://A.test:81/x?y=/?z"), &out, &err), err);
    T_CHECK(strcmp(out.host, "a.test") == 0 && out.port == 81 && !out.is_https, "%s", out.host);
    T_CHECK(st_span_eq(out.path, ST_SPAN("/x?y=/?z")), "path");
    target_split(out.path, &path, &query);
    T_CHECK(st_span_eq(path, ST_SPAN("/x")) && st_span_eq(query, ST_SPAN("y=/?z")), "split");
    T_OK(target_absolute(ST_SPAN("https://a.test"), &out, &err), err);
    T_CHECK(out.is_https && st_span_eq(out.path, ST_SPAN("/")), "no path is /");
    static const char *const BAD[] = { "ftp://a/",   "http:/a",     "http://",    "http:///x", "http://a@b/",
                                       "http://a?x", "http://a/#f", "http://a#f", "//a/",      "http://a:b/" };
    for (size_t i = 0; i < ST_LEN(BAD); i++)
        T_CHECK(target_absolute(st_span_str(BAD[i]), &out, &err) == ST_ERR, "taken: %s", BAD[i]);
}
