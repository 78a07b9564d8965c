/* SPDX-License-Identifier: Apache-2.0 */
/* set - the shipped files load, pass their own tests, give their memory back, and survive every failed allocation. */
#include "lua_t.h"

static const char *const shipped[] = { "lua-plugins", NULL };

static struct lp_set *load(const char *const *dirs, enum st_e wanted, struct st_diag **diag)
{
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    *diag = st_diag_new();
    assert_non_null(*diag);
    if (lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, *diag, &err) != ST_OK) {
        if (wanted == ST_E_NONE)
            st_diag_print(*diag, stderr);
        T_CHECK(err.code == wanted, "%s: %s (%lld)", err.where, err.what, (long long)err.num);
    } else {
        T_CHECK(wanted == ST_E_NONE, "loaded, though %s was due", st_e_name(wanted));
    }
    return set;
}

T_TEST(shipped_files_pass_their_own_tests)
{
    struct st_diag *diag;
    struct lp_set *set = load(shipped, ST_E_NONE, &diag);
    const char *const *ids = lp_platforms(set);
    unsigned found = 0;

    for (; *ids != NULL; ids++)
        found += strcmp(*ids, "mediawiki") == 0 || strcmp(*ids, "youtube") == 0 || strcmp(*ids, "generic") == 0;
    T_CHECK(found == 3, "%u platforms", found);
    lp_set_release(lp_set_retain(set));
    lp_set_release(set);
    st_diag_free(diag);
}

T_TEST(a_host_belongs_to_its_platform)
{
    static const struct {
        const char *host, *platform;
    } cases[] = { { "www.youtube.com", "youtube" },
                  { "youtube.com", NULL },
                  { "en.wikipedia.org", "mediawiki" },
                  { "wikipedia.org", NULL },
                  { "evilwikipedia.org", NULL },
                  { "wiki.test", NULL },
                  { "a.b.wikipedia.org", "mediawiki" },
                  { "www.youtube.com.", "youtube" },
                  { "youtube.com..", NULL } };
    struct st_diag *diag;
    struct lp_set *set = load(shipped, ST_E_NONE, &diag);

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *got = lp_host_platform(set, st_span_str(cases[i].host));

        T_CHECK(cases[i].platform == NULL ? got == NULL : got != NULL && strcmp(got, cases[i].platform) == 0, "%s: %s",
                cases[i].host, got != NULL ? got : "none");
    }
    lp_set_release(set);
    st_diag_free(diag);
}

T_TEST(a_file_that_cannot_be_read_is_named)
{
    static const char *const names[] = { "detect/big.lua", "lib/big.lua", "platforms/big.lua",
                                         "curation/x.curate.lua" };
    static char big[(256u << 10) + 2];

    memset(big, '-', sizeof big - 1);
    for (size_t i = 0; i < ST_LEN(names); i++) {
        char folder[32], path[768];
        const char *dir;

        (void)snprintf(folder, sizeof folder, "big%zu", i);
        dir = lt_dir(folder);
        lt_write(dir, names[i], big);
        T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "longer than 256 KiB") != NULL, "%s: %s", names[i],
                lt_said);
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        T_CHECK(remove(path) == 0 && mkdir(path, 0700) == 0, "a folder in its place");
        T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "no regular file") != NULL, "%s: %s", names[i], lt_said);
    }
}

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak)); /* NULL without a sanitizer */

/* 200 times, or STOA_RELOADS times: the sanitizer counts what nobody holds any more, and here what somebody still does.
 */
T_TEST(reloads_leak_nothing)
{
    static const char *const dirs[] = { "tests/lua/reload", NULL };
    const char *wanted = getenv("STOA_RELOADS");
    long times = wanted != NULL ? strtol(wanted, NULL, 10) : 200;
    size_t held = 0, now = 0;

    for (long i = 0; i < times; i++) {
        struct st_diag *diag;
        struct lp_set *set = load(dirs, ST_E_NONE, &diag);

        lp_set_release(set);
        st_diag_free(diag);
        now = __sanitizer_get_current_allocated_bytes != NULL ? __sanitizer_get_current_allocated_bytes() : 0;
        held = i == 9 ? now : held; /* what the first ones leave is made once: timers, tables of locales */
    }
    T_CHECK(times <= 10 || now <= held, "%ld reloads hold %zu bytes more than ten", times, now - held);
}

T_TEST(load_survives_every_oom)
{
    static const char *const dirs[] = { "tests/lua/reload", NULL };

    for (int nth = 1;; nth += nth < 400 ? 1 : 7) { /* every early one, then a seventh of the thousands in Lua */
        struct lp_set *set = NULL;
        struct st_err err = ST_ERR_INIT;
        struct st_diag *diag = st_diag_new();
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, diag, &err);
        if (rc == ST_OK) {
            bool is_end = !t_alloc_failed();

            t_fail_alloc(0);
            lp_set_release(set);
            st_diag_free(diag);
            if (is_end)
                break;
            continue; /* Lua collects and tries again: a failed allocation need not fail the load */
        }
        t_fail_alloc(0);
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s %s %s", nth, st_e_name(err.code), err.where, err.what);
        T_CHECK(set == NULL, "allocation %d left a set", nth);
        st_diag_free(diag);
    }
}
