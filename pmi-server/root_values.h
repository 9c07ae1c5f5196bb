/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_values: the key-values of jobs, held once.
 */
#ifndef PMI_SERVER_ROOT_VALUES_H
#define PMI_SERVER_ROOT_VALUES_H

#include "pmi-server/root_job.h"

void pmi_root_take_puts(struct pmi_root_space *j, const struct list *puts);
bool pmi_root_take_quiet(struct pmi_root_space *j, uint32_t child, struct rbuf *r);
void pmi_root_values_check(struct pmi_root_space *j); /* does anybody wait for what nobody is left to put? */
void pmi_root_values_del(struct pmi_root_space *j);   /* of a job that ends */
bool pmi_root_take_get(struct pmi_root_space *j, uint32_t child, struct rbuf *r);

#endif
