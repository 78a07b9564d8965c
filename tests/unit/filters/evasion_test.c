/* SPDX-License-Identifier: Apache-2.0 */
/* evasion_test - twenty kinds of secrets, each in every disguise: what is found, and what is not.
 *
 * A disguise counts as seen through when a finding of the same pack as the plain value's comes out. Of each class of
 * disguises at least 85 of 100 must be found; docs/why/evasion.md holds the table and the reason of each miss, and is
 * held against what comes out here (EVASION_WRITE=1 writes the table anew).
 */
#include "disguise_between.h"
#include "disguise_encoded.h"
#include "disguise_letters.h"
#include "filters/fake.h"
#include "filters/filters.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>

#define PAGE  "docs/why/evasion.md"
#define BEGIN "<!-- table: tests/unit/filters/evasion_test.c -->\n"
#define END   "<!-- end of table -->\n"

typedef void disguise_f(struct st_span s, struct st_buf *out);

enum way { WAY_TEXT, WAY_BYTES, WAY_JSON, WAY_TWO_JSON, WAY_FORM, WAY_TWO_FORM, WAY_MULTIPART };

static const struct {
    const char *class, *name;
    disguise_f *fn;
    enum way way;
    bool is_whole; /* the lead is disguised, too */
} disguises[] = {
    { "percent", "percent", percent_all, WAY_TEXT, false },
    { "percent", "percent twice", percent_twice, WAY_TEXT, false },
    { "percent", "percent three times", percent_thrice, WAY_TEXT, false },
    { "percent", "%u0034", percent_u, WAY_TEXT, false },
    { "percent", "form quoting in a text", form_quoted, WAY_TEXT, true },
    { "percent", "form field", plain, WAY_FORM, true },
    { "escapes", "\\u0034", escape_u, WAY_TEXT, false },
    { "escapes", "\\u{34}", escape_braces, WAY_TEXT, false },
    { "escapes", "\\x34", escape_x, WAY_TEXT, false },
    { "escapes", "\\064", escape_octal, WAY_TEXT, false },
    { "escapes", "\\U00000034", escape_wide, WAY_TEXT, false },
    { "escapes", "\\000034", escape_css, WAY_TEXT, false },
    { "escapes", "JSON string", escape_u, WAY_JSON, false },
    { "escapes", "JSON in JSON", json_in_json, WAY_JSON, true },
    { "html", "&#52;", entity_decimal, WAY_TEXT, false },
    { "html", "&#x34;", entity_hex, WAY_TEXT, false },
    { "html", "&amp;#52;", entity_twice, WAY_TEXT, false },
    { "html", "tag inside", tag_inside, WAY_TEXT, false },
    { "html", "tag with attributes inside", span_inside, WAY_TEXT, false },
    { "html", "comment inside", comment_inside, WAY_TEXT, false },
    { "html", "line break inside", break_inside, WAY_TEXT, false },
    { "quoted-printable", "every byte", qp_all, WAY_TEXT, false },
    { "quoted-printable", "soft line breaks", qp_folded, WAY_TEXT, false },
    { "lines", "quoted in a reply", quoted_reply, WAY_TEXT, false },
    { "lines", "quoted twice", quoted_twice, WAY_TEXT, false },
    { "lines", "backslash at the end", backslash_line, WAY_TEXT, false },
    { "base64", "value", base64, WAY_TEXT, false },
    { "base64", "whole text", base64, WAY_TEXT, true },
    { "base64", "shifted by 1", base64_shift1, WAY_TEXT, false },
    { "base64", "shifted by 2", base64_shift2, WAY_TEXT, false },
    { "base64", "behind a letter", base64_attached, WAY_TEXT, false },
    { "base64", "URL-safe", base64_url, WAY_TEXT, false },
    { "base64", "twice", base64_twice, WAY_TEXT, false },
    { "base64", "three times", base64_thrice, WAY_TEXT, false },
    { "base64", "wrapped at 76", base64_wrapped, WAY_TEXT, true },
    { "base64", "wrapped at 24", base64_narrow, WAY_TEXT, true },
    { "base64", "in JSON", base64, WAY_JSON, true },
    { "base64", "data: URL", data_url, WAY_TEXT, true },
    { "compressed", "base64 of gzip", base64_gzip, WAY_TEXT, true },
    { "compressed", "base64 of zlib", base64_zlib, WAY_TEXT, true },
    { "hex", "plain", hex_plain, WAY_TEXT, false },
    { "hex", "spaced", hex_spaced, WAY_TEXT, false },
    { "hex", "with colons", hex_colons, WAY_TEXT, false },
    { "hex", "0x34, 0x31", hex_prefixed, WAY_TEXT, false },
    { "hex", "0x3431…", hex_literal, WAY_TEXT, false },
    { "base32, base85", "base32", base32, WAY_TEXT, false },
    { "base32, base85", "base32 in lower case", base32_low, WAY_TEXT, false },
    { "base32, base85", "ascii85", ascii85, WAY_TEXT, false },
    { "base32, base85", "ascii85 without <~ ~>", ascii85_bare, WAY_TEXT, false },
    { "base32, base85", "base85", base85, WAY_TEXT, false },
    { "UTF-16", "little endian", utf16_le, WAY_BYTES, true },
    { "UTF-16", "big endian", utf16_be, WAY_BYTES, true },
    { "UTF-16", "base64 of it", base64_utf16, WAY_TEXT, true },
    { "unseen", "zero-width spaces", zero_width, WAY_TEXT, false },
    { "unseen", "word joiners", word_joiner, WAY_TEXT, false },
    { "unseen", "soft hyphens", soft_hyphen, WAY_TEXT, false },
    { "unseen", "bidi marks", bidi_marks, WAY_TEXT, false },
    { "unseen", "tag characters", tag_characters, WAY_TEXT, false },
    { "unseen", "combining marks", combining, WAY_TEXT, false },
    { "unseen", "accents", acute, WAY_TEXT, false },
    { "unseen", "struck through", struck, WAY_TEXT, false },
    { "unseen", "variation selectors", variation, WAY_TEXT, false },
    { "other letters", "full-width", full_width, WAY_TEXT, false },
    { "other letters", "Arabic-Indic digits", arabic_digits, WAY_TEXT, false },
    { "other letters", "bold digits", bold_digits, WAY_TEXT, false },
    { "other letters", "keycaps", keycaps, WAY_TEXT, false },
    { "other letters", "look-alikes", homoglyphs, WAY_TEXT, false },
    { "each character apart", "space", each_space, WAY_TEXT, false },
    { "each character apart", "dot", each_dot, WAY_TEXT, false },
    { "each character apart", "dash", each_dash, WAY_TEXT, false },
    { "each character apart", "comma and space", each_comma, WAY_TEXT, false },
    { "each character apart", "two blanks", each_blanks, WAY_TEXT, false },
    { "each character apart", "line by line", each_line, WAY_TEXT, false },
    { "groups of 4", "space", groups_space, WAY_TEXT, false },
    { "groups of 4", "no-break space", groups_nbsp, WAY_TEXT, false },
    { "groups of 4", "underscore", groups_underscore, WAY_TEXT, false },
    { "groups of 4", "slash", groups_slash, WAY_TEXT, false },
    { "groups of 4", "en dash", groups_en_dash, WAY_TEXT, false },
    { "groups of 4", "semicolon", groups_semicolon, WAY_TEXT, false },
    { "groups of 4", "middle dot", groups_middle_dot, WAY_TEXT, false },
    { "groups of 4", "spaced dash", groups_spaced_dash, WAY_TEXT, false },
    { "groups of 4", "bold (**)", bold, WAY_TEXT, false },
    { "lines", "newline in the middle", newline_middle, WAY_TEXT, false },
    { "lines", "folded lines", folded, WAY_TEXT, false },
    { "lines", "back-tick in the middle", backtick_inside, WAY_TEXT, false },
    { "code", "\"a\" + \"b\"", concat_plus, WAY_TEXT, false },
    { "code", "'a' . 'b'", concat_dot, WAY_TEXT, false },
    { "code", "over two lines", concat_line, WAY_TEXT, false },
    { "code", "array to join", array_join, WAY_TEXT, false },
    { "code", "list of fours", array_fours, WAY_TEXT, false },
    { "code", "list of characters", array_ones, WAY_TEXT, false },
    { "code", "String.fromCharCode(52,49)", codes, WAY_TEXT, false },
    { "code", "[52, 49]", codes_list, WAY_TEXT, false },
    { "code", "chr(52).chr(49)", codes_chr, WAY_TEXT, false },
    { "code", "Chr(52) & Chr(49)", codes_basic, WAY_TEXT, false },
    { "addresses", "at … dot", at_dot, WAY_TEXT, false },
    { "addresses", "[at]", at_brackets, WAY_TEXT, false },
    { "addresses", "(AT) … Punkt", at_german, WAY_TEXT, false },
    { "html", "stretches of ODF", each_text_span, WAY_TEXT, false },
    { "html", "runs of OOXML", office_runs, WAY_TEXT, false },
    { "unseen", "colours of a terminal", groups_colour, WAY_TEXT, false },
    { "each character apart", "tab", each_tab, WAY_TEXT, false },
    { "each character apart", "vertical tab", each_line_tab, WAY_TEXT, false },
    { "groups of 4", "brackets", groups_brackets, WAY_TEXT, false },
    { "groups of 4", "segments of a path", path_segments, WAY_TEXT, false },
    { "lines", "remarks (//)", remarks, WAY_TEXT, false },
    { "lines", "remarks (#)", hash_remarks, WAY_TEXT, false },
    { "code", "\"a\" || \"b\"", concat_bars, WAY_TEXT, false },
    { "hex", "segment of a path", hex_in_path, WAY_TEXT, false },
    { "escapes", "\\N{DIGIT FOUR}", escape_named, WAY_TEXT, false },
    { "code", "064 061", in_octal, WAY_TEXT, false },
    { "code", "00110100 00110001", in_bits, WAY_TEXT, false },
    { "other letters", "digits in black circles", negative_circles, WAY_TEXT, false },
    { "other letters", "digits in brackets of their own", in_brackets_of_their_own, WAY_TEXT, false },
    { "lines", "numbered", numbered, WAY_TEXT, false },
    { "lines", "with bullets", bullets, WAY_TEXT, false },
    { "lines", "each line quoted", quoted_lines, WAY_TEXT, false },
    { "two fields", "JSON", plain, WAY_TWO_JSON, false },
    { "two fields", "form", plain, WAY_TWO_FORM, false },
    { "containers", "multipart", plain, WAY_MULTIPART, false },
    { "containers", "CDATA", in_cdata, WAY_TEXT, false },
    { "containers", "CDATA in the middle", split_cdata, WAY_TEXT, false },
    { "containers", "CSV", in_csv, WAY_TEXT, false },
    { "containers", "back-ticks", in_backticks, WAY_TEXT, false },
    { "containers", "brackets", in_brackets, WAY_TEXT, false },
    { "containers", "URL query", in_url_query, WAY_TEXT, false },
    { "by agreement", "reversed", reversed, WAY_TEXT, false },
    { "by agreement", "rot13", rot13, WAY_TEXT, false },
    { "by agreement", "in French words", in_french, WAY_TEXT, false },
    { "by agreement", "in Spanish words", in_spanish, WAY_TEXT, false },
    { "by agreement", "four double one", in_doubles, WAY_TEXT, false },
    { "by agreement", "Morse", in_morse, WAY_TEXT, false },
    { "by agreement", "over the phone", over_the_phone, WAY_TEXT, false },
    { "by agreement", "spelled digits, \"at\", \"dot\"", spelled, WAY_TEXT, false },
};

