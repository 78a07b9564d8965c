/* SPDX-License-Identifier: Apache-2.0 */
/* scan_report - findings as lines, as JSON and as SARIF.
 *
 * SARIF (OASIS Static Analysis Results Interchange Format 2.1.0) is what forges show beside a change: a rule for each
 * detector, a result for each finding, and a notification for each file that nobody could look into. It is written as
 * it comes, so that a tree of any size needs no memory. A line of a file may allow what stands in it by naming the
 * detector, "stoa:allow secret.aws.key": then SARIF lists the finding as suppressed, and the others leave it out.
 */
#include "cli/scan_report.h"
#include <string.h>

#define SARIF_SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

/* ---- where a finding stands --------------------------------------------------------------------------------- */

struct place { /* from 1; columns in bytes */
    unsigned line, col;
    uint32_t at, line_start;
};

/* Goes on from where it was: findings come in order. */
static void go_to(struct place *place, struct st_span text, uint32_t at)
{
    if (at < place->at)
        *place = (struct place){ .line = 1 };
    for (; place->at < at && place->at < text.n; place->at++)
        if (text.p[place->at] == '\n') {
            place->line++;
            place->line_start = place->at + 1;
        }
    place->col = place->at - place->line_start + 1;
}

static struct st_span line_of(struct st_span text, const struct place *place)
{
    struct st_span rest = st_span_sub(text, place->line_start, text.n);
    size_t end = st_span_chr(rest, '\n');

    return end == ST_SPAN_NPOS ? rest : st_span_sub(rest, 0, end);
}

/* "stoa:allow ID" and nothing that goes on behind the ID. */
static bool allows(struct st_span line, const char *id)
{
    size_t at = st_span_find(line, ST_SPAN("stoa:allow "));
    struct st_span rest, word = st_span_str(id);

    if (at == ST_SPAN_NPOS)
        return false;
    rest = st_span_sub(line, at + strlen("stoa:allow "), line.n);
    while (rest.n > 0) {
        size_t n = 0;

        while (n < rest.n && rest.p[n] > ' ' && rest.p[n] != ',')
            n++;
        if (st_span_eq(st_span_sub(rest, 0, n), word))
            return true;
        rest = st_span_sub(rest, n + 1, rest.n);
    }
    return false;
}

/* What becomes of a finding. Findings of one file are asked for in order. */
enum standing { STAND_BELOW, STAND_ALLOWED, STAND_FOUND };

