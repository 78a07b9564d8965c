/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_socketio - any bytes as a WebSocket message and as the body of a poll of each version.
 *
 * The first byte says which. Besides what holds for every message: redacting nothing gives the same bytes, and a
 * message of which one field was written over reads as before but for that field.
 */
#include "tests/fuzz/rewritten.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const queries[] = { "EIO=3&sid=a", "EIO=4&sid=a" }, *const types[] = {
        "text/plain;charset=UTF-8", "application/octet-stream", "application/x-www-form-urlencoded"
    };
    struct flt_input in = { .plain_limit = 1u << 20, .wire = FLT_WIRE_SOCKETIO };

    if (size < 1)
        return 0;
    in.query = st_span_str(queries[data[0] & 1]);
    in.content_type = st_span_str(types[(data[0] >> 1) % 3]);
    in.is_message = (data[0] & 8) != 0;
    in.body = st_span(data + 1, size - 1);
    fuzz_decoded(&in);
    fuzz_rewritten(&in);
    return 0;
}
