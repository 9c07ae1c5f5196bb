/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo: the processors of one machine, and the objects that hold them. hwloc finds them out; what it found is kept
 * as flat arrays, so that planning for many nodes costs no calls. An object is a run of hardware threads in hwloc's
 * logical order. What the affinity mask or cpuset forbids is known but not usable; a core of which some hardware
 * threads are forbidden is usable with the others.
 */
#ifndef COMMON_TOPO_TOPO_H
#define COMMON_TOPO_TOPO_H

#include "common/cpulist.h"
#include "common/err.h"
#include "wire/topo.h"

#include <stdbool.h>
#include <stdint.h>

/* This machine, restricted to the affinity mask of the caller. want: or-ed TOPO_WANT of the kinds that will be asked
 * for. Hardware threads, cores and the machine are always there and cost 0.1 ms; a further kind takes hwloc, about
 * 1.5 ms. Cores that are wholly forbidden may be left out unless a further kind is wanted. NULL: e is set. */
struct topo *topo_load(unsigned want, struct err *e);

/* A machine for tests, by hwloc's synthetic description ("pack:2 core:4 pu:2"). cpus: NULL, or the list of the OS
 * numbers that are usable ("0-3,8"). */
struct topo *topo_synthetic(const char *desc, const char *cpus, struct err *e);

/* The machine without the cores that taken has a processor of, which the caller destroys. Objects that have nothing
 * left are not there. NULL: nothing at all is left. */
struct topo *topo_without(const struct topo *t, const struct cpulist *taken);

/* Were all these kinds asked for when t was loaded? */
bool topo_has_all(const struct topo *t, unsigned want);

/* Objects of one kind with a usable hardware thread, in logical order. A machine that does not have the kind (no L3
 * cache, no package known) counts as one object of it: itself. */
uint32_t topo_count(const struct topo *t, enum topo_kind kind);
const struct topo_object *topo_objects(const struct topo *t, enum topo_kind kind);

/* All hardware threads in logical order, forbidden ones included (see topo_load). */
uint32_t topo_nhwthreads(const struct topo *t);
const struct topo_hwthread *topo_hwthreads(const struct topo *t);

/* How many processors (hardware threads) are usable. */
uint32_t topo_capacity(const struct topo *t);

/* The user's word for a kind ("socket", "package", "numa", "l3cache", ...), in any case; -1: none of them. */
int topo_kind_parse(const char *word);
const char *topo_kind_name(enum topo_kind kind);

#endif
