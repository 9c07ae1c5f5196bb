/* SPDX-License-Identifier: BSD-3-Clause
 *
 * absent: what stands for PMIx where Muster was built without OpenPMIx's headers.
 */
#include "proxy/pmix/front.h"

#include "pmi-server/server.h"
#include "wire/codec.h"

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

void pmix_rank_gone(struct rank *r)
{
}

/* Another host may serve PMIx where this one cannot. */
void pmix_modex(struct job *j, uint32_t rank, uint32_t id, struct bytes key, uint32_t timeout)
{
    pmi_server_modex_done(j->proxy->pmi, j->spec.job, id, PMI2_ERROR_OTHER, bytes_of("it is not served by PMIx"));
}

void pmix_notice(struct proxy *proxy, const void *p, size_t n)
{
}

void pmix_leave(struct proxy *proxy)
{
}

bool pmix_has_threads(void)
{
    return false;
}
