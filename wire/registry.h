/* SPDX-License-Identifier: BSD-3-Clause
 *
 * registry: the messages between mpiexec and muster-names, which keeps published names for several machines. Structs
 * and codecs are generated from the catalogue registry.def; here is what their fields may hold.
 */
#ifndef WIRE_REGISTRY_H
#define WIRE_REGISTRY_H

#include "wire/registry_codec.h"

#define REGISTRY_VERSION 1u
#define REGISTRY_NAME_MAX 1024u      /* bytes of a name */
#define REGISTRY_PORT_MAX (1u << 20) /* and of what is published under it */
#define REGISTRY_OWNER_MAX 255u

enum registry_result {
    REGISTRY_DONE_WELL,
    REGISTRY_TAKEN,   /* publish: somebody has published it */
    REGISTRY_ABSENT,  /* lookup, unpublish: nobody has */
    REGISTRY_FOREIGN, /* unpublish: another mpiexec has */
    REGISTRY_FULL,    /* there is no room for more */
    REGISTRY_RESULTS
};

/* Our own greeting. */
struct registry_hello registry_greet(void);

#endif
