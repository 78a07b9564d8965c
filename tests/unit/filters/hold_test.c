/* SPDX-License-Identifier: Apache-2.0 */
/* hold - docs/why/hold-back.md against bodies with secrets at every border: at random splits and pauses, no byte of
 * what the whole body's reading finds has left before it was found, and both readings come to the same verdict.
 *
 * STOA_SPLITS=1000000 unit/unit_filters_hold makes it a million; `make splits` does so with a quick build.
 */
#include "benign.h"
#include "decode_helper.h"
#include "disguise_between.h"
#include "disguise_encoded.h"
#include "disguise_letters.h"
#include "filters/respell.h"
#include "filters/rules.h"
#include "shipped.h"

#define SIZE      FLT_STRETCH_LEAST
#define BODY_MAX  (1u << 20)
#define SHARES    64u /* stretches of a body */
#define SPLITS    720u
#define SPLITS_OF 3u                                 /* of one body: another body shows more than another split */
#define MANY_OF   100u                               /* where a million are wanted */
#define ACTS_FROM 85                                 /* confidence from which the test's policy blocks */
#define LONGEST   (FLT_OVERLAP - 2 * FLT_EDGE - 128) /* of what one stretch has whole; cuts move a little */
#define NOWHERE   UINT64_MAX
#define TYPE      "text/plain; charset=utf-8"

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

typedef void disguise_f(struct st_span s, struct st_buf *out);
static disguise_f *const disguises[] = { plain,          plain,         plain,          percent_all,    percent_twice,
                                         escape_u,       entity_hex,    entity_twice,   full_width,     zero_width,
                                         groups_space,   groups_nbsp,   newline_middle, comment_inside, concat_line,
                                         base64,         base64_thrice, base64_wrapped, base64_gzip,    hex_plain,
                                         hex_spaced,     ascii85,       in_backticks,   each_space,     span_inside,
                                         reversed,       rot13,         spelled,        at_dot,         codes,
                                         tag_inside,     remarks,       office_runs,    groups_colour,  groups_brackets,
                                         in_octal,       in_bits,       in_french,      in_doubles,     in_morse,
                                         over_the_phone, numbered,      quoted_lines };

static const char *const secrets[] = { "my IBAN is DE02120300000000202051",
                                       "card 4111 1111 1111 1111",
                                       "${fake:github.pat_classic}",
                                       "aws key id ${fake:aws.access_key_id}",
                                       "${fake:pem.rsa}",
                                       "token=${fake:jwt}",
                                       "${fake:slack.bot}" };

static void put_repeated(struct st_buf *out, const char *what, size_t n)
{
    while (n-- > 0)
        st_buf_str(out, what);
}

/* Longer than what two stretches share: things unseen between its characters, or deep in an encoded run. */
static void put_stretched(struct st_span s, struct st_buf *out)
{
    size_t n = 100 + t_below(600);

    for (size_t i = 0; i < s.n && i < 40; i++) {
        st_buf_byte(out, s.p[i]);
        put_repeated(out, "\u200b", n);
    }
}

static void put_sunk(struct st_span s, struct st_buf *out)
{
    struct st_buf text;

    st_buf_init(&text, BODY_MAX);
    put_repeated(&text, "All is well here. ", t_below(3000));
    st_buf_span(&text, s);
    put_repeated(&text, " And here as well.", t_below(3000));
    if (t_below(2) == 0)
        base64(st_buf_view(&text), out);
    else
        through(st_buf_view(&text), out, "", base64, fold_76);
    st_buf_fini(&text);
}

/* Answers whether it may be long. */
static bool put_secret(struct st_buf *out)
{
    disguise_f *way = t_below(4) == 0   ? put_stretched
                      : t_below(4) == 0 ? put_sunk
                                        : disguises[t_below(ST_LEN(disguises))];
    const char *template = secrets[t_below(ST_LEN(secrets))];
    struct st_err err = ST_ERR_INIT;
    struct st_buf value;
    size_t bad;

    st_buf_init(&value, 65536);
    T_OK(flt_fake_expand(text_span(template), t_rand(), &value, &bad, &err), err);
    st_buf_byte(out, t_below(2) == 0 ? ' ' : '\n');
    way(st_buf_view(&value), out);
    st_buf_byte(out, t_below(2) == 0 ? ' ' : '\n');
    st_buf_fini(&value);
    return way == put_stretched || way == put_sunk;
}

static void put_characters(struct st_buf *out, const char *from, size_t n)
{
    for (size_t k = strlen(from); n > 0; n--)
        st_buf_byte(out, (uint8_t)from[t_below(k)]);
}

/* A word that tells of another reading of the text around it (respell.h): what it makes of a text far from it would be
 * read in the whole, and in no stretch. */
