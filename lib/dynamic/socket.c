/* SPDX-License-Identifier: BSD-3-Clause
 *
 * socket: what two leaders say to each other, while the rest of MPI goes on. */
#include "lib/dynamic/socket.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/request/progress.h"
#include "lib/transport/sleep.h"

struct awaited {
    struct pollfd fd;
    const struct socket_patience *patience;
};

static bool is_over(const void *arg)
{
    struct awaited a = *(const struct awaited *)arg;
    const struct socket_patience *p = a.patience;
    return poll(&a.fd, 1, 0) > 0 || (p->until != SOCKET_FOREVER && clock_ns() >= p->until) ||
           (p->over && p->over(p->arg));
}

bool socket_await(int fd, short events, const struct socket_patience *p)
{
    struct awaited a = {{.fd = fd, .events = events}, p};
    struct waiter w = {.ready = is_over, .arg = &a, .comm = p->comm};
    if (!is_over(&a)) {
        bool watched = sleep_watch(fd, (events & POLLOUT) != 0);
        while (!is_over(&a)) {
            progress_wait(&w, NULL);
            trace_moved(); /* what it waits for comes from outside of the job, whose ranks are not deadlocked by it */
        }
        if (watched)
            sleep_unwatch(fd);
    }
    return poll(&a.fd, 1, 0) > 0;
}

/* Sends and takes as much of both as there is room for, and is there. 0, an errno value, or -1. */
static int move(int fd, const char *out, size_t *out_at, size_t out_n, char *in, size_t *in_at, size_t in_n)
{
    ssize_t sent = *out_at < out_n ? send(fd, out + *out_at, out_n - *out_at, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return errno;
    ssize_t got = *in_at < in_n ? recv(fd, in + *in_at, in_n - *in_at, MSG_DONTWAIT) : 1;
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return errno;
    if (got == 0)
        return -1;
    *out_at += sent > 0 ? (size_t)sent : 0;
    *in_at += got > 0 && *in_at < in_n ? (size_t)got : 0;
    return 0;
}

static int both(int fd, const void *out, size_t out_n, void *in, size_t in_n, int64_t until, const struct comm *comm)
{
    size_t sent = 0, got = 0;
    int error = 0;
    for (;;) {
        error = move(fd, out, &sent, out_n, in, &got, in_n);
        if (error != 0 || (sent == out_n && got == in_n))
            return error;
        short events = (short)((sent < out_n ? POLLOUT : 0) | (got < in_n ? POLLIN : 0));
        if (!socket_await(fd, events, &(struct socket_patience){until, comm, NULL, NULL}))
            return ETIMEDOUT;
    }
}

int socket_send(int fd, const void *bytes, size_t n, int64_t until, const struct comm *comm)
{
    return both(fd, bytes, n, NULL, 0, until, comm);
}

int socket_recv(int fd, void *bytes, size_t n, int64_t until, const struct comm *comm)
{
    return both(fd, NULL, 0, bytes, n, until, comm);
}

const char *socket_error(int error)
{
    return error == -1 ? "it has closed the connection" : strerror(error);
}

static int trade(struct line *l, const void *out, int out_n, void *in, int in_n)
{
    const struct socket_line *s = (const struct socket_line *)l;
    int error = both(s->fd, out, (size_t)out_n, in, (size_t)in_n, clock_ns() + SOCKET_TRADE_NS, s->comm);
    if (error == 0)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_PORT, "the root of the other group is lost: %s", socket_error(error));
    return MPI_ERR_PORT;
}

struct socket_line socket_line(int fd, const struct comm *comm)
{
    return (struct socket_line){{.trade = trade}, fd, comm};
}
