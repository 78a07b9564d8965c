/* SPDX-License-Identifier: Apache-2.0 */
/* label - the word right before a candidate, and the head of the column it stands in.
 *
 * Countries call their numbers by two or three letters that are anything elsewhere: CR, PIN, CN. Such a word (`labels`
 * of a context) counts only where it can be meant: right before the candidate, or in the name of its field or column.
 * It is found by its hash and is in no database, so a text full of such letters costs nothing.
 *
 * A table of lines has one head for all its rows, and most rows are far behind it. A candidate that fills a cell walks
 * up the lines as long as they have the same sign between cells; what was walked is remembered, so that each line is
 * walked once, not once for each number in it.
 */
#include "filters/scanner.h"
#include <string.h>

#define SHORT    3u    /* bytes of one that is anything when it is not in capitals */
#define BETWEEN  12u   /* bytes of what may stand between it and its number */
#define SIGNS    5u    /* between a word and what it labels */
#define FAR_UP   8192u /* bytes of a table over a candidate, as long as none was walked before */
#define ROW_MAX  1024u /* bytes of one of its lines */
#define HEAD_MAX 64u   /* bytes of a column's head */

static bool is_letter(uint8_t c)
{
    return flt_is_alpha(c) || c >= 0x80;
}

/* The label as it is looked up: folded, without dots; false when it is too long to be one. */
static bool key_of(struct st_span word, char key[FLT_LABEL_MAX + 1])
{
    const uint8_t *p = word.p, *end = word.p + word.n;
    size_t at = 0;

    while (p < end) {
        uint8_t folded[FLT_FOLD_MAX] = { flt_to_lower(*p) };
        size_t n = *p != '.', used = *p < 0x80 ? 1 : flt_fold_char(p, end, folded, &n);

        if (at + n > FLT_LABEL_MAX)
            return false;
        memcpy(key + at, folded, n);
        at += n;
        p += used;
    }
    key[at] = '\0';
    return at > 0;
}

/* The word that ends a few signs before *end, "C.I." as well; *end moves to its beginning. */
static struct st_span word_of(struct st_span text, uint32_t *end)
{
    uint32_t to = *end, from;

    while (to > 0 && *end - to < SIGNS && text.p[to - 1] != 0 && strchr(" :=#\"'.(_-*>\t\n`", text.p[to - 1]) != NULL)
        to--;
    from = to;
    while (from > 0 && to - from <= FLT_LABEL_MAX &&
           (is_letter(text.p[from - 1]) || (text.p[from - 1] == '.' && from > 1 && is_letter(text.p[from - 2]))))
        from--;
    while (from < to && text.p[from] >= 0x80 && flt_sign_at(text, from) > 0)
        from += (uint32_t)flt_sign_at(text, from);
    *end = from;
    return st_span(text.p + from, to - from);
}

/* "CR no. 12", "NIT es 12", "NIF n° 12" */
static bool may_stand_between(const char *key, size_t n)
{
    static const char *const words[] = { "code",   "es",     "est",    "id",     "is",     "ist",   "n",
                                         "no",     "nr",     "nro",    "num",    "number", "n°",    "nº",
                                         "nummer", "numero", "número", "numéro", "numer",  "номер", "№" };

    for (size_t i = 0; n <= BETWEEN && i < ST_LEN(words); i++)
        if (words[i][0] == key[0] && strcmp(words[i], key) == 0)
            return true;
    return false;
}

/* "cf 12" and "in 12" are no labels; "CF 12", "cf: 12" and "cf number 12" are. */
static bool is_meant(struct st_span text, struct st_span word, uint32_t end)
{
    bool is_loud = word.n > SHORT || (end < text.n && memchr(":=\"", text.p[end], 3) != NULL);

    for (size_t i = 0; !is_loud && i < word.n; i++)
        if (flt_is_lower(word.p[i]))
            return false;
    return true;
}

size_t flt_label_before(struct flt_scanner *s, uint32_t from)
{
    char key[FLT_LABEL_MAX + 1];
    uint32_t end = from;

    if (s->label.is_known && s->label.from == from)
        return s->label.word;
    s->label.is_known = true;
    s->label.from = from;
    s->label.word = FLT_WORDS_MAX;
    for (int i = 0; i < 3; i++) {
        struct st_span word = word_of(s->text, &end);
        size_t label;

        if (!key_of(word, key))
            break;
        label = (s->packs->label_lengths[(uint8_t)key[0]] >> strlen(key) & 1) != 0 ? flt_label_find(s->packs, key)
                                                                                   : FLT_WORDS_MAX;
        if (label != FLT_WORDS_MAX) {
            s->label.end = end + (uint32_t)word.n;
            s->label.word = (uint16_t)(i > 0 || is_meant(s->text, word, s->label.end) ? label : FLT_WORDS_MAX);
            break;
        }
        if (!may_stand_between(key, word.n))
            break;
    }
    return s->label.word;
}

/* ---- names of fields -------------------------------------------------------------------------------------------- */

static bool begins_hump(struct st_span name, size_t i)
{
    return i > 0 && flt_is_upper(name.p[i]) && flt_is_lower(name.p[i - 1]); /* taxId */
}

void flt_labels_of(const struct flt_packs *packs, struct st_span name, struct flt_path *path)
{
    size_t from = 0;

    for (size_t i = 0; i <= name.n; i++) {
        bool ends = i == name.n || !is_letter(name.p[i]);
        char key[FLT_LABEL_MAX + 1];
        size_t word;

        if (!ends && !begins_hump(name, i))
            continue;
        if (i > from && key_of(st_span_sub(name, from, i - from), key) &&
            (word = flt_label_find(packs, key)) != FLT_WORDS_MAX) {
            if (path->n_words < FLT_PATH_WORDS_MAX)
                path->words[path->n_words++] = (uint16_t)word;
        }
        from = ends ? (uint32_t)i + 1 : i;
    }
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

/* Prose has blanks behind its commas, and cells between bars have them on both sides. */
static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'';
}

