/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hardware: which package, cache, core and so on the processors of this process lie in. The kernel is asked when
 * somebody wants to know, and each time anew, since a process may be bound at any time; nothing of it is in the path of
 * a start.
 */
#ifndef LIB_PROCESS_HARDWARE_H
#define LIB_PROCESS_HARDWARE_H

#include "lib/core/types.h"

/* From the widest to the narrowest. */
enum hardware {
    HARDWARE_NODE, /* what shares memory */
    HARDWARE_PACKAGE,
    HARDWARE_NUMA,
    HARDWARE_L3,
    HARDWARE_L2,
    HARDWARE_L1,
    HARDWARE_CORE,
    HARDWARE_PU,
    HARDWARE_KINDS
};

/* As the values of mpi_hw_resource_type: "mpi_shared_memory", "hwloc://Package", ... */
const char *hardware_name(enum hardware kind);
/* HARDWARE_KINDS: there is none of that name. Case does not count. */
enum hardware hardware_of(const char *name);

enum { HARDWARE_NOT_ONE = -1, HARDWARE_UNKNOWN = -2, HARDWARE_OBJECTS = 8192 };
/* For each kind the number of the object in which all processors of this process lie, which is that of its lowest
 * processor, below HARDWARE_OBJECTS; HARDWARE_NOT_ONE: they lie in several; HARDWARE_UNKNOWN: the kernel does not tell.
 * The node has 0. root:
 * "", or where a /sys/devices/system of another machine is. */
void hardware_ask(const char *root, int object[HARDWARE_KINDS]);
/* The same of processors that are given: a list as the kernel writes it, "0-3,8". */
void hardware_ask_of(const char *root, const char *processors, int object[HARDWARE_KINDS]);

#endif
