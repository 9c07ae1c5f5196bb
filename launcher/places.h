/* SPDX-License-Identifier: BSD-3-Clause
 *
 * places: where the ranks of each node listen for those of other nodes: an address a node, and a port from which
 * the ports of its ranks follow. So nobody needs to be asked for them.
 */
#ifndef LAUNCHER_PLACES_H
#define LAUNCHER_PLACES_H

#include "launcher/cluster.h"
#include "wire/launch_spec.h"

/* What the user says of it. */
struct places_wish {
    const char *interface;        /* a name, a network or an address; NULL: any */
    unsigned port_low, port_high; /* 0: any */
};

/* Fills hosts, ports and secret of s, whose map is there; nothing where all ranks are on one node, or hosts have no
 * network to one another and none was named. Returns 0, or -1 with e set: a host has no such interface, or there are
 * too few ports. */
int places_choose(const struct cluster *c, const struct places_wish *w, struct launch_spec *s, struct err *e);

/* Have some of the nodes that ranks of s are on a fabric, and some not? Then libfabric does not carry between all. */
bool places_fabrics_differ(const struct cluster *c, const struct launch_spec *s);

#endif
