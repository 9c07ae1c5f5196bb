/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_area: how the members of a communicator come to an area, and leave it. */
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/base/small.h"
#include "lib/coll/shm/node_direct.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"

static_assert(sizeof(struct node_area) == ARENA_HEAD && sizeof(struct node_member) == ARENA_MEMBER,
              "an area as shm gives it");
static_assert(sizeof(struct node_cell) == 64 && sizeof(struct node_count) == 64, "a cache line each");

static struct node none; /* of communicators without an area */

struct hello {
    int32_t number;
    uint32_t base;
    uint64_t sign; /* see node_direct.h */
};
enum { ENTERED = 1, READS = 2 };

static bool eligible(const struct comm *c)
{
    enum { MOST = 1024 }; /* a table with an entry for each fits into the shortest ring */
    if (!nodemem_active || c->inter || c->size < 2 || c->size > boot.local_size || c->size > MOST)
        return false;
    for (int r = 0; r < c->size; r++)
        if (boot_local_of(comm_proc(c, r)) < 0)
            return false;
    return true;
}

static void node_destroy(struct node *a)
{
    if (!a)
        return;
    free(a->sleeping);
    free(a->locals);
    free(a->from);
    free(a);
}

static struct node *node_new(struct comm *c)
{
    struct node *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->sleeping = calloc((size_t)c->size, sizeof *a->sleeping);
    a->locals = calloc((size_t)c->size, sizeof *a->locals);
    a->from = calloc((size_t)c->size, sizeof *a->from);
    a->comm = c;
    a->n = c->size;
    a->me = c->rank;
    a->cpus = boot.local_cpus;
    a->crowded = boot.local_size > boot.local_cpus;
    a->fence = nodemem.fence;
    a->spins = (int)knobs.COLL_SPINS;
    if (!a->sleeping || !a->locals || !a->from) {
        node_destroy(a);
        return NULL;
    }
    for (int r = 0; r < a->n; r++) {
        a->locals[r] = boot_local_of(comm_proc(c, r));
        a->sleeping[r] = doorbell_sleeping(a->locals[r]);
    }
    return a;
}

static struct node_area *area_of(int number)
{
    return (struct node_area *)arena_at(number);
}

static void enter(struct node *a, const struct hello *h)
{
    a->number = h->number;
    a->area = area_of(h->number);
    a->members = (struct node_member *)(arena_at(h->number) + ARENA_HEAD);
    a->rings = arena_rings(h->number, &a->ring);
    a->seq = a->known = h->base;
    a->open = true;
    atomic_store_explicit(&a->members[a->me].at, h->base, memory_order_relaxed);
}

/* Rank 0 names an area, by messages; all say whether they have entered it and can read its memory, and learn whether
 * all have and can. So everybody is in before anybody begins. */
static int agree(struct node *a, struct comm *c, struct hello *h, int *all)
{
    int rc = small_bcast(h, sizeof *h, 0, c), mine = a && arena_reachable(h->number) ? ENTERED : 0;
    if (rc != MPI_SUCCESS)
        return rc;
    if (mine)
        enter(a, h);
    if (node_direct_try(c, h->sign))
        mine |= READS;
    return small_allreduce(&mine, all, 1, datatype_of(MPI_INT), op_of(MPI_BAND), c);
}

static void node_free(struct comm *c)
{
    struct node *a = c->coll;
    c->coll = NULL;
    if (!a || a == &none)
        return;
    /* Whoever still waits sees that we have taken part in all of it. */
    if (!a->broken)
        atomic_store_explicit(&a->members[a->me].at, a->seq, memory_order_release);
    atomic_store_explicit(&a->area->last, a->seq, memory_order_relaxed);
    /* Release: who takes the area next sees `last`. All members have used the same number of phases. */
    if (atomic_fetch_sub_explicit(&a->area->users, 1, memory_order_acq_rel) == 1)
        arena_free(a->number);
    node_destroy(a);
}

static void node_break(struct comm *c)
{
    struct node *a = c->coll;
    if (a != &none)
        a->broken = MPI_ERR_PROC_ABORTED, a->open = false;
}

struct node *node_make(struct comm *c)
{
    comm_coll_free = node_free;
    comm_coll_break = node_break;
    c->coll = &none;
    if (!eligible(c))
        return NULL;
    struct node *a = node_new(c);
    struct hello h = {-1, 0, node_direct_sign()};
    int all = 0;
    if (c->rank == 0 && (h.number = arena_alloc()) >= 0) {
        h.base = atomic_load_explicit(&area_of(h.number)->last, memory_order_relaxed);
        atomic_store_explicit(&area_of(h.number)->users, (uint32_t)c->size, memory_order_relaxed);
    }
    if (agree(a, c, &h, &all) != MPI_SUCCESS || !(all & ENTERED)) {
        if (h.number >= 0 && c->rank == 0)
            arena_free(h.number);
        node_destroy(a);
        return NULL;
    }
    a->direct = all & READS;
    c->coll = a;
    return a;
}
