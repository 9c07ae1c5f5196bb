/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cma: cross memory attach (process_vm_readv, process_vm_writev). */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"

static uint64_t token; /* others look for it here */

void cma_init(struct doorbell *own)
{
    struct stat st;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    token = ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) * 0x9e3779b97f4a7c15u ^ (uintptr_t)&st;
    own->token = token;
    own->token_at = (uintptr_t)&token;
    own->wants_fence = nodemem.fence;
    own->status_at = (uintptr_t)lib.status;
    own->segment_at = (uintptr_t)boot.segment;
    own->pid_space = stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    /* Release: the rest of the doorbell comes before. */
    atomic_store_explicit(&own->pid, (int32_t)getpid(), memory_order_release);
}

bool cma_alive(int local)
{
    const struct doorbell *d = doorbell_of(local), *mine = doorbell_own();
    pid_t pid = atomic_load_explicit(&d->pid, memory_order_acquire);
    return pid > 0 && mine->pid_space != 0 && d->pid_space == mine->pid_space && (kill(pid, 0) == 0 || errno == EPERM);
}

enum { CMA_UNKNOWN, CMA_PROBED, CMA_DENIED };

/* Where ranks live in different namespaces, a number names another process here than there, if any; what is read there
 * would be anything. 0, or an errno value. */
static int probe(struct cma *who)
{
    const struct doorbell *d = who->of;
    uint64_t seen = 0;
    pid_t pid = atomic_load_explicit(&d->pid, memory_order_acquire);
    if (pid == 0)
        return EAGAIN; /* it has not come so far */
    if (who->state == CMA_UNKNOWN) {
        struct iovec to = {&seen, sizeof seen}, from = {(void *)(uintptr_t)d->token_at, sizeof seen};
        bool works = process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)sizeof seen && seen == d->token;
        who->state = works ? CMA_PROBED : CMA_DENIED;
    }
    return who->state == CMA_PROBED ? 0 : EPERM;
}

/* n bytes fewer to go. */
static int advance(struct iovec *pieces, int first, size_t n)
{
    while (n > 0) {
        size_t k = n < pieces[first].iov_len ? n : pieces[first].iov_len;
        pieces[first].iov_base = (char *)pieces[first].iov_base + k;
        pieces[first].iov_len -= k;
        n -= k;
        if (pieces[first].iov_len == 0)
            first++;
    }
    return first;
}

static int copy(bool write, struct cma *who, const struct iovec *pieces, int count, uint64_t place, size_t n)
{
    struct iovec remote = {(void *)(uintptr_t)place, n}, here[CMA_PIECES];
    int error = knobs.SHM_COPY == SHM_COPY_TWO || count > CMA_PIECES ? EPERM : probe(who);
    if (error != 0)
        return error;
    memcpy(here, pieces, (size_t)count * sizeof *here);
    pid_t pid = who->of->pid;
    for (int first = 0; n > 0;) {
        unsigned long left = (unsigned long)(count - first);
        ssize_t r = write ? process_vm_writev(pid, here + first, left, &remote, 1, 0)
                          : process_vm_readv(pid, here + first, left, &remote, 1, 0);
        if (r <= 0)
            return r < 0 ? errno : EFAULT;
        n -= (size_t)r;
        remote = (struct iovec){(char *)remote.iov_base + r, n};
        first = advance(here, first, (size_t)r);
    }
    return 0;
}

int cma_read_of(struct cma *who, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    return copy(false, who, to, pieces, from, n);
}

int cma_write_of(struct cma *who, const struct iovec *from, int pieces, uint64_t to, size_t n)
{
    return copy(true, who, from, pieces, to, n);
}

int cma_read(int local, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    return cma_read_of(&nodemem.cma[local], to, pieces, from, n);
}

int cma_write(int local, const struct iovec *from, int pieces, uint64_t to, size_t n)
{
    return cma_write_of(&nodemem.cma[local], from, pieces, to, n);
}
