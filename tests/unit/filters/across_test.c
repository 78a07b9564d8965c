/* SPDX-License-Identifier: Apache-2.0 */
/* across_test - the look across a border says no only where the scan finds nothing there.
 *
 * The detectors' own examples, as they are, in some disguise, beside a word of theirs or in a post, are cut anywhere
 * and put together again as messages of a chat would be. Each text is asked about and scanned.
 */
#include "benign.h"
#include "disguise_between.h"
#include "disguise_letters.h"
#include "filters/fake.h"
#include "filters/rules.h"
#include "shipped.h"
#include "t.h"

#define TEXTS 3000u
#define SIDE  160u /* bytes on each side of the border */

typedef void disguise_f(struct st_span s, struct st_buf *out);
static disguise_f *const disguises[] = { plain,      plain,      plain,          percent_all,  percent_twice,
                                         escape_u,   entity_hex, qp_all,         zero_width,   combining,
                                         each_space, each_dot,   groups_space,   groups_slash, groups_semicolon,
                                         folded,     bold,       newline_middle, concat_plus,  backtick_inside,
                                         full_width, homoglyphs, arabic_digits,  in_backticks, json_in_json };

/* What the whole scan says. */
static bool crosses(struct st_arena *arena, const struct flt_joined *joined)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_findings found;
    struct flt_doc *doc = NULL;
    bool any = false;

    T_OK(flt_text_doc(arena, joined->text, &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &found, NULL, &err), err);
    for (size_t i = 0; i < found.n; i++) {
        const struct flt_finding *f = &found.items[i];

        any = any || (f->run == NULL && f->from < joined->border && f->to > joined->border);
    }
    return any;
}

