/* SPDX-License-Identifier: Apache-2.0 */
/* words_test - one pass for all phrases, against each phrase walked over the whole text. */
#include "../../../lua-plugins/host/words.c"
#include "t.h"

static uint32_t seed = 20240607;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static bool walked(struct st_span text, const char *words, bool is_tag)
{
    struct st_span w = st_span_str(words);

    for (size_t at = 0; at + w.n <= text.n; at++) {
        size_t k = 0;

        while (k < w.n && fold(text, at + k) == fold(w, k))
            k++;
        if (k < w.n || (at + w.n < text.n && is_word(w.p[w.n - 1]) && is_word(text.p[at + w.n])))
            continue;
        if (is_tag ? at > 0 && text.p[at - 1] == '#' && (at < 2 || !is_word(text.p[at - 2]))
                   : at == 0 || !is_word(w.p[0]) || !is_word(text.p[at - 1]))
            return true;
    }
    return false;
}

static const char *const phrases[] = { "kubernetes", "K8s",  "c",        "Go",    "go away",      "C++", "++",
                                       ".net",       "über", "ÜBER uns", "größe", "threat model", "the", "th",
                                       "#x",         "# x",  "_a",       "ä",     "a b c",        "99",  "İ" };

static struct st_span random_text(uint8_t *out, size_t size)
{
    static const char *const more[] = { " ",    "#",    "-",    ".", "_",  "x",          "Ö",
                                        "\xc3", "\x9c", "\x80", "T", "\n", "threat mode" };
    size_t n = 0;

    for (uint32_t i = any(16); i > 0; i--) {
        const char *part = any(2) ? phrases[any(ST_LEN(phrases))] : more[any(ST_LEN(more))];
        size_t len = strlen(part);

        if (n + len > size)
            break;
        memcpy(out + n, part, len);
        n += len;
    }
    return st_span(out, n);
}

T_TEST(one_pass_sees_what_many_walks_see)
{
    static struct lp_words words;
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    size_t at[ST_LEN(phrases)][2];

    for (size_t i = 0; i < ST_LEN(phrases); i++) {
        const char *list[] = { phrases[i], NULL };

        T_OK(lp_words_add(&words, list, false, arena, &at[i][0], &err), err);
        T_OK(lp_words_add(&words, list, true, arena, &at[i][1], &err), err);
    }
    for (unsigned n = 0; n < 30000; n++) {
        uint8_t bytes[2][128];
        struct st_span texts[] = { random_text(bytes[0], 128), random_text(bytes[1], 128) };
        struct st_buf packed;

        lp_words_read(&words, texts, 2);
        st_buf_init(&packed, 4096);
        lp_words_write(&words, &packed);
        if (any(2)) { /* what was packed says the same, whatever was seen meanwhile */
            lp_words_read(&words, (struct st_span[]){ ST_SPAN("K8s, C++ and .net; #go #th") }, 1);
            lp_words_know(&words, st_buf_view(&packed));
        }
        st_buf_fini(&packed);
        for (size_t i = 0; i < ST_LEN(phrases); i++) {
            for (int tag = 0; tag < 2; tag++) {
                bool want = walked(texts[0], phrases[i], tag) || walked(texts[1], phrases[i], tag);

                T_CHECK(lp_words_seen(&words, at[i][tag], 1) == want, "%s \"%s\" in \"%.*s\" or \"%.*s\"",
                        tag ? "tag" : "phrase", phrases[i], (int)texts[0].n, (const char *)texts[0].p, (int)texts[1].n,
                        (const char *)texts[1].p);
            }
        }
    }
    lp_words_fini(&words);
    st_arena_free(arena);
}

T_TEST(words_survive_every_oom)
{
    const char *list[] = { "one", "two words", NULL };

    for (int nth = 1;; nth++) {
        struct lp_words *words = calloc(1, sizeof *words);
        struct st_arena *arena = st_arena_new(4096);
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc;
        size_t first;

        t_fail_alloc(nth);
        rc = lp_words_add(words, list, false, arena, &first, &err);
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        lp_words_fini(words);
        st_arena_free(arena);
        free(words);
        if (rc == ST_OK)
            break;
    }
}
