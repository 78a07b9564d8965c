/* SPDX-License-Identifier: Apache-2.0 */
/* config - stoa.yaml: one option table that is the loader, the help, the reference page and the JSON Schema.
 *
 * A key has the name of its field in struct pol_config; where the field counts milliseconds the key drops `_ms` and
 * takes a duration ("30s"). What a single value cannot show (an address that does not parse, two listeners on one
 * port, a body limit below the memory limit) is checked after the load, so that one run reports everything.
 * When you add an option: a field in policies.h, a line here, and nothing else.
 */
#include "policies/config_parts.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONF         struct pol_config
#define FIELD(path)  offsetof(CONF, path)
#define WITHIN(m, f) (offsetof(CONF, m.f) - offsetof(CONF, m))
#define SIZE_OF(m)   sizeof(((CONF *)NULL)->m)
#define MAP(id, table, text)                                                              \
    {                                                                                     \
        .name = #id, .type = ST_Y_MAP, .offset = FIELD(id), .sub = &(table), .help = text \
    }
#define KIB    1024.0
#define MIB    (1024.0 * KIB)
#define GIB    (1024.0 * MIB)
#define SECOND 1000.0
#define HOUR   (3600.0 * SECOND)
#define DAY    (24.0 * HOUR)
#define TABLE(what, opts_, size_, pos_)                                                          \
    {                                                                                            \
        .name = what, .size = (size_), .pos_offset = (pos_), .opts = (opts_), .n = ST_LEN(opts_) \
    }

static const char *const failure_names[] = { "allow", "block", NULL };

static const struct st_yaml_opt ca_opts[] = {
    { .name = "certificate",
      .type = ST_Y_STR,
      .offset = WITHIN(ca, certificate),
      .def = "ca/ca.crt",
      .help = "PEM file of the certificate that signs the leaves." },
    { .name = "key",
      .type = ST_Y_STR,
      .offset = WITHIN(ca, key),
      .def = "ca/ca.key",
      .help = "PEM file of its private key, readable by the owner only; the keyholder alone opens it." },
    { .name = "leaf_lifetime",
      .type = ST_Y_DURATION,
      .offset = WITHIN(ca, leaf_lifetime_ms),
      .min = HOUR,
      .max = 90 * DAY,
      .def = "7d",
      .help = "How long a minted leaf certificate is valid." },
};
static const struct st_yaml_schema ca_schema = TABLE("ca", ca_opts, SIZE_OF(ca), WITHIN(ca, pos) + 1);

static const struct st_yaml_opt upstream_opts[] = {
    { .name = "trust",
      .type = ST_Y_STR,
      .offset = WITHIN(upstream, trust),
      .help = "PEM bundle of the roots that origins are verified against; the system's when absent." },
    { .name = "connect",
      .type = ST_Y_DURATION,
      .offset = WITHIN(upstream, connect_ms),
      .min = 100,
      .max = 120 * SECOND,
      .def = "10s",
      .help = "Longest wait for a TCP connection to an origin." },
    { .name = "handshake",
      .type = ST_Y_DURATION,
      .offset = WITHIN(upstream, handshake_ms),
      .min = 100,
      .max = 120 * SECOND,
      .def = "10s",
      .help = "Longest wait for a TLS handshake, on either side." },
    { .name = "never",
      .type = ST_Y_STRS,
      .offset = WITHIN(upstream, never),
      .def = "[127.0.0.0/8, \"::1\", 169.254.0.0/16, \"fe80::/10\"]",
      .help = "Networks in which no origin is reached, whatever name leads there, so that nobody uses the gateway to "
              "get at itself; addresses that resolver.hosts gives are exempt." },
    { .name = "window",
      .type = ST_Y_SIZE,
      .offset = WITHIN(upstream, window),
      .min = 65535,
      .max = 16 * MIB,
      .def = "1MiB",
      .help = "Most bytes that an HTTP/2 origin may have under way on one stream whose reader keeps up; others have "
              "64 KiB." },
};
static const struct st_yaml_schema upstream_schema = TABLE("upstream", upstream_opts, SIZE_OF(upstream), 0);

