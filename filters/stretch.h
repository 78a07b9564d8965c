/* SPDX-License-Identifier: Apache-2.0 */
/* stretch - messages that are too large to be held whole: what of them may leave while it comes, and how the text in
 * them is read in memory that does not grow with it. A part of filters.h.
 */
#ifndef STOA_FILTERS_STRETCH_H
#define STOA_FILTERS_STRETCH_H
#include "filters/filters.h"

/* ---- what may leave while it comes ------------------------------------------------------------------------------ */

/* Pictures, sound and films: the bytes decide, unless the type says that they are text. `first` is the beginning. */
#define FLT_SNIFF 1024 /* bytes of it that are enough */
bool flt_is_media(struct st_span content_type, struct st_span first);
bool flt_may_be_media(struct st_span content_type); /* or may hold some, as multipart does: the bytes will tell */

/* A row of messages behind their lengths (gRPC, Connect's streams), each of which may be answered before the next is
 * there. A message begins with so many bytes; false: none does so. */
#define FLT_CALL_HEAD 5
bool flt_is_call(struct st_span content_type);
bool flt_call_length(const uint8_t head[FLT_CALL_HEAD], uint32_t *length);

/* A multipart body as it comes, cut into what is to be looked into and the insides of media parts. Whatever leaves a
 * reader a choice, and all that follows it, is KEEP. */
enum flt_cut { FLT_CUT_KEEP, FLT_CUT_MEDIA };
struct flt_parts;
ST_MUST struct flt_parts *flt_parts_new(struct st_span content_type); /* NULL: no boundary in it, or no memory */
void flt_parts_free(struct flt_parts *parts);                         /* NULL is fine */
/* Pieces of up to 512 KiB, each after next has given out all that it can. */
ST_MUST enum st_rc flt_parts_feed(struct flt_parts *parts, struct st_span data, struct st_err *err);
/* The next stretch, in order; dies at the next call. false: more is needed. */
bool flt_parts_next(struct flt_parts *parts, struct st_span *piece, enum flt_cut *cut);
void flt_parts_end(struct flt_parts *parts);            /* no more comes: next gives what is left */
bool flt_parts_in_media(const struct flt_parts *parts); /* what comes next does, as far as it is known */
/* A delimiter that ends the part and the body, for who reads a body that is not whole yet. */
struct st_span flt_parts_close(const struct flt_parts *parts);

/* ---- a text of any size, read in stretches ---------------------------------------------------------------------- */

#define FLT_STRETCH_USUAL (128u << 10)
#define FLT_STRETCH_LEAST (64u << 10)
#define FLT_OVERLAP       16384u /* bytes that two stretches share, about */
#define FLT_EDGE          2304u  /* a finding nearer to a cut has not all of its context words here */

/* Each stretch is a message of its own, of the type of the whole, whose fields have the paths that they have there. */
struct flt_stretch {
    struct st_span message, content_type; /* die at the next call */
    enum flt_reason reason;               /* the body is not what its type says from here on; NONE */
    uint32_t front, back;                 /* a finding that begins here is this stretch's: [front, back) of message */
    uint32_t beyond;                      /* so is one from before that ends behind here: no stretch has all of it */
    struct st_span shared;                /* with the next stretch, which begins with it; empty in the last */
    uint64_t shared_at;                   /* where that begins in the body */
    bool is_first, is_last;
};
struct flt_cutter;
/* A cutter for a body that begins with `first` (FLT_SNIFF bytes or all of it); *out NULL: it is no text that can be
 * cut, and has to be read whole. size: bytes of a stretch, at least FLT_STRETCH_LEAST. */
ST_MUST enum st_rc flt_cutter_new(struct st_span content_type, struct st_span first, size_t size,
                                  struct flt_cutter **out, struct st_err *err);
void flt_cutter_free(struct flt_cutter *cutter); /* NULL is fine */
/* Pieces of up to 512 KiB, each after next has answered false. */
ST_MUST enum st_rc flt_cutter_feed(struct flt_cutter *cutter, struct st_span data, struct st_err *err);
void flt_cutter_end(struct flt_cutter *cutter); /* no more comes */
/* No more comes for a while: the next stretch may be a smaller one, of at least 2 * FLT_OVERLAP. */
void flt_cutter_press(struct flt_cutter *cutter);
/* The next stretch; *any false: more has to come, or all was given. */
ST_MUST enum st_rc flt_cutter_next(struct flt_cutter *cutter, struct flt_stretch *out, bool *any, struct st_err *err);
size_t flt_cutter_memory(const struct flt_cutter *cutter);
/* Is the finding this stretch's, or a neighbour's? Either half of a joined one decides for itself. */
bool flt_stretch_owns(const struct flt_stretch *stretch, const struct flt_doc *doc, const struct flt_finding *finding);

/* What dictionaries and fingerprints have seen of a message that is scanned in stretches; flt_doc.terms. */
ST_MUST struct flt_terms *flt_terms_new(const struct flt_packs *packs); /* NULL: no memory */
void flt_terms_free(struct flt_terms *terms);                           /* NULL is fine */
size_t flt_terms_memory(const struct flt_terms *terms);
#endif
