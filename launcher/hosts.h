/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hosts: where ranks may run: on the hosts that the user named, else on those that a resource manager has allocated,
 * else on this machine.
 */
#ifndef LAUNCHER_HOSTS_H
#define LAUNCHER_HOSTS_H

#include "launcher/cluster.h"
#include "launcher/options.h"

/* Fills c->hosts, which stays empty for this machine alone, and c->allocation. What an allocation says of the ranks
 * goes into o where the user said nothing. Warns where that is not what the user may expect. 0, or -1 with e set. */
int hosts_choose(struct cluster *c, struct options *o, char **env, struct err *e);

/* Adds those that are not in `to` yet; from is as read. 0, or -1 with e set. */
int hosts_join(struct hostlist *to, struct hostlist *from, struct err *e);

/* How hosts of other names than this machine's are reached: as the user wants, else by whose allocation they are of,
 * else by ssh. NULL: all stand for this machine. */
const struct start_ops *hosts_way(const struct cluster *c, const struct options *o);

/* The text of --display allocation; the caller frees it. */
char *hosts_draw(const struct cluster *c, const struct options *o);

#endif