/* Out of scope by design: who reads it must have been told how, and then there is no end of ways. */
static bool is_out_of_scope(const char *class)
{
    return strcmp(class, "by agreement") == 0;
}

static const struct {
    const char *name, *lead, *value;
} secrets[] = {
    { "Visa", "my card ", "${fake:card.visa}" },
    { "Mastercard", "my card ", "${fake:card.mastercard}" },
    { "Amex", "my card ", "${fake:card.amex}" },
    { "IBAN DE", "Konto IBAN ", "${fake:iban.de}" },
    { "IBAN ES", "my iban ", "${fake:iban.es}" },
    { "DE tax id", "Steuer-ID ", "${fake:de.steuer_id}" },
    { "PL PESEL", "pesel ", "44051401359" },
    { "IT codice fiscale", "codice fiscale ", "RSSMRA85T10A562S" },
    { "BR CPF", "cpf ", "52998224725" },
    { "US SSN", "social security ssn ", "536-22-8726" },
    { "GitHub", "token ", "${fake:github.pat_classic}" },
    { "GitLab", "token ", "${fake:gitlab.pat}" },
    { "npm", "token ", "${fake:npm.token}" },
    { "AWS", "aws key ", "${fake:aws.access_key_id}" },
    { "Slack", "slack ", "${fake:slack.bot}" },
    { "Stripe", "stripe ", "${fake:stripe.secret}" },
    { "OpenAI", "openai ", "${fake:openai.key}" },
    { "private key", "", "${fake:pem.pkcs8}" },
    { "database URL", "db ", "postgres://app:${fake:b62:14}@db1.corp.test/app" },
    { "e-mail", "mail ", "anna.schmidt77@gmail.com" },
};

