/* SPDX-License-Identifier: Apache-2.0 */
/* type - the values of Content-Type and Content-Disposition, as far as a decoder needs them.
 *
 * One small walker over `token *( ";" token "=" ( token / quoted-string ) )` (RFC 9110 §5.6.6). The first parameter of
 * a name counts. It is lenient in white space only; a quoted string without its end gives no parameter.
 */
#include "filters/decode.h"

struct st_span flt_type_essence(struct st_span value)
{
    size_t n = st_span_chr(value, ';');

    return st_span_trim(n == ST_SPAN_NPOS ? value : st_span_sub(value, 0, n));
}

/* The length of a quoted-string at the front, quotes included; 0 when it has no end. */
static size_t quoted_length(struct st_span s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return 0;
}

bool flt_type_param(struct st_span value, struct st_span name, struct st_span *out)
{
    size_t at = st_span_chr(value, ';');

    while (at != ST_SPAN_NPOS && at < value.n) {
        struct st_span rest = st_span_sub(value, at + 1, value.n - at - 1), found, key;
        size_t equals = st_span_chr(rest, '='), semicolon = st_span_chr(rest, ';'), n;

        if (equals == ST_SPAN_NPOS)
            return false;
        if (semicolon < equals) { /* a parameter without a value */
            at += 1 + semicolon;
            continue;
        }
        key = st_span_trim(st_span_sub(rest, 0, equals));
        found = st_span_sub(rest, equals + 1, rest.n - equals - 1);
        while (found.n > 0 && (found.p[0] == ' ' || found.p[0] == '\t'))
            found = st_span_sub(found, 1, found.n - 1);
        if (found.n > 0 && found.p[0] == '"') {
            if ((n = quoted_length(found)) == 0)
                return false;
            at = (size_t)(found.p - value.p) + n;
            found = st_span_sub(found, 1, n - 2);
            while (at < value.n && value.p[at] != ';')
                at++;
        } else {
            n = st_span_chr(found, ';');
            at = n == ST_SPAN_NPOS ? ST_SPAN_NPOS : (size_t)(found.p - value.p) + n;
            found = st_span_trim(n == ST_SPAN_NPOS ? found : st_span_sub(found, 0, n));
        }
        if (st_span_ieq(key, name)) {
            *out = found;
            return true;
        }
    }
    return false;
}
