/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_reader - one libyaml parse, an event at a time, and how it says what is wrong; for yaml.c only. */
#ifndef STOA_BASE_YAML_READER_H
#define STOA_BASE_YAML_READER_H
#include "base/yaml.h"
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    yaml_event_t ev; /* the current one; owned */
    struct st_span text;
    const char *file;
    struct st_arena *arena;
    struct st_diag *diag;
    struct st_err *err;
    struct st_pos at_default; /* line 0 for a file; else where the default stands in for something missing */
    unsigned depth;
    size_t wrong;     /* mistakes found */
    bool stop;        /* nothing more is read */
    enum st_e failed; /* memory: *err is filled */
};

#define READER_WRONG(r, pos, ...)                                                    \
    do {                                                                             \
        (r)->wrong++;                                                                \
        (void)st_diag_add((r)->diag, (r)->file, (pos).line, (pos).col, __VA_ARGS__); \
    } while (0)

/* The caller has set file, arena, diag, err and at_default. text is borrowed until reader_fini, which is always called.
 */
ST_MUST bool reader_init(struct reader *r, struct st_span text);
void reader_fini(struct reader *r);

/* Makes the next event the current one. False when nothing more is to be read: said, or *err filled. */
ST_MUST bool reader_next(struct reader *r);
/* To the last event of the current node; false as above. */
ST_MUST bool reader_skip(struct reader *r);
/* Ends the reading because memory or a ceiling of memory was reached; answers false. */
bool reader_no_memory(struct reader *r, struct st_err why);

struct st_pos reader_pos(const struct reader *r);
struct st_span reader_text(const struct reader *r); /* of the current scalar; dies with the next event */
bool reader_is_nothing(const struct reader *r);     /* `key:` with nothing behind it */

#define READER_QUOTE_MAX 40u
struct reader_quote {
    char s[READER_QUOTE_MAX + 8];
};
struct reader_quote reader_quoted(struct st_span text);   /* in quotes, cut at a character */
struct reader_quote reader_found(const struct reader *r); /* the current event in words: "a list" */
#endif