static const struct st_yaml_opt resolver_opts[] = {
    { .name = "servers",
      .type = ST_Y_STR,
      .offset = WITHIN(resolver, servers),
      .help = "Name servers as \"192.0.2.1:53,[2001:db8::1]:53\"; those of /etc/resolv.conf when absent." },
    { .name = "hosts",
      .type = ST_Y_DICT,
      .offset = WITHIN(resolver, hosts),
      .help = "Fixed addresses, as in /etc/hosts: a host name and its address, with or without a port." },
};
static const struct st_yaml_schema resolver_schema = TABLE("resolver", resolver_opts, SIZE_OF(resolver), 0);

static const struct st_yaml_opt identity_opts[] = {
    { .name = "people",
      .type = ST_Y_DICT,
      .offset = WITHIN(identity, people),
      .help = "Client addresses and the name of the person behind each; others are known by their address." },
    { .name = "groups",
      .type = ST_Y_DICT,
      .offset = WITHIN(identity, groups),
      .help = "People and their groups, separated by commas: ana: \"sales, press-office\"." },
};
static const struct st_yaml_schema identity_schema = TABLE("identity", identity_opts, SIZE_OF(identity), 0);

static const struct st_yaml_opt path_opts[] = {
    { .name = "policies",
      .type = ST_Y_STRS,
      .offset = WITHIN(path, policies),
      .def = "policy.d",
      .help = "Folders of *.policy.yaml and *protected.yaml files." },
    { .name = "packs",
      .type = ST_Y_STRS,
      .offset = WITHIN(path, packs),
      .def = "packs",
      .help = "Folders of *.pack.yaml files with detectors." },
    { .name = "plugins",
      .type = ST_Y_STRS,
      .offset = WITHIN(path, plugins),
      .def = "plugins",
      .help = "Folders with platform adapters, plugins and curation rules in Lua." },
    { .name = "disable",
      .type = ST_Y_STRS,
      .offset = WITHIN(path, disable),
      .help = "Names of plugins that are left out." },
};
static const struct st_yaml_schema path_schema = TABLE("path", path_opts, SIZE_OF(path), WITHIN(path, pos) + 1);

static const struct st_yaml_opt curation_opts[] = {
    { .name = "trusted",
      .type = ST_Y_STRS,
      .offset = WITHIN(curation, trusted),
      .help = "Hosts whose pages are of high trust to curation rules: docs.example.org, or *.example.org." },
    { .name = "doubtful",
      .type = ST_Y_STRS,
      .offset = WITHIN(curation, doubtful),
      .help = "Hosts whose pages are of low trust to curation rules, also where they are among the trusted ones." },
};
static const struct st_yaml_schema curation_schema = TABLE("curation", curation_opts, SIZE_OF(curation), 0);

#define PLUGIN(field) offsetof(struct pol_plugin, field)
static const struct st_yaml_opt plugin_opts[] = {
    { .name = "name",
      .type = ST_Y_STR,
      .offset = PLUGIN(name),
      .required = true,
      .help = "Of the plugin, as its manifest has it; `stoa plugin list` names them." },
    { .name = "enabled",
      .type = ST_Y_BOOL,
      .offset = PLUGIN(is_enabled),
      .def = "true",
      .help = "Also switches on what ships switched off." },
    { .name = "settings",
      .type = ST_Y_DICTS,
      .offset = PLUGIN(settings),
      .help = "Values of its settings; `stoa plugin doc` lists them with their types. The rest keeps its defaults." },
};
static const struct st_yaml_schema plugin_schema = { "plugin",    sizeof(struct pol_plugin), PLUGIN(pos) + 1,
                                                     plugin_opts, ST_LEN(plugin_opts),       NULL };

