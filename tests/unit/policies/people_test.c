/* SPDX-License-Identifier: Apache-2.0 */
/* people - addresses are numbers, groups are words between commas. */
#include "make.h"

T_TEST(addresses_are_numbers)
{
    static const struct {
        const char *address, *name;
    } rows[] = {
        { "192.0.2.7", "ana" },
        { "::ffff:192.0.2.7", "ana" },
        { "0:0:0:0:0:0:0:1", "ben" },
        { "::1", "ben" },
        { "192.0.2.8", "192.0.2.8" },
        { "nonsense", "nonsense" },
        { "", "" },
    };
    struct pol_set *set = t_set("version: 1\npolicy: p\n");

    for (size_t i = 0; i < ST_LEN(rows); i++)
        T_CHECK(strcmp(pol_person(set, rows[i].address), rows[i].name) == 0, "%s: %s", rows[i].address,
                pol_person(set, rows[i].address));
    T_CHECK(pol_person(set, NULL) == NULL, "no address");
    pol_set_free(set);
}

T_TEST(groups_of_a_person)
{
    struct pol_set *set = t_set("version: 1\npolicy: p\n");
    const char *const *groups = pol_groups(set, "ana");

    T_CHECK(groups != NULL && strcmp(groups[0], "sales") == 0 && strcmp(groups[1], "press-office") == 0 &&
                groups[2] == NULL,
            "ana");
    T_CHECK(strcmp(pol_groups(set, "ben")[0], "it") == 0, "ben");
    T_CHECK(pol_groups(set, "cora") == NULL && pol_groups(set, NULL) == NULL, "nobody");
    pol_set_free(set);
}

T_TEST(what_is_wrong_with_people)
{
    static const struct {
        const char *identity, *says;
    } rows[] = {
        { "  people: { somewhere: ana }\n", "stoa.yaml:5:13: expected a client address" },
        { "  people: { 192.0.2.7: \"\" }\n", "stoa.yaml:5:24: expected a name" },
        { "  people: { 192.0.2.7: ana, \"::ffff:192.0.2.7\": ben }\n", "stoa.yaml:5:11: one address is listed twice" },
        { "  groups: { ana: \"sales,,it\" }\n", "stoa.yaml:5:18: expected group names" },
        { "  groups: { ana: \"*\" }\n", "stoa.yaml:5:18: expected group names" },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        const char *folder = t_folder();
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        char text[1024], line[2048];

        snprintf(text, sizeof text, "version: 1\nlisten:\n  - address: 127.0.0.1:3128\nidentity:\n%s",
                 rows[i].identity);
        t_write(folder, "stoa.yaml", text);
        T_CHECK(t_set_load(folder, NULL, diag, &err) == NULL && err.code == ST_E_CONFIG, "row %zu: %s", i, err.what);
        T_CHECK(st_diag_count(diag) == 1, "row %zu: %zu", i, st_diag_count(diag));
        snprintf(line, sizeof line, "%s:%u:%u: %s", strrchr(st_diag_at(diag, 0)->file, '/') + 1,
                 st_diag_at(diag, 0)->line, st_diag_at(diag, 0)->col, st_diag_at(diag, 0)->text);
        T_CHECK(strncmp(line, rows[i].says, strlen(rows[i].says)) == 0, "row %zu: %s", i, line);
        st_diag_free(diag);
    }
}
