/* SPDX-License-Identifier: Apache-2.0 */
/* config_parts - what the files that make stoa.yaml's table share: config.c (the table) and listen.c (the ways in). */
#ifndef STOA_POLICIES_CONFIG_PARTS_H
#define STOA_POLICIES_CONFIG_PARTS_H
#include "policies/set.h"

/* Checks that need more than one value, after the load. */
struct config_check {
    const char *file, *folder; /* as named; absolute */
    struct st_arena *arena;
    struct st_diag *diag;
    struct st_err *err;
    bool is_bad;
};
/* A line: "WHAT, found "FOUND"". */
void config_bad(struct config_check *c, struct st_pos pos, const char *what, const char *found);

struct endpoint {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint64_t port;       /* 0: none was given */
};
/* "127.0.0.1:3128", "[::1]:3128", and without a port where that is allowed: "127.0.0.1", "[::1]", "::1". */
bool config_endpoint(struct st_span s, bool needs_port, struct endpoint *out);
/* Letters, digits, '-', '_' and '.', not empty. */
bool config_is_host_name(const char *s);

/* listen.c */
extern const struct st_yaml_schema pol_listen_schema, pol_pac_schema;
void config_check_listen(struct config_check *c, const struct pol_config *conf);
void config_check_pac(struct config_check *c, const struct pol_config *conf);
void config_check_networks(struct config_check *c, const struct st_list *networks);
#endif
