/* SPDX-License-Identifier: Apache-2.0 */
/* curate_xapi - `stoa curate export --format xapi`: what people learned, as statements for a learning record store.
 *
 * The recorder opens the learning of those who are opted in, writes down that it did, and names each person by a
 * pseudonym that is made for this one recipient; a recording gives the same statements offline, of nobody. Only what is
 * in the table below is a statement: messages, drafts, prompts and searches never are. Before one is written, plugins
 * with the hook `statement` may map or drop it. Reports of one film on one day are one statement. A statement has the
 * same id each time, so that a store knows what it has (xAPI 1.0.3 and 2.0: Data 2, Communication 2.1).
 */
#include "base/clock.h"
#include "base/hash.h"
#include "cli/curate.h"
#include "cli/recording.h"
#include "lua-plugins/plugins.h"
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 200000u
#define ARENA_MAX      (64u << 20)
#define ADL            "http://adlnet.gov/expapi/verbs/"
#define ACROSSX        "https://w3id.org/xapi/acrossx/"
#define DAY_MS         86400000
#define LOOK_BACK      4096u
#define STRETCHES_MAX  1024u /* of one playing */

/* What a kind of activity (docs/activity.md) is called in xAPI; no line: it is no statement. */
static const struct phrase {
    const char *kind, *verb, *en, *de, *type;
} phrases[] = {
    { "view", "http://id.tincanapi.com/verb/viewed", "viewed", "angesehen", ACROSSX "activities/webpage" },
    { "read.dwell", "http://activitystrea.ms/read", "read", "gelesen", "http://activitystrea.ms/article" },
    { "watch.start", ACROSSX "verbs/watched", "watched", "angeschaut",
      "https://w3id.org/xapi/video/activity-type/video" },
    { "watch.progress", ACROSSX "verbs/watched", "watched", "angeschaut",
      "https://w3id.org/xapi/video/activity-type/video" },
    { "watch.end", ACROSSX "verbs/watched", "watched", "angeschaut",
      "https://w3id.org/xapi/video/activity-type/video" },
    { "post", ACROSSX "verbs/posted", "posted", "veröffentlicht", ACROSSX "activities/message" },
    { "comment", ADL "commented", "commented", "kommentiert", "http://activitystrea.ms/comment" },
    { "reply", "http://id.tincanapi.com/verb/replied", "replied", "geantwortet",
      "http://id.tincanapi.com/activitytype/forum-reply" },
    { "share", ADL "shared", "shared", "geteilt", ACROSSX "activities/webpage" },
    { "react", ACROSSX "verbs/liked", "liked", "gutgeheißen", ACROSSX "activities/webpage" },
    { "save", "http://id.tincanapi.com/verb/bookmarked", "bookmarked", "gemerkt", "http://activitystrea.ms/bookmark" },
    { "join", "http://activitystrea.ms/join", "joined", "beigetreten", "http://activitystrea.ms/group" },
    { "course.progress", ADL "progressed", "progressed", "vorangekommen",
      "https://w3id.org/xapi/cmi5/activities/course" },
    { "course.complete", ADL "completed", "completed", "abgeschlossen",
      "https://w3id.org/xapi/cmi5/activities/course" },
    { "quiz.attempt", ADL "attempted", "attempted", "versucht", "http://adlnet.gov/expapi/activities/assessment" },
};
/* What a rule's credit may say instead: verbs of ADL by their names. */
static const struct phrase credits[] = {
    { "experienced", ADL "experienced", "experienced", "erlebt", NULL },
    { "completed", ADL "completed", "completed", "abgeschlossen", NULL },
    { "attended", ADL "attended", "attended", "teilgenommen", NULL },
    { "attempted", ADL "attempted", "attempted", "versucht", NULL },
    { "progressed", ADL "progressed", "progressed", "vorangekommen", NULL },
    { "interacted", ADL "interacted", "interacted", "beschäftigt", NULL },
};

