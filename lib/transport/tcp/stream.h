/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stream: what an open connection carries, frame by frame: a head of 24 bytes, whose own part says what it is, then the
 * payload, filled up to eight bytes. Packets go through buffers; the payloads of DATA and PUT from memory to memory
 * (bulk.h). */
#ifndef LIB_TRANSPORT_TCP_STREAM_H
#define LIB_TRANSPORT_TCP_STREAM_H

#include "lib/transport/tcp/connection.h"

/* max_payload, inject_max; and the most that one frame of memory holds, between two of which packets may go. Shorter
 * ones take longer: 1 MiB in eight of them a fifth more. */
enum { STREAM_PAYLOAD = 12 << 10, STREAM_INJECT = 64 << 10, STREAM_CHUNK = 1 << 20 };

/* The own part of a head. What the words of its key hold: ctx, pair. */
enum frame {
    FRAME_PACKET = 0x4b435450,  /* p2p's */
    FRAME_GOODBYE = 0x45594247, /* nothing */
    FRAME_PARTED = 0x44545250,  /* nothing: of MPI_COMM_WORLD nothing more comes */
    FRAME_GET = 0x20544547,     /* the number of some memory, a place in it; the payload is the length, 8 bytes */
    FRAME_DATA = 0x41544144,    /* nothing: the next bytes of the oldest get */
    FRAME_REFUSED = 0x45464552, /* nothing: the oldest get cannot be */
    FRAME_PUT = 0x20545550,     /* the number of some memory, a place in it */
    FRAME_FLUSH = 0x48534c46,   /* nothing: tell when the puts before this are there */
    FRAME_FLUSHED = 0x44534c46  /* ctx: not 0, if one of them could not be */
};

/* Buffers for an open connection; false: no memory. */
bool stream_begin(struct conn *c);
void stream_end(struct conn *c);
void stream_fini(void); /* after all have ended */

void *stream_reserve(struct conn *c, size_t bytes);
void stream_commit(struct conn *c, uint8_t kind, struct match_key key, size_t bytes);
/* Sends a packet whose payload lies elsewhere, of up to STREAM_INJECT bytes, if nothing else waits; false: not now. */
bool stream_inject(struct conn *c, uint8_t kind, struct match_key key, const void *payload, size_t bytes);
/* Adds a frame whose payload is in its place. */
void stream_add(struct conn *c, enum frame frame, uint64_t ctx, uint64_t pair, size_t bytes);
/* Adds a head alone; what it announces goes straight behind it. */
void stream_add_head(struct conn *c, enum frame frame, uint64_t ctx, uint64_t pair, size_t bytes);
/* Nothing more comes from this process of MPI_COMM_WORLD. */
void stream_part(struct conn *c);
/* Nothing more comes from this process. False: there is no room to say so now. */
bool stream_goodbye(struct conn *c);
/* The same to who has not consented yet, behind the answer. */
bool stream_goodbye_early(int fd);
/* Writes what waits, as far as the socket takes it; has anything gone? */
bool stream_write(struct conn *c);
/* Does anything wait? */
/* Bytes that the peer's kernel has not got, and those that were asked for or have come, and are not taken. */
void stream_in_flight(const struct conn *c, uint64_t *outgoing, uint64_t *incoming);
bool stream_unsent(const struct conn *c);
/* Reads and delivers; packets, and what else has come to an end. The end of the connection is told. */
int stream_read(struct conn *c);
/* The next packet, reading once if there is none. */
struct arrival stream_peek(struct conn *c);
void stream_consume(struct conn *c);

/* Bytes with which a payload is filled up. */
static inline uint32_t stream_pad(size_t bytes)
{
    return (uint32_t)(-bytes & 7);
}

#endif
