/* SPDX-License-Identifier: Apache-2.0 */
/* filters - what is in a message, and what in it must not leave.
 *
 * decode: a message (query string and body) becomes fields of text, each with an exact map back to the body's bytes.
 * scan:   fields are normalised, matched by one compiled pack set, validated; what survives is a finding.
 * redact: findings are written back through the same chain, so that the message stays valid in every layer.
 * All of it works on whole, bounded messages in an arena; nothing here knows sockets, policies or people.
 */
#ifndef STOA_FILTERS_FILTERS_H
#define STOA_FILTERS_FILTERS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "filters/packs.h"
#include <stdbool.h>

/* ---- decode ---------------------------------------------------------------------------------------------------- */

/* One layer of wrapping; a field's chain lists them from the outside in. */
#define FLT_CODECS(X)         \
    X(NONE, "none")           \
    X(QUERY, "query")         \
    X(FORM, "form")           \
    X(JSON, "json")           \
    X(MULTIPART, "multipart") \
    X(SOCKETIO, "socket.io")  \
    X(XMPP, "xmpp")           \
    X(TEXT, "text")           \
    X(HTML, "html")           \
    X(FILE, "file")           \
    X(PATH, "path")           \
    X(HEAD, "head")           \
    X(GRPC, "grpc")
enum flt_codec {
#define X(id, name) FLT_CODEC_##id,
    FLT_CODECS(X)
#undef X
};
const char *flt_codec_name(enum flt_codec codec);

/* A protocol inside a WebSocket or a long poll, which no content type names: an adapter does (lp_wire). */
#define FLT_WIRES(X)         \
    X(NONE, "none")          \
    X(SOCKETIO, "socket.io") \
    X(XMPP, "xmpp")
enum flt_wire {
#define X(id, name) FLT_WIRE_##id,
    FLT_WIRES(X)
#undef X
};
const char *flt_wire_name(enum flt_wire wire);

#define FLT_CHAIN_MAX  6
#define FLT_FIELDS_MAX 16384 /* texts of a message; what follows them is one more */

/* Why a message, or a part of it, was not looked into. */
#define FLT_REASONS(X)                  \
    X(NONE, "none")                     \
    X(CODING, "unknown-content-coding") \
    X(BOMB, "decompression-ratio")      \
    X(TYPE, "content-type")             \
    X(SIZE, "too-large")                \
    X(SYNTAX, "malformed")              \
    X(DEPTH, "too-deep")                \
    X(FIELDS, "too-many-fields")        \
    X(CHARSET, "unknown-charset")       \
    X(MEDIA, "media")                   \
    X(FAILED, "scan-failed")            \
    X(ENCRYPTED, "encrypted")           \
    X(CRASHED, "extractor-crashed")     \
    X(LATE, "extractor-late")           \
    X(UNOPENED, "not-opened")           \
    X(READINGS, "too-many-readings")    \
    X(MASK, "cannot-be-masked")
enum flt_reason {
#define X(id, name) FLT_REASON_##id,
    FLT_REASONS(X)
#undef X
        FLT_REASONS_END
};
const char *flt_reason_name(enum flt_reason reason);

enum flt_coverage { FLT_FULLY, FLT_PARTLY, FLT_NOT };
const char *flt_coverage_name(enum flt_coverage coverage); /* "fully" "partly" "not" */

struct flt_receipt {
    enum flt_coverage coverage;
    enum flt_reason reason;    /* of the first part that was not inspected */
    uint64_t bytes, inspected; /* of the body as sent; of it, looked into */
    uint32_t others;           /* bit by flt_reason: those of further parts */
};

struct flt_length;
struct flt_run;
struct flt_map; /* from offsets in a field's text to offsets in the plain body; opaque */

/* What somebody counts in a field, so that a mask has to be as long as what it stands for. */
enum flt_keep { FLT_KEEP_NOTHING, FLT_KEEP_BYTES, FLT_KEEP_UTF16 /* units */ };

/* Where in a message a field stands: the last three are a segment of the path, a header field, and one whose digits may
 * be an id. A mask can be written into the body and the query only. */
enum flt_place { FLT_IN_BODY, FLT_IN_QUERY, FLT_IN_PATH, FLT_IN_HEAD, FLT_IN_HEAD_ID };

struct flt_field {
    /* Where it is, from the outside in: keys joined by '/', array elements as '#', query fields under "?":
     * "wpTextbox1", "variables/input/message/text", "blocks/#/text", "?q". Wire data, hence a span. */
    struct st_span path;
    struct st_span text; /* decoded UTF-8; lives in the arena of the decode */
    struct st_span name; /* file name of a multipart part; empty otherwise */
    enum flt_codec chain[FLT_CHAIN_MAX];
    uint8_t depth; /* used entries of chain */
    enum flt_place place;
    bool is_secret;     /* set by whoever knows (an adapter): never scanned, never shown, never handed on */
    enum flt_keep keep; /* the same */
    const struct flt_map *map;
};

/* Which of the files that a message carries are put down for stoa-extract (doc->files), instead of a note that they
 * were not looked into. */