static void put_signal(struct st_buf *out)
{
    static struct scan_expr signals[FLT_SIGNALS_MAX];
    static size_t n;

    if (n == 0)
        flt_signals(signals, &n);
    st_buf_fmt(out, "so it says%s and so on\n", signals[t_below(n)].pattern);
}

/* What makes a tail that says nothing: long runs, long lines, escapes, things unseen, groups in a row. */
static void put_noise(struct st_buf *out)
{
    static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 1 + t_below(t_below(4) == 0 ? 30000 : 3000);

    switch (t_below(8)) {
    case 0: put_characters(out, BASE64, n); break;
    case 1: put_repeated(out, "\u200b", n / 3); break;
    case 2: put_repeated(out, "\\u0061", n / 6); break;
    case 3: put_repeated(out, "&#x61;", n / 6); break;
    case 4: put_repeated(out, "3f 41 ", n / 6); break;
    case 5: put_repeated(out, "ab12;", n / 5); break;
    case 6: put_repeated(out, "<b></b>", n / 7); break;
    case 7: put_characters(out, "abc .%&;", n); break;
    }
    st_buf_byte(out, '\n');
}

/* is_near: to a border; elsewhere most lines say little, which is read quickly. */
static void put_line(struct st_buf *out, bool is_near)
{
    struct st_buf post;

    if (!is_near && t_below(16) > 0) {
        st_buf_str(out, "It is a quiet day, and nothing happens here at all. So it goes on, line by line, as ever.\n");
        return;
    }
    if (t_below(3) == 0) {
        st_buf_fmt(out, "2026-11-%02u %02u:%02u:%02u worker[%u]: done in %u ms\n", (unsigned)t_below(30) + 1,
                   (unsigned)t_below(24), (unsigned)t_below(60), (unsigned)t_below(60), (unsigned)t_below(90),
                   (unsigned)t_below(5000));
        return;
    }
    st_buf_init(&post, 65536);
    benign_post((unsigned)t_below(10000), &post);
    st_buf_span(out, st_buf_view(&post));
    st_buf_byte(out, '\n');
    st_buf_fini(&post);
}

/* Near the end of a stretch of the usual size? */
static bool is_border(size_t at)
{
    size_t off = (at + FLT_OVERLAP) % (SIZE - FLT_OVERLAP);

    return at > SIZE / 2 && (off < 3000 || off > SIZE - FLT_OVERLAP - 15000);
}

/* Answers whether some of it may be long. */
static bool make_body(struct st_buf *out)
{
    size_t size = SIZE + t_below(t_below(8) == 0 ? 3 * SIZE : SIZE), left = t_below(4);
    bool is_noisy = t_below(2) == 0, is_long = false;

    st_buf_reset(out);
    st_buf_str(out, "A log of the day.\n");
    while (out->n < size) {
        put_line(out, is_border(out->n));
        if (is_noisy && t_below(is_border(out->n) ? 12 : 150) == 0)
            put_noise(out);
        if (t_below(60) == 0)
            put_signal(out);
        if (left > 0 && t_below(is_border(out->n) ? 25 : 400) == 0) {
            is_long = put_secret(out) || is_long;
            left--;
        }
    }
    return is_long;
}

/* ---- the reading of the whole ------------------------------------------------------------------------------------ */

static bool acts_on(const struct flt_finding *f)
{
    static const char *const ids[] = { "secret.", "pii.iban", "pii.card." };

    for (size_t i = 0; i < ST_LEN(ids) && f->confidence >= ACTS_FROM; i++)
        if (strncmp(f->rule->id, ids[i], strlen(ids[i])) == 0)
            return true;
    return false;
}

static uint64_t begin_of(const struct flt_doc *doc, const struct flt_finding *f)
{
    uint32_t from = f->from, to = f->to;

    flt_map_range(doc->fields[f->field].map, NULL, &from, &to);
    return from;
}

static struct flt_doc *read_text(struct st_arena *arena, struct st_span text, struct flt_findings *found)
{
    struct flt_input in = { .body = text, .content_type = ST_SPAN(TYPE) };
    struct flt_doc *doc = decode_in(arena, &in);
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_scan(scanner, arena, doc, found, NULL, &err), err);
    return doc;
}

struct whole {      /* what the reading of the whole says */
    uint64_t first; /* where the first thing begins that must not leave */
    bool is_long;   /* something in it may be in no stretch as a whole (docs/why/borders.md) */
};

/* false: nobody can tell, there is too much in it. */
static bool read_whole(struct st_span body, struct whole *whole)
{
    struct st_arena *arena = st_arena_new(256u << 20);
    struct flt_findings found;
    struct flt_doc *doc = read_text(arena, body, &found);
    bool is_told;

    whole->first = NOWHERE;
    for (size_t i = 0; i < found.n; i++) {
        const struct flt_finding *f = &found.items[i];

        if (f->to - f->from > LONGEST)
            whole->is_long = true;
        else if (acts_on(f) && begin_of(doc, f) < whole->first)
            whole->first = begin_of(doc, f);
    }
    is_told = !found.is_capped && !found.is_short && doc->receipt.coverage == FLT_FULLY;
    st_arena_free(arena);
    return is_told;
}

