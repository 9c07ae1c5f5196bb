/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transport: the contract between what moves data (p2p, windows) and what carries it (self, shm, networks).
 *
 * Threads. All verbs and upcalls run under the library's lock, one at a time. No verb blocks: what cannot be done now
 * says so, and the caller tries again after a poll. What may take time (loading a library, a connection) goes on in
 * poll or in a thread of the transport's own, which uses nothing of the library.
 *
 * Packets. A packet is a head and up to max_payload bytes. Between two processes packets come once each, in the order
 * in which they were committed; between packets and the verbs of remote memory there is no order. Sending is in two
 * steps, so that the payload is packed right where it travels from: reserve gives the place, commit sends; or, for a
 * payload that lies in one run, in one (inject), which may take longer ones. Between reserve and commit only
 * mem_register may be called; a reservation that is not committed costs nothing, and the next reserve or inject takes
 * its place. Arrived packets are handed to p2p_deliver out of poll, never out of another verb; head and payload are
 * valid until that returns. What a transport sends besides the head and the payload, and in what bytes, is its own
 * affair.
 *
 * Limits. A transport holds a bounded number of bytes for each peer (credit, a ring); beyond, reserve and inject say
 * "not now". It promises that there is room for max_payload bytes some time if the peer polls. It takes nothing for a
 * peer that is not spoken to.
 *
 * Failure. A transport that finds that the peer of a connection is gone delivers what has come from it, then says
 * peer_failed, from poll. The library, which may have heard it first from another side, answers with disconnect, once.
 * From peer_failed or disconnect on, whichever comes first, the transport takes nothing for that peer: reserve and
 * inject say "not now", the verbs of remote memory REMOTE_PEER_FAILED. disconnect completes what is under way with that
 * peer, each operation once, before it returns.
 *
 * Goodbye. fini tells all whom it is connected to that nothing more will come; a transport between nodes that hears it,
 * and has delivered all that came before, says peer_finalized, from poll. That such a peer closes its end is no
 * failure. It is disconnected in the same way. Before that it may hear that the peer has parted from MPI_COMM_WORLD. On
 * one node the segment tells.
 */
#ifndef LIB_TRANSPORT_TRANSPORT_H
#define LIB_TRANSPORT_TRANSPORT_H

#include <assert.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "lib/core/types.h"
#include "lib/transport/remote.h"

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

/* The head. A transport that keeps no longer head of its own beside it has four bytes in it. */
struct packet {
    union {
        _Atomic uint32_t seq;
        unsigned char own[4];
    };             /* the transport's */
    uint32_t what; /* of both parts below, in one store: bit-fields would be read before they are written */
    struct match_key key;
};
static_assert(sizeof(struct packet) == 24, "the head of a packet");
enum { PACKET_PAYLOAD_BITS = 24, PACKET_PAYLOAD_MAX = (1 << PACKET_PAYLOAD_BITS) - 1 };

ALWAYS_INLINE uint32_t packet_what(uint8_t kind, size_t bytes)
{
    return (uint32_t)kind << PACKET_PAYLOAD_BITS | (uint32_t)bytes;
}
/* p2p's. */
ALWAYS_INLINE uint8_t packet_kind(const struct packet *h)
{
    return (uint8_t)(h->what >> PACKET_PAYLOAD_BITS);
}
/* Of the payload. */
ALWAYS_INLINE size_t packet_bytes(const struct packet *h)
{
    return h->what & PACKET_PAYLOAD_MAX;
}

/* A packet that has come; head is NULL: none has. In two registers. */
struct arrival {
    const struct packet *head;
    const void *payload; /* packet_bytes(head) */
};

struct peer;

enum { TRANSPORT_ADDRESS_MAX = 128 };
enum { SLEEP_FD_NONE = -1, SLEEP_FD_NAP = -2 };

