/* SPDX-License-Identifier: Apache-2.0 */
/* socket_swap - a refusal in the place of the origin's answer to a question of the gateway's.
 *
 * Where both ends count each other's messages (XMPP's stream management, XEP-0198 §4), one that stays here and one of
 * the gateway's own make both counts wrong, and the origin ends the session. So the origin gets a question in the
 * refused one's place, and the message that carries the question's mark back is replaced by the refusal. Only while a
 * question waits, a small text message of one frame is held until it is whole and searched for the marks; any other
 * byte goes on as it came. After a deadline, or when the origin ends, the client is told without an answer.
 */
#include "base/clock.h"
#include "gateway/socket_parts.h"
#include "gateway/ws_frame.h"
#include <string.h>

#define HELD_MAX 4096u  /* bytes of an answer's frame */
#define SWAP_MS  10000u /* for the origin to answer */

static const struct ws_part WHOLE = { .is_text = true, .is_first = true, .is_last = true };

void swap_init(struct socket *s)
{
    st_buf_init(&s->held, HELD_MAX + FLOW_FULL);
    st_buf_init(&s->down.bytes, 4 * FLOW_FULL);
}

/* The refusal of a question is told, or given up. */
static void forget(struct socket *s, size_t at)
{
    st_buf_fini(&s->swaps[at].text);
    s->n_swaps--;
    memmove(&s->swaps[at], &s->swaps[at + 1], (s->n_swaps - at) * sizeof s->swaps[0]);
}

void swap_fini(struct socket *s)
{
    while (s->n_swaps > 0)
        forget(s, 0);
    st_buf_fini(&s->held);
    st_buf_fini(&s->down.bytes);
}

enum st_rc swap_ask(struct socket *s, struct st_span question, struct st_err *err)
{
    struct ws_part part = WHOLE;

    part.data = question;
    return ws_write(s->writer, &s->up.bytes, &part, err);
}

enum st_rc swap_add(struct socket *s, const char *mark, struct st_span text, struct st_err *err)
{
    struct swap *swap = &s->swaps[s->n_swaps];

    assert(!swap_is_full(s));
    st_buf_init(&swap->text, FLOW_FULL);
    st_buf_span(&swap->text, text);
    s->n_swaps++;
    memcpy(swap->mark, mark, sizeof swap->mark);
    swap->due_ms = st_clock_ms() + SWAP_MS;
    return st_buf_done(&swap->text, err, "socket.swap");
}

bool swap_is_full(const struct socket *s)
{
    return s->n_swaps == SWAPS_MAX;
}

uint64_t swap_due(const struct socket *s)
{
    return s->n_swaps > 0 ? s->swaps[0].due_ms : UINT64_MAX; /* the oldest */
}

static enum st_rc tell(struct socket *s, size_t at, struct flow *flow)
{
    struct ws_part part = WHOLE;
    enum st_rc rc;

    part.data = st_buf_view(&s->swaps[at].text);
    rc = ws_write(s->own_writer, &flow->bytes, &part, &s->err);
    forget(s, at);
    return rc;
}

enum st_rc swap_expire(struct socket *s, uint64_t now_ms)
{
    enum st_rc rc = ST_OK;

    while (rc == ST_OK && swap_due(s) <= now_ms)
        rc = tell(s, 0, &s->own);
    return rc;
}

/* ---- the way down ----------------------------------------------------------------------------------------------- */

/* May the frame under way, whose head is whole, be an answer? */
static bool is_candidate(const struct ws_track *track)
{
    return track->head[0] == (WS_FIN | WS_OP_TEXT) && (track->head[1] & 0x80) == 0 && track->left <= HELD_MAX;
}

static void let_go(struct socket *s)
{
    st_buf_span(&s->down.bytes, st_buf_view(&s->held));
    st_buf_reset(&s->held);
}

/* A message that may be an answer is whole. */
static enum st_rc resolve(struct socket *s)
{
    for (size_t i = 0; i < s->n_swaps; i++) {
        if (st_span_find(st_buf_view(&s->held), st_span_str(s->swaps[i].mark)) == ST_SPAN_NPOS)
            continue;
        st_buf_reset(&s->held);
        return tell(s, i, &s->down);
    }
    let_go(s);
    return ST_OK;
}

bool swap_is_looking(const struct socket *s)
{
    return s->held.n > 0 || (s->n_swaps > 0 && ws_track_between_messages(&s->track));
}

enum st_rc swap_take(struct socket *s, struct st_span data)
{
    enum st_rc rc = ST_OK;

    ws_track_feed(&s->track, data);
    st_buf_span(&s->held, data);
    if (ws_track_between_frames(&s->track))
        rc = resolve(s);
    else if (s->track.in_payload && !is_candidate(&s->track))
        let_go(s);
    return rc == ST_OK && st_buf_done(&s->held, &s->err, "socket.swap") == ST_OK
               ? st_buf_done(&s->down.bytes, &s->err, "socket.swap")
               : ST_ERR;
}

enum st_rc swap_end(struct socket *s)
{
    let_go(s);
    return swap_expire(s, UINT64_MAX - 1);
}
