/* SPDX-License-Identifier: Apache-2.0 */
/* t - the unit tests' thin header over cmocka.
 *
 * T_TEST(name) { … } registers itself; T_CHECK explains; t_fail_alloc(n) makes the nth allocation from now fail, for
 * the sweep of STYLE §10; a log line that the test did not announce with t_expect_log fails it.
 */
#ifndef STOA_TESTS_UNIT_T_H
#define STOA_TESTS_UNIT_T_H
#include "base/err.h"
#include "base/log.h"
#include "base/span.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* needs what stands above */

typedef void t_test_f(void **state);
void t_register(const char *name, t_test_f *fn);

#define T_TEST(test)                                               \
    static void test(void **state);                                \
    __attribute__((constructor)) static void test##_register(void) \
    {                                                              \
        t_register(#test, test);                                   \
    }                                                              \
    static void test(void **state __attribute__((unused)))

/* Fails the running test with place and text when cond is false. */
#define T_CHECK(cond, ...)                                    \
    do {                                                      \
        if (!(cond))                                          \
            t_failed(__FILE__, __LINE__, #cond, __VA_ARGS__); \
    } while (0)
#define T_OK(call, err) T_CHECK((call) == ST_OK, "%s: %s (%lld)", (err).where, (err).what, (long long)(err).num)
void t_failed(const char *file, int line, const char *cond, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), noreturn));

/* The nth allocation from now fails (1 = the next), once; 0 switches it off. Counts malloc, calloc, realloc and strdup
 * of the house's own code. */
void t_fail_alloc(int nth);
bool t_alloc_failed(void); /* did the announced allocation fail yet? */

/* The next log line must be this event; as many announcements as lines. */
void t_expect_log(enum st_event event);
void t_ignore_log(enum st_event event); /* any number of them is fine in this test */

/* Deterministic pseudo-random numbers for property tests; the seed is printed when a test fails. */
void t_seed(uint64_t seed);
uint64_t t_rand(void);
uint64_t t_below(uint64_t n); /* 0 .. n-1 */

/* A fresh folder below the build, removed at the end of the test program; borrowed. */
const char *t_tmpdir(void);
#endif
