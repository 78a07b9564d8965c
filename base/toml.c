/* SPDX-License-Identifier: Apache-2.0 */
/* toml - one pass over the text, a tree out.
 *
 * The file is a list of headers, each followed by its lines. A header walks from the root by its dotted name, making
 * the tables on the way and going into the newest of an array of tables. The first mistake ends the reading: what
 * follows one is seldom what it seems. Every step forward is one of peek and take, so that the line is always right.
 */
#include "base/toml.h"
#include "base/buf.h"
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32u

struct parse {
    struct st_span text;
    size_t at, line_start;
    unsigned line, depth;
    const char *file;
    struct st_arena *arena;
    struct st_diag *diag;
    struct st_err *err;
    struct st_buf word; /* the string or name being read */
};

#define WRONG(p, ...) \
    wrong((p), st_diag_add((p)->diag, (p)->file, (p)->line, (unsigned)((p)->at - (p)->line_start) + 1, __VA_ARGS__))

static bool wrong(struct parse *p, enum st_rc said)
{
    (void)said;
    st_fail(p->err, ST_E_CONFIG, "toml", "the file is not as it should be", p->line);
    return false;
}

static int peek(const struct parse *p)
{
    return p->at < p->text.n ? p->text.p[p->at] : -1;
}

static int take(struct parse *p)
{
    int c = peek(p);

    if (c >= 0)
        p->at++;
    if (c == '\n') {
        p->line++;
        p->line_start = p->at;
    }
    return c;
}

static bool take_if(struct parse *p, int c)
{
    if (peek(p) != c)
        return false;
    (void)take(p);
    return true;
}

static bool next_is(const struct parse *p, const char *word)
{
    return st_span_starts(st_span_sub(p->text, p->at, p->text.n), st_span_str(word));
}

static bool no_memory(struct parse *p)
{
    (void)st_arena_fail(p->arena, p->err, "toml");
    return false;
}

static void skip_blanks(struct parse *p)
{
    while (peek(p) == ' ' || peek(p) == '\t')
        (void)take(p);
}

/* Blanks, line ends and comments. */
static void skip_lines(struct parse *p)
{
    for (;;) {
        while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\r' || peek(p) == '\n')
            (void)take(p);
        if (peek(p) != '#')
            return;
        while (peek(p) >= 0 && peek(p) != '\n')
            (void)take(p);
    }
}

static bool end_line(struct parse *p)
{
    skip_blanks(p);
    if (peek(p) == '#')
        while (peek(p) >= 0 && peek(p) != '\n')
            (void)take(p);
    (void)take_if(p, '\r');
    if (peek(p) < 0 || take_if(p, '\n'))
        return true;
    return WRONG(p, "the end of the line is expected here");
}

/* ---- the tree ---------------------------------------------------------------------------------------------------- */

static struct st_toml *find(const struct st_toml *table, const char *key)
{
    struct st_toml *member = table->first;

    while (member != NULL && strcmp(member->key, key) != 0)
        member = member->next;
    return member;
}

const struct st_toml *st_toml_get(const struct st_toml *table, const char *key)
{
    return table->kind == ST_TOML_TABLE ? find(table, key) : NULL;
}

static struct st_toml *add(struct parse *p, struct st_toml *to, const char *key, enum st_toml_kind kind)
{
    struct st_toml *node = st_arena_alloc(p->arena, sizeof *node);

    if (node == NULL) {
        (void)no_memory(p);
        return NULL;
    }
    node->kind = kind;
    node->key = key;
    node->line = p->line;
    if (to->last != NULL)
        to->last->next = node;
    else
        to->first = node;
    to->last = node;
    return node;
}

/* ---- strings and names ------------------------------------------------------------------------------------------- */

static const char *word_of(struct parse *p)
{
    const char *s = NULL;

    if (p->word.failed != ST_E_NONE)
        st_fail(p->err, p->word.failed, "toml", "a string", (int64_t)p->word.n);
    else if ((s = st_arena_str(p->arena, st_buf_view(&p->word))) == NULL)
        (void)no_memory(p);
    return s;
}

