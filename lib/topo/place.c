/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: ranks of one node side by side in a grid. */
#include "lib/topo/place.h"
#include <stdlib.h>
#include <string.h>
#include "lib/coll/base/place.h"
#include "lib/topo/nodes.h"

enum {
    DIMS_MAX = 31,   /* of more than one place: no int has more factors */
    TRIED = 8,       /* paths that are counted edge by edge */
    LOOKED_AT = 4096 /* paths whose cost is estimated */
};

/* A grid without the dimensions that have one place. */
struct grid {
    int ndims, size;
    int dims[DIMS_MAX], strides[DIMS_MAX];
    bool periodic[DIMS_MAX];
};

static void grid_init(struct grid *g, int ndims, const int *dims, const int *periods)
{
    g->ndims = 0;
    g->size = 1;
    for (int i = 0; i < ndims; i++)
        if (dims[i] > 1) {
            g->dims[g->ndims] = dims[i];
            g->periodic[g->ndims++] = periods[i];
        }
    for (int i = g->ndims; i-- > 0; g->size *= g->dims[i])
        g->strides[i] = g->size;
}

/* Each edge is met at its lower end. */
static int64_t grid_cut(const struct grid *g, const uint32_t *node)
{
    int64_t cut = 0;
    for (int i = 0; i < g->ndims; i++) {
        int stride = g->strides[i], last = (g->dims[i] - 1) * stride;
        for (int p = 0; p < g->size; p++) {
            bool end = p / stride % g->dims[i] == g->dims[i] - 1;
            if (!end)
                cut += node[p] != node[p + stride];
            else if (g->periodic[i])
                cut += node[p] != node[p - last];
        }
    }
    return 2 * cut;
}

int64_t place_cut(const uint32_t *node, int ndims, const int *dims, const int *periods)
{
    struct grid g;
    grid_init(&g, ndims, dims, periods);
    return grid_cut(&g, node);
}

/* A walk through a box, one step at a time to a neighbour, the first dimension slowest. */
struct walk {
    int ndims;
    int sizes[DIMS_MAX], at[DIMS_MAX];
    int steps[DIMS_MAX]; /* 1 or -1 */
};

static void walk_begin(struct walk *w, int dim, int size)
{
    w->sizes[dim] = size;
    w->at[dim] = 0;
    w->steps[dim] = 1;
}

/* False: it is over, and may go back the way it came. */
static bool walk_next(struct walk *w)
{
    for (int i = w->ndims; i-- > 0;) {
        int at = w->at[i] + w->steps[i];
        if (at >= 0 && at < w->sizes[i]) {
            w->at[i] = at;
            return true;
        }
        w->steps[i] = -w->steps[i];
    }
    return false;
}

struct path {
    int axis;             /* the dimension along the columns */
    int widths[DIMS_MAX]; /* of a column in the others */
    double cost;          /* estimated; of a node */
};

/* What a block of the path with so many places has on its sides, more where the last column of a dimension is thin. */
static double path_cost(const struct grid *g, const struct path *p, double places)
{
    double section = 1, cost = 0;
    for (int i = 0; i < g->ndims; i++)
        if (i != p->axis) {
            int columns = (g->dims[i] + p->widths[i] - 1) / p->widths[i];
            section *= p->widths[i];
            if (columns > 1)
                cost += places / p->widths[i] * columns * p->widths[i] / g->dims[i];
        }
    return places / section < g->dims[p->axis] ? cost + section : cost;
}

struct choice {
    const struct grid *grid;
    double places; /* of a node */
    int looked_at;
    int count;
    struct path best[TRIED]; /* rising */
};

static void choice_offer(struct choice *c, struct path *p)
{
    p->cost = path_cost(c->grid, p, c->places);
    int i = c->count;
    if (i == TRIED && p->cost >= c->best[i - 1].cost)
        return;
    i = i < TRIED ? c->count++ : i - 1;
    for (; i > 0 && c->best[i - 1].cost > p->cost; i--)
        c->best[i] = c->best[i - 1];
    c->best[i] = *p;
}

/* All widths of the dimensions from dim on, of which no section is larger than a node's places. */
static void choice_widths(struct choice *c, struct path *p, int dim, double section)
{
    if (dim == c->grid->ndims) {
        choice_offer(c, p);
        c->looked_at++;
        return;
    }
    int most = dim == p->axis ? 1 : c->grid->dims[dim];
    for (int w = 1; w <= most && section * w <= c->places && c->looked_at < LOOKED_AT; w++) {
        p->widths[dim] = w;
        choice_widths(c, p, dim + 1, section * w);
    }
}

static void choice_make(struct choice *c, const struct grid *g, double places)
{
    *c = (struct choice){.grid = g, .places = places};
    for (int axis = 0; axis < g->ndims; axis++) {
        struct path p = {.axis = axis};
        c->looked_at = 0;
        choice_widths(c, &p, 0, 1);
    }
}

