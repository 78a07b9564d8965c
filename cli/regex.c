/* SPDX-License-Identifier: Apache-2.0 */
/* regex - see regex.h.
 *
 * A descent: alternatives of rows of repeated atoms. Flags hold from where they stand to the end of their group, as in
 * Go; where Python forbids them in the middle nobody has written them. A character beyond ASCII is its UTF-8 bytes in
 * a row, in a class an alternative of such rows; its other case is not looked for.
 */
#include "cli/regex.h"
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 64u
#define KIDS_MAX  512u  /* of one row or one choice */
#define NODES_MAX 8192u /* of one expression */
#define WIDE_MAX  64u   /* characters beyond ASCII in one class */
#define COUNT_MAX 100000u

struct parse {
    struct st_span text;
    size_t at;
    unsigned flags, depth, groups;
    size_t nodes;
    struct st_arena *arena;
    struct st_err *err;
    char *why;
};

/* ---- sets -------------------------------------------------------------------------------------------------------- */

bool rx_set_has(const struct rx_set *set, uint8_t c)
{
    return (set->bits[c >> 6] >> (c & 63) & 1) != 0;
}

void rx_set_add(struct rx_set *set, uint8_t c)
{
    set->bits[c >> 6] |= 1ull << (c & 63);
}

void rx_set_join(struct rx_set *set, const struct rx_set *more)
{
    for (size_t i = 0; i < 4; i++)
        set->bits[i] |= more->bits[i];
}

unsigned rx_set_size(const struct rx_set *set)
{
    unsigned n = 0;

    for (size_t i = 0; i < 4; i++)
        n += (unsigned)__builtin_popcountll(set->bits[i]);
    return n;
}

bool rx_set_within(const struct rx_set *inner, const struct rx_set *outer)
{
    for (size_t i = 0; i < 4; i++)
        if ((inner->bits[i] & ~outer->bits[i]) != 0)
            return false;
    return true;
}

static void add_range(struct rx_set *set, unsigned lo, unsigned hi)
{
    for (unsigned c = lo; c <= hi; c++)
        rx_set_add(set, (uint8_t)c);
}

static void invert(struct rx_set *set)
{
    for (size_t i = 0; i < 4; i++)
        set->bits[i] = ~set->bits[i];
}

