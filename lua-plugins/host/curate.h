/* SPDX-License-Identifier: Apache-2.0 */
/* curate - curation rules as trees. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_CURATE_H
#define STOA_LUA_PLUGINS_HOST_CURATE_H
#include "conf.h"
#include "plugins.h"
#include "words.h"

#define LP_NODES(X)         \
    X(ALL, "all of")        \
    X(ANY, "any of")        \
    X(NOT, "not")           \
    X(HASHTAG, "hashtag")   \
    X(PHRASE, "phrase")     \
    X(URL, "url")           \
    X(AUTHOR, "author")     \
    X(PLATFORM, "platform") \
    X(KIND, "kind")         \
    X(LANG, "lang")         \
    X(DWELL, "dwell")       \
    X(LENGTH, "length")     \
    X(TRUST, "trust")       \
    X(AGE, "age")           \
    X(LEARNERS, "learners") \
    X(DEAD, "dead")         \
    X(WHERE, "where")
enum lp_node_type {
#define X(id, name) LP_NODE_##id,
    LP_NODES(X)
#undef X
};

/* The parts of a join are asked in this order, so that most items are told by their kind alone. */
enum lp_node_cost { LP_COST_FACT, LP_COST_GLOB, LP_COST_TEXT, LP_COST_LUA };

struct lp_node {
    enum lp_node_type type;
    const char *const *words; /* any of them */
    size_t words_at, n_words; /* hashtag, phrase: the same in the list of all */
    enum lp_node_cost cost;   /* of its dearest part */
    uint64_t least;           /* dwell in ms, length in bytes, learners; of age the most, in ms */
    bool is_media;            /* length: of media in ms, not of the text */
    bool asks_dead;           /* dead() is in it */
    int where_ref;            /* in the registry of the rule's state */
    const struct lp_node **kids;
    size_t n_kids, size; /* size: nodes below and itself; a tree whose branches share parts could be huge to walk */
    const char *label;   /* for explain: 'phrase "threat model"' */
};

struct lp_rule_test {
    const char *text, *kind, *lang, *platform, *url, *author, *title, *trust; /* trust: NULL where not given */
    uint64_t dwell_ms, age_ms, learners;
    bool is_dead, wanted;
};

struct lp_rule {
    const char *name, *title, *title_de, *owner, *file; /* title_de: NULL where there is none */
    struct lp_state *state;                             /* where its `where` functions live; borrowed */
    const struct lp_node *when;
    struct lp_tag tag;
    const struct lp_rule_test *tests;
    size_t n_tests;
};

struct lp_rules {
    struct lp_rule *items[1024];
    size_t n;
    struct lp_state *states[512]; /* one per file; owned */
    size_t n_states;
    const char *const *trusted, *const *doubtful; /* hosts, NULL-terminated, in the arena of the set; NULL: none */
    struct lp_words words;                        /* of all hashtags and phrases */
};

ST_MUST enum st_rc lp_rules_load(struct lp_rules *rules, const char *path, struct st_arena *arena, struct st_diag *diag,
                                 struct st_err *err);
/* Runs the tests in the files. */
ST_MUST enum st_rc lp_rules_check(struct lp_set *set, struct st_diag *diag, struct st_err *err);
void lp_rules_fini(struct lp_rules *rules);
#endif
