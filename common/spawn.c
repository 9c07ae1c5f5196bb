/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The child of vfork runs on our stack and in our memory: it only makes system calls, and tells its failure by
 * writing into a local variable of ours. All signals are blocked around it, and caught ones get their default action
 * before they are unblocked, so no handler of ours ever runs in the child.
 */
#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct failure {
    enum spawn_stage stage;
    int error;
};

static bool place_fds(const struct spawn *s)
{
    for (size_t i = 0; i < s->nfds; i++) {
        const struct spawn_fd *f = &s->fds[i];
        if (f->from == f->to ? fcntl(f->from, F_SETFD, 0) < 0 : dup2(f->from, f->to) < 0)
            return false;
    }
    return true;
}

static void default_signals(void)
{
    /* Those that our programs catch or ignore, and those that a parent often ignores on our behalf. */
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1,
                                  SIGUSR2, SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &dfl, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void exec_file(const struct spawn *s, char **sh_argv)
{
    execve(s->file, s->argv, s->envp);
    if (errno == ENOEXEC)
        execve("/bin/sh", sh_argv, s->envp);
}

static _Noreturn void child(const struct spawn *s, pid_t parent, char **sh_argv, volatile struct failure *f)
{
    f->stage = SPAWN_FORK;
    if (s->new_session)
        setsid();
    if (s->death_signal && (prctl(PR_SET_PDEATHSIG, s->death_signal) < 0 || getppid() != parent))
        goto fail;
    if (!place_fds(s))
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
    default_signals();
    exec_file(s, sh_argv);
fail:
    f->error = errno ? errno : ESRCH;
    _exit(127);
}

/* By itself, so that no variable of a caller lives in a register across vfork. */
static __attribute__((noinline)) pid_t fork_child(const struct spawn *s, char **sh_argv, volatile struct failure *f)
{
    pid_t parent = getpid();
    pid_t pid = vfork();
    if (pid == 0)
        child(s, parent, sh_argv, f);
    return pid;
}

/* argv for a script without #!: sh FILE ARGS... */
static char **shell_argv(const struct spawn *s)
{
    size_t n = 0;
    while (s->argv[n])
        n++;
    char **v = calloc(n + 3, sizeof *v);
    if (!v)
        return NULL;
    v[0] = (char *)"sh";
    v[1] = (char *)s->file;
    for (size_t i = 1; i < n; i++)
        v[i + 1] = s->argv[i];
    return v;
}

pid_t spawn_start(const struct spawn *s, enum spawn_stage *stage)
{
    volatile struct failure f = {SPAWN_FORK, 0};
    *stage = SPAWN_FORK;
    char **sh_argv = shell_argv(s);
    if (!sh_argv)
        return -1;
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    pid_t pid = fork_child(s, sh_argv, &f);
    int error = pid < 0 ? errno : f.error;
    sigprocmask(SIG_SETMASK, &old, NULL);
    free(sh_argv);
    if (pid > 0 && !error)
        return pid;
    *stage = f.stage;
    errno = error;
    return -1;
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
