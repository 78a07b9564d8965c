/* SPDX-License-Identifier: Apache-2.0 */
/* pac - the file that tells clients when to use which proxy (proxy auto-configuration). */
#ifndef STOA_GATEWAY_PAC_H
#define STOA_GATEWAY_PAC_H
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>

#define PAC_MAX (4u * 1024u * 1024u)

struct pol_set;
/* A whole answer in HTTP/1.1, after which the connection closes. head_only: without its body. */
ST_MUST enum st_rc pac_write(const struct pol_set *set, bool head_only, struct st_buf *out, struct st_err *err);
#endif
