/* SPDX-License-Identifier: Apache-2.0 */
/* parts_test - the cutting is the same however the bytes come, and what is kept shows a decoder the same texts. */
#include "decode_helper.h"

#define TYPE    "multipart/form-data; boundary=XX"
#define TEXT(t) "--XX\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n" t "\r\n"
#define FILM_HEAD \
    "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
#define FILM_SIZE 5000u

static struct st_buf message;

/* '@' stands for a film, '#' for one without its head, '%' for one that holds things that look like delimiters. */
static struct st_span make(const char *shape)
{
    st_buf_fini(&message);
    st_buf_init(&message, 1u << 20);
    for (; *shape != '\0'; shape++) {
        if (*shape != '@' && *shape != '#' && *shape != '%') {
            st_buf_byte(&message, (uint8_t)*shape);
            continue;
        }
        if (*shape != '#')
            st_buf_str(&message, FILM_HEAD);
        st_buf_put(&message,
                   "\0\0\0\x20"
                   "ftypisom",
                   12);
        for (unsigned i = 12; i < FILM_SIZE; i++)
            st_buf_byte(&message, (uint8_t)(128 + t_below(128)));
        if (*shape == '%')
            st_buf_str(&message, "\r\n--X\r\n--XY\r\r\n-");
        if (*shape != '#')
            st_buf_str(&message, "\r\n");
    }
    return st_buf_view(&message);
}

/* Cuts the message given in pieces of `step`; what is kept and what is media, each as one. */
static void cut(const char *type, struct st_span whole, size_t step, struct st_buf *kept, struct st_buf *media)
{
    struct flt_parts *parts = flt_parts_new(st_span_str(type));
    struct st_err err = ST_ERR_INIT;
    struct st_span piece;
    enum flt_cut what;

    T_CHECK(parts != NULL, "no cutter");
    st_buf_init(kept, 1u << 20);
    st_buf_init(media, 1u << 20);
    for (size_t at = 0; at <= whole.n; at += step) {
        T_OK(flt_parts_feed(parts, st_span_sub(whole, at, step), &err), err);
        if (at + step > whole.n)
            flt_parts_end(parts);
        while (flt_parts_next(parts, &piece, &what))
            st_buf_span(what == FLT_CUT_KEEP ? kept : media, piece);
    }
    flt_parts_free(parts);
}

static const struct {
    const char *shape;
    size_t media; /* bytes that need not be looked into */
} rows[] = {
    { "@--XX--\r\n", FILM_SIZE - FLT_SNIFF },
    { TEXT("before") "@" TEXT("behind") "--XX--\r\n", FILM_SIZE - FLT_SNIFF },
    { TEXT("a") "@@" TEXT("b") "@--XX--", 3 * (FILM_SIZE - FLT_SNIFF) },
    { TEXT("") "%--XX--\r\n", FILM_SIZE - FLT_SNIFF + 15 },
    { "@--XX  \r\n\r\nno head\r\n--XX\r\n--XX\r\n\r\n--XX--\r\n", FILM_SIZE - FLT_SNIFF },
    { TEXT("only text") "--XX--\r\n", 0 },
    { "#", 0 },
    { "in front\r\n@--XX--\r\n", 0 },
    { "--XX--\r\n@--XX--\r\n", 0 },                      /* behind the last delimiter */
    { "--XXY\r\n@--XX--\r\n", 0 },                       /* which of the two is one? */
    { "@--XX--\r\n@--XX--\r\n", FILM_SIZE - FLT_SNIFF }, /* the second is behind the end */
    { "--XX\r\n\r\n#\r\n--XX--\r\n", 0 },                /* no head: the value of a form control */
    { "--XX\r\nContent-Type: text/plain\r\n\r\n#\r\n--XX--\r\n", 0 },
    { "--XX\r\nContent-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n#\r\n--XX--\r\n", 0 },
    { "--XX\r\nContent-Type: video/mp4\r\nContent-Type: text/plain\r\n\r\n#\r\n--XX--\r\n", 0 },
    { "--XX\r\nContent-Type: video/mp4\r\n folded\r\n\r\n#\r\n--XX--\r\n", 0 },
    { "--XX\nContent-Type: video/mp4\n\n#\n--XX--\n", 0 },
    { "", 0 },
};

