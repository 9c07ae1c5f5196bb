/* SPDX-License-Identifier: BSD-3-Clause
 *
 * barrier: barriers and fences, as the processes below mpiexec see them.
 */
#ifndef PMI_SERVER_BARRIER_H
#define PMI_SERVER_BARRIER_H

#include "pmi-server/job.h"

/* data: what the rank brings for all of the group. The answer's value is what all have brought, in any order. */
void pmi_barrier(struct pmi_request *q, const char *group, struct bytes data);
void pmi_fence(struct pmi_client *c);
void pmi_barrier_client_gone(struct pmi_client *c);
bool pmi_barrier_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_barrier_child_puts(struct pmi_server_job *j, struct rbuf *r); /* PUTS */
bool pmi_barrier_release(struct pmi_server_job *j, struct rbuf *r);

#endif
