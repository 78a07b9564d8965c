/* SPDX-License-Identifier: Apache-2.0 */
/* pac - the file that tells clients when to use which proxy (proxy auto-configuration).
 *
 * Clients run it for every URL, so hosts are looked up in an object, from the whole name down to its last label,
 * instead of being compared with each entry; and in the oldest JavaScript there is, since some clients have no other.
 * What comes from stoa.yaml was checked to be hosts and ports: there is nothing to escape.
 */
#include "gateway/pac.h"
#include "policies/policies.h"
#include <string.h>

static const struct st_str *str(const struct st_list *list, size_t i)
{
    return (const struct st_str *)list->items + i;
}

/* "HTTPS a:1; PROXY b:2; DIRECT" */
static void put_way(const struct pol_config *config, struct st_buf *out)
{
    for (size_t i = 0; i < config->pac.proxies.n; i++) {
        struct st_span proxy = st_span_str(str(&config->pac.proxies, i)->s);
        bool is_tls = st_span_starts(proxy, ST_SPAN("https://"));

        st_buf_str(out, i > 0 ? "; " : "");
        st_buf_str(out, is_tls ? "HTTPS " : "PROXY ");
        st_buf_span(out, is_tls ? st_span_sub(proxy, 8, proxy.n) : proxy);
    }
    if (config->pac.fallback == POL_PAC_DIRECT)
        st_buf_str(out, "; DIRECT");
}

static void put_key(struct st_buf *out, struct st_span host)
{
    st_buf_str(out, "  \"");
    st_buf_span(out, host);
    st_buf_str(out, "\": 1,\n");
}

static bool put_protected(void *ctx, struct st_span host)
{
    put_key(ctx, host);
    return true;
}

/* hosts: themselves only. below: everything under the name but not itself. whole: both. */
static void put_tables(const struct pol_set *set, struct st_buf *out)
{
    const struct pol_config *config = pol_set_config(set);

    st_buf_str(out, "var hosts = {\n");
    for (size_t i = 0; i < config->pac.direct.n; i++) {
        const char *s = str(&config->pac.direct, i)->s;

        if (s[0] != '*' && strcmp(s, POL_PAC_LOCAL) != 0)
            put_key(out, st_span_str(s));
    }
    st_buf_str(out, "  \"\": 0 };\nvar below = {\n");
    for (size_t i = 0; i < config->pac.direct.n; i++) {
        const char *s = str(&config->pac.direct, i)->s;

        if (s[0] == '*')
            put_key(out, st_span_str(s + 2));
    }
    st_buf_str(out, "  \"\": 0 };\nvar whole = {\n");
    if (config->pac.protected_hosts)
        pol_each_protected(set, put_protected, out);
    st_buf_str(out, "  \"\": 0 };\n");
}

static void put_script(const struct pol_set *set, struct st_buf *out)
{
    const struct pol_config *config = pol_set_config(set);
    bool has_local = false;

    for (size_t i = 0; i < config->pac.direct.n; i++)
        has_local |= strcmp(str(&config->pac.direct, i)->s, POL_PAC_LOCAL) == 0;
    put_tables(set, out);
    st_buf_str(out, "function has(table, name) {\n"
                    "  return Object.prototype.hasOwnProperty.call(table, name) && table[name] === 1;\n"
                    "}\n"
                    "function FindProxyForURL(url, host) {\n"
                    "  var name = host.toLowerCase().replace(/\\.$/, \"\"), dot;\n");
    if (has_local)
        st_buf_str(out, "  if (name.indexOf(\".\") < 0 && name.indexOf(\":\") < 0) return \"DIRECT\";\n");
    st_buf_str(out, "  if (has(hosts, name) || has(whole, name)) return \"DIRECT\";\n"
                    "  while ((dot = name.indexOf(\".\")) >= 0) {\n"
                    "    name = name.substring(dot + 1);\n"
                    "    if (has(below, name) || has(whole, name)) return \"DIRECT\";\n"
                    "  }\n"
                    "  return \"");
    put_way(config, out);
    st_buf_str(out, "\";\n}\n");
}

enum st_rc pac_write(const struct pol_set *set, bool head_only, struct st_buf *out, struct st_err *err)
{
    struct st_buf body;
    enum st_rc rc;

    st_buf_init(&body, PAC_MAX / 2);
    put_script(set, &body);
    st_buf_fmt(out,
               "HTTP/1.1 200 OK\r\n"
               "Content-Type: application/x-ns-proxy-autoconfig\r\n"
               "Content-Length: %zu\r\n"
               "Cache-Control: max-age=300\r\n"
               "Connection: close\r\n\r\n",
               body.n);
    if (!head_only)
        st_buf_span(out, st_buf_view(&body));
    rc = st_buf_done(&body, err, "pac.write");
    st_buf_fini(&body);
    return rc == ST_OK ? st_buf_done(out, err, "pac.write") : ST_ERR;
}
