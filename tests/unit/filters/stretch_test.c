/* SPDX-License-Identifier: Apache-2.0 */
/* stretch - a body read in stretches says what it says as a whole: each stretch is a sound message, each finding is
 * told once, with the path that it has in the whole, wherever the cuts fall.
 */
#include "benign.h"
#include "decode_helper.h"
#include "filters/track.h"
#include "shipped.h"

#define SIZE    FLT_STRETCH_LEAST
#define ALL_MAX 4096u
#define IBAN    "DE02120300000000202051"

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

static const char *const SECRETS[] = { "my IBAN is " IBAN " thanks", "card 4111 1111 1111 1111", "ana.k@firm.example",
                                       "\\u0044E02120300000000202051", "4012888888881881" };

static void put_words(struct st_buf *out, bool is_json)
{
    struct st_buf post;

    st_buf_init(&post, 65536);
    benign_post((unsigned)t_below(10000), &post);
    for (size_t i = 0; i < post.n; i++) {
        if (!is_json)
            st_buf_byte(out, post.p[i] == '&' || post.p[i] == '=' || post.p[i] == '%' ? '.' : post.p[i]);
        else if (post.p[i] < 0x20)
            st_buf_str(out, "\\n");
        else
            st_buf_fmt(out, post.p[i] == '"' || post.p[i] == '\\' ? "\\%c" : "%c", post.p[i]);
    }
    st_buf_fini(&post);
}

static void put_text(struct st_buf *out, size_t posts, bool is_json)
{
    while (posts-- > 0) {
        put_words(out, is_json);
        st_buf_byte(out, ' ');
        if (t_below(3) == 0)
            st_buf_fmt(out, " %s ", SECRETS[t_below(ST_LEN(SECRETS))]);
    }
}

static void put_value(struct st_buf *out, unsigned depth);

static void put_members(struct st_buf *out, unsigned depth, bool is_object)
{
    static const char *const keys[] = { "text", "a", "note \\u00e4 \\\"q\\\"", "blocks", "id" };

    st_buf_byte(out, is_object ? '{' : '[');
    for (uint64_t n = t_below(6); n > 0; n--) {
        if (is_object)
            st_buf_fmt(out, "\"%s\" : ", keys[t_below(ST_LEN(keys))]);
        put_value(out, depth + 1);
        st_buf_str(out, n > 1 ? " ,\n" : "");
    }
    st_buf_byte(out, is_object ? '}' : ']');
}

static void put_value(struct st_buf *out, unsigned depth)
{
    static const char *const others[] = { "true", "false", "null", "-1.5e+10", "0", "12345678.25", "1E5" };

    if (depth < 6 && t_below(2) == 0) {
        put_members(out, depth, t_below(2) == 0);
    } else if (t_below(3) == 0) {
        st_buf_str(out, others[t_below(ST_LEN(others))]);
    } else {
        st_buf_byte(out, '"');
        put_text(out, t_below(t_below(20) == 0 ? 400 : 4), true);
        st_buf_byte(out, '"');
    }
}

static void make_json(struct st_buf *out, size_t size)
{
    st_buf_reset(out);
    st_buf_str(out, " {\"posts\":[0");
    while (out->n < size) {
        st_buf_str(out, ",\n");
        put_value(out, 0);
    }
    st_buf_str(out, "]}\n");
}

static void make_lines(struct st_buf *out, size_t size)
{
    st_buf_reset(out);
    while (out->n < size) {
        st_buf_str(out, "{\"text\":\"");
        put_text(out, 1 + t_below(5), true);
        st_buf_str(out, "\",\"n\":[1,2]}\r\n");
    }
}

static void make_form(struct st_buf *out, size_t size)
{
    st_buf_reset(out);
    for (unsigned n = 0; out->n < size; n++) {
        st_buf_fmt(out, "%sname%u%%5Bx%%5D=", n == 0 ? "" : "&", n % 3);
        put_text(out, t_below(t_below(20) == 0 ? 400 : 4), false);
    }
}

static void make_text(struct st_buf *out, size_t size)
{
    st_buf_reset(out);
    while (out->n < size)
        put_text(out, 4, false);
}

/* ---- both ways ----------------------------------------------------------------------------------------------------
 */

struct told {
    const struct flt_rule *rule;
    char path[160], value[80];
};

