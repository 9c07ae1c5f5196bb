/* SPDX-License-Identifier: BSD-3-Clause
 *
 * events: what the proxies tell, by a table of messages.
 */
#ifndef LAUNCHER_EVENTS_H
#define LAUNCHER_EVENTS_H

#include "launcher/mpiexec.h"

/* One frame from below. false: a proxy of ours may not send that. */
bool events_frame(struct link *l, const struct frame_head *h, const unsigned char *payload);

/* The link to a subtree is gone. */
void events_nodes_lost(struct mpiexec *m, uint32_t first, uint32_t count, const char *why);

#endif
