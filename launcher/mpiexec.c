/* SPDX-License-Identifier: BSD-3-Clause */
#include "launcher/mpiexec.h"

#include <time.h>

uint64_t mpiexec_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

const char *mpiexec_node_name(const struct mpiexec *m, uint32_t node)
{
    return node < m->nnodes ? m->nodes[node].name : "?";
}