#define PLATFORM(field) offsetof(struct pol_platform, field)
static const struct st_yaml_opt platform_opts[] = {
    { .name = "id",
      .type = ST_Y_STR,
      .offset = PLATFORM(id),
      .required = true,
      .help = "Of the platform adapter: `stoa adapter list` names them." },
    { .name = "hosts",
      .type = ST_Y_STRS,
      .offset = PLATFORM(hosts),
      .required = true,
      .help =
          "Your hosts of that platform: forum.example.com, or *.example.com. The more exact name wins over any that "
          "an adapter claims." },
};
static const struct st_yaml_schema platform_schema = { "platform",    sizeof(struct pol_platform), PLATFORM(pos) + 1,
                                                       platform_opts, ST_LEN(platform_opts),       NULL };

#define LIMIT(id, t, field, lo, hi, d, text)                                                                    \
    {                                                                                                           \
        .name = id, .type = t, .offset = WITHIN(limit, field), .min = (lo), .max = (hi), .def = d, .help = text \
    }
static const struct st_yaml_opt limit_opts[] = {
    LIMIT("head_bytes", ST_Y_SIZE, head_bytes, 4 * KIB, 1 * MIB, "64KiB", "Largest head of one message."),
    LIMIT("fields", ST_Y_INT, fields, 16, 1000, "200", "Most header fields of one message."),
    LIMIT("body_memory", ST_Y_SIZE, body_memory, 16 * KIB, 64 * MIB, "1MiB",
          "How much of a body is held in memory; what is beyond goes to a spool file."),
    LIMIT("body_max", ST_Y_SIZE, body_max, 64 * KIB, 4 * GIB, "64MiB",
          "Largest body that is held for inspection; a larger one is not inspected (see failure.size). Pictures, sound "
          "and "
          "films larger than limit.body_memory are not held."),
    LIMIT("spool", ST_Y_SIZE, spool, 64 * KIB, 1024 * GIB, "4GiB",
          "Most that the spool files of one worker may take up together; a body that finds no room there is not "
          "inspected "
          "(see failure.size). The counters are spool, spool_peak and spool_refused in `stoa status`."),
    LIMIT("txn_memory", ST_Y_SIZE, txn_memory, 1 * MIB, 1 * GIB, "32MiB",
          "Most memory one message may take while it is inspected."),
    LIMIT(
        "drips", ST_Y_INT, drips, 0, 1000000, "4096",
        "Most people and places (a chat, a thread) of one worker whose last short texts are held in memory, so that a "
        "number that is sent in pieces is found when its last piece comes; 0: none."),
    LIMIT("drip_window", ST_Y_DURATION, drip_window_ms, 1 * SECOND, HOUR, "5m",
          "How long after the latest of them they are held; then they are wiped."),
    LIMIT("memory", ST_Y_SIZE, memory, 32 * MIB, 1024 * GIB, "1GiB",
          "Most memory for the connections and messages of one worker. From three quarters on, buffers are smaller and "
          "bodies go to spool files sooner; when it is reached, idle connections end, new ones wait, and new requests "
          "are "
          "answered 503."),
    LIMIT("connections", ST_Y_INT, connections, 16, 1000000, "10000", "Most client connections of one worker."),
    LIMIT("idle", ST_Y_DURATION, idle_ms, 1 * SECOND, HOUR, "60s", "How long an idle connection is kept."),
    LIMIT("head", ST_Y_DURATION, head_ms, 100, 600 * SECOND, "30s",
          "Longest time from the first byte of a message head to its end."),
    LIMIT("body", ST_Y_DURATION, body_ms, 100, HOUR, "60s", "Longest pause between two pieces of a body."),
    LIMIT("body_rate", ST_Y_INT, body_rate, 0, 1000000000, "500",
          "Least bytes a second of a body that is held, beyond the first limit.body; 0: any."),
    LIMIT("hello", ST_Y_DURATION, hello_ms, 100, 600 * SECOND, "10s",
          "Longest time from the first byte of a ClientHello or a PROXY header to its end."),
    LIMIT("answer", ST_Y_DURATION, answer_ms, 1 * SECOND, DAY, "5m",
          "How long an origin may be silent while its answer is awaited; a long poll takes minutes."),
    LIMIT("send", ST_Y_DURATION, send_ms, 1 * SECOND, DAY, "5m",
          "How long a client may take nothing of an answer that waits for it."),
    LIMIT("finish", ST_Y_DURATION, finish_ms, 100, 600 * SECOND, "30s",
          "The same for the end of a connection's last answer, when the connection is over otherwise."),
    LIMIT("tunnel_idle", ST_Y_DURATION, tunnel_idle_ms, 1 * SECOND, 7 * DAY, "1h",
          "How long a connection that is passed through unread may be silent."),
    LIMIT("streams", ST_Y_INT, streams, 1, 1000, "100", "Most requests under way on one HTTP/2 connection."),
    LIMIT("stream_window", ST_Y_SIZE, stream_window, 16 * KIB, 1 * MIB, "65535",
          "How much of one request's body an HTTP/2 client may send ahead of its being read."),
    LIMIT("stream_buffer", ST_Y_SIZE, stream_buffer, 64 * KIB, 4 * MIB, "64KiB",
          "How much of one answer waits for an HTTP/2 client to take it."),
    LIMIT("origins", ST_Y_INT, origins, 1, 1000, "32",
          "Most connections to an origin for the requests of one HTTP/2 client; others wait their turn."),
    LIMIT("session_memory", ST_Y_SIZE, session_memory, 1 * MIB, 256 * MIB, "8MiB",
          "Most memory for the state of one HTTP/2 connection; beyond it the connection ends."),
    LIMIT("session_frames", ST_Y_INT, session_frames, 100, 100000, "1000",
          "Most frames that wait for an HTTP/2 client to take them; beyond it the connection ends."),
    LIMIT("glitches", ST_Y_INT, glitches, 100, 1000000, "1000",
          "How many pointless frames (resets, pings, settings, empty ones) a client of HTTP/2 or of a WebSocket may "
          "send at once; beyond it the connection ends."),
    LIMIT("glitches_per_second", ST_Y_INT, glitches_per_second, 1, 100000, "100",
          "How many of them are forgotten each second."),
    LIMIT("socket_idle", ST_Y_DURATION, socket_idle_ms, 1 * SECOND, DAY, "1h",
          "How long a WebSocket is kept on which nothing moves; a ping moves."),
    LIMIT(
        "silence", ST_Y_DURATION, silence_ms, 100, 60 * SECOND, "1s",
        "How long a client may say nothing in a tunnel that may be passed, before its server is asked to speak first."),
    LIMIT("unknown", ST_Y_DURATION, unknown_ms, 100, 60 * SECOND, "4s",
          "How long a client may say nothing in a tunnel that may not be passed unread, before it is ended."),
    LIMIT("leaves", ST_Y_INT, leaves, 16, 1000000, "4096", "Most minted certificates that a worker keeps."),
    LIMIT("mints", ST_Y_INT, mints, 1, 1000000, "600",
          "Most certificates that are minted for one client address in a minute, by one worker."),
    LIMIT(
        "extract", ST_Y_DURATION, extract_ms, 100, 600 * SECOND, "20s",
        "Longest time until the text of a document (Office, PDF, RTF, e-mail, archive) is found, waiting for its turn "
        "included."),
    LIMIT("extract_bytes", ST_Y_SIZE, extract_bytes, 64 * KIB, 256 * MIB, "32MiB",
          "Largest document that is opened; a larger one is not inspected (see failure.size)."),
    LIMIT("extract_text", ST_Y_SIZE, extract_text, 64 * KIB, 32 * MIB, "8MiB",
          "Most text of one document, all that is packed in it included; what is beyond is not inspected (see "
          "failure.size)."),
    LIMIT("extract_depth", ST_Y_INT, extract_depth, 1, 5, "5", "How deep archives may lie inside each other."),
    LIMIT("extractors", ST_Y_INT, extractors, 0, 64, "2",
          "Most documents that are opened at the same time; 0: none is (see failure.files)."),
    LIMIT("drain", ST_Y_DURATION, drain_ms, 0, HOUR, "30s",
          "How long running messages may take to finish when the gateway stops."),
};
static const struct st_yaml_schema limit_schema = TABLE("limit", limit_opts, SIZE_OF(limit), WITHIN(limit, pos) + 1);

