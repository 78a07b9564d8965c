/* SPDX-License-Identifier: Apache-2.0 */
/* scan_benign_test - ten thousand posts with nothing to protect raise no finding of severity high.
 *
 * A false alarm costs more than it seems: after the third one people stop reading. So the corpus (benign.h) is full of
 * what looks like a card, a tax number or a token, and not one of it may become a finding that a policy would act on.
 * Real text beside it: this project's own documents and sources (but those that hold examples) and, where the system
 * has them, its documents; of those at most one finding of high confidence in a megabyte may come.
 */
#include "benign.h"
#include "filters/filters.h"
#include "t.h"
#include <ftw.h>
#include <stdio.h>

#define POSTS 10000u

T_TEST(benign_posts_raise_no_high_finding)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct flt_scanner *scanner = NULL;
    struct flt_packs *packs = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct st_buf post;
    unsigned high = 0, other = 0;

    T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
    st_buf_init(&post, 1u << 20);
    for (unsigned n = 0; n < POSTS; n++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_findings findings;
        struct flt_doc *doc = NULL;

        benign_post(n, &post);
        T_CHECK(post.failed == ST_E_NONE && post.n > 20, "post %u is made", n);
        T_OK(flt_text_doc(arena, st_buf_view(&post), &doc, &err), err);
        T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
        T_CHECK(!findings.is_short, "post %u is not read in all ways", n);
        for (size_t i = 0; i < findings.n; i++) {
            const struct flt_finding *f = &findings.items[i];

            other += f->rule->severity < FLT_HIGH;
            if (f->rule->severity < FLT_HIGH)
                continue;
            high++;
            print_message("post %u: %s, confidence %u: %.*s\n", n, f->rule->id, f->confidence, (int)(f->to - f->from),
                          (const char *)doc->fields[0].text.p + f->from);
        }
        st_arena_free(arena);
    }
    print_message("%u posts: %u findings of severity high, %u below\n", POSTS, high, other);
    st_buf_fini(&post);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
    st_diag_free(diag);
    T_CHECK(high == 0, "%u findings of severity high", high);
}

#define HIGH_CONFIDENCE 85u
#define FILES_MAX       60u /* of a tree */
#define FILE_BYTES      65536u

static struct {
    struct flt_scanner *scanner;
    unsigned files, high;
    uint64_t bytes;
} real;

static void scan_real(const char *path, struct st_span text)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    struct flt_findings findings;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    T_OK(flt_text_doc(arena, text, &doc, &err), err);
    T_OK(flt_scan(real.scanner, arena, doc, &findings, NULL, &err), err);
    for (size_t i = 0; i < findings.n; i++) {
        const struct flt_finding *f = &findings.items[i];

        if (f->confidence < HIGH_CONFIDENCE)
            continue;
        real.high++;
        print_message("%s: %s, confidence %u, at %u\n", path, f->rule->id, f->confidence, f->from);
    }
    real.bytes += text.n;
    st_arena_free(arena);
}

static int each_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    static char text[FILE_BYTES];
    FILE *file;

    (void)where;
    if (kind != FTW_F || st->st_size < 200 || real.files >= FILES_MAX || strstr(path, ".gz") != NULL ||
        strstr(path, "docs/detectors.md") != NULL || strstr(path, "docs/scanning.md") != NULL) /* examples on purpose */
        return 0;
    if ((file = fopen(path, "rb")) == NULL)
        return 0;
    scan_real(path, st_span(text, fread(text, 1, sizeof text, file)));
    real.files++;
    return fclose(file);
}

T_TEST(real_text_raises_one_high_confidence_finding_in_a_megabyte_at_most)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    static const char *const trees[] = { "docs", "gateway", "base", "policies", "audit", "/usr/share/doc" };
    struct flt_packs *packs = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct st_buf post;

    memset(&real, 0, sizeof real);
    T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
    T_OK(flt_scanner_new(packs, &real.scanner, &err), err);
    for (size_t i = 0; i < ST_LEN(trees); i++, real.files = 0)
        (void)nftw(trees[i], each_file, 16, FTW_PHYS);
    st_buf_init(&post, 1u << 20);
    for (unsigned n = POSTS; n < POSTS + 3000; n++) { /* other posts than those above */
        benign_post(n, &post);
        scan_real("post", st_buf_view(&post));
    }
    st_buf_fini(&post);
    print_message("%llu bytes, %u findings of high confidence\n", (unsigned long long)real.bytes, real.high);
    T_CHECK(real.bytes > 2000000, "only %llu bytes of text", (unsigned long long)real.bytes);
    T_CHECK((uint64_t)real.high * 1000000 <= real.bytes, "%u findings of high confidence in %llu bytes", real.high,
            (unsigned long long)real.bytes);
    flt_scanner_free(real.scanner);
    flt_packs_release(packs);
    st_diag_free(diag);
}
