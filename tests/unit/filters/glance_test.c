/* SPDX-License-Identifier: Apache-2.0 */
/* glance_test - small fields that are passed over hold no pattern, whatever stands beside them. */
#include "filters/filters.h"
#include "filters/packs.h"
#include "filters/rules.h"
#include "t.h"

#define RULE(id, anchor, pattern)                                                                                  \
    "  - id: house." id "\n    title: Key\n    severity: high\n    mask: \"[key]\"\n    find: pattern\n"           \
    "    anchor: [" anchor "]\n    pattern: '" pattern "'\n    chars: '-A-Z0-9'\n    max: 64\n"                    \
    "    confidence: { base: 85 }\n    examples:\n      match: [" anchor "1111, " anchor "2222, " anchor "3333]\n" \
    "      miss: [a, b, c]\n"
#define PACK(rules) "pack: house\nversion: 1.0.0\nlicence: LicenseRef-house\nrules:\n" rules

static struct flt_packs *load(const char *pack)
{
    const char *dirs[] = { t_tmpdir(), NULL };
    struct flt_packs *packs = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    char path[700];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/house.pack.yaml", dirs[0]);
    assert_non_null(f = fopen(path, "w"));
    (void)fputs(pack, f);
    (void)fclose(f);
    if (flt_packs_load(dirs, NULL, &packs, diag, &err) != ST_OK)
        st_diag_print(diag, stderr);
    T_OK(err.code == 0 ? ST_OK : ST_ERR, err);
    st_diag_free(diag);
    return packs;
}

/* Which fields have a finding: a letter each. */
static void scan(struct flt_packs *packs, const char *const *texts, size_t n, char *out)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    struct flt_field *fields = calloc(n, sizeof *fields);
    struct flt_doc doc = { .fields = fields, .n = n };
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;
    struct flt_findings found;

    for (size_t i = 0; i < n; i++)
        fields[i].text = st_span_str(texts[i]);
    memset(out, '-', n);
    out[n] = '\0';
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    T_OK(flt_scan(scanner, arena, &doc, &found, NULL, &err), err);
    for (size_t i = 0; i < found.n; i++)
        out[found.items[i].field] = 'x';
    flt_scanner_free(scanner);
    st_arena_free(arena);
    free(fields);
}

T_TEST(which_patterns_fit_into_a_row)
{
    static const struct {
        const char *pattern;
        bool fits;
    } cases[] = { { "AKIA[A-Z2-7]{16}", true },
                  { "\\bAKIA[^A-Z]{4}\\b", true },
                  { "a\\^b\\$c", true },
                  { "a[$^]b", true },
                  { "a[]$]b", true },
                  { "a[^]$]b", true },
                  { "a[[:alpha:]$]b", true },
                  { "a[\\]$]b", true },
                  { "(?:a|b)c", true },
                  { "^a", false },
                  { "a$", false },
                  { "a[b]$", false },
                  { "a[[:alpha:]]$", false },
                  { "a[]]$", false },
                  { "a\\\\$", false },
                  { "(?:a|b$)", false },
                  { "\\Aa", false },
                  { "a\\z", false },
                  { "a\\Z", false },
                  { "(?x)a [ b", false },
                  { "\\Q[\\E$", false },
                  { "a[b", true } };

    for (size_t i = 0; i < ST_LEN(cases); i++)
        T_CHECK(flt_glance_fits(cases[i].pattern) == cases[i].fits, "%s", cases[i].pattern);
}

T_TEST(fields_are_told_apart)
{
    static const char *const texts[] = {
        "a",  "KEY-1234",      "",           "x KEY-5678", "KEY-",       "9999",        "KEY-0001 KEY-0002",
        "\t", "KEY-1\xc3\xa4", "KEY-4321\n", "z",          "KEY%2D1234", "KE&#89;-1234"
    };
    struct flt_packs *packs = load(PACK(RULE("key", "KEY-", "KEY-[0-9]{4}")));
    char seen[ST_LEN(texts) + 1];

    scan(packs, texts, ST_LEN(texts), seen);
    assert_string_equal(seen, "-x-x--x--x-xx");
    flt_packs_release(packs);
}

/* More than a row holds, a pattern in the first and the last of each row and around them. */
T_TEST(fields_of_many_rows_are_told_apart)
{
    struct flt_packs *packs = load(PACK(RULE("key", "KEY-", "KEY-[0-9]{4}")));
    size_t n = 5000;
    const char **texts = calloc(n, sizeof *texts);
    char *seen = malloc(n + 1);

    for (unsigned step = 23; step <= 1043; step += 340) { /* no more than are kept */
        for (size_t i = 0; i < n; i++)
            texts[i] = i % step == 0 ? "KEY-1234" : i % 7 == 0 ? "a name" : "12";
        scan(packs, texts, n, seen);
        for (size_t i = 0; i < n; i++)
            T_CHECK((seen[i] == 'x') == (i % step == 0), "field %zu of step %u", i, step);
    }
    free(texts);
    free(seen);
    flt_packs_release(packs);
}

T_TEST(a_pattern_that_asks_for_the_ends_of_a_text_is_found)
{
    static const char *const texts[] = { "other", "KEY-1234", "x KEY-1234", "KEY-1234 x" };
    struct flt_packs *packs = load(PACK(RULE("key", "KEY-", "^KEY-[0-9]{4}")));
    char seen[ST_LEN(texts) + 1];

    scan(packs, texts, ST_LEN(texts), seen);
    assert_string_equal(seen, "-x-x");
    flt_packs_release(packs);
    packs = load(PACK(RULE("key", "KEY-", "KEY-[0-9]{4}$") RULE("more", "MORE-", "MORE-[0-9]{4}")));
    scan(packs, texts, ST_LEN(texts), seen);
    assert_string_equal(seen, "-xx-");
    flt_packs_release(packs);
}

/* Yes to every second one, whatever it is. */
static unsigned every_second(void *ctx, const struct flt_hit_asked *hit)
{
    unsigned *n = ctx;

    (void)hit;
    return ++*n % 2 == 0 ? FLT_SAID_YES : 0;
}

/* Equal texts are not read twice, but whoever is asked about them may change their mind. */
T_TEST(a_text_that_somebody_was_asked_about_is_read_again)
{
    static const char pack[] = "pack: house\nversion: 1.0.0\nlicence: LicenseRef-house\nrules:\n"
                               "  - id: house.key\n    title: Key\n    severity: high\n    mask: \"[key]\"\n"
                               "    find: pattern\n    anchor: [KEY-]\n    pattern: 'KEY-[0-9]{4}'\n"
                               "    chars: '-A-Z0-9'\n    max: 64\n    confidence: { base: 85 }\n";
    static const char *const texts[] = { "KEY-1234 ", "KEY-1234 ", "other", "KEY-1234 ", "other", "KEY-1234 " };
    unsigned n = 0;
    const struct flt_given given = { "house", st_span_str(pack), every_second, &n };
    const char *dirs[] = { NULL };
    const struct flt_sources from = { .dirs = dirs, .given = &given, .n_given = 1 };
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;
    char seen[ST_LEN(texts) + 1];

    T_OK(flt_packs_load_all(&from, &packs, NULL, &err), err);
    scan(packs, texts, ST_LEN(texts), seen);
    assert_string_equal(seen, "-x---x");
    flt_packs_release(packs);
}
