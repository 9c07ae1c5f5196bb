/* SPDX-License-Identifier: BSD-3-Clause
 *
 * front: the ends that ranks speak to.
 */
#ifndef PMI_SERVER_FRONT_H
#define PMI_SERVER_FRONT_H

#include "pmi-server/client.h"

void pmi_v1_message(struct pmi_client *c, const struct pmi_msg *m);
void pmi_v2_message(struct pmi_client *c, const struct pmi_msg *m);

#endif
