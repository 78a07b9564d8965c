/* SPDX-License-Identifier: Apache-2.0 */
/* curator - decides off the data path what is worth learning from.
 *
 * A worker hands over bounded copies of pages and posts (FAM_MSG_ITEM), or, where no rule needs the text of a post,
 * which phrases of the rules stand in it; the curation rules of the generation look at them; each rule that holds
 * becomes a RESOURCE record without any person in it, and, when the rule gives credit for the time spent and a person
 * is known, a LEARNING record (the recorder drops it unless that person opted in). The text is gone when the item is
 * done. The same resource by the same rule is recorded once in a while only, not per reader. For each address it
 * remembers how many different people came, as keyed hashes under a key that nobody else has and that ends with the
 * process: a rule may ask whether they are five or more, never who. An address that answers no more matters only when
 * it was curated. Once a minute plugins tidy up what they keep, and it goes to disk.
 */
#include "base/hash.h"
#include "base/hash64.h"
#include "base/json.h"
#include "base/log.h"
#include "base/table.h"
#include "gateway/family.h"
#include "gateway/kept.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/outbox.h"

#define WORKERS_MAX   256
#define QUEUE_BYTES   65536
#define ITEM_MEMORY   (8u << 20)
#define DETAILS_MAX   8192
#define SEEN_MAX      20000
#define SEEN_AGAIN_MS (86400 * (uint64_t)1000)
#define TICK_MS       60000
#define TITLE_MAX     300 /* audit/fields.def */
#define URL_MAX       512
#define OBJECT_MAX    128

struct signal { /* of one address */
    uint64_t people[LP_LEARNERS_MAX];
    unsigned n;
    bool is_curated; /* a rule has tagged it */
};

struct curator;
struct cur_peer {
    struct curator *cur;
    struct fam_link *link;
};
struct curator {
    struct fam_child *child;
    struct generation *gen;
    struct outbox *outbox;
    struct cur_peer peers[WORKERS_MAX];
    struct st_table *seen;    /* url and rule -> when it was recorded (uint64_t, owned) */
    struct st_table *signals; /* url -> struct signal (owned) */
    struct st_sip sip;        /* of their people */
    struct lp_store *store;   /* of the plugins, owned */
    struct kept kept;         /* where it is on disk */
    struct st_timer tick;
    uint64_t items, dropped, resources, learnings, ticks;
};

struct item { /* one page or post, as the worker packed it */
    char platform[64], kind[64], person[256];
    struct st_span url, title, author, lang, content_type, text, words, object_id;
    uint64_t dwell_ms, length_ms;
    bool is_html, is_gone;
};

static bool item_unpack(struct st_unpack *u, struct item *item)
{
    st_unpack_str(u, item->platform, sizeof item->platform);
    st_unpack_str(u, item->kind, sizeof item->kind);
    st_unpack_str(u, item->person, sizeof item->person);
    item->url = st_unpack_span(u);
    item->title = st_unpack_span(u);
    item->author = st_unpack_span(u);
    item->lang = st_unpack_span(u);
    item->content_type = st_unpack_span(u);
    item->text = st_unpack_span(u);
    item->words = st_unpack_span(u);
    item->dwell_ms = st_unpack_u64(u);
    item->length_ms = st_unpack_u64(u);
    item->is_html = st_unpack_u8(u) != 0;
    item->object_id = st_unpack_span(u);
    item->is_gone = st_unpack_u8(u) != 0;
    return !u->bad;
}

/* ---- records -------------------------------------------------------------------------------------------------------
 */

/* A detail that is no id as the record format knows it is left out, not the whole record with it. */
static void put_id(struct st_json *w, const char *key, struct st_span value, size_t max)
{
    if (value.n == 0 || value.n > max)
        return;
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = value.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!is_alnum && (c == 0 || strchr("._:/#-", c) == NULL))
            return;
    }
    st_json_span(w, key, value);
}

/* One line of at most TITLE_MAX bytes, cut between characters. */
static void put_title(struct st_json *w, struct st_span title)
{
    size_t n = title.n;

    if (n > TITLE_MAX)
        for (n = TITLE_MAX; n > 0 && (title.p[n] & 0xc0) == 0x80;)
            n--;
    for (size_t i = 0; i < n; i++)
        if (title.p[i] < ' ' || title.p[i] == 0x7f)
            return;
    if (n > 0)
        st_json_span(w, "title", st_span(title.p, n));
}

static void put_thing(struct st_json *w, const struct item *item)
{
    put_id(w, "platform", st_span_str(item->platform), 63);
    put_id(w, "activity", st_span_str(item->kind), 63);
    if (item->url.n > 0 && item->url.n <= URL_MAX)
        st_json_span(w, "url", item->url);
    put_title(w, item->title);
    put_id(w, "object_id", item->object_id, OBJECT_MAX);
    put_id(w, "lang", item->lang, 32);
    if (item->length_ms > 0)
        st_json_int(w, "length_ms", (int64_t)item->length_ms);
}

