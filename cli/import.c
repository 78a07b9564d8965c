/* SPDX-License-Identifier: Apache-2.0 */
/* import - `stoa rules import gitleaks | presidio-yaml`: another tool's rules as a pack of this house.
 *
 * Each rule is written down with examples made from its own expression and has to prove itself alone, as packs do when
 * they are loaded: what the gateway would refuse is refused here, with the gateway's reason. The pack is written only
 * when the whole file was read, and a rule is either in it or in a line that says why not.
 */
#include "cli/import.h"
#include "base/file.h"
#include "filters/filters.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_MAX  (4u << 20)
#define ARENA_MAX   ((size_t)256 << 20)
#define PACK_MAX    (4u << 20) /* what the loader reads at most */
#define ID_MAX      63u
#define TITLE_MAX   200u
#define LEAST_SCORE 50 /* what a finding needs */
#define VARIANTS    6u

/* ---- words ------------------------------------------------------------------------------------------------------- */

bool import_push(struct import_run *run, struct import_strs *list, const char *s)
{
    if ((list->n & (list->n - 1)) == 0) { /* 0, 1, 2, 4 … are full */
        const char **more = st_arena_alloc(run->arena, (list->n == 0 ? 1 : 2 * list->n) * sizeof *more);

        if (more == NULL) {
            run->is_broken = true;
            (void)st_arena_fail(run->arena, &run->err, "cli.import");
            return false;
        }
        if (list->n > 0)
            memcpy(more, list->items, list->n * sizeof *more);
        list->items = more;
    }
    list->items[list->n++] = s;
    return true;
}

/* Between single quotes, as YAML has them; what is no text is left out. */
static void put_quoted(struct st_buf *out, const char *s)
{
    st_buf_byte(out, '\'');
    for (; *s != '\0'; s++) {
        if (*s == '\'')
            st_buf_byte(out, '\'');
        st_buf_byte(out, (uint8_t)*s < 0x20 || *s == 0x7f ? ' ' : (uint8_t)*s);
    }
    st_buf_byte(out, '\'');
}

static void put_list(struct st_buf *out, const struct import_strs *list)
{
    st_buf_byte(out, '[');
    for (size_t i = 0; i < list->n; i++) {
        st_buf_str(out, i > 0 ? ", " : "");
        put_quoted(out, list->items[i]);
    }
    st_buf_str(out, "]\n");
}

