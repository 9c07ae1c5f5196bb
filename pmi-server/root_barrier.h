/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_barrier: the last step of barriers.
 */
#ifndef PMI_SERVER_ROOT_BARRIER_H
#define PMI_SERVER_ROOT_BARRIER_H

#include "pmi-server/root_job.h"

bool pmi_root_barrier_up(struct pmi_root_space *j, uint32_t child, struct rbuf *r);

#endif
