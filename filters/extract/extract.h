/* SPDX-License-Identifier: Apache-2.0 */
/* extract - text from documents, archives and pictures: the inside of the program stoa-extract.
 *
 * One file per life of a process. What comes out is a row of records (ext_emit_f): texts with the path they stand
 * under, and notes about what could not be read. Nothing here fails for what a file holds: it notes and goes on.
 */
#ifndef STOA_FILTERS_EXTRACT_EXTRACT_H
#define STOA_FILTERS_EXTRACT_EXTRACT_H
#include "filters/filters.h"

#define EXT_ENTRIES_MAX 5000u           /* of all archives together */
#define EXT_ENTRY_MAX   (32u << 20)     /* bytes of one member, unpacked */
#define EXT_TOTAL_MAX   (128u << 20)    /* bytes of all members, unpacked */
#define EXT_TEXT_MAX    FLT_EXTRACT_MAX /* bytes of all texts */
#define EXT_RATIO_MAX   200u            /* unpacked to packed, from EXT_RATIO_FROM bytes on */
#define EXT_RATIO_FROM  (4u << 20)
#define EXT_PATH_MAX    1024u

typedef void ext_emit_f(void *ctx, enum flt_record kind, struct st_span name, struct st_span text);

struct ext {
    ext_emit_f *emit;
    void *ctx;
    int tools;             /* a channel to ext_tools_serve, or -1: no other program helps */
    uint64_t given, spent; /* bytes of the file; unpacked from it so far */
    uint64_t texts;
    size_t text_max;    /* of texts, at most EXT_TEXT_MAX */
    unsigned depth_max; /* of depth, at most FLT_EXTRACT_DEPTH */
    unsigned entries, depth;
    bool reads_pictures; /* the words in them */
    bool is_over;        /* a limit of the whole file was reached: what follows is not looked into */
    struct st_buf path;
};

/* ---- walk.c ---- */
void ext_file(struct ext *x, struct st_span bytes); /* the whole of it, with its end record */
/* A member of a container: enters its name, walks, leaves. */
void ext_member(struct ext *x, struct st_span name, struct st_span bytes);
void ext_note(struct ext *x, enum flt_reason reason);
/* Text at the path, with "@suffix" behind it when suffix is not empty; any bytes, made UTF-8 here. */
void ext_text(struct ext *x, const char *suffix, struct st_span text);
/* Any bytes as UTF-8: UTF-16 by its byte order mark, UTF-8 as it is, else Latin-1. */
void ext_put_text(struct st_buf *out, struct st_span text);
void ext_strings(struct ext *x, struct st_span bytes); /* rows of printable bytes, and of UTF-16 */
/* Counts unpacked bytes; false when a limit of the whole file is reached (noted). */
bool ext_spend(struct ext *x, size_t n);

bool ext_is_listed(const char *const *names, size_t n, const char *name);

/* ---- one format each ---- */
void ext_archive(struct ext *x, struct st_span bytes); /* archive.c: libarchive's door */
void ext_xml(struct ext *x, struct st_span bytes);     /* xml.c: libxml2's door */
void ext_html(struct ext *x, struct st_span bytes);
void ext_rtf(struct ext *x, struct st_span bytes);
void ext_mail(struct ext *x, struct st_span bytes);
void ext_image(struct ext *x, struct st_span bytes);
void ext_pdf(struct ext *x, struct st_span bytes); /* pdf.c: pages, properties, objects, attached files */

/* ---- tools.c: programs that read a format, run by a process of their own ---- */
enum ext_tool { EXT_PDFTOTEXT, EXT_PDFINFO, EXT_TESSERACT };
/* False when the program is not there, failed, or gave nothing; out has its standard output. */
bool ext_tool(struct ext *x, enum ext_tool tool, struct st_span in, struct st_buf *out);
int ext_tools_serve(int channel); /* until the other end closes; an exit code */

/* ---- jail.c ---- */
ST_MUST enum st_rc ext_jail(struct st_err *err);                           /* this process, for good */
ST_MUST enum st_rc ext_jail_tool(const char *program, struct st_err *err); /* before execve of this very pointer */
bool ext_jail_prove(void (*say)(const char *what, bool is_refused));       /* tries what must not work */
#endif
