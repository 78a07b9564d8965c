/* SPDX-License-Identifier: Apache-2.0 */
/* store - what plugins keep from one call to the next. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_STORE_H
#define STOA_LUA_PLUGINS_HOST_STORE_H
#include "api.h"

#define LP_KEEPS_MAX 1024u /* changes of one call */

struct lp_keeping { /* what one call changed; it counts when the call has ended well */
    struct lp_kept {
        const char *name, *value; /* in the arena; value NULL: forget it */
    } * items;                    /* in the arena; NULL: none yet */
    size_t n;
};

/* What the plugin kept under that name. Borrowed until the next change; NULL: nothing. */
const char *lp_store_get(const struct lp_store *store, const char *plugin, const char *name);
/* All that waits; what does not find memory is as it was. */
void lp_store_apply(struct lp_store *store, const char *plugin, const struct lp_keeping *keeping);
#endif
