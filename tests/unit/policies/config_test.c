/* SPDX-License-Identifier: Apache-2.0 */
/* config - stoa.yaml: defaults, paths, and one line per mistake. */
#include "make.h"
#include <unistd.h>

#define MEMORY  (8u << 20)
#define MINIMAL "version: 1\nlisten:\n  - address: 127.0.0.1:3128\n"

struct loaded {
    const char *folder;
    struct st_arena *arena;
    struct st_diag *diag;
    struct pol_config conf;
    struct st_err err;
    enum st_rc rc;
};

static struct loaded load(const char *text)
{
    struct loaded l = { .folder = t_folder(), .arena = st_arena_new(MEMORY), .diag = st_diag_new() };

    l.rc = pol_config_load(t_write(l.folder, "stoa.yaml", text), l.arena, &l.conf, l.diag, &l.err);
    return l;
}

static void loaded_fini(struct loaded *l)
{
    st_diag_free(l->diag);
    st_arena_free(l->arena);
}

static bool is_below(const struct loaded *l, const char *path, const char *rest)
{
    char real[4096], expect[8192];

    if (realpath(l->folder, real) == NULL)
        return false;
    snprintf(expect, sizeof expect, "%s/%s", real, rest);
    return strcmp(path, expect) == 0;
}

T_TEST(defaults)
{
    struct loaded l = load(MINIMAL);

    T_OK(l.rc, l.err);
    T_CHECK(l.conf.listen.n == 1 && l.conf.workers == 0 && !l.conf.test_clock, "top");
    T_CHECK(strcmp(l.conf.state_dir.s, "/var/lib/stoa") == 0 && strcmp(l.conf.run_dir.s, "/run/stoa") == 0, "dirs");
    T_CHECK(l.conf.user.s == NULL && l.conf.upstream.trust.s == NULL && l.conf.resolver.servers.s == NULL, "absent");
    T_CHECK(is_below(&l, l.conf.ca.certificate.s, "ca/ca.crt"), "%s", l.conf.ca.certificate.s);
    T_CHECK(is_below(&l, pol_str(&l.conf.path.policies, 0)->s, "policy.d"), "%s", pol_str(&l.conf.path.policies, 0)->s);
    T_CHECK(l.conf.ca.leaf_lifetime_ms == 7 * 86400000LL && l.conf.upstream.connect_ms == 10000, "durations");
    T_CHECK(l.conf.limit.body_max == 64 << 20 && l.conf.limit.fields == 200, "limits");
    T_CHECK(l.conf.failure.scan == POL_FAIL_BLOCK && l.conf.failure.media == POL_FAIL_ALLOW, "failure");
    T_CHECK(l.conf.audit.retention_ms == 365 * 86400000LL && l.conf.audit.checkpoint_copy.s == NULL, "audit");
    loaded_fini(&l);
}

T_TEST(what_is_a_default_has_no_place)
{
    struct loaded l = load(MINIMAL "run_dir: r\nca: { key: k }\npath:\n  packs: p\n");

    T_OK(l.rc, l.err);
    T_CHECK(l.conf.state_dir.pos.line == 0 && l.conf.ca.certificate.pos.line == 0, "defaults");
    T_CHECK(pol_str(&l.conf.path.policies, 0)->pos.line == 0 && pol_str(&l.conf.path.plugins, 0)->pos.line == 0,
            "lists");
    T_CHECK(l.conf.run_dir.pos.line == 4 && l.conf.run_dir.pos.col == 10, "run_dir");
    T_CHECK(l.conf.ca.key.pos.line == 5 && l.conf.ca.key.pos.col == 12, "ca.key");
    T_CHECK(pol_str(&l.conf.path.packs, 0)->pos.line == 7 && pol_str(&l.conf.path.packs, 0)->pos.col == 10, "packs");
    loaded_fini(&l);
    l = load(MINIMAL);
    T_CHECK(l.conf.ca.key.pos.line == 0 && pol_str(&l.conf.path.packs, 0)->pos.line == 0, "no map at all");
    loaded_fini(&l);
}