struct transport {
    const char *name;
    bool inside;          /* it carries within this process alone, and its poll is quick */
    bool dear;            /* to poll it takes a system call */
    bool atomics_of_cpu;  /* its atomics and those of the owner's processor know of each other */
    size_t max_payload;   /* of one packet; PACKET_PAYLOAD_MAX at most */
    size_t eager_max;     /* a message up to this goes as one packet */
    size_t inject_max;    /* the same of inject, if that takes more than max_payload, straight from its memory; or 0 */
    size_t key_bytes;     /* of its keys; MEM_KEY_MAX at most */
    int max_pieces;       /* of one get or put: local pieces */
    size_t address_bytes; /* of its addresses; TRANSPORT_ADDRESS_MAX at most; 0: it needs none */
    bool known_at_home;   /* processes of its own job it reaches without an address */

    /* init: an error class with a note. From then on the transport sets its bit of transport_attention while it wants
     * to be polled. fini: all peers have been disconnected, or have finalized. */
    int (*init)(uint32_t attention);
    void (*fini)(void);
    /* The address of this process, which the library publishes after init, or tells to processes of other jobs, at any
     * time: address_bytes opaque ones, the same each time. What others then need to reach it is opened, if nobody
     * needed it before. An error class with a note; MPI_ERR_PENDING: it is not known yet, ask again after a poll, or,
     * where `reaches` has become false, never. */
    int (*address)(void *address);
    /* Can it reach that process at all? The first in the table that can is taken; if it needs addresses, one of those
     * that processes of other jobs have told of. As long as its own address is pending it may turn out that it cannot:
     * nothing has been sent then, and another one is taken. */
    bool (*reaches)(const struct peer *p);
    /* Is the address of that rank of the job known without asking anybody? Then connect takes NULL for it; of this
     * process: then it needs not be published. NULL: of none. */
    bool (*knows)(int proc);
    /* p is spoken to for the first time: begins to connect, with its address (NULL if it needs none). That may take
     * time, and so may the address: reserve says "not now" from the moment that p->transport is set. A process that has
     * spoken first is a peer, and may be connected before this is called. What fails later is told by peer_failed.
     * False: it cannot be, with a note. */
    bool (*connect)(struct peer *p, const void *address);
    void (*disconnect)(struct peer *p);

    void *(*reserve)(struct peer *p, size_t bytes);
    void (*commit)(struct peer *p, uint8_t kind, struct match_key key, size_t bytes);
    bool (*inject)(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes);
    /* Delivers what has arrived, calls completions; returns how many of both. */
    int (*poll)(void);
    /* Does something that was committed leave this process only if poll is called? NULL: nothing does. */
    bool (*unsent)(void);
    /* Looks for the next packet from one peer, `spins` times, without delivering it. consume ends that, and the packet
     * counts as delivered. For a receiver that knows what it waits for. Both may be NULL. */
    struct arrival (*peek)(struct peer *p, int spins);
    void (*consume)(struct peer *p);
    /* What it has kept because of transport_more goes. NULL: it keeps nothing. */
    void (*push)(void);
    /* This process has finalized, and may go on for long without a poll: all whom it is connected to are told. NULL:
     * they learn it otherwise. */
    void (*part)(void);
    /* Would the peer see a packet at once: has it a processor, and does not sleep? NULL: not known. */
    bool (*is_polling)(const struct peer *p);
    /* Bytes that are on their way to the peer, and from it, as far as this side knows; false: it is not connected so
     * far. For whoever watches: may take a system call. NULL: nothing is ever on its way. */
    bool (*in_flight)(const struct peer *p, uint64_t *outgoing, uint64_t *incoming);
    /* The number of the MPI function that the peer is in, as its status line tells it at a glance; 0: none, -1: not
     * known. NULL: it never is. */
    int (*present_call)(const struct peer *p);
    /* There is time before the next packet from the peer: touches the memory where it will be looked for. May be NULL.
     */
    void (*prefault)(struct peer *p);
    /* A descriptor that becomes readable when poll has something to do, the same from the first connection on; -1:
     * (SLEEP_FD_NONE) there is none yet; SLEEP_FD_NAP: there is none now that would tell, look again soon. Asked before
     * each sleep. NULL: who sends wakes by the doorbell. See sleep.h. */
    int (*sleep_fd)(void);

