/* SPDX-License-Identifier: Apache-2.0 */
/* objects - the hooks beside `activity`: what they may change, what they may not, and what their failures leave. */
#include "base/clock.h"
#include "host/objects.h"
#include "host/set.h"
#include "host/store.h"
#include "lua_t.h"

#define HEAD "return { api = 1, name = 'test.one', version = '1', title = 'One', "

static struct lp_set *plugin(const char *test, const char *source)
{
    const char *dir = lt_dir(test);
    struct lp_set *set;

    lt_write(dir, "detect/one.lua", source);
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    return set;
}

/* ---- connect ---- */

static const char *const names[] = { "open", "pass", "inspect", "block" };

static enum lp_way connect_to(struct lp_set *set, const char *host, enum lp_way route, bool is_protected)
{
    static const char *const groups[] = { "sales", NULL };
    const struct lp_connection c = { st_span_str(host), 8443, "forum", groups, route, is_protected };
    const char *who;
    enum lp_way way = lp_hook_connect(set, &c, &who);

    T_CHECK((way == LP_WAY_OPEN) == (who == NULL), "who asked for %s", names[way]);
    return way;
}

T_TEST(a_plugin_has_a_say_in_the_way)
{
#define WAYS "permissions = { 'route.pass', 'route.inspect', 'verdict.block', 'actor.groups' }, connect = function(c) "
    static const struct {
        const char *body;
        enum lp_way route, ends;
        bool is_protected;
    } cases[] = {
        { "c:pass()", LP_WAY_INSPECT, LP_WAY_PASS, false },
        { "c:inspect()", LP_WAY_PASS, LP_WAY_INSPECT, false },
        { "c:inspect()", LP_WAY_PASS, LP_WAY_OPEN, true },
        { "c:block()", LP_WAY_PASS, LP_WAY_BLOCK, true },
        { "c:block() c:pass() c:inspect()", LP_WAY_INSPECT, LP_WAY_BLOCK, false },
        { "assert(c.host == 'a.test' and c.port == 8443 and c.platform == 'forum' and c.route == 'pass')", LP_WAY_PASS,
          LP_WAY_OPEN, false },
        { "assert(c.actor:in_group('sales') and not c.actor:in_group('x') and c.is_protected)", LP_WAY_INSPECT,
          LP_WAY_OPEN, true },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        char source[512];
        struct lp_set *set;
        enum lp_way got;

        (void)snprintf(source, sizeof source, HEAD "on_failure = 'block', " WAYS "%s end }", cases[i].body);
        set = plugin("way", source);
        got = connect_to(set, "a.test", cases[i].route, cases[i].is_protected);
        T_CHECK(got == cases[i].ends, "%s: %s", cases[i].body, names[got]);
        lp_set_release(set);
    }
}

T_TEST(a_plugin_that_fails_does_not_open_the_way)
{
    struct lp_set *set = plugin("failing", HEAD "on_failure = 'block', permissions = { 'route.pass' },"
                                                " connect = function(c) c:pass() error('x') end }");
    enum lp_way got;

    t_expect_log(ST_EV_PLUGIN_FAILED);
    got = connect_to(set, "a.test", LP_WAY_INSPECT, false);
    T_CHECK(got == LP_WAY_BLOCK, "%s", names[got]);
    lp_set_release(set);
    set = plugin("skipping", HEAD "permissions = { 'route.pass' }, connect = function(c) c:pass() c:inspect() end }");
    t_expect_log(ST_EV_PLUGIN_FAILED); /* no permission to have it inspected: then it said nothing at all */
    got = connect_to(set, "a.test", LP_WAY_INSPECT, false);
    T_CHECK(got == LP_WAY_OPEN, "%s", names[got]);
    lp_set_release(set);
}

T_TEST(of_several_the_strictest_wins)
{
    const char *dir = lt_dir("several");
    struct lp_set *set;

    lt_write(dir, "detect/a.lua",
             "return { api = 1, name = 'a', version = '1', title = 'A', permissions = { 'verdict.block' },"
             " connect = function(c) if c.host == 'a.test' then c:block() end end }");
    lt_write(dir, "detect/b.lua",
             "return { api = 1, name = 'b', version = '1', title = 'B', permissions = { 'route.pass' },"
             " connect = function(c) c:pass() end }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    T_CHECK(connect_to(set, "a.test", LP_WAY_INSPECT, false) == LP_WAY_BLOCK, "not the strictest");
    T_CHECK(connect_to(set, "b.test", LP_WAY_INSPECT, false) == LP_WAY_PASS, "the other is not heard");
    lp_set_release(set);
    set = lt_load(dir, (const char *const[]){ "a", "b", NULL });
    T_CHECK(set->asked == 0 && connect_to(set, "a.test", LP_WAY_PASS, false) == LP_WAY_OPEN, "asked, though off");
    lp_set_release(set);
}

/* ---- request ---- */

static struct st_span header(const void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "referer") == 0 || strcmp(name, "cookie") == 0 ? ST_SPAN("https://a.test/") : ST_SPAN_NONE;
}