#define FAILURE(id, d, text)                                                                                          \
    {                                                                                                                 \
        .name = #id, .type = ST_Y_ENUM, .offset = WITHIN(failure, id), .names = failure_names, .def = d, .help = text \
    }
static const struct st_yaml_opt failure_opts[] = {
    FAILURE(scan, "block", "What happens to a message that cannot be scanned: broken coding, a bomb, a scanner error."),
    FAILURE(recorder, "block", "What happens to messages when records can no longer be handed over."),
    FAILURE(size, "block", "What happens to a message that is too large to be looked into."),
    FAILURE(encrypted, "block", "What happens to a document or an archive that is locked with a password."),
    FAILURE(files, "block",
            "What happens to a document that was not opened: stoa-extract crashed, was late, or is not to be started."),
    FAILURE(type, "allow", "What happens to a message of a content type that cannot be read."),
    FAILURE(media, "allow",
            "What happens to pictures, sound and films, which are not looked into; blocked ones are refused before "
            "their first "
            "byte leaves."),
};
static const struct st_yaml_schema failure_schema =
    TABLE("failure", failure_opts, SIZE_OF(failure), WITHIN(failure, pos) + 1);

static const struct st_yaml_opt hold_back_opts[] = {
    { .name = "texts",
      .type = ST_Y_BOOL,
      .offset = WITHIN(hold_back, texts),
      .def = "false",
      .help = "Whether a plain text (text/plain, CSV, logs) beyond limit.body_memory leaves in pieces while it still "
              "comes: all but its tail, of which nobody can say yet that nothing in it must stay. From the first "
              "finding on that a policy may act on, the rest waits for the verdict; a no then breaks the upload off. "
              "Otherwise it waits from its beginning." },
    { .name = "idle",
      .type = ST_Y_DURATION,
      .offset = WITHIN(hold_back, idle_ms),
      .min = 10,
      .max = 60 * SECOND,
      .def = "150ms",
      .help = "After which pause of the client what has come of such a text is read, so that it need not wait for a "
              "whole stretch. Its tail never leaves before more of it came, or its end." },
};
static const struct st_yaml_schema hold_back_schema = TABLE("hold_back", hold_back_opts, SIZE_OF(hold_back), 0);

