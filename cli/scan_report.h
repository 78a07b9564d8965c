/* SPDX-License-Identifier: Apache-2.0 */
/* scan_report - what `stoa scan` says: lines for people, one JSON object a file, or one SARIF 2.1.0 log for a forge.
 *
 * What was found is named and placed, never shown.
 */
#ifndef STOA_CLI_SCAN_REPORT_H
#define STOA_CLI_SCAN_REPORT_H
#include "cli/cli.h"
#include "filters/filters.h"

enum scan_format { SCAN_PLAIN, SCAN_JSON, SCAN_SARIF };

struct scan_report {
    const struct cli *cli;
    const struct flt_packs *packs; /* borrowed */
    enum scan_format format;
    unsigned min_confidence;  /* findings below it are neither said nor counted */
    struct st_buf out, notes; /* notes: of SARIF, what could not be read */
    struct st_json json, notes_json;
    size_t found;   /* findings said */
    size_t unread;  /* files, or parts, that nobody looked into */
    size_t allowed; /* findings that their own line allows */
};
struct scan_file { /* one file, as it was scanned; all borrowed */
    const char *path;
    struct st_span text;       /* the file; findings stand at offsets in it */
    const struct flt_doc *doc; /* NULL; or of a file that was taken apart, whose fields say where a finding stands */
    const struct flt_findings *findings;
};

void scan_report_begin(struct scan_report *report);
void scan_report_file(struct scan_report *report, const struct scan_file *file);
/* A file, or its line (0: none of them), that could not be read: `why` is the program's sentence. */
void scan_report_skip(struct scan_report *report, const char *path, unsigned line, const char *why);
/* One line of JSON lines; id is the line's own, NULL, a list or an object: null. `why`: it could not be read, or NULL.
 */
void scan_report_line(struct scan_report *report, const json_t *id, const struct flt_findings *findings,
                      const char *why);
void scan_report_end(struct scan_report *report); /* also frees what begin took */
#endif