static struct st_span any_header(const void *ctx, const char *name)
{
    (void)ctx;
    return st_span_str(name);
}

T_TEST(no_header_that_may_hold_a_credential_is_shown)
{
    static const char *const hidden[] = {
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "X-CSRF-Token",
        "X-XSRF",
        "X-Session-Id",
        "X-PHPSESSID",
        "X-JWT",
        "X-Bearer",
        "X-Signature",
        "Signature",
        "X-FB-LSD",
        "X-Sid",
        "sid",
        "X-OIDC",
        "X-SAML",
        "X-FB-DTSG",
        "X-OTP",
        "X-Totp-Code",
        "X-Password",
        "X-Amz-Credential",
        "DPoP",
        "X.sig",
        "X_Client_Cert",
        "X-Ms-SAS",
        "X-Nonce",
    };
    static const char *const shown[] = {
        "Referer", "User-Agent",    "Accept-Language", "Content-Type", "Origin",
        "X-Side",  "X-Significant", "X-Purpose",       "X-Spinner",    "Sec-Fetch-Dest"
    };
    const struct lp_request req = { .method = ST_SPAN("GET"), .host = ST_SPAN("a.test"), .path = ST_SPAN("/p") };
    const struct lp_asked asked = { .req = &req, .header = any_header };
    struct lp_set *set = plugin("credentials", HEAD "permissions = { 'headers.read' }, request = function(r)\n"
                                                    " r:note_fact('it', r:header(r.path:sub(2)) or '') end }");
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < ST_LEN(hidden) + ST_LEN(shown); i++) {
        const char *name = i < ST_LEN(hidden) ? hidden[i] : shown[i - ST_LEN(hidden)];
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_request asks = req;
        struct lp_asked about = asked;
        const struct lp_facts *facts;
        char path[64];

        (void)snprintf(path, sizeof path, "/%s", name);
        asks.path = st_span_str(path);
        about.req = &asks;
        T_OK(lp_hook_request(set, &about, arena, &facts, &err), err);
        T_CHECK(facts->n == 1 && (facts->items[0].value[0] == '\0') == (i < ST_LEN(hidden)), "%s", name);
        st_arena_free(arena);
    }
    lp_set_release(set);
}

/* The verdict of an activity that follows the request, and who failed on the way. */
static struct lp_opinion request_and_post(struct lp_set *set, struct st_arena *arena)
{
    const struct lp_request req = { .method = ST_SPAN("POST"), .host = ST_SPAN("a.test"), .path = ST_SPAN("/p") };
    const struct lp_asked asked = { .req = &req, .platform = "forum", .header = header };
    const struct lp_activity a = { .platform = "forum", .kind = "post", .audience = "public" };
    const struct lp_facts *facts;
    struct lp_opinion opinion;
    struct st_err err = ST_ERR_INIT;

    T_OK(lp_hook_request(set, &asked, arena, &facts, &err), err);
    opinion = facts != NULL ? facts->opinion : (struct lp_opinion){ 0 };
    T_OK(lp_hook_activity(set, &(struct lp_seen){ .activity = &a, .facts = facts }, arena, &opinion, &err), err);
    return opinion;
}