static enum standing standing(struct scan_report *report, const struct scan_file *file, const struct flt_finding *f,
                              struct place *place)
{
    if (f->confidence < report->min_confidence)
        return STAND_BELOW;
    if (file->doc == NULL) {
        go_to(place, file->text, f->from);
        if (allows(line_of(file->text, place), f->rule->id)) {
            report->allowed++;
            return STAND_ALLOWED;
        }
    }
    report->found++;
    return STAND_FOUND;
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static void write_findings(struct scan_report *report, const struct scan_file *file)
{
    struct st_json *w = &report->json;
    struct place place = { .line = 1 };

    st_json_array(w, "findings");
    for (size_t i = 0; i < file->findings->n; i++) {
        const struct flt_finding *f = &file->findings->items[i];

        if (standing(report, file, f, &place) != STAND_FOUND)
            continue;
        st_json_object(w, NULL);
        st_json_str(w, "detector", f->rule->id);
        if (file->doc != NULL)
            st_json_span(w, "in", file->doc->fields[f->field].path);
        else if (file->path != NULL)
            st_json_int(w, "line", place.line);
        st_json_int(w, "start", f->from);
        st_json_int(w, "end", f->to);
        st_json_int(w, "confidence", f->confidence);
        st_json_str(w, "severity", flt_severity_name(f->rule->severity));
        st_json_end(w);
    }
    st_json_end(w);
}

static void write_id(struct st_json *w, const json_t *id)
{
    if (json_is_integer(id))
        st_json_int(w, "id", json_integer_value(id));
    else if (json_is_real(id))
        st_json_real(w, "id", json_real_value(id));
    else if (json_is_boolean(id))
        st_json_bool(w, "id", json_is_true(id));
    else if (json_is_string(id))
        st_json_span(w, "id", st_span(json_string_value(id), json_string_length(id)));
    else
        st_json_str(w, "id", NULL);
}

void scan_report_line(struct scan_report *report, const json_t *id, const struct flt_findings *findings,
                      const char *why)
{
    struct scan_file line = { .findings = findings };
    struct st_json *w = &report->json;

    st_json_init(w, &report->out);
    st_json_object(w, NULL);
    write_id(w, id);
    if (why != NULL)
        st_json_str(w, "error", why);
    write_findings(report, &line);
    st_json_end(w);
    cli_print(&report->out);
}

static void json_file(struct scan_report *report, const struct scan_file *file)
{
    struct st_json *w = &report->json;

    st_json_init(w, &report->out);
    st_json_object(w, NULL);
    st_json_str(w, "file", file->path);
    if (file->doc != NULL)
        st_json_str(w, "inspected", flt_coverage_name(file->doc->receipt.coverage));
    if (file->doc != NULL && file->doc->receipt.reason != FLT_REASON_NONE)
        st_json_str(w, "reason", flt_reason_name(file->doc->receipt.reason));
    write_findings(report, file);
    st_json_end(w);
    cli_print(&report->out);
}

/* ---- plain ---------------------------------------------------------------------------------------------------- */

static const char *title(const struct scan_report *report, const struct flt_rule *rule)
{
    return strcmp(report->cli->lang, "de") == 0 ? rule->title_de : rule->title_en;
}

static void plain_file(struct scan_report *report, const struct scan_file *file)
{
    struct place place = { .line = 1 };

    for (size_t i = 0; i < file->findings->n; i++) {
        const struct flt_finding *f = &file->findings->items[i];

        if (standing(report, file, f, &place) != STAND_FOUND)
            continue;
        if (file->doc != NULL) {
            struct st_span in = file->doc->fields[f->field].path;

            printf("%s: %.*s: %s  %s  confidence %u  %s\n", file->path, in.n > 0 ? (int)in.n : 1,
                   in.n > 0 ? (const char *)in.p : ".", f->rule->id, flt_severity_name(f->rule->severity),
                   f->confidence, title(report, f->rule));
        } else {
            printf("%s:%u:%u: %s  %s  confidence %u  bytes %u-%u  %s\n", file->path, place.line, place.col, f->rule->id,
                   flt_severity_name(f->rule->severity), f->confidence, f->from, f->to, title(report, f->rule));
        }
    }
    if (file->doc != NULL && file->doc->receipt.coverage != FLT_FULLY)
        printf("%s: %s inspected: %s\n", file->path, flt_coverage_name(file->doc->receipt.coverage),
               flt_reason_name(file->doc->receipt.reason));
}

/* ---- SARIF ---------------------------------------------------------------------------------------------------- */

static const char *sarif_level(enum flt_severity severity)
{
    return severity >= FLT_HIGH ? "error" : severity == FLT_MEDIUM ? "warning" : "note";
}

/* What forges sort by: 0.0 to 10.0, as of CVSS. */
static const char *sarif_score(enum flt_severity severity)
{
    static const char *const scores[] = { "3.0", "5.5", "8.0", "9.5" };

    return scores[severity];
}

static void sarif_text(struct st_json *w, const char *key, const char *text)
{
    st_json_object(w, key);
    st_json_str(w, "text", text);
    st_json_end(w);
}

static void sarif_rule(struct scan_report *report, const struct flt_rule *rule)
{
    struct st_json *w = &report->json;

    st_json_object(w, NULL);
    st_json_str(w, "id", rule->id);
    sarif_text(w, "shortDescription", title(report, rule));
    st_json_object(w, "defaultConfiguration");
    st_json_str(w, "level", sarif_level(rule->severity));
    st_json_end(w);
    st_json_object(w, "properties");
    st_json_str(w, "security-severity", sarif_score(rule->severity));
    st_json_array(w, "tags");
    st_json_str(w, NULL, "security");
    for (size_t i = 0; rule->tags[i] != NULL; i++)
        st_json_str(w, NULL, rule->tags[i]);
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
}

static void sarif_begin(struct scan_report *report)
{
    struct st_json *w = &report->json;

    st_json_init(w, &report->out);
    st_json_object(w, NULL);
    st_json_str(w, "$schema", SARIF_SCHEMA);
    st_json_str(w, "version", "2.1.0");
    st_json_array(w, "runs");
    st_json_object(w, NULL);
    st_json_object(w, "tool");
    st_json_object(w, "driver");
    st_json_str(w, "name", "Stoa");
    st_json_str(w, "semanticVersion", STOA_VERSION);
    st_json_array(w, "rules");
    for (size_t i = 0; i < flt_packs_count(report->packs); i++)
        sarif_rule(report, flt_packs_rule(report->packs, i));
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
    st_json_array(w, "results");
    cli_print(&report->out);
}

/* The path as a relative reference (RFC 3986 §3.3); one that begins with '/' is a path all the same. */
static void sarif_artifact(struct st_json *w, const char *path)
{
    struct st_buf uri;

    st_buf_init(&uri, 16384);
    for (const char *p = strncmp(path, "./", 2) == 0 ? path + 2 : path; *p != '\0'; p++) {
        uint8_t c = (uint8_t)*p;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/", c) != NULL)
            st_buf_byte(&uri, c);
        else
            st_buf_fmt(&uri, "%%%02X", (unsigned)c);
    }
    st_json_object(w, "artifactLocation");
    st_json_span(w, "uri", st_buf_view(&uri));
    st_json_end(w);
    st_buf_fini(&uri);
}

/* Columns in characters, as the log says of itself (columnKind). */
static unsigned column(struct st_span text, const struct place *place)
{
    unsigned n = 1;

    for (uint32_t i = place->line_start; i < place->at; i++)
        n += (text.p[i] & 0xc0) != 0x80;
    return n;
}

static void sarif_region(struct st_json *w, struct st_span text, const struct flt_finding *f, struct place *place)
{
    st_json_object(w, "region");
    st_json_int(w, "startLine", place->line);
    st_json_int(w, "startColumn", column(text, place));
    go_to(place, text, f->to);
    st_json_int(w, "endLine", place->line);
    st_json_int(w, "endColumn", column(text, place));
    st_json_int(w, "byteOffset", f->from);
    st_json_int(w, "byteLength", f->to - f->from);
    st_json_end(w);
}

static size_t rule_index(const struct scan_report *report, const struct flt_rule *rule)
{
    size_t i = 0;

    while (flt_packs_rule(report->packs, i) != rule)
        i++;
    return i;
}

static void sarif_suppressed(struct st_json *w)
{
    st_json_array(w, "suppressions");
    st_json_object(w, NULL);
    st_json_str(w, "kind", "inSource");
    st_json_end(w);
    st_json_end(w);
}

static void sarif_location(struct st_json *w, const struct scan_file *file, const struct flt_finding *f,
                           struct place *place)
{
    st_json_array(w, "locations");
    st_json_object(w, NULL);
    st_json_object(w, "physicalLocation");
    sarif_artifact(w, file->path);
    if (file->doc == NULL)
        sarif_region(w, file->text, f, place);
    st_json_end(w);
    if (file->doc != NULL) {
        st_json_array(w, "logicalLocations");
        st_json_object(w, NULL);
        st_json_span(w, "fullyQualifiedName", file->doc->fields[f->field].path);
        st_json_end(w);
        st_json_end(w);
    }
    st_json_end(w);
    st_json_end(w);
}

static void sarif_result(struct scan_report *report, const struct scan_file *file, const struct flt_finding *f,
                         struct place *place)
{
    enum standing stands = standing(report, file, f, place);
    struct st_json *w = &report->json;

