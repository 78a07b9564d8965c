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

    for (uint32_t i = any(64); i > 0; i--) {
        const char *part = any(2) ? phrases[any(ST_LEN(phrases))] : more[any(ST_LEN(more))];
        size_t len = strlen(part);

        if (n + len > size)
            break;
        memcpy(out + n, part, len);
        n += len;
    }
    return st_span(out, n);
}

/* Short ones may begin anywhere: without them most beginnings are of no group. */
static bool is_sparse(size_t i)
{
    return strlen(phrases[i]) > 2;
}

static void check_seen(const struct lp_words *words, const size_t at[2], size_t i, const struct st_span texts[2])
{
    for (int tag = 0; tag < 2; tag++) {
        bool want = walked(texts[0], phrases[i], tag) || walked(texts[1], phrases[i], tag);

        T_CHECK(lp_words_seen(words, at[tag], 1) == want, "%s \"%s\" in \"%.*s\" or \"%.*s\"", tag ? "tag" : "phrase",
                phrases[i], (int)texts[0].n, (const char *)texts[0].p, (int)texts[1].n, (const char *)texts[1].p);
    }
}

/* Reads as machines with and without AVX2 do, in turn. */
static void read_as(struct lp_words *words, const struct st_span texts[2], unsigned n)
{
    if (n % 2 == 0) {
        lp_words_read(words, texts, 2);
        return;
    }
    forget(words);
    read_text(words, texts[0], false);
    read_text(words, texts[1], false);
}

static void one_pass(size_t first, size_t end, bool (*is_in)(size_t))
{
    struct lp_words *words = calloc(1, sizeof *words);
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    size_t at[ST_LEN(phrases)][2];

    for (size_t i = first; i < end; i++) {
        const char *list[] = { phrases[i], NULL };

        if (!is_in(i))
            continue;
        T_OK(lp_words_add(words, list, false, arena, &at[i][0], &err), err);
        T_OK(lp_words_add(words, list, true, arena, &at[i][1], &err), err);
    }
    for (unsigned n = 0; n < 10000; n++) {
        uint8_t bytes[2][400];
        struct st_span texts[] = { random_text(bytes[0], sizeof bytes[0]), random_text(bytes[1], sizeof bytes[1]) };
        struct st_buf packed;

        read_as(words, texts, n);
        st_buf_init(&packed, 4096);
        lp_words_write(words, &packed);
        if (any(2)) { /* what was packed says the same, whatever was seen meanwhile */
            lp_words_read(words, (struct st_span[]){ ST_SPAN("K8s, C++ and .net; #go #th") }, 1);
            lp_words_know(words, st_buf_view(&packed));
        }
        st_buf_fini(&packed);
        for (size_t i = first; i < end; i++)
            if (is_in(i))
                check_seen(words, at[i], i, texts);
    }
    lp_words_fini(words);
    st_arena_free(arena);
    free(words);
}

static bool each(size_t i)
{
    return i < ST_LEN(phrases);
}

T_TEST(one_pass_sees_what_many_walks_see)
{
    one_pass(0, ST_LEN(phrases), each);
}

T_TEST(and_what_few_phrases_leave_out)
{
    for (size_t i = 0; i < ST_LEN(phrases); i += 3)
        one_pass(i, i + 2, each);
    one_pass(0, ST_LEN(phrases), is_sparse);
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
