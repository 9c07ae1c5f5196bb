/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: what the parts of shm know of each other: how the segment is laid out, and this process's view of it.
 *
 * Each ordered pair of ranks has a channel: a ring of one-line slots and a ring of bytes. Channels lie in sparse
 * memory: a pair that does not talk has none. */
#ifndef LIB_TRANSPORT_SHM_STATE_H
#define LIB_TRANSPORT_SHM_STATE_H

#include <assert.h>
#include <stdatomic.h>
#include "lib/transport/shm/shm.h"

enum { SHM_LINE = 64, SHM_INLINE = 40 };

/* A packet of up to SHM_INLINE bytes lies in its slot, together with the number that announces it, so that it crosses
 * in one transfer of a cache line; a longer one lies in the byte ring. */
struct slot {
    struct packet head; /* number: of the packet that it holds, from 1; stored last, with release */
    char data[SHM_INLINE];
};
static_assert(sizeof(struct slot) == SHM_LINE, "a slot is a cache line");

/* Only the receiver writes the first line, and the sender reads it only when its ring looks full. */
struct channel {
    _Atomic uint64_t taken; /* packets that the receiver has taken */
    _Atomic uint64_t freed; /* bytes that it has taken out of the byte ring */
    char pad[SHM_LINE - 16];
    struct slot slots[];
};

struct box { /* of one rank */
    _Atomic uint32_t bell;
    _Atomic uint32_t sleeping;
    _Atomic int32_t pid; /* stored last */
    uint32_t unused;
    uint64_t pid_space;       /* in which it is that; 0: not known */
    uint64_t token, token_at; /* by which it is seen whether another process means the same by that number */
    char pad[SHM_LINE - 40];
};
static_assert(sizeof(struct box) == SHM_LINE, "a box is a cache line");

/* My end of a channel. */
struct end {
    struct slot *slots; /* NULL: not open */
    struct channel *ch;
    uint32_t next;  /* packets sent or received */
    uint32_t limit; /* sender: `next` may grow up to it before `taken` is read again */
    char *bytes;
    uint64_t at, freed; /* in the byte ring */
    uint64_t start;     /* of the open reservation */
    struct box *box;    /* sender: the receiver's */
    bool announced;
    bool met;        /* whether its memory can be read has been tried */
    bool unreadable; /* it cannot */
    struct peer *peer;
};

extern struct shm {
    int ranks, me;
    uint32_t slots;       /* a power of two */
    size_t bytes, stride; /* of a byte ring; of a channel */
    struct box *boxes;
    _Atomic uint64_t *senders; /* bitmaps, `words` each, a rank */
    size_t words;
    _Atomic uint64_t *taken_areas; /* bitmap */
    char *areas;
    int area_count; /* of those that this process can reach */
    size_t area_bytes, area_head, ring_bytes;
    char *channels;
    struct end *in; /* by local rank */
    int *active, active_count;
    uint64_t *seen;
    bool fence; /* senders have a fence before they look whether the receiver sleeps */
    bool two_copies;
} shm;

void shm_sleep_init(const struct boot *b);
/* Says in my box who I am. */
void shm_read_init(struct box *b);
/* Wakes the owner of b if it sleeps; after the fence, if shm.fence says so. */
void shm_ring(struct box *b);
_Atomic uint32_t *shm_arm(uint32_t *value);
void shm_disarm(void);
int shm_read(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n);

#endif
