/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bcast, barrier. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_blocks.h"
#include "lib/coll/shm/node_short.h"
#include "lib/coll/base/small.h"

/* Dissemination: after round k everybody has heard, indirectly, of 2^k ranks. */
static int build_barrier(struct sched *s, struct comm *comm)
{
    INTRA(comm);
    for (int step = 1; step < comm->size; step <<= 1) {
        sched_recv(s, NULL, 0, &datatype_byte, (comm->rank - step % comm->size + comm->size) % comm->size);
        sched_send(s, NULL, 0, &datatype_byte, (comm->rank + step) % comm->size);
        sched_round(s);
    }
    return MPI_SUCCESS;
}
FORMS_OTHERS(barrier, (struct comm * comm), (comm))

int mpi_barrier(struct comm *comm)
{
    INTRA(comm);
    struct node *a = node_of(comm);
    if (!a)
        return small_barrier(comm);
    uint32_t k = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    node_post(a, k, 0);
    node_meet(a, k);
    node_end(a, k);
    return node_came_to(a, MPI_SUCCESS);
}

/* Binomial tree over ranks counted from the root. */
void coll_bcast(struct sched *s, void *buf, MPI_Count count, struct datatype *t, int root, struct comm *c)
{
    int n = c->size, me = (c->rank - root + n) % n, mask = 1;
    while (mask < n && !(me & mask))
        mask <<= 1;
    if (me > 0) {
        sched_recv(s, buf, count, t, (me - mask + root) % n);
        sched_round(s);
    }
    for (mask >>= 1; mask > 0; mask >>= 1)
        if (me + mask < n)
            sched_send(s, buf, count, t, (me + mask + root) % n);
    sched_round(s);
}

static int build_bcast(struct sched *s, void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm)
{
    INTRA(comm);
    CHECK(forms_check(count, t));
    if (count * t->size > 0)
        coll_bcast(s, buffer, count, t, root, comm);
    return MPI_SUCCESS;
}

static int on_node_bcast(struct node *a, void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm)
{
    CHECK(forms_check(count, t));
    if (LIKELY(node_is_short(count, t) && count * t->size > 0))
        return node_short_bcast(a, (char *)buffer + t->true_lb, (size_t)(count * t->size), root);
    return count * t->size > 0 ? node_bcast(a, &(struct node_data){buffer, count, t}, root) : MPI_SUCCESS;
}
FORMS_NODE_SMALL(bcast, (void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm),
                 (buffer, count, t, root, comm))

static int by_message_bcast(void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm)
{
    if (UNLIKELY(forms_check(count, t) != MPI_SUCCESS) || count * t->size == 0 || !small_enough(comm, count, t))
        return scheduled_bcast(buffer, count, t, root, comm);
    return small_bcast(buffer, count * t->size, root, comm);
}
