/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the only file that asks the kernel for the time.
 *
 * A test turns both clocks forward by one offset; the offset never goes back, so monotonic stays monotonic. It is
 * atomic because the watchdog thread of the plugin host reads the clock too.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic uint64_t turned_us;

static uint64_t read_ns(clockid_t id)
{
    struct timespec ts = { 0, 0 };
    int rc = clock_gettime(id, &ts);

    assert(rc == 0);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t read_us(clockid_t id)
{
    return read_ns(id) / 1000u;
}

uint64_t st_clock_us(void)
{
    return read_us(CLOCK_MONOTONIC) + atomic_load(&turned_us);
}

uint64_t st_clock_ms(void)
{
    return st_clock_us() / 1000u;
}

int64_t st_clock_wall_ms(void)
{
    return (int64_t)((read_us(CLOCK_REALTIME) + atomic_load(&turned_us)) / 1000u);
}

uint64_t st_clock_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void st_clock_turn(uint64_t ms)
{
    (void)atomic_fetch_add(&turned_us, ms * 1000u);
}

void st_clock_rfc3339(int64_t wall_ms, char *out, size_t size)
{
    int64_t ms = wall_ms % 1000;
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (ms < 0) {
        ms += 1000;
        s--;
    }
    if (gmtime_r(&s, &tm) == NULL || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900) {
        (void)snprintf(out, size, "9999-12-31T23:59:59.999Z"); /* the field has four digits; keep its width */
        return;
    }
    (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                   tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
}
