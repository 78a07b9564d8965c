/* SPDX-License-Identifier: Apache-2.0 */
/* rules_cost - `stoa rules lint | bench`: what each detector costs, measured on this machine.
 *
 * A pattern is compiled alone and run over a text, the best of some rounds. Machines differ, so nothing is compared
 * with a speed in GB/s: the yardstick is the middle of all patterns of the same run, and slow is what takes many times
 * as long. Noise is how often the pattern hits in a megabyte, since each hit is a walk and a validator. The text is
 * --text FILE, the more like the company's own traffic the better; without it, what the rules themselves call a miss.
 */
#include "base/yaml.h"
#include "cli/rules.h"
#include <stdlib.h>
#include <string.h>

#define TEXT_LEAST  ((size_t)1 << 20) /* a shorter text is repeated up to it */
#define TEXT_MOST   ((size_t)256 << 20)
#define SLOW_FACTOR 40.0    /* times the median: it begins with no literal worth the name */
#define SLOW_FLOOR  1.0     /* GB/s; what is faster needs no second look, whatever the median is */
#define HITS_PER_MB 20000.0 /* one in 50 bytes */

struct cost {
    size_t rule;
    double speed; /* GB/s; 0: no pattern */
    double hits;  /* per MB */
};
struct costs {
    struct cost *items; /* owned */
    size_t n;
    double median; /* GB/s, of the patterns */
};

/* ---- the text ------------------------------------------------------------------------------------------------- */

static void add_misses(const struct flt_packs *packs, struct st_buf *text)
{
    for (size_t i = 0; i < flt_packs_count(packs); i++) {
        struct flt_about about;

        flt_packs_about(packs, i, &about);
        for (size_t k = 0; k < about.n_miss; k++) {
            st_buf_str(text, about.miss[k].s);
            st_buf_byte(text, '\n');
        }
    }
}

/* Of what --text named, or of what the packs' rules must not find, as often as it takes to measure. */
static enum st_rc make_text(const struct rules_run *run, struct st_buf *text, struct st_err *err)
{
    size_t once;

    if (run->text == NULL)
        add_misses(run->packs, text);
    once = text->n;
    if (once == 0)
        return st_fail(err, ST_E_CONFIG, "cli.rules", "the text is empty", 0);
    while (text->n < TEXT_LEAST && text->failed == ST_E_NONE) {
        size_t more = once < TEXT_LEAST - text->n ? once : TEXT_LEAST - text->n;
        uint8_t *room = st_buf_room(text, more);

        if (room != NULL) {
            memcpy(room, text->p, more);
            text->n += more;
        }
    }
    return st_buf_done(text, err, "cli.rules");
}

/* ---- measuring ------------------------------------------------------------------------------------------------ */

static int by_speed(const void *a, const void *b)
{
    const struct cost *x = a, *y = b;

    if (x->speed == 0 || y->speed == 0) /* without a pattern: last */
        return (x->speed == 0) - (y->speed == 0);
    return (x->speed > y->speed) - (x->speed < y->speed);
}

/* Slowest first, rules without a pattern last. */
static enum st_rc measure(const struct rules_run *run, struct st_span text, struct costs *out, struct st_err *err)
{
    size_t patterns = 0;

    out->n = flt_packs_count(run->packs);
    if ((out->items = calloc(out->n + 1, sizeof *out->items)) == NULL)
        return st_fail(err, ST_E_NOMEM, "cli.rules", "costs", (int64_t)out->n);
    for (size_t i = 0; i < out->n; i++) {
        struct flt_cost cost;

        if (flt_packs_cost(run->packs, i, text, &cost, err) != ST_OK)
            return ST_ERR;
        out->items[i] = (struct cost){ i, cost.ns == 0 ? 0 : (double)text.n / (double)cost.ns,
                                       (double)cost.hits * 1e6 / (double)text.n };
        patterns += cost.ns > 0;
    }
    qsort(out->items, out->n, sizeof *out->items, by_speed);
    out->median = patterns > 0 ? out->items[patterns / 2].speed : 0;
    return ST_OK;
}

static bool is_slow(const struct costs *costs, const struct cost *cost)
{
    return cost->speed > 0 && cost->speed < SLOW_FLOOR && cost->speed * SLOW_FACTOR < costs->median;
}

