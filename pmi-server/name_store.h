/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_store: published names in the memory of this process. All operations but a lookup that waits complete inside the
 * call.
 */
#ifndef PMI_SERVER_NAME_STORE_H
#define PMI_SERVER_NAME_STORE_H

#include "pmi-server/names.h"

struct pmi_name_store;

extern const struct pmi_name_ops pmi_name_store_ops; /* their ctx is the store */

struct pmi_name_store *pmi_name_store_create(pmi_name_done_fn *done, void *arg);
void pmi_name_store_destroy(struct pmi_name_store *s); /* what waits is not completed; NULL is allowed */

#endif
