/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_form - urlencoded bodies; the same bytes are the query too: no crash, and every map stays inside its message. */
#include "tests/fuzz/decoded.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flt_input in = { .body = { data, size },
                            .content_type = ST_SPAN("application/x-www-form-urlencoded"),
                            .plain_limit = 1u << 20 };

    in.query = in.body;
    fuzz_decoded(&in);
    return 0;
}
