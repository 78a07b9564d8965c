/* SPDX-License-Identifier: Apache-2.0 */
/* hello - any bytes; the answer must not depend on how they were cut. */
#include "gateway/hello.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_err err = ST_ERR_INIT;
    struct hello whole, part;
    enum st_rc rc = hello_parse(st_span(data, size), &whole, &err);

    /* Once it is decided, more bytes change nothing; before that, fewer bytes only ask for more. */
    for (size_t cut = 0; cut < size && size < 4096; cut++) {
        enum st_rc earlier = hello_parse(st_span(data, cut), &part, &err);

        if (earlier == ST_AGAIN)
            continue;
        if (earlier != rc || (rc == ST_OK && memcmp(&whole, &part, sizeof whole) != 0))
            abort();
    }
    return 0;
}
