/* SPDX-License-Identifier: Apache-2.0 */
/* own_table - the file of keyed hashes: how it lies on disk, and looking one up.
 *
 * Internal to this room. Little-endian; sections follow one another, each at a multiple of 64 bytes:
 *   head    4096 bytes: struct own_head, and at the end the sum of the page
 *   names   per column or document: u32 type or words, u32 cells, u16 n, n bytes and a NUL
 *   index   2^bits + 1 u32: cells whose hash begins with the same `bits` bits lie between two of them
 *   filter  blocks of 64 bytes, four bits a hash: says no to nearly all that is not there, with one look at memory
 *   hashes  u64 a cell, in order
 *   refs    u32 a cell: row << 4 | column, or the document's number; in order within one hash
 * The map is shared by all processes through the page cache. Offsets that the file gives are never trusted further than
 * its size, and what index and refs say is held against the ceilings at every look: a hostile file can find nonsense,
 * and nothing else.
 */
#ifndef STOA_FILTERS_OWN_TABLE_H
#define STOA_FILTERS_OWN_TABLE_H
#include "base/hash64.h"
#include "filters/own.h"

#define OWN_MAGIC     0x316e776f616f7473u /* "stoaown1" */
#define OWN_HEAD      4096u
#define OWN_HEAD_SUM  (OWN_HEAD - 8)
#define OWN_BITS_MAX  28u
#define OWN_CELLS_MAX 0xFFFFFFF0u
#define OWN_BLOCK     64u /* bytes of the filter that one hash touches */
#define OWN_FILTER    12u /* bits of the filter a hash */
#define OWN_WORDS_MAX 8u  /* of a value */
#define OWN_NUMBER    48u /* characters of the longest number */
#define OWN_REF_NONE  UINT32_MAX

enum own_section { OWN_NAMES, OWN_INDEX, OWN_SIEVE, OWN_HASHES, OWN_REFS, OWN_SECTIONS };
enum own_kind { OWN_ROWS = 1, OWN_COPIES = 2 };

struct own_head {
    uint64_t magic;
    uint32_t kind, n_names;
    uint64_t size, cells, rows, values;
    uint64_t at[OWN_SECTIONS], len[OWN_SECTIONS], sum[OWN_SECTIONS];
    int64_t built_ms;
    uint64_t number_lengths; /* bit n: a number of n characters is there */
    uint32_t index_bits, words_max;
    uint32_t types; /* bit t: a column of that type is there */
    uint32_t spare;
    uint8_t salt[FLT_OWN_KEY_LEN]; /* of copies: the key itself */
    uint8_t key_check[8];          /* of rows: tells a wrong key */
};

static inline uint64_t own_aligned(uint64_t n) /* where the next section begins */
{
    return (n + 63) / 64 * 64;
}

struct own_keys { /* one for each kind of value, made of the file's key */
    struct st_sip word, value, number, email, date;
    uint8_t check[8];
};
ST_MUST enum st_rc own_keys_make(const struct flt_own_key *key, struct own_keys *out, struct st_err *err);

struct flt_own_table {
    unsigned magic;
    uint8_t *map; /* owned when is_mapped */
    size_t n;
    bool is_mapped;
    struct own_head head;
    const uint32_t *index, *refs;
    const uint64_t *hashes;
    const uint8_t *filter;
    uint64_t blocks;
};
#define FLT_OWN_MAGIC 0x666c746fu

/* bytes stay the caller's, aligned to 64. NULL in *why when it is fine, else a literal that says what is wrong. */
ST_MUST enum st_rc own_table_read(uint8_t *bytes, size_t n, struct flt_own_table *out, const char **why);

/* One name after another, from *at 0 on; false: no more. */
bool own_name_next(const struct flt_own_table *t, uint64_t *at, struct flt_own_names *out);
/* Of the column or document i; 0 past the end. */
uint32_t own_type_of(const struct flt_own_table *t, size_t i);

struct own_cells { /* those of one hash */
    uint32_t from, n;
};
/* Is it worth a look? One line of memory. */
bool own_may_have(const struct flt_own_table *t, uint64_t hash);
struct own_cells own_find(const struct flt_own_table *t, uint64_t hash);
void own_filter_add(uint8_t *filter, uint64_t blocks, uint64_t hash);

/* ---- writing (own_build.c) --------------------------------------------------------------------------------------- */

struct own_build;
/* A file at `to` when done; nothing of it is seen before. */
ST_MUST enum st_rc own_build_new(const char *to, struct own_build **out, struct st_err *err);
void own_build_free(struct own_build *b); /* NULL is fine */
/* ref OWN_REF_NONE: known to the filter only, as the beginning of longer values. Failure is told by own_build_done. */
void own_build_add(struct own_build *b, uint64_t hash, uint32_t ref);
/* A column or document, for the names that own_build_done takes. */
void own_put_name(struct st_buf *out, uint32_t type, uint32_t cells, struct st_span name);
/* head: kind, n_names, rows, words_max, number_lengths, types and key are the caller's; the rest is filled in. */
ST_MUST enum st_rc own_build_done(struct own_build *b, struct own_head *head, struct st_span names, struct st_err *err);
#endif
