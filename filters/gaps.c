/* SPDX-License-Identifier: Apache-2.0 */
/* gaps - where squeeze.c may find something to take out: 64 places at once.
 *
 * A glance: it leaves out no place at which squeeze.c takes something, and answers for most others that nothing can be
 * there. Rows of groups are the dear part, since a group may have one to eleven bytes; so all these lengths are tried
 * together, a lane of a wide register for each, where the CPU has such. Elsewhere they are tried one after another,
 * which is what the lanes are held against by the test.
 */
#include "filters/look.h"
#include "filters/views.h"

#define TOP (ST_BYTES_BLOCK - 1)

/* A block and the next: bit i of the two is a byte. */
struct pair {
    uint64_t low, high;
};

/* The bits n further on; n is less than a block. */
static inline uint64_t on(struct pair bits, unsigned n)
{
    return bits.low >> n | bits.high << 1 << (TOP - n);
}

/* Each bit, if it or one of the n - 1 above it is set. */
static inline struct pair within(struct pair bits, unsigned n)
{
    unsigned reach = 1;

    for (; 2 * reach <= n; reach *= 2)
        bits = (struct pair){ bits.low | on(bits, reach), bits.high | bits.high >> reach };
    return (struct pair){ bits.low | on(bits, n - reach), bits.high | bits.high >> (n - reach) };
}

/* What is seen and no letter, no digit. */
static uint64_t signs_of(const struct flt_block *block)
{
    return ~(block->words | block->blanks | block->controls);
}

/* Where a gap inside a token may be: quotes, signs of mark-up, the ends of lines and the blanks before them. */
static uint64_t cuts_of(const struct flt_block *here, const struct flt_block *next, bool was_seen)
{
    uint64_t seen = ~(here->blanks | here->controls), lines = here->controls;

    lines |= here->blanks & on((struct pair){ here->controls, next->controls }, 1);
    return (here->quotes | here->tildes | lines) & (seen << 1 | was_seen);
}

