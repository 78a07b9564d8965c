/* SPDX-License-Identifier: Apache-2.0 */
/* refuse - pages and JSON bodies for refusals.
 *
 * Who asked decides the form: a navigation gets a page, a fetch gets JSON with the fields the page would show, and a
 * platform with a shape of its own (lp_deny) gets that; a gRPC call gets its status (refuse_call.c), a script element
 * that waits for a call gets one with either JSON in it (refuse_script.c). The page has no script and one style, named
 * in its CSP by hash. Everything that did not come from this program is written through put_html or st_json, which
 * bound and escape it. CORS: a page of the same site may read the answer, nobody else; the Origin that is echoed holds
 * only the characters of an origin. A new cause is one line in refusals.def.
 */
#include "gateway/refuse.h"
#include "base/hash.h"
#include "base/json.h"
#include "gateway/refuse_call.h"
#include "gateway/refuse_script.h"
#include "gateway/tls.h"
#include <string.h>

#define PAGE_MAX  65536u
#define QUOTE_MAX 120u /* of anything from the wire */

static const struct {
    const char *name;
    unsigned status;
    const char *title[2], *text[2]; /* English, German */
} causes[] = {
#define REFUSE(id, status, title_en, title_de, text_en, text_de) \
    [REFUSE_##id] = { #id, status, { title_en, title_de }, { text_en, text_de } },
#include "gateway/refusals.def"
#undef REFUSE
};

static const char STYLE[] =
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1d2733;"
    "background:#fff}h1{font-size:1.5rem}dt{font-weight:600;margin-top:.75rem}dd{margin:0}code{font-family:ui-"
    "monospace,"
    "monospace;overflow-wrap:anywhere}footer{margin-top:2rem;color:#566}@media(prefers-color-scheme:dark){body{color:"
    "#e4e8ec;background:#14191f}footer{color:#9ab}}";

const char *refuse_cause_name(enum refuse_cause cause)
{
    return (size_t)cause < ST_LEN(causes) ? causes[cause].name : "?";
}

unsigned refuse_status(const struct refuse_case *facts)
{
    unsigned status = causes[facts->cause].status;

    if (status == 0)
        status =
            facts->err != NULL && facts->err->num >= 400 && facts->err->num <= 505 ? (unsigned)facts->err->num : 400;
    return status;
}

enum refuse_cause refuse_origin_cause(const struct st_err *err)
{
    switch (err->code) {
    case ST_E_DNS: return REFUSE_ORIGIN_NAME;
    case ST_E_DENIED: return REFUSE_ORIGIN_INSIDE;
    case ST_E_TIMEOUT: return REFUSE_ORIGIN_SLOW;
    case ST_E_CERT: return REFUSE_ORIGIN_CERTIFICATE;
    case ST_E_TLS: return REFUSE_ORIGIN_TLS;
    case ST_E_IO:
    case ST_E_CLOSED: return REFUSE_ORIGIN_AWAY;
    case ST_E_SYNTAX:
    case ST_E_PROTO:
    case ST_E_LIMIT:
    case ST_E_UNSUPPORTED: return REFUSE_ORIGIN_BROKEN;
    case ST_E_NONE:
    case ST_E_NOMEM:
    case ST_E_CONFIG:
    case ST_E_UNAVAILABLE:
    case ST_E_INTEGRITY:
    case ST_E_PLUGIN: return REFUSE_INTERNAL;
    }
    return REFUSE_INTERNAL;
}

/* ---- who asked -------------------------------------------------------------------------------------------------- */

static struct st_span field(const struct refuse_case *facts, const char *name)
{
    return facts->head != NULL ? http_field_get(facts->head, name) : ST_SPAN_NONE;
}

/* q of "de;q=0.7" in thousandths. */
static unsigned quality(struct st_span params)
{
    size_t at = st_span_find(params, ST_SPAN("q="));
    unsigned q = 0, scale = 1000;

    if (at == ST_SPAN_NPOS)
        return 1000;
    for (size_t i = at + 2; i < params.n && scale > 0; i++) {
        if (params.p[i] >= '0' && params.p[i] <= '9') {
            q += (unsigned)(params.p[i] - '0') * scale;
            scale /= 10;
        }
    }
    return q;
}

static bool wants_german(const struct refuse_case *facts)
{
    struct st_span rest = field(facts, "accept-language"), part;
    unsigned german = 0, english = 0;

    while (st_span_next(&rest, ',', &part)) {
        struct st_span params = st_span_trim(part), tag;
        unsigned q;

        if (!st_span_next(&params, ';', &tag))
            continue;
        q = quality(params);
        tag = st_span_sub(st_span_trim(tag), 0, 2);
        if (st_span_ieq(tag, ST_SPAN("de")) && q > german)
            german = q;
        if (st_span_ieq(tag, ST_SPAN("en")) && q > english)
            english = q;
    }
    return german > english;
}

static bool wants_page(const struct refuse_case *facts)
{
    struct st_span mode = field(facts, "sec-fetch-mode"), accept = field(facts, "accept");

    if (mode.n > 0)
        return st_span_ieq(mode, ST_SPAN("navigate"));
    return st_span_find(accept, ST_SPAN("text/html")) != ST_SPAN_NPOS ||
           st_span_find(accept, ST_SPAN("json")) == ST_SPAN_NPOS;
}

/* Is `host` the origin's host itself? Other hosts of the site are known by Sec-Fetch-Site only. */
static bool is_own_origin(struct st_span origin, const char *host)
{
    struct st_span rest = origin;
    size_t end;

    if (st_span_istarts(rest, ST_SPAN("https://")))
        rest = st_span_sub(rest, 8, rest.n);
    else if (st_span_istarts(rest, ST_SPAN("http://")))
        rest = st_span_sub(rest, 7, rest.n);
    else
        return false;
    end = st_span_chr(rest, ':');
    return st_span_ieq(end == ST_SPAN_NPOS ? rest : st_span_sub(rest, 0, end), st_span_str(host));
}

static bool is_origin_text(struct st_span origin)
{
    for (size_t i = 0; i < origin.n; i++) {
        uint8_t c = origin.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!is_alnum && strchr(":/.-[]", c) == NULL)
            return false;
    }
    return origin.n > 0 && origin.n <= 300;
}