T_TEST(a_request_tells_later_hooks)
{
#define REQUEST(body)                                                                                                 \
    HEAD "on_failure = 'block', permissions = { 'headers.read', 'verdict.note' }, request = function(r) " body        \
         " end, activity = function(a, ctx) if ctx:fact('from') ~= 'none' then ctx:note { reason = ctx:fact('from') " \
         "or 'nil' } end end }"
    static const struct {
        const char *source, *reason;
        unsigned verdict;
    } cases[] = {
        { REQUEST("assert(r.method == 'POST' and r.host == 'a.test' and r.path == '/p' and r.platform == 'forum')"),
          "nil", 1 },
        { REQUEST("if r:header('Referer') then r:note_fact('from', 'link') end"), "link", 1 },
        { REQUEST("assert(r:header('x-none') == nil and r:header('Cookie') == nil)"), "nil", 1 },
        { REQUEST("r:note_fact('from', 'none')"), NULL, 0 },
        { REQUEST("r:note_fact('from', 'x') r:note_fact('from', 'none')"), NULL, 0 },
        { REQUEST("r:skip()"), NULL, 0 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_set *set = plugin("request", cases[i].source);
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_opinion got = request_and_post(set, arena);

        T_CHECK(got.failed == NULL && got.verdict == cases[i].verdict, "%s: %u", cases[i].source, got.verdict);
        T_CHECK(cases[i].reason == NULL || strcmp(got.reason, cases[i].reason) == 0, "%s: %s", cases[i].source,
                got.reason);
        st_arena_free(arena);
        lp_set_release(set);
    }
}

T_TEST(a_request_hook_that_fails_keeps_its_promise)
{
    static const char *const bodies[] = { "r:skip() error('x')",
                                          "r:note_fact('two words', 'x')",
                                          "for i = 1, 17 do r:note_fact('a', 'b') end",
                                          "r:note_fact('a', ('x'):rep(257))",
                                          "r:header(nil)",
                                          "r:note_fact('a', 'b\\0c')" };

    for (size_t i = 0; i < ST_LEN(bodies); i++) {
        char source[768];
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_opinion got;
        struct lp_set *set;

        (void)snprintf(source, sizeof source, REQUEST("%s"), bodies[i]);
        set = plugin("promise", source);
        t_expect_log(ST_EV_PLUGIN_FAILED);
        got = request_and_post(set, arena);
        T_CHECK(got.verdict == 4 && strcmp(got.reason, "plugin-failed") == 0, "%s: %u", bodies[i], got.verdict);
        st_arena_free(arena);
        lp_set_release(set);
    }
}

/* ---- finding ---- */

static const struct flt_rule iban = { .id = "pii.de.iban", .pack = "bank", .severity = FLT_HIGH };
static const struct flt_rule card = { .id = "pii.card", .pack = "bank", .severity = FLT_CRITICAL };

/* Two findings in "abc 4111 xyz"; says what is left as "id confidence," and the verdict. */
static const char *find(struct lp_set *set, struct lp_opinion *opinion)
{
    static char said[128];
    struct flt_finding items[] = { { .rule = &iban, .from = 0, .to = 3, .confidence = 80 },
                                   { .rule = &card, .from = 4, .to = 8, .confidence = 90 } };
    struct flt_findings findings = { .items = items, .n = 2 };
    struct flt_field field = { .text = ST_SPAN("abc 4111 xyz") };
    struct flt_doc doc = { .fields = &field, .n = 1 };
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    size_t used = 0;

    said[0] = '\0';
    *opinion = (struct lp_opinion){ 0 };
    T_OK(lp_hook_finding(set, &(struct lp_seen){ .doc = &doc }, &findings, arena, opinion, &err), err);
    for (size_t i = 0; i < findings.n; i++)
        used += (size_t)snprintf(said + used, sizeof said - used, "%s %u,", items[i].rule->id, items[i].confidence);
    (void)snprintf(said + used, sizeof said - used, "%u", opinion->verdict);
    st_arena_free(arena);
    return said;
}

T_TEST(a_plugin_raises_and_lowers_findings)
{
#define FINDING(until)                                                       \
    HEAD "on_failure = 'block', lower_until = '" until                       \
         "', permissions = { 'text.read', 'verdict.lower', 'verdict.block'," \
         " 'verdict.note' }, finding = function(f, ctx) "
    static const struct {
        const char *source, *left;
    } cases[] = {
        { FINDING("2999-01-01") "if f.text == '4111' then f:lower(0) end end }", "pii.de.iban 80,0" },
        { FINDING("2999-01-01") "if f.id == 'pii.de.iban' then assert(f:lower(10)) f:lower(70) end end }",
          "pii.de.iban 10,pii.card 90,0" },
        { FINDING("2001-01-01") "assert(not f:lower(0)) end }", "pii.de.iban 80,pii.card 90,0" },
        { FINDING("2999-01-01") "f:raise(85) end }", "pii.de.iban 85,pii.card 90,0" },
        { FINDING("2999-01-01") "if f.severity == 'critical' then ctx:note { reason = 'card' } end end }",
          "pii.de.iban 80,pii.card 90,1" },
        { FINDING("2999-01-01") "assert(f.platform == '' and f.audience == 'unknown' and f.confidence >= 80) end }",
          "pii.de.iban 80,pii.card 90,0" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_set *set = plugin("finding", cases[i].source);
        struct lp_opinion opinion;
        const char *left = find(set, &opinion);

        T_CHECK(strcmp(left, cases[i].left) == 0, "%s: %s", cases[i].source, left);
        lp_set_release(set);
    }
}

T_TEST(half_a_change_of_a_finding_is_none)
{
    static const char *const bodies[] = { "f:lower(0) error('x')", "f:raise(101)",      "f:raise(-1)",
                                          "f:lower(1.5)",          "f:lower('1e1000')", "f.confidence = 0" };

    for (size_t i = 0; i < ST_LEN(bodies); i++) {
        char source[512];
        struct lp_opinion opinion;
        struct lp_set *set;
        const char *left;

        (void)snprintf(source, sizeof source, FINDING("2999-01-01") "%s end }", bodies[i]);
        set = plugin("half", source);
        t_expect_log(ST_EV_PLUGIN_FAILED); /* for each of the two findings */
        t_expect_log(ST_EV_PLUGIN_FAILED);
        left = find(set, &opinion);
        T_CHECK(strcmp(left, "pii.de.iban 80,pii.card 90,4") == 0, "%s: %s", bodies[i], left);
        lp_set_release(set);
    }
}

T_TEST(lowering_needs_a_last_day)
{
    const char *dir = lt_dir("until");

    lt_write(dir, "detect/one.lua", HEAD "permissions = { 'verdict.lower' } }");
    T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "needs lower_until") != NULL, "%s", lt_said);
    lt_write(dir, "detect/one.lua", HEAD "lower_until = 'soon', permissions = { 'verdict.lower' } }");
    T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "must be a date") != NULL, "%s", lt_said);
}

