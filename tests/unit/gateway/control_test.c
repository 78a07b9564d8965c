/* SPDX-License-Identifier: Apache-2.0 */
/* control - requests whole, in pieces, too long, too late, malformed; clients that go away; answers that come late. */
#include "t.h"

#include "gateway/process.h"

#include "gateway/control.c"

static const struct fam_ops ops = { .role = FAM_SUPERVISOR };

struct rig {
    struct fam_child *child;
    struct control *control;
    char path[100];
    uint64_t asked; /* the last client */
    unsigned requests;
    bool answers_at_once;
};

static void on_request(void *ctx, uint64_t client, const json_t *root, struct st_span line)
{
    struct rig *r = ctx;

    T_CHECK(json_is_object(root) && line.n > 0, "a request");
    r->requests++;
    r->asked = client;
    if (r->answers_at_once)
        control_answer(r->control, client, ST_SPAN("{\"ok\":true}"));
}

static void open_rig(struct rig *r, bool answers_at_once)
{
    struct st_err err = ST_ERR_INIT;

    *r = (struct rig){ .answers_at_once = answers_at_once };
    r->child = fam_child_new(&ops, NULL, 0, -1);
    snprintf(r->path, sizeof r->path, "%s/c.sock", t_tmpdir());
    T_OK(control_open(r->path, r->child, on_request, r, &r->control, &err), err);
}

static void close_rig(struct rig *r)
{
    control_free(r->control);
    fam_child_free(r->child);
    T_CHECK(access(r->path, F_OK) != 0, "the socket is removed");
}

static void turn(struct rig *r)
{
    for (int i = 0; i < 10; i++) {
        event_base_loop(fam_base(r->child), EVLOOP_NONBLOCK);
        st_timers_fire(fam_timers(r->child));
    }
}

static int dial(struct rig *r)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", r->path);
    T_CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
    return fd;
}

static void write_text(int fd, const char *text, size_t n)
{
    T_CHECK(send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n, "send");
}

/* What has arrived, as text. */
static const char *answer(struct rig *r, int fd)
{
    static char text[65536];
    ssize_t n;

    turn(r);
    n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

T_TEST(a_line_gets_a_line)
{
    struct rig r;
    struct stat st;
    int fd;

    open_rig(&r, true);
    T_CHECK(stat(r.path, &st) == 0 && (st.st_mode & 0777) == 0660, "mode %o", st.st_mode & 0777);
    fd = dial(&r);
    write_text(fd, "{\"do\":\"status\"}\n", 16);
    T_CHECK(strcmp(answer(&r, fd), "{\"ok\":true}\n") == 0, "answer");
    close(fd);
    close_rig(&r);
}

T_TEST(a_request_may_come_byte_by_byte)
{
    static const char text[] = "{\"do\": \"status\", \"x\": [1, 2]}\n";
    struct rig r;
    int fd;

    open_rig(&r, true);
    fd = dial(&r);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        T_CHECK(r.requests == 0, "after %zu bytes", i);
        write_text(fd, text + i, 1);
        turn(&r);
    }
    T_CHECK(r.requests == 1 && strstr(answer(&r, fd), "true") != NULL, "answered");
    close(fd);
    close_rig(&r);
}

T_TEST(an_answer_may_come_late_and_find_nobody)
{
    struct rig r;
    int fd, other;

    open_rig(&r, false);
    fd = dial(&r);
    write_text(fd, "{\"do\":\"reload\"}\n", 16);
    T_CHECK(answer(&r, fd)[0] == '\0' && r.requests == 1, "waits");
    other = dial(&r);
    write_text(other, "{\"do\":\"reload\"}\n", 16);
    turn(&r);
    T_CHECK(r.requests == 2, "another one is heard meanwhile");
    close(other);
    control_error(r.control, r.asked, "gone"); /* to the closed one */
    control_answer(r.control, r.asked, ST_SPAN("{}"));
    control_answer(r.control, 9999, ST_SPAN("{}"));
    control_answer(r.control, 0, ST_SPAN("{}"));
    control_answer(NULL, 1, ST_SPAN("{}"));
    control_error(r.control, 1, "no");
    T_CHECK(strcmp(answer(&r, fd), "{\"ok\":false,\"error\":\"no\"}\n") == 0, "the first still waited");
    close(fd);
    close_rig(&r);
}

