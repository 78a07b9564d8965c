/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze - a text without what somebody put between the pieces of a token.
 *
 * "A K I A …", "ghp_/AbC1/…", "4111;1111;…", "41" + "11", a key over two lines: people who send these know how to put
 * them together, and programs do. Three kinds of gaps go: the one of a row of groups of equal length, quotes with a
 * sign between, and the end of a line or a mark-up sign inside a token. What comes out is prose run together here and
 * there, so numbers in it count only with a word near them (keep.c).
 */
#include "filters/excerpt.h"
#include "filters/look.h"
#include "filters/validate.h"
#include "filters/views.h"
#include <string.h>

#define PAYLOAD_MIN 9u  /* of a row */
#define NUMBER_MIN  5u  /* digits of two pieces */
#define TOKEN_MIN   9u  /* characters of two pieces */
#define HALF_MIN    4u  /* of each */
#define PIECE_MAX   40u /* characters of a piece that are looked at */
#define INDENT_MAX  40u /* blanks at the beginning of a line inside a token */

#define LINE_MARK_MAX 3u
#define WORD_MIN      3u /* letters of a word that stands before a number, and groups of digits behind it */
#define MARK_FROM     2u /* bytes: a longer gap has more than a line's end in it */
#define LISTED_MIN    8u /* then of two pieces */

struct row {
    size_t group, gap; /* bytes */
    size_t payload;    /* bytes of all groups */
    size_t end;        /* behind the last */
};

static bool is_sign(uint8_t c)
{
    return c > ' ' && c < 0x7F && !flt_is_alnum(c);
}

/* The gap at `at`: a blank or two, a sign, with blanks around it or not, twice, or beyond ASCII; 0: none. */
static size_t gap_at(struct st_span s, size_t at)
{
    const uint8_t *p = s.p + at;
    size_t left = s.n - at;

    if (left < 2)
        return 0;
    if (p[0] >= 0xC2)
        return st_span_utf8(st_span_sub(s, at, 4));
    if (p[0] == ' ' && p[1] == ' ')
        return 2;
    if (p[0] == ' ')
        return left > 3 && is_sign(p[1]) && p[2] == ' ' ? 3 : 1;
    if (p[0] == '\r' && p[1] == '\n')
        return 2;
    if (p[0] >= '\t' && p[0] <= '\f')
        return 1;
    if (!is_sign(p[0]))
        return 0;
    if (p[0] != 0 && p[1] != 0 && strchr(")]}>", p[0]) != NULL && strchr("([{<", p[1]) != NULL)
        return 2; /* (4539)(5787) */
    return p[1] == ' ' || (p[1] == p[0] && p[0] == '*') ? 2 : 1;
}

static bool is_token_char(uint8_t c)
{
    static const bool yes[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['-'] = true, ['_'] = true, ['+'] = true,
        ['/'] = true,         ['='] = true,         ['@'] = true,         ['.'] = true, [':'] = true
    };

    return yes[c];
}

static bool is_payload(struct st_span s, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (!is_token_char(s.p[i]))
            return false;
    return true;
}

/* Does the gap of n bytes at `gap` stand at `at` too? */
static bool is_gap(struct st_span s, size_t gap, size_t n, size_t at)
{
    size_t i = 0;

    while (i < n && at + i < s.n && s.p[at + i] == s.p[gap + i])
        i++;
    return i == n;
}

/* The end of a line, or two blanks: only between single characters. */
static bool is_column_gap(struct st_span s, size_t at)
{
    return s.p[at] < ' ' || (s.p[at] == ' ' && s.p[at + 1] == ' ');
}

/* In a row of single characters, a blank of the number's own: "4 9   1 7 1"? */
static bool is_own_blank(struct st_span s, size_t at, size_t gap, size_t n)
{
    return at + n + 1 < s.n && s.p[at] == ' ' && is_gap(s, gap, n, at + 1) && is_token_char(s.p[at + 1 + n]);
}

static bool is_lower_word(struct st_span s, size_t at, size_t n)
{
    size_t i = 0;

    while (i < n && flt_is_lower(s.p[at + i]))
        i++;
    return i == n;
}

