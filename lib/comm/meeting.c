/* SPDX-License-Identifier: BSD-3-Clause
 *
 * meeting: the leaders exchange what their groups are and whether all is well, and tell their groups; so all of both
 * return the same error. The leader that comes first in the order of jobs and ranks makes the contexts, and its group
 * is the low one. */
#include "lib/comm/meeting.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/comm/inter.h"
#include "lib/comm/roster.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/object/context.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/peer.h"

/* Who a leader is, and how long its roster. */
struct introduction {
    char job[PROCESS_JOB_NAME];
    int32_t rank, roster_bytes;
};

/* What a leader tells the other one at the end; the contexts are those of the low one's. */
struct verdict {
    int32_t rc, unused;
    struct inter_contexts contexts;
};

/* What a group needs to know of the other one. */
struct meeting {
    struct verdict verdict;
    int32_t low, several_jobs, roster_bytes;
    void *roster; /* owned */
};

static int overlap_found(struct group *own, struct group *far)
{
    if (!meeting_overlap(own, far))
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_COMM, "a process is in both groups");
    return MPI_ERR_COMM;
}

bool meeting_overlap(struct group *a, struct group *b)
{
    struct group *few = a->size < b->size ? a : b, *many = few == a ? b : a;
    for (int r = 0; r < few->size; r++)
        if (group_rank_of(many, group_proc(few, r)) != MPI_UNDEFINED)
            return true;
    return false;
}

static struct introduction introduce(int roster_bytes)
{
    int rank;
    const struct process_job *own = process_job_of(process_self, &rank);
    struct introduction i = {.rank = rank, .roster_bytes = roster_bytes};
    memcpy(i.job, own->name, sizeof i.job);
    return i;
}

static bool comes_first(const struct introduction *own, const struct introduction *far)
{
    int order = strncmp(own->job, far->job, sizeof own->job);
    return order != 0 ? order < 0 : own->rank < far->rank;
}

/* Who says that it has no roster has failed, as far as m's verdict says, or here, and tells why in its verdict. */
static int rosters_trade(struct line *l, struct group *own, const unsigned char *addresses, struct meeting *m,
                         struct group **far)
{
    int own_bytes = 0, before = m->verdict.rc;
    void *mine = before == MPI_SUCCESS ? roster_pack(own, addresses, &own_bytes) : NULL;
    struct introduction me = introduce(own_bytes), it = {0};
    int rc = l->trade(l, &me, sizeof me, &it, sizeof it);
    m->low = comes_first(&me, &it);
    free(m->roster);
    m->roster = NULL;
    if (rc == MPI_SUCCESS && mine && it.roster_bytes > 0) {
        m->roster = malloc((size_t)it.roster_bytes);
        rc = l->trade(l, mine, own_bytes, m->roster, m->roster ? it.roster_bytes : 0);
        m->roster_bytes = it.roster_bytes;
    }
    free(mine);
    if (before != MPI_SUCCESS)
        return before;
    if (rc == MPI_SUCCESS && !m->roster)
        rc = MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = roster_unpack(m->roster, m->roster_bytes, far);
    return rc == MPI_SUCCESS ? overlap_found(own, *far) : rc;
}

static struct inter_contexts contexts_new(bool foreign)
{
    struct inter_contexts x = {context_new(foreign), context_new(foreign)};
    return x.between && x.within ? x : (struct inter_contexts){0, 0};
}

/* What the leader comes to with the other one; that it has failed before, m's verdict says. */
static void meet(struct line *l, struct group *own, const unsigned char *addresses, struct meeting *m)
{
    struct group *far = NULL;
    struct verdict mine = {0}, other = {0};
    mine.rc = rosters_trade(l, own, addresses, m, &far);
    m->several_jobs = far && (own->foreign || far->foreign);
    if (mine.rc == MPI_SUCCESS && m->low) {
        mine.contexts = contexts_new(m->several_jobs);
        mine.rc = mine.contexts.between ? MPI_SUCCESS : MPI_ERR_OTHER;
    }
    group_unref(far);
    int rc = l->trade(l, &mine, sizeof mine, &other, sizeof other);
    m->verdict = m->low ? mine : other;
    m->verdict.rc = mine.rc != MPI_SUCCESS ? mine.rc : rc != MPI_SUCCESS ? rc : other.rc;
}

