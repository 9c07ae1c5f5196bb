/* SPDX-License-Identifier: BSD-3-Clause
 *
 * vcoll: what collectives whose blocks are as long as only sender and receiver know offer: a table with an entry
 * for each rank, and behind it the blocks that fit. The others go as messages. */
#ifndef LIB_COLL_SHM_VCOLL_H
#define LIB_COLL_SHM_VCOLL_H

#include "lib/coll/shm/phase.h"

struct entry {
    uint64_t where; /* place in what is offered, or BY_MESSAGE */
    uint64_t bytes;
};
#define BY_MESSAGE UINT64_MAX

/* The bytes of table and blocks. */
size_t vcoll_table_room(const struct shm_coll *a, const struct blocks *out);
struct entry *vcoll_table_write(struct shm_coll *a, const struct blocks *out, char *room, size_t used);
/* Mine, of what lies in cell c. */
static inline struct entry vcoll_table_entry(const struct shm_coll *a, const struct phase_cell *c)
{
    return ((const struct entry *)phase_cell_data(a, c))[a->me];
}
/* What there is room for; MPI_ERR_TRUNCATE: there was more. */
int vcoll_place(const struct coll_data *d, const char *at, size_t bytes);

#endif
