/* SPDX-License-Identifier: Apache-2.0 */
/* alike - see alike.h.
 *
 * A Russian word has no Latin letter in it, and a token with a Cyrillic one is no word of any language. So a run of
 * letters and digits is read as ASCII only when it has both, and each letter that is not ASCII has a twin.
 */
#include "filters/alike.h"
#include "base/bytes.h"
#include "filters/map.h"
#include <string.h>

/* Letters that most fonts draw like a Latin one; small on purpose, it decides about tokens and not about prose. */
#define TWINS_FROM      0x391
#define TWIN(cp, latin) [(cp)-TWINS_FROM] = (latin)
static const char twins[] = {
    TWIN(0x0391, 'A'), TWIN(0x0392, 'B'), TWIN(0x0395, 'E'), TWIN(0x0396, 'Z'), TWIN(0x0397, 'H'), TWIN(0x0399, 'I'),
    TWIN(0x039A, 'K'), TWIN(0x039C, 'M'), TWIN(0x039D, 'N'), TWIN(0x039F, 'O'), TWIN(0x03A1, 'P'), TWIN(0x03A4, 'T'),
    TWIN(0x03A5, 'Y'), TWIN(0x03A7, 'X'), TWIN(0x03B1, 'a'), TWIN(0x03B9, 'i'), TWIN(0x03BA, 'k'), TWIN(0x03BD, 'v'),
    TWIN(0x03BF, 'o'), TWIN(0x03C1, 'p'), TWIN(0x03C5, 'u'), TWIN(0x03C7, 'x'), TWIN(0x0405, 'S'), TWIN(0x0406, 'I'),
    TWIN(0x0408, 'J'), TWIN(0x0410, 'A'), TWIN(0x0412, 'B'), TWIN(0x0415, 'E'), TWIN(0x041A, 'K'), TWIN(0x041C, 'M'),
    TWIN(0x041D, 'H'), TWIN(0x041E, 'O'), TWIN(0x0420, 'P'), TWIN(0x0421, 'C'), TWIN(0x0422, 'T'), TWIN(0x0423, 'Y'),
    TWIN(0x0425, 'X'), TWIN(0x0430, 'a'), TWIN(0x0433, 'r'), TWIN(0x0435, 'e'), TWIN(0x043A, 'k'), TWIN(0x043C, 'm'),
    TWIN(0x043E, 'o'), TWIN(0x043F, 'n'), TWIN(0x0440, 'p'), TWIN(0x0441, 'c'), TWIN(0x0442, 't'), TWIN(0x0443, 'y'),
    TWIN(0x0445, 'x'), TWIN(0x0455, 's'), TWIN(0x0456, 'i'), TWIN(0x0458, 'j'), TWIN(0x0475, 'v'), TWIN(0x04AE, 'Y'),
    TWIN(0x04BA, 'h'), TWIN(0x04BB, 'h'), TWIN(0x04C0, 'I'), TWIN(0x04CF, 'l'), TWIN(0x0501, 'd'), TWIN(0x050C, 'G'),
    TWIN(0x051A, 'Q'), TWIN(0x051B, 'q'), TWIN(0x051C, 'W'), TWIN(0x051D, 'w'),
};

uint8_t flt_twin_of(int32_t cp)
{
    return cp >= TWINS_FROM && cp < TWINS_FROM + (int32_t)sizeof twins ? (uint8_t)twins[cp - TWINS_FROM] : 0;
}

static uint8_t twin_at(const uint8_t *p)
{
    return flt_twin_of((int32_t)((p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu)));
}

static bool is_token_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* A run of token bytes and two-byte letters from p on; *is_mixed: it has both, and every letter has a Latin twin. */
static const uint8_t *token_run(const uint8_t *p, const uint8_t *end, bool *is_mixed)
{
    bool has_ascii = false, has_letters = false, all_alike = true;

    while (p < end) {
        if (is_token_byte(*p)) {
            has_ascii = true;
            p++;
        } else if (*p >= 0xC3 && *p <= 0xDF && end - p > 1) {
            has_letters = true;
            all_alike = all_alike && twin_at(p) != 0;
            p += 2;
        } else {
            break;
        }
    }
    *is_mixed = has_ascii && has_letters && all_alike;
    return p;
}

static const uint8_t *two_byte_letter(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= ST_BYTES_STEP; p += ST_BYTES_STEP) {
        unsigned letters = st_bytes_in(p, 0xC3, 0xDF);

        if (letters != 0)
            return p + st_bytes_first(letters);
    }
    while (p < end && !(*p >= 0xC3 && *p <= 0xDF))
        p++;
    return p;
}

const uint8_t *flt_mixed_run(const uint8_t *p, const uint8_t *end, const uint8_t **stop)
{
    for (;;) {
        const uint8_t *from = two_byte_letter(p, end);
        bool is_mixed;

        if (end - from < 2)
            return NULL;
        while (from > p && is_token_byte(from[-1]))
            from--;
        *stop = token_run(from, end, &is_mixed);
        if (is_mixed)
            return from;
        p = *stop;
    }
}

/* Writes the Latin twins of a run over the text; answers the new end. */
static uint8_t *write_twins(const uint8_t *p, const uint8_t *end, uint8_t *to, struct flt_build *build)
{
    while (p < end) {
        if (*p < 0x80) {
            *to++ = *p++;
            flt_build_copy(build, 1);
            continue;
        }
        *to++ = twin_at(p);
        flt_build_unit(build, 1, 2);
        p += 2;
    }
    return to;
}

size_t flt_fold_alike(uint8_t *text, size_t n, struct flt_build *build, bool *any)
{
    const uint8_t *p = text, *end = text + n, *run, *stop;
    uint8_t *to = text;

    while ((run = flt_mixed_run(p, end, &stop)) != NULL) {
        memmove(to, p, (size_t)(run - p));
        flt_build_copy(build, (size_t)(run - p));
        to = write_twins(run, stop, to + (run - p), build);
        *any = true;
        p = stop;
    }
    if (!*any)
        return n;
    memmove(to, p, (size_t)(end - p));
    flt_build_copy(build, (size_t)(end - p));
    return (size_t)(to + (end - p) - text);
}
