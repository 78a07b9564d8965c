/* SPDX-License-Identifier: Apache-2.0 */
/* egress - for each pair of where a client wanted to go and where its name leads: which address is taken, if any. */
#include "t.h"

#include "gateway/egress.h"
#include "policies/policies.h"
#include <arpa/inet.h>
#include <string.h>

static struct sockaddr_storage at(const char *text, uint16_t port)
{
    struct sockaddr_storage out = { .ss_family = AF_INET };

    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&out)->sin_addr) == 1) {
        ((struct sockaddr_in *)&out)->sin_port = htons(port);
        return out;
    }
    out.ss_family = AF_INET6;
    T_CHECK(inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&out)->sin6_addr) == 1, "%s", text);
    ((struct sockaddr_in6 *)&out)->sin6_port = htons(port);
    return out;
}

T_TEST(which_addresses_may_be_reached)
{
    static const struct {
        const char *near;     /* NULL: the client named the host */
        const char *found[3]; /* NULL-terminated */
        bool is_fixed;
        size_t kept;
        const char *first; /* NULL: none */
    } cases[] = {
        { NULL, { "198.51.100.1", "2001:db8::1" }, false, 2, "198.51.100.1" },
        { NULL, { "10.1.2.3" }, false, 1, "10.1.2.3" }, /* the company's own hosts have names, too */
        { NULL, { "127.0.0.1" }, false, 0, NULL },
        { NULL, { "127.0.0.1", "198.51.100.1" }, false, 1, "198.51.100.1" },
        { NULL, { "::1" }, false, 0, NULL },
        { NULL, { "::ffff:127.0.0.1" }, false, 0, NULL }, /* another way to write it */
        { NULL, { "0.0.0.0" }, false, 0, NULL },
        { NULL, { "224.0.0.1" }, false, 0, NULL },
        { NULL, { "ff02::1" }, false, 0, NULL },
        { NULL, { "169.254.169.254" }, false, 0, NULL },
        { NULL, { "127.0.0.1" }, true, 1, "127.0.0.1" }, /* the operator's word */
        { NULL, { "192.0.2.9" }, true, 0, NULL },        /* but a listener of ours it never is */
        { NULL, { "192.0.2.9" }, false, 0, NULL },
        { "198.51.100.2", { "198.51.100.1", "198.51.100.2" }, false, 1, "198.51.100.2" },
        { "198.51.100.7", { "198.51.100.1", "198.51.100.2" }, false, 2, "198.51.100.1" },
        { "198.51.100.7", { "10.1.2.3" }, false, 0, NULL }, /* a name that claims an inside host */
        { "198.51.100.7", { "fd00::1", "172.16.0.1" }, false, 0, NULL },
        { "198.51.100.7", { "10.1.2.3", "203.0.113.1" }, false, 1, "203.0.113.1" },
        { "10.1.2.3", { "10.1.2.3" }, false, 1, "10.1.2.3" }, /* it could have gone there itself */
        { "10.9.9.9", { "10.1.2.3" }, false, 0, NULL },
        { "127.0.0.1", { "127.0.0.1" }, false, 0, NULL },
        { "198.51.100.7", { "10.1.2.3" }, true, 1, "10.1.2.3" },
        { "2001:db8::7", { "2001:db8::1" }, false, 1, "2001:db8::1" },
    };
    struct pol_listen listen = { .address = { .s = "192.0.2.9:443" } };
    struct st_str never[] = { { .s = "127.0.0.0/8" }, { .s = "::1" }, { .s = "169.254.0.0/16" } };
    struct pol_config config = { .listen = { .items = &listen, .n = 1 },
                                 .upstream = { .never = { .items = never, .n = ST_LEN(never) } } };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct resolve_list list = { .is_fixed = cases[i].is_fixed };
        struct address near = { .port = 0 }, first;
        struct st_err err = ST_ERR_INIT;
        char text[INET6_ADDRSTRLEN];

        if (cases[i].near != NULL) {
            struct sockaddr_storage dialled = at(cases[i].near, 443);

            near = address_of((const struct sockaddr *)&dialled);
        }
        for (; cases[i].found[list.n] != NULL; list.n++)
            list.addr[list.n].at = at(cases[i].found[list.n], 443);
        T_CHECK((egress_filter(&config, &near, &list, &err) == ST_OK) == (cases[i].kept > 0), "case %zu", i);
        T_CHECK(list.n == cases[i].kept, "case %zu: %zu kept", i, list.n);
        if (cases[i].first == NULL) {
            T_CHECK(err.code == ST_E_DENIED, "case %zu: %s", i, st_e_name(err.code));
            continue;
        }
        first = address_of((const struct sockaddr *)&list.addr[0].at);
        address_text(&first, text);
        T_CHECK(strcmp(text, cases[i].first) == 0, "case %zu: %s", i, text);
    }
}

T_TEST(a_listener_on_every_address_is_at_each_of_them)
{
    static const struct {
        const char *listen, *found;
        uint16_t port;
        bool is_reached;
    } cases[] = {
        { "0.0.0.0:3128", "127.0.0.1", 3128, false }, { "0.0.0.0:3128", "127.9.9.9", 3128, false },
        { "0.0.0.0:3128", "127.0.0.1", 3129, true },  { "0.0.0.0:3128", "198.51.100.1", 3128, true },
        { "[::]:3128", "::1", 3128, false },          { "[::]:3128", "127.0.0.1", 3128, true },
        { "[::]:3128", "2001:db8::1", 3128, true },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct pol_listen listen = { .address = { .s = (char *)(uintptr_t)cases[i].listen } };
        struct pol_config config = { .listen = { .items = &listen, .n = 1 } };
        struct resolve_list list = { .is_fixed = true, .n = 1 };
        struct address near = { .port = 0 };
        struct st_err err = ST_ERR_INIT;

        list.addr[0].at = at(cases[i].found, cases[i].port);
        list.addr[0].len = sizeof list.addr[0].at;
        T_CHECK((egress_filter(&config, &near, &list, &err) == ST_OK) == cases[i].is_reached, "case %zu", i);
    }
}
