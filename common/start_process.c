/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The link of a process closes a moment before the process can be waited for; long before, where the processors are
 * busy with others. So we look again until SIGCHLD has told of it: a short while, or as long as the kernel says that it
 * is dying.
 */
#include "common/start_process.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINK_BUFFER (1 << 20)
#define LOOK_MS 5
#define LOOKS_DYING 600 /* three seconds */

extern char **environ;

static void close_both(int fd[2])
{
    if (fd[0] >= 0)
        close(fd[0]);
    if (fd[1] >= 0 && fd[1] != fd[0])
        close(fd[1]);
    fd[0] = fd[1] = -1;
}

static int make_socket(int ours[2], int theirs[2])
{
    int sv[2], size = LINK_BUFFER;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        setsockopt(sv[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ours[0] = ours[1] = sv[0];
    theirs[0] = theirs[1] = sv[1];
    return 0;
}

static int make_pipes(int ours[2], int theirs[2])
{
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(up, O_CLOEXEC) < 0) {
        close_both(down);
        return -1;
    }
    ours[0] = up[0];
    ours[1] = down[1];
    theirs[0] = down[0];
    theirs[1] = up[1];
    return 0;
}

/* So that a stopped proxy, too, sees that its link has ended when we die. It is not killed with us: it still has to end
 * the ranks and all that they started. */
#define PROXY_DEATH_SIGNAL SIGCONT

/* Returns 0, or -1 with s->failure set. */
static int spawn_process(struct start *s, char *const *argv, char *const *envp, int death_signal, bool blocked,
                         const struct spawn_fd *fds, size_t n)
{
    struct spawn spawn = {.file = argv[0],
                          .argv = argv,
                          .envp = envp,
                          .umask = -1,
                          .fds = fds,
                          .nfds = n,
                          .nofile = s->starter->nofile,
                          .death_signal = death_signal,
                          .blocked = blocked,
                          .new_session = true};
    enum spawn_stage stage;
    pid_t pid = spawn_start(&spawn, &stage);
    if (pid < 0) {
        start_failure_set(&s->failure, START_PROGRAM, "", "%s: %m", argv[0]);
        return -1;
    }
    s->pid = pid;
    HASH_ADD(by_pid, s->starter->running, pid, sizeof s->pid, s);
    return 0;
}

static int no_link(struct start *s)
{
    start_failure_set(&s->failure, START_PROGRAM, errno == EMFILE ? "raise the limit with ulimit -n" : "",
                      "no link to it can be made: %m");
    return -1;
}

int start_process_begin(struct start *s, char *const *argv, bool two, int stream[2], int other[2])
{
    int theirs[2] = {-1, -1};
    if ((two ? make_pipes(stream, theirs) : make_socket(stream, theirs)) < 0)
        return no_link(s);
    bool ours = strcmp(argv[0], s->starter->proxy) == 0; /* the proxy itself, and no program that leads to it */
    struct spawn_fd fds[] = {{theirs[0], two ? STDIN_FILENO : START_LINK_FD}, {theirs[1], STDOUT_FILENO}};
    if (spawn_process(s, argv, environ, PROXY_DEATH_SIGNAL, ours, fds, two ? 2 : 1) < 0) {
        close_both(stream);
        close_both(theirs);
        return -1;
    }
    if (other)
        memcpy(other, theirs, sizeof theirs);
    else
        close_both(theirs);
    return 0;
}

int start_process_shell(struct start *s, char *const *argv, int *link, int *err)
{
    int ours[2], theirs[2] = {-1, -1}, says[2];
    if (make_socket(ours, theirs) < 0)
        return no_link(s);
    if (pipe2(says, O_CLOEXEC) < 0) {
        no_link(s);
        close_both(ours);
        close_both(theirs);
        return -1;
    }
    fcntl(theirs[0], F_SETFL, 0); /* a remote shell expects to be able to wait */
    struct spawn_fd fds[] = {{theirs[0], STDIN_FILENO}, {theirs[0], STDOUT_FILENO}, {says[1], STDERR_FILENO}};
    int rc = spawn_process(s, argv, environ, PROXY_DEATH_SIGNAL, false, fds, 3);
    close_both(theirs);
    close(says[1]);
    if (rc < 0) {
        close_both(ours);
        close(says[0]);
        return -1;
    }
    fcntl(says[0], F_SETFL, O_NONBLOCK);
    *link = ours[0];
    *err = says[0];
    return 0;
}

int start_process_tool(struct start *s, char *const *argv, char *const *envp, int *says)
{
    int out[2], none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (none < 0 || pipe2(out, O_CLOEXEC) < 0) {
        no_link(s);
        if (none >= 0)
            close(none);
        return -1;
    }
    struct spawn_fd fds[] = {{none, STDIN_FILENO}, {out[1], STDOUT_FILENO}, {out[1], STDERR_FILENO}};
    int rc = spawn_process(s, argv, envp, SIGTERM, false, fds, 3);
    close(none);
    close(out[1]);
    if (rc < 0) {
        close(out[0]);
        return -1;
    }
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    *says = out[0];
    return 0;
}

static void tell_ended(struct start *s)
{
    char how[128];
    if (!s->waited)
        snprintf(how, sizeof how, "%s", s->why);
    else if (WIFSIGNALED(s->status))
        snprintf(how, sizeof how, "it was killed by signal %d (SIG%s)", WTERMSIG(s->status),
                 sigabbrev_np(WTERMSIG(s->status)));
    else
        snprintf(how, sizeof how, "it exited with code %d", WEXITSTATUS(s->status));
    s->events->ended(s->arg, how);
}

static void tell_over(struct start *s)
{
    void (*over)(struct start * s) = s->over;
    s->over = NULL;
    over(s);
}

static void look_again(struct start *s)
{
    s->looks++;
    if (s->looks <= s->looks_min || (s->looks <= LOOKS_DYING && descendants_is_dying(s->pid)))
        start_later(s, LOOK_MS, look_again);
    else
        tell_over(s);
}

void start_process_wait(struct start *s, unsigned ms, void (*over)(struct start *s))
{
    s->over = over;
    s->looks = 0;
    s->looks_min = ms / LOOK_MS;
    if (s->pid)
        start_later(s, LOOK_MS, look_again);
    else
        tell_over(s);
}

void start_process_end(struct start *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    start_process_wait(s, 0, tell_ended);
}

static void still_stopped(struct start *s)
{
    s->events->stopped(s->arg);
}

static void was_stopped(struct start *s, bool stopped)
{
    if (s->over || !s->starter->silence_ms)
        return;
    if (stopped)
        start_later(s, s->starter->silence_ms, still_stopped);
    else
        start_not_later(s);
}

bool starter_reaped(struct starter *st, pid_t pid, int status)
{
    struct start *s;
    HASH_FIND(by_pid, st->running, &pid, sizeof pid, s);
    if (s && (WIFSTOPPED(status) || WIFCONTINUED(status)))
        was_stopped(s, WIFSTOPPED(status));
    if (!s || WIFSTOPPED(status) || WIFCONTINUED(status))
        return false;
    HASH_DELETE(by_pid, st->running, s);
    s->pid = 0;
    s->status = status;
    s->waited = true;
    if (s->over) {
        if (s->timer)
            event_del(s->timer);
        tell_over(s);
    }
    return true;
}

/* What it has started, below it in the tree, ends when its own link does. */
void start_process_cancel(struct start *s)
{
    s->over = NULL;
    if (s->pid)
        kill(s->pid, SIGKILL);
}
