/* SPDX-License-Identifier: Apache-2.0 */
/* table - against a plain array of keys in order of use; ownership of values counted. */
#include "t.h"

#include "base/table.h"

static int alive;

static int *value_new(int v)
{
    int *p = malloc(sizeof *p);

    T_CHECK(p != NULL, "malloc");
    *p = v;
    alive++;
    return p;
}

static void value_free(void *p)
{
    alive--;
    free(p);
}

T_TEST(put_get_take)
{
    struct st_table *table = st_table_new(10, false, value_free);
    struct st_err err = ST_ERR_INIT;
    int *v = value_new(3);

    alive = 1;
    T_OK(st_table_put(table, ST_SPAN("a"), v, &err), err);
    T_OK(st_table_put(table, ST_SPAN("a"), v, &err), err); /* the same value again must not free it */
    T_CHECK(alive == 1 && st_table_count(table) == 1, "alive %d", alive);
    T_OK(st_table_put(table, ST_SPAN("a"), value_new(4), &err), err);
    T_CHECK(alive == 1 && *(int *)st_table_get(table, ST_SPAN("a")) == 4, "replaced");
    T_OK(st_table_put(table, ST_SPAN_NONE, value_new(5), &err), err);
    T_OK(st_table_put(table, ST_SPAN("a\0b"), value_new(6), &err), err);
    T_CHECK(*(int *)st_table_get(table, ST_SPAN_NONE) == 5 && *(int *)st_table_get(table, ST_SPAN("a\0b")) == 6,
            "keys");
    T_CHECK(st_table_get(table, ST_SPAN("b")) == NULL && st_table_take(table, ST_SPAN("b")) == NULL, "absent");
    v = st_table_take(table, ST_SPAN("a"));
    T_CHECK(*v == 4 && alive == 3 && st_table_get(table, ST_SPAN("a")) == NULL, "taken");
    value_free(v);
    st_table_free(table);
    T_CHECK(alive == 0, "%d values leaked", alive);
    st_table_free(NULL);
}

T_TEST(full_without_eviction)
{
    struct st_table *table = st_table_new(2, false, NULL);
    struct st_err err = ST_ERR_INIT;

    T_OK(st_table_put(table, ST_SPAN("a"), &alive, &err), err);
    T_OK(st_table_put(table, ST_SPAN("b"), &alive, &err), err);
    T_CHECK(st_table_put(table, ST_SPAN("c"), &alive, &err) == ST_ERR && err.code == ST_E_LIMIT, "a third");
    T_OK(st_table_put(table, ST_SPAN("a"), &err, &err), err); /* replacing needs no room */
    T_CHECK(st_table_take(table, ST_SPAN("b")) == &alive, "take");
    T_OK(st_table_put(table, ST_SPAN("c"), &alive, &err), err);
    st_table_free(table);
    table = st_table_new(0, true, NULL);
    T_CHECK(st_table_put(table, ST_SPAN("a"), &alive, &err) == ST_ERR && err.code == ST_E_LIMIT, "no room at all");
    st_table_free(table);
}

/* The model: keys 0..99 as an array, the least recently used first. */
T_TEST(eviction_agrees_with_a_list)
{
    enum { LIMIT = 40, KEYS = 100 };
    struct st_table *table = st_table_new(LIMIT, true, value_free);
    struct st_err err = ST_ERR_INIT;
    int model[LIMIT + 1], n = 0;

    alive = 0;
    for (int round = 0; round < 50000; round++) {
        int key = (int)t_below(KEYS), at = 0, *v;
        uint64_t what = t_below(10);
        char name[16];
        struct st_span k = { (uint8_t *)name, (size_t)snprintf(name, sizeof name, "host-%d", key) };

        while (at < n && model[at] != key)
            at++;
        if (what == 0) {
            v = st_table_take(table, k);
            T_CHECK((v != NULL) == (at < n), "round %d: take", round);
            if (v != NULL)
                value_free(v);
        } else if (what < 5) {
            v = st_table_get(table, k);
            T_CHECK((v != NULL) == (at < n) && (v == NULL || *v == key), "round %d: get", round);
        } else {
            T_OK(st_table_put(table, k, value_new(key), &err), err);
        }
        if (at < n) {
            memmove(model + at, model + at + 1, (size_t)(n - at - 1) * sizeof *model);
            n--;
        }
        if (what >= 5 || (what > 0 && v != NULL))
            model[n++] = key;
        if (n > LIMIT) {
            memmove(model, model + 1, LIMIT * sizeof *model);
            n--;
        }
        T_CHECK(st_table_count(table) == (size_t)n && alive == n, "round %d: %zu, %d", round, st_table_count(table), n);
    }
    st_table_free(table);
    T_CHECK(alive == 0, "%d values leaked", alive);
}

static bool sum(void *ctx, struct st_span key, void *value)
{
    int *total = ctx;

    T_CHECK(key.n > 0, "key");
    *total += *(int *)value;
    return *total < 1000000;
}

T_TEST(each_sees_every_entry_once)
{
    struct st_table *table = st_table_new(100000, false, value_free);
    struct st_err err = ST_ERR_INIT;
    int total = 0, wanted = 0;

    for (int i = 0; i < 1000; i++) {
        T_OK(st_table_put(table, st_span(&i, sizeof i), value_new(i), &err), err);
        wanted += i;
    }
    st_table_each(table, sum, &total);
    T_CHECK(total == wanted, "%d, not %d", total, wanted);
    total = 1000000;
    st_table_each(table, sum, &total);
    T_CHECK(total < 1001000, "did not stop");
    st_table_free(table);
}

T_TEST(survives_every_oom)
{
    int value = 1;

    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct st_table *table;
        int put = 0, failed = 0;

        t_fail_alloc(nth);
        table = st_table_new(100, false, NULL);
        for (int i = 0; table != NULL && i < 40; i++) {
            if (st_table_put(table, st_span(&i, sizeof i), &value, &err) == ST_OK)
                put++;
            else
                failed += err.code == ST_E_NOMEM ? 1 : 100;
        }
        t_fail_alloc(0);
        T_CHECK(table != NULL || nth <= 2, "allocation %d", nth);
        T_CHECK(table == NULL || (failed <= 1 && put + failed == 40), "allocation %d: %d put, %d failed", nth, put,
                failed);
        for (int i = 0; table != NULL && failed == 0 && i < 40;
             i++) /* a bucket array that did not grow loses nothing */
            T_CHECK(st_table_get(table, st_span(&i, sizeof i)) == &value, "allocation %d: key %d", nth, i);
        st_table_free(table);
        if (table != NULL && nth > 60)
            break;
    }
}