/* ---- record ---- */

static const char *recorded(struct lp_set *set, const char *before)
{
    static char said[512];
    struct st_err err = ST_ERR_INIT;
    struct st_buf details;

    st_buf_init(&details, 4096);
    st_buf_str(&details, before);
    T_OK(lp_hook_record(set, "decision", &details, &err), err);
    (void)snprintf(said, sizeof said, "%.*s", (int)details.n, (const char *)details.p);
    st_buf_fini(&details);
    return said;
}

T_TEST(a_plugin_takes_fields_out_of_records)
{
#define RECORD  "{\"txn\":\"t1\",\"host\":\"a.test\",\"verdict\":\"block\",\"detectors\":[\"a\",\"b\"],\"bytes\":7}"
#define NO_HOST "{\"txn\":\"t1\",\"verdict\":\"block\",\"detectors\":[\"a\",\"b\"],\"bytes\":7}"
    static const struct {
        const char *body, *after;
        bool fails;
    } cases[] = {
        { "assert(r:remove('host') and not r:remove('host') and r:get('host') == nil)", NO_HOST, false },
        { "assert(not r:remove('verdict') and not r:remove('txn') and not r:remove('phase') and not r:remove('x'))",
          RECORD, false },
        { "assert(r.kind == 'decision' and r:get('detectors') == 'a,b' and r:get('bytes') == '7')", RECORD, false },
        { "r:remove('host') error('x')", RECORD, true },
        { "r.host = 'b.test'", RECORD, true },
        { "while true do end", RECORD, true },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        char source[512];
        struct lp_set *set;
        const char *after;

        (void)snprintf(source, sizeof source,
                       HEAD "on_failure = 'block', permissions = { 'record.remove' }, record = function(r) %s end }",
                       cases[i].body);
        set = plugin("record", source);
        if (cases[i].fails)
            t_expect_log(ST_EV_PLUGIN_FAILED);
        after = recorded(set, RECORD);
        T_CHECK(strcmp(after, cases[i].after) == 0, "%s: %s", cases[i].body, after);
        lp_set_release(set);
    }
}

T_TEST(a_record_survives_every_oom)
{
    struct lp_set *set =
        plugin("oom", HEAD "permissions = { 'record.remove' }, record = function(r) r:remove('host') end }");

    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf details;
        bool is_end;
        enum st_rc rc;

        st_buf_init(&details, 4096);
        st_buf_str(&details, RECORD);
        t_fail_alloc(nth);
        rc = lp_hook_record(set, "decision", &details, &err);
        is_end = !t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        st_buf_fini(&details);
        if (is_end)
            break;
    }
    lp_set_release(set);
}

/* ---- curate ---- */

static const char *curated(struct lp_set *set, struct lp_item *item)
{
    static char said[512];
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_tag *tags;
    size_t n, used = 0;

    T_OK(lp_curate(set, item, arena, &tags, &n, &err), err);
    said[0] = '\0';
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(said + used, sizeof said - used, "%s=%s,", tags[i].rule, tags[i].topic);
    st_arena_free(arena);
    return said;
}

