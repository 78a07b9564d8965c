/* SPDX-License-Identifier: Apache-2.0 */
/* head_test - the paths of the platforms raise nothing that a policy would act on, and what is typed into a path, or
 * put into a header field that holds words of people, is found.
 *
 * Five thousand paths are made by rule from what the platforms' own look like: numeric ids of every length, timestamps,
 * hashes, base64 ids, URN, keys of object stores, signed links. Numbers that by chance satisfy a checksum are as likely
 * as in life.
 */
#include "benign.h"
#include "filters/filters.h"
#include "t.h"

#define PATHS      5000u
#define ACTED_UPON 75u /* the least confidence that a shipped policy acts on */

static const char *const shapes[] = {
    /* Facebook: posts, groups, photos, reels, events; ids of 15 to 17 digits */
    "/groups/{n15}/posts/{n16}/",
    "/groups/{n16}/permalink/{n16}/",
    "/{w}/posts/{n16}",
    "/reel/{n15}",
    "/reel/{n16}/",
    "/events/{n16}/",
    "/{n17}/videos/{n16}",
    "/{n15}/photos/a.{n15}/{n16}/",
    "/v19.0/{n17}_{n16}/comments",
    /* X, TikTok, Instagram, Discord, Mastodon: snowflakes */
    "/{w}/status/{n19}",
    "/i/status/1{n18}/analytics",
    "/@{w}/video/7{n18}",
    "/@{w}/video/6{n18}",
    "/api/v1/media/3{n18}_{n10}/likers/",
    "/p/C{b10}/",
    "/stories/{w}/3{n18}/",
    "/channels/{n18}/{n19}/{n18}",
    "/api/v9/channels/{n18}/messages/{n19}/reactions",
    "/attachments/{n18}/{n19}/image0.jpg",
    "/@{w}@{w}.social/1{n17}",
    "/@{w}/{n18}",
    /* LinkedIn: activities, URN, images */
    "/feed/update/urn:li:activity:7{n18}/",
    "/feed/update/urn%3Ali%3AugcPost%3A7{n18}/",
    "/posts/{w}-{w}_{w}-{w}-activity-7{n18}-{b4}",
    "/in/{w}-{w}-{hex9}/",
    "/jobs/view/4{n9}/",
    "/learning/{w}-{w}-{w}/{w}-{w}",
    "/voyager/api/identity/profiles/ACoAA{b34}/profileView",
    "/dms/image/v2/D4D22AQ{b15}/feedshare-shrink_800/0/17{n11}",
    "/voyager/api/messaging/conversations/2-{b64x40}==",
    /* YouTube, Vimeo */
    "/shorts/{b11}",
    "/embed/{b11}",
    "/vi/{b11}/hqdefault.jpg",
    "/channel/UC{b22}",
    "/playlist/PL{b32}",
    "/videoplayback/expire/17{n8}/ei/{b22}/ip/10.0.0.1/id/o-A{b40}/itag/251/source/youtube",
    "/{n9}/{hex10}",
    /* Slack: teams, channels, messages, files */
    "/archives/C0{UP9}/p17{n14}",
    "/client/T0{UP9}/C0{UP9}/thread/C0{UP9}-17{n8}.{n6}",
    "/files-pri/T0{UP9}-F0{UP9}/{w}.pdf",
    "/files-tmb/T0{UP9}-F0{UP9}-{hex10}/image_720.png",
    "/cache/T0{UP9}/channels/info",
    "/services/T0{UP9}/B0{UP9}/{b24}",
    /* GitHub, GitLab, Stack Overflow, Reddit, forums */
    "/{w}/{w}/commit/{hex40}",
    "/{w}/{w}/blob/{hex40}/src/{w}.c",
    "/{w}/{w}/issues/{n5}",
    "/{w}/{w}/actions/runs/{n11}/job/{n11}",
    "/{w}/{w}/releases/download/v{v}/{w}-{v}-linux-amd64.tar.gz",
    "/{w}/{w}/compare/{hex7}...{hex7}",
    "/{w}/{hex32}",
    "/{w}/{w}/-/jobs/{n10}/artifacts/file/{w}.log",
    "/questions/{n8}/{w}-{w}-{w}-in-{w}",
    "/r/{w}/comments/1{hex6}/{w}_{w}_{w}/",
    "/t/{w}-{w}-{w}/{n5}/{n2}",
    "/topic/{n5}/{w}-{w}/{n3}",
    /* Notion, Google, Microsoft, Trello, Figma */
    "/{w}-{w}-{w}-{hex32}",
    "/document/d/1{b43}/edit",
    "/spreadsheets/d/1{b43}/htmlview",
    "/drive/folders/1{b32}",
    "/:x:/r/personal/{w}_{w}_example_com/_layouts/15/Doc.aspx",
    "/teams/19:{hex32}@thread.tacv2/17{n11}",
    "/l/message/19%3A{hex32}%40thread.v2/17{n11}",
    "/c/{b8}/{n3}-{w}-{w}",
    "/design/{b22}/{w}",
    /* object stores, content networks, bundles */
    "/{w}/{uuid}/{n4}/{n2}/{n2}/{hex64}.jpg",
    "/uploads/{date}/{n13}-{w}.png",
    "/{n4}/{n2}/{n2}/{w}-{n10}.html",
    "/static/js/main.{hex20}.chunk.js",
    "/_next/static/{b21}/_buildManifest.js",
    "/assets/{w}-{b8}.css",
    "/o/{w}%2F{uuid}%2F{n13}.webp",
    "/image/upload/c_fill,w_{n3},h_{n3}/v17{n8}/{w}/{b20}.jpg",
    "/wp-content/uploads/{n4}/{n2}/IMG_20{n6}_{n6}.jpg",
    "/media/photo-{n13}-{hex12}",
    "/{b64x86}",
    "/rsrc.php/v3i{b4}/y{b1}/l/en_US/{b11}.js",
    /* machines: dates, coordinates, versions, orders, tickets */
    "/api/v2/orders/{n3}-{n7}-{n7}",
    "/track/{n12}",
    "/item/{n12}.html",
    "/item/100{n13}.html",
    "/item/4000{n9}.html",
    "/isbn/978{n10}",
    "/ean/400{n10}",
    "/v1/traces/{hex32}/spans/{hex16}",
    "/maps/@{n2}.{n7},{n1}.{n7},17z",
    "/tiles/{n2}/{n5}/{n5}.png",
    "/timeseries/{n10}000/{n13}",
    "/reports/20{n6}T{n6}Z",
    "/pin/{n18}/",
    "/pin/{n16}/",
    "/verify/{uuid}/{hex64}",
    "/unsubscribe/{b64x64}",
    "/x/{UP4}-{n4}/{UP4}-{n4}-{n4}",
    "/dp/B0{UP8}/ref=sr_1_{n2}",
    "/account/{n8}/payments",
    "/customers/{n10}/cards",
    "/id/{n11}",
    "/users/{n12}/transfer",
};

