/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tool: what it has written before its end is read before that is told.
 */
#include "launcher/start/tool.h"

#include "common/log.h"
#include "common/now.h"
#include "common/printable.h"
#include "common/spawn.h"
#include "common/start_process.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAVE_MS 3000 /* by itself, since its proxies have left */
#define STOP_MS 2000  /* once it was asked to */

static void tell_line(struct tool *t)
{
    char text[sizeof t->line * PRINTABLE_WIDTH];
    if (t->len && t->line[t->len - 1] == '\r')
        t->len--;
    printable_put(text, sizeof text, t->line, t->len);
    t->len = 0;
    if (*text)
        t->ops->line(t->arg, text);
}

static void close_says(struct tool *t)
{
    if (t->on_says)
        event_free(t->on_says);
    if (t->says >= 0)
        close(t->says);
    t->on_says = NULL;
    t->says = -1;
}

static void take(struct tool *t, const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (data[i] != '\n' && t->len < sizeof t->line)
            t->line[t->len++] = data[i];
        if (data[i] == '\n' || t->len == sizeof t->line)
            tell_line(t);
    }
}

static void read_says(struct tool *t)
{
    char data[4096];
    ssize_t n = -1;
    while (t->says >= 0 && (n = read(t->says, data, sizeof data)) > 0)
        take(t, data, (size_t)n);
    if (t->says >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
        tell_line(t);
        close_says(t);
    }
}

static void on_says(evutil_socket_t fd, short what, void *arg)
{
    read_says(arg);
}

static void process_over(struct start *process)
{
    struct tool *t = process->arg;
    t->over = true;
    read_says(t); /* what it has left behind may hold the other end */
    tell_line(t);
    close_says(t);
    t->ops->over(t->arg);
}

static int find_program(struct tool *t, const char *name, char path[PATH_MAX])
{
    const char *in = getenv("PATH");
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        strcpy(here, "/");
    int error = spawn_find(name, in ? in : "/usr/bin:/bin", here, path);
    if (error)
        start_failure_set(&t->process.failure, START_PROGRAM, "is it in PATH? --launcher chooses another way",
                          "the program %.80s on this machine: %s", name, strerror(error));
    return error ? -1 : 0;
}

int tool_begin(struct tool *t, struct starter *st, char **argv, char *const *envp, const struct tool_ops *ops,
               void *arg)
{
    char path[PATH_MAX], *name = argv[0];
    *t = (struct tool){.process = {.starter = st, .arg = t}, .ops = ops, .arg = arg, .says = -1};
    if (find_program(t, name, path) < 0)
        return -1;
    argv[0] = path;
    int rc = start_process_tool(&t->process, argv, envp, &t->says);
    argv[0] = name;
    if (rc < 0)
        return -1;
    t->process.over = process_over;
    t->on_says = event_new(st->base, t->says, EV_READ | EV_PERSIST, on_says, t);
    if (!t->on_says || event_add(t->on_says, NULL) < 0)
        log_fatal("out of memory");
    return 0;
}

void tool_stop(struct tool *t)
{
    if (t->process.pid)
        kill(t->process.pid, SIGTERM);
}

static void reap(struct tool *t)
{
    int status;
    pid_t pid = waitpid(t->process.pid, &status, WNOHANG);
    if (pid > 0)
        starter_reaped(t->process.starter, pid, status);
}

/* Returns whether it has ended; what it says meanwhile is told. */
static bool wait_end(struct tool *t, int ms)
{
    uint64_t end = now_ns() + (uint64_t)ms * 1000000, now;
    int fd = (int)syscall(SYS_pidfd_open, t->process.pid, 0);
    while (t->process.pid && (now = now_ns()) < end) {
        struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = t->says, .events = POLLIN}};
        poll(p, 2, fd < 0 ? 10 : (int)((end - now) / 1000000) + 1);
        read_says(t);
        reap(t);
    }
    if (fd >= 0)
        close(fd);
    return t->process.pid == 0;
}

void tool_leave(struct tool *t)
{
    if (!t->process.pid || wait_end(t, LEAVE_MS))
        return;
    tool_stop(t);
    if (wait_end(t, STOP_MS))
        return;
    kill(t->process.pid, SIGKILL);
    wait_end(t, STOP_MS);
}
