/* SPDX-License-Identifier: BSD-3-Clause
 *
 * route: short records from every rank to any others, where nobody knows who has something for whom.
 *
 * In round k each rank hands on to the rank 2^k behind it what has that bit in its way still to go, and gets as much
 * from the rank 2^k before it (the messages of Bruck's alltoall, of what there is alone). So it takes log2(ranks)
 * rounds of two messages, and memory for the records that pass through: nothing by rank, no wildcards, no barrier. */
#ifndef LIB_TOPO_ROUTE_H
#define LIB_TOPO_ROUTE_H

#include "lib/object/comm.h"

/* An edge on its way to one of its ends. */
struct edge {
    int to;           /* the rank that is to have it */
    int peer, weight; /* its other end */
    bool outgoing;    /* as `to` sees it */
    int teller, turn; /* who has told it, and as which of its edges */
};

struct edges {
    struct edge *at; /* owned (malloc) */
    size_t count, room;
};

/* A message to one rank and one from another (or the same). */
int route_swap(struct comm *c, const void *out, size_t out_bytes, int to, void *in, size_t in_bytes, int from);
/* Room for one more; NULL without memory. */
struct edge *edges_add(struct edges *e);
/* Collective over c: each edge goes to its rank. An error class. */
int route_edges(struct comm *c, struct edges *e);

#endif
