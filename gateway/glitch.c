/* SPDX-License-Identifier: Apache-2.0 */
/* glitch - a token bucket in thousandths, so that neither a slow clock nor a small body is rounded away.
 *
 * Nothing is freed or allocated here; the struct lives in the codec that asks. Time comes from st_clock.
 */
#include "gateway/glitch.h"
#include "base/clock.h"

static void refill(struct glitch *glitch, uint64_t milli)
{
    uint64_t room = glitch->burst - glitch->milli;

    glitch->milli += milli < room ? milli : room;
}

void glitch_init(struct glitch *glitch, uint32_t burst, uint32_t per_second)
{
    glitch->burst = glitch->milli = (uint64_t)burst * 1000u;
    glitch->per_second = per_second;
    glitch->at_ms = st_clock_ms();
}

bool glitch_spend(struct glitch *glitch, uint32_t tokens)
{
    uint64_t now = st_clock_ms(), cost = (uint64_t)tokens * 1000u;

    if (now > glitch->at_ms) {
        uint64_t passed = now - glitch->at_ms;

        refill(glitch, passed > 3600000u ? glitch->burst : passed * glitch->per_second);
        glitch->at_ms = now;
    }
    if (cost > glitch->milli) {
        glitch->milli = 0;
        return false;
    }
    glitch->milli -= cost;
    return true;
}

void glitch_earn(struct glitch *glitch, uint64_t bytes)
{
    refill(glitch, bytes > UINT32_MAX ? glitch->burst : bytes * 1000u / 1024u);
}
