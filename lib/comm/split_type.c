/* SPDX-License-Identifier: BSD-3-Clause
 *
 * split_type: MPI_Comm_split_type by memory, hardware and process sets (MPI 5.0, section 7.4.2). A split whose pieces
 * lie on one node each begins with one by nodes, for which nobody on another node is asked. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/coll/base/sched.h"
#include "lib/comm/create.h"
#include "lib/object/comm.h"
#include "lib/object/info.h"
#include "lib/process/hardware.h"
#include "lib/process/process.h"
#include "lib/process/pset.h"

#define KIND_KEY "mpi_hw_resource_type"

/* The members on this node, in their order. */
static struct group *local_group(const struct comm *c)
{
    int *procs = malloc((size_t)c->size * sizeof *procs), n = 0;
    for (int r = 0; procs && r < c->size; r++)
        if (boot_local_of(comm_proc(c, r)) >= 0)
            procs[n++] = comm_proc(c, r);
    return procs ? group_new(procs, n) : NULL;
}

/* The colour of an object, which no object of another node has. */
static int color_of(int object)
{
    return (boot.segment ? (int)boot.segment->node_id : 0) * HARDWARE_OBJECTS + object;
}

/* A communicator of the members on this node, of the library's own. */
static int local_comm(struct comm *c, struct group *here, struct comm **out)
{
    uint64_t ctx = here->rank == 0 ? comm_ctx_new(c) : 0;
    int rc = create_ctx_told(&ctx, create_tell_group(c, here, P2P_GROUP_TAG - 1, &ctx, sizeof ctx));
    if (rc == MPI_SUCCESS && !(*out = comm_new(here, ctx, c)))
        rc = MPI_ERR_NO_MEM;
    return rc;
}

/* Says of the new communicator what its members share. */
static int say_kind(MPI_Comm newcomm, enum hardware kind)
{
    struct comm *n = comm_of(newcomm);
    if (!n || kind >= HARDWARE_KINDS)
        return MPI_SUCCESS;
    if (!n->info && !(n->info = info_new()))
        return MPI_ERR_NO_MEM;
    return info_put(n->info, KIND_KEY, hardware_name(kind));
}

/* A split in which only those on a node have a colour in common. */
static int split_local(struct comm *c, int color, int key, MPI_Comm *newcomm)
{
    struct group *here = !c->inter && boot.local_size < boot.size ? local_group(c) : NULL;
    struct comm *local = NULL;
    if (!here || here->size == c->size) {
        group_unref(here);
        return mpi_comm_split(c, color, key, newcomm);
    }
    int rc = local_comm(c, here, &local);
    if (rc == MPI_SUCCESS)
        rc = mpi_comm_split(local, color, key, newcomm);
    comm_unref(local);
    group_unref(here);
    return rc;
}

static int by_kind(struct comm *c, enum hardware kind, int key, MPI_Comm *newcomm)
{
    int object[HARDWARE_KINDS], color = MPI_UNDEFINED;
    if (kind < HARDWARE_KINDS) {
        hardware_ask("", object);
        color = object[kind] < 0 ? MPI_UNDEFINED : color_of(object[kind]);
    }
    int rc = split_local(c, color, key, newcomm);
    return rc == MPI_SUCCESS ? say_kind(*newcomm, kind) : rc;
}

/* Who is in no set of that name, or where there is none, is in no new communicator. */
static int by_set(struct comm *c, const char *name, int key, MPI_Comm *newcomm)
{
    int rc = pset_init(), set = rc == MPI_SUCCESS ? pset_find(name) : -1;
    bool in = set >= 0 && pset_has(set, process_self);
    if (rc != MPI_SUCCESS)
        return rc;
    if (set == PSET_SELF)
        return split_local(c, c->rank, key, newcomm);
    return pset_is_node(set) ? split_local(c, in ? 0 : MPI_UNDEFINED, key, newcomm)
                             : mpi_comm_split(c, in ? 0 : MPI_UNDEFINED, key, newcomm);
}

/* The greatest of all members' values; of an intercommunicator those of both groups, each of which learns the other's
 * first. */
static int greatest(struct comm *c, const int *values, int n, int *all)
{
    struct datatype *ints = datatype_of(MPI_INT);
    int theirs[2 * HARDWARE_KINDS];
    int rc = mpi_allreduce(values, c->inter ? theirs : all, n, ints, op_of(MPI_MAX), c);
    if (!c->inter || rc != MPI_SUCCESS)
        return rc;
    rc = mpi_allreduce(theirs, all, n, ints, op_of(MPI_MAX), c);
    for (int i = 0; i < n; i++)
        all[i] = all[i] > theirs[i] ? all[i] : theirs[i];
    return rc;
}

/* The widest kind of hardware of which the members do not all have the same object; HARDWARE_KINDS: none. On one node.
 */
static int kind_choose(struct comm *c, enum hardware *kind)
{
    int object[HARDWARE_KINDS], ends[2 * HARDWARE_KINDS], all[2 * HARDWARE_KINDS] = {0};
    hardware_ask("", object);
    for (int k = 0; k < HARDWARE_KINDS; k++) {
        ends[k] = object[k];
        ends[HARDWARE_KINDS + k] = -object[k];
    }
    int rc = greatest(c, ends, 2 * HARDWARE_KINDS, all), k = 0;
    while (k < HARDWARE_KINDS && (all[k] < 0 || all[k] == -all[HARDWARE_KINDS + k]))
        k++;
    *kind = (enum hardware)k;
    return rc;
}

/* One step down: by nodes if there are several, otherwise by the widest object that tells members apart. Which kind it
 * was goes into the caller's info, too, as in other libraries. */
static int unguided(struct comm *c, struct info *info, int key, MPI_Comm *newcomm)
{
    enum hardware kind = HARDWARE_NODE;
    bool spans = false;
    for (int r = 0; !spans && r < c->size; r++)
        spans = boot_local_of(comm_proc(c, r)) < 0;
    int rc = spans ? MPI_SUCCESS : kind_choose(c, &kind);
    rc = rc == MPI_SUCCESS ? by_kind(c, kind, key, newcomm) : rc;
    bool tell = rc == MPI_SUCCESS && info && !info->obj.predefined && *newcomm != MPI_COMM_NULL;
    return tell ? info_put(info, KIND_KEY, hardware_name(kind)) : rc;
}

static int guided(struct comm *c, const struct info *info, bool sets, int key, MPI_Comm *newcomm)
{
    const char *kind = info_find(info, KIND_KEY), *set = sets ? info_find(info, "mpi_pset_name") : NULL;
    return set ? by_set(c, set, key, newcomm) : by_kind(c, kind ? hardware_of(kind) : HARDWARE_KINDS, key, newcomm);
}

int mpi_comm_split_type(struct comm *c, int split_type, int key, struct info *info, MPI_Comm *newcomm)
{
    switch (split_type) {
    case MPI_COMM_TYPE_SHARED:
        return split_local(c, color_of(0), key, newcomm);
    case MPI_COMM_TYPE_HW_GUIDED:
    case MPI_COMM_TYPE_RESOURCE_GUIDED:
        return guided(c, info, split_type == MPI_COMM_TYPE_RESOURCE_GUIDED, key, newcomm);
    case MPI_COMM_TYPE_HW_UNGUIDED:
        return unguided(c, info, key, newcomm);
    case MPI_UNDEFINED:
        return split_local(c, MPI_UNDEFINED, key, newcomm);
    default:
        return MPI_ERR_ARG;
    }
}
