/* SPDX-License-Identifier: Apache-2.0 */
/* log - lines are JSON of the promised shape, whatever the fields; ids let nothing strange through. */
#include "t.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static char last[4096];
static size_t lines;

static void keep(void *ctx, enum st_event event, const char *line)
{
    (void)ctx;
    (void)event;
    lines++;
    snprintf(last, sizeof last, "%s", line);
}

static json_t *last_line(void)
{
    struct st_err err = ST_ERR_INIT;
    json_t *root = NULL;

    T_CHECK(st_json_read(st_span_str(last), "log", &root, NULL, &err) == ST_OK, "not JSON: %s", last);
    return root;
}

static const char *text(json_t *root, const char *key)
{
    const char *s = json_string_value(json_object_get(root, key));

    T_CHECK(s != NULL, "no text \"%s\" in %s", key, last);
    return s;
}

T_TEST(line_has_the_promised_shape)
{
    struct st_err err = { ST_E_IO, "file.read", "file cannot be opened", 2 };
    json_t *root, *e;

    st_log_sink(keep, NULL);
    st_log_process("worker", 3);
    ST_LOG(PROCESS_START, ST_NUM("pid", 77), ST_LIT("why", "a \"quoted\" \\ word"), ST_ID("rule", st_id("pan-luhn")),
           ST_ERRF(&err));
    root = last_line();
    T_CHECK(strncmp(last, "{\"ts\":\"", 7) == 0, "%s", last);
    T_CHECK(strlen(text(root, "ts")) == 24 && text(root, "ts")[23] == 'Z', "%s", text(root, "ts"));
    T_CHECK(strcmp(text(root, "level"), "info") == 0, "%s", last);
    T_CHECK(strcmp(text(root, "event"), "process.start") == 0, "%s", last);
    T_CHECK(strcmp(text(root, "process"), "worker") == 0, "%s", last);
    T_CHECK(json_integer_value(json_object_get(root, "n")) == 3, "%s", last);
    T_CHECK(json_integer_value(json_object_get(root, "pid")) == 77, "%s", last);
    T_CHECK(strcmp(text(root, "why"), "a \"quoted\" \\ word") == 0, "%s", last);
    T_CHECK(strcmp(text(root, "rule"), "pan-luhn") == 0, "%s", last);
    e = json_object_get(root, "err");
    T_CHECK(strcmp(text(e, "code"), "io") == 0 && strcmp(text(e, "where"), "file.read") == 0, "%s", last);
    T_CHECK(strcmp(text(e, "what"), "file cannot be opened") == 0 && strcmp(text(e, "errno"), "ENOENT") == 0, "%s",
            last);
    json_decref(root);
    st_log_process(NULL, 0);
}

T_TEST(every_event_has_a_name_and_logs)
{
    st_log_sink(keep, NULL);
    for (int i = 0; i < ST_EV_COUNT; i++) {
        const char *name = st_event_name((enum st_event)i);

        T_CHECK(strlen(name) > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz.") == strlen(name), "event %d: %s", i,
                name);
        st_log((enum st_event)i, (const struct st_field[]){ { .kind = ST_FIELD_END } });
        json_decref(last_line());
    }
    T_CHECK(strcmp(st_event_name(ST_EV_COUNT), "?") == 0, "past the end");
}

T_TEST(too_many_fields_are_cut_as_wholes)
{
    for (size_t n = 0; n < 200; n++) {
        static struct st_field fields[201];
        json_t *root;
        size_t kept;

        for (size_t i = 0; i < n; i++)
            fields[i] = ST_ID("field", st_id("0123456789"));
        fields[n] = (struct st_field){ .kind = ST_FIELD_END };
        st_log_sink(keep, NULL);
        st_log(ST_EV_STOP, fields);
        T_CHECK(strlen(last) < 2048, "%zu fields make %zu bytes", n, strlen(last));
        if (n <= 1) {
            json_decref(last_line()); /* with more the key repeats, which our reader refuses */
            continue;
        }
        root = json_loads(last, 0, NULL);
        T_CHECK(root != NULL, "%zu fields: not JSON: %s", n, last);
        kept = 0;
        for (const char *at = last; (at = strstr(at, "\"field\":\"0123456789\"")) != NULL; at++)
            kept++;
        T_CHECK(json_is_true(json_object_get(root, "cut")) == (kept < n), "%zu of %zu fields: %s", kept, n, last);
        T_CHECK(kept == n || kept > 80, "%zu of %zu fields", kept, n);
        json_decref(root);
    }
}

T_TEST(ids_take_harmless_bytes_only)
{
    char longest[66];

    memset(longest, 'a', sizeof longest);
    longest[63] = '\0';
    T_CHECK(strcmp(st_id(longest).s, longest) == 0, "63 bytes fit");
    longest[63] = 'a';
    longest[64] = '\0';
    T_CHECK(strcmp(st_id(longest).s, "?") == 0, "64 do not");
    T_CHECK(strcmp(st_id("pii.de.iban_2:x-Y").s, "pii.de.iban_2:x-Y") == 0, "all kinds");
    T_CHECK(strcmp(st_id(NULL).s, "?") == 0 && strcmp(st_id("").s, "?") == 0, "nothing");
    for (int c = 1; c < 256; c++) {
        char s[] = { 'a', (char)c, '\0' };
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
                  c == ':' || c == '-';

        T_CHECK((strcmp(st_id(s).s, s) == 0) == ok, "byte %d", c);
        T_CHECK(ok || strcmp(st_id(s).s, "?") == 0, "byte %d", c);
    }
}

/* Through a pipe in place of fd 2: one line, one write, no line of level debug. */
T_TEST(writes_to_standard_error)
{
    char got[4096];
    int fds[2], saved = dup(2);
    ssize_t n;

    T_CHECK(pipe(fds) == 0 && saved >= 0, "pipe");
    st_log_sink(NULL, NULL);
    (void)fflush(stderr);
    (void)dup2(fds[1], 2);
    ST_LOG(CHECKPOINT, ST_NUM("size", 1));
    ST_LOG(DRAIN, ST_NUM("open", 5));
    ST_LOG(DRAIN, ST_NUM("open", 6));
    (void)dup2(saved, 2);
    (void)close(saved);
    (void)close(fds[1]);
    n = read(fds[0], got, sizeof got - 1);
    (void)close(fds[0]);
    T_CHECK(n > 0, "nothing was written");
    got[n] = '\0';
    T_CHECK(strstr(got, "\"size\":1") == NULL, "%s", got);
    T_CHECK(strstr(got, "\"open\":5}\n{\"ts\"") != NULL, "%s", got);
    T_CHECK(strstr(got, "\"open\":6}\n") != NULL, "%s", got);
}

T_TEST(needs_no_memory)
{
    size_t before = lines;

    st_log_sink(keep, NULL);
    t_fail_alloc(1);
    ST_LOG(OOM, ST_NUM("bytes", 5));
    T_CHECK(!t_alloc_failed() && lines == before + 1, "logging allocated");
    t_fail_alloc(0);
}
