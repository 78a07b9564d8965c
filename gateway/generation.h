/* SPDX-License-Identifier: Apache-2.0 */
/* generation - one immutable set of config, policies, packs, plugins and adapters.
 *
 * The supervisor copies every file of a new set into state_dir/generations/N, checks it there as a whole, and only then
 * tells the children to load that folder: what was checked is what is loaded, and a bad set leaves the old one running.
 * A txn keeps the generation it began with.
 *
 * The start is milder than a reload: there is no old set to go on with, so plugins, adapters and curation rules that
 * are wrong are left out (lua-plugins/left.h says what stands in for them) and everything else works.
 */
#ifndef STOA_GATEWAY_GENERATION_H
#define STOA_GATEWAY_GENERATION_H
#include "lua-plugins/plugins.h"
#include "policies/policies.h"

struct generation {
    unsigned magic, refs;
    uint64_t number;
    const struct pol_config *config; /* always there */
    struct pol_set *policies;        /* NULL in the keyholder and the recorder: they load the config only */
    struct lp_set *plugins;          /* the same */
    struct lp_left left;             /* files that the start found wrong and left out */
    struct st_arena *arena;          /* of config and left */
};

/* Loads the set that starts at a stoa.yaml. On ST_OK *out holds one reference. */
ST_MUST enum st_rc generation_load(const char *config_path, uint64_t number, struct generation **out,
                                   struct st_diag *diag, struct st_err *err);
/* The same for a snapshot at the start: plugins and rules that are wrong are left out, as its file `left-out` says from
 * then on to everyone who loads it. diag: what else is wrong, or on ST_OK what was left out and what that means. */
ST_MUST enum st_rc generation_load_most(const char *config_path, uint64_t number, struct generation **out,
                                        struct st_diag *diag, struct st_err *err);
/* The name of the file that a file of a snapshot is a copy of; as it is when it is none. In out. */
void generation_origin(const char *config_path, const char *file, struct st_buf *out);
/* Only stoa.yaml of a set, for a process that needs no policies and should run no plugin. */
ST_MUST enum st_rc generation_load_config(const char *config_path, uint64_t number, struct generation **out,
                                          struct st_diag *diag, struct st_err *err);
/* Adds to `to` what was found wrong with a set's files; those of a snapshot are named as the originals. */
void generation_diag_move(const char *config_path, const struct st_diag *from, struct st_diag *to);
struct generation *generation_retain(struct generation *gen);
void generation_release(struct generation *gen); /* NULL is fine */

/* Copies config and every file it names to dir (made; 0700), paths rewritten to the copies; the key and the state
 * are not copied but referred to. Answers the path of the copy's stoa.yaml in out. */
ST_MUST enum st_rc generation_snapshot(const char *config_path, const char *dir, char *out, size_t size,
                                       struct st_diag *diag, struct st_err *err);
/* A file of own data by its name: too large to be copied each time. place puts it at `to`, inside the generation's
 * folder dir; ST_E_IO with errno (snapshot_data.c). */
bool snapshot_is_data(const char *path);
ST_MUST enum st_rc snapshot_place(const char *dir, const char *from, const char *to, struct st_err *err);
#endif
