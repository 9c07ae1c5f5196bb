/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo_pretend: the variable, host by host.
 */
#include "common/topo/topo_pretend.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLE "MUSTER_PRETEND_TOPO"

bool topo_pretend_is_on(void)
{
    const char *all = getenv(VARIABLE);
    return all && *all;
}

const char *topo_pretended(const char *host)
{
    const char *at = getenv(VARIABLE);
    size_t len = strlen(host);
    while (at && *at) {
        size_t n = strcspn(at, ";");
        if (n > len && at[len] == '=' && strncmp(at, host, len) == 0)
            return xstrndup(at + len + 1, n - len - 1);
        at += n + (at[n] == ';');
    }
    return NULL;
}
