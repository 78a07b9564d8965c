/* SPDX-License-Identifier: Apache-2.0 */
/* poll_packets - of several packets in one engine.io poll, those that may leave go on when another one stays here.
 *
 * Each packet is judged alone, which tells who is refused and what number their questions had. What is left is then
 * judged once more as it will leave, with what people sent before: only when that is clean does it go, else all of the
 * poll stays. It is put together from the packets as they came, and one that says nothing behind them, so that the
 * origin answers the poll that waits. Packets that belong together (an event and its attachments) are not taken apart.
 */
#include "gateway/txn_parts.h"

#define PACKETS_MAX 16u /* each costs a run of the chain */

struct judged {
    struct st_arena *arena; /* owned */
    struct chain_out chain;
    struct st_span body; /* as it came */
};

static bool may_leave(const struct chain_out *chain)
{
    return chain->judgement.verdict < POL_REDACT;
}

/* drips: what the person sent before counts, and this is kept when it may leave. */
static bool judge(struct txn *t, struct st_span body, bool with_drips, struct judged *out)
{
    struct chain_in in = txn_chain_in(t);

    out->body = in.body = body;
    if (!with_drips)
        in.drips = NULL;
    if ((out->arena = st_arena_new((size_t)worker_config(t->worker)->limit.txn_memory)) == NULL)
        return false;
    chain_run(&in, out->arena, &out->chain);
    return true;
}

/* What the client is told of a packet that stays here; false: there is no way to. */
static bool reply_to(struct txn *t, const struct judged *packet, struct lp_reply *reply)
{
    const struct refuse_case facts = {
        .cause = REFUSE_VERDICT, .head = t->head, .host = t->target.host, .chain = &packet->chain, .id = txn_id(t)
    };
    const struct lp_refusal refusal = { refuse_sentence(&facts), facts.id, &packet->chain.findings };
    const struct lp_exchange exchange = { &t->req, packet->chain.doc };
    struct st_err ignored;

    return lp_reply(packet->chain.route, &exchange, &refusal, packet->arena, reply, &ignored) == ST_OK &&
           reply->how != LP_REPLY_CLOSE;
}

/* Puts what may leave into t->redacted, and behind it what says nothing; true: that is some, but not all. */
static bool gather(struct txn *t, const struct flt_input *in, const struct judged *packets, size_t n,
                   struct st_span idle)
{
    size_t kept = 0;

    st_buf_reset(&t->redacted);
    for (size_t i = 0; i < n; i++) {
        if (!may_leave(&packets[i].chain))
            continue;
        flt_wire_join(in, packets[i].body, &t->redacted);
        kept++;
    }
    flt_wire_join(in, idle, &t->redacted);
    return kept > 0 && kept < n && t->redacted.failed == ST_E_NONE;
}

static bool rest_may_leave(struct txn *t)
{
    struct judged rest = { 0 };
    bool may = judge(t, st_buf_view(&t->redacted), true, &rest) && may_leave(&rest.chain);

    st_arena_free(rest.arena);
    return may;
}

/* In the order of their questions. */
static bool tell(struct txn *t, const struct lp_reply *replies, size_t n)
{
    struct st_err ignored;

    for (size_t i = 0; i < n; i++) {
        if (replies[i].how == LP_REPLY_SILENT) {
            t->worker->counts.polls_dropped++;
            continue;
        }
        if (notices_put(t->worker->notices[NOTICES_POLLS], &t->poll.key, replies[i].text, &ignored) != ST_OK)
            return false;
        t->worker->counts.polls_refused++;
    }
    return true;
}

bool poll_keeps_others(struct txn *t)
{
    const struct flt_input in = { .query = t->req.query,
                                  .body = t->chain_body,
                                  .content_type = t->req.content_type,
                                  .content_encoding = http_field_get(t->head, "content-encoding"),
                                  .wire = t->chain.doc->wire };
    struct judged packets[PACKETS_MAX] = { 0 };
    struct lp_reply replies[PACKETS_MAX];
    struct st_span bodies[PACKETS_MAX];
    size_t n = flt_wire_packets(&in, bodies, PACKETS_MAX), refused = 0;
    struct flt_idle idle = { ST_SPAN_NONE, ST_SPAN_NONE };
    bool ok = n > 1 && flt_wire_idle(t->arena, &in, t->chain.doc, &idle, &t->err) == ST_OK && idle.body.n > 0;

    for (size_t i = 0; ok && i < n; i++) {
        ok = judge(t, bodies[i], false, &packets[i]);
        if (ok && !may_leave(&packets[i].chain))
            ok = reply_to(t, &packets[i], &replies[refused++]);
    }
    ok = ok && gather(t, &in, packets, n, idle.body) && rest_may_leave(t) && tell(t, replies, refused);
    for (size_t i = 0; i < PACKETS_MAX; i++)
        st_arena_free(packets[i].arena);
    return ok;
}
