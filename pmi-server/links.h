/* SPDX-License-Identifier: BSD-3-Clause
 *
 * links: messages to the process above and to the children, and the jobs that they are about.
 */
#ifndef PMI_SERVER_LINKS_H
#define PMI_SERVER_LINKS_H

#include "pmi-server/job.h"
#include "wire/pmi_control.h"

struct pmi_server_job *pmi_job_find(struct pmi_server *s, uint32_t id);
struct pmi_server_job *pmi_job_named(struct pmi_server *s, const char *kvsname);
void pmi_server_wake(struct pmi_server *s);
struct buf pmi_up_begin(const struct pmi_server_job *j, enum pmi_control_type type);
struct buf pmi_message_begin(enum pmi_control_type type, uint32_t job);
void pmi_up_send(struct pmi_server *s, struct buf *b); /* sends and frees */
void pmi_down_send(struct pmi_server *s, uint32_t child, struct buf *b);

#endif
