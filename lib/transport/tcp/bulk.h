/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bulk: get, put and flush over a connection: the system call moves the bytes between the socket and the memory itself.
 * Who is asked for memory answers out of its poll. What is to be written lies in one queue, and goes in chunks between
 * which packets find their way. */
#ifndef LIB_TRANSPORT_TCP_BULK_H
#define LIB_TRANSPORT_TCP_BULK_H

#include <sys/queue.h>
#include <sys/uio.h>
#include "lib/transport/transport.h"

struct conn;

enum { BULK_PIECES = 64, BULK_IOV = BULK_PIECES + 3 };

struct transfer;
STAILQ_HEAD(transfers, transfer);

/* The part of a connection. */
struct bulk {
    struct transfers out;     /* answers, puts and flushes that are to be written */
    struct transfers gets;    /* that wait for their data, in the order in which they were asked for */
    struct transfers flushes; /* that wait for the word */
    int asked, answers;       /* gets and flushes, of either side */
    bool refused;             /* a put has been, since the last flush */
    /* Of the first of `out`, under way: behind out[mark] of the connection's buffer come so many bytes of it. */
    uint32_t mark, chunk, chunk_pad;
    /* What comes in: so many bytes of the first get, or of a put to a place; then what fills it up. */
    bool land_put;
    uint32_t land, land_pad;
    uint64_t land_memory, land_at;
};

void bulk_begin(struct conn *c);
/* Everything ends as that. */
void bulk_end(struct conn *c, enum remote_state how);

/* Bytes that are to be written, and that are asked for and have not come. */
void bulk_in_flight(const struct bulk *b, uint64_t *outgoing, uint64_t *incoming);

/* The verbs. */
enum remote_state bulk_get(struct conn *c, const struct iovec *to, int pieces, struct remote from, size_t n,
                           struct completion *done);
enum remote_state bulk_put(struct conn *c, const struct iovec *from, int pieces, struct remote to, size_t n,
                           struct completion *done);
enum remote_state bulk_flush(struct conn *c, struct completion *done);
/* What is left of a frame that the socket did not take: n bytes, which are copied, and go before all else. False: no
 * memory. */
bool bulk_rest(struct conn *c, const struct iovec *v, int count, size_t n);
/* Tells of puts that are over; how many. Out of poll. */
int bulk_tell(void);

/* For stream. Out: begins the next chunk if none is under way, its head goes into the buffer; what of it is to be
 * written now (*whole: all of it, else no more than pieces allow), and that so many bytes of that are. False: its
 * memory is not there any more. */
void bulk_next(struct conn *c);
bool bulk_pieces(struct conn *c, struct iovec *v, int *count, bool *whole);
void bulk_wrote(struct conn *c, size_t n);
/* In: where to read, in so many pieces; *whole: they hold all that comes in front of the next frame. How many of n
 * bytes that were read belong there. */
int bulk_landing(struct conn *c, struct iovec *v, bool *whole);
size_t bulk_landed(struct conn *c, const char *from, size_t n);
/* A frame of bulk: with its payload, of GET, or its head alone. */
enum bulk_arrival { BULK_TAKEN, BULK_LATER /* no memory */, BULK_BAD /* none that is due */ };
enum bulk_arrival bulk_arrived(struct conn *c, uint32_t frame, const struct packet *h);

/* Is there anything to be written? */
static inline bool bulk_waits(const struct bulk *b)
{
    return !STAILQ_EMPTY(&b->out);
}

#endif
