/* SPDX-License-Identifier: BSD-3-Clause
 *
 * guard: it only ever looks whether the link has hung up, and reads nothing.
 */
#include "proxy/guard.h"

#include "common/log.h"
#include "proxy/cleanup.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "muster-guard"
#define OPEN_MAX_HERE 16
#define GRACE_MS 6000 /* from the end of the link to the proxy's own, at most */

static void on_child(int sig)
{
}

/* As it did: who waits for us is told the same. */
static _Noreturn void end_as(int status)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (WIFSIGNALED(status)) {
        sigset_t it;
        sigemptyset(&it);
        sigaddset(&it, WTERMSIG(status));
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
        sigprocmask(SIG_UNBLOCK, &it, NULL);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

/* SIGCHLD comes only while ppoll waits. */
static _Noreturn void watch(pid_t proxy, int link, const char *stage)
{
    struct pollfd p = {.fd = link, .events = POLLRDHUP};
    struct timespec grace = {GRACE_MS / 1000, 0};
    sigset_t none;
    int status = 0;
    sigemptyset(&none);
    while (waitpid(proxy, &status, WNOHANG) == 0) {
        int n = ppoll(&p, 1, p.fd < 0 ? &grace : NULL, &none);
        if (n == 0)
            kill(proxy, SIGKILL);
        if (n > 0)
            p.fd = -1; /* from now on the proxy has its grace */
    }
    cleanup_everything();
    if (stage && nftw(stage, remove_one, OPEN_MAX_HERE, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
        log_warn("unable to remove %s: %m", stage);
    end_as(status);
}

void guard_begin(int link, const char *stage)
{
    struct sigaction child = {.sa_handler = on_child};
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &before);
    pid_t pid = fork();
    if (pid < 0)
        log_fatal("unable to start a second process: %m");
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        return;
    }
    prctl(PR_SET_NAME, NAME);
    close(STDOUT_FILENO); /* the proxy has it, whose end is to be seen */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || sigaction(SIGCHLD, &child, NULL) < 0)
        log_fatal("unable to watch the proxy: %m");
    watch(pid, link, stage);
}
