/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_in: one ring for all readers of stdin on this node.
 *
 * The bytes stand in one ring as large as the window that mpiexec keeps to; each rank has its place in it. Places and
 * the head count bytes since the start.
 */
#include "proxy/stdio_in.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "proxy/stdio_pty.h"
#include "proxy/stdio_wants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING CONTROL_STDIN_WINDOW
#define CREDIT_STEP (RING / 8)
#define ASK_MIN_MS 10
#define ASK_MAX_MS 100

struct taker {
    struct feed *feed;
    struct rank *rank;
    int fd; /* -1: takes no more */
    struct event *writable;
    uint64_t pos;
    ino_t pipe;
    bool terminal; /* its end of file is a key */
};

struct feed {
    struct job *job;
    struct taker *takers; /* has room for every rank of the node */
    uint32_t ntakers;
    uint32_t left; /* those with a pipe */
    unsigned char *ring;
    uint64_t head;
    uint64_t credited;
    bool eof;
    bool started;
    bool over;         /* told that nobody takes more */
    struct event *ask; /* NULL: our stdin is no terminal */
    long ask_ms;
};

static void up(struct feed *f, unsigned type, const struct buf *b)
{
    peer_send(f->job->proxy->parent, type, f->job->spec.job, proxy_node(f->job->proxy), b);
}

static void credit(struct feed *f, uint32_t n)
{
    struct buf b;
    buf_init(&b);
    control_stdin_credit_put(&b, &(struct control_stdin_credit){n});
    up(f, CONTROL_STDIN_CREDIT, &b);
    buf_fini(&b);
}

static uint64_t slowest(const struct feed *f)
{
    uint64_t min = f->head;
    for (uint32_t i = 0; i < f->ntakers; i++)
        if (f->takers[i].fd >= 0 && f->takers[i].pos < min)
            min = f->takers[i].pos;
    return min;
}

static void ask_later(struct feed *f, long ms)
{
    struct timeval t = {ms / 1000, (ms % 1000) * 1000};
    f->ask_ms = ms;
    if (f->ask && !f->eof && f->left)
        event_add(f->ask, &t);
}

static void tell_credit(struct feed *f)
{
    if (f->over || !f->started)
        return;
    if (!f->left) {
        f->over = true;
        credit(f, CONTROL_STDIN_NO_MORE);
        return;
    }
    uint64_t min = slowest(f);
    if (min - f->credited >= CREDIT_STEP || (min == f->head && min > f->credited)) {
        credit(f, (uint32_t)(min - f->credited));
        f->credited = min;
        if (min == f->head)
            ask_later(f, ASK_MIN_MS);
    }
}

static void shut(struct taker *t)
{
    if (t->fd < 0)
        return;
    event_free(t->writable);
    close(t->fd);
    t->fd = -1;
    t->feed->left--;
}

/* false: it takes none now. */
static bool press_end_of_file(const struct taker *t)
{
    char keys[2], last = t->pos ? (char)t->feed->ring[(t->pos - 1) % RING] : '\n';
    size_t n = pty_end_of_file(t->fd, last != '\n' && last != '\r', keys);
    return write(t->fd, keys, n) >= 0 || errno != EAGAIN;
}

/* Writes what the pipe takes. */
static void give(struct taker *t)
{
    struct feed *f = t->feed;
    while (t->fd >= 0 && t->pos < f->head) {
        size_t at = t->pos % RING, n = RING - at;
        if (n > f->head - t->pos)
            n = f->head - t->pos;
        ssize_t done = write(t->fd, f->ring + at, n);
        if (done < 0 && errno == EAGAIN) {
            event_add(t->writable, NULL);
            return;
        }
        if (done < 0 && errno != EINTR)
            shut(t); /* EPIPE: it closed its stdin, which is its own business */
        t->pos += done > 0 ? (uint64_t)done : 0;
    }
    if (f->eof && t->fd >= 0 && t->terminal && !press_end_of_file(t))
        event_add(t->writable, NULL);
    else if (f->eof)
        shut(t);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct taker *t = arg;
    give(t);
    tell_credit(t->feed);
}

