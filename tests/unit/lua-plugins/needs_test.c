/* SPDX-License-Identifier: Apache-2.0 */
/* needs - what a plugin needs and is not there puts it out of force, with one word why; the others load. */
#include "host/set.h"
#include "lua_t.h"

#define PLUGIN(name, more) \
    "return { api = 1, name = '" name "', version = '1', title = 'One', activity = function() end, " more " }"
static struct lp_set *load(const char *test, const char *one, const char *two)
{
    const char *dir = lt_dir(test);
    struct lp_set *set;

    lt_write(dir, "detect/one.lua", one);
    lt_write(dir, "detect/two.lua", two);
    lt_write(dir, "lib/words.lua", "return {}");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s: %s", one, lt_said);
    return set;
}

/* What a.one lacks, "" when nothing; b.two is always on. */
static const char *lacked(const struct lp_set *set)
{
    struct lp_absence absence;
    bool lacks = lp_plugin_lacks(set, 0, &absence);

    T_CHECK(strcmp(absence.plugin, "a.one") == 0 && set->plugins[0]->is_enabled == !lacks, "which and whether");
    T_CHECK(!lp_plugin_lacks(set, 1, &(struct lp_absence){ 0 }) && set->plugins[1]->is_enabled, "b.two is off");
    return lacks ? absence.needs : "";
}

T_TEST(a_plugin_without_what_it_needs_is_off)
{
    static const struct {
        const char *one, *missing;
    } cases[] = {
        { PLUGIN("a.one", "needs = { hooks = { 'activity', 'validate' }, modules = 'words', plugins = 'b.two' }"), "" },
        { PLUGIN("a.one", "needs = {}"), "" },
        { PLUGIN("a.one", "needs = { hooks = { 'load', 'dream' } }, dream = function() end"), "hook:dream" },
        { PLUGIN("a.one", "needs = { modules = { 'words', 'verbs' } }"), "module:verbs" },
        { PLUGIN("a.one", "needs = { platforms = 'forum' }"), "platform:forum" },
        { PLUGIN("a.one", "needs = { plugins = { 'b.two', 'c.three' } }"), "plugin:c.three" },
        { "return { api = 2, name = 'a.one', version = '1', title = 'One', later = {} }", "api:2" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_set *set = load("off", cases[i].one, PLUGIN("b.two", ""));

        T_CHECK(strcmp(lacked(set), cases[i].missing) == 0, "%s: '%s'", cases[i].one, lacked(set));
        lp_set_release(set);
    }
}

T_TEST(needs_that_are_no_lists_are_mistakes)
{
    static const char *const cases[] = { "needs = 7", "needs = { detector = 'x' }", "needs = { plugins = { 7 } }" };
    char source[512];

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("mistakes");

        (void)snprintf(source, sizeof source, PLUGIN("a.one", "%s"), cases[i]);
        lt_write(dir, "detect/one.lua", source);
        T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "needs") != NULL, "%s: %s", cases[i], lt_said);
    }
}

/* Detectors are known once the packs are; a plugin that needs one which is off is off as well. */
T_TEST(a_detector_that_is_not_there_takes_others_along)
{
    static const char *const nowhere[] = { NULL };
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;
    struct lp_absence absence;
    struct flt_sources from = { .dirs = nowhere };
    const char *dir = lt_dir("detectors");
    struct lp_set *set;

    lt_write(dir, "detect/one.lua",
             PLUGIN("a.one", "needs = { detectors = { 'x.there' } }, detectors = { there = { label = 'x.there', "
                             "pattern = 'zz[0-9]{2}' } }"));
    lt_write(dir, "detect/two.lua", PLUGIN("b.two", "needs = { plugins = 'c.three' }"));
    lt_write(dir, "detect/three.lua", PLUGIN("c.three", "needs = { detectors = { 'x.there', 'x.gone' } }"));
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL && set->plugins[2]->is_enabled, "%s", lt_said);
    from.given = lp_detectors(set, &from.n_given);
    T_OK(flt_packs_load_all(&from, &packs, NULL, &err), err);
    T_OK(lp_set_settle(set, packs, &err), err);
    T_CHECK(!lp_plugin_lacks(set, 0, &absence), "a.one lacks %s", absence.needs);
    T_CHECK(lp_plugin_lacks(set, 1, &absence) && strcmp(absence.needs, "plugin:c.three") == 0, "b.two");
    T_CHECK(lp_plugin_lacks(set, 2, &absence) && strcmp(absence.needs, "detector:x.gone") == 0, "c.three");
    flt_packs_release(packs);
    lp_set_release(set);
}
