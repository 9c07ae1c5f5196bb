/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_text: the spawn commands of the two wires.
 */
#ifndef PMI_SERVER_SPAWN_TEXT_H
#define PMI_SERVER_SPAWN_TEXT_H

#include "pmi-server/client.h"

/* A block of PMI-1. true: it was the last one, and c->spawn and c->spawn_bad say what they ask for together. */
bool pmi_spawn_block(struct pmi_client *c, const struct pmi_msg *m);
/* A message of PMI-2, encoded into b. NULL, or why it cannot be. */
const char *pmi_spawn_v2(struct buf *b, const struct pmi_msg *m);
/* Asks for what was encoded, or refuses it because of `bad`; frees body. */
void pmi_spawn_request(struct pmi_request *q, struct buf *body, const char *bad);

#endif
