/* SPDX-License-Identifier: Apache-2.0 */
/* validate_contact - e-mail addresses, telephone numbers, IP addresses.
 *
 * None of them has a checksum; what can be known is whether the shape is possible and whether the value belongs to a
 * person. Reserved names (RFC 2606, RFC 6761) and role addresses are nobody's; file names such as logo@2x.png have the
 * shape of an address and are none. Vectors: anna@firma.de, +4915112345678, 93.184.216.34 / 192.0.2.1 (reserved).
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

static bool one_of(struct st_span s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (st_span_ieq(s, st_span_str(list[i])))
            return true;
    return false;
}

static bool iends(struct st_span s, const char *end)
{
    size_t n = strlen(end);

    return s.n >= n && st_span_ieq(st_span(s.p + s.n - n, n), st_span_str(end));
}

/* Labels of letters, digits and inner hyphens, at least two, the last of letters only (or xn--…). */
static bool domain_ok(struct st_span domain, struct st_span *tld)
{
    struct st_span rest = domain, label = ST_SPAN_NONE;
    unsigned labels = 0;

    while (st_span_next(&rest, '.', &label)) {
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        labels++;
    }
    *tld = label;
    if (labels < 2 || domain.p[domain.n - 1] == '.' || label.n < 2 || label.n > 24)
        return false;
    if (st_span_istarts(label, ST_SPAN("xn--")))
        return true;
    for (size_t i = 0; i < label.n; i++)
        if (!flt_is_alpha(label.p[i]))
            return false;
    return true;
}

enum flt_valid val_email(const struct flt_token *token)
{
    static const char *const files[] = { "png",    "jpg",   "jpeg",     "gif",   "svg",   "webp",      "js",
                                         "ts",     "css",   "html",     "php",   "json",  "xml",       "yml",
                                         "yaml",   "py",    "txt",      "conf",  "tar",   "tgz",       "service",
                                         "socket", "timer", "target",   "mount", "local", "localhost", "invalid",
                                         "test",   "lan",   "internal", "jsx",   "tsx",   "vue",       "min" };
    static const char *const roles[] = { "git",          "noreply",    "no-reply",      "donotreply",
                                         "do-not-reply", "postmaster", "mailer-daemon", "abuse",
                                         "hostmaster",   "webmaster",  "root",          "hg",
                                         "svn" };
    static const char *const nobody[] = { "user",    "username", "you",     "your", "name",  "someone", "foo",
                                          "bar",     "test",     "example", "info", "admin", "me",      "email",
                                          "mail",    "alice",    "bob",     "john", "jane",  "joe",     "hello",
                                          "contact", "support",  "a",       "b",    "x" };
    size_t at = st_span_chr(token->text, '@');
    struct st_span local, domain, tld;
    bool reserved;

    if (at == ST_SPAN_NPOS || at == 0 || at > 64)
        return FLT_V_WRONG;
    local = st_span(token->text.p, at);
    domain = st_span_sub(token->text, at + 1, token->text.n);
    if (local.p[0] == '.' || local.p[local.n - 1] == '.' || !domain_ok(domain, &tld) ||
        one_of(tld, files, ST_LEN(files)))
        return FLT_V_WRONG;
    if (one_of(local, roles, ST_LEN(roles)) || iends(domain, "noreply.github.com") || iends(tld, "example"))
        return FLT_V_EXAMPLE;
    reserved = iends(domain, "example.com") || iends(domain, "example.org") || iends(domain, "example.net") ||
               iends(domain, "domain.com") || iends(domain, "domain.tld") || iends(domain, "yourdomain.com");
    if (reserved)
        return one_of(local, nobody, ST_LEN(nobody)) ? FLT_V_EXAMPLE : FLT_V_SHAPE;
    return FLT_V_OK;
}

/* Assigned country codes: zones 1 and 7 have one digit; else two, or three where the list says so. */
static size_t country_code(struct st_span d)
{
    static const char two[] =
        "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 "
        "64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
    static const char three[] = "211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 "
                                "236 237 238 239 240 241 242 "
                                "243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 "
                                "265 266 267 268 269 290 291 "
                                "297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 "
                                "378 379 380 381 382 383 385 "
                                "386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 "
                                "595 596 597 598 599 670 672 "
                                "673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 "
                                "850 852 853 855 856 870 878 "
                                "880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 "
                                "976 977 979 992 993 994 995 "
                                "996 998 ";

    if (d.n < 4)
        return 0;
    if (d.p[0] == '1' || d.p[0] == '7')
        return 1;
    for (size_t i = 0; i + 3 < sizeof two; i += 3)
        if (memcmp(two + i, d.p, 2) == 0)
            return 2;
    for (size_t i = 0; i + 4 < sizeof three; i += 4)
        if (memcmp(three + i, d.p, 3) == 0)
            return 3;
    return 0;
}

/* Numbers kept free for films and manuals: 555-01xx in North America, Ofcom's drama ranges; the directory's 555-1212.
 */
static bool is_fiction(struct st_span d)
{
    if (d.n == 11 && d.p[0] == '1' && (memcmp(d.p + 4, "55501", 5) == 0 || memcmp(d.p + 4, "5551212", 7) == 0))
        return true;
    return d.n == 12 && (memcmp(d.p, "447700900", 9) == 0 || memcmp(d.p, "442079460", 9) == 0);
}

enum flt_valid val_phone_e164(const struct flt_token *token)
{
    struct st_span d = token->text;
    size_t cc;

