/* SPDX-License-Identifier: Apache-2.0 */
/* own_table - see own_table.h: a file of keyed hashes is mapped, checked once, and looked into.
 *
 * What the head says is proved against the file's size before anything is read by it, then every section against its
 * sum. A lookup costs two or three lines of memory: the index gives the few cells whose hash begins alike, and a search
 * by halves finds those that are the same.
 */
#include "filters/own_table.h"
#include "base/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files of own data are mapped as they are");
_Static_assert(sizeof(struct own_head) <= OWN_HEAD_SUM, "the head has a page");

const char *flt_own_type_name(enum flt_own_type type)
{
    static const char *const names[] = {
#define X(id, name) name,
        FLT_OWN_TYPES(X)
#undef X
    };

    return (size_t)type < ST_LEN(names) ? names[type] : "?";
}

enum st_rc own_keys_make(const struct flt_own_key *key, struct own_keys *out, struct st_err *err)
{
    static const char *const labels[] = { "word", "value", "number", "email", "date", "check" };
    struct st_sip *const keys[] = { &out->word, &out->value, &out->number, &out->email, &out->date };
    uint8_t mac[ST_SHA256_LEN];

    for (size_t i = 0; i < ST_LEN(labels); i++) {
        struct st_span part = st_span_str(labels[i]);

        if (st_hmac256(st_span(key->bytes, sizeof key->bytes), &part, 1, mac, err) != ST_OK)
            return ST_ERR;
        if (i < ST_LEN(keys))
            *keys[i] = st_sip_key(mac);
    }
    memcpy(out->check, mac, sizeof out->check);
    st_wipe(mac, sizeof mac);
    return ST_OK;
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

/* Sections lie one behind the other and nowhere else, as long as their content is. */
static bool is_laid_out(const struct own_head *h, size_t n)
{
    uint64_t at = OWN_HEAD;

    if (h->size != n || h->cells > OWN_CELLS_MAX || h->index_bits < 1 || h->index_bits > OWN_BITS_MAX)
        return false;
    if (h->len[OWN_INDEX] != 4 * ((UINT64_C(1) << h->index_bits) + 1) || h->len[OWN_SIEVE] < OWN_BLOCK ||
        h->len[OWN_SIEVE] % OWN_BLOCK != 0 || h->len[OWN_HASHES] != 8 * h->cells || h->len[OWN_REFS] != 4 * h->cells)
        return false;
    for (size_t i = 0; i < OWN_SECTIONS; i++) {
        if (h->at[i] != at || at > n || h->len[i] > n - at)
            return false;
        at = own_aligned(at + h->len[i]);
    }
    return h->at[OWN_REFS] + h->len[OWN_REFS] == n;
}

static bool name_at(const struct flt_own_table *t, uint64_t *at, uint32_t *type, struct flt_own_names *out)
{
    const uint8_t *p = t->map + t->head.at[OWN_NAMES] + *at;
    uint64_t left = t->head.len[OWN_NAMES] - *at;
    uint32_t cells;
    uint16_t n;

    if (left < 11)
        return false;
    memcpy(type, p, 4);
    memcpy(&cells, p + 4, 4);
    memcpy(&n, p + 8, 2);
    if (n > left - 11 || p[10 + n] != '\0' || memchr(p + 10, '\0', n) != NULL)
        return false;
    *out = (struct flt_own_names){ (const char *)p + 10,
                                   t->head.kind == OWN_ROWS ? flt_own_type_name((enum flt_own_type) * type) : NULL,
                                   cells };
    *at += 11u + n;
    return true;
}

static bool are_names_good(const struct flt_own_table *t)
{
    struct flt_own_names name;
    uint64_t at = 0;
    uint32_t type;

    if (t->head.kind == OWN_ROWS && (t->head.n_names < 1 || t->head.n_names > FLT_OWN_COLUMNS_MAX))
        return false;
    for (uint32_t i = 0; i < t->head.n_names; i++)
        if (!name_at(t, &at, &type, &name))
            return false;
    return at == t->head.len[OWN_NAMES];
}

static bool is_head_whole(const uint8_t *bytes)
{
    uint64_t sum = st_sum64(0, st_span(bytes, OWN_HEAD_SUM));

    return memcmp(bytes + OWN_HEAD_SUM, &sum, sizeof sum) == 0;
}

/* Nothing stands between the sections, and each is what was written. */
static bool are_sections_whole(const struct own_head *h, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < OWN_SECTIONS; i++) {
        uint64_t end = h->at[i] + h->len[i], next = i + 1 < OWN_SECTIONS ? h->at[i + 1] : n;

        for (; end < next; end++)
            if (bytes[end] != 0)
                return false;
        if (st_sum64(0, st_span(bytes + h->at[i], h->len[i])) != h->sum[i])
            return false;
    }
    return true;
}

