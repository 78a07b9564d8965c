/* SPDX-License-Identifier: Apache-2.0 */
/* listen - the ways in: kinds of listeners, whose PROXY header is believed, the PAC file; and lists of networks.
 *
 * What an entry needs follows from its kind, so whatever does not belong to it is a mistake, not a silence: a
 * certificate on a listener without TLS would be a listener whose owner thinks that it has TLS.
 */
#include "policies/config_parts.h"
#include <string.h>

static const char *const kind_names[] = { [POL_EXPLICIT] = "explicit",
                                          [POL_EXPLICIT_TLS] = "explicit-tls",
                                          [POL_TRANSPARENT] = "transparent",
                                          [POL_TPROXY] = "tproxy",
                                          NULL };
static const char *const unnamed_names[] = { [POL_UNNAMED_REFUSE] = "refuse", [POL_UNNAMED_PASS] = "pass", NULL };
static const char *const fallback_names[] = { [POL_PAC_NONE] = "none", [POL_PAC_DIRECT] = "direct", NULL };

#define LISTEN(field) offsetof(struct pol_listen, field)
static const struct st_yaml_opt listen_opts[] = {
    { .name = "address",
      .type = ST_Y_STR,
      .offset = LISTEN(address),
      .required = true,
      .help = "Address and port the proxy listens on, as 127.0.0.1:3128 or [::1]:3128." },
    { .name = "kind",
      .type = ST_Y_ENUM,
      .offset = LISTEN(kind),
      .names = kind_names,
      .def = "explicit",
      .help = "explicit: clients know the proxy; explicit-tls: and speak TLS with it; transparent: connections are "
              "brought here by a REDIRECT rule; tproxy: by a TPROXY rule." },
    { .name = "proxy_protocol",
      .type = ST_Y_STRS,
      .offset = LISTEN(proxy_protocol),
      .help = "Addresses or networks (10.0.0.0/8) of load balancers: each connection has to come from one of them and "
              "to begin with a PROXY header, version 1 or 2, and the client is whom the header names." },
    { .name = "unnamed",
      .type = ST_Y_ENUM,
      .offset = LISTEN(unnamed),
      .names = unnamed_names,
      .def = "refuse",
      .help = "transparent, tproxy: what happens to a connection that names no host, as TLS without server name or a "
              "protocol that is neither TLS nor HTTP; pass: it is joined with the address it was made for, unless a "
              "policy about that address says otherwise." },
    { .name = "name",
      .type = ST_Y_STR,
      .offset = LISTEN(name),
      .help =
          "explicit-tls: the host name that clients know the proxy by; its certificate is minted from the own CA." },
    { .name = "certificate",
      .type = ST_Y_STR,
      .offset = LISTEN(certificate),
      .help = "explicit-tls: PEM file with the proxy's certificate and its chain, instead of a minted one." },
    { .name = "key",
      .type = ST_Y_STR,
      .offset = LISTEN(key),
      .help = "explicit-tls: PEM file of its private key, readable by the user that stoad runs as." },
};
const struct st_yaml_schema pol_listen_schema = { .name = "listener",
                                                  .size = sizeof(struct pol_listen),
                                                  .pos_offset = LISTEN(pos) + 1,
                                                  .opts = listen_opts,
                                                  .n = ST_LEN(listen_opts),
                                                  .shorthand = "address" };

