/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster: vertices of a graph to nodes. Takes O(edges log edges), and for the exchange of pairs as many looks as are
 * allowed. */
#include "lib/topo/cluster.h"
#include <stdlib.h>
#include <string.h>

/* Both directions of each edge: links[begin[v]] .. links[begin[v + 1] - 1]. */
struct link {
    int to, weight;
};
struct links {
    int n;
    int64_t *begin;
    struct link *all;
};

static int weight_of(const struct web *w, int64_t i)
{
    return w->weight ? w->weight[i] : 1;
}

static void links_fini(struct links *l)
{
    free(l->begin);
    free(l->all);
}

static bool links_init(struct links *l, const struct web *w)
{
    l->n = w->n;
    l->begin = calloc((size_t)w->n + 2, sizeof *l->begin);
    l->all = malloc((2 * (size_t)w->begin[w->n] + 1) * sizeof *l->all);
    if (!l->begin || !l->all) {
        links_fini(l);
        return false;
    }
    for (int v = 0; v < w->n; v++)
        for (int64_t i = w->begin[v]; i < w->begin[v + 1]; i++) {
            l->begin[v + 2]++;
            l->begin[w->to[i] + 2]++;
        }
    for (int v = 1; v <= w->n; v++)
        l->begin[v + 1] += l->begin[v];
    int64_t *at = l->begin + 1; /* where each begins, and when all are filled in, where it ends */
    for (int v = 0; v < w->n; v++)
        for (int64_t i = w->begin[v]; i < w->begin[v + 1]; i++) {
            l->all[at[v]++] = (struct link){w->to[i], weight_of(w, i)};
            l->all[at[w->to[i]]++] = (struct link){v, weight_of(w, i)};
        }
    return true;
}

/* Vertices that have been reached, the best one first. What has been said of a vertex before it gained more stays in
 * the heap, and is passed over. */
struct reached {
    int64_t gain;
    int age, vertex;
};
struct heap {
    struct reached *at;
    size_t count;
};

static bool is_before(const struct reached *a, const struct reached *b)
{
    return a->gain != b->gain ? a->gain > b->gain : a->age < b->age;
}

static void heap_push(struct heap *h, struct reached r)
{
    size_t i = h->count++;
    for (; i > 0 && is_before(&r, &h->at[(i - 1) / 2]); i = (i - 1) / 2)
        h->at[i] = h->at[(i - 1) / 2];
    h->at[i] = r;
}

static struct reached heap_pop(struct heap *h)
{
    struct reached first = h->at[0], last = h->at[--h->count];
    size_t i = 0;
    for (size_t k = 1; k < h->count; k = 2 * i + 1) {
        k += k + 1 < h->count && is_before(&h->at[k + 1], &h->at[k]);
        if (is_before(&last, &h->at[k]))
            break;
        h->at[i] = h->at[k];
        i = k;
    }
    h->at[i] = last;
    return first;
}

enum { NOWHERE = -1 };

struct growth {
    const struct links *links;
    struct heap heap;
    int64_t *gain; /* of each vertex, to the node that grows */
    int *age;      /* when that reached it first; 0: not yet */
    int *touched;  /* vertices of which these two are not 0 */
    int touches;
    bool *seen; /* reached by any node */
    int *queue; /* in that order */
    int reached, first;
    int *part; /* out: the node's number among those that there are, or NOWHERE */
};

static void reach(struct growth *g, int v)
{
    if (!g->seen[v])
        g->queue[g->reached++] = v;
    g->seen[v] = true;
    if (g->age[v] == 0) {
        g->touched[g->touches++] = v;
        g->age[v] = g->touches;
    }
}

static void take(struct growth *g, int v, int part)
{
    g->part[v] = part;
    reach(g, v);
    for (int64_t i = g->links->begin[v]; i < g->links->begin[v + 1]; i++) {
        struct link l = g->links->all[i];
        if (g->part[l.to] != NOWHERE)
            continue;
        reach(g, l.to);
        g->gain[l.to] += l.weight;
        heap_push(&g->heap, (struct reached){g->gain[l.to], g->age[l.to], l.to});
    }
}

/* Where a node begins: the vertex that was reached first and not taken, or the lowest one. */
static int seed_choose(struct growth *g, int *lowest)
{
    while (g->first < g->reached && g->part[g->queue[g->first]] != NOWHERE)
        g->first++;
    if (g->first < g->reached)
        return g->queue[g->first];
    while (g->part[*lowest] != NOWHERE)
        ++*lowest;
    return *lowest;
}

/* The best one that was reached; NOWHERE: there is none. */
static int next_choose(struct growth *g)
{
    while (g->heap.count > 0) {
        struct reached r = heap_pop(&g->heap);
        if (g->part[r.vertex] == NOWHERE && r.gain == g->gain[r.vertex])
            return r.vertex;
    }
    return NOWHERE;
}

static void grow(struct growth *g, const int *sizes, int parts)
{
    int lowest = 0;
    for (int v = 0; v < g->links->n; v++)
        g->part[v] = NOWHERE;
    for (int p = 0; p < parts; p++) {
        g->heap.count = 0;
        while (g->touches > 0) {
            int v = g->touched[--g->touches];
            g->gain[v] = g->age[v] = 0;
        }
        for (int k = 0; k < sizes[p]; k++) {
            int v = next_choose(g);
            take(g, v != NOWHERE ? v : seed_choose(g, &lowest), p);
        }
    }
}

