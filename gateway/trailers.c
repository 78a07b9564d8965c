/* SPDX-License-Identifier: Apache-2.0 */
/* trailers - the fields behind a request's body.
 *
 * They come last, and that decides what becomes of them. Where the body waits for them, they are judged with it, as
 * header fields that hold words of people are, names too: nothing that a browser sends has any, so each that is there
 * was thought of by somebody. Behind the messages of a call that stays open they are judged alone (call.c). Where the
 * body has left, was looked into as it came, or could not be held, no verdict can wait for them: there they end here,
 * as RFC 9110 §6.5.1 lets them, though the policy may let such a body pass unread. With a body that nobody reads by its
 * host or its path they pass as it does.
 */
#include "gateway/txn_parts.h"
#include <string.h>

/* Two texts for each: its value, and its name, which may be one too. */
static enum st_rc read_them(struct txn *t)
{
    struct flt_head_text *texts =
        st_arena_alloc(t->arena, (t->n_words + TRAILER_TEXTS * t->n_trailers) * sizeof *texts);

    if (texts == NULL)
        return st_arena_fail(t->arena, &t->err, "trailers.words");
    if (t->n_words > 0)
        memcpy(texts, t->words, t->n_words * sizeof *texts);
    t->words = texts;
    for (size_t i = 0; i < t->n_trailers; i++) {
        const struct http_field *trailer = &t->trailers[i];

        texts[t->n_words++] = (struct flt_head_text){ trailer->name, trailer->value, FLT_IN_HEAD };
        texts[t->n_words++] = (struct flt_head_text){ ST_SPAN("trailer"), trailer->name, FLT_IN_HEAD };
    }
    return ST_OK;
}

enum st_rc trailers_take(struct txn *t, const struct http1_event *event)
{
    bool is_held = t->state == TXN_READ_BODY && t->sift == NULL && t->not_held == FLT_REASON_NONE;
    bool are_waited_for = is_held || t->way == UPLOAD_CALL;

    if (event->n_trailers == 0)
        return ST_OK;
    if (!are_waited_for && !t->is_unread) {
        t->worker->counts.trailers_dropped += event->n_trailers;
        return ST_OK;
    }
    t->trailers = event->trailers;
    t->n_trailers = event->n_trailers;
    return t->is_unread ? ST_OK : read_them(t);
}

/* RFC 9530, RFC 1864, and what services call theirs. */
static bool is_digest(struct st_span name)
{
    struct st_span word;

    while (st_span_next(&name, '-', &word))
        if (st_span_ieq(word, ST_SPAN("digest")) || st_span_ieq(word, ST_SPAN("md5")) ||
            st_span_ieq(word, ST_SPAN("checksum")))
            return true;
    return false;
}

void trailers_redacted(struct txn *t)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->n_trailers; i++)
        if (!is_digest(t->trailers[i].name))
            t->trailers[kept++] = t->trailers[i];
    t->n_trailers = kept;
}
