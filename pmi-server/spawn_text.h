/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_text: the spawn commands of the two wires.
 */
#ifndef PMI_SERVER_SPAWN_TEXT_H
#define PMI_SERVER_SPAWN_TEXT_H

#include "pmi-server/client.h"

void pmi_spawn_block(struct pmi_client *c, const struct pmi_msg *m);
void pmi_spawn_v2(struct pmi_client *c, const struct pmi_msg *m);

#endif
