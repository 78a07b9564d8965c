/* SPDX-License-Identifier: Apache-2.0 */
/* track - where in a message a byte stands, so that it can be cut there and each side be a message; internal to this
 * room.
 *
 * A track reads a body once, byte after byte, and remembers only what a reader who begins here has to be told: which
 * objects and arrays are open, under which keys, and how far a token has come. It is copied by assignment.
 */
#ifndef STOA_FILTERS_TRACK_H
#define STOA_FILTERS_TRACK_H
#include "filters/decode.h"

#define FLT_TRACK_KEYS 16384u /* bytes of all open keys, as sent */

enum flt_json_at {
    FLT_AT_VALUE, /* one is due */
    FLT_AT_FIRST, /* behind an opening bracket */
    FLT_AT_KEY,   /* behind a comma of an object */
    FLT_AT_COLON,
    FLT_AT_NEXT, /* behind a value */
    FLT_AT_STRING,
    FLT_AT_NAME, /* a string that is a key */
    FLT_AT_NUMBER,
    FLT_AT_WORD, /* true, false, null */
    FLT_AT_WRONG /* this is no JSON */
};
enum flt_json_number {
    FLT_NUM_MINUS,
    FLT_NUM_ZERO,
    FLT_NUM_INT,
    FLT_NUM_DOT,
    FLT_NUM_FRACTION,
    FLT_NUM_E,
    FLT_NUM_SIGN,
    FLT_NUM_EXPONENT
};

struct flt_track_json {
    enum flt_json_at at;
    enum flt_json_number number;
    const char *word;  /* at WORD: what is left of it */
    uint8_t escape;    /* in a string: bytes of an escape that are due; 1: the letter after the backslash */
    bool has_line_end; /* at depth 0, since the last value */
    bool has_lines;    /* more than one value, one a line */
    bool is_key_full;
    unsigned depth;
    struct {
        bool is_object;
        uint16_t key, key_n; /* in keys */
    } levels[FLT_DEPTH_MAX];
    size_t keys_n;
    uint8_t keys[FLT_TRACK_KEYS];
};
void flt_track_json(struct flt_track_json *t, struct st_span bytes);
bool flt_track_json_may_cut(const struct flt_track_json *t); /* here, as far as JSON is concerned */
/* What opens all that is open here, and what closes it. */
void flt_track_json_open(const struct flt_track_json *t, struct st_buf *out);
void flt_track_json_close(const struct flt_track_json *t, struct st_buf *out);

#define FLT_TRACK_NAME 1024u
struct flt_track_form {
    bool is_value; /* behind the = of a pair */
    size_t name_n;
    uint8_t name[FLT_TRACK_NAME];
};
void flt_track_form(struct flt_track_form *t, struct st_span bytes);
void flt_track_form_open(const struct flt_track_form *t, struct st_buf *out);
#endif
