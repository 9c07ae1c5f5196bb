/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watch: a table of the ranks and of what each waits for, on stderr: every --watch SECONDS, and on SIGUSR1.
 */
#ifndef LAUNCHER_WATCH_H
#define LAUNCHER_WATCH_H

#include "launcher/run.h"

void watch_init(struct run *run);
void watch_fini(struct run *run);
void watch_forget(struct run *run, const struct job *j); /* that job is about to be freed */
/* Asks all proxies; a table of each job is printed when all have answered, or after some seconds with those that
 * have. */
void watch_ask(struct run *run);
bool watch_states(struct run *run, struct job *j, uint32_t node, struct rbuf *r); /* STATES; false: malformed */

#endif
