/* SPDX-License-Identifier: Apache-2.0 */
/* pathmatch_test - path patterns of adapters. */
#include "decode_helper.h"

static const struct {
    const char *pattern, *path;
    bool match;
} rows[] = {
    { "wpTextbox1", "wpTextbox1", true },
    { "wpTextbox1", "wptextbox1", false },
    { "wpTextbox1", "wpTextbox1/a", false },
    { "a/b", "a", false },
    { "a/*", "a/b", true },
    { "a/*", "a", false },
    { "a/*", "a/b/c", false },
    { "a/*/c", "a/b/c", true },
    { "*/c", "b/c", true },
    { "blocks/#/text", "blocks/#/text", true },
    { "a/**", "a/b/c", true },
    { "a/**", "a/b", true },
    { "a/**", "a", true },
    { "a/**", "ab", false },
    { "**", "anything/at/all", true },
    { "**", "", true },
    { "", "", true },
    { "", "a", false },
    { "*", "", true },
    { "?q", "?q", true },
    { "a**", "ab/c", false },
    { "a*", "ab", false },
    { "**/c", "b/c", false },
    { "a/", "a", false },
    { "a//b", "a//b", true },
};

T_TEST(path_match)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        bool match = flt_path_match(st_span_str(rows[i].pattern), st_span_str(rows[i].path));

        T_CHECK(match == rows[i].match, "\"%s\" on \"%s\"", rows[i].pattern, rows[i].path);
    }
}