struct learned { /* one statement to be; owned by the list */
    char actor[64];
    int64_t wall_ms;
    uint64_t first, last;    /* records */
    json_t *details, *pairs; /* owned; pairs: intervals of all its records */
};
struct exporting {
    const struct cli *cli;
    struct lp_set *set;
    const char *to;          /* the recipient */
    int64_t step_ms, now_ms; /* now_ms: of a recording, all of which is learned when it is read */
    struct learned *items;   /* owned */
    size_t n, room;
    uint64_t next;                           /* record to go on with */
    size_t said, nowhere, no_words, dropped; /* statements; records without an address, of other kinds; by plugins */
    bool no_memory;
};

static const char *text_of(const json_t *details, const char *key)
{
    const char *s = json_string_value(json_object_get(details, key));

    return s != NULL ? s : "";
}

static const struct phrase *find(const struct phrase *list, size_t n, const char *kind)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].kind, kind) == 0)
            return &list[i];
    return NULL;
}

struct stretch { /* of media time, milliseconds */
    uint64_t from, to;
};

static int by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct stretch *)a)->from, y = ((const struct stretch *)b)->from;

    return x < y ? -1 : x > y;
}

/* The union: a minute that was watched twice is one minute. */
static uint64_t watched(const json_t *pairs)
{
    struct stretch all[STRETCHES_MAX];
    uint64_t ms = 0, end = 0;
    const json_t *pair;
    size_t i, n = 0;

    json_array_foreach(pairs, i, pair)
    {
        json_int_t from = json_integer_value(json_array_get(pair, 0)), to = json_integer_value(json_array_get(pair, 1));

        if (from >= 0 && to > from && n < STRETCHES_MAX)
            all[n++] = (struct stretch){ (uint64_t)from, (uint64_t)to };
    }
    qsort(all, n, sizeof all[0], by_start);
    for (i = 0; i < n; i++) {
        uint64_t from = all[i].from > end ? all[i].from : end;

        ms += all[i].to > from ? all[i].to - from : 0;
        end = all[i].to > end ? all[i].to : end;
    }
    return ms;
}

/* ---- one statement ----------------------------------------------------------------------------------------------- */

/* As RFC 9562 lays out version 5, of SHA-256: the same for the same records and recipient. */
static enum st_rc put_id(const struct exporting *e, const struct learned *item, char out[37], struct st_err *err)
{
    static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
    const struct st_span parts[] = { ST_SPAN("stoa statement\n"),
                                     st_span_str(e->to),
                                     ST_SPAN("\n"),
                                     st_span_str(item->actor),
                                     { (const uint8_t *)&item->first, sizeof item->first },
                                     { (const uint8_t *)&item->last, sizeof item->last } };
    uint8_t hash[ST_SHA256_LEN];
    size_t at = 0, n = 0;

    if (st_sha256(parts, ST_LEN(parts), hash, err) != ST_OK)
        return ST_ERR;
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x50);
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
    for (size_t g = 0; g < ST_LEN(groups); at += groups[g++]) {
        n += st_hex(st_span(hash + at, groups[g]), out + n);
        out[n++] = g + 1 < ST_LEN(groups) ? '-' : '\0';
    }
    return ST_OK;
}

/* "en", "de-AT": letters, digits and single hyphens, as RFC 5646 has them. */
static const char *language(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"),
           first = strcspn(text, "-");

    return text[n] == '\0' && first >= 2 && first <= 3 && n <= 35 && strstr(text, "--") == NULL && text[n - 1] != '-'
               ? text
               : NULL;
}

static const struct lp_tag *tag_of(const struct exporting *e, const char *rule)
{
    for (size_t i = 0; i < lp_curate_count(e->set); i++)
        if (strcmp(lp_curate_rule(e->set, i).name, rule) == 0)
            return lp_curate_rule(e->set, i).tag;
    return NULL;
}

static void put_tags(char *out, size_t size, const json_t *tags)
{
    const json_t *tag;
    size_t i, used = 0;

    out[0] = '\0';
    json_array_foreach(tags, i, tag) used +=
        used < size ? (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? "," : "", json_string_value(tag)) : 0;
}

