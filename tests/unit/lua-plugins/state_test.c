/* SPDX-License-Identifier: Apache-2.0 */
/* state - the sandbox against tests/lua/hostile.txt: no escape, no growth beyond the cap, no run past twice its
 * deadline, and the state is usable afterwards. */
#include "host/set.h"
#include "host/state.h"
#include "t.h"
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_US 40000u
#define PATIENT_US  2000000u /* for what ends by itself, however slow the machine is */
#define ENDLESS_US  4000000u /* of CPU: by how much a deadline is missed is the machine's; without end is a fault */
#define MEMORY      ((size_t)1 << 20)

static unsigned escapes;

static int escaped(lua_State *L)
{
    (void)L;
    escapes++;
    return 0;
}

static int run_source(lua_State *L)
{
    const struct st_span *source = lua_touserdata(L, 1);

    lua_settop(L, 0);
    lua_pushcfunction(L, escaped);
    lua_setglobal(L, "escaped");
    lp_state_chunk(L, *source);
    lua_call(L, 0, 0);
    return 0;
}

static uint64_t cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static enum st_rc run(struct lp_state *s, const char *source, uint32_t time_us, struct st_err *err)
{
    struct st_span span = st_span_str(source);

    return lp_state_run(s, run_source, &span, time_us, err);
}

static bool ended_as(const char *wanted, enum lp_fail fail)
{
    static const char *const names[] = { "ok", "raised", "time", "memory" };

    return strcmp(wanted, "any") == 0 || strcmp(wanted, names[fail]) == 0 ||
           (strcmp(wanted, "stopped") == 0 && fail != LP_FAIL_NONE);
}

static unsigned failures; /* all scripts are run, then the test fails once */
#define NOTE(cond, ...)                         \
    do {                                        \
        if (!(cond)) {                          \
            failures++;                         \
            (void)fprintf(stderr, __VA_ARGS__); \
            (void)fputc('\n', stderr);          \
        }                                       \
    } while (0)

static void contain(const char *name, const char *wanted, struct st_span source)
{
    struct st_err err = ST_ERR_INIT;
    struct lp_state *s = NULL;
    bool by_itself = strcmp(wanted, "time") != 0 && strcmp(wanted, "stopped") != 0 && strcmp(wanted, "any") != 0;
    uint64_t took;
    enum lp_fail fail;
    enum st_rc rc;

    T_OK(lp_state_new(MEMORY, &s, &err), err);
    took = cpu_us();
    rc = lp_state_run(s, run_source, &source, by_itself ? PATIENT_US : DEADLINE_US, &err);
    took = cpu_us() - took;
    fail = s->fail;
    NOTE((rc == ST_OK) == (fail == LP_FAIL_NONE), "%s: answer and reason disagree", name);
    NOTE(took < ENDLESS_US, "%s took %llu us", name, (unsigned long long)took);
    NOTE(ended_as(wanted, fail), "%s: should end as %s, is %d: %s", name, wanted, fail, s->failure);
    NOTE(s->used <= MEMORY, "%s holds %zu bytes", name, s->used);
    NOTE(escapes == 0, "%s escaped", name);
    for (const char *c = s->failure; *c != '\0'; c++)
        NOTE(*c >= 0x20 && *c < 0x7f, "%s put byte %d into its message", name, *c);
    if (strncmp(name, "mem_globals", 11) != 0)
        NOTE(run(s, "return 1 + 1", PATIENT_US, &err) == ST_OK, "%s left the state unusable: %s", name, s->failure);
    lp_state_free(s);
}

T_TEST(hostile_scripts_are_contained)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    struct st_span rest, part, name = ST_SPAN_NONE;
    unsigned count = 0;

    T_OK(lp_file_read("tests/lua/hostile.txt", &text, NULL, &err), err);
    rest = st_buf_view(&text);
    rest = st_span_sub(rest, st_span_find(rest, ST_SPAN("\n=== ")), rest.n);
    while (rest.n > 0) {
        char head[80];
        size_t end;

        rest = st_span_sub(rest, 5, rest.n);
        T_CHECK(st_span_next(&rest, '\n', &name), "a script without a body");
        end = st_span_find(rest, ST_SPAN("\n=== "));
        part = st_span_sub(rest, 0, end);
        rest = end == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(rest, end, rest.n);
        T_CHECK(name.n < sizeof head && st_span_chr(name, ' ') != ST_SPAN_NPOS, "a script without an outcome");
        memcpy(head, name.p, name.n);
        head[name.n] = '\0';
        head[st_span_chr(name, ' ')] = '\0';
        contain(head, head + strlen(head) + 1, part);
        count++;
    }
    st_buf_fini(&text);
    T_CHECK(failures == 0, "%u of %u scripts", failures, count);
    T_CHECK(count >= 100, "only %u scripts", count);
}