/* A terminal is read only when a rank waits for it, so that what is typed ahead stays for whoever reads next. */
static void on_ask(evutil_socket_t fd, short what, void *arg)
{
    struct feed *f = arg;
    for (uint32_t i = 0; i < f->ntakers; i++) {
        struct taker *t = &f->takers[i];
        if (t->fd >= 0 && t->rank->pid && stdio_wants(t->rank->pid, t->pipe)) {
            up(f, CONTROL_STDIN_WANTED, NULL);
            return;
        }
    }
    ask_later(f, f->ask_ms * 2 < ASK_MAX_MS ? f->ask_ms * 2 : ASK_MAX_MS);
}

struct feed *feed_create(struct job *j)
{
    struct feed *f = xcalloc(1, sizeof *f);
    f->job = j;
    f->takers = xcalloc(j->nranks, sizeof *f->takers);
    if (j->spec.flags & LAUNCH_STDIN_TTY) {
        f->ask = evtimer_new(j->proxy->base, on_ask, f);
        if (!f->ask)
            log_fatal("out of memory");
    }
    return f;
}

void feed_destroy(struct feed *f)
{
    if (!f)
        return;
    for (uint32_t i = 0; i < f->ntakers; i++)
        shut(&f->takers[i]);
    if (f->ask)
        event_free(f->ask);
    free(f->takers);
    free(f->ring);
    free(f);
}

static struct taker *add_taker(struct feed *f, struct rank *r, int fd)
{
    struct taker *t = &f->takers[f->ntakers++];
    *t = (struct taker){.feed = f, .rank = r, .fd = fd};
    t->writable = event_new(f->job->proxy->base, fd, EV_WRITE, on_writable, t);
    if (!t->writable)
        log_fatal("out of memory");
    f->left++;
    return t;
}

int feed_open(struct feed *f, struct rank *r, int *theirs)
{
    int p[2];
    struct stat st;
    if (pipe2(p, O_CLOEXEC) < 0)
        return -1;
    evutil_make_socket_nonblocking(p[1]);
    add_taker(f, r, p[1])->pipe = fstat(p[1], &st) == 0 ? st.st_ino : 0;
    *theirs = p[0];
    return 0;
}

int feed_open_terminal(struct feed *f, struct rank *r, int master)
{
    int fd = fcntl(master, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0)
        return -1;
    add_taker(f, r, fd)->terminal = true;
    return 0;
}

void feed_close(struct feed *f, struct rank *r)
{
    for (uint32_t i = 0; i < f->ntakers; i++)
        if (f->takers[i].rank == r && f->takers[i].fd >= 0) {
            shut(&f->takers[i]);
            tell_credit(f);
        }
}

void feed_start(struct feed *f)
{
    f->started = true;
    for (uint32_t i = 0; i < f->ntakers; i++)
        give(&f->takers[i]); /* what came while others were being started */
    tell_credit(f);
    ask_later(f, ASK_MIN_MS);
}

static void ring_put(struct feed *f, const unsigned char *data, size_t n)
{
    if (f->head + n - slowest(f) > RING)
        log_fatal("more standard input came from above than there is room for");
    if (!f->ring)
        f->ring = xmalloc(RING);
    size_t at = f->head % RING, first = n < RING - at ? n : RING - at;
    memcpy(f->ring + at, data, first);
    memcpy(f->ring, data + first, n - first);
    f->head += n;
}

void feed_data(struct feed *f, const unsigned char *data, size_t n)
{
    if ((f->started && !f->left) || f->eof)
        return;
    f->eof = n == 0;
    ring_put(f, data, n);
    for (uint32_t i = 0; i < f->ntakers; i++)
        give(&f->takers[i]);
    tell_credit(f);
}
