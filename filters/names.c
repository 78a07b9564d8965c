/* SPDX-License-Identifier: Apache-2.0 */
/* names - the words that records, receipts and --json use for the room's enums, and those of activities.
 *
 * They are part of what others store and match on: a name never changes once shipped. The lists of the enums stand in
 * filters.h, so a new codec or reason needs nothing here. Kinds and audiences are words only: adapters (lua-plugins/)
 * say them and policies (policies/) ask for them, two rooms that do not see each other, so the list is below both.
 */
#include "filters/filters.h"

const char *const flt_kinds[] = { "view",
                                  "watch.start",
                                  "watch.progress",
                                  "watch.end",
                                  "read.dwell",
                                  "search",
                                  "post",
                                  "comment",
                                  "reply",
                                  "edit",
                                  "delete",
                                  "message",
                                  "draft",
                                  "share",
                                  "react",
                                  "follow",
                                  "join",
                                  "save",
                                  "upload",
                                  "download",
                                  "ai.prompt",
                                  "course.progress",
                                  "course.complete",
                                  "quiz.attempt",
                                  "auth",
                                  "opaque",
                                  NULL };
const char *const flt_audiences[] = { "public", "group", "private", "direct", "ai", "unknown", NULL };

const char *flt_codec_name(enum flt_codec codec)
{
    static const char *const names[] = {
#define X(id, name) [FLT_CODEC_##id] = name,
        FLT_CODECS(X)
#undef X
    };

    return (size_t)codec < ST_LEN(names) ? names[codec] : "?";
}

const char *flt_wire_name(enum flt_wire wire)
{
    static const char *const names[] = {
#define X(id, name) [FLT_WIRE_##id] = name,
        FLT_WIRES(X)
#undef X
    };

    return (size_t)wire < ST_LEN(names) ? names[wire] : "?";
}

const char *flt_reason_name(enum flt_reason reason)
{
    static const char *const names[] = {
#define X(id, name) [FLT_REASON_##id] = name,
        FLT_REASONS(X)
#undef X
    };

    return (size_t)reason < ST_LEN(names) ? names[reason] : "?";
}

const char *flt_reading_name(enum flt_reading reading)
{
    static const char *const names[] = {
#define X(id, name) [FLT_READ_##id] = name,
        FLT_READINGS(X)
#undef X
    };

    return (size_t)reading < ST_LEN(names) ? names[reading] : "?";
}

const char *flt_coverage_name(enum flt_coverage coverage)
{
    static const char *const names[] = { [FLT_FULLY] = "fully", [FLT_PARTLY] = "partly", [FLT_NOT] = "not" };

    return (size_t)coverage < ST_LEN(names) ? names[coverage] : "?";
}
