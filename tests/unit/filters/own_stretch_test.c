/* SPDX-License-Identifier: Apache-2.0 */
/* own_stretch_test - own data in a body that is read in stretches: a document of which a little stands in each is
 * found as in the whole, and a row whose values lie on both sides of a border is told. */
#include "own_helper.h"

#define SIZE   FLT_STRETCH_LEAST
#define DOC    8000u /* words of the document */
#define PIECE  40u   /* words in a row that are copied */
#define PEOPLE 40u

static struct st_span plain(struct st_buf *body)
{
    return st_buf_view(body);
}

/* One word of a made-up text; texts with another seed have no words in common. */
static void put_word(struct st_buf *out, unsigned seed, unsigned i)
{
    st_buf_fmt(out, "%c%c%u ", 'a' + (int)(seed % 26), 'a' + (int)(i % 26),
               i * 7919u % 1000u + 1000u * (seed + i / 26));
}

static void put_words(struct st_buf *out, unsigned seed, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++)
        put_word(out, seed, i);
}

static void make_document(void)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    struct flt_copies *copies = NULL;
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    size_t prints;

    st_buf_init(&text, 4u << 20);
    put_words(&text, 1, 0, DOC);
    T_OK(flt_text_doc(arena, plain(&text), &doc, &err), err);
    T_OK(flt_copies_new(own_path("own.fp"), &copies, &err), err);
    T_OK(flt_copies_add(copies, "plan.txt", doc, &prints, &err), err);
    T_OK(flt_copies_done(copies, &err), err);
    flt_copies_free(copies);
    st_buf_fini(&text);
    st_arena_free(arena);
}

static struct flt_packs *load(const char *find, const char *rule)
{
    struct st_diag *diag = st_diag_new();
    struct flt_packs *packs = NULL;
    enum st_rc rc = own_pack(find, rule, &packs, diag);

    st_diag_print(diag, stderr);
    st_diag_free(diag);
    assert_int_equal(rc, ST_OK);
    return packs;
}

/* Where findings begin in the body, in order; those of the stretches that own them, or of the whole. */
struct told {
    uint64_t at[4096];
    size_t n;
};

static void scan_into(struct flt_scanner *scanner, const struct flt_input *in, struct flt_terms *terms,
                      const struct flt_stretch *stretch, uint64_t base, struct told *out)
{
    struct st_arena *arena = st_arena_new(256u << 20);
    struct flt_doc *doc = NULL;
    struct flt_findings found;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_decode(arena, in, &doc, &err), err);
    doc->terms = terms;
    T_OK(flt_scan(scanner, arena, doc, &found, NULL, &err), err);
    T_CHECK(!found.is_capped, "too many findings for the test");
    for (size_t i = 0; i < found.n; i++)
        if (stretch == NULL || flt_stretch_owns(stretch, doc, &found.items[i]))
            out->at[out->n++] = base + found.items[i].from;
    st_arena_free(arena);
}

static void scan_whole(struct flt_scanner *scanner, struct st_span body, struct told *out)
{
    struct flt_input in = { .body = body, .content_type = ST_SPAN("text/plain"), .plain_limit = 16u << 20 };

    out->n = 0;
    scan_into(scanner, &in, NULL, NULL, 0, out);
}

static void scan_cut(struct flt_scanner *scanner, struct flt_packs *packs, struct st_span body, struct told *out)
{
    struct flt_terms *terms = flt_terms_new(packs);
    struct flt_cutter *cutter = NULL;
    struct flt_stretch stretch;
    struct st_err err = ST_ERR_INIT;
    uint64_t front = 0;
    bool any;

    out->n = 0;
    T_OK(flt_cutter_new(ST_SPAN("text/plain"), st_span_sub(body, 0, FLT_SNIFF), SIZE, &cutter, &err), err);
    for (size_t at = 0, piece; at < body.n; at += piece) {
        piece = 1 + t_below(90000);
        T_OK(flt_cutter_feed(cutter, st_span_sub(body, at, piece), &err), err);
        if (at + piece >= body.n)
            flt_cutter_end(cutter);
        for (any = true; any;) {
            T_OK(flt_cutter_next(cutter, &stretch, &any, &err), err);
            if (any) {
                struct flt_input in = { .body = stretch.message, .content_type = stretch.content_type };

                scan_into(scanner, &in, terms, &stretch, front, out);
                front += stretch.is_last ? 0 : stretch.back - FLT_EDGE;
            }
        }
    }
    T_CHECK(flt_terms_memory(terms) < (1u << 18), "memory: %zu", flt_terms_memory(terms));
    flt_cutter_free(cutter);
    flt_terms_free(terms);
}