/* Groups of `group` bytes from `at` on, with one gap between; the last may be shorter. */
static struct row row_of(struct st_span s, size_t at, size_t group)
{
    struct row row = { .group = group, .payload = group, .end = at + group };

    if (at + group >= s.n || !is_payload(s, at, group) || (row.gap = gap_at(s, row.end)) == 0 ||
        (group > 1 && is_column_gap(s, row.end)))
        return (struct row){ 0 };
    while (is_gap(s, at + group, row.gap, row.end)) {
        size_t from = row.end + row.gap, n = 0;

        while (n < group && from + n < s.n && is_token_char(s.p[from + n]) &&
               (group == 1 || !is_gap(s, at + group, row.gap, from + n)))
            n++;
        if (n == 0 && group == 1 && is_own_blank(s, from, at + group, row.gap))
            n = 1;
        if (n == 0 || (n == group && from + n < s.n && is_lower_word(s, from, n + 1)))
            break; /* "1 2 3 thanks": a word behind the row */
        row.payload += n;
        row.end = from + n;
        if (n < group)
            break;
    }
    return row;
}

/* "people v36.47 latency": words that happen to have one length. An address in pieces is made of words too. */
static bool is_prose(struct st_span s, size_t from, const struct row *row)
{
    size_t groups = 0, words = 0;

    if (s.p[from + row->group] != ' ' || row->group == 1)
        return false;
    for (size_t at = from; at + row->group <= row->end; at += row->group + row->gap, groups++)
        words += is_lower_word(s, at, row->group);
    return 2 * words >= groups && memchr(s.p + from, '@', row->end - from) == NULL;
}

static bool is_worth_it(struct st_span s, size_t at, const struct row *row)
{
    size_t digits = 0;

    if (row->payload < PAYLOAD_MIN || row->payload < 3 * row->group - (row->group > 1))
        return false;
    for (size_t i = at; i < row->end; i++)
        digits += flt_is_digit(s.p[i]);
    return row->group == 1 || (digits > 1 && !is_prose(s, at, row));
}

static size_t count_words(struct st_span s, size_t at, const struct row *row)
{
    size_t n = 0;

    for (; at < row->end; at++)
        n += flt_is_alnum(s.p[at]);
    return n;
}

/* Does a piece begin behind it? */
static bool is_opening(uint8_t c)
{
    static const bool yes[256] = { [' '] = true, ['\t' ... '\r'] = true, ['"'] = true, ['\''] = true, ['('] = true,
                                   ['='] = true, [':'] = true,           [','] = true, [';'] = true,  ['['] = true,
                                   ['>'] = true, ['`'] = true,           ['/'] = true, ['{'] = true,  ['<'] = true };

    return yes[c];
}

static bool begins_piece(struct st_span s, size_t at)
{
    return s.p[at] > ' ' && (at == 0 || is_opening(s.p[at - 1]));
}

/* From a group on, which of the bytes are no letters and no digits, and which are digits. */
struct ahead {
    uint64_t others, digits;
};

/* A glance: can groups of that length begin a row at `at`? Two must follow one another, with the gap behind the second
 * too, and with a digit near, unless a later group can begin the row as well (back_up). */
static bool may_be_row(struct st_span s, size_t at, size_t group, const struct ahead *ahead)
{
    size_t gap, next;

    if (group > 1 && is_opening(s.p[at + group]) && (ahead->digits & (((uint64_t)1 << (3 * group + 6)) - 1)) == 0)
        return false;
    gap = gap_at(s, at + group);
    next = 2 * group + gap;
    return gap > 0 && (ahead->others >> next & 1) != 0 && at + next < s.n && s.p[at + next] == s.p[at + group];
}

/* The row that takes in most letters and digits; of equal ones that of the smallest groups. */
static struct row best_row(struct st_span s, size_t at, const struct ahead *ahead)
{
    struct row best = { 0 };
    size_t most = 0;

    for (uint64_t left = ahead->others & ((2u << FLT_GROUP_MAX) - 2); left != 0 && is_token_char(s.p[at]);
         left &= left - 1) {
        size_t group = (size_t)__builtin_ctzll(left);
        struct row row = { 0 };

        if (at + group >= s.n)
            break;
        if (may_be_row(s, at, group, ahead))
            row = row_of(s, at, group);
        if (row.payload > 0 && is_worth_it(s, at, &row) && count_words(s, at, &row) > most) {
            most = count_words(s, at, &row);
            best = row;
        }
        if (!is_token_char(s.p[at + group]))
            break;
    }
    return best;
}

