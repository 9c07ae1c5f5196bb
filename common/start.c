/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/start.h"

#include "common/descendants.h"
#include "common/spawn.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINK_FD 3 /* the proxy's end, in the proxy */
#define LINK_BUFFER (1 << 20)

extern char **environ;

uint32_t start_split(uint32_t n, uint32_t radix, uint32_t *part)
{
    uint32_t children = n < radix ? n : radix;
    for (uint32_t i = 0; i < children; i++)
        part[i] = n / children + (i < n % children);
    return children;
}

static void link_buffers(int fd)
{
    int size = LINK_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

int start_fork(const char *proxy, const struct rlimit *nofile, pid_t *pid, struct err *e)
{
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) < 0)
        return err_set(e, "unable to make a link to a proxy: %m");
    link_buffers(sv[0]);
    link_buffers(sv[1]);
    char *argv[] = {(char *)proxy, NULL};
    struct spawn_fd fds[] = {{sv[1], LINK_FD}};
    struct spawn s = {.file = proxy,
                      .argv = argv,
                      .envp = environ,
                      .umask = -1,
                      .fds = fds,
                      .nfds = 1,
                      .nofile = nofile,
                      .death_signal = SIGCONT, /* so that a stopped proxy, too, sees that its link has ended */
                      .new_session = true};
    enum spawn_stage stage;
    *pid = spawn_start(&s, &stage);
    if (*pid < 0)
        err_set(e, "unable to start the proxy %s: %m", proxy);
    close(sv[1]);
    if (*pid >= 0)
        return sv[0];
    close(sv[0]);
    return -1;
}

#define LOOKS 10         /* half a millisecond apart */
#define LOOKS_DYING 6000 /* where it has begun to end */

/* The link closes a moment before the process can be waited for; long before, where the processors are busy with
 * others. */
static void wait_a_moment(struct start_process *p)
{
    struct timespec pause = {0, 500000};
    for (int i = 0; p->pid && (i < LOOKS || (i < LOOKS_DYING && descendants_is_dying(p->pid))); i++) {
        if (waitpid(p->pid, &p->status, WNOHANG) == p->pid)
            p->pid = 0;
        else
            nanosleep(&pause, NULL);
    }
}

void start_describe_end(struct start_process *p, const char *why, char *text, size_t size)
{
    wait_a_moment(p);
    if (p->pid)
        snprintf(text, size, "%s", why);
    else if (WIFSIGNALED(p->status))
        snprintf(text, size, "it was killed by signal %d (SIG%s)", WTERMSIG(p->status),
                 sigabbrev_np(WTERMSIG(p->status)));
    else
        snprintf(text, size, "it exited with code %d", WEXITSTATUS(p->status));
}

static int own_path(char *path, size_t size, struct err *e)
{
    ssize_t n = readlink("/proc/self/exe", path, size - 1);
    if (n < 0)
        return err_set(e, "unable to read /proc/self/exe: %m");
    path[n] = 0;
    return 0;
}

int start_own_path(char *path, size_t size, struct err *e)
{
    if (own_path(path, size, e) < 0)
        return -1;
    if (access(path, X_OK) < 0)
        return err_set(e, "unable to start the program %s once more: %m", path);
    return 0;
}

int start_proxy_path(char *path, size_t size, struct err *e)
{
    char self[PATH_MAX];
    if (own_path(self, sizeof self, e) < 0)
        return -1;
    *strrchr(self, '/') = 0;
    static const char *const places[] = {"../libexec/muster/muster-proxy", "../proxy/muster-proxy"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, size, "%s/%s", self, places[i]);
        if (access(path, X_OK) == 0)
            return 0;
    }
    return err_set(e, "no proxy program at %s/%s: the installation is not complete", self, places[0]);
}
