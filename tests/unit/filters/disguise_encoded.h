/* SPDX-License-Identifier: Apache-2.0 */
/* disguise_encoded - a value as another alphabet writes it: base64, hexadecimal, base32, compressed, UTF-16. */
#ifndef STOA_TESTS_UNIT_FILTERS_DISGUISE_ENCODED_H
#define STOA_TESTS_UNIT_FILTERS_DISGUISE_ENCODED_H
#include "disguise_between.h"
#include <zlib.h>

static void bits(struct st_span s, struct st_buf *out, unsigned width, const char *digits)
{
    uint32_t value = 0;
    unsigned have = 0;

    for (size_t i = 0; i < s.n; i++) {
        value = (value << 8 | s.p[i]) & 0xFFFF;
        for (have += 8; have >= width; have -= width)
            st_buf_byte(out, (uint8_t)digits[value >> (have - width) & ((1u << width) - 1)]);
    }
    if (have > 0)
        st_buf_byte(out, (uint8_t)digits[value << (width - have) & ((1u << width) - 1)]);
}

static void base64(struct st_span s, struct st_buf *out)
{
    bits(s, out, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    st_buf_str(out, &"==="[3 - (3 - s.n % 3) % 3]);
}

static void base64_url(struct st_span s, struct st_buf *out)
{
    bits(s, out, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

static void through(struct st_span s, struct st_buf *out, const char *before,
                    void (*first)(struct st_span, struct st_buf *), void (*second)(struct st_span, struct st_buf *))
{
    struct st_buf mid;

    st_buf_init(&mid, 1 << 20);
    st_buf_str(&mid, before);
    if (first != NULL)
        first(s, &mid);
    else
        st_buf_span(&mid, s);
    second(st_buf_view(&mid), out);
    st_buf_fini(&mid);
}

static void base64_shift1(struct st_span s, struct st_buf *out)
{
    through(s, out, "x", NULL, base64);
}
static void base64_shift2(struct st_span s, struct st_buf *out)
{
    through(s, out, "xy", NULL, base64);
}
static void base64_twice(struct st_span s, struct st_buf *out)
{
    through(s, out, "", base64, base64);
}
static void base64_thrice(struct st_span s, struct st_buf *out)
{
    through(s, out, "", base64_twice, base64);
}
static void base64_attached(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "x");
    base64(s, out);
}

static void fold_76(struct st_span s, struct st_buf *out)
{
    between(s, out, 76, "\r\n");
}
static void base64_wrapped(struct st_span s, struct st_buf *out)
{
    through(s, out, "This letter is long enough to be folded by whatever mail program it goes through. ", base64,
            fold_76);
}
static void base64_narrow(struct st_span s, struct st_buf *out)
{
    struct st_buf mid;

    st_buf_init(&mid, 1 << 16);
    base64(s, &mid);
    between(st_buf_view(&mid), out, 24, "\n");
    st_buf_fini(&mid);
}

static void deflated(struct st_span s, struct st_buf *out, int bits_of)
{
    uint8_t room[8192];
    z_stream z = {
        .next_in = (uint8_t *)(uintptr_t)s.p, .avail_in = (unsigned)s.n, .next_out = room, .avail_out = sizeof room
    };

    if (deflateInit2(&z, 9, Z_DEFLATED, bits_of, 8, Z_DEFAULT_STRATEGY) == Z_OK &&
        deflate(&z, Z_FINISH) == Z_STREAM_END)
        st_buf_put(out, room, z.total_out);
    (void)deflateEnd(&z);
}
static void gzipped(struct st_span s, struct st_buf *out)
{
    deflated(s, out, 15 + 16);
}
static void zlibbed(struct st_span s, struct st_buf *out)
{
    deflated(s, out, 15);
}
static void base64_gzip(struct st_span s, struct st_buf *out)
{
    through(s, out, "", gzipped, base64);
}
static void base64_zlib(struct st_span s, struct st_buf *out)
{
    through(s, out, "", zlibbed, base64);
}
static void data_url(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "data:text/plain;base64,");
    base64(s, out);
}

static void hex_plain(struct st_span s, struct st_buf *out)
{
    each(s, out, "%02x");
}
static void hex_in_path(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "https://files.example/a/");
    each(s, out, "%02x");
    st_buf_str(out, "/z");
}
static void hex_spaced(struct st_span s, struct st_buf *out)
{
    each(s, out, "%02X ");
}
static void hex_colons(struct st_span s, struct st_buf *out)
{
    each(s, out, "%02x:");
}
static void hex_prefixed(struct st_span s, struct st_buf *out)
{
    each(s, out, "0x%02x, ");
}
static void base32(struct st_span s, struct st_buf *out)
{
    bits(s, out, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    while (out->n % 8 != 0)
        st_buf_byte(out, '=');
}

static void base32_low(struct st_span s, struct st_buf *out)
{
    bits(s, out, 5, "abcdefghijklmnopqrstuvwxyz234567");
}

static void hex_literal(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "0x");
    each(s, out, "%02x");
}

static void digits_85(struct st_span s, struct st_buf *out, const char *alphabet)
{
    for (size_t i = 0; i < s.n; i += 4) {
        size_t n = s.n - i < 4 ? s.n - i : 4;
        uint32_t value = 0;
        uint8_t digits[5];

        for (size_t k = 0; k < 4; k++)
            value = value << 8 | (k < n ? s.p[i + k] : 0);
        for (int k = 4; k >= 0; k--, value /= 85)
            digits[k] = alphabet != NULL ? (uint8_t)alphabet[value % 85] : (uint8_t)('!' + value % 85);
        st_buf_put(out, digits, n + 1);
    }
}
static void ascii85_bare(struct st_span s, struct st_buf *out)
{
    digits_85(s, out, NULL);
}
static void base85(struct st_span s, struct st_buf *out)
{
    digits_85(s, out, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~");
}

static void ascii85(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "<~");
    digits_85(s, out, NULL);
    st_buf_str(out, "~>");
}

static void utf16(struct st_span s, struct st_buf *out, bool is_big)
{
    for (size_t i = 0; i < s.n; i++) {
        st_buf_byte(out, is_big ? 0 : s.p[i]);
        st_buf_byte(out, is_big ? s.p[i] : 0);
    }
}
static void utf16_le(struct st_span s, struct st_buf *out)
{
    utf16(s, out, false);
}
static void utf16_be(struct st_span s, struct st_buf *out)
{
    utf16(s, out, true);
}
static void base64_utf16(struct st_span s, struct st_buf *out)
{
    through(s, out, "", utf16_le, base64);
}
#endif
