/* SPDX-License-Identifier: Apache-2.0 */
/* budget: the sum of shares, its peak, and where it stands below its ceiling. */
#include "gateway/budget.h"
#include "t.h"

T_TEST(shares_add_up_and_are_given_back)
{
    struct budget budget = { .max = 400 };
    size_t a = 0, b = 0;

    budget_hold(&budget, &a, 100);
    budget_hold(&budget, &b, 150);
    T_CHECK(budget.held == 250 && a == 100 && b == 150, "held %zu", budget.held);
    budget_hold(&budget, &a, 30);
    T_CHECK(budget.held == 180 && budget.peak == 250, "held %zu, peak %zu", budget.held, budget.peak);
    budget_hold(&budget, &a, 0);
    budget_hold(&budget, &b, 0);
    T_CHECK(budget.held == 0 && a == 0 && b == 0, "held %zu", budget.held);
}

T_TEST(levels)
{
    static const struct {
        size_t max, held;
        enum budget_level level;
    } rows[] = { { 400, 0, BUDGET_EASY },    { 400, 299, BUDGET_EASY }, { 400, 300, BUDGET_TIGHT },
                 { 400, 399, BUDGET_TIGHT }, { 400, 400, BUDGET_FULL }, { 400, 900, BUDGET_FULL },
                 { 0, 900, BUDGET_EASY } };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct budget budget = { .max = rows[i].max, .held = rows[i].held };

        T_CHECK(budget_level(&budget) == rows[i].level, "row %zu", i);
    }
    T_CHECK(budget_level(NULL) == BUDGET_EASY, "no budget");
}
