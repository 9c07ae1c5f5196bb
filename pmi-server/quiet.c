/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether children have ranks that can still put a value.
 */
#include "pmi-server/quiet.h"

void pmi_quiet_sent(struct pmi_quiet *q)
{
    q->sent++;
    q->quiet = false;
}

void pmi_quiet_heard(struct pmi_quiet *q, bool quiet, uint32_t received)
{
    q->replied = true;
    q->quiet = quiet && received == q->sent;
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