enum flt_open { FLT_OPEN_NOTHING, FLT_OPEN_DOCUMENTS, FLT_OPEN_PICTURES /* and documents */ };
#define FLT_FILES_MAX 16 /* of one message */

struct flt_attached {
    struct st_span label,
        name;               /* "file report.docx", "file at attachments/#/content"; its file name, which may be empty */
    struct st_span bytes;   /* in the body or the arena */
    uint64_t sent;          /* bytes of the plain body that it takes up */
    enum flt_reason reason; /* once it was opened: NONE, or why not wholly */
};

struct flt_input {
    struct st_span query;            /* without '?'; empty when there is none */
    struct st_span body;             /* as sent, after transfer coding */
    struct st_span content_type;     /* field value, empty when absent */
    struct st_span content_encoding; /* field value, empty when absent */
    size_t plain_limit;              /* ceiling for the body after content coding, bytes */
    enum flt_wire wire;
    bool is_message; /* one message of a WebSocket, not the body of a request */
    enum flt_open open;
};

struct flt_doc {
    struct st_span plain; /* the body after content coding, in the arena; equals input.body when there was none */
    struct st_span query; /* borrowed from the input */
    bool was_coded;       /* content coding was taken off: a rewritten body goes out without it */
    enum flt_wire wire;   /* as the input said */
    const struct flt_length *lengths; /* lengths to be written anew with what they count; opaque */
    size_t n_lengths;
    struct flt_field *fields;
    size_t n;
    bool is_path_cut;           /* the path has more than FLT_PATH_FIELDS_MAX: the rest was not looked into */
    struct flt_attached *files; /* to be opened; whoever does says what came of it with flt_doc_opened */
    size_t n_files;
    struct flt_receipt receipt;
    struct flt_terms *terms; /* of all stretches so far (stretch.h); NULL: the message is all here */
};

/* Never ST_ERR for what a peer sent: what cannot be read is in doc->receipt. ST_ERR is memory or the arena's ceiling.
 */
ST_MUST enum st_rc flt_decode(struct st_arena *arena, const struct flt_input *in, struct flt_doc **out,
                              struct st_err *err);
struct flt_scanner;
/* Whether a segment of a request target's path (without query) may hold what is looked for; cheap, for every request.
 */
bool flt_path_is_telling(struct flt_scanner *scanner, struct st_span path);
/* Adds such segments to a doc that adapters have read already: nobody typed them. Beyond the ceiling: is_path_cut. */
#define FLT_PATH_FIELDS_MAX 64
ST_MUST enum st_rc flt_path_fields(struct flt_scanner *scanner, struct st_arena *arena, struct st_span path,
                                   struct flt_doc *doc, struct st_err *err);
/* A header field of a request. */
struct flt_head_text {
    struct st_span name, value;
    enum flt_place place; /* FLT_IN_HEAD or FLT_IN_HEAD_ID */
};
/* Whether a header field holds words of people: how they called a file, what they wrote about it or gave it for a title
 * (RFC 6266, RFC 5023 §9.7, tus 1.0, the metadata of object stores), prose in a field of a service's own, or in any
 * field what may be the number of a card or an account. All others are of programs, or credentials. Sets its place. */
bool flt_head_has_words(struct flt_head_text *field);
/* Whether what may be the number of a card or an account stands in a field, in groups or as one. */
bool flt_head_holds_number(struct st_span value);
/* Adds the values of n such fields to a doc, likewise. */
ST_MUST enum st_rc flt_head_fields(struct st_arena *arena, const struct flt_head_text *texts, size_t n,
                                   struct flt_doc *doc, struct st_err *err);
/* For a path pattern of an adapter: '*' is one segment, a trailing "**" any rest; ASCII case matters. */
bool flt_path_match(struct st_span pattern, struct st_span path);

/* ---- long polls -------------------------------------------------------------------------------------------------- */

/* What names the session that a poll belongs to, engine.io's in the query and BOSH's in the body; borrowed, empty where
 * there is none. in: query and wire. */
struct st_span flt_wire_session(const struct flt_input *in, const struct flt_doc *doc);
/* A body that says nothing and keeps the session going, in the place of one that must not leave; empty where there is
 * none. Both live in the arena or the input. */
struct flt_idle {
    struct st_span body, session;
};
ST_MUST enum st_rc flt_wire_idle(struct st_arena *arena, const struct flt_input *in, const struct flt_doc *doc,
                                 struct flt_idle *out, struct st_err *err);
/* The packets of an engine.io poll as they stand in it, each of which says something for itself; 0: it cannot be taken
 * apart, or has more than max. They borrow from in->body. And how a body is put together from them again. */
size_t flt_wire_packets(const struct flt_input *in, struct st_span *packets, size_t max);
void flt_wire_join(const struct flt_input *in, struct st_span packet, struct st_buf *body);
/* The answer to a poll (plain: no content coding) with one more message in front of what it carries; ST_AGAIN: this
 * answer carries no messages (an error, the end of a session). in: query, wire and the answer's content_type and body.
 */
ST_MUST enum st_rc flt_wire_insert(const struct flt_input *in, struct st_span message, struct st_buf *out,
                                   struct st_err *err);

