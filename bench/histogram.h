/* SPDX-License-Identifier: Apache-2.0 */
/* histogram - times in nanoseconds, counted in buckets that are never wider than 1/64 of their value. */
#ifndef STOA_BENCH_HISTOGRAM_H
#define STOA_BENCH_HISTOGRAM_H
#include <stdint.h>

#define HISTOGRAM_STEPS   64 /* buckets for each power of two */
#define HISTOGRAM_BUCKETS (64 * HISTOGRAM_STEPS)

struct histogram {
    uint64_t count, max;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);
/* The value below which that share (0.5, 0.99 ...) of all lies; 0 when there is none. */
uint64_t histogram_at(const struct histogram *h, double share);
#endif
