/* SPDX-License-Identifier: Apache-2.0 */
/* docs - `stoa docs`: references made from the tables that the program itself uses, so that they cannot differ.
 *
 * docs/configuration.md, policy.md, detectors.md, platforms.md and stoa.1 are its output; tests/lint/generated.py says
 * when they are stale.
 */
#include "cli/cli.h"
#include "filters/filters.h"
#include "lua-plugins/plugins.h"
#include "policies/policies.h"
#include <string.h>

#define TEXT_MAX (4u << 20)
#define SPDX     "<!-- SPDX-License-Identifier: Apache-2.0; made by `stoa docs`, not for editing -->\n"

#define EXAMPLE_MAX 64u /* bytes of an example that a table shows */

/* A cell of a table that shows text as it is. */
static void write_example(struct st_buf *out, const char *text)
{
    struct st_span s = st_span_str(text);
    size_t n = s.n < EXAMPLE_MAX ? s.n : EXAMPLE_MAX;

    while (n < s.n && (s.p[n] & 0xC0) == 0x80)
        n--;
    st_buf_str(out, " `");
    for (size_t i = 0; i < n; i++)
        if (s.p[i] == '|')
            st_buf_str(out, "\\|");
        else
            st_buf_byte(out, s.p[i] < ' ' ? ' ' : s.p[i] == '`' ? '\'' : s.p[i]);
    st_buf_fmt(out, "%s` |", n < s.n ? "…" : "");
}

static void write_detector(struct st_buf *out, const struct flt_about *about)
{
    const struct flt_rule *rule = about->rule;

    st_buf_fmt(out, "| `%s` | %s | %s | %s | `%s` | %s |", rule->id, rule->title_en, rule->title_de,
               flt_severity_name(rule->severity), rule->mask, about->validator != NULL ? about->validator : "–");
    if (about->n_match > 0)
        write_example(out, about->match[0].s);
    else
        st_buf_str(out, " – |");
    st_buf_fmt(out, " %s |", about->cost);
    for (size_t i = 0; rule->tags != NULL && rule->tags[i] != NULL; i++)
        st_buf_fmt(out, "%s%s", i == 0 ? " " : ", ", rule->tags[i]);
    st_buf_str(out, " |\n");
}

/* All detectors of one pack, below a heading. */
static void write_pack(struct st_buf *out, const struct flt_packs *packs, const char *pack)
{
    struct flt_about about;

    st_buf_fmt(out,
               "\n## %s\n\n| id | English | Deutsch | severity | mask | validator | example | cost | tags |\n"
               "|---|---|---|---|---|---|---|---|---|\n",
               pack);
    for (size_t i = 0; i < flt_packs_count(packs); i++)
        if (strcmp(flt_packs_rule(packs, i)->pack, pack) == 0) {
            flt_packs_about(packs, i, &about);
            write_detector(out, &about);
        }
}

/* Is no earlier detector validated by the same? */
static bool is_first_of_validator(const struct flt_packs *packs, size_t i, const char *validator)
{
    struct flt_about about;

    for (size_t k = 0; k < i; k++) {
        flt_packs_about(packs, k, &about);
        if (about.validator != NULL && strcmp(about.validator, validator) == 0)
            return false;
    }
    return true;
}

static void write_validators(struct st_buf *out, const struct flt_packs *packs)
{
    struct flt_about about;

    st_buf_str(out, "\n## Validators\n\n| name | what it goes by |\n|---|---|\n");
    for (size_t i = 0; i < flt_packs_count(packs); i++) {
        flt_packs_about(packs, i, &about);
        if (about.validator != NULL && is_first_of_validator(packs, i, about.validator))
            st_buf_fmt(out, "| %s | %s |\n", about.validator, about.source);
    }
}

static void write_json(struct st_buf *out, const struct flt_packs *packs)
{
    struct st_json w;

    st_json_init(&w, out);
    st_json_array(&w, NULL);
    for (size_t i = 0; i < flt_packs_count(packs); i++) {
        const struct flt_rule *rule = flt_packs_rule(packs, i);

        st_json_object(&w, NULL);
        st_json_str(&w, "id", rule->id);
        st_json_str(&w, "pack", rule->pack);
        st_json_str(&w, "title_en", rule->title_en);
        st_json_str(&w, "title_de", rule->title_de);
        st_json_str(&w, "severity", flt_severity_name(rule->severity));
        st_json_str(&w, "mask", rule->mask);
        st_json_array(&w, "tags");
        for (size_t k = 0; rule->tags != NULL && rule->tags[k] != NULL; k++)
            st_json_str(&w, NULL, rule->tags[k]);
        st_json_end(&w);
        st_json_end(&w);
    }
    st_json_end(&w);
    st_buf_byte(out, '\n');
}

