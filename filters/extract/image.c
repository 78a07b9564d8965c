/* SPDX-License-Identifier: Apache-2.0 */
/* image - what a picture says: the words in it, when tesseract is installed, and what its maker wrote beside them.
 *
 * Exif (TIFF 6.0, CIPA DC-008) is looked at for one thing by itself, whether the picture tells where it was taken; its
 * words lie in the file as rows of printable bytes.
 */
#include "filters/extract/extract.h"

#define TAG_GPS  0x8825u
#define TAGS_MAX 512u

static uint32_t number(struct st_span s, size_t at, size_t n, bool is_big)
{
    uint32_t v = 0;

    for (size_t i = 0; i < n && at + n <= s.n; i++)
        v |= (uint32_t)s.p[at + i] << 8 * (is_big ? n - 1 - i : i);
    return v;
}

/* tiff: from the byte order mark on; the GPS entry of the first directory. */
static bool has_gps(struct st_span tiff)
{
    bool is_big = st_span_starts(tiff, ST_SPAN("MM\0*"));
    uint32_t at = number(tiff, 4, 4, is_big), n = number(tiff, at, 2, is_big);

    if (!is_big && !st_span_starts(tiff, ST_SPAN("II*\0")))
        return false;
    for (uint32_t i = 0; i < n && i < TAGS_MAX; i++)
        if (number(tiff, (size_t)at + 2 + (size_t)i * 12, 2, is_big) == TAG_GPS)
            return true;
    return false;
}

static struct st_span exif_of(struct st_span bytes)
{
    size_t at = st_span_find(st_span_sub(bytes, 0, 1u << 20), ST_SPAN("Exif\0\0"));

    if (at != ST_SPAN_NPOS)
        return st_span_sub(bytes, at + 6, bytes.n);
    at = st_span_find(st_span_sub(bytes, 0, 1u << 20), ST_SPAN("eXIf")); /* PNG */
    return at != ST_SPAN_NPOS ? st_span_sub(bytes, at + 4, bytes.n) : bytes;
}

void ext_image(struct ext *x, struct st_span bytes)
{
    struct st_buf out;

    if (has_gps(exif_of(bytes)))
        ext_text(x, "exif", ST_SPAN("GPSInfo: the picture says where it was taken"));
    st_buf_init(&out, EXT_TEXT_MAX);
    if (x->reads_pictures && ext_tool(x, EXT_TESSERACT, bytes, &out))
        ext_text(x, "", st_buf_view(&out));
    else
        ext_note(x, FLT_REASON_MEDIA);
    st_buf_fini(&out);
    ext_strings(x, bytes);
}
