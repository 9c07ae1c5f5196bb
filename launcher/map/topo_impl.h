/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo_impl: the inside of a topology, for those that fill one: topo.c (hwloc) and topo_cores.c (sysfs).
 */
#ifndef LAUNCHER_MAP_TOPO_IMPL_H
#define LAUNCHER_MAP_TOPO_IMPL_H

#include "common/cpulist.h"
#include "launcher/map/topo.h"

struct topo_objects {
    struct topo_object *list; /* NULL: not asked for */
    uint32_t n;
};

struct topo {
    struct topo_hwthread *hwthreads;
    uint32_t nhwthreads;
    uint32_t capacity;
    struct topo_objects kinds[TOPO_NKINDS];
};

/* Hardware threads, cores and the machine alone, from the directory that Linux describes processors in
 * ("/sys/devices/system/cpu"). Cores without a usable processor are left out. NULL: what is there does not suffice. */
struct topo *topo_cores_load(const char *dir, const struct cpulist *usable);

#endif
