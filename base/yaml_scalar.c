/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_scalar - the grammar of single values.
 *
 * YAML's own idea of types is not used (there `no` is false and `010` is eight): each option says what it expects, and
 * one spelling of a value is accepted, so that a file means the same to the next reader. When you add a type, its
 * parser goes into yaml_scalar_parse, its words into yaml_expected, its usual mistake into yaml_hint, its JSON Schema
 * into yaml_describe.c.
 */
#include "base/yaml_scalar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit durations[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }
};
static const struct unit sizes[] = {
    { "", 1 }, { "KiB", 1024 }, { "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 }
};

size_t yaml_count(const char *const *names)
{
    size_t n = 0;

    while (names != NULL && names[n] != NULL)
        n++;
    return n;
}

bool yaml_is_plain(enum st_yaml_type type)
{
    return type != ST_Y_STR && type != ST_Y_TEXT && type != ST_Y_STRS && type != ST_Y_MAP && type != ST_Y_LIST &&
           type != ST_Y_DICT && type != ST_Y_DICTS;
}

static bool in_bounds(const struct st_yaml_opt *opt, double v)
{
    return (opt->min == 0 && opt->max == 0) || (v >= opt->min && v <= opt->max);
}

/* Digits without a leading zero; *rest is what follows them. */
static bool parse_digits(const char *text, int64_t *out, const char **rest)
{
    size_t n = strspn(text, "0123456789");
    uint64_t v;

    if (n == 0 || (n > 1 && text[0] == '0') || !st_span_u64(st_span(text, n), &v) || v > INT64_MAX)
        return false;
    *out = (int64_t)v;
    *rest = text + n;
    return true;
}

static bool parse_int(const char *text, int64_t *out)
{
    bool minus = text[0] == '-';
    const char *rest;

    if (!parse_digits(text + minus, out, &rest) || *rest != '\0' || (minus && *out == 0))
        return false;
    *out = minus ? -*out : *out;
    return true;
}

/* -12, 0.5: no exponent, no hex, no infinity; then strtod, which reads these alike in every locale but for the point.
 */
static bool parse_real(const char *text, double *out)
{
    const char *at = text + (text[0] == '-');
    size_t whole = strspn(at, "0123456789"), part = 0;

    if (whole == 0 || whole > 18 || (whole > 1 && at[0] == '0'))
        return false;
    at += whole;
    if (*at == '.') {
        part = strspn(at + 1, "0123456789");
        if (part == 0 || part > 18)
            return false;
        at += 1 + part;
    }
    if (*at != '\0')
        return false;
    *out = strtod(text, NULL);
    return true;
}

static bool parse_unit(const char *text, const struct unit *units, size_t n, int64_t *out)
{
    const char *rest;

    if (!parse_digits(text, out, &rest))
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(rest, units[i].name) == 0)
            return !__builtin_mul_overflow(*out, units[i].factor, out);
    return false;
}

static bool two_digits(const char *s, unsigned *out)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return false;
    *out = (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
    return true;
}

/* Days from 1970-01-01 of a Gregorian date, counting years from March so that the leap day comes last. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (int64_t)day - 1 - 719468;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return lengths[month - 1] + (month == 2 && leap);
}

static bool parse_date(const char *text, int64_t *out)
{
    unsigned century, year, month, day;

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !two_digits(text, &century) ||
        !two_digits(text + 2, &year) || !two_digits(text + 5, &month) || !two_digits(text + 8, &day))
        return false;
    year += century * 100;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *out = days_of(year, month, day) * 86400000;
    return true;
}

static bool parse_compare(const char *text, struct st_compare *out)
{
    size_t ops = strspn(text, "<>=");

    if (ops == 0)
        out->op = ST_CMP_GE;
    else if (ops == 2 && strncmp(text, ">=", 2) == 0)
        out->op = ST_CMP_GE;
    else if (ops == 2 && strncmp(text, "<=", 2) == 0)
        out->op = ST_CMP_LE;
    else if (ops == 1)
        out->op = text[0] == '>' ? ST_CMP_GT : text[0] == '<' ? ST_CMP_LT : ST_CMP_EQ;
    else
        return false;
    text += ops;
    return parse_real(text + strspn(text, " "), &out->value);
}

static bool parse_enum(const char *text, const char *const *names, int *out)
{
    for (size_t i = 0; i < yaml_count(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static bool parse_bool(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0;
}

bool yaml_scalar_parse(const struct st_yaml_opt *opt, const char *text, void *to)
{
    struct st_compare compare = { ST_CMP_NONE, 0 };
    int64_t num = 0;
    double real = 0;

    switch (opt->type) {
    case ST_Y_BOOL: return parse_bool(text, to);
    case ST_Y_ENUM: return parse_enum(text, opt->names, to);
    case ST_Y_REAL:
        if (!parse_real(text, &real) || !in_bounds(opt, real))
            return false;
        memcpy(to, &real, sizeof real);
        return true;
    case ST_Y_COMPARE:
        if (!parse_compare(text, &compare) || !in_bounds(opt, compare.value))
            return false;
        memcpy(to, &compare, sizeof compare);
        return true;
    case ST_Y_INT:
        if (!parse_int(text, &num))
            return false;
        break;
    case ST_Y_DURATION:
        if (!parse_unit(text, durations, ST_LEN(durations), &num))
            return false;
        break;
    case ST_Y_SIZE:
        if (!parse_unit(text, sizes, ST_LEN(sizes), &num))
            return false;
        break;
    case ST_Y_DATE:
        if (!parse_date(text, &num))
            return false;
        break;
    case ST_Y_STR:
    case ST_Y_TEXT:
    case ST_Y_STRS:
    case ST_Y_MAP:
    case ST_Y_LIST:
    case ST_Y_DICT:
    case ST_Y_DICTS: assert(!"not a plain type"); return false;
    }
    if (!in_bounds(opt, (double)num))
        return false;
    memcpy(to, &num, sizeof num);
    return true;
}

/* 90000 with durations is "90s", with plain numbers "90000": the largest unit that divides it. */
static void print_bound(enum st_yaml_type type, double v, char *out, size_t size)
{
    const struct unit *units = type == ST_Y_DURATION ? durations : sizes;
    size_t i = type == ST_Y_DURATION ? ST_LEN(durations) - 1 : ST_LEN(sizes) - 1;
    int64_t num;

    if (type != ST_Y_DURATION && type != ST_Y_SIZE) {
        (void)snprintf(out, size, "%.15g", v);
        return;
    }
    num = (int64_t)v;
    while (i > 0 && (num == 0 || num % units[i].factor != 0))
        i--;
    (void)snprintf(out, size, "%" PRId64 "%s", num / units[i].factor, units[i].name);
}

