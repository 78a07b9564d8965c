/* SPDX-License-Identifier: Apache-2.0 */
/* hash64 - 64-bit hashes that mean the same on every machine: a keyed one, and a sum for large files.
 *
 * SipHash-2-4 (Aumasson, Bernstein 2012): without the key nobody can tell which text a hash is of, nor make two texts
 * collide. The sum finds what a disk or a copy has spoilt, at the speed of memory; it keeps nobody out.
 */
#ifndef STOA_BASE_HASH64_H
#define STOA_BASE_HASH64_H
#include "base/span.h"

#define ST_SIP_KEY_LEN 16
struct st_sip { /* a key */
    uint64_t k0, k1;
};
struct st_sip st_sip_key(const uint8_t bytes[ST_SIP_KEY_LEN]);
uint64_t st_siphash(const struct st_sip *key, struct st_span s);
uint64_t st_siphash_u64(const struct st_sip *key, uint64_t value); /* of its eight bytes, little-endian */

/* Goes on from `before` (0 at the start). In pieces it is the same when each but the last has a multiple of
 * ST_SUM_STEP bytes. */
#define ST_SUM_STEP 64
uint64_t st_sum64(uint64_t before, struct st_span s);
#endif