struct suite {
    struct flt_packs *packs;
    struct flt_scanner *scanner;
    struct st_buf values[ST_LEN(secrets)];
    const char *wanted[ST_LEN(secrets)]; /* pack */
    struct st_buf page;
    unsigned masked, refused, left; /* messages rewritten; not; of the rewritten ones, something still in them */
};

/* ---- one case ---------------------------------------------------------------------------------------------------- */

static void put_json(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ')
            st_buf_fmt(out, "\\u%04x", s.p[i]);
        else if (s.p[i] == '"' || (s.p[i] == '\\' && st_span_sub(s, i + 1, 1).n == 0))
            st_buf_fmt(out, "\\%c", s.p[i]);
        else
            st_buf_byte(out, s.p[i]);
    }
}

/* The body of a message and its type, around `lead` and `value` in disguise. */
static struct st_span wrap(enum way way, struct st_span lead, struct st_span value, struct st_buf *body)
{
    size_t half = value.n / 2 + value.n % 2;

    st_buf_reset(body);
    switch (way) {
    case WAY_TEXT:
    case WAY_BYTES:
        st_buf_span(body, lead);
        st_buf_span(body, value);
        if (way == WAY_TEXT)
            st_buf_str(body, " thanks");
        return ST_SPAN("text/plain");
    case WAY_JSON:
        st_buf_str(body, "{\"text\": \"");
        st_buf_span(body, lead);
        st_buf_span(body, value);
        st_buf_str(body, " thanks\", \"n\": 1}");
        return ST_SPAN("application/json");
    case WAY_TWO_JSON:
        st_buf_str(body, "{\"a\": \"");
        put_json(lead, body);
        put_json(st_span_sub(value, 0, half), body);
        st_buf_str(body, "\", \"b\": \"");
        put_json(st_span_sub(value, half, value.n), body);
        st_buf_str(body, " thanks\"}");
        return ST_SPAN("application/json");
    case WAY_FORM:
        st_buf_str(body, "a=1&text=");
        form_quoted(lead, body);
        form_quoted(value, body);
        return ST_SPAN("application/x-www-form-urlencoded");
    case WAY_TWO_FORM:
        st_buf_str(body, "a=");
        form_quoted(lead, body);
        form_quoted(st_span_sub(value, 0, half), body);
        st_buf_str(body, "&b=");
        form_quoted(st_span_sub(value, half, value.n), body);
        return ST_SPAN("application/x-www-form-urlencoded");
    case WAY_MULTIPART: break;
    }
    st_buf_str(body, "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n");
    st_buf_span(body, lead);
    st_buf_span(body, value);
    st_buf_str(body, "\r\n--b--\r\n");
    return ST_SPAN("multipart/form-data; boundary=b");
}

