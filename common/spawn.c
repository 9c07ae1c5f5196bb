/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The child runs in our memory, while we wait: it only makes system calls, and tells its failure by writing into
 * memory that is shared in any case. All signals are blocked around it, and caught ones get their default action before
 * they are unblocked, so no handler of ours ever runs in the child.
 *
 * A proxy of a thousand ranks has thousands of descriptors; a child that copied them all, and closed them again at
 * exec, would make starting N ranks cost N squared. So the child first shares our table, and then takes a copy of its
 * low end only (close_range with UNSHARE), where we have put those that it is to have.
 */
#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE 65536

struct failure {
    enum spawn_stage stage;
    int error;
};

/* Stands in the places that are not in use, so that nobody else gets their numbers. */
#define NULL_FD (SPAWN_FD_LOW + SPAWN_FD_MAX)

static struct failure *failure; /* of the child that is being started */

/* The thread sanitizer takes clone for fork, and does in the child what it does in a forked one. In our memory that
 * makes it ignore all that we do from then on, and we are never told of a signal. With a copy of it all is well. */
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define OUR_MEMORY 0
#else
#define OUR_MEMORY CLONE_VM
#endif

int spawn_init(void)
{
    void *shared = mmap(NULL, sizeof *failure, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int null = shared == MAP_FAILED ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -1;
    failure = shared;
    int rc = 0;
    for (int fd = SPAWN_FD_LOW; rc == 0 && fd <= NULL_FD; fd++)
        rc = null == fd || dup3(null, fd, O_CLOEXEC) >= 0 ? 0 : -1;
    if (rc < 0 && errno == EBADF) /* so it is told of a number beyond the limit */
        errno = EMFILE;
    if (null < SPAWN_FD_LOW || null > NULL_FD)
        close(null);
    return rc;
}

/* In the parent: what the child is to have goes where its short table reaches. */
static int lower_fds(const struct spawn *s)
{
    for (size_t i = 0; i < s->nfds; i++)
        if (dup3(s->fds[i].from, SPAWN_FD_LOW + (int)i, O_CLOEXEC) < 0)
            return -1;
    return 0;
}

static void release_fds(const struct spawn *s)
{
    for (size_t i = 0; i < s->nfds; i++)
        dup3(NULL_FD, SPAWN_FD_LOW + (int)i, O_CLOEXEC);
}

/* In the child: a table of its own, then each at its place. */
static bool place_fds(const struct spawn *s)
{
    if (close_range(NULL_FD, ~0u, CLOSE_RANGE_UNSHARE) < 0 && unshare(CLONE_FILES) < 0)
        return false;
    for (size_t i = 0; i < s->nfds; i++)
        if (dup2(SPAWN_FD_LOW + (int)i, s->fds[i].to) < 0)
            return false;
    return true;
}

static void default_signals(bool blocked)
{
    /* Those that our programs catch or ignore, and those that a parent ignores on our behalf: any. By the system call,
     * since libc keeps two signals for itself; all zeros is the default action on every architecture. */
    static const char dfl[128];
    for (int sig = 1; sig < NSIG; sig++)
        syscall(SYS_rt_sigaction, sig, dfl, NULL, NSIG / 8);
    if (blocked)
        return;
    static const sigset_t none; /* not on the stack, which is another child's next time: address sanitizers mind */
    sigprocmask(SIG_SETMASK, &none, NULL);
}

struct child {
    const struct spawn *spawn;
    pid_t parent;
    const char *file;
    char *const *argv;
};

static int child(void *arg)
{
    struct child *c = arg;
    const struct spawn *s = c->spawn;
    struct failure *f = failure;
    f->stage = SPAWN_FORK;
    if (!place_fds(s))
        goto fail;
    if (s->new_session)
        setsid();
    if (s->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
        goto fail;
    if (s->death_signal && (prctl(PR_SET_PDEATHSIG, s->death_signal) < 0 || getppid() != c->parent))
        goto fail;
    if (s->nofile)
        setrlimit(RLIMIT_NOFILE, s->nofile);
    if (s->umask >= 0)
        umask((mode_t)s->umask);
    f->stage = SPAWN_CHDIR;
    if (s->cwd && chdir(s->cwd) < 0)
        goto fail;
    f->stage = SPAWN_BIND;
    if (s->cpus && sched_setaffinity(0, s->cpus_size, s->cpus) < 0)
        goto fail;
    f->stage = SPAWN_EXEC;
    default_signals(s->blocked);
    execve(c->file, c->argv, s->envp);
fail:
    f->error = errno ? errno : ESRCH;
    return 127; /* it ends so; of a call of _exit address sanitizers say that the stack is not the thread's */
}

static pid_t start(const struct spawn *s, const char *file, char *const *argv, enum spawn_stage *stage)
{
    static char stack[STACK_SIZE] __attribute__((aligned(64)));
    struct child c = {s, getpid(), file, argv};
    *failure = (struct failure){SPAWN_FORK, 0};
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    pid_t pid = clone(child, stack + sizeof stack, OUR_MEMORY | CLONE_VFORK | CLONE_FILES | SIGCHLD, &c);
    int error = pid < 0 ? errno : *(volatile int *)&failure->error;
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (pid > 0 && !error)
        return pid;
    if (pid > 0)
        waitpid(pid, NULL, 0); /* nobody else has heard of it */
    *stage = *(volatile enum spawn_stage *)&failure->stage;
    errno = error;
    return -1;
}

/* A NUL in the first line: no shell could make sense of it. */
static bool is_text(const char *file)
{
    char first[128];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, first, sizeof first);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < n && first[i] != '\n'; i++)
        if (!first[i])
            return false;
    return n >= 0;
}

