/* SPDX-License-Identifier: BSD-3-Clause
 *
 * read: one copy, out of another process's memory, where the kernel allows it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/transport/shm/state.h"

static uint64_t token; /* others look for it here */

void shm_read_init(struct box *b)
{
    struct stat st;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    token = ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) * 0x9e3779b97f4a7c15u ^ (uintptr_t)&st;
    b->token = token;
    b->token_at = (uintptr_t)&token;
    b->pid_space = stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    /* Release: the rest of the box comes before. */
    atomic_store_explicit(&b->pid, (int32_t)getpid(), memory_order_release);
}

bool shm_there(int local)
{
    const struct box *b = &shm.boxes[local], *mine = &shm.boxes[shm.me];
    pid_t pid = atomic_load_explicit(&b->pid, memory_order_acquire);
    return pid > 0 && mine->pid_space != 0 && b->pid_space == mine->pid_space && (kill(pid, 0) == 0 || errno == EPERM);
}

/* Where ranks live in different namespaces, a number names another process here than there, if any; what is read there
 * would be anything. */
static bool readable(struct end *e)
{
    uint64_t seen = 0;
    pid_t pid = atomic_load_explicit(&e->box->pid, memory_order_acquire);
    if (pid == 0)
        return false; /* it has not come so far */
    if (!e->met) {
        struct iovec to = {&seen, sizeof seen}, from = {(void *)(uintptr_t)e->box->token_at, sizeof seen};
        e->unreadable = process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)sizeof seen || seen != e->box->token;
        e->met = true;
    }
    return !e->unreadable;
}

int shm_read(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    enum { LONG = 1 << 18 }; /* read in tens of microseconds, as waking takes */
    struct end *e = p->channel;
    struct iovec remote = {(void *)(uintptr_t)from, n};
    struct iovec local[64];
    if (shm.two_copies || pieces > 64 || !readable(e))
        return -1;
    memcpy(local, to, (size_t)pieces * sizeof *local);
    /* A sender that sleeps is to be awake when it is told that all is read. */
    if (n >= LONG && shm.ranks <= boot.local_cpus)
        shm_wake(p->local);
    for (int first = 0; n > 0;) {
        ssize_t r = process_vm_readv(e->box->pid, local + first, (unsigned long)(pieces - first), &remote, 1, 0);
        if (r <= 0)
            return -1;
        n -= (size_t)r;
        remote = (struct iovec){(char *)remote.iov_base + r, n};
        for (size_t left = (size_t)r; left > 0;) {
            size_t k = left < local[first].iov_len ? left : local[first].iov_len;
            local[first].iov_base = (char *)local[first].iov_base + k;
            local[first].iov_len -= k;
            left -= k;
            if (local[first].iov_len == 0)
                first++;
        }
    }
    return 0;
}
