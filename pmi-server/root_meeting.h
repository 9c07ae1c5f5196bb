/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_meeting: what ranks of several jobs take part in, and so no barrier of a job: PMIx's connect and disconnect, its
 * groups, its fences across jobs. Rare, and so each proxy tells mpiexec by itself.
 */
#ifndef PMI_SERVER_ROOT_MEETING_H
#define PMI_SERVER_ROOT_MEETING_H

#include "pmi-server/root_job.h"

bool pmi_root_meet(const struct pmi_root_request *q, struct rbuf *in);
void pmi_root_meeting_job_del(struct pmi_root *r, uint32_t job); /* those that cannot do without it fail */

#endif
