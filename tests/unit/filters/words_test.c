/* SPDX-License-Identifier: Apache-2.0 */
/* words - dictionaries: word borders, case, weights over a whole message; a broken list is said with its line. */
#include "filters/filters.h"
#include "t.h"
#include <sys/stat.h>

#define PACK(threshold)                                                                                  \
    "pack: house\nversion: 1.0.0\nlicence: LicenseRef-house\nrules:\n"                                   \
    "  - id: house.names\n    title: Names\n    severity: high\n    mask: \"[name]\"\n    find: words\n" \
    "    dictionary: { file: names.words, threshold: " #threshold " }\n    confidence: { base: 85 }\n"

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[700];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

/* words NULL: no such file */
static const char *write_pack(const char *pack, const char *words)
{
    static char dir[600];
    static int number;

    (void)snprintf(dir, sizeof dir, "%s/words%d", t_tmpdir(), number++);
    assert_int_equal(mkdir(dir, 0700), 0);
    write_file(dir, "house.pack.yaml", pack);
    if (words != NULL)
        write_file(dir, "names.words", words);
    return dir;
}

static struct flt_packs *load(const char *pack, const char *words)
{
    const char *dirs[] = { write_pack(pack, words), NULL };
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_packs_load(dirs, NULL, &packs, NULL, &err), err);
    return packs;
}

static void count(void *ctx, const struct flt_candidate *candidate)
{
    (void)candidate;
    ++*(size_t *)ctx;
}

/* Scans a message of these fields (up to the first NULL); answers how many findings, the first in *first. */
static size_t scan(struct flt_packs *packs, const char *const *texts, struct flt_finding *first, size_t *candidates)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    struct flt_trace trace = { count, candidates };
    struct flt_scanner *scanner = NULL;
    struct flt_field fields[4] = { 0 };
    struct flt_doc doc = { .fields = fields };
    struct st_err err = ST_ERR_INIT;
    struct flt_findings out;
    size_t n;

    for (; doc.n < ST_LEN(fields) && texts[doc.n] != NULL; doc.n++)
        fields[doc.n].text = st_span_str(texts[doc.n]);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    T_OK(flt_scan(scanner, arena, &doc, &out, candidates != NULL ? &trace : NULL, &err), err);
    n = out.n;
    if (n > 0 && first != NULL)
        *first = out.items[0];
    flt_scanner_free(scanner);
    st_arena_free(arena);
    return n;
}

#define LIST                                                 \
    "# code names\n\nFalcon\nPROJEKT  Größe\nStrasse der " \
    "Ruhe\t2\n\xc3\x84rzteliste\r\nc++\n\xe6\x9d\xb1\xe4\xba\xac\n"

T_TEST(a_term_stands_alone_in_any_case)
{
    static const struct {
        const char *text;
        uint32_t from, to; /* both 0: nothing is found */
    } cases[] = {
        { "Falcon", 0, 6 },
        { "the fALCON flies", 4, 10 },
        { "(falcon)", 1, 7 },
        { "falcons", 0, 0 },
        { "gyrfalcon", 0, 0 },
        { "falcon_2", 0, 0 },
        { "\xc3\xa4"
          "falcon",
          0, 0 },
        { "falcon\xc3\xa4", 0, 0 },
        { "\xe2\x80\x9c"
          "falcon\xe2\x80\x9d",
          3, 9 },
        { "zu Projekt gr\xc3\xb6\xc3\x9f"
          "e hin",
          3, 18 },
        { "PROJEKT\nGR\xc3\x96SSE", 0, 15 },
        { "PROJEKT gro\xcc\x88sse", 0, 16 }, /* the two dots as a character of their own */
        { "projekt  \t gr\xc3\xb6sse", 0, 18 },
        { "projektgr\xc3\xb6sse", 0, 0 },
        { "projekt-gr\xc3\xb6sse", 0, 0 },
        { "die STRA\xe1\xba\x9e"
          "E DER RUHE!",
          4, 21 },
        { "\xc3\xa4RZTELISTE", 0, 11 },
        { "in C++ or so", 3, 6 },
        { "\xe5\x9c\xa8\xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xab", 3, 9 }, /* a script without borders */
        { "f\xe2\x80\x8b"
          "alcon",
          0, 9 }, /* a space without width */
        { "\xef\xbd\x86"
          "alcon",
          0, 8 }, /* a wide f */
        { "alcon falco n", 0, 0 },
    };
    struct flt_packs *packs = load(PACK(1), LIST);

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *texts[] = { cases[i].text, NULL };
        struct flt_finding f = { 0 };
        size_t n = scan(packs, texts, &f, NULL);

        T_CHECK(n == (cases[i].to > 0), "%s: %zu findings", cases[i].text, n);
        T_CHECK(f.from == cases[i].from && f.to == cases[i].to, "%s: %u-%u", cases[i].text, f.from, f.to);
        T_CHECK(n == 0 || (strcmp(f.rule->id, "house.names") == 0 && f.confidence == 85), "%s", cases[i].text);
    }
    flt_packs_release(packs);
}

