/* SPDX-License-Identifier: Apache-2.0 */
/* scan_same_test - the quick way finds what the slow way finds.
 *
 * Texts are made of the detectors' own examples, whole and cut, between harmless posts, in JSON of many members. Each
 * is scanned as the data path does it; then once more with a trace, which takes no short cut, and every field alone
 * likewise, by a scanner of its own; and each answer about a context word is held against a search of the window byte
 * by byte.
 */
#define flt_word_near flt_word_near_quickly
#include "../../../filters/near.c"
#undef flt_word_near
#include "benign.h"
#include "filters/fake.h"
#include "t.h"

#define EXAMPLES_MAX 4096u
#define DOCS         400u

static struct flt_packs *packs;
static struct example {
    struct st_span text;
    const struct flt_detector *detector;
} examples[EXAMPLES_MAX];
static size_t n_examples;

/* ---- the slow way ------------------------------------------------------------------------------------------------ */

static bool stands_at(struct st_span text, uint32_t end, const char *form, const char *word)
{
    size_t n = strlen(form);

    return n <= end && st_span_ieq(st_span_sub(text, end - n, n), st_span_str(form)) &&
           flt_word_stands(text, end, word);
}

/* Its letters that are not ASCII in the other case: all (4), those that begin a word (5), the first (6). */
static void in_capitals(const char *word, int nth, char form[256])
{
    const uint8_t *p = (const uint8_t *)word, *end = p + strlen(word);
    size_t k = 0;

    for (bool begins = true; p < end && k < 250;) {
        uint8_t lower[FLT_FOLD_MAX], upper[FLT_FOLD_MAX];
        size_t n, len = flt_fold_char(p, end, lower, &n), big = *p >= 0x80 ? flt_upper_char(p, end, upper) : 0;

        memcpy(form + k, big == len && (nth == 4 || begins) ? upper : p, len);
        begins = nth == 5 && *p < 0x80 && !flt_is_alnum(*p);
        k += len;
        p += len;
    }
    form[k] = '\0';
}

#define FORMS 7
/* A phrase with its blanks, or as the name of a variable, or in capitals; false when there is no such form of it. */
static bool form_of(const char *word, int nth, char form[256])
{
    size_t n = strlen(word), k = 0;

    if (nth >= 4) {
        in_capitals(word, nth, form);
        return strcmp(form, word) != 0;
    }
    if (nth > 0 && (strchr(word, ' ') == NULL || (nth == 3 && n < 10)))
        return false;
    for (size_t i = 0; i < n && k < 255; i++)
        if (word[i] != ' ' || nth < 3)
            form[k++] = word[i] != ' ' ? word[i] : " _-"[nth];
    form[k] = '\0';
    return true;
}

static bool form_near(const struct flt_scanner *s, const struct flt_detector *d, const char *form, const char *word,
                      uint32_t from, uint32_t to)
{
    uint32_t lo = from > d->window.before ? from - d->window.before : 0, hi = to + d->window.after;

    if (flt_ifind(s->field->path, form) || flt_ifind(s->field->name, form))
        return true;
    for (uint32_t end = lo + 1; end <= hi && end <= s->text.n; end++)
        if ((end <= from || end > to) && stands_at(s->text, end, form, word))
            return true;
    return false;
}

/* Does a word of that kind, a name being one of the detector's countries, stand with its end there? *w: which. */
static bool kind_at(const struct flt_scanner *s, uint32_t end, const struct flt_detector *of, size_t *w)
{
    for (*w = 0; *w < s->packs->n_literals; ++*w) {
        const struct flt_word *word = &s->packs->word_index[*w];
        char form[256];

        if (of == NULL
                ? word->kind != FLT_WORD_KIND
                : word->kind != FLT_WORD_NAME || (of->nations[word->nation / 64] >> (word->nation % 64) & 1) == 0)
            continue;
        for (int nth = 0; nth < FORMS; nth++)
            if (form_of(s->packs->words[*w], nth, form) && stands_at(s->text, end, form, s->packs->words[*w]))
                return true;
    }
    return false;
}

/* The label of the name that ends there: the first kind around it that is no mere number. */
static unsigned label_at(const struct flt_scanner *s, uint32_t name)
{
    uint32_t from = name > FLT_PAIR_FAR ? name - FLT_PAIR_FAR : 1;
    size_t w;

    for (uint32_t end = from; end <= name + FLT_PAIR_FAR && end <= s->text.n; end++)
        if (kind_at(s, end, NULL, &w) && s->packs->word_index[w].label != FLT_LABEL_ANY)
            return s->packs->word_index[w].label;
    return FLT_LABEL_ANY;
}

