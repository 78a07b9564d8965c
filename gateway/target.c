/* SPDX-License-Identifier: Apache-2.0 */
/* target - hosts and ports out of request targets and Host fields.
 *
 * The host decides what may be read and what must be, so it is compared and looked up in one form only: lower case,
 * without a trailing dot, an IPv6 address without brackets. What is neither a DNS name nor an address is refused;
 * percent signs, user information and a second colon have no place here.
 */
#include "gateway/target.h"
#include <arpa/inet.h>
#include <string.h>

static bool is_name_byte(uint8_t c, bool is_six)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
        return true;
    return is_six ? c == ':' || c == '.' : c == '-' || c == '.' || c == '_';
}

static enum st_rc take_host(struct st_span host, bool is_six, struct target *out, struct st_err *err)
{
    if (!is_six && st_span_ends(host, ST_SPAN(".")))
        host = st_span_sub(host, 0, host.n - 1);
    if (host.n == 0 || host.n >= sizeof out->host)
        return st_fail(err, ST_E_SYNTAX, "target.host", "host is empty or too long", 400);
    for (size_t i = 0; i < host.n; i++) {
        uint8_t c = host.p[i];

        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (!is_name_byte(c, is_six))
            return st_fail(err, ST_E_SYNTAX, "target.host", "host is neither a name nor an address", 400);
        if (c == '.' && !is_six && (i == 0 || out->host[i - 1] == '.'))
            return st_fail(err, ST_E_SYNTAX, "target.host", "host has an empty label", 400);
        out->host[i] = (char)c;
    }
    out->host[host.n] = '\0';
    if (is_six && inet_pton(AF_INET6, out->host, &(struct in6_addr){ 0 }) != 1)
        return st_fail(err, ST_E_SYNTAX, "target.host", "not an address in brackets", 400);
    return ST_OK;
}

static enum st_rc take_port(struct st_span port, struct target *out, struct st_err *err)
{
    uint64_t number;

    if (port.n > 5 || !st_span_u64(port, &number) || number == 0 || number > 65535)
        return st_fail(err, ST_E_SYNTAX, "target.port", "port is not a number from 1 to 65535", 400);
    out->port = (uint16_t)number;
    return ST_OK;
}

enum st_rc target_authority(struct st_span text, struct target *out, struct st_err *err)
{
    struct st_span host = text, rest = ST_SPAN_NONE;
    bool is_six = st_span_starts(text, ST_SPAN("["));
    size_t at = st_span_chr(text, is_six ? ']' : ':');

    memset(out, 0, sizeof *out);
    if (is_six && at == ST_SPAN_NPOS)
        return st_fail(err, ST_E_SYNTAX, "target.host", "bracket is not closed", 400);
    if (at != ST_SPAN_NPOS) {
        host = st_span_sub(text, is_six, at - is_six);
        rest = st_span_sub(text, at + is_six, text.n);
    }
    if (take_host(host, is_six, out, err) != ST_OK)
        return ST_ERR;
    if (rest.n == 0)
        return ST_OK;
    if (rest.p[0] != ':')
        return st_fail(err, ST_E_SYNTAX, "target.port", "something follows the address", 400);
    return take_port(st_span_sub(rest, 1, rest.n), out, err);
}

enum st_rc target_absolute(struct st_span text, struct target *out, struct st_err *err)
{
    bool is_https = st_span_istarts(text, ST_SPAN("https://"));
    struct st_span rest, authority;
    size_t end = 0;

    if (!is_https && !st_span_istarts(text, ST_SPAN("http://")))
        return st_fail(err, ST_E_SYNTAX, "target.absolute", "neither http nor https", 400);
    rest = st_span_sub(text, is_https ? 8 : 7, text.n);
    while (end < rest.n && strchr("/?#", rest.p[end]) == NULL)
        end++;
    authority = st_span_sub(rest, 0, end);
    rest = st_span_sub(rest, end, rest.n);
    if (target_authority(authority, out, err) != ST_OK)
        return ST_ERR;
    if (st_span_chr(rest, '#') != ST_SPAN_NPOS || (rest.n > 0 && rest.p[0] != '/'))
        return st_fail(err, ST_E_SYNTAX, "target.absolute", "path does not begin with a slash, or a fragment", 400);
    out->is_https = is_https;
    out->path = rest.n > 0 ? rest : ST_SPAN("/");
    return ST_OK;
}

void target_split(struct st_span path, struct st_span *only_path, struct st_span *query)
{
    size_t at = st_span_chr(path, '?');

    *only_path = at == ST_SPAN_NPOS ? path : st_span_sub(path, 0, at);
    *query = at == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(path, at + 1, path.n);
}