static struct flt_scanner *scanner;

static struct flt_findings look(struct st_arena *arena, struct st_span path, struct flt_doc **doc)
{
    const struct flt_input in = { .plain_limit = 1u << 20 };
    struct flt_findings findings;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_decode(arena, &in, doc, &err), err);
    T_OK(flt_path_fields(scanner, arena, path, *doc, &err), err);
    T_OK(flt_scan(scanner, arena, *doc, &findings, NULL, &err), err);
    flt_path_weigh(*doc, &findings);
    return findings;
}

static void once(void)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    static struct flt_packs *packs;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;

    if (scanner == NULL) {
        T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
        T_OK(flt_scanner_new(packs, &scanner, &err), err);
    }
    st_diag_free(diag);
}

T_TEST(paths_of_the_platforms_raise_nothing_that_is_acted_upon)
{
    unsigned telling = 0, acted = 0, other = 0;
    struct st_buf path;

    once();
    st_buf_init(&path, 65536);
    for (unsigned n = 0; n < PATHS; n++) {
        struct benign b = { n * 0x2545f4914f6cdd1dull + 1, &path };
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_doc *doc = NULL;
        struct flt_findings findings;

        (void)benign_next(&b);
        st_buf_reset(&path);
        benign_line(&b, shapes[n % ST_LEN(shapes)]);
        telling += flt_path_is_telling(scanner, st_buf_view(&path));
        findings = look(arena, st_buf_view(&path), &doc);
        T_CHECK(flt_path_is_telling(scanner, st_buf_view(&path)) == (doc->n > 0), "%.*s: %zu fields", (int)path.n,
                (const char *)path.p, doc->n);
        for (size_t i = 0; i < findings.n; i++) {
            const struct flt_finding *f = &findings.items[i];

            acted += f->confidence >= ACTED_UPON;
            other += f->confidence < ACTED_UPON;
            if (f->confidence >= ACTED_UPON)
                print_message("%.*s: %s, confidence %u\n", (int)path.n, (const char *)path.p, f->rule->id,
                              f->confidence);
        }
        st_arena_free(arena);
    }
    print_message("%u paths: %u looked into, %u findings acted upon, %u below\n", PATHS, telling, acted, other);
    st_buf_fini(&path);
    T_CHECK(acted == 0, "%u findings", acted);
    T_CHECK(telling > PATHS / 8 && telling < PATHS / 100 * 52 && other < PATHS / 50, "%u looked into, %u low findings",
            telling, other);
}

