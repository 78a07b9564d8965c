/* SPDX-License-Identifier: Apache-2.0 */
/* jail - what the process that walks a file, and each program that helps it, gave up before the first byte.
 *
 * The walker has a list of what it may do: memory, reading and writing descriptors that it has. No file can be opened,
 * nothing connected, nothing started; a call that is not in the list answers EPERM, so that a new libc does not die of
 * one. Landlock says the same about files once more, where the kernel has it. A helping program is not ours: it may
 * read what is installed, and may neither write, nor speak to anyone, nor start another. Sanitizer builds map terabytes
 * of shadow, so memory is not limited there.
 */
#include "filters/extract/extract.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef STOA_SANITIZED
#define WALKER_MEMORY RLIM_INFINITY
#else
#define WALKER_MEMORY (1024ull << 20)
#endif
#define WALKER_SECONDS 30
#define WALKER_FILES   16

/* ---- landlock ---------------------------------------------------------------------------------------------------- */

static uint64_t file_rights(long abi)
{
    unsigned rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

    return (UINT64_C(1) << rights) - 1;
}

static void allow_below(int ruleset, const char *path)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_EXECUTE |
                                                                 LANDLOCK_ACCESS_FS_READ_FILE |
                                                                 LANDLOCK_ACCESS_FS_READ_DIR,
                                               .parent_fd = open(path, O_PATH | O_CLOEXEC) };

    if (rule.parent_fd < 0)
        return; /* not there: nothing to read */
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
}

/* A kernel without it leaves seccomp alone; one that has it must not refuse. */
static enum st_rc lock_files(const char *const *readable, size_t n, struct st_err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attr = { .handled_access_fs = file_rights(abi) };
    int ruleset;
    long rc;

    if (abi < 1)
        return ST_OK;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return st_fail(err, ST_E_UNSUPPORTED, "extract.jail", "no landlock rules", errno);
    for (size_t i = 0; i < n; i++)
        allow_below(ruleset, readable[i]);
    rc = syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    return rc == 0 ? ST_OK : st_fail(err, ST_E_UNSUPPORTED, "extract.jail", "landlock was refused", errno);
}

/* ---- seccomp ----------------------------------------------------------------------------------------------------- */

static int rule_all(scmp_filter_ctx filter, uint32_t action, const char *const *list, size_t n)
{
    int bad = 0;

    for (size_t i = 0; i < n; i++) { /* by name: a call unknown to this machine is skipped */
        int nr = seccomp_syscall_resolve_name(list[i]);

        if (nr != __NR_SCMP_ERROR)
            bad |= seccomp_rule_add(filter, action, nr, 0);
    }
    return bad;
}

static enum st_rc load(scmp_filter_ctx filter, int bad, struct st_err *err)
{
    if (filter != NULL && bad == 0)
        bad = seccomp_load(filter);
    seccomp_release(filter);
    return filter != NULL && bad == 0
               ? ST_OK
               : st_fail(err, ST_E_UNSUPPORTED, "extract.jail", "seccomp filter was refused", -bad);
}

static enum st_rc filter_walker(struct st_err *err)
{
    static const char *const may[] = {
        "read",
        "write",
        "writev",
        "readv",
        "pread64",
        "lseek",
        "close",
        "fstat",
        "newfstatat",
        "statx",
        "munmap",
        "mremap",
        "brk",
        "madvise",
        "futex",
        "getrandom",
        "memfd_create",
        "ftruncate",
        "sendmsg",
        "recvmsg",
        "poll",
        "ppoll",
        "exit",
        "exit_group",
        "rt_sigreturn",
        "rt_sigprocmask",
        "rt_sigaction",
        "sigaltstack",
        "getpid",
        "gettid",
        "tgkill",
        "sched_yield",
        "clock_gettime",
        "gettimeofday",
        "time",
        "fcntl",
        "restart_syscall",
        "rseq",
        "set_robust_list",
        "getrusage",
        "sched_getaffinity",
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int bad = filter == NULL ? -ENOMEM : rule_all(filter, SCMP_ACT_ALLOW, may, ST_LEN(may));

    if (bad == 0) /* memory that can be run is never made */
        bad =
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) |
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return load(filter, bad, err);
}

enum st_rc ext_jail(struct st_err *err)
{
    const struct {
        int what;
        rlim_t value;
    } limits[] = { { RLIMIT_AS, WALKER_MEMORY },
                   { RLIMIT_CPU, WALKER_SECONDS },
                   { RLIMIT_FSIZE, FLT_EXTRACT_GIVEN },
                   { RLIMIT_NOFILE, WALKER_FILES },
                   { RLIMIT_CORE, 0 } };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return st_fail(err, ST_E_IO, "extract.jail", "no_new_privs", errno);
    for (size_t i = 0; i < ST_LEN(limits); i++)
        if (setrlimit((__rlimit_resource_t)limits[i].what, &(struct rlimit){ limits[i].value, limits[i].value }) != 0)
            return st_fail(err, ST_E_IO, "extract.jail", "limit", errno);
    return lock_files(NULL, 0, err) == ST_OK ? filter_walker(err) : ST_ERR;
}

