/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_in: when our stdin is read, and how far ahead of its readers.
 *
 * Descriptor 0 is shared with whoever started us, so it is left blocking and read only when poll says that a read
 * returns. SIGTTIN is ignored: when we lose the foreground between the look and the read, the read fails (EIO) and is
 * tried again later, instead of stopping the whole job.
 */
#include "launcher/stdio_in.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/stdio_terminal.h"
#include "wire/control.h"
#include "wire/frame.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_SIZE (256u << 10)
#define BACKGROUND_MS 500 /* how often we look whether we are in the foreground again */

struct stdin_reader {
    stdin_sink *sink;
    stdin_keys *keys; /* NULL: a terminal is read when that is asked for */
    struct keys typed;
    void *arg;
    struct event *readable;
    struct event *again; /* a timer: for files that cannot be watched, and in the background */
    bool tty, watched, started, wanted, eof;
    uint64_t sent;
    uint64_t *taken; /* by node; UINT64_MAX: takes no more */
    uint32_t nnodes;
    uint64_t slowest;    /* the least of taken */
    uint32_t at_slowest; /* nodes that have just that */
    uint32_t left;       /* nodes that take stdin */
    uint32_t only;       /* the node, when it is one; else FRAME_ALL_NODES */
};

static void find_slowest(struct stdin_reader *r)
{
    r->slowest = UINT64_MAX;
    r->at_slowest = 0;
    for (uint32_t i = 0; i < r->nnodes; i++) {
        if (r->taken[i] < r->slowest)
            r->at_slowest = 0;
        if (r->taken[i] <= r->slowest) {
            r->slowest = r->taken[i];
            r->at_slowest++;
        }
    }
}

static size_t room(const struct stdin_reader *r)
{
    uint64_t ahead = r->sent - r->slowest;
    return !r->left || ahead >= CONTROL_STDIN_WINDOW ? 0 : (size_t)(CONTROL_STDIN_WINDOW - ahead);
}

static void later(struct stdin_reader *r, long ms)
{
    struct timeval t = {ms / 1000, (ms % 1000) * 1000};
    event_add(r->again, &t);
}

/* Waits for what can be read, if it may be. */
static void watch(struct stdin_reader *r)
{
    bool may = r->started && !r->eof && room(r) > 0 && (!r->tty || r->wanted || r->keys);
    event_del(r->readable);
    event_del(r->again);
    if (!may)
        return;
    bool away = r->tty && !terminal_in_foreground();
    if (r->tty && r->keys)
        terminal_take();
    if (away)
        later(r, BACKGROUND_MS);
    else if (!r->watched || event_add(r->readable, NULL) < 0)
        later(r, 0);
}

static void send_down(struct stdin_reader *r, const void *data, size_t n)
{
    r->sent += n;
    r->eof = n == 0;
    r->wanted = false;
    r->sink(r->arg, r->only, data, n);
}

/* A terminal that a rank works in. */
static void send_keys(struct stdin_reader *r, const char *typed, size_t n)
{
    static char rest[READ_SIZE + 1];
    enum keys_said said;
    size_t left = keys_filter(&r->typed, typed, n, rest, &said);
    if (left)
        send_down(r, rest, left);
    if (said)
        r->keys(r->arg, said);
}

static bool ready(void)
{
    struct pollfd p = {STDIN_FILENO, POLLIN, 0};
    return poll(&p, 1, 0) > 0;
}

static void read_some(struct stdin_reader *r)
{
    static char buffer[READ_SIZE];
    size_t n = room(r) < sizeof buffer ? room(r) : sizeof buffer;
    if (!n || !ready() || (r->tty && !terminal_in_foreground()))
        return;
    ssize_t got = read(STDIN_FILENO, buffer, n);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || (r->tty && errno == EIO && !terminal_in_foreground())))
        return;
    if (got < 0 && errno != EIO)
        log_warn("unable to read stdin: %s; the ranks see its end", strerror(errno));
    if (got > 0 && r->tty && r->keys)
        send_keys(r, buffer, (size_t)got);
    else
        send_down(r, buffer, got < 0 ? 0 : (size_t)got);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct stdin_reader *r = arg;
    read_some(r);
    watch(r);
}

/* Not a regular file, nor /dev/null: those are always ready. */
static bool can_be_watched(void)
{
    struct epoll_event e = {.events = EPOLLIN};
    int set = epoll_create1(EPOLL_CLOEXEC);
    bool can = set >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &e) == 0;
    if (set >= 0)
        close(set);
    return can;
}

struct stdin_reader *stdin_create(struct event_base *base, const bool *takes, uint32_t nnodes, stdin_sink *sink,
                                  stdin_keys *keys, void *arg)
{
    struct stdin_reader *r = xcalloc(1, sizeof *r);
    *r = (struct stdin_reader){.sink = sink, .keys = keys, .arg = arg, .nnodes = nnodes, .only = FRAME_ALL_NODES};
    r->tty = isatty(STDIN_FILENO);
    r->taken = xcalloc(nnodes, sizeof *r->taken);
    for (uint32_t i = 0; i < nnodes; i++) {
        r->taken[i] = takes[i] ? 0 : UINT64_MAX;
        r->left += takes[i];
        r->only = takes[i] ? i : r->only;
    }
    if (r->left != 1)
        r->only = FRAME_ALL_NODES;
    find_slowest(r);
    r->readable = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_readable, r);
    r->again = evtimer_new(base, on_readable, r);
    if (!r->readable || !r->again)
        log_fatal("out of memory");
    if (r->tty)
        signal(SIGTTIN, SIG_IGN);
    r->watched = can_be_watched();
    return r;
}

void stdin_destroy(struct stdin_reader *r)
{
    if (!r)
        return;
    event_free(r->readable);
    event_free(r->again);
    free(r->taken);
    free(r);
}

void stdin_start(struct stdin_reader *r)
{
    r->started = true;
    watch(r);
}

static void move(struct stdin_reader *r, uint32_t node, uint64_t to)
{
    bool was_slowest = r->taken[node] == r->slowest;
    r->left -= to == UINT64_MAX;
    r->taken[node] = to;
    if (was_slowest && --r->at_slowest == 0)
        find_slowest(r);
    watch(r);
}

void stdin_credit(struct stdin_reader *r, uint32_t node, uint32_t bytes)
{
    if (node >= r->nnodes || r->taken[node] == UINT64_MAX)
        return;
    if (bytes == CONTROL_STDIN_NO_MORE)
        move(r, node, UINT64_MAX);
    else if (bytes && bytes <= r->sent - r->taken[node])
        move(r, node, r->taken[node] + bytes);
}

void stdin_node_lost(struct stdin_reader *r, uint32_t node)
{
    stdin_credit(r, node, CONTROL_STDIN_NO_MORE);
}

void stdin_wanted(struct stdin_reader *r)
{
    r->wanted = true;
    watch(r);
}

void stdin_foreground(struct stdin_reader *r)
{
    terminal_forget();
    watch(r);
}