static void both_cases(struct rx_set *set)
{
    for (uint8_t c = 'a'; c <= 'z'; c++) {
        if (rx_set_has(set, c))
            rx_set_add(set, (uint8_t)(c - 32));
        else if (rx_set_has(set, (uint8_t)(c - 32)))
            rx_set_add(set, c);
    }
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static struct rx *refuse(struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static struct rx *refuse(struct parse *p, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (p->why[0] == '\0')
        (void)vsnprintf(p->why, RX_WHY, fmt, args);
    va_end(args);
    st_fail(p->err, ST_E_SYNTAX, "regex", "an expression that cannot be taken", (int64_t)p->at);
    return NULL;
}

static struct rx *node(struct parse *p, enum rx_kind kind, struct rx *const *kids, size_t n)
{
    struct rx *rx;

    if (++p->nodes > NODES_MAX)
        return refuse(p, "the expression is too large");
    if ((rx = st_arena_alloc(p->arena, sizeof *rx)) == NULL ||
        (n > 0 && (rx->kids = st_arena_dup(p->arena, kids, n * sizeof *kids)) == NULL)) {
        (void)st_arena_fail(p->arena, p->err, "regex");
        return NULL;
    }
    rx->kind = kind;
    rx->n = n;
    return rx;
}

static struct rx *of_set(struct parse *p, const struct rx_set *set)
{
    struct rx *rx = node(p, RX_SET, NULL, 0);

    if (rx != NULL) {
        rx->set = *set;
        if ((p->flags & RX_CASELESS) != 0)
            both_cases(&rx->set);
    }
    return rx;
}

static struct rx *of_byte(struct parse *p, uint8_t c)
{
    struct rx_set set = { { 0 } };

    rx_set_add(&set, c);
    return of_set(p, &set);
}

static struct rx *of_code_point(struct parse *p, uint32_t cp)
{
    struct rx *kids[4];
    uint8_t utf8[4];
    size_t n = st_utf8_put(cp, utf8);

    for (size_t i = 0; i < n; i++)
        if ((kids[i] = of_byte(p, utf8[i])) == NULL)
            return NULL;
    return n == 1 ? kids[0] : node(p, RX_CAT, kids, n);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int peek(const struct parse *p)
{
    return p->at < p->text.n ? p->text.p[p->at] : -1;
}

static bool take_if(struct parse *p, const char *word)
{
    struct st_span rest = st_span_sub(p->text, p->at, p->text.n);

    if (!st_span_starts(rest, st_span_str(word)))
        return false;
    p->at += strlen(word);
    return true;
}

/* The character at the place, whatever it means; false at the end or where there is none. */
static bool take_char(struct parse *p, uint32_t *cp)
{
    struct st_span rest = st_span_sub(p->text, p->at, p->text.n);
    size_t n = st_span_utf8(rest);

    if (n == 0)
        return false;
    *cp = n == 1 ? rest.p[0] : rest.p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        *cp = *cp << 6 | (rest.p[i] & 0x3fu);
    p->at += n;
    return true;
}

static bool take_hex(struct parse *p, size_t least, size_t most, uint32_t *cp)
{
    size_t n = 0;

    for (*cp = 0; n < most && peek(p) >= 0 && st_hex_digit((uint8_t)peek(p)) >= 0; n++, p->at++)
        *cp = *cp << 4 | (uint32_t)st_hex_digit((uint8_t)peek(p));
    return n >= least;
}

/* \d \w \s and their opposites; false: c is none of them. */
static bool class_of(int c, struct rx_set *set)
{
    switch (c | 0x20) {
    case 'd': add_range(set, '0', '9'); break;
    case 'w':
        add_range(set, '0', '9');
        add_range(set, 'A', 'Z');
        add_range(set, 'a', 'z');
        rx_set_add(set, '_');
        break;
    case 's':
        add_range(set, 9, 13);
        rx_set_add(set, ' ');
        break;
    default: return false;
    }
    if (c < 'a')
        invert(set);
    return true;
}

/* A character behind a backslash that is one: \n, \x60, \u00e4, \. ; false: refused. */
static bool escaped_char(struct parse *p, uint32_t *cp)
{
    static const char from[] = "ntrfva", to[] = "\n\t\r\f\v\a";
    const char *at = peek(p) > 0 ? strchr(from, peek(p)) : NULL;

    if (at != NULL) {
        p->at++;
        *cp = (uint8_t)to[at - from];
        return true;
    }
    if (take_if(p, "x{"))
        return (take_hex(p, 1, 6, cp) && take_if(p, "}") && *cp <= 0x10ffff) || refuse(p, "bad \\x{...}") != NULL;
    if (take_if(p, "x"))
        return take_hex(p, 2, 2, cp) || refuse(p, "bad \\x") != NULL;
    if (take_if(p, "u"))
        return take_hex(p, 4, 4, cp) || refuse(p, "bad \\u") != NULL;
    if (peek(p) == '0') {
        p->at++;
        return take_hex(p, 0, 0, cp);
    }
    if (peek(p) > 0 && peek(p) < 0x80 &&
        strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ123456789", peek(p)) == NULL)
        return take_char(p, cp);
    return refuse(p, peek(p) >= '1' && peek(p) <= '9' ? "a reference back to a group (\\%c)" : "\\%c is not supported",
                  peek(p) > 0 ? peek(p) : ' ') != NULL;
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

struct class {
    struct rx_set set;
    uint32_t wide[WIDE_MAX]; /* characters beyond ASCII */
    size_t n_wide;
};

static bool posix_class(struct parse *p, struct rx_set *set)
{
    static const struct {
        const char *name, *ranges; /* pairs */
    } known[] = { { "[:alpha:]", "AZaz" },    { "[:digit:]", "09" },     { "[:alnum:]", "09AZaz" },
                  { "[:upper:]", "AZ" },      { "[:lower:]", "az" },     { "[:xdigit:]", "09AFaf" },
                  { "[:word:]", "09AZaz__" }, { "[:space:]", "\t\r  " }, { "[:blank:]", "\t\t  " },
                  { "[:punct:]", "!/:@[`{~" } };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (take_if(p, known[i].name)) {
            for (const char *r = known[i].ranges; *r != '\0'; r += 2)
                add_range(set, (uint8_t)r[0], (uint8_t)r[1]);
            return true;
        }
    return false;
}

/* One end of a range, or a class of its own in the class (*is_class). */
static bool class_item(struct parse *p, struct class *cls, uint32_t *cp, bool *is_class)
{
    struct rx_set set = { { 0 } };

    *is_class = false;
    if (peek(p) == '[' && posix_class(p, &cls->set))
        return *is_class = true;
    if (!take_if(p, "\\"))
        return take_char(p, cp) || refuse(p, "the class has no end") != NULL;
    if (peek(p) > 0 && class_of(peek(p), &set)) {
        p->at++;
        rx_set_join(&cls->set, &set);
        return *is_class = true;
    }
    if (take_if(p, "b"))
        return *cp = '\b', true;
    return escaped_char(p, cp);
}

static bool class_range(struct parse *p, struct class *cls, uint32_t lo, uint32_t hi)
{
    if (hi < lo)
        return refuse(p, "a range in a class runs backwards") != NULL;
    if (lo < 0x80)
        add_range(&cls->set, lo, hi < 0x80 ? hi : 0x7f);
    for (uint32_t c = lo < 0x80 ? 0x80 : lo; c <= hi; c++) {
        if (cls->n_wide == WIDE_MAX)
            return refuse(p, "a class with more than %u characters beyond ASCII", WIDE_MAX) != NULL;
        cls->wide[cls->n_wide++] = c;
    }
    return true;
}

static bool read_class(struct parse *p, struct class *cls)
{
    bool is_first = true, is_class;
    uint32_t lo, hi;

    for (; is_first || peek(p) != ']'; is_first = false) {
        if (peek(p) < 0)
            return refuse(p, "a class has no end") != NULL;
        if (!class_item(p, cls, &lo, &is_class))
            return false;
        if (is_class)
            continue;
        hi = lo;
        if (peek(p) == '-' && p->at + 1 < p->text.n && p->text.p[p->at + 1] != ']') {
            p->at++;
            if (!class_item(p, cls, &hi, &is_class))
                return false;
            if (is_class) { /* [a-\d]: the dash is itself */
                rx_set_add(&cls->set, '-');
                hi = lo;
            }
        }
        if (!class_range(p, cls, lo, hi))
            return false;
    }
    p->at++;
    return true;
}

static struct rx *class(struct parse *p)
{
    struct rx *kids[WIDE_MAX + 1];
    bool is_negative = take_if(p, "^");
    struct class cls = { .n_wide = 0 };
    size_t n = 0;

    if (!read_class(p, &cls))
        return NULL;
    if (is_negative) {
        if (cls.n_wide > 0)
            return refuse(p, "a class of all but characters beyond ASCII");
        if ((p->flags & RX_CASELESS) != 0)
            both_cases(&cls.set);
        invert(&cls.set);
        if ((p->flags & RX_CASELESS) == 0)
            return of_set(p, &cls.set);
        p->flags &= ~(unsigned)RX_CASELESS; /* of_set would let the letters in again */
        kids[0] = of_set(p, &cls.set);
        p->flags |= RX_CASELESS;
        return kids[0];
    }
    if (rx_set_size(&cls.set) > 0 && (kids[n++] = of_set(p, &cls.set)) == NULL)
        return NULL;
    for (size_t i = 0; i < cls.n_wide; i++)
        if ((kids[n++] = of_code_point(p, cls.wide[i])) == NULL)
            return NULL;
    return n == 1 ? kids[0] : node(p, RX_ALT, kids, n);
}

/* ---- groups, flags ----------------------------------------------------------------------------------------------- */

static struct rx *choice(struct parse *p);

/* i, s, m and their opposites, up to : or ); false: refused. */
static bool read_flags(struct parse *p, unsigned *flags)
{
    bool on = true;

    for (; peek(p) >= 0 && peek(p) != ':' && peek(p) != ')'; p->at++) {
        unsigned flag = peek(p) == 'i' ? RX_CASELESS : peek(p) == 's' ? RX_DOTALL : peek(p) == 'm' ? RX_MULTILINE : 0;

        if (peek(p) == '-')
            on = false;
        else if (flag != 0)
            *flags = on ? *flags | flag : *flags & ~flag;
        else if (peek(p) != 'u' && peek(p) != 'a') /* texts are bytes here, whatever it says */
            return refuse(p, "flag '%c'", peek(p)) != NULL;
    }
    return true;
}

static struct rx *close_group(struct parse *p, struct rx *inner)
{
    if (inner != NULL && !take_if(p, ")"))
        return refuse(p, "a group has no end");
    return inner;
}

static struct rx *look(struct parse *p, bool is_behind, bool is_negative)
{
    unsigned flags = p->flags;
    struct rx *inner = close_group(p, choice(p)), *rx;

    p->flags = flags;
    if (inner == NULL || (rx = node(p, RX_LOOK, &inner, 1)) == NULL)
        return NULL;
    rx->is_behind = is_behind;
    rx->is_negative = is_negative;
    return rx;
}

static struct rx *capture(struct parse *p)
{
    unsigned flags = p->flags, number = ++p->groups;
    struct rx *inner = close_group(p, choice(p)), *rx;

    p->flags = flags;
    if (inner == NULL || (rx = node(p, RX_GROUP, &inner, 1)) == NULL)
        return NULL;
    rx->group = number;
    return rx;
}

static bool take_name(struct parse *p)
{
    while (peek(p) >= 0 && peek(p) != '>')
        p->at++;
    return take_if(p, ">");
}

/* Behind "(". */
static struct rx *group(struct parse *p)
{
    unsigned outer = p->flags;
    struct rx *inner;

    if (!take_if(p, "?"))
        return capture(p);
    if (take_if(p, "<="))
        return look(p, true, false);
    if (take_if(p, "<!"))
        return look(p, true, true);
    if (take_if(p, "="))
        return look(p, false, false);
    if (take_if(p, "!"))
        return look(p, false, true);
    if (take_if(p, "P<") || take_if(p, "<"))
        return take_name(p) ? capture(p) : refuse(p, "a group's name has no end");
    if (take_if(p, "#")) {
        while (peek(p) >= 0 && peek(p) != ')')
            p->at++;
        return close_group(p, node(p, RX_CAT, NULL, 0));
    }
    if (peek(p) == '>' || peek(p) == '|' || peek(p) == '(' || peek(p) == 'P')
        return refuse(p, "a group of kind (?%c", peek(p));
    if (!read_flags(p, &p->flags))
        return NULL;
    if (take_if(p, ")")) /* to the end of the group around it */
        return node(p, RX_CAT, NULL, 0);
    if (!take_if(p, ":"))
        return refuse(p, "a group has no end");
    inner = close_group(p, choice(p));
    p->flags = outer;
    return inner;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static struct rx *escape(struct parse *p)
{
    struct rx_set set = { { 0 } };
    uint32_t cp;

    if (peek(p) > 0 && class_of(peek(p), &set)) {
        p->at++;
        return of_set(p, &set);
    }
    if (take_if(p, "b"))
        return node(p, RX_WORD_EDGE, NULL, 0);
    if (take_if(p, "B"))
        return node(p, RX_NO_EDGE, NULL, 0);
    if (take_if(p, "A"))
        return node(p, RX_BEGIN, NULL, 0);
    if (take_if(p, "z") || take_if(p, "Z"))
        return node(p, RX_END, NULL, 0);
    return escaped_char(p, &cp) ? of_code_point(p, cp) : NULL;
}

static struct rx *atom(struct parse *p)
{
    struct rx_set set = { { 0 } };
    uint32_t cp;

    if (take_if(p, "("))
        return group(p);
    if (take_if(p, "["))
        return class(p);
    if (take_if(p, "\\"))
        return escape(p);
    if (take_if(p, "^"))
        return node(p, RX_BEGIN, NULL, 0);
    if (take_if(p, "$"))
        return node(p, RX_END, NULL, 0);
    if (take_if(p, ".")) {
        if ((p->flags & RX_DOTALL) == 0)
            rx_set_add(&set, '\n');
        invert(&set);
        return of_set(p, &set);
    }
    if (peek(p) == '*' || peek(p) == '+' || peek(p) == '?')
        return refuse(p, "nothing stands before '%c'", peek(p));
    return take_char(p, &cp) ? of_code_point(p, cp) : refuse(p, "the expression is no text in UTF-8");
}

static bool take_count(struct parse *p, uint32_t *n)
{
    size_t from = p->at;

    for (*n = 0; peek(p) >= '0' && peek(p) <= '9' && *n <= COUNT_MAX; p->at++)
        *n = *n * 10 + (uint32_t)(peek(p) - '0');
    return p->at > from && *n <= COUNT_MAX;
}

/* {3} {3,} {,3} {3,5}; false: a brace like any other, as in both languages. */
static bool take_counts(struct parse *p, uint32_t *min, uint32_t *max)
{
    size_t at = p->at;
    bool has_min, has_max;

    if (!take_if(p, "{"))
        return false;
    has_min = take_count(p, min);
    *max = *min;
    if (take_if(p, ",")) {
        *min = has_min ? *min : 0;
        has_max = take_count(p, max);
        *max = has_max ? *max : RX_MANY;
        has_min = has_min || has_max;
    }
    if (has_min && take_if(p, "}"))
        return true;
    p->at = at;
    return false;
}

static struct rx *repeated(struct parse *p, struct rx *inner)
{
    uint32_t min, max;
    struct rx *rx;

    while (inner != NULL) {
        if (take_if(p, "*"))
            min = 0, max = RX_MANY;
        else if (take_if(p, "+"))
            min = 1, max = RX_MANY;
        else if (take_if(p, "?"))
            min = 0, max = 1;
        else if (!take_counts(p, &min, &max))
            return inner;
        if (max < min)
            return refuse(p, "a count runs backwards");
        if ((rx = node(p, RX_REPEAT, &inner, 1)) == NULL)
            return NULL;
        rx->min = min;
        rx->max = max;
        rx->is_lazy = take_if(p, "?");
        if (peek(p) == '+')
            return refuse(p, "a possessive repeat, which other engines do not agree on");
        inner = rx;
    }
    return NULL;
}

static struct rx *row(struct parse *p)
{
    struct rx *kids[KIDS_MAX];
    size_t n = 0;

    while (peek(p) >= 0 && peek(p) != '|' && peek(p) != ')') {
        if (n == KIDS_MAX)
            return refuse(p, "the expression is too large");
        if ((kids[n++] = repeated(p, atom(p))) == NULL)
            return NULL;
    }
    return n == 1 ? kids[0] : node(p, RX_CAT, kids, n);
}

static struct rx *choice(struct parse *p)
{
    struct rx *kids[KIDS_MAX];
    size_t n = 0;

    if (++p->depth > DEPTH_MAX)
        return refuse(p, "groups stand in one another more than %u deep", DEPTH_MAX);
    do {
        if (n == KIDS_MAX)
            return refuse(p, "the expression is too large");
        if ((kids[n++] = row(p)) == NULL)
            return NULL;
    } while (take_if(p, "|"));
    p->depth--;
    return n == 1 ? kids[0] : node(p, RX_ALT, kids, n);
}

enum st_rc rx_parse(struct st_span text, unsigned flags, struct st_arena *arena, struct rx **out, char why[RX_WHY],
                    struct st_err *err)
{
    struct parse p = { .text = text, .flags = flags, .arena = arena, .err = err, .why = why };
    struct rx *rx;

    why[0] = '\0';
    rx = choice(&p);
    if (rx != NULL && peek(&p) == ')')
        rx = refuse(&p, "a ) without its (");
    *out = rx;
    return rx != NULL ? ST_OK : ST_ERR;
}