    /* Knobs have changed. NULL: it keeps nothing of them. */
    void (*tune)(void);

    /* Registers memory of this process. Writes key_bytes to key; *handle is for mem_deregister, after which keys of it
     * may be refused. False: this memory cannot be, or not now. */
    bool (*mem_register)(void *base, size_t len, unsigned access, void *key, void **handle);
    void (*mem_deregister)(void *handle);
    /* The same of a stream of len bytes, to be got, that lies in no one piece: as it is asked for, mem_pieces tells
     * where. NULL: it does not do that. */
    bool (*mem_offer)(const void *of, mem_pieces *pieces, size_t len, void *key, void **handle);
    /* Copies n bytes, the sum of the local pieces. The local memory need not be registered. */
    enum remote_state (*get)(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                             struct completion *c);
    enum remote_state (*put)(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                             struct completion *c);
    /* The place is aligned to the element's size. REMOTE_NEVER does not depend on the operation for one type and key,
     * so that what is done atomically to some memory is all done in one way. */
    enum remote_state (*atomic)(struct peer *p, struct remote at, const struct atomic_call *call, struct completion *c);
    /* Complete when the puts and atomics to that peer that were called before are, and their effect is seen there. */
    enum remote_state (*flush)(struct peer *p, struct completion *c);
};

/* table.c: what transports there are, the one that is preferred first; ends with NULL. */
extern const struct transport *const transport_table[];
/* null.c: what takes the place of a peer's transport. */
extern const struct transport transport_failed;    /* the peer has failed: nothing can be sent or reached */
extern const struct transport transport_finalized; /* it has finalized: what is sent to it is lost */

/* Upcalls. p2p_deliver is defined by p2p, and a direct symbol since it is on the path of every message: a packet has
 * come. False: there is no memory to keep it, it is to be delivered again later. */
bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n);
/* The peer is gone, or cannot be reached any more; why in a few words. What needs it is ended soon after poll. */
void peer_failed(struct peer *p, const char *why);
/* The peer has said goodbye, and all that it sent has been delivered. */
void peer_finalized(struct peer *p);
/* It has finalized MPI_COMM_WORLD, and goes on: in a session, perhaps. */
void peer_parted(struct peer *p);

extern uint32_t transport_attention; /* a bit for each row of the table: it wants to be polled */

/* While it is set, what is sent may be kept until the next push or poll: the caller says that it comes back for it, as
 * a nonblocking send does, which somebody waits for or tests. That one calls transport_push. */
extern bool transport_more;
extern uint32_t transport_held; /* not 0: something is kept */
void transport_push_slow(void);
ALWAYS_INLINE void transport_push(void)
{
    if (UNLIKELY(transport_held > 0))
        transport_push_slow();
}

int transport_init(void); /* 0 or an error class */
void transport_fini(void);
int transport_poll(void);    /* all of them; what happened */
bool transport_unsent(void); /* of any */
/* Does a poll take a system call at present? */
bool transport_is_dear(void);
/* The next poll looks everywhere: somebody is about to sleep. */
void transport_warm(void);
void transport_part(void); /* tells that this process has finalized */
void transport_tune(void); /* knobs have changed */
/* Delivers what this process has sent to itself. */
void transport_poll_inside(void);
/* Chooses what carries messages to a peer, false: nothing can now, and p->transport is NULL. What failed for want of
 * memory may be tried again. */
bool transport_select(struct peer *p);
/* Can ranks of other nodes be reached? */
bool transport_spans(void);

#endif