/* A script without #!, as execvp does it: sh FILE ARGS... */
static pid_t start_shell(const struct spawn *s, enum spawn_stage *stage)
{
    size_t n = 0;
    while (s->argv[n])
        n++;
    char **v = calloc(n + 3, sizeof *v);
    if (!v)
        return -1;
    v[0] = (char *)"sh";
    v[1] = (char *)s->file;
    for (size_t i = 1; i < n; i++)
        v[i + 1] = s->argv[i];
    pid_t pid = start(s, "/bin/sh", v, stage);
    int saved = errno;
    free(v);
    errno = saved;
    return pid;
}

pid_t spawn_start(const struct spawn *s, enum spawn_stage *stage)
{
    *stage = SPAWN_FORK;
    pid_t pid = lower_fds(s) < 0 ? -1 : start(s, s->file, s->argv, stage);
    if (pid < 0 && errno == ENOEXEC && *stage == SPAWN_EXEC) {
        if (is_text(s->file))
            pid = start_shell(s, stage);
        else
            errno = ENOEXEC;
    }
    int saved = errno;
    release_fds(s);
    errno = saved;
    return pid;
}

static int check_executable(const char *file)
{
    struct stat st;
    if (stat(file, &st) < 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return access(file, X_OK) < 0 ? errno : 0;
}

static int try_dir(const char *dir, size_t dirlen, const char *name, const char *cwd, char found[PATH_MAX])
{
    const char *base = dirlen && dir[0] == '/' ? "" : cwd;
    int n =
        snprintf(found, PATH_MAX, "%s%s%.*s%s%s", base, *base ? "/" : "", (int)dirlen, dir, dirlen ? "/" : "", name);
    return n >= PATH_MAX ? ENAMETOOLONG : check_executable(found);
}

int spawn_find(const char *name, const char *path, const char *cwd, char found[PATH_MAX])
{
    if (!*name)
        return ENOENT;
    if (name[0] == '/')
        return snprintf(found, PATH_MAX, "%s", name) >= PATH_MAX ? ENAMETOOLONG : check_executable(found);
    if (strchr(name, '/'))
        return try_dir("", 0, name, cwd, found);
    int worst = ENOENT;
    for (const char *p = path ? path : "/usr/local/bin:/bin:/usr/bin";; p++) {
        size_t n = strcspn(p, ":");
        int error = try_dir(p, n, name, cwd, found);
        if (!error)
            return 0;
        if (error == EACCES)
            worst = EACCES; /* as execvp: another directory may have a better one */
        p += n;
        if (!*p)
            return worst;
    }
}
