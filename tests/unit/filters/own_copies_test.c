/* SPDX-License-Identifier: Apache-2.0 */
/* own_copies - a passage of a document is found in another text, a few words in common are not. */
#include "own_helper.h"

#define WORDS 400

/* The words n to n + count of a made-up text; texts with another seed have no words in common. */
static const char *words(unsigned seed, unsigned from, unsigned count)
{
    static char texts[4][16384];
    static unsigned next;
    char *out = texts[next++ % 4];
    size_t n = 0;

    out[0] = '\0';
    for (unsigned i = from; i < from + count; i++)
        n += (size_t)snprintf(out + n, sizeof texts[0] - n, "%c%c%u ", 'a' + (int)(seed % 26), 'a' + (int)(i % 26),
                              i * 7919u % 1000u + 1000u * (seed + i / 26));
    return out;
}

static struct flt_doc *doc_of(struct st_arena *arena, const char *text)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    T_OK(flt_text_doc(arena, st_span_str(text), &doc, &err), err);
    return doc;
}

/* Two documents; ignored: what counts in none. */
static void make(const char *ignored)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    struct flt_copies *copies = NULL;
    struct st_err err = ST_ERR_INIT;
    size_t prints;

    T_OK(flt_copies_new(own_path("own.fp"), &copies, &err), err);
    if (ignored != NULL)
        T_OK(flt_copies_ignore(copies, doc_of(arena, ignored), &err), err);
    T_OK(flt_copies_add(copies, "plans/one.txt", doc_of(arena, words(1, 0, WORDS)), &prints, &err), err);
    assert_true(prints > WORDS / 5 || ignored != NULL);
    T_OK(flt_copies_add(copies, "plans/two.txt", doc_of(arena, words(2, 0, WORDS)), &prints, &err), err);
    T_OK(flt_copies_add(copies, "empty.txt", doc_of(arena, "five words are too few"), &prints, &err), err);
    assert_int_equal(prints, 0);
    T_OK(flt_copies_done(copies, &err), err);
    flt_copies_free(copies);
    st_arena_free(arena);
}

static struct flt_packs *load(const char *rule)
{
    struct st_diag *diag = st_diag_new();
    struct flt_packs *packs = NULL;
    enum st_rc rc = own_pack("copies", rule, &packs, diag);

    st_diag_print(diag, stderr);
    st_diag_free(diag);
    assert_int_equal(rc, ST_OK);
    return packs;
}

T_TEST(a_tenth_of_a_document_is_found_wherever_it_stands)
{
    struct flt_packs *packs;
    struct flt_finding f[4];
    char text[40000];

    make(NULL);
    packs = load("file: own.fp, words: 0");
    for (unsigned at = 0; at + 60 <= WORDS; at += 20) {
        const char *texts[] = { text, NULL };
        int before = snprintf(text, sizeof text, "%s", words(9, 0, 100));

        (void)snprintf(text + before, sizeof text - (size_t)before, "%s%s", words(1, at, 60), words(8, 0, 100));
        T_CHECK(own_scan(packs, texts, f) == 1, "from word %u", at);
        T_CHECK(f[0].from >= (uint32_t)before && f[0].to <= (uint32_t)before + strlen(words(1, at, 60)), "%u-%u",
                f[0].from, f[0].to);
    }
    flt_packs_release(packs);
}

T_TEST(less_than_the_share_is_none)
{
    static const struct {
        const char *rule;
        unsigned first, second; /* words of the two documents */
        size_t found;
    } cases[] = {
        { "file: own.fp, words: 0", 15, 0, 0 },
        { "file: own.fp, words: 0", 0, 0, 0 },
        { "file: own.fp, words: 0", 80, 80, 2 },
        { "file: own.fp, words: 0, share: 50", 100, 0, 0 },
        { "file: own.fp, words: 0, share: 50", 300, 0, 1 },
        { "file: own.fp, words: 50, share: 90", 100, 0, 1 },
        { "file: own.fp, words: 0, share: 100", WORDS, 0, 1 },
    };

    make(NULL);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct flt_packs *packs = load(cases[i].rule);
        const char *texts[] = { words(1, 0, cases[i].first), words(9, 0, 50), words(2, 0, cases[i].second), NULL };
        struct flt_finding f[4];
        size_t n = own_scan(packs, texts, f);

        T_CHECK(n == cases[i].found, "%s, %u and %u words: %zu", cases[i].rule, cases[i].first, cases[i].second, n);
        flt_packs_release(packs);
    }
}

T_TEST(case_and_layout_do_not_matter)
{
    static char text[16384];
    const char *texts[] = { text, NULL };
    struct flt_packs *packs;
    struct flt_finding f[4];
    size_t n = 0;

    make(NULL);
    for (const char *p = words(2, 100, 80); *p != '\0'; p++, n++) {
        text[n] = *p >= 'a' && *p <= 'z' && n % 3 == 0 ? (char)(*p - 32) : *p;
        if (*p == ' ' && n % 5 == 0)
            text[n] = '\n';
    }
    packs = load("file: own.fp, words: 0");
    assert_int_equal(own_scan(packs, texts, f), 1);
    flt_packs_release(packs);
}

T_TEST(what_is_ignored_counts_in_no_document)
{
    const char *texts[] = { words(1, 0, 100), NULL };
    struct flt_packs *packs;
    struct flt_finding f[4];

    make(words(1, 0, 110));
    packs = load("file: own.fp, words: 0");
    assert_int_equal(own_scan(packs, texts, f), 0);
    flt_packs_release(packs);
}

static void tell(void *ctx, const char *name, unsigned percent, uint64_t count)
{
    (void)snprintf(ctx, 100, "%s %s%s", name, percent >= 20 && percent <= 30 ? "quarter" : "other",
                   count >= 70 && count <= 130 ? "" : ", other");
}

T_TEST(a_check_names_the_document_and_its_share)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    struct flt_own_table *table = NULL;
    struct st_err err = ST_ERR_INIT;
    char told[100] = "";

    make(NULL);
    T_OK(flt_own_open(own_path("own.fp"), &table, NULL, &err), err);
    T_OK(flt_copies_check(table, doc_of(arena, words(2, 200, 100)), tell, told, &err), err);
    assert_string_equal(told, "plans/two.txt quarter");
    told[0] = '\0';
    T_OK(flt_copies_check(table, doc_of(arena, words(5, 200, 100)), tell, told, &err), err);
    assert_string_equal(told, "");
    flt_own_close(table);
    st_arena_free(arena);
}
