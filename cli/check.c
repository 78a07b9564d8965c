/* SPDX-License-Identifier: Apache-2.0 */
/* check - `stoa check`: loads everything a generation is made of, and the CA, exactly as the gateway would, and says
 * what is wrong.
 */
#include "cli/cli.h"
#include "filters/filters.h"
#include "gateway/generation.h"
#include "gateway/tls_ca.h"

/* Plugins that are off because of something they need. */
static void print_absences(const struct lp_set *plugins, struct st_json *w)
{
    struct lp_absence absence;

    for (size_t i = 0; i < lp_plugin_count(plugins); i++) {
        if (!lp_plugin_lacks(plugins, i, &absence))
            continue;
        if (w == NULL) {
            fprintf(stderr, "stoa: %s: plugin %s is off: it needs %s, which is not there\n", absence.file,
                    absence.plugin, absence.needs);
            continue;
        }
        st_json_object(w, NULL);
        st_json_str(w, "plugin", absence.plugin);
        st_json_str(w, "file", absence.file);
        st_json_str(w, "needs", absence.needs);
        st_json_end(w);
    }
}

static void print_summary(const struct cli *cli, const struct generation *gen)
{
    size_t platforms = 0;
    struct st_buf out;
    struct st_json w;

    while (lp_platforms(gen->plugins)[platforms] != NULL)
        platforms++;
    if (!cli->json) {
        printf("%s: fine; %zu detectors, %zu platforms\n", cli->config, flt_packs_count(pol_set_packs(gen->policies)),
               platforms);
        print_absences(gen->plugins, NULL);
        return;
    }
    st_buf_init(&out, 65536);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "ok", true);
    st_json_int(&w, "detectors", (int64_t)flt_packs_count(pol_set_packs(gen->policies)));
    st_json_int(&w, "platforms", (int64_t)platforms);
    st_json_array(&w, "off");
    print_absences(gen->plugins, &w);
    st_json_end(&w);
    st_json_end(&w);
    cli_print(&out);
    st_buf_fini(&out);
}

int cmd_check(struct cli *cli)
{
    struct generation *gen = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    if (cli->argc != 1)
        code = cli_usage(cli, "check takes no argument; name the file with --config");
    else if (flt_platform_check(&err) != ST_OK || generation_load(cli->config, 0, &gen, diag, &err) != ST_OK ||
             tls_ca_check(gen->config->ca.certificate.s, gen->config->ca.key.s, diag, &err) != ST_OK)
        code = cli_broken(cli, diag, &err);
    else
        print_summary(cli, gen);
    generation_release(gen);
    st_diag_free(diag);
    return code;
}