static int refuse_masked(scmp_filter_ctx filter, scmp_datum_t mask, scmp_datum_t value)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, mask, value)) |
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, mask, value));
}

enum st_rc ext_jail_tool(const char *program, struct st_err *err)
{
    static const char *const readable[] = { "/usr", "/lib", "/lib64", "/etc", "/var/cache/fontconfig" };
    static const char *const never[] = {
        "socket",
        "socketpair",
        "connect",
        "bind",
        "listen",
        "accept",
        "accept4",
        "ptrace",
        "execveat",
        "fork",
        "vfork",
        "creat",
        "rename",
        "renameat",
        "renameat2",
        "unlink",
        "unlinkat",
        "rmdir",
        "mkdir",
        "mkdirat",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
        "chmod",
        "fchmod",
        "fchmodat",
        "chown",
        "fchown",
        "fchownat",
        "lchown",
        "truncate",
        "openat2",
        "mount",
        "umount2",
        "unshare",
        "setns",
        "chroot",
        "pivot_root",
        "bpf",
        "keyctl",
        "add_key",
        "request_key",
        "kill",
        "tkill",
        "process_vm_readv",
        "process_vm_writev",
        "perf_event_open",
        "userfaultfd",
        "io_uring_setup",
        "mknod",
        "mknodat",
        "setuid",
        "setgid",
        "setresuid",
        "setresgid",
        "setgroups",
        "pidfd_open",
        "pidfd_getfd",
    };
    const struct scmp_arg_cmp other = { .arg = 0, .op = SCMP_CMP_NE, .datum_a = (scmp_datum_t)(uintptr_t)program };
    scmp_filter_ctx filter = NULL;
    int bad = 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return st_fail(err, ST_E_IO, "extract.jail", "no_new_privs", errno);
    if (lock_files(readable, ST_LEN(readable), err) != ST_OK)
        return ST_ERR;
    if ((filter = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
        return st_fail(err, ST_E_NOMEM, "extract.jail", "seccomp", 0);
    bad = rule_all(filter, SCMP_ACT_ERRNO(EPERM), never, ST_LEN(never));
    bad |= refuse_masked(filter, O_ACCMODE, O_WRONLY) | refuse_masked(filter, O_ACCMODE, O_RDWR) |
           refuse_masked(filter, O_CREAT, O_CREAT) | refuse_masked(filter, O_TRUNC, O_TRUNC);
    /* Threads, but no processes; clone3 hides its flags in memory, and libc does without it. */
    bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    /* The one execve is the one to come: by the place of its words in memory, which is gone with it. */
    bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 1, other);
    return load(filter, bad, err);
}

/* ---- the proof --------------------------------------------------------------------------------------------------- */

/* One try each, as the system call answers it. */
static long try_file(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static long try_write(void)
{
    return open("/tmp/stoa-extract-proof", O_WRONLY | O_CREAT, 0600);
}

static long try_remove(void)
{
    return unlink("/tmp/stoa-extract-proof");
}

static long try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_program(void)
{
    static const char *const nothing[] = { "true", NULL };

    return execve("/usr/bin/true", (char *const *)nothing, (char *const *)nothing + 1);
}

static long try_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return pid;
}

static long try_trace(void)
{
    return syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, getppid(), 0, 0);
}

static long try_signal(void)
{
    return kill(getppid(), 0);
}

static long try_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static long try_limit(void)
{
    return setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 1 });
}

bool ext_jail_prove(void (*say)(const char *what, bool is_refused))
{
    static const struct {
        const char *name;
        long (*fn)(void);
    } tries[] = {
        { "open a file to read", try_file },      { "open a file to write", try_write },
        { "remove a file", try_remove },          { "make a socket", try_socket },
        { "make a Unix socket", try_unix },       { "start a program", try_program },
        { "start a process", try_process },       { "look into another process", try_trace },
        { "signal another process", try_signal }, { "make memory that runs", try_code },
        { "change a limit", try_limit },
    };
    bool all = true;

    for (size_t i = 0; i < ST_LEN(tries); i++) {
        bool is_refused;

        errno = 0;
        is_refused = tries[i].fn() < 0 && errno == EPERM; /* by the list, not for want of the file */

        say(tries[i].name, is_refused);
        all = all && is_refused;
    }
    return all;
}
