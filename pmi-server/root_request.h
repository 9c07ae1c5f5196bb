/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_request: what ranks ask of mpiexec.
 */
#ifndef PMI_SERVER_ROOT_REQUEST_H
#define PMI_SERVER_ROOT_REQUEST_H

#include "pmi-server/root_job.h"

bool pmi_root_request_up(struct pmi_root_space *j, uint32_t child, struct rbuf *r);
void pmi_root_preput(struct pmi_root_space *j, uint32_t spawn);
void pmi_root_requests_job_del(struct pmi_root *r, uint32_t job);
void pmi_root_requests_clear(struct pmi_root *r);

#endif
