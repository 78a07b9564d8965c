/* SPDX-License-Identifier: Apache-2.0 */
/* own_rows - a table becomes hashes, and its rows are found again however they are written; nothing else is. */
#include "own_helper.h"

#define CSV                                                                              \
    "account,first,last,born,mail,city\r\n"                                              \
    "4711-2291-33,Anna,Schmidt,29.02.1980,anna.schmidt@example.com,Bonn\r\n"             \
    "K-998877,J\xc3\xb6rg Maria,\"M\xc3\xbcller\",1975-12-01,joerg@example.org,Bonn\r\n" \
    "K-100200,Dr. Lena,Voss,1990-07-15,,n/a\r\n"                                         \
    "K-100201,\xe6\x9d\xb1,\xe4\xba\xac\xe5\xad\x90,1991-07-15,,Bonn\r\n"
#define COLUMNS "account:number,first+last:name,born:date,mail:email,city"

static struct flt_packs *load(const char *rule)
{
    struct flt_rows_told told;
    struct flt_packs *packs = NULL;
    struct st_diag *diag = st_diag_new();
    enum st_rc rc = own_rows(COLUMNS, CSV, "n/a\n", own_path("own.edm"), &told, diag);

    if (rc == ST_OK)
        rc = own_pack("rows", rule, &packs, diag);
    st_diag_print(diag, stderr);
    st_diag_free(diag);
    assert_int_equal(rc, ST_OK);
    return packs;
}

T_TEST(values_of_one_row_are_found_as_people_write_them)
{
    static const struct {
        const char *texts[4];
        size_t found;
    } cases[] = {
        { { "Anna Schmidt, account 4711-2291-33" }, 2 },
        { { "anna SCHMIDT 4711 2291 33" }, 2 },
        { { "Schmidt, Anna (4711.2291.33)" }, 2 },
        { { "4711229133: Anna Schmidt" }, 2 },
        { { "Anna Schmidt, born 29.2.1980" }, 2 },
        { { "Anna Schmidt, born 1980-02-29" }, 2 },
        { { "Anna Schmidt, born February 29, 1980" }, 2 },
        { { "Anna Schmidt, geb. 29. Februar 1980" }, 2 },
        { { "Anna Schmidt 29.02.80" }, 2 },
        { { "Anna Schmidt 19800229" }, 2 },
        { { "Anna Schmidt <Anna.Schmidt@EXAMPLE.com>" }, 2 },
        { { "Anna Schmidt", "my account is 4711-2291-33" }, 2 },
        { { "a\xe2\x80\x8bnna s\xd1\x81hmidt 4711\xc2\xa0"
            "2291\xc2\xa0"
            "33" },
          2 }, /* a hidden space, a Cyrillic es, hard spaces */
        { { "Mueller, Joerg: K 998877" }, 2 },
        { { "J\xc3\x96RG MARIA M\xc3\x9cLLER k-998877" }, 2 },
        { { "J\xc3\xb6rg M\xc3\xbcller k998877" }, 2 },
        { { "Lena Voss, 15 July 1990" }, 2 },
        { { "\xe6\x9d\xb1\xe4\xba\xac\xe5\xad\x90\xe3\x81\xaf K-100201" }, 2 },
        { { "Anna Schmidt" }, 0 },
        { { "4711-2291-33" }, 0 },
        { { "Anna Schmidt, K-998877" }, 0 },      /* two rows */
        { { "Anna Schmidt and Lena Voss" }, 0 },  /* one column */
        { { "Anna Schmidtke 4711-2291-33" }, 0 }, /* another word */
        { { "Anna Schmidt 4711-2291-334" }, 0 },
        { { "Anna Schmidt 94711-2291-33" }, 0 },
        { { "Anna and Mr Schmidt 4711-2291-33" }, 0 },
        { { "Lena Voss of n/a" }, 0 }, /* a stop value */
        { { "Bonn, Bonn, Bonn" }, 0 },
        { { "" }, 0 },
    };
    struct flt_packs *packs = load("file: own.edm, key: own.key");

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct flt_finding f[4];
        size_t n = own_scan(packs, cases[i].texts, f);

        T_CHECK(n == cases[i].found, "%s: %zu findings", cases[i].texts[0], n);
        T_CHECK(n == 0 || (strcmp(f[0].rule->id, "house.own") == 0 && f[0].confidence == 90), "%s", cases[i].texts[0]);
    }
    flt_packs_release(packs);
}

