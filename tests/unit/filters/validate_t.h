/* SPDX-License-Identifier: Apache-2.0 */
/* validate_t - a table of candidates and what a validator must say to each. */
#ifndef STOA_TESTS_UNIT_FILTERS_VALIDATE_T_H
#define STOA_TESTS_UNIT_FILTERS_VALIDATE_T_H
#include "filters/fake.h"
#include "filters/validate.h"
#include "t.h"

struct vector {
    const char *validator, *text; /* text may hold ${fake:NAME} */
    enum flt_valid expected;
};

static const char *const valid_names[] = { "wrong", "example", "series", "shape", "test", "ok" };

static void check_vectors(const struct vector *vectors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct flt_validator *v = flt_validator_find(vectors[i].validator);
        struct st_err err = ST_ERR_INIT;
        struct flt_token token;
        enum flt_valid got;
        struct st_buf text;
        size_t bad;

        T_CHECK(v != NULL, "there is a validator '%s'", vectors[i].validator);
        st_buf_init(&text, 1u << 16);
        T_OK(flt_fake_expand(st_span_str(vectors[i].text), i + 7, &text, &bad, &err), err);
        token = (struct flt_token){ st_buf_view(&text), st_buf_view(&text), 0, text.n };
        got = v->fn(&token);
        st_buf_fini(&text);
        T_CHECK(got == vectors[i].expected, "%s '%s': %s, expected %s", vectors[i].validator, vectors[i].text,
                valid_names[got], valid_names[vectors[i].expected]);
    }
}

/* No validator may read past a candidate, whatever its length: every prefix of every text, in memory of its own. */
static void check_prefixes(const struct vector *vectors, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t len = 1; len <= strlen(vectors[i].text); len++) {
            uint8_t *own = malloc(len);
            struct flt_token token = { st_span(own, len), st_span(own, len), 0, len };

            assert_non_null(own);
            memcpy(own, vectors[i].text, len);
            (void)flt_validator_find(vectors[i].validator)->fn(&token);
            free(own);
        }
}
#endif
