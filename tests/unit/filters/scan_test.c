/* SPDX-License-Identifier: Apache-2.0 */
/* scan - what is found, where it lies, how sure it is; through the disguises that normalising takes off.
 *
 * Recall is tested with generated values: per family 200, plain and disguised. A finding must lie exactly on the value,
 * or redaction would leave a part of it.
 */
#include "filters/fake.h"
#include "filters/filters.h"
#include "t.h"

static struct flt_packs *shared; /* the shipped packs, loaded once; the program's end frees them */

static struct flt_packs *packs(void)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_err err = ST_ERR_INIT;

    if (shared == NULL)
        T_OK(flt_packs_load(dirs, t_tmpdir(), &shared, NULL, &err), err);
    return shared;
}

struct scanned {
    struct st_arena *arena;
    struct flt_scanner *scanner;
    struct flt_doc *doc;
    struct flt_findings findings;
};

static void scan(struct scanned *s, struct st_span text)
{
    struct st_err err = ST_ERR_INIT;

    if (s->scanner == NULL)
        T_OK(flt_scanner_new(packs(), &s->scanner, &err), err);
    st_arena_free(s->arena);
    s->arena = st_arena_new(64u << 20);
    T_OK(flt_text_doc(s->arena, text, &s->doc, &err), err);
    T_OK(flt_scan(s->scanner, s->arena, s->doc, &s->findings, NULL, &err), err);
}

static void done(struct scanned *s)
{
    st_arena_free(s->arena);
    flt_scanner_free(s->scanner);
    memset(s, 0, sizeof *s);
}

static const struct flt_finding *find(const struct scanned *s, const char *id)
{
    for (size_t i = 0; i < s->findings.n; i++)
        if (strcmp(s->findings.items[i].rule->id, id) == 0)
            return &s->findings.items[i];
    return NULL;
}

