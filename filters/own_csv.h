/* SPDX-License-Identifier: Apache-2.0 */
/* own_csv - comma-separated values as RFC 4180 has them, a record at a time, from a descriptor of any length.
 *
 * Internal to this room. Fields may be quoted, hold separators, line ends and doubled quotes; lines end in LF or CRLF;
 * a byte-order mark is left out. A mistake is said with its line and column, in bytes from 1.
 */
#ifndef STOA_FILTERS_OWN_CSV_H
#define STOA_FILTERS_OWN_CSV_H
#include "base/buf.h"
#include "base/diag.h"

#define CSV_FIELDS_MAX 1024u
#define CSV_RECORD_MAX (1u << 20)

struct csv_field {
    uint32_t at, n; /* in the record's text */
    unsigned line, col;
};
struct csv {
    int fd;
    uint8_t separator; /* 0 until the first record, when it shall be found out */
    const char *name;  /* for diag */
    struct st_diag *diag;
    struct st_buf text; /* of the record */
    struct csv_field fields[CSV_FIELDS_MAX];
    size_t n;
    unsigned line, col; /* of what comes next */
    uint8_t buf[65536];
    size_t at, end;
    bool is_started;
};
void csv_init(struct csv *csv, int fd, const char *name, uint8_t separator, struct st_diag *diag);
void csv_fini(struct csv *csv);
/* The next record that is not an empty line; ST_AGAIN at the end, ST_ERR with a line in diag. */
ST_MUST enum st_rc csv_next(struct csv *csv, struct st_err *err);
struct st_span csv_field(const struct csv *csv, size_t i); /* dies at the next csv_next */
#endif
