/* SPDX-License-Identifier: BSD-3-Clause
 *
 * input: what stands behind requests that had to be answered first.
 */
#ifndef PMI_SERVER_INPUT_H
#define PMI_SERVER_INPUT_H

#include "pmi-server/job.h"

/* After answers to ranks that were not being read: what stands behind their requests. */
void pmi_resume(struct pmi_server *s);

#endif
