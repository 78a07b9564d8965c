/* SPDX-License-Identifier: Apache-2.0 */
/* hook - what plugins may say and see, what their failures do, and that every binding keeps to its phase. */
#include "base/clock.h"
#include "host/objects.h"
#include "host/set.h"
#include "host/store.h"
#include "lua_t.h"

#define HEAD "return { api = 1, name = 'test.one', version = '1', title = 'One', "
#define ALL                                                                                            \
    "permissions = { 'text.read', 'actor.groups', 'verdict.note', 'verdict.coach', 'verdict.redact', " \
    "'verdict.block', "                                                                                \
    "'verdict.lower', 'route.pass', 'route.inspect', 'headers.read',  'record.remove', 'tag.write', "  \
    "'statement.map', 'statement.drop', 'store.kv', 'clock' }, lower_until = "                         \
    "'2999-01-01', "

static const struct flt_rule iban = { .id = "pii.de.iban", .pack = "bank", .severity = FLT_HIGH };
static struct flt_finding finding = { .rule = &iban, .from = 4, .to = 26, .confidence = 95 };
static const struct flt_findings findings = { .items = &finding, .n = 1 };
static const char *const groups[] = { "sales", "press-office", NULL };

static struct lp_opinion opinion;
static struct st_arena *arena;

static void hook(struct lp_set *set, const char *text)
{
    struct lp_activity a = { .platform = "forum",
                             .kind = "post",
                             .audience = "public",
                             .phase = LP_COMMIT,
                             .confidence = 100,
                             .url = ST_SPAN("https://forum.test/t/1"),
                             .title = ST_SPAN("Falcons"),
                             .lang = ST_SPAN("en"),
                             .text = st_span_str(text) };
    struct st_err err = ST_ERR_INIT;

    st_arena_free(arena);
    arena = st_arena_new(1u << 20);
    opinion = (struct lp_opinion){ 0 };
    T_OK(lp_hook_activity(set, &(struct lp_seen){ &a, &findings, groups, NULL, NULL }, arena, &opinion, &err), err);
}

static struct lp_set *plugin(const char *test, const char *source)
{
    const char *dir = lt_dir(test);
    struct lp_set *set;

    lt_write(dir, "detect/one.lua", source);
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s: %s", test, lt_said);
    return set;
}

static void done(struct lp_set *set)
{
    lp_set_release(set);
    st_arena_free(arena);
    arena = NULL;
}

T_TEST(a_plugin_sees_the_activity)
{
    struct lp_set *set = plugin(
        "sees", HEAD ALL
        "activity = function(a, ctx)"
        " assert(a.text == 'See https://a.test/x. #Rust #Rust-lang (http://b.test)')"
        " assert(a.platform == 'forum' and a.kind == 'post' and a.audience == 'public' and a.phase == 'commit')"
        " assert(a.confidence == 100 and a.url == 'https://forum.test/t/1' and a.title == 'Falcons' and a.lang == 'en')"
        " assert(#a.urls == 2 and a.urls[1] == 'https://a.test/x' and a.urls[2] == 'http://b.test')"
        " assert(#a.hashtags == 2 and a.hashtags[1] == 'rust')"
        " assert(a.actor:in_group('sales') and not a.actor:in_group('sale'))"
        " assert(a:has_finding('pii.de.iban') and a:has_finding('pii.*') and not a:has_finding('pii.de'))"
        " assert(#ctx.today == 10 and ctx.config.words[2] == 'b' and ctx.config.n == 3)"
        " assert(not pcall(function() ctx.config.n = 4 end))"
        " ctx:note { reason = 'seen' } end,"
        " config = { words = stoa.schema.list { default = { 'a', 'b' } }, n = stoa.schema.integer { default = 3 } } }");

    hook(set, "See https://a.test/x. #Rust #Rust-lang (http://b.test)");
    T_CHECK(opinion.failed == NULL, "failed: %s", set->plugins[0]->state->failure);
    T_CHECK(opinion.verdict == 1 && strcmp(opinion.plugin, "test.one") == 0, "verdict %d", opinion.verdict);
    T_CHECK(strcmp(opinion.reason, "seen") == 0 && opinion.message_en == NULL, "reason %s", opinion.reason);
    done(set);
}