#define PAC(field) (offsetof(struct pol_config, pac.field) - offsetof(struct pol_config, pac))
static const struct st_yaml_opt pac_opts[] = {
    { .name = "proxies",
      .type = ST_Y_STRS,
      .offset = PAC(proxies),
      .help =
          "The proxies that clients try one after another, as proxy-1.example:3128, or https://proxy-1.example:3129 "
          "for an explicit-tls listener; with this, every explicit listener serves /proxy.pac and /wpad.dat." },
    { .name = "direct",
      .type = ST_Y_STRS,
      .offset = PAC(direct),
      .help = "Hosts that clients reach without the proxy, as intranet.example or *.corp.example; \"<local>\" is every "
              "name without a dot." },
    { .name = "protected",
      .type = ST_Y_BOOL,
      .offset = PAC(protected_hosts),
      .def = "false",
      .help = "Clients reach hosts of protected categories (health, banking ...) without the proxy, too." },
    { .name = "fallback",
      .type = ST_Y_ENUM,
      .offset = PAC(fallback),
      .names = fallback_names,
      .def = "none",
      .help = "What clients do when no proxy answers: none (nothing), or direct (go without the gateway)." },
};
const struct st_yaml_schema pol_pac_schema = { .name = "pac",
                                               .size = sizeof(((struct pol_config *)NULL)->pac),
                                               .pos_offset = PAC(pos) + 1,
                                               .opts = pac_opts,
                                               .n = ST_LEN(pac_opts) };

/* ---- networks --------------------------------------------------------------------------------------------------- */

/* "192.0.2.0/24", "2001:db8::/32", or one address; bits counts in the form with 128. */
static bool parse_network(struct st_span text, uint8_t address[16], unsigned *bits)
{
    size_t slash = st_span_chr(text, '/');
    struct st_span host = slash == ST_SPAN_NPOS ? text : st_span_sub(text, 0, slash);
    bool is_four = st_span_chr(host, ':') == ST_SPAN_NPOS;
    uint64_t given = is_four ? 32 : 128;

    if (!pol_address(host, address))
        return false;
    if (slash != ST_SPAN_NPOS &&
        (!st_span_u64(st_span_sub(text, slash + 1, text.n), &given) || given > (is_four ? 32u : 128u)))
        return false;
    *bits = (unsigned)given + (is_four ? 96 : 0);
    return true;
}

bool pol_networks_have(const struct st_list *networks, const uint8_t address[16])
{
    for (size_t i = 0; i < networks->n; i++) {
        uint8_t network[16];
        unsigned bits;

        if (!parse_network(st_span_str(pol_str(networks, i)->s), network, &bits))
            continue; /* the check of the file found it */
        if (memcmp(network, address, bits / 8) == 0 &&
            (bits % 8 == 0 || ((network[bits / 8] ^ address[bits / 8]) & (0xff00u >> bits % 8) & 0xffu) == 0))
            return true;
    }
    return false;
}

void config_check_networks(struct config_check *c, const struct st_list *networks)
{
    uint8_t address[16];
    unsigned bits;

    for (size_t i = 0; i < networks->n; i++) {
        const struct st_str *s = pol_str(networks, i);

        if (!parse_network(st_span_str(s->s), address, &bits))
            config_bad(c, s->pos, "expected an address or a network, as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32", s->s);
    }
}

/* ---- listeners -------------------------------------------------------------------------------------------------- */

static bool is_loopback(const struct endpoint *e)
{
    static const uint8_t mapped[13] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127 };
    static const uint8_t one[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

    return memcmp(e->address, mapped, sizeof mapped) == 0 || memcmp(e->address, one, sizeof one) == 0;
}

bool pol_is_transparent(int kind)
{
    return kind == POL_TRANSPARENT || kind == POL_TPROXY;
}