/* Of what pack the best finding is; NULL: none of `wanted` (any, when that is NULL). */
static const char *found_in(struct suite *s, struct st_span body, struct st_span type, const char *wanted)
{
    const struct flt_input in = { .body = body, .content_type = type, .plain_limit = 1 << 20 };
    struct st_arena *arena = st_arena_new(64u << 20);
    const char *pack = NULL;
    struct flt_findings findings;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    T_OK(flt_decode(arena, &in, &doc, &err), err);
    T_OK(flt_scan(s->scanner, arena, doc, &findings, NULL, &err), err);
    for (size_t i = 0; i < findings.n; i++)
        if (wanted == NULL || strcmp(findings.items[i].rule->pack, wanted) == 0)
            pack = findings.items[i].rule->pack;
    st_arena_free(arena);
    return pack;
}

/* With every finding masked nothing is found in what is written, or it is not written at all: then the verdict is
 * block. */
static void check_masked(struct suite *s, struct st_span body, struct st_span type, const char *name)
{
    const struct flt_input in = { .body = body, .content_type = type, .plain_limit = 1 << 20 };
    struct st_arena *arena = st_arena_new(64u << 20);
    static bool mark[FLT_FINDINGS_MAX];
    struct flt_findings findings;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;
    struct st_buf out;

    memset(mark, 1, sizeof mark);
    st_buf_init(&out, 1 << 20);
    T_OK(flt_decode(arena, &in, &doc, &err), err);
    T_OK(flt_scan(s->scanner, arena, doc, &findings, NULL, &err), err);
    if (flt_redact(doc, &findings, mark, &out, NULL, &err) != ST_OK) {
        T_CHECK(err.code == ST_E_UNSUPPORTED, "%s: %s", name, err.what);
        s->refused++;
    } else if (findings.n > 0) {
        s->masked++;
        s->left += found_in(s, st_buf_view(&out), type, NULL) != NULL;
    }
    st_buf_fini(&out);
    st_arena_free(arena);
}