/* Is there a name of the detector's countries at all? Most texts have none, and looking at every place takes long. */
static bool is_named(const struct flt_detector *d, struct st_span window)
{
    for (size_t nation = 0; flt_nation_name(nation, 0) != NULL; nation++)
        for (size_t i = 0; (d->nations[nation / 64] >> (nation % 64) & 1) != 0; i++) {
            const char *name = flt_nation_name(nation, i);
            char form[256];

            if (name == NULL)
                break;
            for (int nth = 0; nth < FORMS; nth++)
                if (form_of(name, nth, form) && flt_ifind(window, form))
                    return true;
        }
    return false;
}

/* A name of the detector's country and a kind of number stand together in its window. */
static bool nation_near(const struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = from > d->window.before ? from - d->window.before : 0, hi = to + d->window.after;
    size_t name, kind;

    if (!is_named(d, st_span_sub(s->text, lo > 64 ? lo - 64 : 0, hi)) /* a name may begin before the window */)
        return false;
    for (uint32_t a = lo + 1; a <= hi && a <= s->text.n; a++) {
        if (!kind_at(s, a, d, &name) ||
            !flt_wants(d, s->packs->nations[s->packs->word_index[name].nation][label_at(s, a)]))
            continue;
        for (uint32_t b = lo + 1; b <= hi && b <= s->text.n; b++) {
            uint32_t last = a > b ? a : b;

            if ((last <= from || last > to) && (a > b ? a - b : b - a) <= FLT_PAIR_FAR && kind_at(s, b, NULL, &kind))
                return true;
        }
    }
    return false;
}

static bool near_slowly(const struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    if (nation_near(s, d, from, to))
        return true;
    for (size_t w = 0; w < s->packs->n_literals; w++) {
        char form[256];

        for (int nth = 0; flt_wants(d, w) && nth < FORMS; nth++)
            if (form_of(s->packs->words[w], nth, form) && form_near(s, d, form, s->packs->words[w], from, to))
                return true;
    }
    return false;
}

/* One of its labels right before, or one of its words in the head of its column (tests of their own: labels_test). */
static bool label_near(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    size_t label = flt_label_before(s, from);
    struct st_span head = flt_column_head(s, from, to);
    struct flt_path path = { .n_words = 0 };

    if (label != FLT_WORDS_MAX && flt_wants(d, label))
        return true;
    flt_labels_of(s->packs, head, &path);
    for (size_t i = 0; i < path.n_words; i++)
        if (flt_wants(d, path.words[i]))
            return true;
    for (size_t w = 0; w < s->packs->n_literals; w++)
        if (flt_wants(d, w) && flt_ifind(head, s->packs->words[w]))
            return true;
    return false;
}

/* All finders ask here. */
bool flt_word_near(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    bool is_near = flt_word_near_quickly(s, d, from, to);

    T_CHECK(is_near == (near_slowly(s, d, from, to) || label_near(s, d, from, to)), "%s at %u of \"%.*s\": %d",
            d->rule.id, from, (int)s->text.n, (const char *)s->text.p, is_near);
    return is_near;
}

static void ignore(void *ctx, const struct flt_candidate *candidate)
{
    (void)ctx;
    (void)candidate;
}

/* Each field alone; *n counts on. */
static void scan_slowly(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc,
                        struct flt_findings *out)
{
    const struct flt_trace trace = { ignore, NULL };
    struct st_err err = ST_ERR_INIT;

    out->items = st_arena_alloc(arena, (doc->n + 1) * FLT_FINDINGS_MAX * sizeof *out->items);
    out->n = 0;
    for (size_t i = 0; i < doc->n; i++) {
        struct flt_doc one = *doc;
        struct flt_findings found;

        one.fields = &doc->fields[i];
        one.n = 1;
        T_OK(flt_scan(s, arena, &one, &found, &trace, &err), err);
        for (size_t k = 0; k < found.n; k++) {
            out->items[out->n] = found.items[k];
            out->items[out->n++].field = (uint32_t)i;
        }
    }
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void read_examples(void)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf text;
    size_t at;

    st_buf_init(&text, 65536);
    for (size_t i = 0; i < packs->n; i++) {
        const struct flt_detector *d = &packs->rules[i];

        for (size_t k = 0; k < d->n_match + d->n_miss && n_examples < EXAMPLES_MAX; k++) {
            const struct st_str *example = k < d->n_match ? &d->match[k] : &d->miss[k - d->n_match];

            st_buf_reset(&text);
            T_OK(flt_fake_expand(st_span_str(example->s), i * 31 + k, &text, &at, &err), err);
            examples[n_examples].text = st_span(st_arena_dup(packs->arena, text.p, text.n), text.n);
            examples[n_examples++].detector = d;
        }
    }
    st_buf_fini(&text);
}

