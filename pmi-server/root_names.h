/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_names: requests about published names, from the proxies to where names are kept and back.
 */
#ifndef PMI_SERVER_ROOT_NAMES_H
#define PMI_SERVER_ROOT_NAMES_H

#include "pmi-server/root_job.h"

bool pmi_root_publish(const struct pmi_root_request *q, struct rbuf *in);
bool pmi_root_lookup(const struct pmi_root_request *q, struct rbuf *in);
bool pmi_root_unpublish(const struct pmi_root_request *q, struct rbuf *in);
void pmi_root_names_job_del(struct pmi_root *r, uint32_t job);

#endif
