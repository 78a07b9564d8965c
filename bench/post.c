/* SPDX-License-Identifier: Apache-2.0 */
/* post - what a post costs from its bytes to the verdict, without a network.
 *
 * Posts as a platform's page sends them, from 512 bytes to 1 MiB, without and with five card numbers in the typed text,
 * go through chain_run as in a worker: adapter, decode, activity, scan, judge, with the shipped packs, adapters and
 * policies, and 200 curation rules; those with cards are redacted too. Printed are us of a core, the best of some
 * rounds, how decode and scan share in them, and what the adapters and curation alone ask: which rule of which adapter,
 * what the person did, may a curation rule match. `post [SIZE [CARDS]]`: all of them, or one of them, for a profiler.
 */
#include "bench/text.h"
#include "gateway/chain.h"
#include "gateway/tls_ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUND_NS 10000000.0 /* a round is at least so long */
#define ROUNDS   15
#define MEMORY   (64u << 20)
#define RULES    200 /* of curation */

struct bench {
    struct generation *gen;
    struct flt_scanner *scanner;
    struct chain_in in;
    unsigned may_match; /* posts that a curation rule may want */
};

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(enum st_rc rc, const struct st_err *err)
{
    if (rc == ST_OK)
        return;
    fprintf(stderr, "post: %s: %s\n", err->where, err->what);
    exit(1);
}

