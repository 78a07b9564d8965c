/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_call - see refuse_call.h.
 *
 * gRPC says it in two fields: behind the answer, or, when nothing came before, in its head. Connect's streams say it in
 * a message of their own, with a flag. A new status is one line in codes, a new type one in types.
 */
#include "gateway/refuse_call.h"
#include "base/json.h"
#include <string.h>

#define END_STREAM 0x02
#define JSON_MAX   4096u

static const struct {
    unsigned status;
    const char *number, *name;
} codes[] = { { 403, "7", "permission_denied" }, { 413, "8", "resource_exhausted" }, { 503, "14", "unavailable" } };

static const struct {
    const char *begins, *answer;
    bool is_grpc;
} types[] = { { "application/grpc-web-text", "application/grpc-web-text", true },
              { "application/grpc-web", "application/grpc-web", true },
              { "application/grpc", "application/grpc", true },
              { "application/connect+json", "application/connect+json", false },
              { "application/connect+", "application/connect+proto", false } };

/* An index into a table; its length: none. */
static size_t code_of(unsigned status)
{
    size_t i = 0;

    while (i < ST_LEN(codes) && codes[i].status != status)
        i++;
    return i;
}

static size_t type_of(struct st_span content_type)
{
    size_t i = 0;

    while (i < ST_LEN(types) && !st_span_istarts(content_type, st_span_str(types[i].begins)))
        i++;
    return i;
}

/* Percent-Encoding of gRPC's Status-Message: printable ASCII stands for itself. */
static void put_encoded(struct st_buf *out, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 0x20 && s.p[i] < 0x7F && s.p[i] != '%')
            st_buf_byte(out, s.p[i]);
        else
            st_buf_fmt(out, "%%%02X", s.p[i]);
    }
}

static void put_sentence(struct st_buf *out, const struct call_refusal *no)
{
    put_encoded(out, st_span_str(no->sentence));
    st_buf_fmt(out, " (%s)", no->id);
}

/* Connect's last message. */
static void put_message(struct st_buf *out, const struct call_refusal *no, size_t code)
{
    struct st_json w;
    struct st_buf json;
    uint8_t head[5] = { END_STREAM };

    st_buf_init(&json, JSON_MAX);
    st_json_init(&w, &json);
    st_json_object(&w, NULL);
    st_json_object(&w, "error");
    st_json_str(&w, "code", codes[code].name);
    st_json_str(&w, "message", no->sentence);
    st_json_end(&w);
    st_json_object(&w, "metadata");
    st_json_array(&w, "request-id");
    st_json_str(&w, NULL, no->id);
    st_json_end(&w);
    st_json_end(&w);
    st_json_end(&w);
    for (size_t i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(json.n >> (24 - 8 * i));
    st_buf_put(out, head, sizeof head);
    st_buf_span(out, st_buf_view(&json));
    st_buf_fini(&json);
}

const char *call_refusal_answer(const struct call_refusal *no, struct st_buf *fields, struct st_buf *body)
{
    size_t code = code_of(no->status), type = type_of(no->content_type);

    if (code == ST_LEN(codes) || type == ST_LEN(types))
        return NULL;
    if (types[type].is_grpc) {
        st_buf_fmt(fields, "grpc-status: %s\r\ngrpc-message: ", codes[code].number);
        put_sentence(fields, no);
        st_buf_str(fields, "\r\nAccess-Control-Expose-Headers: grpc-status, grpc-message\r\n");
    } else {
        put_message(body, no, code);
    }
    return types[type].answer;
}

bool call_refusal_end(const struct call_refusal *no, struct st_buf *text, struct http_field trailers[CALL_TRAILERS],
                      size_t *n)
{
    size_t code = code_of(no->status), type = type_of(no->content_type);

    *n = 0;
    if (code == ST_LEN(codes) || type == ST_LEN(types))
        return false;
    if (!types[type].is_grpc) {
        put_message(text, no, code);
        return text->failed == ST_E_NONE;
    }
    put_sentence(text, no);
    trailers[0] = (struct http_field){ ST_SPAN("grpc-status"), st_span_str(codes[code].number) };
    trailers[1] = (struct http_field){ ST_SPAN("grpc-message"), st_buf_view(text) };
    *n = CALL_TRAILERS;
    return text->failed == ST_E_NONE;
}
