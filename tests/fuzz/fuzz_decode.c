/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode - the whole driver: the first line is the content type, the second the content coding, the rest the body.
 */
#include "tests/fuzz/decoded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct st_span take_line(struct st_span *rest)
{
    size_t n = st_span_chr(*rest, '\n');
    struct st_span line = st_span_sub(*rest, 0, n == ST_SPAN_NPOS ? rest->n : n);

    *rest = n == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(*rest, n + 1, rest->n - n - 1);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flt_input in = { .body = { data, size }, .plain_limit = 1u << 20 };

    in.content_type = take_line(&in.body);
    in.content_encoding = take_line(&in.body);
    fuzz_decoded(&in);
    return 0;
}