/* A character alone on each of four lines, or two blanks between each of four. */
static uint64_t columns_of(const struct flt_block *here, const struct flt_block *next)
{
    struct pair c = { here->controls, next->controls }, b = { here->blanks | c.low, next->blanks | c.high }, twos;
    uint64_t rows = 0;

    if ((c.low | c.high) != 0)
        rows = on(c, 1) & on(c, 3) & on(c, 5) & on(c, 7);
    twos = (struct pair){ b.low & on(b, 1), b.high & b.high >> 1 };
    if ((twos.low | twos.high) != 0)
        rows |= on(twos, 1) & on(twos, 4) & on(twos, 7);
    return rows;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

struct marks {
    struct pair blanks, signs;
    struct pair later; /* a sign here, or right behind it */
    uint64_t near;     /* a digit is near enough behind it */
};

/* Where groups of n bytes may begin a row, with a blank or with a sign behind them. Groups hold no blank, so the first
 * one ends them: *before is where one stands before the last byte of the groups of one less, and grows. A sign between
 * blanks, and one of three or four bytes, is seen as that of a group of one more. */
static inline uint64_t rows_of(unsigned n, const struct marks *m, uint64_t *before)
{
    uint64_t grouped = on(m->signs, n) & on(m->later, 2 * n + 1) & ~*before, apart;

    *before |= n > 1 ? on(m->blanks, n - 1) : 0;
    apart = on(m->blanks, n) & on(m->blanks, 2 * n + 1) & ~*before;
    apart &= n == 1 ? UINT64_MAX : m->near & ~on(m->blanks, 3 * n); /* the third is hardly shorter */
    apart &= n <= 2 ? on(m->blanks, 3 * n + 2) & on(m->blanks, 4 * n + 3) : UINT64_MAX; /* a row has nine at least */
    return grouped | apart;
}

static uint64_t rows_in_turn(const struct marks *m)
{
    uint64_t rows = 0, before = 0;

    /* in this order, and each with a number that the compiler knows */
    rows |= rows_of(1, m, &before);
    rows |= rows_of(2, m, &before);
    rows |= rows_of(3, m, &before);
    rows |= rows_of(4, m, &before);
    rows |= rows_of(5, m, &before);
    rows |= rows_of(6, m, &before);
    rows |= rows_of(7, m, &before);
    rows |= rows_of(8, m, &before);
    rows |= rows_of(9, m, &before);
    rows |= rows_of(FLT_GROUP_MAX, m, &before);
    rows |= rows_of(FLT_GROUP_MAX + 1, m, &before); /* a sign between blanks is seen as behind a group of one more */
    return rows;
}

#ifdef __x86_64__
#define LANES 8
typedef uint64_t lanes __attribute__((vector_size(LANES * sizeof(uint64_t))));

#define ALL         UINT64_MAX
#define EACH(x)     ((lanes){ 0 } + (x)) /* the same in all lanes */
#define ON(bits, n) (EACH((bits).low) >> (n) | EACH((bits).high << 1) << (TOP - (n)))
#define PICK(of, from, half)                                                                                  \
    (((of)[0] & EACH((from)[0].half)) | ((of)[1] & EACH((from)[1].half)) | ((of)[2] & EACH((from)[2].half)) | \
     ((of)[3] & EACH((from)[3].half)))

/* What rows_of gathers in *before is, for a length of n, whether a blank is among the n - 1 bytes behind the first (for
 * signs: n - 2). Two stretches of 1, 2, 4 or 8 bytes tell, which may overlap: `of` says which they are, `apart` how far
 * the second begins behind the first. */
struct before {
    lanes of[4], apart;
};
static const struct half {
    lanes n;
    struct before blank, sign;
    lanes is_one, is_short; /* lengths of one; of one and two */
    lanes is_tried;
} halves[] = {
    { .n = { 1, 2, 3, 4, 5, 6, 7, 8 },
      .blank = { { { 0, ALL }, { 0, 0, ALL, ALL }, { 0, 0, 0, 0, ALL, ALL, ALL, ALL }, { 0 } },
                 { 0, 0, 0, 1, 0, 1, 2, 3 } },
      .sign = { { { 0, 0, ALL }, { 0, 0, 0, ALL, ALL }, { 0, 0, 0, 0, 0, ALL, ALL, ALL }, { 0 } },
                { 0, 0, 0, 0, 1, 0, 1, 2 } },
      .is_one = { ALL },
      .is_short = { ALL, ALL },
      .is_tried = { ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL } },
    { .n = { 9, 10, 11, 12, 13, 14, 15, 16 },
      .blank = { { { 0 }, { 0 }, { 0 }, { ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL } }, { 0, 1, 2, 3, 4, 5, 6, 7 } },
      .sign = { { { 0 }, { 0 }, { ALL }, { 0, ALL, ALL, ALL, ALL, ALL, ALL, ALL } }, { 3, 0, 1, 2, 3, 4, 5, 6 } },
      .is_one = { 0 },
      .is_short = { 0 },
      .is_tried = { ALL, ALL, ALL } },
};

/* Is a blank before? Each lane for its length. */
static inline __attribute__((always_inline)) void before_of(const struct before *b, const struct pair stretch[4],
                                                            lanes *out)
{
    lanes low = PICK(b->of, stretch, low), high = PICK(b->of, stretch, high);

    *out = low >> 1 | high << TOP | low >> (b->apart + 1) | high << 1 << (TOP - 1 - b->apart);
}

static inline __attribute__((always_inline)) void rows_of_half(const struct half *h, const struct marks *m,
                                                               const struct pair stretch[4], lanes *rows)
{
    lanes n = h->n, grouped, apart, before;

    before_of(&h->sign, stretch, &before);
    grouped = ON(m->signs, n) & ON(m->later, 2 * n + 1) & ~before;
    before_of(&h->blank, stretch, &before);
    apart = ON(m->blanks, n) & ON(m->blanks, 2 * n + 1) & ~before;
    apart &= (~ON(m->blanks, 3 * n) & EACH(m->near)) | h->is_one;
    apart &= (ON(m->blanks, 3 * n + 2) & ON(m->blanks, 4 * n + 3)) | ~h->is_short;
    *rows |= (grouped | apart) & h->is_tried;
}

static inline __attribute__((always_inline)) uint64_t rows_in_lanes(const struct marks *m)
{
    const struct pair one = m->blanks, two = within(one, 2);
    const struct pair four = { two.low | on(two, 2), two.high | two.high >> 2 };
    const struct pair stretch[] = { one, two, four, { four.low | on(four, 4), four.high | four.high >> 4 } };
    lanes rows = { 0 };
    uint64_t any = 0;

    rows_of_half(&halves[0], m, stretch, &rows); /* each with tables that the compiler knows */
    rows_of_half(&halves[1], m, stretch, &rows);
    for (int i = 0; i < LANES; i++)
        any |= rows[i];
    return any;
}

static __attribute__((target("avx512bw"))) uint64_t rows_64(const struct marks *m)
{
    return rows_in_lanes(m);
}
#else
#define rows_64 rows_in_turn
#endif

static uint64_t rows_as(enum flt_look_way way, const struct marks *m)
{
    return way == FLT_LOOK_64 ? rows_64(m) : rows_in_turn(m); /* thirty-two bytes hold too few lanes to be worth it */
}

/* Where groups begin that may make a row. It leaves out none of those where squeeze.c finds one. */
static uint64_t begins_of(const struct flt_block *here, const struct flt_block *next, bool was_word)
{
    struct marks m = { .blanks = { here->blanks, next->blanks }, .signs = { signs_of(here), signs_of(next) } };
    uint64_t low = m.blanks.low | m.signs.low, high = m.blanks.high | m.signs.high;

    if ((low & (low - 1)) == 0 && (low == 0 || high == 0) && (high & (high - 1)) == 0)
        return 0; /* less than two gaps */
    m.later = within(m.signs, 2);
    m.near = within((struct pair){ here->digits, next->digits }, 3 * FLT_GROUP_MAX + 6).low;
    return rows_as(flt_look_widest(), &m) & ~(here->blanks | here->controls) & ~(here->words << 1 | was_word);
}

uint64_t flt_gaps(const struct flt_block *before, const struct flt_block *here, const struct flt_block *next)
{
    if ((before->digits | here->digits | next->digits) == 0)
        return 0; /* tokens and numbers have digits: only what lies around some counts */
    return begins_of(here, next, before->words >> TOP != 0) |
           (columns_of(here, next) & ~(here->blanks | here->controls | here->words << 1 | before->words >> TOP)) |
           cuts_of(here, next, (before->blanks | before->controls) >> TOP == 0);
}