T_TEST(findings_are_the_values_alone)
{
    const char *text[] = { "so Anna Schmidt has 4711 2291 33, that is it", NULL };
    struct flt_packs *packs = load("file: own.edm, key: own.key");
    struct flt_finding f[4];

    assert_int_equal(own_scan(packs, text, f), 2);
    assert_int_equal(f[0].from, 3);
    assert_int_equal(f[0].to, 15);
    assert_int_equal(f[1].from, 20);
    assert_int_equal(f[1].to, 32);
    flt_packs_release(packs);
}

T_TEST(what_the_rule_asks_for)
{
    static const struct {
        const char *rule, *texts[4];
        size_t found;
    } cases[] = {
        { "file: own.edm, key: own.key, alone: [account, mail]", { "see 4711-2291-33" }, 1 },
        { "file: own.edm, key: own.key, alone: [account, mail]", { "to joerg@example.org" }, 1 },
        { "file: own.edm, key: own.key, alone: [account, mail]", { "Anna Schmidt" }, 0 },
        { "file: own.edm, key: own.key, columns: 1", { "Anna Schmidt" }, 1 },
        { "file: own.edm, key: own.key, columns: 3", { "Anna Schmidt, 4711-2291-33" }, 0 },
        { "file: own.edm, key: own.key, columns: 3", { "Anna Schmidt, 4711-2291-33, 1980-02-29" }, 3 },
        { "file: own.edm, key: own.key, columns: 3", { "Anna Schmidt, K-998877, 1980-02-29" }, 0 },
        { "file: own.edm, key: own.key, within: 10", { "Anna Schmidt, 4711-2291-33" }, 2 },
        { "file: own.edm, key: own.key, within: 10", { "Anna Schmidt, whose account 4711-2291-33" }, 0 },
        { "file: own.edm, key: own.key, within: 10", { "4711-2291-33, Anna Schmidt, whose account 4711-2291-33" }, 2 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct flt_packs *packs = load(cases[i].rule);
        struct flt_finding f[4];
        size_t n = own_scan(packs, cases[i].texts, f);

        T_CHECK(n == cases[i].found, "%s, %s: %zu findings", cases[i].rule, cases[i].texts[0], n);
        flt_packs_release(packs);
    }
}

T_TEST(an_encoded_row_is_found)
{
    static const char *const texts[][2] = {
        { "see QW5uYSBTY2htaWR0LCBhY2NvdW50IDQ3MTEtMjI5MS0zMw== there" }, /* base64 */
        { "see 416e6e61205363686d6964742c206163636f756e7420343731312d323239312d3333 there" },
        { "Anna%20Schmidt%20account%204711%2d2291%2d33" },
        { "&#65;nna Schmidt \\u0034711-2291-33" },
    };
    struct flt_packs *packs = load("file: own.edm, key: own.key");

    for (size_t i = 0; i < ST_LEN(texts); i++) {
        struct flt_finding f[4];

        T_CHECK(own_scan(packs, texts[i], f) > 0, "%s", texts[i][0]);
    }
    flt_packs_release(packs);
}

T_TEST(a_broken_table_is_said_with_its_place)
{
    static const struct {
        const char *columns, *csv, *says;
        unsigned line, col;
    } cases[] = {
        { "a", "", "expected a line with the names of the columns, the file is empty", 1, 1 },
        { "accoumt", "account\n1\n", "no column \"accoumt\"; did you mean \"account\"?", 1, 1 },
        { "a:dat", "a\n1\n", "expected a type of text, name, number, email, date or date-us", 0, 0 },
        { "", "a\n1\n", "expected 1 to 16 names of columns", 0, 0 },
        { "a,b", "a,b\nxxx,yyy\nxxx\n", "expected 2 fields as in the first line, found 1", 3, 1 },
        { "a,b", "a,b\nxxx,\"yyy\n", "expected a closing quote to this one", 2, 5 },
        { "a,b", "a,b\nxxx,\"yyy\"z\n", "expected a separator or a line end behind the closing quote", 2, 10 },
        { "b:date", "a,b\n\"1\n2\",2024-13-41\n", "column b: expected a date such as", 3, 4 },
        { "b:email", "a,b\n1,nobody\n", "column b: expected an e-mail address", 2, 3 },
        { "a", "a\nM\xfcller\n", "expected UTF-8; if the file is in Latin-1, say --latin1", 2, 1 },
        { "a",
          "\xff\xfe"
          "a\n",
          "this is UTF-16; save it as UTF-8", 1, 1 },
        { "a", "a,b\n,x\n", "no values in these columns", 0, 0 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_diag *diag = st_diag_new();
        struct flt_rows_told told;
        const char *to = own_path("broken.edm");
        const struct st_diag_item *said;

        T_CHECK(own_rows(cases[i].columns, cases[i].csv, "", to, &told, diag) == ST_ERR, "%s", cases[i].says);
        T_CHECK((said = st_diag_at(diag, 0)) != NULL, "%s", cases[i].says);
        T_CHECK(strstr(said->text, cases[i].says) != NULL, "%s: %s", cases[i].says, said->text);
        T_CHECK(said->line == cases[i].line && said->col == cases[i].col, "%s: %u:%u", cases[i].says, said->line,
                said->col);
        assert_int_equal(access(to, F_OK), -1);
        st_diag_free(diag);
    }
}

T_TEST(a_rule_and_its_files_must_fit)
{
    static const struct {
        const char *rule, *says;
    } cases[] = {
        { "file: no.edm, key: own.key", "cannot be read: No such file" },
        { "file: own.edm, key: no.key", "the key cannot be read" },
        { "file: own.edm, key: open.key", "others can read this key" },
        { "file: own.edm, key: short.key", "expected a key of 32 hex digits" },
        { "file: own.edm, key: other.key", "was built with another key" },
        { "file: own.edm, key: own.key, columns: 6", "columns: 6, and the file has 5" },
        { "file: own.edm, key: own.key, alone: [accoumt]", "did you mean 'account'?" },
        { "file: own.key, key: own.key", "it is not a file that `stoa edm build`" },
    };

    flt_packs_release(load("file: own.edm, key: own.key"));
    own_write(own_path("open.key"), "30313233343536373839616263646566\n", 33, 0644);
    own_write(own_path("short.key"), "3031\n", 5, 0600);
    own_write(own_path("other.key"), "40313233343536373839616263646566\n", 33, 0600);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_diag *diag = st_diag_new();
        struct flt_packs *packs = NULL;
        const struct st_diag_item *said;

        T_CHECK(own_pack("rows", cases[i].rule, &packs, diag) == ST_ERR, "%s", cases[i].rule);
        said = st_diag_at(diag, 0);
        T_CHECK(said != NULL && strstr(said->text, cases[i].says) != NULL, "%s: %s", cases[i].rule,
                said != NULL ? said->text : "nothing");
        st_diag_free(diag);
    }
}

T_TEST(many_rows_need_little_memory_and_all_are_there)
{
    enum { ROWS = 50000 };
    struct st_buf csv;
    struct flt_rows_told told;
    struct flt_own_table *table = NULL;
    struct flt_own_facts facts;
    struct st_err err = ST_ERR_INIT;
    char value[64];

    st_buf_init(&csv, 8u << 20);
    st_buf_str(&csv, "id;first;last\n");
    for (unsigned i = 0; i < ROWS; i++)
        st_buf_fmt(&csv, "C%06u;first%u;last%u\n", i * 7, i % 300, i % 4000);
    st_buf_byte(&csv, 0);
    assert_int_equal(own_rows("id:number,first,last", (const char *)csv.p, "", own_path("many.edm"), &told, NULL),
                     ST_OK);
    st_buf_fini(&csv);
    assert_true(told.rows == ROWS && told.cells == 3 * ROWS);
    T_OK(flt_own_open(own_path("many.edm"), &table, NULL, &err), err);
    flt_own_facts(table, &facts);
    assert_true(facts.values == ROWS + 300 + 4000 && facts.bytes < 16 * facts.cells + 65536);
    for (unsigned i = 0; i < ROWS; i += 7) {
        (void)snprintf(value, sizeof value, "c %06u", i * 7);
        T_CHECK(flt_own_rows_of(table, &own_key, st_span_str(value), 0) == 1, "%s", value);
        (void)snprintf(value, sizeof value, "c %06u", i * 7 + 1);
        T_CHECK(flt_own_rows_of(table, &own_key, st_span_str(value), 0) == 0, "%s", value);
    }
    assert_true(flt_own_rows_of(table, &own_key, ST_SPAN("FIRST7"), 1) == ROWS / 300 + 1);
    assert_true(flt_own_rows_of(table, &own_key, ST_SPAN("FIRST7"), 2) == 0);
    flt_own_close(table);
}

T_TEST(no_value_is_in_the_file)
{
    static const char *const values[] = { "Anna", "anna", "Schmidt", "4711", "example", "Bonn", "1980" };
    struct st_err err = ST_ERR_INIT;
    struct flt_rows_told told;
    struct st_buf file;

    assert_int_equal(own_rows(COLUMNS, CSV, "", own_path("own.edm"), &told, NULL), ST_OK);
    st_buf_init(&file, 1u << 20);
    T_OK(st_file_read(own_path("own.edm"), 1u << 20, &file, &err), err);
    for (size_t i = 0; i < ST_LEN(values); i++)
        assert_true(st_span_find(st_buf_view(&file), st_span_str(values[i])) == ST_SPAN_NPOS);
    st_buf_fini(&file);
}

T_TEST(every_flipped_byte_and_every_cut_is_seen)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_rows_told told;
    struct flt_own_table *table = NULL;
    struct st_buf file;

    assert_int_equal(own_rows(COLUMNS, CSV, "", own_path("own.edm"), &told, NULL), ST_OK);
    st_buf_init(&file, 1u << 20);
    T_OK(st_file_read(own_path("own.edm"), 1u << 20, &file, &err), err);
    for (size_t i = 0; i<file.n; i += i> 360 && i < 4000 ? 97 : 1) { /* there the head's page is empty */
        file.p[i] ^= 0x40;
        own_write(own_path("bad.edm"), file.p, file.n, 0600);
        file.p[i] ^= 0x40;
        T_CHECK(flt_own_open(own_path("bad.edm"), &table, NULL, &err) == ST_ERR, "byte %zu", i);
        flt_own_close(table);
        table = NULL;
    }
    for (size_t n = 0; n < file.n; n += 13) {
        own_write(own_path("bad.edm"), file.p, n, 0600);
        T_CHECK(flt_own_open(own_path("bad.edm"), &table, NULL, &err) == ST_ERR, "%zu bytes", n);
    }
    st_buf_fini(&file);
}

T_TEST(a_build_survives_every_oom)
{
    struct flt_rows_told told;

    for (int nth = 1;; nth++) {
        enum st_rc rc;
        int fd = own_text_fd(CSV);
        struct flt_rows_plan plan = { .columns = COLUMNS, .key = own_key, .source = "c.csv", .stop = ST_SPAN("x\n") };
        struct st_err err = ST_ERR_INIT;

        t_fail_alloc(nth);
        rc = flt_rows_build(&plan, fd, own_path("oom.edm"), &told, &err);
        t_fail_alloc(0);
        close(fd);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM || err.code == ST_E_LIMIT || err.code == ST_E_IO, "allocation %d: %s", nth,
                err.what);
        assert_int_equal(access(own_path("oom.edm"), F_OK), -1);
    }
}
