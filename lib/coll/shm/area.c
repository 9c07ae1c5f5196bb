/* SPDX-License-Identifier: BSD-3-Clause
 *
 * area: how the members of a communicator come to an area, and leave it. */
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/coll/base/messages.h"
#include "lib/coll/base/place.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/area.h"
#include "lib/coll/shm/direct_read.h"
#include "lib/nodemem/nodemem.h"

static_assert(sizeof(struct shm_area) == ARENA_HEAD && sizeof(struct shm_member) == ARENA_MEMBER,
              "an area as nodemem gives it");
static_assert(sizeof(struct phase_cell) == 64 && sizeof(struct shm_arrivals) == 64, "a cache line each");

struct hello {
    int32_t number;
    uint32_t base;
    uint64_t sign; /* see direct_read.h */
};
enum { ENTERED = 1, READS = 2 };

/* Rank 0 names an area; all say whether they have entered it and can read its memory, and learn whether all have and
 * can. So everybody is in before anybody begins. */
struct making {
    struct shm_coll *a;
    struct comm *comm;
    struct hello hello;
    int mine, all;
};

bool area_eligible(const struct comm *c)
{
    enum { MOST = 1024 }; /* a table with an entry for each fits into the shortest ring */
    if (!nodemem_active || c->inter || c->size < 2 || c->size > boot.local_size || c->size > MOST)
        return false;
    int node = place_node(comm_proc(c, 0));
    for (int r = 0; r < c->size; r++)
        if (node < 0 || place_node(comm_proc(c, r)) != node)
            return false;
    return true;
}

/* False without memory. */
static bool area_init(struct shm_coll *a, struct comm *c)
{
    a->sleeping = calloc((size_t)c->size, sizeof *a->sleeping);
    a->locals = calloc((size_t)c->size, sizeof *a->locals);
    a->from = calloc((size_t)c->size, sizeof *a->from);
    a->comm = c;
    a->n = c->size;
    a->me = c->rank;
    a->cpus = boot.local_cpus;
    a->oversubscribed = boot.local_size > boot.local_cpus;
    a->fence = nodemem.fence;
    if (!a->sleeping || !a->locals || !a->from)
        return false;
    for (int r = 0; r < a->n; r++) {
        a->locals[r] = boot_local_of(comm_proc(c, r));
        a->sleeping[r] = doorbell_sleeping(a->locals[r]);
    }
    return true;
}

static void drop_tables(struct shm_coll *a)
{
    free(a->costs);
    free(a->sleeping);
    free(a->locals);
    free(a->from);
    a->costs = NULL;
    a->sleeping = NULL;
    a->locals = NULL;
    a->from = NULL;
}

static struct shm_area *area_of(int number)
{
    return (struct shm_area *)arena_at(number);
}

static bool enter(struct sched *s, void *arg)
{
    struct making *m = arg;
    struct shm_coll *a = m->a;
    bool ready = area_init(a, m->comm);
    if (ready && arena_reachable(m->hello.number)) {
        m->mine = ENTERED;
        a->number = m->hello.number;
        a->area = area_of(a->number);
        a->members = (struct shm_member *)(arena_at(a->number) + ARENA_HEAD);
        a->rings = arena_rings(a->number, &a->ring);
        a->seq = a->known = m->hello.base;
        atomic_store_explicit(&a->members[a->me].at, m->hello.base, memory_order_relaxed);
    }
    if (direct_read_try(m->comm, m->hello.sign))
        m->mine |= READS;
    return true;
}

static bool area_open(struct sched *s, void *arg)
{
    struct making *m = arg;
    struct shm_coll *a = m->a;
    if (sched_error(s) == MPI_SUCCESS && (m->all & ENTERED) && !a->broken) {
        a->cma = a->direct = m->all & READS;
        a->open = true;
        return true;
    }
    if (m->hello.number >= 0 && m->comm->rank == 0)
        arena_free(m->hello.number);
    drop_tables(a);
    a->area = NULL;
    return true;
}

void area_make(struct sched *s, struct shm_coll *a, struct comm *c)
{
    struct making *m = sched_temp(s, sizeof *m);
    if (!m)
        return;
    *m = (struct making){.a = a, .comm = c, .hello = {-1, 0, direct_read_sign()}};
    if (c->rank == 0 && (m->hello.number = arena_alloc()) >= 0) {
        struct shm_area *area = area_of(m->hello.number);
        m->hello.base = atomic_load_explicit(&area->last, memory_order_relaxed);
        atomic_store_explicit(&area->users, (uint32_t)c->size, memory_order_relaxed);
    }
    tree_bcast(s, &(struct tree){c->size, c->rank, 0, NULL}, &m->hello, sizeof m->hello, &datatype_byte);
    sched_call(s, enter, m);
    sched_round(s);
    struct datatype *t = datatype_of(MPI_INT);
    struct coll_args all = {BLOCKS_EQUAL(&m->mine, 1, t), BLOCKS_EQUAL(&m->all, 1, t), op_of(MPI_BAND), 0, c};
    messages_allreduce_doubling(s, &all);
    sched_round(s);
    sched_call(s, area_open, m);
    sched_round(s);
}

void area_leave(struct shm_coll *a)
{
    if (!a->area) {
        drop_tables(a); /* the making of one may have ended with a failure */
        return;
    }
    /* Whoever still waits sees that we have taken part in all of it. */
    if (!a->broken)
        atomic_store_explicit(&a->members[a->me].at, a->seq, memory_order_release);
    /* Of a spoiled one nobody knows what lies in it: it is not given to others. */
    bool reusable = !a->spoiled && !atomic_load_explicit(&a->area->spoiled, memory_order_relaxed);
    atomic_store_explicit(&a->area->last, a->seq, memory_order_relaxed);
    /* Release: who takes the area next sees `last`. All members have used the same number of phases. */
    if (atomic_fetch_sub_explicit(&a->area->users, 1, memory_order_acq_rel) == 1 && reusable)
        arena_free(a->number);
    drop_tables(a);
    a->area = NULL;
    a->open = a->quick = false;
}

void area_break(struct shm_coll *a, int error)
{
    a->broken = error;
    a->open = a->quick = false;
}