static bool read_code_point(struct parse *p, int digits)
{
    uint32_t cp = 0;
    uint8_t utf8[4];

    for (int i = 0; i < digits; i++) {
        int digit = peek(p) >= 0 ? st_hex_digit((uint8_t)peek(p)) : -1;

        if (digit < 0)
            return WRONG(p, "\\%c takes %d hex digits", digits == 4 ? 'u' : 'U', digits);
        cp = cp << 4 | (uint32_t)digit;
        (void)take(p);
    }
    if (cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        return WRONG(p, "this code point is no character of a text");
    st_buf_put(&p->word, utf8, st_utf8_put(cp, utf8));
    return true;
}

static bool read_escape(struct parse *p, bool is_long)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    int c = take(p);
    const char *at = c > 0 ? strchr(from, c) : NULL;

    if (at != NULL) {
        st_buf_byte(&p->word, (uint8_t)to[at - from]);
        return true;
    }
    if (c == 'u' || c == 'U')
        return read_code_point(p, c == 'u' ? 4 : 8);
    if (is_long && (c == '\n' || c == ' ' || c == '\t' || c == '\r')) { /* the line goes on behind its blanks */
        while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\r' || peek(p) == '\n')
            (void)take(p);
        return true;
    }
    return WRONG(p, "unknown escape in a string; a pattern is best between ''' and '''");
}

/* The end of a long string, when it is here; the last ones of """"" are the text's. */
static bool end_long(struct parse *p, const char *mark)
{
    if (!next_is(p, mark))
        return false;
    p->at += strlen(mark);
    for (int i = 0; i < 2 && take_if(p, mark[0]); i++)
        st_buf_byte(&p->word, (uint8_t)mark[0]);
    return true;
}

static bool is_control(int c)
{
    return c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r');
}

/* Into p->word; the opening quotes are still to be taken. */
static bool read_string(struct parse *p)
{
    const char *mark = peek(p) == '"' ? "\"\"\"" : "'''";
    bool is_long = next_is(p, mark), is_good = true;
    int c;

    st_buf_reset(&p->word);
    p->at += is_long ? 3 : 1;
    if (is_long) { /* a line end right behind the quotes is none of the text */
        (void)take_if(p, '\r');
        (void)take_if(p, '\n');
    }
    while (is_good && !(is_long && end_long(p, mark))) {
        c = take(p);
        if (!is_long && c == mark[0])
            return true;
        if (c < 0 || (!is_long && c == '\n'))
            return WRONG(p, "the string has no end");
        if (is_control(c))
            return WRONG(p, "a control character in a string");
        if (c == '\\' && mark[0] == '"')
            is_good = read_escape(p, is_long);
        else
            st_buf_byte(&p->word, (uint8_t)c);
    }
    return is_good;
}