static const struct st_yaml_opt audit_opts[] = {
    { .name = "retention",
      .type = ST_Y_DURATION,
      .offset = WITHIN(audit, retention_ms),
      .min = DAY,
      .max = 3650 * DAY,
      .def = "365d",
      .help = "How long records are kept." },
    { .name = "checkpoint",
      .type = ST_Y_DURATION,
      .offset = WITHIN(audit, checkpoint_ms),
      .min = SECOND,
      .max = DAY,
      .def = "60s",
      .help = "Longest time between a record and the signed checkpoint that covers it." },
    { .name = "checkpoint_records",
      .type = ST_Y_INT,
      .offset = WITHIN(audit, checkpoint_records),
      .min = 1,
      .max = 1000000,
      .def = "1000",
      .help = "Most records between two checkpoints." },
    { .name = "checkpoint_copy",
      .type = ST_Y_STR,
      .offset = WITHIN(audit, checkpoint_copy),
      .help = "A second folder for signed checkpoints, best on another host." },
};
static const struct st_yaml_schema audit_schema = TABLE("audit", audit_opts, SIZE_OF(audit), 0);

static const struct st_yaml_opt config_opts[] = {
    { .name = "version",
      .type = ST_Y_INT,
      .offset = FIELD(version),
      .required = true,
      .min = 1,
      .max = 1,
      .help = "Version of this file's format: 1." },
    { .name = "listen",
      .type = ST_Y_LIST,
      .offset = FIELD(listen),
      .required = true,
      .sub = &pol_listen_schema,
      .help = "Where clients reach the proxy." },
    MAP(pac, pol_pac_schema, "The file that tells clients when to use which proxy."),
    { .name = "workers",
      .type = ST_Y_INT,
      .offset = FIELD(workers),
      .max = 256,
      .def = "0",
      .help = "Worker processes; 0 means one per core." },
    { .name = "state_dir",
      .type = ST_Y_STR,
      .offset = FIELD(state_dir),
      .def = "/var/lib/stoa",
      .help = "Folder of the database, the keys and the generations." },
    { .name = "run_dir",
      .type = ST_Y_STR,
      .offset = FIELD(run_dir),
      .def = "/run/stoa",
      .help = "Folder of the control socket." },
    { .name = "user",
      .type = ST_Y_STR,
      .offset = FIELD(user),
      .help = "The user to become when started as root; absent: stay." },
    MAP(ca, ca_schema, "The certificate authority that opened connections are shown."),
    MAP(upstream, upstream_schema, "Connections to origins."),
    MAP(resolver, resolver_schema, "How host names become addresses."),
    MAP(identity, identity_schema, "Who is behind a client address."),
    MAP(path, path_schema, "Where policies, detectors and plugins are."),
    MAP(curation, curation_schema, "What is known of sources that curation rules ask about."),
    MAP(limit, limit_schema, "Ceilings and deadlines."),
    MAP(hold_back, hold_back_schema, "Large texts that leave while they still come."),
    MAP(failure, failure_schema, "What happens when the gateway cannot do its work: allow or block."),
    MAP(audit, audit_schema, "The record log."),
    { .name = "plugins",
      .type = ST_Y_LIST,
      .offset = FIELD(plugins),
      .sub = &plugin_schema,
      .help = "Plugins with settings of their own, and which of them are on." },
    { .name = "platforms",
      .type = ST_Y_LIST,
      .offset = FIELD(platforms),
      .sub = &platform_schema,
      .help =
          "Which platform runs on hosts of yours: a Discourse, a wiki, a GitHub Enterprise. Policies for the platform "
          "open them then." },
    { .name = "pictures",
      .type = ST_Y_BOOL,
      .offset = FIELD(pictures),
      .def = "false",
      .help = "Looks for words and places in pictures (with tesseract, when it is installed); they are held like "
              "documents then. It takes a second or more for each." },
    { .name = "test_clock",
      .type = ST_Y_BOOL,
      .offset = FIELD(test_clock),
      .def = "false",
      .help = "Lets `stoa clock` turn the time, for tests; every listener has to be on loopback." },
};
const struct st_yaml_schema pol_config_schema =
    TABLE("stoa.yaml", config_opts, sizeof(struct pol_config), FIELD(pos) + 1);

