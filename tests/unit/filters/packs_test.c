/* SPDX-License-Identifier: Apache-2.0 */
/* packs - the shipped set loads and proves itself; a mistake in a file is said with its place; the cache is a cache. */
#include "filters/filters.h"
#include "filters/rules.h"
#include "filters/scan.h"
#include "t.h"
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const shipped[] = { "filters/packs", NULL };

#define HEAD "pack: p\nversion: 1.0.0\nlicence: Apache-2.0\nrules:\n"
#define GOOD                                                                                               \
    "  - id: pii.test.number\n    title: Number\n    severity: low\n    mask: \"[n]\"\n    find: digits\n" \
    "    lengths: [\"6\"]\n    first: [\"42\"]\n    confidence: { base: 80 }\n"                            \
    "    examples: { match: [\"421234\", \"a 42 1234\", \"42-12-34\"], miss: [\"431234\", \"42123\", \"4212345\"] }\n"
#define TEN "a|b|c|d|e|f|g|h|i|j|"
#define TOKEN(extra)                                                                                                \
    "  - id: secret.test.token\n    title: { en: Token, de: Token }\n    severity: high\n    mask: \"[t]\"\n" extra \
    "    confidence: { base: 80 }\n"                                                                                \
    "    examples: { match: [\"tok_abc123\", \"x=tok_abc123\", \"tok_000111\"], miss: [\"tok_\", \"tok_ab\", "      \
    "\"tik_abc123\"] }\n"

