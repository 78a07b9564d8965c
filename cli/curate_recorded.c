/* SPDX-License-Identifier: Apache-2.0 */
/* curate_recorded - `stoa curate run --recorded`: a rule on what the gateway has recorded already.
 *
 * The record log has a line for each time that a rule tagged a resource: address, title, language, length, what was
 * done there, and no person. Several lines about one address are one resource here, which was opened in several ways.
 * What the log never keeps (the text, the author, how long someone looked) no rule can be held against: then the answer
 * is that it cannot be said, and why.
 */
#include "audit/audit.h"
#include "cli/curate.h"
#include "lua-plugins/plugins.h"
#include <string.h>

#define RESOURCES_MAX 100000u

/* No line of the log has any of these. */
#define NEVER_KEPT                                                                             \
    (LP_LACKS_BIT(LP_LACK_TEXT) | LP_LACKS_BIT(LP_LACK_AUTHOR) | LP_LACKS_BIT(LP_LACK_DWELL) | \
     LP_LACKS_BIT(LP_LACK_AGE) | LP_LACKS_BIT(LP_LACK_LEARNERS) | LP_LACKS_BIT(LP_LACK_DEAD))

struct gathered {
    json_t *resources; /* address -> details, the later ones over the earlier, and "kinds" of all; owned */
    bool is_full, no_memory;
};

/* Each kind once: there are not many. */
static int add_kind(json_t *kinds, json_t *kind)
{
    for (size_t i = 0; i < json_array_size(kinds); i++)
        if (json_equal(json_array_get(kinds, i), kind))
            return 0;
    return json_is_string(kind) ? json_array_append(kinds, kind) : 0;
}

static int merge(json_t *known, json_t *details)
{
    json_t *kinds = json_object_get(known, "kinds");

    if (kinds == NULL && json_object_set_new(known, "kinds", kinds = json_array()) != 0)
        return -1;
    return add_kind(kinds, json_object_get(details, "activity")) != 0 ? -1 : json_object_update(known, details);
}

static bool gather(void *ctx, const struct aud_record *record)
{
    struct gathered *g = ctx;
    struct st_err ignored = ST_ERR_INIT;
    json_t *details = NULL, *known;
    const char *url;

    if (st_json_read(record->details, NULL, &details, NULL, &ignored) != ST_OK)
        return true; /* not what was written: `stoa audit verify` says so */
    if ((url = json_string_value(json_object_get(details, "url"))) != NULL) {
        known = json_object_get(g->resources, url);
        g->is_full = g->is_full || (known == NULL && json_object_size(g->resources) == RESOURCES_MAX);
        if (known == NULL && !g->is_full && json_object_set_new(g->resources, url, json_object()) == 0)
            known = json_object_get(g->resources, url);
        g->no_memory = known != NULL ? merge(known, details) != 0 : !g->is_full;
    }
    json_decref(details);
    return !g->no_memory;
}

static struct st_span text_of(const json_t *details, const char *key)
{
    const char *s = json_string_value(json_object_get(details, key));

    return st_span_str(s != NULL ? s : "");
}

/* The item, and what is not known of it. */
static unsigned item_of(const json_t *details, struct lp_item *item)
{
    const char *platform = json_string_value(json_object_get(details, "platform"));
    json_int_t length = json_integer_value(json_object_get(details, "length_ms"));
    unsigned lacks = NEVER_KEPT;

    *item = (struct lp_item){ .platform = platform != NULL ? platform : "generic",
                              .kind = "view",
                              .url = text_of(details, "url"),
                              .title = text_of(details, "title"),
                              .lang = text_of(details, "lang"),
                              .length_ms = length > 0 ? (uint64_t)length : 0 };
    if (item->lang.n == 0)
        lacks |= LP_LACKS_BIT(LP_LACK_LANG);
    if (item->length_ms == 0)
        lacks |= LP_LACKS_BIT(LP_LACK_LENGTH);
    return lacks;
}

/* The best that one of the ways to open it gives: a resource is a match when it once was. */
static struct lp_said say_of(struct lp_set *set, size_t i, const json_t *details, struct lp_item *item)
{
    const json_t *kinds = json_object_get(details, "kinds");
    unsigned lacks = item_of(details, item);
    struct lp_said best, said;

    if (json_array_size(kinds) == 0)
        return lp_curate_say(set, i, item, lacks | LP_LACKS_BIT(LP_LACK_KIND));
    best = (struct lp_said){ LP_SAYS_NO, 0 };
    for (size_t k = 0; k < json_array_size(kinds) && best.says != LP_SAYS_YES; k++) {
        item->kind = json_string_value(json_array_get(kinds, k));
        said = lp_curate_say(set, i, item, lacks);
        if (said.says != LP_SAYS_NO)
            best = said.says == LP_SAYS_YES ? said : (struct lp_said){ LP_SAYS_NOTHING, best.lacks | said.lacks };
    }
    return best;
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

struct tally { /* of one rule */
    size_t says[3], lacks[LP_LACK_COUNT];
};

static const char *const ANSWERS[] = { [LP_SAYS_NO] = "no", [LP_SAYS_YES] = "yes", [LP_SAYS_NOTHING] = "cannot say" };

static void tell_json(const char *name, const struct tally *t)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 1u << 20);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_str(&w, "rule", name);
    st_json_int(&w, "yes", (int64_t)t->says[LP_SAYS_YES]);
    st_json_int(&w, "no", (int64_t)t->says[LP_SAYS_NO]);
    st_json_int(&w, "cannot_say", (int64_t)t->says[LP_SAYS_NOTHING]);
    st_json_object(&w, "not_recorded");
    for (unsigned i = 0; i < LP_LACK_COUNT; i++)
        if (t->lacks[i] > 0)
            st_json_int(&w, lp_lack_name((enum lp_lack)i), (int64_t)t->lacks[i]);
    st_json_end(&w);
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

