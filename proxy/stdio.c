/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio: the output pipes of all ranks, read by one event.
 *
 * All output pipes of the node are in one epoll set of our own, and the loop watches that set: so a rank costs no event
 * structures, and all reading is stopped and taken up again by one call, however many ranks there are.
 */
#include "proxy/stdio.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "proxy/rank_env.h"
#include "proxy/stdio_files.h"
#include "proxy/stdio_in.h"
#include "proxy/stdio_lines.h"
#include "proxy/stdio_out.h"
#include "proxy/stdio_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
/* A line without an end is shown when its rank has been silent for this long; later where the rank probably just was
 * not given a processor: it is runnable, or a full block of its buffered output ended inside the line. */
#define PARTIAL_MS 50
#define PARTIAL_BUSY_MS 2000
#define BLOCK 4096
#define LINGER_MS 300
#define LAST_READS 32 /* of a pipe whose rank has ended: more than it holds, but not endless */
#define BUSY_PIPE (256 << 10)
#define BUSY_PIPES_MAX 128 /* so that a user's budget of pipe memory lasts for many ranks */

struct stream {
    int fd;     /* -1: at its end */
    bool waits; /* in `partial` */
    bool grown;
    uint64_t since; /* ms; last read */
    uint64_t total; /* bytes read */
    bool typed;     /* a terminal that somebody works in: all goes on as it comes */
    bool patient;   /* needs no second look before PARTIAL_BUSY_MS */
    struct lines lines;
    struct outlet outlet;
    TAILQ_ENTRY(stream) link;
};

struct rank_stdio {
    struct stream out[2];
    int terminal; /* the rank's end of its terminal, until it has ended: others there may close theirs, and come back.
                     -1 */
};

struct job_stdio {
    struct files *files;
    struct feed *feed; /* NULL: no rank here takes stdin from us */
    uint32_t open;     /* streams */
    bool ending, ended;
    struct event *linger;
};

/* The node's: there is one. */
static struct {
    int epoll;
    struct event *readable;
    struct event *flush;
    bool paused;
    bool children_paused;
    int null;
    unsigned busy;
    TAILQ_HEAD(, stream) partial; /* streams that hold a beginning, the longest silent first */
} io = {.epoll = -1, .null = -1};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void arm(struct event *e, long ms)
{
    struct timeval t = {ms / 1000, (ms % 1000) * 1000};
    if (event_add(e, &t) < 0)
        log_fatal("out of memory");
}

static struct proxy *proxy_of(const struct stream *s)
{
    return s->outlet.rank->job->proxy;
}

/* They are paused by count, so once. */
static void pause_children(struct proxy *proxy, bool pause)
{
    if (io.children_paused == pause)
        return;
    io.children_paused = pause;
    if (pause)
        links_pause(&proxy->below);
    else
        links_resume(&proxy->below);
}

static void check_paused(struct proxy *proxy)
{
    bool paused = outlet_paused(proxy);
    pause_children(proxy, peer_congested(proxy->parent));
    if (paused == io.paused || !io.readable)
        return;
    io.paused = paused;
    if (paused)
        event_del(io.readable);
    else if (event_add(io.readable, NULL) < 0)
        log_fatal("out of memory");
}

static void emit(void *arg, const char *data, size_t n, bool continues)
{
    struct stream *s = arg;
    outlet_put(&s->outlet, s->outlet.rank->job->io->files, data, n, continues);
}

static void wait_for_end(struct stream *s)
{
    if (s->waits)
        TAILQ_REMOVE(&io.partial, s, link);
    s->waits = s->lines.len > 0;
    if (!s->waits)
        return;
    s->since = now_ms();
    s->patient = false;
    TAILQ_INSERT_TAIL(&io.partial, s, link);
    if (!evtimer_pending(io.flush, NULL))
        arm(io.flush, PARTIAL_MS);
}

static void flush(struct stream *s)
{
    lines_flush(&s->lines, emit, s);
    wait_for_end(s);
}

static void check_end(struct job *j)
{
    struct job_stdio *o = j->io;
    if (!o || !o->ending || o->ended || o->open || !outlet_idle())
        return;
    o->ended = true;
    peer_send(j->proxy->parent, CONTROL_OUTPUT_END, j->spec.job, proxy_node(j->proxy), NULL);
}

/* The pipe is at its end, or nobody wants what still comes. Closing takes it out of the set only once no child has it,
 * and one that is in the middle of its exec still does: the kernel wakes us before it closes what is close-on-exec. */