static void put_tags(struct st_json *w, const struct lp_tag *tag)
{
    const char *const tags[] = { tag->topic, tag->skill, tag->level };

    st_json_array(w, "tags");
    for (size_t i = 0; i < ST_LEN(tags); i++)
        if (tags[i] != NULL)
            put_id(w, NULL, st_span_str(tags[i]), 63);
    st_json_end(w);
}

static void put_resource(struct st_json *w, const struct lp_tag *tag)
{
    put_id(w, "rule", st_span_str(tag->rule), 63);
    put_id(w, "topic", st_span_str(tag->topic), 63);
    put_id(w, "level", st_span_str(tag->level), 31);
    put_id(w, "skill", st_span_str(tag->skill), 63);
    put_id(w, "queue", st_span_str(tag->queue), 63);
    put_id(w, "verb", st_span_str(tag->verb), 63);
    if (tag->credit_dwell_ms > 0)
        st_json_int(w, "credit_dwell_ms", (int64_t)tag->credit_dwell_ms);
    if (tag->expire_ms > 0)
        st_json_int(w, "expire_ms", (int64_t)tag->expire_ms);
}

static enum st_rc record(struct curator *cur, enum aud_kind kind, const struct item *item, const struct lp_tag *tag)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    struct st_json w;
    enum st_rc rc;

    aud_entry_init(&entry, kind);
    entry.wall_ms = st_clock_wall_ms();
    snprintf(entry.subject, sizeof entry.subject, "%s", st_id(tag->rule != NULL ? tag->rule : "curation").s);
    if (kind == AUD_LEARNING)
        memcpy(entry.person, item->person, sizeof entry.person);
    st_json_init(&w, &entry.details);
    st_json_object(&w, NULL);
    put_thing(&w, item);
    put_tags(&w, tag);
    if (kind == AUD_LEARNING)
        st_json_int(&w, "dwell_ms", (int64_t)item->dwell_ms);
    else
        put_resource(&w, tag);
    st_json_end(&w);
    rc = aud_entry_check(&entry, &err); /* a URL that may not be kept: the recorder would refuse it */
    if (rc == ST_OK)
        rc = outbox_add(cur->outbox, &entry, &err);
    if (rc != ST_OK) {
        cur->dropped++;
        ST_LOG(CURATION_DROPPED, ST_LIT("why", "record"), ST_ERRF(&err));
    }
    aud_entry_fini(&entry);
    return rc;
}

/* ---- items ---------------------------------------------------------------------------------------------------------
 */

static void note_seen(struct curator *cur, struct st_span key)
{
    struct st_err err = ST_ERR_INIT;
    uint64_t *when = malloc(sizeof *when);

    if (when == NULL)
        return; /* then it is recorded again next time */
    *when = st_clock_ms();
    if (st_table_put(cur->seen, key, when, &err) != ST_OK)
        free(when);
}

/* Once in a while; what could not be recorded is tried again with the next reader. */
static void record_resource(struct curator *cur, const struct item *item, const struct lp_tag *tag)
{
    const uint64_t *when;
    struct st_buf key;

    st_buf_init(&key, DETAILS_MAX);
    st_buf_span(&key, st_span_sub(item->url, 0, URL_MAX));
    st_buf_byte(&key, 0);
    st_buf_str(&key, tag->rule);
    st_buf_byte(&key, 0);
    st_buf_str(&key, tag->topic != NULL ? tag->topic : ""); /* a plugin may have several */
    when = st_table_get(cur->seen, st_buf_view(&key));
    if ((when == NULL || st_clock_ms() - *when >= SEEN_AGAIN_MS) && record(cur, AUD_RESOURCE, item, tag) == ST_OK) {
        cur->resources++;
        note_seen(cur, st_buf_view(&key));
    }
    st_buf_fini(&key);
}

static void apply(struct curator *cur, const struct item *item, const struct lp_tag *tag)
{
    record_resource(cur, item, tag);
    if (item->person[0] != '\0' && tag->credit_dwell_ms > 0 && item->dwell_ms >= tag->credit_dwell_ms &&
        record(cur, AUD_LEARNING, item, tag) == ST_OK)
        cur->learnings++;
}

/* What is known of the address; NULL: nothing, and there is no room for it. Borrowed until the next. */
static struct signal *signal_of(struct curator *cur, struct st_span url)
{
    struct st_err err = ST_ERR_INIT;
    struct signal *signal = st_table_get(cur->signals, url);

