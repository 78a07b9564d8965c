/* SPDX-License-Identifier: Apache-2.0 */
/* recorded - curation rules on what was recorded of a resource. A part of plugins.h, which includes it.
 *
 * The log keeps a page's address and title, and neither its text nor who wrote it nor how long anyone looked. What a
 * condition asks for and nobody kept has no answer, so a rule has three: yes, no, and that it cannot be said. A rule
 * that is told by what was kept is told, whatever else it asks: no address, no match.
 */
#ifndef STOA_LUA_PLUGINS_RECORDED_H
#define STOA_LUA_PLUGINS_RECORDED_H
#include "lua-plugins/plugins.h"

/* What may be missing of an item; a bit each, and the word for it. */
#define LP_LACKS(X)           \
    X(TEXT, "text")           \
    X(URL, "url")             \
    X(AUTHOR, "author")       \
    X(KIND, "kind")           \
    X(LANG, "lang")           \
    X(DWELL, "dwell")         \
    X(LENGTH, "media length") \
    X(AGE, "age")             \
    X(LEARNERS, "learners")   \
    X(DEAD, "dead")           \
    X(WHERE, "where()")
enum lp_lack {
#define X(id, name) LP_LACK_##id,
    LP_LACKS(X)
#undef X
        LP_LACK_COUNT
};
#define LP_LACKS_BIT(lack) (1u << (lack))
const char *lp_lack_name(enum lp_lack lack);

enum lp_says { LP_SAYS_NO, LP_SAYS_YES, LP_SAYS_NOTHING };
struct lp_said {
    enum lp_says says;
    unsigned lacks; /* of LP_SAYS_NOTHING: what it would take */
};
/* Rule i (below lp_curate_count) on an item of which `lacks` is not known. What is not known is empty in the item. No
 * Lua is asked. */
struct lp_said lp_curate_say(struct lp_set *set, size_t i, const struct lp_item *item, unsigned lacks);
#endif