static void put_cors(const struct refuse_case *facts, struct st_buf *out)
{
    struct st_span origin = field(facts, "origin"), site = field(facts, "sec-fetch-site");
    bool same = st_span_ieq(site, ST_SPAN("same-site")) || st_span_ieq(site, ST_SPAN("same-origin")) ||
                is_own_origin(origin, facts->host);

    if (!same || !is_origin_text(origin))
        return;
    st_buf_str(out, "Access-Control-Allow-Origin: ");
    st_buf_span(out, origin);
    st_buf_str(out, "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
}

/* ---- bodies ----------------------------------------------------------------------------------------------------- */

static void put_html(struct st_buf *out, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            st_buf_str(out, "&#39;");
        else if (s.p[i] < 0x20 || s.p[i] == 0x7f)
            st_buf_byte(out, ' ');
        else
            st_buf_markup(out, st_span_sub(s, i, 1));
    }
}

static void put_row(struct st_buf *out, const char *name, struct st_span value)
{
    if (value.n == 0)
        return;
    st_buf_fmt(out, "<dt>%s</dt><dd><code>", name);
    put_html(out, st_span_sub(value, 0, QUOTE_MAX));
    st_buf_str(out, "</code></dd>");
}

static bool is_verdict(const struct refuse_case *facts)
{
    return facts->cause == REFUSE_VERDICT && facts->chain != NULL;
}

static const char *message_of(const struct refuse_case *facts, bool german)
{
    const char *message = is_verdict(facts) ? chain_message(facts->chain, german) : NULL;

    return message != NULL ? message : causes[facts->cause].text[german];
}

const char *refuse_sentence(const struct refuse_case *facts)
{
    return message_of(facts, wants_german(facts));
}

static const char *reason_of(const struct refuse_case *facts, bool german)
{
    if (facts->cause == REFUSE_ORIGIN_CERTIFICATE && facts->err != NULL)
        return tls_cert_reason(facts->err->num, german);
    if (facts->cause == REFUSE_PROTOCOL && facts->err != NULL)
        return facts->err->what;
    return NULL;
}

/* A detector and a field are named once, however many findings there are. */
static bool is_repeated(const struct chain_out *chain, size_t i)
{
    const struct flt_finding *items = chain->findings.items;

    for (size_t k = 0; k < i; k++) {
        if (items[k].rule == items[i].rule && items[k].field == items[i].field)
            return true;
    }
    return false;
}

static struct st_span field_path(const struct chain_out *chain, const struct flt_finding *finding)
{
    return chain->doc != NULL && finding->field < chain->doc->n ? chain->doc->fields[finding->field].path
                                                                : ST_SPAN_NONE;
}

