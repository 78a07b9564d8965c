/* SPDX-License-Identifier: Apache-2.0 */
/* find_fast_test - what the finders turn away by a glance, they would not have found by a long look either. */
#include "../../../filters/find_number.c"
#include "../../../filters/find_shape.c"
#include "../../../filters/find_text.c"
#include "t.h"

static uint32_t seed = 20240607;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static void count(void *ctx, const struct flt_candidate *candidate)
{
    (void)candidate;
    ++*(unsigned *)ctx;
}

static struct st_span random_text(uint8_t *out, size_t size)
{
    static const char *const parts[] = { "0",
                                         "1",
                                         "12",
                                         "2024",
                                         "49",
                                         "1234567",
                                         "4111",
                                         "00",
                                         "DE",
                                         "de",
                                         "GB",
                                         "a",
                                         "Xy",
                                         "AB",
                                         "week",
                                         " ",
                                         " ",
                                         "-",
                                         ".",
                                         "/",
                                         "(",
                                         ")",
                                         "+",
                                         "(0)",
                                         ",",
                                         ":",
                                         "_",
                                         "\n",
                                         "**",
                                         "=",
                                         "DE89 3704 0044 0532 0130 00",
                                         "+49 (0)170 1234567",
                                         "ü",
                                         "@",
                                         "AB123456C",
                                         "QQ 12 34 56 C",
                                         "aGVsbG8wMTIzNDU2Nzg5YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4" };
    size_t n = 0;

    for (uint32_t i = 1 + any(24); i > 0; i--) {
        const char *part = parts[any(ST_LEN(parts))];
        size_t len = strlen(part);

        if (n + len > size)
            break;
        memcpy(out + n, part, len);
        n += len;
    }
    return st_span(out, n);
}

/* From the slow description in find_number.c of before: byte by byte. */
static uint32_t measure_slowly(struct st_span text, uint32_t at, bool *is_long)
{
    uint32_t from = at, to = at;

    while (from > 0 && at - from < SKIP_RUN && is_run_byte(text.p[from - 1]))
        from--;
    while (to < text.n && to - from < SKIP_RUN && is_run_byte(text.p[to]))
        to++;
    *is_long = to - from >= SKIP_RUN;
    while (*is_long && to < text.n && (is_run_byte(text.p[to]) || text.p[to] == '/'))
        to++;
    return to;
}

static bool separates(const struct flt_detector *d, struct st_span text, uint32_t i)
{
    return i + 1 < text.n && !flt_is_alnum(text.p[i]) && flt_set_has(&d->separators, text.p[i]);
}

/* One shape alone, place by place. */
static bool stands_slowly(const struct flt_detector *d, struct st_span text, uint32_t from)
{
    uint32_t i = from;

    for (const char *place = d->shape; *place != '\0'; place++, i++) {
        if (place > d->shape && separates(d, text, i))
            i++;
        if (i >= text.n || !flt_is_alnum(text.p[i]) || (*place == '9' && !flt_is_digit(text.p[i])) ||
            (*place == 'A' && flt_is_digit(text.p[i])))
            return false;
    }
    return i >= text.n || !flt_is_alnum(text.p[i]);
}

/* The head that begins at i: groups of letters, then digits; false: none does. */
static bool read_head(struct st_span text, uint32_t i, struct head *head)
{
    *head = (struct head){ .from = i };
    for (;;) {
        uint32_t group = i;

        for (; i < text.n && flt_is_alpha(text.p[i]) && head->n_letters < BACK_MAX; i++)
            head->n_letters++;
        if (i == group || i + 1 >= text.n || (text.p[i] != ' ' && text.p[i] != '-') || head->n_separators == 2)
            break;
        head->behind[head->n_separators] = head->n_letters;
        head->separators[head->n_separators++] = text.p[i++];
    }
    for (size_t k = 0; k < head->n_separators; k++)
        head->behind[k] = head->n_letters - head->behind[k];
    for (; i < text.n && flt_is_digit(text.p[i]) && head->n_digits < FLT_NUMBER_MAX; i++)
        head->n_digits++;
    head->to = i;
    return head->n_digits > 0;
}

/* Is it written in groups as people do? */
static bool is_grouped_slowly(const struct flt_detector *d, struct st_span text, uint32_t from)
{
    for (size_t g = 0; g < d->n_groupings; g++) {
        uint32_t i = from;
        bool fits = true;

        for (size_t k = 0; k < d->groupings[g].n && fits; k++) {
            for (size_t n = 0; n < d->groupings[g].len[k] && fits; n++, i++)
                fits = i < text.n && flt_is_alnum(text.p[i]);
            if (k + 1 < d->groupings[g].n && fits)
                fits = separates(d, text, i++);
        }
        if (fits && (i >= text.n || !flt_is_alnum(text.p[i])))
            return true;
    }
    return false;
}

