/* SPDX-License-Identifier: Apache-2.0 */
/* arena - memory that lives and dies with one transaction (or one generation).
 *
 * It has a ceiling from birth; reaching it is ST_E_LIMIT, which the data path turns into a refusal, never into a
 * truncated look. What the arena does not own (a descriptor, an SSL, a Lua reference) registers a cleanup at birth.
 */
#ifndef STOA_BASE_ARENA_H
#define STOA_BASE_ARENA_H
#include "base/err.h"
#include "base/span.h"
#include <stddef.h>

struct st_arena;

/* limit in bytes, blocks included. NULL when memory is out. The caller owns it. */
ST_MUST struct st_arena *st_arena_new(size_t limit);
void st_arena_free(struct st_arena *arena); /* runs the cleanups, last registered first; NULL is fine */

/* Zeroed, aligned for any type; NULL when the ceiling or the memory is reached (st_arena_fail says which). */
ST_MUST void *st_arena_alloc(struct st_arena *arena, size_t size);
ST_MUST void *st_arena_room(struct st_arena *arena, size_t size); /* the same, not zeroed: to be written at once */
ST_MUST void *st_arena_dup(struct st_arena *arena, const void *p, size_t n);
ST_MUST char *st_arena_str(struct st_arena *arena, struct st_span s); /* NUL-terminated copy */
/* Turns a NULL from above into the right error: ST_E_LIMIT or ST_E_NOMEM. */
enum st_rc st_arena_fail(const struct st_arena *arena, struct st_err *err, const char *where);

typedef void st_cleanup_f(void *obj);
ST_MUST enum st_rc st_arena_cleanup(struct st_arena *arena, st_cleanup_f *fn, void *obj, struct st_err *err);
size_t st_arena_used(const struct st_arena *arena); /* bytes taken from the system */
#endif
