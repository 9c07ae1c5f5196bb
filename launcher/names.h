/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: what is published, and is found by the jobs of this mpiexec (in memory) and by those of others of its user (in
 * a directory). A name goes with its owner.
 */
#ifndef LAUNCHER_NAMES_H
#define LAUNCHER_NAMES_H

#include "pmi-server/root.h"

struct event_base;
struct names;

/* Names of root are kept there from now on. */
struct names *names_create(struct event_base *base, struct pmi_root *root);
/* At the end, when nothing is asked of root any more: what is still published goes. NULL is allowed. */
void names_destroy(struct names *n);

#endif
