/* SPDX-License-Identifier: Apache-2.0 */
/* surroundings_test - what people and programs write around a value takes nothing from it: each of these values is
 * found in each of these surroundings.
 */
#include "shipped.h"

static const struct {
    const char *text, *id;
} VALUES[] = {
    { "DE02 1203 0000 0000 2020 51", "pii.iban" },
    { "petra.k77@haas.de", "pii.email" },
    { "+49 170 9284711", "pii.phone.e164" },
    { "c\303\251dula 1.234.567-2", "pii.uy.ci" },
    { "VID: 3114825780890411", "pii.in.vid" },
    { "postgres://app:AfD7fpnvAwAnEu@db.corp.test:5432/prod", "secret.db.connstr" },
    { "password: kR7vq!2Lm9x", "secret.password.assignment" },
    { "login: anna / kR7vq!2Lm9x", "secret.login.line" },
    { "mariadb -h db.corp.net -p9sKq2nWx71Zt", "secret.cli.mysql" },
    { "ENV DB_TOKEN=Zt4mQ8wLp2x9", "secret" },
    { "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", "pii.mrz" },
};
static const char *const AROUND[][2] = {
    { "", "" },
    { "a ", " b" },
    { "see:\n", "\nbest regards" },
    { "\342\200\234", "\342\200\235" }, /* quotation marks */
    { "\302\273", "\302\253" },
    { "\343\200\214", "\343\200\215" },
    { "\344\275\240\345\245\275\357\274\214",
      "\343\200\202\350\260\242\350\260\242" }, /* Chinese, with its comma and stop */
    { "`", "`" },
    { "(", ")" },
    { "**", "**" },
    { "a,", ",b" },
    { "<p>", "</p>" },
    { "<a title='", "'>x</a>" },
    { "\360\237\221\215", "\360\237\221\215" },
    { "", " and more of it" },
    { "", ".\n\nAnd so on." },
};

/* How many findings of a text have an id that begins so. */
static size_t count_found(const char *text, const char *id)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    const struct flt_findings found = found_in_text(arena, text);
    size_t n = 0;

    for (size_t i = 0; i < found.n; i++)
        n += strncmp(found.items[i].rule->id, id, strlen(id)) == 0;
    st_arena_free(arena);
    return n;
}

T_TEST(what_stands_around_a_value_takes_nothing_from_it)
{
    for (size_t v = 0; v < ST_LEN(VALUES); v++)
        for (size_t a = 0; a < ST_LEN(AROUND); a++) {
            char text[400];

            (void)snprintf(text, sizeof text, "%s%s%s", AROUND[a][0], VALUES[v].text, AROUND[a][1]);
            T_CHECK(count_found(text, VALUES[v].id) > 0, "%s in %s", VALUES[v].id, text);
        }
}

T_TEST(two_of_them_are_two)
{
    char text[400];

    for (size_t v = 0; v < ST_LEN(VALUES); v++) {
        (void)snprintf(text, sizeof text, "%s\n\n%s\n", VALUES[v].text, VALUES[v].text);
        T_CHECK(count_found(text, VALUES[v].id) >= 2, "%s: %zu", VALUES[v].id, count_found(text, VALUES[v].id));
    }
}
