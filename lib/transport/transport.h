/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transport: the contract between messages (p2p) and what carries them (self, shm, later networks).
 *
 * A transport carries packets: a small head and up to max_payload bytes, in order between two processes, without loss.
 * Sending is in two steps, so that the payload is packed right where it travels from: reserve gives the place, commit
 * sends; or, for a payload that lies in one run, in one. Arrived packets are handed to p2p_deliver out of poll; head
 * and payload are valid until that returns. Nothing here blocks: reserve and inject say "not now", and the caller tries
 * again after the next poll. All verbs run under the library's lock.
 */
#ifndef LIB_TRANSPORT_TRANSPORT_H
#define LIB_TRANSPORT_TRANSPORT_H

#include <stdatomic.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "lib/core/types.h"

/* What messages and receives are matched by. Of a receive source and tag may be MPI_ANY_SOURCE and MPI_ANY_TAG. */
struct match_key {
    uint64_t ctx;
    union {
        struct {
            int32_t source; /* rank of the sender in the communicator */
            int32_t tag;
        };
        uint64_t pair; /* both, to be compared at once */
    };
};

/* The pair is put together in a register: halves that are stored are waited for when the whole is loaded. */
ALWAYS_INLINE struct match_key match_key_of(uint64_t ctx, int source, int tag)
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    uint64_t first = (uint32_t)source, second = (uint32_t)tag;
    return (struct match_key){.ctx = ctx, .pair = little ? second << 32 | first : first << 32 | second};
}

struct packet {
    _Atomic uint32_t number; /* the transport's */
    uint16_t bytes;          /* of the payload; the transport's */
    uint8_t kind;            /* p2p's */
    struct match_key key;
};

/* A packet that has come; head is NULL: none has. In two registers. */
struct arrival {
    const struct packet *head;
    const void *payload; /* head->bytes */
};

struct peer;

struct transport {
    const char *name;
    size_t max_payload; /* of one packet */
    size_t eager_max;   /* a message up to this goes as one packet */
    void *(*reserve)(struct peer *p, size_t bytes);
    void (*commit)(struct peer *p, uint8_t kind, struct match_key key, size_t bytes);
    bool (*inject)(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes);
    /* Delivers what has arrived; returns how many packets. */
    int (*poll)(void);
    /* Looks for the next packet from one peer, `spins` times, without delivering it. taken ends that, and the
     * packet counts as delivered. For a receiver that knows what it waits for. May be NULL. */
    struct arrival (*await)(struct peer *p, int spins);
    void (*taken)(struct peer *p);
    /* Would the peer see a packet at once: has it a processor, and does not sleep? NULL: not known. */
    bool (*awake)(const struct peer *p);
    /* There is time: makes ready for its next packet. May be NULL. */
    void (*expect)(struct peer *p);
    /* Copies from the peer's memory at `from` into local pieces, n bytes in all. 0, or -1: not possible between these
     * two processes (then and always: the message is sent in pieces instead). */
    int (*read)(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n);
};

/* null.c: what takes the place of a peer's transport. */
extern const struct transport transport_failed;    /* the peer has failed: nothing can be sent or read */
extern const struct transport transport_finalized; /* it has finalized: what is sent to it is lost */

/* Upcall, defined by p2p, and a direct symbol since it is on the path of every message: a packet has come. False: there
 * is no memory to keep it, it is to be delivered again later. */
bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n);

int transport_init(void); /* 0 or an error class */
void transport_fini(void);
int transport_poll(void); /* all of them; packets delivered */
/* Delivers what this process has sent to itself. */
void transport_poll_self(void);
/* Chooses what carries messages to a new peer; p->transport stays NULL if nothing can. */
void transport_select(struct peer *p);

#endif
