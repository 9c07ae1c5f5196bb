/* SPDX-License-Identifier: BSD-3-Clause
 *
 * inherited: everything is in the memory that our own launcher handed down; nothing needs to be asked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/boot/boot_ops.h"

static bool number(const char *s, int *v)
{
    char *end;
    long n = s ? strtol(s, &end, 10) : -1;
    *v = (int)n;
    return s && *s && !*end && n >= 0 && n < INT32_MAX;
}

/* A rank is one process: its channels begin at zero once. */
static bool claim(struct boot *b, int local)
{
    struct rank_status *s = node_segment_status(b->segment, (uint32_t)local);
    uint32_t was = RANK_STARTED;
    return atomic_compare_exchange_strong(&s->state, &was, RANK_INITIALIZED);
}

static int init(struct boot *b, char *why, size_t n)
{
    const char *name = getenv(NODE_SEGMENT_FD_ENV);
    int fd, local;
    if (!name)
        return BOOT_ABSENT;
    if (!number(name, &fd) || !number(getenv(NODE_SEGMENT_LOCAL_RANK_ENV), &local)) {
        snprintf(why, n, "%s or %s is not a number", NODE_SEGMENT_FD_ENV, NODE_SEGMENT_LOCAL_RANK_ENV);
        return BOOT_ERROR;
    }
    /* A program started by a rank inherits the environment, but not the file. */
    if (fcntl(fd, F_GETFD) < 0) {
        if (pmi_offered())
            snprintf(
                why, n,
                "it was started by a program in MPI, or by one that has closed file %d; start it with an mpiexec of "
                "its own, or leave that open",
                fd);
        return BOOT_ALONE;
    }
    if (boot_segment_map(b, fd) != 0) {
        if (errno == EINVAL)
            snprintf(why, n,
                     "file %d is not a node segment of version %d; is mpiexec of another version, or has a script used "
                     "that descriptor?",
                     fd, NODE_SEGMENT_VERSION);
        else
            snprintf(why, n, "file %d cannot be mapped: %s", fd, strerror(errno));
        return BOOT_ERROR;
    }
    if (local >= b->local_size) {
        snprintf(why, n, "%s=%d, but this node has %d ranks", NODE_SEGMENT_LOCAL_RANK_ENV, local, b->local_size);
        return BOOT_ERROR;
    }
    if (!claim(b, local)) {
        munmap(b->segment, b->segment_bytes);
        snprintf(why, n, "another process of this rank has been in MPI; start each program with an mpiexec of its own");
        return BOOT_ALONE;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    pmi_remember();
    if (!number(getenv(NODE_SEGMENT_APPNUM_ENV), &b->appnum))
        b->appnum = -1;
    b->local_rank = local;
    b->rank = (int)node_segment_locals(b->segment)[local];
    return BOOT_DONE;
}

const struct boot_ops boot_inherited = {"the inherited node segment", init, pmi_rest, pmi_abort, pmi_kvs};
