/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox - least privilege per process: no_new_privs, no dumps, and seccomp lists with libseccomp.
 *
 * The lists name what a role must never do, so that a new libc or OpenSSL does not break it: no process looks into
 * another one or changes the machine, and none but the extractor starts another program; only the worker may open
 * sockets, and nobody may listen (the supervisor's listeners ride along); the keyholder, the curator and the extractor
 * cannot open a file for writing. A refused call answers EPERM. Sanitizer builds keep dumps and ptrace, which their
 * leak check needs at exit.
 */
#include "gateway/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef STOA_SANITIZED
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

#define MAY_NETWORK (1u << 0) /* sockets of its own */
#define MAY_WRITE   (1u << 1) /* open files for writing, rename, remove */
#define MAY_START   (1u << 2) /* other programs */

static unsigned abilities(enum fam_role role)
{
    switch (role) {
    case FAM_SUPERVISOR: return MAY_NETWORK | MAY_WRITE;
    case FAM_WORKER: return MAY_NETWORK | MAY_WRITE; /* body spool */
    case FAM_KEYHOLDER: return 0;
    case FAM_RECORDER: return MAY_WRITE;
    case FAM_CURATOR: return 0;
    case FAM_EXTRACTOR: return MAY_START; /* stoa-extract, which this list holds for too */
    }
    return 0;
}

/* By name, so that a kernel call unknown to this libseccomp or machine is skipped. */
static const char *const never[] = {
    "process_vm_readv",
    "process_vm_writev",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "quotactl",
    "syslog",
    "io_uring_setup",
    "open_by_handle_at",
    "name_to_handle_at",
    "fanotify_init",
    "move_mount",
    "fsmount",
    "open_tree",
    "listen",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "mknod",
    "mknodat",
    "personality",
};
static const char *const networking[] = { "socket", "connect", "bind", "accept", "accept4" };
static const char *const writing[] = { "creat",     "rename",   "renameat", "renameat2", "unlink",   "unlinkat",
                                       "rmdir",     "mkdir",    "mkdirat",  "link",      "linkat",   "symlink",
                                       "symlinkat", "chmod",    "fchmod",   "fchmodat",  "chown",    "fchown",
                                       "lchown",    "fchownat", "truncate", "openat2",   "setxattr", "fsetxattr" };

static int refuse(scmp_filter_ctx filter, const char *const *list, size_t n)
{
    int bad = 0;

    for (size_t i = 0; i < n; i++) {
        int nr = seccomp_syscall_resolve_name(list[i]);

        if (nr != __NR_SCMP_ERROR)
            bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);
    }
    return bad;
}

/* open and openat with a write mode, O_CREAT or O_TRUNC in their flags. */
static int refuse_open_for_write(scmp_filter_ctx filter)
{
    static const struct {
        scmp_datum_t mask, value;
    } flags[] = { { O_ACCMODE, O_WRONLY }, { O_ACCMODE, O_RDWR }, { O_CREAT, O_CREAT }, { O_TRUNC, O_TRUNC } };
    int bad = 0;

    for (size_t i = 0; i < ST_LEN(flags); i++) {
        bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
                                SCMP_A1(SCMP_CMP_MASKED_EQ, flags[i].mask, flags[i].value));
        bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, flags[i].mask, flags[i].value));
    }
    return bad;
}

static enum st_rc load_filter(unsigned may, struct st_err *err)
{
    static const char *const tracing[] = { "ptrace" };
    static const char *const binding[] = { "bind" };
    static const char *const starting[] = { "execve", "execveat" };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int bad;

    if (filter == NULL)
        return st_fail(err, ST_E_NOMEM, "sandbox.enter", "seccomp", 0);
    bad = refuse(filter, never, ST_LEN(never));
    if (!IS_SANITIZED)
        bad |= refuse(filter, tracing, ST_LEN(tracing));
    if ((may & MAY_START) == 0)
        bad |= refuse(filter, starting, ST_LEN(starting));
    if ((may & MAY_NETWORK) == 0)
        bad |= refuse(filter, networking, ST_LEN(networking));
    else
        bad |= refuse(filter, binding, ST_LEN(binding));
    if ((may & MAY_WRITE) == 0)
        bad |= refuse(filter, writing, ST_LEN(writing)) | refuse_open_for_write(filter);
    if (bad == 0)
        bad = seccomp_load(filter);
    seccomp_release(filter);
    return bad == 0 ? ST_OK : st_fail(err, ST_E_UNSUPPORTED, "sandbox.enter", "seccomp filter was refused", -bad);
}

enum st_rc sandbox_enter(enum fam_role role, struct st_err *err)
{
    struct rlimit none = { 0, 0 };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return st_fail(err, ST_E_IO, "sandbox.enter", "no_new_privs", errno);
    if (!IS_SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return st_fail(err, ST_E_IO, "sandbox.enter", "dumpable", errno);
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return st_fail(err, ST_E_IO, "sandbox.enter", "core limit", errno);
    /* The supervisor starts the others; a filter would be theirs too, before they know their role. */
    return role == FAM_SUPERVISOR ? ST_OK : load_filter(abilities(role), err);
}

enum st_rc sandbox_user(const char *name, struct sandbox_user *out, struct st_err *err)
{
    struct passwd *pw;

    *out = (struct sandbox_user){ .is_set = false };
    if (name == NULL || name[0] == '\0')
        return ST_OK;
    if ((pw = getpwnam(name)) == NULL)
        return st_fail(err, ST_E_CONFIG, "sandbox.user", "there is no such user", errno);
    out->uid = pw->pw_uid;
    out->gid = pw->pw_gid;
    out->is_set = geteuid() == 0 && pw->pw_uid != 0; /* without root there is nothing to drop */
    return ST_OK;
}

bool sandbox_become(const struct sandbox_user *user)
{
    if (!user->is_set)
        return true;
    return setgroups(0, NULL) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0 && setuid(0) != 0;
}