static void take(struct told *all, size_t *n, const struct flt_doc *doc, const struct flt_finding *f)
{
    const struct flt_field *field = &doc->fields[f->field];

    T_CHECK(*n < ALL_MAX, "too many findings for the test");
    all[*n].rule = f->rule;
    (void)snprintf(all[*n].path, sizeof all->path, "%.*s", (int)field->path.n, (const char *)field->path.p);
    (void)snprintf(all[*n].value, sizeof all->value, "%.*s", (int)(f->to - f->from),
                   (const char *)field->text.p + f->from);
    (*n)++;
}

static int by_all(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    int order = strcmp(x->rule->id, y->rule->id);

    order = order != 0 ? order : strcmp(x->path, y->path);
    return order != 0 ? order : strcmp(x->value, y->value);
}

/* Some hundred findings in one scan would reach the ceiling: each field is scanned for itself. */
static size_t whole(const char *type, struct st_span body, struct told *all)
{
    struct st_arena *arena = st_arena_new(256u << 20);
    struct flt_doc *doc = decode_as(arena, type, body);
    struct st_err err = ST_ERR_INIT;
    size_t n = 0;

    T_CHECK(doc->receipt.coverage == FLT_FULLY, "%s", flt_reason_name(doc->receipt.reason));
    for (size_t i = 0; i < doc->n; i++) {
        struct flt_doc one = *doc;
        struct flt_findings found;

        one.fields = &doc->fields[i];
        one.n = 1;
        T_OK(flt_scan(scanner, arena, &one, &found, NULL, &err), err);
        T_CHECK(!found.is_capped && !found.is_short, "one field has too many findings for the test");
        for (size_t k = 0; k < found.n; k++)
            take(all, &n, &one, &found.items[k]);
    }
    st_arena_free(arena);
    return n;
}

static void one_stretch(const struct flt_stretch *stretch, struct told *all, size_t *n)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    struct flt_input in = { .body = stretch->message, .content_type = stretch->content_type };
    struct flt_doc *doc = decode_in(arena, &in);
    struct st_err err = ST_ERR_INIT;

    T_CHECK(doc->receipt.coverage == FLT_FULLY && stretch->reason == FLT_REASON_NONE, "%s: %.200s",
            flt_reason_name(doc->receipt.reason), (const char *)stretch->message.p);
    for (size_t i = 0; i < doc->n; i++) {
        struct flt_doc one = *doc;
        struct flt_findings found;

        one.fields = &doc->fields[i];
        one.n = 1;
        T_OK(flt_scan(scanner, arena, &one, &found, NULL, &err), err);
        for (size_t k = 0; k < found.n; k++)
            if (flt_stretch_owns(stretch, &one, &found.items[k]))
                take(all, n, &one, &found.items[k]);
    }
    st_arena_free(arena);
}

static size_t in_stretches(const char *type, struct st_span body, struct told *all)
{
    struct flt_cutter *cutter = NULL;
    struct flt_stretch stretch;
    struct st_err err = ST_ERR_INIT;
    size_t n = 0, stretches = 0;
    bool any = true;

    T_OK(flt_cutter_new(text_span(type), st_span_sub(body, 0, FLT_SNIFF), SIZE, &cutter, &err), err);
    T_CHECK(cutter != NULL, "%s is not cut", type);
    for (size_t at = 0, piece; at < body.n; at += piece) {
        piece = 1 + t_below(40000);
        T_OK(flt_cutter_feed(cutter, st_span_sub(body, at, piece), &err), err);
        if (at + piece >= body.n)
            flt_cutter_end(cutter);
        for (any = true; any;) {
            T_OK(flt_cutter_next(cutter, &stretch, &any, &err), err);
            if (any)
                one_stretch(&stretch, all, &n);
            stretches += any;
            T_CHECK(flt_cutter_memory(cutter) < 4 * SIZE + 2 * sizeof(struct flt_track_json) * 3, "memory: %zu",
                    flt_cutter_memory(cutter));
        }
    }
    T_CHECK(stretches > body.n / SIZE && stretch.is_last, "%zu stretches of %zu bytes", stretches, body.n);
    flt_cutter_free(cutter);
    return n;
}

