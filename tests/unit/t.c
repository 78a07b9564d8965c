/* SPDX-License-Identifier: Apache-2.0 */
/* t - registration, log capture, allocation failures and random numbers for the unit tests.
 *
 * Linked into every unit test program. The linker wraps the allocator (--wrap), so that only the house's own objects
 * are counted, not the libraries below. Log lines go to a sink that knows what the test announced.
 */
#include "t.h"
#include <ftw.h>
#include <unistd.h>

#define T_TESTS_MAX 512
#define T_LOGS_MAX  64

static struct CMUnitTest tests[T_TESTS_MAX];
static size_t n_tests;
static enum st_event announced[T_LOGS_MAX];
static size_t n_announced, n_seen;
static char unannounced[512];
static int ignored = -1; /* an event */
static int fail_in;
static bool failed_once;
static uint64_t seed, random_state;
static char tmpdir[64];

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static bool fails_now(void)
{
    if (fail_in == 0 || --fail_in > 0)
        return false;
    failed_once = true;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails_now() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return fails_now() ? NULL : __real_strdup(s);
}

void t_fail_alloc(int nth)
{
    fail_in = nth;
    failed_once = false;
}

bool t_alloc_failed(void)
{
    return failed_once;
}

void t_register(const char *name, t_test_f *fn)
{
    assert(n_tests < T_TESTS_MAX);
    tests[n_tests++] = (struct CMUnitTest){ .name = name, .test_func = fn };
}

void t_failed(const char *file, int line, const char *cond, const char *fmt, ...)
{
    va_list args;

    fail_in = 0; /* cmocka allocates while it reports */
    va_start(args, fmt);
    fprintf(stderr, "%s:%d: %s: ", file, line, cond);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, " (seed %llu)\n", (unsigned long long)seed);
    va_end(args);
    _fail(file, line);
    abort(); /* _fail does not return */
}

void t_expect_log(enum st_event event)
{
    assert(n_announced < T_LOGS_MAX);
    announced[n_announced++] = event;
}

void t_ignore_log(enum st_event event)
{
    ignored = (int)event;
}

static void log_sink(void *ctx, enum st_event event, const char *line)
{
    (void)ctx;
    if (ignored == (int)event)
        return;
    if (n_seen < n_announced && announced[n_seen] == event)
        n_seen++;
    else if (unannounced[0] == '\0')
        snprintf(unannounced, sizeof unannounced, "%s", line);
}

void t_seed(uint64_t value)
{
    seed = random_state = value;
}

uint64_t t_rand(void) /* splitmix64, Steele and others 2014 */
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t t_below(uint64_t n)
{
    return n == 0 ? 0 : t_rand() % n;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void remove_tmpdir(void)
{
    if (tmpdir[0] != '\0')
        nftw(tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *t_tmpdir(void)
{
    if (tmpdir[0] == '\0') {
        snprintf(tmpdir, sizeof tmpdir, "/tmp/stoa-unit-XXXXXX");
        if (mkdtemp(tmpdir) == NULL)
            abort();
        atexit(remove_tmpdir);
    }
    return tmpdir;
}

static int before_each(void **state)
{
    (void)state;
    n_announced = n_seen = 0;
    ignored = -1;
    unannounced[0] = '\0';
    t_fail_alloc(0);
    t_seed(1);
    st_log_sink(log_sink, NULL);
    return 0;
}

static int after_each(void **state)
{
    (void)state;
    t_fail_alloc(0);
    st_log_sink(NULL, NULL);
    if (unannounced[0] != '\0') {
        fprintf(stderr, "a log line that the test did not announce: %s\n", unannounced);
        return -1;
    }
    if (n_seen != n_announced) {
        fprintf(stderr, "announced %zu log lines, saw %zu\n", n_announced, n_seen);
        return -1;
    }
    return 0;
}

/* Is the library that these tests are to run with the one that is loaded? (tests/other_engine.cmake) */
static bool has_library(void)
{
    const char *wanted = getenv("STOA_ENGINE_DIR");
    FILE *maps = wanted == NULL ? NULL : fopen("/proc/self/maps", "re");
    bool found = wanted == NULL;
    char line[4096];

    while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL)
        found = strstr(line, wanted) != NULL && strstr(line, "/libhs.so") != NULL;
    if (maps != NULL)
        fclose(maps);
    return found;
}

int main(void)
{
    if (!has_library()) {
        fputs("the scan library in $STOA_ENGINE_DIR is not the one that is loaded\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < n_tests; i++) {
        tests[i].setup_func = before_each;
        tests[i].teardown_func = after_each;
    }
    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    return _cmocka_run_group_tests("unit", tests, n_tests, NULL, NULL);
}
