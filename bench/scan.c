/* SPDX-License-Identifier: Apache-2.0 */
/* scan - what looking into a message costs, stage by stage, without a network.
 *
 * Prose, one JSON string, JSON of many small fields, code and base64, each of 4 KiB, 64 KiB and 1 MiB, go through the
 * stages of filters/ alone and then through all of them as the chain runs them (arena, decode, scan). Printed are MB
 * for each second on a core, the best of some runs, since a shared machine only ever adds. It is no test: a stage that
 * became slow shows as a figure that fell. `scan [PACKS [STAGE]]`: filters/packs and all stages unless named.
 */
#include "bench/text.h"
#include "filters/scanner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUND_NS 20000000.0 /* a round is at least so long */
#define ROUNDS   7

struct bench {
    struct flt_packs *packs;
    struct flt_scanner *scanner;
    struct st_span body; /* as sent */
    struct st_span type;
    struct flt_doc *doc; /* decoded once, in arena */
    struct st_arena *arena;
    size_t findings;
    const char *stage; /* only this one; NULL: all */
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
    fprintf(stderr, "scan: %s: %s\n", err->where, err->what);
    exit(1);
}

/* ---- bodies ----------------------------------------------------------------------------------------------------- */

static char *repeat(size_t len, unsigned seed, size_t (*line)(char *out, size_t size, unsigned n))
{
    char *text = malloc(len + 256);
    size_t at = 0;

    if (text == NULL)
        exit(1);
    for (unsigned n = seed; at < len; n++)
        at += line(text + at, 256, n * 2654435761u);
    text[len] = '\0';
    return text;
}

static size_t code_line(char *out, size_t size, unsigned n)
{
    static const char *const lines[][3] = {
        { "    if (st_span_eq(name, ST_SPAN(\"x-", "\")) && at + ", " < text.n)\n" },
        { "        return st_fail(err, ST_E_LIMIT, \"decode.", "\", \"too long\", ", ");\n" },
        { "static const uint8_t table_", "[] = { 0x1f, 0x0a, 12, ", " };\n" },
        { "    for (size_t i = 0; i < ", "; i++) sum += items[i].weight * ", ";\n" },
        { "def handler_", "(request, *, timeout=", "): # see issue 12\n" },
        { "    \"version\": \"^", ".", ".1\",\n" },
    };
    const char *const *line = lines[(n >> 16) % ST_LEN(lines)];

    return (size_t)snprintf(out, size, "%s%u%s%u%s", line[0], n % 97, line[1], n % 41, line[2]);
}

static size_t base64_line(char *out, size_t size, unsigned n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;

    for (i = 0; i < 76 && i < size; i++) {
        n = n * 1664525u + 1013904223u;
        out[i] = digits[n >> 26];
    }
    out[i++] = '\n';
    return i;
}

static size_t member_line(char *out, size_t size, unsigned n)
{
    static const char *const texts[] = { "thanks, that helped", "Which version is it?", "see chapter 12",
                                         "a typed text", "und das in der Schulung" };

    return (size_t)snprintf(out, size, "{\"id\":%u,\"author\":\"reader%u\",\"text\":\"%s\",\"likes\":%u},\n",
                            n % 100000, n % 977, texts[(n >> 16) % ST_LEN(texts)], n % 31);
}

static char *members(size_t len)
{
    char *text = repeat(len - 3, 3, member_line), *all = malloc(len + 1);
    size_t cut = len - 3;

    if (all == NULL)
        exit(1);
    while (text[cut - 1] != '}')
        cut--;
    all[0] = '[';
    memcpy(all + 1, text, cut);
    memset(all + 1 + cut, ' ', len - cut - 2);
    all[len - 1] = ']';
    all[len] = '\0';
    free(text);
    return all;
}

/* ---- stages ----------------------------------------------------------------------------------------------------- */

static void run_decode(struct bench *b)
{
    const struct flt_input in = { .body = b->body, .content_type = b->type, .plain_limit = 8u << 20 };
    struct st_arena *arena = st_arena_new(64u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;

    must(flt_decode(arena, &in, &doc, &err), &err);
    st_arena_free(arena);
}

static void run_normalise(struct bench *b)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_view view;

    for (size_t i = 0; i < b->doc->n; i++)
        must(flt_normalise(arena, b->doc->fields[i].text, FLT_CASE_KEEP, &view, &err), &err);
    st_arena_free(arena);
}

static bool on_hit(void *ctx, unsigned id, uint32_t end)
{
    (void)ctx;
    (void)id;
    (void)end;
    return true;
}

