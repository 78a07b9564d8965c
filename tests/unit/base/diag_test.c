/* SPDX-License-Identifier: Apache-2.0 */
/* diag - the list, its ceiling, its printed form, and the nearest word. */
#include "t.h"

#include "base/diag.h"

static void printed(const struct st_diag *diag, char *out, size_t size)
{
    FILE *f = fmemopen(out, size, "w");

    st_diag_print(diag, f);
    (void)fclose(f);
}

T_TEST(one_line_each)
{
    struct st_diag *diag = st_diag_new();
    char out[400];

    T_CHECK(st_diag_add(diag, "a.yaml", 3, 7, "expected %s, found %d", "x", 5) == ST_ERR, "answer");
    (void)st_diag_add(diag, "b.yaml", 0, 0, "line\nbreak \x1b[31m \xff \xc3\xa4");
    (void)st_diag_add(diag, NULL, 0, 0, "nowhere");
    T_CHECK(st_diag_count(diag) == 3 && st_diag_at(diag, 3) == NULL, "count %zu", st_diag_count(diag));
    T_CHECK(st_diag_at(diag, 0)->line == 3 && st_diag_at(diag, 0)->col == 7, "place");
    printed(diag, out, sizeof out);
    T_CHECK(strcmp(out, "a.yaml:3:7: expected x, found 5\nb.yaml: line?break ?[31m ? \xc3\xa4\nnowhere\n") == 0, "%s",
            out);
    st_diag_free(diag);
}

T_TEST(no_list_is_fine)
{
    T_CHECK(st_diag_add(NULL, "a", 1, 1, "x") == ST_ERR, "add");
    T_CHECK(st_diag_count(NULL) == 0 && st_diag_at(NULL, 0) == NULL, "read");
    st_diag_free(NULL);
}

T_TEST(ceiling_is_told)
{
    struct st_diag *diag = st_diag_new();

    for (unsigned i = 1; i <= 1000; i++)
        (void)st_diag_add(diag, "f", i, 1, "mistake %u", i);
    T_CHECK(st_diag_count(diag) == 101, "count %zu", st_diag_count(diag));
    T_CHECK(strcmp(st_diag_at(diag, 99)->text, "mistake 100") == 0, "%s", st_diag_at(diag, 99)->text);
    T_CHECK(strcmp(st_diag_at(diag, 100)->text, "and 900 more") == 0, "%s", st_diag_at(diag, 100)->text);
    st_diag_free(diag);
}

T_TEST(survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_diag *diag;
        bool failed;

        t_fail_alloc(nth);
        if ((diag = st_diag_new()) != NULL) {
            (void)st_diag_add(diag, "f", 1, 1, "one");
            (void)st_diag_add(diag, "f", 2, 1, "two");
        }
        failed = t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK((diag == NULL) == (nth == 1), "allocation %d", nth);
        T_CHECK(diag == NULL || st_diag_count(diag) > 0, "allocation %d: a mistake was forgotten", nth);
        st_diag_free(diag);
        if (!failed)
            break;
    }
}

T_TEST(nearest_word)
{
    static const char *const names[] = { "listen", "workers", "observe", "enforce", "de", "max_body" };
    static const struct {
        const char *word, *near;
    } rows[] = {
        { "lsiten", "listen" },
        { "listn", "listen" },
        { "Listen", "listen" },
        { "worker", "workers" },
        { "wrokesr", "workers" },
        { "enforced", "enforce" },
        { "listen", "listen" },
        { "lxxxen", NULL },
        { "dd", "de" },
        { "x", NULL },
        { "fr", NULL },
        { "", NULL },
        { "max-body", "max_body" },
    };
    char longword[300];

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        const char *near = st_diag_nearest(rows[i].word, names, ST_LEN(names));

        T_CHECK(near == rows[i].near || (near != NULL && rows[i].near != NULL && strcmp(near, rows[i].near) == 0),
                "\"%s\" is near %s", rows[i].word, near == NULL ? "nothing" : near);
    }
    memset(longword, 'a', sizeof longword - 1);
    longword[sizeof longword - 1] = '\0';
    T_CHECK(st_diag_nearest(longword, names, ST_LEN(names)) == NULL, "a very long word");
    T_CHECK(st_diag_nearest("abc", (const char *const[]){ longword }, 1) == NULL, "a very long name");
}