/* Groups of the row that come before `at`: there was no digit near them. */
static size_t back_up(const struct flt_excerpt *x, size_t at, const struct row *row)
{
    size_t step = row->group + row->gap;

    while (at >= x->kept + step && is_gap(x->s, at + row->group, row->gap, at - row->gap) &&
           is_payload(x->s, at - step, row->group) && begins_piece(x->s, at - step))
        at -= step;
    return at;
}

static bool are_digits(struct st_span s, size_t from, size_t to)
{
    while (from < to && flt_is_digit(s.p[from]))
        from++;
    return from == to;
}

/* "card+4111+1111+…+from+anna": words that have the length of the groups, at both ends of a row of digits, are no part
 * of the number. */
static size_t trim_words(struct st_span s, size_t at, struct row *row)
{
    size_t step = row->group + row->gap, from = at, to = row->end, digits = 0;

    while (from + step < row->end && is_lower_word(s, from + 1, row->group - 1) && flt_is_alpha(s.p[from]))
        from += step;
    for (size_t i = from; i < row->end && are_digits(s, i, i + row->group < row->end ? i + row->group : row->end);
         i += step, digits++)
        to = i + row->group < row->end ? i + row->group : row->end;
    for (size_t i = to + row->gap; i < row->end; i += step)
        if (!is_lower_word(s, i, i + row->group < row->end ? row->group : row->end - i))
            return at;
    if (row->group < WORD_MIN || digits < WORD_MIN)
        return at;
    row->end = to;
    return from;
}

static size_t take_row(struct flt_excerpt *x, size_t at, struct row *row)
{
    at = trim_words(x->s, back_up(x, at, row), row);
    while (at < row->end) {
        at += row->group;
        if (at >= row->end)
            break;
        flt_excerpt_put(x, at, row->gap, NULL, 0);
        at += row->gap;
    }
    return row->end;
}

static size_t blanks_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < INDENT_MAX && st_is_space(s.p[at + n]))
        n++;
    return n;
}

/* " + ", " . ", "," between two strings of a program: from the quote that closes to the one that opens. */
static size_t concat_at(struct st_span s, size_t at)
{
    uint8_t quote = s.p[at];
    size_t i = at + 1;

    i += blanks_at(s, i);
    if (i < s.n && strchr("+.,&|", s.p[i]) != NULL && s.p[i] != 0)
        i += i + 1 < s.n && s.p[i] == '|' && s.p[i + 1] == '|' ? 2 : 1;
    i += blanks_at(s, i);
    return i < s.n && i > at + 1 && s.p[i] == quote ? i + 1 - at : 0;
}

/* Does the piece that ends before, or begins at, `at` look like one of a token: a digit, a _ or @, a capital inside? */
static bool is_tokenish(struct st_span s, size_t at, int step)
{
    uint8_t last = 0;

    for (size_t i = step < 0 ? at - 1 : at, n = 0; i < s.n && n < PIECE_MAX && is_token_char(s.p[i]);
         i += (size_t)step, n++) {
        uint8_t c = s.p[i];

        if (flt_is_digit(c) || c == '_' || c == '@' || c == '=')
            return true;
        if (step < 0 ? flt_is_upper(last) && flt_is_lower(c) : flt_is_lower(last) && flt_is_upper(c))
            return true;
        last = c;
    }
    return false;
}

/* Of the piece that ends before `at`, or begins there. */
static size_t piece_length(struct st_span s, size_t at, int step)
{
    size_t n = 0;

    for (size_t i = step < 0 ? at - 1 : at; i < s.n && n < PIECE_MAX && is_token_char(s.p[i]); i += (size_t)step)
        n++;
    return n;
}

/* Do the pieces around the gap of n bytes at `at` make one token? A number goes on with a digit; of a token both pieces
 * are more than a word's end. */
