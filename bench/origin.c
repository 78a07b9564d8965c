/* SPDX-License-Identifier: Apache-2.0 */
/* origin - the bench's own TLS server: fixed answers, one process, one thread, no cost to speak of.
 *
 * usage: origin --cert FILE (PEM: key, leaf, chain) [--port N]; prints its port, ends when standard input does.
 *
 * GET /echo with a WebSocket's handshake is one, and each of its messages comes back.
 * GET /json/N, /html/N and /bin/N answer N bytes of that type; a POST is read to its end and answered with a short
 * JSON; GET /counters says what has been seen. An answer is made once for each path and sent from there; a request body
 * is counted, never kept, except that "DE0212" in it is counted too: a planted secret that got through shows here.
 */
#include "bench/echo.h"
#include "bench/message.h"
#include "bench/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES_MAX   20064
#define ANSWERS_MAX 16
#define ANSWER_MAX  (64U << 20)
#define SECRET      "DE02120300000000202051"

struct answer {
    char path[64];
    char *bytes; /* head and body */
    size_t len;
};

struct peer {
    int fd;
    SSL *ssl;
    const struct answer *answer; /* being sent; NULL: a request is being read */
    size_t sent;
    struct message request;
    struct socket *socket; /* owned; of a WebSocket */
};

struct socket {
    struct answer accept;
    size_t len;
    char bytes[ECHO_FRAME_MAX];
};

static struct {
    int epoll, listener;
    SSL_CTX *tls;
    struct answer answers[ANSWERS_MAX], counters;
    unsigned answers_len;
    uint64_t connections, resumed, requests, bytes, secrets;
} origin;

static int die(const char *what)
{
    fprintf(stderr, "origin: %s\n", what);
    return 2;
}

/* ---- answers ------------------------------------------------------------------------------------------------------
 */

