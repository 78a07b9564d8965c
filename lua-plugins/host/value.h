/* SPDX-License-Identifier: Apache-2.0 */
/* value - where a rule's values come from: the request's target, a field, a JSON number, a packed message.
 *
 * A source is a string of the adapter, the same everywhere (id, title, url, audience …); docs/activity.md lists the
 * forms. Values are decoded, bounded, and live in the arena of the transaction.
 */
#ifndef STOA_LUA_PLUGINS_HOST_VALUE_H
#define STOA_LUA_PLUGINS_HOST_VALUE_H
#include "adapter.h"

#define LP_VALUE_MAX ((size_t)2048)

struct lp_reader {
    const struct lp_set *set;
    const struct lp_route *route;
    const struct lp_request *req;
    struct flt_doc *doc;
    struct st_arena *arena;
    struct st_span location; /* of an answer: where what was made is */
    struct st_span id;       /* what "{id}" stands for, once it is known */
    bool no_memory;
};

/* The first source that has a value; an empty span when none has. */
struct st_span lp_value_of(struct lp_reader *r, const char *const *sources);
/* The first template of which every part has a value, with the parts escaped as in a URL. */
struct st_span lp_url_of(struct lp_reader *r, const char *const *templates);
/* A time in the unit of the route. */
bool lp_time(const struct lp_route *route, struct st_span s, uint64_t *ms);
/* The scalar at a field path of a JSON text, without quotes and not unescaped; '#' is the first element that has it. */
bool lp_json_scalar(struct st_span json, const char *path, struct st_span *out);
/* The same of a decoded message. */
bool lp_json_value(const struct flt_doc *doc, const char *path, struct st_span *out);
/* Bytes of the field "2" or "1.5.2" of a packed (protobuf) message, into out; how many. */
size_t lp_packed_get(struct st_span base64, const char *path, uint8_t *out, size_t size);
#endif