static void tell(const struct cli *cli, const char *name, const struct tally *t)
{
    const char *before = "  ";

    if (cli->json) {
        tell_json(name, t);
        return;
    }
    printf("%-28s %6zu %6zu %11zu", name, t->says[LP_SAYS_YES], t->says[LP_SAYS_NO], t->says[LP_SAYS_NOTHING]);
    for (unsigned i = 0; i < LP_LACK_COUNT; i++) {
        if (t->lacks[i] == 0)
            continue;
        printf("%s%s %zu", before, lp_lack_name((enum lp_lack)i), t->lacks[i]);
        before = ", ";
    }
    printf("\n");
}

static void tell_one_json(const struct lp_item *item, struct lp_said said)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 1u << 20);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_str(&w, "answer", ANSWERS[said.says]);
    st_json_span(&w, "url", item->url);
    st_json_span(&w, "title", item->title);
    st_json_array(&w, "not_recorded");
    for (unsigned i = 0; i < LP_LACK_COUNT; i++)
        if ((said.lacks & LP_LACKS_BIT(i)) != 0 && said.says == LP_SAYS_NOTHING)
            st_json_str(&w, NULL, lp_lack_name((enum lp_lack)i));
    st_json_end(&w);
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

static void tell_one(const struct cli *cli, const struct lp_item *item, struct lp_said said)
{
    const char *before = "  (not recorded: ";

    if (cli->json) {
        tell_one_json(item, said);
        return;
    }
    printf("%-10s  %.*s", ANSWERS[said.says], (int)item->url.n, (const char *)item->url.p);
    for (unsigned i = 0; i < LP_LACK_COUNT && said.says == LP_SAYS_NOTHING; i++) {
        if ((said.lacks & LP_LACKS_BIT(i)) == 0)
            continue;
        printf("%s%s", before, lp_lack_name((enum lp_lack)i));
        before = ", ";
    }
    printf("%s\n", said.says == LP_SAYS_NOTHING ? ")" : "");
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

/* With `each` every resource has its line, else the rule has one. */
static void run_rule(const struct cli *cli, struct lp_set *set, size_t i, json_t *resources, bool each)
{
    struct tally t = { 0 };
    struct lp_item item;
    const char *url;
    json_t *details;

    json_object_foreach(resources, url, details)
    {
        struct lp_said said = say_of(set, i, details, &item);

        t.says[said.says]++;
        for (unsigned k = 0; k < LP_LACK_COUNT && said.says == LP_SAYS_NOTHING; k++)
            t.lacks[k] += (said.lacks & LP_LACKS_BIT(k)) != 0;
        if (each)
            tell_one(cli, &item, said);
    }
    if (!each)
        tell(cli, lp_curate_rule(set, i).name, &t);
}

static int run_rules(const struct cli *cli, struct lp_set *set, json_t *resources, const char *rule)
{
    size_t n = lp_curate_count(set), said = 0;

    if (!cli->json && rule == NULL)
        printf("%-28s %6s %6s %11s  %s\n", "rule", "yes", "no", "cannot say", "not recorded");
    for (size_t i = 0; i < n; i++) {
        if (rule != NULL && strcmp(rule, lp_curate_rule(set, i).name) != 0)
            continue;
        run_rule(cli, set, i, resources, rule != NULL);
        said++;
    }
    if (rule != NULL && said == 0)
        return cli_fail(CLI_USAGE, "there is no rule '%s'; `stoa curate list` names them all", rule);
    if (!cli->json)
        printf("%zu resources are recorded; the log keeps what each is, and no text\n", json_object_size(resources));
    return CLI_OK;
}

int curate_recorded(struct cli *cli, const char *dir, const char *rule)
{
    const struct aud_filter filter = { .kind = AUD_RESOURCE };
    struct gathered g = { .resources = json_object() };
    struct st_diag *diag = st_diag_new();
    struct lp_set *set = NULL;
    struct st_err err = ST_ERR_INIT;
    char log[4096], copy[4096];
    int code = cli_audit_dir(cli, log, copy, sizeof log);

    if (code != CLI_OK)
        goto out;
    if (curate_load(cli, dir, &set, diag, &err) != ST_OK || aud_read(log, &filter, gather, &g, diag, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
        goto out;
    }
    if (g.no_memory || g.resources == NULL) {
        code = cli_fail(CLI_FOUND, "not enough memory for what is recorded");
        goto out;
    }
    if (g.is_full)
        fprintf(stderr, "stoa: only the first %u resources of the log are looked at\n", RESOURCES_MAX);
    code = run_rules(cli, set, g.resources, rule);
out:
    json_decref(g.resources);
    lp_set_release(set);
    st_diag_free(diag);
    return code;
}