void pol_config_describe(enum st_yaml_form form, struct st_buf *out)
{
    st_yaml_describe(&pol_config_schema, form, out);
}

/* ---- checks that need more than one value ---------------------------------------------------------------------- */

void config_bad(struct config_check *c, struct st_pos pos, const char *what, const char *found)
{
    c->is_bad = true;
    st_diag_add(c->diag, c->file, pos.line, pos.col, "%s, found \"%.128s\"", what, found);
}

bool config_endpoint(struct st_span s, bool needs_port, struct endpoint *out)
{
    struct st_span host = s, port = ST_SPAN_NONE;
    size_t colon = st_span_chr(s, ':'), close = st_span_chr(s, ']');
    bool has_port = false;

    if (s.n > 0 && s.p[0] == '[') {
        if (close == ST_SPAN_NPOS)
            return false;
        host = st_span_sub(s, 1, close - 1);
        has_port = close + 1 < s.n;
        if (has_port && s.p[close + 1] != ':')
            return false;
        port = st_span_sub(s, close + 2, s.n);
    } else if (colon != ST_SPAN_NPOS && st_span_chr(st_span_sub(s, colon + 1, s.n), ':') == ST_SPAN_NPOS) {
        host = st_span_sub(s, 0, colon);
        port = st_span_sub(s, colon + 1, s.n);
        has_port = true;
    }
    out->port = 0;
    if (has_port && (!st_span_u64(port, &out->port) || out->port < 1 || out->port > 65535))
        return false;
    return (has_port || !needs_port) && host.n > 0 && pol_address(host, out->address);
}

