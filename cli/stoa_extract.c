/* SPDX-License-Identifier: Apache-2.0 */
/* stoa-extract - one file from standard input, its texts as records on standard output, and the end.
 *
 * Two processes: this one starts helping programs and sees no byte of the file; its child walks the file in the jail,
 * and what it leaves unsaid when it dies is told by the missing end record. `--prove` tries from inside the jail what
 * must not work, for whoever wants to see it on his own kernel.
 */
#include "base/ipc.h"
#include "filters/extract/extract.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_GOOD = 0, EXIT_JAIL = 1, EXIT_INPUT = 2, EXIT_OUTPUT = 3 };

static void put_all(const struct st_buf *buf)
{
    for (size_t at = 0; at < buf->n;) {
        ssize_t n = write(STDOUT_FILENO, buf->p + at, buf->n - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(EXIT_OUTPUT); /* nobody listens any more */
        at += (size_t)n;
    }
}

static void emit(void *ctx, enum flt_record kind, struct st_span name, struct st_span text)
{
    struct st_buf *buf = ctx;

    st_buf_reset(buf);
    st_pack_u8(buf, (uint8_t)kind);
    st_pack_span(buf, name);
    st_pack_span(buf, text);
    if (buf->failed == ST_E_NONE)
        put_all(buf);
}

/* A pipe has no size: it is read up to the limit. */
static bool read_input(struct st_buf *in)
{
    for (;;) {
        uint8_t *room = st_buf_room(in, 1u << 20);
        ssize_t n = room != NULL ? read(STDIN_FILENO, room, 1u << 20) : -1;

        if (n < 0 && errno == EINTR && room != NULL)
            continue;
        if (n <= 0)
            return n == 0;
        in->n += (size_t)n;
    }
}

static int walk(int tools, const struct flt_extract_limits *limits)
{
    struct st_buf in, out;
    struct ext x = { .emit = emit,
                     .ctx = &out,
                     .tools = tools,
                     .text_max = limits->text,
                     .depth_max = limits->depth,
                     .reads_pictures = limits->pictures };

    st_buf_init(&in, FLT_EXTRACT_GIVEN + (2u << 20));
    st_buf_init(&out, FLT_EXTRACT_MAX + 4096);
    if (ext_jail(NULL) != ST_OK)
        return EXIT_JAIL;
    if (!read_input(&in) || in.n > FLT_EXTRACT_GIVEN) {
        emit(&out, FLT_RECORD_NOTE, ST_SPAN_NONE, st_span_str(flt_reason_name(FLT_REASON_SIZE)));
        emit(&out, FLT_RECORD_END, ST_SPAN_NONE, ST_SPAN_NONE);
        return EXIT_INPUT;
    }
    ext_file(&x, st_buf_view(&in));
    return EXIT_GOOD;
}

static void say(const char *what, bool is_refused)
{
    char line[128];
    int n = snprintf(line, sizeof line, "%s: %s\n", what, is_refused ? "refused" : "NOT REFUSED");

    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(EXIT_OUTPUT);
}

static int prove(void)
{
    if (ext_jail(NULL) != ST_OK)
        return EXIT_JAIL;
    return ext_jail_prove(say) ? EXIT_GOOD : EXIT_JAIL;
}

/* "--text=N" and the like: what it is told by who starts it. */
static bool take_limit(const char *word, const char *name, uint64_t max, uint64_t *out)
{
    size_t n = strlen(name);

    return strncmp(word, name, n) == 0 && st_span_u64(st_span_str(word + n), out) && *out > 0 && *out <= max;
}

static bool take_words(int argc, char **argv, struct flt_extract_limits *limits)
{
    for (int i = 1; i < argc; i++) {
        uint64_t n;

        if (take_limit(argv[i], "--text=", FLT_EXTRACT_MAX, &n))
            limits->text = (size_t)n;
        else if (take_limit(argv[i], "--depth=", FLT_EXTRACT_DEPTH, &n))
            limits->depth = (unsigned)n;
        else if (strcmp(argv[i], "--pictures") == 0 || strcmp(argv[i], "--no-pictures") == 0)
            limits->pictures = argv[i][2] == 'p';
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct flt_extract_limits limits = { FLT_EXTRACT_MAX, FLT_EXTRACT_DEPTH, true };
    int ends[2], status = 0, code, null;
    pid_t pid;

    close_range(3, ~0u, 0);
    setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives; its files cannot be opened later */
    if (argc > 1 && strcmp(argv[1], "--prove") == 0)
        _exit(prove());
    if (!take_words(argc, argv, &limits)) {
        fprintf(stderr,
                "stoa-extract: reads one file from standard input, writes records; the options are --prove, "
                "--text=BYTES (of all texts), --depth=N (archives inside each other, up to %d) and --no-pictures\n",
                FLT_EXTRACT_DEPTH);
        return EXIT_INPUT;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (ipc_pair(ends, NULL) != ST_OK || (pid = fork()) < 0)
        return EXIT_JAIL;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        close(ends[0]);
        _exit(walk(ends[1], &limits));
    }
    close(ends[1]);
    if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0) /* the file and the records are the child's alone */
        return EXIT_JAIL;
    code = ext_tools_serve(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : code;
}
