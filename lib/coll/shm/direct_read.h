/* SPDX-License-Identifier: BSD-3-Clause
 *
 * direct_read: a block in one copy: its reader takes it out of its owner's memory. That is the kernel's copy, slower
 * than ours through nearby caches, and the owner has to wait for it. It pays where an owner with blocks for many has to
 * wait for them anyway, and else would do half of the copying alone. */
#ifndef LIB_COLL_SHM_DIRECT_READ_H
#define LIB_COLL_SHM_DIRECT_READ_H

#include "lib/coll/shm/phase.h"

enum { DIRECT_READ_REFUSED = -1 };

/* At the making of an area: can the memory of rank 0 be read here? It says where its sign is. That is a hint: another
 * member may forbid it, or later. */
uint64_t direct_read_sign(void);
bool direct_read_try(struct comm *c, uint64_t sign);

/* Are these blocks, one for each other member, better read than written to my ring? */
bool direct_read_wanted(struct shm_coll *a, const struct blocks *all);
/* Offers d, which is one run, in phase k; it must stay as it is until it is read (phase_await_readers). */
void direct_read_post(struct shm_coll *a, uint32_t k, const struct coll_data *d);
static inline bool direct_read_posted(const struct shm_coll *a, uint32_t k, int r)
{
    return phase_cell(a, k, r)->where == PHASE_BY_ADDRESS;
}
/* Bytes of d out of the memory of r, from address `at` on; DIRECT_READ_REFUSED: it cannot be read. */
int direct_read_fetch(struct shm_coll *a, int r, const struct coll_data *d, uint64_t at, size_t bytes);
/* Takes what r has offered. DIRECT_READ_REFUSED: its memory cannot be read any more; r is told, and is to send it
 * (shm_message) when all have finished the phase. */
int direct_read_take(struct shm_coll *a, uint32_t k, int r, const struct coll_data *d);
/* After phase_await_readers: has r told so? Then nothing of mine is offered that way again. */
bool direct_read_refused(struct shm_coll *a, uint32_t k, int r);

#endif
