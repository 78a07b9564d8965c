/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_test - who asks gets the form and the language asked for; nothing of the wire comes back unescaped. */
#include "gateway/refuse.h"
#include "t.h"

static const struct http1_limits LIMITS = { 65536, 128 };

static const char *path = "/x"; /* that is asked for */

struct answer {
    struct st_buf text;
    struct st_arena *arena;
};

static struct answer ask(const char *fields, struct refuse_case *facts)
{
    struct answer a = { .arena = st_arena_new(1 << 20) };
    struct http1 *parser = http1_new(HTTP1_REQUEST, &LIMITS);
    struct st_err err = ST_ERR_INIT;
    struct http1_event event;
    char head[4096];
    size_t used;

    (void)snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
                   strstr(fields, "!HEAD") != NULL ? "HEAD" : "GET", path,
                   strstr(fields, "!HEAD") != NULL ? "" : fields);
    T_OK(http1_feed(parser, a.arena, st_span_str(head), &used, &event, &err), err);
    facts->head = event.head;
    if (facts->id == NULL)
        facts->id = "id-1";
    if (facts->host == NULL)
        facts->host = "a.test";
    st_buf_init(&a.text, 1 << 20);
    T_OK(refuse_write(facts, a.arena, &a.text, &err), err);
    st_buf_byte(&a.text, 0);
    http1_free(parser);
    return a;
}

static void done(struct answer *a)
{
    st_buf_fini(&a->text);
    st_arena_free(a->arena);
}

static bool has(const struct answer *a, const char *part)
{
    return strstr((const char *)a->text.p, part) != NULL;
}

T_TEST(form_and_language)
{
    static const struct {
        const char *fields, *has, *lacks;
    } TABLE[] = {
        { "Sec-Fetch-Mode: navigate\r\n", "<html lang=\"en\">", "{\"error" },
        { "Sec-Fetch-Mode: navigate\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n", "<html lang=\"de\">",
          "not found" },
        { "Accept-Language: en;q=0.9, de;q=0.8\r\n", "<html lang=\"en\">", "\"de\"" },
        { "Accept-Language: fr, de;q=0.1\r\n", "<html lang=\"de\">", "\"en\"" },
        { "Accept-Language: de;q=0, en;q=0\r\n", "<html lang=\"en\">", "\"de\"" },
        { "Sec-Fetch-Mode: cors\r\nAccept: */*\r\n", "\r\nContent-Type: application/json", "<html" },
        { "Accept: application/json\r\n", "\"request_id\":\"id-1\"", "<html" },
        { "Accept: */*\r\n", "<!doctype html>", "{\"error" },
        { "!HEAD", "\r\n\r\n", "<html" },
    };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct refuse_case facts = { .cause = REFUSE_ORIGIN_NAME };
        struct answer a = ask(TABLE[i].fields, &facts);

        T_CHECK(strncmp((char *)a.text.p, "HTTP/1.1 502 Bad Gateway\r\n", 26) == 0, "case %zu", i);
        T_CHECK(has(&a, TABLE[i].has), "case %zu lacks %s: %s", i, TABLE[i].has, (char *)a.text.p);
        T_CHECK(!has(&a, TABLE[i].lacks), "case %zu has %s", i, TABLE[i].lacks);
        T_CHECK(!has(&a, "<script") && has(&a, "nosniff") && has(&a, "no-store"), "case %zu", i);
        done(&a);
    }
}

T_TEST(a_call_hears_it_in_its_own_words)
{
    static const struct {
        const char *fields, *has, *lacks;
        enum refuse_cause cause;
    } TABLE[] = {
        { "Content-Type: application/grpc+proto\r\n",
          "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n", "<html", REFUSE_VERDICT },
        { "Content-Type: application/grpc\r\n", "\r\ngrpc-status: 7\r\ngrpc-message: This message", "{",
          REFUSE_VERDICT },
        { "Content-Type: application/grpc\r\nAccept-Language: de\r\n", "gepr%C3%BCft werden kann",
          "gepr\xC3\xBC"
          "ft",
          REFUSE_TOO_LARGE },
        { "Content-Type: application/grpc-web-text\r\n", "\r\nContent-Type: application/grpc-web-text\r\n", "{",
          REFUSE_HOST },
        { "Content-Type: application/connect+json\r\n", "\"code\":\"unavailable\"", "grpc-", REFUSE_BUSY },
        { "Content-Type: application/connect+proto\r\n", "\r\nContent-Type: application/connect+proto\r\n", "grpc-",
          REFUSE_VERDICT },
        { "Content-Type: application/grpc\r\n", "HTTP/1.1 502 Bad Gateway", "grpc-status", REFUSE_ORIGIN_AWAY },
    };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct refuse_case facts = { .cause = TABLE[i].cause };
        struct answer a = ask(TABLE[i].fields, &facts);

        for (size_t k = 0; k < a.text.n - 1; k++) /* the length before a message */
            a.text.p[k] = a.text.p[k] == 0 ? ' ' : a.text.p[k];
        T_CHECK(has(&a, TABLE[i].has), "row %zu: %s", i, (char *)a.text.p);
        T_CHECK(!has(&a, TABLE[i].lacks), "row %zu says %s", i, TABLE[i].lacks);
        done(&a);
    }
}

