/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bcast, barrier. */
#include <stdlib.h>
#include "lib/coll/forms.h"
#include "lib/coll/small.h"

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
    node_barrier_all(a);
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

static int root_bcast(struct node *a, uint32_t k, const void *buf, MPI_Count count, struct datatype *t)
{
    void *temp;
    int rc = node_offer_typed(a, k, buf, count, t, &temp);
    node_wake(a, -1);
    if (node_cell(a, k, a->me)->how == NODE_IN_PLACE)
        node_await_done(a, k);
    free(temp);
    return rc;
}

static int node_bcast(struct node *a, void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm)
{
    int rc = forms_check(count, t);
    if (rc != MPI_SUCCESS || count * t->size == 0)
        return rc;
    if (!node_fits(a, count * t->size))
        return NODE_LATER;
    uint32_t k = node_begin(a);
    if (comm->rank == root) {
        rc = root_bcast(a, k, buffer, count, t);
    } else {
        node_await(a, k, root);
        rc = node_fetch_typed(a, k, root, buffer, count, t);
        if (node_cell(a, k, root)->how == NODE_IN_PLACE)
            node_done(a, k, root);
    }
    node_end(a, k);
    return rc;
}
SCHEDULED(bcast, (void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm),
          (buffer, count, t, root, comm))
FORMS_OTHERS(bcast, (void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm),
             (buffer, count, t, root, comm))

int mpi_bcast(void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm)
{
    struct node *a = node_of(comm);
    int rc = a ? node_bcast(a, buffer, count, t, root, comm) : NODE_LATER;
    if (rc != NODE_LATER)
        return node_came_to(a, rc);
    if (UNLIKELY(forms_check(count, t) != MPI_SUCCESS) || count * t->size == 0 || !small_enough(comm, count, t))
        return scheduled_bcast(buffer, count, t, root, comm);
    return small_bcast(buffer, count * t->size, root, comm);
}