T_TEST(what_is_typed_into_a_path_is_found)
{
    static const struct {
        const char *path, *rule;
        unsigned least, most; /* confidence; 0: it is no finding */
    } rows[] = {
        { "/4111111111111111", "pii.card.visa", 50, ACTED_UPON - 1 },
        { "/posts/5555555555554444/comments", "pii.card.mastercard", 50, ACTED_UPON - 1 },
        { "/cards/4111111111111111", "pii.card.visa", ACTED_UPON, 100 },
        { "/credit-card/4111111111111111/x", "pii.card.visa", ACTED_UPON, 100 },
        { "/a/my%20card%204111111111111111", "pii.card.visa", ACTED_UPON, 100 },
        { "/a/4111-1111-1111-1111", "pii.card.visa", ACTED_UPON, 100 },
        { "/ssn/536-90-4399", "pii.us.ssn", ACTED_UPON, 100 },
        { "/ssn/536904399", "pii.us.ssn", 50, 100 },
        { "/users/536904399", NULL, 0, 0 },
        { "/customers/ssn/536904399/x", "pii.us.ssn", 50, 100 },
        { "/a/4111%201111%201111%201111", "pii.card.visa", ACTED_UPON, 100 },
        { "/DE02120300000000202051", "pii.iban", ACTED_UPON, 100 },
        { "/a/b/pay%20DE02%201203%200000%200000%202020%2051/c", "pii.iban", ACTED_UPON, 100 },
        { "/accounts/de02120300000000202051/statements", "pii.iban", ACTED_UPON, 100 },
        { "/x/%44E02120300000000202051", "pii.iban", ACTED_UPON, 100 },
        { "/search/AKIAQLMP5S2VTK7XWN4R", "secret.aws.access_key_id", ACTED_UPON, 100 },
        { "/a/ghp_16C7e42F292c6912E7710c838347Ae178B4a", "secret.github.pat_classic", ACTED_UPON, 100 },
        { "/login/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", NULL,
          0, 0 },
        { "/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1/sendMessage", NULL, 0, 0 },
        { "/4111/1111/1111/1111", "pii.card.visa", ACTED_UPON, 100 },
        { "/a/1/4111/1111/1111/1111/22/b", "pii.card.visa", ACTED_UPON, 100 },
        { "/DE02/1203/0000/0000/2020/51", "pii.iban", ACTED_UPON, 100 },
        { "/x/7/de02/1203/0000/0000/2020/51/", "pii.iban", ACTED_UPON, 100 },
        { "/ssn/536/90/4399", "pii.us.ssn", 50, 100 },
        { "/2028/4111/1111/1111/1111", "pii.card.visa", ACTED_UPON, 100 }, /* 2028411111111111 has the sum too */
        { "/a/2028/4111/1111/1111/1111/x", "pii.card.visa", ACTED_UPON, 100 },
        { "/pay/3782/822463/10005", "pii.card.amex", ACTED_UPON, 100 },
        { "/pay/2026/3782/822463/10005/x", "pii.card.amex", ACTED_UPON, 100 },
        { "/pay/%34111/1111/1111/1111", "pii.card.visa", ACTED_UPON, 100 },
        { "/pay/4111/%31%31%31%31/1111/111%31", "pii.card.visa", ACTED_UPON, 100 },
        { "/pay/3782/82246%33/10005", "pii.card.amex", ACTED_UPON, 100 },
        { "/pay/%44E02/1203/0000/0000/2020/51", "pii.iban", ACTED_UPON, 100 },
        { "/ssn/%3536/90/4399", "pii.us.ssn", 50, 100 },
        { "/pay/3782/822463/10006", NULL, 0, 0 },
        { "/pay/%34111/1111/1111/1112", NULL, 0, 0 },
        { "/pay/%2f111/1111/1111/1111", NULL, 0, 0 },
        { "/card/4111111/11/1111111", NULL, 0, 0 }, /* a group of seven is none; nor is it printed so */
        { "/users/536/90/4399", NULL, 0, 0 },
        { "/4111/1111/1111/1112", NULL, 0, 0 },
        { "/2026/11/30/4111/1111", NULL, 0, 0 },
        { "/DE02120300000000202052", NULL, 0, 0 },
        { "/4111111111111112", NULL, 0, 0 },
    };

    once();
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_doc *doc = NULL;
        struct flt_findings findings = look(arena, st_span_str(rows[i].path), &doc);

        T_CHECK(findings.n == (rows[i].rule != NULL), "%s: %zu findings", rows[i].path, findings.n);
        T_CHECK(findings.n == 0 ||
                    (strcmp(findings.items[0].rule->id, rows[i].rule) == 0 &&
                     findings.items[0].confidence >= rows[i].least && findings.items[0].confidence <= rows[i].most),
                "%s: %s, %u", rows[i].path, findings.n > 0 ? findings.items[0].rule->id : "-",
                findings.n > 0 ? findings.items[0].confidence : 0);
        st_arena_free(arena);
    }
}

