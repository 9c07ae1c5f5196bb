/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_ask: a process or a thread with a pipe to the loop. A thread cannot be ended while it resolves: who drops its
 * question leaves the answer to it.
 */
#include "launcher/start/ssh_ask.h"

#include "common/detached.h"
#include "common/log.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "launcher/start/shell_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONFIG_MAX (1u << 20)

extern char **environ;

struct lookup {
    char *host, *port;
    int fd;
    int error;
    struct addrinfo *list;
    atomic_int owners; /* the question and the thread */
};

struct ssh_ask {
    int fd;
    struct event *ev;
    void *arg;
    /* one of the two */
    char *text;
    size_t len;
    void (*got_text)(void *arg, const char *text);
    struct lookup *lookup;
    void (*got_addresses)(void *arg, int error, struct addrinfo *list);
};

static void lookup_release(struct lookup *l)
{
    if (atomic_fetch_sub(&l->owners, 1) > 1)
        return;
    if (l->list)
        freeaddrinfo(l->list);
    free(l->host);
    free(l->port);
    free(l);
}

void ssh_ask_drop(struct ssh_ask *a)
{
    if (!a)
        return;
    if (a->ev)
        event_free(a->ev);
    if (a->fd >= 0)
        close(a->fd);
    if (a->lookup)
        lookup_release(a->lookup);
    free(a->text);
    free(a);
}

static void finish_text(struct ssh_ask *a)
{
    void (*done)(void *arg, const char *text) = a->got_text;
    void *arg = a->arg;
    char *text = a->text;
    a->text = NULL;
    bool any = text && strstr(text, "hostname ");
    ssh_ask_drop(a);
    done(arg, any ? text : NULL);
    free(text);
}

static void on_text(evutil_socket_t fd, short what, void *arg)
{
    struct ssh_ask *a = arg;
    a->text = xreallocarray(a->text, a->len + 4097, 1);
    ssize_t n = read(a->fd, a->text + a->len, 4096);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    a->len += n > 0 ? (size_t)n : 0;
    a->text[a->len] = '\0';
    if (n <= 0 || a->len > CONFIG_MAX)
        finish_text(a);
}

static void on_addresses(evutil_socket_t fd, short what, void *arg)
{
    struct ssh_ask *a = arg;
    void (*done)(void *arg, int error, struct addrinfo *list) = a->got_addresses;
    void *to = a->arg;
    int error = a->lookup->error;
    struct addrinfo *list = a->lookup->list;
    a->lookup->list = NULL;
    ssh_ask_drop(a);
    done(to, error, list);
}

static struct ssh_ask *ask_create(const struct start *s, int fd, event_callback_fn on_answer, void *arg)
{
    struct ssh_ask *a = xcalloc(1, sizeof *a);
    *a = (struct ssh_ask){.fd = fd, .arg = arg};
    a->ev = event_new(s->starter->base, fd, EV_READ | EV_PERSIST, on_answer, a);
    if (!a->ev || event_add(a->ev, NULL) < 0)
        log_fatal("out of memory");
    return a;
}

/* Its process is waited for with all others. */
static void run_ssh(const struct start *s, int out)
{
    char path[PATH_MAX];
    const char *in = getenv("PATH");
    if (spawn_find("ssh", in ? in : "/usr/bin:/bin", "/", path))
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    char **argv = shell_argv_config(s, path);
    struct spawn_fd fds[] = {{null, STDIN_FILENO}, {out, STDOUT_FILENO}, {null, STDERR_FILENO}};
    struct spawn spawn = {.file = path,
                          .argv = argv,
                          .envp = environ,
                          .umask = -1,
                          .fds = fds,
                          .nfds = 3,
                          .nofile = s->starter->nofile,
                          .death_signal = SIGKILL,
                          .new_session = true};
    enum spawn_stage stage;
    if (spawn_start(&spawn, &stage) < 0)
        log_debug("%s: %s", path, strerror(errno));
    shell_argv_free(argv);
    close(null);
}

struct ssh_ask *ssh_ask_config(const struct start *s, void (*done)(void *arg, const char *text), void *arg)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
        return NULL;
    fcntl(fd[1], F_SETFL, 0);
    run_ssh(s, fd[1]);
    close(fd[1]); /* where it could not be run, the answer is the end of it */
    struct ssh_ask *a = ask_create(s, fd[0], on_text, arg);
    a->got_text = done;
    return a;
}

static void *resolve(void *arg)
{
    struct lookup *l = arg;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    l->error = getaddrinfo(l->host, l->port, &hints, &l->list);
    close(l->fd); /* that is the answer */
    lookup_release(l);
    return NULL;
}

struct ssh_ask *ssh_ask_addresses(const struct start *s, const char *host, const char *port,
                                  void (*done)(void *arg, int error, struct addrinfo *list), void *arg)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
        return NULL;
    struct lookup *l = xcalloc(1, sizeof *l);
    *l = (struct lookup){.host = xstrdup(host), .port = xstrdup(port), .fd = fd[1], .owners = 2};
    struct ssh_ask *a = ask_create(s, fd[0], on_addresses, arg);
    a->got_addresses = done;
    a->lookup = l;
    if (!detached_run(resolve, l))
        resolve(l);
    return a;
}