T_TEST(every_cause_has_both_languages_and_a_status)
{
    for (int cause = 0; cause < REFUSE_COUNT; cause++) {
        static const char *const LANGUAGES[] = { "Accept-Language: en\r\n", "Accept-Language: de\r\n" };
        char first[200] = "";

        for (size_t i = 0; i < 2; i++) {
            struct refuse_case facts = { .cause = (enum refuse_cause)cause };
            struct answer a = ask(LANGUAGES[i], &facts);
            const char *title = strstr((char *)a.text.p, "<h1>");

            T_CHECK(refuse_status(&facts) >= 400 && refuse_status(&facts) <= 505, "%s", refuse_cause_name(facts.cause));
            T_CHECK(title != NULL, "%s has no title", refuse_cause_name(facts.cause));
            T_CHECK(strncmp(title, first, 30) != 0, "%s: one language only", refuse_cause_name(facts.cause));
            (void)snprintf(first, sizeof first, "%s", title);
            done(&a);
        }
    }
}

T_TEST(the_declared_length_is_the_bodys)
{
    struct refuse_case facts = { .cause = REFUSE_HOST, .closes = true };
    struct answer a = ask("", &facts);
    const char *length = strstr((char *)a.text.p, "Content-Length: "), *body = strstr((char *)a.text.p, "\r\n\r\n");

    T_CHECK(length != NULL && body != NULL, "head");
    T_CHECK(strtoul(length + 16, NULL, 10) == strlen(body + 4), "length");
    T_CHECK(has(&a, "\r\nConnection: close\r\n"), "close");
    T_CHECK(has(&a, "default-src 'none'") && has(&a, "style-src 'sha256-"), "csp");
    done(&a);
}

T_TEST(cors_is_for_the_same_site)
{
    static const struct {
        const char *fields;
        bool is_allowed;
    } TABLE[] = {
        { "Origin: https://a.test\r\n", true },
        { "Origin: https://a.test:8443\r\n", true },
        { "Origin: https://b.test\r\n", false },
        { "Origin: https://a.test.evil.example\r\n", false },
        { "Origin: null\r\n", false },
        { "Origin: https://www.a.test\r\nSec-Fetch-Site: same-site\r\n", true },
        { "Origin: https://www.a.test\r\nSec-Fetch-Site: cross-site\r\n", false },
        { "Origin: https://x\"<y\r\nSec-Fetch-Site: same-site\r\n", false },
        { "Sec-Fetch-Site: same-origin\r\n", false },
    };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct refuse_case facts = { .cause = REFUSE_HOST };
        struct answer a = ask(TABLE[i].fields, &facts);

        T_CHECK(has(&a, "Access-Control-Allow-Origin") == TABLE[i].is_allowed, "case %zu: %s", i, (char *)a.text.p);
        done(&a);
    }
}

T_TEST(what_was_found_is_named_not_shown)
{
    static const struct flt_rule RULE = { .id = "pii.iban", .title_en = "IBAN <b>", .title_de = "IBAN" };
    struct flt_field field = { .path = ST_SPAN("a\"><script>alert(1)</script>"),
                               .text = ST_SPAN("secret-text-itself") };
    struct flt_doc doc = { .fields = &field, .n = 1 };
    struct flt_finding findings[2] = { { .rule = &RULE, .to = 5, .confidence = 90 },
                                       { .rule = &RULE, .from = 6, .to = 9, .confidence = 90 } };
    struct chain_out chain = { .doc = &doc, .findings = { findings, 2, false } };
    static const char *const FORMS[] = { "Accept: text/html\r\n", "Accept: application/json\r\n" };

    chain.judgement = (struct pol_judgement){ .verdict = POL_BLOCK, .policy = "p", .rule = "r<1>" };
    chain.judgement.message = (struct st_text){ "Stopped: <i>IBAN</i>", "Angehalten" };
    for (size_t i = 0; i < ST_LEN(FORMS); i++) {
        struct refuse_case facts = { .cause = REFUSE_VERDICT, .chain = &chain };
        struct answer a = ask(FORMS[i], &facts);

        T_CHECK(strncmp((char *)a.text.p, "HTTP/1.1 403 ", 13) == 0, "%s", (char *)a.text.p);
        T_CHECK(!has(&a, "secret-text"), "text in form %zu", i);
        T_CHECK(i == 1 || (!has(&a, "<script") && !has(&a, "<i>") && !has(&a, "<b>") && !has(&a, "r<1>")), "unescaped");
        T_CHECK(has(&a, "script") && has(&a, "IBAN"), "field and title are named in form %zu", i);
        T_CHECK(strstr(strstr((char *)a.text.p, "&lt;b&gt;") != NULL ? strstr((char *)a.text.p, "&lt;b&gt;") + 1 : "",
                       "&lt;b&gt;") == NULL,
                "named twice");
        done(&a);
    }
}

