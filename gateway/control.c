/* SPDX-License-Identifier: Apache-2.0 */
/* control - bounded, with deadlines: a client that says nothing, too much or nonsense costs little and is told why.
 *
 * At most CLIENTS_MAX at once; a line is at most LINE_MAX bytes and has LINE_MS to arrive; its answer may take
 * ANSWER_MS (a reload compiles), after which the client is told so. One request per connection: a client that wants
 * more connects again. A client is known above by a number, not a pointer, since it may be gone when the answer comes.
 */
#include "gateway/control.h"
#include "base/log.h"
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_MAGIC 0x636f6e74u
#define CLIENTS_MAX   32
#define LINE_BYTES    65536
#define ANSWER_BYTES  (1u << 20)
#define LINE_MS       5000
#define ANSWER_MS     120000

struct client {
    struct control *control;
    enum { CLIENT_FREE, CLIENT_READING, CLIENT_WAITING, CLIENT_WRITING } state;
    uint64_t id;
    int fd;
    struct event *event;
    struct st_timer deadline;
    struct st_buf in, out;
};
struct control {
    unsigned magic;
    struct fam_child *child;
    control_request_f *fn;
    void *ctx;
    int fd;
    struct event *event;
    uint64_t last_id;
    struct sockaddr_un address;
    struct client clients[CLIENTS_MAX];
};

static void on_client(evutil_socket_t fd, short what, void *ctx);

static void client_close(struct client *c)
{
    if (c->state == CLIENT_FREE)
        return;
    st_timer_disarm(fam_timers(c->control->child), &c->deadline);
    if (c->event != NULL)
        event_free(c->event);
    c->event = NULL;
    close(c->fd);
    st_buf_fini(&c->in);
    st_buf_fini(&c->out);
    c->state = CLIENT_FREE;
}

static bool watch(struct client *c, short what)
{
    if (c->event != NULL)
        event_free(c->event);
    c->event = event_new(fam_base(c->control->child), c->fd, (short)(what | EV_PERSIST), on_client, c);
    return c->event != NULL && event_add(c->event, NULL) == 0;
}

static void write_some(struct client *c)
{
    while (c->out.n > 0) {
        ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            break;
        st_buf_drop(&c->out, (size_t)n);
    }
    client_close(c);
}

static void say(struct client *c, struct st_span json)
{
    struct st_err err = ST_ERR_INIT;

    c->state = CLIENT_WRITING;
    st_buf_span(&c->out, json);
    st_buf_byte(&c->out, '\n');
    if (st_buf_done(&c->out, &err, "control.answer") != ST_OK ||
        st_timer_arm(fam_timers(c->control->child), &c->deadline, LINE_MS, &err) != ST_OK || !watch(c, EV_WRITE)) {
        client_close(c);
        return;
    }
    write_some(c);
}

static void say_error(struct client *c, const char *text)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 4096);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "ok", false);
    st_json_str(&w, "error", text);
    st_json_end(&w);
    say(c, st_buf_view(&out));
    st_buf_fini(&out);
}

static void refuse(struct client *c, const char *text)
{
    ST_LOG(CONTROL_REFUSED, ST_NUM("bytes", c->in.n));
    say_error(c, text);
}

void control_renew(struct control *control)
{
    struct st_err err = ST_ERR_INIT;

    for (struct client *c = control->clients; c < control->clients + CLIENTS_MAX; c++)
        if (c->state != CLIENT_FREE && st_timer_arm(fam_timers(control->child), &c->deadline,
                                                    c->state == CLIENT_WAITING ? ANSWER_MS : LINE_MS, &err) != ST_OK)
            client_close(c);
}

static void on_deadline(void *ctx)
{
    struct client *c = ctx;

    switch (c->state) {
    case CLIENT_READING: refuse(c, "no request came in time"); break;
    case CLIENT_WAITING: say_error(c, "the answer took too long"); break;
    case CLIENT_WRITING: client_close(c); break;
    case CLIENT_FREE: break;
    }
}

static void handle_line(struct client *c, struct st_span line)
{
    struct st_err err = ST_ERR_INIT;
    json_t *root = NULL;

    if (st_json_read(line, "request", &root, NULL, &err) != ST_OK || !json_is_object(root) ||
        !json_is_string(json_object_get(root, "do"))) {
        refuse(c, "expected one line of JSON: an object with \"do\"");
        json_decref(root);
        return;
    }
    c->state = CLIENT_WAITING;
    event_del(c->event); /* nothing more is read from it */
    if (st_timer_arm(fam_timers(c->control->child), &c->deadline, ANSWER_MS, &err) != ST_OK)
        client_close(c);
    else
        c->control->fn(c->control->ctx, c->id, root, line);
    json_decref(root);
}

