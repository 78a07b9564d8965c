/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox - what each role cannot do any more, tried in a child of the test. */
#include "t.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gateway/sandbox.c"

enum {
    MAY_SOCKET = 1,
    MAY_LISTEN = 2,
    MAY_EXEC = 4,
    MAY_OPEN_WRITE = 8,
    MAY_OPEN_READ = 16,
    MAY_CORE = 32,
    MAY_GAIN = 64,
    MAY_UNLINK = 128,
    MAY_PAIR = 256,
    MAY_APPEND = 512
};

static char victim[256];

/* Runs in the child: one bit for everything that still works. */
static int try_all(void)
{
    struct sockaddr_storage any = { .ss_family = AF_INET };
    char *const argv[] = { NULL };
    struct rlimit core;
    int can = 0, fds[2], fd;

    if ((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0)
        can |= MAY_SOCKET;
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&any, sizeof any) == 0 || errno != EPERM))
        can |= MAY_LISTEN;
    if (fd >= 0 && (listen(fd, 1) == 0 || errno != EPERM))
        can |= MAY_LISTEN;
    execve("/nonexistent", argv, argv);
    if (errno != EPERM)
        can |= MAY_EXEC;
    if (open(victim, O_WRONLY) >= 0 || open(victim, O_RDWR) >= 0 || open(victim, O_RDONLY | O_TRUNC) >= 0)
        can |= MAY_OPEN_WRITE;
    if (open("/dev/null", O_WRONLY | O_APPEND) >= 0)
        can |= MAY_APPEND;
    if (open(victim, O_RDONLY) >= 0)
        can |= MAY_OPEN_READ;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
        can |= MAY_CORE;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        can |= MAY_GAIN;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0)
        can |= MAY_PAIR;
    if (unlink("/nonexistent") != 0 && errno != EPERM)
        can |= MAY_UNLINK;
    return can;
}

/* What the role can do, out of the bits above. */
static int abilities_of(enum fam_role role)
{
    int fds[2], can = -1, status;
    struct st_err err = ST_ERR_INIT;
    pid_t pid;

    T_CHECK(pipe(fds) == 0, "pipe");
    pid = fork();
    if (pid == 0) {
        if (sandbox_enter(role, &err) != ST_OK)
            _exit(1);
        can = try_all();
        _exit(write(fds[1], &can, sizeof can) == sizeof can ? 0 : 2);
    }
    T_CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    T_CHECK(read(fds[0], &can, sizeof can) == sizeof can, "answer");
    close(fds[0]);
    close(fds[1]);
    return can;
}

T_TEST(each_role_keeps_what_its_job_allows)
{
    static const struct {
        enum fam_role role;
        int can;
    } cases[] = {
        { FAM_WORKER, MAY_SOCKET | MAY_OPEN_WRITE | MAY_APPEND | MAY_OPEN_READ | MAY_UNLINK | MAY_PAIR },
        { FAM_KEYHOLDER, MAY_OPEN_READ | MAY_PAIR },
        { FAM_CURATOR, MAY_OPEN_READ | MAY_PAIR },
        { FAM_EXTRACTOR, MAY_EXEC | MAY_OPEN_READ | MAY_PAIR },
        { FAM_RECORDER, MAY_OPEN_WRITE | MAY_APPEND | MAY_OPEN_READ | MAY_UNLINK | MAY_PAIR },
        { FAM_SUPERVISOR,
          MAY_SOCKET | MAY_LISTEN | MAY_EXEC | MAY_OPEN_WRITE | MAY_APPEND | MAY_OPEN_READ | MAY_UNLINK | MAY_PAIR },
    };
    FILE *file;

    snprintf(victim, sizeof victim, "%s/victim", t_tmpdir());
    file = fopen(victim, "w");
    fputs("x", file);
    fclose(file);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        int can = abilities_of(cases[i].role);

        T_CHECK(can == cases[i].can, "%s: can %x, expected %x", fam_role_name(cases[i].role), can, cases[i].can);
    }
}

T_TEST(users_are_looked_up)
{
    struct st_err err = ST_ERR_INIT;
    struct sandbox_user user;

    T_OK(sandbox_user(NULL, &user, &err), err);
    T_CHECK(!user.is_set && sandbox_become(&user), "nobody else");
    T_CHECK(sandbox_user("no-such-user-here", &user, &err) == ST_ERR && err.code == ST_E_CONFIG, "unknown");
    T_OK(sandbox_user("nobody", &user, &err), err);
    T_CHECK(user.is_set == (geteuid() == 0), "only root can become another");
    T_OK(sandbox_user("root", &user, &err), err);
    T_CHECK(!user.is_set, "root stays root");
}

T_TEST(who_became_another_cannot_go_back)
{
    struct st_err err = ST_ERR_INIT;
    struct sandbox_user user;
    int status;
    pid_t pid;

    T_OK(sandbox_user("nobody", &user, &err), err);
    if (!user.is_set)
        return;
    pid = fork();
    if (pid == 0)
        _exit(sandbox_become(&user) && geteuid() == user.uid && getgroups(0, NULL) == 0 && setuid(0) != 0 ? 0 : 1);
    T_CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}
