/* SPDX-License-Identifier: BSD-3-Clause
 *
 * absent: what stands for PMIx where Muster was built without OpenPMIx's headers.
 */
#include "proxy/pmix/front.h"

bool pmix_is_needed(const struct job *j)
{
    for (uint32_t i = 0; i < j->spec.napps; i++)
        if (j->spec.apps[i].pmi == LAUNCH_PMI_X)
            return true;
    return false;
}

void pmix_job_add(struct job *j, void (*then)(struct job *j, const char *why))
{
    then(j, "Muster was built without PMIx: install libpmix-dev, and build it again");
}

void pmix_job_del(struct job *j)
{
}

char **pmix_environment(const struct rank *r)
{
    return NULL;
}

void pmix_rank_ended(struct job *j, uint32_t rank, int status)
{
}

void pmix_leave(struct proxy *proxy)
{
}