static void put_string(struct st_buf *json, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20)
            st_buf_fmt(json, "\\u%04x", s.p[i]);
        else
            st_buf_fmt(json, s.p[i] == '"' || s.p[i] == '\\' ? "\\%c" : "%c", s.p[i]);
    }
}

static struct st_span any_example(void)
{
    return examples[t_rand() % n_examples].text;
}

/* A stretch of an example, cut between characters. */
static struct st_span any_piece(void)
{
    struct st_span s = any_example();
    size_t from = t_rand() % (s.n + 1), n = t_rand() % 40;

    while (from < s.n && (s.p[from] & 0xC0) == 0x80)
        from++;
    n = n < s.n - from ? n : s.n - from;
    while (from + n < s.n && (s.p[from + n] & 0xC0) == 0x80)
        n++;
    return st_span_sub(s, from, n);
}

static void put_dots(struct st_buf *json, uint32_t about)
{
    for (size_t n = about - about / 8 + t_rand() % (about / 4 + 1); n > 0; n--)
        st_buf_byte(json, n % 20 == 0 ? ' ' : '.');
}

/* An example with a word of its detector about where its window begins, and one about where it ends. */
static void put_far_words(struct st_buf *json)
{
    const struct example *example = &examples[t_rand() % n_examples];
    const char *words[] = { "", "" };

    for (size_t tries = 0, found = 0; tries < 20000 && found < ST_LEN(words); tries++) {
        size_t w = t_rand() % packs->n_words;

        if (flt_wants(example->detector, w))
            words[found++] = packs->words[w];
    }
    put_string(json, st_span_str(words[0]));
    put_dots(json, example->detector->window.before);
    put_string(json, example->text);
    put_dots(json, example->detector->window.after);
    put_string(json, st_span_str(words[1]));
}

/* A UUID, or nearly: now and then no digit is among the first, a digit is missing, or something stands beside it. */
static void put_uuid(struct st_buf *json)
{
    static const char *const beside[] = { "", "", "", "", "urn:uuid:", "4111 ", "a" };
    unsigned letters = t_rand() % 4 == 0 ? 8 : 0;
    bool is_card = letters > 0 && t_rand() % 2 == 0;

    st_buf_str(json, beside[t_rand() % ST_LEN(beside)]);
    for (unsigned i = 0; i < 36 - (t_rand() % 16 == 0); i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23)
            st_buf_byte(json, '-');
        else
            st_buf_byte(json, (uint8_t)(i < letters         ? "abcdefab"[i]
                                        : is_card && i < 28 ? "4111-1111-1111-1111"[i - 9]
                                                            : "0123456789abcdef"[t_rand() % 16]));
    }
    st_buf_str(json, beside[t_rand() % ST_LEN(beside)]);
}

/* An example in two fields that follow one another. */
static void put_halves(struct st_buf *json)
{
    struct st_span s = any_example();
    size_t cut = s.n / 4 + t_rand() % (s.n / 2 + 1);

    while (cut < s.n && (s.p[cut] & 0xC0) == 0x80)
        cut++;
    put_string(json, st_span_sub(s, 0, cut));
    st_buf_fmt(json, "\",\"rest%u\":\"", (unsigned)(t_rand() % 2));
    put_string(json, st_span_sub(s, cut, s.n));
}

static void put_value(struct st_buf *json, struct st_buf *post)
{
    static const char *const seams[] = { "", " ", "-", ".", "/", ", ", ": ", "=", "  ", "x" };
    unsigned kind = t_rand() % 12;

    if (kind == 0) {
        st_buf_fmt(json, "1%u%u", (unsigned)(t_rand() % 10000000), (unsigned)(t_rand() % 100000000));
        return;
    }
    st_buf_byte(json, '"');
    if (kind < 5)
        put_string(json, any_example());
    if (kind == 4 || kind == 5) {
        benign_post((unsigned)(t_rand() % 10000), post);
        put_string(json, st_buf_view(post));
        put_string(json, any_example());
    }
    if (kind == 8)
        put_far_words(json);
    if (kind == 9)
        put_uuid(json);
    if (kind >= 10)
        put_halves(json);
    for (unsigned parts = kind == 6 || kind == 7 ? 1 + t_rand() % 8 : 0; parts > 0; parts--) {
        put_string(json, any_piece());
        st_buf_str(json, seams[t_rand() % ST_LEN(seams)]);
    }
    st_buf_byte(json, '"');
}