/* ---- in stretches ------------------------------------------------------------------------------------------------ */

struct came { /* of a stretch */
    bool is_known, has_found;
    struct flt_hold hold; /* behind it */
    uint64_t first;       /* what is its own and must not leave; unless it is the last */
};
struct flow {
    struct flt_cutter *cutter;
    struct flt_hold hold;
    struct came *known; /* by stretch; those of a body that comes without a pause are always the same */
    size_t stretches;
    bool has_paused, has_found;
    uint64_t first; /* by the reading of the whole */
};

static void look_at(struct flow *flow, const struct flt_stretch *stretch, struct came *came)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_findings found;
    struct flt_doc *doc = read_text(arena, stretch->message, &found);
    uint64_t at = stretch->is_last ? 0 : stretch->shared_at - (uint64_t)(stretch->shared.p - stretch->message.p);

    came->first = NOWHERE;
    for (size_t i = 0; i < found.n; i++) {
        if (!acts_on(&found.items[i]) || !flt_stretch_owns(stretch, doc, &found.items[i]))
            continue;
        came->has_found = true;
        if (!stretch->is_last && at + begin_of(doc, &found.items[i]) < came->first)
            came->first = at + begin_of(doc, &found.items[i]);
    }
    T_OK(flt_hold_looked(&flow->hold, &(struct flt_looked){ stretch, doc, &found, flow->has_found || came->has_found },
                         arena, &err),
         err);
    came->hold = flow->hold;
    came->is_known = !flow->has_paused;
    st_arena_free(arena);
}

static void take_stretch(struct flow *flow, const struct flt_stretch *stretch)
{
    struct came fresh = { .is_known = false },
                *came = flow->has_paused || flow->stretches >= SHARES ? &fresh : &flow->known[flow->stretches];
    uint64_t had_left = flow->hold.free;

    flow->stretches++;
    if (!came->is_known)
        look_at(flow, stretch, came);
    flow->has_found = flow->has_found || came->has_found;
    flow->hold = came->hold;
    T_CHECK(had_left <= came->first, "a finding at %llu, and %llu bytes had left", (unsigned long long)came->first,
            (unsigned long long)had_left);
    T_CHECK(flow->hold.free <= flow->first, "%llu bytes may leave, and what must not begins at %llu",
            (unsigned long long)flow->hold.free, (unsigned long long)flow->first);
}

static void take_all(struct flow *flow)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_stretch stretch;
    bool any = true;

    while (true) {
        T_OK(flt_cutter_next(flow->cutter, &stretch, &any, &err), err);
        if (!any)
            return;
        take_stretch(flow, &stretch);
    }
}

/* Feeds a body in random pieces, with a pause behind some of them. Answers how much of it went before its end. */
static uint64_t split(struct st_span body, struct came *known, const struct whole *whole)
{
    struct flow flow = { .known = known, .first = whole->first };
    bool has_pauses = t_below(8) == 0;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_cutter_new(ST_SPAN(TYPE), st_span_sub(body, 0, FLT_SNIFF), SIZE, &flow.cutter, &err), err);
    for (size_t at = 0, piece; at < body.n; at += piece) {
        piece = 1 + t_below(t_below(4) == 0 ? 100000 : 20000);
        T_OK(flt_cutter_feed(flow.cutter, st_span_sub(body, at, piece), &err), err);
        if (has_pauses && t_below(6) == 0) {
            flow.has_paused = true;
            flt_cutter_press(flow.cutter);
        }
        if (at + piece >= body.n)
            flt_cutter_end(flow.cutter);
        take_all(&flow);
        T_CHECK(flow.hold.free <= at + piece, "more may leave than there is");
    }
    T_CHECK(flow.has_found || whole->first == NOWHERE, "the whole is blocked, and the pieces are not");
    T_CHECK(!flow.has_found || whole->first != NOWHERE || whole->is_long, "the whole may go, and the pieces may not");
    flt_cutter_free(flow.cutter);
    return flow.hold.free;
}

