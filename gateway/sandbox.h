/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox - what a process of the family gives up before it reads its first message (DESIGN §3, last column).
 */
#ifndef STOA_GATEWAY_SANDBOX_H
#define STOA_GATEWAY_SANDBOX_H
#include "gateway/family.h"
#include <sys/types.h>

/* No new privileges, not dumpable, no core files, and the role's list of refused system calls. */
ST_MUST enum st_rc sandbox_enter(enum fam_role role, struct st_err *err);

struct sandbox_user { /* whom to become after a fork; uid 0 with is_set false: nobody else */
    uid_t uid;
    gid_t gid;
    bool is_set;
};
/* Looks the name up; ST_E_CONFIG when there is no such user. name NULL: is_set stays false. */
ST_MUST enum st_rc sandbox_user(const char *name, struct sandbox_user *out, struct st_err *err);
/* Between fork and exec, async-signal-safe. False when it did not work: do not go on. */
ST_MUST bool sandbox_become(const struct sandbox_user *user);
#endif