T_TEST(each_number_in_a_row_is_found)
{
    static const char *const paths[] = { "/4111/1111/1111/1111/5555/5555/5555/4444",
                                         "/x/4111/1111/1111/1111/DE02/1203/0000/0000/2020/51/y",
                                         "/3782/822463/10005/4111/1111/1111/1111" };

    once();
    for (size_t i = 0; i < ST_LEN(paths); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_doc *doc = NULL;
        struct flt_findings findings = look(arena, st_span_str(paths[i]), &doc);

        T_CHECK(findings.n == 2, "%s: %zu findings", paths[i], findings.n);
        for (size_t k = 0; k < doc->n; k++)
            T_CHECK(doc->fields[k].text.n > 0 && doc->fields[k].place == FLT_IN_PATH, "%s: field %zu", paths[i], k);
        T_CHECK(!doc->is_path_cut, "%s", paths[i]);
        st_arena_free(arena);
    }
}

/* A number begins at every fifth byte: room is asked for what the ceiling lets in, and the doc says that there is more.
 */
T_TEST(a_path_gives_no_more_fields_than_its_ceiling)
{
    static const struct {
        unsigned times;
        bool is_cut;
    } rows[] = { { 1, false }, { 12, false }, { 3276, true } };
    struct st_buf path;

    once();
    st_buf_init(&path, 1u << 17);
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_doc *doc = NULL;
        struct flt_findings findings;

        st_buf_reset(&path);
        for (unsigned n = 0; n < rows[i].times; n++)
            st_buf_span(&path, ST_SPAN("/4111/1111/1111/1111"));
        findings = look(arena, st_buf_view(&path), &doc);
        T_CHECK(findings.n > 0 && doc->n <= FLT_PATH_FIELDS_MAX, "%zu fields", doc->n);
        T_CHECK(doc->is_path_cut == rows[i].is_cut, "%u times: %zu fields", rows[i].times, doc->n);
        st_arena_free(arena);
    }
    st_buf_fini(&path);
}