static bool is_noisy(const struct cost *cost)
{
    return cost->hits > HITS_PER_MB;
}

typedef void costs_f(struct rules_run *run, const struct costs *costs);

static int with_costs(struct cli *cli, costs_f *say)
{
    struct st_err err = ST_ERR_INIT;
    struct costs costs = { 0 };
    struct rules_run run;
    struct st_buf text;

    st_buf_init(&text, TEXT_MOST + 65536);
    if (rules_open(cli, 0, &run)) {
        if (run.text != NULL && cli_read(run.text, TEXT_MOST, &text, &err) != ST_OK)
            run.code = cli_fail(CLI_USAGE, "%s: %s", run.text, cli_why(&err));
        else if (make_text(&run, &text, &err) == ST_OK && measure(&run, st_buf_view(&text), &costs, &err) == ST_OK)
            say(&run, &costs);
        else
            run.code = cli_broken(cli, NULL, &err);
    }
    free(costs.items);
    st_buf_fini(&text);
    return rules_close(&run);
}

/* ---- bench ---------------------------------------------------------------------------------------------------- */

static void bench_json(struct rules_run *run, const struct costs *costs)
{
    struct st_json w;

    st_json_init(&w, &run->out);
    st_json_array(&w, NULL);
    for (size_t i = 0; i < costs->n; i++) {
        struct flt_about about;

        flt_packs_about(run->packs, costs->items[i].rule, &about);
        st_json_object(&w, NULL);
        st_json_str(&w, "id", about.rule->id);
        st_json_str(&w, "find", about.finder);
        if (costs->items[i].speed > 0) {
            st_json_real(&w, "gb_per_second", costs->items[i].speed);
            st_json_real(&w, "hits_per_mb", costs->items[i].hits);
        }
        st_json_end(&w);
    }
    st_json_end(&w);
    cli_print(&run->out);
}

static void bench(struct rules_run *run, const struct costs *costs)
{
    if (run->cli->json) {
        bench_json(run, costs);
        return;
    }
    printf("%-36s %10s %12s\n", "pattern, alone", "GB/s", "hits per MB");
    for (size_t i = 0; i < costs->n && costs->items[i].speed > 0; i++)
        printf("%-36s %10.2f %12.1f\n", flt_packs_rule(run->packs, costs->items[i].rule)->id, costs->items[i].speed,
               costs->items[i].hits);
    printf("median of the patterns: %.2f GB/s; numbers, shapes and addresses share one pass and cost nothing alone\n",
           costs->median);
}

int cmd_rules_bench(struct cli *cli)
{
    return with_costs(cli, bench);
}

/* ---- lint ----------------------------------------------------------------------------------------------------- */

static void complain(struct rules_run *run, struct st_diag *diag, const struct costs *costs, const struct cost *cost)
{
    struct flt_about about;

    flt_packs_about(run->packs, cost->rule, &about);
    if (is_slow(costs, cost))
        (void)st_diag_add(
            diag, about.file, about.line, 1,
            "rule '%s' is slow: alone %.2f GB/s, the median here is %.2f; begin the pattern with a longer "
            "literal, bound its repeats",
            about.rule->id, cost->speed, costs->median);
    if (is_noisy(cost))
        (void)st_diag_add(diag, about.file, about.line, 1,
                          "rule '%s' is noisy: its pattern hits %.0f times in a MB; at most %.0f are allowed",
                          about.rule->id, cost->hits, HITS_PER_MB);
}

static void lint(struct rules_run *run, const struct costs *costs)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < costs->n; i++)
        complain(run, diag, costs, &costs->items[i]);
    if (st_diag_count(diag) > 0) {
        st_fail(&err, ST_E_CONFIG, "cli.rules", "a detector costs too much", (int64_t)st_diag_count(diag));
        run->code = cli_broken(run->cli, diag, &err);
    } else if (run->cli->json) {
        printf("{\"detectors\":%zu,\"problems\":[]}\n", costs->n);
    } else {
        printf("%zu detectors: none slow, none noisy, all behave on their examples\n", costs->n);
    }
    st_diag_free(diag);
}

int cmd_rules_lint(struct cli *cli)
{
    return with_costs(cli, lint);
}
