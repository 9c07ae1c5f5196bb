/* SPDX-License-Identifier: BSD-3-Clause
 *
 * attr: attributes of the job and of the node.
 */
#ifndef PMI_SERVER_ATTR_H
#define PMI_SERVER_ATTR_H

#include "pmi-server/job.h"

bool pmi_attr_reserved(
    struct pmi_request *q); /* is a->detail, of the job a->of, one that is answered here? Then it has been. */
void pmi_nodeattr_put(struct pmi_server_job *j, const char *key, const char *value);
void pmi_nodeattr_get(struct pmi_request *q, bool wait);
void pmi_nodeattr_check(struct pmi_server_job *j); /* does anybody wait for what nobody is left to put? */

#endif