enum st_rc own_table_read(uint8_t *bytes, size_t n, struct flt_own_table *out, const char **why)
{
    struct own_head *h = &out->head;

    *out = (struct flt_own_table){ .magic = FLT_OWN_MAGIC, .map = bytes, .n = n };
    *why = "it is not a file that `stoa edm build` or `stoa fingerprint build` made";
    if (n < OWN_HEAD)
        return ST_ERR;
    memcpy(h, bytes, sizeof *h);
    if (h->magic != OWN_MAGIC || (h->kind != OWN_ROWS && h->kind != OWN_COPIES))
        return ST_ERR;
    *why = "it is damaged or incomplete; build it again";
    if (!is_head_whole(bytes) || !is_laid_out(h, n) || !are_sections_whole(h, bytes, n) || !are_names_good(out))
        return ST_ERR;
    out->index = (const uint32_t *)(bytes + h->at[OWN_INDEX]);
    out->filter = bytes + h->at[OWN_SIEVE];
    out->blocks = h->len[OWN_SIEVE] / OWN_BLOCK;
    out->hashes = (const uint64_t *)(bytes + h->at[OWN_HASHES]);
    out->refs = (const uint32_t *)(bytes + h->at[OWN_REFS]);
    *why = NULL;
    return ST_OK;
}

