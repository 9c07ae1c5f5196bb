/* SPDX-License-Identifier: BSD-3-Clause
 *
 * p2p: messages between ranks over any transport. One matching engine, whatever carries them.
 *
 * Protocol. A message up to the transport's eager_max is one EAGER packet. A longer one, and any synchronous one,
 * announces itself with RTS, and rendezvous.c moves it. */
#ifndef LIB_P2P_P2P_H
#define LIB_P2P_P2P_H

#include "lib/datatype/datatype.h"
#include "lib/request/progress.h"
#include "lib/request/request.h"
#include "lib/transport/transport.h"

enum send_mode { MODE_STANDARD, MODE_SYNC, MODE_READY, MODE_BUFFER };

/* The context of collectives of a communicator. */
#define P2P_COLL(c) ((c)->ctx | 1)
/* In it, tags of messages that are of no collective. */
#define P2P_GROUP_TAG 0x40000000

/* Starts a send. Returns an error class; *req is NULL if it is complete already (always so far as the caller's buffer
 * goes), else the request. dest is a rank or MPI_PROC_NULL; mode an enum send_mode without MODE_BUFFER. */
int p2p_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, uint64_t ctx,
             int mode, struct request **req);
/* Starts a receive; *req is never NULL on success, and may be complete. */
int p2p_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, uint64_t ctx,
             struct request **req);

/* Packets of floors above: of a kind from P2P_ABOVE on, they go to whoever listens for that kind, out of a poll. False:
 * without memory, it is to be delivered again later. Nobody listens: it is dropped. */
enum { P2P_ABOVE = 16, P2P_WINDOW = P2P_ABOVE, P2P_KINDS };
typedef bool p2p_arrived(struct peer *from, struct match_key key, const void *payload, size_t n);
void p2p_listen(uint8_t kind, p2p_arrived *arrived);

/* From now on messages are counted for tools, or are not. */
void p2p_count(bool on);

int p2p_init(void);
/* Returns when all that this process has sent, and what it is receiving, is through. */
void p2p_flush(void);
void p2p_fini(void);

#endif
