/* SPDX-License-Identifier: Apache-2.0 */
/* err - names are fixed once shipped; filling an error is a plain copy. */
#include "t.h"

T_TEST(names_of_codes_are_distinct_and_fixed)
{
    static const char *const expected[] = {
#define X(id, name) [ST_E_##id] = name,
        ST_E_CODES(X)
#undef X
    };

    for (size_t i = 0; i < ST_LEN(expected); i++) {
        const char *name = st_e_name((enum st_e)i);

        T_CHECK(strcmp(name, expected[i]) == 0, "code %zu is \"%s\"", i, name);
        for (size_t j = 0; j < i; j++)
            T_CHECK(strcmp(name, expected[j]) != 0, "codes %zu and %zu are both \"%s\"", i, j, name);
    }
    T_CHECK(strcmp(st_e_name((enum st_e)ST_LEN(expected)), "?") == 0, "a code past the end has a name");
    T_CHECK(strcmp(st_e_name((enum st_e) - 1), "?") == 0, "a negative code has a name");
}

T_TEST(fail_fills_and_answers_err)
{
    struct st_err err = ST_ERR_INIT;

    T_CHECK(st_fail(&err, ST_E_LIMIT, "a.b", "too long", 77) == ST_ERR, "answer");
    T_CHECK(err.code == ST_E_LIMIT && err.num == 77, "code %d num %lld", (int)err.code, (long long)err.num);
    T_CHECK(strcmp(err.where, "a.b") == 0 && strcmp(err.what, "too long") == 0, "%s %s", err.where, err.what);
    T_CHECK(st_fail(NULL, ST_E_IO, "a", "b", -1) == ST_ERR, "without a place for the error");
}
