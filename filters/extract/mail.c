/* SPDX-License-Identifier: Apache-2.0 */
/* mail - a message as saved by a mail program (RFC 5322, MIME RFC 2045-2047): headers, parts, attachments.
 *
 * Every part is decoded and walked as a file of its own, so an attached document, archive or message is opened too. A
 * part whose encoding is broken is decoded as far as it goes. Boundaries are looked for as lines, in one pass a level.
 */
#include "filters/decode.h"
#include "filters/extract/extract.h"

#define PART_MAX EXT_ENTRY_MAX
#define TYPE_MAX 1000u

/* ---- transfer encodings ------------------------------------------------------------------------------------------ */

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static void put_base64(struct st_buf *out, struct st_span s)
{
    uint32_t bits = 0;
    unsigned n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int value = base64_value(s.p[i]);

        if (value < 0)
            continue; /* RFC 2045 §6.8: line breaks, and what does not belong there */
        bits = bits << 6 | (uint32_t)value;
        n += 6;
        if (n >= 8) {
            n -= 8;
            st_buf_byte(out, (uint8_t)(bits >> n));
        }
    }
}

/* `is_word`: inside an encoded word, where '_' is a space. */
static void put_quoted(struct st_buf *out, struct st_span s, bool is_word)
{
    for (size_t i = 0; i < s.n; i++) {
        int hi = i + 1 < s.n ? st_hex_digit(s.p[i + 1]) : -1, lo = i + 2 < s.n ? st_hex_digit(s.p[i + 2]) : -1;

        if (s.p[i] == '_' && is_word) {
            st_buf_byte(out, ' ');
        } else if (s.p[i] != '=') {
            st_buf_byte(out, s.p[i]);
        } else if (hi >= 0 && lo >= 0) {
            st_buf_byte(out, (uint8_t)(hi << 4 | lo));
            i += 2;
        } else { /* a soft line break: up to the end of the line */
            size_t end = st_span_chr(st_span_sub(s, i, s.n), '\n');

            i = end == ST_SPAN_NPOS ? s.n : i + end;
        }
    }
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

struct headers {
    struct st_span type, encoding; /* of the lines as they stand; parameters may be folded */
};

/* The encoded word at s (RFC 2047): writes what it says, answers its length; 0: there is none. */
static size_t encoded_word(struct st_span s, struct st_buf *out)
{
    struct st_span rest = st_span_sub(s, 2, s.n), charset, coding, text;
    size_t end;

    if (!st_span_starts(s, ST_SPAN("=?")) || !st_span_next(&rest, '?', &charset) || !st_span_next(&rest, '?', &coding))
        return 0;
    if (coding.n != 1 || (end = st_span_find(rest, ST_SPAN("?="))) == ST_SPAN_NPOS)
        return 0;
    text = st_span_sub(rest, 0, end);
    if (coding.p[0] == 'B' || coding.p[0] == 'b')
        put_base64(out, text);
    else
        put_quoted(out, text, true);
    return 2 + charset.n + 1 + coding.n + 1 + end + 2;
}

static void header_text(struct ext *x, struct st_span head)
{
    struct st_buf out;

    st_buf_init(&out, EXT_TEXT_MAX);
    for (size_t i = 0; i < head.n;) {
        size_t n = head.p[i] == '=' ? encoded_word(st_span_sub(head, i, 998), &out) : 0;

        if (n == 0)
            st_buf_byte(&out, head.p[i++]);
        i += n;
    }
    ext_text(x, "headers", st_buf_view(&out));
    st_buf_fini(&out);
}

/* The value of the header line at s, with its folded lines. */
static struct st_span value_at(struct st_span s, size_t from)
{
    size_t end = from;

    while (end < s.n) {
        if (s.p[end] == '\n' && (end + 1 >= s.n || (s.p[end + 1] != ' ' && s.p[end + 1] != '\t')))
            break;
        end++;
    }
    if (end > from && s.p[end - 1] == '\r')
        end--;
    return st_span_trim(st_span_sub(s, from, end - from));
}

static struct headers read_headers(struct st_span head)
{
    struct headers h = { ST_SPAN_NONE, ST_SPAN_NONE };

    for (size_t at = 0; at < head.n;) {
        struct st_span rest = st_span_sub(head, at, head.n);
        size_t n = st_span_chr(rest, '\n');

        if (st_span_istarts(rest, ST_SPAN("content-type:")))
            h.type = value_at(rest, 13);
        else if (st_span_istarts(rest, ST_SPAN("content-transfer-encoding:")))
            h.encoding = value_at(rest, 26);
        at += n == ST_SPAN_NPOS ? rest.n : n + 1;
    }
    return h;
}

/* Where the body begins, behind the empty line. */
static size_t head_end(struct st_span s)
{
    size_t lf = st_span_find(s, ST_SPAN("\n\n")), crlf = st_span_find(s, ST_SPAN("\n\r\n"));

    if (s.n > 0 && s.p[0] == '\n')
        return 1;
    if (st_span_starts(s, ST_SPAN("\r\n")))
        return 2;
    if (lf == ST_SPAN_NPOS && crlf == ST_SPAN_NPOS)
        return s.n;
    return lf != ST_SPAN_NPOS && (crlf == ST_SPAN_NPOS || lf < crlf) ? lf + 2 : crlf + 3;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static void entity(struct ext *x, struct st_span s);

static void leaf(struct ext *x, const struct headers *h, struct st_span body)
{
    struct st_buf out;

    st_buf_init(&out, PART_MAX);
    if (st_span_istarts(h->encoding, ST_SPAN("base64")))
        put_base64(&out, body);
    else if (st_span_istarts(h->encoding, ST_SPAN("quoted-printable")))
        put_quoted(&out, body, false);
    else
        st_buf_span(&out, body);
    if (out.failed != ST_E_NONE)
        ext_note(x, FLT_REASON_SIZE);
    if (ext_spend(x, out.n))
        ext_member(x, ST_SPAN("part"), st_buf_view(&out));
    st_buf_fini(&out);
}

/* Where the next line that starts with the delimiter stands, from `at` on; s.n when there is none. */
static size_t next_delimiter(struct st_span s, size_t at, struct st_span boundary)
{
    while (at < s.n) {
        struct st_span rest = st_span_sub(s, at, s.n);
        size_t n;

        if (st_span_starts(rest, ST_SPAN("--")) && st_span_starts(st_span_sub(rest, 2, rest.n), boundary))
            return at;
        n = st_span_chr(rest, '\n');
        at = n == ST_SPAN_NPOS ? s.n : at + n + 1;
    }
    return s.n;
}

static void multipart(struct ext *x, struct st_span body, struct st_span boundary)
{
    size_t at = next_delimiter(body, 0, boundary);

    ext_text(x, "preamble", st_span_sub(body, 0, at));
    while (at < body.n && !x->is_over) {
        size_t line = st_span_chr(st_span_sub(body, at, body.n), '\n');
        size_t from = line == ST_SPAN_NPOS ? body.n : at + line + 1, to = next_delimiter(body, from, boundary);

        if (++x->entries > EXT_ENTRIES_MAX) {
            ext_note(x, FLT_REASON_FIELDS);
            x->is_over = true;
            return;
        }
        entity(x, st_span_sub(body, from, to - from));
        at = to;
    }
}

/* Without the line ends of a folded line (RFC 5322 §2.2.3); a longer one than fits is cut. */
static struct st_span unfold(struct st_span value, uint8_t *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < value.n && n < size; i++)
        if (value.p[i] != '\r' && value.p[i] != '\n')
            out[n++] = value.p[i];
    return st_span(out, n);
}

static void entity(struct ext *x, struct st_span s)
{
    size_t split = head_end(s);
    struct st_span head = st_span_sub(s, 0, split), body = st_span_sub(s, split, s.n), boundary;
    struct headers h = read_headers(head);
    uint8_t type[TYPE_MAX];

    header_text(x, head);
    h.type = unfold(h.type, type, sizeof type);
    if (st_span_istarts(h.type, ST_SPAN("multipart/")) && flt_type_param(h.type, ST_SPAN("boundary"), &boundary) &&
        boundary.n > 0) {
        if (x->depth >= x->depth_max) {
            ext_note(x, FLT_REASON_DEPTH);
            ext_text(x, "", body);
            return;
        }
        x->depth++;
        multipart(x, body, boundary);
        x->depth--;
        return;
    }
    leaf(x, &h, body);
}

void ext_mail(struct ext *x, struct st_span bytes)
{
    entity(x, bytes);
}