static void burn(uint64_t us)
{
    for (uint64_t end = cpu_us() + us; cpu_us() < end;)
        ;
}

/* The timer stays set from one run to the next: it must end none for what went before, and each in its own time. */
T_TEST(no_run_ends_for_the_time_of_another)
{
    const char *const endless = "while true do pcall(function() while true do end end) end";
    struct lp_state *a = NULL, *b = NULL;
    struct st_err err = ST_ERR_INIT;
    uint64_t took;

    T_OK(lp_state_new(MEMORY, &a, &err), err);
    T_OK(lp_state_new(MEMORY, &b, &err), err);
    T_OK(run(a, "return 1", DEADLINE_US, &err), err);
    burn(2 * (uint64_t)DEADLINE_US); /* it comes while nothing runs */
    T_OK(run(b, "return 1", DEADLINE_US, &err), err);
    burn(DEADLINE_US - DEADLINE_US / 8); /* it comes in the next run, which began just now */
    T_OK(run(a, "for _ = 1, 200000 do end", PATIENT_US, &err), err);
    T_CHECK(run(b, endless, DEADLINE_US, &err) == ST_ERR && b->fail == LP_FAIL_TIME, "set by one that had longer");
    T_OK(run(b, "return 1", DEADLINE_US, &err), err);
    burn(2 * (uint64_t)DEADLINE_US);
    T_OK(run(a, "return 1", 30 * 1000000u, &err), err); /* now it is far away */
    took = cpu_us();
    T_CHECK(run(b, endless, DEADLINE_US, &err) == ST_ERR && b->fail == LP_FAIL_TIME, "its own deadline");
    took = cpu_us() - took;
    T_CHECK(took < ENDLESS_US, "%llu us", (unsigned long long)took);
    for (unsigned i = 0; i < 2000; i++)
        T_OK(run(i % 2 == 0 ? a : b, "return 1", i % 3 == 0 ? DEADLINE_US : PATIENT_US, &err), err);
    T_CHECK(run(a, endless, DEADLINE_US, &err) == ST_ERR && a->fail == LP_FAIL_TIME, "after many");
    lp_state_free(a);
    lp_state_free(b);
}

T_TEST(a_child_watches_by_itself)
{
    struct lp_state *s = NULL;
    struct st_err err = ST_ERR_INIT;
    int status;
    pid_t pid;

    T_OK(lp_state_new(MEMORY, &s, &err), err);
    T_OK(run(s, "return 1", PATIENT_US, &err), err);
    if ((pid = fork()) == 0)
        _exit(run(s, "while true do end", DEADLINE_US, &err) == ST_ERR && s->fail == LP_FAIL_TIME ? 0 : 1);
    T_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child");
    T_CHECK(run(s, "while true do end", DEADLINE_US, &err) == ST_ERR && s->fail == LP_FAIL_TIME, "the parent");
    lp_state_free(s);
}

T_TEST(bytecode_is_refused)
{
    struct st_err err = ST_ERR_INIT;
    struct lp_state *s = NULL;
    struct st_span code = ST_SPAN("\033LuaT\0\x19\x93\r\n\x1a\n");

    T_OK(lp_state_new(MEMORY, &s, &err), err);
    T_CHECK(lp_state_run(s, run_source, &code, DEADLINE_US, &err) == ST_ERR, "a binary chunk ran");
    lp_state_free(s);
}

