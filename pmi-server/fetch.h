/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fetch: the values that ranks put and get.
 */
#ifndef PMI_SERVER_FETCH_H
#define PMI_SERVER_FETCH_H

#include "pmi-server/job.h"
#include "pmi-server/key.h"

/* A value of the rank's own job: 0, or enum pmi2_error with the reason. rank: whose it is, or PMI_RANK_UNKNOWN or _JOB.
 */
int pmi_put(struct pmi_client *c, uint32_t rank, const char *name, struct bytes value, const char **why);
/* The value that was put under this rank and name in the job that is called space (NULL: the rank's own). wait: as soon
 * as it is put, or when no rank of that job is left that could put it. */
void pmi_get(struct pmi_request *q, const char *space, uint32_t rank, const char *name, bool wait);
void pmi_get_held(struct pmi_request *q);       /* goes on: the fence that it had to wait for is complete */
void pmi_fetch_eager(struct pmi_server_job *j); /* EAGER has come */
void pmi_fetch_flush(struct pmi_server_job *j);
void pmi_fetch_job_del(struct pmi_server_job *j);
bool pmi_fetch_child_get(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_fetch_values(struct pmi_server_job *j, struct rbuf *r);
void pmi_puts_flush(struct pmi_server_job *j); /* as messages of their own */

#endif