static bool is_found(struct suite *s, size_t secret, size_t disguise)
{
    struct st_span lead = st_span_str(secrets[secret].lead), value = st_buf_view(&s->values[secret]);
    struct st_buf text, body;
    struct st_span type;
    bool found;

    st_buf_init(&text, 1 << 20);
    st_buf_init(&body, 1 << 20);
    if (disguises[disguise].is_whole) {
        st_buf_span(&body, lead);
        st_buf_span(&body, value);
        disguises[disguise].fn(st_buf_view(&body), &text);
        lead = ST_SPAN_NONE;
    } else {
        disguises[disguise].fn(value, &text);
    }
    type = wrap(disguises[disguise].way, lead, st_buf_view(&text), &body);
    found = found_in(s, st_buf_view(&body), type, s->wanted[secret]) != NULL;
    if (found)
        check_masked(s, st_buf_view(&body), type, disguises[disguise].name);
    st_buf_fini(&text);
    st_buf_fini(&body);
    return found;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static unsigned put_row(struct suite *s, size_t disguise)
{
    unsigned found = 0;
    size_t missed[ST_LEN(secrets)], n = 0;

    for (size_t i = 0; i < ST_LEN(secrets); i++) {
        if (is_found(s, i, disguise))
            found++;
        else
            missed[n++] = i;
    }
    st_buf_fmt(&s->page, "| %s | `%s` | %u of %zu |", disguises[disguise].class, disguises[disguise].name, found,
               ST_LEN(secrets));
    for (size_t i = 0; i < n; i++)
        st_buf_fmt(&s->page, "%s %s", i > 0 ? "," : "", secrets[missed[i]].name);
    st_buf_str(&s->page, " |\n");
    return found;
}

static void read_values(struct suite *s)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    size_t bad;

    st_buf_init(&body, 1 << 20);
    for (size_t i = 0; i < ST_LEN(secrets); i++) {
        struct st_span type;

        st_buf_init(&s->values[i], 65536);
        T_OK(flt_fake_expand(st_span_str(secrets[i].value), 7 * i + 3, &s->values[i], &bad, &err), err);
        type = wrap(WAY_TEXT, st_span_str(secrets[i].lead), st_buf_view(&s->values[i]), &body);
        s->wanted[i] = found_in(s, st_buf_view(&body), type, NULL);
        T_CHECK(s->wanted[i] != NULL, "%s is found when it stands there plainly", secrets[i].name);
    }
    st_buf_fini(&body);
}

