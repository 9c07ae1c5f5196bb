/* SPDX-License-Identifier: BSD-3-Clause
 *
 * absent: what stands for ofi where Muster was built without libfabric's headers. */
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/transport/ofi/ofi.h"

static int absent_init(uint32_t attention)
{
    if (knobs.TRANSPORT != TRANSPORT_OFI)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_OTHER, "MUSTER_TRANSPORT is ofi, and Muster was built without libfabric: install "
                                    "libfabric-dev, and build it again");
    return MPI_ERR_OTHER;
}

static void absent_fini(void)
{
}

static bool absent_reaches(const struct peer *p)
{
    return false;
}

static int absent_poll(void)
{
    return 0;
}

const struct transport transport_ofi = {
    .name = "ofi", .init = absent_init, .fini = absent_fini, .reaches = absent_reaches, .poll = absent_poll};