/* A shape that stands at `from`, or does not, and what the quick look makes of it. */
static void check_shape(struct flt_scanner *s, size_t k, struct head *head)
{
    const struct flt_detector *d = s->packs->by_find[FLT_FIND_SHAPE].items[k];
    const struct block *block = &s->packs->shapes->blocks[k / BLOCK];
    struct st_span text = s->text;
    uint64_t bit = (uint64_t)1 << (k % BLOCK);
    bool stands = stands_slowly(d, text, head->from), is_seen = (standing(block, text, head, 0) & bit) != 0;

    T_CHECK(stands == ((standing(block, text, head, UINT64_MAX) & bit) != 0), "shape %zu at %u of \"%.*s\"", k,
            head->from, (int)text.n, (const char *)text.p);
    T_CHECK(stands == is_seen ||
                (stands && flt_best_score(d, FLT_LIST) < FLT_CONFIDENCE_MIN && !is_grouped_slowly(d, text, head->from)),
            "cut shape %zu at %u of \"%.*s\"", k, head->from, (int)text.n, (const char *)text.p);
    T_CHECK(!is_seen || (s->packs->shapes->next[head->n_separators > 0][head->n_letters][head->n_digits] &
                         next_of(s->packs->shapes, text, head->to)) != 0,
            "next of shape %zu at %u of \"%.*s\"", k, head->from, (int)text.n, (const char *)text.p);
}

/* The candidates that a finder offers at one place. */
#define OFFERED(call) (seen = 0, s->n_found = 0, memset(s->done_to, 0, s->packs->n * 4), (call), seen)

static void check_text(struct flt_scanner *s, struct st_span text)
{
    unsigned seen = 0;
    struct flt_trace trace = { count, &seen };
    const struct flt_list *shapes = &s->packs->by_find[FLT_FIND_SHAPE];
    uint32_t token = 0;

    s->trace = &trace;
    s->text = text;
    s->view = (struct flt_view){ .text = text };
    s->near_from = s->near_to = 0;
    for (uint32_t i = 0; i < text.n; i++) {
        bool begins = flt_is_digit(text.p[i]) && (i == 0 || !flt_is_digit(text.p[i - 1])), is_long, was_long;
        uint32_t end = i;

        struct head head;

        for (size_t k = 0; k < shapes->n && read_head(text, i, &head); k++)
            check_shape(s, k, &head);
        if (!begins)
            continue;
        while (end < text.n && flt_is_digit(text.p[end]))
            end++;
        T_CHECK(flt_next_digit(text, i) == i && (end == text.n || flt_next_digit(text, end) > end), "digits at %u", i);
        T_CHECK(measure_run(text, i, &is_long) == measure_slowly(text, i, &was_long) && is_long == was_long,
                "run at %u of \"%.*s\"", i, (int)text.n, (const char *)text.p);
        T_CHECK(may_be_phone(text, i, end) || OFFERED(flt_find_phones_at(s, i)) == 0, "phone at %u of \"%.*s\"", i,
                (int)text.n, (const char *)text.p);
        T_CHECK(may_be_iban(text, i, end) || OFFERED(flt_find_iban_at(s, i)) == 0, "IBAN at %u of \"%.*s\"", i,
                (int)text.n, (const char *)text.p);
        T_CHECK(may_grow(s, i, end) || OFFERED(grow(s, i)) == 0, "number at %u of \"%.*s\"", i, (int)text.n,
                (const char *)text.p);
        T_CHECK(end - i > FLT_NUMBER_MAX || (i >= token && may_be_shape(text, i)) ||
                    OFFERED(flt_find_shapes_at(s, i, end)) == 0,
                "shape at %u of \"%.*s\"", i, (int)text.n, (const char *)text.p);
        token = i >= token ? token_end(text, end) : token;
        T_CHECK(token - i <= FLT_NUMBER_MAX || end - i > FLT_NUMBER_MAX || OFFERED(flt_find_shapes_at(s, i, end)) == 0,
                "long shape at %u", i);
    }
}

T_TEST(lists_that_are_searched_by_halves_are_in_order)
{
    for (size_t i = 1; i < ST_LEN(keys); i++)
        T_CHECK(strcmp(keys[i - 1], keys[i]) < 0, "%s", keys[i]);
    for (size_t i = 1; i < ST_LEN(fillers); i++)
        T_CHECK(strcmp(fillers[i - 1], fillers[i]) < 0, "%s", fillers[i]);
}

T_TEST(nothing_is_turned_away_that_would_be_found)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_diag *diag = st_diag_new();
    struct flt_field field = { .path = ST_SPAN_NONE };
    struct flt_findings findings = { .items = NULL };
    struct flt_packs *packs = NULL;
    struct flt_scanner *s = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_packs_load(dirs, NULL, &packs, diag, &err), err);
    T_OK(flt_scanner_new(packs, &s, &err), err);
    s->field = &field;
    s->out = &findings;
    for (unsigned n = 0; n < 40000; n++) {
        uint8_t bytes[256];
        struct st_span text = random_text(bytes, sizeof bytes);
        uint8_t *exact = malloc(text.n); /* so that the sanitizer sees a step too far */

        memcpy(exact, text.p, text.n);
        check_text(s, st_span(exact, text.n));
        free(exact);
    }
    flt_scanner_free(s);
    flt_packs_release(packs);
    st_diag_free(diag);
}
