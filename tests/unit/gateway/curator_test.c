/* SPDX-License-Identifier: Apache-2.0 */
/* curator - a page becomes a resource once, learning where it earned credit, and its text goes nowhere. */
#include "t.h"

#include <event2/event.h>
#include <sys/stat.h>

#include "gateway/process.h"

#include "gateway/curator.c"

static const struct fam_ops ops = {
    .role = FAM_CURATOR, .start = start, .generation = generation, .peer = peer, .drain = drain, .status = status
};
static uint8_t scratch[IPC_SCRATCH];
static int serial;

struct rig {
    struct curator cur;
    struct fam_child *child;
    int sup, worker, recorder;
};

static void turn(struct rig *r)
{
    for (int i = 0; i < 5; i++)
        event_base_loop(fam_base(r->child), EVLOOP_NONBLOCK);
}

static void tell(struct rig *r, enum fam_message type, uint64_t id, struct st_buf *body, int fd)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ipc_send(r->sup, (uint16_t)type, id, st_buf_view(body), fd, &err), err);
    st_buf_fini(body);
    turn(r);
}

static int introduce(struct rig *r, enum fam_role role)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    st_buf_init(&body, 64);
    st_pack_u8(&body, (uint8_t)role);
    st_pack_u32(&body, 0);
    tell(r, FAM_MSG_PEER, 0, &body, fds[0]);
    close(fds[0]);
    return fds[1];
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[400];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    T_CHECK(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void open_rig(struct rig *r)
{
    static const char *const folders[] = { "", "/packs", "/policy.d", "/plugins", "/plugins/curation" };
    struct st_err err = ST_ERR_INIT;
    char dir[256], path[300];
    struct ipc_msg msg;
    struct st_buf body;
    int fds[2];

    *r = (struct rig){ .sup = -1 };
    snprintf(dir, sizeof dir, "%s/cur%d", t_tmpdir(), ++serial);
    for (size_t i = 0; i < ST_LEN(folders); i++) {
        snprintf(path, sizeof path, "%s%s", dir, folders[i]);
        mkdir(path, 0700);
    }
    put(dir, "stoa.yaml",
        "version: 1\nlisten:\n  - address: 127.0.0.1:3128\nstate_dir: .\n"
        "curation: { trusted: [\"*.example\"], doubtful: [bad.example] }\n");
    put(dir, "plugins/curation/k8s.curate.lua",
        "curate 'k8s' {\n  title = { en = 'K', de = 'K' }, owner = 'academy',\n  when = phrase 'kubernetes',\n"
        "  tag = { topic = 'cloud/kubernetes', level = 'beginner' }, skill = 'skills:containers', queue = 'academy',\n"
        "  credit = { when = dwell '2m', verb = 'experienced' },\n  test = {\n"
        "    { 'kubernetes one', match = true }, { 'kubernetes two', match = true }, { 'kubernetes', match = true },\n"
        "    { 'gardens', match = false }, { 'cooking', match = false }, { 'trains', match = false },\n  },\n}\n"
        "curate 'many' { title = 'M', when = learners(5) & phrase 'puppet', tag = { topic = 'cloud/puppet' } }\n"
        "curate 'gone' { title = 'G', when = dead() & url 'wiki.example/*', queue = 'academy' }\n"
        "curate 'new' { title = 'N', when = age '30d' & trust 'high' & phrase 'ansible', tag = { topic = 'x' } }\n");
    T_OK(ipc_pair(fds, &err), err);
    r->sup = fds[0];
    r->child = fam_child_new(&ops, &r->cur, 0, fds[1]);
    st_buf_init(&body, 4096);
    st_pack_str(&body, dir);
    tell(r, FAM_MSG_PREPARE, 1, &body, -1);
    T_OK(ipc_recv(r->sup, scratch, &msg, &err), err);
    T_CHECK(msg.body.p[0] == 1, "%.*s", (int)msg.body.n, (const char *)msg.body.p);
    st_buf_init(&body, 64);
    st_pack_u64(&body, 1);
    tell(r, FAM_MSG_COMMIT, 0, &body, -1);
    r->worker = introduce(r, FAM_WORKER);
    r->recorder = introduce(r, FAM_RECORDER);
}

static void close_rig(struct rig *r)
{
    curator_fini(&r->cur);
    fam_child_free(r->child);
    close(r->sup);
    close(r->worker);
    close(r->recorder);
}

struct page {
    const char *person, *url, *title, *lang, *text, *object_id;
    uint64_t dwell_ms;
    bool is_html, is_gone;
};
static struct st_span words; /* in place of the text of what is packed */

static void pack_page(struct st_buf *body, const struct page *page)
{
    st_pack_str(body, "mediawiki");
    st_pack_str(body, "view");
    st_pack_str(body, page->person);
    st_pack_str(body, page->url);
    st_pack_str(body, page->title);
    st_pack_str(body, "");
    st_pack_str(body, page->lang);
    st_pack_str(body, page->is_html ? "text/html; charset=utf-8" : "");
    st_pack_str(body, page->text);
    st_pack_span(body, words);
    st_pack_u64(body, page->dwell_ms);
    st_pack_u64(body, 0);
    st_pack_u8(body, page->is_html);
    st_pack_str(body, page->object_id);
    st_pack_u8(body, page->is_gone);
}

static void send_items(struct rig *r, struct st_buf *body)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ipc_send(r->worker, FAM_MSG_ITEM, 0, st_buf_view(body), -1, &err), err);
    st_buf_fini(body);
    turn(r);
}

