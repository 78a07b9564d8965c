/* SPDX-License-Identifier: Apache-2.0 */
/* table - a hash table from bytes to pointers, with a ceiling and least-recently-used eviction on request.
 *
 * Keys are copied. Values belong to the table once put: `free_fn` is called on replacement, removal and at the end.
 */
#ifndef STOA_BASE_TABLE_H
#define STOA_BASE_TABLE_H
#include "base/err.h"
#include "base/span.h"
#include <stdbool.h>

struct st_table;
typedef void st_table_free_f(void *value);

/* At most limit entries. evict true: a put beyond it drops the least recently used entry; false: it is ST_E_LIMIT. */
ST_MUST struct st_table *st_table_new(size_t limit, bool evict, st_table_free_f *free_fn);
void st_table_free(struct st_table *table); /* NULL is fine */
/* Borrowed until the next change; counts as a use. NULL when absent. */
void *st_table_get(struct st_table *table, struct st_span key);
/* On ST_OK the table owns value; on ST_ERR the caller still does. */
ST_MUST enum st_rc st_table_put(struct st_table *table, struct st_span key, void *value, struct st_err *err);
/* Moves the value out to the caller; NULL when absent. */
void *st_table_take(struct st_table *table, struct st_span key);
size_t st_table_count(const struct st_table *table);
/* Calls fn for each entry, in no order, until it answers false; fn must not change the table. */
typedef bool st_table_each_f(void *ctx, struct st_span key, void *value);
void st_table_each(struct st_table *table, st_table_each_f *fn, void *ctx);
#endif