    if (d.n > 2 && d.p[0] == '0' && d.p[1] == '0')
        d = st_span_sub(d, 2, d.n);
    cc = country_code(d);
    if (cc == 0 || d.n < 8 || d.n > 15)
        return FLT_V_WRONG;
    if (d.p[0] == '1' && (d.n != 11 || d.p[1] < '2' || d.p[4] < '2'))
        return FLT_V_WRONG;
    if (is_fiction(d) || flt_is_sequence(st_span_sub(d, cc, d.n)) || flt_distinct(st_span_sub(d, cc, d.n)) <= 2)
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

enum flt_valid val_phone_national(const struct flt_token *token)
{
    struct st_span d = token->text;

    if (d.n < 7 || d.n > 13)
        return FLT_V_WRONG;
    if (flt_is_sequence(d) || flt_distinct(d) <= 2)
        return FLT_V_EXAMPLE;
    if (d.p[0] == '0') /* trunk prefix, then no second one */
        return d.n >= 9 && d.p[1] != '0' ? FLT_V_OK : FLT_V_WRONG;
    if (d.n == 10) /* North American plan */
        return d.p[0] >= '2' && d.p[3] >= '2' ? FLT_V_OK : FLT_V_WRONG;
    return FLT_V_SHAPE;
}

static bool ip_parse(struct st_span s, unsigned part[4])
{
    struct st_span rest = s, piece;
    size_t n = 0;

    while (st_span_next(&rest, '.', &piece)) {
        if (n == 4 || piece.n == 0 || piece.n > 3 || (piece.n > 1 && piece.p[0] == '0'))
            return false;
        part[n] = flt_digits(piece, 0, piece.n);
        if (part[n++] > 255)
            return false;
    }
    return n == 4;
}

enum flt_valid val_ip_public(const struct flt_token *token)
{
    struct st_span s = st_span(token->all.p + token->from, token->to - token->from);
    unsigned p[4];

    if (!ip_parse(s, p) || p[0] == 0 || p[0] == 10 || p[0] == 127 || p[0] >= 224)
        return FLT_V_WRONG;
    if ((p[0] == 172 && p[1] >= 16 && p[1] < 32) || (p[0] == 192 && p[1] == 168) || (p[0] == 169 && p[1] == 254) ||
        (p[0] == 100 && p[1] >= 64 && p[1] < 128))
        return FLT_V_WRONG;
    if ((p[0] == 192 && p[1] == 0 && p[2] == 2) || (p[0] == 198 && p[1] == 51 && p[2] == 100) ||
        (p[0] == 203 && p[1] == 0 && p[2] == 113))
        return FLT_V_EXAMPLE;
    return FLT_V_OK;
}

/* 10.20.31.44: of the ranges that RFC 1918 and RFC 6598 leave to networks of one's own. */
enum flt_valid val_ip_internal(const struct flt_token *token)
{
    unsigned p[4];

    if (!ip_parse(st_span_sub(token->all, token->from, token->to - token->from), p))
        return FLT_V_WRONG;
    if (p[0] == 10 || (p[0] == 172 && p[1] >= 16 && p[1] < 32) || (p[0] == 192 && p[1] == 168) ||
        (p[0] == 100 && p[1] >= 64 && p[1] < 128))
        return FLT_V_OK;
    return FLT_V_WRONG;
}

/* A day on which somebody who lives may have been born; years of two digits are of either century. */
static bool is_birth(unsigned year, size_t digits, unsigned month, unsigned day)
{
    if (digits == 2)
        return flt_date_ok(0, month, day);
    return digits == 4 && year >= 1900 && year <= 2030 && flt_date_ok(year, month, day);
}

/* 1980-04-12, 12.4.1980, 04/12/80, 19800412: with signs between, or eight digits. */
enum flt_valid val_birth_date(const struct flt_token *token)
{
    struct st_span s = token->text, rest = st_span_sub(token->all, token->from, token->to - token->from);
    struct st_span part[3];
    unsigned a, b, c;
    size_t n = 0;

    if (rest.n == s.n)
        return s.n == 8 && (is_birth(flt_digits(s, 0, 4), 4, flt_digits(s, 4, 2), flt_digits(s, 6, 2)) ||
                            is_birth(flt_digits(s, 4, 4), 4, flt_digits(s, 2, 2), flt_digits(s, 0, 2)))
                   ? FLT_V_SHAPE
                   : FLT_V_WRONG;
    for (; n < 3 && rest.n > 0; n++) {
        size_t len = 0;

        while (len < rest.n && flt_is_digit(rest.p[len]))
            len++;
        part[n] = st_span_sub(rest, 0, len);
        rest = len < rest.n ? st_span_sub(rest, len + 1, rest.n) : ST_SPAN_NONE;
    }
    if (n != 3 || rest.n > 0 || part[0].n > 4 || part[1].n > 2 || part[2].n > 4)
        return FLT_V_WRONG;
    a = flt_digits(part[0], 0, part[0].n);
    b = flt_digits(part[1], 0, part[1].n);
    c = flt_digits(part[2], 0, part[2].n);
    if (part[0].n == 4)
        return is_birth(a, 4, b, c) ? FLT_V_OK : FLT_V_WRONG;
    return part[0].n <= 2 && (is_birth(c, part[2].n, b, a) || is_birth(c, part[2].n, a, b)) ? FLT_V_OK : FLT_V_WRONG;
}