/* What plugins are shown: texts. */
static json_t *fields_of(const struct learned *item, const struct phrase *verb, const struct phrase *kind,
                         const char *day)
{
    uint64_t ms = watched(item->pairs);
    bool is_final = json_is_true(json_object_get(item->details, "final"));
    char seconds[24], tags[512];

    if (ms == 0)
        ms = (uint64_t)json_integer_value(json_object_get(item->details, "dwell_ms"));
    (void)snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)(ms + 500) / 1000);
    put_tags(tags, sizeof tags, json_object_get(item->details, "tags"));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "verb", verb->verb, "type",
                     kind->type, "url", text_of(item->details, "url"), "title", text_of(item->details, "title"), "lang",
                     text_of(item->details, "lang"), "platform", text_of(item->details, "platform"), "kind", kind->kind,
                     "rule", text_of(item->details, "rule"), "tags", tags, "day", day, "seconds", seconds, "completed",
                     is_final ? "true" : "false");
}

static json_t *object_of(const json_t *fields, const struct lp_mapping *says)
{
    const char *title = text_of(fields, "title"), *lang = language(text_of(fields, "lang"));
    json_t *definition = json_pack("{s:s}", "type", says->type != NULL ? says->type : text_of(fields, "type"));

    if (title[0] != '\0')
        (void)json_object_set_new(definition, "name", json_pack("{s:s}", lang != NULL ? lang : "und", title));
    return json_pack("{s:s, s:s, s:o}", "objectType", "Activity", "id",
                     says->url != NULL ? says->url : text_of(fields, "url"), "definition", definition);
}

static json_t *context_of(const struct learned *item, const json_t *fields, const struct lp_mapping *says)
{
    const char *lang = language(text_of(fields, "lang")), *platform = text_of(fields, "platform");
    const json_t *tags = json_object_get(item->details, "tags");
    json_t *context = json_object();

    platform = says->platform != NULL ? says->platform : platform;
    if (platform[0] != '\0')
        (void)json_object_set_new(context, "platform", json_string(platform));
    if (lang != NULL)
        (void)json_object_set_new(context, "language", json_string(lang));
    if (says->parent != NULL)
        (void)json_object_set_new(
            context, "contextActivities",
            json_pack("{s:[{s:s, s:s}]}", "parent", "objectType", "Activity", "id", says->parent));
    if (json_array_size(tags) > 0)
        (void)json_object_set_new(context, "extensions",
                                  json_pack("{s:O}", "http://id.tincanapi.com/extension/tags", tags));
    return context;
}

static json_t *result_of(const json_t *fields)
{
    const char *seconds = text_of(fields, "seconds");
    char duration[32];
    json_t *result = NULL;

    (void)snprintf(duration, sizeof duration, "PT%sS", seconds);
    if (strcmp(seconds, "0") != 0)
        result = json_pack("{s:s}", "duration", duration);
    if (strcmp(text_of(fields, "completed"), "true") == 0) {
        result = result != NULL ? result : json_object();
        (void)json_object_set_new(result, "completion", json_true());
    }
    return result;
}

static json_t *statement(const struct exporting *e, const struct learned *item, const struct phrase *verb,
                         const json_t *fields, const struct lp_mapping *says)
{
    char id[37], stamp[32];
    struct st_err err = ST_ERR_INIT;
    json_t *out, *result = result_of(fields), *said;

    if (put_id(e, item, id, &err) != ST_OK)
        return NULL;
    st_clock_rfc3339(item->wall_ms - item->wall_ms % e->step_ms, stamp, sizeof stamp);
    said = says->verb != NULL
               ? json_pack("{s:s}", "id", says->verb)
               : json_pack("{s:s, s:{s:s, s:s}}", "id", verb->verb, "display", "en", verb->en, "de", verb->de);
    out = json_pack("{s:s, s:{s:s, s:{s:s, s:s}}, s:o, s:o, s:o, s:s}", "id", id, "actor", "objectType", "Agent",
                    "account", "homePage", e->to, "name", item->actor, "verb", said, "object", object_of(fields, says),
                    "context", context_of(item, fields, says), "timestamp", stamp);
    if (out != NULL && result != NULL)
        (void)json_object_set(out, "result", result);
    json_decref(result);
    return out;
}

static void print(struct exporting *e, json_t *out)
{
    char *line = json_dumps(out, JSON_COMPACT);

    if (line != NULL)
        printf("%s\n%s", e->said++ > 0 ? "," : "[", line);
    else
        e->no_memory = true;
    free(line);
}