T_TEST(a_plugin_tags_beside_the_rules)
{
#define CURATES HEAD "permissions = { 'text.read', 'tag.write' }, curate = function(i, ctx) "
    static const struct {
        const char *source, *tags;
        bool fails;
    } cases[] = {
        { CURATES "if i.text:find('Rust') and i.dwell >= 90 then i:tag { topic = 'lang/rust' } end end }",
          "rule=rules/all,test.one=lang/rust,", false },
        { CURATES "assert(i.title == 'T' and i.kind == 'view' and i.length == 0 and i.lang == 'en') end }",
          "rule=rules/all,", false },
        { CURATES "for n = 1, 9 do i:tag { topic = 't' .. n } end end }", "rule=rules/all,", true },
        { CURATES "i:tag { topic = 'two words' } end }", "rule=rules/all,", true },
        { CURATES "i:tag { level = 'x' } end }", "rule=rules/all,", true },
        { CURATES "i:tag { topic = 't' } error({}) end }", "rule=rules/all,", true },
        { CURATES "i:tag(setmetatable({}, { __index = function() return 't' end })) end }", "rule=rules/all,", true },
    };
    struct lp_item item = { .platform = "forum",
                            .kind = "view",
                            .title = ST_SPAN("T"),
                            .lang = ST_SPAN("en"),
                            .text = ST_SPAN("Rust in an hour"),
                            .dwell_ms = 90000 };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("curate"), *tags;
        struct lp_set *set;

        lt_write(dir, "detect/one.lua", cases[i].source);
        lt_write(dir, "curation/r.curate.lua",
                 "curate 'rule' { title = 'R', when = kind 'view', tag = { topic = 'rules/all' } }");
        set = lt_load(dir, NULL);
        T_CHECK(set != NULL, "%s", lt_said);
        T_CHECK(lp_curate_may(set, &item, NULL) == LP_CURATE_TEXT, "a plugin was not asked");
        if (cases[i].fails)
            t_expect_log(ST_EV_PLUGIN_FAILED);
        tags = curated(set, &item);
        T_CHECK(strcmp(tags, cases[i].tags) == 0, "%s: %s", cases[i].source, tags);
        lp_set_release(set);
    }
}

/* ---- tests in the files ---- */

