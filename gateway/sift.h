/* SPDX-License-Identifier: Apache-2.0 */
/* sift - the text of a body beyond the memory budget, looked into while it comes, in memory that does not grow. */
#ifndef STOA_GATEWAY_SIFT_H
#define STOA_GATEWAY_SIFT_H
#include "gateway/chain.h"

struct sift;
/* `in` without a body; what it borrows outlives the sift. *out NULL: the body, which begins with `first` (FLT_SNIFF
 * bytes), is no text that can be read in stretches. */
ST_MUST enum st_rc sift_new(const struct chain_in *in, struct st_span first, struct sift **out, struct st_err *err);
void sift_free(struct sift *sift); /* NULL is fine */
ST_MUST enum st_rc sift_feed(struct sift *sift, struct st_span data, struct st_err *err);
/* The body's end: looks into the rest of it and judges all. *out lives in the arena and the sift. What was found is in
 * a doc of its own, with the values (cut) and the paths of the findings; it cannot be redacted. */
ST_MUST enum st_rc sift_end(struct sift *sift, struct st_arena *arena, struct chain_out *out, struct st_err *err);
/* There is a document in it, which is opened when the body is whole: nothing else was looked into. */
bool sift_has_files(const struct sift *sift);
/* From now on, before the first byte: it says how far the body may go while it comes (filters/hold.h). */
void sift_lets_go(struct sift *sift);
uint64_t sift_may_leave(const struct sift *sift); /* bytes of the body, from its beginning; grows only */
bool sift_has_stopped(const struct sift *sift);   /* it grows no more */
/* No more comes for a while: what is here is looked into as far as it goes. */
ST_MUST enum st_rc sift_press(struct sift *sift, struct st_err *err);
/* The verdict over what was looked into so far; as sift_end. */
ST_MUST enum st_rc sift_so_far(struct sift *sift, struct st_arena *arena, struct chain_out *out, struct st_err *err);
size_t sift_memory(const struct sift *sift);
#endif
