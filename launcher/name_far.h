/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_far: names kept by muster-names, for jobs of other machines too. What our own jobs have published is also in
 * memory, and is found there first.
 */
#ifndef LAUNCHER_NAME_FAR_H
#define LAUNCHER_NAME_FAR_H

#include "pmi-server/root.h"

struct event_base;
struct name_far;

/* Names of root are kept there from now on. addresses and key: as in name_call.h. */
struct name_far *name_far_create(struct event_base *base, struct pmi_root *root, const char *addresses,
                                 const char *key);
void name_far_destroy(struct name_far *f); /* what is still published goes; NULL is allowed */

#endif
