/* SPDX-License-Identifier: Apache-2.0 */
/* listen - both forms of an entry, what does not fit a kind with its place, and networks bit by bit. */
#include "make.h"
#include "policies/set.h"
#include <stdio.h>

#define MEMORY (8u << 20)

struct loaded {
    struct st_arena *arena;
    struct st_diag *diag;
    struct pol_config conf;
    enum st_rc rc;
};

static struct loaded load(const char *listen)
{
    struct loaded l = { .arena = st_arena_new(MEMORY), .diag = st_diag_new() };
    struct st_err err = ST_ERR_INIT;
    char text[1000];

    (void)snprintf(text, sizeof text, "version: 1\nlisten:\n%s", listen);
    l.rc = pol_config_load(t_write(t_folder(), "stoa.yaml", text), l.arena, &l.conf, l.diag, &err);
    return l;
}

static void loaded_fini(struct loaded *l)
{
    st_diag_free(l->diag);
    st_arena_free(l->arena);
}

T_TEST(both_forms_of_an_entry)
{
    struct loaded l =
        load("  - 127.0.0.1:3128\n"
             "  - address: \"[::1]:3128\"\n"
             "  - { address: 127.0.0.1:3129, kind: transparent, unnamed: pass, proxy_protocol: 10.0.0.0/8 }\n"
             "  - { address: 127.0.0.1:3130, kind: explicit-tls, name: proxy.example }\n");
    const struct pol_listen *e = l.conf.listen.items;

    T_CHECK(l.rc == ST_OK && l.conf.listen.n == 4, "%zu entries", l.conf.listen.n);
    T_CHECK(strcmp(e[0].address.s, "127.0.0.1:3128") == 0 && e[0].kind == POL_EXPLICIT && e[0].pos.line == 3, "plain");
    T_CHECK(e[1].kind == POL_EXPLICIT && e[1].unnamed == POL_UNNAMED_REFUSE && e[1].proxy_protocol.n == 0, "map");
    T_CHECK(e[2].kind == POL_TRANSPARENT && e[2].unnamed == POL_UNNAMED_PASS && e[2].proxy_protocol.n == 1, "brought");
    T_CHECK(e[3].kind == POL_EXPLICIT_TLS && strcmp(e[3].name.s, "proxy.example") == 0, "tls");
    loaded_fini(&l);
}

T_TEST(what_does_not_fit)
{
    static const struct {
        const char *listen;
        unsigned line, col;
        const char *says;
    } cases[] = {
        { "  - 127.0.0.1\n", 3, 5, "an address and a port" },
        { "  - [x]\n", 3, 5, "a mapping or a plain address" },
        { "  - { address: 127.0.0.1:1, kind: other }\n", 3, 35, "expected one of explicit" },
        { "  - { address: 127.0.0.1:1, name: a.example }\n", 3, 35, "are for `kind: explicit-tls`" },
        { "  - { address: 127.0.0.1:1, kind: explicit-tls }\n", 3, 5, "expected `name:`" },
        { "  - { address: 127.0.0.1:1, kind: explicit-tls, certificate: a.pem }\n", 3, 5, "expected both" },
        { "  - { address: 127.0.0.1:1, kind: explicit-tls, name: \"a b\" }\n", 3, 55, "a host name" },
        { "  - { address: 127.0.0.1:1, unnamed: pass }\n", 3, 5, "is for `kind: transparent`" },
        { "  - { address: 127.0.0.1:1, proxy_protocol: [10.0.0.0/33] }\n", 3, 46, "an address or a network" },
        { "  - 127.0.0.1:1\n  - address: 127.0.0.1:1\n", 4, 14, "is there already" },
        { "  - 127.0.0.1:1\npac:\n  proxies: []\n", 5, 3, "at least one proxy" },
        { "  - 127.0.0.1:1\npac:\n  proxies: [p.example]\n", 5, 13, "expected a proxy" },
        { "  - 127.0.0.1:1\npac:\n  proxies: [\"p\\\";alert(1)//:1\"]\n", 5, 13, "expected a proxy" },
        { "  - 127.0.0.1:1\npac:\n  proxies: [p.example:1]\n  direct: [\"a\\\"b.c\"]\n", 6, 12, "expected a host" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct loaded l = load(cases[i].listen);
        const struct st_diag_item *it = st_diag_at(l.diag, 0);

        T_CHECK(l.rc == ST_ERR && it != NULL, "case %zu", i);
        T_CHECK(it->line == cases[i].line && it->col == cases[i].col && strstr(it->text, cases[i].says) != NULL,
                "case %zu: %u:%u: %s", i, it->line, it->col, it->text);
        loaded_fini(&l);
    }
}

T_TEST(networks)
{
    static const struct {
        const char *network, *address;
        bool is_in;
    } cases[] = {
        { "10.0.0.0/8", "10.255.1.2", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "10.0.0.0/8", "a00::1", false },
        { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.6", false },
        { "192.0.2.128/25", "192.0.2.127", false },
        { "192.0.2.128/25", "192.0.2.200", true },
        { "0.0.0.0/0", "192.0.2.1", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "192.0.2.1", true },
        { "2001:db8::/33", "2001:db8:8000::", false },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "fe80::/10", "fe80::1", true },
        { "fe80::/10", "fec0::1", false },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_str one = { .s = cases[i].network };
        struct st_list list = { .items = &one, .n = 1 };
        uint8_t address[16];

        T_CHECK(pol_address(st_span_str(cases[i].address), address), "case %zu", i);
        T_CHECK(pol_networks_have(&list, address) == cases[i].is_in, "case %zu: %s", i, cases[i].network);
    }
}
