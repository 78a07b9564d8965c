/* SPDX-License-Identifier: Apache-2.0 */
/* histogram - latencies without keeping them.
 *
 * A value's bucket is its highest bit and the six bits after it: the error is below 1.6 % at any size, and a run of any
 * length takes 16 KiB. Values below 64 ns share the first buckets; nothing here is that fast.
 */
#include "bench/histogram.h"

static unsigned bucket_of(uint64_t ns)
{
    unsigned high;

    if (ns < HISTOGRAM_STEPS)
        return (unsigned)ns;
    high = 63U - (unsigned)__builtin_clzll(ns);
    return (high - 5) * HISTOGRAM_STEPS + (unsigned)((ns >> (high - 6)) & (HISTOGRAM_STEPS - 1));
}

static uint64_t middle_of(unsigned bucket)
{
    unsigned high = bucket / HISTOGRAM_STEPS + 5, step = bucket % HISTOGRAM_STEPS;

    if (bucket < HISTOGRAM_STEPS)
        return bucket;
    return ((uint64_t)(HISTOGRAM_STEPS + step) << (high - 6)) + ((uint64_t)1 << (high - 6)) / 2;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    h->buckets[bucket_of(ns)]++;
    h->count++;
    if (ns > h->max)
        h->max = ns;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)((double)h->count * share), seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen > wanted)
            return middle_of(i) < h->max ? middle_of(i) : h->max;
    }
    return h->max;
}