static void run_hyperscan(struct bench *b)
{
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < b->doc->n; i++)
        must(scan_run(b->packs->db, b->scanner->scratch, b->doc->fields[i].text, on_hit, NULL, &err), &err);
}

static void run_finder(struct bench *b, void (*find)(struct flt_scanner *s))
{
    struct flt_scanner *s = b->scanner;
    struct flt_findings out = { .items = NULL };
    struct flt_finding items[FLT_FINDINGS_MAX];

    out.items = items;
    s->out = &out;
    s->trace = NULL;
    for (size_t i = 0; i < b->doc->n; i++) {
        s->field = &b->doc->fields[i];
        s->field_index = (uint32_t)i;
        s->text = s->field->text;
        s->view = (struct flt_view){ .text = s->text };
        s->n_hits = s->n_found = 0;
        s->near_from = s->near_to = 0;
        find(s);
    }
    s->n_found = 0;
}

static void run_numbers(struct bench *b)
{
    run_finder(b, flt_find_numbers);
}

static void run_emails(struct bench *b)
{
    run_finder(b, flt_find_emails);
}

static void run_scan(struct bench *b)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_findings out;

    must(flt_scan(b->scanner, arena, b->doc, &out, NULL, &err), &err);
    b->findings = out.n;
    st_arena_free(arena);
}

static void run_all(struct bench *b)
{
    const struct flt_input in = { .body = b->body, .content_type = b->type, .plain_limit = 8u << 20 };
    struct st_arena *arena = st_arena_new(64u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_findings out;
    struct flt_doc *doc;

    must(flt_decode(arena, &in, &doc, &err), &err);
    must(flt_scan(b->scanner, arena, doc, &out, NULL, &err), &err);
    st_arena_free(arena);
}

static const struct {
    const char *name;
    void (*run)(struct bench *b);
} stages[] = {
    { "decode", run_decode },   { "normalise", run_normalise }, { "hyperscan", run_hyperscan },
    { "numbers", run_numbers }, { "emails", run_emails },       { "flt_scan", run_scan },
    { "all", run_all },
};

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
    return (double)b->body.n / best * 1e3; /* bytes/ns is GB/s */
}

static void row(struct bench *b, const char *name, char *text, size_t len, const char *type)
{
    const struct flt_input in = { .body = st_span(text, len), .content_type = st_span_str(type) };
    struct st_err err = ST_ERR_INIT;

    if (text == NULL || (b->arena = st_arena_new(256u << 20)) == NULL)
        exit(1);
    b->body = in.body;
    b->type = in.content_type;
    must(flt_decode(b->arena, &in, &b->doc, &err), &err);
    printf("%-8s %5zu KiB %5zu", name, len / 1024, b->doc->n);
    for (size_t i = 0; i < ST_LEN(stages); i++)
        if (b->stage == NULL || strcmp(b->stage, stages[i].name) == 0)
            printf(" %9.0f", measure(b, stages[i].run));
    printf(" %5zu\n", b->findings);
    (void)fflush(stdout);
    st_arena_free(b->arena);
    free(text);
}

int main(int argc, char **argv)
{
    const char *dirs[] = { argc > 1 ? argv[1] : "filters/packs", NULL };
    static const size_t sizes[] = { 4096, 65536, 1048576 };
    struct st_diag *diag = st_diag_new();
    struct bench b = { .stage = argc > 2 ? argv[2] : NULL };
    struct st_err err = ST_ERR_INIT;

    must(flt_packs_load(dirs, NULL, &b.packs, diag, &err), &err);
    must(flt_scanner_new(b.packs, &b.scanner, &err), &err);
    printf("%-18s %5s", "MB/s", "texts");
    for (size_t i = 0; i < ST_LEN(stages); i++)
        if (b.stage == NULL || strcmp(b.stage, stages[i].name) == 0)
            printf(" %9s", stages[i].name);
    printf(" found\n");
    for (size_t i = 0; i < ST_LEN(sizes); i++) {
        size_t n = sizes[i];

        row(&b, "prose", text_html(n, 1), n, "text/html");
        row(&b, "json", text_json(n, 2, false), n, "application/json");
        row(&b, "members", members(n), n, "application/json");
        row(&b, "code", repeat(n, 4, code_line), n, "text/plain");
        row(&b, "base64", repeat(n, 5, base64_line), n, "text/plain");
    }
    flt_scanner_free(b.scanner);
    flt_packs_release(b.packs);
    st_diag_free(diag);
    return 0;
}
