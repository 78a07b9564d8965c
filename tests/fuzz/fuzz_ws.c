/* SPDX-License-Identifier: Apache-2.0 */
/* ws - any bytes as frames; what comes out must not depend on how they were cut, and must be writable again.
 *
 * The first byte says who sent them, what was agreed, and how they are cut the second time.
 */
#include "gateway/ws.h"
#include <stdlib.h>
#include <string.h>

static const struct ws_limits LIMITS = { 1u << 18, 100, 1u << 16, 64, 0 };

struct seen {
    struct st_buf text; /* events and bytes, one after another */
    int64_t code;
    enum st_rc rc;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(struct seen *seen, const struct ws_event *event)
{
    if (event->kind != WS_DATA)
        st_buf_fmt(&seen->text, "<%d %d %u>", (int)event->kind, event->is_text, event->code);
    st_buf_span(&seen->text, event->data);
}

static void read_in_steps(struct seen *seen, enum ws_from from, const struct ws_deflate *deflate, struct st_span in,
                          size_t step)
{
    struct ws *ws = ws_new(from, &LIMITS, deflate);
    struct ws_event event;
    struct st_err err = ST_ERR_INIT;

    if (ws == NULL)
        abort();
    st_buf_init(&seen->text, 16u << 20);
    seen->rc = ST_AGAIN;
    while (in.n > 0 && seen->rc != ST_ERR) {
        struct st_span rest = st_span_sub(in, 0, step);
        size_t used;

        while ((seen->rc = ws_feed(ws, rest, &used, &event, &err)) == ST_OK) {
            note(seen, &event);
            rest = st_span_sub(rest, used, rest.n);
        }
        if (seen->rc == ST_AGAIN && used != rest.n)
            abort();
        in = st_span_sub(in, step, in.n);
    }
    seen->code = seen->rc == ST_ERR ? err.num : 0;
    if (seen->rc == ST_ERR && (seen->code < 1002 || seen->code > 1011))
        abort();
    ws_free(ws);
}

/* Filter and answer must agree with themselves. */
static void read_extensions(struct st_span value)
{
    struct ws_deflate deflate;
    struct st_err err;
    struct st_buf once, twice;

    st_buf_init(&once, 1u << 20);
    st_buf_init(&twice, 1u << 20);
    if (ws_filter_offer(value, &once, &err) == ST_OK) {
        if (ws_filter_offer(st_buf_view(&once), &twice, &err) != ST_OK ||
            !st_span_eq(st_buf_view(&once), st_buf_view(&twice)))
            abort();
        if (ws_read_answer(value, st_buf_view(&once), &deflate, &err) == ST_OK && deflate.is_on &&
            (deflate.client_bits < 8 || deflate.client_bits > 15 || deflate.server_bits < 8 ||
             deflate.server_bits > 15))
            abort();
    }
    st_buf_fini(&once);
    st_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ws_deflate deflate = { true, false, false, 15, 15 };
    struct seen whole, cut;
    struct st_span in;
    enum ws_from from;

    if (size < 1)
        return 0;
    from = (data[0] & 1) != 0 ? WS_FROM_SERVER : WS_FROM_CLIENT;
    deflate.client_no_takeover = deflate.server_no_takeover = (data[0] & 4) != 0;
    if ((data[0] & 8) != 0)
        deflate.client_bits = deflate.server_bits = 9;
    in = st_span(data + 1, size - 1);
    read_in_steps(&whole, from, (data[0] & 2) != 0 ? &deflate : NULL, in, in.n + 1);
    read_in_steps(&cut, from, (data[0] & 2) != 0 ? &deflate : NULL, in, 1 + (data[0] >> 4));
    if (whole.rc != cut.rc || whole.code != cut.code)
        abort();
    if (whole.rc != ST_ERR && !st_span_eq(st_buf_view(&whole.text), st_buf_view(&cut.text)))
        abort(); /* with an error in it, a larger piece may have told less */
    read_extensions(in);
    st_buf_fini(&whole.text);
    st_buf_fini(&cut.text);
    return 0;
}
