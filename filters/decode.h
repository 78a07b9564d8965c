/* SPDX-License-Identifier: Apache-2.0 */
/* decode - what the codecs share while one message becomes fields; internal to this room.
 *
 * A codec gets a piece of text, and puts every typed text it finds as a field, with the path and the chain of where it
 * stands. It never fails for what a peer sent: it says how far it came, and the driver makes plain text of the rest.
 */
#ifndef STOA_FILTERS_DECODE_H
#define STOA_FILTERS_DECODE_H
#include "filters/filters.h"
#include "filters/map.h"

#define FLT_NEST_MAX     3   /* JSON inside a string, so often */
#define FLT_DEPTH_MAX    64  /* JSON objects and arrays inside each other */
#define FLT_SEGMENT_MAX  128 /* bytes of one path segment that are kept */
#define FLT_DATA_KEY_MIN 8   /* from here on a key may be data, see flt_key_is_data */
#define FLT_DEC_PATHS    64  /* paths that are remembered, so that fields of one kind share theirs */
#define FLT_NUMBER_MIN   7   /* shorter JSON numbers are no field */

/* Text (or bytes) that lies as it is in `up` from `base` on. */
struct flt_piece {
    struct st_span s;
    const struct flt_map *up;
    uint32_t base;
};

/* A length written in front of what it counts; offsets in the plain body. */
enum flt_count {
    FLT_COUNT_UNITS, /* decimal digits; UTF-16 units of UTF-8 */
    FLT_COUNT_FORM,  /* the same, inside a form value with engine.io's newlines */
    FLT_COUNT_BYTES  /* one byte per digit; bytes */
};
struct flt_length {
    uint32_t digits, digits_end, from, to;
    enum flt_count count;
};

struct flt_dec {
    struct st_arena *arena;
    struct flt_doc *doc;
    struct flt_piece whole; /* the query, or the body as codecs see it: where the rest of a full doc is cut */
    struct st_buf fields;   /* of struct flt_field, until the end */
    struct st_buf lengths;  /* of struct flt_length, in their order */
    struct st_buf files;    /* of struct flt_attached */
    enum flt_open open;
    struct st_buf path;                  /* where the codec stands */
    struct st_buf text;                  /* scratch of one text */
    struct flt_build build;              /* scratch of its map */
    struct st_span name;                 /* file name of the part */
    struct st_span paths[FLT_DEC_PATHS]; /* kept ones, by their hash */
    enum flt_codec chain[FLT_CHAIN_MAX];
    unsigned depth, nested;
    size_t limit;       /* no more fields than this */
    size_t plain_limit; /* of what is compressed inside the body, bytes */
    size_t full_at;     /* ST_SPAN_NPOS, or where in whole.up's text the first text lies that found no room */
    uint64_t skipped;   /* bytes of the plain body that nobody looked into */
    enum flt_place place;
};

struct flt_mark { /* a place to come back to when a guess was wrong */
    size_t fields, path, files;
    unsigned depth;
};

/* ---- decode.c: building ---- */
void flt_dec_init(struct flt_dec *dec, struct st_arena *arena, struct flt_doc *doc, size_t size); /* of the message */
void flt_dec_fini(struct flt_dec *dec);
/* What was put down becomes the doc's. */
ST_MUST enum st_rc flt_dec_take(struct flt_dec *dec, struct st_err *err);
bool flt_dec_is_full(const struct flt_dec *dec);
/* Remembers the first reason; coverage only gets worse. */
void flt_dec_note(struct flt_dec *dec, enum flt_coverage coverage, enum flt_reason reason);
void flt_dec_push(struct flt_dec *dec, enum flt_codec codec);
void flt_dec_pop(struct flt_dec *dec);
/* Adds a segment to the path; answers the length to give back to flt_dec_leave. */
/* As much of a name as a path or a label takes, cut between characters. */
struct st_span flt_dec_segment(struct st_span name);
size_t flt_dec_enter(struct flt_dec *dec, struct st_span segment);
void flt_dec_leave(struct flt_dec *dec, size_t mark);
/* A field that is a piece as it stands, under a layer. */
ST_MUST enum st_rc flt_dec_piece(struct flt_dec *dec, const struct flt_piece *piece, enum flt_layer layer,
                                 struct st_err *err);
