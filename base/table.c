/* SPDX-License-Identifier: Apache-2.0 */
/* table - chained buckets plus one ring of all entries in order of use.
 *
 * The ring gives eviction (its tail is the least recently used) and iteration for nothing more than two pointers.
 * Buckets double while there is memory for it; when there is not, chains get longer and nothing fails. The hash is
 * keyed per process, so a peer that chooses keys (host names, cookies) cannot choose collisions.
 */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define TABLE_MAGIC   0x5461626cu
#define BUCKETS_FIRST 16u

struct entry {
    struct entry *chain;         /* next in the bucket */
    struct entry *newer, *older; /* the ring; the table's head sits between newest and oldest */
    uint64_t hash;
    void *value;
    size_t n;
    uint8_t key[];
};

struct st_table {
    unsigned magic;
    bool evict;
    st_table_free_f *free_fn; /* NULL: values are not owned */
    struct entry **buckets;
    size_t n_buckets, n, limit; /* n_buckets is a power of two */
    struct entry ring;          /* head: .older is the newest, .newer the oldest */
};

struct st_table *st_table_new(size_t limit, bool evict, st_table_free_f *free_fn)
{
    struct st_table *table = calloc(1, sizeof *table);

    if (table == NULL)
        return NULL;
    table->buckets = calloc(BUCKETS_FIRST, sizeof *table->buckets);
    if (table->buckets == NULL) {
        free(table);
        return NULL;
    }
    table->magic = TABLE_MAGIC;
    table->n_buckets = BUCKETS_FIRST;
    table->limit = limit;
    table->evict = evict;
    table->free_fn = free_fn;
    table->ring.newer = table->ring.older = &table->ring;
    return table;
}

static void ring_remove(struct entry *e)
{
    e->newer->older = e->older;
    e->older->newer = e->newer;
}

static void ring_insert_newest(struct st_table *table, struct entry *e)
{
    e->newer = &table->ring;
    e->older = table->ring.older;
    e->older->newer = e;
    table->ring.older = e;
}

static void value_free(const struct st_table *table, void *value)
{
    if (table->free_fn != NULL)
        table->free_fn(value);
}

void st_table_free(struct st_table *table)
{
    if (table == NULL)
        return;
    ST_CHECK(table, TABLE_MAGIC);
    while (table->ring.older != &table->ring) {
        struct entry *e = table->ring.older;
        ring_remove(e);
        value_free(table, e->value);
        free(e);
    }
    table->magic = 0;
    free(table->buckets);
    free(table);
}

/* The link that points to the entry, or to the NULL where it would be appended. */
static struct entry **find(const struct st_table *table, struct st_span key, uint64_t hash)
{
    struct entry **at = &table->buckets[hash & (table->n_buckets - 1)];

    while (*at != NULL && ((*at)->hash != hash || !st_span_eq(st_span((*at)->key, (*at)->n), key)))
        at = &(*at)->chain;
    return at;
}

void *st_table_get(struct st_table *table, struct st_span key)
{
    struct entry *e;

    ST_CHECK(table, TABLE_MAGIC);
    if ((e = *find(table, key, st_hash64(key))) == NULL)
        return NULL;
    ring_remove(e);
    ring_insert_newest(table, e);
    return e->value;
}

static void grow(struct st_table *table)
{
    size_t n = table->n_buckets * 2;
    struct entry **buckets;

    if (table->n < table->n_buckets || (buckets = calloc(n, sizeof *buckets)) == NULL)
        return;
    for (struct entry *e = table->ring.older; e != &table->ring; e = e->older) {
        e->chain = buckets[e->hash & (n - 1)];
        buckets[e->hash & (n - 1)] = e;
    }
    free(table->buckets);
    table->buckets = buckets;
    table->n_buckets = n;
}

/* Unlinks the entry that *at points to and answers its value. */
static void *cut(struct st_table *table, struct entry **at)
{
    struct entry *e = *at;
    void *value = e->value;

    *at = e->chain;
    ring_remove(e);
    table->n--;
    free(e);
    return value;
}

enum st_rc st_table_put(struct st_table *table, struct st_span key, void *value, struct st_err *err)
{
    uint64_t hash = st_hash64(key);
    struct entry *e;

    ST_CHECK(table, TABLE_MAGIC);
    if ((e = *find(table, key, hash)) != NULL) {
        void *old = e->value;

        e->value = value;
        ring_remove(e);
        ring_insert_newest(table, e);
        if (old != value)
            value_free(table, old);
        return ST_OK;
    }
    if (table->limit == 0 || (table->n >= table->limit && !table->evict))
        return st_fail(err, ST_E_LIMIT, "table.put", "table is full", table->limit);
    if (key.n > SIZE_MAX - sizeof *e || (e = malloc(sizeof *e + key.n)) == NULL)
        return st_fail(err, ST_E_NOMEM, "table.put", "entry", key.n);
    e->hash = hash;
    e->value = value;
    e->n = key.n;
    if (key.n > 0)
        memcpy(e->key, key.p, key.n);
    if (table->n >= table->limit) {
        struct entry *oldest = table->ring.newer;
        value_free(table, cut(table, find(table, st_span(oldest->key, oldest->n), oldest->hash)));
    }
    grow(table);
    e->chain = table->buckets[hash & (table->n_buckets - 1)];
    table->buckets[hash & (table->n_buckets - 1)] = e;
    ring_insert_newest(table, e);
    table->n++;
    return ST_OK;
}

void *st_table_take(struct st_table *table, struct st_span key)
{
    struct entry **at;

    ST_CHECK(table, TABLE_MAGIC);
    at = find(table, key, st_hash64(key));
    return *at == NULL ? NULL : cut(table, at);
}

size_t st_table_count(const struct st_table *table)
{
    ST_CHECK(table, TABLE_MAGIC);
    return table->n;
}

void st_table_each(struct st_table *table, st_table_each_f *fn, void *ctx)
{
    ST_CHECK(table, TABLE_MAGIC);
    for (struct entry *e = table->ring.older; e != &table->ring; e = e->older)
        if (!fn(ctx, st_span(e->key, e->n), e->value))
            break;
}
