/* SPDX-License-Identifier: Apache-2.0 */
/* set - everything of one generation that is written in Lua. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_SET_H
#define STOA_LUA_PLUGINS_HOST_SET_H
#include "adapter.h"
#include "curate.h"
#include "plugin.h"

#define LP_SET_MAGIC 0x4c505345u
#define LP_FILES_MAX 512

struct lp_set {
    unsigned magic, refs;
    struct st_arena *arena; /* tables made from files; lives as long as the set */
    struct lp_adapters adapters;
    const char **platforms;
    struct lp_plugin *plugins[LP_LIST_MAX]; /* owned; in name order */
    size_t n_plugins;
    struct flt_given *given; /* detectors of enabled plugins; in the arena */
    size_t n_given;
    bool has_left;  /* a file was left out */
    uint32_t asked; /* bits of enum lp_hook: those that an enabled plugin has */
    struct lp_rules rules;
    struct lp_libs libs;
    struct lp_store *store; /* borrowed; NULL: what plugins keep does not stay */
};

/* One file, whole, at most LP_SOURCE_MAX; out is initialised here and the caller's to end in any case. A file that
 * cannot be read is a diagnostic and ST_E_CONFIG. */
ST_MUST enum st_rc lp_file_read(const char *path, struct st_buf *out, struct st_diag *diag, struct st_err *err);
/* One file of platforms/. left: why it is left out; then there is a stand-in for it, but ST_E_CONFIG for the fallback.
 */
ST_MUST enum st_rc lp_adapter_load(struct lp_set *set, const char *path, const struct lp_left_file *left,
                                   struct st_diag *diag, struct st_err *err);
/* Adds the failure of a run to diag, at the line Lua named. Answers ST_ERR. */
enum st_rc lp_file_diag(const struct lp_state *s, const char *path, struct st_diag *diag);
#endif