T_TEST(every_hook_can_be_tested_in_the_file)
{
    static const struct {
        const char *tests, *said; /* NULL: they hold */
    } cases[] = {
        { "{ name = 'a', hook = 'connect', host = 'a.test', ends_as = 'block' },"
          " { name = 'b', hook = 'connect', host = 'b.test' },"
          " { name = 'c', hook = 'finding', finding = 'pii.card', text = '4111', leaves = 0 },"
          " { name = 'd', hook = 'finding', finding = 'pii.card', text = '4112' },"
          " { name = 'e', hook = 'record', record = { host = 'a', bytes = '1' }, removes = { 'bytes', 'host' } },"
          " { name = 'f', hook = 'curate', text = 'Rust', tags = { 'lang/rust' } },"
          " { name = 'g', hook = 'curate', text = 'C' },"
          " { name = 'h', hook = 'request', path = '/x', headers = { Referer = 'y' }, facts = { 'path=/x', 'ref=y' } },"
          " { name = 'i', hook = 'request', path = '/skip', skips = true }",
          NULL },
        { "{ name = 'a', hook = 'connect', host = 'a.test' }", "the connection should be 'inspect', is 'block'" },
        { "{ name = 'c', hook = 'finding', text = '4111' }", "the confidence should be '90', is '0'" },
        { "{ name = 'e', hook = 'record', record = { host = 'a' } }",
          "the removed field should be 'fewer', is 'host'" },
        { "{ name = 'e', hook = 'record', removes = { 'host' } }", "the removed field should be 'host', is 'missing'" },
        { "{ name = 'f', hook = 'curate', text = 'Rust', tags = { 'x' } }", "the tag should be 'x', is 'missing'" },
        { "{ name = 'x', hook = 'load' }", "'hook' cannot be load" },
        { "{ name = 'x', hook = 'conect' }", "did you mean 'connect'?" },
        { "{ name = 'x', hook = 'record', record = { 1 } }", "holds texts by the names of fields" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("files");
        char source[2048];
        struct lp_set *set;

        (void)snprintf(
            source, sizeof source,
            HEAD "lower_until = '2999-01-01', permissions = { 'verdict.block', 'verdict.lower', 'text.read',"
                 " 'record.remove', 'tag.write', 'headers.read' },"
                 " request = function(r) if r.path == '/skip' then return r:skip() end r:note_fact('path', r.path)"
                 " r:note_fact('ref', r:header('referer') or '') end,"
                 " connect = function(c) if c.host == 'a.test' then c:block() end end,"
                 " finding = function(f) if f.text == '4111' then f:lower(0) end end,"
                 " record = function(r) r:remove('host') r:remove('bytes') end,"
                 " curate = function(i) if i.text == 'Rust' then i:tag { topic = 'lang/rust' } end end,"
                 " tests = { %s } }",
            cases[i].tests);
        lt_write(dir, "detect/one.lua", source);
        set = lt_load(dir, NULL);
        T_CHECK((set != NULL) == (cases[i].said == NULL), "case %zu: %s", i, lt_said);
        T_CHECK(cases[i].said == NULL || strstr(lt_said, cases[i].said) != NULL, "case %zu said: %s", i, lt_said);
        lp_set_release(set);
    }
}

/* ---- statement ---- */

T_TEST(a_statement_is_mapped_or_dropped)
{
#define SAYS "permissions = { 'statement.map', 'statement.drop' }, statement = function(st, ctx) "
    static const struct {
        const char *body, *verb, *parent;
        bool drops, fails;
    } cases[] = {
        { "st:map('verb', 'https://a.test/v') assert(st:get('verb') == 'https://a.test/v')", "https://a.test/v", NULL,
          false, false },
        { "st:map('parent', 'http://lms.test/c/1?x=\xc3\xa4')", NULL, "http://lms.test/c/1?x=\xc3\xa4", false, false },
        { "st:drop()", NULL, NULL, true, false },
        { "assert(st:get('seconds') == '90' and st:get('actor') == nil and #ctx.today == 10)", NULL, NULL, false,
          false },
        { "st:map('verb', 'https://a.test/v') error('x')", NULL, NULL, true, true },
        { "st:map('actor', 'https://a.test/v')", NULL, NULL, true, true },
        { "st:map('title', 'https://a.test/v')", NULL, NULL, true, true },
        { "st:map('verb', 'completed')", NULL, NULL, true, true },
        { "st:map('verb', 'https://')", NULL, NULL, true, true },
        { "st:map('verb', 'https://a.test/ b')", NULL, NULL, true, true },
        { "st:map('verb', 'https://a.test/\\0b')", NULL, NULL, true, true },
        { "st:map('verb', 'https://a.test/' .. ('x'):rep(500))", NULL, NULL, true, true },
        { "st:map('platform', 'two words')", NULL, NULL, true, true },
        { "while true do end", NULL, NULL, true, true },
    };
    json_t *fields = json_pack("{s:s, s:s}", "verb", "https://b.test/v", "seconds", "90");

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_mapping says = { .verb = "of before" };
        struct st_err err = ST_ERR_INIT;
        char source[512];
        struct lp_set *set;

        (void)snprintf(source, sizeof source, HEAD "on_failure = 'block', " SAYS "%s end }", cases[i].body);
        set = plugin("statement", source);
        if (cases[i].fails)
            t_expect_log(ST_EV_PLUGIN_FAILED);
        T_OK(lp_hook_statement(set, fields, arena, &says, &err), err);
        T_CHECK(says.is_dropped == cases[i].drops, "%s: dropped %d", cases[i].body, says.is_dropped);
        T_CHECK((says.verb == NULL) == (cases[i].verb == NULL) &&
                    (says.verb == NULL || strcmp(says.verb, cases[i].verb) == 0),
                "%s: %s", cases[i].body, says.verb);
        T_CHECK((says.parent == NULL) == (cases[i].parent == NULL) &&
                    (says.parent == NULL || strcmp(says.parent, cases[i].parent) == 0),
                "%s: %s", cases[i].body, says.parent);
        lp_set_release(set);
        st_arena_free(arena);
    }
    json_decref(fields);
}

/* What a plugin's own test may expect, and what is said when it is not so; NULL: it is. */
struct expectation {
    const char *expected, *said;
};

/* source: of a plugin, up to where its test says what it expects. */
static void check_expectations(const char *folder, const char *source, const struct expectation *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *dir = lt_dir(folder);
        char whole[512];
        struct lp_set *set;

        (void)snprintf(whole, sizeof whole, "%s%s } } }", source, all[i].expected);
        lt_write(dir, "detect/one.lua", whole);
        set = lt_load(dir, NULL);
        T_CHECK((set != NULL) == (all[i].said == NULL), "%s: %s", all[i].expected, lt_said);
        T_CHECK(all[i].said == NULL || strstr(lt_said, all[i].said) != NULL, "%s", lt_said);
        lp_set_release(set);
    }
}

