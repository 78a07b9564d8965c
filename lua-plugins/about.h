/* SPDX-License-Identifier: Apache-2.0 */
/* about - what adapters and plugins are, for people. A part of plugins.h, which includes it. */
#ifndef STOA_LUA_PLUGINS_ABOUT_H
#define STOA_LUA_PLUGINS_ABOUT_H
#include "lua-plugins/plugins.h"

struct lp_platform { /* borrowed from the set */
    const char *id, *version, *title, *file;
    const char *broken; /* why its file was left out: the fallback reads what goes to its hosts; NULL: it was not */
    const char *const *hosts; /* exact or "*.suffix", NULL-terminated; NULL: none */
    bool is_anywhere, is_fallback;
    size_t rules, tests;
};
struct lp_platform lp_platform_about(const struct lp_set *set, size_t i); /* i: as in lp_platforms */

struct lp_about { /* borrowed from the set; the lists are NULL-terminated, in the arena */
    const char *name, *version, *title_en, *title_de, *file;
    const char *const *hooks, *const *permissions;
    bool is_enabled;
    const char *missing;    /* what it needs and is not there, so that it is off: "detector:pii.iban"; NULL: nothing */
    const char *broken;     /* why its file was left out; NULL: it was not */
    const char *on_failure; /* "skip", "coach" or "block" */
    size_t tests;
};
size_t lp_plugin_count(const struct lp_set *set); /* in name order */
ST_MUST enum st_rc lp_plugin_about(const struct lp_set *set, size_t i, struct st_arena *arena, struct lp_about *out,
                                   struct st_err *err);
struct lp_absence {
    const char *plugin, *file, *needs; /* as lp_about.missing; borrowed from the set */
};
/* Is that plugin off because of something that it needs? */
bool lp_plugin_lacks(const struct lp_set *set, size_t i, struct lp_absence *out);
/* What its manifest says, as a page of Markdown. */
void lp_plugin_manual(const struct lp_set *set, size_t i, bool in_german, struct st_buf *out);
/* What a careful author would still add or take away: fn is called once for each. */
typedef void lp_advice_f(void *ctx, const char *file, const char *advice);
void lp_plugin_advise(const struct lp_set *set, size_t i, lp_advice_f *fn, void *ctx);
/* Rule i; platforms: ids beside the set's own that a rule may ask for, NULL-terminated. */
void lp_curate_advise(const struct lp_set *set, size_t i, const char *const *platforms, lp_advice_f *fn, void *ctx);

struct lp_profile { /* of one hook */
    const char *hook;
    size_t calls, failed;
    uint64_t median_ns, p99_ns, budget_ns;  /* CPU time of a call */
    size_t memory, memory_most, memory_cap; /* bytes: held after the calls, at most, allowed */
};
struct lp_profile_load {
    unsigned rounds;
    struct st_span text; /* posts, one a line, besides the plugin's own tests */
};
struct lp_profiles { /* in the arena */
    struct lp_profile *items;
    size_t n;
};
/* Plays the plugin's tests and the posts in rounds, on copies of it. */
ST_MUST enum st_rc lp_plugin_profile(const struct lp_set *set, size_t i, const struct lp_profile_load *load,
                                     struct st_arena *arena, struct lp_profiles *out, struct st_err *err);
#endif
