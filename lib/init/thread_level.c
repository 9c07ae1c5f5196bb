/* SPDX-License-Identifier: BSD-3-Clause
 *
 * thread_level: levels and names. A number that is no level counts for the one below it. */
#include "lib/init/thread_level.h"
#include <mpi.h>
#include <string.h>

static const struct {
    const char *name;
    int level;
} levels[] = {{"MPI_THREAD_MULTIPLE", MPI_THREAD_MULTIPLE},
              {"MPI_THREAD_SERIALIZED", MPI_THREAD_SERIALIZED},
              {"MPI_THREAD_FUNNELED", MPI_THREAD_FUNNELED},
              {"MPI_THREAD_SINGLE", MPI_THREAD_SINGLE}};
enum { LEVELS = sizeof levels / sizeof *levels };

const char *thread_level_name(int level)
{
    int i = 0;
    while (i < LEVELS - 1 && level < levels[i].level)
        i++;
    return levels[i].name;
}

int thread_level_of(const char *name)
{
    for (int i = 0; i < LEVELS; i++)
        if (strcmp(name, levels[i].name) == 0)
            return levels[i].level;
    return -1;
}
