/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hardware: the kernel's files on processors, those of the lowest one of this process. An object that it lies in holds
 * all others of the process, or the process is not in one. */
#include "lib/process/hardware.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PROCESSORS = HARDWARE_OBJECTS, LIST = 8192, CACHES = 16 };
#define SYSTEM "/sys/devices/system/cpu/cpu"

struct processors {
    cpu_set_t bits[PROCESSORS / CPU_SETSIZE];
};

static const char *const names[] = {[HARDWARE_NODE] = "mpi_shared_memory", [HARDWARE_PACKAGE] = "hwloc://Package",
                                    [HARDWARE_NUMA] = "hwloc://NUMANode",  [HARDWARE_L3] = "hwloc://L3Cache",
                                    [HARDWARE_L2] = "hwloc://L2Cache",     [HARDWARE_L1] = "hwloc://L1Cache",
                                    [HARDWARE_CORE] = "hwloc://Core",      [HARDWARE_PU] = "hwloc://PU"};

const char *hardware_name(enum hardware kind)
{
    return names[kind];
}

enum hardware hardware_of(const char *name)
{
    int k = 0;
    while (k < HARDWARE_KINDS && strcasecmp(name, names[k]) != 0)
        k++;
    return (enum hardware)k;
}

/* "0-3,8"; false: it is no such list. */
static bool list_read(const char *text, struct processors *p)
{
    char *end = (char *)text;
    CPU_ZERO_S(sizeof *p, p->bits);
    do {
        long first = strtol(text, &end, 10), last = first;
        if (end == text)
            return false;
        if (*end == '-' && isdigit((unsigned char)end[1]))
            last = strtol(end + 1, &end, 10);
        for (long k = first; k >= 0 && k <= last && k < PROCESSORS; k++)
            CPU_SET_S((size_t)k, sizeof *p, p->bits);
        text = end + 1;
    } while (*end == ',');
    return *end == 0 || *end == '\n';
}

static bool file_read(const char *path, char *text, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, n - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

static int lowest(const struct processors *p)
{
    size_t k = 0;
    while (k < PROCESSORS && !CPU_ISSET_S(k, sizeof *p, p->bits))
        k++;
    return k < PROCESSORS ? (int)k : HARDWARE_UNKNOWN;
}

/* The object that the file names, as hardware_ask says it. */
static int object_in(const char *path, const struct processors *own)
{
    char text[LIST];
    struct processors all, both;
    if (!file_read(path, text, sizeof text) || !list_read(text, &all))
        return HARDWARE_UNKNOWN;
    CPU_AND_S(sizeof both, both.bits, all.bits, own->bits);
    return CPU_EQUAL_S(sizeof both, both.bits, own->bits) ? lowest(&all) : HARDWARE_NOT_ONE;
}

static int ask_topology(const char *root, int cpu, const char *file, const struct processors *own)
{
    char path[256];
    snprintf(path, sizeof path, "%.128s" SYSTEM "%d/topology/%s", root, cpu, file);
    return object_in(path, own);
}

static int ask_core(const char *root, int cpu, const struct processors *own)
{
    int is = ask_topology(root, cpu, "core_cpus_list", own);
    return is != HARDWARE_UNKNOWN ? is : ask_topology(root, cpu, "thread_siblings_list", own);
}

static int ask_package(const char *root, int cpu, const struct processors *own)
{
    int is = ask_topology(root, cpu, "package_cpus_list", own);
    return is != HARDWARE_UNKNOWN ? is : ask_topology(root, cpu, "core_siblings_list", own);
}

/* Instructions have a cache of their own at some levels, of the same processors. */
static void ask_caches(const char *root, int cpu, const struct processors *own, int object[HARDWARE_KINDS])
{
    static const enum hardware by_level[] = {HARDWARE_L1, HARDWARE_L2, HARDWARE_L3};
    char path[256], text[32];
    for (int k = 0; k < CACHES; k++) {
        snprintf(path, sizeof path, "%.128s" SYSTEM "%d/cache/index%d/level", root, cpu, k);
        int level = file_read(path, text, sizeof text) ? atoi(text) : 0;
        if (level == 0)
            return;
        snprintf(path, sizeof path, "%.128s" SYSTEM "%d/cache/index%d/shared_cpu_list", root, cpu, k);
        if (level <= 3)
            object[by_level[level - 1]] = object_in(path, own);
    }
}

/* The processor's folder has a link to its memory's. */
static int ask_numa(const char *root, int cpu, const struct processors *own)
{
    char path[256];
    int node = -1;
    snprintf(path, sizeof path, "%.128s" SYSTEM "%d", root, cpu);
    DIR *d = opendir(path);
    for (struct dirent *e; d && node < 0 && (e = readdir(d)) != NULL;)
        if (sscanf(e->d_name, "node%d", &node) != 1)
            node = -1;
    if (d)
        closedir(d);
    snprintf(path, sizeof path, "%.128s/sys/devices/system/node/node%d/cpulist", root, node);
    return node < 0 ? HARDWARE_UNKNOWN : object_in(path, own);
}

static void ask(const char *root, const struct processors *own, int object[HARDWARE_KINDS])
{
    int cpu = lowest(own);
    for (int k = 0; k < HARDWARE_KINDS; k++)
        object[k] = HARDWARE_UNKNOWN;
    object[HARDWARE_NODE] = 0;
    if (cpu < 0)
        return;
    object[HARDWARE_PACKAGE] = ask_package(root, cpu, own);
    object[HARDWARE_NUMA] = ask_numa(root, cpu, own);
    ask_caches(root, cpu, own, object);
    object[HARDWARE_CORE] = ask_core(root, cpu, own);
    object[HARDWARE_PU] = CPU_COUNT_S(sizeof *own, own->bits) == 1 ? cpu : HARDWARE_NOT_ONE;
}

void hardware_ask(const char *root, int object[HARDWARE_KINDS])
{
    struct processors own;
    CPU_ZERO_S(sizeof own, own.bits);
    if (sched_getaffinity(getpid(), sizeof own, own.bits) != 0)
        CPU_ZERO_S(sizeof own, own.bits);
    ask(root, &own, object);
}

void hardware_ask_of(const char *root, const char *processors, int object[HARDWARE_KINDS])
{
    struct processors own;
    if (!list_read(processors, &own))
        CPU_ZERO_S(sizeof own, own.bits);
    ask(root, &own, object);
}
