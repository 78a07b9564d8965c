/* SPDX-License-Identifier: Apache-2.0 */
/* own_key - the key of a file of own data: 32 hex digits in a file that nobody else can read.
 *
 * Who has the key and the file can try values until one fits; who has one of them alone cannot. So the key lives apart
 * from the source and from the built file wherever it can.
 */
#include "base/file.h"
#include "base/hash.h"
#include "filters/own.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define HEX (2 * FLT_OWN_KEY_LEN)

static enum st_rc refuse(struct st_diag *diag, const char *path, const char *what, struct st_err *err)
{
    (void)st_diag_add(diag, path, 1, 1, "%s", what);
    return st_fail(err, ST_E_CONFIG, "own.key", "the key cannot be used", 0);
}

enum st_rc flt_own_key_read(const char *path, bool is_strict, struct flt_own_key *out, struct st_diag *diag,
                            struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    struct st_span text;
    struct st_buf file;
    struct stat st;
    size_t n = 0;

    st_buf_init(&file, 256);
    if (stat(path, &st) != 0 || st_file_read(path, 128, &file, err) != ST_OK) {
        (void)st_diag_add(diag, path, 0, 0, "the key cannot be read: %s", strerror(errno));
        rc = st_fail(err, ST_E_CONFIG, "own.key", "the key cannot be used", errno);
        goto out;
    }
    text = st_span_trim(st_buf_view(&file));
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if ((st.st_mode & (is_strict ? 077 : 007)) != 0)
        rc = refuse(diag, path, "others can read this key; chmod 600 it, and make a new one if they have", err);
    else if (text.n != HEX || st_hex_decode(text, out->bytes, &n, err) != ST_OK)
        rc = refuse(diag, path, "expected a key of 32 hex digits, as `stoa edm build` makes one", err);
    else
        rc = ST_OK;
out:
    st_buf_fini(&file);
    return rc;
}

enum st_rc flt_own_key_make(const char *path, struct flt_own_key *out, bool *is_new, struct st_diag *diag,
                            struct st_err *err)
{
    char text[HEX + 1];
    enum st_rc rc;
    struct stat st;

    *is_new = false;
    if (stat(path, &st) == 0 || errno != ENOENT)
        return flt_own_key_read(path, true, out, diag, err);
    if (st_random(out->bytes, sizeof out->bytes, err) != ST_OK)
        return ST_ERR;
    (void)st_hex(st_span(out->bytes, sizeof out->bytes), text);
    text[HEX] = '\n';
    if ((rc = st_file_write_atomic(path, st_span(text, sizeof text), 0600, err)) != ST_OK)
        (void)st_diag_add(diag, path, 0, 0, "the key cannot be written: %s", strerror((int)err->num));
    *is_new = rc == ST_OK;
    st_wipe(text, sizeof text);
    return rc;
}