T_TEST(patterns_do_what_luas_own_do)
{
    static const char *const scripts[] = {
        "assert(('hello world'):find('wor') == 7)",
        "local a, b, c = ('key = value'):find('(%w+) =') assert(a == 1 and b == 5 and c == 'key')",
        "assert(('  trim '):match('^%s*(.-)%s*$') == 'trim')",
        "assert(('2026-11-24'):match('(%d+)-(%d+)-(%d+)') == '2026')",
        "assert(('abc'):gsub('%w', '%0%0') == 'aabbcc')",
        "assert(select(2, ('abc'):gsub('', '-')) == 4)",
        "assert((('abc'):gsub('', '-')) == '-a-b-c-')",
        "assert((('abc'):gsub('%w*', 'x')) == 'x')",
        "assert((('hello world'):gsub('o', { o = '0' })) == 'hell0 w0rld')",
        "assert((('abc'):gsub('b', function() return false end)) == 'abc')",
        "assert((('abc'):gsub('^a', 'x')) == 'xbc')",
        "assert((('a.b'):gsub('%.', '%%')) == 'a%b')",
        "assert((('aaa'):gsub('a', 'b', 2)) == 'bba')",
        "assert(('f(a(b)c)d'):match('%b()') == '(a(b)c)')",
        "assert(('THE (quick) fox'):find('%f[%a]%a+%f[%A]') == 1)",
        "assert(('x=\"y\"'):match('([\"\\'])(.-)%1') == '\"')",
        "assert(('[]]'):match('[]]') == ']')",
        "assert(('a-b'):match('[a-]+') == 'a-')",
        "assert(('a^b'):match('[%^b]+') == '^b')",
        "assert(('äö'):match('[^%w]+') == 'äö')",
        "local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t+1] = k .. v end "
        "assert(table.concat(t) == 'a1b2')",
        "assert(('abc'):find('b', -2) == 2 and ('abc'):find('a', 10) == nil)",
        "assert(('a+b'):find('+', 1, true) == 2 and ('abc'):find('', 1, true) == 1)",
        "assert(('abc'):match('()b()') == 2)",
        "assert(('aXb'):match('%u') == 'X' and ('aXb'):match('%U+') == 'a')",
        "assert(('colour color'):gsub('colou?r', 'x') == 'x x')",
        "assert(not pcall(string.find, 'a', '[a') and not pcall(string.find, 'a', '%') and not pcall(string.find, 'a', "
        "'(a'))",
        "assert(not pcall(string.gsub, 'a', 'a', '%2'))",
        "assert(string.format('%5.1f|%-4s|%d|%x|%q|%%|%c|%s', 3.14159, 'ab', 42, 255, 'a\"b', 65, nil) == "
        "'  3.1|ab  |42|ff|\"a\\\\\"b\"|%|A|nil')",
        "local t = { 5, 3, 9, 1, 7, 3 } table.sort(t) assert(table.concat(t, ' ') == '1 3 3 5 7 9')",
        "local t = { 'b', 'a', 'c' } table.sort(t, function(x, y) return x > y end) assert(table.concat(t) == 'cba')",
        "local t = { 1, 2 } table.insert(t, 1, 0) table.insert(t, 3) assert(table.concat(t) == '0123')",
        "local t = { 1, 2, 3 } assert(table.remove(t, 1) == 1 and table.remove(t) == 3 and #t == 1)",
        "assert(select('#', table.unpack({ 1, nil, 3 }, 1, 3)) == 3 and table.concat({}, ',') == '')",
        "local ok, e = xpcall(error, function(m) return m .. '!' end, 'no') assert(not ok and e == 'no!')",
        "local a, b, c = pcall(function(...) return ... end, 1, 2) assert(a and b == 1 and c == 2)",
        "assert(('ab'):rep(3, '-') == 'ab-ab-ab' and ('x'):rep(0) == '' and ('x'):rep(-1) == '')",
    };
    struct st_err err = ST_ERR_INIT;
    struct lp_state *s = NULL;

    T_OK(lp_state_new(MEMORY, &s, &err), err);
    for (size_t i = 0; i < ST_LEN(scripts); i++)
        T_CHECK(run(s, scripts[i], PATIENT_US, &err) == ST_OK, "%s: %s", scripts[i], s->failure);
    lp_state_free(s);
}

T_TEST(a_run_within_its_time_is_left_alone)
{
    struct st_err err = ST_ERR_INIT;
    struct lp_state *s = NULL;

    T_OK(lp_state_new(MEMORY, &s, &err), err);
    T_CHECK(run(s, "while true do end", 2000, &err) == ST_ERR && s->fail == LP_FAIL_TIME, "not stopped");
    for (int i = 0; i < 50; i++) /* the hook of the run before is gone */
        T_CHECK(run(s, "local n = 0 for i = 1, 1000 do n = n + i end", PATIENT_US, &err) == ST_OK, "run %d: %s", i,
                s->failure);
    lp_state_free(s);
}

T_TEST(a_new_state_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct lp_state *s = NULL;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = lp_state_new(MEMORY, &s, &err);
        if (rc == ST_OK) {
            bool is_end = !t_alloc_failed();

            t_fail_alloc(0);
            lp_state_free(s);
            if (is_end)
                break;
            continue;
        }
        t_fail_alloc(0);
        T_CHECK(err.code == ST_E_NOMEM && s == NULL, "allocation %d: %s", nth, err.what);
    }
}