static bool is_first_of_pack(const struct flt_packs *packs, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(flt_packs_rule(packs, k)->pack, flt_packs_rule(packs, i)->pack) == 0)
            return false;
    return true;
}

static int write_detectors(struct cli *cli, struct st_buf *out)
{
    struct st_diag *diag = st_diag_new();
    struct cli_detectors shipped = { .packs = NULL };
    const struct flt_packs *packs;
    struct st_err err = ST_ERR_INIT;
    char dir[4096];
    int code = CLI_OK;

    if (cli_share("packs", dir, sizeof dir, &err) != ST_OK ||
        cli_detectors_open(cli, &(struct cli_folders){ .packs = { dir } }, &shipped, diag, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
        goto out;
    }
    packs = shipped.packs;
    if (cli->json) {
        write_json(out, packs);
        goto out;
    }
    st_buf_fmt(out,
               SPDX
               "# Detectors\n\nThe %zu detectors that ship with Stoa, by pack. `${fake:…}` in an example "
               "is a value that is made up when the pack loads. Cost: `shared` finders (numbers, shapes, addresses) "
               "go over a text once for all of them; a pattern's is `low`, `middle` or `high` by the shortest "
               "literal that it may begin with: measured alone over 8 MB of manuals and sources, the middle of each "
               "class reads 31, 26 and 10 GB/s. `stoa rules bench` measures each on your machine and your text, "
               "`stoa rules show` tells all there is to know of one.\n",
               flt_packs_count(packs));
    for (size_t i = 0; i < flt_packs_count(packs); i++)
        if (is_first_of_pack(packs, i))
            write_pack(out, packs, flt_packs_rule(packs, i)->pack);
    write_validators(out, packs);
out:
    cli_detectors_close(&shipped);
    st_diag_free(diag);
    return code;
}

static int write_platforms(struct cli *cli, struct st_buf *out)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;
    char dir[4096];
    int code = CLI_OK;

    if (cli_share("plugins", dir, sizeof dir, &err) != ST_OK ||
        lp_set_load(&(struct lp_sources){ .dirs = (const char *const[]){ dir, NULL } }, &set, diag, &err) != ST_OK) {
        code = cli_broken(cli, diag, &err);
    } else {
        st_buf_str(out, SPDX);
        lp_describe(set, out);
    }
    lp_set_release(set);
    st_diag_free(diag);
    return code;
}

static void write_config(struct st_buf *out, enum st_yaml_form form)
{
    if (form == ST_YAML_MARKDOWN)
        st_buf_str(out, SPDX "# Configuration\n\nEvery option of `stoa.yaml`, the gateway's one configuration file; "
                             "`stoa check` says what is wrong with one, and where.\n\n");
    pol_config_describe(form, out);
}

static void write_policy(struct st_buf *out, enum st_yaml_form form)
{
    if (form == ST_YAML_MARKDOWN)
        st_buf_str(out, SPDX "# Policies\n\nEvery option of a policy file: each `*.policy.yaml` in the folders that "
                             "`path.policies` of `stoa.yaml` names.\n\n");
    pol_policy_describe(form, out);
}

int cmd_docs(struct cli *cli)
{
    bool says_schema = cli->argc == 3 && strcmp(cli->argv[2], "--schema") == 0;
    enum st_yaml_form form = says_schema || cli->json ? ST_YAML_JSON_SCHEMA : ST_YAML_MARKDOWN;
    const char *what = cli->argc > 1 ? cli->argv[1] : "";
    struct st_buf out;
    int code = CLI_OK;

    if (cli->argc < 2 || (cli->argc > 2 && !says_schema))
        return cli_usage(cli, "of what: config, policy, detectors, platforms or man");
    st_buf_init(&out, TEXT_MAX);
    if (strcmp(what, "config") == 0)
        write_config(&out, form);
    else if (strcmp(what, "policy") == 0)
        write_policy(&out, form);
    else if (strcmp(what, "detectors") == 0 && !says_schema)
        code = write_detectors(cli, &out);
    else if (strcmp(what, "platforms") == 0 && !says_schema)
        code = write_platforms(cli, &out);
    else if (strcmp(what, "man") == 0 && !says_schema && !cli->json)
        docs_man(&out);
    else
        code = cli_usage(cli, "of what: config, policy, detectors, platforms or man (--schema for the first two)");
    if (code == CLI_OK)
        fwrite(out.p, 1, out.n, stdout);
    st_buf_fini(&out);
    return code;
}
