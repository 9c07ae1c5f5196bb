/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether children have ranks that can still put a value.
 */
#include "pmi-server/quiet.h"

#include "pmi-server/mem.h"

void pmi_quiet_gone(struct pmi_quiet *q)
{
    q->replied = q->quiet = q->gone = true;
}

struct pmi_quiet *pmi_quiets_grow(struct pmi_quiet *v, const bool *gone, uint32_t from, uint32_t to)
{
    v = pmi_mem_grow(v, to, sizeof *v);
    for (uint32_t i = from; i < to; i++) {
        v[i] = (struct pmi_quiet){0};
        if (gone && gone[i])
            pmi_quiet_gone(&v[i]);
    }
    return v;
}

void pmi_quiet_sent(struct pmi_quiet *q)
{
    q->sent++;
    q->quiet = q->gone;
}

void pmi_quiet_heard(struct pmi_quiet *q, bool quiet, uint32_t received)
{
    q->replied = true;
    q->quiet = q->gone || (quiet && received == q->sent);
}

bool pmi_quiet_replied(const struct pmi_quiet *q, uint32_t children)
{
    for (uint32_t i = 0; i < children; i++)
        if (!q[i].replied)
            return false;
    return true;
}

bool pmi_quiet_all(const struct pmi_quiet *q, uint32_t children)
{
    for (uint32_t i = 0; i < children; i++)
        if (!q[i].quiet)
            return false;
    return true;
}
