/* SPDX-License-Identifier: Apache-2.0 */
/* peel - which signs are escapes, and that a + is a blank only in a word that is in the coding of forms. */
#include "filters/views.h"
#include "t.h"
#include <string.h>

static const struct {
    const char *text, *peeled; /* NULL: no other reading */
} ROWS[] = {
    { "%2534%2531 11", "41 11" },
    { "key=4a+b%2Fc d", "key=4a b/c d" },
    { "1 + 1 %41", "1 + 1 A" },
    { "sum a+b, and %41+%42 c+d", "sum a+b, and A B c+d" },
    { "%41+%42\nc+d\te+%46", "A B\nc+d\te F" },
    { "a+b", NULL },
    { "=41=4B=49=41", "AKIA" },
    { "=41=4B", NULL },
    { "a=\nb", "ab" },
    { "no signs at all", NULL },
};

T_TEST(escapes_are_taken_off)
{
    for (size_t i = 0; i < ST_LEN(ROWS); i++) {
        struct flt_view raw = { .text = st_span_str(ROWS[i].text) }, out;
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_err err = ST_ERR_INIT;
        bool any = false;

        T_OK(flt_peel(arena, &raw, &out, &any, &err), err);
        T_CHECK(any == (ROWS[i].peeled != NULL), "row %zu: %d", i, any);
        T_CHECK(!any || st_span_eq(out.text, st_span_str(ROWS[i].peeled)), "row %zu: %.*s", i, (int)out.text.n,
                (const char *)out.text.p);
        st_arena_free(arena);
    }
}

/* What a + is may not depend on what comes much later: a part of the text would be read in another way. */
T_TEST(a_word_alone_decides)
{
    static const char front[] = "card 4111+1111+1111+1111 and ", back[] = "here goes %41 at last";
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    char text[sizeof front + 3000 + sizeof back];
    struct flt_view raw, out;
    bool any = false;

    memset(text, ' ', sizeof text);
    memcpy(text, front, sizeof front - 1);
    memcpy(text + sizeof text - sizeof back, back, sizeof back - 1);
    raw = (struct flt_view){ .text = { (const uint8_t *)text, sizeof text } };
    T_OK(flt_peel(arena, &raw, &out, &any, &err), err);
    T_CHECK(any && st_span_find(out.text, ST_SPAN("4111 1111")) == ST_SPAN_NPOS, "turned by a sign far behind");
    st_arena_free(arena);
}