/* ---- words that adapters and policies share ---------------------------------------------------------------------- */

/* What a person can do on a platform, and who will see it: docs/activity.md. NULL-terminated. */
extern const char *const flt_kinds[], *const flt_audiences[];

/* ---- scan ------------------------------------------------------------------------------------------------------ */

/* How the text was read in which a finding stands. */
#define FLT_READINGS(X)               \
    X(PLAIN, "plain")                 \
    X(PEELED, "without escapes")      \
    X(RESPELLED, "words and codes")   \
    X(SQUEEZED, "without separators") \
    X(JOINED, "across two fields")    \
    X(UNWRAPPED, "decoded")
enum flt_reading {
#define X(id, name) FLT_READ_##id,
    FLT_READINGS(X)
#undef X
};
const char *flt_reading_name(enum flt_reading reading);

struct flt_finding {
    const struct flt_rule *rule;
    uint32_t field;            /* index into doc->fields */
    uint32_t from, to;         /* bytes of that field's text, end exclusive */
    uint8_t confidence;        /* 0..100; dlp levels: low >= 65, medium >= 75, high >= 85 */
    uint8_t reading;           /* enum flt_reading; UNWRAPPED: from..to is the whole encoded run */
    const struct flt_run *run; /* which it is in, in the arena of the scan; opaque; NULL: in none */
    uint32_t in_from, in_to;   /* bytes of what the run says */
    bool is_changed;           /* it was read otherwise than it stands: among escapes a mask needs some, too */
    bool is_bare; /* a value of JSON without quotes, where nobody reads the text as JSON: a mask needs them */
};
/* The bytes that it covers, decoded; empty when it is outside of its field. */
struct st_span flt_finding_value(const struct flt_doc *doc, const struct flt_finding *finding);
struct flt_findings {
    struct flt_finding *items; /* in the arena, by field, then by from; overlapping lesser ones are dropped */
    size_t n;
    bool is_capped; /* more than FLT_FINDINGS_MAX: the rest was not kept, the verdict is as strict as the worst */
    bool is_short;  /* a text would have had more readings than its size allows: what they hold is not known */
    bool is_open;   /* what may be a long finding (a key, a token) had no end where its text ends */
};
#define FLT_FINDINGS_MAX   256
#define FLT_CONFIDENCE_MIN 50 /* below it a candidate is no finding */

/* What became of one candidate, for `stoa explain`; called in scan order when a trace is wanted. */
struct flt_candidate {
    const struct flt_rule *rule;
    uint32_t field, from, to;
    uint8_t confidence;
    enum flt_reading reading;
    const char *why; /* literal: "checksum ok", "checksum wrong", "example value", "below 50" */
};
typedef void flt_trace_f(void *ctx, const struct flt_candidate *candidate);
struct flt_trace {
    flt_trace_f *fn;
    void *ctx;
};

/* A worker's own scratch space; not shared between threads or processes. */
ST_MUST enum st_rc flt_scanner_new(struct flt_packs *packs, struct flt_scanner **out, struct st_err *err);
void flt_scanner_free(struct flt_scanner *scanner); /* NULL is fine */
/* Scans every field that is not is_secret, each normalised (NFKC, case, zero-width, full-width), findings mapped back
 * to the field's text. trace may be NULL. */
ST_MUST enum st_rc flt_scan(struct flt_scanner *scanner, struct st_arena *arena, const struct flt_doc *doc,
                            struct flt_findings *out, const struct flt_trace *trace, struct st_err *err);
/* Findings in a path count for less, or not at all, where ids and addresses hold their like. */
void flt_path_weigh(const struct flt_doc *doc, struct flt_findings *findings);
/* One text without a message around it: what `stoa scan` does with a file. *doc_out is a doc of one field. */
ST_MUST enum st_rc flt_text_doc(struct st_arena *arena, struct st_span text, struct flt_doc **doc_out,
                                struct st_err *err);
/* Texts that are made of two, the second of which begins at `border`. *may false: scanned one by one, as
 * flt_text_doc has them, none of them has a finding that begins before its border and ends behind it, but for those in
 * encoded runs. Costs less than such a scan. */
struct flt_joined {
    struct st_span text;
    uint32_t border;
};
ST_MUST enum st_rc flt_may_cross(struct flt_scanner *scanner, struct st_arena *arena, const struct flt_joined *texts,
                                 size_t n, bool *may, struct st_err *err);

/* ---- redact ---------------------------------------------------------------------------------------------------- */

/* Writes doc->plain with the marked findings (mark[i] true) replaced by their rule's mask, valid in every layer, to
 * *out. ST_E_UNSUPPORTED when a chain cannot be written back (then the verdict is block); findings in query fields are
 * rewritten to *query_out. */
ST_MUST enum st_rc flt_redact(const struct flt_doc *doc, const struct flt_findings *findings, const bool *mark,
                              struct st_buf *out, struct st_buf *query_out, struct st_err *err);
#include "filters/files.h"
#include "filters/hold.h"   /* messages that are not held whole */
#include "filters/layout.h" /* files of names and values */
#endif
