/* SPDX-License-Identifier: BSD-3-Clause
 *
 * job_data: what the ranks of a job can read about it without asking anybody.
 */
#ifndef PROXY_PMIX_JOB_DATA_H
#define PROXY_PMIX_JOB_DATA_H

#include "proxy/pmix/server.h"

void job_data_fill(struct infos *l, const struct job *j);

#endif