static const struct {
    const char *text, *id, *part; /* id NULL: nothing at all may be found */
    int at_least;
} cases[] = {
    { "my card 4111 1111 1111 1111, lol", "pii.card.visa", "4111 1111 1111 1111", 80 },
    { "4111111111111111", "pii.card.visa", "4111111111111111", 75 },
    { "4111-1111-1111-1111 12/27 123", "pii.card.visa", "4111-1111-1111-1111", 80 },
    { "4111 1111 1111 1111 12/27 123", "pii.card.visa", "4111 1111 1111 1111", 80 },
    { "card4111111111111111", "pii.card.visa", "4111111111111111", 50 },
    { "DE89 3704 0044 0532 0130 00", "pii.iban", "DE89 3704 0044 0532 0130 00", 85 },
    { "IBAN:DE89370400440532013000.", "pii.iban", "DE89370400440532013000", 85 },
    { "DE89 3704 0044 0532 0130 01", NULL, NULL, 0 },
    { "(DE89370400440532013000)", "pii.iban", "DE89370400440532013000", 85 },
    { "IBAN DE89 3704 0044 0532 0130 00 und danke", "pii.iban", "DE89 3704 0044 0532 0130 00", 85 },
    { "Mail an anna.schmidt@firma-nord.de, danke.", "pii.email.personal", "anna.schmidt@firma-nord.de", 75 },
    { "ruf an: +49 (0)170 / 928 47 11 abends", "pii.phone.e164", "+49 (0)170 / 928 47 11", 75 },
    { "tel:+491709284711", "pii.phone.e164", "+491709284711", 75 },
    { "Meine Handynummer: 0170/9284711", "pii.phone.national", "0170/9284711", 75 },
    { "0170/9284711", NULL, NULL, 0 },
    { "password=\"kR7vq!2Lm9x\";", "secret.password.assignment", "kR7vq!2Lm9x", 75 },
    { "Passwort: Sommer2024! und tschau", "secret.password.assignment", "Sommer2024!", 75 },
    { "postgres://svc:kR7vq2Lm9x@db1.corp.net:5432/main", "secret.db.connstr",
      "postgres://svc:kR7vq2Lm9x@db1.corp.net:5432/main", 85 },
    { "4111_1111_1111_1111", "pii.card.visa", "4111_1111_1111_1111", 75 },
    { "4111\xe2\x80\x93"
      "1111\xe2\x80\x93"
      "1111\xe2\x80\x93"
      "1111",
      "pii.card.visa",
      "4111\xe2\x80\x93"
      "1111\xe2\x80\x93"
      "1111\xe2\x80\x93"
      "1111",
      75 },
    { "Kartennr.4111.1111.1111.1111", "pii.card.visa", "4111.1111.1111.1111", 75 },
    { "card 4111 1111 1111 1111, cvvcode: 482", "pii.card.cvv", "482", 50 },
    { "4111**1111**1111**1111", "pii.card.visa", "4111**1111**1111**1111", 75 },
    { "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "pii.card.visa", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", 60 },
    { "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", "pii.iban", "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", 70 },
    { "DE 89 3704 0044 0532 0130 00", "pii.iban", "DE 89 3704 0044 0532 0130 00", 85 },
    { "86/095/742/719", "pii.de.steuer_id", "86/095/742/719", 75 },
    { "Australian Company Number: 968 538 329", "pii.au.acn", "968 538 329", 75 }, /* valid for both, */
    { "Australian company number, or tax file number: 968 538 329", "pii.au.tfn", "968 538 329", 75 },
    { "Australian Business Number: 54265160555", "pii.au.abn", "54265160555", 75 },
    { "Australian Business Number 53 325 611 623", "pii.au.abn", "53 325 611 623", 75 },
    { "NPWP: 02.019.656.4-639.000", "pii.id.npwp", "02.019.656.4-639.000", 75 },
    { "order 4532015112830366", NULL, NULL, 0 },
    { "0.4532015112830366", NULL, NULL, 0 },
    { "5410 5411 5412 5413 5414 5415", NULL, NULL, 0 },
    { "NIST SP 800-131A", NULL, NULL, 0 },
    { "version 1.2.3 of 2024-01-01 12:00:00", NULL, NULL, 0 },
    { "", NULL, NULL, 0 },
};

T_TEST(findings_lie_where_they_should)
{
    struct scanned s = { 0 };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const struct flt_finding *f;
        struct st_span part;

        scan(&s, st_span_str(cases[i].text));
        if (cases[i].id == NULL) {
            T_CHECK(s.findings.n == 0, "'%s': %s", cases[i].text, s.findings.items[0].rule->id);
            continue;
        }
        f = find(&s, cases[i].id);
        T_CHECK(f != NULL, "'%s' has %s", cases[i].text, cases[i].id);
        part = st_span_sub(s.doc->fields[0].text, f->from, f->to - f->from);
        T_CHECK(st_span_eq(part, st_span_str(cases[i].part)), "'%s': [%u,%u) is '%.*s'", cases[i].text, f->from, f->to,
                (int)part.n, (const char *)part.p);
        T_CHECK(f->confidence >= cases[i].at_least, "'%s': confidence %u", cases[i].text, f->confidence);
    }
    done(&s);
}

/* Readings without the ends of lines have a token go on into what the next line says. */
T_TEST(a_token_at_the_end_of_a_line_ends_there)
{
    static const char token[] = "ghp_q7RkV2mXw9LsT4bNc8JdY1hGz5FpA3eWuK6o";
    static const char *const next[] = { "thanks",     "Thanks, Anna", "DB_HOST=localhost",   "user_id: 5", "password=",
                                        "2024-05-01", "next-step is", "https://a.example/b", "Danke.",     "see.also" };
    struct scanned s = { 0 };
    char text[200];

    for (size_t i = 0; i < ST_LEN(next); i++) {
        snprintf(text, sizeof text, "here:\n%s\n%s\nbye", token, next[i]);
        scan(&s, st_span_str(text));
        T_CHECK(s.findings.n == 1, "'%s': %zu findings", next[i], s.findings.n);
        T_CHECK(s.findings.items[0].from == 6 && s.findings.items[0].to == 6 + sizeof token - 1, "'%s': [%u,%u)",
                next[i], s.findings.items[0].from, s.findings.items[0].to);
    }
    done(&s);
}