/* A string a person may have typed: JSON in it is opened, else it is one field. map is the string's own layer. */
ST_MUST enum st_rc flt_dec_string(struct flt_dec *dec, struct st_span text, const struct flt_map *map,
                                  struct st_err *err);
/* Keys are names, but somebody may put data there: then the key is a field too, named "@key". */
bool flt_key_is_data(struct st_span key);
ST_MUST enum st_rc flt_dec_key(struct flt_dec *dec, struct st_span key, const struct flt_map *map, struct st_err *err);
/* What else can be seen in bytes that are read another way: a field named "@seen" that stands for the whole of `from`.
 */
ST_MUST enum st_rc flt_dec_seen(struct flt_dec *dec, struct st_span text, const struct flt_piece *from,
                                struct st_err *err);
struct flt_mark flt_dec_mark(const struct flt_dec *dec);
void flt_dec_undo(struct flt_dec *dec, struct flt_mark mark);
struct flt_piece flt_piece_sub(const struct flt_piece *piece, size_t from, size_t n);

/* ---- attached.c ---- */
/* Puts a file down; bytes lie in the body or the arena, and take up `sent` bytes of the plain body. */
ST_MUST enum st_rc flt_dec_file(struct flt_dec *dec, struct st_span bytes, uint64_t sent, struct st_err *err);
bool flt_dec_opens(const struct flt_dec *dec, struct st_span bytes); /* they are a file that is to be put down */
/* The files in a text, as base64. */
ST_MUST enum st_rc flt_dec_attached(struct flt_dec *dec, struct st_span text, struct st_err *err);

/* ---- body.c: one body or one multipart part ---- */
struct flt_body {
    struct flt_piece bytes;
    struct st_span content_type;
    bool is_part;
};
ST_MUST enum st_rc flt_body_decode(struct flt_dec *dec, const struct flt_body *body, struct st_err *err);
/* What reads a whole body that begins so; FILE: no text. */
enum flt_codec flt_body_codec(struct st_span content_type, struct st_span first);
/* Bytes nobody could read in their own format: what looks like text in them is one field. */
ST_MUST enum st_rc flt_body_raw(struct flt_dec *dec, const struct flt_piece *bytes, enum flt_layer layer,
                                struct st_err *err);

/* Adds the rows of at least `least` readable characters in bytes that are no text, a line each, until out is full: step
 * 1 those in ASCII, step 2 those in UTF-16 with its low byte first, which become UTF-8. */
void flt_rows(struct st_span s, size_t step, size_t least, struct st_buf *out);

/* What a person could read in bytes that are not text: rows of ASCII and of UTF-16, one a line, as one field that
 * stands for `whole`. */
ST_MUST enum st_rc flt_body_strings(struct flt_dec *dec, struct st_span bytes, const struct flt_piece *whole,
                                    struct st_err *err);

/* ---- json.c ---- */
struct flt_json_end {
    size_t at;              /* where it stopped: s.n when the whole piece was one value */
    enum flt_reason reason; /* NONE, SYNTAX or DEPTH */
    bool has_value;         /* one whole value was read; `at` is behind it and its white space */
};
/* One value (RFC 8259) and the white space around it. piece is valid UTF-8. */
ST_MUST enum st_rc flt_json(struct flt_dec *dec, const struct flt_piece *piece, struct flt_json_end *end,
                            struct st_err *err);

/* ---- form.c ---- */
/* application/x-www-form-urlencoded; prefix is "?" for the query, "" for a body. */
ST_MUST enum st_rc flt_form(struct flt_dec *dec, const struct flt_piece *piece, struct st_span prefix,
                            struct st_err *err);
bool flt_form_likely(struct st_span s, bool is_sure); /* is_sure: only when it can hardly be prose */

/* ---- multipart.c ---- */
/* RFC 2046. *at: where it stopped; piece's end when the closing delimiter was met. */
ST_MUST enum st_rc flt_multipart(struct flt_dec *dec, const struct flt_piece *bytes, struct st_span boundary,
                                 size_t *at, struct st_err *err);

#define FLT_BOUNDARY_MAX 70
bool flt_is_boundary(struct st_span s);
/* The header lines of a part, with the empty line: its type, when a reader has no choice in what follows. */
bool flt_part_head(struct st_span head, struct st_span *type);