/* Without memory nothing is said of it, and the command fails. */
static void say(struct exporting *e, const struct learned *item)
{
    const char *rule = text_of(item->details, "rule");
    const struct phrase *kind = find(phrases, ST_LEN(phrases), text_of(item->details, "activity")), *verb = kind;
    const struct lp_tag *tag = tag_of(e, rule);
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_err err = ST_ERR_INIT;
    struct lp_mapping says;
    json_t *fields = NULL, *out = NULL;
    char stamp[32];

    st_clock_rfc3339(item->wall_ms, stamp, sizeof stamp);
    stamp[10] = '\0';
    if (tag != NULL && tag->verb != NULL && find(credits, ST_LEN(credits), tag->verb) != NULL)
        verb = find(credits, ST_LEN(credits), tag->verb);
    fields = fields_of(item, verb, kind, stamp);
    if (arena == NULL || fields == NULL || lp_hook_statement(e->set, fields, arena, &says, &err) != ST_OK)
        e->no_memory = true;
    else if (says.is_dropped)
        e->dropped++;
    else if ((out = statement(e, item, verb, fields, &says)) != NULL)
        print(e, out);
    else
        e->no_memory = true;
    json_decref(out);
    json_decref(fields);
    st_arena_free(arena);
}

/* ---- gathering --------------------------------------------------------------------------------------------------- */

/* What this adds to: reports of the same film on the same day are one statement. It is one of the last, or none. */
static struct learned *playing_of(struct exporting *e, const char *actor, int64_t wall_ms, const json_t *details)
{
    const char *url = text_of(details, "url");

    if (strncmp(text_of(details, "activity"), "watch.", 6) != 0)
        return NULL;
    for (size_t i = e->n; i-- > 0 && e->n - i <= LOOK_BACK;) {
        const struct learned *item = &e->items[i];

        if (item->wall_ms / DAY_MS == wall_ms / DAY_MS && strcmp(item->actor, actor) == 0 &&
            strcmp(text_of(item->details, "url"), url) == 0 &&
            strncmp(text_of(item->details, "activity"), "watch.", 6) == 0)
            return &e->items[i];
    }
    return NULL;
}

/* For one more; NULL: there is none. */
static struct learned *room(struct exporting *e)
{
    size_t room = e->room > 0 ? 2 * e->room : 64;
    struct learned *grown;

    if (e->n == STATEMENTS_MAX)
        return NULL;
    if (e->n == e->room) {
        if ((grown = realloc(e->items, room * sizeof *grown)) == NULL)
            return NULL;
        e->items = grown;
        e->room = room;
    }
    return &e->items[e->n];
}

/* A record more; details: the caller's reference. */
static void take(struct exporting *e, const char *actor, uint64_t seq, int64_t wall_ms, json_t *details)
{
    struct learned *item;

    if (find(phrases, ST_LEN(phrases), text_of(details, "activity")) == NULL) {
        e->no_words++;
    } else if (text_of(details, "url")[0] == '\0') {
        e->nowhere++;
    } else if ((item = playing_of(e, actor, wall_ms, details)) != NULL) {
        item->last = seq;
        (void)json_array_extend(item->pairs, json_object_get(details, "intervals"));
        (void)json_object_update(item->details, details);
    } else if ((item = room(e)) == NULL) {
        e->no_memory = true;
    } else {
        *item = (struct learned){ .wall_ms = wall_ms, .first = seq, .last = seq, .pairs = json_array() };
        item->details = json_incref(details);
        (void)json_array_extend(item->pairs, json_object_get(details, "intervals"));
        (void)snprintf(item->actor, sizeof item->actor, "%s", actor);
        e->n++;
    }
    e->next = seq + 1;
}

static void take_record(struct exporting *e, const json_t *record)
{
    json_t *details = json_object_get(record, "details");
    const char *subject = text_of(record, "subject");

    if (!json_is_object(details)) /* erased, or damaged */
        return;
    if (tag_of(e, subject) != NULL)
        (void)json_object_set_new(details, "rule", json_string(subject));
    take(e, text_of(record, "pseudonym"), (uint64_t)json_integer_value(json_object_get(record, "seq")),
         json_integer_value(json_object_get(record, "wall_ms")), details);
}

