/* SPDX-License-Identifier: BSD-3-Clause
 *
 * places: the network that all hosts of the job are on, first that by which they were reached; those of containers and
 * tunnels last. One where two hosts have the same address is inside of each of them, whatever its name. Where there is
 * none for all, each host takes the address by which it was reached, and routers do the rest.
 */
#include "launcher/places.h"

#include "common/log.h"
#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Below those that kernels give to connections. */
#define PORT_LOW 20000u
#define PORT_HIGH 32767u
#define SECRET_BYTES 32
#define TOLD_MAX 700 /* of a list of networks in a message */

struct choice {
    const struct cluster *c;
    const struct places_wish *w;
    uint32_t *nodes; /* that have ranks */
    uint32_t n;
    struct place *at; /* by the same index */
    char name[NETWORK_TEXT];
};

struct place {
    struct in6_addr host;
    uint64_t machine;
    uint32_t node, ranks;
};

static bool is_usable(const struct choice *h, const struct network *n)
{
    return h->w->interface ? network_is_wanted(n, h->w->interface) : !(n->kind & (NETWORK_LOOPBACK | NETWORK_IDLE));
}

static const struct node_networks *networks_of(const struct choice *h, uint32_t i)
{
    return &h->c->networks[h->nodes[i]];
}

static bool is_link(const struct node_networks *t, const struct network *n)
{
    return memcmp(&t->link, &n->host, sizeof t->link) == 0;
}

/* 0: to be taken first. */
static int rank_of(const struct node_networks *t, const struct network *n)
{
    return is_link(t, n) ? 0 : n->kind & NETWORK_INNER ? 2 : 1;
}

/* The network of a node that it has with another one; NULL: none. */
static const struct network *find_shared(const struct choice *h, const struct node_networks *t,
                                         const struct network *with)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (is_usable(h, &t->v[i]) && t->v[i].bits == with->bits &&
            network_same(&t->v[i].host, &with->host, with->bits))
            return &t->v[i];
    return NULL;
}

static const struct network *find_best(const struct choice *h, const struct node_networks *t)
{
    const struct network *best = NULL;
    for (uint32_t i = 0; i < t->n; i++)
        if (is_usable(h, &t->v[i]) && (!best || rank_of(t, &t->v[i]) < rank_of(t, best)))
            best = &t->v[i];
    return best;
}

static int by_host(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int by = memcmp(&x->host, &y->host, sizeof x->host);
    return by ? by : x->node < y->node ? -1 : x->node > y->node;
}

/* Machines of their own with one address: nobody could tell them apart. The first two; NULL: none. */
static const struct place *find_ambiguous(struct choice *h)
{
    qsort(h->at, h->n, sizeof *h->at, by_host);
    for (uint32_t i = 1; i < h->n; i++)
        if (memcmp(&h->at[i].host, &h->at[i - 1].host, sizeof h->at[i].host) == 0 &&
            (!h->at[i].machine || h->at[i].machine != h->at[i - 1].machine))
            return &h->at[i - 1];
    return NULL;
}

static void place_set(struct choice *h, uint32_t i, const struct in6_addr *host, uint64_t machine)
{
    h->at[i] = (struct place){.host = *host, .machine = machine, .node = h->nodes[i]};
}

static bool try_network(struct choice *h, const struct network *n)
{
    for (uint32_t i = 0; i < h->n; i++) {
        const struct network *own = find_shared(h, networks_of(h, i), n);
        if (!own)
            return false;
        place_set(h, i, &own->host, networks_of(h, i)->machine);
    }
    network_text(&n->host, n->bits, h->name);
    return !find_ambiguous(h);
}

static bool choose_shared(struct choice *h)
{
    const struct node_networks *t = networks_of(h, 0);
    for (int rank = 0; rank <= 2; rank++)
        for (uint32_t i = 0; i < t->n; i++)
            if (is_usable(h, &t->v[i]) && rank_of(t, &t->v[i]) == rank && try_network(h, &t->v[i]))
                return true;
    return false;
}

static int complain(const struct choice *h, uint32_t i, struct err *e)
{
    const struct node_networks *t = networks_of(h, i);
    char told[TOLD_MAX] = "nothing that is up", *to = told;
    for (uint32_t k = 0; k < t->n && to < told + sizeof told - NETWORK_TEXT - 32; k++) {
        char text[NETWORK_TEXT];
        network_text(&t->v[k].host, t->v[k].bits, text);
        to += snprintf(to, (size_t)(told + sizeof told - to), "%s%s %s", k ? ", " : "", t->v[k].name, text);
    }
    const char *name = cluster_node_name(h->c, h->nodes[i]);
    if (h->w->interface)
        return err_set(e, "--interface %s: host %s has no interface of that name or network that is up; it has %s",
                       h->w->interface, name, told);
    return err_set(e, "host %s has no network to other hosts that is up; it has %s (--interface chooses one)", name,
                   told);
}

static int choose_each(struct choice *h, struct err *e)
{
    for (uint32_t i = 0; i < h->n; i++) {
        const struct network *own = find_best(h, networks_of(h, i));
        if (!own)
            return complain(h, i, e);
        place_set(h, i, &own->host, networks_of(h, i)->machine);
    }
    snprintf(h->name, sizeof h->name, "several networks");
    const struct place *same = find_ambiguous(h);
    if (same)
        return err_set(e, "hosts %s and %s have the same address in their first network: --interface chooses another",
                       cluster_node_name(h->c, same[0].node), cluster_node_name(h->c, same[1].node));
    return 0;
}

