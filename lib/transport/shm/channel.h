/* SPDX-License-Identifier: BSD-3-Clause
 *
 * channel: how packets lie in shared memory, and this process's view of that.
 *
 * Each ordered pair of ranks has a channel: a ring of one-line slots and a ring of bytes. Channels lie in sparse
 * memory: a pair that does not talk has none. */
#ifndef LIB_TRANSPORT_SHM_CHANNEL_H
#define LIB_TRANSPORT_SHM_CHANNEL_H

#include <assert.h>
#include <stdatomic.h>
#include "lib/nodemem/nodemem.h"
#include "lib/transport/shm/shm.h"

enum { SHM_INLINE = 40 };

/* A packet of up to SHM_INLINE bytes lies in its slot, together with the sequence number that announces it, so that it
 * crosses in one transfer of a cache line; a longer one lies in the byte ring. */
struct slot {
    struct packet head; /* seq: of the packet that it holds, from 1; stored last, with release */
    char data[SHM_INLINE];
};
static_assert(sizeof(struct slot) == NODEMEM_LINE, "a slot is a cache line");

/* Only the receiver writes the first line, and the sender reads it only when its ring looks full. */
struct channel {
    _Atomic uint64_t consumed;       /* packets that the receiver has consumed */
    _Atomic uint64_t consumed_bytes; /* of the byte ring */
    char pad[NODEMEM_LINE - 16];
    struct slot slots[];
};

/* A ring cursor: where this process is in a channel, as its sender or its receiver. */
struct cursor {
    struct slot *slots; /* NULL: not open */
    struct channel *ch;
    uint32_t next;  /* packets sent or received */
    uint32_t limit; /* sender: `next` may grow up to it before `consumed` is read again */
    char *bytes;
    uint64_t at, consumed_bytes; /* in the byte ring */
    uint64_t start;              /* of the open reservation */
    struct doorbell *doorbell;   /* sender: the receiver's */
    bool announced;
    struct peer *peer;
};

extern struct shm {
    uint32_t slots;            /* a power of two */
    size_t bytes, stride;      /* of a byte ring; of a channel */
    _Atomic uint64_t *senders; /* bitmaps, `words` each, a rank; mine comes first */
    size_t words;
    char *channels;
    struct cursor *in; /* by local rank */
    int *active, active_count;
    uint64_t *seen;
} shm;

/* Parts of the table of verbs. setup.c: */
int shm_init(uint32_t attention);
void shm_fini(void);
void shm_tune(void);
/* memory.c: */
bool shm_register(void *base, size_t len, unsigned access, void *key, void **handle);
void shm_deregister(void *handle);
enum remote_state shm_get(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                          struct completion *c);
enum remote_state shm_put(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                          struct completion *c);
enum remote_state shm_atomic(struct peer *p, struct remote at, const struct atomic_call *call, struct completion *c);
enum remote_state shm_flush(struct peer *p, struct completion *c);

#endif
