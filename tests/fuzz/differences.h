/* SPDX-License-Identifier: Apache-2.0 */
/* differences - Stoa's HTTP/1 codec beside llhttp's, and the table of what they may disagree on. */
#ifndef STOA_TESTS_FUZZ_DIFFERENCES_H
#define STOA_TESTS_FUZZ_DIFFERENCES_H
#include "tests/fuzz/told.h"

struct difference {
    const char *who;    /* refuses: "Stoa" or "llhttp"; "both" accept and read it otherwise */
    const char *reason; /* Stoa's literal, llhttp's code, or the part that was read otherwise; NULL: they agree */
};
/* The first byte of the input is its kind, as in fuzz_http1.c. */
struct difference differences_of(struct st_span input);

#define DIFFERENCES_MAX 128u
struct difference_row {
    char who[16], reason[96];
    uint8_t example[512];
    size_t n;
    uint64_t seen;
};
struct difference_table {
    struct difference_row rows[DIFFERENCES_MAX];
    size_t n;
};
/* Reads the rows of docs/why/http1-differences.md; aborts when it is not there or a row is malformed. */
void differences_load(struct difference_table *table, const char *path);
struct difference_row *differences_find(struct difference_table *table, const struct difference *difference);
extern const unsigned differences_llhttp_major;
#endif
