/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_direct: a block in one copy: its reader takes it out of its owner's memory. That is the kernel's copy, slower
 * than ours through nearby caches, and the owner has to wait for it. It pays where an owner with blocks for many has to
 * wait for them anyway, and else would do half of the copying alone. */
#ifndef LIB_COLL_SHM_NODE_DIRECT_H
#define LIB_COLL_SHM_NODE_DIRECT_H

#include "lib/coll/shm/node.h"

enum { NODE_REFUSED = -1 };

/* At the making of an area: can the memory of rank 0 be read here? It says where its sign is. That is a hint: another
 * member may forbid it, or later. */
uint64_t node_direct_sign(void);
bool node_direct_try(struct comm *c, uint64_t sign);

/* Are these blocks, one for each other member, better read than written to my ring? */
bool node_direct_wanted(struct node *a, const struct blocks *all);
/* Offers d, which is one run, in phase k; it must stay as it is until it is read (node_await_readers). */
void node_direct_post(struct node *a, uint32_t k, const struct node_data *d);
static inline bool node_direct_posted(const struct node *a, uint32_t k, int r)
{
    return node_cell(a, k, r)->where == NODE_BY_ADDRESS;
}
/* Bytes of d out of the memory of r, from address `at` on; NODE_REFUSED: it cannot be read. */
int node_direct_fetch(struct node *a, int r, const struct node_data *d, uint64_t at, size_t bytes);
/* Takes what r has offered. NODE_REFUSED: its memory cannot be read any more; r is told, and is to send it (node_message)
 * when all have finished the phase. */
int node_direct_take(struct node *a, uint32_t k, int r, const struct node_data *d);
/* After node_await_readers: has r told so? Then nothing of mine is offered that way again. */
bool node_direct_refused(struct node *a, uint32_t k, int r);

#endif
