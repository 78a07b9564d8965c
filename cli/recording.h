/* SPDX-License-Identifier: Apache-2.0 */
/* recording - recorded exchanges and what the adapters make of them. */
#ifndef STOA_CLI_RECORDING_H
#define STOA_CLI_RECORDING_H
#include "cli/cli.h"
#include "lua-plugins/plugins.h"

struct recording_exchange {
    struct lp_request req;
    struct lp_answer answer;
    struct st_span body, coding;
    const char *ts; /* NULL: not told */
};
struct recording_play { /* one exchange; all in the arena, which ends with the call */
    unsigned number;    /* from 1 */
    struct recording_exchange exchange;
    bool is_secret; /* a login or credential path: unread */
    struct flt_doc *doc;
    const struct lp_route *route;       /* NULL: no rule knows it */
    const struct lp_activity *activity; /* NULL: it is none */
    struct lp_activity found;           /* where that stands */
    struct st_arena *arena;
};
typedef void recording_f(void *ctx, const struct recording_play *play);
struct recording {    /* borrowed */
    const char *path; /* "-": standard input */
    const struct lp_set *set;
    recording_f *fn; /* for every exchange that could be read, in order */
    void *ctx;
};
/* An exit code: CLI_USAGE when the file cannot be read, CLI_FOUND when an exchange could not. */
int recording_run(const struct recording *recording);
#endif