/* Where the next line may be the rest of it, both are masked. */
T_TEST(a_token_over_two_lines_is_found_whole)
{
    static const char *const next[] = { "Xw9LsT4bNc8J", "xw9ls4bnc8jd", "QZRKMTWXPLD", "a8f-bc12-9d", "Rk7Vq2Lm==" };
    struct scanned s = { 0 };
    char text[200];

    for (size_t i = 0; i < ST_LEN(next); i++) {
        uint32_t to = 0;

        snprintf(text, sizeof text, "here:\nglpat-q7RkV2mXw9LsT4bNc8Jd\n%s\nbye", next[i]);
        scan(&s, st_span_str(text));
        for (size_t k = 0; k < s.findings.n; k++)
            to = s.findings.items[k].to > to ? s.findings.items[k].to : to;
        T_CHECK(to >= 6 + 26 + 1 + 8, "'%s': to %u", next[i], to);
    }
    done(&s);
}

/* ---- recall ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *fake, *id;
} families[] = {
    { "card.visa", "pii.card.visa" },
    { "card.mastercard", "pii.card.mastercard" },
    { "card.amex", "pii.card.amex" },
    { "card.discover", "pii.card.discover" },
    { "card.jcb", "pii.card.jcb" },
    { "iban.de", "pii.iban" },
    { "iban.at", "pii.iban" },
    { "de.steuer_id", "pii.de.steuer_id" },
    { "github.pat_classic", "secret.github.pat_classic" },
    { "github.pat_fine", "secret.github.pat_fine" },
    { "gitlab.pat", "secret.gitlab.pat" },
    { "npm.token", "secret.npm.token" },
    { "pypi.token", "secret.pypi.token" },
    { "aws.access_key_id", "secret.aws.access_key_id" },
    { "gcp.api_key", "secret.gcp.api_key" },
    { "slack.bot", "secret.slack.bot" },
    { "slack.user", "secret.slack.user" },
    { "slack.webhook", "secret.slack.webhook" },
    { "discord.bot", "secret.discord.bot" },
    { "telegram.bot", "secret.telegram.bot" },
    { "stripe.secret", "secret.stripe.secret" },
    { "openai.key", "secret.openai.key" },
    { "anthropic.key", "secret.anthropic.key" },
    { "sendgrid.key", "secret.sendgrid.key" },
    { "jwt", "secret.jwt" },
    { "pem.rsa", "secret.pem.private_key" },
    { "openssh.private_key", "secret.openssh.private_key" },
};

enum disguise { PLAIN, ZERO_WIDTH, SOFT_HYPHEN, FULL_WIDTH, BRACKETS, N_DISGUISES };

static void add_full_width(struct st_buf *out, uint8_t c) /* U+FF01..U+FF5E */
{
    unsigned u = 0xff00u + c - 0x20u;

    st_buf_byte(out, (uint8_t)(0xe0 | u >> 12));
    st_buf_byte(out, (uint8_t)(0x80 | (u >> 6 & 63)));
    st_buf_byte(out, (uint8_t)(0x80 | (u & 63)));
}

static void dress(struct st_buf *out, struct st_span value, enum disguise how)
{
    st_buf_str(out, how == BRACKETS ? "see [" : "value ");
    for (size_t i = 0; i < value.n; i++) {
        if (how == FULL_WIDTH && value.p[i] > 0x20 && value.p[i] < 0x7f) {
            add_full_width(out, value.p[i]);
            continue;
        }
        st_buf_byte(out, value.p[i]);
        if (how == ZERO_WIDTH && i % 3 == 1 && i + 1 < value.n)
            st_buf_str(out, "\xe2\x80\x8b");
        if (how == SOFT_HYPHEN && i % 5 == 2 && i + 1 < value.n)
            st_buf_str(out, "\xc2\xad");
    }
    st_buf_str(out, how == BRACKETS ? "], ok?" : " end");
}

