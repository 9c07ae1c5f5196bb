/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: on which node a process is. */
#include "lib/coll/base/place.h"
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"

static int pretended = 1; /* nodes that this one is taken for */

int place_init(void)
{
    enum { MOST = 1 << 20 };
    const char *text = getenv("MUSTER_COLL_NODES");
    char *end = NULL;
    long n = text && *text ? strtol(text, &end, 10) : 1;
    if (n < 1 || n > MOST || (end && *end)) {
        error_detail_set(MPI_ERR_OTHER, "MUSTER_COLL_NODES=%s is not a number of nodes",
                         text);
        return MPI_ERR_OTHER;
    }
    pretended = (int)n;
    return MPI_SUCCESS;
}

int place_node(int proc)
{
    int local = boot_local_of(proc);
    return local < 0 ? -1 : (int)((long long)local * pretended / boot.local_size);
}

int place_pretended(void)
{
    return pretended;
}
