/* SPDX-License-Identifier: BSD-3-Clause */
#include "proxy/stdio.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "proxy/rank_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stream {
    struct rank *rank;
    int fd;
    uint8_t number;
    struct event *ev;
};

struct rank_stdio {
    struct stream out[2];
};

static void stream_read(struct stream *s)
{
    static char buffer[65536];
    ssize_t n;
    if (s->fd < 0)
        return;
    while ((n = read(s->fd, buffer, sizeof buffer)) != 0) {
        if (n < 0)
            return;
        unsigned char head[5] = {(unsigned char)s->rank->rank, (unsigned char)(s->rank->rank >> 8),
                                 (unsigned char)(s->rank->rank >> 16), (unsigned char)(s->rank->rank >> 24), s->number};
        struct iovec iov[] = {{head, 5}, {buffer, (size_t)n}};
        peer_sendv(s->rank->job->node->parent, CONTROL_OUTPUT, s->rank->job->spec.job, node_number(s->rank->job->node),
                   iov, 2);
    }
    event_free(s->ev);
    close(s->fd);
    s->fd = -1;
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    stream_read(arg);
}

static int stream_open(struct rank *r, struct stream *s, uint8_t number, int *theirs)
{
    int p[2];
    if (pipe2(p, O_CLOEXEC) < 0)
        return -1;
    *theirs = p[1];
    *s = (struct stream){r, p[0], number, NULL};
    evutil_make_socket_nonblocking(p[0]);
    s->ev = event_new(r->job->node->base, p[0], EV_READ | EV_PERSIST, on_read, s);
    event_add(s->ev, NULL);
    return 0;
}

void stdio_job_init(struct job *j)
{
}

void stdio_job_fini(struct job *j)
{
}

int stdio_open(struct rank *r, struct stdio_ends *ends)
{
    r->io = xcalloc(1, sizeof *r->io);
    ends->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    stream_open(r, &r->io->out[0], 1, &ends->out);
    stream_open(r, &r->io->out[1], 2, &ends->err);
    return 0;
}

void stdio_started(struct stdio_ends *ends)
{
    close(ends->in);
    close(ends->out);
    close(ends->err);
}

void stdio_reaped(struct rank *r)
{
    stream_read(&r->io->out[0]);
    stream_read(&r->io->out[1]);
}

void stdio_close(struct rank *r)
{
    for (int i = 0; r->io && i < 2; i++)
        if (r->io->out[i].fd >= 0) {
            event_free(r->io->out[i].ev);
            close(r->io->out[i].fd);
        }
    free(r->io);
    r->io = NULL;
}

void stdio_stdin_data(struct job *j, const unsigned char *data, size_t n)
{
}

void stdio_congested(struct node *n)
{
}

void stdio_drained(struct node *n)
{
}