static void print_names(const char *const *names, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < yaml_count(names) && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", names[i]);

        used += n > 0 ? (size_t)n : 0;
    }
}

void yaml_expected(const struct st_yaml_opt *opt, char *out, size_t size)
{
    static const char *const words[] = {
        [ST_Y_BOOL] = "true or false",
        [ST_Y_INT] = "a whole number",
        [ST_Y_REAL] = "a number",
        [ST_Y_STR] = "a text",
        [ST_Y_ENUM] = "one of ",
        [ST_Y_DURATION] = "a duration such as 30s (ms, s, m, h or d)",
        [ST_Y_SIZE] = "a size such as 64KiB (bytes, KiB, MiB or GiB)",
        [ST_Y_DATE] = "a date such as 2027-01-15",
        [ST_Y_TEXT] = "a text, or a mapping with en and de",
        [ST_Y_COMPARE] = "a comparison such as \">= 0.8\"",
        [ST_Y_STRS] = "a list of texts",
        [ST_Y_MAP] = "a mapping",
        [ST_Y_LIST] = "a list of mappings",
        [ST_Y_DICT] = "a mapping of names to texts",
        [ST_Y_DICTS] = "a mapping of names to texts or lists of texts",
    };
    int n = snprintf(out, size, "%s", words[opt->type]);
    char low[32], high[32];

    if (n < 0 || (size_t)n >= size)
        return;
    if (opt->type == ST_Y_ENUM) {
        print_names(opt->names, out + n, size - (size_t)n);
    } else if (opt->type == ST_Y_STRS && opt->names != NULL) {
        n += snprintf(out + n, size - (size_t)n, " out of ");
        if ((size_t)n < size)
            print_names(opt->names, out + n, size - (size_t)n);
    } else if ((opt->min != 0 || opt->max != 0) && yaml_is_plain(opt->type)) {
        print_bound(opt->type, opt->min, low, sizeof low);
        print_bound(opt->type, opt->max, high, sizeof high);
        if (opt->min == opt->max)
            (void)snprintf(out, size, "%s", low); /* a format version: nothing else would do */
        else
            (void)snprintf(out + n, size - (size_t)n, " from %s to %s", low, high);
    }
}

static const char *bool_hint(const char *text)
{
    static const struct {
        const char *word, *hint;
    } known[] = {
        { "on", "; write true" },   { "yes", "; write true" },    { "y", "; write true" },   { "1", "; write true" },
        { "true", "; write true" }, { "off", "; write false" },   { "no", "; write false" }, { "n", "; write false" },
        { "0", "; write false" },   { "false", "; write false" },
    };

    for (size_t i = 0; i < ST_LEN(known); i++)
        if (st_span_ieq(st_span_str(text), st_span_str(known[i].word)))
            return known[i].hint;
    return "";
}

static const char *number_hint(const struct st_yaml_opt *opt, const char *text)
{
    struct st_yaml_opt free_opt = *opt;
    int64_t any[2];

    free_opt.min = free_opt.max = 0;
    _Static_assert(sizeof any >= sizeof(struct st_compare), "holds every plain value");
    if (yaml_scalar_parse(&free_opt, text, any))
        return ""; /* well written, out of bounds: the bounds say it */
    if (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
        return "; no leading zeros";
    if (opt->type == ST_Y_DURATION && text[0] != '\0' && text[strspn(text, "0123456789")] == '\0')
        return "; the unit is missing";
    if (opt->type == ST_Y_SIZE && text[0] >= '0' && text[0] <= '9')
        return "; units are KiB, MiB and GiB (1024, not 1000)";
    return "";
}

void yaml_hint(const struct st_yaml_opt *opt, const char *text, char *out, size_t size)
{
    const char *near = NULL;

    if (opt->type == ST_Y_ENUM || (opt->type == ST_Y_STRS && opt->names != NULL))
        near = st_diag_nearest(text, opt->names, yaml_count(opt->names));
    if (near != NULL)
        (void)snprintf(out, size, "; did you mean \"%s\"?", near);
    else if (opt->type == ST_Y_BOOL)
        (void)snprintf(out, size, "%s", bool_hint(text));
    else if (opt->type != ST_Y_ENUM && yaml_is_plain(opt->type))
        (void)snprintf(out, size, "%s", number_hint(opt, text));
    else
        (void)snprintf(out, size, "%s", "");
}
