/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connect: the way to a port, on this machine or over a network. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/dynamic/greeting.h"
#include "lib/dynamic/port.h"
#include "lib/dynamic/port_name.h"
#include "lib/dynamic/socket.h"
#include "wire/network.h"

#define TRY_NS INT64_C(20000000000) /* for one address of another machine */
#define AGAIN_NS INT64_C(5000000)   /* where too many connect at once */

static int failed(const char *why)
{
    error_detail_set(MPI_ERR_PORT, "no connection: %s", why);
    return -1;
}

static int failed_by(int error)
{
    return failed(error == ECONNREFUSED || error == ENOENT ? "nobody listens there: it has been closed, or its process "
                                                             "has ended"
                                                           : strerror(error));
}

static int connect_near(const struct port_facts *f, int64_t until, const struct comm *comm)
{
    struct sockaddr_un a;
    socklen_t n = greeting_address(f->id, &a);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
    if (fd < 0)
        return failed_by(errno);
    while (connect(fd, (struct sockaddr *)&a, n) != 0 && (error = errno) == EAGAIN && clock_ns() < until)
        socket_await(-1, 0, &(struct socket_patience){clock_ns() + AGAIN_NS, comm, NULL, NULL});
    if (error == 0 || error == EAGAIN) {
        if (clock_ns() < until && greeting_allows(fd, true))
            return fd;
        error = clock_ns() < until ? EACCES : ETIMEDOUT;
    }
    close(fd);
    return error == EACCES ? failed("it is another user's") : failed_by(error);
}

/* 0: it is connected; or an errno value. */
static int try_one(int fd, const struct sockaddr *to, socklen_t length, int64_t until, const struct comm *comm)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (connect(fd, to, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    int64_t most = clock_ns() + TRY_NS;
    if (!socket_await(fd, POLLOUT, &(struct socket_patience){until < most ? until : most, comm, NULL, NULL}))
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}

static int connect_far(const struct port_facts *f, int64_t until, const struct comm *comm)
{
    struct sockaddr_in6 tries[PLACE_TRIES];
    int count = place_tries(&f->place, tries), error = EHOSTUNREACH, one = 1;
    for (int i = 0; i < count; i++) {
        struct sockaddr_storage to;
        socklen_t n = place_sockaddr(&tries[i], &to);
        int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            error = errno;
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        error = try_one(fd, (struct sockaddr *)&to, n, until, comm);
        if (error == 0)
            return fd;
        close(fd);
    }
    return failed_by(error);
}

int port_connect(const char *name, int64_t until, const struct comm *comm)
{
    struct port_facts f;
    if (!port_name_read(name, &f))
        return failed("that is not the name of a port");
    bool near = f.place.machine != 0 && f.place.machine == network_machine();
    int fd = near ? connect_near(&f, until, comm) : connect_far(&f, until, comm);
    const char *why = fd >= 0 ? greeting_connect(fd, f.secret, until, comm) : NULL;
    if (!why)
        return fd;
    close(fd);
    return failed(why);
}