T_TEST(every_key)
{
    struct loaded l =
        load("version: 1\n"
             "listen:\n  - address: \"[::1]:3128\"\n  - address: 127.0.0.1:3129\n"
             "workers: 4\nstate_dir: state\nrun_dir: /tmp/run\nuser: stoa\n"
             "ca: { certificate: /etc/ca.crt, key: keys/ca.key, leaf_lifetime: 12h }\n"
             "upstream: { trust: roots.pem, connect: 5s, handshake: 150ms }\n"
             "resolver: { servers: \"127.0.0.1:53, [::1]:53,192.0.2.1\", hosts: { wiki.test: 127.0.0.1:8443, b.test: "
             "\"::1\" } }\n"
             "identity: { people: { 127.0.0.2: ana }, groups: { ana: \"sales, press-office\" } }\n"
             "path: { policies: [a, /b], packs: p, plugins: [q], disable: [x] }\n"
             "limit: { head_bytes: 32KiB, fields: 100, body_memory: 64KiB, body_max: 1MiB, txn_memory: 8MiB,\n"
             "         connections: 100, drips: 80, drip_window: 90s, idle: 5s, head: 6s, body: 7s, drain: 0s }\n"
             "failure: { scan: allow, recorder: allow, size: allow, type: block, media: block }\n"
             "audit: { retention: 90d, checkpoint: 10s, checkpoint_records: 5, checkpoint_copy: copy }\n"
             "test_clock: true\n");
    const struct st_pair *hosts = l.conf.resolver.hosts.items;

    if (l.rc != ST_OK)
        st_diag_print(l.diag, stderr);
    T_OK(l.rc, l.err);
    T_CHECK(l.conf.listen.n == 2 &&
                strcmp(((struct pol_listen *)l.conf.listen.items)[1].address.s, "127.0.0.1:3129") == 0,
            "listen");
    T_CHECK(l.conf.workers == 4 && strcmp(l.conf.user.s, "stoa") == 0 && l.conf.test_clock, "top");
    T_CHECK(is_below(&l, l.conf.state_dir.s, "state") && strcmp(l.conf.run_dir.s, "/tmp/run") == 0, "dirs");
    T_CHECK(strcmp(l.conf.ca.certificate.s, "/etc/ca.crt") == 0 && is_below(&l, l.conf.ca.key.s, "keys/ca.key"), "ca");
    T_CHECK(l.conf.ca.leaf_lifetime_ms == 12 * 3600000LL, "leaf");
    T_CHECK(is_below(&l, l.conf.upstream.trust.s, "roots.pem") && l.conf.upstream.handshake_ms == 150, "upstream");
    T_CHECK(strcmp(hosts[0].key.s, "wiki.test") == 0 && strcmp(hosts[0].value.s, "127.0.0.1:8443") == 0, "hosts");
    T_CHECK(l.conf.path.policies.n == 2 && strcmp(pol_str(&l.conf.path.policies, 1)->s, "/b") == 0, "policies");
    T_CHECK(strcmp(pol_str(&l.conf.path.disable, 0)->s, "x") == 0, "disable is no path");
    T_CHECK(l.conf.limit.idle_ms == 5000 && l.conf.limit.head_ms == 6000 && l.conf.limit.body_ms == 7000 &&
                l.conf.limit.drain_ms == 0 && l.conf.limit.txn_memory == 8 << 20 && l.conf.limit.connections == 100 &&
                l.conf.limit.drips == 80 && l.conf.limit.drip_window_ms == 90000,
            "limit");
    T_CHECK(l.conf.failure.scan == POL_FAIL_ALLOW && l.conf.failure.recorder == POL_FAIL_ALLOW &&
                l.conf.failure.size == POL_FAIL_ALLOW && l.conf.failure.type == POL_FAIL_BLOCK &&
                l.conf.failure.media == POL_FAIL_BLOCK,
            "failure");
    T_CHECK(l.conf.audit.checkpoint_ms == 10000 && l.conf.audit.checkpoint_records == 5 &&
                is_below(&l, l.conf.audit.checkpoint_copy.s, "copy"),
            "audit");
    loaded_fini(&l);
}

