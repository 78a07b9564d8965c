/* SPDX-License-Identifier: Apache-2.0 */
/* learned - what people learned is handed over: of whom, under which name, and that it was. */
#include "audit_t.h"

#define READ(url) \
    "{\"platform\":\"mediawiki\",\"activity\":\"view\",\"url\":\"https://a.test/" url "\",\"dwell_ms\":130000}"

struct heard {
    char names[8][32], details[8][256];
    size_t n;
};

static bool hear(void *ctx, const struct aud_record *record)
{
    struct heard *heard = ctx;

    T_CHECK(record->kind == AUD_LEARNING && heard->n < 8, "kind %d", (int)record->kind);
    (void)snprintf(heard->names[heard->n], 32, "%s", record->pseudonym);
    (void)snprintf(heard->details[heard->n++], 256, "%.*s", (int)record->details.n, (const char *)record->details.p);
    return true;
}

static struct heard hand_over(struct aud_store *store, const char *recipient, uint64_t from)
{
    const struct aud_handover to = { .recipient = recipient, .by = "admin", .reason = "export", .from_seq = from };
    struct heard heard = { .n = 0 };
    struct st_err err = ST_ERR_INIT;

    T_OK(aud_read_learning(store, &to, hear, &heard, &err), err);
    return heard;
}

static bool count(void *ctx, const struct aud_record *record)
{
    *(size_t *)ctx += record->kind == AUD_ACCESS;
    return true;
}

static size_t looks(const struct at_log *log)
{
    const struct aud_filter filter = { .kind = AUD_ACCESS };
    struct st_err err = ST_ERR_INIT;
    size_t n = 0;

    T_OK(aud_read(log->dir, &filter, count, &n, NULL, &err), err);
    return n;
}

T_TEST(learning_is_handed_over_of_who_is_in_now)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_store *store;
    struct heard first, other;
    struct at_log log;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    T_OK(aud_consent_set(store, "ben", "learning", true, "ben", &err), err);
    st_clock_turn(10);
    at_add(store, AUD_LEARNING, 1, "ana", "rule", READ("1"));
    at_add(store, AUD_LEARNING, 2, "ben", "rule", READ("2"));
    at_add(store, AUD_LEARNING, 3, "ana", "rule", READ("3"));
    at_add(store, AUD_DECISION, 4, "ana", "r", "{\"policy\":\"p\"}");
    at_commit(store);
    first = hand_over(store, "https://lrs.test", 0);
    T_CHECK(first.n == 3 && looks(&log) == 1, "%zu records, %zu looks", first.n, looks(&log));
    T_CHECK(strstr(first.details[0], "a.test/1") != NULL && strstr(first.details[2], "a.test/3") != NULL, "details");
    T_CHECK(strcmp(first.names[0], first.names[2]) == 0 && strcmp(first.names[0], first.names[1]) != 0,
            "one name each");
    other = hand_over(store, "https://other.test", 0);
    T_CHECK(other.n == 3 && strcmp(first.names[0], other.names[0]) != 0, "a name for each recipient");
    T_CHECK(hand_over(store, "https://lrs.test", 1000).n == 0, "from a later one on");

    T_OK(aud_consent_set(store, "ana", "learning", false, "ana", &err), err);
    other = hand_over(store, "https://lrs.test", 0);
    T_CHECK(other.n == 1 && strcmp(other.names[0], first.names[1]) == 0, "ana is out: %zu", other.n);
    T_OK(aud_erase(store, "ben", &err), err);
    other = hand_over(store, "https://lrs.test", 0);
    for (size_t i = 0; i < other.n; i++)
        T_CHECK(other.details[i][0] == '\0', "what was erased is not handed over");
    T_CHECK(looks(&log) == 5, "%zu looks", looks(&log));
    aud_close(store);
    at_clean(&log);
}

T_TEST(no_name_for_a_recipient_is_in_any_file)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_store *store;
    struct heard heard;
    struct at_log log;
    char month[600], core[600];

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    st_clock_turn(10);
    at_add(store, AUD_LEARNING, 1, "ana", "rule", READ("1"));
    at_commit(store);
    heard = hand_over(store, "https://lrs.test", 0);
    aud_close(store);
    at_month(&log, month, sizeof month);
    (void)snprintf(core, sizeof core, "%s/stoa.db", log.dir);
    T_CHECK(heard.n == 1 && !at_has(month, heard.names[0], strlen(heard.names[0])) &&
                !at_has(core, heard.names[0], strlen(heard.names[0])),
            "the recipient's name is kept");
}