    if (signal != NULL || url.n == 0 || url.n > URL_MAX || (signal = calloc(1, sizeof *signal)) == NULL)
        return signal;
    if (st_table_put(cur->signals, url, signal, &err) == ST_OK)
        return signal;
    free(signal);
    return NULL;
}

static unsigned count_person(const struct curator *cur, struct signal *signal, const char *person)
{
    uint64_t who = st_siphash(&cur->sip, st_span_str(person));

    if (signal == NULL)
        return 0;
    for (unsigned i = 0; i < signal->n; i++)
        if (signal->people[i] == who)
            return signal->n;
    if (person[0] != '\0' && signal->n < LP_LEARNERS_MAX)
        signal->people[signal->n++] = who;
    return signal->n;
}

static void take_page(struct item *item, const struct lp_page *page, struct lp_item *subject)
{
    item->text = page->text;
    if (item->title.n == 0)
        item->title = page->title;
    if (item->lang.n == 0)
        item->lang = page->lang;
    lp_page_age(page, st_clock_wall_ms(), subject);
}

static enum st_rc curate(struct curator *cur, struct item *item, struct st_arena *arena, struct st_err *err)
{
    struct signal *signal = item->is_gone ? st_table_get(cur->signals, item->url) : signal_of(cur, item->url);
    struct lp_item subject = { .platform = item->platform,
                               .kind = item->kind,
                               .learners = count_person(cur, signal, item->person),
                               .is_dead = item->is_gone };
    struct lp_tag *tags = NULL;
    struct lp_page page;
    size_t n = 0;

    if (item->is_gone && (signal == NULL || !signal->is_curated))
        return ST_OK;
    if (item->is_html) {
        if (lp_page_text(arena, item->text, item->content_type, &page, err) != ST_OK)
            return ST_ERR;
        take_page(item, &page, &subject);
    }
    subject.url = item->url;
    subject.title = item->title;
    subject.author = item->author;
    subject.lang = item->lang;
    subject.text = item->text;
    subject.words = item->words;
    subject.dwell_ms = item->dwell_ms;
    subject.length_ms = item->length_ms;
    if (lp_curate(cur->gen->plugins, &subject, arena, &tags, &n, err) != ST_OK)
        return ST_ERR;
    if (signal != NULL && n > 0)
        signal->is_curated = true;
    for (size_t i = 0; i < n; i++)
        apply(cur, item, &tags[i]);
    return ST_OK;
}

/* The next of the items in a message. */
static void take_item(struct curator *cur, struct st_unpack *u)
{
    struct st_err err = ST_ERR_INIT;
    struct st_arena *arena;
    struct item item = { .is_html = false };
    enum st_rc rc;

    cur->items++;
    if ((arena = st_arena_new(ITEM_MEMORY)) == NULL) {
        rc = st_fail(&err, ST_E_NOMEM, "curator.item", "arena", 0);
        u->bad = true; /* nothing is known of what follows */
    } else if (!item_unpack(u, &item)) {
        rc = st_fail(&err, ST_E_PROTO, "curator.item", "malformed message", u->rest.n);
    } else {
        rc = curate(cur, &item, arena, &err);
    }
    if (rc == ST_ERR) {
        cur->dropped++;
        ST_LOG(CURATION_DROPPED, ST_LIT("why", "failed"), ST_ERRF(&err));
    }
    st_arena_free(arena);
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct st_unpack u = st_unpack(msg->body);

    if (msg->type != FAM_MSG_ITEM)
        return;
    do
        take_item(((struct cur_peer *)ctx)->cur, &u);
    while (!st_unpack_done(&u) && !u.bad);
}

/* ---- what plugins keep ---------------------------------------------------------------------------------------------
 */

static void write_store(struct curator *cur)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf packed;

    if (!lp_store_changed(cur->store))
        return;
    st_buf_init(&packed, KEPT_MAX);
    lp_store_write(cur->store, &packed);
    if (st_buf_done(&packed, &err, "curator.store") != ST_OK ||
        kept_write(&cur->kept, st_buf_view(&packed), &err) != ST_OK)
        ST_LOG(STORE_FAILED, ST_ERRF(&err));
    else
        lp_store_saved(cur->store);
    st_buf_fini(&packed);
}

static void on_tick(void *ctx)
{
    struct curator *cur = ctx;
    struct st_arena *arena = st_arena_new(ITEM_MEMORY);
    struct st_err err = ST_ERR_INIT;

    if (arena == NULL || lp_hook_tick(cur->gen->plugins, arena, &err) != ST_OK)
        ST_LOG(OOM, ST_LIT("why", "tick"), ST_ERRF(&err));
    st_arena_free(arena);
    cur->ticks++;
    write_store(cur);
    if (st_timer_arm(fam_timers(cur->child), &cur->tick, TICK_MS, &err) != ST_OK)
        ST_LOG(OOM, ST_LIT("why", "timer"), ST_ERRF(&err));
}

