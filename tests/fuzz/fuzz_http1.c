/* SPDX-License-Identifier: Apache-2.0 */
/* http1 - any bytes as requests or answers: what is told must not depend on how they were cut, and what was accepted is
 * accepted again, as the same messages, once it was written anew.
 *
 * The first byte says what they are (p: requests, q: answers, r: answers to HEAD) and how they are cut.
 */
#include "tests/fuzz/told.h"

static const struct http1_limits LIMITS = { 8192, 64 };
static const struct http1_limits WIDE = { 1u << 20, 1000 }; /* what is written anew may be a little longer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_same(const struct told *a, const struct told *b, bool is_written_anew)
{
    told_must(a->end == b->end || is_written_anew, "the end is the same");
    told_must(a->n == b->n, "as many messages");
    for (size_t i = 0; i < a->n; i++) {
        const struct told_message *x = &a->items[i], *y = &b->items[i];

        told_must(told_eq(&x->start, &y->start), "start line");
        told_must(told_eq(&x->body, &y->body), "body");
        told_must(told_eq(&x->trailers, &y->trailers), "trailers");
        told_must(x->is_whole == y->is_whole, "wholeness");
        told_must(is_written_anew || told_eq(&x->fields, &y->fields), "fields");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum told_kind KINDS[] = { TOLD_REQUEST, TOLD_RESPONSE, TOLD_RESPONSE_TO_HEAD, TOLD_REQUEST };
    struct told whole, cut, again, twice;
    enum told_kind kind;
    struct st_span in;

    if (size < 1)
        return 0;
    kind = KINDS[data[0] & 3];
    in = st_span(data + 1, size - 1);
    told_read(&whole, kind, &LIMITS, in, in.n + 1);
    told_read(&cut, kind, &LIMITS, in, 1u + (data[0] >> 4));
    must_be_same(&whole, &cut, false);
    told_must(told_eq(&whole.again, &cut.again), "written anew alike");

    if (whole.n > 0 && !whole.items[whole.n - 1].is_whole) { /* the part of a message is not written */
        whole.n--;
        told_end_message(&whole.items[whole.n]);
    }
    told_read(&again, kind, &WIDE, st_buf_view(&whole.again), whole.again.n + 1);
    must_be_same(&whole, &again, true);
    told_must(again.end != TOLD_BROKEN, "what is written anew is accepted");
    told_read(&twice, kind, &WIDE, st_buf_view(&again.again), 1);
    told_must(told_eq(&again.again, &twice.again), "what is written anew stays as it is");
    told_fini(&whole);
    told_fini(&cut);
    told_fini(&again);
    told_fini(&twice);
    return 0;
}