/* A member that stands there already, or its value under another key: most of a message says what was said before. */
static void put_again(struct st_buf *json, struct st_span key, struct st_span member)
{
    uint8_t bytes[512];
    size_t colon = st_span_find(member, ST_SPAN("\":")), n = member.n < sizeof bytes ? member.n : 0;

    memcpy(bytes, member.p, n);
    if (n > 0 && colon != ST_SPAN_NPOS && t_rand() % 3 == 0) {
        st_buf_span(json, key);
        st_buf_put(json, bytes + colon + 2, n - colon - 2);
    } else if (n > 0) {
        st_buf_put(json, bytes, n);
    } else {
        st_buf_str(json, "\"kind\":\"POST\"");
    }
}

static void make_json(struct st_buf *json, struct st_buf *post)
{
    static const char *const keys[] = { "text", "card", "iban", "id", "passport no", "tax_id", "author", "Konto" };
    size_t starts[32], n = 0;

    st_buf_reset(json);
    for (unsigned members = 1 + t_rand() % (ST_LEN(starts) - 1); members > 0; members--) {
        char key[32];
        size_t again = n > 0 ? t_rand() % n : 0;

        (void)snprintf(key, sizeof key, "\"%s%u\":", keys[t_rand() % ST_LEN(keys)], (unsigned)(t_rand() % 3));
        st_buf_byte(json, n == 0 ? '{' : ',');
        starts[n++] = json->n;
        if (n > 1 && t_rand() % 2 == 0) {
            put_again(json, st_span_str(key),
                      st_span_sub(st_buf_view(json), starts[again], starts[again + 1] - 1 - starts[again]));
            continue;
        }
        st_buf_str(json, key);
        put_value(json, post);
    }
    st_buf_byte(json, '}');
}

/* A field alone has no neighbour to go on in. Answers how many were dropped. */
static size_t drop_joined(struct flt_findings *found)
{
    size_t kept = 0, n = found->n;

    for (size_t i = 0; i < n; i++)
        if (found->items[i].reading != FLT_READ_JOINED)
            found->items[kept++] = found->items[i];
    found->n = kept;
    return n - kept;
}

/* ---- both ways --------------------------------------------------------------------------------------------------- */

static void check_same(const struct flt_findings *found, const struct flt_findings *wanted, struct st_span json)
{
    T_CHECK(!found->is_capped && found->n == wanted->n, "%zu findings, slowly %zu, in %.*s", found->n, wanted->n,
            (int)json.n, (const char *)json.p);
    for (size_t i = 0; i < found->n; i++) {
        const struct flt_finding *a = &found->items[i], *b = &wanted->items[i];

        T_CHECK(a->rule == b->rule && a->field == b->field && a->from == b->from && a->to == b->to &&
                    a->confidence == b->confidence,
                "%s at %u of field %u, slowly %s at %u of field %u, in %.*s", a->rule->id, a->from, a->field,
                b->rule->id, b->from, b->field, (int)json.n, (const char *)json.p);
    }
}

/* *joined counts the findings that go on from one field to the next. */
static size_t compare(struct flt_scanner *quick, struct flt_scanner *slow, struct st_span json, size_t *joined)
{
    const struct flt_trace trace = { ignore, NULL };
    const struct flt_input in = { .body = json, .content_type = ST_SPAN("application/json"), .plain_limit = 1 << 20 };
    struct st_arena *arena = st_arena_new(64u << 20);
    struct flt_findings found, wanted;
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;
    size_t n;

    T_OK(flt_decode(arena, &in, &doc, &err), err);
    T_OK(flt_scan(quick, arena, doc, &found, NULL, &err), err);
    T_OK(flt_scan(slow, arena, doc, &wanted, &trace, &err), err);
    check_same(&found, &wanted, json);
    *joined += drop_joined(&found);
    scan_slowly(slow, arena, doc, &wanted);
    check_same(&found, &wanted, json);
    n = found.n;
    st_arena_free(arena);
    return n;
}

T_TEST(the_quick_way_finds_what_the_slow_way_finds)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct flt_scanner *quick = NULL, *slow = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct st_buf json, post;
    size_t findings = 0, joined = 0;

    T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
    T_OK(flt_scanner_new(packs, &quick, &err), err);
    T_OK(flt_scanner_new(packs, &slow, &err), err);
    st_buf_init(&json, 4u << 20);
    st_buf_init(&post, 1u << 20);
    read_examples();
    t_seed(20261130);
    for (unsigned i = 0; i < DOCS; i++) {
        make_json(&json, &post);
        T_CHECK(json.failed == ST_E_NONE, "document %u is made", i);
        findings += compare(quick, slow, st_buf_view(&json), &joined);
    }
    T_CHECK(findings > DOCS && joined > DOCS / 20, "only %zu findings, %zu across: the texts hold too little", findings,
            joined);
    st_buf_fini(&json);
    st_buf_fini(&post);
    flt_scanner_free(quick);
    flt_scanner_free(slow);
    flt_packs_release(packs);
    st_diag_free(diag);
}