T_TEST(the_strictest_opinion_wins)
{
    const char *dir = lt_dir("strictest");
    struct lp_set *set;

    lt_write(
        dir, "detect/a.lua",
        "return { api = 1, name = 'a', version = '1', title = 'A', permissions = { 'verdict.coach', 'verdict.block' },"
        " activity = function(a, ctx) ctx:block { reason = 'no', message = { en = 'No.\\nNever', de = 'Nein.' } }"
        " ctx:coach { reason = 'maybe' } end }");
    lt_write(dir, "detect/b.lua",
             "return { api = 1, name = 'b', version = '1', title = 'B', permissions = { 'verdict.note' },"
             " activity = function(a, ctx) ctx:note { reason = 'noted' } end }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    hook(set, "text");
    T_CHECK(opinion.verdict == 4 && strcmp(opinion.plugin, "a") == 0 && strcmp(opinion.reason, "no") == 0, "%d",
            opinion.verdict);
    T_CHECK(strcmp(opinion.message_en, "No. Never") == 0 && strcmp(opinion.message_de, "Nein.") == 0, "%s",
            opinion.message_en);
    done(set);
    set = lt_load(dir, (const char *const[]){ "a", NULL });
    T_CHECK(set != NULL, "%s", lt_said);
    hook(set, "text");
    T_CHECK(opinion.verdict == 1 && strcmp(opinion.plugin, "b") == 0, "disabled plugin spoke: %d", opinion.verdict);
    done(set);
}

T_TEST(a_message_is_cut_between_characters)
{
    const char *dir = lt_dir("cut");
    struct lp_set *set;

    lt_write(dir, "detect/a.lua",
             "return { api = 1, name = 'a', version = '1', title = 'A', permissions = { 'verdict.coach' },"
             " activity = function(a, ctx) ctx:coach { reason = 'long', message = {"
             " en = string.rep('a', 498) .. '\xe2\x82\xac', de = string.rep('a', 500) } } end }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    hook(set, "text");
    T_CHECK(strlen(opinion.message_en) == 498 && strlen(opinion.message_de) == 500, "%zu, %zu",
            strlen(opinion.message_en), strlen(opinion.message_de));
    done(set);
}

T_TEST(what_a_plugin_may_not_do_is_an_error)
{
    static const char *const bodies[] = {
        "local t = a.text",
        "a.actor:in_group('x')",
        "ctx:block { reason = 'x' }",
        "ctx:note { reason = 'two words' }",
        "ctx:note { reason = 1 }",
        "ctx:note()",
        "ctx.note { reason = 'x' }",
        "ctx.note(a, { reason = 'x' })",
        "a:has_finding(1)",
        "local x = a.nothing",
        "a.kind = 'x'",
        "rawset(a, 'kind', 'x')",
        "setmetatable(a, {})",
        "if getmetatable(a) == false then error('hidden, as it should be') end",
        "stoa.set = 1",
        "stoa.set { {} }",
        "error({})",
        "while true do end",
        "local t = {} for i = 1, math.huge do t[i] = i end",
    };

    for (size_t i = 0; i < ST_LEN(bodies); i++) {
        char source[512];
        struct lp_set *set;

        (void)snprintf(source, sizeof source,
                       HEAD "permissions = { 'verdict.note' }, on_failure = 'block', "
                            "activity = function(a, ctx) %s end }",
                       bodies[i]);
        set = plugin("rights", source);
        t_expect_log(ST_EV_PLUGIN_FAILED);
        hook(set, "text");
        T_CHECK(opinion.failed != NULL && opinion.verdict == 4, "%s did not fail", bodies[i]);
        T_CHECK(strcmp(opinion.reason, "plugin-failed") == 0, "%s: %s", bodies[i], opinion.reason);
        done(set);
    }
}

T_TEST(objects_are_over_after_their_hook)
{
    struct lp_set *set = plugin("over", "local kept " HEAD ALL "activity = function(a, ctx)"
                                        " if kept then local ok, e = pcall(function() return kept.text end)"
                                        " assert(not ok and e:find('is over'), e) ctx:note { reason = 'clean' } end"
                                        " kept = a end }");

    hook(set, "one");
    hook(set, "two");
    T_CHECK(opinion.failed == NULL && opinion.verdict == 1, "a kept object answered");
    done(set);
}

T_TEST(failures_open_the_circuit)
{
    struct lp_set *set = plugin("circuit", HEAD "on_failure = 'coach', activity = function() error('x') end }");
    struct lp_circuit *c = &set->plugins[0]->circuit;

    for (unsigned round = 1; round <= 3; round++) {
        for (int i = 0; i < 5; i++) {
            t_expect_log(ST_EV_PLUGIN_FAILED);
            if (round == 3 && i == 4)
                t_expect_log(ST_EV_PLUGIN_DISABLED);
            hook(set, "text");
            T_CHECK(opinion.verdict == 2 && opinion.failed != NULL, "round %u call %d: %d", round, i, opinion.verdict);
        }
        T_CHECK(c->openings == round, "%u openings", c->openings);
        hook(set, "text"); /* rests: not called, hence no log, but its promise holds */
        T_CHECK(opinion.verdict == 2 && opinion.failed != NULL, "a resting plugin broke its promise");
        st_clock_turn(60000);
    }
    hook(set, "text");
    T_CHECK(c->is_dead && opinion.verdict == 2, "dead plugin");
    done(set);
}

T_TEST(rare_failures_do_not_open_the_circuit)
{
    struct lp_circuit c = { 0 };

    for (uint64_t now = 100000; now < 100000 + 50 * 16000; now += 16000)
        T_CHECK(!lp_circuit_fail(&c, now) && lp_circuit_closed(&c, now), "opened at %llu", (unsigned long long)now);
}

T_TEST(shared_modules_run_once_and_are_frozen)
{
    const char *dir = lt_dir("libs");
    struct lp_set *set;

    lt_write(dir, "lib/one.lua",
             "ran = (ran or 0) + 1 return { n = ran, two = function() return stoa.lib('two') end }");
    lt_write(dir, "detect/a.lua",
             HEAD ALL "activity = function() end, load = function() local l = stoa.lib('one')"
                      " assert(l.n == 1 and stoa.lib('one') == l and stoa.lib('one').n == 1)"
                      " assert(not pcall(function() l.n = 2 end)) assert(not pcall(stoa.lib, 'two'))"
                      " assert(not pcall(stoa.lib, '../one')) end }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    lp_set_release(set);
    lt_write(dir, "lib/one.lua", "return {");
    T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "expected") != NULL, "%s", lt_said);
    lt_write(dir, "lib/one.lua", "return stoa.lib 'one'");
    T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "overflow") != NULL, "%s", lt_said);
}

