/* SPDX-License-Identifier: Apache-2.0 */
/* chain - one request, understood and judged: adapter, decode, files, activity, scan, plugins, judge.
 *
 * A pure function of a generation and the facts handed in, so that `stoa explain` calls the same code with a trace and
 * gets the same verdict. It never fails: a stage that cannot do its work turns into the policy's failure verdict.
 */
#ifndef STOA_GATEWAY_CHAIN_H
#define STOA_GATEWAY_CHAIN_H
#include "gateway/drips.h"
#include "gateway/generation.h"

/* Every stage, in running order. */
#define CHAIN_STAGES(X)                                                           \
    X(ROUTE, "route", "the adapter's rule for this request")                      \
    X(DECODE, "decode", "content coding off, fields out")                         \
    X(FILES, "files", "texts of the documents in it, as stoa-extract found them") \
    X(ACTIVITY, "activity", "what the person did, and which fields they typed")   \
    X(SCAN, "scan", "detectors over the fields")                                  \
    X(PLUGINS, "plugins", "what plugins think of it")                             \
    X(JUDGE, "judge", "one verdict with its reasons")
enum chain_stage {
    CHAIN_NONE = 0,
#define X(id, name, help) CHAIN_##id,
    CHAIN_STAGES(X)
#undef X
};
const char *chain_stage_name(enum chain_stage stage); /* "decode"; "none" */

/* What a request's head told, for who runs the chain again with the same head: the messages of a socket, the stretches
 * of a body. All zero at first, and written by the chain. */
struct chain_sight {
    uint64_t generation; /* of which set of rules; 0: none yet */
    struct lp_sight rules;
    enum flt_wire wire;
};

struct chain_in { /* all borrowed */
    struct generation *gen;
    struct flt_scanner *scanner; /* made for this generation's packs */
    struct lp_request req;       /* content_type as sent, spans as on the wire, host lower case */
    struct st_span body, content_encoding;
    const struct flt_head_text *words; /* header fields that hold words of people */
    size_t n_words;
    const char *const *groups;    /* of the person */
    const struct lp_facts *facts; /* what plugins noted of the head; NULL */
    size_t plain_limit;           /* ceiling of the body after content coding */
    enum flt_reason not_held;     /* not NONE: the body could not be held (SIZE, FAILED); it is judged unread */
    uint64_t not_held_bytes;
    struct chain_sight *sight;       /* NULL: nobody asks again */
    const struct flt_trace *trace;   /* every candidate of the scan; NULL */
    enum flt_open open;              /* which files are to be opened */
    const struct flt_opened *opened; /* one for each of doc->files; NULL: they were not opened. The doc borrows */
    /* Known before: of a body that is read in stretches (sift.c), what the first one told; of an announced upload
     * (transfer.h), its rule. And what dictionaries saw so far. NULL. */
    const struct lp_route *route;
    struct flt_terms *terms;
    struct drips *drips; /* what people sent before; NULL: nobody remembers */
    const char *person;  /* with drips */
};
struct chain_out {                /* lives in the arena; spans borrow from the input too */
    const struct lp_sight *rules; /* those that may hold; of in->sight when that is there */
    const struct lp_route *route; /* NULL: nothing to see */
    bool has_activity;
    struct lp_activity activity; /* has_activity */
    struct flt_doc *doc;         /* NULL when it was not decoded */
    struct flt_findings findings;
    struct flt_receipt receipt;
    struct lp_opinion opinion;
    struct pol_judgement judgement;
    enum chain_stage failed; /* the stage that could not do its work; NONE */
    struct st_err err;       /* why */
};
void chain_run(const struct chain_in *in, struct st_arena *arena, struct chain_out *out);
/* Its two halves: all stages but the judge (false: there is nothing to judge), and the judge. */
bool chain_look(const struct chain_in *in, struct st_arena *arena, struct chain_out *out);
void chain_judge(const struct chain_in *in, struct st_arena *arena, struct chain_out *out);
/* A stage failed: what was found so far proves nothing. bytes: of the body. */
void chain_forget(struct chain_out *out, enum chain_stage stage, uint64_t bytes);
/* The same in two halves, for who can open files. true: out->doc->files are to be opened, and chain_finish is called
 * with in->opened then; false: out is finished. */
ST_MUST bool chain_begin(const struct chain_in *in, struct st_arena *arena, struct chain_out *out);
void chain_finish(const struct chain_in *in, struct st_arena *arena, struct chain_out *out);

/* Writes what goes out instead of the body (and of the query, when a finding was there); false: it cannot be written
 * back, and out->judgement is a block from now on. */
ST_MUST bool chain_redact(const struct chain_in *in, struct chain_out *out, struct st_buf *body, struct st_buf *query);
/* What the person is told, in German where there is a text; NULL: nothing of its own. */
const char *chain_message(const struct chain_out *out, bool in_german);
void chain_cannot_redact(struct chain_out *out); /* the same without trying: a part of it is no longer here */
#endif
