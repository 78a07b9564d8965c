/* SPDX-License-Identifier: Apache-2.0 */
/* llhttp - the HTTP/1 codec beside llhttp's: what they disagree on is explained in docs/why/http1-differences.md.
 *
 * The input is that of fuzz_http1.c. A difference without a row in the table is a finding.
 */
#include "tests/fuzz/differences.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct difference_table table;
    struct difference found;

    if (table.n == 0)
        differences_load(&table, STOA_DIFFERENCES);
    found = differences_of(st_span(data, size));
    if (found.who == NULL || differences_find(&table, &found) != NULL)
        return 0;
    fprintf(stderr, "not in the table: | %s | %s | ", found.who, found.reason);
    told_show(st_span(data, size));
    told_must(false, "every difference is explained");
    return 0;
}
