/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The transports there are keep their contract: ranks 0 and 1, 2 and 3, ... with each other; the last of an odd number,
 * and each one afterwards, with itself. Memory is private, and, where
 * there is some that ranks share, shared.
 * Usage: conformance [NAME OF WHAT CARRIES BETWEEN PAIRS] */
#include <string.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"
#include "tests/unit/lib/transport/conform.h"

int main(int argc, char **argv)
{
    char *regions[2] = {malloc(CONFORM_REGION)};
    CHECK(boot_init() == MPI_SUCCESS);
    CHECK(knobs_init(boot.local_size > boot.local_cpus) == MPI_SUCCESS);
    conform_me = boot.rank;
    CHECK(process_init(boot.segment ? boot.segment->job_name : "", boot.rank, boot.size) == MPI_SUCCESS);
    CHECK(transport_init() == MPI_SUCCESS && regions[0]);
    int other = (boot.rank ^ 1) < boot.size ? boot.rank ^ 1 : boot.rank, arena = -1;
    if (nodemem_active) {
        CHECK((arena = arena_alloc()) >= 0 && nodemem.arena_bytes >= CONFORM_REGION);
        regions[1] = arena_at(arena);
    }
    CHECK(argc == 1 || strcmp(peer_get(other)->carrier->name, argv[1]) == 0);
    if (other != boot.rank)
        conform_run(peer_get(other), boot.rank < other, regions, 1 + nodemem_active);
    conform_run(peer_get(boot.rank), true, regions, 1);
    /* Whoever is done first leaves the segment to the others. */
    if (arena >= 0)
        arena_free(arena);
    transport_fini();
    process_fini();
    atomic_store(&lib.status->state, RANK_FINALIZED); /* for the launcher */
    boot_fini();
    free(regions[0]);
    return 0;
}
