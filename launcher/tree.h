/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree: mpiexec's end of the control tree.
 */
#ifndef LAUNCHER_TREE_H
#define LAUNCHER_TREE_H

#include "launcher/mpiexec.h"

/* Starts the proxies right below and tells them their nodes; they start the others. */
int tree_start(struct mpiexec *m, struct err *e);

/* To the node's proxy, or to all (FRAME_ALL_NODES). */
void tree_send(struct mpiexec *m, unsigned type, unsigned job, uint32_t node, const struct buf *payload);
void tree_sendv(struct mpiexec *m, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n);

/* Stop reading the links, go on: our own output is slow. */
void tree_hold(struct mpiexec *m);
void tree_go_on(struct mpiexec *m);

/* Every job is done: the proxies end what is left and leave; the loop ends when they have. */
void tree_shutdown(struct mpiexec *m);

/* All that runs was told to end, at the latest after the grace (seconds): what does not report its end some seconds later
 * is not waited for any longer. Called again: the new bound counts. */
void tree_deadline(struct mpiexec *m, double grace);

void tree_give_up(struct mpiexec *m); /* that bound is now */

/* A child of ours has ended (SIGCHLD): if it was a proxy, kills what it left behind. */
void tree_reap(struct mpiexec *m);

#endif
