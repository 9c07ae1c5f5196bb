/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo_pretend: nodes that all lie on this machine, and say that they are others. For tests of planning on unlike
 * hosts alone: ranks of such a node are planned as on that machine, and run unbound on this one.
 *
 *     MUSTER_PRETEND_TOPO='a=core:1 pu:2;b=pack:2 core:4 pu:1'
 *
 * By the name of the host; the shapes are hwloc's synthetic descriptions. A host that is not named is what it is.
 */
#ifndef COMMON_TOPO_TOPO_PRETEND_H
#define COMMON_TOPO_TOPO_PRETEND_H

#include <stdbool.h>

/* The description for this host, for the life of the program; NULL: it does not pretend. */
const char *topo_pretended(const char *host);
bool topo_pretend_is_on(void); /* some host may */

#endif
