/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodemem: the memory that the ranks of a node share: the runtime's part of the node's segment.
 *
 *     porches          one a local rank: where it sleeps, who it is, who of other jobs knocks (porch.h)
 *     dense            for the transport: a few bytes a rank, there from the start
 *     a page           which arenas are used; what is told once a node; the sum of the knobs
 *     sparse           for the transport: takes memory where it is reserved (boot_segment_reserve) and touched
 *     arenas           for collectives and windows, as many as the limits of a process allow
 */
#ifndef LIB_NODEMEM_NODEMEM_H
#define LIB_NODEMEM_NODEMEM_H

#include <assert.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include "lib/core/types.h"

struct boot;

enum { NODEMEM_LINE = 64, NODEMEM_PAGE = 4096 };

/* Where one rank sleeps, and how others recognise its process. */
struct doorbell {
    _Atomic uint32_t bell; /* the futex word */
    _Atomic uint32_t sleeping;
    _Atomic int32_t pid;      /* stored last */
    _Atomic uint32_t knocked; /* grows with each knock (porch.h) */
    uint64_t pid_space;       /* the namespace of that pid; 0: not known */
    uint64_t token, token_at; /* a value at an address of its memory: another process's read of it proves the pid */
    uint64_t segment_at;      /* where it has mapped the node's segment; 0: nowhere */
    _Atomic uint32_t lives;   /* grows when MPI is over in it, for now */
    uint32_t wants_fence;     /* before it sleeps it makes nobody pass a barrier: senders have a fence */
    uint64_t status_at;       /* where it keeps struct rank_status (wire/node_segment.h) */
};
static_assert(sizeof(struct doorbell) == NODEMEM_LINE, "a doorbell is a cache line");

/* Cross memory attach with one process: whose doorbell it is, and what is known of reading its memory. */
struct cma {
    const struct doorbell *of;
    uint8_t state;
};

struct porch;

extern bool nodemem_active; /* there are other ranks on this node, and memory shared with them */
extern struct nodemem {
    int ranks, me;
    struct porch *porches;         /* by local rank */
    _Atomic uint64_t *arenas_used; /* bitmap */
    _Atomic uint32_t *crashes;     /* ranks that an error signal has ended */
    _Atomic uint32_t *deadlocks;   /* told, of this node */
    _Atomic uint32_t *unwritten;   /* ranks that have called a function that is not written */
    char *arenas;
    int arena_count; /* of those that this process can reach */
    size_t arena_bytes, arena_head, ring_bytes, sparse_bytes;
    struct cma *cma; /* by local rank */
    bool fence;      /* senders have a fence before they look whether the receiver sleeps */
    bool met;        /* processes of other jobs may ring (porch.h) */
    int guests;      /* those that this one has spoken to, and that are there */
} nodemem;

/* Lays it out with so many bytes for the transport; *dense_at and *sparse_at are where they lie, in lines of their own.
 * 0, or an error class with a note. */
int nodemem_init(const struct boot *b, size_t dense, size_t sparse, char **dense_at, char **sparse_at);
void nodemem_fini(void);

/* Arenas, whose users lay them out: zeros at first, then as they were left. Each has a head, a place for each local
 * rank, and a ring of `bytes` for each. arena_alloc gives a free one's number, or -1; another process may not have it
 * (a limit on memory). */
enum { ARENA_HEAD = 16448, ARENA_MEMBER = 8256 };
int arena_alloc(void);
bool arena_reachable(int number);
void arena_free(int number);
char *arena_at(int number);
char *arena_rings(int number, size_t *bytes);
/* Within nodemem_init: sets the sizes of arenas for n ranks; returns the bytes of all. */
size_t arenas_plan(int n);

/* Sleeping. Of a local rank: */
struct doorbell *doorbell_of(int local);
/* The one of this process. */
struct doorbell *doorbell_own(void);
/* From now on the one of this process lies there. */
void doorbell_move(struct doorbell *to);
/* A word that is not 0 while a local rank sleeps: */
_Atomic uint32_t *doorbell_sleeping(int local);
/* Wakes its owner if it sleeps; after the fence, if nodemem.fence says so. */
void doorbell_wake(struct doorbell *d);
/* Wakes a local rank if it sleeps. */
void doorbell_wake_rank(int local);
/* Wakes this process, which another thread of it may do at any time between nodemem_init and nodemem_fini, or in a
 * process that is alone on its node. */
void doorbell_wake_own(void);
/* Before sleep: from now on senders wake this process. Returns the futex word and its present value; NULL if nobody can
 * wake it. doorbell_disarm ends that. */
_Atomic uint32_t *doorbell_arm(uint32_t *value);
void doorbell_disarm(void);
/* Can somebody ring who is no thread of this process? */
bool doorbell_is_shared(void);
/* Before senders have to know whether they need a fence. */
void doorbell_init(const struct boot *b);

/* Is that memory of the segment, and where? All ranks of the node have it there. */
bool nodemem_place(const void *at, size_t n, uint64_t *place);
/* The other way round; NULL: this process does not have it (a limit on memory). */
void *nodemem_at(uint64_t place, size_t n);

/* Cross memory attach: one copy, between this and another process's memory, where the kernel allows it. Writes into
 * this process's doorbell who it is: */
void cma_init(struct doorbell *own);
enum { CMA_PIECES = 64 };
/* Copies n bytes between address `from` or `to` of the memory of a process, or of a local rank, and local pieces,
 * CMA_PIECES at most. 0, or an errno value: EPERM, ENOSYS: never between these two; EAGAIN: it has not begun so far;
 * ESRCH: it has ended; EFAULT: the memory is not there, or cannot be written. Part may have been copied. */
int cma_read_of(struct cma *who, const struct iovec *to, int pieces, uint64_t from, size_t n);
int cma_write_of(struct cma *who, const struct iovec *from, int pieces, uint64_t to, size_t n);
int cma_read(int local, const struct iovec *to, int pieces, uint64_t from, size_t n);
int cma_write(int local, const struct iovec *from, int pieces, uint64_t to, size_t n);
/* Is it sure that the process of that local rank still exists? */
bool cma_alive(int local);

#endif