T_TEST(recall_per_family_through_disguises)
{
    struct scanned s = { 0 };
    struct st_buf text, value;
    struct st_err err = ST_ERR_INIT;
    size_t bad;

    st_buf_init(&text, 1u << 16);
    st_buf_init(&value, 1u << 16);
    for (size_t i = 0; i < ST_LEN(families); i++) {
        char name[64];
        unsigned missed = 0;

        (void)snprintf(name, sizeof name, "${fake:%s}", families[i].fake);
        for (unsigned n = 0; n < 200; n++) {
            const struct flt_finding *f;
            size_t lead = n % N_DISGUISES == BRACKETS ? 5 : 6;

            st_buf_reset(&value);
            st_buf_reset(&text);
            T_OK(flt_fake_expand(st_span_str(name), 1000 + n, &value, &bad, &err), err);
            if (st_span_starts(st_buf_view(&value), ST_SPAN("https://")))
                lead += 32; /* the scheme may stay, however disguised */
            dress(&text, st_buf_view(&value), (enum disguise)(n % N_DISGUISES));
            scan(&s, st_buf_view(&text));
            f = find(&s, families[i].id);
            if (f != NULL && f->from <= lead && f->to + 6 >= text.n && f->confidence >= 65)
                continue;
            missed++;
            if (missed == 1)
                print_message("%s, disguise %u missed: %s %u [%u,%u) of %zu: %.*s\n", families[i].fake, n % N_DISGUISES,
                              f != NULL ? f->rule->id : "-", f != NULL ? f->confidence : 0, f != NULL ? f->from : 0,
                              f != NULL ? f->to : 0, text.n, (int)text.n, (const char *)text.p);
        }
        T_CHECK(missed <= 2, "%s: %u of 200 missed", families[i].fake, missed);
    }
    st_buf_fini(&text);
    st_buf_fini(&value);
    done(&s);
}

/* ---- limits and neighbours ---------------------------------------------------------------------------------- */

T_TEST(a_flood_of_weak_hits_hides_nothing)
{
    struct scanned s = { 0 };
    struct st_buf text;
    struct st_err err = ST_ERR_INIT;
    size_t bad;

    st_buf_init(&text, 4u << 20);
    for (unsigned i = 0; i < 20000; i++)
        st_buf_fmt(&text, "password: aB%u!x%u mail%u@firma-%u.de ", i, i, i, i);
    T_OK(flt_fake_expand(ST_SPAN("${fake:stripe.secret}"), 5, &text, &bad, &err), err);
    scan(&s, st_buf_view(&text));
    T_CHECK(s.findings.is_capped && s.findings.n == FLT_FINDINGS_MAX, "%zu findings", s.findings.n);
    T_CHECK(find(&s, "secret.stripe.secret") != NULL, "the worst one is among them");
    for (size_t i = 1; i < s.findings.n; i++)
        T_CHECK(s.findings.items[i - 1].from <= s.findings.items[i].from, "in order");
    st_buf_fini(&text);
    done(&s);
}

T_TEST(secret_fields_are_not_read)
{
    struct scanned s = { 0 };
    struct st_err err = ST_ERR_INIT;

    scan(&s, ST_SPAN("x"));
    T_OK(flt_text_doc(s.arena, ST_SPAN("4111 1111 1111 1111"), &s.doc, &err), err);
    s.doc->fields[0].is_secret = true;
    T_OK(flt_scan(s.scanner, s.arena, s.doc, &s.findings, NULL, &err), err);
    T_CHECK(s.findings.n == 0, "nothing");
    done(&s);
}