/* What cannot be read is begun anew, and that is said. */
static enum st_rc open_store(struct curator *cur, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;
    struct st_buf packed;

    if ((cur->store = lp_store_new()) == NULL)
        return st_fail(err, ST_E_NOMEM, "curator.start", "store", 0);
    st_buf_init(&packed, KEPT_MAX + 1);
    if (kept_open(fam_kept(cur->child), &cur->kept, &packed, &why) != ST_OK ||
        (packed.n > 0 && lp_store_read(cur->store, st_buf_view(&packed), &why) != ST_OK))
        ST_LOG(STORE_FAILED, ST_ERRF(&why));
    st_buf_fini(&packed);
    lp_set_keep(cur->gen->plugins, cur->store);
    cur->tick = (struct st_timer){ .fn = on_tick, .ctx = cur };
    return st_timer_arm(fam_timers(cur->child), &cur->tick, TICK_MS, err);
}

/* ---- the role ------------------------------------------------------------------------------------------------------
 */

static void generation(void *self, struct generation *gen)
{
    struct curator *cur = self;

    cur->gen = gen; /* held by the run-time until the next one */
    lp_set_keep(gen->plugins, cur->store);
}

static enum st_rc start(void *self, struct fam_child *child, struct st_err *err)
{
    struct curator *cur = self;
    uint8_t key[ST_SIP_KEY_LEN];

    if (st_random(key, sizeof key, err) != ST_OK)
        return ST_ERR;
    cur->sip = st_sip_key(key);
    st_wipe(key, sizeof key);
    cur->child = child;
    cur->gen = fam_generation(child);
    cur->outbox = outbox_new(child, OUTBOX_BYTES);
    cur->seen = st_table_new(SEEN_MAX, true, free);
    cur->signals = st_table_new(SEEN_MAX, true, free);
    if (cur->outbox == NULL || cur->seen == NULL || cur->signals == NULL)
        return st_fail(err, ST_E_NOMEM, "curator.start", "curator", 0);
    if (open_store(cur, err) != ST_OK)
        return ST_ERR;
    return outbox_keep(cur->outbox, fam_journal(child), err);
}

static void peer(void *self, enum fam_role role, unsigned number, int fd)
{
    struct curator *cur = self;

    if (role == FAM_RECORDER) {
        outbox_peer(cur->outbox, fd);
    } else if (role == FAM_WORKER && number < WORKERS_MAX) {
        struct cur_peer *p = &cur->peers[number];

        fam_link_free(p->link); /* what a dead worker left there was a copy, nothing that must not be lost */
        p->cur = cur;
        p->link = fam_link_new(cur->child, fd, QUEUE_BYTES, on_message, NULL, p);
    } else {
        close(fd);
    }
}

static void on_idle(void *ctx)
{
    fam_done(((struct curator *)ctx)->child);
}

static void drain(void *self, uint64_t within_ms)
{
    struct curator *cur = self;

    (void)within_ms; /* after it the run-time ends us */
    write_store(cur);
    if (outbox_pending(cur->outbox) == 0)
        fam_done(cur->child);
    else
        outbox_on_idle(cur->outbox, on_idle, cur);
}

static void status(void *self, struct st_buf *json)
{
    struct curator *cur = self;
    struct st_json w;

    st_json_init(&w, json);
    st_json_object(&w, NULL);
    st_json_int(&w, "items", (int64_t)cur->items);
    st_json_int(&w, "dropped", (int64_t)cur->dropped);
    st_json_int(&w, "resources", (int64_t)cur->resources);
    st_json_int(&w, "learnings", (int64_t)cur->learnings);
    st_json_int(&w, "ticks", (int64_t)cur->ticks);
    st_json_int(&w, "waiting", cur->outbox != NULL ? (int64_t)outbox_pending(cur->outbox) : 0);
    st_json_end(&w);
}

static void curator_fini(struct curator *cur)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        fam_link_free(cur->peers[i].link);
    outbox_free(cur->outbox);
    st_table_free(cur->seen);
    st_table_free(cur->signals);
    lp_store_free(cur->store);
    kept_close(&cur->kept);
}

int fam_curator_main(unsigned number)
{
    static struct curator cur = { .kept = { .fd = -1 } };
    static const struct fam_ops ops = {
        .role = FAM_CURATOR, .start = start, .generation = generation, .peer = peer, .drain = drain, .status = status
    };
    int code = fam_child_main(&ops, &cur, number);

    curator_fini(&cur);
    return code;
}
