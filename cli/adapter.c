/* SPDX-License-Identifier: Apache-2.0 */
/* adapter - `stoa adapter test`: recorded exchanges through the platform adapters, without a gateway.
 *
 * Each exchange that is an activity gives one JSON line (docs/activity.md) with the number of its exchange; what is
 * nothing gives none. Here, and nowhere in the gateway, the typed text is shown: whoever writes an adapter has the
 * recording anyway. Secret paths and hidden fields stay hidden all the same.
 */
#include "cli/recording.h"
#include <getopt.h>
#include <string.h>

struct player {
    struct cli *cli;
    struct lp_set *set;
    struct st_buf out;
    const char *dir;
    const char *host[2];   /* --host: it, and NULL */
    struct lp_bound bound; /* its platform NULL: none */
    bool with_all;
};

/* ---- writing an activity ----------------------------------------------------------------------------------------- */

static void put_known(struct st_json *w, const char *key, struct st_span value)
{
    if (value.n > 0)
        st_json_span(w, key, value);
}

static void put_object(struct st_json *w, const struct lp_activity *a)
{
    st_json_object(w, "object");
    put_known(w, "id", a->object_id);
    put_known(w, "type", a->object_type);
    put_known(w, "url", a->url);
    put_known(w, "title", a->title);
    if (a->author.n > 0) {
        st_json_object(w, "author");
        st_json_span(w, "name", a->author);
        st_json_end(w);
    }
    if (a->length_ms > 0)
        st_json_int(w, "duration_ms", (int64_t)a->length_ms);
    put_known(w, "lang", a->lang);
    st_json_end(w);
    if (a->parent_id.n > 0) {
        st_json_object(w, "parent");
        st_json_span(w, "id", a->parent_id);
        put_known(w, "type", a->parent_type);
        put_known(w, "url", a->parent_url);
        st_json_end(w);
    }
    if (a->group_id.n > 0) {
        st_json_object(w, "group");
        st_json_span(w, "id", a->group_id);
        put_known(w, "kind", a->group_type);
        st_json_end(w);
    }
}

static void put_position(struct st_json *w, const struct lp_activity *a)
{
    if (a->n_intervals > 0) {
        st_json_object(w, "position");
        st_json_array(w, "intervals");
        for (size_t i = 0; i < a->n_intervals; i++) {
            st_json_array(w, NULL);
            st_json_int(w, NULL, (int64_t)a->intervals[i].from_ms);
            st_json_int(w, NULL, (int64_t)a->intervals[i].to_ms);
            st_json_end(w);
        }
        st_json_end(w);
        if (a->length_ms > 0)
            st_json_int(w, "length_ms", (int64_t)a->length_ms);
        st_json_bool(w, "final", a->is_final);
        st_json_end(w);
    }
    if (a->dwell_ms > 0)
        st_json_int(w, "dwell_ms", (int64_t)a->dwell_ms);
}

static const char *role_of(struct st_span path)
{
    static const struct {
        const char *word, *role;
    } roles[] = { { "title", "title" },        { "subject", "title" },      { "query", "query" },
                  { "search", "query" },       { "caption", "caption" },    { "alt", "alt" },
                  { "option", "poll_option" }, { "choice", "poll_option" }, { "url", "url" },
                  { "filename", "filename" },  { "name", "name" } };

    for (size_t i = 0; i < ST_LEN(roles); i++)
        if (st_span_find(path, st_span_str(roles[i].word)) != ST_SPAN_NPOS)
            return roles[i].role;
    return st_span_eq(path, ST_SPAN("?q")) ? "query" : "body";
}