static void compare(const char *type, struct st_span body)
{
    static struct told a[ALL_MAX], b[ALL_MAX];
    size_t n = whole(type, body, a), m = in_stretches(type, body, b);

    qsort(a, n, sizeof *a, by_all);
    qsort(b, m, sizeof *b, by_all);
    for (size_t i = 0; i < n && i < m; i++)
        T_CHECK(by_all(&a[i], &b[i]) == 0, "%s: whole has %s %s %s, stretches have %s %s %s", type, a[i].rule->id,
                a[i].path, a[i].value, b[i].rule->id, b[i].path, b[i].value);
    T_CHECK(n == m && n > 0, "%s: %zu findings in the whole, %zu in stretches", type, n, m);
}

T_TEST(stretches_say_what_the_whole_says)
{
    static const struct {
        const char *type;
        void (*make)(struct st_buf *, size_t);
    } KINDS[] = { { "application/json", make_json },
                  { "application/x-ndjson", make_lines },
                  { "application/x-www-form-urlencoded", make_form },
                  { "text/plain", make_text } };
    struct st_buf body;

    once();
    st_buf_init(&body, 8u << 20);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < ST_LEN(KINDS); i++) {
            KINDS[i].make(&body, 200000 + t_below(100000));
            compare(KINDS[i].type, st_buf_view(&body));
        }
    }
    st_buf_fini(&body);
}

/* ---- borders ------------------------------------------------------------------------------------------------------
 */

#define LONGEST (FLT_OVERLAP - 2 * FLT_EDGE - 128) /* of a finding that one stretch has whole; cuts move a little */

/* Which stretches own [from, to) of the body; those must have it whole, with all that may be looked at around it. */
static unsigned owners_of(const struct flt_stretch *stretches, const uint64_t *at, size_t n, uint64_t from, uint64_t to,
                          uint64_t end)
{
    struct flt_map plain = { .layer = FLT_LAYER_RAW };
    struct flt_field field = { .map = &plain };
    struct flt_doc doc = { .fields = &field, .n = 1 };
    unsigned owners = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t back = at[i] + stretches[i].message.n;
        struct flt_finding finding = { .from = (uint32_t)(from - at[i]), .to = (uint32_t)(to - at[i]) };

        if (from < at[i] || to > back || !flt_stretch_owns(&stretches[i], &doc, &finding))
            continue;
        owners++;
        T_CHECK(at[i] == 0 || from >= at[i] + FLT_EDGE, "what stands before %llu is not here",
                (unsigned long long)from);
        T_CHECK(back == end || to + FLT_EDGE <= back, "what stands behind %llu is not here", (unsigned long long)to);
    }
    return owners;
}

/* The rule of docs/why/borders.md, at random splits: STOA_SPLITS=1000000 unit/unit_filters_stretch for a million. */
T_TEST(every_place_is_one_stretchs)
{
    static struct flt_stretch stretches[64];
    static uint64_t at[64];
    const char *wanted = getenv("STOA_SPLITS");
    unsigned splits = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : 20000;
    struct st_buf body;

    st_buf_init(&body, 8u << 20);
    for (unsigned done = 0; done < splits;) {
        struct flt_cutter *cutter = NULL;
        struct st_err err = ST_ERR_INIT;
        size_t size = FLT_STRETCH_LEAST + t_below(70000), n = 0;
        uint64_t front = 0;
        bool any;

        st_buf_reset(&body);
        for (size_t left = 200000 + t_below(300000); left > 0; left--) /* runs, lines and characters of all lengths */
            st_buf_str(&body, t_below(9) == 0 ? "\xc3\xa4" : t_below(60) == 0 ? "\n" : t_below(90) == 0 ? " " : "x");
        T_OK(flt_cutter_new(ST_SPAN("text/plain"), ST_SPAN("x"), size, &cutter, &err), err);
        for (size_t fed = 0, piece; fed < body.n; fed += piece) {
            piece = 1 + t_below(200000);
            T_OK(flt_cutter_feed(cutter, st_span_sub(st_buf_view(&body), fed, piece), &err), err);
            if (fed + piece >= body.n)
                flt_cutter_end(cutter);
            do {
                T_OK(flt_cutter_next(cutter, &stretches[n], &any, &err), err);
                at[n] = front;
                front += any && !stretches[n].is_last ? stretches[n].back - FLT_EDGE : 0;
                n += any;
            } while (any);
        }
        flt_cutter_free(cutter);
        for (unsigned i = 0; i < 2000; i++, done++) {
            uint64_t to = 1 + t_below(body.n), from = to - 1 - t_below(to < LONGEST ? to : LONGEST);
            unsigned owners = owners_of(stretches, at, n, from, to, body.n);

            T_CHECK(owners == 1, "%u stretches of %zu own %llu-%llu of %zu", owners, size, (unsigned long long)from,
                    (unsigned long long)to, body.n);
        }
    }
    st_buf_fini(&body);
}

