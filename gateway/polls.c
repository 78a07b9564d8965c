/* SPDX-License-Identifier: Apache-2.0 */
/* polls - a ring of refusals that wait for an answer of their session. The places are there from birth, so that nothing
 * grows: a new one takes the place of the oldest, told or not. What waited for a minute is as good as gone, since a
 * poll is answered sooner than that.
 */
#include "gateway/polls.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

#define PLACES   64
#define KEY_MAX  384
#define TEXT_MAX 4096
#define KEEP_MS  60000

struct note {
    uint64_t until_ms; /* st_clock_ms; 0: the place is free */
    size_t host_n, session_n, text_n;
    uint8_t key[KEY_MAX]; /* host, then session */
    uint8_t text[TEXT_MAX];
};

struct polls {
    size_t next; /* the oldest: its place is taken next */
    struct note *notes[PLACES];
};

struct polls *polls_new(void)
{
    return calloc(1, sizeof(struct polls));
}

void polls_free(struct polls *polls)
{
    for (size_t i = 0; polls != NULL && i < PLACES; i++)
        free(polls->notes[i]);
    free(polls);
}

enum st_rc polls_add(struct polls *polls, struct st_span host, struct st_span session, struct st_span text,
                     struct st_err *err)
{
    struct note **place = &polls->notes[polls->next];

    if (host.n + session.n > KEY_MAX || text.n > TEXT_MAX || session.n == 0)
        return st_fail(err, ST_E_LIMIT, "polls.add", "too long", (int64_t)text.n);
    if (*place == NULL && (*place = calloc(1, sizeof **place)) == NULL)
        return st_fail(err, ST_E_NOMEM, "polls.add", "note", sizeof **place);
    (*place)->until_ms = st_clock_ms() + KEEP_MS;
    (*place)->host_n = host.n;
    (*place)->session_n = session.n;
    (*place)->text_n = text.n;
    memcpy((*place)->key, host.p, host.n);
    memcpy((*place)->key + host.n, session.p, session.n);
    memcpy((*place)->text, text.p, text.n);
    polls->next = (polls->next + 1) % PLACES;
    return ST_OK;
}

static bool is_for(const struct note *note, struct st_span host, struct st_span session)
{
    return note != NULL && note->until_ms > st_clock_ms() && st_span_eq(st_span(note->key, note->host_n), host) &&
           st_span_eq(st_span(note->key + note->host_n, note->session_n), session);
}

static struct note *oldest(const struct polls *polls, struct st_span host, struct st_span session)
{
    for (size_t i = 0; i < PLACES; i++) {
        struct note *note = polls->notes[(polls->next + i) % PLACES];

        if (is_for(note, host, session))
            return note;
    }
    return NULL;
}

struct st_span polls_peek(const struct polls *polls, struct st_span host, struct st_span session)
{
    const struct note *note = oldest(polls, host, session);

    return note != NULL ? st_span(note->text, note->text_n) : ST_SPAN_NONE;
}

void polls_drop(struct polls *polls, struct st_span host, struct st_span session)
{
    struct note *note = oldest(polls, host, session);

    if (note != NULL)
        note->until_ms = 0;
}