/* The options of one entry against its kind. */
static void check_kind(struct config_check *c, const struct pol_listen *l)
{
    const struct st_str *const of_tls[] = { &l->name, &l->certificate, &l->key };

    for (size_t i = 0; i < ST_LEN(of_tls) && l->kind != POL_EXPLICIT_TLS; i++)
        if (of_tls[i]->s != NULL)
            config_bad(c, of_tls[i]->pos, "name, certificate and key are for `kind: explicit-tls`, remove it or say so",
                       of_tls[i]->s);
    if (l->kind == POL_EXPLICIT_TLS && l->name.s == NULL && l->certificate.s == NULL)
        config_bad(c, l->pos, "expected `name:` (the proxy's host name), or `certificate:` and `key:`", "neither");
    if (l->kind == POL_EXPLICIT_TLS && (l->certificate.s == NULL) != (l->key.s == NULL))
        config_bad(c, l->pos, "expected both `certificate:` and `key:`", "one of them");
    if (l->name.s != NULL && !config_is_host_name(l->name.s))
        config_bad(c, l->name.pos, "expected a host name", l->name.s);
    if (l->unnamed != POL_UNNAMED_REFUSE && !pol_is_transparent(l->kind))
        config_bad(c, l->pos, "`unnamed:` is for `kind: transparent` and `kind: tproxy`, remove it or say so",
                   unnamed_names[l->unnamed]);
    config_check_networks(c, &l->proxy_protocol);
}

void config_check_listen(struct config_check *c, const struct pol_config *conf)
{
    const struct pol_listen *listen = conf->listen.items;
    struct endpoint here, other;

    if (conf->listen.n == 0)
        config_bad(c, conf->listen.pos, "expected at least one listener, as `- address: 127.0.0.1:3128`",
                   "an empty list");
    for (size_t i = 0; i < conf->listen.n; i++) {
        const struct st_str *a = &listen[i].address;

        check_kind(c, &listen[i]);
        if (!config_endpoint(st_span_str(a->s), true, &here)) {
            config_bad(c, a->pos, "expected an address and a port, as 127.0.0.1:3128 or [::1]:3128", a->s);
            continue;
        }
        if (conf->test_clock && !is_loopback(&here))
            config_bad(c, a->pos, "test_clock is on, so every listener has to be on loopback (127.0.0.1 or [::1])",
                       a->s);
        for (size_t j = 0; j < i; j++)
            if (config_endpoint(st_span_str(listen[j].address.s), true, &other) && other.port == here.port &&
                memcmp(other.address, here.address, sizeof here.address) == 0)
                config_bad(c, a->pos, "this listener is there already, remove one of the two", a->s);
    }
}

/* ---- the PAC file ----------------------------------------------------------------------------------------------- */

/* "proxy.example:3128", "[::1]:3128", with https:// before it or not. */
static bool is_proxy(const char *text)
{
    struct st_span s = st_span_str(text);
    struct endpoint e;
    size_t colon;
    char host[256];
    uint64_t port;

    if (st_span_starts(s, ST_SPAN("https://")))
        s = st_span_sub(s, 8, s.n);
    if (config_endpoint(s, true, &e))
        return true;
    colon = st_span_chr(s, ':');
    if (colon == ST_SPAN_NPOS || colon >= sizeof host || !st_span_u64(st_span_sub(s, colon + 1, s.n), &port) ||
        port < 1 || port > 65535)
        return false;
    memcpy(host, s.p, colon);
    host[colon] = '\0';
    return config_is_host_name(host);
}

void config_check_pac(struct config_check *c, const struct pol_config *conf)
{
    for (size_t i = 0; i < conf->pac.proxies.n; i++) {
        const struct st_str *s = pol_str(&conf->pac.proxies, i);

        if (!is_proxy(s->s))
            config_bad(c, s->pos, "expected a proxy, as proxy-1.example:3128 or https://proxy-1.example:3129", s->s);
    }
    for (size_t i = 0; i < conf->pac.direct.n; i++) {
        const struct st_str *s = pol_str(&conf->pac.direct, i);

        if (strcmp(s->s, POL_PAC_LOCAL) != 0 && !pol_host_pattern_ok(s->s))
            config_bad(c, s->pos, "expected a host, as intranet.example or *.corp.example, or \"<local>\"", s->s);
    }
    if (conf->pac.pos.line > 0 && conf->pac.proxies.n == 0)
        config_bad(c, conf->pac.pos, "expected `proxies:` with at least one proxy", "none");
}