T_TEST(a_little_of_a_document_in_each_stretch_adds_up)
{
    struct flt_scanner *scanner = NULL;
    struct flt_packs *packs;
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    unsigned copied = 0, near = 0;

    make_document();
    packs = load("copies", "file: own.fp, words: 0, share: 10");
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    st_buf_init(&body, 16u << 20);
    t_seed(20261130);
    for (unsigned round = 0; round < 12; round++) {
        static struct told whole, cut;
        unsigned pieces = 6 + (unsigned)t_below(24), at = 0; /* a tenth is twenty of them */

        st_buf_reset(&body);
        for (unsigned i = 0; i < pieces; i++) {
            put_words(&body, 2 + i, 0, 900 + (unsigned)t_below(1500));
            put_words(&body, 1, at, PIECE);
            at += PIECE + (unsigned)t_below(DOC / 30 - PIECE);
        }
        put_words(&body, 3, 5000, 1000);
        scan_whole(scanner, plain(&body), &whole);
        scan_cut(scanner, packs, plain(&body), &cut);
        T_CHECK((whole.n > 0) == (cut.n > 0), "%u pieces: %zu in the whole, %zu in stretches", pieces, whole.n, cut.n);
        T_CHECK(cut.n <= whole.n, "%zu in the whole, %zu in stretches", whole.n, cut.n);
        copied += whole.n > 0;
        near += whole.n == 0;
    }
    T_CHECK(copied > 2 && near > 2, "%u copies, %u not", copied, near);
    st_buf_fini(&body);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
}

/* Every distance that the rule allows, over every border: as in the whole where a stretch has all of it around both
 * (in a text of single bytes always), so that counts are right as well. */
T_TEST(rows_on_both_sides_of_a_border_are_told)
{
    struct flt_scanner *scanner = NULL;
    struct flt_packs *packs;
    struct st_err err = ST_ERR_INIT;
    struct flt_rows_told built;
    struct st_buf csv, body;
    size_t told = 0;

    st_buf_init(&csv, 1u << 16);
    st_buf_init(&body, 16u << 20);
    st_buf_str(&csv, "account,name\n");
    for (unsigned i = 0; i < PEOPLE; i++)
        st_buf_fmt(&csv, "%u-%u,Person%c Family%c%c\n", 47110 + 13 * i, 8865000 + 977 * i, 'a' + (int)(i % 26),
                   'a' + (int)(i / 26), 'k' + (int)(i % 13));
    st_buf_byte(&csv, 0);
    T_OK(own_rows("account:number,name:name", (const char *)csv.p, "", own_path("own.edm"), &built, NULL), err);
    packs = load("rows", "file: own.edm, key: own.key, columns: 2, within: 1024");
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    t_seed(20261130);
    for (unsigned round = 0; round < 12; round++) {
        static struct told whole, cut;

        st_buf_reset(&body);
        while (body.n < 300000) { /* values closely around each place where a cut may be */
            size_t border = (body.n / (SIZE - FLT_OVERLAP) + 1) * (SIZE - FLT_OVERLAP), to = border - 3000;
            unsigned who = (unsigned)t_below(PEOPLE);

            while (body.n < to)
                put_word(&body, 9, (unsigned)t_below(5000));
            for (unsigned k = 0; k < 24; k++) {
                unsigned other = t_below(4) == 0 ? (unsigned)t_below(PEOPLE) : who;

                st_buf_fmt(&body, "%u-%u ", 47110 + 13 * who, 8865000 + 977 * who);
                for (size_t gap = body.n + t_below(1100); body.n < gap;)
                    put_word(&body, 9, (unsigned)t_below(5000));
                st_buf_fmt(&body, "Person%c Family%c%c, ", 'a' + (int)(other % 26), 'a' + (int)(other / 26),
                           'k' + (int)(other % 13));
                who = (unsigned)t_below(PEOPLE);
            }
        }
        scan_whole(scanner, plain(&body), &whole);
        scan_cut(scanner, packs, plain(&body), &cut);
        T_CHECK(whole.n == cut.n, "%zu in the whole, %zu in stretches", whole.n, cut.n);
        for (size_t i = 0; i < whole.n; i++)
            T_CHECK(whole.at[i] == cut.at[i], "finding %zu is at %llu, not at %llu", i, (unsigned long long)cut.at[i],
                    (unsigned long long)whole.at[i]);
        told += whole.n;
    }
    T_CHECK(told > 500, "%zu findings", told);
    st_buf_fini(&csv);
    st_buf_fini(&body);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
}