static const char *write_pack(const char *text)
{
    static char dir[600];
    static int number;
    char path[700];
    FILE *f;

    (void)snprintf(dir, sizeof dir, "%s/packs%d", t_tmpdir(), number++);
    assert_int_equal(mkdir(dir, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/a.pack.yaml", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
    return dir;
}

static enum st_rc load(const char *text, struct flt_packs **out, struct st_diag *diag, struct st_err *err)
{
    const char *dirs[] = { write_pack(text), NULL };

    return flt_packs_load(dirs, NULL, out, diag, err);
}

T_TEST(the_shipped_set_loads_and_proves_itself)
{
    struct flt_packs *packs = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = flt_packs_load(shipped, NULL, &packs, diag, &err);
    const struct flt_rule *rule;

    for (size_t i = 0; i < st_diag_count(diag); i++)
        print_message("%s:%u: %s\n", st_diag_at(diag, i)->file, st_diag_at(diag, i)->line, st_diag_at(diag, i)->text);
    T_CHECK(rc == ST_OK, "%s: %s", err.where, err.what);
    T_CHECK(flt_packs_count(packs) >= 30, "%zu detectors", flt_packs_count(packs));
    rule = flt_packs_find(packs, "pii.iban");
    T_CHECK(rule != NULL && strcmp(rule->pack, "bank") == 0 && rule->severity == FLT_HIGH, "pii.iban");
    T_CHECK(strcmp(rule->mask, "[iban]") == 0 && rule->tags[0] != NULL, "what redaction and reports need");
    T_CHECK(flt_packs_find(packs, "pii.ibam") == NULL, "unknown is NULL");
    for (size_t i = 0; i < flt_packs_count(packs); i++) {
        rule = flt_packs_rule(packs, i);
        T_CHECK(flt_packs_find(packs, rule->id) == rule, "%s is found by its id", rule->id);
        T_CHECK(rule->title_en[0] != '\0' && rule->title_de[0] != '\0' && rule->mask[0] == '[', "%s is complete",
                rule->id);
    }
    T_CHECK(flt_packs_rule(packs, flt_packs_count(packs)) == NULL, "past the end");
    flt_packs_release(packs);
    st_diag_free(diag);
}

T_TEST(a_small_pack_loads)
{
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(load(HEAD GOOD TOKEN("    pattern: 'tok_[a-z0-9]{6}'\n    anchor: tok_\n    chars: a-z0-9\n"), &packs, NULL,
              &err),
         err);
    T_CHECK(flt_packs_count(packs) == 2, "two rules");
    flt_packs_release(flt_packs_retain(packs));
    flt_packs_release(packs);
}

static const struct {
    const char *text, *said;
    unsigned line;
} mistakes[] = {
    { HEAD TOKEN("    pattern: 'tok_[a-z'\n    anchor: tok_\n    chars: a-z0-9\n"), "does not compile", 9 },
    { HEAD TOKEN("    pattern: 'tok_[a-z0-9]+'\n    anchor: tok_\n    chars: a-z0-9\n"), "more than 2048 bytes", 9 },
    { HEAD TOKEN("    pattern: '(?:" TEN TEN TEN TEN TEN TEN TEN TEN
                 "tok_)[a-z0-9]{6}'\n    anchor: [tok_]\n    chars: a-z0-9\n"),
      "more than 80 alternatives", 9 },
    { HEAD TOKEN("    pattern: 'tok_[a-z0-9]{6}'\n    chars: a-z0-9\n"), "needs its anchor", 9 },
    { HEAD TOKEN("    pattern: 'tok_[a-z0-9]{6}'\n    anchor: tok_\n"), "needs chars", 9 },
    { HEAD TOKEN("    pattern: 'tok_[a-z0-9]{6}'\n    anchor: tok_\n    chars: z-a\n"), "runs backwards", 11 },
    { HEAD TOKEN("    pattern: 'tok_[a-z0-9]{6}'\n    anchor: tok_\n    chars: a-z0-9\n    validate: lunh\n"),
      "did you mean 'luhn'", 12 },
    { HEAD TOKEN("    pattern: 'tik_[a-z0-9]{6}'\n    anchor: tik_\n    chars: a-z0-9\n"), "does not find this example",
      13 },
    { HEAD TOKEN("    pattern: 't[io]k_[a-z0-9]{6}'\n    anchor: [tok_, tik_]\n    chars: a-z0-9\n"),
      "must not find this example", 13 },
    { HEAD TOKEN("    find: shape\n    shape: AB9\n"), "needs a shape", 10 },
    { HEAD TOKEN("    find: digits\n"), "needs lengths", 5 },
    { HEAD TOKEN("    find: digits\n    lengths: [\"9-6\"]\n"), "is no length", 10 },
    { HEAD TOKEN("    pattrns: x\n"), "pattrns", 9 },
    { HEAD GOOD GOOD, "is taken", 14 },
};

T_TEST(a_mistake_is_said_with_its_place)
{
    for (size_t i = 0; i < ST_LEN(mistakes); i++) {
        struct flt_packs *packs = NULL;
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        bool said = false, there = false;

        T_CHECK(load(mistakes[i].text, &packs, diag, &err) == ST_ERR, "mistake %zu is refused", i);
        T_CHECK(err.code == ST_E_CONFIG, "mistake %zu: code %s", i, st_e_name(err.code));
        for (size_t k = 0; k < st_diag_count(diag); k++) {
            const struct st_diag_item *item = st_diag_at(diag, k);

            if (strstr(item->text, mistakes[i].said) == NULL)
                continue;
            said = true;
            there = there || item->line == mistakes[i].line;
        }
        for (size_t k = 0; (!said || !there) && k < st_diag_count(diag); k++)
            print_message("%u:%u %s\n", st_diag_at(diag, k)->line, st_diag_at(diag, k)->col, st_diag_at(diag, k)->text);
        T_CHECK(said, "mistake %zu: '%s' is said", i, mistakes[i].said);
        T_CHECK(there, "mistake %zu: '%s' in line %u", i, mistakes[i].said, mistakes[i].line);
        st_diag_free(diag);
    }
}

T_TEST(a_missing_folder_is_said)
{
    const char *dirs[] = { "/nonexistent/packs", NULL };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct flt_packs *packs = NULL;

    T_CHECK(flt_packs_load(dirs, NULL, &packs, diag, &err) == ST_ERR && st_diag_count(diag) == 1, "one line");
    st_diag_free(diag);
}

/* The only *.hsdb file of a folder. */
static void cached_file(const char *dir, char *out, size_t size)
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    out[0] = '\0';
    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        if (strstr(e->d_name, ".hsdb") != NULL)
            (void)snprintf(out, size, "%s/%s", dir, e->d_name);
    (void)closedir(d);
}

T_TEST(a_damaged_cache_is_compiled_anew)
{
    const struct scan_expr exprs[] = { { "tok_[a-z]{4}", 1, false, false, false, 8 },
                                       { "bank", 2, true, true, false, 4 } };
    struct st_err err = ST_ERR_INIT;
    struct scan_db *db = NULL;
    char path[700];
    FILE *f;

    T_OK(scan_db_open(exprs, 2, t_tmpdir(), &db, &err), err);
    T_CHECK(!scan_db_was_cached(db), "the first time it is compiled");
    scan_db_free(db);
    T_OK(scan_db_open(exprs, 2, t_tmpdir(), &db, &err), err);
    T_CHECK(scan_db_was_cached(db), "the second time it is there");
    T_CHECK(scan_db_width(db, 0) == 8 && scan_db_width(db, 1) == 4, "and its widths with it");
    scan_db_free(db);
    T_OK(scan_db_open(exprs, 1, t_tmpdir(), &db, &err), err);
    T_CHECK(!scan_db_was_cached(db), "other content is another file");
    scan_db_free(db);
    for (int round = 0; round < 2; round++) {
        cached_file(t_tmpdir(), path, sizeof path);
        f = fopen(path, "r+");
        assert_non_null(f);
        (void)fseek(f, 100, SEEK_SET);
        (void)fputc(0x5a ^ fgetc(f), f);
        (void)fclose(f);
        T_CHECK(round == 1 || truncate(path, 200) == 0, "cut");
        T_OK(scan_db_open(exprs, 1, t_tmpdir(), &db, &err), err);
        scan_db_free(db);
        T_OK(scan_db_open(exprs, 2, t_tmpdir(), &db, &err), err);
        scan_db_free(db);
    }
}

T_TEST(loading_survives_every_oom)
{
    const char *dirs[] = { write_pack(
                               HEAD GOOD TOKEN("    pattern: 'tok_[a-z0-9]{6}'\n    anchor: tok_\n    chars: a-z0-9\n"
                                               "    context: { words: [token, konto] }\n")),
                           NULL };
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;

    for (int nth = 1; nth < 500; nth++) {
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = flt_packs_load(dirs, NULL, &packs, NULL, &err);
        if (rc == ST_OK && !t_alloc_failed()) {
            t_fail_alloc(0);
            flt_packs_release(packs);
            return;
        }
        if (rc == ST_OK)
            flt_packs_release(packs);
        else
            T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s: %s", nth, err.where, err.what);
    }
    t_fail_alloc(0);
    T_CHECK(false, "the load never ends well");
}

/* ---- what a pattern's finding must not be ------------------------------------------------------------------------ */

#define GOOD_PATTERN "    pattern: 'tok_[a-z0-9]{6}'\n    anchor: [\"tok_\"]\n    chars: 'a-z0-9_'\n"
#define TOKEN_EDGES                                                                                             \
    "  - id: secret.test.token\n    title: Token\n    severity: high\n    mask: \"[t]\"\n" EDGES                \
    "    confidence: { base: 80 }\n    examples: { match: [\"tok_abc129\", \"x=tok_abc127\", \"tok_a8f3k2\"], " \
    "miss: [\"tok_\", \"tok_ab\", \"tik_abc123\"] }\n"
#define EDGES                                                                                                        \
    "    pattern: 'tok_[a-z0-9]{6}'\n    anchor: [\"tok_\"]\n    chars: 'a-z0-9_'\n    exact: true\n    min: 10\n"   \
    "    not_before: '\\x2d\\x80-\\xff'\n    not_after: 'a-z0-9_'\n    entropy: 2.2\n    allow:\n"                   \
    "      words: [SAMPLE]\n      patterns: ['^tok_00', '1$']\n      lines: ['for tests']\n      values: [\"sha256:" \
    "a23224f7f566cf7ccb3a8f371b2ab393fad0302f43c294d0057be35f644be7dd\"]\n"

T_TEST(a_finding_is_what_the_rule_says_and_no_more)
{
    static const struct {
        const char *text;
        int from, to; /* -1: none */
    } table[] = {
        { "tok_abc123x", -1, -1 },      /* longer */
        { "a tok_abc129 b", 2, 12 },    /* as it is */
        { "tok_abc129.", 0, 10 },       /* ends where the match does */
        { "-tok_abc129", -1, -1 },      /* behind what must not stand there */
        { "\u00e4tok_abc129", -1, -1 }, /* the same, a byte beyond ASCII */
        { "tok_aaaaaa", -1, -1 },       /* too even */
        { "tok_sample", -1, -1 },       /* a word */
        { "tok_00ab29", -1, -1 },       /* an expression over it */
        { "tok_abc121", -1, -1 },       /* another */
        { "tok_abc122 1", 0, 10 },      /* which is held against the finding alone */
        { "for tests\ntok_abc129", 10, 20 },
        { "for tests: tok_abc129", -1, -1 },
        { "tok_kn0wn9", -1, -1 }, /* a known value */
        { "tok_kn0wn8", 0, 10 },
    };
    struct flt_packs *packs = NULL;
    struct flt_scanner *scanner = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = load(HEAD TOKEN_EDGES, &packs, diag, &err);

    T_CHECK(rc == ST_OK, "%s: %s", err.what, st_diag_count(diag) > 0 ? st_diag_at(diag, 0)->text : "");
    assert_int_equal(flt_scanner_new(packs, &scanner, &err), ST_OK);
    for (size_t i = 0; i < ST_LEN(table); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct flt_findings findings;
        struct flt_doc *doc;

        assert_int_equal(flt_text_doc(arena, st_span_str(table[i].text), &doc, &err), ST_OK);
        assert_int_equal(flt_scan(scanner, arena, doc, &findings, NULL, &err), ST_OK);
        T_CHECK(findings.n == (table[i].from >= 0), "%zu: %zu findings", i, findings.n);
        if (findings.n > 0)
            T_CHECK((int)findings.items[0].from == table[i].from && (int)findings.items[0].to == table[i].to,
                    "%zu: %u to %u", i, findings.items[0].from, findings.items[0].to);
        st_arena_free(arena);
    }
    flt_scanner_free(scanner);
    flt_packs_release(packs);
    st_diag_free(diag);
}

static size_t found_in(struct flt_packs *packs, const char *text)
{
    struct st_arena *arena = st_arena_new(8u << 20);
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;
    struct flt_findings findings;
    struct flt_doc *doc;

    assert_int_equal(flt_scanner_new(packs, &scanner, &err), ST_OK);
    assert_int_equal(flt_text_doc(arena, st_span_str(text), &doc, &err), ST_OK);
    assert_int_equal(flt_scan(scanner, arena, doc, &findings, NULL, &err), ST_OK);
    flt_scanner_free(scanner);
    st_arena_free(arena);
    return findings.n;
}

#define KNOWN(digest)                                                                                \
    "pack: known\nversion: 1.0.0\nlicence: Apache-2.0\nallow:\n  values: [\"" digest "\", \"sha256:" \
    "64b9451e2b7049a5c952db77dddbd480aa3fe6108be55960653bafb49ca5e171\"]\nrules: []\n"

T_TEST(what_one_pack_knows_no_rule_of_another_finds)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    const char *dirs[] = { "filters/packs",
                           write_pack(KNOWN("sha256:10ea51fc66b58eaa00dd77c74d9de40a349a372ea2473e5866974908089f5d4a")),
                           NULL };
    struct flt_packs *packs = NULL;

    T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
    assert_int_equal(found_in(packs, "password: kR7vq2Lm9xWt42"), 1);
    assert_int_equal(found_in(packs, "password: kR7vq2Lm9xWt41"), 0);
    assert_int_equal(found_in(packs, "password: kR7vq2Lm9xWt411"), 1); /* it is the whole value that is known */
    flt_packs_release(packs);
    packs = NULL;
    T_CHECK(load(KNOWN("md5:1"), &packs, diag, &err) == ST_ERR, "a digest of another kind");
    T_CHECK(st_diag_count(diag) == 1 && st_diag_at(diag, 0)->line == 5 &&
                strstr(st_diag_at(diag, 0)->text, "'md5:1' is no digest") != NULL,
            "told with its line");
    st_diag_free(diag);
}