static const char *const AS_SCRIPT = "Sec-Fetch-Dest: script\r\nSec-Fetch-Mode: no-cors\r\nAccept: */*\r\n";

static struct answer ask_script(const char *target, const char *fields)
{
    struct chain_out chain = { .has_activity = false };
    struct refuse_case facts = { .cause = REFUSE_VERDICT, .chain = &chain };
    struct answer a;

    chain.judgement = (struct pol_judgement){ .verdict = POL_BLOCK, .policy = "p", .rule = "r" };
    chain.judgement.message = (struct st_text){ "No \"IBAN\".\u2028Not here.", "Nein" };
    path = target;
    a = ask(fields, &facts);
    path = "/x";
    return a;
}

T_TEST(a_script_is_answered_by_the_call_that_it_waits_for)
{
    static const struct {
        const char *target, *call;
    } NAMES[] = {
        { "/api?q=1&callback=show", "show" },
        { "/api?callback=&jsonp=jQuery36_17%24", "jQuery36_17$" },
        { "/api?JsonCallback=angular.callbacks._0&x", "angular.callbacks._0" },
        { "/api?callback=a%5B0%5D%5b12%5D.b", "a[0][12].b" },
        { "/api?callback=alert(1)&callback=good", "good" },
    };
    struct answer a;

    for (size_t i = 0; i < ST_LEN(NAMES); i++) {
        char want[200];

        a = ask_script(NAMES[i].target, AS_SCRIPT);
        (void)snprintf(want, sizeof want, "\r\n\r\n/**/typeof %s === 'function' && %s({\"error\":\"blocked\"",
                       NAMES[i].call, NAMES[i].call);
        T_CHECK(has(&a, want) && has(&a, "\"}]});\n") != has(&a, "\"findings\":[]});\n"), "%s: %s", NAMES[i].target,
                (char *)a.text.p);
        T_CHECK(has(&a, "HTTP/1.1 200 OK\r\nContent-Type: text/javascript; charset=utf-8\r\n") && has(&a, "nosniff"),
                "%s", (char *)a.text.p);
        T_CHECK(has(&a, "No \\\"IBAN\\\".\\u2028Not here.") && !has(&a, "\u2028"), "%s", (char *)a.text.p);
        done(&a);
    }
    a = ask_script("/api?callback=show", "Accept: */*\r\n");
    T_CHECK(has(&a, " && show({"), "a browser that does not say what it asks for: %s", (char *)a.text.p);
    done(&a);
}

T_TEST(what_is_no_name_of_a_function_is_not_called)
{
    static const struct {
        const char *target, *fields;
    } TABLE[] = {
        { "/api?callback=alert(1)", NULL },
        { "/api?callback=a;b", NULL },
        { "/api?callback=a%0Ab", NULL },
        { "/api?callback=a%00", NULL },
        { "/api?callback=a..b", NULL },
        { "/api?callback=a.", NULL },
        { "/api?callback=1a", NULL },
        { "/api?callback=a[b]", NULL },
        { "/api?callback=a[]", NULL },
        { "/api?callback=a[1", NULL },
        { "/api?callback=*/x", NULL },
        { "/api?callback=%C3%BC", NULL },
        { "/api?callback", NULL },
        { "/api?call=show", NULL },
        { "/callback=show", NULL },
        { "/api?callback="
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          NULL },
        { "/api?callback=show", "Sec-Fetch-Dest: empty\r\nAccept: */*\r\n" },
        { "/api?callback=show", "Sec-Fetch-Dest: document\r\nAccept: text/html\r\n" },
        { "/api?callback=show", "Accept: application/json, */*\r\n" },
        { "/api?callback=show", "Accept: text/html, */*\r\n" },
    };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct answer a = ask_script(TABLE[i].target, TABLE[i].fields != NULL ? TABLE[i].fields : AS_SCRIPT);

        T_CHECK(has(&a, "HTTP/1.1 403 ") && !has(&a, "typeof"), "%s: %s", TABLE[i].target, (char *)a.text.p);
        done(&a);
    }
}

T_TEST(origin_errors_have_names)
{
    static const struct {
        enum st_e code;
        enum refuse_cause cause;
    } TABLE[] = { { ST_E_DNS, REFUSE_ORIGIN_NAME },      { ST_E_IO, REFUSE_ORIGIN_AWAY },
                  { ST_E_CLOSED, REFUSE_ORIGIN_AWAY },   { ST_E_TIMEOUT, REFUSE_ORIGIN_SLOW },
                  { ST_E_TLS, REFUSE_ORIGIN_TLS },       { ST_E_CERT, REFUSE_ORIGIN_CERTIFICATE },
                  { ST_E_SYNTAX, REFUSE_ORIGIN_BROKEN }, { ST_E_NOMEM, REFUSE_INTERNAL } };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct st_err err = { TABLE[i].code, "x", "y", 0 };

        T_CHECK(refuse_origin_cause(&err) == TABLE[i].cause, "%s", st_e_name(TABLE[i].code));
    }
}