/* One mistake per row, its line exactly: golden up to what base/yaml words itself. */
T_TEST(mistakes_say_where)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "listen:\n  - address: 127.0.0.1:1\n", "1:1: " },
        { "version: 2\nlisten:\n  - address: 127.0.0.1:1\n", "1:10: version: expected 1" },
        { "version: 1\n", "1:1: " },
        { "version: 1\nlisten: []\n", "2:9: expected at least one listener" },
        { MINIMAL "worker: 3\n", "4:1: expected an option of stoa.yaml, found \"worker\"; did you mean \"workers\"?" },
        { MINIMAL "workers: 300\n", "4:10: workers: expected a whole number from 0 to 256, found \"300\"" },
        { MINIMAL "workers: 1\nworkers: 2\n", "5:1: \"workers\" is given twice" },
        { MINIMAL "test_clock: on\n", "4:13: test_clock: expected true or false, found \"on\"; write true" },
        { MINIMAL "ca: { leaf_lifetime: 1m }\n", "4:22: leaf_lifetime: expected a duration" },
        { MINIMAL "failure: { scan: bl0ck }\n", "4:18: scan: expected one of allow, block, found \"bl0ck\"" },
        { MINIMAL "limit: { body_memory: 2MiB, body_max: 1MiB }\n", "4:8: limit.body_memory has to be at most" },
        { MINIMAL "limit: { head_bytes: 1MiB, txn_memory: 1MiB }\n", "4:8: limit.head_bytes has to be at most" },
        { MINIMAL "  - address: localhost:3128\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: 127.0.0.1\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: 127.0.0.1:0\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: 127.0.0.1:65536\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: \"::1:3128\"\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: \"[::1:3128\"\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: \"[::1]3128\"\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: \"\"\n", "4:14: expected an address and a port" },
        { MINIMAL "  - address: \"[::ffff:127.0.0.1]:3128\"\n", "4:14: this listener is there already" },
        { "version: 1\nlisten:\n  - address: 0.0.0.0:3128\ntest_clock: true\n", "3:14: test_clock is on, so every" },
        { "version: 1\nlisten:\n  - address: \"[::]:3128\"\ntest_clock: true\n", "3:14: test_clock is on, so every" },
        { MINIMAL "resolver: { servers: \"127.0.0.1:53,dns.example\" }\n", "4:22: expected name servers" },
        { MINIMAL "resolver: { hosts: { wiki.test: wiki.example } }\n", "4:33: expected an address" },
        { MINIMAL "resolver: { hosts: { \"wiki test\": 127.0.0.1 } }\n", "4:22: expected a host name" },
        { MINIMAL "state_dir: \"\"\n", "4:12: expected a path" },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct loaded l = load(rows[i].text);
        const struct st_diag_item *item = st_diag_at(l.diag, 0);
        char line[1024];

        T_CHECK(l.rc == ST_ERR && l.err.code == ST_E_CONFIG, "row %zu: %s", i, l.err.what);
        T_CHECK(st_diag_count(l.diag) == 1, "row %zu: %zu mistakes", i, st_diag_count(l.diag));
        snprintf(line, sizeof line, "%u:%u: %s", item->line, item->col, item->text);
        T_CHECK(strstr(item->file, "/stoa.yaml") != NULL, "%s", item->file);
        T_CHECK(strncmp(line, rows[i].says, strlen(rows[i].says)) == 0, "row %zu: %s", i, line);
        loaded_fini(&l);
    }
}

T_TEST(a_missing_file_is_a_diagnostic)
{
    struct st_arena *arena = st_arena_new(MEMORY);
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct pol_config conf;

    T_CHECK(pol_config_load("/nonexistent/stoa.yaml", arena, &conf, diag, &err) == ST_ERR, "missing");
    T_CHECK(err.code == ST_E_CONFIG && st_diag_count(diag) == 1 && st_diag_at(diag, 0)->line == 0, "%s", err.what);
    st_diag_free(diag);
    st_arena_free(arena);
}

/* A name without a folder is a file of the working directory. */
T_TEST(a_bare_file_name)
{
    const char *folder = t_folder();
    struct st_arena *arena = st_arena_new(MEMORY);
    struct st_err err = ST_ERR_INIT;
    struct pol_config conf;
    char old[4096], expect[8192];

    t_write(folder, "stoa.yaml", MINIMAL "state_dir: s\n");
    T_CHECK(getcwd(old, sizeof old) != NULL && chdir(folder) == 0, "chdir");
    T_OK(pol_config_load("stoa.yaml", arena, &conf, NULL, &err), err);
    T_CHECK(realpath(".", expect) != NULL && strlen(expect) < 4096, "realpath");
    snprintf(expect + strlen(expect), 3, "/s");
    T_CHECK(strcmp(conf.state_dir.s, expect) == 0, "%s", conf.state_dir.s);
    T_CHECK(chdir(old) == 0, "chdir");
    st_arena_free(arena);
}

T_TEST(the_table_describes_itself)
{
    for (int form = ST_YAML_HELP; form <= ST_YAML_JSON_SCHEMA; form++) {
        static const char *const words[] = { "listen", "leaf_lifetime", "checkpoint_copy", "body_memory" };
        struct st_buf out;

        st_buf_init(&out, 1 << 20);
        pol_config_describe((enum st_yaml_form)form, &out);
        T_CHECK(out.failed == ST_E_NONE && out.n > 1000, "form %d: %zu bytes", form, out.n);
        for (size_t i = 0; i < ST_LEN(words); i++)
            T_CHECK(st_span_find(st_buf_view(&out), st_span_str(words[i])) != ST_SPAN_NPOS, "%d: %s", form, words[i]);
        st_buf_reset(&out);
        pol_policy_describe((enum st_yaml_form)form, &out);
        T_CHECK(st_span_find(st_buf_view(&out), ST_SPAN("observe_until")) != ST_SPAN_NPOS, "form %d: policy", form);
        st_buf_fini(&out);
    }
}

T_TEST(load_survives_every_oom)
{
    const char *path = t_write(t_folder(), "stoa.yaml", CONFIG "resolver: { hosts: { a.test: 127.0.0.1:1 } }\n");

    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(MEMORY);
        struct st_err err = ST_ERR_INIT;
        struct pol_config conf;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = pol_config_load(path, arena, &conf, NULL, &err);
        t_fail_alloc(0);
        st_arena_free(arena);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s %s", nth, err.where, err.what);
    }
}
