/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_control.c: what a request to spawn has to fulfil, and the names of payloads.
 */
#include "wire/pmi_control.h"

const char *pmi_control_payload_name(const void *payload, size_t n)
{
    return pmi_control_name(n ? *(const unsigned char *)payload : 0);
}

bool pmi_control_spawn_check(const struct pmi_control_spawn *s)
{
    uint64_t procs = 0;
    for (uint32_t i = 0; i < s->ncmds; i++)
        procs += s->cmds[i].maxprocs;
    return procs <= PMI_CONTROL_PROCS_MAX;
}
