/* SPDX-License-Identifier: BSD-3-Clause
 *
 * protocol: what the parts of p2p know of each other. */
#ifndef LIB_P2P_PROTOCOL_H
#define LIB_P2P_PROTOCOL_H

#include "lib/p2p/p2p.h"

struct unexpected;
bool p2p_pending(void); /* something waits for room */
int p2p_flush(void);    /* sends of it what can be sent now; packets */
/* What waits for room and is doomed ends with MPI_ERR_PROC_ABORTED. */
void p2p_withdraw(bool (*doomed)(const struct request *r));
/* The filled-in receive request takes this message, which was taken out of the queue, and frees it. */
void p2p_receive_unexpected(struct request *r, struct unexpected *u);
/* Starts the filled-in receive request. */
void p2p_recv_start(struct request *r);
void message_init(void); /* MPI_MESSAGE_NO_PROC */

#endif