bool config_is_host_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 253 && s[0] != '.' && s[0] != '-' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static void check_resolver(struct config_check *c, const struct pol_config *conf)
{
    struct st_span rest = st_span_str(conf->resolver.servers.s), part;
    const struct st_pair *hosts = conf->resolver.hosts.items;
    struct endpoint e;

    while (st_span_next(&rest, ',', &part)) {
        if (!config_endpoint(st_span_trim(part), false, &e)) {
            config_bad(c, conf->resolver.servers.pos, "expected name servers, as \"192.0.2.1:53,[2001:db8::1]:53\"",
                       conf->resolver.servers.s);
            break;
        }
    }
    for (size_t i = 0; i < conf->resolver.hosts.n; i++) {
        if (!config_is_host_name(hosts[i].key.s))
            config_bad(c, hosts[i].key.pos, "expected a host name", hosts[i].key.s);
        if (!config_endpoint(st_span_str(hosts[i].value.s), false, &e))
            config_bad(c, hosts[i].value.pos, "expected an address, as 127.0.0.1:8443 or [::1]:8443", hosts[i].value.s);
    }
}

static void check_platforms(struct config_check *c, const struct pol_config *conf)
{
    const struct pol_platform *all = conf->platforms.items;

    for (size_t i = 0; i < conf->platforms.n; i++)
        for (size_t k = 0; k < all[i].hosts.n; k++)
            if (!pol_host_pattern_ok(pol_str(&all[i].hosts, k)->s))
                config_bad(c, pol_str(&all[i].hosts, k)->pos,
                           "expected a host in lower case, as forum.example.com or *.example.com",
                           pol_str(&all[i].hosts, k)->s);
}

static void check_limits(struct config_check *c, const struct pol_config *conf)
{
    if (conf->limit.body_memory > conf->limit.body_max)
        config_bad(c, conf->limit.pos, "limit.body_memory has to be at most limit.body_max", "a larger one");
    if (conf->limit.body_max > conf->limit.spool)
        config_bad(c, conf->limit.pos, "limit.body_max has to be at most limit.spool", "a larger one");
    if (conf->limit.head_bytes > conf->limit.txn_memory / 4)
        config_bad(c, conf->limit.pos, "limit.head_bytes has to be at most a quarter of limit.txn_memory",
                   "a larger one");
}

/* Makes a relative path start at the folder of stoa.yaml, so that it means the same wherever the daemon is started. */
static enum st_rc make_absolute(struct config_check *c, struct st_str *path)
{
    size_t size;
    char *out;

    if (path->s == NULL || path->s[0] == '/')
        return ST_OK;
    if (path->s[0] == '\0') {
        config_bad(c, path->pos, "expected a path", "an empty text");
        return ST_OK;
    }
    size = strlen(c->folder) + 1 + strlen(path->s) + 1;
    if ((out = st_arena_alloc(c->arena, size)) == NULL)
        return st_arena_fail(c->arena, c->err, "config.path");
    snprintf(out, size, "%s/%s", c->folder, path->s);
    path->s = out;
    return ST_OK;
}

/* The loader gives a default the place of the mapping it is missing from; no value of the file can stand there. Whoever
 * rewrites the file (gateway/snapshot) has to know which is which. */
static void forget_default(struct st_str *s, struct st_pos map, struct st_pos top)
{
    if ((s->pos.line == map.line && s->pos.col == map.col) || (s->pos.line == top.line && s->pos.col == top.col))
        s->pos = (struct st_pos){ 0, 0 };
}