/* All nodes are this machine. */
static int choose_here(struct choice *h, struct err *e)
{
    static const struct in6_addr loopback = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    struct network v[CONTROL_NETWORKS_MAX];
    struct node_networks here = {.v = v};
    int n = h->w->interface ? network_list(v, CONTROL_NETWORKS_MAX) : 0;
    here.n = n > 0 ? (uint32_t)n : 0;
    const struct network *own = h->w->interface ? find_best(h, &here) : NULL;
    if (h->w->interface && !own) {
        struct cluster pretended = *h->c;
        pretended.networks = xcalloc(pretended.nnodes, sizeof *pretended.networks);
        pretended.networks[h->nodes[0]] = here;
        const struct choice first = {.c = &pretended, .w = h->w, .nodes = h->nodes};
        int rc = complain(&first, 0, e);
        free(pretended.networks);
        return rc;
    }
    for (uint32_t i = 0; i < h->n; i++)
        place_set(h, i, own ? &own->host : &loopback, 1);
    network_text(own ? &own->host : &loopback, 128, h->name);
    return 0;
}

/* The ports that the hosts with most ranks need: nodes of one address share its ports. */
static uint32_t count_ports(const struct choice *h)
{
    uint32_t most = 0, sum = 0;
    for (uint32_t i = 0; i < h->n; i++) {
        bool same = i > 0 && memcmp(&h->at[i].host, &h->at[i - 1].host, sizeof h->at[i].host) == 0;
        sum = (same ? sum : 0) + h->at[i].ranks;
        most = sum > most ? sum : most;
    }
    return most;
}

/* Jobs that share the ports begin at different ones. */
static int choose_ports(struct choice *h, struct launch_spec *s, struct err *e)
{
    uint32_t low = s->port_low ? s->port_low : PORT_LOW, high = s->port_high ? s->port_high : PORT_HIGH;
    uint32_t need = count_ports(h), have = high - low + 1, first = 0, at = 0;
    if (need > have && s->port_low)
        return err_set(e, "--port-range %u:%u has %u ports, and a host has %u ranks", low, high, have, need);
    if (getrandom(&first, sizeof first, 0) != sizeof first)
        first = s->job;
    first = need < have ? low + first % (have - need + 1) : low;
    for (uint32_t i = 0; i < h->n; i++) {
        bool same = i > 0 && memcmp(&h->at[i].host, &h->at[i - 1].host, sizeof h->at[i].host) == 0;
        at = same ? at : first;
        struct launch_host *to = &s->hosts[h->at[i].node];
        *to = (struct launch_host){network_half(&h->at[i].host, 0), network_half(&h->at[i].host, 1),
                                   /* 0: these ranks tell it themselves */
                                   at + h->at[i].ranks <= UINT16_MAX + 1u ? at : 0};
        at += h->at[i].ranks;
    }
    log_debug("job %u: ranks of different hosts talk over %s, ports from %u on", s->job, h->name, first);
    return 0;
}

static int make_secret(struct launch_spec *s, struct err *e)
{
    unsigned char bytes[SECRET_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return err_set(e, "no random bytes for the job's secret: %m");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(s->secret + 2 * i, 3, "%02x", bytes[i]);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

static void find_nodes(struct choice *h, const struct launch_spec *s)
{
    h->nodes = xcalloc(h->c->nnodes, sizeof *h->nodes);
    for (uint32_t i = 0; i < h->c->nnodes; i++)
        if (rankmap_local_size(&s->map, i) > 0)
            h->nodes[h->n++] = i;
    h->at = xcalloc(h->n, sizeof *h->at);
}

static void count_ranks(struct choice *h, const struct launch_spec *s)
{
    qsort(h->at, h->n, sizeof *h->at, by_host);
    for (uint32_t i = 0; i < h->n; i++)
        h->at[i].ranks = rankmap_local_size(&s->map, h->at[i].node);
}

/* 1: none was found, and none was asked for. Programs may need none; ranks tell one another what they have, and what is
 * wrong with it. */
static int choose_network(struct choice *h, struct err *e)
{
    if (!h->c->is_remote || !h->c->networks)
        return choose_here(h, e);
    if (choose_shared(h) || choose_each(h, e) == 0)
        return 0;
    if (h->w->interface)
        return -1;
    log_debug("%s", e->text);
    return 1;
}

static int choose(struct choice *h, struct launch_spec *s, struct err *e)
{
    int rc = choose_network(h, e);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    count_ranks(h, s);
    s->hosts = xcalloc(h->c->nnodes, sizeof *s->hosts);
    s->nhosts = h->c->nnodes;
    return choose_ports(h, s, e) < 0 ? -1 : make_secret(s, e);
}

int places_choose(const struct cluster *c, const struct places_wish *w, struct launch_spec *s, struct err *e)
{
    struct choice h = {.c = c, .w = w};
    s->port_low = w->port_low;
    s->port_high = w->port_high;
    find_nodes(&h, s);
    int rc = h.n > 1 ? choose(&h, s, e) : 0;
    free(h.nodes);
    free(h.at);
    return rc;
}

bool places_fabrics_differ(const struct cluster *c, const struct launch_spec *s)
{
    bool with = false, without = false;
    for (uint32_t i = 0; c->networks && i < c->nnodes; i++)
        if (rankmap_local_size(&s->map, i) > 0) {
            with |= c->networks[i].fabric;
            without |= !c->networks[i].fabric;
        }
    return with && without;
}