static struct flt_findings look_at_field(struct st_arena *arena, const char *name, const char *value)
{
    struct flt_head_text text = { .name = st_span_str(name), .value = st_span_str(value) };
    const struct flt_input in = { .plain_limit = 1u << 20 };
    struct st_err err = ST_ERR_INIT;
    struct flt_findings findings;
    struct flt_doc *doc = NULL;

    T_OK(flt_decode(arena, &in, &doc, &err), err);
    T_OK(flt_head_fields(arena, &text, flt_head_has_words(&text), doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
    flt_path_weigh(doc, &findings);
    return findings;
}

T_TEST(what_people_called_a_file_is_found)
{
    static const struct {
        const char *name, *value, *rule; /* NULL: the field is not read, or nothing is in it */
    } rows[] = {
        { "Content-Disposition", "attachment; filename=\"card 4111 1111 1111 1111.pdf\"", "pii.card.visa" },
        { "content-disposition", "attachment; filename*=UTF-8''IBAN%20DE02120300000000202051.txt", "pii.iban" },
        { "Upload-Metadata",
          "filetype dmlkZW8vbXA0,filename SUJBTiBERTAyMTIwMzAwMDAwMDAwMjAyMDUxLm1wNA==", "pii.iban" },
        { "Dropbox-API-Arg", "{\"path\":\"/my card \\u00341111 1111 1111 111.txt\",\"mode\":\"add\"}",
          "pii.card.visa" },
        { "Slug", "my card 4111 1111 1111 1111", "pii.card.visa" },
        { "X-Amz-Meta-Note", "my card 4111 1111 1111 1111", "pii.card.visa" },
        { "X-Amz-Meta-Card", "4111111111111111", "pii.card.visa" },
        { "X-Amz-Date", "20261130T120000Z", NULL },
        { "Content-Disposition", "attachment; filename=\"summer.jpg\"", NULL },
        { "Authorization", "Bearer ghp_16C7e42F292c6912E7710c838347Ae178B4a", NULL },
        { "Cookie", "card=4111111111111111", NULL },
        { "X-Session-Token", "my card 4111 1111 1111 1111", NULL },
        { "X-Authentication", "Digest username=\"ana\", realm=\"corp\", response=\"4111 1111 1111 1111\"", NULL },
        { "X-Cookies", "my card 4111 1111 1111 1111", NULL },
        { "X-ApiKey", "my card 4111 1111 1111 1111", NULL },
        { "X-Jwt", "my card 4111 1111 1111 1111", NULL },
        { "X-Sid", "my card 4111 1111 1111 1111", NULL },
        { "X_Sid", "my card 4111 1111 1111 1111", NULL },
        { "X-Amz-Meta-Password", "my card 4111 1111 1111 1111", NULL },
        { "X-Auth-Metadata", "my card 4111 1111 1111 1111", NULL },
        { "X-Session-Name", "my card 4111 1111 1111 1111", NULL },
        { "X-Author-Name", "my card 4111 1111 1111 1111", "pii.card.visa" },
        { "X-File-Names", "my card 4111 1111 1111 1111", "pii.card.visa" },
        { "X-Upload-Title", "4111111111111111 is it", "pii.card.visa" },
        { "Title", "DE02120300000000202051", "pii.iban" },
        { "subject", "my account DE02120300000000202051", "pii.iban" },
        { "Link", "<https://forum.test/?q=DE02120300000000202051>; rel=next", "pii.iban" },
        { "Destination", "https://cloud.test/dav/my%20card%204111111111111111.txt", "pii.card.visa" },
        { "X-Archive-Meta-Creator", "card 4111111111111111", "pii.card.visa" },
        { "X-Whatever", "=?utf-8?B?bXkgY2FyZCA0MTExMTExMTExMTExMTEx?=", "pii.card.visa" },
        { "X-Whatever", "my%20card%20is%204111111111111111", "pii.card.visa" },
        { "X-Whatever", "4111-1111-1111-1111", "pii.card.visa" },
        { "X-Card", "4111111111111111", "pii.card.visa" },
        { "X-Their_Card", "4111111111111111", "pii.card.visa" },
        { "X-Whatever", "DE02120300000000202051", "pii.iban" },
        { "x-whatever", "DE02-1203-0000-0000-2020-51", "pii.iban" },
        { "X-Whatever", "{\"iban\":\"DE02120300000000202051\"}", "pii.iban" },
        { "X-Api-Key", "DE02120300000000202051", NULL },
        { "X-Trace", "4bf92f3577b34da6a3ce929d0e0e4736", NULL },
        { "X-Real-Ip", "203.0.113.195", NULL },
        { "X-Client-Date", "2026-11-30", NULL },
        { "X-Timestamp", "1764547200000", NULL },
        { "User-Agent", "a card 4111 1111 1111 1111", "pii.card.visa" },
        { "Foo", "4111 1111 1111 1111", "pii.card.visa" },
        { "Foo", "id=4111-1111-1111-1111;v=2", "pii.card.visa" },
        { "Foo", "DE02120300000000202051", "pii.iban" },
        { "Foo", "4111 1111 1111 1112", NULL },
        { "Foo", "a4111111111111111", NULL },
        { "Foo-Token", "4111 1111 1111 1111", NULL },
        { "If-None-Match", "\"4111-1111-1111-1111\"", NULL },
        { "Proxy-Authorization", "Basic 4111 1111 1111 1111", NULL },
        { "User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.8078.40", NULL },
        { "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL },
        { "sec-ch-ua-full-version-list", "\"Chromium\";v=\"156.0.8078.40\", \"Not=A?Brand\";v=\"99.0.0.0\"", NULL },
    };

    once();
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_findings findings = look_at_field(arena, rows[i].name, rows[i].value);

        T_CHECK(findings.n == (rows[i].rule != NULL), "%s: %zu findings", rows[i].value, findings.n);
        T_CHECK(findings.n == 0 || (strcmp(findings.items[0].rule->id, rows[i].rule) == 0 &&
                                    findings.items[0].confidence >= ACTED_UPON),
                "%s: %s, %u", rows[i].value, findings.n > 0 ? findings.items[0].rule->id : "-",
                findings.n > 0 ? findings.items[0].confidence : 0);
        st_arena_free(arena);
    }
}

T_TEST(an_address_that_holds_a_number)
{
    static const struct {
        const char *value;
        bool holds;
    } rows[] = { { "https://forum.test/search?q=4111%201111%201111%201111&page=2", true },
                 { "https://forum.test/?q=card%204111+1111+1111+1111%2C", true },
                 { "https://forum.test/account/DE02120300000000202051#top", true },
                 { "https://forum.test/?q=de02-1203-0000-0000-2020-51", true },
                 { "https://forum.test/status/5555555555554444", true },
                 { "https://forum.test/status/1729482039482039482", false },
                 { "https://forum.test/feed/update/urn:li:activity:7134567890123456789/", false },
                 { "https://forum.test/?id=4111111111111112", false },
                 { "https://forum.test/x4111111111111111", false },
                 { "https://forum.test/?v=DE02120300000000", false },
                 { "", false } };

    for (size_t i = 0; i < ST_LEN(rows); i++)
        T_CHECK(flt_head_holds_number(st_span_str(rows[i].value)) == rows[i].holds, "%s", rows[i].value);
}

T_TEST(digits_alone_in_a_field_may_be_an_id)
{
    static const struct {
        const char *name, *value;
    } rows[] = { { "X-Request-Id", "4111111111111111" },
                 { "Foo", "4111111111111111" },
                 { "Foo", "v=2, 5555555555554444" } };

    once();
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        struct flt_findings findings = look_at_field(arena, rows[i].name, rows[i].value);

        T_CHECK(findings.n == 1 && findings.items[0].confidence >= 50 &&
                        findings.items[0].confidence<ACTED_UPON, "%s: %zu, %u", rows[i].value, findings.n, findings.n> 0
                    ? findings.items[0].confidence
                    : 0);
        st_arena_free(arena);
    }
}