static int tell_verdict(struct comm *c, int leader, struct meeting *m)
{
    int rc = mpi_bcast(m, offsetof(struct meeting, roster), &datatype_byte, leader, c);
    return rc != MPI_SUCCESS ? rc : m->verdict.rc;
}

static int tell_roster(struct comm *c, int leader, struct meeting *m)
{
    int rc = MPI_SUCCESS;
    if (c->rank != leader && !(m->roster = malloc((size_t)m->roster_bytes)))
        rc = MPI_ERR_NO_MEM;
    int told = mpi_bcast(m->roster, m->roster ? m->roster_bytes : 0, &datatype_byte, leader, c);
    return rc != MPI_SUCCESS ? rc : told;
}

/* A job that ends is heard of by all that are connected with it, since each has a connection to one of it. */
static void watch_one(const struct comm *local, const struct group *far)
{
    int proc = group_proc(far, local->rank % far->size);
    if (process_is_foreign(proc))
        peer_get(proc);
}

static int comm_from(struct comm *local, const struct meeting *m, MPI_Comm *out)
{
    struct group *far;
    int rc = roster_unpack(m->roster, m->roster_bytes, &far);
    if (rc != MPI_SUCCESS)
        return rc;
    struct comm *c = comm_new_inter(local->group, far, m->low, local);
    if (!c) {
        group_unref(far);
        return MPI_ERR_NO_MEM;
    }
    inter_contexts_set(c, m->verdict.contexts);
    watch_one(local, far);
    group_unref(far);
    *out = comm_handle(c);
    return MPI_SUCCESS;
}

/* Nobody goes on, and perhaps ends, before all of both groups watch: who comes too late to one that has finalized takes
 * it for dead. Whatever fails here is told by those who watch. */
static void wait_for_watchers(struct comm *local, int leader, struct line *line)
{
    char mine = 0, other;
    mpi_barrier(local);
    if (local->rank == leader)
        line->trade(line, &mine, sizeof mine, &other, sizeof other);
    mpi_barrier(local);
}

int meeting_addresses(struct comm *local, int leader, unsigned char **all)
{
    unsigned char mine[ADDRESS_EXPORT];
    int rc = address_export(mine), worst;
    *all = local->rank == leader ? malloc((size_t)local->size * sizeof mine) : NULL;
    if (rc == MPI_SUCCESS && local->rank == leader && !*all)
        rc = MPI_ERR_NO_MEM;
    int told = mpi_allreduce(&rc, &worst, 1, datatype_of(MPI_INT), op_of(MPI_MAX), local);
    if (told == MPI_SUCCESS && worst == MPI_SUCCESS)
        told = mpi_gather(mine, sizeof mine, &datatype_byte, *all, sizeof mine, &datatype_byte, leader, local);
    rc = told != MPI_SUCCESS ? told : worst;
    if (rc != MPI_SUCCESS) {
        free(*all);
        *all = NULL;
    }
    return rc;
}

/* They meet once more, and tell where all are reached. */
static int meet_again(struct comm *local, int leader, struct line *line, struct meeting *m)
{
    unsigned char *addresses;
    int rc = meeting_addresses(local, leader, &addresses);
    m->verdict.rc = rc;
    if (local->rank == leader)
        meet(line, local->group, addresses, m);
    free(addresses);
    int told = tell_verdict(local, leader, m);
    return rc != MPI_SUCCESS ? rc : told;
}

int meeting_create(struct comm *local, int leader, struct line *line, bool gathered, const unsigned char *addresses,
                   int error, MPI_Comm *newcomm)
{
    struct meeting m = {.verdict.rc = error};
    if (local->rank == leader && error == MPI_SUCCESS)
        meet(line, local->group, addresses, &m);
    int rc = tell_verdict(local, leader, &m);
    if (rc == MPI_SUCCESS && m.several_jobs && !gathered)
        rc = meet_again(local, leader, line, &m);
    bool meets = rc == MPI_SUCCESS;
    if (rc == MPI_SUCCESS)
        rc = tell_roster(local, leader, &m);
    if (rc == MPI_SUCCESS)
        rc = comm_from(local, &m, newcomm);
    if (rc == MPI_SUCCESS && m.several_jobs)
        ties_make(comm_of(*newcomm), line->counts);
    if (meets && m.several_jobs)
        wait_for_watchers(local, leader, line);
    free(m.roster);
    return rc;
}