/* ---- the house --------------------------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

/* Phrases that hardly any post has, as most rules of a company's are for the post at hand. */
static void write_rules(const char *name)
{
    FILE *file = fopen(name, "w");

    for (int i = 0; file != NULL && i < RULES; i++)
        fprintf(file,
                "curate \"bench-%d\" { title = { en = \"%d\", de = \"%d\" }, owner = \"bench\", tag = { topic = "
                "\"b/%d\" },\n"
                "  when = (hashtag { \"topic%d\" } | phrase { \"subject %d\", \"field %d of work\" }) & kind { "
                "\"post\" },\n"
                "  test = { { \"a #topic%d\", kind = \"post\", match = true } } }\n",
                i, i, i, i, i, i, i, i);
    if (file == NULL || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

/* A folder with all that a generation is made of; its files are gone when the program ends. */
static void load(struct bench *b)
{
    static const char policy[] =
        "version: 1\npolicy: bench\nowner: bench\ndescription: x\napplies_to: { hosts: [\"*.linkedin.com\"] }\n"
        "inspect: { open: true }\nrules:\n  - { id: cards, when: { finding: [\"pii.card.*\"] }, then: redact }\n";
    char here[4096], config[12288], dir[] = "/tmp/stoa-bench-XXXXXX";
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    if (getcwd(here, sizeof here) == NULL || mkdtemp(dir) == NULL || chdir(dir) != 0) {
        perror("post: the folder cannot be made");
        exit(1);
    }
    (void)snprintf(config, sizeof config,
                   "version: 1\nlisten:\n  - address: \"127.0.0.1:3128\"\nstate_dir: .\nrun_dir: run\n"
                   "ca:\n  certificate: ca.crt\n  key: ca.key\nupstream:\n  trust: ca.crt\n"
                   "path:\n  policies: .\n  packs: %s/filters/packs\n  plugins: [%s/lua-plugins, rules]\n",
                   here, here);
    if (mkdir("rules", 0755) != 0 || mkdir("rules/curation", 0755) != 0) {
        perror("post: the rules' folder cannot be made");
        exit(1);
    }
    write_rules("rules/curation/bench.curate.lua");
    write_file("stoa.yaml", config);
    write_file("bench.policy.yaml", policy);
    must(tls_ca_create("Bench CA", "ca.crt", "ca.key", &err), &err);
    if (generation_load("stoa.yaml", 1, &b->gen, diag, &err) != ST_OK) {
        st_diag_print(diag, stderr);
        must(ST_ERR, &err);
    }
    must(flt_scanner_new(pol_set_packs(b->gen->policies), &b->scanner, &err), &err);
    st_diag_free(diag);
    (void)(chdir("/") == 0);
    (void)snprintf(config, sizeof config, "rm -r '%s'", dir);
    (void)(system(config) == 0);
}

/* ---- what is measured -------------------------------------------------------------------------------------------- */

static void run_decode(struct bench *b)
{
    const struct flt_input in = { .query = b->in.req.query,
                                  .body = b->in.body,
                                  .content_type = b->in.req.content_type,
                                  .plain_limit = b->in.plain_limit };
    struct st_arena *arena = st_arena_new(MEMORY);
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;

    must(flt_decode(arena, &in, &doc, &err), &err);
    st_arena_free(arena);
}

/* Decode, and what adapters and curation rules ask of it. */
static void run_adapters(struct bench *b)
{
    const struct flt_input in = { .query = b->in.req.query,
                                  .body = b->in.body,
                                  .content_type = b->in.req.content_type,
                                  .plain_limit = b->in.plain_limit };
    struct st_arena *arena = st_arena_new(MEMORY);
    struct lp_activity activity;
    const struct lp_route *route;
    struct st_buf words;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;

    must(flt_decode(arena, &in, &doc, &err), &err);
    route = lp_route_find(b->gen->plugins, &b->in.req, NULL, NULL); /* as the chain asks, before the body and with it */
    route = lp_route_find(b->gen->plugins, &b->in.req, doc, NULL);
    if (route == NULL)
        exit(1);
    must(lp_activity_read(b->gen->plugins, route, &(struct lp_exchange){ &b->in.req, doc }, arena, &activity, &err),
         &err);
    st_buf_init(&words, 4096);
    b->may_match += lp_curate_may(b->gen->plugins,
                                  &(struct lp_item){ .platform = activity.platform,
                                                     .kind = activity.kind,
                                                     .url = activity.url,
                                                     .title = activity.title,
                                                     .author = activity.author,
                                                     .lang = activity.lang,
                                                     .text = activity.text },
                                  &words) != LP_CURATE_NO;
    st_buf_fini(&words);
    st_arena_free(arena);
}

static void run_scan(struct bench *b)
{
    const struct flt_input in = { .body = b->in.body, .content_type = b->in.req.content_type, .plain_limit = MEMORY };
    struct st_arena *arena = st_arena_new(MEMORY);
    struct st_err err = ST_ERR_INIT;
    struct flt_findings out;
    struct flt_doc *doc;

    must(flt_decode(arena, &in, &doc, &err), &err);
    must(flt_scan(b->scanner, arena, doc, &out, NULL, &err), &err);
    st_arena_free(arena);
}

static void run_chain(struct bench *b)
{
    struct st_arena *arena = st_arena_new(MEMORY);
    struct chain_out out;

    chain_run(&b->in, arena, &out);
    st_arena_free(arena);
}

static void run_redact(struct bench *b)
{
    struct st_arena *arena = st_arena_new(MEMORY);
    struct st_buf body, query;
    struct chain_out out;

    st_buf_init(&body, MEMORY);
    st_buf_init(&query, MEMORY);
    chain_run(&b->in, arena, &out);
    if (out.judgement.verdict == POL_REDACT && !chain_redact(&b->in, &out, &body, &query))
        must(ST_ERR, &out.err);
    st_buf_fini(&body);
    st_buf_fini(&query);
    st_arena_free(arena);
}

static double measure(struct bench *b, void (*run)(struct bench *b))
{
    double best = 1e300;
    unsigned times = 1;

    for (int round = 0; round < ROUNDS;) {
        double start = now_ns(), took;

        for (unsigned i = 0; i < times; i++)
            run(b);
        took = now_ns() - start;
        if (took < ROUND_NS / 2) {
            times *= 2;
            continue;
        }
        best = took / times < best ? took / times : best;
        round++;
    }
    return best / 1e3;
}

static void row(struct bench *b, size_t size, unsigned cards)
{
    char *text = text_post(size, 1, cards);
    struct st_arena *arena = st_arena_new(MEMORY);
    struct chain_out out;
    double decode, adapters, scan, chain, redact;

    if (text == NULL || arena == NULL)
        exit(1);
    b->in = (struct chain_in){ .gen = b->gen, .scanner = b->scanner, .plain_limit = 8u << 20 };
    b->in.req = (struct lp_request){ .method = ST_SPAN("POST"),
                                     .host = ST_SPAN("www.linkedin.com"),
                                     .path = ST_SPAN("/voyager/api/graphql"),
                                     .query = ST_SPAN("queryId=voyagerContentcreationDashShares.4f5ac2"),
                                     .content_type = ST_SPAN("application/json") };
    b->in.body = st_span(text, size);
    chain_run(&b->in, arena, &out);
    decode = measure(b, run_decode);
    adapters = measure(b, run_adapters) - decode;
    scan = measure(b, run_scan) - decode;
    chain = measure(b, run_chain);
    redact = measure(b, run_redact) - chain;
    printf("%8zu %6zu %6zu %-7s %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f %6.0f\n", size, out.doc != NULL ? out.doc->n : 0,
           out.findings.n, pol_verdict_name(out.judgement.verdict), decode, adapters, scan, chain - decode - scan,
           chain, redact, (double)size / chain);
    (void)fflush(stdout);
    st_arena_free(arena);
    free(text);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = { 512, 4096, 65536, 1048576 };
    struct bench b = { .gen = NULL };

    load(&b);
    printf("%8s %6s %6s %-7s %9s %9s %9s %9s %9s %9s %6s\n", "bytes", "texts", "found", "verdict", "decode us",
           "adapt us", "scan us", "rest us", "chain us", "redact us", "MB/s");
    if (argc > 1) {
        row(&b, strtoul(argv[1], NULL, 10), argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0);
    } else {
        for (size_t i = 0; i < ST_LEN(sizes); i++) {
            row(&b, sizes[i], 0);
            row(&b, sizes[i], 5);
        }
    }
    flt_scanner_free(b.scanner);
    generation_release(b.gen);
    return 0;
}