static bool is_inside(struct st_span s, size_t at, size_t n)
{
    size_t left = piece_length(s, at, -1), right = piece_length(s, at + n, 1);
    bool is_number = at + n < s.n && flt_is_digit(s.p[at - 1]) && flt_is_digit(s.p[at + n]);

    if (left + right < (is_number       ? NUMBER_MIN
                        : n > MARK_FROM ? LISTED_MIN
                                        : TOKEN_MIN) ||
        (!is_number && (left < HALF_MIN || right < HALF_MIN)))
        return false;
    return at + n < s.n && is_token_char(s.p[at - 1]) && is_token_char(s.p[at + n]) &&
           (is_tokenish(s, at, -1) || is_tokenish(s, at + n, 1));
}

/* Is the string of n characters that ends at the quote `at`, or begins behind it, one of a list: another one of the
 * same length stands before it, or behind? */
static bool has_like(struct st_span s, size_t at, size_t n, int step)
{
    size_t gap, next;

    if (step < 0) {
        size_t i = at - n - 1; /* the quote that opens it */

        while (i > 0 && at - i < PIECE_MAX && s.p[i - 1] != s.p[at])
            i--;
        return i > n + 1 && concat_at(s, i - 1) == at - n - i + 1 && s.p[i - n - 2] == s.p[at] &&
               piece_length(s, i - 1, -1) == n;
    }
    if (at + n >= s.n || (gap = concat_at(s, at + n)) == 0)
        return false;
    next = at + n + gap;
    return piece_length(s, next, 1) <= n && next + piece_length(s, next, 1) < s.n;
}

/* "abcd", "efgh", "ij": strings of one length, but for the last, which somebody joins; at least three. */
static bool is_array(struct st_span s, size_t at, size_t n)
{
    size_t left = piece_length(s, at, -1), right = piece_length(s, at + n, 1);
    uint8_t quote = s.p[at];

    if (left == 0 || right == 0 || right > left || left >= at || s.p[at - left - 1] != quote || at + n + right >= s.n ||
        s.p[at + n + right] != quote)
        return false;
    return has_like(s, at, left, -1) || (left == right && has_like(s, at + n, right, 1));
}

/* "1. ", "12) ", "\xE2\x80\xA2 ". */
static size_t list_mark_at(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < LINE_MARK_MAX - 1 && flt_is_digit(s.p[at + n]))
        n++;
    if (n > 0 && at + n < s.n && (s.p[at + n] == '.' || s.p[at + n] == ')'))
        n++;
    else
        n = st_span_starts(st_span_sub(s, at, 3), ST_SPAN("\xE2\x80\xA2")) ? 3 : 0;
    return n > 0 && at + n < s.n && s.p[at + n] == ' ' ? n + blanks_at(s, at + n) : 0;
}

/* What makes the line a remark or one of a list, with the blank behind it: "// ", "# ", "- ". */
static size_t line_mark_at(struct st_span s, size_t at)
{
    size_t n = list_mark_at(s, at);

    if (n > 0)
        return n;
    while (at + n < s.n && n < LINE_MARK_MAX && memchr("/#*-+;%", s.p[at + n], 7) != NULL)
        n++;
    return n > 0 && at + n < s.n && s.p[at + n] == ' ' ? n + blanks_at(s, at + n) : 0;
}

/* The end of a line, with what the next is indented or quoted with, as a reply's are. */
static size_t line_end_at(struct st_span s, size_t at)
{
    size_t n = blanks_at(s, at);

    if (memchr(s.p + at, '\n', n) == NULL)
        return 0;
    while (at + n < s.n && n < INDENT_MAX && (s.p[at + n] == '>' || s.p[at + n] == '|'))
        n += 1 + blanks_at(s, at + n + 1);
    return n + line_mark_at(s, at + n);
}

/* Does [from, to) read as a word or, where others stand beside it, as a number: "thanks", "Thanks", "2024"? */
static bool is_plain_part(struct st_span s, size_t from, size_t to, bool is_alone)
{
    size_t first = from;

    if (!is_alone && flt_is_digit(s.p[from])) {
        while (from < to && flt_is_digit(s.p[from]))
            from++;
        return from == to;
    }
    if (flt_is_upper(s.p[first]))
        first++;
    return is_lower_word(s, first, to - first);
}