/* One name or value; out->up is its percent layer, or a charset's above it. */
ST_MUST enum st_rc flt_form_value(struct flt_dec *dec, const struct flt_piece *raw, struct flt_piece *out,
                                  struct st_err *err);

/* ---- engineio.c, socketio.c ---- */
/* *is_good false: malformed, and what was put down so far is to be undone. */
ST_MUST enum st_rc flt_engineio(struct flt_dec *dec, const struct flt_body *body, bool is_message, bool *is_good,
                                struct st_err *err);
unsigned flt_engine_version(struct st_span query);                  /* 3 or 4; 0 when it is named twice */
bool flt_engine_counted(struct st_span s, size_t *n);               /* LENGTH:PACKET: how many bytes it has */
size_t flt_units(struct st_span utf8);                              /* UTF-16 units of valid UTF-8 */
size_t flt_length_of(struct st_span content, enum flt_count count); /* what a run's digits should say */
/* One packet, a digit and its data; its UTF-8 is valid. */
ST_MUST enum st_rc flt_socketio(struct flt_dec *dec, const struct flt_piece *piece, unsigned version, bool *is_good,
                                struct st_err *err);
/* A binary attachment. */
ST_MUST enum st_rc flt_socketio_bytes(struct flt_dec *dec, const struct flt_piece *bytes, struct st_err *err);
size_t flt_digits_at(struct st_span s, size_t at); /* how many stand there */

/* ---- xmpp.c ---- */
/* One stanza, or one BOSH body; *is_good as above. */
ST_MUST enum st_rc flt_xmpp(struct flt_dec *dec, const struct flt_piece *text, bool *is_good, struct st_err *err);

/* ---- grpc.c ---- */
bool flt_is_grpc(struct st_span essence); /* of a content type */
ST_MUST enum st_rc flt_grpc(struct flt_dec *dec, const struct flt_body *body, struct st_err *err);

/* ---- charset.c ---- */
enum flt_charset {
    FLT_CHARSET_NONE,
    FLT_CHARSET_UTF8,
    FLT_CHARSET_UTF16,
    FLT_CHARSET_UTF16LE,
    FLT_CHARSET_UTF16BE,
    FLT_CHARSET_LATIN1,
    FLT_CHARSET_CP1252,
    FLT_CHARSET_UNKNOWN
};
enum flt_charset flt_charset_find(struct st_span label); /* empty: NONE */
size_t flt_utf8_good(struct st_span s);                  /* length of the valid UTF-8 at its front */
void flt_utf8_mend(uint8_t *s, size_t n);                /* bad bytes become '?', one for one: offsets stay */
bool flt_text_likely(struct st_span s);                  /* no control bytes and mostly readable, by its first KiB */
/* *out is valid UTF-8: the bytes themselves, or a new layer over them. Notes in the receipt what was guessed or lost.
 */
ST_MUST enum st_rc flt_charset_decode(struct flt_dec *dec, const struct flt_piece *bytes, enum flt_charset declared,
                                      struct flt_piece *out, struct st_err *err);
/* UTF-8 into a charset layer; false when a character has no place there. */
bool flt_charset_encode(enum flt_layer layer, struct st_span utf8, struct st_buf *out);

/* ---- coding.c ---- */
struct flt_coded {
    struct st_buf plain;
    enum flt_reason reason; /* NONE, or why plain is only a beginning (or the body as sent, for CODING) */
    bool was_coded;
};
/* Takes Content-Encoding off. On ST_OK the caller owns out->plain when was_coded. */
ST_MUST enum st_rc flt_coding(struct st_span body, struct st_span encodings, size_t limit, struct flt_coded *out,
                              struct st_err *err);

bool flt_is_zlib(struct st_span s); /* its head, at least: a check of two bytes and no magic number, RFC 1950 §2.2 */
/* Adds data packed, as gzip (else zlib, which HTTP calls deflate). */
ST_MUST enum st_rc flt_coding_pack(struct st_span data, bool is_gzip, struct st_buf *out, struct st_err *err);

/* ---- type.c ---- */
/* "text/html" of "text/html; charset=utf-8". */
struct st_span flt_type_essence(struct st_span value);
/* Finds a parameter of a header value; a quoted one without its quotes, escapes left as they are. */
bool flt_type_param(struct st_span value, struct st_span name, struct st_span *out);
#endif
