/* SPDX-License-Identifier: BSD-3-Clause
 *
 * putters: the ranks that could still put a value which others wait for. A job is eager from when somebody first waits
 * for a value of it: its values then go up as they are put, and processes tell their parents when they have no such
 * rank.
 */
#ifndef PMI_SERVER_PUTTERS_H
#define PMI_SERVER_PUTTERS_H

#include "pmi-server/job.h"

/* Something has happened that may change whether there are any. */
void pmi_putters_touch(struct pmi_server_job *j);
/* Tells the parent, if it has to know; when all that was put before has been sent. */
void pmi_putters_flush(struct pmi_server_job *j);
bool pmi_putters_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r);

#endif
