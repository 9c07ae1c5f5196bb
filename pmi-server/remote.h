/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: requests that only mpiexec can answer.
 */
#ifndef PMI_SERVER_REMOTE_H
#define PMI_SERVER_REMOTE_H

#include "pmi-server/job.h"
#include "wire/pmi_control.h"

/* Published names. wait: the answer comes when the name is published. inside: only among the jobs of this mpiexec. */
void pmi_name_publish(struct pmi_request *q, const char *name, struct bytes port, enum pmi_name_life life, bool inside);
void pmi_name_lookup(struct pmi_request *q, const char *name, bool wait, bool inside);
void pmi_name_unpublish(struct pmi_request *q, const char *name, bool inside);
/* So many ranks of the client's job are connected with that of this name, or left it. */
void pmi_ties(struct pmi_request *q, const char *space, int64_t count, bool left);
/* An encoded request without its head: pmi_remote_send() completes and sends it, and frees body. */
void pmi_remote_send(struct pmi_request *q, enum pmi_request_kind kind, struct buf *body);
bool pmi_remote_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_remote_answer(struct pmi_server *s, struct rbuf *r);
void pmi_remote_job_del(struct pmi_server *s, uint32_t job);

#endif
