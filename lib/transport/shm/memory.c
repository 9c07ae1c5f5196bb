/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory: memory of other ranks of the node. What lies in the node's segment is reached by loads and stores; other
 * memory through the kernel (process_vm_readv, process_vm_writev), which checks that it may be, and without atomics.
 * Nothing is ever under way: all is done when the verb returns. */
#include <errno.h>
#include <stddef.h>
#include "lib/boot/boot.h"
#include "lib/core/bytes.h"
#include "lib/core/knobs.h"
#include "lib/transport/direct.h"
#include "lib/transport/peer.h"
#include "lib/transport/shm/channel.h"

bool shm_register(void *base, size_t len, unsigned access, void *key, void **handle)
{
    struct direct_mem m = {.base = (uintptr_t)base, .len = len, .access = access};
    m.shared = nodemem_place(base, len, &m.base);
    if (!m.shared)
        m.base = (uintptr_t)base;
    *handle = NULL;
    return direct_key_write(key, m);
}

void shm_deregister(void *handle)
{
}

static enum remote_state state_of(int error)
{
    return error == 0        ? REMOTE_DONE
           : error == EAGAIN ? REMOTE_BUSY
           : error == ESRCH  ? REMOTE_PEER_FAILED
           : error == EFAULT ? REMOTE_FAULT
                             : REMOTE_NEVER;
}

/* Who sleeps is to be awake when it is told, afterwards, that all is done: a long copy takes as long as waking. */
static void wake_meanwhile(const struct link *l, size_t n)
{
    if (n >= knobs.SHM_WAKE_MIN && nodemem.ranks <= boot.local_cpus &&
        atomic_load_explicit(&l->out.doorbell->sleeping, memory_order_relaxed))
        doorbell_wake(l->out.doorbell);
}

static bool is_lost(const struct link *l)
{
    return l->abroad && !l->out.slots;
}

/* What lies in a segment that is not ours lies at an address of its owner. */
static bool at_address(const struct link *l, const struct direct_mem *m, uint64_t *place)
{
    if (m->shared && l->abroad)
        *place += l->cma->of->segment_at;
    return !m->shared || l->abroad;
}

enum remote_state shm_get(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                          struct completion *c)
{
    const struct link *l = p->channel;
    struct direct_mem m;
    uint64_t place;
    if (direct_place(from, n, MEM_GET, &m, &place) != REMOTE_DONE)
        return REMOTE_FAULT;
    if (is_lost(l))
        return REMOTE_PEER_FAILED;
    wake_meanwhile(l, n);
    if (at_address(l, &m, &place))
        return state_of(cma_read_of(l->cma, to, pieces, place, n));
    const char *at = nodemem_at(place, n);
    if (!at)
        return REMOTE_NEVER;
    for (int i = 0; i < pieces; at += to[i++].iov_len)
        bytes_copy(to[i].iov_base, at, to[i].iov_len);
    return REMOTE_DONE;
}

enum remote_state shm_put(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                          struct completion *c)
{
    const struct link *l = p->channel;
    struct direct_mem m;
    uint64_t place;
    if (direct_place(to, n, MEM_PUT, &m, &place) != REMOTE_DONE)
        return REMOTE_FAULT;
    if (is_lost(l))
        return REMOTE_PEER_FAILED;
    wake_meanwhile(l, n);
    if (at_address(l, &m, &place))
        return state_of(cma_write_of(l->cma, from, pieces, place, n));
    char *at = nodemem_at(place, n);
    if (!at)
        return REMOTE_NEVER;
    for (int i = 0; i < pieces; at += from[i++].iov_len)
        bytes_copy(at, from[i].iov_base, from[i].iov_len);
    return REMOTE_DONE;
}

enum remote_state shm_atomic(struct peer *p, struct remote at, const struct atomic_call *call, struct completion *c)
{
    struct direct_mem m;
    uint64_t place;
    size_t n = atomic_size(call->type);
    if (direct_place(at, n, MEM_ATOMIC, &m, &place) != REMOTE_DONE)
        return REMOTE_FAULT;
    void *element = m.shared && p->local >= 0 ? nodemem_at(place, n) : NULL;
    return element ? direct_atomic(element, call) : REMOTE_NEVER;
}

/* What was stored comes before what is stored next: the packet, or the word, that tells of it. */
enum remote_state shm_flush(struct peer *p, struct completion *c)
{
    atomic_thread_fence(memory_order_seq_cst);
    return REMOTE_DONE;
}

int shm_present_call(const struct peer *p)
{
    const struct link *l = p->channel;
    uint64_t call, at = offsetof(struct rank_status, call);
    if (p->local >= 0)
        call = atomic_load_explicit(&node_segment_status(boot.segment, (uint32_t)p->local)->call, memory_order_relaxed);
    else if (is_lost(l) ||
             cma_read_of(l->cma, &(struct iovec){&call, sizeof call}, 1, l->cma->of->status_at + at, sizeof call) != 0)
        return -1;
    return (int)(call & 0xffff);
}