static bool grow_all(const struct links *l, const int *sizes, int parts, int *part)
{
    size_t n = (size_t)l->n;
    struct growth g = {.links = l, .part = part};
    g.heap.at = malloc(((size_t)l->begin[l->n] + 1) * sizeof *g.heap.at);
    g.gain = calloc(n + 1, sizeof *g.gain);
    g.age = calloc(n + 1, sizeof *g.age);
    g.touched = malloc((n + 1) * sizeof *g.touched);
    g.seen = calloc(n + 1, sizeof *g.seen);
    g.queue = malloc((n + 1) * sizeof *g.queue);
    bool ok = g.heap.at && g.gain && g.age && g.touched && g.seen && g.queue;
    if (ok)
        grow(&g, sizes, parts);
    free(g.heap.at);
    free(g.gain);
    free(g.age);
    free(g.touched);
    free(g.seen);
    free(g.queue);
    return ok;
}

/* Weight of v's links to that part, less those to its own. */
static int64_t pull(const struct links *l, const int *part, int v, int to)
{
    int64_t sum = 0;
    for (int64_t i = l->begin[v]; i < l->begin[v + 1]; i++)
        if (l->all[i].to != v)
            sum += part[l->all[i].to] == to ? l->all[i].weight : part[l->all[i].to] == part[v] ? -l->all[i].weight : 0;
    return sum;
}

static int64_t between(const struct links *l, int u, int v)
{
    int64_t sum = 0;
    for (int64_t i = l->begin[u]; i < l->begin[u + 1]; i++)
        sum += l->all[i].to == v ? l->all[i].weight : 0;
    return sum;
}

/* v changes places with the first vertex with which that cuts less. */
static bool swap_one(const struct links *l, int *part, int v, int64_t *looks)
{
    for (int64_t i = l->begin[v]; i < l->begin[v + 1]; i++) {
        int to = part[l->all[i].to], own = part[v];
        int64_t gain = to != own ? pull(l, part, v, to) : 0;
        for (int u = 0; u < l->n && gain > 0 && --*looks > 0; u++) {
            if (part[u] != to || gain + pull(l, part, u, own) - 2 * between(l, v, u) <= 0)
                continue;
            part[v] = to;
            part[u] = own;
            return true;
        }
    }
    return false;
}

static void improve(const struct links *l, int *part)
{
    int64_t looks = 1 << 24;
    bool any = true;
    while (any && looks > 0) {
        any = false;
        for (int v = 0; v < l->n && looks > 0; v++)
            any |= swap_one(l, part, v, &looks);
    }
}

/* The nodes that there are, from 0 on in their order: number[v] of each rank, sizes; how many, or -1 without memory. */
static int nodes_number(const uint32_t *node, int n, int *number, int *sizes)
{
    uint32_t most = 0;
    int parts = 0;
    for (int v = 0; v < n; v++)
        most = node[v] > most ? node[v] : most;
    int *of = malloc(((size_t)most + 1) * sizeof *of);
    if (!of)
        return -1;
    memset(of, 0xff, ((size_t)most + 1) * sizeof *of);
    for (int v = 0; v < n; v++) {
        if (of[node[v]] < 0) {
            sizes[parts] = 0;
            of[node[v]] = parts++;
        }
        number[v] = of[node[v]];
        sizes[number[v]]++;
    }
    free(of);
    return parts;
}

static int64_t cut_of(const struct web *w, const int *part)
{
    int64_t cut = 0;
    for (int v = 0; v < w->n; v++)
        for (int64_t i = w->begin[v]; i < w->begin[v + 1]; i++)
            cut += part[v] != part[w->to[i]] ? weight_of(w, i) : 0;
    return cut;
}

/* Ranks of the node of each vertex: who is there already stays, the others follow in their order. */
static void fill_order(int n, const int *number, const int *part, int parts, int *order, int *next)
{
    for (int v = 0; v < n; v++)
        order[v] = part[v] == number[v] ? v : NOWHERE;
    for (int p = 0; p < parts; p++)
        next[p] = 0;
    for (int v = 0; v < n; v++) {
        if (order[v] != NOWHERE)
            continue;
        int *r = &next[part[v]];
        while (number[*r] != part[v] || part[*r] == number[*r])
            ++*r;
        order[v] = (*r)++;
    }
}

int cluster_order(const struct web *w, const uint32_t *node, int *order)
{
    size_t n = (size_t)w->n;
    int *room = malloc((3 * n + 1) * sizeof *room), better = -1;
    int *number = room, *part = room + n, *sizes = room + 2 * n;
    struct links l = {0};
    int parts = room ? nodes_number(node, w->n, number, sizes) : -1;
    if (parts >= 0 && links_init(&l, w)) {
        if (grow_all(&l, sizes, parts, part)) {
            improve(&l, part);
            better = cut_of(w, part) < cut_of(w, number);
        }
        links_fini(&l);
    }
    if (better > 0)
        fill_order(w->n, number, part, parts, order, sizes);
    free(room);
    return better;
}