static void send_page(struct rig *r, const struct page *page)
{
    struct st_buf body;

    st_buf_init(&body, IPC_MAX);
    pack_page(&body, page);
    send_items(r, &body);
}

static const char *subject = "k8s"; /* the rule that is expected */

/* The next record; its kind, with person and details as text. */
static bool receive(struct rig *r, enum aud_kind *kind, char person[256], char details[4096])
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    struct st_unpack u;
    struct ipc_msg msg;

    if (ipc_recv(r->recorder, scratch, &msg, &err) != ST_OK)
        return false;
    u = st_unpack(msg.body);
    T_OK(aud_entry_unpack(st_unpack_span(&u), &entry, &err), err);
    T_OK(aud_entry_check(&entry, &err), err);
    *kind = entry.kind;
    snprintf(person, 256, "%s", entry.person);
    snprintf(details, 4096, "%.*s", (int)entry.details.n, (const char *)entry.details.p);
    T_CHECK(strcmp(entry.subject, subject) == 0, "%s", entry.subject);
    aud_entry_fini(&entry);
    return true;
}

T_TEST(the_phrases_of_a_post_are_enough)
{
    struct page page = { "ana", "https://wiki.example/Pods", "Pods", "en", "", "p1", 1000, false, false };
    struct lp_item item = { .kind = "view", .text = ST_SPAN("all about kubernetes") };
    char person[256], details[4096];
    enum aud_kind kind;
    struct st_buf packed;
    struct rig r;

    open_rig(&r);
    st_buf_init(&packed, 4096);
    T_CHECK(lp_curate_may(r.cur.gen->plugins, &item, &packed) == LP_CURATE_WORDS, "no where() is asked");
    words = st_buf_view(&packed);
    send_page(&r, &page);
    T_CHECK(receive(&r, &kind, person, details) && kind == AUD_RESOURCE, "a resource");
    words = ST_SPAN("\1\0\0\0\0\0\0\0 and no words");
    page.url = "https://wiki.example/other";
    send_page(&r, &page);
    T_CHECK(!receive(&r, &kind, person, details), "no phrase was said to be there");
    words = ST_SPAN_NONE;
    st_buf_fini(&packed);
    close_rig(&r);
}

T_TEST(a_page_that_a_rule_likes_is_a_resource_without_a_person)
{
    struct page page = {
        "ana", "https://wiki.example/Pods", "Pods", "en", "all about kubernetes and canary 4711", "p1", 1000, false,
        false
    };
    char person[256], details[4096];
    enum aud_kind kind;
    struct rig r;

    open_rig(&r);
    send_page(&r, &page);
    T_CHECK(receive(&r, &kind, person, details) && kind == AUD_RESOURCE, "a resource");
    T_CHECK(person[0] == '\0', "of nobody: %s", person);
    T_CHECK(strstr(details, "\"url\":\"https://wiki.example/Pods\"") != NULL, "%s", details);
    T_CHECK(strstr(details, "cloud/kubernetes") != NULL && strstr(details, "\"rule\":\"k8s\"") != NULL, "%s", details);
    T_CHECK(strstr(details, "4711") == NULL && strstr(details, "ana") == NULL, "no text, no person: %s", details);
    T_CHECK(!receive(&r, &kind, person, details), "too short a look earns nothing");
    close_rig(&r);
}

