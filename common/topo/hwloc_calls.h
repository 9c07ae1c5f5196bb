/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hwloc_calls: libhwloc, loaded when a topology is first needed. Linked in, it would cost every start of mpiexec
 * 0.2 ms for its own libraries, also where ranks outnumber processors and nothing is ever bound.
 */
#ifndef COMMON_TOPO_HWLOC_CALLS_H
#define COMMON_TOPO_HWLOC_CALLS_H

#include "common/err.h"

#include <hwloc.h>

#define HWLOC_CALLS(X)                                                                                                 \
    X(topology_init)                                                                                                   \
    X(topology_set_components)                                                                                         \
    X(topology_set_all_types_filter)                                                                                   \
    X(topology_set_type_filter)                                                                                        \
    X(topology_set_flags)                                                                                              \
    X(topology_set_synthetic)                                                                                          \
    X(topology_load)                                                                                                   \
    X(topology_destroy)                                                                                                \
    X(get_type_depth)                                                                                                  \
    X(get_nbobjs_by_depth)                                                                                             \
    X(get_obj_by_depth)                                                                                                \
    X(bitmap_isset)

struct hwloc_calls {
#define X(name) __typeof__(hwloc_##name) *name;
    HWLOC_CALLS(X)
#undef X
};

/* The calls, loaded once for the life of the program; NULL with e set when the library is not there. */
const struct hwloc_calls *hwloc_calls_get(struct err *e);

#endif
