/* SPDX-License-Identifier: Apache-2.0 */
/* control - the commands that ask the running gateway: status, reload, consent, clock, version.
 *
 * The gateway listens on run_dir/control.sock; one line of JSON each way. Who may ask is decided by the mode of the
 * socket. An answer is {"ok":true,…} or {"ok":false,"error":"…","problems":[…]}.
 */
#include "base/clock.h"
#include "cli/cli.h"
#include "policies/policies.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (4u << 20)
#define ANSWER_MS  130000 /* the gateway gives itself 120 seconds: a reload compiles */
#define WAIT_MS    30000

/* run_dir/control.sock, from stoa.yaml. */
static int socket_path(const struct cli *cli, struct sockaddr_un *to)
{
    struct st_arena *arena = st_arena_new(4u << 20);
    struct st_diag *diag = st_diag_new();
    struct pol_config config;
    struct st_err err = ST_ERR_INIT;
    int code = CLI_OK;

    to->sun_family = AF_UNIX;
    if (arena == NULL || pol_config_load(cli->config, arena, &config, diag, &err) != ST_OK)
        code = cli_broken(cli, diag, &err);
    else if ((size_t)snprintf(to->sun_path, sizeof to->sun_path, "%s/control.sock", config.run_dir.s) >=
             sizeof to->sun_path)
        code = cli_fail(CLI_CONFIG, "%s: run_dir is too long for a socket (at most 90 bytes)", cli->config);
    st_diag_free(diag);
    st_arena_free(arena);
    return code;
}

static bool send_all(int fd, const char *text)
{
    size_t n = strlen(text);

    while (n > 0) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        text += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* One line; an empty buffer when the peer went away or ANSWER_MS passed. */
static void read_line(int fd, struct st_buf *line)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    while (poll(&poll_fd, 1, ANSWER_MS) == 1) {
        uint8_t *room = st_buf_room(line, 65536);
        ssize_t n = room != NULL ? recv(fd, room, 65536, 0) : -1;

        if (n <= 0)
            return;
        line->n += (size_t)n;
        if (line->p[line->n - 1] == '\n')
            return;
    }
    st_buf_reset(line);
}

static int converse(int fd, const char *request, json_t **answer)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf line;
    int code = CLI_UNREACHABLE;

    st_buf_init(&line, ANSWER_MAX);
    if (send_all(fd, request) && send_all(fd, "\n"))
        read_line(fd, &line);
    if (line.n > 0 && st_json_read(st_buf_view(&line), "answer", answer, NULL, &err) == ST_OK)
        code = CLI_OK;
    st_buf_fini(&line);
    return code;
}

/* One request as text, one answer. */
static int control(const struct cli *cli, const char *request, json_t **answer)
{
    struct sockaddr_un address = { 0 };
    int code = socket_path(cli, &address);
    int fd;

    *answer = NULL;
    if (code != CLI_OK)
        return code;
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return cli_fail(CLI_FOUND, "socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int why = errno;

        close(fd);
        if (why == EACCES)
            return cli_fail(CLI_DENIED, "%s: not permitted; ask as a member of the socket's group", address.sun_path);
        return cli_fail(CLI_UNREACHABLE, "no gateway answers at %s (%s); is stoad running with this configuration?",
                        address.sun_path, strerror(why));
    }
    code = converse(fd, request, answer);
    close(fd);
    if (code != CLI_OK)
        return cli_fail(code, "the gateway at %s did not answer in time", address.sun_path);
    if (!json_is_true(json_object_get(*answer, "ok"))) {
        const json_t *problem;
        size_t i;

        fprintf(stderr, "stoa: %s\n", json_string_value(json_object_get(*answer, "error")));
        json_array_foreach(json_object_get(*answer, "problems"), i, problem)
            fprintf(stderr, "%s\n", json_string_value(problem));
        code = json_array_size(json_object_get(*answer, "problems")) > 0 ? CLI_CONFIG : CLI_FOUND;
        json_decref(*answer);
        *answer = NULL;
    }
    return code;
}

int cli_ask(const struct cli *cli, const char *what, json_t *more, json_t **answer)
{
    json_t *request = more != NULL ? more : json_object();
    char *text = NULL;
    int code;

    *answer = NULL;
    if (request != NULL && json_object_set_new(request, "do", json_string(what)) == 0)
        text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (text == NULL)
        return cli_fail(CLI_FOUND, "out of memory");
    code = control(cli, text, answer);
    free(text);
    return code;
}