T_TEST(a_plugins_own_tests_know_statements)
{
    static const struct expectation cases[] = {
        { "maps = { 'verb=https://a.test/v' }", NULL },
        { "maps = { 'verb=https://b.test/v' }", "the mapped field should be 'verb=https://b.test/v', is 'missing'" },
        { "drops = true, maps = { 'verb=https://a.test/v' }", "the answer to whether it is dropped should be 'yes'" },
        { "", "the mapped field should be 'fewer', is 'verb=https://a.test/v'" },
    };

    check_expectations("statement-tests",
                       HEAD SAYS "st:map('verb', 'https://a.test/v') end,"
                                 " tests = { { name = 'a', statement = { kind = 'view' }, ",
                       cases, ST_LEN(cases));
}

/* ---- tick, and what plugins keep ---- */

static void tick(struct lp_set *set)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;

    T_OK(lp_hook_tick(set, arena, &err), err);
    st_arena_free(arena);
}

#define KEEPS "permissions = { 'store.kv', 'tag.write' }, "

T_TEST(what_is_kept_is_there_the_next_time)
{
    struct lp_set *set = plugin("keeps", HEAD KEEPS
                                "tick = function(ctx) local n = tonumber(ctx:kept('n') or 0) + 1 ctx:keep('n', n .. '')"
                                " assert(ctx:kept('n') == n .. '') if n == 2 then ctx:keep('gone') ctx:keep('day',"
                                " ctx.today) assert(#ctx:kept_names() == 2 and ctx:kept_names('g')[1] == 'gone') end"
                                " if n == 1 then ctx:keep('gone', 'x') end end }");
    struct lp_store *store = lp_store_new(), *other = lp_store_new();
    struct st_err err = ST_ERR_INIT;
    struct st_buf packed;

    lp_set_keep(set, store);
    tick(set);
    T_CHECK(strcmp(lp_store_get(store, "test.one", "n"), "1") == 0, "kept once");
    T_CHECK(lp_store_changed(store) && lp_store_changed(store), "changed until it is saved");
    lp_store_saved(store);
    T_CHECK(!lp_store_changed(store) && lp_store_get(store, "test.two", "n") == NULL, "another plugin's is another");
    tick(set);
    st_buf_init(&packed, LP_STORE_MAX);
    lp_store_write(store, &packed);
    T_OK(lp_store_read(other, st_buf_view(&packed), &err), err);
    T_CHECK(strcmp(lp_store_get(other, "test.one", "n"), "2") == 0, "read again");
    T_CHECK(lp_store_get(other, "test.one", "gone") == NULL && strlen(lp_store_get(other, "test.one", "day")) == 10,
            "forgotten, and kept");
    for (size_t n = 0; n < packed.n; n++) {
        T_CHECK(lp_store_read(other, st_span(packed.p, n), &err) != ST_OK, "cut at %zu", n);
        T_CHECK(lp_store_get(other, "test.one", "n") == NULL, "half a store was taken");
    }
    st_buf_fini(&packed);
    lp_set_release(set);
    lp_store_free(store);
    lp_store_free(other);
}

T_TEST(what_may_not_be_kept_is_undone)
{
    static const char *const bodies[] = {
        "ctx:keep('a', 'two words')",
        "ctx:keep('a b', 'x')",
        "ctx:keep('a', '')",
        "ctx:keep('', 'x')",
        "ctx:keep('a', ('x'):rep(64))",
        "ctx:keep('a', {})",
        "ctx:keep('a', '\\0')",
        "ctx:keep('a', 'gr\xc3\xbc\xc3\x9f')",
        "error('x')",
        "while true do end",
        "for i = 1, 1025 do ctx:keep('n' .. i, 'x') end",
    };

    for (size_t i = 0; i < ST_LEN(bodies); i++) {
        struct lp_store *store = lp_store_new();
        char source[512];
        struct lp_set *set;

        (void)snprintf(source, sizeof source, HEAD KEEPS "tick = function(ctx) ctx:keep('before', 'x') %s end }",
                       bodies[i]);
        set = plugin("undone", source);
        lp_set_keep(set, store);
        t_expect_log(ST_EV_PLUGIN_FAILED);
        tick(set);
        T_CHECK(lp_store_get(store, "test.one", "before") == NULL && !lp_store_changed(store), "%s: half is kept",
                bodies[i]);
        lp_set_release(set);
        lp_store_free(store);
    }
}