static void read_some(struct client *c)
{
    uint8_t *room = st_buf_room(&c->in, 4096);
    ssize_t n = room != NULL ? recv(c->fd, room, 4096, MSG_DONTWAIT) : -1;
    size_t end;

    if (room == NULL) {
        refuse(c, "the request is too long");
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client_close(c);
        return;
    }
    c->in.n += (size_t)n;
    end = st_span_chr(st_buf_view(&c->in), '\n');
    if (end != ST_SPAN_NPOS)
        handle_line(c, st_span_sub(st_buf_view(&c->in), 0, end));
    else if (c->in.n + 4096 > LINE_BYTES)
        refuse(c, "the request is too long");
}

static void on_client(evutil_socket_t fd, short what, void *ctx)
{
    struct client *c = ctx;

    (void)fd, (void)what;
    ST_CHECK(c->control, CONTROL_MAGIC);
    if (c->state == CLIENT_READING)
        read_some(c);
    else if (c->state == CLIENT_WRITING)
        write_some(c);
}

static void admit(struct control *control, int fd)
{
    struct client *c = control->clients;
    struct st_err err = ST_ERR_INIT;

    while (c < control->clients + CLIENTS_MAX && c->state != CLIENT_FREE)
        c++;
    if (c == control->clients + CLIENTS_MAX) {
        ST_LOG(CONTROL_REFUSED, ST_LIT("why", "too many clients"));
        close(fd);
        return;
    }
    *c = (struct client){ .control = control, .state = CLIENT_READING, .id = ++control->last_id, .fd = fd };
    c->deadline = (struct st_timer){ .fn = on_deadline, .ctx = c };
    st_buf_init(&c->in, LINE_BYTES);
    st_buf_init(&c->out, ANSWER_BYTES);
    if (st_timer_arm(fam_timers(control->child), &c->deadline, LINE_MS, &err) != ST_OK || !watch(c, EV_READ))
        client_close(c);
}

static void on_accept(evutil_socket_t listener, short what, void *ctx)
{
    struct control *control = ctx;
    int fd = accept4((int)listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)what;
    ST_CHECK(control, CONTROL_MAGIC);
    if (fd >= 0)
        admit(control, fd);
}

static enum st_rc bind_path(struct control *control, const char *path, struct st_err *err)
{
    size_t n = strlen(path);
    int rc;

    control->address.sun_family = AF_UNIX;
    if (n >= sizeof control->address.sun_path)
        return st_fail(err, ST_E_LIMIT, "control.open", "run_dir is too long for a socket", n);
    memcpy(control->address.sun_path, path, n + 1);
    if ((control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
        return st_fail(err, ST_E_IO, "control.open", "socket", errno);
    unlink(path); /* the pid file's lock says that nobody else is alive */
    umask(0117);
    rc = bind(control->fd, (struct sockaddr *)&control->address, sizeof control->address);
    umask(0077);
    if (rc != 0 || listen(control->fd, CLIENTS_MAX) != 0)
        return st_fail(err, ST_E_IO, "control.open", "socket cannot be bound", errno);
    return ST_OK;
}

enum st_rc control_open(const char *path, struct fam_child *child, control_request_f *fn, void *ctx,
                        struct control **out, struct st_err *err)
{
    struct control *control = calloc(1, sizeof *control);

    if (control == NULL)
        return st_fail(err, ST_E_NOMEM, "control.open", "control", sizeof *control);
    *control = (struct control){ .magic = CONTROL_MAGIC, .child = child, .fn = fn, .ctx = ctx, .fd = -1 };
    if (bind_path(control, path, err) != ST_OK) {
        control_free(control);
        return ST_ERR;
    }
    control->event = event_new(fam_base(child), control->fd, EV_READ | EV_PERSIST, on_accept, control);
    if (control->event == NULL || event_add(control->event, NULL) != 0) {
        control_free(control);
        return st_fail(err, ST_E_NOMEM, "control.open", "event", 0);
    }
    *out = control;
    return ST_OK;
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    ST_CHECK(control, CONTROL_MAGIC);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        client_close(&control->clients[i]);
    if (control->event != NULL)
        event_free(control->event);
    if (control->fd >= 0) {
        close(control->fd);
        unlink(control->address.sun_path);
    }
    control->magic = 0;
    free(control);
}

static struct client *find(struct control *control, uint64_t id)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (control->clients[i].state == CLIENT_WAITING && control->clients[i].id == id)
            return &control->clients[i];
    return NULL;
}

void control_answer(struct control *control, uint64_t client, struct st_span json)
{
    struct client *c = control != NULL ? find(control, client) : NULL;

    if (c != NULL)
        say(c, json);
}

void control_error(struct control *control, uint64_t client, const char *text)
{
    struct client *c = control != NULL ? find(control, client) : NULL;

    if (c != NULL)
        say_error(c, text);
}