/* Nested objects are shown with dotted names: "worker.1.connections: 3". */
static void print_plain(const json_t *value, const char *prefix)
{
    const char *key;
    const json_t *item;
    char name[256];

    json_object_foreach((json_t *)value, key, item)
    {
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix != '\0' ? "." : "", key);
        if (json_is_object(item))
            print_plain(item, name);
        else if (json_is_string(item))
            printf("%s: %s\n", name, json_string_value(item));
        else if (json_is_integer(item))
            printf("%s: %lld\n", name, (long long)json_integer_value(item));
        else if (json_is_boolean(item) && strcmp(name, "ok") != 0)
            printf("%s: %s\n", name, json_is_true(item) ? "yes" : "no");
    }
}

static void print_answer(const struct cli *cli, const json_t *answer)
{
    char *text;

    if (!cli->json) {
        print_plain(answer, "");
        return;
    }
    if ((text = json_dumps(answer, JSON_COMPACT)) != NULL)
        puts(text);
    free(text);
}

/* True when a gateway with this configuration accepts control connections. */
static bool is_up(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0)
        close(fd);
    return up;
}

/* Waits until the gateway is up, at most WAIT_MS; polling, since there is nothing to wait on before it exists. */
static int wait_up(const struct cli *cli)
{
    struct sockaddr_un address = { 0 };
    uint64_t end = st_clock_ms() + WAIT_MS;
    int code = socket_path(cli, &address);

    while (code == CLI_OK && !is_up(&address) && st_clock_ms() < end)
        poll(NULL, 0, 50);
    return code;
}

int cmd_status(struct cli *cli)
{
    json_t *answer;
    int code = CLI_OK;

    if (cli->argc == 2 && strcmp(cli->argv[1], "--wait") == 0)
        code = wait_up(cli);
    else if (cli->argc != 1)
        return cli_usage(cli, "status takes no argument but --wait");
    if (code != CLI_OK || (code = cli_ask(cli, "status", NULL, &answer)) != CLI_OK)
        return code;
    print_answer(cli, answer);
    json_decref(answer);
    return CLI_OK;
}

int cmd_reload(struct cli *cli)
{
    json_t *answer;
    int code;

    if (cli->argc != 1)
        return cli_usage(cli, "reload takes no argument");
    if ((code = cli_ask(cli, "reload", NULL, &answer)) != CLI_OK)
        return code;
    if (cli->json)
        print_answer(cli, answer);
    else
        printf("generation %lld is in force\n", (long long)json_integer_value(json_object_get(answer, "generation")));
    json_decref(answer);
    return CLI_OK;
}

int cmd_consent(struct cli *cli)
{
    bool grants = cli->argc == 3 && strcmp(cli->argv[1], "grant") == 0;
    bool withdraws = cli->argc == 3 && strcmp(cli->argv[1], "withdraw") == 0;
    bool shows = cli->argc == 3 && strcmp(cli->argv[1], "show") == 0;
    json_t *more, *answer;
    int code;

    if (!grants && !withdraws && !shows)
        return cli_usage(cli, "say grant, withdraw or show, and whom");
    more = json_pack("{s:s,s:s,s:b}", "person", cli->argv[2], "scope", "learning", "granted", grants);
    if ((code = cli_ask(cli, shows ? "consent_get" : "consent", more, &answer)) != CLI_OK)
        return code;
    if (cli->json)
        print_answer(cli, answer);
    else
        printf("%s: learning is %s\n", cli->argv[2],
               json_is_true(json_object_get(answer, "granted")) ? "kept (opted in)" : "not kept");
    json_decref(answer);
    return CLI_OK;
}

int cmd_clock(struct cli *cli)
{
    uint64_t seconds;
    json_t *answer;
    int code;

    if (cli->argc != 2 || !st_span_u64(st_span_str(cli->argv[1]), &seconds) || seconds > 366u * 86400u)
        return cli_usage(cli, "how many seconds to turn the clock forward (at most a year)");
    code = cli_ask(cli, "clock", json_pack("{s:I}", "ms", (json_int_t)(seconds * 1000)), &answer);
    if (code != CLI_OK)
        return code;
    if (cli->json)
        print_answer(cli, answer);
    json_decref(answer);
    return CLI_OK;
}

int cmd_version(struct cli *cli)
{
    json_t *answer;
    int code;

    if (cli->argc != 1)
        return cli_usage(cli, "version takes no argument");
    if (!cli->json)
        printf("stoa: %s\n", STOA_VERSION);
    code = cli_ask(cli, "version", NULL, &answer);
    if (code != CLI_OK && cli->json)
        printf("{\"stoa\":\"%s\",\"stoad\":null}\n", STOA_VERSION);
    if (code != CLI_OK)
        return code;
    if (cli->json)
        (void)!json_object_set_new(answer, "stoa", json_string(STOA_VERSION));
    print_answer(cli, answer);
    json_decref(answer);
    return CLI_OK;
}