/* The page with the table as it is now; true when the page in the tree says the same. */
static bool page_agrees(const struct st_buf *table)
{
    static char text[1 << 17];
    FILE *f = fopen(PAGE, "r");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    char *from = strstr(text, BEGIN), *to = strstr(text, END);

    if (f != NULL)
        (void)fclose(f);
    T_CHECK(n > 0 && from != NULL && to != NULL, "%s has a table", PAGE);
    from += sizeof BEGIN - 1;
    if ((size_t)(to - from) == table->n && memcmp(from, table->p, table->n) == 0)
        return true;
    if (getenv("EVASION_WRITE") == NULL || (f = fopen(PAGE, "w")) == NULL)
        return false;
    (void)fwrite(text, 1, (size_t)(from - text), f);
    (void)fwrite(table->p, 1, table->n, f);
    (void)fputs(to, f);
    return fclose(f) == 0;
}

T_TEST(every_disguise_is_seen_through)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct suite s = { 0 };
    struct st_err err = ST_ERR_INIT;
    unsigned found = 0, cases = 0, low = 0;
    bool agrees;

    T_OK(flt_packs_load(dirs, t_tmpdir(), &s.packs, NULL, &err), err);
    T_OK(flt_scanner_new(s.packs, &s.scanner, &err), err);
    st_buf_init(&s.page, 1 << 17);
    read_values(&s);
    st_buf_str(&s.page, "| class | disguise | found | missed |\n|---|---|---|---|\n");
    for (size_t i = 0; i < ST_LEN(disguises); i++) {
        found += put_row(&s, i);
        cases += ST_LEN(secrets);
        if (i + 1 < ST_LEN(disguises) && strcmp(disguises[i].class, disguises[i + 1].class) == 0)
            continue;
        if (found * 100 < cases * 85 && !is_out_of_scope(disguises[i].class)) {
            print_message("%s: %u of %u found\n", disguises[i].class, found, cases);
            low++;
        }
        found = cases = 0;
    }
    print_message("%u masked, %u refused, %u with something left\n", s.masked, s.refused, s.left);
    agrees = page_agrees(&s.page);
    T_CHECK(s.left == 0, "%u messages hold something after all was masked", s.left);
    T_CHECK(low == 0, "%u classes of disguises below 85 %%", low);
    T_CHECK(agrees, "%s tells what is found now (EVASION_WRITE=1 writes it)", PAGE);
    for (size_t i = 0; i < ST_LEN(secrets); i++)
        st_buf_fini(&s.values[i]);
    st_buf_fini(&s.page);
    flt_scanner_free(s.scanner);
    flt_packs_release(s.packs);
}

