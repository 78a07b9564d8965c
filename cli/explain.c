/* SPDX-License-Identifier: Apache-2.0 */
/* explain - `stoa explain`: how one connection or one post would be judged, step by step, offline.
 *
 * It runs the gateway's own chain on the configured generation, so what it says is what the gateway does. It shows
 * places and detector names, never what stands there.
 */
#include "cli/cli.h"
#include "gateway/chain.h"
#include "gateway/steer.h"
#include <getopt.h>
#include <string.h>

#define BODY_MAX       (64u << 20)
#define ARENA_MAX      (512u << 20)
#define CANDIDATES_MAX 4096
#define NOTHINGS_SHOWN 20u   /* candidates that came to nothing */
#define NOTHINGS_MAX   2000u /* the same with --all; there is room for findings behind them */

struct explain {
    struct cli *cli;
    const char *url, *file, *type, *group, *person;
    struct st_span host, path, query;
    uint16_t port;
    struct generation *gen;
    struct st_arena *arena;
    struct st_buf body;
    struct st_buf out; /* of the JSON form; its writer below */
    struct st_json w;
    unsigned step;
    bool wants_all; /* candidates that came to nothing, too */
    struct flt_candidate candidates[CANDIDATES_MAX];
    size_t n_kept, n_nothings, n_candidates; /* kept in the array; of those, no findings; all of them */
};

/* ---- the two forms of output ---------------------------------------------------------------------------------------
 */

static void step(struct explain *e, const char *name)
{
    if (e->cli->json) {
        if (e->step > 0)
            st_json_end(&e->w);
        st_json_object(&e->w, name);
    } else {
        printf("  %u %-9s ", e->step + 1, name);
    }
    e->step++;
}

static void say_verdict(struct explain *e, const char *word, const char *policy, const char *rule, const char *file,
                        unsigned line)
{
    if (e->cli->json) {
        st_json_str(&e->w, "result", word);
        st_json_str(&e->w, "policy", policy);
        st_json_str(&e->w, "rule", rule);
        st_json_str(&e->w, "file", file);
        st_json_int(&e->w, "line", line);
        return;
    }
    printf("%-9s", word);
    if (policy != NULL)
        printf("  policy %s", policy);
    if (rule != NULL)
        printf(", rule %s", rule);
    if (file != NULL)
        printf(" (%s:%u)", file, line);
    putchar('\n');
}

/* ---- the steps -----------------------------------------------------------------------------------------------------
 */

static void explain_route(struct explain *e, const char *const *groups)
{
    const struct pol_route_facts facts = {
        .host = e->host, .port = e->port, .platform = lp_host_platform(e->gen->plugins, e->host), .groups = groups
    };
    struct pol_routed routed;

    steer(e->gen, &facts, &routed);
    step(e, "route");
    say_verdict(e, pol_route_name(routed.route), routed.policy, NULL, routed.file, routed.line);
    if (e->cli->json) {
        st_json_str(&e->w, "platform", facts.platform);
        st_json_str(&e->w, "protected", routed.category);
    } else if (routed.category != NULL) {
        printf("      protected category %s: never decrypted, whatever a policy says\n", routed.category);
    } else if (routed.route == POL_PASS && routed.policy == NULL) {
        printf("      no policy opens this host, so it is passed through unread\n");
    }
}

static void explain_decode(struct explain *e, const struct chain_out *out)
{
    size_t fields = out->doc != NULL ? out->doc->n : 0;

    step(e, "decode");
    if (e->cli->json) {
        st_json_int(&e->w, "fields", (int64_t)fields);
        st_json_str(&e->w, "inspected", flt_coverage_name(out->receipt.coverage));
        st_json_str(&e->w, "reason", flt_reason_name(out->receipt.reason));
    } else {
        printf("%zu fields, %s inspected", fields, flt_coverage_name(out->receipt.coverage));
        if (out->receipt.reason != FLT_REASON_NONE)
            printf(" (%s)", flt_reason_name(out->receipt.reason));
        putchar('\n');
    }
}

static void explain_activity(struct explain *e, const struct chain_out *out)
{
    const struct lp_activity *activity = &out->activity;

    step(e, "activity");
    if (e->cli->json) {
        st_json_str(&e->w, "platform", out->has_activity ? activity->platform : NULL);
        st_json_str(&e->w, "kind", out->has_activity ? activity->kind : NULL);
        st_json_str(&e->w, "audience", out->has_activity ? activity->audience : NULL);
        st_json_int(&e->w, "typed_fields", out->has_activity ? (int64_t)activity->n_typed : 0);
    } else if (out->has_activity) {
        printf("%s: %s, audience %s, %zu typed fields\n", activity->platform, activity->kind, activity->audience,
               activity->n_typed);
    } else {
        printf("none that an adapter knows\n");
    }
}

/* The chain scans before anything can be printed in order, so candidates are kept; others are only counted. Each row of
 * digits is a candidate for dozens of detectors, which would hide what the post is held for. */
