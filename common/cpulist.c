/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cpulist: reading and writing sets of processors. */
#include "common/cpulist.h"

#include "common/xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A cpu_set_t of any size is an array of longs and may come from any allocator: CPU_ALLOC is malloc. */

void cpulist_init(struct cpulist *l)
{
    *l = (struct cpulist){0};
}

void cpulist_fini(struct cpulist *l)
{
    free(l->set);
    cpulist_init(l);
}

static void grow(struct cpulist *l, size_t size)
{
    if (size <= l->size)
        return;
    l->set = xrealloc(l->set, size);
    memset((char *)l->set + l->size, 0, size - l->size);
    l->size = size;
}

void cpulist_add(struct cpulist *l, uint32_t cpu)
{
    grow(l, CPU_ALLOC_SIZE(cpu + 1));
    CPU_SET_S(cpu, l->size, l->set);
}

bool cpulist_has(const struct cpulist *l, uint32_t cpu)
{
    return l->set && CPU_ISSET_S(cpu, l->size, l->set);
}

uint32_t cpulist_count(const struct cpulist *l)
{
    return l->set ? (uint32_t)CPU_COUNT_S(l->size, l->set) : 0;
}

bool cpulist_equal(const struct cpulist *a, const struct cpulist *b)
{
    size_t common = a->size < b->size ? a->size : b->size;
    if (common && memcmp(a->set, b->set, common))
        return false;
    const struct cpulist *longer = a->size > b->size ? a : b;
    for (size_t i = common; i < longer->size; i++)
        if (((const char *)longer->set)[i])
            return false;
    return true;
}

/* The number at *p, which moves behind it; -1 where there is none or it is too large. */
static long number(const char **p)
{
    long v = -1;
    for (; **p >= '0' && **p <= '9'; (*p)++) {
        v = (v < 0 ? 0 : v * 10) + (**p - '0');
        if (v >= (long)CPULIST_LIMIT)
            return -1;
    }
    return v;
}

/* One "N" or "N-M" at *p. */
static int parse_range(struct cpulist *l, const char **p)
{
    long first = number(p), last = first;
    if (**p == '-') {
        (*p)++;
        last = number(p);
    }
    if (first < 0 || last < first)
        return -1;
    for (long cpu = first; cpu <= last; cpu++)
        cpulist_add(l, (uint32_t)cpu);
    return 0;
}

int cpulist_parse(struct cpulist *l, const char *text, struct err *e)
{
    const char *p = text;
    cpulist_fini(l);
    while (!parse_range(l, &p)) {
        if (*p == '\0' || (*p == '\n' && p[1] == '\0'))
            return 0;
        if (*p++ != ',')
            break;
    }
    cpulist_fini(l);
    return err_set(e, "\"%.64s\" is not a list of processors such as 0-3,8", text);
}

char *cpulist_format(const struct cpulist *l)
{
    /* A number and its comma or hyphen are at most six bytes: CPULIST_LIMIT has five digits. */
    char *text = xmalloc(6 * (size_t)cpulist_count(l) + 1), *p = text;
    uint32_t end = (uint32_t)(l->size * 8);
    for (uint32_t cpu = 0; cpu < end; cpu++) {
        if (!cpulist_has(l, cpu))
            continue;
        uint32_t first = cpu;
        while (cpulist_has(l, cpu + 1))
            cpu++;
        if (p > text)
            *p++ = ',';
        p += sprintf(p, first == cpu ? "%u" : "%u-%u", first, cpu);
    }
    *p = '\0';
    return text;
}

int cpulist_affinity(struct cpulist *l, pid_t pid, struct err *e)
{
    /* The kernel refuses a set smaller than its own, whose size it does not tell. */
    for (size_t size = CPU_ALLOC_SIZE(1024); size <= CPULIST_LIMIT / 8; size *= 2) {
        cpulist_fini(l);
        grow(l, size);
        if (!sched_getaffinity(pid, l->size, l->set))
            return 0;
        if (errno != EINVAL)
            break;
    }
    err_set(e, "unable to read the processors of process %ld: %m", (long)pid);
    cpulist_fini(l);
    return -1;
}
