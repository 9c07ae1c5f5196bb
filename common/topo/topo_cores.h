/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo_cores: the processors and cores of a machine, without hwloc.
 */
#ifndef COMMON_TOPO_TOPO_CORES_H
#define COMMON_TOPO_TOPO_CORES_H

#include "common/cpulist.h"
#include "wire/topo.h"

/* Hardware threads, cores and the machine alone, from the directory that Linux describes processors in
 * ("/sys/devices/system/cpu"). Cores without a usable processor are left out. NULL: what is there does not suffice. */
struct topo *topo_cores_load(const char *dir, const struct cpulist *usable);

#endif
