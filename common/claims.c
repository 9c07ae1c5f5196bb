/* SPDX-License-Identifier: BSD-3-Clause
 *
 * claims: locks of an open file (fcntl(2)): they are its own, not the process's, and are not copied to children that
 * do not get the descriptor. Shared ones can be had on a file that is open for reading; asking for what would stand in
 * the way of an exclusive one tells of them. flock(2) needs no more either.
 */
#include "common/claims.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define PROCESSORS "/sys/devices/system/cpu/possible"
#define TRIES 200 /* for the right to plan */
#define PAUSE_NS 100000

void claims_open(struct claims *c)
{
    const char *file = getenv("MUSTER_CLAIMS_FILE");
    c->fd = open(file ? file : PROCESSORS, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

void claims_close(struct claims *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void claims_lock(const struct claims *c)
{
    for (int i = 0; c->fd >= 0 && i < TRIES && flock(c->fd, LOCK_EX | LOCK_NB) < 0; i++)
        nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
}

void claims_unlock(const struct claims *c)
{
    if (c->fd >= 0)
        flock(c->fd, LOCK_UN);
}

/* One past the highest of l. */
static uint32_t end_of(const struct cpulist *l)
{
    uint32_t end = (uint32_t)l->size * 8;
    while (end && !cpulist_has(l, end - 1))
        end--;
    return end;
}

/* The kernel tells of one lock in a range, not of the first: what lies before and behind it is asked for in turn. */
static void read_range(const struct claims *c, uint32_t from, uint32_t end, const struct cpulist *mine,
                       struct cpulist *taken)
{
    while (from < end) {
        struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = from, .l_len = end - from};
        if (fcntl(c->fd, F_OFD_GETLK, &l) < 0 || l.l_type == F_UNLCK)
            return;
        uint32_t first = l.l_start > from ? (uint32_t)l.l_start : from;
        uint32_t behind = l.l_len == 0 || l.l_start + l.l_len > end ? end : (uint32_t)(l.l_start + l.l_len);
        for (uint32_t cpu = first; cpu < behind; cpu++)
            if (cpulist_has(mine, cpu))
                cpulist_add(taken, cpu);
        read_range(c, from, first, mine, taken);
        from = behind;
    }
}

void claims_read(const struct claims *c, const struct cpulist *mine, struct cpulist *taken)
{
    if (c->fd >= 0)
        read_range(c, 0, end_of(mine), mine, taken);
}

void claims_make(const struct claims *c, const struct cpulist *cpus)
{
    uint32_t end = c->fd < 0 ? 0 : end_of(cpus);
    for (uint32_t cpu = 0, n; cpu < end; cpu += n) {
        for (n = 0; cpulist_has(cpus, cpu + n); n++)
            ;
        struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = cpu, .l_len = n};
        if (n)
            fcntl(c->fd, F_OFD_SETLK, &l);
        else
            n = 1;
    }
}
