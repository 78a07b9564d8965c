/* SPDX-License-Identifier: Apache-2.0 */
/* json - control data only (CLI, control socket, records); the data path has its own offset-preserving scanner.
 *
 * Reading is jansson with duplicate keys refused; jansson's own types are used above, this header is its one door.
 * Writing is a small streaming writer over st_buf, so that a record costs no tree.
 */
#ifndef STOA_BASE_JSON_H
#define STOA_BASE_JSON_H
#include "base/buf.h"
#include "base/diag.h"
#include <jansson.h>
#include <stdbool.h>

/* On ST_OK *out holds one reference: the caller's (json_decref). `file` names the text in diagnostics; diag may be
 * NULL. */
ST_MUST enum st_rc st_json_read(struct st_span text, const char *file, json_t **out, struct st_diag *diag,
                                struct st_err *err);

/* The same for texts of strangers, whose strings may hold NUL: they are taken with their length. */
ST_MUST enum st_rc st_json_read_texts(struct st_span text, json_t **out, struct st_err *err);

struct st_json { /* writer; no allocation of its own */
    struct st_buf *to;
    unsigned depth;
    uint32_t open_array, first; /* one bit per level */
};
#define ST_JSON_DEPTH 31
void st_json_init(struct st_json *w, struct st_buf *to);
/* key is NULL inside arrays and at the top. Keys and literals are the program's; spans are escaped, bad UTF-8 becomes
 * U+FFFD. */
void st_json_object(struct st_json *w, const char *key);
void st_json_array(struct st_json *w, const char *key);
void st_json_end(struct st_json *w);
void st_json_span(struct st_json *w, const char *key, struct st_span value);
void st_json_str(struct st_json *w, const char *key, const char *value); /* NULL writes null */
void st_json_int(struct st_json *w, const char *key, int64_t value);
void st_json_real(struct st_json *w, const char *key, double value); /* finite; 6 significant digits */
void st_json_bool(struct st_json *w, const char *key, bool value);
void st_json_raw(struct st_json *w, const char *key, struct st_span json); /* one whole JSON value, written before */
/* What stands between the quotes of a JSON string, for text that goes into a template or a body. */
void st_json_escape(struct st_buf *to, struct st_span s);
#endif
