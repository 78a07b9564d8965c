/* SPDX-License-Identifier: Apache-2.0 */
/* err - names of the error codes and the one function that fills an error.
 *
 * There is nothing to free and nothing to format: an st_err is four words of literals and numbers, so it can be copied,
 * kept in a struct and logged from anywhere, also when memory is out. A new cause is one line in ST_E_CODES.
 */
#include "base/err.h"

#include <stddef.h>

enum st_rc st_fail_at(struct st_err *err, enum st_e code, const char *where, const char *what, int64_t num)
{
    if (err != NULL)
        *err = (struct st_err){ code, where, what, num };
    return ST_ERR;
}

const char *st_e_name(enum st_e code)
{
    static const char *const names[] = {
#define X(id, name) [ST_E_##id] = (name),
        ST_E_CODES(X)
#undef X
    };

    return (size_t)code < ST_LEN(names) ? names[code] : "?";
}
