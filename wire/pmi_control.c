/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_control.c: what keys and a request to spawn have to fulfil, and the names of payloads.
 */
#include "wire/pmi_control.h"

#include <string.h>

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

bool pmi_control_key_valid(struct bytes key)
{
    size_t at = key.len && !key.data[0] ? PMI_KEY_RANK_BYTES : 0;
    return key.len > at && key.len - at <= PMI_NAME_MAX && !memchr(key.data + at, 0, key.len - at);
}

bool pmi_control_pair_check(const struct pmi_control_pair *p)
{
    return pmi_control_key_valid(p->key);
}

bool pmi_control_pending_check(const struct pmi_control_pending *p)
{
    return pmi_control_key_valid(p->key);
}