/* As ids are written: small letters, digits, dots, - and _. */
static void put_word(char *out, size_t size, const char *s)
{
    size_t n = 0;

    for (; *s != '\0' && n + 1 < size; s++) {
        char c = (char)tolower((unsigned char)*s);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-')
            out[n++] = c;
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
}

static bool is_given(const struct import_run *run, const char *id)
{
    for (size_t i = 0; i < run->ids.n; i++)
        if (strcmp(run->ids.items[i], id) == 0)
            return true;
    return false;
}

/* PACK.NAME, and a number when that is taken. */
static const char *make_id(struct import_run *run, const struct import_rule *rule)
{
    char word[ID_MAX + 1], id[4 * ID_MAX]; /* room makes it shorter */
    size_t room = ID_MAX - strlen(run->pack) - 5;

    put_word(word, room, rule->name);
    (void)snprintf(id, sizeof id, "%s.%s", run->pack, word[0] != '\0' ? word : "rule");
    for (unsigned n = 2; is_given(run, id) && n < 1000; n++)
        (void)snprintf(id, sizeof id, "%s.%.*s-%u", run->pack, (int)room, word[0] != '\0' ? word : "rule", n);
    return st_arena_str(run->arena, st_span_str(id));
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static void say(struct import_run *run, const struct import_rule *rule, const char *id, const char *what)
{
    struct st_json *w = &run->json;

    if (!run->cli->json) {
        printf("%s:%u: %s: %s%s%s%s\n", run->path, rule->line, rule->name,
               id != NULL ? "taken as " : "not taken: ", id != NULL ? id : what,
               id != NULL && what[0] != '\0' ? "; " : "", id != NULL ? what : "");
        return;
    }
    st_json_object(w, NULL);
    st_json_str(w, "rule", rule->name);
    st_json_int(w, "line", rule->line);
    st_json_bool(w, "taken", id != NULL);
    if (id != NULL)
        st_json_str(w, "id", id);
    if (what[0] != '\0')
        st_json_str(w, id != NULL ? "note" : "reason", what);
    st_json_end(w);
}

void import_refuse(struct import_run *run, const struct import_rule *rule, const char *fmt, ...)
{
    char why[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    run->seen++;
    run->refused++;
    say(run, rule, NULL, why);
}

void import_left_out(struct import_run *run, unsigned line, const char *fmt, ...)
{
    struct st_json *w = &run->json;
    char what[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (!run->cli->json) {
        printf("%s:%u: left out: %s\n", run->path, line, what);
        return;
    }
    st_json_object(w, NULL);
    st_json_int(w, "line", line);
    st_json_str(w, "left_out", what);
    st_json_end(w);
}

/* ---- a rule, written ----------------------------------------------------------------------------------------------
 */

static void put_set(struct st_buf *out, const char *key, const struct rx_set *set)
{
    if (rx_set_size(set) == 0)
        return;
    st_buf_fmt(out, "    %s: '", key);
    import_put_set(set, out);
    st_buf_str(out, "'\n");
}

static void put_pattern(struct st_buf *out, const struct import_take *t)
{
    struct import_strs anchors = { NULL, 0 };
    const char *items[IMPORT_ANCHORS_MAX];

    for (size_t i = 0; i < t->n_anchors; i++)
        items[i] = t->anchors[i];
    anchors.items = items;
    anchors.n = t->n_anchors;
    st_buf_str(out, "    pattern: '");
    import_put_pattern(t, out);
    st_buf_str(out, "'\n    anchor: ");
    put_list(out, &anchors);
    st_buf_fmt(out, "    extent: %s\n%s", t->extent, t->is_caseless ? "    caseless: true\n" : "");
    if (strcmp(t->extent, "block") == 0) {
        st_buf_str(out, "    max: 16384\n");
        return;
    }
    put_set(out, "chars", &t->chars);
    put_set(out, "not_before", &t->not_before);
    put_set(out, "not_after", &t->not_after);
    st_buf_fmt(out, "%s    min: %u\n    max: %u\n", t->is_exact ? "    exact: true\n" : "", t->min, t->max);
}

static void put_numbers(struct st_buf *out, const struct import_take *t)
{
    if (t->find == IMPORT_DIGITS && t->least == t->most)
        st_buf_fmt(out, "    find: digits\n    lengths: [%u]\n", t->least);
    else if (t->find == IMPORT_DIGITS)
        st_buf_fmt(out, "    find: digits\n    lengths: [%u-%u]\n", t->least, t->most);
    else
        st_buf_fmt(out, "    find: shape\n    shape: '%s'\n", t->shape);
    st_buf_fmt(out, "    separators: '%s'\n", t->separators);
    if (t->groups[0] != '\0')
        st_buf_fmt(out, "    groups: ['%s']\n", t->groups);
}

static void put_confidence(struct st_buf *out, const struct import_rule *rule, const struct import_take *t)
{
    int near = rule->near, grouped = 5, base = rule->score;

    if (base < LEAST_SCORE && base + near < LEAST_SCORE && rule->context.n > 0)
        near = LEAST_SCORE - base; /* with a word it is a finding there, so it is one here */
    if (t != NULL && t->must_be_grouped) {
        grouped = base;
        base = 0;
    }
    st_buf_fmt(out, "    confidence: { base: %d, near: %d, grouped: %d }\n", base, near, grouped);
}

static void put_allow(struct st_buf *out, const struct import_rule *rule)
{
    const struct {
        const char *key;
        const struct import_strs *list;
    } lists[] = { { "words", &rule->allow_words },
                  { "patterns", &rule->allow_patterns },
                  { "lines", &rule->allow_lines } };
    bool any = false;

    for (size_t i = 0; i < ST_LEN(lists); i++) {
        if (lists[i].list->n == 0)
            continue;
        st_buf_fmt(out, "%s      %s: ", any ? "" : "    allow:\n", lists[i].key);
        put_list(out, lists[i].list);
        any = true;
    }
}

static void put_examples(struct st_buf *out, const struct import_rule *rule, const struct import_take *t,
                         unsigned variant)
{
    const char *word = rule->context.n > 0 ? rule->context.items[0] : "";
    const char *literal = t->n_anchors > 0 ? t->anchors[0] : "0";
    struct st_buf text;

    st_buf_init(&text, 16384);
    st_buf_str(out, "    examples:\n      match:\n");
    for (unsigned i = 0; i < 3; i++) {
        st_buf_reset(&text);
        st_buf_fmt(&text, "%s ", word);
        import_put_example(t, variant + i, &text);
        st_buf_byte(&text, i == 1 ? ' ' : '\0');
        st_buf_byte(&text, '\0');
        st_buf_str(out, "        - ");
        put_quoted(out, (const char *)text.p);
        st_buf_byte(out, '\n');
    }
    st_buf_str(out, "      miss:\n        - 'only words, and the number 42'\n        - ");
    st_buf_reset(&text);
    st_buf_fmt(&text, "%s, and no more%c", literal, '\0');
    put_quoted(out, (const char *)text.p);
    st_buf_str(out, "\n        - ''\n");
    st_buf_fini(&text);
}

static void put_head(struct st_buf *out, const struct import_run *run, const struct import_rule *rule, const char *id)
{
    char title[TITLE_MAX + 1], mask[ID_MAX + 1];
    const char *dot = strrchr(id, '.');

    (void)snprintf(title, sizeof title, "%s", rule->title != NULL && rule->title[0] != '\0' ? rule->title : rule->name);
    for (size_t n = strlen(title); n > 0 && ((uint8_t)title[n - 1] & 0x80) != 0 && n > TITLE_MAX - 4; n--)
        title[n - 1] = '\0'; /* no half character at the end */
    put_word(mask, sizeof mask, dot != NULL && dot[1] != '\0' ? id + strlen(run->pack) + 1 : id);
    st_buf_fmt(out, "  - id: %s\n    title: { en: ", id);
    put_quoted(out, title);
    st_buf_fmt(out, " }\n    severity: %s\n    mask: '[%s]'\n", run->severity, mask);
    if (rule->tags.n > 0) {
        st_buf_str(out, "    tags: ");
        put_list(out, &rule->tags);
    }
}

static void put_rule(struct st_buf *out, const struct import_run *run, const struct import_rule *rule, const char *id,
                     const struct import_take *t, unsigned variant)
{
    put_head(out, run, rule, id);
    if (t->find == IMPORT_PATTERN)
        put_pattern(out, t);
    else
        put_numbers(out, t);
    if (rule->entropy > 0)
        st_buf_fmt(out, "    entropy: %.2f\n", rule->entropy);
    put_allow(out, rule);
    if (rule->context.n > 0) {
        st_buf_fmt(out, "    context:\n%s      words: ",
                   rule->needs_context ? "      required: context\n      within: 1000\n" : "");
        put_list(out, &rule->context);
    }
    put_confidence(out, rule, t);
    put_examples(out, rule, t, variant);
}

/* ---- a rule, on trial -------------------------------------------------------------------------------------------- */

static void put_pack_head(struct st_buf *out, const struct import_run *run)
{
    st_buf_fmt(out, "pack: %s\nversion: 1.0.0\nlicence: LicenseRef-imported\nrules:\n", run->pack);
}

/* Loads the text as the only pack; false: why, or run->is_broken. */
static bool is_accepted(struct import_run *run, struct st_span pack, char why[RX_WHY])
{
    char dir[4096], path[4200];
    const char *dirs[2] = { dir, NULL };
    struct st_diag *diag = st_diag_new();
    struct flt_packs *packs = NULL;
    struct st_err err = ST_ERR_INIT;
    bool is_good = false;

    if (diag == NULL || st_path_join(dir, sizeof dir, run->out, ".import-XXXXXX", &err) != ST_OK ||
        mkdtemp(dir) == NULL) {
        run->is_broken = true;
        st_fail(&run->err, ST_E_IO, "cli.import", "no folder for the trial of a rule can be made", errno);
        st_diag_free(diag);
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/one.pack.yaml", dir);
    if (st_file_write_atomic(path, pack, 0600, &err) == ST_OK)
        is_good = flt_packs_load(dirs, NULL, &packs, diag, &err) == ST_OK;
    if (!is_good && st_diag_count(diag) > 0)
        (void)snprintf(why, RX_WHY, "%s", st_diag_at(diag, 0)->text);
    else if (!is_good)
        (void)snprintf(why, RX_WHY, "%s", err.what);
    flt_packs_release(packs);
    (void)unlink(path);
    (void)rmdir(dir);
    st_diag_free(diag);
    return is_good;
}

/* With examples of other characters when the first ones do not hold; the last reason counts. */
static bool try_rule(struct import_run *run, const struct import_rule *rule, const char *id,
                     const struct import_take *t, char why[RX_WHY])
{
    bool is_good = false;
    struct st_buf pack;

    st_buf_init(&pack, PACK_MAX);
    for (unsigned variant = 0; variant < VARIANTS && !is_good && !run->is_broken; variant++) {
        size_t head;

        st_buf_reset(&pack);
        put_pack_head(&pack, run);
        head = pack.n;
        put_rule(&pack, run, rule, id, t, variant);
        if (st_buf_done(&pack, &run->err, "cli.import") != ST_OK) {
            (void)snprintf(why, RX_WHY, "it is too large for a pack");
            break;
        }
        is_good = is_accepted(run, st_buf_view(&pack), why);
        if (is_good)
            st_buf_span(&run->body, st_span_sub(st_buf_view(&pack), head, pack.n));
    }
    st_buf_fini(&pack);
    return is_good;
}

static void accept(struct import_run *run, const struct import_rule *rule, const char *id)
{
    run->seen++;
    run->taken++;
    run->noted += rule->notes[0] != '\0';
    (void)import_push(run, &run->ids, id);
    say(run, rule, id, rule->notes);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Words to look for: a file of them beside the pack. */
static void take_words(struct import_run *run, struct import_rule *rule, const char *id)
{
    char name[ID_MAX + 16], path[4096];
    struct st_buf words;

    st_buf_init(&words, PACK_MAX);
    for (size_t i = 0; i < rule->words.n; i++) {
        st_buf_str(&words, rule->words.items[i]);
        st_buf_byte(&words, '\n');
    }
    (void)snprintf(name, sizeof name, "%s.words", id);
    if (st_buf_done(&words, &run->err, "cli.import") != ST_OK ||
        st_path_join(path, sizeof path, run->out, name, &run->err) != ST_OK ||
        st_file_write_atomic(path, st_buf_view(&words), 0644, &run->err) != ST_OK) {
        run->is_broken = true;
    } else {
        put_head(&run->body, run, rule, id);
        st_buf_fmt(&run->body, "    find: words\n    dictionary: { file: '%s' }\n", name);
        put_confidence(&run->body, rule, NULL);
        accept(run, rule, id);
    }
    st_buf_fini(&words);
}

/* Can it ever be sure enough? */
static bool is_hopeless(const struct import_rule *rule)
{
    return rule->score < LEAST_SCORE && rule->context.n == 0;
}

void import_rule(struct import_run *run, struct import_rule *rule)
{
    struct import_take take;
    struct rx *rx = NULL;
    const char *id = make_id(run, rule);
    char why[RX_WHY] = "";

    if (id == NULL) {
        run->is_broken = true;
        (void)st_arena_fail(run->arena, &run->err, "cli.import");
    } else if (is_hopeless(rule)) {
        import_refuse(run, rule, "its score is below 0.5 and no words near by would raise it: it could find nothing");
    } else if (rule->regex == NULL) {
        take_words(run, rule, id);
    } else if (rx_parse(st_span_str(rule->regex), rule->flags, run->arena, &rx, why, &run->err) != ST_OK) {
        run->is_broken = run->err.code != ST_E_SYNTAX;
        if (!run->is_broken)
            import_refuse(run, rule, "%s", why);
    } else if (!import_take(rule, rx, &take, why) || !try_rule(run, rule, id, &take, why)) {
        if (!run->is_broken)
            import_refuse(run, rule, "%s", why);
    } else {
        accept(run, rule, id);
    }
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static bool read_options(struct import_run *run)
{
    static const struct option options[] = { { "output", required_argument, NULL, 'o' },
                                             { "pack", required_argument, NULL, 'n' },
                                             { "severity", required_argument, NULL, 's' },
                                             { NULL, 0, NULL, 0 } };
    static const char *const severities[] = { "low", "medium", "high", "critical" };
    struct cli *cli = run->cli;
    bool is_severity = false;
    int option;

    while ((option = getopt_long(cli->argc, cli->argv, "o:", options, NULL)) != -1) {
        switch (option) {
        case 'o': run->out = optarg; break;
        case 'n': run->pack = optarg; break;
        case 's': run->severity = optarg; break;
        default: (void)cli_usage(cli, "unknown option"); return false;
        }
    }
    for (size_t i = 0; i < ST_LEN(severities); i++)
        is_severity = is_severity || strcmp(run->severity, severities[i]) == 0;
    if (cli->argc - optind != 2 || run->out == NULL || !is_severity) {
        (void)cli_usage(cli,
                        "name the format, one file, and with -o a folder; --severity is low, medium, high, critical");
        return false;
    }
    run->format = cli->argv[optind];
    run->path = cli->argv[optind + 1];
    return true;
}

/* The pack's name: what --pack says, else the file's without its ending. */
static bool name_pack(struct import_run *run)
{
    const char *slash = strrchr(run->path, '/'), *base = slash != NULL ? slash + 1 : run->path;
    char word[33], *dot;

    put_word(word, sizeof word, run->pack != NULL ? run->pack : base);
    if (run->pack == NULL && (dot = strchr(word + 1, '.')) != NULL && word[0] != '\0')
        *dot = '\0';
    run->pack = st_arena_str(run->arena, st_span_str(word[0] != '\0' ? word : "imported"));
    return run->pack != NULL;
}

static enum st_rc write_pack(struct import_run *run, char *path, size_t size)
{
    struct st_buf pack;
    char name[64];
    enum st_rc rc = ST_ERR;

    st_buf_init(&pack, PACK_MAX);
    (void)snprintf(name, sizeof name, "%s.pack.yaml", run->pack);
    st_buf_fmt(&pack, "# Made by `stoa rules import %s`, version %s. The examples are made up.\n", run->format,
               STOA_VERSION);
    put_pack_head(&pack, run);
    st_buf_span(&pack, st_buf_view(&run->body));
    if (st_buf_done(&run->body, &run->err, "cli.import") == ST_OK &&
        st_buf_done(&pack, &run->err, "cli.import") == ST_OK &&
        st_path_join(path, size, run->out, name, &run->err) == ST_OK)
        rc = st_file_write_atomic(path, st_buf_view(&pack), 0644, &run->err);
    st_buf_fini(&pack);
    return rc;
}

static int finish(struct import_run *run, const char *path)
{
    const char *where = run->taken > 0 ? path : "no pack is written";

    if (run->cli->json) {
        st_json_end(&run->json);
        st_json_int(&run->json, "rules", (int64_t)run->seen);
        st_json_int(&run->json, "taken", (int64_t)run->taken);
        st_json_int(&run->json, "noted", (int64_t)run->noted);
        st_json_int(&run->json, "refused", (int64_t)run->refused);
        if (run->taken > 0)
            st_json_str(&run->json, "pack", path);
        st_json_end(&run->json);
        cli_print(&run->report);
    } else {
        printf("%zu rules: %zu taken, %zu of them with a note; %zu not taken: %s\n", run->seen, run->taken, run->noted,
               run->refused, where);
    }
    return run->refused > 0 ? CLI_FOUND : CLI_OK;
}

/* NULL: there is no such format. */
static import_read_f *reader_of(const char *format)
{
    if (strcmp(format, "gitleaks") == 0)
        return import_gitleaks;
    return strcmp(format, "presidio-yaml") == 0 ? import_presidio : NULL;
}

static int import_file(struct import_run *run, struct st_diag *diag)
{
    import_read_f *read = reader_of(run->format);
    char path[4096] = "";

    if (read == NULL)
        return cli_usage(run->cli, "'%s' is no format that is known", run->format);
    if ((run->arena = st_arena_new(ARENA_MAX)) == NULL || !name_pack(run)) {
        st_fail(&run->err, ST_E_NOMEM, "cli.import", "arena", 0);
        return cli_broken(run->cli, diag, &run->err);
    }
    if (cli_read(run->path, SOURCE_MAX, &run->text, &run->err) != ST_OK)
        return cli_fail(CLI_CONFIG, "%s: cannot be read: %s", run->path, cli_why(&run->err));
    if (st_mkdir_p(run->out, 0755, &run->err) != ST_OK)
        return cli_fail(CLI_USAGE, "%s: no folder can be made there: %s", run->out, strerror((int)run->err.num));
    if (read(run, diag) != ST_OK || run->is_broken || (run->taken > 0 && write_pack(run, path, sizeof path) != ST_OK))
        return cli_broken(run->cli, diag, &run->err);
    return finish(run, path);
}

int cmd_rules_import(struct cli *cli)
{
    struct import_run run = { .cli = cli, .severity = "high" };
    struct st_diag *diag = st_diag_new();
    int code = CLI_USAGE;

    st_buf_init(&run.text, SOURCE_MAX + 65536);
    st_buf_init(&run.body, PACK_MAX);
    st_buf_init(&run.report, 64u << 20);
    st_json_init(&run.json, &run.report);
    st_json_object(&run.json, NULL);
    st_json_array(&run.json, "report");
    if (read_options(&run))
        code = import_file(&run, diag);
    st_buf_fini(&run.text);
    st_buf_fini(&run.body);
    st_buf_fini(&run.report);
    st_arena_free(run.arena);
    st_diag_free(diag);
    return code;
}
