/* SPDX-License-Identifier: BSD-3-Clause
 *
 * O_NONBLOCK belongs to the open file, which we share. A pipe or a terminal is opened anew through /proc, which makes
 * an open file of our own. Where that is not allowed (a terminal of another user) the descriptor is polled, and written
 * in pieces that then cannot block. A socket has a flag for each call.
 */
#include "common/writer.h"

#include "common/log.h"
#include "common/xalloc.h"

#include <event2/buffer.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)

enum how { BLOCKING, OWN, SOCKET, CAREFUL };

struct writer {
    int fd;
    enum how how;
    const struct writer_ops *ops;
    void *arg;
    struct event *writable; /* NULL: BLOCKING */
    struct event *tell;     /* made active to tell broken */
    struct evbuffer *queue;
    int error;
    bool told;
};

bool writer_same(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int open_own(int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void choose_how(struct writer *w, int fd)
{
    struct stat st;
    w->fd = fd;
    w->how = BLOCKING;
    if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd)))
        return;
    w->how = S_ISSOCK(st.st_mode) ? SOCKET : CAREFUL;
    int own = w->how == SOCKET ? -1 : open_own(fd);
    if (own >= 0) {
        w->fd = own;
        w->how = OWN;
    }
    if (S_ISFIFO(st.st_mode))
        fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* as far as the user's limits allow */
}

static ssize_t write_socket(int fd, const struct iovec *iov, int n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n};
    return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A pipe that polls as writable has room for PIPE_BUF bytes. */
static ssize_t write_careful(int fd, const struct iovec *iov)
{
    struct pollfd p = {fd, POLLOUT, 0};
    if (poll(&p, 1, 0) == 1)
        return write(fd, iov->iov_base, iov->iov_len < PIPE_BUF ? iov->iov_len : PIPE_BUF);
    errno = EAGAIN;
    return -1;
}

static ssize_t write_some(struct writer *w, const struct iovec *iov, int n)
{
    ssize_t done;
    do
        done = w->how == SOCKET    ? write_socket(w->fd, iov, n)
               : w->how == CAREFUL ? write_careful(w->fd, iov)
                                   : writev(w->fd, iov, n);
    while (done < 0 && errno == EINTR);
    return done;
}

static void break_off(struct writer *w, int error)
{
    w->error = error;
    evbuffer_drain(w->queue, evbuffer_get_length(w->queue));
    event_active(w->tell, EV_TIMEOUT, 0);
}

/* Writes what the descriptor takes. Returns how many bytes; 0 as well when it is broken. */
static size_t write_now(struct writer *w, const struct iovec *iov, int n)
{
    ssize_t done = write_some(w, iov, n);
    if (done >= 0)
        return (size_t)done;
    if (errno != EAGAIN)
        break_off(w, errno);
    return 0;
}

static void flush_queue(struct writer *w)
{
    struct evbuffer_iovec v[8];
    size_t done;
    do {
        int n = evbuffer_peek(w->queue, -1, NULL, v, 8);
        n = n > 8 ? 8 : n;
        done = n ? write_now(w, (const struct iovec *)v, n) : 0;
        evbuffer_drain(w->queue, done);
    } while (done > 0);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct writer *w = arg;
    flush_queue(w);
    if (w->error)
        return;
    if (writer_backlog(w))
        event_add(w->writable, NULL);
    else
        w->ops->drained(w->arg);
}

static void on_tell(evutil_socket_t fd, short what, void *arg)
{
    struct writer *w = arg;
    if (w->told)
        return;
    w->told = true;
    if (w->writable)
        event_del(w->writable);
    w->ops->broken(w->arg, w->error);
    w->ops->drained(w->arg);
}

struct writer *writer_create(struct event_base *base, int fd, const struct writer_ops *ops, void *arg)
{
    struct writer *w = xcalloc(1, sizeof *w);
    w->ops = ops;
    w->arg = arg;
    choose_how(w, fd);
    w->queue = evbuffer_new();
    w->tell = evtimer_new(base, on_tell, w);
    if (w->how != BLOCKING)
        w->writable = event_new(base, w->fd, EV_WRITE, on_writable, w);
    if (!w->queue || !w->tell || (w->how != BLOCKING && !w->writable))
        log_fatal("out of memory");
    return w;
}

void writer_destroy(struct writer *w)
{
    if (!w)
        return;
    if (w->writable)
        event_free(w->writable);
    event_free(w->tell);
    evbuffer_free(w->queue);
    if (w->how == OWN)
        close(w->fd);
    free(w);
}

/* Keeps all but the first `done` bytes. */
static void keep_rest(struct writer *w, const struct iovec *iov, int n, size_t done)
{
    for (int i = 0; i < n; i++) {
        size_t skip = done < iov[i].iov_len ? done : iov[i].iov_len;
        done -= skip;
        if (iov[i].iov_len > skip && evbuffer_add(w->queue, (char *)iov[i].iov_base + skip, iov[i].iov_len - skip) < 0)
            log_fatal("out of memory");
    }
}

void writer_write(struct writer *w, const struct iovec *iov, int n)
{
    if (w->error)
        return;
    bool queued = writer_backlog(w) > 0;
    size_t len = 0;
    for (int i = 0; i < n; i++)
        len += iov[i].iov_len;
    size_t done = queued || !len ? 0 : write_now(w, iov, n);
    if (w->error || done == len)
        return;
    keep_rest(w, iov, n, done);
    if (w->how == BLOCKING)
        flush_queue(w);
    else if (!queued)
        event_add(w->writable, NULL);
}

size_t writer_backlog(const struct writer *w)
{
    return evbuffer_get_length(w->queue);
}

void writer_finish(struct writer *w)
{
    while (writer_backlog(w) && !w->error) {
        struct pollfd p = {w->fd, POLLOUT, 0};
        if (w->how != BLOCKING)
            poll(&p, 1, -1);
        flush_queue(w);
    }
}
