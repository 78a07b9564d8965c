/* SPDX-License-Identifier: Apache-2.0 */
/* polls_test - a refusal waits for its session and for no other, is told once, and not after a minute. */
#include "base/clock.h"
#include "gateway/polls.h"
#include "t.h"

static void add(struct polls *polls, const char *host, const char *session, const char *text)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(polls_add(polls, st_span_str(host), st_span_str(session), st_span_str(text), &err), err);
}

static bool is_next(const struct polls *polls, const char *host, const char *session, const char *text)
{
    return st_span_eq(polls_peek(polls, st_span_str(host), st_span_str(session)), st_span_str(text));
}

static void drop(struct polls *polls, const char *host, const char *session)
{
    polls_drop(polls, st_span_str(host), st_span_str(session));
}

T_TEST(each_session_is_told_its_own_in_order)
{
    struct polls *polls = polls_new();

    add(polls, "a.test", "s1", "one");
    add(polls, "a.test", "s2", "other");
    add(polls, "a.test", "s1", "two");
    T_CHECK(is_next(polls, "a.test", "s1", "one"), "the oldest first");
    T_CHECK(is_next(polls, "a.test", "s1", "one"), "looking takes nothing");
    T_CHECK(is_next(polls, "b.test", "s1", "") && is_next(polls, "a.tests", "1", ""), "another host, another session");
    drop(polls, "a.test", "s1");
    T_CHECK(is_next(polls, "a.test", "s1", "two"), "then the next");
    drop(polls, "a.test", "s1");
    drop(polls, "a.test", "s1");
    T_CHECK(is_next(polls, "a.test", "s1", "") && is_next(polls, "a.test", "s2", "other"), "told once");
    polls_free(polls);
}

T_TEST(the_box_has_a_ceiling_and_nothing_stays)
{
    struct polls *polls = polls_new();
    struct st_err err = ST_ERR_INIT;
    char long_text[5000];

    memset(long_text, 'x', sizeof long_text);
    T_CHECK(polls_add(polls, ST_SPAN("a.test"), ST_SPAN("s"), st_span(long_text, sizeof long_text), &err) == ST_ERR &&
                err.code == ST_E_LIMIT,
            "too long");
    T_CHECK(polls_add(polls, ST_SPAN("a.test"), ST_SPAN_NONE, ST_SPAN("x"), &err) == ST_ERR, "no session");
    add(polls, "a.test", "first", "x");
    for (int i = 0; i < 64; i++)
        add(polls, "a.test", "many", "y");
    T_CHECK(is_next(polls, "a.test", "first", "") && is_next(polls, "a.test", "many", "y"), "the oldest made room");
    st_clock_turn(59999);
    T_CHECK(is_next(polls, "a.test", "many", "y"), "still there");
    st_clock_turn(1);
    T_CHECK(is_next(polls, "a.test", "many", ""), "a minute later it is gone");
    polls_free(polls);
}

T_TEST(no_memory_is_said)
{
    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct polls *polls;
        bool is_in;

        t_fail_alloc(nth);
        polls = polls_new();
        is_in = polls != NULL && polls_add(polls, ST_SPAN("a.test"), ST_SPAN("s"), ST_SPAN("x"), &err) == ST_OK;
        t_fail_alloc(0);
        T_CHECK(is_in || polls == NULL || err.code == ST_E_NOMEM, "allocation %d", nth);
        polls_free(polls);
        if (is_in)
            break;
    }
}