T_TEST(a_resource_is_recorded_once_in_a_while_learning_each_time)
{
    struct page page = { "ana", "https://wiki.example/Pods", "Pods", "en", "kubernetes", "p1", 130000, false, false };
    char person[256], details[4096];
    unsigned resources = 0, learnings = 0;
    enum aud_kind kind;
    struct rig r;

    open_rig(&r);
    for (int i = 0; i < 3; i++)
        send_page(&r, &page);
    page.person = "";
    send_page(&r, &page);
    while (receive(&r, &kind, person, details)) {
        resources += kind == AUD_RESOURCE;
        learnings += kind == AUD_LEARNING;
        T_CHECK(strcmp(person, kind == AUD_LEARNING ? "ana" : "") == 0, "person '%s'", person);
        T_CHECK(kind != AUD_LEARNING || strstr(details, "\"dwell_ms\":130000") != NULL, "%s", details);
    }
    T_CHECK(resources == 1 && learnings == 3, "%u and %u", resources, learnings);
    st_clock_turn(SEEN_AGAIN_MS + 1);
    send_page(&r, &page);
    T_CHECK(receive(&r, &kind, person, details) && kind == AUD_RESOURCE, "again the next day");
    close_rig(&r);
}

T_TEST(html_is_taken_off)
{
    struct page page = { "",
                         "https://a.example/x",
                         "",
                         "",
                         "<html lang=\"de\"><head><title>Eine Seite</title></head><body>"
                         "<p>Kuber<b>netes</b></p><script>var x = 1</script></body></html>",
                         "",
                         0,
                         true,
                         false };
    char person[256], details[4096];
    enum aud_kind kind;
    struct rig r;

    open_rig(&r);
    send_page(&r, &page);
    T_CHECK(receive(&r, &kind, person, details), "found across the tags");
    T_CHECK(strstr(details, "Eine Seite") != NULL && strstr(details, "\"lang\":\"de\"") != NULL, "%s", details);
    close_rig(&r);
}

T_TEST(what_no_record_may_hold_is_left_out)
{
    static char long_title[600];
    struct page page = { "",           "https://a.example/x", long_title, "not a language",
                         "kubernetes", "an id with spaces",   0,          false,
                         false };
    char person[256], details[4096];
    enum aud_kind kind;
    struct rig r;

    memset(long_title, 'x', sizeof long_title - 1);
    memcpy(long_title + 299, "\xc3\xa4", 2);
    open_rig(&r);
    send_page(&r, &page); /* receive checks the entry as the recorder will */
    T_CHECK(receive(&r, &kind, person, details), "recorded all the same");
    T_CHECK(strstr(details, "spaces") == NULL && strstr(details, "not a") == NULL, "%s", details);
    close_rig(&r);
}

T_TEST(no_rule_no_record_and_nonsense_is_dropped)
{
    struct page page = { "ana", "https://a.example/x", "Gardens", "en", "roses", "", 999999, false, false };
    struct st_err err = ST_ERR_INIT;
    char person[256], details[4096];
    enum aud_kind kind;
    struct rig r;

    t_expect_log(ST_EV_CURATION_DROPPED);
    open_rig(&r);
    send_page(&r, &page);
    T_OK(ipc_send(r.worker, FAM_MSG_ITEM, 0, ST_SPAN("junk"), -1, &err), err);
    T_OK(ipc_send(r.worker, FAM_MSG_RECORD, 0, ST_SPAN("junk"), -1, &err), err);
    turn(&r);
    T_CHECK(!receive(&r, &kind, person, details), "nothing");
    T_CHECK(r.cur.items == 2 && r.cur.dropped == 1, "counted");
    close_rig(&r);
}

