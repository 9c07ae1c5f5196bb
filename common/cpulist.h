/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cpulist: a set of processors by their OS numbers, of any size, and its text as the kernel writes it: "0-3,8".
 * set and size go to sched_setaffinity(2) as they are.
 */
#ifndef COMMON_CPULIST_H
#define COMMON_CPULIST_H

#include "common/err.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CPULIST_LIMIT 65536u /* a processor's number is below this */

struct cpulist {
    cpu_set_t *set; /* NULL while nothing is in it */
    size_t size;    /* of set, in bytes */
};

void cpulist_init(struct cpulist *l);
void cpulist_fini(struct cpulist *l);

/* Fills an initialised l from "0-3,8". At least one processor; one newline at the end is let pass (the kernel's
 * files have it). Returns 0, or -1 with e set and l empty. */
int cpulist_parse(struct cpulist *l, const char *text, struct err *e);

/* The text of l, "" for the empty set; the caller frees it. */
char *cpulist_format(const struct cpulist *l);

/* The processors that thread or process pid (0: the caller) may run on. Returns 0, or -1 with e set. */
int cpulist_affinity(struct cpulist *l, pid_t pid, struct err *e);

void cpulist_add(struct cpulist *l, uint32_t cpu); /* below CPULIST_LIMIT */
bool cpulist_has(const struct cpulist *l, uint32_t cpu);
uint32_t cpulist_count(const struct cpulist *l);
bool cpulist_equal(const struct cpulist *a, const struct cpulist *b); /* whatever their sizes */

#endif
