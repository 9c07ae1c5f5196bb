/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cost: what algorithms by messages are compared by. */
#ifndef LIB_COLL_COST_H
#define LIB_COLL_COST_H

#include "lib/core/knobs.h"

/* So many rounds of messages, one after the other, in which a rank sends so many bytes in all; in the time of a byte.
 */
static inline MPI_Count cost_of(int rounds, MPI_Count bytes)
{
    return rounds * (MPI_Count)knobs.COLL_ROUND_BYTES + bytes;
}

#endif