T_TEST(of_several_in_one_message_each_is_looked_at_and_nonsense_ends_it)
{
    const char *const urls[] = { "https://wiki.example/One", "https://wiki.example/Two" };
    struct page page = { "", "", "Pods", "en", "all about kubernetes", "p1", 0, false, false };
    char person[256], details[4096];
    struct st_buf body;
    enum aud_kind kind;
    struct rig r;

    t_expect_log(ST_EV_CURATION_DROPPED);
    open_rig(&r);
    st_buf_init(&body, IPC_MAX);
    for (size_t i = 0; i < ST_LEN(urls); i++) {
        page.url = urls[i];
        pack_page(&body, &page);
    }
    st_buf_str(&body, "junk");
    send_items(&r, &body);
    for (size_t i = 0; i < ST_LEN(urls); i++)
        T_CHECK(receive(&r, &kind, person, details) && strstr(details, urls[i]) != NULL, "%zu", i);
    T_CHECK(r.cur.items == 3 && r.cur.dropped == 1, "counted");
    close_rig(&r);
}

T_TEST(different_people_are_counted_and_nobody_is_named)
{
    static const char *const people[] = { "ana", "ben", "ana", "cem", "", "dora", "ben", "eva" };
    struct page page = {
        .url = "https://wiki.example/Puppet", .title = "P", .lang = "en", .text = "puppet", .object_id = ""
    };
    char person[256], details[4096];
    enum aud_kind kind;
    struct rig r;

    open_rig(&r);
    subject = "many";
    for (size_t i = 0; i < ST_LEN(people); i++) {
        page.person = people[i];
        send_page(&r, &page);
        T_CHECK(receive(&r, &kind, person, details) == (i + 1 == ST_LEN(people)), "after %zu", i + 1);
    }
    T_CHECK(kind == AUD_RESOURCE && person[0] == '\0' && strstr(details, "eva") == NULL, "%s", details);
    page.url = "https://wiki.example/Other";
    send_page(&r, &page);
    T_CHECK(!receive(&r, &kind, person, details), "another address counts anew");
    subject = "k8s";
    close_rig(&r);
}

T_TEST(an_address_that_was_curated_and_is_gone_goes_to_the_rule_that_asks)
{
    struct page page = { .person = "",
                         .url = "https://wiki.example/Pods",
                         .title = "Pods",
                         .lang = "en",
                         .text = "kubernetes",
                         .object_id = "" };
    struct page gone = {
        .person = "", .url = page.url, .title = "", .lang = "", .text = "", .object_id = "", .is_gone = true
    };
    char person[256], details[4096];
    enum aud_kind kind;
    struct rig r;

    open_rig(&r);
    send_page(&r, &gone);
    T_CHECK(!receive(&r, &kind, person, details), "nobody had curated it");
    send_page(&r, &page);
    T_CHECK(receive(&r, &kind, person, details), "curated");
    subject = "gone";
    send_page(&r, &gone);
    T_CHECK(receive(&r, &kind, person, details) && kind == AUD_RESOURCE && strstr(details, "\"queue\":\"academy\""),
            "%s", details);
    T_CHECK(!receive(&r, &kind, person, details), "by that rule alone");
    send_page(&r, &gone);
    T_CHECK(!receive(&r, &kind, person, details), "and once");
    subject = "k8s";
    close_rig(&r);
}

T_TEST(a_page_s_day_and_its_source_are_known)
{
    static const struct {
        const char *url, *day;
        bool is_new;
    } cases[] = { { "https://a.example/1", "", false },
                  { "https://a.example/2", "2001-01-01", false },
                  { "https://a.example/3", "9998-01-01", true },
                  { "https://bad.example/4", "9998-01-01", false },
                  { "https://a.test/5", "9998-01-01", false } };
    char person[256], details[4096], html[512];
    enum aud_kind kind;
    struct rig r;

    open_rig(&r);
    subject = "new";
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct page page = {
            .person = "", .url = cases[i].url, .title = "", .lang = "", .text = html, .object_id = "", .is_html = true
        };

        (void)snprintf(html, sizeof html,
                       "<html><head><meta property=\"article:published_time\" content=\"%sT08:00:00Z\"></head>"
                       "<p>ansible</p></html>",
                       cases[i].day);
        send_page(&r, &page);
        T_CHECK(receive(&r, &kind, person, details) == cases[i].is_new, "%s %s", cases[i].url, cases[i].day);
    }
    subject = "k8s";
    close_rig(&r);
}