static enum st_rc map_file(const char *path, struct flt_own_table *t, struct st_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    enum st_rc rc = ST_OK;
    struct stat st = { 0 };

    if (fd < 0)
        return st_fail(err, ST_E_IO, "own.open", "the file cannot be opened", errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        rc = st_fail(err, ST_E_IO, "own.open", "this is no regular file", S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
    else if ((t->n = (size_t)st.st_size) > 0 && (t->map = mmap(NULL, t->n, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
        rc = st_fail(err, ST_E_IO, "own.open", "the file cannot be mapped", errno);
    close(fd);
    return rc;
}

enum st_rc flt_own_open(const char *path, struct flt_own_table **out, struct st_diag *diag, struct st_err *err)
{
    struct flt_own_table *t = calloc(1, sizeof *t);
    const char *why;

    if (t == NULL)
        return st_fail(err, ST_E_NOMEM, "own.open", "table", sizeof *t);
    t->magic = FLT_OWN_MAGIC;
    if (map_file(path, t, err) != ST_OK) {
        (void)st_diag_add(diag, path, 0, 0, "cannot be read: %s", strerror((int)err->num));
        free(t);
        return ST_ERR;
    }
    if (own_table_read(t->map, t->n, t, &why) != ST_OK) {
        (void)st_diag_add(diag, path, 0, 0, "%s", why);
        t->is_mapped = t->n > 0;
        flt_own_close(t);
        return st_fail(err, ST_E_CONFIG, "own.open", "a file of own data cannot be used", 0);
    }
    t->is_mapped = true;
    *out = t;
    return ST_OK;
}

void flt_own_close(struct flt_own_table *t)
{
    if (t == NULL)
        return;
    ST_CHECK(t, FLT_OWN_MAGIC);
    if (t->is_mapped)
        munmap(t->map, t->n);
    t->magic = 0;
    free(t);
}

/* ---- looking up -------------------------------------------------------------------------------------------------- */

static uint64_t block_of(uint64_t hash, uint64_t blocks)
{
    return (uint64_t)(((unsigned __int128)hash * blocks) >> 64) * OWN_BLOCK;
}

/* Four bits of a block, nine bits of the hash each; the block itself comes from its upper bits. */
static inline unsigned bit_of(uint64_t hash, unsigned i)
{
    return (unsigned)(hash >> 9 * i) & 511;
}

bool own_may_have(const struct flt_own_table *t, uint64_t hash)
{
    const uint8_t *block = t->filter + block_of(hash, t->blocks);
    unsigned all = 1;

    for (unsigned i = 0; i < 4; i++)
        all &= (unsigned)block[bit_of(hash, i) >> 3] >> (bit_of(hash, i) & 7);
    return all != 0;
}

void own_filter_add(uint8_t *filter, uint64_t blocks, uint64_t hash)
{
    uint8_t *block = filter + block_of(hash, blocks);

    for (unsigned i = 0; i < 4; i++)
        block[bit_of(hash, i) >> 3] |= (uint8_t)(1u << (bit_of(hash, i) & 7));
}

/* The first cell in [lo, hi) whose hash is not below. */
static uint32_t not_below(const struct flt_own_table *t, uint32_t lo, uint32_t hi, uint64_t hash)
{
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (t->hashes[mid] < hash)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct own_cells own_find(const struct flt_own_table *t, uint64_t hash)
{
    uint64_t at = hash >> (64 - t->head.index_bits);
    uint32_t lo = t->index[at], hi = t->index[at + 1], to;

    if (lo > hi || hi > t->head.cells)
        return (struct own_cells){ 0, 0 };
    lo = not_below(t, lo, hi, hash);
    to = lo < hi && t->hashes[lo] == hash ? not_below(t, lo, hi, hash + 1) : lo;
    if (to < lo) /* hash + 1 is 0 */
        to = hi;
    return (struct own_cells){ lo, to - lo };
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

void flt_own_facts(const struct flt_own_table *t, struct flt_own_facts *out)
{
    ST_CHECK(t, FLT_OWN_MAGIC);
    *out = (struct flt_own_facts){ .is_copies = t->head.kind == OWN_COPIES,
                                   .rows = t->head.rows,
                                   .cells = t->head.cells,
                                   .values = t->head.values,
                                   .bytes = t->head.size,
                                   .built_ms = t->head.built_ms };
    /* each word begins at most words_max candidates, and one of 2^64 hashes is taken for each value */
    out->false_per_million = 1e6 * (t->head.words_max + 1.0) * (double)t->head.values / 18446744073709551616.0;
}

static bool nth(const struct flt_own_table *t, size_t i, uint32_t *type, struct flt_own_names *out)
{
    uint64_t at = 0;

    if (i >= t->head.n_names)
        return false;
    for (size_t k = 0; k <= i; k++)
        if (!name_at(t, &at, type, out))
            return false;
    return true;
}

bool own_name_next(const struct flt_own_table *t, uint64_t *at, struct flt_own_names *out)
{
    uint32_t type;

    return *at < t->head.len[OWN_NAMES] && name_at(t, at, &type, out);
}

bool flt_own_name(const struct flt_own_table *t, size_t i, struct flt_own_names *out)
{
    uint32_t type;

    return nth(t, i, &type, out);
}

uint32_t own_type_of(const struct flt_own_table *t, size_t i)
{
    struct flt_own_names name;
    uint32_t type;

    return nth(t, i, &type, &name) ? type : 0;
}

bool flt_own_key_fits(const struct flt_own_table *t, const struct flt_own_key *key)
{
    struct own_keys keys;

    return own_keys_make(key, &keys, NULL) == ST_OK && st_equal_ct(keys.check, t->head.key_check, sizeof keys.check);
}