static void put_findings(const struct chain_out *chain, struct st_buf *out, bool german)
{
    if (chain->findings.n == 0)
        return;
    st_buf_fmt(out, "<dt>%s</dt>", german ? "Gefunden" : "Found");
    for (size_t i = 0; i < chain->findings.n && i < 20; i++) {
        const struct flt_finding *finding = &chain->findings.items[i];
        struct st_span path = field_path(chain, finding);

        if (is_repeated(chain, i))
            continue;
        st_buf_str(out, "<dd>");
        put_html(out, st_span_str(german && finding->rule->title_de != NULL ? finding->rule->title_de
                                                                            : finding->rule->title_en));
        if (path.n > 0) {
            st_buf_str(out, german ? ", im Feld <code>" : ", in the field <code>");
            put_html(out, st_span_sub(path, 0, QUOTE_MAX));
            st_buf_str(out, "</code>");
        }
        st_buf_str(out, "</dd>");
    }
}

static void put_page(const struct refuse_case *facts, struct st_buf *out, bool german)
{
    const char *title = causes[facts->cause].title[german], *reason = reason_of(facts, german);

    st_buf_fmt(out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">", german ? "de" : "en");
    st_buf_str(out, "<meta name=\"viewport\" content=\"width=device-width\">");
    st_buf_fmt(out, "<title>%s</title><style>%s</style></head><body><main><h1>%s</h1><p>", title, STYLE, title);
    put_html(out, st_span_str(message_of(facts, german)));
    st_buf_str(out, "</p>");
    if (reason != NULL)
        st_buf_fmt(out, "<p>%s</p>", reason);
    st_buf_str(out, "<dl>");
    if (is_verdict(facts))
        put_findings(facts->chain, out, german);
    put_row(out, german ? "Website" : "Site", st_span_str(facts->host));
    if (is_verdict(facts)) {
        put_row(out, german ? "Regel" : "Rule", st_span_str(facts->chain->judgement.rule));
        put_row(out, german ? "Richtlinie" : "Policy", st_span_str(facts->chain->judgement.policy));
    }
    put_row(out, german ? "Kennung" : "Request id", st_span_str(facts->id));
    st_buf_str(out, "</dl>");
    if (is_verdict(facts))
        st_buf_str(out, german
                            ? "<p>Gehen Sie zurück, nehmen Sie heraus, was oben genannt ist, und senden Sie noch "
                              "einmal. Ist die Angabe kein Geheimnis, nennen Sie dem IT-Service die Kennung.</p>"
                            : "<p>Go back, take out what is named above, and send it again. If it is no secret, tell "
                              "the IT service desk the request id.</p>");
    st_buf_fmt(out, "<footer>%s</footer></main></body></html>\n",
               german ? "Stoa, das Gateway Ihres Unternehmens. Der Text Ihrer Nachricht wird nicht gespeichert."
                      : "Stoa, your company's gateway. The text of your message is not stored.");
}

static void put_json(const struct refuse_case *facts, struct st_buf *out, bool german)
{
    const char *reason = reason_of(facts, german);
    struct st_json w;

    st_json_init(&w, out);
    st_json_object(&w, NULL);
    st_json_str(&w, "error", is_verdict(facts) ? "blocked" : "not_available");
    st_json_str(&w, "title", causes[facts->cause].title[german]);
    st_json_str(&w, "message", message_of(facts, german));
    if (reason != NULL)
        st_json_str(&w, "reason", reason);
    st_json_str(&w, "request_id", facts->id);
    if (is_verdict(facts)) {
        const struct chain_out *chain = facts->chain;

        st_json_str(&w, "rule", chain->judgement.rule);
        st_json_array(&w, "findings");
        for (size_t i = 0; i < chain->findings.n && i < 20; i++) {
            if (is_repeated(chain, i))
                continue;
            st_json_object(&w, NULL);
            st_json_str(&w, "detector", chain->findings.items[i].rule->id);
            st_json_str(&w, "title",
                        german && chain->findings.items[i].rule->title_de != NULL
                            ? chain->findings.items[i].rule->title_de
                            : chain->findings.items[i].rule->title_en);
            st_json_span(&w, "field", st_span_sub(field_path(chain, &chain->findings.items[i]), 0, QUOTE_MAX));
            st_json_end(&w);
        }
        st_json_end(&w);
    }
    st_json_end(&w);
}

/* ---- the response ----------------------------------------------------------------------------------------------- */

static const char *phrase(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Refused";
    }
}

