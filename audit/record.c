/* SPDX-License-Identifier: Apache-2.0 */
/* record - one entry on its way from a process to the recorder, and the check that it carries nothing it must not.
 *
 * The list of what a record may say is audit/fields.def; this file turns it into a table and holds each value against
 * its type. The recorder checks again what a worker sent: a worker reads the network and may be taken over, and then
 * still only ids, numbers and public addresses reach the disk. When you add a type, add its shape function below.
 */
#include "audit/audit.h"
#include "base/ipc.h"
#include "base/json.h"
#include <string.h>

#define ENTRY_VERSION 1
#define DETAILS_MAX   4096u
#define LIST_ID_MAX   64u
#define NUMBER_MAX    ((int64_t)1 << 53) /* what every JSON reader keeps exactly */

#define FIELD_TYPES(X)  \
    X(ID, "id")         \
    X(NUMBER, "number") \
    X(FLAG, "flag")     \
    X(URL, "url")       \
    X(TITLE, "title")   \
    X(IDS, "ids")       \
    X(PAIRS, "pairs")
enum field_type {
#define X(id, name) FIELD_##id,
    FIELD_TYPES(X)
#undef X
};
static const char *const field_type_name[] = {
#define X(id, name) name,
    FIELD_TYPES(X)
#undef X
};

static const struct field {
    const char *name;
    enum field_type type;
    unsigned kinds;
    size_t max;
    const char *help;
} fields[] = {
#define FIELD(name, type, kinds, max, help) { #name, FIELD_##type, kinds, max, help },
#include "audit/fields.def"
#undef FIELD
};

static const char *const url_params[] = {
#define URL_PARAM(name, help) #name,
#include "audit/url_params.def"
#undef URL_PARAM
};

static const char *const kind_name[] = {
#define X(id, name) name,
    AUD_KINDS(X)
#undef X
};

const char *aud_kind_name(enum aud_kind kind)
{
    return (unsigned)kind < ST_LEN(kind_name) ? kind_name[kind] : "unknown";
}

enum aud_kind aud_kind_of(struct st_span name)
{
    for (unsigned kind = 0; kind < ST_LEN(kind_name); kind++)
        if (st_span_eq(name, st_span_str(kind_name[kind])))
            return (enum aud_kind)kind;
    return AUD_SYSTEM;
}

void aud_entry_init(struct aud_entry *entry, enum aud_kind kind)
{
    memset(entry, 0, sizeof *entry);
    entry->kind = kind;
    st_buf_init(&entry->details, DETAILS_MAX);
}

void aud_entry_fini(struct aud_entry *entry)
{
    st_buf_fini(&entry->details);
    st_wipe(entry->person, sizeof entry->person);
}

void aud_entry_pack(const struct aud_entry *entry, struct st_buf *out)
{
    st_pack_u8(out, ENTRY_VERSION);
    st_pack_span(out, st_span(entry->id, sizeof entry->id));
    st_pack_u8(out, (uint8_t)entry->kind);
    st_pack_u64(out, (uint64_t)entry->wall_ms);
    st_pack_str(out, entry->person);
    st_pack_str(out, entry->subject);
    st_pack_span(out, st_buf_view(&entry->details));
    if (entry->details.failed != ST_E_NONE && out->failed == ST_E_NONE)
        out->failed = entry->details.failed; /* half a record must not look like a whole one */
}

enum st_rc aud_entry_unpack(struct st_span packed, struct aud_entry *out, struct st_err *err)
{
    struct st_unpack u = st_unpack(packed);
    uint8_t version = st_unpack_u8(&u);
    struct st_span id = st_unpack_span(&u), details;
    uint8_t kind = st_unpack_u8(&u);

    aud_entry_init(out, AUD_SYSTEM);
    out->wall_ms = (int64_t)st_unpack_u64(&u);
    st_unpack_str(&u, out->person, sizeof out->person);
    st_unpack_str(&u, out->subject, sizeof out->subject);
    details = st_unpack_span(&u);
    if (!st_unpack_done(&u) || version != ENTRY_VERSION || id.n != sizeof out->id || kind >= ST_LEN(kind_name)) {
        aud_entry_fini(out);
        return st_fail(err, ST_E_SYNTAX, "audit.unpack", "not a packed record", packed.n);
    }
    memcpy(out->id, id.p, id.n);
    out->kind = (enum aud_kind)kind;
    st_buf_span(&out->details, details);
    if (st_buf_done(&out->details, err, "audit.unpack") != ST_OK) {
        aud_entry_fini(out);
        return ST_ERR;
    }
    return ST_OK;
}

/* ---- shapes of values ------------------------------------------------------------------------------------------ */

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* No '@', no space, nothing beyond ASCII: an address or a sentence is no id. */
static bool is_id(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (s.p[i] == 0 || strchr("._:/#-", s.p[i]) == NULL))
            return false;
    return s.n > 0;
}

static bool is_url_param(struct st_span param)
{
    size_t eq = st_span_chr(param, '=');

    if (eq == ST_SPAN_NPOS)
        return false;
    for (size_t i = 0; i < ST_LEN(url_params); i++)
        if (st_span_eq(st_span_sub(param, 0, eq), st_span_str(url_params[i])))
            return st_span_chr(st_span_sub(param, eq + 1, param.n), '=') == ST_SPAN_NPOS;
    return false;
}

