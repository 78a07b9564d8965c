/* SPDX-License-Identifier: Apache-2.0 */
/* fit - masks that are as long as what they stand for.
 *
 * Where a platform counts (the place of a mention in a post, an edit of a shared document, a frame of fixed size) a
 * shorter text moves everything behind it. So the mask is filled up with stars to the same number of units, or is
 * nothing but stars: a star is one byte, one UTF-16 unit, and the same in JSON, forms, markup and base64's bytes. A
 * number between the signs of JSON becomes nines, which are a number too. Whoever writes an edit compares the lengths
 * once more, escapes and all; where they differ the message is not sent.
 */
#include "filters/fit.h"
#include <string.h>

size_t flt_fit_units(struct st_span text, enum flt_keep keep)
{
    size_t n = 0;

    if (keep != FLT_KEEP_UTF16)
        return text.n;
    for (size_t i = 0; i < text.n; i++) {
        n += (text.p[i] & 0xc0) != 0x80;
        n += text.p[i] >= 0xf0; /* a pair of surrogates */
    }
    return n;
}

enum st_rc flt_fit_run(const struct flt_run *run, enum flt_keep *keep, struct st_err *err)
{
    switch (run->look) {
    case FLT_LOOK_NOTHING:
    case FLT_LOOK_TEXT: *keep = FLT_KEEP_BYTES; return ST_OK;
    case FLT_LOOK_UTF16LE:
    case FLT_LOOK_UTF16BE: *keep = FLT_KEEP_UTF16; return ST_OK;
    case FLT_LOOK_GZIP:
    case FLT_LOOK_ZLIB:
    case FLT_LOOK_RAW: break;
    }
    return st_fail(err, ST_E_UNSUPPORTED, "filters.fit", "packed bytes that are to keep their length", 0);
}

enum st_rc flt_fit_add(struct flt_edits *edits, struct flt_fit *fit, struct flt_edit *place, const char *mask,
                       struct st_err *err)
{
    size_t units, used = flt_fit_units(st_span_str(mask), fit->keep);
    struct st_buf out;
    enum st_rc rc;

    place->from = place->from > fit->done ? place->from : fit->done;
    if (place->from >= place->to)
        return ST_OK;
    units = flt_fit_units(st_span_sub(fit->text, place->from, place->to - place->from), fit->keep);
    st_buf_init(&out, fit->text.n + 1);
    place->is_bare = place->is_bare && !fit->is_number;
    if (place->is_bare || place->is_changed || used > units)
        used = 0; /* a number is to be one again; among escapes the label might get some */
    else
        st_buf_str(&out, mask);
    for (; used < units; used++)
        st_buf_byte(&out, place->is_bare ? '9' : '*');
    fit->done = place->to;
    place->is_bare = false; /* nines need no quotes */
    rc = flt_edits_add(edits, place, st_buf_view(&out), err);
    st_buf_fini(&out);
    return rc;
}