/* The value of style-src for STYLE. */
static void put_style_hash(struct st_buf *out)
{
    struct st_span style = st_span(STYLE, sizeof STYLE - 1);
    uint8_t digest[ST_SHA256_LEN];
    char text[64];
    struct st_err ignored;

    if (st_sha256(&style, 1, digest, &ignored) != ST_OK)
        return; /* unstyled, but safe */
    st_buf_str(out, "; style-src 'sha256-");
    st_buf_span(out, st_span(text, st_base64(st_span(digest, sizeof digest), text)));
    st_buf_byte(out, '\'');
}

struct answer {
    unsigned status;
    const char *content_type;
    struct st_span body, fields; /* fields: more of them, each with its line's end */
    bool is_page;
};

static void put_head(const struct refuse_case *facts, const struct answer *answer, struct st_buf *out)
{
    st_buf_fmt(out, "HTTP/1.1 %u %s\r\n", answer->status, phrase(answer->status));
    st_buf_fmt(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", answer->content_type, answer->body.n);
    st_buf_str(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
    if (answer->is_page) {
        st_buf_str(out, "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; "
                        "frame-ancestors 'none'");
        put_style_hash(out);
        st_buf_str(out, "\r\n");
    }
    put_cors(facts, out);
    st_buf_span(out, answer->fields);
    if (facts->closes)
        st_buf_str(out, "Connection: close\r\n");
    http1_write_end(out);
}

/* The platform's own shape, when this is a verdict there; false: ours. */
static bool platform_answer(const struct refuse_case *facts, struct st_arena *arena, bool german, struct answer *out)
{
    struct lp_denial denial;
    struct st_err ignored;

    if (!is_verdict(facts) || facts->chain->route == NULL)
        return false;
    if (lp_deny(facts->chain->route, arena, message_of(facts, german), facts->id, &denial, &ignored) != ST_OK)
        return false;
    if (denial.status >= 200 && denial.status <= 599)
        out->status = denial.status;
    if (denial.is_page)
        return false;
    out->content_type = denial.content_type;
    out->body = denial.body;
    return true;
}

static bool call_answer(const struct refuse_case *facts, bool german, struct st_buf *body, struct st_buf *fields,
                        struct answer *out)
{
    const struct call_refusal no = { .content_type = field(facts, "content-type"),
                                     .status = out->status,
                                     .sentence = message_of(facts, german),
                                     .id = facts->id };

    if ((out->content_type = call_refusal_answer(&no, fields, body)) == NULL)
        return false;
    out->status = 200;
    out->body = st_buf_view(body);
    out->fields = st_buf_view(fields);
    return true;
}

/* The platform's JSON or ours, in a call of the function that waits for it. */
static bool script_answer(const struct refuse_case *facts, struct st_arena *arena, bool german, struct st_buf *body,
                          struct answer *out)
{
    char name[SCRIPT_NAME_MAX + 1];
    struct st_buf own;

    if (!is_verdict(facts) || !script_refusal_name(facts->head, name))
        return false;
    st_buf_init(&own, PAGE_MAX);
    if (!platform_answer(facts, arena, german, out) || strstr(out->content_type, "json") == NULL) {
        put_json(facts, &own, german);
        out->body = st_buf_view(&own);
    }
    script_refusal_body(name, out->body, body);
    if (body->failed == ST_E_NONE)
        body->failed = own.failed;
    st_buf_fini(&own);
    *out = (struct answer){ .status = 200, .content_type = SCRIPT_TYPE, .body = st_buf_view(body) };
    return true;
}

enum st_rc refuse_write(const struct refuse_case *facts, struct st_arena *arena, struct st_buf *out, struct st_err *err)
{
    struct answer answer = { .status = refuse_status(facts) };
    bool german = wants_german(facts),
         is_head = facts->head != NULL && st_span_eq(facts->head->method, ST_SPAN("HEAD"));
    enum st_rc rc;
    struct st_buf body, fields;

    st_buf_init(&body, PAGE_MAX);
    st_buf_init(&fields, PAGE_MAX);
    if (!call_answer(facts, german, &body, &fields, &answer) && !script_answer(facts, arena, german, &body, &answer) &&
        !platform_answer(facts, arena, german, &answer)) {
        answer.is_page = wants_page(facts);
        answer.content_type = answer.is_page ? "text/html; charset=utf-8" : "application/json";
        if (answer.is_page)
            put_page(facts, &body, german);
        else
            put_json(facts, &body, german);
        answer.body = st_buf_view(&body);
    }
    rc = st_buf_done(&body, err, "refuse.write");
    if (rc == ST_OK) {
        put_head(facts, &answer, out);
        if (!is_head)
            st_buf_span(out, answer.body);
        rc = st_buf_done(out, err, "refuse.write");
    }
    st_buf_fini(&fields);
    st_buf_fini(&body);
    return rc;
}
