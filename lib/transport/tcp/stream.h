/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stream: packets as bytes of an open connection: a head of 24 bytes, whose own part says what it is, then the payload,
 * filled up to eight bytes. */
#ifndef LIB_TRANSPORT_TCP_STREAM_H
#define LIB_TRANSPORT_TCP_STREAM_H

#include "lib/transport/tcp/connection.h"

enum { STREAM_PAYLOAD = 12 << 10 };

/* Buffers for an open connection; false: no memory. */
bool stream_begin(struct conn *c);
void stream_end(struct conn *c);

void *stream_reserve(struct conn *c, size_t bytes);
void stream_commit(struct conn *c, uint8_t kind, struct match_key key, size_t bytes);
/* Nothing more comes from this process. False: there is no room to say so now. */
bool stream_goodbye(struct conn *c);
/* The same before the connection is open, behind the hello. */
bool stream_goodbye_early(struct conn *c);
/* Writes what waits, as far as the socket takes it. */
void stream_write(struct conn *c);
/* Reads and delivers; packets. The end of the connection is told. */
int stream_read(struct conn *c);
/* The next packet, reading once if there is none. */
struct arrival stream_peek(struct conn *c);
void stream_consume(struct conn *c);

#endif