/* What one pass took off is read even when another pass finds something elsewhere, and leaves the rest out. */
T_TEST(escapes_of_two_depths_are_read_side_by_side)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_findings findings;
    struct flt_scanner *scanner;
    struct flt_packs *packs;
    struct st_buf text, key;
    struct flt_doc *doc;
    size_t bad;

    T_OK(flt_packs_load(dirs, t_tmpdir(), &packs, NULL, &err), err);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    st_buf_init(&text, 1 << 16);
    st_buf_init(&key, 1 << 16);
    T_OK(flt_fake_expand(ST_SPAN("${fake:github.pat_classic}"), 1, &key, &bad, &err), err);
    escape_u(st_buf_view(&key), &text);
    for (int i = 0; i < 30; i++)
        st_buf_str(&text, " and so on, and so on");
    st_buf_str(&text, " 100 %2525");
    T_OK(flt_text_doc(arena, st_buf_view(&text), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
    T_CHECK(findings.n == 1 && findings.items[0].from == 0, "%zu findings", findings.n);
    st_buf_fini(&text);
    st_buf_fini(&key);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
    st_arena_free(arena);
}

/* Each reading allocates in its own way: any of them may be refused, and then the scan says so. */
T_TEST(every_reading_survives_every_oom)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct flt_packs *packs = NULL;
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    unsigned failures = 0;

    T_OK(flt_packs_load(dirs, t_tmpdir(), &packs, NULL, &err), err);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    st_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < ST_LEN(disguises); i++) {
        enum st_rc rc = ST_ERR;

        st_buf_reset(&text);
        disguises[i].fn(ST_SPAN("my IBAN is DE02120300000000202051 and a card 4111111111111111"), &text);
        for (int nth = 1; rc != ST_OK; nth++) {
            struct st_arena *arena = st_arena_new(1u << 20);
            struct flt_findings findings;
            struct flt_doc *doc;

            T_OK(flt_text_doc(arena, st_buf_view(&text), &doc, &err), err);
            t_fail_alloc(nth);
            rc = flt_scan(scanner, arena, doc, &findings, NULL, &err);
            t_fail_alloc(0);
            st_arena_free(arena);
            T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "%s, allocation %d: %s", disguises[i].name, nth, err.what);
            failures += rc != ST_OK;
        }
    }
    T_CHECK(failures > ST_LEN(disguises), "only %u allocations failed", failures);
    st_buf_fini(&text);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
}

/* Who packs a text in more layers than are looked into is told of, not let pass as if it were seen. */
T_TEST(readings_beyond_the_budget_are_told)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct flt_packs *packs = NULL;
    struct flt_scanner *scanner = NULL;
    struct flt_findings findings;
    struct st_err err = ST_ERR_INIT;
    struct st_arena *arena = st_arena_new(64u << 20);
    struct flt_doc *doc;
    struct st_buf inner, text;

    T_OK(flt_packs_load(dirs, t_tmpdir(), &packs, NULL, &err), err);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    st_buf_init(&inner, 1 << 20);
    st_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < 20000; i++)
        st_buf_str(&inner, "just talk ");
    for (unsigned i = 0; i < 8; i++) {
        base64_gzip(st_buf_view(&inner), &text);
        st_buf_str(&text, " and ");
    }
    T_OK(flt_text_doc(arena, ST_SPAN("just one: anVzdCBhIGZldyB3b3JkcyBhYm91dCB0aGlz"), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
    T_CHECK(!findings.is_short, "one encoded run is no reason");
    T_OK(flt_text_doc(arena, st_buf_view(&text), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
    T_CHECK(findings.is_short, "%zu bytes of runs that grow", text.n);
    st_arena_free(arena);
    st_buf_fini(&inner);
    st_buf_fini(&text);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
}
