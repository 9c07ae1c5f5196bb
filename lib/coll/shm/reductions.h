/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reductions: blocking reductions among ranks that share memory. Arguments are checked, counts are not 0, and the type
 * is one that shm_reduce_fits. Operands meet in the order of ranks, and all ranks come to the same bits. Each returns
 * an error class. */
#ifndef LIB_COLL_SHM_REDUCTIONS_H
#define LIB_COLL_SHM_REDUCTIONS_H

#include "lib/coll/shm/phase.h"
#include "lib/coll/base/blocks.h"
#include "lib/op/op.h"

struct vector {
    const char *own; /* my operand */
    char *to;        /* where the result goes; may be `own` */
    MPI_Count count;
    struct datatype *t;
    struct op *op;
};

/* Do elements of that type lie one after the other, and can be cut anywhere? */
bool shm_reduce_fits(const struct datatype *t);

int shm_reduce(struct shm_coll *a, const struct vector *v, int root);
/* choice_each finds a piece for an n-th of it, or it is no longer than choice_whole. */
int shm_allreduce(struct shm_coll *a, const struct vector *v);
/* below: without one's own operand (exscan) */
int shm_scan(struct shm_coll *a, const struct vector *v, bool below);
/* The parts are those of v, of which count is the sum; choice_each finds a piece for the longest. */
int shm_reduce_scatter(struct shm_coll *a, const struct vector *v, const struct blocks *parts);

/* What collectives of this kind are made of. */
static inline size_t vector_bytes(const struct vector *v, MPI_Count n)
{
    return (size_t)(n * v->t->size);
}
/* What everybody has offered in phase k, from `skip` on, goes to a->from; of me, `own`. An error class: they do not
 * agree on how much it is. */
int shm_operands(struct shm_coll *a, uint32_t k, const char *own, size_t skip, size_t whole);
/* n elements of the operands at a->from; `also`, a place of my ring, gets the same, if it is not NULL. */
void shm_combine(struct shm_coll *a, const struct vector *v, char *to, char *also, MPI_Count n);
/* One member's place in a prefix: `from` is the sum of those below (NULL: there are none), `room` where the next one
 * finds the sum with mine (NULL: nobody comes after); n elements from byte `at` on. */
void shm_scan_piece(struct shm_coll *a, const struct vector *v, const char *from, size_t at, char *room, MPI_Count n,
                    bool below);
/* Elements [i, i + piece) of each part, `piece` apart; returns how many of them are mine, and a->from[a->me] is where.
 */
MPI_Count shm_deal_parts(struct shm_coll *a, const struct vector *v, const struct blocks *parts, char *room,
                         MPI_Count i, MPI_Count piece);

#endif
