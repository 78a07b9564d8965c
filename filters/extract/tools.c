/* SPDX-License-Identifier: Apache-2.0 */
/* tools - programs that read what no library here does: poppler's for PDF, tesseract for the words in pictures.
 *
 * The process that walks a file may start nothing. It asks its parent over a channel and hands over the bytes as a
 * descriptor; the parent, which sees no byte of any file, starts the program in a jail of its own with nothing but that
 * descriptor to read and another to write, and hands the latter back. So a hole in a PDF reader opens one jail only.
 */
#include "base/ipc.h"
#include "filters/extract/extract.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOL_SECONDS 20
#define TOOL_MEMORY  (1024ull << 20)
#define TOOL_FILES   64
#define TOOL_MS      60000

static const char *const tools[][8] = {
    [EXT_PDFTOTEXT] = { "/usr/bin/pdftotext", "-q", "-enc", "UTF-8", "-", "-", NULL },
    [EXT_PDFINFO] = { "/usr/bin/pdfinfo", "-enc", "UTF-8", "-", NULL },
    [EXT_TESSERACT] = { "/usr/bin/tesseract", "stdin", "stdout", "-l", "eng+deu", NULL },
};
static const char *const environment[] = { "LC_ALL=C.UTF-8", "PATH=/usr/bin", "OMP_THREAD_LIMIT=1", NULL };

/* ---- the side that walks ----------------------------------------------------------------------------------------- */

static bool write_all(int fd, struct st_span s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);

        if (n <= 0)
            return false;
        s = st_span_sub(s, (size_t)n, s.n);
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

static int ask(struct ext *x, enum ext_tool tool, int in)
{
    struct pollfd wait = { .fd = x->tools, .events = POLLIN };
    uint8_t *scratch = malloc(IPC_SCRATCH);
    struct ipc_msg msg = { .fd = -1 };

    if (scratch == NULL || ipc_send(x->tools, (uint16_t)tool, 0, ST_SPAN_NONE, in, NULL) != ST_OK ||
        poll(&wait, 1, TOOL_MS) != 1 || ipc_recv(x->tools, scratch, &msg, NULL) != ST_OK)
        msg.fd = -1;
    free(scratch);
    return msg.fd;
}

static bool read_all(int fd, struct st_buf *out)
{
    for (;;) {
        uint8_t *room = st_buf_room(out, 65536);
        ssize_t n = room != NULL ? read(fd, room, 65536) : 0;

        if (n <= 0)
            return n == 0 && out->n > 0;
        out->n += (size_t)n;
    }
}

bool ext_tool(struct ext *x, enum ext_tool tool, struct st_span in, struct st_buf *out)
{
    int given = -1, made = -1;
    bool is_good = false;

    if (x->tools < 0)
        return false;
    given = memfd_create("given", MFD_CLOEXEC);
    if (given >= 0 && write_all(given, in) && (made = ask(x, tool, given)) >= 0)
        is_good = read_all(made, out);
    if (out->failed != ST_E_NONE)
        ext_note(x, FLT_REASON_SIZE);
    if (given >= 0)
        close(given);
    if (made >= 0)
        close(made);
    return is_good;
}

/* ---- the side that starts them ----------------------------------------------------------------------------------- */

static bool limit(int what, rlim_t value)
{
    return setrlimit((__rlimit_resource_t)what, &(struct rlimit){ value, value }) == 0;
}

static void become(enum ext_tool tool, int in, int out)
{
    const char *const *argv = tools[tool];
    int null = open("/dev/null", O_RDONLY); /* what it says to 2 is lost */

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0 || close_range(3, ~0u, 0) != 0 ||
        !limit(RLIMIT_CPU, TOOL_SECONDS) || !limit(RLIMIT_FSIZE, EXT_TEXT_MAX) || !limit(RLIMIT_NOFILE, TOOL_FILES) ||
        !limit(RLIMIT_CORE, 0) || ext_jail_tool(argv[0], NULL) != ST_OK ||
        !limit(RLIMIT_AS, TOOL_MEMORY)) /* last: a sanitizer's shadow is larger */
        _exit(127);
    execve(argv[0], (char *const *)argv, (char *const *)environment);
    _exit(127);
}

/* Answers the descriptor with what the program wrote, or -1. */
static int run(enum ext_tool tool, int in)
{
    int out = memfd_create("made", MFD_CLOEXEC), status = -1;
    pid_t pid = out >= 0 ? fork() : -1;

    if (pid == 0)
        become(tool, in, out);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && lseek(out, 0, SEEK_SET) == 0)
        return out;
    if (out >= 0)
        close(out);
    return -1;
}

static bool serve_one(int channel, const struct ipc_msg *msg)
{
    int made = msg->fd >= 0 && msg->type < ST_LEN(tools) && access(tools[msg->type][0], X_OK) == 0
                   ? run((enum ext_tool)msg->type, msg->fd)
                   : -1;
    enum st_rc rc = ipc_send(channel, msg->type, msg->id, ST_SPAN_NONE, made, NULL);

    if (made >= 0)
        close(made);
    if (msg->fd >= 0)
        close(msg->fd);
    return rc == ST_OK;
}

int ext_tools_serve(int channel)
{
    uint8_t *scratch = malloc(IPC_SCRATCH);
    struct pollfd wait = { .fd = channel, .events = POLLIN };
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;

    while (scratch != NULL && poll(&wait, 1, -1) == 1 && ipc_recv(channel, scratch, &msg, &err) == ST_OK)
        if (!serve_one(channel, &msg))
            break;
    free(scratch);
    return err.code == ST_E_CLOSED ? 0 : 1;
}
