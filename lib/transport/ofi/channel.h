/* SPDX-License-Identifier: BSD-3-Clause
 *
 * channel: what goes to one peer, and in which order what comes from it is delivered.
 *
 * A message of libfabric's holds packets, as many as there were when it could go: while some are under way, those that
 * are committed are gathered. It names its sender, and begins with the token of its receiver (ofi_place), which is
 * known to the processes of the job alone: libfabric tells no connections apart, and takes messages from whoever
 * knows an address, so that one proof at the beginning would prove nothing of the next message.
 *
 *     message   token (8), process of the sender (4), number of the message (4), how many of the other way's have been
 *               delivered (4), zeros (4), frames
 *     frame     head of a packet (24), whose own part says what it is; payload, filled up to eight bytes
 *
 * Credit: OFI_WINDOW messages may be under way whose delivery the sender has not heard of. Who has delivered half as
 * many says so, by a message without frames if there is no other one. What says so, and the goodbye, may go beyond the
 * window, up to twice its length: two windows that are full do not wait for each other. */
#ifndef LIB_TRANSPORT_OFI_CHANNEL_H
#define LIB_TRANSPORT_OFI_CHANNEL_H

#include <sys/queue.h>
#include "lib/transport/ofi/endpoint.h"
#include "lib/transport/ofi/receive.h"
#include "lib/transport/peer.h"

struct channel;

struct ofi_head {
    uint64_t token;
    uint32_t proc, number, delivered, zero;
};
enum { OFI_WINDOW = 16 };
/* The own part of a packet's head. */
enum ofi_frame { OFI_PACKET = 0x4b434f50, OFI_GOODBYE = 0x45594f47 };
enum { OFI_PAYLOAD = OFI_MESSAGE - sizeof(struct ofi_head) - sizeof(struct packet) };

static inline uint32_t ofi_filled(size_t bytes)
{
    return (uint32_t)(sizeof(struct packet) + (bytes + 7) / 8 * 8);
}

/* A message that is being filled, waits, or is under way. */
struct ofi_send {
    struct ofi_op op; /* first */
    struct channel *to;
    struct fid_mr *mr; /* of all that were made with it; NULL: none is needed */
    uint32_t bytes, number;
    STAILQ_ENTRY(ofi_send) next;
    _Alignas(16) char data[OFI_MESSAGE];
};
STAILQ_HEAD(ofi_sends, ofi_send);

/* p->channel of its peer. */
struct channel {
    struct peer *peer;
    fi_addr_t to; /* FI_ADDR_NOTAVAIL: not connected */
    uint64_t token;
    uint32_t next_out, next_in; /* numbers of messages */
    uint32_t credit;            /* of ours so many have been delivered */
    uint32_t said;              /* of theirs, as they have been told */
    struct ofi_sends waiting;   /* full ones */
    struct ofi_send *open;      /* that is being filled; goes after those */
    int held, flying;           /* messages that are its own, and of those under way */
    uint64_t flying_bytes;
    int writes;            /* puts that are under way */
    bool refused;          /* libfabric does not take the next one now */
    bool owes;             /* it is time to tell the peer how many have been delivered */
    bool goodbye;          /* the peer has said that nothing more comes */
    bool parted;           /* we have said so */
    bool lost;             /* peer_failed or peer_finalized has been said, or it was disconnected */
    const char *broken;    /* why it is to be said to have failed, after what has come is delivered */
    struct arrivals early; /* messages that came before one that was sent before them */
    TAILQ_ENTRY(channel) every;
    TAILQ_ENTRY(channel) again; /* while refused */
};
TAILQ_HEAD(channels, channel);
extern struct channels ofi_channels;

/* The channel of a peer, made when it is first needed; NULL: no memory, or something else carries to it. */
struct channel *channel_of(struct peer *p);
bool channel_connect(struct peer *p, const void *place);
void channel_disconnect(struct channel *c);

void *channel_reserve(struct channel *c, size_t bytes);
void channel_commit(struct channel *c, uint8_t kind, struct match_key key, size_t bytes);
/* A message is out, or will never be: rc, a negative error. */
void channel_sent(struct ofi_send *s, int rc);
/* Of those that went to the peer so many have been delivered. */
void channel_credit(struct channel *c, uint32_t delivered);
/* One more that came from it has been. */
void channel_delivered(struct channel *c);
/* The peer is to be said to have failed, once what has come is delivered; why stays. */
void channel_break(struct channel *c, const char *why);
/* Tries again what libfabric did not take, and says which peers have failed; how many. */
int channel_retry(void);
/* Is there something to be tried again? */
bool channel_waits(void);
/* Bytes that are not known to be out. */
uint64_t channel_in_flight(const struct channel *c);
/* Is anything left that only polling sends? */
bool channel_unsent(void);
/* Says goodbye to all, and waits some seconds for what is to go out. */
void channel_end(void);
/* Their memory is not libfabric's any more; after the endpoint is closed it is freed. */
void channel_unregister(void);
void channel_free(void);

#endif
