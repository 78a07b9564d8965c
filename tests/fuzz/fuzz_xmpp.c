/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xmpp - any bytes as a stanza; what was written over still parses, and nothing else in it changed. */
#include "tests/fuzz/rewritten.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flt_input in = { .body = { data, size },
                            .content_type = ST_SPAN("text/xml; charset=utf-8"),
                            .plain_limit = 1u << 20,
                            .wire = FLT_WIRE_XMPP,
                            .is_message = true };

    fuzz_decoded(&in);
    fuzz_rewritten(&in);
    return 0;
}
