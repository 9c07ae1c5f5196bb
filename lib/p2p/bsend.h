/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bsend: buffered sends. The attached buffer bounds what may be under way; the bytes themselves travel from the
 * transport's memory or from a copy of ours. */
#ifndef LIB_P2P_BSEND_H
#define LIB_P2P_BSEND_H

#include "lib/p2p/p2p.h"

int bsend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c);

#endif
