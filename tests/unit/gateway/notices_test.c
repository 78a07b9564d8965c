/* SPDX-License-Identifier: Apache-2.0 */
/* notices - each is told once, to whom it is for, whatever other processes do at the same time. */
#include "base/clock.h"
#include "gateway/notices.h"
#include "t.h"
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct notices *open_on(int fd)
{
    struct st_err err = ST_ERR_INIT;
    struct notices *notices = NULL;

    T_OK(notices_open(NOTICES_POLLS, dup(fd), &notices, &err), err);
    return notices;
}

static int new_table(void)
{
    struct st_err err = ST_ERR_INIT;
    int fd = -1;

    T_OK(notices_create(NOTICES_POLLS, &fd, &err), err);
    return fd;
}

static struct notices_key key_of(const char *host, const char *session, const char *person)
{
    struct st_err err = ST_ERR_INIT;
    struct notices_key key;

    T_OK(notices_key(st_span_str(host), st_span_str(session), st_span_str(person), &key, &err), err);
    return key;
}

static bool takes(struct notices *notices, const struct notices_key *key, const char *want)
{
    struct st_buf text;
    bool is_it;

    st_buf_init(&text, NOTICES_TEXT_MAX);
    is_it = notices_take(notices, key, &text) == (want != NULL) &&
            (want == NULL || st_span_eq(st_buf_view(&text), st_span_str(want)));
    st_buf_fini(&text);
    return is_it;
}

T_TEST(a_notice_is_for_one_session_of_one_person_and_told_once)
{
    int fd = new_table();
    struct notices *mine = open_on(fd), *another = open_on(fd); /* two workers */
    struct notices_key key = key_of("a.test", "s", "ana");
    struct notices_key others[] = { key_of("a.test", "s", "ben"), key_of("a.test", "t", "ana"),
                                    key_of("b.test", "s", "ana"), key_of("a.test", "sa", "na") };
    struct st_err err = ST_ERR_INIT;

    T_OK(notices_put(mine, &key, ST_SPAN("one"), &err), err);
    T_OK(notices_put(another, &key, ST_SPAN("two"), &err), err);
    for (size_t i = 0; i < ST_LEN(others); i++)
        T_CHECK(!notices_has(another, &others[i]) && takes(another, &others[i], NULL), "key %zu is another", i);
    T_CHECK(notices_has(another, &key) && takes(another, &key, "two"), "the newest first");
    T_CHECK(takes(mine, &key, "one") && takes(mine, &key, NULL) && !notices_has(another, &key), "and then no more");
    notices_close(mine);
    notices_close(another);
    close(fd);
}

T_TEST(what_is_read_stays_until_its_time)
{
    int fd = -1;
    struct notices *notices = NULL, *another = NULL;
    struct notices_key key = key_of("a.test", "/p", "ana"), none = key_of("a.test", "/q", "ana");
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;

    T_OK(notices_create(NOTICES_UPLOADS, &fd, &err), err);
    T_OK(notices_open(NOTICES_UPLOADS, dup(fd), &notices, &err), err);
    T_OK(notices_open(NOTICES_UPLOADS, dup(fd), &another, &err), err);
    st_buf_init(&text, NOTICES_TEXT_MAX);
    T_CHECK(notices_are_none(another), "none yet");
    for (size_t i = 0; i < 1024; i++) /* all places: the last one's text is inside the memory too */
        T_OK(notices_put(notices, &key, i == 1023 ? ST_SPAN("last") : ST_SPAN("other"), &err), err);
    T_CHECK(notices_put(notices, &key, ST_SPAN("x"), &err) == ST_ERR && err.code == ST_E_LIMIT, "full");
    for (size_t i = 0; i < 2; i++) {
        st_buf_reset(&text);
        T_CHECK(notices_read(another, &key, &text) && st_span_eq(st_buf_view(&text), ST_SPAN("last")), "read %zu", i);
    }
    st_buf_reset(&text);
    T_CHECK(!notices_are_none(another) && !notices_read(another, &none, &text) && text.n == 0, "another key");
    st_clock_turn(900001);
    T_CHECK(!notices_read(another, &key, &text) && !notices_has(another, &key), "its time is over");
    T_CHECK(notices_open(NOTICES_POLLS, fd, &(struct notices *){ NULL }, &err) == ST_ERR, "a table of another size");
    st_buf_fini(&text);
    notices_close(notices);
    notices_close(another);
    close(fd);
}