    if (stands == STAND_BELOW)
        return;
    st_json_object(w, NULL);
    st_json_str(w, "ruleId", f->rule->id);
    st_json_int(w, "ruleIndex", (int64_t)rule_index(report, f->rule));
    st_json_str(w, "level", sarif_level(f->rule->severity));
    sarif_text(w, "message", title(report, f->rule));
    sarif_location(w, file, f, place);
    if (stands == STAND_ALLOWED)
        sarif_suppressed(w);
    st_json_object(w, "properties");
    st_json_int(w, "confidence", f->confidence);
    st_json_end(w);
    st_json_end(w);
}

static void sarif_file(struct scan_report *report, const struct scan_file *file)
{
    struct place place = { .line = 1 };

    for (size_t i = 0; i < file->findings->n; i++)
        sarif_result(report, file, &file->findings->items[i], &place);
    if (report->out.n > 0)
        cli_print(&report->out);
}

/* Kept until the end, where the log has a place for it. */
static void sarif_notify(struct scan_report *report, const char *path, const char *why)
{
    struct st_json *w = &report->notes_json;

    st_json_object(w, NULL);
    st_json_str(w, "level", "warning");
    sarif_text(w, "message", why);
    st_json_array(w, "locations");
    st_json_object(w, NULL);
    st_json_object(w, "physicalLocation");
    sarif_artifact(w, path);
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
}

static void sarif_end(struct scan_report *report)
{
    struct st_json *w = &report->json;

    st_json_end(w); /* results */
    st_json_str(w, "columnKind", "unicodeCodePoints");
    st_json_array(w, "invocations");
    st_json_object(w, NULL);
    st_json_bool(w, "executionSuccessful", report->unread == 0);
    st_json_end(&report->notes_json);
    st_json_raw(w, "toolExecutionNotifications", st_buf_view(&report->notes));
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
    st_json_end(w);
    cli_print(&report->out);
}

/* ---- any of them ---------------------------------------------------------------------------------------------- */

void scan_report_begin(struct scan_report *report)
{
    st_buf_init(&report->out, 64u << 20);
    st_buf_init(&report->notes, 64u << 20);
    st_json_init(&report->notes_json, &report->notes);
    st_json_array(&report->notes_json, NULL);
    if (report->format == SCAN_SARIF)
        sarif_begin(report);
}

void scan_report_file(struct scan_report *report, const struct scan_file *file)
{
    bool is_unread = file->doc != NULL && file->doc->receipt.coverage != FLT_FULLY;

    report->unread += is_unread;
    switch (report->format) {
    case SCAN_PLAIN: plain_file(report, file); break;
    case SCAN_JSON: json_file(report, file); break;
    case SCAN_SARIF:
        if (is_unread)
            sarif_notify(report, file->path, flt_reason_name(file->doc->receipt.reason));
        sarif_file(report, file);
        break;
    }
}

void scan_report_skip(struct scan_report *report, const char *path, unsigned line, const char *why)
{
    report->unread++;
    if (line > 0)
        fprintf(stderr, "stoa: %s:%u: %s\n", path, line, why);
    else
        fprintf(stderr, "stoa: %s: %s\n", path, why);
    if (report->format == SCAN_SARIF)
        sarif_notify(report, path, why);
}

void scan_report_end(struct scan_report *report)
{
    if (report->format == SCAN_SARIF)
        sarif_end(report);
    if (report->allowed > 0)
        fprintf(stderr, "stoa: %zu allowed by their own lines (stoa:allow)\n", report->allowed);
    st_buf_fini(&report->out);
    st_buf_fini(&report->notes);
}
