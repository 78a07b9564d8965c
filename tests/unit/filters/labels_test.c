/* SPDX-License-Identifier: Apache-2.0 */
/* labels - what a number is, where its label says so: the country and a kind of number in English or German, the
 * country's own word in any case, and the right one of several whose check digits happen to fit.
 */
#include "filters/filters.h"
#include "t.h"

static struct flt_packs *shared; /* the shipped packs, loaded once; the program's end frees them */

static struct flt_packs *packs(void)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_err err = ST_ERR_INIT;

    if (shared == NULL)
        T_OK(flt_packs_load(dirs, t_tmpdir(), &shared, NULL, &err), err);
    return shared;
}

static const struct label {
    const char *text, *id; /* NULL: nothing may be found */
} labels[] = {
    /* the country and a kind of number */
    { "Thai ID 3482792685132", "pii.th.citizen_id" },
    { "Thai national ID number: 3482792685132", "pii.th.citizen_id" },
    { "my number, a Danish one: 2810950016", "pii.dk.cpr" },
    { "polnische Steuernummer 5261040828", "pii.pl.nip" },
    { "the tax number of a Bulgarian company is 132129876", "pii.bg.eik" },
    { "Canadian passport number GA290925", "pii.passport.ca" },
    { "Swiss ID: 7569217076985", "pii.ch.ahv" },
    { "3482792685132 is a Thai ID", "pii.th.citizen_id" },
    { "Costa Rican company number 3-101-874532", "pii.cr.juridica" },
    /* a country alone says nothing, nor does a kind */
    { "Thai food 3482792685132", NULL },
    { "ID 3482792685132", NULL },
    { "the Thai food that we had there was so good that all of us asked for more, number 3482792685132", NULL },
    /* of two that fit, that of the country which the label names */
    { "Bulgarian VAT number: 291052126", "pii.bg.eik" },
    { "Norwegian birth number 15108695088", "pii.no.fodselsnummer" },
    { "CPR: 230173-6105", "pii.dk.cpr" },
    { "Codice Fiscale: 00743110157", "pii.it.partita_iva" },
    /* what goes on is checked as a whole */
    { "SIRET: 084 442 086 13910", NULL },
    { "Czech bank account number: 838430-0802697604/2220", NULL },
    { "MF: 0511663/T/6/A/E954", NULL },
    /* of its country, whatever its label says of its kind */
    { "British SEDOL number B15KXQ8", "pii.sedol" },
    { "Mozambique tax number: 400339910", "pii.mz.nuit" },
    { "British Columbia Personal Health Number: 9698658215", "pii.ca.bc_phn" },
    /* a passport is no tax number */
    { "U.S. passport: 540361784", "pii.us.passport" },
    /* the country's own word, in any case */
    { "Учётный номер плательщика 609905763", "pii.by.unp" },
    { "РЕГИСТР УНП 609905763", "pii.by.unp" },
    { "ЕДИНЕН ГРАЖДАНСКИ НОМЕР 7523169263", "pii.bg.egn" },
    { "registro único de contribuyentes 20512333797", "pii.pe.ruc" },
    { "REGISTRO ÚNICO DE CONTRIBUYENTES 20512333797", "pii.pe.ruc" },
    { "Registro Único de Contribuyentes 20512333797", "pii.pe.ruc" },
    /* digits in a row, whose check digit fits: with a label they are a number, alone they are not */
    { "TFN 876543210", "pii.au.tfn" },
    { "Australian tax file number: 123 456 782", "pii.au.tfn" },
    { "876543210", NULL },
    /* a date is one of birth where it says so, in the usual orders, and can be one */
    { "date of birth: 1980-04-12", "pii.dob" },
    { "Geburtsdatum 12.4.1980", "pii.dob" },
    { "DOB 04/22/1980", "pii.dob" },
    { "geboren am 12.04.80", "pii.dob" },
    { "дата рождения 12.04.1980", "pii.dob" },
    { "date of birth: 1980-13-32", NULL },
    { "date of birth: 1780-04-12", NULL },
    { "released on 1980-04-12", NULL },
    /* an umlaut is a letter: such a word may be part of a longer one */
    { "Führerscheinnummer: N0704578035", "pii.driving_licence.de" },
    /* two letters label a number they stand right before, and nothing else */
    { "CR: 122200569906", "pii.cr.dimex" },
    { "my CR is 122200569906", "pii.cr.dimex" },
    { "C.R. n° 122200569906", "pii.cr.dimex" },
    { "**BRN:** 1348672683", "pii.kr.brn" },
    { "the PIN of that company; 3100600445635", NULL },
    { "a cr 122200569906", NULL },
    { "CR, as said: 122200569906", NULL },
    /* part of a name is no label: "coe" in Briscoe */
    { "Copyright 1997 Charles Briscoe-Smith 24165", NULL },
};

/* That finding and no other, or none. */
static bool is_just(const struct flt_findings *found, const char *id)
{
    if (id == NULL)
        return found->n == 0;
    return found->n == 1 && strcmp(found->items[0].rule->id, id) == 0;
}

T_TEST(a_label_says_what_a_number_is)
{
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_scanner_new(packs(), &scanner, &err), err);
    for (size_t i = 0; i < ST_LEN(labels); i++) {
        struct st_arena *arena = st_arena_new(16u << 20);
        struct flt_findings found;
        struct flt_doc *doc = NULL;

        T_OK(flt_text_doc(arena, st_span_str(labels[i].text), &doc, &err), err);
        T_OK(flt_scan(scanner, arena, doc, &found, NULL, &err), err);
        T_CHECK(is_just(&found, labels[i].id), "%s: %zu findings, the first %s, expected %s", labels[i].text, found.n,
                found.n > 0 ? found.items[0].rule->id : "none", labels[i].id != NULL ? labels[i].id : "none");
        st_arena_free(arena);
    }
    flt_scanner_free(scanner);
}