T_TEST(a_plugin_keeps_a_mebibyte_at_most)
{
    struct lp_set *set =
        plugin("full", HEAD KEEPS "limits = { memory = '8MiB' }, tick = function(ctx)"
                                  " local n = tonumber(ctx:kept('n') or 0) ctx:keep('n', (n + 1000) .. '')"
                                  " for i = 1, 1000 do ctx:keep(('%060d'):format(n + i), ('y'):rep(63)) end"
                                  " end }");
    struct lp_store *store = lp_store_new();
    struct st_buf packed;

    lp_set_keep(set, store);
    for (int i = 0; i < 6; i++)
        tick(set);
    for (int i = 0; i < 2; i++) {
        t_expect_log(ST_EV_PLUGIN_FAILED);
        tick(set);
    }
    T_CHECK(strcmp(lp_store_get(store, "test.one", "n"), "6000") == 0, "%s", lp_store_get(store, "test.one", "n"));
    st_buf_init(&packed, LP_STORE_MAX);
    lp_store_write(store, &packed);
    T_CHECK(packed.failed == ST_E_NONE && packed.n < LP_STORE_BYTES + 65536, "%zu", packed.n);
    st_buf_fini(&packed);
    lp_set_release(set);
    lp_store_free(store);
}

/* What several plugins keep is written as one, and has a ceiling as one. */
T_TEST(all_plugins_keep_what_can_be_written)
{
    static struct lp_kept one = { .value = "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" };
    static const char *const others[] = { "o.0", "o.1", "o.2", "o.3", "o.4", "o.5", "o.6", "o.7" };
    struct lp_set *set = plugin("room", HEAD KEEPS "tick = function(ctx) for i = 1, 1000 do ctx:keep('n' .. i, 'x') end"
                                                   " end }");
    struct lp_store *store = lp_store_new(), *other = lp_store_new();
    struct st_err err = ST_ERR_INIT;
    struct st_buf packed;
    char name[64];

    for (size_t i = 0; i < ST_LEN(others); i++)
        for (int n = 0; n < 6620; n++) {
            (void)snprintf(name, sizeof name, "%060d", n);
            one.name = name;
            lp_store_apply(store, others[i], &(struct lp_keeping){ .items = &one, .n = 1 });
        }
    lp_set_keep(set, store);
    t_expect_log(ST_EV_PLUGIN_FAILED);
    tick(set);
    T_CHECK(lp_store_get(store, "test.one", "n1") == NULL, "too much is kept");
    for (int n = 0; n < 500; n++) {
        (void)snprintf(name, sizeof name, "%060d", n);
        one = (struct lp_kept){ .name = name };
        lp_store_apply(store, "o.0", &(struct lp_keeping){ .items = &one, .n = 1 });
    }
    tick(set);
    T_CHECK(lp_store_get(store, "test.one", "n1000") != NULL, "what was forgotten left no room");
    st_buf_init(&packed, LP_STORE_MAX);
    lp_store_write(store, &packed);
    T_OK(st_buf_done(&packed, &err, "test"), err);
    T_OK(lp_store_read(other, st_buf_view(&packed), &err), err);
    st_buf_fini(&packed);
    lp_set_release(set);
    lp_store_free(store);
    lp_store_free(other);
}

T_TEST(a_plugins_own_tests_know_ticks)
{
    static const struct expectation cases[] = {
        { "kept = { n = '4', old = '1' }, keeps = { 'n=5', 'old' }", NULL },
        { "keeps = { 'n=1', 'old' }", NULL },
        { "kept = { n = '4' }, keeps = { 'n=6', 'old' }", "the kept id should be 'n=6', is 'missing'" },
        { "", "the kept id should be 'fewer'" },
    };

    check_expectations("tick-tests",
                       HEAD KEEPS "tick = function(ctx) ctx:keep('n', (tonumber(ctx:kept('n') or 0) + 1) .. '')"
                                  " ctx:keep('old') end, tests = { { name = 'a', ",
                       cases, ST_LEN(cases));
}

T_TEST(a_plugin_hears_its_end_once_it_was_at_work)
{
    struct lp_set *set = plugin("unload", HEAD "activity = function() end, unload = function(...)"
                                               " assert(select('#', ...) == 0) error('at the end') end }");
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;

    lp_set_release(set); /* it was never at work: no log */
    set = plugin("unload", HEAD "activity = function() end, unload = function() error('at the end') end }");
    T_OK(lp_set_settle(set, packs, &err), err);
    set->plugins[0]->is_live = true;
    t_expect_log(ST_EV_PLUGIN_FAILED);
    lp_set_release(set);
}
