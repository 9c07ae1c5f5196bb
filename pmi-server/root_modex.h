/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_modex: questions for what a rank has committed, on their way to it and back.
 */
#ifndef PMI_SERVER_ROOT_MODEX_H
#define PMI_SERVER_ROOT_MODEX_H

#include "pmi-server/root_job.h"

bool pmi_root_modex(const struct pmi_root_request *q, struct rbuf *in);
bool pmi_root_modex_data(struct pmi_root_space *j, uint32_t child, struct rbuf *in);
void pmi_root_modex_gone(struct pmi_root *r, uint32_t job, uint32_t rank); /* who asks for it is told */
void pmi_root_modex_job_del(struct pmi_root *r, uint32_t job);

#endif
