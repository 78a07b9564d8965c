/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_own - files of own data: whatever is in them, sums that fit included, a look finds nonsense at worst. */
#include "filters/own_words.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes every sum right, as somebody would who writes such a file by hand. */
static void mend_sums(uint8_t *bytes, size_t n)
{
    struct own_head head;
    uint64_t sum;

    memcpy(&head, bytes, sizeof head);
    head.magic = OWN_MAGIC;
    head.size = n;
    for (size_t i = 0; i < OWN_SECTIONS; i++)
        if (head.at[i] < n && head.len[i] <= n - head.at[i] && head.at[i] >= OWN_HEAD)
            head.sum[i] = st_sum64(0, st_span(bytes + head.at[i], head.len[i]));
    memcpy(bytes, &head, sizeof head);
    sum = st_sum64(0, st_span(bytes, OWN_HEAD_SUM));
    memcpy(bytes + OWN_HEAD_SUM, &sum, sizeof sum);
}

/* In a table that nobody sorted the cells may be those of other hashes, but they are cells of the table. */
static void look(const struct flt_own_table *t, uint64_t hash)
{
    struct own_cells cells = own_find(t, hash);

    (void)own_may_have(t, hash);
    if (cells.from > t->head.cells || cells.n > t->head.cells - cells.from ||
        (cells.n > 0 && t->hashes[cells.from] != hash))
        abort();
}

static void use(uint8_t *bytes, size_t n)
{
    static const struct flt_own_key key = { .bytes = "0123456789abcdef" };
    struct flt_own_names name;
    struct flt_own_facts facts;
    struct flt_own_table t;
    const char *why;

    if (own_table_read(bytes, n, &t, &why) != ST_OK)
        return;
    flt_own_facts(&t, &facts);
    (void)flt_own_key_fits(&t, &key);
    for (size_t i = 0; flt_own_name(&t, i, &name); i++)
        (void)flt_own_rows_of(&t, &key, st_span(bytes, n < 64 ? n : 64), i);
    for (uint64_t i = 0; i < t.head.cells && i < 256; i++)
        look(&t, t.hashes[i]);
    look(&t, 0);
    look(&t, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = aligned_alloc(64, (size + 64) / 64 * 64);

    if (bytes == NULL || size == 0) {
        free(bytes);
        return 0;
    }
    memcpy(bytes, data, size);
    use(bytes, size);
    if (size >= OWN_HEAD) {
        mend_sums(bytes, size);
        use(bytes, size);
    }
    free(bytes);
    return 0;
}