static bool may(struct st_arena *arena, const struct flt_joined *texts, size_t n)
{
    struct st_err err = ST_ERR_INIT;
    bool any = false;

    T_OK(flt_may_cross(scanner, arena, texts, n, &any, &err), err);
    return any;
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void put_word(struct st_buf *out, const struct flt_detector *d)
{
    for (unsigned tries = 0; tries < 2000; tries++) {
        size_t w = t_rand() % packs->n_words;

        if ((d->words[w / 64] >> (w % 64) & 1) != 0) {
            st_buf_str(out, packs->words[w]);
            st_buf_byte(out, ' ');
            return;
        }
    }
}

static void put_post(struct st_buf *out)
{
    struct st_buf post;

    st_buf_init(&post, 1u << 20);
    benign_post(t_rand() % 10000, &post);
    st_buf_span(out, st_span_sub(st_buf_view(&post), 0, t_rand() % 120));
    st_buf_fini(&post);
}

/* Answers where in it the example stands. */
static size_t make(struct st_buf *out, size_t *n)
{
    const struct flt_detector *d = &packs->rules[t_rand() % packs->n];
    const struct st_str *example = &d->match[t_rand() % d->n_match];
    struct st_err err = ST_ERR_INIT;
    struct st_buf value;
    size_t at, bad;

    st_buf_reset(out);
    st_buf_init(&value, 65536);
    if (t_rand() % 2 == 0)
        put_post(out);
    if (t_rand() % 2 == 0)
        put_word(out, d);
    T_OK(flt_fake_expand(st_span_str(example->s), t_rand(), &value, &bad, &err), err);
    at = out->n;
    disguises[t_rand() % ST_LEN(disguises)](st_buf_view(&value), out);
    *n = out->n - at;
    if (t_rand() % 2 == 0)
        put_post(out);
    st_buf_fini(&value);
    return at;
}

static size_t between_characters(struct st_span s, size_t at)
{
    while (at < s.n && (s.p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* The text cut at `at`, its halves put together with `joint` between. */
static struct flt_joined join(struct st_arena *arena, struct st_span s, size_t at, const char *joint)
{
    size_t from = between_characters(s, at > SIDE ? at - SIDE : 0), to = at + SIDE < s.n ? at + SIDE : s.n,
           gap = strlen(joint);
    uint8_t *text = st_arena_alloc(arena, to - from + gap + 1);

    to = between_characters(s, to);
    text = st_arena_alloc(arena, to - from + gap + 1);
    memcpy(text, s.p + from, at - from);
    memcpy(text + (at - from), joint, gap);
    memcpy(text + (at - from) + gap, s.p + at, to - at);
    return (struct flt_joined){ st_span(text, to - from + gap), (uint32_t)(at - from + gap) };
}

T_TEST(no_is_said_only_where_nothing_is)
{
    size_t n_crosses = 0, n_no = 0, n_vain = 0;
    struct st_buf text;

    once();
    t_seed(20261130);
    st_buf_init(&text, 1u << 20);
    for (unsigned i = 0; i < TEXTS; i++) {
        struct st_arena *arena = st_arena_new(16u << 20);
        size_t n, at = make(&text, &n);
        struct flt_joined joined[2];
        bool says, is;

        at = between_characters(st_buf_view(&text),
                                t_rand() % 3 > 0 ? at + t_rand() % (n + 1) : t_rand() % (text.n + 1));
        joined[0] = join(arena, st_buf_view(&text), at, "");
        joined[1] = join(arena, st_buf_view(&text), at, " ");
        is = crosses(arena, &joined[0]) || crosses(arena, &joined[1]);
        says = may(arena, joined, 2);
        T_CHECK(says || !is, "border %u of \"%.*s\"", joined[0].border, (int)joined[0].text.n,
                (const char *)joined[0].text.p);
        n_crosses += is;
        n_no += !says;
        n_vain += says && !is;
        st_arena_free(arena);
    }
    T_CHECK(n_crosses > TEXTS / 10 && n_no > TEXTS / 4, "%zu cross, %zu times no: the texts say too little", n_crosses,
            n_no);
    T_CHECK(n_vain < TEXTS / 20, "%zu times yes for nothing", n_vain);
    st_buf_fini(&text);
}

T_TEST(borders_and_texts_of_nothing)
{
    static const struct {
        const char *text;
        uint32_t border;
        bool may;
    } cases[] = {
        { "", 0, false },
        { "card 4111 1111 1111 1111", 0, false },
        { "card 4111 1111 1111 1111", 5, false }, /* it begins at the border */
        { "card 4111 1111 1111 1111", 6, true },
        { "card 4111 1111 1111 1111", 23, true },
        { "card 4111 1111 1111 1111", 24, false },
        { "card 4111 1111 1111 1111, thanks", 26, false },
        { "card 4111 1111 1111 1112", 12, false },
        { "IBAN DE02120300000000202051", 9, true },
        { "x\xcc\x81 card 4111%2011111111\xe2\x80\x8b"
          "1111",
          14, true },
    };

    once();
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        const struct flt_joined joined = { st_span_str(cases[i].text), cases[i].border };

        T_CHECK(may(arena, &joined, 1) == cases[i].may, "case %zu", i);
        st_arena_free(arena);
    }
}

/* After a look the scanner finds what it found before. */
T_TEST(a_look_leaves_nothing_behind)
{
    static const char text[] = "my card is 4111 1111 1111 1111, the key AKIAQ3EGRRN7XYJ7MZ2P";
    struct st_arena *arena = st_arena_new(1u << 20);
    const struct flt_joined joined = { st_span_str(text), 20 };
    struct flt_findings before, after;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    once();
    T_OK(flt_text_doc(arena, joined.text, &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &before, NULL, &err), err);
    T_CHECK(may(arena, &joined, 1), "the card crosses");
    T_OK(flt_scan(scanner, arena, doc, &after, NULL, &err), err);
    T_CHECK(before.n == 2 && after.n == 2, "%zu, then %zu", before.n, after.n);
    st_arena_free(arena);
    flt_scanner_free(scanner);
    flt_packs_release(packs);
}
