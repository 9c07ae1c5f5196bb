/* SPDX-License-Identifier: BSD-3-Clause
 *
 * channel: how packets lie in shared memory, and this process's view of that.
 *
 * Each ordered pair of ranks has a channel: a ring of one-line slots and a ring of bytes. Channels lie in sparse
 * memory: a pair that does not talk has none. One from or to a process of another job lies in a file of its own
 * (abroad.h). */
#ifndef LIB_TRANSPORT_SHM_CHANNEL_H
#define LIB_TRANSPORT_SHM_CHANNEL_H

#include <assert.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include "lib/nodemem/nodemem.h"
#include "lib/transport/shm/shm.h"

enum { SHM_INLINE = 40 };
/* Why a peer is given up that no longer keeps to what is below. */
#define SHM_NONSENSE "what it has written into memory that we share makes no sense"

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
    uint32_t last;  /* of the slots: one less than a power of two */
    bool fence;     /* sender: has one before it looks whether the receiver sleeps */
    bool announced;
    bool broken;               /* the other side has written what makes no sense: nothing more is read */
    struct doorbell *doorbell; /* sender: the receiver's */
    char *bytes;
    uint64_t at, consumed_bytes; /* in the byte ring */
    size_t ring;                 /* bytes of that */
    uint64_t start;              /* of the open reservation */
    struct peer *peer;
    TAILQ_ENTRY(cursor) more;
};

struct abroad;

/* p->channel of a peer: both ways. */
struct link {
    struct cursor out, in;
    struct cma *cma;
    struct abroad *abroad; /* of a process of another job; NULL: of a rank of this node */
};

extern struct shm {
    uint32_t slots;            /* of a channel of this node; a power of two */
    size_t bytes, stride;      /* of a byte ring; of a channel */
    _Atomic uint64_t *senders; /* bitmaps, `words` each, a rank; mine comes first */
    size_t words;
    char *channels;
    TAILQ_HEAD(cursors, cursor) active; /* receivers that are looked at */
    uint64_t *seen;
    uint32_t attention; /* its bit of transport_attention */
} shm;

/* Bytes of a channel before its byte ring. */
static inline size_t channel_head(uint32_t slots)
{
    return sizeof(struct channel) + slots * sizeof(struct slot);
}

/* Opens a cursor at the beginning of a channel. */
void cursor_open(struct cursor *c, struct channel *ch, uint32_t slots, size_t ring);
/* From now on the receiver is looked at. */
void cursor_admit(struct cursor *c, struct peer *p);
/* Delivers what has arrived; packets. */
int cursor_drain(struct cursor *c);
/* Has a packet arrived? */
bool cursor_has(const struct cursor *c);

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
int shm_present_call(const struct peer *p);

#endif