T_TEST(a_wrong_manifest_is_explained)
{
    static const struct {
        const char *source, *said;
    } cases[] = {
        { "return 1", "must return its manifest" },
        { "return {", "expected" },
        { "local x = nil + 1", "1: attempt to perform arithmetic" },
        { "\n\nerror('mine')", "3: mine" },
        { HEAD "colour = 1 }", "unknown key 'colour'" },
        { HEAD "permissions = { 'text.raed' } }", "did you mean 'text.read'?" },
        { HEAD "permissions = { 'http.fetch:lrs.example' } }", "'http.fetch' is not offered: a plugin never reaches" },
        { HEAD "permissions = { 'actor.pseudonym' } }", "'actor.pseudonym' is not offered: only the recorder" },
        { HEAD "permissions = { 'response.read' } }", "'response.read' is not offered" },
        { HEAD "permissions = { 'attachment.read' } }", "'attachment.read' is not offered" },
        { HEAD "permissions = { 'http.fetches' } }", "unknown permission 'http.fetches'" },
        { HEAD "limits = { time = '5 minutes' } }", "must be a duration" },
        { HEAD "limits = { time = '2s' } }", "at most 100ms" },
        { HEAD "limits = { memory = '1GiB' } }", "between 128KiB and 16MiB" },
        { HEAD "on_failure = 'explode' }", "must be skip, coach or block" },
        { HEAD "activity = 1 }", "'activity' must be a function" },
        { HEAD "config = { n = stoa.schema.integer { default = 'x' } } }", "must be a whole number" },
        { "return { name = 'x', version = '1', title = 'x' }", "'api' must be 1" },
        { "return { api = 1, name = 'two words', version = '1', title = 'x' }", "'name' must be" },
        { HEAD "load = function() while true do end end }", "longer than its time budget" },
        { "\x1bLua", "attempt to load a binary chunk" },
        { HEAD "load = function() stoa.set(nil) end }", "table expected" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("manifest");

        lt_write(dir, "detect/one.lua", cases[i].source);
        T_CHECK(lt_load(dir, NULL) == NULL, "loaded: %s", cases[i].source);
        T_CHECK(strstr(lt_said, cases[i].said) != NULL, "%s said: %s", cases[i].source, lt_said);
    }
}

/* Calls every described entry in a phase; what happens depends on the phase mask alone. */
struct phase_run {
    struct lp_plugin *plugin;
    const struct lp_api_entry *entry;
};

static int run_entry(lua_State *L)
{
    struct phase_run *run = lua_touserdata(L, 1);
    const struct lp_api_entry *e = run->entry;
    const char *name = strrchr(e->name, '.') != NULL ? strrchr(e->name, '.') + 1 : e->name;

    lua_settop(L, 0);
    if (strcmp(e->name, "lib") == 0) { /* its argument must be there */
        lua_pushliteral(L, "word");
        lua_newtable(L);
        lua_newtable(L);
        lua_setfield(L, -2, "word");
        lua_setfield(L, LUA_REGISTRYINDEX, "lp.libs");
        lua_settop(L, 0);
    }
    if (e->kind == LP_KIND_FUNC) {
        lua_getglobal(L, "stoa");
        if (strncmp(e->name, "schema.", 7) == 0)
            lua_getfield(L, -1, "schema");
    } else {
        lp_api_push(L, e->class);
    }
    lua_getfield(L, -1, name); /* reads a field */
    if (e->kind == LP_KIND_FIELD)
        return 0;
    if (e->kind == LP_KIND_METHOD)
        lp_api_push(L, e->class);
    for (const char *a = e->args; *a != '\0'; a++) {
        if (*a == 's' && e->class == LP_CLASS_STATEMENT && lua_gettop(L) == 3)
            lua_pushliteral(L, "verb");
        else if (*a == 's' && e->class == LP_CLASS_STATEMENT)
            lua_pushliteral(L, "https://a.test/verb");
        else if (*a == 's')
            lua_pushliteral(L, "word");
        else if (*a == 't') {
            lua_newtable(L);
            lua_pushliteral(L, "word");
            lua_setfield(L, -2, "reason");
            lua_pushliteral(L, "word");
            lua_setfield(L, -2, "topic");
        } else if (*a == 'i') {
            lua_pushinteger(L, 50);
        }
    }
    lua_call(L, lua_gettop(L) - (e->kind == LP_KIND_FUNC && strncmp(e->name, "schema.", 7) == 0 ? 3 : 2), 0);
    return 0;
}

static struct st_span no_header(const void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return ST_SPAN_NONE;
}

T_TEST(the_time_of_the_day_is_for_who_may_know_it)
{
    const char *dir = lt_dir("clock");
    struct lp_set *set;

    lt_write(dir, "detect/one.lua",
             HEAD
             "permissions = { 'clock', 'verdict.note' }, activity = function(a, ctx) if ctx.now == 1764590400 then "
             "ctx:note { reason = 'noon' } end end, tests = { { name = 'noon', text = 'x', today = '2025-12-01', "
             "verdict = 'note' }, { name = 'another day', text = 'x', today = '2025-12-02' } } }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    lp_set_release(set);
}

T_TEST(every_entry_keeps_to_its_phases)
{
    struct lp_set *set = plugin("phases", HEAD ALL "activity = function() end }");
    struct lp_activity a = { .platform = "x", .kind = "post", .audience = "public" };
    struct lp_plugin *p = set->plugins[0];
    uint32_t granted = p->permissions;

    json_t *fields = json_object();

    arena = st_arena_new(1u << 20);
    for (size_t i = 0; i < lp_api_count; i++) {
        for (unsigned k = 0; k < 2 * LP_HOOK_COUNT; k++) { /* each hook with and without permissions */
            enum lp_hook hook = (enum lp_hook)(k / 2);
            struct lp_connection connection = { .host = ST_SPAN("x.test"), .groups = groups };
            struct lp_item item = { .platform = "x", .kind = "view" };
            struct lp_record record = { .kind = "decision", .fields = fields };
            struct lp_tag tag;
            struct lp_tags tags = { .items = &tag, .most = 1 };
            enum lp_way way = LP_WAY_OPEN;
            struct lp_request req = { .host = ST_SPAN("x.test") };
            struct lp_asked asked = { .req = &req, .groups = groups, .header = no_header };
            struct lp_facts noted = { .n = 0 };
            struct flt_hit_asked match = { .rule = finding.rule, .text = ST_SPAN("x") };
            struct lp_asked_hit hit = { .hit = &match };
            struct lp_mapping says = { .is_dropped = false };
            struct lp_stated stated = { fields, &says };
            struct lp_keeping keeping = { .n = 0 };
            struct lp_call call = { .hook = hook,
                                    .hit = &hit,
                                    .connection = &connection,
                                    .way = &way,
                                    .asked = &asked,
                                    .noted = &noted,
                                    .facts = &noted,
                                    .finding = &finding,
                                    .record = &record,
                                    .item = &item,
                                    .tags = &tags,
                                    .stated = &stated,
                                    .keeping = &keeping,
                                    .activity = &a,
                                    .findings = &findings,
                                    .groups = groups,
                                    .arena = arena,
                                    .opinion = &opinion };
            struct phase_run run = { p, &lp_api[i] };
            struct st_err err = ST_ERR_INIT;
            bool may = (lp_api[i].phases & LP_HOOK_BIT(hook)) != 0 && (k % 2 == 0 || lp_api[i].permission == 0), did;

            p->call = &call;
            p->call_key++;
            p->permissions = k % 2 == 0 ? granted : 0;
            did = lp_state_run(p->state, run_entry, &run, 50000, &err) == ST_OK;
            p->call = NULL;
            T_CHECK(did == may, "%s in %s: %s", lp_api[i].name, lp_hook_name(hook), p->state->failure);
        }
    }
    json_decref(fields);
    done(set);
}

static void check_fresh(const char *what, const char *path)
{
    char command[256], made[65536], kept[65536];
    size_t n_made, n_kept;
    FILE *f;

    (void)snprintf(command, sizeof command, STOA_LUA " lua-plugins/api/gen.lua %s lua-plugins/api", what);
    f = popen(command, "r");
    T_CHECK(f != NULL, "cannot run %s", command);
    n_made = fread(made, 1, sizeof made, f);
    T_CHECK(pclose(f) == 0, "%s failed", command);
    f = fopen(path, "r");
    T_CHECK(f != NULL, "%s is missing", path);
    n_kept = fread(kept, 1, sizeof kept, f);
    (void)fclose(f);
    T_CHECK(n_made == n_kept && memcmp(made, kept, n_made) == 0, "%s is not fresh: run %s > %s", path, command, path);
}

T_TEST(generated_files_are_fresh)
{
    check_fresh("luals", "lua-plugins/api/stoa.d.lua");
    check_fresh("manual", "docs/lua-api.md");
}

T_TEST(the_shipped_example_coaches_when_switched_on)
{
    struct st_err err = ST_ERR_INIT;
    const char *dir = lt_dir("embargo");
    struct st_buf text;
    struct lp_set *set;
    char *source, *at;

    T_OK(lp_file_read("lua-plugins/detect/launch-embargo.lua", &text, NULL, &err), err);
    source = strndup((const char *)text.p, text.n);
    st_buf_fini(&text);
    lt_write(dir, "detect/one.lua", source);
    T_OK(lp_file_read("lua-plugins/lib/words.lua", &text, NULL, &err), err);
    st_buf_byte(&text, 0);
    lt_write(dir, "lib/words.lua", (const char *)text.p);
    st_buf_fini(&text);
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    hook(set, "Project Falcon flies soon");
    T_CHECK(opinion.verdict == 0, "it is on as shipped");
    done(set);
    at = strstr(source, "enabled = false");
    memcpy(at, "enabled = true ", 15);
    at = strstr(source, "press-office");
    memcpy(at, "press-offize", 12);
    at = strstr(source, "2027-03-01");
    memcpy(at, "2999-03-01", 10);
    lt_write(dir, "detect/one.lua", source);
    free(source);
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    hook(set, "Project Falcon flies soon");
    T_CHECK(opinion.verdict == 2 && strcmp(opinion.reason, "embargo") == 0, "%d %s", opinion.verdict,
            set->plugins[0]->state->failure);
    hook(set, "A falcon flies");
    T_CHECK(opinion.verdict == 0, "%d", opinion.verdict);
    done(set);
}
