/* SPDX-License-Identifier: Apache-2.0 */
/* control - the socket that `stoa` talks to: run_dir/control.sock, one line of JSON each way.
 *
 * A request is an object with "do"; who may ask is decided by the socket's mode (0660) and folder. An answer is
 * {"ok":true,…} or {"ok":false,"error":"…","problems":["file:line:column: …"]}. Requests: status, version, reload,
 * drain, clock {ms}, consent {person, scope, granted, by}, consent_get {person, scope}, erase {person}, read {person,
 * by, reason, from_seq}.
 */
#ifndef STOA_GATEWAY_CONTROL_H
#define STOA_GATEWAY_CONTROL_H
#include "base/json.h"
#include "gateway/family.h"

struct control;

/* One request; line is its text, root what it says, both borrowed. Answer now or later with control_answer. */
typedef void control_request_f(void *ctx, uint64_t client, const json_t *root, struct st_span line);

/* Replaces a socket that a dead daemon left. child gives the loop. */
ST_MUST enum st_rc control_open(const char *path, struct fam_child *child, control_request_f *fn, void *ctx,
                                struct control **out, struct st_err *err);
void control_free(struct control *control); /* removes the socket; NULL is fine */
/* json: one object without a newline. A client that went away in the meantime is no error; client 0 is nobody. */
void control_answer(struct control *control, uint64_t client, struct st_span json);
void control_error(struct control *control, uint64_t client, const char *text);
void control_renew(struct control *control); /* the clock was turned: every client's time begins anew */
#endif