T_TEST(a_full_table_says_so_and_time_makes_room)
{
    static uint8_t long_text[NOTICES_TEXT_MAX + 1];
    int fd = new_table();
    struct notices *notices = open_on(fd);
    struct notices_key key = key_of("a.test", "s", "ana");
    struct st_err err = ST_ERR_INIT;

    T_CHECK(notices_put(notices, &key, st_span(long_text, sizeof long_text), &err) == ST_ERR &&
                err.code == ST_E_LIMIT && !notices_has(notices, &key),
            "too long");
    for (size_t i = 0; i < NOTICES_MAX; i++)
        T_OK(notices_put(notices, &key, st_span(long_text, sizeof long_text - 1), &err), err);
    T_CHECK(notices_put(notices, &key, ST_SPAN("x"), &err) == ST_ERR && err.code == ST_E_LIMIT, "full");
    st_clock_turn(NOTICES_LIFE_MS + 1);
    T_CHECK(!notices_has(notices, &key) && takes(notices, &key, NULL), "nobody waits any longer");
    T_OK(notices_put(notices, &key, ST_SPAN("x"), &err), err);
    T_CHECK(takes(notices, &key, "x") && takes(notices, &key, NULL), "the place of an old one");
    notices_close(notices);
    close(fd);
}

/* A worker that puts and takes until it is killed; nobody waits for it, and no other text comes of it. */
static void work_until_killed(int fd, char name)
{
    struct notices *notices = open_on(fd);
    struct notices_key key = key_of("a.test", "s", "ana");
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    char own[512];

    memset(own, name, sizeof own);
    st_buf_init(&text, NOTICES_TEXT_MAX);
    for (;;) {
        if (notices_put(notices, &key, st_span(own, sizeof own), &err) != ST_OK)
            _exit(1);
        st_buf_reset(&text);
        if (!notices_take(notices, &key, &text))
            continue;
        for (size_t i = 0; i < text.n; i++)
            if (text.n != sizeof own || text.p[i] != text.p[0])
                _exit(2);
    }
}

T_TEST(workers_do_not_wait_for_each_other_and_a_kill_costs_one_place)
{
    t_seed(11);
    for (int round = 0; round < 20; round++) {
        int fd = new_table(), status;
        struct notices *notices = open_on(fd);
        struct notices_key key = key_of("a.test", "s", "ana");
        struct st_err err = ST_ERR_INIT;
        struct st_buf text;
        size_t n = 0;
        pid_t workers[2];

        for (size_t i = 0; i < ST_LEN(workers); i++)
            if ((workers[i] = fork()) == 0)
                work_until_killed(fd, (char)('a' + i));
        for (uint64_t spin = t_below(3000000); spin > 0; spin--)
            __asm__ volatile("");
        for (size_t i = 0; i < ST_LEN(workers); i++) {
            kill(workers[i], SIGKILL);
            waitpid(workers[i], &status, 0);
            T_CHECK(WIFSIGNALED(status), "round %d: a worker failed: %d", round, status);
        }
        st_buf_init(&text, NOTICES_TEXT_MAX);
        while (notices_take(notices, &key, &text))
            st_buf_reset(&text);
        while (notices_put(notices, &key, ST_SPAN("x"), &err) == ST_OK)
            n++;
        T_CHECK(n + ST_LEN(workers) >= NOTICES_MAX, "round %d: %zu places are left", round, n);
        st_buf_fini(&text);
        notices_close(notices);
        close(fd);
    }
}

T_TEST(what_is_no_table_is_not_opened)
{
    struct notices *notices = NULL;
    struct st_err err = ST_ERR_INIT;
    FILE *file = tmpfile();

    T_CHECK(file != NULL && notices_open(NOTICES_POLLS, fileno(file), &notices, &err) == ST_ERR && err.code == ST_E_IO,
            "too short");
    T_CHECK(ftruncate(fileno(file), 1 << 20) == 0 &&
                notices_open(NOTICES_POLLS, fileno(file), &notices, &err) == ST_ERR,
            "another");
    fclose(file);
}

T_TEST(a_table_is_opened_or_memory_is_out)
{
    int fd = new_table();

    for (int nth = 1;; nth++) {
        struct notices *notices = NULL;
        struct st_err err = ST_ERR_INIT;
        int copy = dup(fd);
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = notices_open(NOTICES_POLLS, copy, &notices, &err);
        t_fail_alloc(0);
        notices_close(notices);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        close(copy);
    }
    close(fd);
}
