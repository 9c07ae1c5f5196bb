/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_varying: what collectives whose blocks are as long as only sender and receiver know offer: a table with an entry
 * for each rank, and behind it the blocks that fit. The others go as messages. */
#ifndef LIB_COLL_SHM_NODE_VARYING_H
#define LIB_COLL_SHM_NODE_VARYING_H

#include "lib/coll/shm/node.h"

struct entry {
    uint64_t where; /* place in what is offered, or BY_MESSAGE */
    uint64_t bytes;
};
#define BY_MESSAGE UINT64_MAX

/* The bytes of table and blocks. */
size_t node_table_room(const struct node *a, const struct blocks *out);
struct entry *node_table_write(struct node *a, const struct blocks *out, char *room, size_t used);
/* Mine, of what lies in cell c. */
static inline struct entry node_table_entry(const struct node *a, const struct node_cell *c)
{
    return ((const struct entry *)node_look(a, c))[a->me];
}
/* What there is room for; MPI_ERR_TRUNCATE: there was more. */
int node_place(const struct node_data *d, const char *at, size_t bytes);

#endif