/* A piece is no rest of a token where all its parts are words, and where a name stands before a : or a =. */
static bool is_plain_piece(struct st_span s, size_t from, size_t to)
{
    size_t part = from;

    while (to > from && (s.p[to - 1] == '=' || s.p[to - 1] == '.'))
        to--;
    for (size_t at = from; at < to; at++)
        if (s.p[at] == ':' || s.p[at] == '=')
            return true;
    for (size_t at = from; at <= to; at++) {
        if (at < to && flt_is_alnum(s.p[at]))
            continue;
        if (at > part && !is_plain_part(s, part, at, part == from && at == to))
            return false;
        part = at + 1;
    }
    return true;
}

bool flt_begins_a_line(struct st_span s, size_t at)
{
    size_t n = at < s.n ? line_end_at(s, at) : 0;

    return n > 0 && is_plain_piece(s, at + n, at + n + piece_length(s, at + n, 1));
}

/* Is the string that begins at `at` the name of a member: "b" in {"a": "x", "b": 1}? */
static bool is_member(struct st_span s, size_t at, uint8_t quote)
{
    size_t end = at + piece_length(s, at, 1);

    if (end >= s.n || s.p[end] != quote)
        return false;
    end += 1 + blanks_at(s, end + 1);
    return end < s.n && s.p[end] == ':';
}

/* A gap inside a token that goes on behind it: bytes to drop. */
static size_t cut_at(struct st_span s, size_t at)
{
    uint8_t c = s.p[at];
    size_t n = 0;

    if (at == 0 || s.p[at - 1] <= ' ')
        return 0;
    if (c == '"' || c == '\'') {
        n = concat_at(s, at);
        n = is_member(s, at + n, c) ? 0 : n;
    } else if (c == '\n' || c == '\r' || (c == ' ' && at + 1 < s.n && s.p[at + 1] < ' '))
        n = line_end_at(s, at);
    else if (c == '`' || c == '*' || c == '~')
        n = at + 1 < s.n && s.p[at + 1] == c ? 2 : 1;
    return n > 0 && (is_inside(s, at, n) || (n > 2 && is_array(s, at, n))) ? n : 0;
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

/* What is at `at` is taken, if it is anything; answers where to go on. */
static size_t take(struct flt_excerpt *x, size_t at, const struct ahead *ahead)
{
    struct row row = { 0 };
    size_t n;

    if (begins_piece(x->s, at))
        row = best_row(x->s, at, ahead);
    if (row.payload > 0)
        return take_row(x, at, &row);
    if ((n = cut_at(x->s, at)) > 0)
        flt_excerpt_put(x, at, n, NULL, 0);
    return at + n;
}

/* Answers where to go on; the gaps are those of `here`, which begins at `base`. */
static size_t walk_block(struct flt_excerpt *x, size_t base, size_t done, uint64_t gaps, const struct flt_block *here,
                         const struct flt_block *next)
{
    const unsigned top = ST_BYTES_BLOCK - 1;

    for (; gaps != 0; gaps &= gaps - 1) {
        unsigned i = (unsigned)__builtin_ctzll(gaps);
        struct ahead ahead = { ~here->words >> i | ~next->words << 1 << (top - i),
                               here->digits >> i | next->digits << 1 << (top - i) };

        if (base + i >= done && base + i < x->s.n)
            done = take(x, base + i, &ahead);
    }
    return done;
}

static void walk(struct flt_excerpt *x)
{
    struct flt_block blocks[3] = { { .controls = UINT64_MAX } }, *before = &blocks[0], *here = &blocks[1],
                     *next = &blocks[2], *free;
    size_t done = 0;

    flt_look(x->s, 0, here);
    for (size_t base = 0; base < x->s.n; base += ST_BYTES_BLOCK) {
        flt_look(x->s, base + ST_BYTES_BLOCK, next);
        done = walk_block(x, base, done, flt_gaps(before, here, next), here, next);
        free = before;
        before = here;
        here = next;
        next = free;
    }
}

enum st_rc flt_squeeze(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                       struct st_err *err)
{
    struct flt_excerpt x;

    *out = *from;
    *any = false;
    if ((from->survey.lacks & FLT_LACKS_GAPS) != 0)
        return ST_OK;
    flt_excerpt_open(&x, arena, from);
    walk(&x);
    *any = x.any;
    return flt_excerpt_close(&x, from, out, err);
}
