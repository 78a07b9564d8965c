/* SPDX-License-Identifier: Apache-2.0 */
/* map - from offsets in a decoded text back to the bytes it was made of; internal to this room.
 *
 * A map is one layer: the text of a JSON string, of a form value, of a charset. `up` is the layer it was cut from; the
 * last one lies in the plain body (or the query). Points are kept only where lengths differ, so a text without escapes
 * costs one struct.
 */
#ifndef STOA_FILTERS_MAP_H
#define STOA_FILTERS_MAP_H
#include "base/arena.h"
#include "base/buf.h"

/* How bytes get back into a layer. */
enum flt_layer {
    FLT_LAYER_RAW,     /* as they are */
    FLT_LAYER_PERCENT, /* %XX */
    FLT_LAYER_JSON,    /* inside the quotes of a JSON string */
    FLT_LAYER_NUMBER,  /* a JSON number: a mask turns the whole of it into a string */
    FLT_LAYER_HTML,    /* character references for & < > " */
    FLT_LAYER_XML,     /* references for & < > " ' */
    FLT_LAYER_CDATA,   /* a CDATA section is closed for the mask and opened again */
    FLT_LAYER_TWICE,   /* UTF-8 of which each byte is written as a character */
    FLT_LAYER_SLASHED, /* engine.io's newlines in a form: \n, and \\n for what looks like one */
    FLT_LAYER_HEADER,  /* a quoted parameter of a multipart header */
    FLT_LAYER_LATIN1,
    FLT_LAYER_CP1252,
    FLT_LAYER_UTF16LE,
    FLT_LAYER_UTF16BE,
    FLT_LAYER_FIXED, /* cannot be written back */
};

/* A segment begins at each point and ends at the next; the last point ends the text. Equal lengths: byte for byte;
 * otherwise the segment is one unit, as an escape or a composed character is. */
struct flt_map_pt {
    uint32_t text, raw;
};
struct flt_run;
struct flt_map {
    const struct flt_map *up;     /* NULL: the plain body or the query */
    const struct flt_run *run;    /* the encoded run that the text came out of, whose layer this is; NULL */
    const struct flt_map_pt *pts; /* NULL: byte for byte */
    size_t n;
    uint32_t base; /* where raw 0 lies in up's text */
    enum flt_layer layer;
};

/* Scratch for making points, used for one text after another. */
struct flt_build {
    struct st_arena *arena;    /* where finished layers live */
    const struct flt_run *run; /* for the map, when it has units */
    struct st_buf pts;
    uint32_t text, raw;
    bool is_open;   /* the last segment is byte for byte and may grow */
    bool has_units; /* some segment is a unit: the map is needed */
};
void flt_build_init(struct flt_build *build, struct st_arena *arena, size_t limit);
void flt_build_fini(struct flt_build *build);
void flt_build_reset(struct flt_build *build);
void flt_build_unit(struct flt_build *build, size_t text_n, size_t raw_n); /* one unit */
void flt_build_copy(struct flt_build *build, size_t n);                    /* n bytes as they are */
/* The finished layer in the arena. */
ST_MUST enum st_rc flt_build_done(struct flt_build *build, const struct flt_map *up, uint32_t base,
                                  enum flt_layer layer, const struct flt_map **out, struct st_err *err);
/* A layer byte for byte. */
ST_MUST enum st_rc flt_map_cut(struct st_arena *arena, const struct flt_map *up, uint32_t base, enum flt_layer layer,
                               const struct flt_map **out, struct st_err *err);

/* The layers of map, from the top, over `below` instead of over the plain body: a view of a text that has layers. */
ST_MUST enum st_rc flt_map_over(struct st_arena *arena, const struct flt_map *map, const struct flt_map *below,
                                const struct flt_map **out, struct st_err *err);

/* The layer below which lies an encoded run, of those from map on; NULL: none does. */
const struct flt_map *flt_map_run(const struct flt_map *map);

/* [*from, *to) of this layer's text becomes the range in the text of `stop`, through every layer between; stop NULL: in
 * the plain body or the query. */
void flt_map_range(const struct flt_map *map, const struct flt_map *stop, uint32_t *from, uint32_t *to);
#endif