/* The column's layers along the axis, each cell by cell; w is where the column is. */
static int *column_walk(const struct grid *g, const struct path *p, const struct walk *columns, bool down, int *out)
{
    struct walk w = {.ndims = g->ndims};
    int from = 0, others = 1;
    walk_begin(&w, 0, g->dims[p->axis]);
    for (int i = 0; i < g->ndims; i++)
        if (i != p->axis) {
            int begin = columns->at[i] * p->widths[i], left = g->dims[i] - begin;
            walk_begin(&w, others++, left < p->widths[i] ? left : p->widths[i]);
            from += begin * g->strides[i];
        }
    if (down) {
        w.at[0] = w.sizes[0] - 1;
        w.steps[0] = -1;
    }
    do {
        int place = from + w.at[0] * g->strides[p->axis];
        for (int i = 0, k = 1; i < g->ndims; i++)
            if (i != p->axis)
                place += w.at[k++] * g->strides[i];
        *out++ = place;
    } while (walk_next(&w));
    return out;
}

/* The places in the order of a path. */
static void path_walk(const struct grid *g, const struct path *p, int *out)
{
    struct walk columns = {.ndims = g->ndims};
    bool down = false;
    for (int i = 0; i < g->ndims; i++)
        walk_begin(&columns, i, i == p->axis ? 1 : (g->dims[i] + p->widths[i] - 1) / p->widths[i]);
    do {
        out = column_walk(g, p, &columns, down, out);
        down = !down;
    } while (walk_next(&columns));
}

/* The ranks by node, each node's in their order; how many nodes, 0 without memory. Both arrays have n entries. */
static int ranks_by_node(const uint32_t *node, int n, int *ranks)
{
    uint32_t most = 0;
    int nodes = 0;
    for (int i = 0; i < n; i++)
        most = node[i] > most ? node[i] : most;
    int *begin = calloc((size_t)most + 2, sizeof *begin);
    if (!begin)
        return 0;
    for (int i = 0; i < n; i++)
        nodes += begin[node[i] + 1]++ == 0;
    for (uint32_t k = 0; k < most; k++)
        begin[k + 1] += begin[k];
    for (int i = 0; i < n; i++)
        ranks[begin[node[i]]++] = i;
    free(begin);
    return nodes;
}

/* Where the best path leads: its places are in `path`, and what it cuts is returned; `most` and more is no good. */
static int64_t best_path(const struct grid *g, const struct choice *c, const uint32_t *node, const int *ranks,
                         uint32_t *node_there, int *path, int64_t most)
{
    const struct path *best = NULL;
    for (int k = 0; k < c->count; k++) {
        path_walk(g, &c->best[k], path);
        for (int i = 0; i < g->size; i++)
            node_there[path[i]] = node[ranks[i]];
        int64_t cut = grid_cut(g, node_there);
        if (cut < most) {
            most = cut;
            best = &c->best[k];
        }
    }
    if (!best)
        return -1;
    path_walk(g, best, path);
    return most;
}

/* room has 2 n. */
static int order_in(int *room, const uint32_t *node, const struct grid *g, int *order)
{
    int *ranks = room, *path = room + g->size, nodes = ranks_by_node(node, g->size, ranks);
    int64_t cut = grid_cut(g, node);
    struct choice c;
    if (nodes == 0)
        return -1;
    if (nodes == 1 || cut == 0)
        return 0;
    choice_make(&c, g, (double)g->size / nodes);
    if (best_path(g, &c, node, ranks, (uint32_t *)order, path, cut) < 0)
        return 0;
    for (int i = 0; i < g->size; i++)
        order[path[i]] = ranks[i];
    return 1;
}

int place_order(const uint32_t *node, int n, int ndims, const int *dims, const int *periods, int *order)
{
    struct grid g;
    grid_init(&g, ndims, dims, periods);
    int *room = malloc(2 * (size_t)n * sizeof *room), found = room ? order_in(room, node, &g, order) : -1;
    free(room);
    return found;
}

int place_grid(const struct comm *c, int ndims, const int *dims, const int *periods, int n, int **order)
{
    *order = NULL;
    if (n <= 2 || !place_several())
        return MPI_SUCCESS;
    uint32_t *node = malloc((size_t)n * sizeof *node);
    int *found = malloc((size_t)n * sizeof *found), better = -1;
    if (node && found) {
        nodes_of(c, n, node);
        better = place_order(node, n, ndims, dims, periods, found);
    }
    if (better > 0)
        *order = found;
    else
        free(found);
    free(node);
    return better < 0 ? MPI_ERR_NO_MEM : MPI_SUCCESS;
}