static bool is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* One part of a dotted name; NULL when there is none. */
static const char *read_name(struct parse *p)
{
    skip_blanks(p);
    if (peek(p) == '"' || peek(p) == '\'') {
        if (next_is(p, "\"\"\"") || next_is(p, "'''")) {
            (void)WRONG(p, "a name has one quote on each side");
            return NULL;
        }
        return read_string(p) ? word_of(p) : NULL;
    }
    st_buf_reset(&p->word);
    while (is_bare(peek(p)))
        st_buf_byte(&p->word, (uint8_t)take(p));
    if (p->word.n == 0 && p->word.failed == ST_E_NONE) {
        (void)WRONG(p, "a name is expected here");
        return NULL;
    }
    return word_of(p);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bool read_value(struct parse *p, struct st_toml *node);
static bool read_pair(struct parse *p, struct st_toml *table);

static bool read_array(struct parse *p, struct st_toml *node)
{
    node->kind = ST_TOML_ARRAY;
    (void)take(p);
    for (skip_lines(p); !take_if(p, ']'); skip_lines(p)) {
        struct st_toml *item = add(p, node, NULL, ST_TOML_STR);

        if (item == NULL || !read_value(p, item))
            return false;
        skip_lines(p);
        if (!take_if(p, ',') && peek(p) != ']')
            return WRONG(p, "a comma or ] is expected in this array");
    }
    return true;
}

static bool read_inline(struct parse *p, struct st_toml *node)
{
    node->kind = ST_TOML_TABLE;
    (void)take(p);
    skip_blanks(p);
    if (take_if(p, '}'))
        return true;
    for (;;) {
        if (!read_pair(p, node))
            return false;
        skip_blanks(p);
        if (take_if(p, '}'))
            return true;
        if (!take_if(p, ','))
            return WRONG(p, "a comma or } is expected in this table");
    }
}

/* Digits, with single _ between them; answers how many, 0 when it is not so. */
static size_t read_digits(struct parse *p)
{
    size_t n = 0;
    bool may_part = false;

    for (;; may_part = true) {
        if (may_part && take_if(p, '_') && !(peek(p) >= '0' && peek(p) <= '9'))
            return 0;
        if (!(peek(p) >= '0' && peek(p) <= '9'))
            return n;
        st_buf_byte(&p->word, (uint8_t)take(p));
        n++;
    }
}

static bool read_number(struct parse *p, struct st_toml *node)
{
    bool is_good;
    size_t whole;

    st_buf_reset(&p->word);
    node->kind = ST_TOML_NUMBER;
    if (peek(p) == '+' || peek(p) == '-')
        st_buf_byte(&p->word, (uint8_t)take(p));
    is_good = peek(p) != '0' || p->at + 1 >= p->text.n || strchr("0123456789xob_", p->text.p[p->at + 1]) == NULL ||
              p->text.p[p->at + 1] == 0;
    is_good = is_good && (whole = read_digits(p)) > 0 && whole < 18;
    if (is_good && peek(p) == '.') {
        st_buf_byte(&p->word, (uint8_t)take(p));
        is_good = read_digits(p) > 0;
    }
    if (is_good && (peek(p) == 'e' || peek(p) == 'E')) {
        st_buf_byte(&p->word, (uint8_t)take(p));
        if (peek(p) == '+' || peek(p) == '-')
            st_buf_byte(&p->word, (uint8_t)take(p));
        is_good = read_digits(p) > 0;
    }
    if (!is_good || is_bare(peek(p)) || peek(p) == ':' || peek(p) == '.')
        return WRONG(p, "this value is not understood; strings, decimal numbers, true, false, [ ] and { } are");
    st_buf_byte(&p->word, 0);
    if (p->word.failed != ST_E_NONE)
        return word_of(p) != NULL;
    node->number = strtod((const char *)p->word.p, NULL);
    return true;
}

static bool read_plain(struct parse *p, struct st_toml *node)
{
    bool is_true = next_is(p, "true"), is_false = next_is(p, "false");

    if (!is_true && !is_false)
        return read_number(p, node);
    p->at += is_true ? 4 : 5;
    node->kind = ST_TOML_BOOL;
    node->number = is_true;
    return !is_bare(peek(p)) || WRONG(p, "true or false was expected");
}

static bool read_value(struct parse *p, struct st_toml *node)
{
    bool is_good;

    skip_blanks(p);
    node->line = p->line;
    node->is_closed = true;
    if (++p->depth > DEPTH_MAX)
        return WRONG(p, "values stand in one another more than %u deep", DEPTH_MAX);
    if (peek(p) == '"' || peek(p) == '\'')
        is_good = read_string(p) && (node->s = word_of(p)) != NULL;
    else if (peek(p) == '[')
        is_good = read_array(p, node);
    else if (peek(p) == '{')
        is_good = read_inline(p, node);
    else
        is_good = read_plain(p, node);
    p->depth--;
    return is_good;
}

/* ---- lines and headers ------------------------------------------------------------------------------------------- */

/* The table of that name in `in`, or the newest of the array of tables; made when it is not there. */
static struct st_toml *enter(struct parse *p, struct st_toml *in, const char *name)
{
    struct st_toml *node = find(in, name);

    if (node == NULL)
        return add(p, in, name, ST_TOML_TABLE);
    if (!node->is_closed && node->kind == ST_TOML_ARRAY)
        return node->last;
    if (!node->is_closed && node->kind == ST_TOML_TABLE)
        return node;
    (void)WRONG(p, "'%s' has its value on line %u already", name, node->line);
    return NULL;
}

/* name.name = value */
static bool read_pair(struct parse *p, struct st_toml *table)
{
    const char *name = read_name(p);
    struct st_toml *node;

    while (name != NULL && table != NULL && (skip_blanks(p), take_if(p, '.'))) {
        table = enter(p, table, name);
        name = table != NULL ? read_name(p) : NULL;
    }
    if (name == NULL || table == NULL)
        return false;
    if (!take_if(p, '='))
        return WRONG(p, "= is expected behind '%s'", name);
    if ((node = find(table, name)) != NULL)
        return WRONG(p, "'%s' has its value on line %u already", name, node->line);
    node = add(p, table, name, ST_TOML_STR);
    return node != NULL && read_value(p, node);
}

/* The last name of a header: a table of its own, or one more of an array of tables. */
static struct st_toml *open_table(struct parse *p, struct st_toml *in, const char *name, bool is_array)
{
    struct st_toml *node = find(in, name);

    if (!is_array) {
        if (node != NULL && (node->is_defined || node->kind != ST_TOML_TABLE || node->is_closed)) {
            (void)WRONG(p, "'%s' has its value on line %u already", name, node->line);
            return NULL;
        }
        node = node != NULL ? node : add(p, in, name, ST_TOML_TABLE);
        if (node != NULL)
            node->is_defined = true;
        return node;
    }
    if (node != NULL && (node->kind != ST_TOML_ARRAY || node->is_closed)) {
        (void)WRONG(p, "'%s' has its value on line %u already, which is no list of tables", name, node->line);
        return NULL;
    }
    node = node != NULL ? node : add(p, in, name, ST_TOML_ARRAY);
    return node != NULL ? add(p, node, NULL, ST_TOML_TABLE) : NULL;
}

/* [name.name] or [[name.name]]; NULL: said. */
static struct st_toml *read_header(struct parse *p, struct st_toml *root)
{
    struct st_toml *table = root;
    const char *name;
    bool is_array;

    (void)take(p);
    is_array = take_if(p, '[');
    name = read_name(p);
    while (name != NULL && table != NULL && (skip_blanks(p), take_if(p, '.'))) {
        table = enter(p, table, name);
        name = table != NULL ? read_name(p) : NULL;
    }
    if (name == NULL || table == NULL || (table = open_table(p, table, name, is_array)) == NULL)
        return NULL;
    if (!take_if(p, ']') || (is_array && !take_if(p, ']'))) {
        (void)WRONG(p, "%s is expected at the end of this header", is_array ? "]]" : "]");
        return NULL;
    }
    return end_line(p) ? table : NULL;
}

/* What is no UTF-8 is told with its line. */
static bool is_text(struct parse *p)
{
    struct st_span rest = p->text;

    while (rest.n > 0) {
        size_t n = st_span_utf8(rest);

        if (n == 0)
            return WRONG(p, "the file is no text in UTF-8");
        p->line += rest.p[0] == '\n';
        rest = st_span_sub(rest, n, rest.n);
    }
    p->line = 1;
    return true;
}

enum st_rc st_toml_parse(const char *file, struct st_span text, struct st_arena *arena, struct st_toml **out,
                         struct st_diag *diag, struct st_err *err)
{
    struct parse p = { .text = text, .line = 1, .file = file, .arena = arena, .diag = diag, .err = err };
    struct st_toml *root = st_arena_alloc(arena, sizeof *root), *table = root;

    if (root == NULL)
        return st_arena_fail(arena, err, "toml");
    root->line = 1;
    if (!is_text(&p))
        return ST_ERR;
    st_buf_init(&p.word, text.n + 64);
    if (st_span_starts(text, ST_SPAN("\xef\xbb\xbf")))
        p.at = 3;
    for (skip_lines(&p); table != NULL && peek(&p) >= 0; skip_lines(&p)) {
        if (peek(&p) == '[')
            table = read_header(&p, root);
        else if (!read_pair(&p, table) || !end_line(&p))
            table = NULL;
    }
    st_buf_fini(&p.word);
    *out = root;
    return table != NULL ? ST_OK : ST_ERR;
}
