/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fabric: providers, and where the kernel shows their devices. Those that are for tests or one machine alone (sockets,
 * udp, shm, ...) are not among them, nor what would run over plain Ethernet as well (psm3, verbs there): FI_PROVIDER
 * names those. */
#include "wire/fabric.h"
#include <glob.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *device; /* a pattern of files; NULL: it runs over sockets */
    const char *says;   /* what one of them begins with; NULL: anything */
} providers[] = {
    {"cxi", "/sys/class/cxi/cxi*", NULL},
    {"efa", "/sys/bus/pci/drivers/efa/*:*", NULL},
    {"opx", "/dev/hfi1_*", NULL},
    {"psm2", "/dev/hfi1_*", NULL},
    {"verbs;ofi_rxm", "/sys/class/infiniband/*/ports/*/link_layer", "InfiniBand"},
    {"tcp", NULL, NULL},
    {"net", NULL, NULL},
    {"tcp;ofi_rxm", NULL, NULL},
};
enum { PROVIDERS = sizeof providers / sizeof *providers };

const char *fabric_provider(int i)
{
    return i < PROVIDERS ? providers[i].name : NULL;
}

static bool begins_with(const char *path, const char *text)
{
    char line[32] = "";
    FILE *f = fopen(path, "re");
    bool is = f && fgets(line, sizeof line, f) && strncmp(line, text, strlen(text)) == 0;
    if (f)
        fclose(f);
    return is;
}

bool fabric_has(int i, bool any)
{
    glob_t found = {0};
    bool is = false;
    if (!providers[i].device)
        return any;
    if (glob(providers[i].device, GLOB_NOSORT, NULL, &found) == 0)
        for (size_t k = 0; k < found.gl_pathc && !is; k++)
            is = !providers[i].says || begins_with(found.gl_pathv[k], providers[i].says);
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
