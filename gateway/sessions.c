/* SPDX-License-Identifier: Apache-2.0 */
/* sessions - who gets a stream of which HTTP/2 connection to an origin, and who waits for one.
 *
 * An exchange takes the first session of its place that has room; else one is dialled, unless one is on its way or
 * there are enough: then it waits in one list of all, and is called when it is worth asking again. What a session
 * itself does is session.c.
 */
#include "gateway/sessions_parts.h"
#include <stdlib.h>

#define SESSIONS_MAGIC 0x73657373u
#define SESSIONS_MAX   4096u
#define A_PLACE_MAX    32u /* sessions with one place */

/* ---- who waits -------------------------------------------------------------------------------------------------- */

void sessions_leave(struct session_wait *wait)
{
    if (wait->link == NULL)
        return;
    *wait->link = wait->next;
    if (wait->next != NULL)
        wait->next->link = wait->link;
    else
        wait->sessions->last_wait = wait->link;
    wait->link = NULL;
}

static void join(struct sessions *s, struct session_wait *wait)
{
    if (wait->link != NULL)
        return;
    wait->sessions = s;
    wait->next = NULL;
    wait->link = s->last_wait;
    *s->last_wait = wait;
    s->last_wait = &wait->next;
}

static struct session_wait *first_wait(struct sessions *s, const struct upstream_place *place)
{
    struct session_wait *wait = s->waits;

    while (wait != NULL && !upstream_is_same(wait->place, place))
        wait = wait->next;
    return wait;
}

/* Its first request does not wait for the origin's settings, unless they say whether it can be made. */
static bool has_room(const struct session *session, bool is_socket)
{
    return session->state == SESSION_IS_OPEN && http2_can_request(session->h2) &&
           (session->has_settings || (session->n == 0 && !is_socket));
}

static struct session *find(const struct sessions *s, const struct upstream_place *place, bool is_socket)
{
    for (struct session *session = s->first; session != NULL; session = session->next) {
        if (has_room(session, is_socket) && upstream_is_same(&session->place, place))
            return session;
    }
    return NULL;
}

/* Another session for the place would be too many, or one is on its way. */
static bool has_enough(const struct sessions *s, const struct upstream_place *place)
{
    size_t n = 0;

    for (const struct session *session = s->first; session != NULL; session = session->next) {
        if (!upstream_is_same(&session->place, place) || session->state == SESSION_IS_GONE)
            continue;
        if (session->state == SESSION_IS_DIAL || (session->state == SESSION_IS_OPEN && !session->has_settings))
            return true;
        n++;
    }
    return n >= A_PLACE_MAX || s->n >= SESSIONS_MAX;
}

static void ask_again(struct session_wait *wait)
{
    sessions_leave(wait);
    wait->owner.on_event(wait->owner.ctx);
}

void sessions_wake(struct sessions *s, const struct upstream_place *place)
{
    struct session_wait *wait;

    while ((wait = first_wait(s, place)) != NULL && find(s, place, wait->is_socket) != NULL)
        ask_again(wait);
    if (wait != NULL && !has_enough(s, place))
        ask_again(wait);
}

void sessions_disappoint(struct sessions *s, const struct upstream_place *place, const struct st_err *err)
{
    struct session_wait *wait;
    size_t n = 0;

    for (wait = s->waits; wait != NULL; wait = wait->next)
        n += upstream_is_same(wait->place, place);
    for (; n > 0 && (wait = first_wait(s, place)) != NULL; n--) { /* who comes meanwhile has another dial */
        wait->is_http1 = err == NULL;
        if (err != NULL)
            wait->err = *err;
        ask_again(wait);
    }
}

enum st_rc sessions_adopt(struct sessions *s, struct upstream *upstream, struct st_err *err)
{
    struct session *session;

    ST_CHECK(s, SESSIONS_MAGIC);
    if ((session = find(s, upstream_at(upstream), false)) != NULL) { /* somebody was quicker */
        session->insists = session->insists || upstream_insists(upstream);
        upstream_free(upstream);
        return ST_OK;
    }
    return session_adopt(s, upstream, err);
}

/* ---- for exchanges ---------------------------------------------------------------------------------------------- */

enum st_rc sessions_get(struct sessions *s, struct session_wait *wait, struct back **out, struct st_err *err)
{
    struct session *session;

    ST_CHECK(s, SESSIONS_MAGIC);
    *out = NULL;
    if (wait->is_http1)
        return ST_OK;
    if (wait->err.code != ST_E_NONE) {
        *err = wait->err;
        return ST_ERR;
    }
    if ((session = find(s, wait->place, wait->is_socket)) != NULL) {
        sessions_leave(wait);
        return session_stream(session, wait->owner, out, err);
    }
    if (!has_enough(s, wait->place) && session_dial(s, wait->place, err) != ST_OK)
        return ST_ERR;
    join(s, wait);
    return ST_AGAIN;
}

bool sessions_has(const struct sessions *s, const struct upstream_place *place)
{
    const struct session *session = find(s, place, false);

    return session != NULL &&
           (place->offer == UPSTREAM_BOTH || (place->offer == UPSTREAM_HTTP1_FIRST && session->insists));
}

bool sessions_takes_sockets(const struct sessions *s, const struct upstream_place *place)
{
    const struct session *session = find(s, place, false);

    return session != NULL && http2_peer_offers_connect(session->h2);
}

bool sessions_refuses_sockets(const struct sessions *s, const struct upstream_place *place)
{
    bool is_refused = false;

    for (const struct session *session = s->first; session != NULL; session = session->next) {
        if (session->state != SESSION_IS_OPEN || !session->has_settings || !upstream_is_same(&session->place, place))
            continue;
        if (http2_peer_offers_connect(session->h2))
            return false;
        is_refused = true;
    }
    return is_refused;
}

struct sessions *sessions_new(struct worker *worker)
{
    struct sessions *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->magic = SESSIONS_MAGIC;
    s->worker = worker;
    s->last_wait = &s->waits;
    return s;
}

void sessions_clear(struct sessions *s)
{
    ST_CHECK(s, SESSIONS_MAGIC);
    for (struct session *session = s->first; session != NULL; session = session->next)
        session_no_more(session);
}

void sessions_free(struct sessions *s)
{
    if (s == NULL)
        return;
    ST_CHECK(s, SESSIONS_MAGIC);
    while (s->first != NULL)
        session_free(s->first);
    s->magic = 0;
    free(s);
}

size_t sessions_count(const struct sessions *s)
{
    return s->n;
}
