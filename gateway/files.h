/* SPDX-License-Identifier: Apache-2.0 */
/* files - a worker's way to the extractor: the documents of one message are handed over and waited for. */
#ifndef STOA_GATEWAY_FILES_H
#define STOA_GATEWAY_FILES_H
#include "gateway/family.h"

struct files;
struct worker;
ST_MUST struct files *files_new(struct worker *worker);
void files_free(struct files *files);         /* after all openings; NULL is fine */
void files_peer(struct files *files, int fd); /* a (new) channel to the extractor; owns fd */

struct opening; /* the files of one message */
/* Begins; bytes of doc->files are copied. on_done is called once all are there (only to note the fact), unless they are
 * at once. NULL: no memory. */
ST_MUST struct opening *opening_new(struct files *files, const struct flt_doc *doc, void (*on_done)(void *ctx),
                                    void *ctx);
void opening_free(struct opening *opening); /* ends what is under way; NULL is fine */
bool opening_is_done(const struct opening *opening);
void opening_give_up(struct opening *opening); /* what is not there yet is late */
/* One for each file of the doc, which borrows from them; is_done. */
const struct flt_opened *opening_results(const struct opening *opening);
size_t opening_memory(const struct opening *opening); /* bytes */
#endif