static bool is_padding(struct st_span text, size_t at)
{
    return at < text.n && (is_quote(text.p[at]) || text.p[at] == ' ');
}

static bool parts_cells(uint8_t c)
{
    return c == ',' || c == ';' || c == '\t' || c == '|';
}

/* Where the line of the byte before `at` begins; `at` when that is too far away. */
static uint32_t line_begins(struct st_span text, uint32_t at)
{
    uint32_t far = at > ROW_MAX ? at - ROW_MAX : 0;
    const uint8_t *nl = memrchr(text.p + far, '\n', at - far);

    if (nl != NULL)
        return (uint32_t)(nl - text.p) + 1;
    return far == 0 ? 0 : at;
}

/* The sign beside the cell that [from, to) fills; 0: it fills none. */
static uint8_t cell_sign(struct st_span text, uint32_t from, uint32_t to)
{
    bool is_padded = from > 0 && to < text.n && text.p[from - 1] == ' ' && text.p[to] == ' ';
    uint8_t before, after;

    while (from > 0 && (is_padded ? is_padding(text, from - 1) : is_quote(text.p[from - 1])))
        from--;
    while (to < text.n && (is_padded ? is_padding(text, to) : is_quote(text.p[to])))
        to++;
    before = from > 0 ? text.p[from - 1] : '\n';
    after = to < text.n ? text.p[to] : '\n';
    after = after == '\r' ? '\n' : after;
    if (is_padded)
        return before == '|' && (after == '|' || after == '\n') ? '|' : 0;
    if (parts_cells(before) && (after == before || after == '\n'))
        return before;
    return before == '\n' && parts_cells(after) ? after : 0;
}

/* The next sign between cells at or behind i, or where the line ends; those in quotes are of a cell. */
static size_t cell_end(struct st_span line, size_t i, uint8_t sign)
{
    bool quoted = false;

    for (; i < line.n && line.p[i] != '\n' && (quoted || line.p[i] != sign); i++)
        quoted = quoted != (line.p[i] == '"');
    return i;
}

static size_t cells_before(struct st_span line, size_t at, uint8_t sign)
{
    size_t n = 0;

    for (size_t i = cell_end(line, 0, sign); i < at; i = cell_end(line, i + 1, sign))
        n++;
    return n;
}

/* Where the lines begin that have the sign, the last of which begins at `line`. */
static uint32_t top_of(const struct flt_scanner *s, uint32_t line, uint8_t sign)
{
    uint32_t top = line, above;

    while (top > 0 && line - top < FAR_UP) {
        if (s->table.sign == sign && top == s->table.to)
            return s->table.from;
        above = line_begins(s->text, top - 1);
        if (above == top - 1 || memchr(s->text.p + above, sign, top - above) == NULL)
            break;
        top = above;
    }
    return top;
}

static bool has_letters(struct st_span line)
{
    for (size_t i = 0; i < line.n && line.p[i] != '\n'; i++)
        if (is_letter(line.p[i]))
            return true;
    return false;
}

/* The lines up to that which begins at `line` become the table, or more of it. */
static void take_line(struct flt_scanner *s, uint32_t line, uint32_t to, uint8_t sign)
{
    const uint8_t *nl = memchr(s->text.p + to, '\n', s->text.n - to < ROW_MAX ? s->text.n - to : ROW_MAX);
    uint32_t top = top_of(s, line, sign);

    if (sign != s->table.sign || top != s->table.from) {
        for (size_t i = 0; i < FLT_PATHS_MAX; i++)
            s->table.columns[i].is_read = false;
        s->table.from = top;
        s->table.sign = sign;
        s->table.has_head = has_letters(st_span_sub(s->text, top, ROW_MAX));
    }
    s->table.to = nl == NULL ? to : (uint32_t)(nl - s->text.p) + 1;
}

/* The cell that has so many before it. */
static struct st_span cell_at(struct st_span line, size_t before, uint8_t sign)
{
    size_t at = 0;

    for (; before > 0; before--) {
        at = cell_end(line, at, sign) + 1;
        if (at >= line.n || line.p[at - 1] != sign)
            return st_span(NULL, 0);
    }
    return st_span_sub(line, at, cell_end(line, at, sign) - at);
}

static struct st_span find_head(struct flt_scanner *s, uint32_t from, uint32_t to)
{
    uint8_t sign = cell_sign(s->text, from, to);
    uint32_t line = sign != 0 ? line_begins(s->text, from) : from;
    struct st_span head = { NULL, 0 };

    if (sign == 0 || (line == from && from > 0 && s->text.p[from - 1] != '\n'))
        return head;
    if (sign != s->table.sign || line < s->table.from || line >= s->table.to)
        take_line(s, line, to, sign);
    if (line == s->table.from || !s->table.has_head)
        return head;
    head = cell_at(st_span_sub(s->text, s->table.from, ROW_MAX),
                   cells_before(st_span_sub(s->text, line, from - line), from - line, sign), sign);
    return head.n <= HEAD_MAX ? head : st_span(NULL, 0);
}

struct st_span flt_column_head(struct flt_scanner *s, uint32_t from, uint32_t to)
{
    if (s->table.sign == 0 || s->table.at != from || s->table.end != to) {
        s->table.head = find_head(s, from, to);
        s->table.at = from;
        s->table.end = to;
    }
    return s->table.head;
}
