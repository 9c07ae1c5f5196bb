/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fabric: providers, and where the kernel shows their devices. Those that are for tests or one machine alone (sockets,
 * udp, shm, ...) are not among them, nor what would run over plain Ethernet as well (psm3): FI_PROVIDER names those. */
#include "lib/transport/ofi/fabric.h"
#include <glob.h>
#include <stddef.h>

static const struct {
    const char *name;
    const char *device; /* a pattern; NULL: it runs over sockets */
} providers[] = {
    {"cxi", "/sys/class/cxi/cxi*"},
    {"efa", "/sys/bus/pci/drivers/efa/*:*"},
    {"opx", "/dev/hfi1_*"},
    {"psm2", "/dev/hfi1_*"},
    {"verbs;ofi_rxm", "/sys/class/infiniband/*"},
    {"tcp", NULL},
    {"net", NULL},
    {"tcp;ofi_rxm", NULL},
};
enum { PROVIDERS = sizeof providers / sizeof *providers };

const char *fabric_provider(int i)
{
    return i < PROVIDERS ? providers[i].name : NULL;
}

bool fabric_has(int i, bool any)
{
    glob_t found;
    if (!providers[i].device)
        return any;
    bool is = glob(providers[i].device, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0;
    globfree(&found);
    return is;
}

bool fabric_is_there(void)
{
    for (int i = 0; i < PROVIDERS; i++)
        if (fabric_has(i, false))
            return true;
    return false;
}
