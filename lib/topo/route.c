/* SPDX-License-Identifier: BSD-3-Clause
 *
 * route: edges to where they belong. */
#include "lib/topo/route.h"
#include <stdlib.h>
#include <string.h>
#include "lib/coll/base/sched.h"

struct edge *edges_add(struct edges *e)
{
    if (e->count == e->room) {
        size_t room = e->room ? 2 * e->room : 16;
        struct edge *p = realloc(e->at, room * sizeof *p);
        if (!p)
            return NULL;
        e->at = p;
        e->room = room;
    }
    return &e->at[e->count++];
}

int route_swap(struct comm *c, const void *out, size_t out_bytes, int to, void *in, size_t in_bytes, int from)
{
    struct sched *s = sched_new(c);
    if (!s)
        return MPI_ERR_NO_MEM;
    sched_recv(s, in, (MPI_Count)in_bytes, &datatype_byte, from);
    sched_send(s, out, (MPI_Count)out_bytes, &datatype_byte, to);
    return sched_run(s);
}

/* What has that far to go, bit by bit. */
static bool goes(const struct comm *c, const struct edge *e, int far)
{
    int way = e->to - c->rank;
    return ((way < 0 ? way + c->size : way) & far) != 0;
}

/* Those that go are last; how many stay. */
static size_t part(const struct comm *c, struct edges *e, int far)
{
    size_t stay = 0;
    for (size_t i = 0; i < e->count; i++)
        if (!goes(c, &e->at[i], far)) {
            struct edge x = e->at[stay];
            e->at[stay++] = e->at[i];
            e->at[i] = x;
        }
    return stay;
}

/* Counts first, then the edges. */
static int round_trip(struct comm *c, struct edges *e, int far)
{
    int to = (int)(((int64_t)c->rank + far) % c->size), from = (int)(((int64_t)c->rank - far + c->size) % c->size);
    size_t stay = part(c, e, far), counts[2] = {e->count - stay, 0};
    int rc = route_swap(c, &counts[0], sizeof counts[0], to, &counts[1], sizeof counts[1], from);
    if (rc == MPI_SUCCESS && counts[1] > PTRDIFF_MAX / sizeof(struct edge))
        rc = MPI_ERR_NO_MEM;
    struct edge *in = rc == MPI_SUCCESS ? malloc((counts[1] + 1) * sizeof *in) : NULL;
    if (!in)
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    rc = route_swap(c, e->at + stay, counts[0] * sizeof *in, to, in, counts[1] * sizeof *in, from);
    e->count = stay;
    for (size_t i = 0; rc == MPI_SUCCESS && i < counts[1]; i++) {
        struct edge *x = edges_add(e);
        if (x)
            *x = in[i];
        else
            rc = MPI_ERR_NO_MEM;
    }
    free(in);
    return rc;
}

int route_edges(struct comm *c, struct edges *e)
{
    int rc = MPI_SUCCESS;
    for (int64_t far = 1; far < c->size && rc == MPI_SUCCESS; far *= 2)
        rc = round_trip(c, e, (int)far);
    return rc;
}
