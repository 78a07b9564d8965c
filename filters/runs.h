/* SPDX-License-Identifier: Apache-2.0 */
/* runs - an encoded run of a text, opened: where it stands, how it was encoded, what it says.
 *
 * Internal to this room. unwrap.c makes runs while a text is read, the layer of a view that leads out of one names it
 * (map.h), a finding in its text keeps it, and rewrap.c encodes it anew with masks in it. Runs live in the arena of the
 * scan.
 */
#ifndef STOA_FILTERS_RUNS_H
#define STOA_FILTERS_RUNS_H
#include "filters/edits.h"
#include "filters/filters.h"
#include "filters/map.h"

enum flt_radix {
    FLT_RADIX_HEX,
    FLT_RADIX_32,
    FLT_RADIX_64,
    FLT_RADIX_85, /* between <~ and ~> */
    FLT_RADIX_85_BARE,
    FLT_RADIX_85_GIT /* RFC 1924's alphabet */
};
#define FLT_DIGITS_85_GIT "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
enum flt_look {
    FLT_LOOK_NOTHING,
    FLT_LOOK_TEXT,
    FLT_LOOK_UTF16LE,
    FLT_LOOK_UTF16BE,
    FLT_LOOK_GZIP,
    FLT_LOOK_ZLIB,
    FLT_LOOK_RAW /* deflate without a head: only where a word in front says so */
};

struct flt_run {
    const struct flt_run *up; /* in whose text it stands; NULL: in the field's */
    uint32_t from, to;        /* of that text; a part of an escape there means the whole escape */
    struct st_span chars;     /* as the view had it, with line ends and padding */
    struct st_span text;      /* what it says; findings' offsets are of this */
    struct st_span bytes;     /* the same before bad UTF-8 was mended: byte for byte as long, or text's beginning */
    enum flt_radix radix;
    enum flt_look look;
    uint32_t phase; /* characters in front that are no part of it */
    bool is_pairs;  /* "34 31", "0x34, 0x31" */
    bool is_cut;    /* more stands in it than was read, or something that is no text: it cannot be encoded anew */
};

/* The same run, met in another reading of the text, there perhaps without its last sign. Both may be NULL. */
bool flt_run_is(const struct flt_run *a, const struct flt_run *b);
/* Of two that are the same, the one that was met in a text more like the original. */
const struct flt_run *flt_run_closer(const struct flt_run *a, const struct flt_run *b);

/* ---- unwrap.c, rewrap.c ---- */

/* The bytes of a line's end, with what the next one is quoted or indented with; 0: none is at `at`. */
size_t flt_fold_at(struct st_span s, size_t at);

/* ---- radix.c ---- */

#define FLT_RUN_MIN  16u  /* characters of a run */
#define FLT_RUN_LONG 144u /* of one that may hold a text in its middle */
/* Could a run that begins with these FLT_RUN_MIN characters open? */
bool flt_may_hold_text(struct st_span head);
/* The whole run in bytes, when it is anything. *radix is the first to try, then the one that opened it; *phase:
 * characters in front that are no part of it. */
enum flt_look flt_open_chars(struct st_span chars, enum flt_radix *radix, uint32_t *phase, struct st_buf *bytes);
/* As many whole bytes as there are, up to the first character that is no digit; answers how many. out has room for as
 * many bytes as there are characters. */
size_t flt_decode_bits(struct st_span chars, enum flt_radix radix, uint8_t *out);
void flt_decode_85(struct st_span chars, enum flt_radix radix, struct st_buf *out);

/* ---- bare85.c ---- */

#define FLT_BARE_85_MAX 1000u /* characters: less than hold.c asks of a text that separates */
/* How long the run of base85 without delimiters is that begins at `at`, and in which alphabet; 0: none begins. */
size_t flt_bare_85(struct st_span s, size_t at, enum flt_radix *radix);
/* The bytes of the five characters at `at`, or of the last ones; 0: they are none. */
size_t flt_group_85(struct st_span chars, size_t at, enum flt_radix radix, uint8_t out[4]);

/* The findings of one field that are to be masked. */
struct flt_masking {
    const struct flt_field *field;
    const struct flt_finding *items; /* all of the field are in a row */
    const bool *mark;
    size_t n;
};

/* Adds the edits of what is masked in the text of `run` (NULL: the field's): masks, and runs encoded anew.
 * ST_E_UNSUPPORTED: a run that cannot be. */
ST_MUST enum st_rc flt_masking_edits(const struct flt_masking *masking, const struct flt_run *run, struct st_span text,
                                     struct flt_edits *edits, struct st_err *err);
#endif