T_TEST(nonsense_is_refused)
{
    static const struct {
        const char *text;
        size_t n;
    } cases[] = {
        { "\n", 1 },     { "hello\n", 6 },
        { "[]\n", 3 },   { "{\"do\":1}\n", 9 },
        { "{}\n", 3 },   { "{\"do\":\"a\",\"do\":\"b\"}\n", 20 },
        { "\0\0\n", 3 }, { "{\"do\":\"\xff\"}\n", 11 },
    };
    struct rig r;

    open_rig(&r, true);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        int fd = dial(&r);

        t_expect_log(ST_EV_CONTROL_REFUSED);
        write_text(fd, cases[i].text, cases[i].n);
        T_CHECK(strstr(answer(&r, fd), "\"ok\":false") != NULL, "case %zu", i);
        close(fd);
    }
    T_CHECK(r.requests == 0, "none got through");
    close_rig(&r);
}

T_TEST(too_long_is_refused)
{
    static char text[LINE_BYTES + 10];
    struct rig r;
    int fd;

    t_expect_log(ST_EV_CONTROL_REFUSED);
    memset(text, 'x', sizeof text);
    open_rig(&r, true);
    fd = dial(&r);
    write_text(fd, text, LINE_BYTES);
    turn(&r);
    turn(&r);
    T_CHECK(strstr(answer(&r, fd), "too long") != NULL && r.requests == 0, "refused");
    close(fd);
    close_rig(&r);
}

T_TEST(deadlines_hold)
{
    struct rig r;
    int silent, waiting;

    open_rig(&r, false);
    silent = dial(&r);
    waiting = dial(&r);
    write_text(silent, "{\"do\":", 6);
    write_text(waiting, "{\"do\":\"x\"}\n", 11);
    turn(&r);
    t_expect_log(ST_EV_CONTROL_REFUSED);
    st_clock_turn(LINE_MS + 1);
    T_CHECK(strstr(answer(&r, silent), "in time") != NULL, "a silent client");
    T_CHECK(answer(&r, waiting)[0] == '\0', "waits");
    st_clock_turn(ANSWER_MS + 1);
    T_CHECK(strstr(answer(&r, waiting), "too long") != NULL, "an answer that does not come");
    close(silent);
    close(waiting);
    close_rig(&r);
}

T_TEST(the_crowd_is_bounded)
{
    int fds[CLIENTS_MAX + 1];
    struct rig r;

    open_rig(&r, true);
    for (int i = 0; i < CLIENTS_MAX; i++)
        fds[i] = dial(&r);
    for (int i = 0; i < CLIENTS_MAX; i++)
        turn(&r);
    t_expect_log(ST_EV_CONTROL_REFUSED);
    fds[CLIENTS_MAX] = dial(&r);
    turn(&r);
    for (int i = 0; i <= CLIENTS_MAX; i++)
        close(fds[i]);
    turn(&r);
    fds[0] = dial(&r);
    write_text(fds[0], "{\"do\":\"x\"}\n", 11);
    T_CHECK(strstr(answer(&r, fds[0]), "true") != NULL, "there is room again");
    close(fds[0]);
    close_rig(&r);
}

T_TEST(a_socket_that_was_left_is_replaced)
{
    struct st_err err = ST_ERR_INIT;
    struct control *second = NULL;
    char long_path[300];
    struct rig r;
    int fd;

    open_rig(&r, true);
    close(r.control->fd); /* as after kill -9: the file stays */
    r.control->fd = -1;
    control_free(r.control);
    T_CHECK(access(r.path, F_OK) == 0, "left");
    T_OK(control_open(r.path, r.child, on_request, &r, &second, &err), err);
    r.control = second;
    fd = dial(&r);
    write_text(fd, "{\"do\":\"x\"}\n", 11);
    T_CHECK(strstr(answer(&r, fd), "true") != NULL, "works");
    close(fd);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    T_CHECK(control_open(long_path, r.child, on_request, &r, &second, &err) == ST_ERR && err.code == ST_E_LIMIT,
            "long");
    T_CHECK(control_open("/nonexistent/c.sock", r.child, on_request, &r, &second, &err) == ST_ERR, "no folder");
    close_rig(&r);
}
