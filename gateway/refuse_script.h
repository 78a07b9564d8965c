/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_script - a "no" to a page that asked with a script element (JSONP).
 *
 * Such a page can read nothing but a call of the function that it named, and an answer with another status than 2xx is
 * not run at all; it would wait for its answer until it gives up.
 */
#ifndef STOA_GATEWAY_REFUSE_SCRIPT_H
#define STOA_GATEWAY_REFUSE_SCRIPT_H
#include "base/buf.h"
#include "gateway/http1.h"

#define SCRIPT_NAME_MAX 128

/* The function that the request names; false: it names none, or one that is no path of identifiers (a, a.b._0, a[1].b,
 * in ASCII), or it is no script that is asked for. */
ST_MUST bool script_refusal_name(const struct http_head *head, char name[SCRIPT_NAME_MAX + 1]);
/* The body, for an answer of status 200 and this type, around an error in JSON. */
#define SCRIPT_TYPE "text/javascript; charset=utf-8"
void script_refusal_body(const char *name, struct st_span json, struct st_buf *out);
#endif