static bool compose(struct answer *a, const char *type, const char *body, size_t len)
{
    char head[256];
    int head_len = snprintf(
        head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n\r\n", type, len);

    free(a->bytes);
    if ((a->bytes = malloc((size_t)head_len + len)) == NULL)
        return false;
    memcpy(a->bytes, head, (size_t)head_len);
    memcpy(a->bytes + head_len, body, len);
    a->len = (size_t)head_len + len;
    return true;
}

static bool compose_path(struct answer *a)
{
    size_t len = strtoul(a->path + 6, NULL, 10);
    bool is_html = strncmp(a->path, "/html/", 6) == 0, is_json = strncmp(a->path, "/json/", 6) == 0, done;
    char *body;

    if (len > ANSWER_MAX)
        return false;
    if (strncmp(a->path, "/bin/", 5) == 0) {
        len = strtoul(a->path + 5, NULL, 10);
        body = len <= ANSWER_MAX ? malloc(len + 1) : NULL;
        for (size_t i = 0; body != NULL && i < len; i++)
            body[i] = (char)(i * 2654435761U >> 24);
    } else if (is_html) {
        body = text_html(len, 1);
    } else {
        body = is_json ? text_json(len, 1, false) : strdup("{\"ok\":true}");
        len = is_json ? len : 11;
    }
    done = body != NULL && compose(a,
                                   is_html                             ? "text/html; charset=utf-8"
                                   : strncmp(a->path, "/bin/", 5) == 0 ? "application/octet-stream"
                                                                       : "application/json",
                                   body, len);
    free(body);
    return done;
}

static const struct answer *count_up(void)
{
    char body[256];
    int len = snprintf(body, sizeof body,
                       "{\"connections\": %ju, \"resumed\": %ju, \"requests\": %ju, \"bytes\": %ju, \"secrets\": %ju}",
                       (uintmax_t)origin.connections, (uintmax_t)origin.resumed, (uintmax_t)origin.requests,
                       (uintmax_t)origin.bytes, (uintmax_t)origin.secrets);

    return compose(&origin.counters, "application/json", body, (size_t)len) ? &origin.counters : NULL;
}

/* The answer for a request whose head is whole; NULL ends the connection. */
static const struct answer *answer_for(const struct message *request)
{
    const char *from = strchr(request->head, ' '), *to = from != NULL ? strchr(from + 1, ' ') : NULL;
    char path[64];

    if (to == NULL || (size_t)(to - from) > sizeof path)
        return NULL;
    snprintf(path, sizeof path, "%.*s", (int)(to - from - 1), from + 1);
    if (strcmp(path, "/counters") == 0)
        return count_up();
    for (unsigned i = 0; i < origin.answers_len; i++) {
        if (strcmp(origin.answers[i].path, path) == 0)
            return &origin.answers[i];
    }
    if (origin.answers_len == ANSWERS_MAX)
        return NULL;
    struct answer *a = &origin.answers[origin.answers_len];
    snprintf(a->path, sizeof a->path, "%s", path);
    if (!compose_path(a))
        return NULL;
    origin.answers_len++;
    return a;
}

/* ---- connections --------------------------------------------------------------------------------------------------
 */

static void drop(struct peer *p)
{
    if (p->ssl != NULL) {
        if (SSL_is_init_finished(p->ssl))
            (void)SSL_shutdown(p->ssl);
        SSL_set_shutdown(p->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(p->ssl);
    }
    ERR_clear_error();
    close(p->fd);
    if (p->socket != NULL)
        free(p->socket->accept.bytes);
    free(p->socket);
    free(p);
}

static bool is_blocked(struct peer *p, int result)
{
    int error = SSL_get_error(p->ssl, result);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* false: the connection is over. */
static bool send_answer(struct peer *p, bool *blocked)
{
    int result = SSL_write(p->ssl, p->answer->bytes + p->sent, (int)(p->answer->len - p->sent));

    if (result <= 0)
        return *blocked = is_blocked(p, result);
    p->sent += (size_t)result;
    if (p->sent == p->answer->len) {
        p->answer = NULL;
        message_begin(&p->request, MESSAGE_REQUEST);
    }
    return true;
}

/* The answer to the handshake of a WebSocket; NULL: it is none. */
static const struct answer *answer_socket(struct peer *p)
{
    char head[512];

    if (!echo_accept(p->request.head, head, sizeof head) || (p->socket = calloc(1, sizeof *p->socket)) == NULL)
        return NULL;
    p->socket->accept.bytes = strdup(head);
    p->socket->accept.len = strlen(head);
    return p->socket->accept.bytes != NULL ? &p->socket->accept : NULL;
}

/* A message and its echo; a close, or an echo that the peer does not take at once, is the end. */
static bool echo(struct peer *p, bool *blocked)
{
    struct socket *s = p->socket;
    int result = SSL_read(p->ssl, s->bytes + s->len, (int)(sizeof s->bytes - s->len));
    char out[ECHO_FRAME_MAX + 4], *text;
    size_t len, text_len;
    unsigned opcode;

    if (result <= 0)
        return *blocked = is_blocked(p, result);
    s->len += (size_t)result;
    while ((len = echo_read(s->bytes, s->len, &text, &text_len, &opcode)) > 0) {
        size_t n = echo_plain(text, text_len, out);

        origin.secrets += memmem(text, text_len, SECRET, sizeof SECRET - 1) != NULL;
        origin.requests += opcode == 1;
        if (opcode == 8 || (opcode == 1 && SSL_write(p->ssl, out, (int)n) != (int)n))
            return false;
        s->len -= len;
        memmove(s->bytes, s->bytes + len, s->len);
    }
    return s->len < sizeof s->bytes;
}

static bool read_request(struct peer *p, bool *blocked)
{
    static char bytes[65536];
    int result = SSL_read(p->ssl, bytes, sizeof bytes);

    if (result <= 0)
        return *blocked = is_blocked(p, result);
    origin.bytes += (uint64_t)result;
    origin.secrets += memmem(bytes, (size_t)result, SECRET, sizeof SECRET - 1) != NULL;
    if (message_feed(&p->request, bytes, (size_t)result) != (size_t)result || p->request.state == MESSAGE_BAD)
        return false; /* the proxies of this bench do not pipeline */
    if (p->request.state != MESSAGE_DONE)
        return true;
    origin.requests++;
    p->sent = 0;
    if (strncmp(p->request.head, "GET " ECHO_PATH " ", sizeof "GET " ECHO_PATH) == 0)
        return (p->answer = answer_socket(p)) != NULL;
    return (p->answer = answer_for(&p->request)) != NULL;
}

static void step(struct peer *p)
{
    bool blocked = false;

    if (!SSL_is_init_finished(p->ssl)) {
        int result = SSL_do_handshake(p->ssl);
        if (result != 1) {
            if (!is_blocked(p, result))
                drop(p);
            return;
        }
        origin.resumed += (uint64_t)SSL_session_reused(p->ssl);
    }
    while (!blocked) {
        if (!(p->answer != NULL   ? send_answer(p, &blocked)
              : p->socket != NULL ? echo(p, &blocked)
                                  : read_request(p, &blocked))) {
            drop(p);
            return;
        }
    }
}

static void accept_all(void)
{
    int fd, yes = 1;

    while ((fd = accept4(origin.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *p = calloc(1, sizeof *p);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = p };

        if (p == NULL) {
            close(fd);
            return;
        }
        p->fd = fd;
        message_begin(&p->request, MESSAGE_REQUEST);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if ((p->ssl = SSL_new(origin.tls)) == NULL || SSL_set_fd(p->ssl, fd) != 1 ||
            epoll_ctl(origin.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
            drop(p);
            continue;
        }
        SSL_set_accept_state(p->ssl);
        origin.connections++;
    }
}

/* ---- setting up ---------------------------------------------------------------------------------------------------
 */

static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                        unsigned in_len, void *unused)
{
    static const unsigned char ours[] = "\x08http/1.1";

    (void)ssl;
    (void)unused;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, ours, sizeof ours - 1, in, in_len) ==
                   OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

static bool set_up_tls(const char *certificate)
{
    SSL_CTX *tls = origin.tls = SSL_CTX_new(TLS_server_method());

    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, certificate, SSL_FILETYPE_PEM) != 1)
        return false;
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_alpn_select_cb(tls, choose_http1, NULL);
    return true;
}

static bool set_up_listener(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    socklen_t len = sizeof at;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &origin.listener };
    struct epoll_event end = { .events = EPOLLIN, .data.ptr = NULL };

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    origin.epoll = epoll_create1(EPOLL_CLOEXEC);
    origin.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (origin.epoll < 0 || origin.listener < 0 || bind(origin.listener, (struct sockaddr *)&at, len) != 0 ||
        listen(origin.listener, 4096) != 0 || getsockname(origin.listener, (struct sockaddr *)&at, &len) != 0 ||
        epoll_ctl(origin.epoll, EPOLL_CTL_ADD, origin.listener, &event) != 0)
        return false;
    (void)epoll_ctl(origin.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &end); /* a file cannot be watched: then it runs on */
    printf("%u\n", ntohs(at.sin_port));
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    struct rlimit files = { FILES_MAX, FILES_MAX };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct epoll_event events[256];
    const char *certificate = NULL;
    unsigned long port = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--cert") == 0)
            certificate = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0)
            port = strtoul(argv[i + 1], NULL, 10);
    }
    if (certificate == NULL || port > 65535)
        return die("needs --cert FILE; takes --port N");
    (void)setrlimit(RLIMIT_NOFILE, &files);
    sigaction(SIGPIPE, &ignore, NULL);
    if (!set_up_tls(certificate))
        return die("the certificate cannot be used");
    if (!set_up_listener((uint16_t)port))
        return die("cannot listen");
    for (;;) {
        int n = epoll_wait(origin.epoll, events, 256, -1);

        if (n < 0 && errno != EINTR)
            return die("epoll");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                return 0;
            if (events[i].data.ptr == &origin.listener)
                accept_all();
            else
                step(events[i].data.ptr);
        }
    }
}