/* ---- the track ----------------------------------------------------------------------------------------------------
 */

/* What opens a body at any byte, and what closes it there, make sound JSON of both sides. */
T_TEST(json_is_cut_at_every_byte)
{
    static const char *const BODIES[] = { " { \"a\" : [ 1 , -2.5e+3, 0.1E-2, true,false , null, "
                                          "{\"k\\u00e4\\\"\":\"x\\n\\ud83d\\ude00\"} , [ ] , { } ] } ",
                                          "[[[{\"a\":{\"b\":[\"c\",{}]}}]]]",
                                          "\"text\"",
                                          "-0.5e7",
                                          "{\"a\":1}\n{\"a\":[2]}\r\n\"x\"\n",
                                          "true\n[]\n" };
    struct st_buf message;

    st_buf_init(&message, 65536);
    for (size_t i = 0; i < ST_LEN(BODIES); i++) {
        struct st_span body = text_span(BODIES[i]);

        for (size_t at = 0; at <= body.n; at++) {
            struct flt_track_json track = { .at = FLT_AT_VALUE };
            struct st_arena *arena = st_arena_new(ARENA_MAX);

            flt_track_json(&track, st_span_sub(body, 0, at));
            T_CHECK(track.at != FLT_AT_WRONG, "%s at %zu", BODIES[i], at);
            if (flt_track_json_may_cut(&track)) {
                st_buf_reset(&message);
                st_buf_span(&message, st_span_sub(body, 0, at));
                flt_track_json_close(&track, &message);
                if (at > 0)
                    T_CHECK(decode_as(arena, "application/json", st_buf_view(&message))->receipt.coverage == FLT_FULLY,
                            "closed at %zu: %.*s", at, (int)message.n, (const char *)message.p);
                st_buf_reset(&message);
                flt_track_json_open(&track, &message);
                st_buf_span(&message, st_span_sub(body, at, body.n));
                if (at < body.n)
                    T_CHECK(decode_as(arena, "application/json", st_buf_view(&message))->receipt.coverage == FLT_FULLY,
                            "opened at %zu: %.*s", at, (int)message.n, (const char *)message.p);
            }
            st_arena_free(arena);
        }
    }
    st_buf_fini(&message);
}

T_TEST(what_json_refuses_the_track_refuses)
{
    static const char *const BODIES[] = { "{\"a\":01}", "[1,]", "{\"a\" 1}", "{a:1}", "[\"\\x\"]", "[\"\\u12g4\"]",
                                          "[-]",        "[1.]", "[1e]",      "tru ",  "[] []",     "{\"a\":1,}",
                                          "[\"a\nb\"]", "]",    "{]",        "[}",    "nul]",      "+1" };

    for (size_t i = 0; i < ST_LEN(BODIES); i++) {
        struct flt_track_json track = { .at = FLT_AT_VALUE };

        flt_track_json(&track, text_span(BODIES[i]));
        T_CHECK(track.at == FLT_AT_WRONG, "%s is taken", BODIES[i]);
    }
}

T_TEST(cutter_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct flt_cutter *cutter = NULL;
        struct flt_stretch stretch;
        struct st_err err = ST_ERR_INIT;
        bool any = false;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = flt_cutter_new(ST_SPAN("application/json"), ST_SPAN("{\"a\":\"b\"}"), SIZE, &cutter, &err);
        if (rc == ST_OK)
            rc = flt_cutter_feed(cutter, ST_SPAN("{\"a\":\"b\"}"), &err);
        if (rc == ST_OK) {
            flt_cutter_end(cutter);
            rc = flt_cutter_next(cutter, &stretch, &any, &err);
        }
        flt_cutter_free(cutter);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
    t_fail_alloc(0);
}
