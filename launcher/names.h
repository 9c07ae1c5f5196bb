/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: what is published, and is found by the jobs of this mpiexec (in memory) and by those of others of its user (in
 * a directory, or at muster-names). A name goes with its owner.
 */
#ifndef LAUNCHER_NAMES_H
#define LAUNCHER_NAMES_H

#include "pmi-server/root.h"

struct event_base;
struct names;

/* Names of root are kept there from now on; in the place of the directory by muster-names, if server is not NULL or ""
 * (its addresses; key: the file, or NULL. name_call.h). */
struct names *names_create(struct event_base *base, struct pmi_root *root, const char *server, const char *key);
/* At the end, when nothing is asked of root any more: what is still published goes. NULL is allowed. */
void names_destroy(struct names *n);

#endif