static void stream_end(struct stream *s)
{
    if (s->fd < 0)
        return;
    flush(s);
    lines_fini(&s->lines);
    epoll_ctl(io.epoll, EPOLL_CTL_DEL, s->fd, NULL);
    close(s->fd);
    s->fd = -1;
    io.busy -= s->grown;
    s->outlet.rank->job->io->open--;
}

/* A rank that fills its pipe writes much: with more room it is woken less often. */
static void grow(struct stream *s, size_t n)
{
    if (n < (32u << 10) || s->grown || io.busy >= BUSY_PIPES_MAX)
        return;
    s->grown = fcntl(s->fd, F_SETPIPE_SZ, BUSY_PIPE) >= 0;
    io.busy += s->grown;
}

/* Returns false when there is nothing more for now. A terminal whose last user has gone gives EIO. */
static bool read_once(struct stream *s)
{
    size_t room;
    char *to = lines_room(&s->lines, &room);
    ssize_t n = read(s->fd, to, room < BLOCK ? room : room - room % BLOCK); /* where blocks end, lines may go on */
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    if (n <= 0) {
        stream_end(s);
        return false;
    }
    s->total += (uint64_t)n;
    lines_took(&s->lines, (size_t)n, emit, s);
    if (s->typed)
        lines_flush(&s->lines, emit, s);
    wait_for_end(s);
    grow(s, (size_t)n);
    return true;
}

static bool runnable(pid_t pid)
{
    char path[32], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = pid ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *state = strrchr(text, ')');
    return state && (state[2] == 'R' || state[2] == 'D');
}

static bool busy(const struct stream *s)
{
    return s->total % BLOCK == 0 || runnable(s->outlet.rank->pid);
}

/* It was not read for a while, which may be our doing. */
static bool still_writes(struct stream *s)
{
    struct job *j = s->outlet.rank->job;
    bool more = read_once(s);
    if (s->fd < 0)
        check_end(j);
    return more || s->fd < 0;
}

/* The list is in the order of the last reads, so the first that is not due ends the round. */
static void flush_silent(uint64_t now)
{
    struct stream *s, *next;
    for (s = TAILQ_FIRST(&io.partial); s && !io.paused && now - s->since >= PARTIAL_MS; s = next) {
        next = TAILQ_NEXT(s, link);
        if (still_writes(s))
            continue;
        bool waits = now - s->since < PARTIAL_BUSY_MS && (s->patient || busy(s));
        s->patient = waits && s->total % BLOCK == 0;
        if (!waits)
            flush(s);
        check_paused(proxy_of(s));
    }
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    flush_silent(now_ms());
    if (!TAILQ_EMPTY(&io.partial))
        arm(io.flush, PARTIAL_MS);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct proxy *proxy = arg;
    struct epoll_event ready[BATCH];
    int count = epoll_wait(io.epoll, ready, BATCH, 0);
    for (int i = 0; i < count && !io.paused; i++) {
        struct stream *s = ready[i].data.ptr;
        struct job *j = s->outlet.rank->job;
        read_once(s);
        check_paused(proxy);
        if (s->fd < 0)
            check_end(j);
    }
}

static void screen_ready(struct proxy *proxy)
{
    struct job *j;
    check_paused(proxy);
    TAILQ_FOREACH(j, &proxy->jobs, link)
    check_end(j);
}

static void node_init(struct proxy *proxy)
{
    if (io.epoll >= 0)
        return;
    TAILQ_INIT(&io.partial);
    io.epoll = epoll_create1(EPOLL_CLOEXEC);
    io.readable = io.epoll < 0 ? NULL : event_new(proxy->base, io.epoll, EV_READ | EV_PERSIST, on_readable, proxy);
    io.flush = evtimer_new(proxy->base, on_flush, NULL);
    if (!io.readable || !io.flush || event_add(io.readable, NULL) < 0)
        log_fatal("unable to watch the output of ranks: %m");
}

