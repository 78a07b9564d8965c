/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_header - any bytes; the answer must not depend on how they were cut, and a header lies within its ceiling. */
#include "gateway/proxy_header.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_err err = ST_ERR_INIT;
    struct proxy_header whole, part;
    enum st_rc rc = proxy_header_parse(st_span(data, size), &whole, &err);

    if (rc == ST_OK && (whole.n == 0 || whole.n > size || whole.n > PROXY_HEADER_MAX))
        abort();
    if (rc == ST_AGAIN && size >= PROXY_HEADER_MAX)
        abort();
    if (rc == ST_OK && whole.has_addresses && whole.from.ss_family != whole.to.ss_family)
        abort();
    /* Once it is decided, more bytes change nothing; before that, fewer bytes only ask for more. */
    for (size_t cut = 0; cut < size; cut++) {
        enum st_rc earlier = proxy_header_parse(st_span(data, cut), &part, &err);

        if (earlier == ST_AGAIN)
            continue;
        if (earlier != rc || (rc == ST_OK && memcmp(&whole, &part, sizeof whole) != 0))
            abort();
    }
    return 0;
}
