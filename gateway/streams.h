/* SPDX-License-Identifier: Apache-2.0 */
/* streams - a client's HTTP/2 connection: its streams are exchanges, side by side on one link. */
#ifndef STOA_GATEWAY_STREAMS_H
#define STOA_GATEWAY_STREAMS_H
#include "gateway/txn.h"

struct streams;
/* env is copied; its on_event is called when there is something to step. NULL when memory is out. */
ST_MUST struct streams *streams_new(const struct txn_env *env);
void streams_free(struct streams *streams); /* with all exchanges; NULL is fine */
/* The only entry: on every event of the client's link, of an exchange, of a timer. TXN_GOES_ON, TXN_FINISH, TXN_CUT. */
enum txn_outcome streams_step(struct streams *streams);
/* The process drains: no new streams; those under way go on. Step it afterwards. */
void streams_leave(struct streams *streams);
#endif
