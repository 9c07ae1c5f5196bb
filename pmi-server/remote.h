/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: requests that only mpiexec can answer.
 */
#ifndef PMI_SERVER_REMOTE_H
#define PMI_SERVER_REMOTE_H

#include "pmi-server/job.h"
#include "wire/pmi_control.h"

/* name or port NULL: it is missing, and the answer says so. */
void pmi_name_request(struct pmi_ask *a, enum pmi_request kind, const char *name, const char *port);
/* An encoded request without its head: pmi_remote_send() completes and sends it, and frees body. */
void pmi_remote_send(struct pmi_ask *a, enum pmi_request kind, struct buf *body);
bool pmi_remote_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_remote_answer(struct pmi_server *s, struct rbuf *r);
void pmi_remote_job_del(struct pmi_server *s, uint32_t job);

#endif