T_TEST(cut_the_same_in_any_pieces)
{
    static const size_t STEPS[] = { 1, 2, 3, 7, 64, 1024, 4096, 100000 };

    t_seed(3);
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_span whole = make(rows[i].shape);

        for (size_t k = 0; k < ST_LEN(STEPS); k++) {
            struct st_buf kept, media;

            cut(TYPE, whole, STEPS[k], &kept, &media);
            T_CHECK(media.n == rows[i].media, "row %zu step %zu: %zu bytes of media", i, STEPS[k], media.n);
            T_CHECK(kept.n + media.n == whole.n, "row %zu step %zu: %zu + %zu of %zu", i, STEPS[k], kept.n, media.n,
                    whole.n);
            st_buf_fini(&kept);
            st_buf_fini(&media);
        }
    }
    st_buf_fini(&message);
}

/* A body cut open and closed by hand has the texts of the whole one. */
T_TEST(what_is_kept_reads_the_same)
{
    static const char *const SHAPES[] = { TEXT("before") "@" TEXT("behind") "--XX--\r\n",
                                          TEXT("a") "%" TEXT("b") "@" TEXT("c") "--XX--\r\nafter" };

    t_seed(4);
    for (size_t i = 0; i < ST_LEN(SHAPES); i++) {
        struct st_span whole = make(SHAPES[i]);
        struct st_buf kept, media, a, b;

        cut(TYPE, whole, 100, &kept, &media);
        for (unsigned which = 0; which < 2; which++) {
            struct st_arena *arena = st_arena_new(8u << 20);
            const struct flt_input in = { .body = which == 0 ? whole : st_buf_view(&kept),
                                          .content_type = ST_SPAN(TYPE) };
            struct st_buf *out = which == 0 ? &a : &b;
            struct flt_doc *doc;
            struct st_err err = ST_ERR_INIT;

            T_OK(flt_decode(arena, &in, &doc, &err), err);
            st_buf_init(out, 1u << 16);
            for (size_t f = 0; f < doc->n; f++) {
                if (st_span_ends(doc->fields[f].path, ST_SPAN("@seen")))
                    continue;
                st_buf_span(out, doc->fields[f].path);
                st_buf_byte(out, '=');
                st_buf_span(out, doc->fields[f].text);
            }
            st_arena_free(arena);
        }
        T_CHECK(st_span_eq(st_buf_view(&a), st_buf_view(&b)), "%.*s\n%.*s", (int)a.n, a.p, (int)b.n, b.p);
        st_buf_fini(&a);
        st_buf_fini(&b);
        st_buf_fini(&kept);
        st_buf_fini(&media);
    }
    st_buf_fini(&message);
}

T_TEST(media_is_what_its_bytes_say)
{
    static const struct {
        const char *type, *bytes;
        size_t n;
        bool is_media;
    } ROWS[] = {
        { "video/mp4",
          "\0\0\0\x20"
          "ftypisom\0\0",
          14, true },
        { "application/octet-stream",
          "\0\0\0\x20"
          "ftypisom\0\0",
          14, true },
        { "", "\x89PNG\r\n\x1a\n\0\0", 10, true },
        { "image/png", "my card 4111 1111 1111 1111", 27, false },
        { "text/plain", "\x89PNG\r\n\x1a\n\0\0", 10, false },
        { "application/json", "\x89PNG\r\n\x1a\n\0\0", 10, false },
        { "image/svg+xml", "\x89PNG\r\n\x1a\n\0\0", 10, false },
        { "video/mp4", "\x01\x02\x03 a part of one", 18, true },
        { "video/mp4", "PK\x03\x04\0\0 a document", 17, false },
        { "image/png",
          "\xC7\x71"
          "a card and who holds it",
          25, false }, /* an archive */
        { "application/octet-stream", "\x01\x02\x03 who knows", 13, false },
        { "application/pdf", "%PDF-1.7\n\x01", 10, false },
    };

    for (size_t i = 0; i < ST_LEN(ROWS); i++)
        T_CHECK(flt_is_media(st_span_str(ROWS[i].type), st_span(ROWS[i].bytes, ROWS[i].n)) == ROWS[i].is_media,
                "row %zu", i);
    T_CHECK(flt_parts_new(ST_SPAN("multipart/form-data")) == NULL, "no boundary");
    T_CHECK(flt_parts_new(ST_SPAN("text/plain; boundary=x")) == NULL, "no multipart");
}