static void on_candidate(void *ctx, const struct flt_candidate *candidate)
{
    struct explain *e = ctx;
    bool is_nothing = candidate->confidence < FLT_CONFIDENCE_MIN;
    bool is_wanted = !is_nothing || (e->wants_all ? e->n_nothings < NOTHINGS_MAX
                                                  : candidate->confidence > 0 && e->n_nothings < NOTHINGS_SHOWN);

    e->n_candidates++;
    if (!is_wanted || e->n_kept == CANDIDATES_MAX)
        return;
    e->n_nothings += is_nothing;
    e->candidates[e->n_kept++] = *candidate;
}

static void explain_candidate(struct explain *e, const struct flt_candidate *candidate)
{
    if (e->cli->json) {
        st_json_object(&e->w, NULL);
        st_json_str(&e->w, "detector", candidate->rule->id);
        st_json_int(&e->w, "field", candidate->field);
        st_json_int(&e->w, "start", candidate->from);
        st_json_int(&e->w, "end", candidate->to);
        st_json_int(&e->w, "confidence", candidate->confidence);
        st_json_str(&e->w, "reading", flt_reading_name(candidate->reading));
        st_json_str(&e->w, "why", candidate->why);
        st_json_end(&e->w);
        return;
    }
    printf("      %-28s field %u, bytes %u-%u  confidence %3u  %-8s  %s, read %s\n", candidate->rule->id,
           candidate->field, candidate->from, candidate->to, candidate->confidence,
           flt_severity_name(candidate->rule->severity), candidate->why, flt_reading_name(candidate->reading));
}

static void explain_scan(struct explain *e)
{
    size_t detectors = flt_packs_count(pol_set_packs(e->gen->policies)), more = e->n_candidates - e->n_kept;

    step(e, "scan");
    if (e->cli->json) {
        st_json_int(&e->w, "detectors", (int64_t)detectors);
        st_json_array(&e->w, "candidates");
    } else {
        printf("%zu detectors, %zu candidates\n", detectors, e->n_candidates);
    }
    for (size_t i = 0; i < e->n_kept; i++)
        explain_candidate(e, &e->candidates[i]);
    if (e->cli->json) {
        st_json_end(&e->w);
        st_json_int(&e->w, "more", (int64_t)more);
    } else if (more > 0) {
        printf("      and %zu %s\n", more, e->wants_all ? "more" : "that came to nothing; --all shows them");
    }
}

static void explain_judge(struct explain *e, const struct chain_out *out)
{
    const struct pol_judgement *judgement = &out->judgement;
    const char *message = chain_message(out, strcmp(e->cli->lang, "de") == 0);

    step(e, "judge");
    say_verdict(e, pol_verdict_name(judgement->verdict), judgement->policy, judgement->rule, NULL, 0);
    if (e->cli->json)
        st_json_array(&e->w, "reasons");
    for (size_t i = 0; i < judgement->n; i++) {
        const struct pol_reason *reason = &judgement->reasons[i];

        if (e->cli->json)
            st_json_object(&e->w, NULL);
        else
            printf("      %s%s: ", reason->is_observed ? "would " : "", pol_verdict_name(reason->verdict));
        say_verdict(e, e->cli->json ? pol_verdict_name(reason->verdict) : "", reason->policy, reason->rule,
                    reason->file, reason->line);
        if (e->cli->json)
            st_json_end(&e->w);
    }
    if (e->cli->json)
        st_json_end(&e->w);
    step(e, "person");
    if (e->cli->json)
        st_json_str(&e->w, "sees", judgement->verdict >= POL_COACH ? message : NULL);
    else
        printf("%s\n", judgement->verdict >= POL_COACH ? message : "sees nothing of it");
    step(e, "record");
    if (e->cli->json)
        st_json_bool(&e->w, "is_recorded", judgement->is_recorded);
    else
        printf("%s\n",
               judgement->is_recorded ? "a decision: rule, detectors and counts; no text" : "none, only counters");
}

static enum st_rc explain_message(struct explain *e, const char *const *groups, struct st_err *err)
{
    const struct flt_trace trace = { on_candidate, e };
    struct chain_out out;
    struct chain_in in = { .gen = e->gen,
                           .req = { .method = e->file != NULL ? ST_SPAN("POST") : ST_SPAN("GET"),
                                    .host = e->host,
                                    .path = e->path,
                                    .query = e->query,
                                    .content_type = st_span_str(e->type) },
                           .body = st_buf_view(&e->body),
                           .groups = groups,
                           .plain_limit = BODY_MAX,
                           .trace = &trace };

    if (flt_scanner_new(pol_set_packs(e->gen->policies), &in.scanner, err) != ST_OK)
        return ST_ERR;
    chain_run(&in, e->arena, &out);
    explain_decode(e, &out);
    explain_activity(e, &out);
    explain_scan(e);
    explain_judge(e, &out);
    flt_scanner_free(in.scanner);
    return ST_OK;
}

/* ---- the call ------------------------------------------------------------------------------------------------------
 */