T_TEST(a_mistake_in_what_is_allowed_is_told_with_its_place)
{
    static const struct {
        const char *text;
        const char *says;
    } table[] = {
        { "    allow: { values: [abc] }\n", "'abc' is no digest; expected sha256: and 64 hex digits" },
        { "    allow: { words: [\"\"] }\n", "an empty word is in everything" },
        { "    allow: { patterns: ['a('] }\n", "the expression does not compile: " },
        { "    allow: { lines: ['a*'] }\n", "the expression does not compile: it matches where nothing stands" },
        { "    not_after: 'z-a'\n", "a range in 'z-a' runs backwards" },
    };

    for (size_t i = 0; i < ST_LEN(table); i++) {
        struct flt_packs *packs = NULL;
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        char text[2048];

        (void)snprintf(text, sizeof text, "%s%s", HEAD TOKEN(GOOD_PATTERN), table[i].text);
        T_CHECK(load(text, &packs, diag, &err) == ST_ERR && st_diag_count(diag) > 0, "%zu: taken", i);
        T_CHECK(strncmp(st_diag_at(diag, 0)->text, table[i].says, strlen(table[i].says)) == 0 &&
                    st_diag_at(diag, 0)->line > 5,
                "%zu: %u: %s", i, st_diag_at(diag, 0)->line, st_diag_at(diag, 0)->text);
        st_diag_free(diag);
    }
}