static void put_scan(struct st_json *w, const struct lp_activity *a, const struct flt_doc *doc)
{
    st_json_array(w, "scan");
    for (size_t i = 0; i < a->n_typed; i++) {
        const struct flt_field *f = &doc->fields[a->typed[i]];

        st_json_object(w, NULL);
        st_json_str(w, "role", role_of(f->path));
        st_json_span(w, "text", a->said[i]);
        st_json_array(w, "codec");
        for (unsigned k = 0; k < f->depth; k++)
            st_json_str(w, NULL, flt_codec_name(f->chain[k]));
        st_json_end(w);
        st_json_span(w, "locator", f->path);
        st_json_end(w);
    }
    st_json_end(w);
    st_json_array(w, "files");
    for (size_t i = 0; i < doc->n; i++) {
        if (doc->fields[i].name.n == 0 || doc->fields[i].is_secret)
            continue;
        st_json_object(w, NULL);
        st_json_span(w, "name", doc->fields[i].name);
        st_json_end(w);
    }
    st_json_end(w);
}

static void put_carrier(struct st_json *w, const struct recording_exchange *x, const char *rule)
{
    st_json_object(w, "carrier");
    st_json_str(w, "proto", "http");
    st_json_span(w, "method", x->req.method);
    st_json_span(w, "host", x->req.host);
    st_json_str(w, "op", rule);
    st_json_int(w, "status", x->answer.status);
    st_json_end(w);
}

static void put_activity(struct player *p, const struct recording_play *play)
{
    static const char *const phases[] = {
#define X(id, name) [LP_##id] = name,
        LP_PHASES(X)
#undef X
    };
    const struct lp_activity *a = play->activity;
    struct st_json w;

    st_json_init(&w, &p->out);
    st_json_object(&w, NULL);
    st_json_int(&w, "v", 1);
    st_json_int(&w, "exchange", play->number);
    if (play->exchange.ts != NULL)
        st_json_str(&w, "ts", play->exchange.ts);
    st_json_str(&w, "platform", a->platform);
    st_json_str(&w, "adapter", a->platform);
    st_json_str(&w, "adapter_ver", lp_route_version(play->route));
    st_json_real(&w, "confidence", a->confidence / 100.0);
    st_json_str(&w, "kind", a->kind);
    st_json_str(&w, "phase", phases[a->phase]);
    put_object(&w, a);
    st_json_str(&w, "visibility", a->audience);
    put_position(&w, a);
    st_json_span(&w, "text", a->text);
    put_scan(&w, a, play->doc);
    put_carrier(&w, &play->exchange, lp_route_id(play->route));
    st_json_end(&w);
    cli_print(&p->out);
}

static void say(void *ctx, const struct recording_play *play)
{
    struct player *p = ctx;

    if (play->activity != NULL)
        put_activity(p, play);
    else if (p->with_all)
        printf("{\"v\":1,\"exchange\":%u,\"kind\":null}\n", play->number);
}

static int load(struct player *p)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    if (cli_plugins(p->dir, p->bound.platform != NULL ? &p->bound : NULL, &p->set, diag, &err) != ST_OK)
        code = cli_broken(p->cli, diag, &err);
    st_diag_free(diag);
    return code;
}

/* HOST=PLATFORM */
static bool take_host(struct player *p, char *text)
{
    char *is = strchr(text, '=');

    if (is == NULL || is == text || is[1] == '\0')
        return false;
    *is = '\0';
    p->host[0] = text;
    p->bound = (struct lp_bound){ .platform = is + 1, .file = "--host", .hosts = p->host };
    return true;
}

int cmd_adapter_test(struct cli *cli)
{
    static const struct option options[] = { { "plugins", required_argument, NULL, 'p' },
                                             { "all", no_argument, NULL, 'a' },
                                             { "host", required_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    struct player p = { .cli = cli };
    int option, code;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': p.dir = optarg; break;
        case 'a': p.with_all = true; break;
        case 'h':
            if (!take_host(&p, optarg))
                return cli_usage(cli, "--host wants HOST=PLATFORM, as forum.example.com=discourse");
            break;
        default: return cli_usage(cli, "options are --plugins, --all, --host");
        }
    }
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one recording, or - for standard input");
    st_buf_init(&p.out, 64u << 20);
    if ((code = load(&p)) == CLI_OK)
        code = recording_run(&(struct recording){ cli->argv[optind], p.set, say, &p });
    lp_set_release(p.set);
    st_buf_fini(&p.out);
    return code;
}