T_TEST(no_byte_of_a_match_leaves_at_any_split)
{
    const char *wanted = getenv("STOA_SPLITS");
    unsigned splits = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : SPLITS, done = 0, blocked = 0, bodies = 0;
    unsigned splits_of = splits > SPLITS ? MANY_OF : SPLITS_OF;
    uint64_t clean = 0, left = 0;
    struct st_buf body;

    once();
    st_buf_init(&body, BODY_MAX);
    while (done < splits) {
        static struct came known[SHARES];
        struct whole whole = { .is_long = make_body(&body) };

        if (!read_whole(st_buf_view(&body), &whole))
            continue;
        memset(known, 0, sizeof known);
        bodies++;
        blocked += whole.first != NOWHERE;
        for (unsigned i = 0; i < splits_of && done < splits; i++, done++) {
            uint64_t went = split(st_buf_view(&body), known, &whole);

            clean += whole.first == NOWHERE ? body.n : 0;
            left += whole.first == NOWHERE ? went : 0;
        }
    }
    T_CHECK(blocked > bodies / 5 && blocked < bodies, "%u of %u bodies are blocked", blocked, bodies);
    T_CHECK(left > clean / 4, "of %llu clean bytes, only %llu left before the end", (unsigned long long)clean,
            (unsigned long long)left);
    st_buf_fini(&body);
}

/* ---- one tail after the other ------------------------------------------------------------------------------------ */

/* How much of a body goes before its end, when all of it is prose but for what stands across its first border. */
static uint64_t flows_past(const char *across, size_t times)
{
    struct flow flow = { .has_paused = true, .first = NOWHERE };
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;

    st_buf_init(&body, BODY_MAX);
    while (body.n < SIZE - FLT_OVERLAP)
        st_buf_str(&body, "It is a quiet day, and nothing happens here at all.\n");
    put_repeated(&body, across, times);
    while (body.n < SIZE + FLT_OVERLAP)
        st_buf_str(&body, "It is a quiet day, and nothing happens here at all.\n");
    T_OK(flt_cutter_new(ST_SPAN(TYPE), st_span_sub(st_buf_view(&body), 0, FLT_SNIFF), SIZE, &flow.cutter, &err), err);
    T_OK(flt_cutter_feed(flow.cutter, st_buf_view(&body), &err), err);
    take_all(&flow);
    flt_cutter_free(flow.cutter);
    st_buf_fini(&body);
    return flow.hold.free;
}

T_TEST(what_reaches_over_a_tail_holds_it)
{
    static const struct {
        const char *what;
        size_t times;
        bool flows;
    } CASES[] = {
        { "And so it goes on.\n", 900, true },
        { "And so it goes on. ", 900, false }, /* one line of 17 KB */
        { "QWxsIGlzIHdlbGwuIEFsbCBpcyB3ZWxsLiBBbGwgaXMgd2VsbC4g", 300, false },
        { "QWxsIGlzIHdlbGwuIEFsbCBpcyB3ZWxsLiBBbGwgaXMgd2VsbC4g\n", 300, false },
        { "\n3f 41 3f 41 3f 41 3f 41 3f 41", 500, false },
        { "\xe2\x80\x8b", 5000, false },
        { "\n\xe2\x80\x8b", 5000, false },
        { "\\u0061\\u0062\\u0063 \n", 800, false },
        { "\\u0061\\u0062\\u0063 and so on, and on\n", 800, true },
        { "&amp;#x20;", 1600, false },
        { "<b></b>\n", 2000, false },
        { "a quiet word\n<~ and so on\n", 700, false },
        { "a quiet word\n<~ and so on ~>\n", 100, true },
    };

    once();
    for (size_t i = 0; i < ST_LEN(CASES); i++) {
        uint64_t went = flows_past(CASES[i].what, CASES[i].times);

        T_CHECK((went > 0) == CASES[i].flows, "%zu of %s: %llu bytes may leave", CASES[i].times, CASES[i].what,
                (unsigned long long)went);
    }
}

T_TEST(only_plain_texts_fit)
{
    static const struct {
        const char *type, *first;
        enum flt_hold_fit fit;
    } CASES[] = {
        { "text/plain", "a line\n", FLT_HOLD_YES },
        { "text/csv; charset=UTF-8", "a,b\n", FLT_HOLD_YES },
        { "text/plain; charset=us-ascii", "a line\n", FLT_HOLD_YES },
        { "text/plain; charset=iso-8859-1", "a line\n", FLT_HOLD_CHARSET },
        { "text/plain", "\xff\xfe", FLT_HOLD_CHARSET },
        { "text/plain", "{\"a\": 1}", FLT_HOLD_TYPE },
        { "application/json", "{\"a\": 1}", FLT_HOLD_TYPE },
        { "text/html", "<p>", FLT_HOLD_TYPE },
        { "application/x-www-form-urlencoded", "a=b", FLT_HOLD_TYPE },
        { "multipart/form-data; boundary=x", "--x", FLT_HOLD_TYPE },
    };

    once();
    for (size_t i = 0; i < ST_LEN(CASES); i++)
        T_CHECK(flt_hold_fits(text_span(CASES[i].type), text_span(CASES[i].first), packs) == CASES[i].fit, "%s, %s",
                CASES[i].type, CASES[i].first);
}