/* The gateway answers in pages; each leaves its own record of access. */
static int take_records(struct exporting *e)
{
    json_int_t from = (json_int_t)e->next;
    json_t *answer, *record;
    size_t i;
    int code;

    do {
        code = cli_ask(e->cli, "learned",
                       json_pack("{s:s, s:s, s:I}", "person", e->to, "reason", "xapi", "from_seq", from), &answer);
        if (code != CLI_OK)
            return code;
        json_array_foreach(json_object_get(answer, "records"), i, record) take_record(e, record);
        from = json_integer_value(json_object_get(answer, "next_seq"));
        json_decref(answer);
    } while (from > 0 && !e->no_memory);
    return CLI_OK;
}

static json_t *details_of(const struct lp_activity *a)
{
    json_t *details =
        json_pack("{s:s, s:s, s:s%, s:s%, s:s%, s:I}", "platform", a->platform, "activity", a->kind, "url",
                  a->url.n > 0 ? (const char *)a->url.p : "", a->url.n, "title",
                  a->title.n > 0 ? (const char *)a->title.p : "", a->title.n, "lang",
                  a->lang.n > 0 ? (const char *)a->lang.p : "", a->lang.n, "dwell_ms", (json_int_t)a->dwell_ms);
    json_t *pairs = json_array();

    for (size_t i = 0; i < a->n_intervals; i++)
        (void)json_array_append_new(
            pairs, json_pack("[I, I]", (json_int_t)a->intervals[i].from_ms, (json_int_t)a->intervals[i].to_ms));
    (void)json_object_set_new(details, "intervals", pairs);
    if (a->is_final)
        (void)json_object_set_new(details, "final", json_true());
    return details;
}

static void take_play(void *ctx, const struct recording_play *play)
{
    struct exporting *e = ctx;
    const struct lp_activity *a = play->activity;
    json_t *details;

    if (a == NULL || a->phase == LP_DRAFT || a->phase == LP_PREPARE)
        return;
    if ((details = details_of(a)) == NULL)
        e->no_words++; /* its texts are no UTF-8 */
    else
        take(e, "nobody", play->number, e->now_ms, details);
    json_decref(details);
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static void tell(const struct exporting *e, bool is_recording)
{
    printf("%s]\n", e->said > 0 ? "\n" : "[");
    fprintf(stderr, "stoa: %zu statements", e->said);
    if (e->dropped > 0)
        fprintf(stderr, ", %zu dropped by plugins", e->dropped);
    if (e->nowhere + e->no_words > 0)
        fprintf(stderr, "; no statement: %zu without an address, %zu of kinds that are none", e->nowhere, e->no_words);
    if (!is_recording && e->next > 0)
        fprintf(stderr, "; the next time: --from %llu", (unsigned long long)e->next);
    fprintf(stderr, "\n");
}

int curate_xapi(struct cli *cli, const struct curate_export *how)
{
    struct exporting e = { .cli = cli,
                           .to = how->to,
                           .next = how->from,
                           .step_ms = how->is_exact ? 1 : DAY_MS,
                           .now_ms = st_clock_wall_ms() };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    int code;

    if (curate_load(cli, how->dir, &e.set, diag, &err) != ST_OK)
        code = cli_broken(cli, diag, &err);
    else if (how->recording != NULL)
        code = recording_run(&(struct recording){ how->recording, e.set, take_play, &e });
    else
        code = take_records(&e);
    if (code == CLI_OK) {
        for (size_t i = 0; i < e.n; i++)
            say(&e, &e.items[i]);
        tell(&e, how->recording != NULL);
        if (e.no_memory)
            code = cli_fail(CLI_FOUND,
                            "not enough memory, or more than %u statements: the list is not whole; "
                            "export more often, with --from",
                            STATEMENTS_MAX);
    }
    for (size_t i = 0; i < e.n; i++) {
        json_decref(e.items[i].details);
        json_decref(e.items[i].pairs);
    }
    free(e.items);
    lp_set_release(e.set);
    st_diag_free(diag);
    return code;
}
