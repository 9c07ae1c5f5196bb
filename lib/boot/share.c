/* SPDX-License-Identifier: BSD-3-Clause
 *
 * share: the ranks of a node open the file without a name that one of them has made, where that one has it open:
 * /proc/PID/fd. Ranks in user or PID namespaces of their own (containers) may not look there. For these it gets a name
 * in /dev/shm once all have come to MPI_Init and some do not have it yet, and the last to open it takes that away: so
 * there is no name while a job waits for who may never come. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot_ops.h"

enum {
    PATIENCE_MS = 50, /* of the maker, before it gives a name */
    WAIT_MS = 20000   /* of one who cannot do without; a busy machine may keep the maker from running */
};

struct ticket {
    int pid, fd;
    uint64_t stamp; /* 0: there will be no name */
    uint64_t dev, ino;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void pause_briefly(void)
{
    const struct timespec t = {0, 200000};
    nanosleep(&t, NULL);
}

void share_ticket(const struct boot *b, bool nameable, char ticket[SHARE_TICKET])
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t stamp = nameable ? (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec : 0;
    snprintf(ticket, SHARE_TICKET, "%d.%d.%" PRIx64 ".%" PRIx64 ".%" PRIx64, (int)getpid(), b->segment_fd, stamp,
             b->segment_dev, b->segment_file);
}

static bool ticket_read(const char *text, struct ticket *t)
{
    char end;
    if (sscanf(text, "%d.%d.%" SCNx64 ".%" SCNx64 ".%" SCNx64 "%c", &t->pid, &t->fd, &t->stamp, &t->dev, &t->ino,
               &end) == 5)
        return true;
    errno = EINVAL;
    return false;
}

static void name_of(const struct ticket *t, char path[64])
{
    snprintf(path, 64, "/dev/shm/muster-%d-%" PRIx64, t->pid, t->stamp);
}

/* In another namespace that path may lead to anything: looked at first, since opening alone may do something. */
static bool open_at(struct boot *b, const struct ticket *t, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_dev != t->dev || st.st_ino != t->ino) {
        errno = ESTALE;
        return false;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && boot_segment_map(b, fd) == 0)
        return true;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return false;
}

bool share_open(struct boot *b, const char *ticket)
{
    struct ticket t;
    char path[64];
    if (!ticket_read(ticket, &t))
        return false;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", t.pid, t.fd);
    if (open_at(b, &t, path))
        return true;
    if (t.stamp == 0)
        return false;
    name_of(&t, path);
    for (uint64_t end = now_ms() + WAIT_MS; !open_at(b, &t, path);) {
        if (errno != ENOENT || now_ms() >= end)
            return false;
        pause_briefly();
    }
    return true;
}

static bool all_have_it(struct boot *b)
{
    return atomic_load(&b->segment->openers) >= b->segment->local_size;
}

/* If it cannot, the others say that they found none. */
static bool give_name(struct boot *b, const char *path)
{
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", b->segment_fd);
    return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

void share_done(struct boot *b, const char *ticket, bool maker)
{
    struct ticket t;
    char path[64];
    uint64_t end = now_ms() + PATIENCE_MS;
    atomic_fetch_add(&b->segment->openers, 1);
    if (!ticket_read(ticket, &t) || t.stamp == 0)
        return;
    name_of(&t, path);
    while (maker && !all_have_it(b) && now_ms() < end)
        pause_briefly();
    if (maker && (all_have_it(b) || !give_name(b, path)))
        return;
    if (all_have_it(b)) /* one of who gives and who opens sees the other's work */
        unlink(path);
}

void share_drop(const char *ticket)
{
    struct ticket t;
    char path[64];
    if (!ticket_read(ticket, &t) || t.stamp == 0)
        return;
    name_of(&t, path);
    unlink(path);
}
