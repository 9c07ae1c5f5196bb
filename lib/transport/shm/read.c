/* SPDX-License-Identifier: BSD-3-Clause
 *
 * read: one copy, out of another process's memory, where the kernel allows it. */
#include <errno.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/transport/shm/state.h"

bool shm_single_copy(void)
{
    return !shm.two_copies;
}

int shm_read(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    enum { LONG = 1 << 18 }; /* read in tens of microseconds, as waking takes */
    pid_t pid = atomic_load_explicit(&shm.boxes[p->local].pid, memory_order_acquire);
    struct iovec remote = {(void *)(uintptr_t)from, n};
    struct iovec local[64];
    if (shm.two_copies || pid == 0 || pieces > 64)
        return -1;
    memcpy(local, to, (size_t)pieces * sizeof *local);
    /* A sender that sleeps is to be awake when it is told that all is read. */
    if (n >= LONG && shm.ranks <= boot.local_cpus)
        shm_wake(p->local);
    for (int first = 0; n > 0;) {
        ssize_t r = process_vm_readv(pid, local + first, (unsigned long)(pieces - first), &remote, 1, 0);
        if (r <= 0) {
            if (errno == EPERM || errno == ENOSYS)
                shm.two_copies = true;
            return -1;
        }
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