static bool is_url(struct st_span s)
{
    struct st_span rest, authority, param;
    size_t slash, question = st_span_chr(s, '?');

    for (size_t i = 0; i < s.n; i++) /* ASCII, printable, and none that would need quoting anywhere */
        if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"<>\\^`{|}#", s.p[i]) != NULL)
            return false;
    if (st_span_starts(s, ST_SPAN("https://")))
        rest = st_span_sub(s, 8, s.n);
    else if (st_span_starts(s, ST_SPAN("http://")))
        rest = st_span_sub(s, 7, s.n);
    else
        return false;
    slash = st_span_chr(rest, '/');
    authority = slash == ST_SPAN_NPOS ? rest : st_span_sub(rest, 0, slash);
    if (authority.n == 0 || st_span_chr(authority, '@') != ST_SPAN_NPOS || st_span_chr(authority, '?') != ST_SPAN_NPOS)
        return false;
    if (question == ST_SPAN_NPOS)
        return true;
    rest = st_span_sub(s, question + 1, s.n);
    if (rest.n == 0)
        return false;
    while (st_span_next(&rest, '&', &param))
        if (!is_url_param(param))
            return false;
    return true;
}

/* jansson has checked the UTF-8; a title is one line. */
static bool is_title(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

static bool is_number(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= NUMBER_MAX;
}

static bool is_pair(const json_t *value)
{
    const json_t *from = json_array_get(value, 0), *to = json_array_get(value, 1);

    return json_array_size(value) == 2 && is_number(from) && is_number(to) &&
           json_integer_value(from) <= json_integer_value(to);
}

static struct st_span text_of(const json_t *value)
{
    return json_is_string(value) ? st_span(json_string_value(value), json_string_length(value)) : ST_SPAN_NONE;
}

static bool is_list_of(const json_t *value, enum field_type type)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (type == FIELD_PAIRS ? !is_pair(item) : !is_id(text_of(item)) || text_of(item).n > LIST_ID_MAX)
            return false;
    }
    return json_is_array(value);
}

static bool has_shape(const struct field *field, const json_t *value)
{
    switch (field->type) {
    case FIELD_ID: return is_id(text_of(value));
    case FIELD_NUMBER: return is_number(value);
    case FIELD_FLAG: return json_is_boolean(value);
    case FIELD_URL: return is_url(text_of(value));
    case FIELD_TITLE: return json_is_string(value) && is_title(text_of(value));
    case FIELD_IDS:
    case FIELD_PAIRS: return is_list_of(value, field->type);
    }
    return false;
}

static const struct field *field_find(const char *name)
{
    for (size_t i = 0; i < ST_LEN(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static enum st_rc details_check(enum aud_kind kind, json_t *details, struct st_err *err)
{
    const char *name;
    json_t *value;
    int64_t place = 0;

    if (!json_is_object(details))
        return st_fail(err, ST_E_PROTO, "audit.check", "details are not an object", 0);
    json_object_foreach(details, name, value)
    {
        const struct field *field = field_find(name);
        size_t size = json_is_array(value) ? json_array_size(value) : text_of(value).n;

        place++;
        if (field == NULL)
            return st_fail(err, ST_E_PROTO, "audit.check", "detail is not in audit/fields.def", place);
        if ((field->kinds & (1u << kind)) == 0)
            return st_fail(err, ST_E_PROTO, "audit.check", "detail is not for this kind of record", place);
        if (field->max != 0 && size > field->max)
            return st_fail(err, ST_E_LIMIT, "audit.check", "detail is too long", place);
        if (!has_shape(field, value))
            return st_fail(err, ST_E_PROTO, "audit.check", "detail has the wrong shape", place);
    }
    return ST_OK;
}

enum st_rc aud_entry_check(const struct aud_entry *entry, struct st_err *err)
{
    struct st_span subject = st_span(entry->subject, strnlen(entry->subject, sizeof entry->subject));
    enum st_rc rc;
    json_t *details = NULL;

    if ((unsigned)entry->kind >= ST_LEN(kind_name))
        return st_fail(err, ST_E_PROTO, "audit.check", "unknown kind of record", entry->kind);
    if (subject.n == sizeof entry->subject || strnlen(entry->person, sizeof entry->person) == sizeof entry->person)
        return st_fail(err, ST_E_LIMIT, "audit.check", "subject or person is too long", 0);
    if (subject.n != 0 && !is_id(subject))
        return st_fail(err, ST_E_PROTO, "audit.check", "subject is not an id", 0);
    if (entry->kind == AUD_RESOURCE && entry->person[0] != 0)
        return st_fail(err, ST_E_PROTO, "audit.check", "a resource has no person", 0);
    if ((entry->kind == AUD_LEARNING || entry->kind == AUD_CONSENT) && entry->person[0] == 0)
        return st_fail(err, ST_E_PROTO, "audit.check", "this kind of record is about a person", 0);
    if (st_buf_done(&entry->details, err, "audit.check") != ST_OK)
        return ST_ERR;
    if (entry->details.n == 0)
        return ST_OK;
    if (entry->details.n > DETAILS_MAX)
        return st_fail(err, ST_E_LIMIT, "audit.check", "details are too long", entry->details.n);
    if (st_json_read(st_buf_view(&entry->details), "record", &details, NULL, err) != ST_OK)
        return ST_ERR;
    rc = details_check(entry->kind, details, err);
    json_decref(details);
    return rc;
}

void aud_fields_describe(struct st_buf *out)
{
    for (size_t i = 0; i < ST_LEN(fields); i++) {
        st_buf_fmt(out, "%s %s ", fields[i].name, field_type_name[fields[i].type]);
        for (unsigned kind = 0, any = 0; kind < ST_LEN(kind_name); kind++)
            if ((fields[i].kinds & (1u << kind)) != 0)
                st_buf_fmt(out, "%s%s", any++ != 0 ? "," : "", kind_name[kind]);
        st_buf_fmt(out, " - %s\n", fields[i].help);
    }
}