/* "[::1]:8443", "host:8443", "host" */
static bool split_authority(struct explain *e, struct st_span authority)
{
    bool is_six = st_span_starts(authority, ST_SPAN("["));
    size_t end = st_span_chr(authority, is_six ? ']' : ':');
    struct st_span rest = end == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(authority, end + is_six, authority.n);
    uint64_t port = e->port;
    char *lower;

    if (is_six && end == ST_SPAN_NPOS)
        return false;
    if (rest.n > 0 &&
        (rest.p[0] != ':' || !st_span_u64(st_span_sub(rest, 1, rest.n), &port) || port == 0 || port > 65535))
        return false;
    authority = st_span_sub(authority, is_six, (end == ST_SPAN_NPOS ? authority.n : end) - is_six);
    if ((lower = st_arena_str(e->arena, authority)) == NULL)
        return false;
    for (char *c = lower; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 'a' - 'A');
    e->host = st_span_str(lower);
    e->port = (uint16_t)port;
    return authority.n > 0;
}

/* scheme://host[:port][/path][?query][#fragment]; the fragment stays in the browser. */
static bool split_url(struct explain *e)
{
    struct st_span rest = st_span_str(e->url);
    size_t at = st_span_find(rest, ST_SPAN("://")), end = 0;
    bool is_tls = st_span_istarts(rest, ST_SPAN("https:")) || st_span_istarts(rest, ST_SPAN("wss:"));

    if (at == ST_SPAN_NPOS)
        return false;
    e->port = is_tls ? 443 : 80;
    rest = st_span_sub(rest, at + 3, rest.n);
    at = st_span_chr(rest, '#');
    rest = st_span_sub(rest, 0, at == ST_SPAN_NPOS ? rest.n : at);
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
        end++;
    e->path = st_span_sub(rest, end, rest.n);
    at = st_span_chr(e->path, '?');
    if (at != ST_SPAN_NPOS) {
        e->query = st_span_sub(e->path, at + 1, e->path.n);
        e->path = st_span_sub(e->path, 0, at);
    }
    if (e->path.n == 0)
        e->path = ST_SPAN("/");
    return split_authority(e, st_span_sub(rest, 0, end));
}

static int read_words(struct explain *e)
{
    static const struct option options[] = {
        { "url", required_argument, NULL, 'u' }, { "type", required_argument, NULL, 't' },
        { "as", required_argument, NULL, 'g' },  { "person", required_argument, NULL, 'p' },
        { "all", no_argument, NULL, 'a' },       { NULL, 0, NULL, 0 }
    };
    struct cli *cli = e->cli;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'u': e->url = optarg; break;
        case 't': e->type = optarg; break;
        case 'g': e->group = optarg; break;
        case 'p': e->person = optarg; break;
        case 'a': e->wants_all = true; break;
        default: return cli_usage(cli, "options are --url, --type, --as, --person, --all");
        }
    }
    if (optind + 1 != cli->argc)
        return cli_usage(cli, "name one URL, or one file with what would be posted");
    if (strstr(cli->argv[optind], "://") != NULL)
        e->url = cli->argv[optind];
    else
        e->file = cli->argv[optind];
    if (e->url == NULL)
        e->url = "https://forum.example/post";
    if (e->type == NULL && e->file != NULL)
        e->type = st_span_ends(st_span_str(e->file), ST_SPAN(".json")) ? "application/json" : "text/plain";
    if (!split_url(e))
        return cli_usage(cli, "the URL is scheme://host[:port]/path");
    return CLI_OK;
}

static int explain(struct explain *e)
{
    const char *as_group[2] = { e->group, NULL };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    const char *const *groups = as_group;
    int code = CLI_OK;

    if (e->file != NULL && cli_read(e->file, BODY_MAX, &e->body, &err) != ST_OK) {
        code = cli_fail(CLI_USAGE, "%s: %s", e->file, cli_why(&err));
        goto out;
    }
    if (generation_load(e->cli->config, 0, &e->gen, diag, &err) != ST_OK) {
        code = cli_broken(e->cli, diag, &err);
        goto out;
    }
    if (e->person != NULL)
        groups = pol_groups(e->gen->policies, e->person);
    if (e->cli->json)
        st_json_object(&e->w, NULL);
    explain_route(e, groups);
    if (explain_message(e, groups, &err) != ST_OK)
        code = cli_broken(e->cli, diag, &err);
    if (e->cli->json && code == CLI_OK) {
        st_json_end(&e->w);
        st_json_end(&e->w);
        cli_print(&e->out);
    }
out:
    st_diag_free(diag);
    return code;
}

int cmd_explain(struct cli *cli)
{
    struct explain e = { .cli = cli, .arena = st_arena_new(ARENA_MAX) };
    int code;

    if (e.arena == NULL)
        return cli_fail(CLI_FOUND, "out of memory");
    st_buf_init(&e.body, BODY_MAX + 65536);
    st_buf_init(&e.out, 16u << 20);
    st_json_init(&e.w, &e.out);
    code = read_words(&e);
    if (code == CLI_OK)
        code = explain(&e);
    generation_release(e.gen);
    st_buf_fini(&e.body);
    st_buf_fini(&e.out);
    st_arena_free(e.arena);
    return code;
}
