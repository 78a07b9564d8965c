/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_extract - a file of any kind, walked without helping programs: no crash, bounded texts, always an end record. */
#include "filters/extract/extract.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t texts;
    bool has_end;
};

static void emit(void *ctx, enum flt_record kind, struct st_span name, struct st_span text)
{
    struct seen *seen = ctx;

    if (seen->has_end || name.n > EXT_PATH_MAX)
        abort();
    seen->has_end = kind == FLT_RECORD_END;
    if (kind == FLT_RECORD_TEXT && (seen->texts += text.n) > EXT_TEXT_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = { 0, false };
    struct ext x = {
        .emit = emit, .ctx = &seen, .tools = -1, .text_max = EXT_TEXT_MAX, .depth_max = FLT_EXTRACT_DEPTH
    };

    ext_file(&x, st_span(data, size));
    if (!seen.has_end)
        abort();
    return 0;
}
