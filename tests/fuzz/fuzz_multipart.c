/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_multipart - multipart bodies with the boundary X: no crash, and every map stays inside its message. */
#include "tests/fuzz/decoded.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flt_input in = { .body = { data, size },
                            .content_type = ST_SPAN("multipart/form-data; boundary=X"),
                            .plain_limit = 1u << 20 };

    fuzz_decoded(&in);
    return 0;
}
