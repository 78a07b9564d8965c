/* SPDX-License-Identifier: Apache-2.0 */
/* make - a pol_set from a few lines of YAML, with invented detectors instead of packs.
 *
 * Every call writes its files into a folder of its own below t_tmpdir, so that positions and paths are real ones.
 */
#ifndef STOA_TESTS_UNIT_POLICIES_MAKE_H
#define STOA_TESTS_UNIT_POLICIES_MAKE_H
#include "policies/set.h"
#include "t.h"
#include <sys/stat.h>

#define CONFIG                                     \
    "version: 1\n"                                 \
    "listen:\n"                                    \
    "  - address: 127.0.0.1:3128\n"                \
    "identity:\n"                                  \
    "  people: { 192.0.2.7: ana, \"::1\": ben }\n" \
    "  groups: { ana: \"sales, press-office\", ben: it }\n"

/* Detectors of these tests; the shipped ids are in filters/packs. */
static const char *const t_tags_secret[] = { "secret", "cloud", NULL };
static const char *const t_tags_personal[] = { "personal", NULL };
static const struct flt_rule t_rules[] = {
    { "aws.key", "secrets", FLT_CRITICAL, "AWS key", "AWS-Schlüssel", "[key]", t_tags_secret },
    { "iban", "bank", FLT_HIGH, "IBAN", "IBAN", "[iban]", t_tags_personal },
    { "card.visa", "bank", FLT_HIGH, "Visa card", "Visa-Karte", "[card]", t_tags_personal },
    { "email.personal", "contact", FLT_LOW, "E-mail address", "E-Mail-Adresse", "[email]", t_tags_personal },
    { "phone.e164", "contact", FLT_MEDIUM, "Phone number", "Telefonnummer", "[phone]", t_tags_personal },
};
/* What policies are checked against; a test that sets it answers flt_packs_count and flt_packs_rule itself. */
static const struct flt_packs *t_packs;
enum { AWS, IBAN, VISA, EMAIL, PHONE };

static inline const char *t_write(const char *folder, const char *name, const char *text)
{
    static char path[8192];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    T_CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, "writing %s", name);
    return path;
}

/* A fresh folder with policy.d in it. */
static inline const char *t_folder(void)
{
    static char path[4000];
    static unsigned number;
    char sub[4096];

    snprintf(path, sizeof path, "%s/%u", t_tmpdir(), number++);
    snprintf(sub, sizeof sub, "%s/policy.d", path);
    T_CHECK(mkdir(path, 0700) == 0 && mkdir(sub, 0700) == 0, "making %s", path);
    return path;
}

/* The set of a folder without packs; NULL when something in it is wrong. */
static inline struct pol_set *t_set_load(const char *folder, const char *const *platforms, struct st_diag *diag,
                                         struct st_err *err)
{
    struct pol_known known = { .platforms = platforms, .packs = t_packs };
    struct pol_set *set = calloc(1, sizeof *set);
    char path[4096];

    if (set == NULL || (set->arena = st_arena_new(POL_SET_MEMORY)) == NULL) {
        free(set);
        (void)st_fail(err, ST_E_NOMEM, "test", "set", 0);
        return NULL;
    }
    set->magic = POL_SET_MAGIC;
    snprintf(path, sizeof path, "%s/stoa.yaml", folder);
    if ((set->config_file = st_arena_str(set->arena, st_span_str(path))) == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "test", "path", 0);
        goto bad;
    }
    if (pol_config_load(path, set->arena, &set->config, diag, err) != ST_OK ||
        pol_protected_load(set, diag, err) != ST_OK)
        goto bad;
    known.categories = set->categories;
    if (pol_policies_load(set, &known, diag, err) != ST_OK || pol_people_load(set, diag, err) != ST_OK)
        goto bad;
    return set;
bad:
    pol_set_free(set);
    return NULL;
}

/* A set of one policy file, which has to be right. */
static inline struct pol_set *t_set(const char *policy)
{
    const char *folder = t_folder();
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct pol_set *set;

    t_write(folder, "stoa.yaml", CONFIG);
    t_write(folder, "policy.d/10-test.policy.yaml", policy);
    set = t_set_load(folder, NULL, diag, &err);
    if (set == NULL)
        st_diag_print(diag, stderr);
    T_CHECK(set != NULL, "%s: %s", err.where, err.what);
    st_diag_free(diag);
    return set;
}
#endif