T_TEST(a_disguised_term_is_found)
{
    static const char *const texts[][2] = {
        { "RmFsY29uIGhhcyBsYW5kZWQ=" },                                 /* base64 of "Falcon has landed" */
        { "see 74686520666c696768742046616c636f6e206c616e6473 there" }, /* hexadecimal */
        { "the%20%46alcon%20flies" },
        { "the &#70;alcon flies" },
        { "the \\u0046alcon flies" },
        { "f\xe2\x80\x8b\xe2\x80\x8c\xe2\x81\xa0"
          "al\xc2\xad"
          "con" },                                  /* without width, a soft hyphen */
        { "F\xd0\xb0lc\xd0\xben" },                 /* Cyrillic a and o */
        { "\xf0\x9d\x90\x85\xf0\x9d\x90\x9alcon" }, /* mathematical bold F and a */
        { "\xe2\x92\xbb\xe2\x93\x90lcon" },         /* circled F and a */
    };
    struct flt_packs *packs = load(PACK(1), LIST);

    for (size_t i = 0; i < ST_LEN(texts); i++)
        T_CHECK(scan(packs, texts[i], NULL, NULL) == 1, "%s", texts[i][0]);
    flt_packs_release(packs);
}

T_TEST(different_terms_of_a_message_add_up)
{
    static const struct {
        const char *texts[4];
        size_t found;
    } cases[] = {
        { { "falcon" }, 0 },
        { { "falcon falcon falcon falcon", "falcon" }, 0 },
        { { "falcon", "c++" }, 0 },
        { { "falcon c++ \xc3\xa4rzteliste" }, 3 },
        { { "falcon", "c++", "falcon \xc3\xa4rzteliste" }, 4 },
        { { "strasse der ruhe" }, 0 },
        { { "strasse der ruhe, falcon" }, 2 },
    };
    struct flt_packs *packs = load(PACK(3), LIST);

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        size_t n = scan(packs, cases[i].texts, NULL, NULL), traced = 0;

        T_CHECK(n == cases[i].found, "%zu: %zu findings", i, n);
        T_CHECK(scan(packs, cases[i].texts, NULL, &traced) == n && traced == n, "%zu: %zu in the trace", i, traced);
    }
    flt_packs_release(packs);
}

T_TEST(a_broken_list_is_said_with_its_line)
{
    static const struct {
        const char *pack, *words, *said;
        unsigned line;
    } cases[] = {
        { PACK(1), NULL, "cannot be read", 10 },          { PACK(1), "# nothing\n", "no terms", 0 },
        { PACK(1), "good\nx\n", "2 to 200 bytes", 2 },    { PACK(1), "good\n\nbad\t0\n", "a weight from 1", 3 },
        { PACK(1), "bad\tmany\n", "a weight from 1", 1 }, { PACK(0), "good\n", "threshold", 10 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dirs[] = { write_pack(cases[i].pack, cases[i].words), NULL };
        struct st_diag *diag = st_diag_new();
        struct flt_packs *packs = NULL;
        struct st_err err = ST_ERR_INIT;

        T_CHECK(flt_packs_load(dirs, NULL, &packs, diag, &err) == ST_ERR && err.code == ST_E_CONFIG, "%zu", i);
        T_CHECK(st_diag_count(diag) == 1, "%zu: %zu lines", i, st_diag_count(diag));
        T_CHECK(strstr(st_diag_at(diag, 0)->text, cases[i].said) != NULL && st_diag_at(diag, 0)->line == cases[i].line,
                "%zu: %u: %s", i, st_diag_at(diag, 0)->line, st_diag_at(diag, 0)->text);
        st_diag_free(diag);
    }
}

T_TEST(a_load_survives_every_oom)
{
    const char *dirs[] = { write_pack(PACK(1), LIST), NULL };

    for (int nth = 1; nth < 500; nth++) {
        struct flt_packs *packs = NULL;
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = flt_packs_load(dirs, NULL, &packs, NULL, &err);
        if (rc == ST_OK && !t_alloc_failed()) {
            t_fail_alloc(0);
            flt_packs_release(packs);
            return;
        }
        t_fail_alloc(0);
        flt_packs_release(packs);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s: %s", nth, err.where, err.what);
    }
    T_CHECK(false, "the load never ends well");
}
