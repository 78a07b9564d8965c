/* SPDX-License-Identifier: Apache-2.0 */
/* validate - the table of validators.
 *
 * Packs name a validator as text; this file finds it. The list itself is validators.def, so that a name, its function
 * and the public document it follows stand in one line. `stoa check` reads the names from here for "did you mean".
 */
#include "filters/validate.h"
#include "base/err.h"
#include <string.h>

static const struct flt_validator validators[] = {
#define VALIDATOR(name, fn, source) { name, fn, source },
#include "filters/validators.def"
#undef VALIDATOR
};

const struct flt_validator *flt_validator_find(const char *name)
{
    for (size_t i = 0; i < ST_LEN(validators); i++)
        if (strcmp(validators[i].name, name) == 0)
            return &validators[i];
    return NULL;
}

const struct flt_validator *flt_validator_at(size_t i)
{
    return i < ST_LEN(validators) ? &validators[i] : NULL;
}
