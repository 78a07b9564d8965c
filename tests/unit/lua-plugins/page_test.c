/* SPDX-License-Identifier: Apache-2.0 */
/* page - title, language and text of real and broken HTML, bounded in time and size. */
#include "plugins.h"
#include "t.h"

static const struct {
    const char *html, *title, *lang, *text;
} cases[] = {
    { "<!DOCTYPE html><html lang=\"en-GB\"><head><title>A &amp; B</title><style>p{}</style></head>"
      "<body><h1>Head</h1><p>One <b>bold</b> word.</p><p>Two</p></body></html>",
      "A & B", "en-GB", "Head\nOne bold word.\nTwo" },
    { "<html lang=de><title>Gr&uuml;&szlig;e\n an  alle</title><p>&euro; 5&nbsp;&#8211;&#x2014; &unknown; &",
      "Grüße an alle", "de", "€ 5 –— &unknown; &" },
    { "<html><script>var a = '<p>no</p>';</script><!-- <p>no</p> --><p>yes<script src=x></script>!", "", "", "yes!" },
    { "<html><nav>Menu <a href=x>Home</a></nav><main><article>Main <i>text</i></article></main><footer>f</footer>", "",
      "", "Main text" },
    { "<html><body><nav>never closed <p>x<main>still found</main>", "", "", "still found" },
    { "<html><p title='a > b' data-x=\">\">quoted</p><br/>line<br>next", "", "", "quoted\nline\nnext" },
    { "<html><p>a < b and c > d</p><p>1<2", "", "", "a < b and c > d\n1<2" },
    { "<html><svg><title>icon</title></svg><title>page</title><p>x", "page", "", "x" },
    { "<html><p>a<wbr>b<span>c</span>&shy;d</p>", "", "", "abcd" },
    { "<html><", "", "", "<" },
    { "<html></", "", "", "" },
    { "<html><p>&#0;&#xD800;&#1114112;&#99999999999;&#x2@14;&#x4@;</p>", "", "",
      "&#0;&#xD800;&#1114112;&#99999999999;&#x2@14;&#x4@;" },
    { "<html><textarea>typed</textarea><select><option>one</select><p>seen", "", "", "seen" },
    { "<html><script>never closed <p>x", "", "", "" },
    { "<html><!-- never closed <p>x", "", "", "" },
};

static void read_page(struct st_arena *arena, const char *html, struct st_span out[3])
{
    struct st_err err = ST_ERR_INIT;

    struct lp_page page;

    T_OK(lp_page_text(arena, st_span_str(html), ST_SPAN("text/html; charset=utf-8"), &page, &err), err);
    out[0] = page.title;
    out[1] = page.lang;
    out[2] = page.text;
}

T_TEST(pages)
{
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct st_span out[3];
        const char *wanted[] = { cases[i].title, cases[i].lang, cases[i].text };

        read_page(arena, cases[i].html, out);
        for (int k = 0; k < 3; k++)
            T_CHECK(st_span_eq(out[k], st_span_str(wanted[k])), "%s part %d is '%.*s'", cases[i].html, k, (int)out[k].n,
                    (const char *)out[k].p);
        st_arena_free(arena);
    }
}

T_TEST(every_cut_of_a_page_is_read)
{
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        for (size_t n = 0; n <= strlen(cases[i].html); n++) {
            struct st_arena *arena = st_arena_new(4u << 20);
            char *cut = strndup(cases[i].html, n); /* exactly n bytes: the sanitizer sees a read behind them */
            struct st_span out[3];

            read_page(arena, cut, out);
            free(cut);
            st_arena_free(arena);
        }
    }
}

T_TEST(plain_text_stays_as_it_is)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_page page;

    T_OK(lp_page_text(arena, ST_SPAN("a <b> c"), ST_SPAN("text/plain"), &page, &err), err);
    T_CHECK(st_span_eq(page.text, ST_SPAN("a <b> c")) && page.title.n == 0 && page.lang.n == 0, "changed");
    T_OK(lp_page_text(arena, ST_SPAN_NONE, ST_SPAN("text/plain"), &page, &err), err);
    T_CHECK(page.text.n == 0, "not empty");
    T_OK(lp_page_text(arena, ST_SPAN("  <!DOCTYPE HTML><p>x"), ST_SPAN_NONE, &page, &err), err);
    T_CHECK(st_span_eq(page.text, ST_SPAN("x")), "not seen as HTML");
    st_arena_free(arena);
}

T_TEST(a_hostile_page_is_bounded)
{
    static const char *const parts[] = { "<a b='>", "<p>",     "<script>", "&#", "</",
                                         "<!--",    "<title>", "<main>",   "x",  "&shy;" };
    size_t size = 1u << 20;
    char *page = malloc(size + 1);

    for (size_t i = 0; i < ST_LEN(parts); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct st_span out[3];
        size_t n = strlen(parts[i]);

        for (size_t at = 0; at < size; at++)
            page[at] = parts[i][at % n];
        memcpy(page, "<html>", 6);
        page[size] = '\0';
        read_page(arena, page, out);
        T_CHECK(out[2].n <= 512u << 10, "%s gave %zu bytes", parts[i], out[2].n);
        st_arena_free(arena);
    }
    free(page);
}

T_TEST(random_pages_do_no_harm)
{
    static const char alphabet[] = "<>/!-&;#x'\"= aptitlenavmain\n";

    t_seed(11);
    for (int round = 0; round < 2000; round++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        char page[257];
        struct st_span out[3];
        size_t n = t_below(sizeof page - 1);

        for (size_t i = 0; i < n; i++)
            page[i] = alphabet[t_below(sizeof alphabet - 1)];
        page[n] = '\0';
        read_page(arena, page, out);
        st_arena_free(arena);
    }
}

T_TEST(a_page_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_err err = ST_ERR_INIT;
        struct lp_page page;
        enum st_rc rc;
        bool is_end;

        t_fail_alloc(nth);
        rc = lp_page_text(arena, st_span_str(cases[0].html), ST_SPAN("text/html"), &page, &err);
        is_end = !t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "%s", err.what);
        st_arena_free(arena);
        if (is_end)
            break;
    }
}

T_TEST(the_day_a_page_says_of_itself)
{
    static const struct {
        const char *head;
        uint64_t day; /* since 1970 */
    } days[] = {
        { "<meta property='article:published_time' content='2000-03-01T08:00:00+01:00'>", 11017 },
        { "<meta name=date content=1971-01-01>", 365 },
        { "<meta content=\"2024-02-29\" itemprop=datePublished>", 19782 },
        { "<time itemprop=datePublished datetime=2026-11-30>today</time>", 20787 },
        { "<time datetime=2026-11-30>of a comment</time>", 0 },
        { "<meta name=date content='1 May 2020'>", 0 },
        { "<meta name=date content='2020-13-01'>", 0 },
        { "<meta name=date content='2020-1'>", 0 },
        { "<meta name=date content=''><meta name=pubdate content=2000-03-01>", 11017 },
        { "<meta name=author content='2020-01-01'>", 0 },
    };

    for (size_t i = 0; i < ST_LEN(days); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_err err = ST_ERR_INIT;
        struct lp_page page;
        char html[256];

        (void)snprintf(html, sizeof html, "<html><head>%s</head><p>x", days[i].head);
        T_OK(lp_page_text(arena, st_span_str(html), ST_SPAN("text/html"), &page, &err), err);
        T_CHECK(page.published_ms == days[i].day * 86400000u, "%s: %llu", days[i].head,
                (unsigned long long)(page.published_ms / 86400000u));
        st_arena_free(arena);
    }
}