T_TEST(the_fields_name_is_context)
{
    struct scanned s = { 0 };
    struct st_err err = ST_ERR_INIT;

    scan(&s, ST_SPAN("x"));
    T_OK(flt_text_doc(s.arena, ST_SPAN("0170 9284711"), &s.doc, &err), err);
    s.doc->fields[0].path = ST_SPAN("person/telefon");
    T_OK(flt_scan(s.scanner, s.arena, s.doc, &s.findings, NULL, &err), err);
    T_CHECK(find(&s, "pii.phone.national") != NULL, "a phone number");
    T_OK(flt_text_doc(s.arena, ST_SPAN("4601858711474479447"), &s.doc, &err), err);
    s.doc->fields[0].path = ST_SPAN("cardnumber");
    T_OK(flt_scan(s.scanner, s.arena, s.doc, &s.findings, NULL, &err), err);
    T_CHECK(find(&s, "pii.card.visa_19") != NULL, "a card number");
    s.doc->fields[0].path = ST_SPAN("discard");
    T_OK(flt_scan(s.scanner, s.arena, s.doc, &s.findings, NULL, &err), err);
    T_CHECK(find(&s, "pii.card.visa_19") == NULL, "no card");
    done(&s);
}

static void count_candidate(void *ctx, const struct flt_candidate *c)
{
    unsigned *n = ctx;

    if (strcmp(c->rule->id, "pii.iban") == 0 && strcmp(c->why, "checksum or structure wrong") == 0)
        (*n)++;
}

T_TEST(the_trace_says_why_not)
{
    struct scanned s = { 0 };
    struct st_err err = ST_ERR_INIT;
    unsigned n = 0;

    scan(&s, ST_SPAN("x"));
    T_OK(flt_text_doc(s.arena, ST_SPAN("DE89 3704 0044 0532 0130 01"), &s.doc, &err), err);
    T_OK(flt_scan(s.scanner, s.arena, s.doc, &s.findings, &(struct flt_trace){ count_candidate, &n }, &err), err);
    T_CHECK(n == 1, "told %u times", n);
    done(&s);
}

T_TEST(any_bytes_are_scanned_safely)
{
    static const char bits[] =
        "4111 1111 1111 1111DE89370400440532013000@+-.:/\"'=ghp_xoxb-eyJ-----BEGIN PRIVATE KEY-----END:AA\n";
    struct scanned s = { 0 };
    uint8_t text[300];

    t_seed(42);
    for (unsigned round = 0; round < 3000; round++) {
        size_t n = t_below(sizeof text);

        for (size_t i = 0; i < n;) {
            size_t at = t_below(sizeof bits - 1), len = 1 + t_below(24);

            for (size_t k = 0; k < len && at + k < sizeof bits - 1 && i < n; k++)
                text[i++] = (uint8_t)bits[at + k];
            if (t_below(8) == 0 && i < n)
                text[i++] = (uint8_t)t_below(256);
        }
        scan(&s, st_span(text, n));
        for (size_t i = 0; i < s.findings.n; i++)
            T_CHECK(s.findings.items[i].from < s.findings.items[i].to &&
                        s.findings.items[i].to <= s.doc->fields[0].text.n,
                    "in the text");
    }
    done(&s);
}

T_TEST(scanning_survives_every_oom)
{
    struct scanned s = { 0 };
    struct st_err err = ST_ERR_INIT;

    scan(&s, ST_SPAN("x"));
    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct flt_doc *doc;
        enum st_rc rc;

        T_OK(flt_text_doc(arena, ST_SPAN("\xef\xbc\x94 4111 1111 1111 1111"), &doc, &err), err);
        t_fail_alloc(nth);
        rc = flt_scan(s.scanner, arena, doc, &s.findings, NULL, &err);
        t_fail_alloc(0);
        st_arena_free(arena);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
    done(&s);
}

T_TEST(zz_the_shared_packs_end) /* last by name: gives the set back */
{
    flt_packs_release(packs());
    shared = NULL;
}
