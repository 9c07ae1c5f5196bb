/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fetch: the values that ranks put and get.
 */
#ifndef PMI_SERVER_FETCH_H
#define PMI_SERVER_FETCH_H

#include "pmi-server/job.h"

int pmi_put(struct pmi_client *c, const char *key, const char *value, const char **why); /* 0, or enum pmi2_error */
void pmi_get(struct pmi_ask *a); /* the value of a->detail in the rank's own job */
void pmi_fetch_flush(struct pmi_server_job *j);
void pmi_fetch_job_del(struct pmi_server_job *j);
bool pmi_fetch_child_get(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_fetch_values(struct pmi_server_job *j, struct rbuf *r);
void pmi_puts_flush(struct pmi_server_job *j); /* as messages of their own */

#endif
