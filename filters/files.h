/* SPDX-License-Identifier: Apache-2.0 */
/* files - documents, archives and pictures: what they are, and what stoa-extract finds in them. Part of filters.h. */
#ifndef STOA_FILTERS_FILES_H
#define STOA_FILTERS_FILES_H
#include "filters/filters.h"

/* By the first bytes, never by a name; a tar needs 262 of them. */
enum flt_file {
    FLT_FILE_OTHER, /* text, or nothing that is known */
    FLT_FILE_ARCHIVE,
    FLT_FILE_PDF,
    FLT_FILE_RTF,
    FLT_FILE_MAIL,
    FLT_FILE_COMPOUND, /* the old binary Office formats, and locked new ones */
    FLT_FILE_IMAGE,
    FLT_FILE_XML,
    FLT_FILE_HTML
};
enum flt_file flt_file_type(struct st_span bytes);
bool flt_file_is_packed(enum flt_file type);     /* its text is found by stoa-extract only */
bool flt_file_is_binary(struct st_span bytes);   /* neither text nor UTF-16, and with control bytes (charset.c) */
bool flt_file_has_archive(struct st_span bytes); /* a zip's end stands at its end, whatever its beginning is */

#define FLT_EXTRACT_MAX   (32u << 20)  /* bytes of all texts of one file, at most */
#define FLT_EXTRACT_GIVEN (256u << 20) /* a larger file is not opened */
#define FLT_EXTRACT_DEPTH 5            /* containers inside each other, at most */
#define FLT_EXTRACT_ROOM  (16u << 20)  /* bytes of names and notes beside the texts */
#define FLT_EXTRACT_NONE  127          /* its exit code when there is no such program */
/* What stoa-extract writes: records of a kind (u8), a name and a text (st_pack_span each). */
enum flt_record {
    FLT_RECORD_TEXT = 1, /* name: the path inside the file, "@headers" and the like for a part of it */
    FLT_RECORD_NOTE,     /* text: an flt_reason's name */
    FLT_RECORD_END       /* the last one; without it the helper crashed */
};
struct flt_extract_limits {
    size_t text;    /* bytes of all texts */
    unsigned depth; /* containers inside each other */
    bool pictures;  /* words in them are looked for */
};
/* Starts the helper, in a process group of its own, on the file at descriptor `in`, which is at its start; it writes to
 * `out`. Both stay the caller's. */
ST_MUST enum st_rc flt_extract_start(int in, int out, const struct flt_extract_limits *limits, int *pid,
                                     struct st_err *err);
/* Ends it, whatever it does, and waits; the exit code, -1 when it had none. */
int flt_extract_end(int pid);
/* All of it, waiting at most ms; a doc of what was said. Never ST_ERR for what is in the file. */
ST_MUST enum st_rc flt_extract_file(struct st_arena *arena, int in, unsigned ms, struct flt_doc **out,
                                    struct st_err *err);

struct flt_opened {   /* what became of one of doc->files */
    uint8_t *records; /* as stoa-extract wrote them; mended in place, and the doc borrows from it */
    size_t n;
    enum flt_reason why; /* what is known about its end: NONE when the helper ended by itself */
};
/* Adds the texts to the doc's fields, and to its receipt what was not read; opened NULL: no file was. A field has no
 * way back into its file, so a finding in it cannot be taken out. */
ST_MUST enum st_rc flt_doc_opened(struct st_arena *arena, struct flt_doc *doc, const struct flt_opened *opened,
                                  struct st_err *err);
#endif
