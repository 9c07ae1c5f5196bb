/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: what communicators are asked, and their names and hints. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/object/comm.h"
#include "lib/object/info.h"
#include "lib/object/memory_kinds.h"
#include "lib/object/session.h"

int mpi_comm_size(struct comm *c, int *size)
{
    *size = c->size;
    return MPI_SUCCESS;
}

int mpi_comm_rank(struct comm *c, int *rank)
{
    *rank = c->rank;
    return MPI_SUCCESS;
}

int mpi_comm_test_inter(struct comm *c, int *flag)
{
    *flag = c->inter;
    return MPI_SUCCESS;
}

int mpi_comm_remote_size(struct comm *c, int *size)
{
    if (!c->inter)
        return MPI_ERR_COMM;
    *size = c->peer_size;
    return MPI_SUCCESS;
}

int mpi_comm_group(struct comm *c, MPI_Group *group)
{
    *group = (MPI_Group)group_ref(c->group)->obj.handle;
    return MPI_SUCCESS;
}

int mpi_comm_remote_group(struct comm *c, MPI_Group *group)
{
    if (!c->inter)
        return MPI_ERR_COMM;
    *group = (MPI_Group)group_ref(c->peers)->obj.handle;
    return MPI_SUCCESS;
}

int mpi_comm_compare(struct comm *a, struct comm *b, int *result)
{
    if (a == b) {
        *result = MPI_IDENT;
        return MPI_SUCCESS;
    }
    int r = a->inter != b->inter ? MPI_UNEQUAL : group_relation(a->group, b->group);
    if (a->inter && b->inter) {
        int far = group_relation(a->peers, b->peers);
        r = far > r ? far : r; /* rising: ident, congruent, similar, unequal */
    }
    *result = r == MPI_IDENT ? MPI_CONGRUENT : r;
    return MPI_SUCCESS;
}

int mpi_comm_set_name(struct comm *c, const char *name)
{
    if (strlen(name) >= sizeof c->name)
        return MPI_ERR_ARG;
    strcpy(c->name, name);
    return MPI_SUCCESS;
}

int mpi_comm_get_name(struct comm *c, char *name, int *resultlen)
{
    *resultlen = (int)strlen(strcpy(name, c ? c->name : "MPI_COMM_NULL"));
    return MPI_SUCCESS;
}

/* What info does not name stays as it was. */
int mpi_comm_set_info(struct comm *c, struct info *info)
{
    if (!c->info && !(c->info = info_new()))
        return MPI_ERR_NO_MEM;
    int rc = MPI_SUCCESS;
    for (int k = 0; info && k < info->count && rc == MPI_SUCCESS; k++)
        rc = info_put(c->info, info->pairs[k].key, info->pairs[k].value);
    return rc;
}

/* What its session provides, or MPI_COMM_WORLD as the launcher asked. */
static int put_kinds(const struct comm *c, struct info *to)
{
    char kinds[MPI_MAX_INFO_VAL];
    const struct session *s = session_find(c->session);
    const char *provided = s ? info_find(s->info, MEMORY_KINDS_KEY) : NULL;
    memory_kinds_provide(s ? provided : getenv(MEMORY_KINDS_ENV), kinds);
    return info_put(to, MEMORY_KINDS_KEY, kinds);
}

int mpi_comm_get_info(struct comm *c, MPI_Info *info_used)
{
    struct info *copy = info_copy(c->info);
    if (!copy || put_kinds(c, copy) != MPI_SUCCESS) {
        info_destroy(copy);
        return MPI_ERR_NO_MEM;
    }
    *info_used = (MPI_Info)copy->obj.handle;
    return MPI_SUCCESS;
}
