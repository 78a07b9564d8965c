/* SPDX-License-Identifier: Apache-2.0 */
/* scan_benign_test - ten thousand posts with nothing to protect raise no finding of severity high.
 *
 * A false alarm costs more than it seems: after the third one people stop reading. So the corpus (benign.h) is full of
 * what looks like a card, a tax number or a token, and not one of it may become a finding that a policy would act on.
 */
#include "benign.h"
#include "filters/filters.h"
#include "t.h"

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
