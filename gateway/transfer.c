/* SPDX-License-Identifier: Apache-2.0 */
/* transfer - an upload from its announcement to its bytes.
 *
 * A platform's answer names an address, often of a store that a whole cloud shares, and the bytes follow there. It is
 * noted for a quarter of an hour, for the person whom it was named to, in memory that all workers share (notices.h).
 * Its host is then opened for that person though no policy names it, but what goes to other addresses there passes
 * unread; what goes to the noted one is judged as the platform's. A host that is protected, or that a policy passes on
 * purpose, stays closed, and a connection that was passed before the announcement stays what it is. When the table is
 * full, an address is not noted.
 */
#include "gateway/transfer.h"
#include "gateway/target.h"
#include <string.h>

#define TEXT_MAX 512u
#define URL_MAX  4096u

/* Of an address, or of its host when path is empty: no path is. */
static bool key_of(const struct transfer_place *place, struct notices_key *key)
{
    struct st_err ignored;

    return notices_key(place->host, place->path, st_span_str(place->person), key, &ignored) == ST_OK;
}

static bool note(struct worker *worker, const struct transfer_place *place, struct st_span text)
{
    struct notices_key key;
    struct st_err ignored;

    return key_of(place, &key) && notices_put(worker->notices[NOTICES_UPLOADS], &key, text, &ignored) == ST_OK;
}

/* "//host/path" is how some write it. */
static bool read_address(struct st_span url, char *room, struct target *out)
{
    struct st_err ignored;

    if (st_span_starts(url, ST_SPAN("//")) && url.n + 6 < URL_MAX) {
        memcpy(room, "https:", 6);
        memcpy(room + 6, url.p, url.n);
        url = st_span(room, url.n + 6);
    }
    return url.n < URL_MAX && target_absolute(url, out, &ignored) == ST_OK && out->is_https;
}

void transfer_learn(struct worker *worker, const struct chain_out *told, const char *person)
{
    const struct lp_activity *a = &told->activity;
    struct st_buf text;
    char room[URL_MAX];

    if (worker->notices[NOTICES_UPLOADS] == NULL)
        return;
    st_buf_init(&text, TEXT_MAX);
    st_buf_str(&text, lp_route_platform(told->route));
    st_buf_byte(&text, '\n');
    st_buf_str(&text, lp_route_id(told->route));
    st_buf_byte(&text, '\n');
    st_buf_span(&text, st_span_sub(a->object_id, 0, TEXT_MAX / 2));
    for (size_t i = 0; i < a->n_uploads && text.failed == ST_E_NONE; i++) {
        struct transfer_place place = { .person = person };
        struct st_span query;
        struct target target;

        if (!read_address(a->uploads[i], room, &target))
            continue;
        place.host = st_span_str(target.host);
        if (!note(worker, &place, ST_SPAN_NONE))
            continue;
        target_split(target.path, &place.path, &query);
        worker->counts.uploads_announced += note(worker, &place, st_buf_view(&text));
    }
    st_buf_fini(&text);
}

bool transfer_is_due(struct worker *worker, struct st_span host, const char *person)
{
    const struct transfer_place place = { .host = host, .person = person };
    struct notices *notices = worker->notices[NOTICES_UPLOADS];
    struct notices_key key;

    return notices != NULL && !notices_are_none(notices) && key_of(&place, &key) && notices_has(notices, &key);
}

void transfer_find(struct worker *worker, const struct lp_set *set, const struct transfer_place *place,
                   struct st_arena *arena, struct transfer *out)
{
    struct notices *notices = worker->notices[NOTICES_UPLOADS];
    struct st_span rest, platform, rule;
    struct notices_key key;
    struct st_buf text;

    *out = (struct transfer){ 0 };
    if (notices == NULL || notices_are_none(notices) || !key_of(place, &key))
        return;
    st_buf_init(&text, TEXT_MAX);
    if (notices_read(notices, &key, &text)) {
        rest = st_buf_view(&text);
        if (st_span_next(&rest, '\n', &platform) && st_span_next(&rest, '\n', &rule))
            out->route = lp_route_transfer(set, platform, rule);
        out->id = st_span(st_arena_dup(arena, rest.n > 0 ? (const void *)rest.p : "", rest.n), rest.n);
        if (out->id.p == NULL)
            out->id = ST_SPAN_NONE;
    }
    worker->counts.uploads_seen += out->route != NULL;
    st_buf_fini(&text);
}