/* The same in the name of a field: {"thai_id": "3482792685132"}. */
T_TEST(the_name_of_a_field_is_a_label)
{
    static const struct label fields[] = {
        { "{\"thai_id\":\"3482792685132\"}", "pii.th.citizen_id" },
        { "{\"danishNumber\":\"2810950016\"}", "pii.dk.cpr" },
        { "{\"thai\":\"3482792685132\"}", NULL },
        { "{\"birthDate\":\"1980-04-12\"}", "pii.dob" },
        { "{\"date\":\"1980-04-12\"}", NULL },
        { "{\"cr\":\"122200569906\"}", "pii.cr.dimex" },
        { "{\"userPin\":\"3100600445635\"}", "pii.th.citizen_id" },
        { "{\"spin\":\"3100600445635\"}", NULL },
        { "{\"pin\":{\"n\":\"3100600445635\"}}", NULL },
    };
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_scanner_new(packs(), &scanner, &err), err);
    for (size_t i = 0; i < ST_LEN(fields); i++) {
        struct st_arena *arena = st_arena_new(16u << 20);
        const struct flt_input in = { .body = st_span_str(fields[i].text),
                                      .content_type = ST_SPAN("application/json") };
        struct flt_findings found;
        struct flt_doc *doc = NULL;

        T_OK(flt_decode(arena, &in, &doc, &err), err);
        T_OK(flt_scan(scanner, arena, doc, &found, NULL, &err), err);
        T_CHECK(is_just(&found, fields[i].id), "%s: %zu findings", fields[i].text, found.n);
        st_arena_free(arena);
    }
    flt_scanner_free(scanner);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static void scan_text(struct flt_scanner *scanner, struct st_arena *arena, const char *text, struct flt_findings *found)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    T_OK(flt_text_doc(arena, st_span_str(text), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, found, NULL, &err), err);
}

/* The head of a column says what its cells are, however far behind it; and of no other column. */
T_TEST(the_head_of_a_column_is_a_label)
{
    static const struct label tables[] = {
        { "name,CR,city\nSmith,122200569906,Rome\n", "pii.cr.dimex" },
        { "name;PIN;city\nSmith;\"3100600445635\";Rome\n", "pii.th.citizen_id" },
        { "name\tBRN\nSmith\t1348672683", "pii.kr.brn" },
        { "We have them:\n\n| name | BRN |\n|---|---|\n| Smith | 1348672683 |\n", "pii.kr.brn" },
        { "\"a, b\",CR,c\nSmith,122200569906,Rome\n", "pii.cr.dimex" },
        { "\"a, b\",c,CR\nSmith,122200569906,Rome\n", NULL },
        { "CR,name,city\nSmith,122200569906,Rome\n", NULL },
        { "name,CR,city\nSmith,see 122200569906,Rome\n", NULL },
        { "name,CR,city\n\nSmith,122200569906,Rome\n", NULL },
        { "name,city\nSmith,Rome,122200569906\n", NULL },
    };
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_scanner_new(packs(), &scanner, &err), err);
    for (size_t i = 0; i < ST_LEN(tables); i++) {
        struct st_arena *arena = st_arena_new(16u << 20);
        struct flt_findings found;

        scan_text(scanner, arena, tables[i].text, &found);
        T_CHECK(is_just(&found, tables[i].id), "%s: %zu findings, the first %s", tables[i].text, found.n,
                found.n > 0 ? found.items[0].rule->id : "none");
        st_arena_free(arena);
    }
    flt_scanner_free(scanner);
}

/* What a walk up the lines remembers is what each row alone would see: a table of many rows, in which some have no
 * number and some another sign, gives the findings that head and row give by themselves. */
T_TEST(each_row_of_a_table_is_read_as_if_it_stood_alone)
{
    static const char *const heads[] = { "name,CR,city\n", "x,BRN,\"y, z\"\n", "a,b,c\n" };
    static const char *const rows[] = { "Smith,122200569906,Rome\n", "Jones,1348672683,\"Oslo, N\"\n", "Brown,,Bern\n",
                                        "\"Lee, J\",145691226050,122200569906\n", "1348672683,1168200276,x\n" };
    struct flt_scanner *scanner = NULL;
    struct st_err err = ST_ERR_INIT;
    char text[8192];

    T_OK(flt_scanner_new(packs(), &scanner, &err), err);
    for (size_t h = 0; h < ST_LEN(heads); h++) {
        size_t n = (size_t)snprintf(text, sizeof text, "%s", heads[h]), alone = 0;
        struct st_arena *arena = st_arena_new(16u << 20);
        struct flt_findings found;

        for (size_t i = 0; i < 100; i++) {
            const char *row = rows[(i * 7 + i / 5) % ST_LEN(rows)];
            char pair[256];

            n += (size_t)snprintf(text + n, sizeof text - n, "%s", row);
            (void)snprintf(pair, sizeof pair, "%s%s", heads[h], row);
            scan_text(scanner, arena, pair, &found);
            alone += found.n;
        }
        scan_text(scanner, arena, text, &found);
        T_CHECK(found.n == alone, "%s: %zu in the table, %zu alone", heads[h], found.n, alone);
        st_arena_free(arena);
    }
    flt_scanner_free(scanner);
}
