/* SPDX-License-Identifier: Apache-2.0 */
/* budget - a sum of shares, and where it stands below its ceiling.
 *
 * Shares of memory are told after a step, so the sum may be beyond the ceiling by what one step of one holder can add;
 * each holder has a ceiling of its own for that. Shares of a disk are taken before. Nothing is allocated here.
 */
#include "gateway/budget.h"
#include <assert.h>

void budget_hold(struct budget *budget, size_t *share, size_t now)
{
    if (budget == NULL || now == *share)
        return;
    assert(budget->held >= *share);
    budget->held = budget->held - *share + now;
    *share = now;
    if (budget->held > budget->peak)
        budget->peak = budget->held;
}

bool budget_take(struct budget *budget, size_t *share, size_t now)
{
    if (budget != NULL && budget->max > 0 && now > *share && budget->held - *share + now > budget->max) {
        budget->refused++;
        return false;
    }
    budget_hold(budget, share, now);
    return true;
}

enum budget_level budget_level(const struct budget *budget)
{
    if (budget == NULL || budget->max == 0 || budget->held < budget->max / 4 * 3)
        return BUDGET_EASY;
    return budget->held < budget->max ? BUDGET_TIGHT : BUDGET_FULL;
}