static int open_pipe(int p[2])
{
    if (pipe2(p, O_CLOEXEC) < 0)
        return -1;
    fcntl(p[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    return 0;
}

static int open_terminal(const struct rank *r, int p[2])
{
    struct pty t;
    bool works = launch_spec_has_pty(&r->job->spec, r->rank);
    if ((works ? pty_open_session(&t, &r->job->spec) : pty_open_output(&t)) < 0) {
        int saved = errno;
        proxy_warn(r->job->proxy, "no terminal for rank %u on %s: %m (is /dev/pts mounted, and kernel.pty.max enough?)",
                   r->rank, proxy_name(r->job->proxy));
        errno = saved;
        return -1;
    }
    p[0] = t.master;
    p[1] = t.slave;
    return 0;
}

static int stream_open(struct rank *r, struct stream *s, unsigned number, int *theirs)
{
    int p[2];
    s->typed = launch_spec_has_pty(&r->job->spec, r->rank);
    bool terminal = s->typed || (number == 1 && r->job->spec.flags & LAUNCH_LINES);
    if ((terminal ? open_terminal(r, p) : open_pipe(p)) < 0)
        return -1;
    *theirs = p[1];
    s->fd = p[0];
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
    if (epoll_ctl(io.epoll, EPOLL_CTL_ADD, s->fd, &e) < 0) {
        close(p[0]);
        close(p[1]);
        *theirs = s->fd = -1;
        return -1;
    }
    outlet_init(&s->outlet, r, number, r->job->io->files);
    r->job->io->open++;
    return 0;
}

static bool takes_stdin(const struct rank *r)
{
    return !(r->job->spec.flags & LAUNCH_SPAWNED) && launch_spec_takes_stdin(&r->job->spec, r->rank);
}

void stdio_job_init(struct job *j)
{
    node_init(j->proxy);
    j->io = xcalloc(1, sizeof *j->io);
    if (*j->spec.output_dir || *j->spec.outfile || *j->spec.errfile)
        j->io->files = files_create();
    if (j->spec.flags & LAUNCH_SCREEN)
        outlet_screen_init(j->proxy, screen_ready);
    for (uint32_t i = 0; i < j->nranks && !j->io->feed && !(j->spec.flags & LAUNCH_STDIN_OURS); i++)
        if (takes_stdin(&j->ranks[i]))
            j->io->feed = feed_create(j);
}

void stdio_job_fini(struct job *j)
{
    if (!j->io)
        return;
    feed_destroy(j->io->feed);
    files_destroy(j->io->files);
    if (j->io->linger)
        event_free(j->io->linger);
    free(j->io);
    j->io = NULL;
}

static int open_stdin(struct rank *r, struct stdio_ends *ends)
{
    ends->in_shared = true;
    ends->in = io.null;
    if (takes_stdin(r) && r->job->io->feed) {
        ends->in_shared = false;
        if (feed_open(r->job->io->feed, r, &ends->in) < 0)
            return -1;
    } else if (takes_stdin(r)) {
        ends->in_shared = false;
        ends->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    } else if (ends->in < 0) {
        ends->in = io.null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    return ends->in < 0 ? -1 : 0;
}

static int open_streams(struct rank *r, struct stdio_ends *ends)
{
    bool merge = r->job->spec.flags & LAUNCH_MERGE_STDERR;
    if (open_stdin(r, ends) < 0 || stream_open(r, &r->io->out[0], 1, &ends->out) < 0 ||
        (!merge && stream_open(r, &r->io->out[1], 2, &ends->err) < 0))
        return -1;
    if (merge)
        ends->err = ends->out;
    return 0;
}

/* One terminal is all three. */
static int open_session(struct rank *r, struct stdio_ends *ends)
{
    if (stream_open(r, &r->io->out[0], 1, &ends->out) < 0)
        return -1;
    ends->in = ends->err = ends->out;
    ends->in_shared = ends->terminal = true;
    r->io->terminal = fcntl(ends->out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (r->io->terminal < 0)
        return -1;
    return r->job->io->feed ? feed_open_terminal(r->job->io->feed, r, r->io->out[0].fd) : 0;
}

int stdio_open(struct rank *r, struct stdio_ends *ends)
{
    *ends = (struct stdio_ends){-1, -1, -1, false, false};
    r->io = xcalloc(1, sizeof *r->io);
    r->io->out[0].fd = r->io->out[1].fd = r->io->terminal = -1;
    bool works = launch_spec_has_pty(&r->job->spec, r->rank);
    if ((works ? open_session(r, ends) : open_streams(r, ends)) == 0)
        return 0;
    int saved = errno;
    stdio_started(ends);
    stdio_close(r);
    errno = saved;
    return -1;
}

void stdio_started(struct stdio_ends *ends)
{
    if (ends->in >= 0 && !ends->in_shared)
        close(ends->in);
    if (ends->err >= 0 && ends->err != ends->out)
        close(ends->err);
    if (ends->out >= 0)
        close(ends->out);
}

void stdio_job_started(struct job *j)
{
    if (j->io && j->io->feed)
        feed_start(j->io->feed);
}

static void leave_terminal(struct rank *r)
{
    if (!r->io || r->io->terminal < 0)
        return;
    close(r->io->terminal);
    r->io->terminal = -1;
}

/* What is in the pipe now. Of an ended rank even when the way is congested: its last words tell why. */
static void read_rest(struct stream *s)
{
    for (int i = 0; i < LAST_READS && s->fd >= 0 && read_once(s); i++)
        ;
    if (s->fd >= 0)
        flush(s);
}

void stdio_reaped(struct rank *r)
{
    bool wait = io.paused && r->job->killed;
    leave_terminal(r);
    for (int i = 0; r->io && i < 2 && !wait; i++)
        if (r->io->out[i].fd >= 0)
            read_rest(&r->io->out[i]);
    check_paused(r->job->proxy);
    if (r->job->io->feed)
        feed_close(r->job->io->feed, r);
}

void stdio_tell_tail(struct rank *r)
{
    struct stream *s = !r->io ? NULL : &r->io->out[r->job->spec.flags & LAUNCH_MERGE_STDERR ? 0 : 1];
    size_t n = 0;
    if (s && s->fd >= 0)
        read_rest(s);
    const char *text = s ? tail_text(s->outlet.tail, &n) : NULL;
    if (!n)
        return;
    struct buf b;
    buf_init(&b);
    control_tail_put(&b, &(struct control_tail){r->rank, outlet_shown_last(&s->outlet), {text, n}});
    peer_send(r->job->proxy->parent, CONTROL_TAIL, r->job->spec.job, proxy_node(r->job->proxy), &b);
    buf_fini(&b);
}

/* What was left behind still holds pipes. While the way is congested nothing can be said about it. */
static void on_linger(evutil_socket_t fd, short what, void *arg)
{
    struct job *j = arg;
    for (uint32_t i = 0; i < j->nranks && !io.paused; i++)
        for (int k = 0; j->ranks[i].io && k < 2 && !io.paused; k++) {
            struct stream *s = &j->ranks[i].io->out[k];
            if (s->fd < 0)
                continue;
            read_rest(s);
            stream_end(s);
            check_paused(j->proxy);
        }
    if (io.paused)
        arm(j->io->linger, PARTIAL_MS);
    check_end(j);
}

void stdio_all_reaped(struct job *j)
{
    if (!j->io || j->io->ending)
        return;
    j->io->ending = true;
    check_end(j);
    if (j->io->open == 0)
        return;
    j->io->linger = evtimer_new(j->proxy->base, on_linger, j);
    if (!j->io->linger)
        log_fatal("out of memory");
    arm(j->io->linger, LINGER_MS);
}

void stdio_close(struct rank *r)
{
    if (r->io && r->job->io->feed)
        feed_close(r->job->io->feed, r);
    leave_terminal(r);
    for (int i = 0; r->io && i < 2; i++) {
        struct stream *s = &r->io->out[i];
        stream_end(s);
        outlet_fini(&s->outlet);
    }
    free(r->io);
    r->io = NULL;
}

void stdio_say(struct rank *r, unsigned stream, const char *text, size_t n)
{
    struct stream *s = &r->io->out[stream - 1];
    if (!s->outlet.rank) /* all goes where stdout goes */
        s = &r->io->out[0];
    outlet_put(&s->outlet, r->job->io->files, text, n, false);
    check_paused(r->job->proxy);
}

void stdio_stdin_data(struct job *j, const unsigned char *data, size_t n)
{
    if (j->io && j->io->feed)
        feed_data(j->io->feed, data, n);
}

void stdio_resize(struct job *j, uint32_t rows, uint32_t columns)
{
    for (uint32_t i = 0; i < j->nranks; i++) {
        const struct rank *r = &j->ranks[i];
        if (r->io && r->io->terminal >= 0)
            pty_resize(r->io->out[0].fd, rows, columns);
    }
}

void stdio_congested(struct proxy *proxy)
{
    check_paused(proxy);
}

void stdio_drained(struct proxy *proxy)
{
    check_paused(proxy);
}
