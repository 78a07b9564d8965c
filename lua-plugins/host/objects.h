/* SPDX-License-Identifier: Apache-2.0 */
/* objects - what hooks beside `activity` look at and change. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_OBJECTS_H
#define STOA_LUA_PLUGINS_HOST_OBJECTS_H
#include "api.h"
#include "base/json.h"

#define LP_FINDINGS_MAX 64u /* of a message that plugins are asked about; the rest stays as it is */
#define LP_ID_BYTES     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-"
#define LP_TAGS_MAX     8u /* of an item, by all plugins */

/* Fields that a plugin may take out of a record; what is not here says what was decided, and stays. */
#define LP_REMOVABLE(X) \
    X(platform)         \
    X(activity)         \
    X(audience)         \
    X(phase)            \
    X(confidence)       \
    X(host)             \
    X(observed)         \
    X(detectors)        \
    X(findings)         \
    X(severity)         \
    X(bytes)            \
    X(inspected)        \
    X(plugin)           \
    X(object_id)        \
    X(object_type)      \
    X(url)              \
    X(title)            \
    X(lang)             \
    X(length_ms)        \
    X(playback)         \
    X(intervals)        \
    X(dwell_ms)

struct lp_record {
    const char *kind;
    json_t *fields;   /* an object; one reference of the holder */
    uint64_t removed; /* bits by the order of LP_REMOVABLE */
};
struct lp_stated {           /* a statement on its way through the plugins */
    const json_t *fields;    /* an object of texts; borrowed */
    struct lp_mapping *says; /* what plugins made of it */
};
struct lp_tags { /* room for `most`, in the arena */
    struct lp_tag *items;
    size_t n, most;
};

/* The object without what was removed, in the place of *details. */
ST_MUST enum st_rc lp_record_write(const struct lp_record *record, struct st_buf *details, struct st_err *err);
/* The names of what was removed, NULL-terminated, in the order of LP_REMOVABLE. */
ST_MUST enum st_rc lp_record_removed(const struct lp_record *record, struct st_arena *arena, const char *const **out,
                                     struct st_err *err);
/* Adds what plugins say of an item. */
ST_MUST enum st_rc lp_hook_curate(struct lp_set *set, const struct lp_item *item, struct lp_tags *tags,
                                  struct st_arena *arena, struct st_err *err);
bool lp_hook_curates(const struct lp_set *set);
#endif