static void forget_defaults(struct pol_config *conf)
{
    struct st_list *const many[] = { &conf->path.policies, &conf->path.packs, &conf->path.plugins };

    forget_default(&conf->state_dir, conf->pos, conf->pos);
    forget_default(&conf->run_dir, conf->pos, conf->pos);
    forget_default(&conf->ca.certificate, conf->ca.pos, conf->pos);
    forget_default(&conf->ca.key, conf->ca.pos, conf->pos);
    for (size_t i = 0; i < ST_LEN(many); i++)
        for (size_t k = 0; k < many[i]->n; k++)
            forget_default((struct st_str *)many[i]->items + k, conf->path.pos, conf->pos);
}

static enum st_rc make_all_absolute(struct config_check *c, struct pol_config *conf)
{
    struct st_str *const one[] = { &conf->state_dir, &conf->run_dir,        &conf->ca.certificate,
                                   &conf->ca.key,    &conf->upstream.trust, &conf->audit.checkpoint_copy };
    struct st_list *const many[] = { &conf->path.policies, &conf->path.packs, &conf->path.plugins };

    for (size_t i = 0; i < ST_LEN(one); i++)
        if (make_absolute(c, one[i]) != ST_OK)
            return ST_ERR;
    for (size_t i = 0; i < conf->listen.n; i++) {
        struct pol_listen *l = (struct pol_listen *)conf->listen.items + i;

        if (make_absolute(c, &l->certificate) != ST_OK || make_absolute(c, &l->key) != ST_OK)
            return ST_ERR;
    }
    for (size_t i = 0; i < ST_LEN(many); i++)
        for (size_t k = 0; k < many[i]->n; k++)
            if (make_absolute(c, (struct st_str *)many[i]->items + k) != ST_OK)
                return ST_ERR;
    return ST_OK;
}

/* The folder of stoa.yaml as it was named (a link to the file itself is not followed), absolute; NULL fills err. */
static const char *folder_of(const char *path, struct st_arena *arena, struct st_err *err)
{
    const char *slash = strrchr(path, '/');
    struct st_span named = slash == NULL ? ST_SPAN(".") : st_span(path, (size_t)(slash - path) + 1);
    char *dir = st_arena_str(arena, named), *full, *copy;

    if (dir == NULL) {
        st_arena_fail(arena, err, "config.path");
        return NULL;
    }
    if ((full = realpath(dir, NULL)) == NULL) {
        st_fail(err, ST_E_IO, "config.path", "the folder of stoa.yaml cannot be resolved", errno);
        return NULL;
    }
    if ((copy = st_arena_str(arena, st_span_str(full))) == NULL)
        st_arena_fail(arena, err, "config.path");
    free(full);
    return copy;
}

enum st_rc pol_config_load(const char *path, struct st_arena *arena, struct pol_config *out, struct st_diag *diag,
                           struct st_err *err)
{
    struct config_check c = { .file = path, .arena = arena, .diag = diag, .err = err };

    if (access(path, F_OK) != 0 && errno == ENOENT) {
        (void)st_diag_add(diag, path, 0, 0, "%s; name the configuration with --config, or make one: stoa setup DIR",
                          strerror(ENOENT));
        return st_fail(err, ST_E_CONFIG, "config.load", "there is no configuration", ENOENT);
    }
    if (st_yaml_load(path, &pol_config_schema, arena, out, diag, err) != ST_OK)
        return ST_ERR;
    forget_defaults(out);
    config_check_listen(&c, out);
    config_check_pac(&c, out);
    config_check_networks(&c, &out->upstream.never);
    check_resolver(&c, out);
    check_platforms(&c, out);
    check_limits(&c, out);
    if ((c.folder = folder_of(path, arena, err)) == NULL || make_all_absolute(&c, out) != ST_OK)
        return ST_ERR;
    return c.is_bad ? st_fail(err, ST_E_CONFIG, "config.load", "stoa.yaml is not usable", 0) : ST_OK;
}
