/* SPDX-License-Identifier: Apache-2.0 */
/* mutate - the differential test of `make test`: every row of the table holds, and so many mutations of the corpus show
 * no difference that has no row. The seed is fixed, so that a run is the same everywhere.
 *
 * usage: mutate CORPUS_FOLDER TABLE COUNT [SEED]
 */
#include "tests/fuzz/differences.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_MAX 256u
#define INPUT_MAX 2048u

static const char *const PIECES[] = { "\r\n",
                                      "\n",
                                      "\r",
                                      "\r\n\r\n",
                                      " ",
                                      "\t",
                                      ":",
                                      ";",
                                      ",",
                                      "0\r\n",
                                      "0\r\n\r\n",
                                      "5\r\nhello\r\n",
                                      "Content-Length: 5\r\n",
                                      "Content-Length: 0\r\n",
                                      "Transfer-Encoding: chunked\r\n",
                                      "Transfer-Encoding: gzip, chunked\r\n",
                                      "Connection: close\r\n",
                                      "Connection: upgrade\r\n",
                                      "Upgrade: x\r\n",
                                      "Host: a\r\n",
                                      "Trailer: x\r\n",
                                      "X: y\r\n",
                                      " HTTP/1.1",
                                      " HTTP/1.0",
                                      "HTTP/1.1 200 OK\r\n",
                                      "HTTP/1.1 204 No\r\n",
                                      "HTTP/1.1 100 Continue\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                      "chunked",
                                      "identity",
                                      "+",
                                      "-",
                                      "0x",
                                      "ffffffffffffffff",
                                      "18446744073709551616" };

struct input {
    uint8_t bytes[INPUT_MAX];
    size_t n;
};
static struct input seeds[SEEDS_MAX];
static size_t n_seeds;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void load_seeds(const char *folder)
{
    DIR *dir = opendir(folder);

    told_must(dir != NULL, "the corpus is there");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && n_seeds < SEEDS_MAX;) {
        char path[4096];
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if ((file = fopen(path, "rb")) == NULL)
            continue;
        seeds[n_seeds].n = fread(seeds[n_seeds].bytes, 1, INPUT_MAX / 2, file);
        n_seeds += seeds[n_seeds].n > 1;
        fclose(file);
    }
    closedir(dir);
    told_must(n_seeds > 0, "the corpus is not empty");
}

static int by_content(const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->n < y->n ? x->n : y->n);

    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* Takes the bytes from..to out and puts others in. */
static void replace(struct input *in, size_t from, size_t to, const void *with, size_t n)
{
    uint8_t copy[INPUT_MAX];

    if (in->n - (to - from) + n > INPUT_MAX || n > sizeof copy)
        return;
    memcpy(copy, with, n); /* it may be of the input itself */
    memmove(in->bytes + from + n, in->bytes + to, in->n - to);
    memcpy(in->bytes + from, copy, n);
    in->n = in->n - (to - from) + n;
}

static void change(struct input *in, uint64_t *state)
{
    uint64_t random = next_random(state);
    size_t at = 1 + (size_t)((random >> 8) % in->n), span = (size_t)((random >> 32) % 12);
    const struct input *other = &seeds[(random >> 40) % n_seeds];
    const char *piece = PIECES[(random >> 24) % ST_LEN(PIECES)];
    uint8_t byte = (uint8_t)(random >> 56);

    if (at >= in->n)
        at = in->n - 1; /* n is 2 or more: the kind stays */
    if (span > in->n - at)
        span = in->n - at;
    switch (random & 7) {
    case 0: replace(in, at, at + span, "", 0); break;
    case 1: replace(in, at, at, piece, strlen(piece)); break;
    case 2: replace(in, at, at + span, piece, strlen(piece)); break;
    case 3: replace(in, at, at, &byte, 1); break;
    case 4: replace(in, at, at + (span > 0), &byte, 1); break;
    case 5: replace(in, at, at, in->bytes + at, span); break;
    case 6: replace(in, at, in->n, other->bytes + other->n / 2, other->n - other->n / 2); break;
    default: in->bytes[at] ^= 0x20u; break;
    }
}

static bool has_row(struct difference_table *table, struct st_span input)
{
    struct difference found = differences_of(input);
    struct difference_row *row = found.who != NULL ? differences_find(table, &found) : NULL;

    if (row != NULL)
        row->seen++;
    if (found.who == NULL || row != NULL)
        return true;
    fprintf(stderr, "not in the table:\n| %s | %s | `", found.who, found.reason);
    told_show(input);
    return false;
}

/* The example of each row shows just the difference that the row explains. A newer llhttp may have become stricter. */
static bool check_rows(struct difference_table *table)
{
    bool is_good = true;

    for (size_t i = 0; i < table->n; i++) {
        struct difference_row *row = &table->rows[i];
        struct difference found = differences_of(st_span(row->example, row->n));
        bool holds = found.who != NULL && strcmp(found.who, row->who) == 0 && strcmp(found.reason, row->reason) == 0;

        if (holds || (differences_llhttp_major > 8 && (found.who == NULL || strcmp(row->who, "Stoa") != 0)))
            continue;
        fprintf(stderr, "row \"%s: %s\": its example shows %s: %s\n", row->who, row->reason,
                found.who != NULL ? found.who : "no difference", found.reason != NULL ? found.reason : "-");
        is_good = false;
    }
    return is_good;
}

int main(int argc, char **argv)
{
    static struct difference_table table;
    uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0, bad = 0;
    uint64_t state = argc > 4 ? strtoull(argv[4], NULL, 10) : 20261130;

    told_must(argc >= 4 && state != 0, "usage: mutate CORPUS_FOLDER TABLE COUNT [SEED]");
    differences_load(&table, argv[2]);
    load_seeds(argv[1]);
    qsort(seeds, n_seeds, sizeof seeds[0], by_content); /* folders have no order of their own */
    bad += !check_rows(&table);
    for (size_t i = 0; i < n_seeds; i++)
        bad += !has_row(&table, st_span(seeds[i].bytes, seeds[i].n));
    for (uint64_t i = 0; i < count && bad < 20; i++) {
        struct input in = seeds[next_random(&state) % n_seeds];

        for (uint64_t changes = 1 + next_random(&state) % 4; changes > 0 && in.n > 1; changes--)
            change(&in, &state);
        bad += !has_row(&table, st_span(in.bytes, in.n));
    }
    for (size_t i = 0; i < table.n; i++)
        printf("%8llu %s: %s\n", (unsigned long long)table.rows[i].seen, table.rows[i].who, table.rows[i].reason);
    printf("%llu inputs, llhttp %u\n", (unsigned long long)(count + n_seeds), differences_llhttp_major);
    return bad == 0 ? 0 : 1;
}
